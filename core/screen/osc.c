/* Strings: OSC (titles, colours, links, the clipboard, notices), DCS (DECRQSS), and our own APC, by
 * which a snapshot says what no other sequence can. A program inside a shell may send that APC too:
 * it reaches nothing but states that it could reach in other ways. Texts are bounded and made safe.
 */
#include "core/screen/screen_private.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void set_text(char **at, const char *text, size_t n)
{
    char *safe = mem_zalloc(TITLE_MAX);
    if (n > TITLE_MAX)
        n = TITLE_MAX;
    text_make_safe(safe, TITLE_MAX, text, n);
    free(*at);
    *at = mem_strdup(safe);
    free(safe);
}

static void tell_title(struct screen *s)
{
    s->stamp++;
    if (s->events && s->events->title)
        s->events->title(s->data, s->title ? s->title : "");
}

static void push_title(struct screen *s)
{
    if (s->title_depth == 10) {
        free(s->title_stack[0]);
        memmove(s->title_stack, s->title_stack + 1, 9 * sizeof(char *));
        s->title_depth--;
    }
    s->title_stack[s->title_depth++] = mem_strdup(s->title ? s->title : "");
}

static void pop_title(struct screen *s)
{
    if (s->title_depth == 0)
        return;
    free(s->title);
    s->title = s->title_stack[--s->title_depth];
    tell_title(s);
}

/* "#rgb", "#rrggbb", "rgb:r/g/b" with one to four digits each. */
static bool parse_colour(const char *text, uint32_t *ret)
{
    unsigned r, g, b;
    int n = 0;
    if (text[0] == '#' && strlen(text) == 7 && sscanf(text, "#%2x%2x%2x", &r, &g, &b) == 3) {
        *ret = r << 16 | g << 8 | b;
        return true;
    }
    if (text[0] == '#' && strlen(text) == 4 && sscanf(text, "#%1x%1x%1x", &r, &g, &b) == 3) {
        *ret = (r << 20 | g << 12 | b << 4);
        return true;
    }
    char parts[3][5];
    if (sscanf(text, "rgb:%4[0-9a-fA-F]/%4[0-9a-fA-F]/%4[0-9a-fA-F]%n", parts[0], parts[1],
               parts[2], &n) != 3 ||
        text[n])
        return false;
    *ret = 0;
    for (int i = 0; i < 3; i++) {
        unsigned v = (unsigned)strtoul(parts[i], NULL, 16);
        static const unsigned most[] = {1, 15, 255, 4095, 65535};
        *ret = *ret << 8 | v * 255 / most[strlen(parts[i])];
    }
    return true;
}

/* xterm's palette, for those who ask before they set. */
static uint32_t default_palette(unsigned i)
{
    static const uint32_t first[16] = {0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd,
                                       0x00cdcd, 0xe5e5e5, 0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00,
                                       0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff};
    static const uint32_t levels[6] = {0, 95, 135, 175, 215, 255};
    if (i < 16)
        return first[i];
    if (i < 232)
        return levels[(i - 16) / 36] << 16 | levels[(i - 16) / 6 % 6] << 8 | levels[(i - 16) % 6];
    return 0x010101 * (8 + 10 * (i - 232));
}

static void report_colour(struct screen *s, const char *what, uint32_t c)
{
    report(s, "\033]%s;rgb:%04x/%04x/%04x\033\\", what, (c >> 16 & 255) * 257, (c >> 8 & 255) * 257,
           (c & 255) * 257);
}

static void palette(struct screen *s, char *text)
{
    char *rest = text, *index, *value;
    while ((index = strsep(&rest, ";")) && (value = strsep(&rest, ";"))) {
        char *end;
        unsigned long i = strtoul(index, &end, 10);
        uint32_t c;
        if (*end || end == index || i > 255)
            continue;
        if (strcmp(value, "?") == 0) {
            char what[16];
            snprintf(what, sizeof what, "4;%lu", i);
            report_colour(s, what,
                          s->palette_set[i] ? s->palette[i] : default_palette((unsigned)i));
        } else if (parse_colour(value, &c)) {
            s->palette[i] = c;
            s->palette_set[i] = true;
        }
    }
}

