/* A pane (see pane.h): drawing it, and its border's words. */
#include "tui/layout/pane.h"

#include "core/base/clock.h"
#include "core/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pane *pane_create(int id, enum pane_kind kind)
{
    struct pane *p = mem_zalloc(sizeof *p);

    p->id = id;
    p->kind = kind;
    if (kind == PANE_LOG)
        p->log = eventlog_create();
    return p;
}

bool pane_shows(enum pane_kind kind)
{
    return kind == PANE_SHELL || kind == PANE_SESSION;
}

void pane_destroy(struct pane *p)
{
    if (!p)
        return;
    copy_destroy(p->copy);
    transcript_pane_destroy(p->transcript);
    eventlog_destroy(p->log);
    inbox_pane_destroy(p->inbox);
    buf_finish(&p->copy_mouse);
    buf_finish(&p->early);
    view_finish(&p->view);
    free(p);
}

void pane_draw(struct pane *p, struct canvas *c, bool focus, bool all, const struct theme *theme)
{
    if (!p->shown || p->folded || p->inner.rows < 1 || p->inner.cols < 1)
        return;
    canvas_clip(c, p->inner);
    if (p->kind == PANE_LOG) {
        eventlog_draw(p->log, c, p->inner, theme);
    } else if (p->kind == PANE_INBOX) {
        if (p->inbox)
            inbox_pane_draw(p->inbox, c, p->inner, focus, theme);
    } else if (p->kind == PANE_APPROVALS) {
        if (p->approvals)
            approvals_draw(p->approvals, c, p->inner, focus, clock_wall_us() / 1000, theme);
    } else if (p->kind == PANE_SESSION) {
        if (p->transcript && transcript_pane_draw(p->transcript, c, p->inner, focus && p->browsing,
                                                  clock_wall_us() / 1000, theme))
            p->earlier = true;
    } else if (p->copy) {
        copy_draw(p->copy, c, p->inner, theme);
        if (!focus)
            canvas_cursor(c, -1, 0, CURSOR_DEFAULT);
    } else if (p->feed && p->feed->screen) {
        view_follow(&p->view, p->feed->screen, p->inner.rows, p->inner.cols);
        view_draw(&p->view, p->feed->screen, p->feed->generation, c, p->inner, focus, all, theme);
    }
    canvas_unclip(c);
}

static const struct world_target *known(const struct pane *p, const struct world *world)
{
    return p->target[0] ? world_target(world, p->target) : NULL;
}

void pane_name(const struct pane *p, const struct world *world, char *out, size_t size)
{
    const struct world_target *t = known(p, world);

    if (p->kind == PANE_LOG)
        snprintf(out, size, "events");
    else if (p->kind == PANE_APPROVALS)
        snprintf(out, size, "approvals");
    else if (p->inbox)
        inbox_pane_name(p->inbox, out, size);
    else if (t)
        snprintf(out, size, "%s %s", world_label(t), t->id);
    else
        snprintf(out, size, "%s", p->target);
}

/* "✓ exited 0", "✗ exited 1", "✗ killed by 9"; false while it runs. */
static bool shell_ending(const struct pane *p, const struct world_shell *s, char *out, size_t size,
                         struct style *ret_style, const struct theme *theme)
{
    bool over = (p->feed && p->feed->exited) || (s && s->state != SHELL_RUNNING);
    int code = p->feed && p->feed->exited ? p->feed->exit_code : s ? s->exit_code : 0;
    bool good = over && code == 0 && !(s && s->state == SHELL_LOST);
    const char *sign = theme_glyph(theme, good ? GLYPH_DONE : GLYPH_FAILED);

    if (!over)
        return false;
    *ret_style = theme_style(theme, good ? ROLE_GOOD : ROLE_BAD);
    if (s && s->state == SHELL_LOST)
        snprintf(out, size, "%s lost", sign);
    else if (code < 0)
        snprintf(out, size, "%s killed by signal %d", sign, -code);
    else
        snprintf(out, size, "%s exited %d", sign, code);
    return true;
}

/* "✓ closed", "✗ failed"; false while the session lives. */
static bool session_ending(const struct world_session *s, char *out, size_t size,
                           struct style *ret_style, const struct theme *theme)
{
    bool failed = s && s->state == SESSION_FAILED;

    if (!s || s->target.live)
        return false;
    *ret_style = theme_style(theme, failed ? ROLE_BAD : ROLE_GOOD);
    snprintf(out, size, "%s %s", theme_glyph(theme, failed ? GLYPH_FAILED : GLYPH_DONE),
             failed ? "failed" : "closed");
    return true;
}

static bool ending(const struct pane *p, const struct world *world, char *out, size_t size,
                   struct style *ret_style, const struct theme *theme)
{
    if (p->kind == PANE_SESSION)
        return session_ending(world_session(world, p->target), out, size, ret_style, theme);
    return p->kind == PANE_SHELL &&
           shell_ending(p, world_shell(world, p->target), out, size, ret_style, theme);
}

