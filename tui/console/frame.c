/* One frame: where everything is, and drawing it onto the canvas. Nothing here talks to hub or
 * terminal, but for the sizes of shells that this console drives. */
#include "tui/console/console_private.h"

#include "core/base/clock.h"
#include "core/base/text.h"
#include "tui/layout/status.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define FRAME_LEAST_ROWS 8 /* a smaller terminal has no borders, and the focused pane alone */
#define FRAME_LEAST_COLS 24

static struct rect inside(struct rect box)
{
    return (struct rect){box.row + 1, box.col + 1, box.rows > 2 ? box.rows - 2 : 0,
                         box.cols > 2 ? box.cols - 2 : 0};
}

static void arrange_alone(struct console *c, bool bordered)
{
    struct pane *p = console_focused(c);

    if (!p)
        return;
    p->shown = true;
    p->box = bordered ? c->area : (struct rect){0};
    p->inner = bordered ? inside(c->area) : c->area;
}

static bool shows_shell(const struct pane *p)
{
    return p->feed && p->shown && !p->folded;
}

/* The size that a shell gets is that of the focused pane that shows it, else the first one. */
static void give_sizes(struct console *c)
{
    const struct pane *focus = console_focused(c);

    if (focus && shows_shell(focus))
        feed_size(focus->feed, focus->inner.rows, focus->inner.cols);
    for (int i = 0; i < c->pane_count; i++) {
        const struct pane *p = c->panes[i];
        if (!shows_shell(p) || (focus && focus->feed == p->feed))
            continue;
        bool first = true;
        for (int j = 0; j < i; j++)
            if (shows_shell(c->panes[j]) && c->panes[j]->feed == p->feed)
                first = false;
        if (first)
            feed_size(p->feed, p->inner.rows, p->inner.cols);
    }
}

void console_arrange(struct console *c)
{
    int rows = canvas_rows(c->canvas), cols = canvas_cols(c->canvas);
    bool bordered = rows >= FRAME_LEAST_ROWS && cols >= FRAME_LEAST_COLS;
    bool side = cols >= SIDE_FOLD_COLS && !c->side_off && rows >= 4;

    c->side_area = (struct rect){0};
    c->area = (struct rect){0, 0, rows > 1 ? rows - 1 : rows, cols};
    if (side) {
        c->side_area = (struct rect){0, 0, c->area.rows, SIDE_COLS};
        c->area.col += SIDE_COLS;
        c->area.cols -= SIDE_COLS;
    } else if (c->side_over) {
        int width = SIDE_COLS + 1 < cols ? SIDE_COLS + 1 : cols;
        c->side_area = (struct rect){0, 0, c->area.rows, width};
    }
    console_prompt_reserve(c);
    for (int i = 0; i < c->pane_count; i++) {
        c->panes[i]->shown = c->panes[i]->folded = false;
        c->panes[i]->box = c->panes[i]->inner = (struct rect){0};
    }
    bool fits = layout_arrange(c->layout, c->area, c->focus);
    c->alone = !bordered || !fits || c->zoomed;
    if (c->alone) {
        arrange_alone(c, bordered);
    } else {
        for (int i = 0; i < c->pane_count; i++) {
            struct pane *p = c->panes[i];
            p->shown = layout_box(c->layout, p->id, &p->box, &p->folded);
            if (p->shown && !p->folded)
                p->inner = inside(p->box);
        }
    }
    give_sizes(c);
    console_prompt_grow(c);
}

/* --- the empty workspace explains itself in five lines --- */