static void reset_palette(struct screen *s, char *text)
{
    char *rest = text, *index;
    if (!*text)
        memset(s->palette_set, 0, sizeof s->palette_set);
    while (*text && (index = strsep(&rest, ";"))) {
        unsigned long i = strtoul(index, NULL, 10);
        if (i < 256)
            s->palette_set[i] = false;
    }
}

/* OSC 10, 11, 12 and those that follow in one sequence. */
static void dynamic(struct screen *s, int first, char *text)
{
    static const uint32_t usual[] = {0xe5e5e5, 0x000000, 0xe5e5e5};
    char *rest = text, *value;
    for (int i = first; i <= 12 && (value = strsep(&rest, ";")); i++) {
        uint32_t c, *at = &s->dynamic[i - 10];
        char what[16];
        snprintf(what, sizeof what, "%d", i);
        if (strcmp(value, "?") == 0)
            report_colour(s, what, *at ? *at & 0xffffff : usual[i - 10]);
        else if (parse_colour(value, &c))
            *at = COLOUR_RGB | c;
    }
}

static void link(struct screen *s, char *text)
{
    char *url = strchr(text, ';');
    s->pen.style.link = url ? link_intern(s, url + 1, strlen(url + 1)) : 0;
    pen_changed(s);
}

static void clipboard(struct screen *s, char *text)
{
    char *data = strchr(text, ';');
    if (!data || !s->events || !s->events->clipboard || strcmp(data + 1, "?") == 0)
        return; /* asking for it would tell a program what somebody else has copied */
    *data++ = '\0';
    s->events->clipboard(s->data, text, data, strlen(data));
}

static void notify(struct screen *s, const char *title, const char *body)
{
    char safe_title[256], safe_body[1024];
    if (!s->events || !s->events->notify)
        return;
    text_make_safe(safe_title, sizeof safe_title, title, strlen(title));
    text_make_safe(safe_body, sizeof safe_body, body, strlen(body));
    s->events->notify(s->data, safe_title, safe_body);
}

static void osc_number(struct screen *s, long number, char *text)
{
    size_t n = strlen(text);
    switch (number) {
    case 0:
    case 1:
    case 2:
        if (number != 2)
            set_text(&s->icon, text, n);
        if (number != 1) {
            set_text(&s->title, text, n);
            tell_title(s);
        }
        break;
    case 4: palette(s, text); break;
    case 7:
        if (s->events && s->events->cwd) {
            char safe[2048];
            text_make_safe(safe, sizeof safe, text, n);
            s->events->cwd(s->data, safe);
        }
        break;
    case 8: link(s, text); break;
    case 9: notify(s, "", text); break;
    case 10:
    case 11:
    case 12: dynamic(s, (int)number, text); break;
    case 52: clipboard(s, text); break;
    case 104: reset_palette(s, text); break;
    case 110:
    case 111:
    case 112: s->dynamic[number - 110] = 0; break;
    case 777:
        if (strncmp(text, "notify;", 7) == 0) {
            char *body = strchr(text + 7, ';');
            if (body)
                *body++ = '\0';
            notify(s, text + 7, body ? body : "");
        }
        break;
    default: break;
    }
}

void osc_dispatch(struct screen *s, const char *bytes, size_t n)
{
    if (n == 6 && memcmp(bytes, "push22", 6) == 0) {
        push_title(s);
        return;
    }
    if (n == 6 && memcmp(bytes, "push23", 6) == 0) {
        pop_title(s);
        return;
    }
    char *text = mem_strndup(bytes, n), *end;
    long number = strtol(text, &end, 10);
    if (end != text && (*end == ';' || *end == '\0') && number >= 0)
        osc_number(s, number, *end ? end + 1 : end);
    free(text);
}

