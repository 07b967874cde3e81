/* The approvals pane (see approvals_pane.h). */
#include "tui/parts/approvals_pane.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ITEMS_MAX 512

static void item_finish(struct approval_item *item)
{
    free(item->by);
    free(item->capability);
    free(item->workspace);
    free(item->summary);
    free(item->text);
}

void approvals_finish(struct approvals *a)
{
    for (size_t i = 0; i < a->count; i++)
        item_finish(&a->items[i]);
    free(a->items);
    memset(a, 0, sizeof *a);
}

static struct approval_item *find(const struct approvals *a, const char *id)
{
    for (size_t i = 0; i < a->count; i++)
        if (!strcmp(a->items[i].id, id))
            return &a->items[i];
    return NULL;
}

static char *safe(const cJSON *object, const char *key)
{
    const char *text = json_string(object, key, "");
    size_t n = strlen(text), room = (n < 1024 ? n : 1024) * 4 + 1;
    char *out = mem_zalloc(room);

    text_make_safe(out, room, text, n < 1024 ? n : 1024);
    return out;
}

/* Lines stay lines; all else that is no plain text becomes a visible sign. */
static char *safe_lines(const char *text)
{
    size_t room = strlen(text) * 4 + 2, at = 0;
    char *out = mem_zalloc(room);

    while (*text) {
        size_t n = strcspn(text, "\n");
        at += text_make_safe(out + at, room - at, text, n);
        if (text[n] == '\n' && at + 1 < room)
            out[at++] = '\n';
        text += n + (text[n] == '\n');
    }
    return out;
}

static void read_item(struct approval_item *item, const cJSON *doc)
{
    snprintf(item->id, sizeof item->id, "%s", json_string(doc, "approvalId", ""));
    snprintf(item->hash, sizeof item->hash, "%s", json_string(doc, "hash", ""));
    item->by = safe(doc, "by");
    item->capability = safe(doc, "capability");
    item->workspace = safe(doc, "workspace");
    item->summary = safe(doc, "summary");
    item->expires_ms = json_int(doc, "expiresAt", 0);
}

void approvals_set(struct approvals *a, const cJSON *list, const char *me)
{
    struct approvals old = *a;
    const cJSON *doc;

    a->items = mem_calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof *a->items);
    a->count = 0;
    cJSON_ArrayForEach(doc, list)
    {
        struct approval_item *item = &a->items[a->count], *was;
        if (strcmp(json_string(doc, "state", ""), "waiting") != 0 ||
            !strcmp(json_string(doc, "by", ""), me) || a->count == ITEMS_MAX)
            continue;
        read_item(item, doc);
        was = find(&old, item->id);
        if (was) { /* its text stays what was shown: the hash is the same */
            item->told = was->told;
            item->text = was->text;
            was->text = NULL;
        }
        a->count++;
    }
    a->failed[0] = '\0';
    for (size_t i = 0; i < old.count; i++)
        item_finish(&old.items[i]);
    free(old.items);
    if (!find(a, a->cursor)) {
        snprintf(a->cursor, sizeof a->cursor, "%s", a->count ? a->items[0].id : "");
        a->scroll = 0;
    }
}

void approvals_set_text(struct approvals *a, const char *id, const char *text)
{
    struct approval_item *item = find(a, id);

    if (!item)
        return;
    free(item->text);
    item->text = safe_lines(text);
}

struct approval_item *approvals_at(struct approvals *a)
{
    return find(a, a->cursor);
}

static void move(struct approvals *a, int by)
{
    for (size_t i = 0; i < a->count; i++)
        if (!strcmp(a->items[i].id, a->cursor)) {
            int to = (int)i + by;
            to = to < 0 ? 0 : to >= (int)a->count ? (int)a->count - 1 : to;
            snprintf(a->cursor, sizeof a->cursor, "%s", a->items[to].id);
            a->scroll = to == (int)i ? a->scroll : 0;
            return;
        }
}

static void scroll(struct approvals *a, int by)
{
    a->scroll = a->scroll + by < 0 ? 0 : a->scroll + by;
}

enum approvals_want approvals_input(struct approvals *a, const struct input_event *event)
{
    const struct approval_item *item = approvals_at(a);

    if (event->kind == INPUT_MOUSE &&
        (event->mouse == MOUSE_WHEEL_UP || event->mouse == MOUSE_WHEEL_DOWN))
        scroll(a, event->mouse == MOUSE_WHEEL_UP ? -3 : 3);
    if (event->kind != INPUT_KEY || (event->mods & (MOD_CTRL | MOD_ALT)))
        return APPROVALS_NOTHING;
    switch (event->code) {
    case K_UP:
    case 'k': move(a, -1); break;
    case K_DOWN:
    case 'j': move(a, 1); break;
    case K_PAGE_UP: scroll(a, -10); break;
    case K_PAGE_DOWN:
    case ' ': scroll(a, 10); break;
    case 'a': return item && item->text ? APPROVALS_ACCEPT : APPROVALS_NOTHING;
    case 'r': return item ? APPROVALS_REJECT : APPROVALS_NOTHING;
    case 'R': return item ? APPROVALS_REASON : APPROVALS_NOTHING;
    case K_ESCAPE:
    case 'q': return APPROVALS_LEAVE;
    default: break;
    }
    return APPROVALS_NOTHING;
}

