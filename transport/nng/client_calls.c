/* The calls of a client: waiting to be written, sent, finished. See client_priv.h. */
#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "transport/nng/client_priv.h"
#include "transport/nng/fault.h"

#include <stdlib.h>
#include <string.h>

void pending_add(struct list *l, struct pending *call)
{
    call->next = NULL;
    if (l->last)
        l->last->next = call;
    else
        l->first = call;
    l->last = call;
}

struct pending *pending_take(struct list *l)
{
    struct pending *call = l->first;
    if (call) {
        l->first = call->next;
        if (!l->first)
            l->last = NULL;
        call->next = NULL;
    }
    return call;
}

void pending_destroy(struct pending *call)
{
    buf_finish(&call->body);
    cJSON_Delete(call->result);
    client_fault_finish(&call->fault);
    free(call);
}

void client_end(struct client *c, struct pending *call, enum err code, const char *message)
{
    if (code != ERR_OK)
        fault_set(&call->fault, code, message);
    call->finished = true;
    buf_finish(&call->body);
    if (!call->sync) {
        pending_add(&c->finished, call);
        client_raise(c, true);
    }
}

static struct pending *sent_take(struct client *c, uint32_t id)
{
    for (struct pending **at = &c->sent[id % BUCKETS]; *at; at = &(*at)->next)
        if ((*at)->id == id) {
            struct pending *call = *at;
            *at = call->next;
            call->next = NULL;
            c->sent_count--;
            return call;
        }
    return NULL;
}

static void sent_put(struct client *c, struct pending *call)
{
    call->next = c->sent[call->id % BUCKETS];
    c->sent[call->id % BUCKETS] = call;
    c->sent_count++;
}

struct pending *client_begin(struct client *c, const char *method, const cJSON *params,
                             int timeout_ms, struct client_hold *hold, bool is_hello)
{
    struct pending *call = mem_zalloc(sizeof *call);
    char *text = params ? json_print(params) : NULL;

    /* SP: the last word of the way back has its highest bit set. */
    call->id = ++c->last_id | 0x80000000u;
    call->deadline = timeout_ms < 0 ? INT64_MAX : clock_mono_us() + (int64_t)timeout_ms * 1000;
    buf_printf(&call->body,
               "%s\n{\"jsonrpc\":\"2.0\",\"id\":%u,\"method\":\"%s\",\"auth\":", method,
               (unsigned)(call->id & 0x7fffffffu), method);
    buf_puts(&call->body, c->auth);
    call->hold = hold;
    if (hold && *hold->approval)
        buf_printf(&call->body, ",\"approval\":\"%s\"", hold->approval);
    else if (hold)
        buf_puts(&call->body, ",\"approval\":true");
    buf_puts(&call->body, ",\"params\":");
    buf_puts(&call->body, text ? text : "{}");
    buf_putc(&call->body, '}');
    free(text);

    if (c->state == DOWN || (c->state == GREETING && !is_hello)) {
        fault_set(&call->fault, ERR_NO_HUB, NULL);
    } else if (call->body.len > WIRE_MAX_MESSAGE - 64 ||
               c->waiting_bytes + link_unsent(&c->call) + call->body.len > UNSENT_MOST) {
        fault_set(&call->fault, ERR_LIMIT, NULL);
    } else {
        c->waiting_bytes += call->body.len;
        pending_add(&c->waiting, call);
        if (call->deadline < c->next_deadline)
            c->next_deadline = call->deadline;
        client_arm(c, c->next_deadline);
    }
    return call;
}

/* Moves calls onto the wire as far as the limits go, and writes. */
void client_flush(struct client *c)
{
    if (c->state == DOWN)
        return;
    while (c->waiting.first && c->sent_count < SENT_MOST) {
        struct pending *call = pending_take(&c->waiting);
        const size_t begin = link_begin(&c->call);
        const uint8_t id[4] = {(uint8_t)(call->id >> 24), (uint8_t)(call->id >> 16),
                               (uint8_t)(call->id >> 8), (uint8_t)call->id};
        buf_append(&c->call.out, id, sizeof id);
        buf_append(&c->call.out, call->body.data, call->body.len);
        link_end(&c->call, begin);
        c->waiting_bytes -= call->body.len;
        buf_finish(&call->body);
        sent_put(c, call);
    }
    if (link_flush(&c->call) != ERR_OK || link_flush(&c->pub) != ERR_OK)
        client_broke(c);
    else
        client_watch(c);
}

