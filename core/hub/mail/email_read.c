/* Reading: inboxes, single messages, threads, attachments, and waiting for a message. Listing
 * leaves unread what is unread; `email read` and answering do not. Control's. */
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/hub/mail/email.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* --- the inbox ---------------------------------------------------------------------------------
 */

struct row {
    int64_t seq; /* of the message: the order of sending */
    cJSON *shown;
};

struct page {
    struct hub *hub;
    struct row *rows;
    size_t count, bytes;
    const char *thread, *name; /* name: the reader */
};

static void add_row(struct page *p, const struct mail_message *m, const struct mail_delivery *d)
{
    if (p->count && p->bytes + m->body_n > EMAIL_PAGE)
        return; /* the next call begins there, when these are read */
    p->bytes += m->body_n;
    p->rows = mem_reallocarray(p->rows, p->count + 1, sizeof *p->rows);
    p->rows[p->count++] = (struct row){m->seq, email_describe(p->hub, m, d)};
}

static void add_received(void *data, const struct mail_delivery *d, const struct mail_message *m)
{
    add_row(data, m, d);
}

static void add_sent(void *data, const struct mail_message *m)
{
    struct page *p = data;
    if (!p->thread || strcmp(m->thread_id, p->thread) == 0)
        add_row(p, m, NULL);
}

static int by_seq(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    if (x->seq != y->seq)
        return x->seq < y->seq ? -1 : 1;
    return 0;
}

/* What the filter names is put into *ret_list, the caller's; an array. */
static enum err list(struct hub *hub, struct call *c, bool unread, bool sent, int limit,
                     cJSON **ret_list)
{
    struct page p = {.hub = hub, .name = call_who(c)};
    struct letter thread = {0};
    struct mail_identity sender;
    const char *within = call_string(c, "thread", NULL), *from = call_string(c, "from", NULL);
    enum err e = within ? letter_find(hub, c, within, &thread) : ERR_OK;
    if (e != ERR_OK)
        return e;
    p.thread = within ? thread.m.thread_id : NULL;
    if (from && strchr(from, '@') && email_here(hub, from, &sender))
        from = sender.name; /* whoever is here is known by the name, whatever the address */
    const struct mail_filter f = {.recipient = call_who(c),
                                  .grammar = MAIL_EMAIL,
                                  .unread = unread,
                                  .thread_id = p.thread,
                                  .from = from,
                                  .limit = limit};
    e = journal_inbox(hub->journal, &f, add_received, &p);
    if (e == ERR_OK && sent && !from)
        e = journal_sent(hub->journal, call_who(c), MAIL_EMAIL, 0, limit, add_sent, &p);
    if (p.count)
        qsort(p.rows, p.count, sizeof *p.rows, by_seq);
    cJSON *all = cJSON_CreateArray();
    for (size_t i = 0; i < p.count; i++)
        if (e == ERR_OK && i < (size_t)limit)
            cJSON_AddItemToArray(all, p.rows[i].shown);
        else
            cJSON_Delete(p.rows[i].shown);
    free(p.rows);
    letter_finish(&thread);
    if (e == ERR_OK)
        *ret_list = all;
    else
        cJSON_Delete(all);
    return e;
}

enum err inbox_email(struct hub *hub, struct call *c)
{
    cJSON *all = NULL;
    struct mail_identity me;
    bool unread = call_bool(c, "unread", false);
    enum err e = mail_caller(hub, c, &me);
    if (e == ERR_OK)
        e = list(hub, c, unread, call_bool(c, "all", false) && !unread,
                 (int)call_int(c, "limit", 1000), &all);
    if (e == ERR_OK)
        call_reply(c, all);
    return e;
}

/* The oldest unread one, as soon as there is one. */
static enum err look(struct hub *hub, struct call *c)
{
    cJSON *all = NULL;
    enum err e = list(hub, c, true, false, 1, &all);
    if (e == ERR_OK && cJSON_GetArraySize(all) > 0)
        call_reply(c, cJSON_DetachItemFromArray(all, 0));
    else if (e == ERR_OK)
        e = ERR_AGAIN;
    cJSON_Delete(all);
    return e;
}

enum err inbox_wait(struct hub *hub, struct call *c)
{
    struct mail_identity me;
    double seconds = json_number(call_params(c), "timeout", -1);
    enum err e = mail_caller(hub, c, &me);
    if (e == ERR_OK)
        e = look(hub, c);
    if (e == ERR_AGAIN) {
        mail_await(hub, c, look, seconds < 0 ? -1 : (int64_t)(seconds * 1000));
        e = ERR_OK;
    }
    return e;
}

/* --- one, and its thread -----------------------------------------------------------------------
 */

struct one {
    struct hub *hub;
    const struct mail_delivery *d;
    cJSON *shown;
};

