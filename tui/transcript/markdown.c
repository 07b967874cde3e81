/* Light Markdown (see markdown.h). An agent's lines are its own: a line break in the source is one
 * on the screen. What closes a mark is searched for within bounds, so that no text takes long. */
#include "tui/transcript/markdown.h"

#include "core/base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define SCAN_MAX   1000  /* bytes looked at for one closing mark */
#define BUDGET     40000 /* the same for all of a line */
#define DEPTH_MAX  4
#define INDENT_MAX 12

struct inline_text {
    struct sheet *s;
    long budget;
};

void markdown_begin(struct markdown *m, enum theme_role role, enum theme_role margin_role,
                    const char *margin)
{
    memset(m, 0, sizeof *m);
    m->role = role;
    m->margin_role = margin_role;
    snprintf(m->margin, sizeof m->margin, "%s", margin);
}

static int run_of(const char *text, size_t n, char c)
{
    int run = 0;

    while ((size_t)run < n && text[run] == c)
        run++;
    return run;
}

/* --- within a line -----------------------------------------------------------------------------
 */

/* The place of `mark` in text[from..n), or n. */
static size_t find(struct inline_text *x, const char *text, size_t from, size_t n, const char *mark)
{
    size_t len = strlen(mark), end = n - from > SCAN_MAX ? from + SCAN_MAX : n;

    for (size_t i = from; i + len <= end && x->budget > 0; i++, x->budget--)
        if (text[i] == mark[0] && memcmp(text + i, mark, len) == 0)
            return i;
    return n;
}

static bool word_at(const char *text, size_t i, size_t n)
{
    return i < n && (isalnum((unsigned char)text[i]) || (signed char)text[i] < 0);
}

static void spans(struct inline_text *x, enum theme_role role, unsigned attrs, const char *text,
                  size_t n, int depth);

/* `code`, with any number of backticks. Gives the bytes used, 0: it is none. */
static size_t code_span(struct inline_text *x, unsigned attrs, const char *text, size_t n)
{
    size_t ticks = 0, end, from, to;
    char mark[8];

    while (ticks < n && text[ticks] == '`')
        ticks++;
    if (ticks >= sizeof mark)
        return 0;
    memset(mark, '`', ticks);
    mark[ticks] = '\0';
    for (end = find(x, text, ticks, n, mark);
         end < n && end + ticks < n && text[end + ticks] == '`';)
        end = find(x, text, end + ticks + 1 > n ? n : end + ticks + 1, n, mark);
    if (end >= n || end == ticks)
        return 0;
    from = ticks;
    to = end;
    if (to - from > 2 && text[from] == ' ' && text[to - 1] == ' ') {
        from++;
        to--;
    }
    sheet_piece(x->s, ROLE_CODE, attrs, text + from, to - from);
    return end + ticks;
}

/* **bold**, *italic*, __bold__, _italic_, ~~struck~~. text[-1] may be looked at when at > 0. */
static size_t emphasis(struct inline_text *x, enum theme_role role, unsigned attrs,
                       const char *text, size_t at, size_t n, int depth)
{
    static const struct {
        const char *mark;
        unsigned attr;
    } marks[] = {{"**", ATTR_BOLD},
                 {"__", ATTR_BOLD},
                 {"~~", ATTR_STRIKE},
                 {"*", ATTR_ITALIC},
                 {"_", ATTR_ITALIC}};

    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        const char *mark = marks[i].mark;
        size_t len = strlen(mark), from = at + len, end;
        if (n - at < len * 2 + 1 || memcmp(text + at, mark, len) != 0)
            continue;
        if (text[from] == ' ' || text[from] == mark[0] ||
            (mark[0] == '_' && at > 0 && word_at(text, at - 1, n)))
            return 0;
        end = find(x, text, from + 1, n, mark);
        /* A longer run of the sign closes something else. */
        while (end < n &&
               (text[end - 1] == ' ' || (mark[0] == '_' && word_at(text, end + len, n)) ||
                (len == 1 && end + 1 < n && text[end + 1] == mark[0])))
            end = find(x, text, end + (end + 1 < n && text[end + 1] == mark[0] ? 2 : 1), n, mark);
        if (end >= n)
            return 0;
        spans(x, role, attrs | marks[i].attr, text + from, end - from, depth + 1);
        return end + len - at;
    }
    return 0;
}

/* [text](url), ![text](url) */
static size_t link(struct inline_text *x, unsigned attrs, const char *text, size_t n, int depth)
{
    size_t from = text[0] == '!' ? 2 : 1, middle = find(x, text, from, n, "]("), end;
    unsigned line = 1u << ATTR_UNDERLINE_SHIFT;

    if (middle >= n)
        return 0;
    end = find(x, text, middle + 2, n, ")");
    if (end >= n || memchr(text + from, '[', middle - from))
        return 0;
    if (middle > from)
        spans(x, ROLE_ACCENT, attrs | line, text + from, middle - from, depth + 1);
    if (end - middle - 2 != middle - from ||
        memcmp(text + from, text + middle + 2, middle - from) != 0) {
        sheet_puts(x->s, ROLE_DIM, middle > from ? " (" : "(");
        sheet_piece(x->s, ROLE_DIM, 0, text + middle + 2, end - middle - 2);
        sheet_puts(x->s, ROLE_DIM, ")");
    }
    return end + 1;
}

