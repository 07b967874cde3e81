/* One call: parsing, who it is from, the checks that come before every handler, and its answer.
 * Each call is on one hub thread at a time. */
#include "core/hub/hub_private.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/catalogue/schema.h"
#include "core/catalogue/schemas.h"
#include "core/hub/aside.h"
#include "core/hub/policy/approvals.h"
#include "core/hub/policy/policy_gate.h"
#include "core/hub/bindings/bindings.h"
#include "core/hub/streams/streams.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VALUES_MOST 65536 /* a single request with more would hold up everybody */
#define ID_MOST     1024  /* bytes */

struct call *call_create(struct hub *hub)
{
    struct call *c = mem_zalloc(sizeof *c);
    c->hub = hub;
    c->deadline_us = INT64_MAX;
    return c;
}

void call_destroy(struct call *c)
{
    if (!c)
        return;
    if (c->away && c->hub->io)
        hub_post_stream(c->hub, streams_came_back, mem_strdup(c->away_id));
    if (c->handle && c->hub->io)
        c->hub->io->reply(c->hub->io_data, c->handle, NULL, 0);
    aside_drop(c->aside);
    binding_unref(c->binding);
    cJSON_Delete(c->request);
    cJSON_Delete(c->read);
    buf_finish(&c->found);
    buf_finish(&c->answer);
    free(c->message);
    free(c->arg);
    free(c);
}

const cJSON *call_params(const struct call *c)
{
    return c->params;
}

const char *call_who(const struct call *c)
{
    return c->who;
}

uint32_t call_peer(const struct call *c)
{
    return c->peer;
}

const char *call_string(const struct call *c, const char *key, const char *absent)
{
    return json_string(c->params, key, absent);
}

int64_t call_int(const struct call *c, const char *key, int64_t absent)
{
    return json_int(c->params, key, absent);
}

bool call_bool(const struct call *c, const char *key, bool absent)
{
    return json_bool(c->params, key, absent);
}

/* The id goes back exactly as it came. */
void call_answer_head(const struct call *c, struct buf *out)
{
    const cJSON *id = c->request ? json_get(c->request, "id") : NULL;
    char *text = id && (cJSON_IsNumber(id) || cJSON_IsString(id)) ? json_print(id) : NULL;
    buf_printf(out, "\n{\"jsonrpc\":\"2.0\",\"id\":%s,", text ? text : "null");
    free(text);
}

static void begin_answer(struct call *c)
{
    buf_clear(&c->answer);
    call_answer_head(c, &c->answer);
    c->answered = true;
}

void call_reply_whole(struct call *c, struct buf *whole)
{
    buf_finish(&c->answer);
    c->answer = *whole;
    *whole = (struct buf){0};
    c->answered = true;
}

void call_reply_text(struct call *c, const char *json, size_t n)
{
    if (c->answered)
        return;
    begin_answer(c);
    buf_puts(&c->answer, "\"result\":");
    buf_append(&c->answer, json, n);
    buf_putc(&c->answer, '}');
}

void call_reply(struct call *c, cJSON *result)
{
    char *text = result ? json_print(result) : mem_strdup("{}");
    call_reply_text(c, text, strlen(text));
    free(text);
    cJSON_Delete(result);
}

enum err call_answer(struct call *c, enum err e, cJSON *result)
{
    if (e == ERR_OK)
        call_reply(c, result);
    else
        cJSON_Delete(result);
    return e;
}

void call_format_error(struct call *c, enum err code, const char *message)
{
    call_format_error_with(c, code, message, NULL);
}

/* A sentence of this very case with a command in it says better than its code what to do. */
static const char *next_of(const struct err_text *t, const char *message)
{
    return strstr(message, ": baton ") ? "" : t->next;
}

