/* See the header. The state is what is behind us: whether a space or line breaks are due before the
 * next word, whether text is preformatted, and the link that is open. */
#include "core/mail/html.h"
#include "core/base/text.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct html {
    const char *at, *end;
    struct buf *out;
    size_t start; /* of our text in out */
    int breaks;   /* due before the next word, at most 2 */
    bool space;
    int pre;
    const char *link; /* the open link's target, not yet decoded; NULL none */
    size_t link_n, link_from;
};

/* What a tag does to the text around it. */
enum effect { NOTHING, BREAK, PARAGRAPH, ITEM, CELL, PRE, SKIP, LINK, RULE };

static const struct {
    const char *name;
    enum effect effect;
} tags[] = {
    {"br", BREAK},      {"div", BREAK},    {"tr", BREAK},        {"section", BREAK},
    {"article", BREAK}, {"header", BREAK}, {"footer", BREAK},    {"ul", BREAK},
    {"ol", BREAK},      {"dt", BREAK},     {"dd", BREAK},        {"p", PARAGRAPH},
    {"h1", PARAGRAPH},  {"h2", PARAGRAPH}, {"h3", PARAGRAPH},    {"h4", PARAGRAPH},
    {"h5", PARAGRAPH},  {"h6", PARAGRAPH}, {"table", PARAGRAPH}, {"blockquote", PARAGRAPH},
    {"li", ITEM},       {"td", CELL},      {"th", CELL},         {"pre", PRE},
    {"script", SKIP},   {"style", SKIP},   {"title", SKIP},      {"template", SKIP},
    {"a", LINK},        {"hr", RULE},
};

static const struct {
    const char *name;
    uint32_t point;
} entities[] = {
    {"amp", '&'},      {"lt", '<'},       {"gt", '>'},       {"quot", '"'},     {"apos", '\''},
    {"nbsp", ' '},     {"copy", 0xa9},    {"reg", 0xae},     {"trade", 0x2122}, {"hellip", 0x2026},
    {"mdash", 0x2014}, {"ndash", 0x2013}, {"lsquo", 0x2018}, {"rsquo", 0x2019}, {"ldquo", 0x201c},
    {"rdquo", 0x201d}, {"laquo", 0xab},   {"raquo", 0xbb},   {"bull", 0x2022},  {"middot", 0xb7},
    {"euro", 0x20ac},  {"pound", 0xa3},   {"yen", 0xa5},     {"cent", 0xa2},    {"sect", 0xa7},
    {"deg", 0xb0},     {"times", 0xd7},   {"szlig", 0xdf},   {"auml", 0xe4},    {"ouml", 0xf6},
    {"uuml", 0xfc},    {"Auml", 0xc4},    {"Ouml", 0xd6},    {"Uuml", 0xdc},    {"eacute", 0xe9},
    {"egrave", 0xe8},  {"agrave", 0xe0},  {"ccedil", 0xe7},  {"ntilde", 0xf1},  {"rarr", 0x2192},
    {"larr", 0x2190},  {"shy", 0xad},     {"zwnj", 0x200c},  {"zwj", 0x200d},
};

/* The character reference at text (an `&`): its length and code point, or 0 when it is none. */
static size_t read_entity(const char *text, size_t n, uint32_t *ret_point)
{
    size_t len = 1;
    while (len < n && len < 12 && (isalnum((unsigned char)text[len]) || text[len] == '#'))
        len++;
    if (len < 3 || len >= n || text[len] != ';')
        return 0;
    if (text[1] == '#') {
        bool hex = text[2] == 'x' || text[2] == 'X';
        char number[16] = "", *stop;
        memcpy(number, text + (hex ? 3 : 2), len - (hex ? 3 : 2));
        unsigned long point = strtoul(number, &stop, hex ? 16 : 10);
        if (!*number || *stop)
            return 0;
        bool bad = point == 0 || point > 0x10ffff || (point >= 0xd800 && point < 0xe000);
        *ret_point = bad ? 0xfffd : (uint32_t)point;
        return len + 1;
    }
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
        if (strlen(entities[i].name) == len - 1 &&
            memcmp(entities[i].name, text + 1, len - 1) == 0) {
            *ret_point = entities[i].point;
            return len + 1;
        }
    return 0;
}

static void due(struct html *h)
{
    bool first = h->out->len == h->start;
    for (; h->breaks && !first; h->breaks--) {
        buf_putc(h->out, '\n');
        h->space = false;
    }
    if (h->space && !first)
        buf_putc(h->out, ' ');
    h->space = false;
    h->breaks = 0;
}

static void want_breaks(struct html *h, int n)
{
    h->breaks = h->breaks > n ? h->breaks : n;
    h->space = false;
}

static void put_point(struct html *h, uint32_t point)
{
    char utf8[4];
    if (point == 0xad || point == 0x200c || point == 0x200d || point == 0xfeff)
        return;
    if (h->pre == 0 && (point == ' ' || point == '\n' || point == '\t' || point == '\r')) {
        h->space = h->breaks == 0;
        return;
    }
    if (point == '\r')
        return;
    due(h);
    buf_append(h->out, utf8, text_encode(point ? point : 0xfffd, utf8));
}

static void put_text(struct html *h, const char *text, size_t n)
{
    for (size_t i = 0; i < n;) {
        uint32_t point = 0;
        size_t used = text[i] == '&' ? read_entity(text + i, n - i, &point) : 0;
        i += used ? used : text_decode(text + i, n - i, &point);
        put_point(h, point);
    }
}

