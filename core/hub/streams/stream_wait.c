/* shell.wait: parked calls that end when a screen shows a text, is quiet, rings, or its program
 * ends; and reads that wait until there is something to read, or time is over. They are looked at
 * when a stream has taken in what there was, and by one timer. Stream thread. */
#include "core/hub/streams/stream_private.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/catalogue/pattern.h"

#include <stdlib.h>
#include <string.h>

static void destroy(struct waiter *w)
{
    if (w->has_text)
        regfree(&w->text);
    free(w);
}

static void answer(struct stream *st, struct waiter *w, const char *reason, const char *match)
{
    cJSON *r = cJSON_CreateObject();
    cJSON_AddStringToObject(r, "shellId", st->info.id);
    cJSON_AddStringToObject(r, "reason", reason);
    json_add_int(r, "pos", (int64_t)st->info.pos);
    if (match)
        json_add_text(r, "match", match, strlen(match));
    if (st->info.exited && !st->info.lost)
        json_add_int(r, "exitCode", st->info.exit_code);
    call_reply(w->call, r);
    call_send(w->call);
    destroy(w);
}

/* The first line of the screen that matches, fresh; NULL when none does. */
static char *find_text(struct stream *st, const regex_t *text)
{
    struct buf all = {0};
    char *found = NULL, *rest, *line;
    screen_print(st->screen, 0, screen_rows(st->screen) - 1, false, &all);
    for (rest = all.data; !found && rest && (line = strsep(&rest, "\n"));)
        if (regexec(text, line, 0, NULL, 0) == 0)
            found = mem_strdup(line);
    buf_finish(&all);
    return found;
}

/* Answers a read, with what there is. */
static void read_now(struct stream *st, struct waiter *w)
{
    const enum err e = stream_read_now(st, w->call);
    if (e != ERR_OK)
        call_fail(w->call, e, NULL);
    call_send(w->call);
    destroy(w);
}

void waiters_check(struct stream *st, int64_t now)
{
    bool left = false;
    for (struct waiter **at = &st->waiters, *w; (w = *at);) {
        if (w->reads && (st->info.exited || st->info.lost || st->info.pos > w->since)) {
            *at = w->next;
            read_now(st, w);
            continue;
        }
        char *match = w->has_text && st->screen ? find_text(st, &w->text) : NULL;
        const char *reason = w->reads                                          ? NULL
                             : match                                           ? "text"
                             : st->info.exited                                 ? "exit"
                             : w->on_bell && st->info.bells != w->bells        ? "bell"
                             : w->idle_us && now - st->output_us >= w->idle_us ? "idle"
                                                                               : NULL;
        if (!reason) {
            at = &w->next;
            left = true;
            continue;
        }
        *at = w->next;
        if (strcmp(reason, "exit") == 0 && !w->on_exit) {
            call_fail(w->call, ERR_ENDED, "%s has ended before that came true", st->info.id);
            call_send(w->call);
            destroy(w);
        } else {
            answer(st, w, reason, match);
        }
        free(match);
    }
    if (left)
        waiters_arm(st->hub);
}

void waiters_arm(struct hub *hub)
{
    int64_t first = INT64_MAX, now = clock_mono_us();
    for (struct stream *st = hub->streams->first; st; st = st->next)
        for (struct waiter *w = st->waiters; w; w = w->next) {
            if (w->deadline_us < first)
                first = w->deadline_us;
            if (w->idle_us && st->output_us + w->idle_us < first)
                first = st->output_us + w->idle_us;
        }
    if (first == INT64_MAX)
        uv_timer_stop(&hub->streams->waits);
    else
        uv_timer_start(&hub->streams->waits, waiters_timeout,
                       first > now ? (uint64_t)((first - now) / 1000 + 1) : 0, 0);
}

void waiters_timeout(uv_timer_t *timer)
{
    struct hub *hub = timer->data;
    int64_t now = clock_mono_us();
    for (struct stream *st = hub->streams->first; st; st = st->next) {
        if (st->waiters)
            waiters_check(st, now);
        for (struct waiter **at = &st->waiters, *w; (w = *at);) {
            if (w->deadline_us > now) {
                at = &w->next;
                continue;
            }
            *at = w->next;
            if (w->reads) {
                read_now(st, w);
                continue;
            }
            call_fail(w->call, ERR_TIMEOUT, NULL);
            call_send(w->call);
            destroy(w);
        }
    }
    waiters_arm(hub);
}

void waiters_drop(struct stream *st, uint32_t peer)
{
    for (struct waiter **at = &st->waiters, *w; (w = *at);) {
        if (peer && w->call->peer != peer) {
            at = &w->next;
            continue;
        }
        *at = w->next;
        call_destroy(w->call);
        destroy(w);
    }
}

void waiters_add_read(struct hub *hub, struct stream *st, struct call *c, uint64_t since,
                      int64_t wait_ms)
{
    struct waiter *w = mem_zalloc(sizeof *w);
    w->call = c;
    w->reads = true;
    w->since = since;
    w->deadline_us = clock_mono_us() + wait_ms * 1000;
    w->next = st->waiters;
    st->waiters = w;
    c->parked = true;
    uv_timer_start(&hub->streams->waits, waiters_timeout, 0, 0);
}

enum err shell_wait(struct hub *hub, struct call *c)
{
    struct stream *st;
    enum err e = stream_of_call(hub, c, &st);
    const char *text = call_string(c, "text", NULL);
    if (e != ERR_OK)
        return e;
    char why[200];
    if (text && pattern_check(text, why, sizeof why) != ERR_OK) /* an observer may give one, too */
        return call_fail(c, ERR_INVALID, "\"text\": %s", why);
    struct waiter *w = mem_zalloc(sizeof *w);
    w->call = c;
    w->on_exit = call_bool(c, "exit", false);
    w->on_bell = call_bool(c, "bell", false);
    w->idle_us = call_int(c, "idle", 0) * 1000;
    w->bells = st->info.bells;
    w->deadline_us = clock_mono_us() + (int64_t)(json_number(c->params, "timeout", 30) * 1e6);
    if (text) {
        if (regcomp(&w->text, text, REG_EXTENDED | REG_NOSUB) != 0) {
            free(w);
            return call_fail(c, ERR_INVALID, "\"text\" is no regular expression");
        }
        w->has_text = true;
    }
    if (!text && !w->on_exit && !w->on_bell && !w->idle_us) {
        destroy(w);
        return call_fail(c, ERR_INVALID, "say what to wait for: --text, --idle, --exit or --bell");
    }
    if (st->output_us == 0)
        st->output_us = clock_mono_us(); /* of this hub's time: quiet is measured from here */
    w->next = st->waiters;
    st->waiters = w;
    c->parked = true;
    /* Looked at from the loop, not from here: the call is still in its caller's hands. */
    uv_timer_start(&hub->streams->waits, waiters_timeout, 0, 0);
    return ERR_OK;
}
