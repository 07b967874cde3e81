/* Writing a message, and its dates. See rfc5322.h. */
#include "core/mail/rfc5322.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/mail/coding.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

void mail_print_date(int64_t us, struct buf *out)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    time_t t = (time_t)(us / 1000000);
    struct tm tm;
    gmtime_r(&t, &tm);
    buf_printf(out, "%.3s, %d %.3s %d %02d:%02d:%02d +0000", days + (size_t)tm.tm_wday * 3,
               tm.tm_mday, months + (size_t)tm.tm_mon * 3, tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
               tm.tm_sec);
}

int64_t mail_read_date(const char *text)
{
    const char *comma = strchr(text, ',');
    char month[4] = "";
    int day, year, hour, minute, second = 0, used = 0, zone = 0;
    if (sscanf(comma ? comma + 1 : text, " %2d %3[A-Za-z] %4d %2d:%2d%n", &day, month, &year, &hour,
               &minute, &used) < 5)
        return 0;
    const char *rest = (comma ? comma + 1 : text) + used;
    if (*rest == ':') {
        second = (int)strtol(rest + 1, NULL, 10);
        rest += strspn(rest, ":0123456789");
    }
    rest += strspn(rest, " \t");
    if ((*rest == '+' || *rest == '-') && strspn(rest + 1, "0123456789") >= 4) {
        zone =
            (rest[1] - '0') * 600 + (rest[2] - '0') * 60 + (rest[3] - '0') * 10 + (rest[4] - '0');
        zone = *rest == '-' ? -zone : zone;
    }
    int m = -1;
    for (int i = 0; i < 12; i++)
        if (strncasecmp(months + (size_t)i * 3, month, 3) == 0)
            m = i;
    year += year < 50 ? 2000 : year < 1000 ? 1900 : 0;
    if (m < 0 || day < 1 || day > 31 || year < 1970 || hour > 23 || hour < 0 || minute < 0 ||
        minute > 59 || second < 0 || second > 60)
        return 0;
    struct tm tm = {.tm_mday = day,
                    .tm_mon = m,
                    .tm_year = year - 1900,
                    .tm_hour = hour,
                    .tm_min = minute,
                    .tm_sec = second};
    return ((int64_t)timegm(&tm) - (int64_t)zone * 60) * 1000000;
}

char *mail_file_name(const char *name, size_t n)
{
    char safe[200];
    for (size_t i = n; i > 0; i--) /* what a folder's name is elsewhere is one here */
        if (name[i - 1] == '/' || name[i - 1] == '\\') {
            name += i;
            n -= i;
            break;
        }
    text_make_safe(safe, sizeof safe, name, n);
    const char *from = safe + strspn(safe, ". ");
    return mem_strdup(*from ? from : "file");
}

/* --- headers -----------------------------------------------------------------------------------
 */

/* NAME: VALUE, folded at its spaces so that lines stay short. */
static void put_header(struct buf *out, const char *name, const char *value)
{
    size_t column = strlen(name) + 1;
    buf_printf(out, "%s:", name);
    for (const char *p = value; *p;) {
        size_t spaces = strspn(p, " "), n = strcspn(p + spaces, " ");
        if (n == 0)
            break; /* spaces at the end */
        if (column + spaces + n > 76 && column > strlen(name) + 1) {
            buf_putc(out, '\n');
            column = 0;
        }
        buf_printf(out, "%s%.*s", spaces ? "" : " ", (int)(spaces + n), p);
        column += spaces + n + (spaces == 0);
        p += spaces + n;
    }
    buf_putc(out, '\n');
}

static void put_addresses(struct buf *out, const char *name, const struct address_list *list)
{
    struct buf v = {0};
    for (size_t i = 0; i < list->count; i++) {
        if (i)
            buf_puts(&v, ", ");
        address_print(&list->items[i], false, &v);
    }
    if (v.len)
        put_header(out, name, v.data);
    buf_finish(&v);
}

static void put_text(struct buf *out, const char *name, const char *text)
{
    struct buf v = {0};
    coding_words_encode(text, &v);
    if (v.len)
        put_header(out, name, v.data);
    buf_finish(&v);
}

/* Ids with one space between, each in <…>; what could not be one is left out. */
static void put_ids(struct buf *out, const char *name, const char *ids)
{
    struct buf v = {0};
    while (ids && *ids) {
        size_t n = strcspn(ids, " ");
        bool ok = n > 0 && n < 250;
        for (size_t i = 0; i < n; i++)
            ok = ok && (unsigned char)ids[i] > ' ' && ids[i] != 0x7f && ids[i] != '<' &&
                 ids[i] != '>';
        if (ok)
            buf_printf(&v, "%s<%.*s>", v.len ? " " : "", (int)n, ids);
        ids += n + (ids[n] == ' ');
    }
    if (v.len)
        put_header(out, name, v.data);
    buf_finish(&v);
}

