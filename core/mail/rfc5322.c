/* Reading a message: headers, then the tree of its parts. See the header. */
#include "core/mail/rfc5322.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/mail/coding.h"
#include "core/mail/html.h"
#include "core/mail/params.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct span {
    const char *at;
    size_t n;
};

/* What the leaves below a part have given. */
struct texts {
    struct buf plain, html;
};

struct reading {
    struct mail *mail;
    size_t parts;
};

static size_t line_length(const char *at, size_t n)
{
    const char *nl = memchr(at, '\n', n);
    return nl ? (size_t)(nl + 1 - at) : n;
}

static bool is_empty_line(const char *at, size_t n)
{
    return (n == 1 && at[0] == '\n') || (n == 2 && at[0] == '\r' && at[1] == '\n');
}

/* The header block's length, its empty line included. */
static size_t header_length(struct span part)
{
    size_t i = 0;
    while (i < part.n) {
        size_t n = line_length(part.at + i, part.n - i);
        i += n;
        if (is_empty_line(part.at + i - n, n))
            break;
    }
    return i;
}

/* The first header of that name, unfolded into out; false when there is none. */
static bool header(struct span head, const char *name, struct buf *out, bool *ret_cut)
{
    size_t len = strlen(name), i = 0;
    bool found = false;
    buf_clear(out);
    while (i < head.n) {
        const char *line = head.at + i;
        size_t n = line_length(line, head.n - i);
        bool folded = n > 1 && (line[0] == ' ' || line[0] == '\t');
        i += n;
        if (found && !folded)
            break;
        if (!found) {
            if (n <= len || strncasecmp(line, name, len) != 0)
                continue;
            size_t colon = len;
            while (colon < n && (line[colon] == ' ' || line[colon] == '\t'))
                colon++;
            if (colon == n || line[colon] != ':')
                continue;
            found = true;
            line += colon + 1;
            n -= colon + 1;
        }
        for (size_t k = 0; k < n && out->len < MAIL_HEADER_MAX; k++)
            if (line[k] != '\r' && line[k] != '\n' && line[k] != '\0')
                buf_putc(out, line[k]);
        if (out->len >= MAIL_HEADER_MAX && ret_cut)
            *ret_cut = true;
    }
    size_t from = out->len ? strspn(out->data, " \t") : 0;
    buf_consume(out, from);
    while (out->len && (out->data[out->len - 1] == ' ' || out->data[out->len - 1] == '\t'))
        out->data[--out->len] = '\0';
    if (!out->data)
        buf_puts(out, "");
    return found;
}

bool mail_header(const char *head, size_t n, const char *name, struct buf *out)
{
    return header((struct span){head, n}, name, out, NULL);
}

/* --- leaves ------------------------------------------------------------------------------------
 */

static void decode_body(struct span body, const char *encoding, struct buf *out)
{
    size_t n = strcspn(encoding, " ;\t");
    if (n == 6 && strncasecmp(encoding, "base64", 6) == 0)
        coding_base64_decode(body.at, body.n, out);
    else if (n == 16 && strncasecmp(encoding, "quoted-printable", 16) == 0)
        coding_quoted_decode(body.at, body.n, false, out);
    else
        buf_append(out, body.at, body.n);
    if (!out->data)
        buf_puts(out, "");
}

/* Line ends of any kind are \n. */
static void drop_returns(struct buf *b)
{
    size_t to = 0;
    for (size_t i = 0; i < b->len; i++) {
        if (b->data[i] != '\r') {
            b->data[to++] = b->data[i];
            continue;
        }
        while (i + 1 < b->len && b->data[i + 1] == '\r')
            i++;
        if (i + 1 == b->len || b->data[i + 1] != '\n')
            b->data[to++] = '\n';
    }
    b->len = to;
    b->data[to] = '\0';
}

static void add_text(struct buf *to, const struct buf *text)
{
    if (to->len && text->len)
        buf_puts(to, to->data[to->len - 1] == '\n' ? "\n" : "\n\n");
    buf_append(to, text->data ? text->data : "", text->len);
}

static void read_text(struct span type, bool html, struct buf *bytes, struct texts *texts)
{
    struct buf charset = {0}, text = {0}, plain = {0};
    params_find(type.at, type.n, "charset", &charset);
    coding_to_utf8(charset.data ? charset.data : "", charset.len, bytes->data, bytes->len, &text);
    if (!text.data)
        buf_puts(&text, "");
    drop_returns(&text);
    if (html)
        html_to_text(text.data, text.len, &plain);
    add_text(html ? &texts->html : &texts->plain, html ? &plain : &text);
    buf_finish(&charset);
    buf_finish(&text);
    buf_finish(&plain);
}

