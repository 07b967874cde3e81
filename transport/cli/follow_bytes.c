/* `stream read ID --follow`, `shell read ID --follow`: every byte of a stream once, in order, until
 * it ends. transport/nng/follow closes holes, also over a restart of the hub; where there are no
 * events to hear (client_door) it is one read after another, each of which waits at the hub. Here
 * bytes become output: raw, or with --json one shellData object a line. */
#include "core/base/mem.h"
#include "core/base/text.h"
#include "transport/cli/patient.h"
#include "transport/cli/utf8_tail.h"
#include "transport/nng/follow.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CALL_MS      30000
#define READ_WAIT_MS 15000
#define READ_LIMIT   262144

struct following {
    const struct command *command;
    struct follow *follow;
    const char *id;  /* the whole one */
    struct buf tail; /* the beginning of a character, until its end comes; --json only */
    uint64_t pos;    /* behind the last byte that came */
    bool exited, done;
    uint64_t end; /* when exited: where */
    int status;
};

/* One line {shellId, pos, data}; bytes that are no text go as base64, and the line says so. */
static void put_json(struct following *f, uint64_t pos, const char *bytes, size_t n)
{
    bool text = text_is_utf8(bytes, n) && !memchr(bytes, 0, n);
    cJSON *line = cJSON_CreateObject();
    cJSON_AddStringToObject(line, "shellId", f->id);
    json_add_int(line, "pos", (int64_t)pos);
    if (text)
        json_add_text(line, "data", bytes, n);
    else
        json_add_base64(line, "data", bytes, n);
    if (!text)
        cJSON_AddStringToObject(line, "encoding", "base64");
    char *printed = json_print(line), *whole = mem_printf("%s\n", printed);
    f->status = command_write(f->command, whole, strlen(whole));
    free(whole);
    free(printed);
    cJSON_Delete(line);
}

static void finish_if_ended(struct following *f)
{
    if (!f->exited || f->pos < f->end)
        return;
    if (f->tail.len && f->status == EXIT_DONE)
        put_json(f, f->pos - f->tail.len, f->tail.data, f->tail.len);
    buf_clear(&f->tail);
    f->done = true;
}

static void on_bytes(void *data, uint64_t pos, const void *bytes, size_t n)
{
    struct following *f = data;
    f->pos = pos + n;
    if (f->status != EXIT_DONE)
        return;
    if (!f->command->options.json) {
        f->status = command_write(f->command, bytes, n);
    } else {
        buf_append(&f->tail, bytes, n);
        size_t whole = f->tail.len - utf8_tail(f->tail.data, f->tail.len);
        if (whole)
            put_json(f, f->pos - f->tail.len, f->tail.data, whole);
        buf_consume(&f->tail, whole);
    }
    f->done = f->status != EXIT_DONE;
    finish_if_ended(f);
}

static void on_head(void *data, const struct follow_head *head)
{
    struct following *f = data;
    if (head->exited) {
        f->exited = true;
        f->end = head->pos;
    }
    finish_if_ended(f);
}

static void on_failed(void *data, const struct client_fault *fault)
{
    struct following *f = data;
    struct client_fault copy = *fault;
    copy.data = NULL; /* theirs */
    f->status = command_fault(f->command, &copy);
    f->done = true;
}

static void on_message(void *data, const struct wire_message *m)
{
    struct following *f = data;
    follow_message(f->follow, m);
}

static void on_connected(void *data, bool is)
{
    struct following *f = data;
    follow_connected(f->follow, is);
}