/* DECRQSS: a setting's value in the form that would set it. */
static void setting(struct screen *s, const char *what)
{
    char text[200] = "";
    if (strcmp(what, "m") == 0) {
        char pen[160];
        sgr_text(&s->pen.style, pen, sizeof pen);
        snprintf(text, sizeof text, "0%sm", pen);
    } else if (strcmp(what, "r") == 0) {
        snprintf(text, sizeof text, "%d;%dr", s->top + 1, s->bottom + 1);
    } else if (strcmp(what, "s") == 0) {
        snprintf(text, sizeof text, "%d;%ds", s->left + 1, s->right + 1);
    } else if (strcmp(what, " q") == 0) {
        static const int base[] = {0, 2, 4, 6};
        int n = base[s->shape];
        snprintf(text, sizeof text, "%d q", n ? n - s->blink : 1);
    } else if (strcmp(what, "\"q") == 0) {
        snprintf(text, sizeof text, "%d\"q", s->pen.protect);
    } else if (strcmp(what, "\"p") == 0) {
        snprintf(text, sizeof text, "%d;%d\"p", s->conformance, s->eight_bit ? 0 : 1);
    } else if (strcmp(what, "*x") == 0) {
        snprintf(text, sizeof text, "%d*x", s->rect_extent ? 2 : 1);
    } else if (strcmp(what, "t") == 0) {
        snprintf(text, sizeof text, "%dt", s->rows < 24 ? 24 : s->rows);
    } else if (strcmp(what, "$|") == 0) {
        snprintf(text, sizeof text, "%d$|", s->cols);
    } else if (strcmp(what, "*|") == 0) {
        snprintf(text, sizeof text, "%d*|", s->rows);
    } else {
        report(s, "\033P0$r\033\\");
        return;
    }
    report(s, "\033P1$r%s\033\\", text);
}

void dcs_dispatch(struct screen *s, const char *bytes, size_t n)
{
    if (n < 2 || n > 16 || bytes[0] != '$' || bytes[1] != 'q')
        return;
    char what[16];
    memcpy(what, bytes + 2, n - 2);
    what[n - 2] = '\0';
    setting(s, what);
}

/* --- our own ---------------------------------------------------------------------------------- */

#define NUMBERS 12

static int numbers(const char *text, long out[NUMBERS])
{
    int n = 0;
    char *end;
    for (; *text && n < NUMBERS; text = *end ? end + 1 : end) {
        out[n] = strtol(text, &end, 10);
        if (end == text || (*end && *end != ';'))
            return n;
        n++;
    }
    return n;
}

static int bound(long v, int least, int most)
{
    return v < least ? least : v > most ? most : (int)v;
}

static void restore_saved(struct screen *s, const long *v, int n)
{
    if (n < 12)
        return;
    struct saved *to = &s->pages[v[0] == 1].saved;
    *to = (struct saved){.row = bound(v[1], 0, s->rows - 1),
                         .col = bound(v[2], 0, s->cols - 1),
                         .style = s->pen.id,
                         .protect = v[3] == 1,
                         .origin = v[4] == 1,
                         .pending_wrap = v[5] == 1,
                         .used = v[6] == 1,
                         .gl = (uint8_t)bound(v[7], 0, 3)};
    for (int i = 0; i < 4; i++)
        to->charsets[i] = v[8 + i] == '0' ? '0' : v[8 + i] == 'A' ? 'A' : 'B';
}

static void restore_blanks(struct screen *s, int n)
{
    struct line *l = line_at(s, s->row);
    for (; n > 0 && s->col < s->cols; n--, s->col++)
        l->cells[s->col] = (struct cell){0, s->pen.id, 0, s->pen.protect ? CELL_PROTECTED : 0};
    if (s->col >= s->cols)
        s->col = s->cols - 1;
    line_touch(s, l);
}