static void draw_empty(struct console *c)
{
    static const struct {
        const char *command, *text;
        enum command_for whom;
    } lines[] = {
        {"new", "open a shell", FOR_DRIVERS},
        {"session", "start an agent; demo needs no model and no network", FOR_DRIVERS},
        {"invite", "let somebody watch or drive", FOR_DRIVERS},
        {"choose", "show what runs in some workspace", FOR_ALL},
        {"help", "all keys; : types any command", FOR_ALL},
        {"detach", "leave; everything goes on, baton brings you back", FOR_ALL},
    };
    struct style dim = theme_style(c->theme, ROLE_DIM), text = theme_style(c->theme, ROLE_TEXT);
    int all = (int)(sizeof lines / sizeof lines[0]), width = 60, row, col, n = 0;
    bool shown[sizeof lines / sizeof lines[0]];
    bool drives = !console_observes(c), others = c->world.shell_count + c->world.session_count > 0;
    char key[64], title[160];

    for (int i = 0; i < all; i++) { /* who may only look opens nothing; five lines are enough */
        shown[i] = (drives || lines[i].whom == FOR_ALL) &&
                   strcmp(lines[i].command, !drives || others ? "invite" : "choose") != 0;
        n += shown[i];
    }
    col = c->area.col + (c->area.cols > width ? (c->area.cols - width) / 2 : 0);
    row = c->area.row + (c->area.rows > n + 2 ? (c->area.rows - n - 2) / 2 : 0);
    if (c->area.rows >= FRAME_LEAST_ROWS && c->area.cols >= FRAME_LEAST_COLS)
        border_box(c->canvas, c->area, theme_style(c->theme, ROLE_BORDER), c->theme);
    canvas_clip(c->canvas, c->area.rows > 2 && c->area.cols > 2 ? inside(c->area) : c->area);
    if (c->area.rows > n + 2) {
        snprintf(title, sizeof title, "The workspace %.60s is empty.", c->workspace);
        canvas_text(c->canvas, row, col, width, text, title);
        row += 2;
    }
    for (int i = 0; i < all; i++) {
        if (!shown[i])
            continue;
        console_key_for(c, lines[i].command, key, sizeof key);
        canvas_text(c->canvas, row, col, 8, theme_style(c->theme, ROLE_ACCENT), key);
        canvas_text(c->canvas, row++, col + 9, width, dim, lines[i].text);
    }
    canvas_unclip(c->canvas);
    canvas_cursor(c->canvas, -1, 0, CURSOR_DEFAULT);
}

/* The bottom of a box that is no other one's top. */
static bool bottom_is_free(const struct console *c, const struct pane *p)
{
    int row = p->box.row + p->box.rows - 1;

    for (int i = 0; i < c->pane_count; i++) {
        const struct rect *box = &c->panes[i]->box;
        if (c->panes[i]->shown && c->panes[i] != p && box->rows > 0 && box->row == row &&
            box->col < p->box.col + p->box.cols && p->box.col < box->col + box->cols)
            return false;
    }
    return true;
}

/* Nobody looks at what is further up, nor for something there. */
static bool all_follow(const struct console *c, const struct sessionfeed *f)
{
    for (int i = 0; i < c->pane_count; i++)
        if (c->panes[i]->session == f &&
            (c->panes[i]->seek != SEEK_NONE || !transcript_pane_following(c->panes[i]->transcript)))
            return false;
    return true;
}

/* What is inside a pane; a transcript is told who looks, and may want an earlier page. */
static void draw_pane(struct console *c, struct pane *p, bool focus, bool all)
{
    const struct world_target *t = world_target(&c->world, p->target);

    if (p->transcript)
        transcript_pane_viewer(p->transcript, c->member, console_may(c, t), t ? t->holder : "");
    if (p->inbox)
        console_loops_banner(c, p->inbox);
    p->approvals = &c->approvals;
    pane_draw(p, c->canvas, focus, all, c->theme);
    if (p->earlier && p->session)
        sessionfeed_earlier(p->session, 0);
    else if (p->session && all_follow(c, p->session))
        transcript_trim(p->session->transcript); /* of what was read back nothing is in sight */
    p->earlier = false;
}

static void draw_panes(struct console *c)
{
    struct rect boxes[LAYOUT_MAX_PANES];
    struct pane *focus = console_focused(c);
    int n = 0;

    canvas_cursor(c->canvas, -1, 0, CURSOR_DEFAULT);
    for (int i = 0; i < c->pane_count; i++)
        if (c->panes[i]->shown && c->panes[i]->box.rows > 0)
            boxes[n++] = c->panes[i]->box;
    if (n > 0)
        border_lines(c->canvas, c->area, boxes, n,
                     n > 1 || !focus ? (focus ? focus->box : (struct rect){0}) : boxes[0],
                     c->theme);
    for (int i = 0; i < c->pane_count; i++) {
        struct pane *p = c->panes[i];
        if (p != focus)
            draw_pane(c, p, false, true);
        pane_title(p, c->canvas, p == focus, &c->world, c->member, c->theme);
        if (bottom_is_free(c, p))
            pane_foot(p, c->canvas, &c->world, c->member, console_observes(c), c->theme);
    }
    if (focus)
        draw_pane(c, focus, true, true);
}