/* <https://…> */
static size_t auto_link(struct inline_text *x, unsigned attrs, const char *text, size_t n)
{
    size_t end;

    if (n < 8 || (memcmp(text, "<http", 5) != 0 && memcmp(text, "<mailto:", 8) != 0))
        return 0;
    end = find(x, text, 1, n, ">");
    if (end >= n || memchr(text, ' ', end))
        return 0;
    sheet_piece(x->s, ROLE_ACCENT, attrs | 1u << ATTR_UNDERLINE_SHIFT, text + 1, end - 1);
    return end + 1;
}

static size_t span(struct inline_text *x, enum theme_role role, unsigned attrs, const char *text,
                   size_t at, size_t n, int depth)
{
    switch (text[at]) {
    case '`': return code_span(x, attrs, text + at, n - at);
    case '*':
    case '_':
    case '~': return depth < DEPTH_MAX ? emphasis(x, role, attrs, text, at, n, depth) : 0;
    case '[': return depth < DEPTH_MAX ? link(x, attrs, text + at, n - at, depth) : 0;
    case '!':
        return at + 1 < n && text[at + 1] == '[' && depth < DEPTH_MAX
                   ? link(x, attrs, text + at, n - at, depth)
                   : 0;
    case '<': return auto_link(x, attrs, text + at, n - at);
    default: return 0;
    }
}

static void spans(struct inline_text *x, enum theme_role role, unsigned attrs, const char *text,
                  size_t n, int depth)
{
    size_t plain = 0, at = 0;

    while (at < n) {
        size_t used;
        if (text[at] == '\\' && at + 1 < n && ispunct((unsigned char)text[at + 1])) {
            sheet_piece(x->s, role, attrs, text + plain, at - plain);
            plain = at + 1;
            at += 2;
            continue;
        }
        if (!text[at] || !strchr("`*_~[!<", text[at])) {
            at++;
            continue;
        }
        sheet_piece(x->s, role, attrs, text + plain, at - plain);
        plain = at;
        used = span(x, role, attrs, text, at, n, depth);
        if (used)
            plain = at += used;
        else /* no mark after all, and nor is the rest of its run */
            at += (size_t)run_of(text + at, n - at, text[at]);
    }
    sheet_piece(x->s, role, attrs, text + plain, n - plain);
}

static void inline_text(struct sheet *s, enum theme_role role, unsigned attrs, const char *text,
                        size_t n)
{
    struct inline_text x = {s, BUDGET};

    spans(&x, role, attrs, text, n, 0);
}

/* --- lines -------------------------------------------------------------------------------------
 */

static void margins(const struct markdown *m, struct sheet *s, int first, int rest)
{
    char a[48], b[48];

    snprintf(a, sizeof a, "%s%*s", m->margin, first, "");
    snprintf(b, sizeof b, "%s%*s", m->margin, rest, "");
    sheet_margins(s, m->margin_role, a, b);
}

static void empty_line(struct markdown *m, struct sheet *s)
{
    sheet_margins(s, m->margin_role, m->margin, m->margin);
    sheet_end(s, WRAP_WORDS);
}

/* Before anything is laid out: the empty line that was owed. */
static void begin(struct markdown *m, struct sheet *s)
{
    if (m->begun && m->blank)
        empty_line(m, s);
    m->begun = true;
    m->blank = false;
}

static int leading(const char *text, size_t n)
{
    int cols = 0;

    for (size_t i = 0; i < n && (text[i] == ' ' || text[i] == '\t'); i++)
        cols += text[i] == '\t' ? 4 - cols % 4 : 1;
    return cols;
}

static void code_line(struct markdown *m, struct sheet *s, const char *text, size_t n)
{
    int strip = m->fence_indent;
    char margin[48];

    while (strip > 0 && n && *text == ' ') {
        text++;
        n--;
        strip--;
    }
    snprintf(margin, sizeof margin, "%s%*s", m->margin,
             m->fence_indent < INDENT_MAX ? m->fence_indent + 2 : INDENT_MAX, "");
    sheet_margins(s, m->margin_role, margin, margin);
    sheet_piece(s, ROLE_CODE, 0, text, n);
    sheet_end(s, WRAP_HARD);
}

/* Inside of a fence, and the lines that open and close one. */
static bool fence(struct markdown *m, struct sheet *s, const char *text, size_t n)
{
    size_t indent = 0;
    int run;

    while (indent < n && text[indent] == ' ')
        indent++;
    run = indent < n && (text[indent] == '`' || text[indent] == '~')
              ? run_of(text + indent, n - indent, text[indent])
              : 0;
    if (m->fence) {
        size_t rest = indent + (size_t)run;
        while (rest < n && text[rest] == ' ')
            rest++;
        if (run >= m->fence_length && text[indent] == m->fence && rest == n)
            m->fence = '\0';
        else
            code_line(m, s, text, n);
        return true;
    }
    if (run < 3 ||
        (text[indent] == '`' && memchr(text + indent + run, '`', n - indent - (size_t)run)))
        return false;
    begin(m, s);
    m->fence = text[indent];
    m->fence_length = run;
    m->fence_indent = (int)indent;
    return true;
}

