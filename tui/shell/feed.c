/* A feed (see feed.h). What always holds: at most one shell.write and one shell.resize are on their
 * way; what is typed keeps its order; while the link is down nothing is kept to be typed later; a
 * refused byte is sent once more only where the hub says that this member still holds the baton. */
#include "tui/shell/feed.h"

#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "transport/nng/follow.h"
#include "tui/shell/process_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WRITE_MAX (256u * 1024u) /* bytes in one call */
#define WAITS_MAX (16u * 1024u * 1024u)
#define CALL_MS   10000
#define AGAIN_US  1000000 /* a size that did not come is asked for again */
#define LINES     10000   /* of a process: all that can be scrolled back to */
#define HISTORY   1000    /* lines kept here, so that a taller pane has something to show */

static void tell(struct feed *f, enum feed_news news, const char *text)
{
    if (f->listener.news)
        f->listener.news(f->listener.data, f, news, text);
}

static void send_keys(struct feed *f);
static void send_size(struct feed *f);

bool feed_open_to_me(const struct feed *f)
{
    return !f->source && !f->observer && (!f->me || f->holds || f->is_free);
}

static void drop_keys(struct feed *f)
{
    buf_clear(&f->keys);
    f->flying = 0;
    f->keys_typed = f->again = false;
}

/* The hub says that somebody else drives, or that we do under another epoch: then the same bytes
 * are sent once more. True when they are. */
static bool send_again(struct feed *f, const struct client_fault *fault)
{
    const char *holder = json_string(fault->data, "holder", "");
    bool ours = f->me && !strcmp(holder, f->me);

    text_make_safe(f->told_holder, sizeof f->told_holder, holder, strlen(holder));
    f->told_epoch = json_int(fault->data, "epoch", 0);
    tell(f, FEED_BATON, NULL);
    if (!ours || f->again || fault->code != ERR_STALE || f->flying == 0 || f->gone)
        return false;
    f->again = true;
    f->epoch = f->told_epoch;
    send_keys(f);
    return true;
}

static void keys_sent(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct feed *f = data;
    bool baton = fault && (fault->code == ERR_STALE || !strcmp(fault->name, "NotHolder")) &&
                 json_get(fault->data, "holder");

    (void)result;
    f->calls--;
    f->writing = false;
    if (baton && send_again(f, fault))
        return;
    if (fault) {
        drop_keys(f);
        tell(f, baton ? FEED_REFUSED : FEED_FAILED, fault->message);
        return;
    }
    buf_consume(&f->keys, f->flying);
    f->flying = 0;
    f->again = false;
    if (f->keys.len == 0)
        f->keys_typed = false;
    send_keys(f);
}

static void send_keys(struct feed *f)
{
    size_t n = f->keys.len < WRITE_MAX ? f->keys.len : WRITE_MAX;
    cJSON *params;

    if (f->writing || n == 0 || f->gone)
        return;
    if (!feed_open_to_me(f)) { /* lost while it waited */
        drop_keys(f);
        tell(f, FEED_REFUSED, NULL);
        return;
    }
    if (f->again && f->flying < n)
        n = f->flying;
    params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "shellId", f->id);
    json_add_base64(params, "data", f->keys.data, n);
    if (f->me) {
        /* Of a free baton nobody knows the epoch: naming none is never too late. */
        json_add_int(params, "epoch", f->holds ? f->epoch : 0);
        cJSON_AddBoolToObject(params, "typed", f->keys_typed);
    }
    f->flying = n;
    f->writing = true;
    f->calls++;
    client_send(f->client, "shell.write", params, CALL_MS, keys_sent, f);
    cJSON_Delete(params);
}