static void show_one(void *data, const struct mail_message *m)
{
    struct one *o = data;
    o->shown = email_describe(o->hub, m, o->d);
}

enum err email_read(struct hub *hub, struct call *c)
{
    struct letter l;
    struct mail_delivery d;
    enum err e = letter_find(hub, c, call_string(c, "message_id", ""), &l);
    if (e != ERR_OK)
        return e;
    enum err mine = journal_delivery_get(hub->journal, l.m.id, call_who(c), &d);
    if (mine == ERR_OK && !d.read_us)
        e = mail_read(hub, &d, call_who(c));
    struct one o = {hub, mine == ERR_OK ? &d : NULL, NULL};
    if (e == ERR_OK)
        e = journal_message_get(hub->journal, l.m.id, show_one, &o);
    if (e == ERR_OK)
        call_reply(c, o.shown);
    letter_finish(&l);
    return e;
}

struct thread {
    struct hub *hub;
    const struct call *c;
    cJSON *list;
    size_t bytes;
    enum err e;
};

static void add_to_thread(void *data, const struct mail_message *m)
{
    struct thread *t = data;
    struct mail_delivery d;
    if (t->e != ERR_OK || m->grammar != MAIL_EMAIL)
        return;
    enum err e = journal_delivery_get(t->hub->journal, m->id, call_who(t->c), &d);
    bool mine = e == ERR_OK || strcmp(m->from_name, call_who(t->c)) == 0;
    if (e != ERR_OK && e != ERR_NOT_FOUND) {
        t->e = e;
        return;
    }
    t->bytes += m->body_n;
    if ((mine || t->c->role == ROLE_OWNER) &&
        (t->bytes <= EMAIL_PAGE || cJSON_GetArraySize(t->list) == 0))
        cJSON_AddItemToArray(t->list, email_describe(t->hub, m, e == ERR_OK ? &d : NULL));
}

enum err email_thread(struct hub *hub, struct call *c)
{
    struct letter l;
    struct thread t = {.hub = hub, .c = c, .e = ERR_OK};
    enum err e = letter_find(hub, c, call_string(c, "message_id", ""), &l);
    if (e != ERR_OK)
        return e;
    t.list = cJSON_CreateArray();
    e = journal_thread(hub->journal, l.m.thread_id, add_to_thread, &t);
    e = e == ERR_OK ? t.e : e;
    letter_finish(&l);
    return call_answer(c, e, t.list);
}

/* --- bytes, piece by piece ---------------------------------------------------------------------
 */

static void reply_piece(struct call *c, const char *bytes, size_t n, cJSON *o)
{
    int64_t at = call_int(c, "at", 0);
    size_t from = (size_t)at < n ? (size_t)at : n;
    size_t piece = n - from < EMAIL_CHUNK ? n - from : EMAIL_CHUNK;
    cJSON_AddStringToObject(o, "encoding", "base64");
    json_add_base64(o, "data", bytes + from, piece);
    json_add_int(o, "size", (int64_t)n);
    call_reply(c, o);
}

struct wanted {
    struct call *c;
    int64_t n;
    bool found;
};

static void find_file(void *data, const struct mail_attachment *a)
{
    struct wanted *w = data;
    if (a->n != w->n)
        return;
    cJSON *o = cJSON_CreateObject();
    w->found = true;
    cJSON_AddStringToObject(o, "name", a->name);
    cJSON_AddStringToObject(o, "type", a->type);
    reply_piece(w->c, a->bytes, a->size, o);
}

enum err email_attachment(struct hub *hub, struct call *c)
{
    struct letter l;
    struct wanted w = {c, call_int(c, "n", 1), false};
    enum err e = letter_find(hub, c, call_string(c, "message_id", ""), &l);
    if (e != ERR_OK)
        return e;
    e = journal_attachments(hub->journal, l.m.id, find_file, &w);
    if (e == ERR_OK && !w.found)
        e = call_fail(c, ERR_NOT_FOUND, "%s has no attachment %d", l.m.id, (int)w.n);
    letter_finish(&l);
    return e;
}

/* A message as other programs read it, for the export. */
enum err email_raw(struct hub *hub, struct call *c)
{
    struct letter l;
    struct mail m;
    struct buf out = {0};
    enum err e = letter_find(hub, c, call_string(c, "message_id", ""), &l);
    if (e != ERR_OK)
        return e;
    e = letter_mail(hub, &l, &m);
    if (e == ERR_OK) {
        e = mail_build(&m, &out);
        mail_finish(&m);
    }
    if (e == ERR_OK)
        reply_piece(c, out.data, out.len, cJSON_CreateObject());
    buf_finish(&out);
    letter_finish(&l);
    return e;
}
