/* Approvals as people see and answer them: list, show, accept, reject, watch. Control, within a
 * batch. */
#include "core/hub/policy/approvals_private.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/text.h"

#include <stdlib.h>
#include <string.h>

struct listing {
    const struct call *c;
    cJSON *list;
    const char *workspace; /* NULL: all */
};

static void list_done(void *data, const char *key, const cJSON *doc)
{
    struct listing *l = data;
    (void)key;
    if (approvals_may_see(l->c, doc) &&
        (!l->workspace || strcmp(l->workspace, json_string(doc, "workspace", "")) == 0))
        cJSON_AddItemToArray(l->list, approvals_describe(doc));
}

enum err approval_list(struct hub *hub, struct call *c)
{
    struct listing l = {c, cJSON_CreateArray(), call_string(c, "workspace", NULL)};
    enum err e = journal_each(hub->journal, APPROVAL_OPEN, list_done, &l);
    if (e == ERR_OK && call_bool(c, "all", false))
        e = journal_each(hub->journal, APPROVAL_DONE, list_done, &l);
    json_sort(l.list, "approvalId");
    return call_answer(c, e, l.list);
}

/* Adds text with each of its lines made safe: what a program has put there cannot pose as another
 * line of ours, for the lines of JSON are ours and its own line ends are escaped in it. */
static void add_safe(struct buf *out, const char *text)
{
    char line[4096];
    while (*text) {
        size_t n = strcspn(text, "\n"), at = 0;
        while (at < n) { /* pieces, or the end of a long line would not be shown */
            size_t piece = n - at < sizeof line / 4 ? n - at : sizeof line / 4;
            while (at + piece < n && piece > 1 && ((unsigned char)text[at + piece] & 0xc0) == 0x80)
                piece--;
            text_make_safe(line, sizeof line, text + at, piece);
            buf_puts(out, line);
            at += piece;
        }
        buf_putc(out, '\n');
        text += n + (text[n] == '\n');
    }
}

static void add_moment(struct buf *out, const char *what, int64_t ms)
{
    char at[32];
    clock_format(ms * 1000, at, sizeof at);
    buf_printf(out, "%s %s\n", what, at);
}

/* The whole of what would run, for a person: nothing is left out. */
static void add_text(cJSON *doc)
{
    struct buf out = {0};
    const char *workspace = json_string(doc, "workspace", "");
    const char *by = json_string(doc, "answeredBy", ""), *reason = json_string(doc, "reason", "");
    char *params = cJSON_Print(json_get(doc, "params"));
    buf_printf(&out, "%s  %s  of %s%s%s\n", json_string(doc, "approvalId", ""),
               json_string(doc, "capability", ""), json_string(doc, "by", ""),
               *workspace ? " in " : "", workspace);
    buf_printf(&out, "%s%s%s%s\n", json_string(doc, "state", ""), *by ? ", answered by " : "", by,
               *reason ? ", with a reason:" : "");
    if (*reason)
        add_safe(&out, reason);
    add_moment(&out, "asked  ", json_int(doc, "requestedAt", 0));
    add_moment(&out, "until  ", json_int(doc, "expiresAt", 0));
    buf_printf(&out, "hash    %s\n\n", json_string(doc, "hash", ""));
    add_safe(&out, params ? params : "{}");
    json_add_text(doc, "text", out.data, out.len);
    free(params);
    buf_finish(&out);
}

enum err approval_show(struct hub *hub, struct call *c)
{
    const char *id = call_string(c, "approvalId", "");
    char safe[64];
    cJSON *doc = NULL;
    bool open = false;
    enum err e = approvals_get(hub, id, &doc, &open);
    text_make_safe(safe, sizeof safe, id, strlen(id));
    if (e == ERR_NOT_FOUND || (e == ERR_OK && !approvals_may_see(c, doc)))
        e = call_fail(c, ERR_NOT_FOUND, "there is no approval \"%s\"; see: baton approval list",
                      safe);
    if (e == ERR_OK) {
        add_text(doc);
        call_reply(c, doc);
    } else {
        cJSON_Delete(doc);
    }
    return e;
}

static enum err answer(struct hub *hub, struct call *c, bool yes)
{
    cJSON *doc = NULL;
    const char *hash = call_string(c, "hash", NULL), *id = call_string(c, "approvalId", "");
    bool open;
    /* Whoever says what they have seen answers for that and nothing else. */
    if (hash && approvals_get(hub, id, &doc, &open) == ERR_OK &&
        strcmp(hash, json_string(doc, "hash", "")) != 0) {
        cJSON_Delete(doc);
        return call_fail(c, ERR_STALE, "%s is not what you were shown", id);
    }
    cJSON_Delete(doc);
    doc = NULL;
    enum err e = approvals_answer(hub, c, id, yes, call_string(c, "reason", NULL), &doc);
    if (e == ERR_OK)
        call_reply(c, approvals_describe(doc));
    cJSON_Delete(doc);
    return e;
}

enum err approval_accept(struct hub *hub, struct call *c)
{
    return answer(hub, c, true);
}

enum err approval_reject(struct hub *hub, struct call *c)
{
    return answer(hub, c, false);
}

/* --- waiting for the next ----------------------------------------------------------------------
 */

/* The first that waits behind `since`; ERR_AGAIN: none. */
static enum err look(struct hub *hub, struct call *c)
{
    const int since = atoi(call_string(c, "since", "ap0") + 2);
    cJSON *list = NULL;
    const cJSON *one, *found = NULL;
    enum err e = approvals_open(hub, &list);
    cJSON_ArrayForEach(one, list)
    {
        if (!found && atoi(json_string(one, "approvalId", "ap0") + 2) > since &&
            strcmp(json_string(one, "state", ""), "waiting") == 0 && approvals_may_see(c, one))
            found = one;
    }
    if (e == ERR_OK && found)
        call_reply(c, approvals_describe(found));
    cJSON_Delete(list);
    return e == ERR_OK && !found ? ERR_AGAIN : e;
}

enum err approval_watch(struct hub *hub, struct call *c)
{
    const double seconds = json_number(call_params(c), "timeout", -1);
    enum err e = look(hub, c);
    if (e != ERR_AGAIN)
        return e;
    control_park(hub, c, seconds < 0 ? -1 : (int64_t)(seconds * 1000));
    return ERR_OK;
}

static enum err wake(struct hub *hub, void *arg)
{
    (void)arg;
    for (struct call *c = hub->parked, *next; c; c = next) {
        next = c->next;
        if (c->row && c->row->handle == approval_watch && look(hub, c) == ERR_OK) {
            control_unpark(hub, c);
            call_send(c);
        }
    }
    return ERR_OK;
}

void approvals_wake_watchers(struct hub *hub)
{
    control_after(hub, wake, NULL);
}