void feed_type(struct feed *f, const void *bytes, size_t n, bool typed)
{
    if (n == 0 || f->exited || f->gone || !feed_open_to_me(f))
        return;
    if (f->keys.len + n > WAITS_MAX) {
        tell(f, FEED_FAILED, "the shell does not read what is typed");
        return;
    }
    if (!f->mine) {
        f->mine = true;
        send_size(f); /* before what is typed: a command that asks for it gets this one */
    }
    buf_append(&f->keys, bytes, n);
    f->keys_typed = f->keys_typed || typed;
    send_keys(f);
}

void feed_baton(struct feed *f, const char *me, const char *holder, int64_t epoch)
{
    f->me = me;
    f->holds = !strcmp(holder, me);
    f->is_free = !holder[0];
    f->epoch = epoch;
    if (!feed_open_to_me(f))
        f->mine = f->settled = false;
}

static void size_sent(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct feed *f = data;

    (void)result;
    f->calls--;
    f->resizing = false;
    if (!fault && (f->asked_rows != f->want_rows || f->asked_cols != f->want_cols))
        send_size(f); /* the pane has moved on meanwhile */
}

static void send_size(struct feed *f)
{
    cJSON *params;

    if (f->resizing || f->gone || f->exited || !f->mine || f->want_rows < 1 || f->rows < 1 ||
        !feed_open_to_me(f))
        return;
    if (f->want_rows == f->rows && f->want_cols == f->cols) {
        f->settled = true;
        return;
    }
    params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "shellId", f->id);
    json_add_int(params, "rows", f->want_rows);
    json_add_int(params, "cols", f->want_cols);
    f->asked_rows = f->want_rows;
    f->asked_cols = f->want_cols;
    f->resizing = true;
    f->settled = false;
    f->sized_us = clock_mono_us();
    f->calls++;
    client_send(f->client, "shell.resize", params, CALL_MS, size_sent, f);
    cJSON_Delete(params);
}

void feed_size(struct feed *f, int rows, int cols)
{
    rows = rows < SCREEN_MAX_ROWS ? rows : SCREEN_MAX_ROWS;
    cols = cols < SCREEN_MAX_COLS ? cols : SCREEN_MAX_COLS;
    if (rows < 1 || cols < 1)
        return;
    bool same = f->want_rows == rows && f->want_cols == cols;
    f->want_rows = rows;
    f->want_cols = cols;
    if (f->source && (rows != f->rows || cols != f->cols)) {
        screen_resize(f->screen, f->rows = rows, f->cols = cols);
        tell(f, FEED_PICTURE, NULL);
    }
    if (f->mine && !(same && (f->settled || clock_mono_us() < f->sized_us + AGAIN_US)))
        send_size(f);
}

void feed_adopt(struct feed *f)
{
    if (feed_open_to_me(f))
        f->mine = true;
}

/* The shell has this size now. After it has had ours, another one means that someone else drives;
 * before that it is news from before our asking. */
static void set_size(struct feed *f, int rows, int cols)
{
    f->rows = rows;
    f->cols = cols;
    if (!f->mine || f->want_rows < 1)
        return;
    if (rows == f->want_rows && cols == f->want_cols) {
        f->settled = true;
    } else if (f->settled && !f->resizing) {
        f->mine = f->settled = false;
    }
}

static void on_bytes(void *data, uint64_t pos, const void *bytes, size_t n)
{
    struct feed *f = data;

    (void)pos;
    if (!f->screen)
        return;
    screen_feed(f->screen, bytes, n);
    tell(f, FEED_PICTURE, NULL);
}

static void on_resize(void *data, int rows, int cols)
{
    struct feed *f = data;

    set_size(f, rows, cols);
    if (f->screen)
        screen_resize(f->screen, rows, cols);
    tell(f, FEED_CHANGED, NULL);
}

static void on_replace(void *data, uint64_t pos, int rows, int cols, const void *state, size_t n)
{
    static const struct screen_options options = {.history = HISTORY};
    struct feed *f = data;

    (void)pos;
    screen_destroy(f->screen);
    f->screen = screen_create(rows, cols, &options, NULL, NULL);
    screen_feed(f->screen, state, n);
    f->generation++;
    bool same = f->rows == rows && f->cols == cols;
    set_size(f, rows, cols);
    tell(f, same ? FEED_PICTURE : FEED_CHANGED, NULL);
}