static void draw_numbers(struct console *c)
{
    struct style style = theme_style(c->theme, ROLE_ATTENTION);
    char text[16];

    style.attrs |= ATTR_BOLD | ATTR_REVERSE;
    for (int i = 0; i < layout_count(c->layout); i++) {
        const struct pane *p = console_pane(c, layout_pane(c->layout, i));
        if (!p || !p->shown || p->inner.rows < 1)
            continue;
        snprintf(text, sizeof text, "  %d  ", i);
        canvas_text(c->canvas, p->inner.row + p->inner.rows / 2,
                    p->inner.col + (p->inner.cols > 5 ? (p->inner.cols - 5) / 2 : 0), p->inner.cols,
                    style, text);
    }
    canvas_cursor(c->canvas, -1, 0, CURSOR_DEFAULT);
}

static void draw_side(struct console *c)
{
    const struct pane *focus = console_focused(c);
    struct side_facts facts = {c->workspace, focus ? focus->target : "", c->member, &c->post};
    struct rect area = c->side_area;

    side_build(&c->side, &c->world, &facts);
    if (area.rows < 1)
        return;
    if (c->side_over && area.cols > SIDE_COLS) {
        struct style line = theme_style(c->theme, ROLE_BORDER_FOCUS);
        for (int row = 0; row < area.rows; row++)
            canvas_text(c->canvas, area.row + row, area.col + area.cols - 1, 1, line,
                        theme_glyph(c->theme, GLYPH_V));
        area.cols--;
    }
    side_draw(&c->side, c->canvas, area, c->theme);
    /* A cursor below it would shine through. */
    int row, col;
    enum cursor_shape shape;
    canvas_get_cursor(c->canvas, &row, &col, &shape);
    if (row >= area.row && row < area.row + area.rows && col >= area.col &&
        col <= area.col + area.cols)
        canvas_cursor(c->canvas, -1, 0, CURSOR_DEFAULT);
}

static void mode_text(const struct console *c, char *out, size_t size)
{
    const struct pane *p = console_focused(c);

    out[0] = '\0';
    if (c->mode == MODE_PREFIX)
        snprintf(out, size, "%s", keymap_prefix(c->keymap));
    else if (p && p->seek != SEEK_NONE && p->transcript)
        snprintf(out, size, "looking back: %d %%, any key ends it", console_sought(p));
    else if (p && p->copy)
        snprintf(out, size, "copy");
    else if (c->zoomed && c->pane_count > 1)
        snprintf(out, size, "zoomed, %d more", c->pane_count - 1);
    else if (c->alone && c->pane_count > 1)
        snprintf(out, size, "%d more", c->pane_count - 1);
}

