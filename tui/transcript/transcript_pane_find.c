/* Searching in the transcript's pane. Blocks are asked first whether they hold the pattern's
 * longest word at all; one that does is laid out, opened when it hides it, and searched as it is
 * shown. */
#include "tui/transcript/transcript_pane_private.h"

#include "core/base/mem.h"
#include "core/base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define PATTERN_MAX 256

struct pattern {
    uint32_t points[PATTERN_MAX];
    int count;
    bool fold;
    char word[PATTERN_MAX]; /* its longest run of ASCII letters and digits, small when fold */
    size_t word_n;
};

/* A block's lines as one run of characters, with their places. */
struct run {
    struct spot {
        uint32_t point;
        int line;
        uint32_t byte, end;
    } * spots;
    size_t count, room;
};

static void read_pattern(struct pattern *x, const char *text)
{
    size_t n = strlen(text), best = 0, best_n = 0;

    memset(x, 0, sizeof *x);
    x->fold = true;
    for (size_t i = 0; i < n;) {
        uint32_t point;
        i += text_decode(text + i, n - i, &point);
        x->fold = x->fold && text_lower(point) == point;
        if (x->count < PATTERN_MAX)
            x->points[x->count++] = point;
    }
    for (size_t i = 0, run = 0; i < n; i++) {
        run = isalnum((unsigned char)text[i]) ? run + 1 : 0;
        if (run > best_n && run < PATTERN_MAX) {
            best_n = run;
            best = i + 1 - run;
        }
    }
    memcpy(x->word, text + best, best_n);
    x->word_n = best_n;
}

/* --- does a block hold it? ---------------------------------------------------------------------
 */

