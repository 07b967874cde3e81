/* See the header. The grammar is RFC 5322's, 3.4, read leniently where mail in the wild does not
 * keep to it and strictly where a wrong reading would be another recipient. */
#include "core/mail/address.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/mail/coding.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool address_header_ok(const char *text)
{
    for (; *text; text++)
        if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7f)
            return false;
    return true;
}

static enum err refuse(char *why, size_t size, const char *text, size_t n, const char *says)
{
    char safe[120];
    if (why) {
        text_make_safe(safe, sizeof safe, text, n);
        snprintf(why, size, "\"%s\" %s", safe, says);
    }
    return ERR_INVALID;
}

/* --- pieces of a text --------------------------------------------------------------------------
 */

/* The end of what begins at text[i]: a quoted string, a comment (they nest), or one byte. */
static size_t skip(const char *text, size_t n, size_t i)
{
    int depth = 0;
    if (text[i] == '"') {
        for (i++; i < n && text[i] != '"'; i++)
            if (text[i] == '\\')
                i++;
    } else if (text[i] == '(') {
        for (; i < n; i++) {
            depth += text[i] == '(';
            depth -= text[i] == ')';
            if (text[i] == '\\')
                i++;
            if (depth == 0)
                break;
        }
    }
    return i < n ? i + 1 : n;
}

/* Copies text without comments; spaces at both ends go. */
static void uncomment(const char *text, size_t n, struct buf *out)
{
    buf_clear(out);
    for (size_t i = 0, next; i < n; i = next) {
        next = skip(text, n, i);
        if (text[i] != '(')
            buf_append(out, text + i, next - i);
        else
            buf_putc(out, ' ');
    }
    size_t from = out->len ? strspn(out->data, " \t") : 0;
    buf_consume(out, from);
    while (out->len && strchr(" \t", out->data[out->len - 1]))
        out->data[--out->len] = '\0';
}

/* A display name: quotes taken off, encoded words decoded, spaces folded, controls made visible. */
static void read_name(const char *text, size_t n, char out[ADDRESS_NAME])
{
    struct buf plain = {0}, decoded = {0};
    bool quoted = false;
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '"') {
            quoted = !quoted;
            continue;
        }
        if (text[i] == '\\' && quoted && i + 1 < n)
            i++;
        if (strchr(" \t", text[i]) && plain.len && plain.data[plain.len - 1] == ' ')
            continue;
        buf_putc(&plain, text[i] == '\t' ? ' ' : text[i]);
    }
    while (plain.len && plain.data[plain.len - 1] == ' ')
        plain.data[--plain.len] = '\0';
    coding_words_decode(plain.data ? plain.data : "", plain.len, &decoded);
    text_make_safe(out, ADDRESS_NAME, decoded.data ? decoded.data : "", decoded.len);
    buf_finish(&plain);
    buf_finish(&decoded);
}

static bool domain_ok(const char *domain)
{
    size_t n = strlen(domain);
    if (n == 0 || domain[0] == '.' || domain[0] == '-' || domain[n - 1] == '.')
        return false;
    if (domain[0] == '[')
        return n > 2 && domain[n - 1] == ']' &&
               strspn(domain + 1, "0123456789abcdefABCDEFIPv:.") == n - 2;
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)domain[i]) && !strchr("-._", domain[i]) &&
            (unsigned char)domain[i] < 0x80)
            return false;
    return !strstr(domain, "..");
}

static bool local_ok(const char *local, size_t n)
{
    if (n == 0 || n > 64 || local[0] == '-') /* it may come to stand behind a command */
        return false;
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)local[i] <= ' ' || local[i] == 0x7f ||
            strchr("()<>[]:;@\\,\"", local[i]))
            return false;
    return true;
}

static enum err read_spec(const char *text, size_t n, const char *domain,
                          char out[static ADDRESS_MAX], char *why, size_t size)
{
    char spec[ADDRESS_MAX * 2];
    const char *route = n && text[0] == '@' ? memchr(text, ':', n) : NULL; /* <@relay:a@b> */
    if (route) {
        n -= (size_t)(route + 1 - text);
        text = route + 1;
    }
    if (n >= ADDRESS_MAX)
        return refuse(why, size, text, n, "is too long for an address");
    if (n == 0 || memchr(text, 0, n) || !text_is_utf8(text, n))
        return refuse(why, size, text, n, "is no address");
    memcpy(spec, text, n);
    spec[n] = '\0';
    if (!strchr(spec, '@') && domain)
        snprintf(spec + n, sizeof spec - n, "@%s", domain);
    char *at = strrchr(spec, '@');
    if (!at || !local_ok(spec, (size_t)(at - spec)) || !domain_ok(at + 1) ||
        strlen(spec) >= ADDRESS_MAX)
        return refuse(why, size, text, n, "is no address such as NAME@DOMAIN");
    for (char *p = at; *p; p++)
        *p = (char)((unsigned char)*p < 0x80 ? tolower((unsigned char)*p) : *p);
    memcpy(out, spec, strlen(spec) + 1);
    return ERR_OK;
}