/* One grapheme at the cursor, exactly: WIDTH;TEXT */
static void restore_grapheme(struct screen *s, const char *text)
{
    int width = text[0] == '2' ? 2 : 1;
    size_t n = text[0] && text[1] == ';' ? strlen(text + 2) : 0;
    uint32_t point;
    if (n == 0 || n > CLUSTER_MAX || s->col + width > s->cols || !text_is_utf8(text + 2, n))
        return;
    for (size_t i = 2; i < n + 2;) { /* nothing that a terminal would act on */
        i += text_decode(text + i, n + 2 - i, &point);
        if (point < 0x20 || (point >= 0x7f && point < 0xa0))
            return;
    }
    size_t first = text_decode(text + 2, n, &point);
    uint32_t glyph = first == n ? point : cluster_intern(s, text + 2, n);
    struct line *l = line_at(s, s->row);
    const uint8_t flags = CELL_WRITTEN | (s->pen.protect ? CELL_PROTECTED : 0);
    grid_split_wide(s, l, s->col);
    grid_split_wide(s, l, s->col + width);
    l->cells[s->col] = (struct cell){glyph, s->pen.id, (uint8_t)width, flags};
    if (width == 2)
        l->cells[s->col + 1] = (struct cell){0, s->pen.id, 0, flags};
    line_touch(s, l);
    s->col += width;
    if (s->col >= s->cols)
        s->col = s->cols - 1;
}

static void restore_misc(struct screen *s, const long *v, int n)
{
    if (n < 7)
        return;
    s->last = v[0] > 0 && v[0] <= 0x10ffff ? (uint32_t)v[0] : 0;
    s->conformance = bound(v[1], 61, 65);
    s->eight_bit = v[2] == 1;
    s->rect_extent = v[3] == 1;
    s->column_mode = v[4] == 1;
    s->modify_other_keys = (uint8_t)bound(v[5], 0, 3);
    s->single_shift = (uint8_t)(v[6] == 2 || v[6] == 3 ? v[6] : 0);
}

static void restore_kitty(struct screen *s, const long *v, int n)
{
    if (n < 1)
        return;
    struct page *p = &s->pages[v[0] == 1];
    p->kitty_n = 0;
    for (int i = 1; i < n && p->kitty_n < (int)sizeof p->kitty; i++)
        p->kitty[p->kitty_n++] = (uint8_t)(v[i] & 31);
}

void apc_dispatch(struct screen *s, const char *bytes, size_t n)
{
    if (n < 8 || n > 256 || memcmp(bytes, "baton;", 6) != 0)
        return;
    char text[260];
    long v[NUMBERS];
    memcpy(text, bytes + 6, n - 6);
    text[n - 6] = '\0';
    int count = text[1] == ';' ? numbers(text + 2, v) : 0;
    switch (text[0]) {
    case 'w': line_at(s, s->row)->wrapped = true; break;
    case 'b':
        if (count == 1)
            restore_blanks(s, bound(v[0], 0, s->cols));
        break;
    case 'g': restore_grapheme(s, text + 2); break;
    case 'S': restore_saved(s, v, count); break;
    case 'C':
        if (count == 4) {
            s->origin = v[3] == 1;
            cursor_to(s, bound(v[0], 0, s->rows - 1), bound(v[1], 0, s->cols - 1));
            s->pending_wrap = v[2] == 1 && s->autowrap;
        }
        break;
    case 'M': restore_misc(s, v, count); break;
    case 'K': restore_kitty(s, v, count); break;
    case 'H':
        if (count == 1 && v[0] >= 0 && s->history.count == (size_t)s->history.total)
            s->history.total =
                (uint64_t)v[0] > s->history.count ? (uint64_t)v[0] : s->history.count;
        break;
    default: break;
    }
}
