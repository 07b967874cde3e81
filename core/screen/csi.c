/* CSI sequences: cursor, erasing, inserting and deleting, scrolling, margins, tabs. Reports, modes,
 * SGR and rectangles are in files of their own. Source: ECMA-48, DEC STD 070, xterm's ctlseqs. */
#include "core/screen/screen_private.h"

#include <string.h>

static void move_rows(struct screen *s, int n)
{
    int row = s->row + n;
    if (n < 0) {
        int limit = s->row >= s->top ? s->top : 0;
        row = row < limit ? limit : row;
    } else {
        int limit = s->row <= s->bottom ? s->bottom : s->rows - 1;
        row = row > limit ? limit : row;
    }
    cursor_to(s, row, s->col);
}

static void move_right(struct screen *s, int n)
{
    int limit = s->col <= s->right ? s->right : s->cols - 1;
    cursor_to(s, s->row, s->col + n > limit ? limit : s->col + n);
}

static void to_origin(struct screen *s, int row, int col)
{
    if (s->origin) {
        row += s->top;
        col += s->left;
        row = row > s->bottom ? s->bottom : row;
        col = col > s->right ? s->right : col;
    }
    cursor_to(s, row, col);
}

static int origin_row(const struct screen *s)
{
    return s->origin ? s->row - s->top : s->row;
}

static int origin_col(const struct screen *s)
{
    return s->origin ? s->col - s->left : s->col;
}

static bool inside(const struct screen *s)
{
    return s->row >= s->top && s->row <= s->bottom && s->col >= s->left && s->col <= s->right;
}

/* A cursor that waits to wrap stands behind the last column, as tmux has it: what a program erases
 * from there on is nothing (`grep --color` erases after each match), and it still waits. */
static int cursor_edge(const struct screen *s)
{
    return s->pending_wrap ? s->cols : s->col;
}

/* ED, EL and ECH spare what SPA has protected, not what DECSCA has (as xterm). */
static void erase_display(struct screen *s, long how, bool selective)
{
    if (how == 3 && !selective) {
        history_clear(s);
        return;
    }
    int first = how == 0 ? s->row + 1 : 0, last = how == 1 ? s->row - 1 : s->rows - 1;
    if (how < 0 || how > 2)
        return;
    selective |= s->iso_protect;
    if (how == 0)
        grid_erase(s, s->row, cursor_edge(s), s->cols, selective);
    if (how == 1)
        grid_erase(s, s->row, 0, s->col + 1, selective);
    for (int row = first; row <= last; row++)
        grid_erase(s, row, 0, s->cols, selective);
}

static void erase_line(struct screen *s, long how, bool selective)
{
    if (how < 0 || how > 2)
        return;
    selective |= s->iso_protect;
    grid_erase(s, s->row, how == 0 ? cursor_edge(s) : 0, how == 1 ? s->col + 1 : s->cols,
               selective);
    if (how != 0)
        s->pending_wrap = false; /* the last column was erased: what comes next belongs there */
}

static void insert_lines(struct screen *s, int n)
{
    if (!inside(s))
        return;
    grid_scroll_down(s, s->row, s->bottom, n);
    cursor_to(s, s->row, s->left);
}

/* Deleting at the top of the screen is no scrolling out: nothing goes to the history. */
static void delete_lines(struct screen *s, int n)
{
    if (!inside(s))
        return;
    int limit = s->history_limit;
    s->history_limit = 0;
    grid_scroll_up(s, s->row, s->bottom, n);
    s->history_limit = limit;
    cursor_to(s, s->row, s->left);
}

static void insert_columns(struct screen *s, int n, bool delete)
{
    if (!inside(s))
        return;
    for (int row = s->top; row <= s->bottom; row++)
        (delete ? grid_delete_cells : grid_insert_cells)(s, row, s->col, n, s->right);
}

static void shift_columns(struct screen *s, int n, bool left)
{
    if (!inside(s))
        return;
    for (int row = s->top; row <= s->bottom; row++)
        (left ? grid_delete_cells : grid_insert_cells)(s, row, s->left, n, s->right);
}

static void tabs_forward(struct screen *s, int n)
{
    if (n > s->cols)
        n = s->cols;
    while (n-- > 0) {
        s->pending_wrap = false;
        control_char(s, 9);
    }
}

static void tabs_back(struct screen *s, int n)
{
    int left = s->origin ? s->left : 0, col = s->col;
    while (n-- > 0 && col > left)
        while (--col > left && !s->tabs[col])
            ;
    cursor_to(s, s->row, col);
}