/* --- drawing --- */

static void draw_row(const struct approval_item *item, struct canvas *c, struct rect row,
                     bool selected, int64_t now_ms, const struct theme *theme)
{
    struct style style = theme_style(theme, ROLE_TEXT), loud = theme_style(theme, ROLE_ATTENTION);
    int64_t left = (item->expires_ms - now_ms) / 1000;
    char text[160];
    int col = row.col, end = row.col + row.cols;

    col += canvas_text(c, row.row, col, end - col, loud, theme_glyph(theme, GLYPH_WAITING));
    snprintf(text, sizeof text, " %s  %s%lld %s left  ", item->id, left < 100 ? " " : "",
             (long long)(left < 0     ? 0
                         : left < 100 ? left
                                      : left / 60),
             left < 100 ? "s" : "min");
    col += canvas_text(c, row.row, col, end - col, theme_style(theme, ROLE_DIM), text);
    if (col < end)
        col += canvas_text(c, row.row, col, end - col, theme_style(theme, theme_member(item->by)),
                           item->by);
    if (col < end)
        col += canvas_text(c, row.row, col, end - col, style, "  ");
    if (col < end)
        canvas_text_cut(c, row.row, col, end - col, style, item->summary,
                        theme_glyph(theme, GLYPH_ELLIPSIS));
    if (selected) {
        struct style mark = theme_style(theme, ROLE_SELECTION);
        canvas_restyle(c, (struct rect){row.row, row.col, 1, row.cols}, &mark, 0);
    }
}

/* The lines of the text, cut at the width and gone on below: nothing of it is out of reach. Gives
 * the rows that it has. */
static int draw_text(const char *text, struct canvas *c, struct rect area, int from,
                     struct style style)
{
    int row = 0;

    while (*text) {
        size_t n = strcspn(text, "\n");
        const char *at = text;
        do {
            char part[4096];
            size_t fits;
            snprintf(part, sizeof part, "%.*s", (int)(n < sizeof part - 1 ? n : sizeof part - 1),
                     at);
            fits = text_fit(part, area.cols);
            if (fits == 0 && n > 0)
                fits = 1;
            part[fits] = '\0';
            if (row >= from && row - from < area.rows)
                canvas_text(c, area.row + row - from, area.col, area.cols, style, part);
            row++;
            at += fits;
            n -= fits;
        } while (n > 0);
        text = at + (*at == '\n');
    }
    return row;
}

void approvals_draw(struct approvals *a, struct canvas *c, struct rect inner, bool focus,
                    int64_t now_ms, const struct theme *theme)
{
    static const char keys[] = "[a] allow once  [r] reject  [R] reject, with a reason  [q] close";
    struct style dim = theme_style(theme, ROLE_DIM), text = theme_style(theme, ROLE_TEXT);
    int most = inner.rows / 3 > 0 ? inner.rows / 3 : 1, first = 0, at = 0, rows;
    const struct approval_item *item = approvals_at(a);

    if (a->count == 0) {
        canvas_text(c, inner.row, inner.col, inner.cols, dim,
                    a->failed[0] ? a->failed : "Nothing waits for approval.");
        return;
    }
    for (size_t i = 0; i < a->count; i++)
        if (item == &a->items[i])
            at = (int)i;
    rows = (int)a->count < most ? (int)a->count : most;
    first = at < rows ? 0 : at - rows + 1;
    for (int i = 0; i < rows; i++)
        draw_row(&a->items[first + i], c, (struct rect){inner.row + i, inner.col, 1, inner.cols},
                 first + i == at, now_ms, theme);
    if (rows + 1 >= inner.rows)
        return;
    canvas_text(c, inner.row + rows, inner.col, inner.cols,
                focus ? theme_style(theme, ROLE_ATTENTION) : dim, keys);
    struct rect area = {inner.row + rows + 2, inner.col, inner.rows - rows - 2, inner.cols};
    if (area.rows < 1 || !item)
        return;
    if (!item->text) {
        canvas_text(c, area.row, area.col, area.cols, dim, "It is being fetched.");
        return;
    }
    int all = draw_text(item->text, c, (struct rect){0, 0, 0, area.cols}, 0, text);
    int last = all > area.rows ? all - area.rows : 0;
    a->scroll = a->scroll > last ? last : a->scroll;
    draw_text(item->text, c, area, a->scroll, text);
    if (a->scroll < last) {
        char more[40];
        snprintf(more, sizeof more, " %s %d more ", theme_glyph(theme, GLYPH_DOWN),
                 last - a->scroll);
        int width = text_width(more);
        if (width < area.cols)
            canvas_text(c, area.row + area.rows - 1, area.col + area.cols - width, width,
                        theme_style(theme, ROLE_ATTENTION), more);
    }
}