/* The attribute's value in a tag's inside; *ret_n its length; NULL when it is not there. */
static const char *attribute(const char *tag, size_t n, const char *name, size_t *ret_n)
{
    size_t len = strlen(name);
    for (size_t i = 1; i + len < n; i++) {
        if (!isspace((unsigned char)tag[i - 1]) || strncasecmp(tag + i, name, len) != 0)
            continue;
        size_t k = i + len;
        while (k < n && isspace((unsigned char)tag[k]))
            k++;
        if (k >= n || tag[k++] != '=')
            continue;
        while (k < n && isspace((unsigned char)tag[k]))
            k++;
        char quote = k < n && (tag[k] == '"' || tag[k] == '\'') ? tag[k] : 0;
        size_t from = k + (quote != 0), to = from;
        while (to < n && (quote ? tag[to] != quote : !isspace((unsigned char)tag[to])))
            to++;
        *ret_n = to - from;
        return tag + from;
    }
    return NULL;
}

/* A link's target behind its words, unless they are the target themselves. */
static void end_link(struct html *h)
{
    const char *link = h->link,
               *shown = h->out->len > h->link_from ? h->out->data + h->link_from : "";
    size_t n = h->link_n;
    h->link = NULL;
    if (!link || n > 2000 ||
        (strncasecmp(link, "http", 4) != 0 && strncasecmp(link, "mailto:", 7) != 0))
        return;
    const char *plain = strncasecmp(link, "mailto:", 7) == 0 ? link + 7 : link;
    size_t shown_n = h->out->len > h->link_from ? h->out->len - h->link_from : 0;
    while (shown_n && isspace((unsigned char)*shown))
        shown++, shown_n--;
    if (shown_n == 0 ||
        (shown_n == n - (size_t)(plain - link) && memcmp(shown, plain, shown_n) == 0))
        return;
    due(h);
    buf_puts(h->out, " <");
    put_text(h, plain, n - (size_t)(plain - link));
    buf_putc(h->out, '>');
}

/* Past the end of an element whose inside is no text. */
static void skip_element(struct html *h, const char *name)
{
    size_t n = strlen(name);
    while (h->at < h->end) {
        const char *lt = memchr(h->at, '<', (size_t)(h->end - h->at));
        if (!lt) {
            h->at = h->end;
            return;
        }
        h->at = lt + 1;
        if ((size_t)(h->end - lt) > n + 2 && lt[1] == '/' && strncasecmp(lt + 2, name, n) == 0 &&
            !isalnum((unsigned char)lt[2 + n])) {
            const char *gt = memchr(lt, '>', (size_t)(h->end - lt));
            h->at = gt ? gt + 1 : h->end;
            return;
        }
    }
}

static void apply(struct html *h, enum effect effect, bool closing, const char *name,
                  const char *tag, size_t n)
{
    switch (effect) {
    case NOTHING: break;
    case BREAK:
        if (strcmp(name, "br") == 0 && h->breaks < 2 && h->out->len > h->start)
            h->breaks++;
        else
            want_breaks(h, 1);
        h->space = false;
        break;
    case PARAGRAPH: want_breaks(h, 2); break;
    case ITEM:
        want_breaks(h, 1);
        if (!closing) {
            due(h);
            buf_puts(h->out, "- ");
        }
        break;
    case CELL: h->space = true; break;
    case PRE:
        want_breaks(h, 2);
        h->pre = closing ? 0 : 1;
        break;
    case SKIP:
        if (!closing)
            skip_element(h, name);
        break;
    case LINK:
        end_link(h);
        if (!closing && (h->link = attribute(tag, n, "href", &h->link_n)))
            h->link_from = h->out->len;
        break;
    case RULE:
        want_breaks(h, 1);
        due(h);
        buf_puts(h->out, "---");
        want_breaks(h, 1);
        break;
    }
}

/* h->at is at a `<`. False when it begins no tag. */
static bool read_tag(struct html *h)
{
    const char *p = h->at + 1;
    bool closing = p < h->end && *p == '/';
    size_t n = 0;
    if (h->end - h->at >= 4 && memcmp(h->at, "<!--", 4) == 0) {
        const char *stop = memmem(h->at + 4, (size_t)(h->end - h->at - 4), "-->", 3);
        h->at = stop ? stop + 3 : h->end;
        return true;
    }
    p += closing;
    if (p >= h->end || (!isalpha((unsigned char)*p) && *p != '!' && *p != '?'))
        return false;
    while (p + n < h->end && n < 12 && isalnum((unsigned char)p[n]))
        n++;
    const char *gt = p;
    for (char quote = 0; gt < h->end && (quote || *gt != '>'); gt++)
        if (quote ? *gt == quote : ((*gt == '"' || *gt == '\'') && gt[-1] == '='))
            quote = quote ? 0 : *gt;
    if (gt == h->end) { /* a quote that is never closed, or a tag: the next `>` ends it */
        gt = memchr(p, '>', (size_t)(h->end - p));
        gt = gt ? gt : h->end;
    }
    h->at = gt < h->end ? gt + 1 : h->end;
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        if (strlen(tags[i].name) == n && strncasecmp(tags[i].name, p, n) == 0) {
            apply(h, tags[i].effect, closing, tags[i].name, p, (size_t)(gt - p));
            break;
        }
    return true;
}

void html_to_text(const char *html, size_t n, struct buf *out)
{
    struct html h = {.at = html, .end = html + n, .out = out, .start = out->len};
    while (h.at < h.end) {
        if (*h.at == '<' && read_tag(&h))
            continue;
        const char *next =
            h.at + 1 < h.end ? memchr(h.at + 1, '<', (size_t)(h.end - h.at - 1)) : NULL;
        if (!next)
            next = h.end;
        put_text(&h, h.at, (size_t)(next - h.at));
        h.at = next;
    }
    end_link(&h);
    if (out->len > h.start)
        buf_putc(out, '\n');
}
