/* Looking further back in a session than what this console has read: a search that found nothing
 * there, and the way to the very top. Earlier pages come one after another, larger ones than for
 * scrolling, and each is looked at by itself, so that no frame waits for long and nothing is
 * searched twice. Any key ends it. The transcript's bound holds: what it has no room for is not
 * read. On the console's thread. */
#include "tui/console/console_private.h"

#define SEEK_EVENTS                                                                                \
    4000 /* of a page: some 20 ms for this console, far fewer turns than scrolling */

static void look_on(struct console *c, struct pane *p)
{
    p->seek_whole = transcript_whole(p->session->transcript);
    p->seek_before = transcript_id_at(p->session->transcript, 0);
    sessionfeed_earlier(p->session, SEEK_EVENTS);
    c->draw = true;
}

void console_seek(struct console *c, struct pane *p, enum pane_seek what)
{
    p->seek = what;
    look_on(c, p);
}

int console_sought(const struct pane *p)
{
    const struct transcript *t = p->session->transcript;
    const int64_t head = transcript_head(t);

    return head > 0 ? (int)((head - transcript_whole(t) + 1) * 100 / head) : 100;
}

static void ended(struct console *c, struct pane *p, bool whole)
{
    const char *pattern = transcript_pane_pattern(p->transcript);

    if (p->seek == SEEK_TOP)
        transcript_pane_top(p->transcript);
    if (!whole)
        notices_add(&c->notices, ROLE_DIM, "what is older than this has no room here");
    else if (p->seek == SEEK_TEXT)
        notices_add(&c->notices, ROLE_DIM, "\"%.200s\" is nowhere here", pattern);
    p->seek = SEEK_NONE;
}

static void go_on(struct console *c, struct pane *p)
{
    const int64_t whole = transcript_whole(p->session->transcript);

    if (p->session->earlier)
        return; /* something else has changed: the page is on its way */
    if (p->seek == SEEK_TEXT && transcript_pane_search_before(p->transcript, p->seek_before)) {
        p->seek = SEEK_NONE;
        c->draw = true;
    } else if (whole <= 1 || p->session->full) {
        ended(c, p, whole <= 1);
    } else if (whole == p->seek_whole) {
        p->seek = SEEK_NONE; /* the page did not come, and why was said */
    } else {
        look_on(c, p);
    }
}

void console_seek_on(struct console *c, const struct sessionfeed *f)
{
    for (int i = 0; i < c->pane_count; i++) {
        struct pane *p = c->panes[i];
        if (p->session == f && p->transcript && p->seek != SEEK_NONE)
            go_on(c, p);
    }
}