/* The hub's word that a call waits for a human: how long that takes is theirs to say. */
static void held(struct client *c, struct pending *call, const cJSON *note)
{
    struct client_hold *hold = call->hold;
    const char *id = json_string(json_get(note, "params"), "approvalId", "");
    call->deadline = INT64_MAX;
    sent_put(c, call);
    if (!hold || strlen(id) >= sizeof hold->approval ||
        id[strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789")] != '\0')
        return;
    memcpy(hold->approval, id, strlen(id) + 1);
    hold->expires_ms = json_int(json_get(note, "params"), "expiresAt", 0);
    if (hold->told)
        hold->told(hold->data, hold);
}

/* Reads an answer: the way back, an empty topic, JSON-RPC. */
static void answer(struct client *c, const char *bytes, size_t n)
{
    struct wire_message m;
    cJSON *json = NULL, *error;
    if (n < 4 || !wire_split(bytes + 4, n - 4, &m))
        return;
    const uint8_t *w = (const uint8_t *)bytes;
    struct pending *call =
        sent_take(c, (uint32_t)w[0] << 24 | (uint32_t)w[1] << 16 | (uint32_t)w[2] << 8 | w[3]);
    if (!call) /* it was given up */
        return;
    if (json_parse(m.body, m.body_n, &json) != ERR_OK) {
        client_end(c, call, ERR_INTERNAL, "The hub's answer cannot be read.");
        return;
    }
    if (strcmp(json_string(json, "method", ""), WIRE_HELD) == 0) {
        held(c, call, json);
        cJSON_Delete(json);
        return;
    }
    error = cJSON_DetachItemFromObjectCaseSensitive(json, "error");
    call->result = cJSON_DetachItemFromObjectCaseSensitive(json, "result");
    if (error)
        fault_read(&call->fault, error);
    else if (!call->result)
        fault_set(&call->fault, ERR_INTERNAL, "The hub's answer is empty.");
    cJSON_Delete(error);
    cJSON_Delete(json);
    client_end(c, call, ERR_OK, NULL);
}

/* Gives false when there was nothing. */
bool client_read_calls(struct client *c)
{
    const char *bytes;
    size_t n;
    enum err e = link_fill(&c->call);
    if (e == ERR_AGAIN)
        return false;
    while (e == ERR_OK && (e = link_next(&c->call, &bytes, &n)) == ERR_OK)
        answer(c, bytes, n);
    if (e == ERR_LOST)
        client_broke(c);
    return true;
}

void client_time_out(struct client *c)
{
    const int64_t now = clock_mono_us();
    if (now < c->next_deadline)
        return;
    int64_t next = INT64_MAX;
    struct list kept = {0};
    struct pending *call;
    while ((call = pending_take(&c->waiting))) {
        if (call->deadline <= now) {
            c->waiting_bytes -= call->body.len;
            client_end(c, call, ERR_TIMEOUT, NULL);
        } else {
            next = call->deadline < next ? call->deadline : next;
            pending_add(&kept, call);
        }
    }
    c->waiting = kept;
    for (int i = 0; i < BUCKETS; i++)
        for (struct pending **at = &c->sent[i]; (call = *at);) {
            if (call->deadline <= now) {
                *at = call->next;
                c->sent_count--;
                client_end(c, call, ERR_TIMEOUT, NULL);
            } else {
                next = call->deadline < next ? call->deadline : next;
                at = &call->next;
            }
        }
    c->next_deadline = next;
    if (next != INT64_MAX)
        client_arm(c, next);
}

void client_broke(struct client *c)
{
    if (c->state == DOWN)
        return;
    c->state = DOWN;
    /* What was sent before the end is there still: it may tell why, to one who is put out. */
    for (int i = 0; i < FILLS_MOST && c->pub.fd >= 0 && !c->in_message; i++)
        if (!client_read_events(c, false))
            break;
    c->welcomed = false;
    c->call_events = c->pub_events = 0; /* epoll forgets a descriptor when it is closed */
    link_close(&c->call);
    link_close(&c->pub);
    struct pending *call;
    for (int i = 0; i < BUCKETS; i++)
        while ((call = c->sent[i])) {
            sent_take(c, call->id);
            client_end(c, call, ERR_LOST, NULL);
        }
    while ((call = pending_take(&c->waiting)))
        client_end(c, call, ERR_NO_HUB, NULL);
    c->waiting_bytes = 0;
    c->retry_us = RETRY_FIRST_US;
    c->retry_at = clock_mono_us();
    c->revive_at = c->retry_at + REVIVE_US;
    client_raise(c, true);
}