static void read_file(struct reading *r, struct span type, struct buf *name, struct buf *bytes)
{
    size_t n = strcspn(type.at, "; \t");
    char *plain = mem_strndup(type.at, n < 127 ? n : 127);
    for (char *p = plain; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    bool ok = strchr(plain, '/') &&
              strspn(plain, "abcdefghijklmnopqrstuvwxyz0123456789/+-._") == strlen(plain);
    char *safe = NULL;
    if (name->len)
        safe = mail_file_name(name->data, name->len);
    else
        safe = mem_printf("part-%zu%s", r->mail->file_count + 1,
                          strcmp(plain, "message/rfc822") == 0 ? ".eml"
                          : strncmp(plain, "text/", 5) == 0    ? ".txt"
                                                               : "");
    if (!ok) {
        free(plain);
        plain = mem_strdup("application/octet-stream");
    }
    if (!bytes->data)
        buf_puts(bytes, "");
    mail_add_file(r->mail, safe, plain, bytes->data, bytes->len);
    *bytes = (struct buf){0};
}

static void read_leaf(struct reading *r, struct span head, struct span body, const struct buf *type,
                      struct texts *texts)
{
    struct buf disposition = {0}, encoding = {0}, name = {0}, bytes = {0};
    const struct span t = {type->data, type->len};
    bool text = strncasecmp(t.at, "text/plain", 10) == 0 || strncasecmp(t.at, "text/html", 9) == 0;
    if (r->parts++ >= MAIL_PARTS_MAX) {
        r->mail->partial = true;
        return;
    }
    header(head, "Content-Disposition", &disposition, NULL);
    header(head, "Content-Transfer-Encoding", &encoding, NULL);
    if (!params_find(disposition.data, disposition.len, "filename", &name))
        params_find(t.at, t.n, "name", &name);
    decode_body(body, encoding.data, &bytes);
    bool attached = strncasecmp(disposition.data, "attachment", 10) == 0 || name.len;
    if (text && !attached)
        read_text(t, strncasecmp(t.at, "text/html", 9) == 0, &bytes, texts);
    else
        read_file(r, t, &name, &bytes);
    buf_finish(&disposition);
    buf_finish(&encoding);
    buf_finish(&name);
    buf_finish(&bytes);
}

/* --- the tree ----------------------------------------------------------------------------------
 */

static void read_part(struct reading *r, struct span part, const char *absent, int depth,
                      struct texts *texts);

/* Is the line a border of the multipart? 2: its last one. */
static int border(const char *line, size_t n, const struct buf *name)
{
    if (n < name->len + 2 || line[0] != '-' || line[1] != '-' ||
        memcmp(line + 2, name->data, name->len) != 0)
        return 0;
    line += name->len + 2;
    n -= name->len + 2;
    bool last = n >= 2 && line[0] == '-' && line[1] == '-';
    for (size_t i = last ? 2 : 0; i < n; i++)
        if (!strchr(" \t\r\n", line[i]) || !line[i])
            return 0;
    return last ? 2 : 1;
}

static void flatten(struct texts *child, struct texts *texts)
{
    if (child->plain.len) {
        add_text(&texts->plain, &child->plain);
    } else if (child->html.len) {
        add_text(texts->plain.len ? &texts->plain : &texts->html, &child->html);
    }
    buf_finish(&child->plain);
    buf_finish(&child->html);
}

static void read_multipart(struct reading *r, struct span body, const struct buf *type, int depth,
                           const struct buf *name, struct texts *texts)
{
    bool alternative = strncasecmp(type->data, "multipart/alternative", 21) == 0;
    const char *absent =
        strncasecmp(type->data, "multipart/digest", 16) == 0 ? "message/rfc822" : "text/plain";
    struct texts all = {0};
    const char *from = NULL;
    int is = 0;
    for (size_t i = 0, n; i <= body.n && is != 2; i += n) {
        n = i < body.n ? line_length(body.at + i, body.n - i) : 1;
        is = i < body.n ? border(body.at + i, n, name) : 2; /* one that was cut off ends too */
        if (!is)
            continue;
        if (from && r->parts < MAIL_PARTS_MAX) {
            struct span part = {from, (size_t)(body.at + i - from)};
            if (part.n && part.at[part.n - 1] == '\n') /* the line's end belongs to the border */
                part.n--;
            if (part.n && part.at[part.n - 1] == '\r')
                part.n--;
            struct texts one = {0};
            read_part(r, part, absent, depth + 1, alternative ? &all : &one);
            if (!alternative)
                flatten(&one, &all);
        } else if (from) {
            r->mail->partial = true;
        }
        from = body.at + (i + n < body.n ? i + n : body.n);
    }
    flatten(&all, texts);
}

static void read_part(struct reading *r, struct span part, const char *absent, int depth,
                      struct texts *texts)
{
    size_t n = header_length(part);
    struct span head = {part.at, n}, body = {part.at + n, part.n - n};
    struct buf type = {0}, name = {0};
    header(head, "Content-Type", &type, NULL);
    if (!strchr(type.data, '/')) {
        buf_clear(&type);
        buf_puts(&type, absent);
    }
    bool multi = strncasecmp(type.data, "multipart/", 10) == 0 &&
                 params_find(type.data, type.len, "boundary", &name) && name.len && name.len <= 200;
    if (multi && depth < MAIL_NESTING_MAX)
        read_multipart(r, body, &type, depth, &name, texts);
    else
        read_leaf(r, head, body, &type, texts);
    r->mail->partial = r->mail->partial || (multi && depth >= MAIL_NESTING_MAX);
    buf_finish(&type);
    buf_finish(&name);
}

/* --- the whole ---------------------------------------------------------------------------------
 */

/* The ids of a header, each without < and >, with one space between. */
static char *read_ids(const struct buf *value, bool one)
{
    struct buf ids = {0};
    const char *p = value->data;
    while ((p = strchr(p, '<'))) {
        size_t n = strcspn(++p, "<> \t");
        bool ok = p[n] == '>' && n >= 3 && n < 250 && text_is_utf8(p, n) && ids.len < 16000;
        for (size_t i = 0; i < n; i++)
            ok = ok && (unsigned char)p[i] > ' ' && p[i] != 0x7f;
        if (ok) {
            if (ids.len)
                buf_putc(&ids, ' ');
            buf_append(&ids, p, n);
            if (one)
                break;
        }
        p += n;
    }
    return ids.data ? buf_take(&ids) : mem_strdup("");
}

static char *read_line(const struct buf *value)
{
    struct buf text = {0};
    coding_words_decode(value->data, value->len, &text);
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.data[i] < 0x20 || text.data[i] == 0x7f)
            text.data[i] = ' ';
    return text.data ? buf_take(&text) : mem_strdup("");
}