/* The whole id of a shortened one: topics need it. */
static char *whole_id(const struct command *c, struct client *client, int *ret_status)
{
    const char *key = json_get(c->flags.input, "streamId") ? "streamId" : "shellId";
    const char *given = json_string(c->flags.input, key, "");
    struct client_fault fault = {0};
    cJSON *ask = cJSON_CreateObject(), *list = NULL;
    const cJSON *one;
    char *found = NULL;
    int matches = 0;

    enum err e = client_call(client, "stream.list", ask, CALL_MS, &list, &fault);
    cJSON_ArrayForEach(one, list)
    {
        const char *id = json_string(one, "streamId", "");
        bool exact = strcmp(id, given) == 0;
        if (!exact && strncmp(id, given, strlen(given)) != 0)
            continue;
        matches = exact ? 1 : matches + 1;
        free(found);
        found = mem_strdup(id);
        if (exact)
            break;
    }
    if (e != ERR_OK)
        *ret_status = command_fault(c, &fault);
    else if (matches != 1)
        *ret_status = command_fail(c, matches ? ERR_AMBIGUOUS : ERR_NOT_FOUND,
                                   matches ? NULL : "There is no stream with that id.");
    if (e != ERR_OK || matches != 1) {
        free(found);
        found = NULL;
    }
    cJSON_Delete(list);
    cJSON_Delete(ask);
    return found;
}

/* One read: what is behind f->pos, or that there is nothing more. */
static void read_once(struct following *f, struct patient *patient)
{
    struct client_fault fault = {0};
    cJSON *ask = cJSON_CreateObject(), *result = NULL;
    char *bytes = NULL;
    size_t n = 0;
    cJSON_AddStringToObject(ask, "streamId", f->id);
    cJSON_AddStringToObject(ask, "encoding", "base64");
    json_add_int(ask, "since", (int64_t)f->pos);
    json_add_int(ask, "limit", READ_LIMIT);
    json_add_int(ask, "wait", READ_WAIT_MS);
    enum err e = patient_call(patient, "stream.read", ask, CALL_MS, &result, &fault);
    if (e == ERR_OK && json_get_base64(result, "data", &bytes, &n) != ERR_OK)
        e = fault.code = ERR_INTERNAL;
    if (e != ERR_OK) {
        fault.code = fault.code == ERR_OK ? e : fault.code;
        f->status = command_fault(f->command, &fault);
        f->done = true;
    } else {
        if (json_get(result, "exitCode") || json_get(result, "lost")) {
            f->exited = true;
            f->end = (uint64_t)json_int(result, "end", 0);
        }
        if (n)
            on_bytes(f, (uint64_t)json_int(result, "pos", 0), bytes, n);
        finish_if_ended(f);
    }
    free(bytes);
    cJSON_Delete(result);
    cJSON_Delete(ask);
}

static void follow_by_reading(struct following *f, struct client *client)
{
    struct patient patient = {.command = f->command, .client = client};
    while (!f->done)
        read_once(f, &patient);
}

static void follow_by_hearing(struct following *f, struct client *client)
{
    static const struct follow_events follow_events = {
        .bytes = on_bytes, .head = on_head, .failed = on_failed};
    static const struct client_events client_events = {.message = on_message,
                                                       .connected = on_connected};
    f->follow = follow_create(client, f->id, FOLLOW_BYTES, f->pos, &follow_events, f);
    client_listen(client, &client_events, f);
    while (!f->done) {
        struct pollfd wait = {.fd = client_fd(client), .events = POLLIN};
        if (poll(&wait, 1, -1) < 0 && errno != EINTR)
            break;
        client_dispatch(client);
        f->done = f->done || command_refused(f->command, client, &f->status);
    }
    follow_destroy(f->follow);
}

int command_follow(const struct command *c)
{
    struct following f = {.command = c, .status = EXIT_DONE};
    int status = EXIT_FAILED;
    struct client *client = command_connect(c, true, &status);
    if (!client)
        return status;
    char *id = whole_id(c, client, &status);
    if (id) {
        f.id = id;
        f.pos = (uint64_t)json_int(c->flags.input, "since", 0);
        if (client_door())
            follow_by_reading(&f, client);
        else
            follow_by_hearing(&f, client);
        status = f.status;
    }
    buf_finish(&f.tail);
    free(id);
    client_close(client);
    return status;
}