/* A hub that knows no baton tells at least who typed last. */
void pane_driver(const struct pane *p, const struct world *world, const char *me, char *out,
                 size_t size, struct style *ret_style, const struct theme *theme)
{
    const struct world_target *s = known(p, world);
    const struct world_shell *shell = world_shell(world, p->target);
    const char *who = s && s->baton                  ? s->holder
                      : p->feed && p->feed->typed[0] ? p->feed->typed
                      : shell                        ? shell->typed
                                                     : "";

    out[0] = '\0';
    *ret_style = theme_style(theme, ROLE_DIM);
    if (!who[0] && s && s->baton)
        snprintf(out, size, "free");
    if (!who[0])
        return;
    snprintf(out, size, "%s %.60s%s%s", theme_glyph(theme, GLYPH_DRIVES), who,
             !strcmp(who, me) ? " (you)" : "", s && s->baton && s->away ? " (gone)" : "");
    *ret_style = theme_style(theme, theme_member(who));
}

/* "← grace asks", and for the holder the two answers. */
static void asking(const struct world_target *s, const char *me, char *out, size_t size,
                   struct border_text right[BORDER_TEXTS], const struct theme *theme)
{
    struct style loud = theme_style(theme, ROLE_ATTENTION);
    bool mine = !strcmp(s->holder, me);
    int place = world_ask_place(s, me);
    char more[24] = "";

    if (s->ask_count == 0)
        return;
    if (s->ask_count > 1)
        snprintf(more, sizeof more, " (+%d)", s->ask_count - 1);
    if (place > 0)
        snprintf(out, size, "%s you ask%s", theme_glyph(theme, GLYPH_ASKS), more);
    else
        snprintf(out, size, "%s %.60s asks%s", theme_glyph(theme, GLYPH_ASKS), s->asks[0], more);
    right[1] = (struct border_text){out, mine ? loud : theme_style(theme, ROLE_DIM), true};
    if (!mine)
        return;
    right[SPOT_YES] = (struct border_text){"[y] pass", loud, false};
    right[SPOT_NO] = (struct border_text){"[n] not now", loud, false};
}

void pane_title(struct pane *p, struct canvas *c, bool focus, const struct world *world,
                const char *me, const struct theme *theme)
{
    const struct world_target *s = known(p, world);
    struct border_text left[BORDER_TEXTS] = {{0}}, right[BORDER_TEXTS] = {{0}};
    struct style dim = theme_style(theme, ROLE_DIM);
    char sign[100], asks[120], name[120], size[64] = "", place[64] = "";

    memset(p->spots, 0, sizeof p->spots);
    if (!p->shown || p->box.rows == 0)
        return;
    left[0].style = focus ? theme_style(theme, ROLE_TITLE) : theme_style(theme, ROLE_TEXT);
    left[1].style = left[2].style = dim;
    if (p->kind == PANE_LOG) {
        left[0].text = "events";
    } else if (p->kind == PANE_APPROVALS) {
        left[0].text = "approvals";
    } else if (p->inbox) {
        inbox_pane_name(p->inbox, name, sizeof name);
        inbox_pane_count(p->inbox, place, sizeof place);
        left[0].text = name;
        left[1].text = place;
        inbox_pane_hint(p->inbox, focus, size, sizeof size);
        right[4] = (struct border_text){size, dim, false};
    } else if (s) {
        left[0].text = world_label(s);
        left[1].text = s->session && strcmp(s->program, left[0].text) != 0 ? s->program : s->id;
        if (s->title[0] && strcmp(s->title, left[0].text) != 0)
            left[2].text = s->title;
    } else {
        left[0].text = p->target[0] ? p->target : "opening";
    }
    if (p->copy) {
        copy_position(p->copy, place, sizeof place);
        right[4] = (struct border_text){place, theme_style(theme, ROLE_ATTENTION), false};
    } else if (p->transcript && p->browsing) {
        transcript_pane_position(p->transcript, place, sizeof place);
        right[4] = (struct border_text){place, theme_style(theme, ROLE_ATTENTION), false};
    } else if (p->kind == PANE_SHELL && !p->folded && p->feed && p->feed->screen &&
               (screen_rows(p->feed->screen) > p->inner.rows ||
                screen_cols(p->feed->screen) > p->inner.cols)) {
        snprintf(size, sizeof size, "%d%s%d", screen_cols(p->feed->screen),
                 theme_glyph(theme, GLYPH_TIMES), screen_rows(p->feed->screen));
        right[4] = (struct border_text){size, dim, false};
    }
    right[0].text = sign;
    if (!ending(p, world, sign, sizeof sign, &right[0].style, theme)) {
        pane_driver(p, world, me, sign, sizeof sign, &right[0].style, theme);
        if (s)
            asking(s, me, asks, sizeof asks, right, theme);
    }
    border_title(c, p->box, left, right, theme, p->spots);
}

void pane_foot(const struct pane *p, struct canvas *c, const struct world *world, const char *me,
               bool observer, const struct theme *theme)
{
    const struct world_target *s = known(p, world);
    char text[80] = "";
    int n = 0;

    if (!p->shown || p->folded || p->box.rows < 3)
        return;
    if (p->follows)
        n = snprintf(text, sizeof text, "following");
    if (s && s->baton && s->live && strcmp(s->holder, me) != 0 && (observer || s->holder[0]))
        snprintf(text + n, sizeof text - (size_t)n, "%s%s%sobserving %s %d %s", n ? " " : "",
                 n ? theme_glyph(theme, GLYPH_DOT) : "", n ? " " : "",
                 theme_glyph(theme, GLYPH_DOT), world_observers(world, s),
                 theme_glyph(theme, GLYPH_WATCHES));
    if (text[0])
        border_foot(c, p->box, text, theme_style(theme, p->follows ? ROLE_ACCENT : ROLE_DIM));
}