/* A word is of letters and digits of ASCII, in lower case when case doesn't matter. */
static char byte_of(const struct pattern *x, char byte)
{
    return x->fold && byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

static bool holds(const struct pattern *x, const char *text, size_t n)
{
    if (!text || n < x->word_n)
        return false;
    for (size_t i = 0; i + x->word_n <= n; i++) {
        size_t k = 0;
        while (k < x->word_n && byte_of(x, text[i + k]) == x->word[k])
            k++;
        if (k == x->word_n)
            return true;
    }
    return false;
}

static bool holds_word(const struct pattern *x, const char *text)
{
    return text && holds(x, text, strlen(text));
}

static bool tool_holds(const struct pattern *x, const struct transcript_tool *tool)
{
    if (holds_word(x, tool->title) || holds(x, tool->input.text, tool->input.n) ||
        holds(x, tool->output.text, tool->output.n) || holds(x, tool->stream.text, tool->stream.n))
        return true;
    for (int i = 0; i < tool->content_count; i++) {
        const struct transcript_content *c = &tool->contents[i];
        if (holds_word(x, c->name) || holds(x, c->text.text, c->text.n) ||
            holds(x, c->old.text, c->old.n))
            return true;
    }
    for (int i = 0; i < tool->file_count; i++)
        if (holds_word(x, tool->files[i].path))
            return true;
    for (int i = 0; i < tool->location_count; i++)
        if (holds_word(x, tool->locations[i].path))
            return true;
    return tool->shell_count || tool->permission_count; /* few: looked at as they are shown */
}

static bool block_holds(const struct pattern *x, const struct transcript_block *b)
{
    if (x->word_n == 0 || (b->kind != BLOCK_TEXT && b->kind != BLOCK_THOUGHT &&
                           b->kind != BLOCK_TOOL && b->kind != BLOCK_PROMPT))
        return true; /* short ones are looked at as they are shown */
    if (holds(x, b->text.text, b->text.n) || holds_word(x, b->by))
        return true;
    return b->tool ? tool_holds(x, b->tool) : b->kind != BLOCK_TEXT && b->detail;
}

/* --- where? ------------------------------------------------------------------------------------
 */

static void add_spot(struct run *run, uint32_t point, int line, size_t byte, size_t end)
{
    if (run->count == run->room) {
        run->room = run->room ? run->room * 2 : 512;
        run->spots = mem_reallocarray(run->spots, run->room, sizeof *run->spots);
    }
    run->spots[run->count++] = (struct spot){point, line, (uint32_t)byte, (uint32_t)end};
}

static void read_line(struct run *run, const struct text_line *line, int number, bool fold)
{
    size_t at = 0;

    for (int r = 0; r < line->run_count; r++) {
        size_t end = at + line->runs[r].n;
        if (line->runs[r].decoration && line->runs[r].spot == LINE_SPOT_NONE) {
            at = end;
            continue;
        }
        while (at < end) {
            uint32_t point;
            size_t len = text_decode(line->text + at, end - at, &point);
            add_spot(run, fold ? text_lower(point) : point, number, at, at + len);
            at += len;
        }
    }
    if (line->end != LINE_WRAPS_IN_WORD)
        add_spot(run, line->end == LINE_ENDS ? '\n' : ' ', number, line->n, line->n);
}

static bool at_spot(const struct pattern *x, const struct run *run, size_t i)
{
    for (int k = 0; k < x->count; k++)
        if (run->spots[i + (size_t)k].point != (x->fold ? text_lower(x->points[k]) : x->points[k]))
            return false;
    return true;
}

/* Calls found for every place of the pattern in lines [from, to); stops when it gives false. */
static void each_hit(const struct pattern *x, const struct text_line *lines, int from, int to,
                     bool (*found)(void *data, const struct pane_hit *hit), void *data)
{
    struct run run = {0};

    for (int i = from; i < to; i++)
        read_line(&run, &lines[i], i, x->fold);
    for (size_t i = 0; x->count && i + (size_t)x->count <= run.count; i++) {
        const struct spot *first = &run.spots[i], *last = &run.spots[i + (size_t)x->count - 1];
        struct pane_hit hit = {0, first->line, last->line, first->byte, last->end};
        if (at_spot(x, &run, i) && !found(data, &hit))
            break;
    }
    free(run.spots);
}

/* --- drawing -----------------------------------------------------------------------------------
 */

struct painter {
    struct transcript_pane *p;
    struct canvas *c;
    struct rect inner;
    const struct text_line *lines;
    int first, last, row; /* lines in view, and the row of the first */
    struct style style;
};

static bool paint(void *data, const struct pane_hit *hit)
{
    struct painter *x = data;

    for (int line = hit->line; line <= hit->end_line; line++) {
        const struct text_line *l = &x->lines[line];
        int a = line == hit->line ? pane_col_at(l, hit->from) : 0;
        int b = line == hit->end_line ? pane_col_at(l, hit->to) : pane_col_at(l, l->n);
        if (line >= x->first && line < x->last && b > a)
            canvas_restyle(x->c,
                           (struct rect){x->inner.row + x->row + line - x->first,
                                         x->inner.col + x->p->left + a, 1, b - a},
                           &x->style, 0);
    }
    return true;
}

void pane_draw_hits(struct transcript_pane *p, struct canvas *c, struct rect inner,
                    const struct theme *theme)
{
    struct pane_place at = pane_top(p);
    struct pattern pattern;
    struct painter x = {.p = p, .c = c, .inner = inner, .style = theme_style(theme, ROLE_SEARCH)};

    if (!p->pattern[0])
        return;
    read_pattern(&pattern, p->pattern);
    for (; x.row < inner.rows && at.index < transcript_count(p->t); at.index++, at.line = 0) {
        int count = transcript_lines_at(p->lines, at.index, &x.lines);
        x.first = at.line;
        x.last = count < at.line + inner.rows - x.row ? count : at.line + inner.rows - x.row;
        /* A line more on either side, for what is wrapped. */
        if (x.last > x.first)
            each_hit(&pattern, x.lines, x.first > 0 ? x.first - 1 : 0,
                     x.last < count ? x.last + 1 : count, paint, &x);
        x.row += x.last > x.first ? x.last - x.first : 0;
    }
}

/* --- searching ---------------------------------------------------------------------------------
 */

struct hunter {
    struct pane_hit limit, found; /* limit: behind (or before) this one, when it has an id */
    bool backward, any;
};

static int compare(const struct pane_hit *a, const struct pane_hit *b)
{
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    return a->from == b->from ? 0 : a->from < b->from ? -1 : 1;
}

static bool hunt(void *data, const struct pane_hit *hit)
{
    struct hunter *h = data;
    int order = h->limit.id ? compare(hit, &h->limit) : h->backward ? -1 : 1;

    if (h->backward ? order >= 0 : order <= 0)
        return !h->backward;
    h->found = *hit;
    h->any = true;
    return h->backward; /* backward: the last one before the limit counts */
}

/* Looks into one block; opens it when it is folded and only then shows it. */
static bool look_into(struct transcript_pane *p, const struct pattern *x, int index,
                      struct hunter *h)
{
    const struct text_line *lines;
    bool fold =
        transcript_lines_foldable(p->lines, index) && !transcript_lines_open(p->lines, index);
    int count = transcript_lines_at(p->lines, index, &lines);

    each_hit(x, lines, 0, count, hunt, h);
    if (!h->any && fold && !h->limit.id) {
        transcript_lines_set_open(p->lines, index, true);
        count = transcript_lines_at(p->lines, index, &lines);
        each_hit(x, lines, 0, count, hunt, h);
        if (!h->any)
            transcript_lines_set_open(p->lines, index, false);
    }
    h->found.id = transcript_id_at(p->t, index);
    return h->any;
}

static void take(struct transcript_pane *p, int index, const struct pane_hit *hit)
{
    p->hit = *hit;
    p->cursor = hit->id;
    pane_reveal(p, index, hit->line);
}

bool pane_find_next(struct transcript_pane *p, bool backward)
{
    struct pattern x;
    int count = transcript_count(p->t), index, step = backward ? -1 : 1;
    bool again = p->hit.id != 0;

    if (!count)
        return false;
    read_pattern(&x, p->pattern);
    index = again       ? transcript_index(p->t, p->hit.id)
            : p->cursor ? transcript_index(p->t, p->cursor)
                        : pane_top(p).index;
    if (index >= count)
        index = count - 1;
    for (int i = 0; i <= count; i++, index = (index + step + count) % count) {
        struct hunter h = {.backward = backward};
        if (i == 0 && again && transcript_id_at(p->t, index) == p->hit.id)
            h.limit = p->hit;
        if (!block_holds(&x, transcript_at(p->t, index)) || !look_into(p, &x, index, &h))
            continue;
        take(p, index, &h.found);
        return true;
    }
    return false;
}

bool transcript_pane_search_before(struct transcript_pane *p, uint64_t id)
{
    struct pattern x;
    int count = transcript_count(p->t), index = transcript_index(p->t, id);

    transcript_lines_sync(p->lines, 0);
    read_pattern(&x, p->pattern);
    /* Its own block, too: half of it may have come with the page. */
    for (index = index < count ? index : count - 1; p->pattern[0] && index >= 0; index--) {
        struct hunter h = {.backward = true};
        if (!block_holds(&x, transcript_at(p->t, index)) || !look_into(p, &x, index, &h))
            continue;
        take(p, index, &h.found);
        return true;
    }
    return false;
}

const char *transcript_pane_pattern(const struct transcript_pane *p)
{
    return p->pattern;
}

bool transcript_pane_search(struct transcript_pane *p, const char *pattern, bool backward)
{
    transcript_lines_sync(p->lines, 0);
    free(p->pattern);
    p->pattern = mem_strndup(pattern, PATTERN_MAX - 1);
    memset(&p->hit, 0, sizeof p->hit);
    return p->pattern[0] ? pane_find_next(p, backward) : true;
}