/* --- one and many ------------------------------------------------------------------------------
 */

static enum err parse_one(const char *text, size_t n, const char *domain, struct address *ret,
                          char *why, size_t size)
{
    struct address a = {0};
    struct buf plain = {0};
    enum err e;
    uncomment(text, n, &plain);
    const char *s = plain.data ? plain.data : "", *open = NULL;
    for (size_t i = 0; i < plain.len; i = skip(s, plain.len, i))
        if (s[i] == '<')
            open = s + i;
    if (open) {
        const char *close = strchr(open, '>');
        size_t len = close ? (size_t)(close - open - 1) : 0;
        if (!close || close[1 + strspn(close + 1, " \t")])
            e = refuse(why, size, text, n, "has its <…> wrong");
        else
            e = read_spec(open + 1, len, domain, a.spec, why, size);
        if (e == ERR_OK)
            read_name(s, (size_t)(open - s), a.name);
    } else {
        e = read_spec(s, plain.len, domain, a.spec, why, size);
    }
    buf_finish(&plain);
    if (e == ERR_OK)
        *ret = a;
    return e;
}

static bool has_control(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (((unsigned char)text[i] < 0x20 && text[i] != '\t') || text[i] == 0x7f)
            return true;
    return false;
}

enum err address_parse(const char *text, size_t n, const char *domain, struct address *ret,
                       char *why, size_t size)
{
    if (has_control(text, n))
        return refuse(why, size, text, n, "has a line break or another control character");
    return parse_one(text, n, domain, ret, why, size);
}

void address_list_add(struct address_list *list, const struct address *a)
{
    if ((list->count & (list->count - 1)) == 0) /* full at powers of two */
        list->items = mem_reallocarray(list->items, list->count ? list->count * 2 : 1, sizeof *a);
    list->items[list->count++] = *a;
}

void address_list_finish(struct address_list *list)
{
    free(list->items);
    *list = (struct address_list){0};
}

enum err address_list_parse(const char *text, size_t n, const char *domain, bool lenient,
                            struct address_list *list, char *why, size_t size)
{
    size_t from = 0;
    bool angle = false;
    if (!lenient && has_control(text, n))
        return refuse(why, size, text, n, "has a line break or another control character");
    for (size_t i = 0; i <= n;) {
        bool ends = i == n || (!angle && (text[i] == ',' || text[i] == ';'));
        if (!ends) {
            angle = text[i] == '<' || (angle && text[i] != '>');
            if (text[i] == ':' && !angle)
                from = i + 1; /* a group's name */
            i = skip(text, n, i);
            continue;
        }
        struct address a;
        size_t len = i - from;
        while (len && strchr(" \t\r\n", text[from]))
            from++, len--;
        while (len && strchr(" \t\r\n", text[from + len - 1]))
            len--;
        enum err e = len ? parse_one(text + from, len, domain, &a, why, size) : ERR_OK;
        if (e != ERR_OK && !lenient)
            return e;
        if (len && e == ERR_OK) {
            if (list->count >= ADDRESS_LIST_MAX)
                return lenient ? ERR_OK : refuse(why, size, text, n, "names too many recipients");
            address_list_add(list, &a);
        }
        from = ++i;
    }
    return ERR_OK;
}

/* --- out ---------------------------------------------------------------------------------------
 */

void address_print(const struct address *a, bool raw, struct buf *out)
{
    bool ascii = true, plain = true;
    for (const char *p = a->name; *p; p++) {
        ascii = ascii && (unsigned char)*p < 0x80;
        plain = plain && !strchr("()<>[]:;@\\,.\"=?", *p);
    }
    if (!*a->name) {
        buf_puts(out, a->spec);
        return;
    }
    if (raw || (ascii && plain)) {
        buf_puts(out, a->name);
    } else if (!ascii) {
        coding_words_encode(a->name, out);
    } else {
        buf_putc(out, '"');
        for (const char *p = a->name; *p; p++)
            buf_printf(out, "%s%c", *p == '"' || *p == '\\' ? "\\" : "", *p);
        buf_putc(out, '"');
    }
    buf_printf(out, " <%s>", a->spec);
}

bool address_is_local(const char *spec, const char *domain, char *ret_local)
{
    const char *at = strrchr(spec, '@');
    if (!at || strcasecmp(at + 1, domain) != 0)
        return false;
    if (ret_local) {
        size_t n = strcspn(spec, "+@");
        snprintf(ret_local, ADDRESS_MAX, "%.*s", (int)n, spec);
    }
    return true;
}