/* Heads come ten times a second while something moves; most say nothing that is on the screen. */
static void on_head(void *data, const struct follow_head *head)
{
    struct feed *f = data;
    bool ended = head->exited && !f->exited;
    char typed[sizeof f->typed];

    text_make_safe(typed, sizeof typed, head->typed, strlen(head->typed));
    if (!ended && f->exited == head->exited && !strcmp(typed, f->typed)) {
        tell(f, FEED_PICTURE, NULL); /* held back bytes are asked for with the next frame */
        return;
    }
    memcpy(f->typed, typed, sizeof typed);
    f->exited = head->exited;
    f->exit_code = head->exit_code;
    tell(f, ended ? FEED_ENDED : FEED_CHANGED, NULL);
}

static void on_failed(void *data, const struct client_fault *fault)
{
    struct feed *f = data;

    if (fault->code == ERR_NOT_FOUND) {
        f->gone = true;
        tell(f, FEED_GONE, fault->message);
    } else {
        tell(f, FEED_FAILED, fault->message);
    }
}

static const struct follow_events follow_events = {
    .bytes = on_bytes,
    .resize = on_resize,
    .replace = on_replace,
    .head = on_head,
    .failed = on_failed,
};

struct feed *feed_open(struct client *client, const char *shell,
                       const struct feed_listener *listener)
{
    struct feed *f = mem_zalloc(sizeof *f);

    snprintf(f->id, sizeof f->id, "%s", shell);
    f->client = client;
    f->listener = *listener;
    f->follow = follow_create(client, shell, FOLLOW_SCREEN, 0, &follow_events, f);
    return f;
}

static void on_written(void *data, const void *bytes, size_t n)
{
    on_bytes(data, 0, bytes, n);
}

static void on_over(void *data, int code)
{
    struct feed *f = data;

    f->exited = true;
    f->exit_code = code;
    tell(f, FEED_ENDED, NULL);
}

struct feed *feed_open_process(struct client *client, const char *process, uint64_t end,
                               const char *error, const struct feed_listener *listener)
{
    static const struct screen_options options = {.history = LINES};
    static const struct process_events events = {on_written, on_over, on_failed};
    struct feed *f = mem_zalloc(sizeof *f);

    snprintf(f->id, sizeof f->id, "%s", process);
    f->client = client;
    f->listener = *listener;
    f->rows = 24;
    f->cols = 80;
    f->screen = screen_create(f->rows, f->cols, &options, NULL, NULL);
    screen_feed(f->screen, "\x1b[?25l", 6); /* nobody types here */
    f->source = process_source_open(client, process, end, error, &events, f);
    return f;
}

bool feed_is_open(const struct feed *f)
{
    return f->follow || f->source;
}

void feed_close(struct feed *f)
{
    process_source_close(f->source);
    f->source = NULL;
    follow_destroy(f->follow);
    f->follow = NULL;
    f->listener.news = NULL;
    f->gone = true;
}

bool feed_dead(const struct feed *f)
{
    return !feed_is_open(f) && f->calls == 0;
}

void feed_free(struct feed *f)
{
    if (!f)
        return;
    process_source_close(f->source);
    follow_destroy(f->follow);
    screen_destroy(f->screen);
    buf_finish(&f->keys);
    free(f);
}

bool feed_message(struct feed *f, const struct wire_message *m)
{
    return f->follow && follow_message(f->follow, m);
}

void feed_connected(struct feed *f, bool is)
{
    if (!is)
        drop_keys(f);
    if (f->follow)
        follow_connected(f->follow, is);
    if (f->source)
        process_source_connected(f->source, is);
}

bool feed_frame(struct feed *f)
{
    return f->follow && follow_frame(f->follow);
}