void call_format_error_with(struct call *c, enum err code, const char *message, cJSON *more)
{
    const struct err_text *t = err_text(code);
    cJSON *error = cJSON_CreateObject(), *data = more ? more : cJSON_CreateObject();

    json_add_int(error, "code",
                 code == ERR_UNKNOWN_METHOD ? -32601
                 : code == ERR_INVALID      ? -32602
                 : code == ERR_USAGE        ? -32600
                                            : -32000 - (int)code);
    json_add_text(error, "message", message, strlen(message));
    cJSON_AddStringToObject(data, "name", t->name);
    json_add_text(data, "person", message, strlen(message)); /* of this very case */
    if (!json_get(data, "agent"))
        cJSON_AddStringToObject(data, "agent", t->agent);
    if (!json_get(data, "next"))
        cJSON_AddStringToObject(data, "next", next_of(t, message));
    cJSON_AddBoolToObject(data, "retry", t->retry);
    cJSON_AddItemToObject(error, "data", data);
    char *text = json_print(error);
    begin_answer(c);
    buf_printf(&c->answer, "\"error\":%s}", text);
    free(text);
    cJSON_Delete(error);
}

enum err call_fail(struct call *c, enum err code, const char *format, ...)
{
    char message[1024];
    if (c->answered)
        return code;
    if (format) {
        va_list ap;
        va_start(ap, format);
        vsnprintf(message, sizeof message, format, ap);
        va_end(ap);
    } else {
        snprintf(message, sizeof message, "%s", err_text(code)->person);
    }
    call_format_error(c, code, message);
    return code;
}

static void keep_only(cJSON *object, const char *const *names)
{
    for (cJSON *one = object ? object->child : NULL, *next; one; one = next) {
        size_t i = 0;
        next = one->next;
        while (names[i] && strcmp(names[i], one->string) != 0)
            i++;
        if (!names[i])
            cJSON_Delete(cJSON_DetachItemViaPointer(object, one));
    }
}

/* A call may wait for days: what nobody asked for does not wait with it. Params are what their
 * schema allows. */
static void make_lean(struct call *c)
{
    static const char *const members[] = {"jsonrpc", "id",       "method", "params",
                                          "auth",    "approval", NULL};
    static const char *const auths[] = {"token", "identity", "workspace", NULL};
    cJSON *auth = cJSON_GetObjectItemCaseSensitive(c->request, "auth");
    const cJSON *id = json_get(c->request, "id");
    keep_only(c->request, members);
    if (cJSON_IsObject(auth))
        keep_only(auth, auths);
    else
        cJSON_DeleteItemFromObjectCaseSensitive(c->request, "auth");
    if (id && !cJSON_IsNumber(id) && !(cJSON_IsString(id) && strlen(id->valuestring) <= ID_MOST))
        cJSON_DeleteItemFromObjectCaseSensitive(c->request, "id");
    free(c->message);
    c->message = NULL;
}

void call_read(struct call *c)
{
    cJSON *read = NULL;
    c->is_read = true;
    c->too_many = json_values(c->message, c->message_n) > VALUES_MOST;
    if (!c->too_many && json_parse(c->message, c->message_n, &read) == ERR_OK &&
        cJSON_IsObject(read)) {
        c->read = read;
        c->twice = json_twice(read);
    } else {
        cJSON_Delete(read);
    }
}