/* --- parts -------------------------------------------------------------------------------------
 */

/* No part of ours has a line that begins with it: `=` then `_` is in neither encoding, and a text
 * that has it is encoded. */
static const char border[] = "=_baton_part_=";

static void put_body(struct buf *out, const char *text, size_t n)
{
    bool plain = !memmem(text, n, border, sizeof border - 1);
    size_t line = 0, high = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        line = c == '\n' ? 0 : line + 1;
        high += c >= 0x80;
        plain = plain && c < 0x7f && (c >= ' ' || c == '\n' || c == '\t') && line < 900;
        if (plain && line == 5 && memcmp(text + i - 4, "From ", 5) == 0)
            plain = false; /* an mbox on its way would change it */
    }
    bool base64 = high > n / 4;
    buf_printf(out, "Content-Type: text/plain; charset=%s\nContent-Transfer-Encoding: %s\n\n",
               high ? "utf-8" : "us-ascii",
               plain    ? "7bit"
               : base64 ? "base64"
                        : "quoted-printable");
    if (plain)
        buf_append(out, text, n);
    else if (base64)
        coding_base64_encode(text, n, out);
    else
        coding_quoted_encode(text, n, out);
    if (plain && n && text[n - 1] != '\n')
        buf_putc(out, '\n');
}

static void put_file(struct buf *out, const struct mail_file *f)
{
    char *name = mail_file_name(f->name, strlen(f->name));
    bool type_ok = strchr(f->type, '/') &&
                   strspn(f->type, "abcdefghijklmnopqrstuvwxyz0123456789/+-._") == strlen(f->type);
    bool ascii = true;
    for (const char *p = name; *p; p++)
        ascii = ascii && (unsigned char)*p < 0x80 && !strchr("\"\\%", *p);
    buf_printf(out, "Content-Type: %s\nContent-Transfer-Encoding: base64\n",
               type_ok && strncmp(f->type, "message/", 8) != 0 &&
                       strncmp(f->type, "multipart/", 10) != 0
                   ? f->type
                   : "application/octet-stream");
    buf_puts(out, "Content-Disposition: attachment;\n filename");
    if (ascii) {
        buf_printf(out, "=\"%s\"\n\n", name);
    } else {
        buf_puts(out, "*=utf-8''");
        coding_percent_encode(name, strlen(name), out);
        buf_puts(out, "\n\n");
    }
    coding_base64_encode(f->bytes, f->n, out);
    free(name);
}

enum err mail_build(const struct mail *m, struct buf *out)
{
    size_t total = m->text_n;
    for (size_t i = 0; i < m->file_count; i++)
        total += m->files[i].n / 3 * 4 + 1000;
    if (total > MAIL_MAX)
        return ERR_LIMIT;
    const struct address_list from = {.items = (struct address *)(uintptr_t)&m->from, .count = 1};
    put_addresses(out, "From", &from);
    put_addresses(out, "To", &m->to);
    put_addresses(out, "Cc", &m->cc);
    put_addresses(out, "Reply-To", &m->reply_to);
    put_text(out, "Subject", m->subject ? m->subject : "");
    if (m->date_us) {
        buf_puts(out, "Date: ");
        mail_print_date(m->date_us, out);
        buf_putc(out, '\n');
    }
    put_ids(out, "Message-ID", m->message_id);
    put_ids(out, "In-Reply-To", m->in_reply_to);
    put_ids(out, "References", m->references);
    if (m->automatic)
        buf_puts(out, "Auto-Submitted: auto-generated\n");
    buf_puts(out, "MIME-Version: 1.0\n");
    if (m->file_count == 0) {
        put_body(out, m->text ? m->text : "", m->text_n);
        return ERR_OK;
    }
    buf_printf(out, "Content-Type: multipart/mixed; boundary=\"%s\"\n\n", border);
    buf_printf(out, "--%s\n", border);
    put_body(out, m->text ? m->text : "", m->text_n);
    for (size_t i = 0; i < m->file_count; i++) {
        buf_printf(out, "\n--%s\n", border);
        put_file(out, &m->files[i]);
    }
    buf_printf(out, "\n--%s--\n", border);
    return ERR_OK;
}
