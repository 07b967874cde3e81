/* A pane with an inbox (see inbox_pane.h): its state. What always holds: the text is that of the
 * message under the cursor; a message is read when the keys go to it, not when the list stands on
 * it. */
#include "tui/inbox/inbox_pane.h"

#include "core/base/mem.h"
#include "core/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct inbox_pane *inbox_pane_create(const char *name, const char *me)
{
    struct inbox_pane *p = mem_zalloc(sizeof *p);

    mailbox_init(&p->box, name);
    p->me = mem_strdup(me);
    p->pattern = mem_strdup("");
    mailtext_init(&p->text);
    draft_init(&p->draft);
    p->stale = true;
    return p;
}

void inbox_pane_destroy(struct inbox_pane *p)
{
    if (!p)
        return;
    mailbox_finish(&p->box);
    mailtext_finish(&p->text);
    draft_finish(&p->draft);
    free(p->me);
    free(p->pattern);
    free(p);
}

bool inbox_pane_own(const struct inbox_pane *p)
{
    return !strcmp(p->box.name, p->me);
}

/* Everything that was heard is forgotten; a page that is on its way will be an old one. */
static void begin_anew(struct inbox_pane *p)
{
    mailbox_clear(&p->box);
    mailbox_rows(&p->box);
    p->cursor[0] = '\0';
    p->at = p->top = p->scroll = 0;
    mailtext_about(&p->text, "");
    p->failed[0] = '\0';
    p->again = p->asking;
    p->stale = true;
    p->earlier = p->reading = false;
}

void inbox_pane_open(struct inbox_pane *p, const char *name)
{
    if (!strcmp(p->box.name, name))
        return;
    begin_anew(p);
    snprintf(p->box.name, sizeof p->box.name, "%s", name);
    p->box.show = MAILBOX_ALL;
    free(p->pattern);
    p->pattern = mem_strdup("");
}

void inbox_pane_search(struct inbox_pane *p, const char *pattern)
{
    if (!strcmp(p->pattern, pattern))
        return;
    free(p->pattern);
    p->pattern = mem_strdup(pattern);
    begin_anew(p);
}

const struct mail *inbox_pane_mail(const struct inbox_pane *p)
{
    return p->cursor[0] ? mailbox_mail(&p->box, p->cursor) : NULL;
}

void inbox_pane_to(struct inbox_pane *p, int row)
{
    const struct mail *m;

    if (row >= p->box.row_count) {
        row = p->box.row_count - 1;
        p->earlier = p->box.more;
    }
    row = row < 0 ? 0 : row;
    p->at = row;
    m = row < p->box.row_count ? p->box.rows[row].mail : NULL;
    snprintf(p->cursor, sizeof p->cursor, "%s", m ? m->id : "");
    if (!strcmp(p->text.id, p->cursor))
        return;
    mailtext_about(&p->text, p->cursor);
    p->scroll = 0;
}

void inbox_pane_changed(struct inbox_pane *p)
{
    int row;

    snprintf(p->box.kept, sizeof p->box.kept, "%s", p->cursor);
    mailbox_rows(&p->box);
    row = mailbox_row(&p->box, p->cursor);
    if (row >= 0)
        p->at = row;
    inbox_pane_to(p, p->at);
    p->earlier = false;
}

void inbox_pane_enter(struct inbox_pane *p, struct inbox_action *action)
{
    const struct mail *m = inbox_pane_mail(p);

    if (!m)
        return;
    p->reading = true;
    if (!m->unread || !inbox_pane_own(p))
        return;
    action->kind = INBOX_READ;
    snprintf(action->id, sizeof action->id, "%s", m->id);
}

void inbox_pane_newest(struct inbox_pane *p)
{
    int found = -1;

    for (int i = 0; i < p->box.row_count; i++)
        if (p->box.rows[i].mail->unread &&
            (found < 0 || p->box.rows[i].mail->seq < p->box.rows[found].mail->seq))
            found = i;
    p->reading = false;
    if (found >= 0)
        inbox_pane_to(p, found);
}

/* A text is read on when its end comes into sight. */
static bool wants_text(const struct inbox_pane *p)
{
    const struct mailtext *t = &p->text;

    if (!t->id[0] || t->whole || t->asking)
        return false;
    return t->raw.len == 0 || p->scroll + 2 * p->page.rows + 8 > t->count;
}

enum inbox_want inbox_pane_wants(const struct inbox_pane *p)
{
    if (p->stale && !p->asking)
        return WANT_LIST;
    if (p->earlier && p->box.more && !p->asking)
        return WANT_EARLIER;
    return wants_text(p) ? WANT_TEXT : WANT_NOTHING;
}

void inbox_pane_name(const struct inbox_pane *p, char *out, size_t size)
{
    char name[80];

    text_make_safe(name, sizeof name, p->box.name, strlen(p->box.name));
    if (inbox_pane_own(p))
        snprintf(out, size, "inbox");
    else
        snprintf(out, size, "inbox of %s", name);
}

void inbox_pane_count(const struct inbox_pane *p, char *out, size_t size)
{
    char pattern[40];

    text_make_safe(pattern, sizeof pattern, p->pattern, strlen(p->pattern));
    if (p->pattern[0])
        snprintf(out, size, "/%s", pattern);
    else if (p->box.show == MAILBOX_UNREAD)
        snprintf(out, size, "unread alone");
    else if (p->box.unread > 0)
        snprintf(out, size, "%lld unread", (long long)p->box.unread);
    else
        out[0] = '\0';
}

void inbox_pane_hint(const struct inbox_pane *p, bool focus, char *out, size_t size)
{
    out[0] = '\0';
    if (!focus || p->draft.open)
        return;
    if (!inbox_pane_own(p))
        snprintf(out, size, "g another inbox");
    else
        snprintf(out, size, "r reply  c compose  / search");
}