/* The line below belongs to whoever asks for it: a question, a prompt, else the status. */
static void draw_line(struct console *c, struct rect line)
{
    struct style text = theme_style(c->theme, ROLE_TEXT);
    struct style accent = theme_style(c->theme, ROLE_ACCENT);

    if (c->mode == MODE_CONFIRM) {
        canvas_fill(c->canvas, line, text);
        int n = canvas_text(c->canvas, line.row, line.col, line.cols,
                            theme_style(c->theme, ROLE_ATTENTION), c->question);
        canvas_cursor(c->canvas, line.row, n < line.cols ? n : line.cols - 1, CURSOR_DEFAULT);
        return;
    }
    if (c->mode == MODE_PROMPT) {
        canvas_fill(c->canvas, line, text);
        int n = canvas_text(c->canvas, line.row, line.col, line.cols, accent, c->prompt.label);
        if (n < line.cols) {
            int col =
                line_draw(&c->prompt.line, c->canvas, line.row, line.col + n, line.cols - n, text);
            canvas_cursor(c->canvas, line.row, col, CURSOR_DEFAULT);
        }
        return;
    }
    const struct pane *p = console_focused(c);
    char looking[200] = "", mode[64], help[48], clock[16] = "", drives[100] = "", asks[300];
    struct status status = {.hub = strcmp(c->hub, "default") ? c->hub : "baton",
                            .workspace = c->workspace,
                            .looking = looking,
                            .mode = mode,
                            .drives = drives,
                            .connected = c->connected,
                            .notice = notices_now(&c->notices),
                            .help = help,
                            .clock = clock};
    char holds[120], waits[48] = "";
    struct notice standing = {.text = asks, .role = ROLE_ATTENTION};
    if (!status.notice && console_asked_text(c, asks, sizeof asks))
        status.notice = &standing;
    if (p)
        pane_name(p, &c->world, looking, sizeof looking);
    const struct world_target *t = p ? world_target(&c->world, p->target) : NULL;
    /* No border says it; what is ours is said anyway. */
    if (t && p->box.rows == 0 && t->baton && strcmp(t->holder, c->member) != 0)
        pane_driver(p, &c->world, c->member, drives, sizeof drives, &status.driver, c->theme);
    mode_text(c, mode, sizeof mode);
    console_drives_text(c, holds, sizeof holds);
    if (console_waits(c) > 0)
        snprintf(waits, sizeof waits, "%s %d wait%s for you", theme_glyph(c->theme, GLYPH_WAITING),
                 console_waits(c), console_waits(c) == 1 ? "s" : "");
    status.holds = holds;
    status.waits = waits;
    status.unread = c->post.loaded ? c->post.news.unread : 0;
    for (size_t i = 0; i < c->world.shell_count; i++)
        status.rang += world_rang(&c->world.shells[i]);
    status.watchers = p ? world_watchers(&c->world, p->target, c->client_id) : 0;
    keymap_name(c->keymap, "help", help, sizeof help - 5);
    snprintf(help + strlen(help), sizeof help - strlen(help), " help");
    if (c->clock_on) {
        time_t now = (time_t)(clock_wall_us() / 1000000);
        struct tm tm;
        if (localtime_r(&now, &tm))
            strftime(clock, sizeof clock, "%H:%M", &tm);
    }
    status_draw(&status, c->canvas, line, c->theme);
}

static void draw_changes(struct console *c, struct pane *p, bool focus)
{
    if (p->kind == PANE_SESSION && p->shown && !p->folded)
        canvas_fill(c->canvas, p->inner, theme_style(c->theme, ROLE_TEXT));
    if (p->kind == PANE_SESSION || (p->kind == PANE_SHELL && !p->copy))
        draw_pane(c, p, focus, false);
}

bool console_draw_shells(struct console *c)
{
    struct pane *focus = console_focused(c);

    /* What lies over the panes would be drawn over; the others' lines are as they were. */
    if (c->mode != MODE_NORMAL || c->side_over || c->pane_count == 0)
        return false;
    for (int i = 0; i < c->pane_count; i++)
        if (c->panes[i] != focus)
            draw_changes(c, c->panes[i], false);
    if (focus)
        draw_changes(c, focus, true);
    return true;
}

void console_draw(struct console *c)
{
    int rows = canvas_rows(c->canvas), cols = canvas_cols(c->canvas);
    const struct pane *focus = console_focused(c);

    if (focus)
        world_looked(&c->world, focus->target);
    canvas_unclip(c->canvas);
    canvas_fill(c->canvas, (struct rect){0, 0, rows, cols}, theme_style(c->theme, ROLE_TEXT));
    if (c->pane_count == 0)
        draw_empty(c);
    else
        draw_panes(c);
    console_prompt_draw(c);
    draw_side(c);
    if (c->mode == MODE_NUMBERS)
        draw_numbers(c);
    if (c->mode == MODE_POPUP && c->popup)
        popup_draw(c->popup, c->canvas, (struct rect){0, 0, rows > 1 ? rows - 1 : rows, cols},
                   c->theme);
    if (rows > 1 || c->mode == MODE_PROMPT || c->mode == MODE_CONFIRM)
        draw_line(c, (struct rect){rows - 1, 0, 1, cols});
}