static void set_rows_margins(struct screen *s, const struct csi *c)
{
    long top = csi_arg(c, 0, 1), bottom = csi_arg(c, 1, s->rows);
    if (top < 1)
        top = 1;
    if (bottom < 1 || bottom > s->rows)
        bottom = s->rows;
    if (top >= bottom)
        return;
    s->top = (int)top - 1;
    s->bottom = (int)bottom - 1;
    to_origin(s, 0, 0);
}

static void set_cols_margins(struct screen *s, const struct csi *c)
{
    long left = csi_arg(c, 0, 1), right = csi_arg(c, 1, s->cols);
    if (left < 1)
        left = 1;
    if (right < 1 || right > s->cols)
        right = s->cols;
    if (left >= right)
        return;
    s->left = (int)left - 1;
    s->right = (int)right - 1;
    to_origin(s, 0, 0);
}

static void repeat(struct screen *s, int n)
{
    if (n > s->rows * s->cols)
        n = s->rows * s->cols;
    for (uint32_t last = s->last; last && n > 0; n--) {
        uint8_t gl = s->gl, set = s->charsets[gl];
        s->charsets[gl] = 'B'; /* it was translated when it was written */
        put_point(s, last);
        s->charsets[gl] = set;
    }
}

static void clear_tabs(struct screen *s, long how)
{
    if (how == 0)
        s->tabs[s->col] = 0;
    else if (how == 3)
        memset(s->tabs, 0, (size_t)s->cols);
}

static void set_modes(struct screen *s, const struct csi *c, bool on)
{
    for (int i = 0; i < c->n; i++)
        if (c->args[i] >= 0)
            mode_set(s, c->leader == '?', c->args[i], on);
}

/* kitty's keyboard protocol: a stack of flags for each page. */
static void kitty(struct screen *s, const struct csi *c)
{
    struct page *p = s->page;
    uint8_t flags = (uint8_t)(csi_arg(c, 0, 0) & 31);
    int most = (int)sizeof p->kitty;
    if (c->leader == '>') {
        if (p->kitty_n == most)
            memmove(p->kitty, p->kitty + 1, (size_t)--p->kitty_n);
        p->kitty[p->kitty_n++] = flags;
    } else if (c->leader == '<') {
        int n = csi_count(c, 0);
        p->kitty_n = n > p->kitty_n ? 0 : p->kitty_n - n;
    } else if (c->leader == '=') {
        long how = csi_arg(c, 1, 1);
        if (p->kitty_n == 0)
            p->kitty[p->kitty_n++] = 0;
        uint8_t *top = &p->kitty[p->kitty_n - 1];
        *top = how == 2 ? *top | flags : how == 3 ? (uint8_t)(*top & ~flags) : flags;
    } else {
        report(s, "\033[?%du", p->kitty_n ? p->kitty[p->kitty_n - 1] : 0);
    }
}

/* XTSMTITLE and XTRMTITLE: titles are set and told in hexadecimal digits (0, 1) or not (2, 3). */
static void title_modes(struct screen *s, const struct csi *c, bool on)
{
    for (int i = 0; i < c->n; i++) {
        if (csi_arg(c, i, 0) == 0)
            s->title_set_hex = on;
        else if (c->args[i] == 1)
            s->title_query_hex = on;
    }
}

static void private_sequence(struct screen *s, const struct csi *c)
{
    switch (c->final) {
    case 'J': erase_display(s, csi_arg(c, 0, 0), true); break;
    case 'K': erase_line(s, csi_arg(c, 0, 0), true); break;
    case 'W':
        if (csi_arg(c, 0, 0) == 5)
            tabs_reset(s);
        break;
    case 'h': set_modes(s, c, true); break;
    case 'l': set_modes(s, c, false); break;
    case 'r': modes_restore(s, c); break;
    case 's': modes_save(s, c); break;
    case 'u': kitty(s, c); break;
    default: break;
    }
}