static enum err parse(struct call *c, char *why, size_t size)
{
    const cJSON *params;
    if (!c->is_read)
        call_read(c);
    if (c->too_many) {
        snprintf(why, size, "the request has more than %d values", VALUES_MOST);
        return ERR_USAGE;
    }
    c->request = c->read;
    c->read = NULL;
    if (!c->request) {
        snprintf(why, size, "the request is no JSON object");
        return ERR_USAGE;
    }
    /* What is checked, what a human is shown and what a binding's command reads could differ. */
    if (c->twice) {
        char safe[100];
        text_make_safe(safe, sizeof safe, c->twice, strlen(c->twice));
        snprintf(why, size, "\"%s\" is given twice", safe);
        return ERR_USAGE;
    }
    make_lean(c);
    params = json_get(c->request, "params");
    if (!params)
        params = cJSON_AddObjectToObject(c->request, "params");
    if (!cJSON_IsObject(params)) {
        snprintf(why, size, "\"params\" has to be an object");
        return ERR_USAGE;
    }
    c->params = (cJSON *)(uintptr_t)params;
    const cJSON *held = json_get(c->request, "approval");
    c->wants_note = cJSON_IsTrue(held) || cJSON_IsString(held);
    if (cJSON_IsString(held))
        snprintf(c->repeats, sizeof c->repeats, "%s", held->valuestring);
    enum err e = access_identify(c, why, size);
    c->unwelcome = e != ERR_OK && (c->uid != getuid() || *c->door);
    return e;
}

/* The input against its schema, then role and place. A row belongs to one lane, and so its parsed
 * schema to one thread. */
static enum err check(struct call *c, char *why, size_t size)
{
    struct schemas *schemas =
        c->row->lane == LANE_STREAM ? c->hub->stream_schemas : c->hub->control_schemas;
    enum err e = c->binding ? schema_apply_known(c->binding->schema, c->binding->patterns,
                                                 c->params, why, size)
                            : schemas_apply(schemas, c->row, c->params, why, size);
    return e == ERR_OK ? access_check(c, schemas, why, size) : e;
}

static enum err unknown_method(const struct call *c, char *why, size_t size)
{
    const char *method = json_string(c->request, "method", "");
    char near[200], safe[100];
    text_make_safe(safe, sizeof safe, method, strlen(method));
    catalogue_nearest(hub_catalogue(), method, near, sizeof near);
    snprintf(why, size, "the hub has no \"%s\"%s%s", safe, *near ? "; near it: " : "", near);
    return ERR_UNKNOWN_METHOD;
}

/* The last check, and the work: at once, or when a human has allowed it. A call of the stream
 * thread may be elsewhere behind its handler, so of that humans are told before. */
static enum err run(struct call *c, char *why, size_t size)
{
    const bool stream = c->row->lane == LANE_STREAM;
    enum tier tier;
    if (*c->repeats) /* whatever the policy says by now: it runs by that approval or not at all */
        return approvals_hold(c, why, size);
    enum err e = gate_check(c, &tier, why, size);
    if (e == ERR_OK && tier == TIER_APPROVAL)
        return approvals_hold(c, why, size);
    if (e == ERR_OK && tier == TIER_NOTIFY && stream)
        e = gate_notice(c);
    if (e == ERR_OK)
        e = c->row->handle(c->hub, c);
    if (e == ERR_OK && tier == TIER_NOTIFY && !stream)
        e = gate_notice(c);
    return e;
}

enum err call_run(struct call *c)
{
    char why[512] = "";
    enum err e = ERR_OK;

    if (c->request) { /* it was checked before it made a detour */
        e = c->detour ? c->detour(c->hub, c) : c->row->handle(c->hub, c);
    } else {
        e = parse(c, why, sizeof why);
        if (e == ERR_OK && !c->row)
            bindings_resolve(c->hub, c); /* what is in no row of ours is control's */
        if (e == ERR_OK && (!c->row || !c->row->handle))
            e = unknown_method(c, why, sizeof why);
        if (e == ERR_OK)
            e = check(c, why, sizeof why);
        if (e == ERR_OK)
            e = run(c, why, sizeof why);
    }
    if (e != ERR_OK && !c->answered)
        *why ? call_fail(c, e, "%s", why) : call_fail(c, e, NULL);
    return e;
}

void call_send(struct call *c)
{
    if (c->handle) {
        void *handle = c->handle;
        c->handle = NULL;
        c->hub->io->reply(c->hub->io_data, handle, c->answer.data, c->answer.len);
        if (c->unwelcome)
            c->hub->io->disconnect(c->hub->io_data, c->peer);
    }
    call_destroy(c);
}