static void read_headers(struct span head, struct mail *m)
{
    struct buf v = {0};
    bool cut = false;
    struct {
        const char *name;
        struct address_list *list;
    } lists[] = {{"To", &m->to}, {"Cc", &m->cc}, {"Reply-To", &m->reply_to}};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (header(head, lists[i].name, &v, &cut))
            address_list_parse(v.data, v.len, NULL, true, lists[i].list, NULL, 0);
    struct address_list from = {0};
    if (header(head, "From", &v, &cut) || header(head, "Sender", &v, &cut))
        address_list_parse(v.data, v.len, NULL, true, &from, NULL, 0);
    if (from.count)
        m->from = from.items[0];
    address_list_finish(&from);
    header(head, "Subject", &v, &cut);
    m->subject = read_line(&v);
    header(head, "Message-ID", &v, &cut);
    m->message_id = read_ids(&v, true);
    header(head, "In-Reply-To", &v, &cut);
    m->in_reply_to = read_ids(&v, true);
    header(head, "References", &v, &cut);
    m->references = read_ids(&v, false);
    header(head, "Date", &v, &cut);
    m->date_us = mail_read_date(v.data);
    m->automatic =
        (header(head, "Auto-Submitted", &v, &cut) && strncasecmp(v.data, "no", 2) != 0) ||
        header(head, "List-Id", &v, &cut) ||
        (header(head, "Return-Path", &v, &cut) && strcmp(v.data, "<>") == 0);
    m->partial = cut;
    buf_finish(&v);
}

/* mbox's first line, which some delivery agents leave in. */
static struct span skip_mbox_line(struct span all)
{
    if (all.n > 5 && memcmp(all.at, "From ", 5) == 0) {
        size_t n = line_length(all.at, all.n);
        all.at += n;
        all.n -= n;
    }
    return all;
}

enum err mail_parse(const char *bytes, size_t n, struct mail *ret_mail)
{
    struct mail m = {0};
    struct reading r = {.mail = &m};
    struct texts texts = {0}, all = {0};
    if (n > MAIL_MAX)
        return ERR_LIMIT;
    struct span part = skip_mbox_line((struct span){bytes, n});
    size_t first = line_length(part.at, part.n);
    const char *colon = first ? memchr(part.at, ':', first) : NULL;
    if (!colon || colon == part.at || memchr(part.at, ' ', (size_t)(colon - part.at)))
        return ERR_INVALID;
    read_headers((struct span){part.at, header_length(part)}, &m);
    read_part(&r, part, "text/plain", 0, &texts);
    m.from_html = texts.plain.len == 0 && texts.html.len > 0;
    flatten(&texts, &all);
    struct buf *text = all.plain.len ? &all.plain : &all.html;
    m.text_n = text->len;
    m.text = text->data ? buf_take(text) : mem_strdup("");
    buf_finish(&all.plain);
    buf_finish(&all.html);
    *ret_mail = m;
    return ERR_OK;
}

void mail_add_file(struct mail *m, char *name, char *type, char *bytes, size_t n)
{
    if ((m->file_count & (m->file_count - 1)) == 0)
        m->files =
            mem_reallocarray(m->files, m->file_count ? m->file_count * 2 : 1, sizeof *m->files);
    m->files[m->file_count++] = (struct mail_file){name, type, bytes, n};
}

void mail_finish(struct mail *m)
{
    for (size_t i = 0; i < m->file_count; i++) {
        free(m->files[i].name);
        free(m->files[i].type);
        free(m->files[i].bytes);
    }
    free(m->files);
    address_list_finish(&m->to);
    address_list_finish(&m->cc);
    address_list_finish(&m->reply_to);
    free(m->subject);
    free(m->message_id);
    free(m->in_reply_to);
    free(m->references);
    free(m->text);
    *m = (struct mail){0};
}