static void with_intermediate(struct screen *s, const struct csi *c)
{
    if (c->intermed == '!' && c->final == 'p') {
        screen_reset(s, false);
    } else if (c->intermed == ' ' && c->final == 'q') {
        static const struct {
            enum cursor_shape shape;
            bool blink;
        } shapes[] = {{CURSOR_DEFAULT, false},  {CURSOR_BLOCK, true},      {CURSOR_BLOCK, false},
                      {CURSOR_UNDERLINE, true}, {CURSOR_UNDERLINE, false}, {CURSOR_BAR, true},
                      {CURSOR_BAR, false}};
        long n = csi_arg(c, 0, 0);
        if (n >= 0 && n <= 6) {
            s->shape = shapes[n].shape;
            s->blink = shapes[n].blink;
        }
    } else if (c->intermed == ' ' && (c->final == '@' || c->final == 'A')) {
        shift_columns(s, csi_count(c, 0), c->final == '@');
    } else if (c->intermed == '#' && (c->final == '{' || c->final == 'p')) {
        sgr_push(s, c);
    } else if (c->intermed == '#' && (c->final == '}' || c->final == 'q')) {
        sgr_pop(s);
    } else if (c->intermed == '\'' && (c->final == '}' || c->final == '~')) {
        insert_columns(s, csi_count(c, 0), c->final == '~');
    } else if (c->intermed == '"' && c->final == 'q') {
        long n = csi_arg(c, 0, 0);
        if (n >= 0 && n <= 2) {
            s->pen.protect = n == 1;
            s->iso_protect = false;
        }
    } else if (c->intermed == '"' && c->final == 'p') {
        long level = csi_arg(c, 0, 65);
        if (level >= 61 && level <= 65) {
            screen_reset(s, false);
            s->conformance = (int)level;
            s->eight_bit = level > 61 && csi_arg(c, 1, 0) != 1;
            if (level < 64)
                mode_set(s, true, 69, false);
        }
    }
}

static void plain(struct screen *s, const struct csi *c)
{
    int n = csi_count(c, 0);
    switch (c->final) {
    case '@':
        if (s->col >= s->left && s->col <= s->right && !s->pending_wrap)
            grid_insert_cells(s, s->row, s->col, n, s->right);
        break;
    case 'A': move_rows(s, -n); break;
    case 'B': move_rows(s, n); break;
    case 'C': move_right(s, n); break;
    case 'a': to_origin(s, origin_row(s), origin_col(s) + n); break;
    case 'D': cursor_back(s, n); break;
    case 'E':
        move_rows(s, n);
        cursor_to(s, s->row, s->col >= s->left ? s->left : 0);
        break;
    case 'F':
        move_rows(s, -n);
        cursor_to(s, s->row, s->col >= s->left ? s->left : 0);
        break;
    case 'G':
    case '`': to_origin(s, origin_row(s), n - 1); break;
    case 'H':
    case 'f': to_origin(s, n - 1, csi_count(c, 1) - 1); break;
    case 'I': tabs_forward(s, n); break;
    case 'J': erase_display(s, csi_arg(c, 0, 0), false); break;
    case 'K': erase_line(s, csi_arg(c, 0, 0), false); break;
    case 'L': insert_lines(s, n); break;
    case 'M': delete_lines(s, n); break;
    case 'P':
        if (s->col >= s->left && s->col <= s->right && !s->pending_wrap)
            grid_delete_cells(s, s->row, s->col, n, s->right);
        break;
    case 'S': grid_scroll_up(s, s->top, s->bottom, n); break;
    case 'T':
        if (c->n <= 1)
            grid_scroll_down(s, s->top, s->bottom, n);
        break;
    case '^': grid_scroll_down(s, s->top, s->bottom, n); break;
    case 'X':
        grid_erase(s, s->row, cursor_edge(s), n > s->cols - s->col ? s->cols : s->col + n,
                   s->iso_protect);
        break;
    case 'Z': tabs_back(s, n); break;
    case 'b': repeat(s, n); break;
    case 'd': to_origin(s, n - 1, origin_col(s)); break;
    case 'e': to_origin(s, origin_row(s) + n, origin_col(s)); break;
    case 'g': clear_tabs(s, csi_arg(c, 0, 0)); break;
    case 'h': set_modes(s, c, true); break;
    case 'l': set_modes(s, c, false); break;
    case 'm': sgr(s, c); break;
    case 'r': set_rows_margins(s, c); break;
    case 's':
        if (s->lr_margins)
            set_cols_margins(s, c);
        else if (c->n == 0)
            cursor_save(s);
        break;
    case 'u': cursor_restore(s); break;
    default: break;
    }
}

void csi_dispatch(struct screen *s, const struct csi *c)
{
    if (csi_report(s, c) || csi_rect(s, c))
        return;
    if (c->intermed)
        with_intermediate(s, c);
    else if (c->leader == '?' || (c->leader && c->final == 'u'))
        private_sequence(s, c);
    else if (c->leader == '>' && c->final == 'm')
        s->modify_other_keys = csi_arg(c, 0, 0) == 4 ? (uint8_t)(csi_arg(c, 1, 0) & 3) : 0;
    else if (c->leader == '>' && c->final == 'n')
        s->modify_other_keys = 0;
    else if (c->leader == '>' && (c->final == 't' || c->final == 'T'))
        title_modes(s, c, c->final == 't');
    else if (!c->leader)
        plain(s, c);
}