static bool heading(struct markdown *m, struct sheet *s, const char *text, size_t n)
{
    int level = run_of(text, n, '#');

    if (level < 1 || level > 6 || (size_t)level >= n || text[level] != ' ')
        return false;
    m->blank = m->begun;
    begin(m, s);
    margins(m, s, 0, 0);
    text += level + 1;
    n -= (size_t)level + 1;
    while (n && (text[n - 1] == '#' || text[n - 1] == ' '))
        n--;
    inline_text(s, ROLE_TITLE, ATTR_BOLD, text, n);
    sheet_end(s, WRAP_WORDS);
    return true;
}

static bool ruler(struct markdown *m, struct sheet *s, const char *text, size_t n)
{
    int signs = 0, cols = s->width - text_width(m->margin);

    if (!n || !strchr("-*_", text[0]))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (text[i] != text[0] && text[i] != ' ')
            return false;
        signs += text[i] == text[0];
    }
    if (signs < 3)
        return false;
    begin(m, s);
    margins(m, s, 0, 0);
    for (int i = 0; i < cols && i < 24; i++)
        sheet_puts(s, ROLE_BORDER, s->utf8 ? "─" : "-");
    sheet_end(s, WRAP_CUT);
    return true;
}

/* The length of "- ", "3. " at the front, or 0. */
static size_t list_mark(const char *text, size_t n)
{
    size_t digits = 0;

    if (n >= 2 && strchr("-*+", text[0]) && text[0] && text[1] == ' ')
        return 2;
    while (digits < n && digits < 9 && isdigit((unsigned char)text[digits]))
        digits++;
    return digits && digits + 1 < n && strchr(".)", text[digits]) && text[digits + 1] == ' '
               ? digits + 2
               : 0;
}

static bool item(struct markdown *m, struct sheet *s, int indent, const char *text, size_t n)
{
    size_t mark = list_mark(text, n);

    if (!mark)
        return false;
    begin(m, s);
    indent = indent < INDENT_MAX ? indent : INDENT_MAX;
    margins(m, s, indent, indent + (int)mark);
    if (isdigit((unsigned char)text[0]))
        sheet_piece(s, ROLE_DIM, 0, text, mark);
    else
        sheet_puts(s, ROLE_DIM, s->utf8 ? "• " : "* ");
    text += mark;
    n -= mark;
    if (n >= 4 && text[0] == '[' && strchr(" xX", text[1]) && text[2] == ']' && text[3] == ' ') {
        bool done = text[1] != ' ';
        sheet_puts(s, done ? ROLE_GOOD : ROLE_DIM,
                   s->utf8 ? (done ? "☑ " : "☐ ") : (done ? "[x] " : "[ ] "));
        text += 4;
        n -= 4;
    }
    inline_text(s, m->role, 0, text, n);
    sheet_end(s, WRAP_WORDS);
    return true;
}

static bool quote(struct markdown *m, struct sheet *s, const char *text, size_t n)
{
    char margin[48];

    if (!n || text[0] != '>')
        return false;
    begin(m, s);
    snprintf(margin, sizeof margin, "%s%s", m->margin, s->utf8 ? "▏ " : "| ");
    sheet_margins(s, ROLE_BORDER, margin, margin);
    text++;
    n--;
    if (n && text[0] == ' ') {
        text++;
        n--;
    }
    inline_text(s, ROLE_DIM, 0, text, n);
    sheet_end(s, WRAP_WORDS);
    return true;
}

void markdown_line(struct markdown *m, struct sheet *s, const char *text, size_t n)
{
    const char *line = text;
    size_t len = n;
    int indent;

    if (fence(m, s, text, n))
        return;
    indent = leading(text, n);
    while (len && (*line == ' ' || *line == '\t')) {
        line++;
        len--;
    }
    if (!len) {
        m->blank = true;
        return;
    }
    if (indent < 4 &&
        (heading(m, s, line, len) || ruler(m, s, line, len) || quote(m, s, line, len)))
        return;
    if (item(m, s, indent, line, len))
        return;
    begin(m, s);
    if (line[0] == '|') { /* a table: its columns are as they were written */
        margins(m, s, 0, 0);
        sheet_piece(s, m->role, 0, line, len);
        sheet_end(s, WRAP_HARD);
        return;
    }
    indent = indent < INDENT_MAX ? indent : INDENT_MAX;
    margins(m, s, indent, indent);
    inline_text(s, m->role, 0, line, len);
    sheet_end(s, WRAP_WORDS);
}

void markdown_text(struct markdown *m, struct sheet *s, const char *text, size_t n)
{
    for (size_t at = 0; at < n;) {
        const char *end = memchr(text + at, '\n', n - at);
        size_t len = end ? (size_t)(end - text) - at : n - at;
        markdown_line(m, s, text + at, len);
        at += len + 1;
    }
}
