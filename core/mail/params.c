/* See the header. */
#include "core/mail/params.h"
#include "core/mail/coding.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PIECES 64 /* of one parameter */

/* One parameter at *at (behind a `;`): its name and raw value; false at the end. */
static bool next(const char **at, const char **ret_name, size_t *ret_name_n, struct buf *value)
{
    const char *p = *at;
    buf_clear(value);
    p += strspn(p, "; \t");
    if (!*p)
        return false;
    *ret_name = p;
    *ret_name_n = strcspn(p, "=; \t");
    p += *ret_name_n;
    p += strspn(p, " \t");
    if (*p == '=') {
        p++;
        p += strspn(p, " \t");
        if (*p == '"') {
            for (p++; *p && *p != '"'; p++) {
                if (*p == '\\' && p[1])
                    p++;
                buf_putc(value, *p);
            }
            p += *p == '"';
        } else {
            size_t n = strcspn(p, "; \t");
            buf_append(value, p, n);
            p += n;
        }
    }
    *at = p + strcspn(p, ";");
    return true;
}

/* `name`, `name*`, `name*3`, `name*3*`: the piece's number (0 for the first two), or -1. */
static int piece_of(const char *text, size_t n, const char *name, bool *ret_coded)
{
    size_t len = strlen(name);
    *ret_coded = false;
    if (n < len || strncasecmp(text, name, len) != 0)
        return -1;
    if (n == len)
        return 0;
    if (text[len] != '*')
        return -1;
    *ret_coded = text[n - 1] == '*';
    if (n == len + 1)
        return 0;
    if (!isdigit((unsigned char)text[len + 1]))
        return -1;
    long number = strtol(text + len + 1, NULL, 10);
    return number < PIECES ? (int)number : -1;
}

bool params_find(const char *value, size_t n, const char *name, struct buf *out)
{
    const char *at = value + strcspn(value, ";"), *key;
    size_t key_n;
    struct buf one = {0}, raw = {0}, charset = {0};
    bool found = false, coded_any = false;
    int expected = 0;
    (void)n;
    buf_clear(out);
    while (next(&at, &key, &key_n, &one)) {
        bool coded;
        const char *v = one.data ? one.data : "";
        int piece = piece_of(key, key_n, name, &coded);
        if (piece < 0 || piece != expected)
            continue;
        if (coded && piece == 0) { /* CHARSET'LANGUAGE'TEXT */
            const char *q = strchr(v, '\''), *q2 = q ? strchr(q + 1, '\'') : NULL;
            if (q2) {
                buf_append(&charset, v, (size_t)(q - v));
                v = q2 + 1;
            }
        }
        coded_any = coded_any || coded;
        if (coded)
            coding_percent_decode(v, strlen(v), &raw);
        else
            buf_puts(&raw, v);
        found = true;
        expected++;
        if (!coded && key_n == strlen(name))
            break;
    }
    const char *text = raw.data ? raw.data : "";
    if (coded_any)
        coding_to_utf8(charset.data ? charset.data : "", charset.len, text, raw.len, out);
    else
        coding_words_decode(text, raw.len, out); /* not by the book, and everywhere */
    buf_finish(&one);
    buf_finish(&raw);
    buf_finish(&charset);
    return found;
}
