/* A message's text (see mailtext.h). A page is laid out up to its last line end; what is behind
 * waits for the next page, unless it is longer than a page itself. */
#include "tui/inbox/mailtext.h"

#include "core/base/json.h"
#include "core/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_LONG 65536u /* a line longer than that is broken where a page ends */
#define JSON_MOST 65536u /* a longer JSON text is shown as it is */
#define PIECE     512u

void mailtext_init(struct mailtext *t)
{
    memset(t, 0, sizeof *t);
    t->size = -1;
}

void mailtext_finish(struct mailtext *t)
{
    buf_finish(&t->raw);
    if (t->width > 0)
        sheet_finish(&t->sheet);
    memset(t, 0, sizeof *t);
}

static void lay_anew(struct mailtext *t)
{
    if (t->width > 0)
        sheet_finish(&t->sheet);
    t->width = 0;
    t->laid = 0;
    t->ready = false;
    t->lines = NULL;
    t->count = 0;
}

void mailtext_about(struct mailtext *t, const char *id)
{
    lay_anew(t);
    buf_finish(&t->raw);
    snprintf(t->id, sizeof t->id, "%s", id);
    t->size = -1;
    t->whole = t->asking = t->failed = false;
}

void mailtext_page(struct mailtext *t, int64_t offset, const char *bytes, size_t n, int64_t size)
{
    t->asking = false;
    if (offset != (int64_t)t->raw.len)
        return;
    buf_append(&t->raw, bytes, n);
    t->size = size;
    t->whole = n == 0 || (int64_t)t->raw.len >= size;
    t->ready = false;
}

void mailtext_fail(struct mailtext *t, const char *why)
{
    t->asking = false;
    t->whole = t->failed = true;
    lay_anew(t);
    buf_clear(&t->raw);
    buf_puts(&t->raw, why);
    t->size = (int64_t)t->raw.len;
}

/* One line, safe but for tabs, appended. */
static void make_safe(struct buf *out, const char *text, size_t n)
{
    char piece[PIECE * 4 + 8];

    if (n > 0 && text[n - 1] == '\r')
        n--;
    while (n > 0) {
        size_t used = 0;
        uint32_t point;
        while (used < n && used < PIECE && text[used] != '\t')
            used += text_decode(text + used, n - used, &point);
        buf_append(out, piece, text_make_safe(piece, sizeof piece, text, used));
        text += used;
        n -= used;
        if (n > 0 && *text == '\t') {
            buf_putc(out, '\t');
            text++;
            n--;
        }
    }
}

static void lay_line(struct mailtext *t, struct buf *scratch, const char *text, size_t n)
{
    buf_clear(scratch);
    make_safe(scratch, text, n);
    markdown_line(&t->markdown, &t->sheet, scratch->data ? scratch->data : "", scratch->len);
}

/* A text that is one JSON object or array, as a person reads it; false when it is none. */
static bool lay_json(struct mailtext *t, struct buf *scratch)
{
    size_t skip = strspn(t->raw.data, " \t\r\n");
    cJSON *json = NULL;
    char *text;

    if (!t->whole || t->raw.len > JSON_MOST || !strchr("{[", t->raw.data[skip]) ||
        !t->raw.data[skip] || json_parse(t->raw.data, t->raw.len, &json) != ERR_OK)
        return false;
    text = cJSON_Print(json);
    cJSON_Delete(json);
    for (char *line = text, *next; line && *line; line = next) {
        size_t n = strcspn(line, "\n");
        next = line + n + (line[n] == '\n');
        buf_clear(scratch);
        make_safe(scratch, line, n);
        sheet_piece(&t->sheet, ROLE_CODE, 0, scratch->data ? scratch->data : "", scratch->len);
        sheet_end(&t->sheet, WRAP_HARD);
    }
    cJSON_free(text);
    t->laid = t->raw.len;
    return true;
}

static void lay_lines(struct mailtext *t, struct buf *scratch)
{
    while (t->laid < t->raw.len) {
        const char *line = t->raw.data + t->laid;
        size_t left = t->raw.len - t->laid;
        const char *end = memchr(line, '\n', left);
        size_t n = end ? (size_t)(end - line) : left;
        if (!end && !t->whole && n < LINE_LONG)
            return;            /* the rest of it comes with the next page */
        if (!end && !t->whole) /* half a character stays for the next page */
            while (n > 1 && left - n < 3 && ((unsigned char)line[n - 1] & 0xc0) == 0x80)
                n--;
        lay_line(t, scratch, line, n);
        t->laid += n + (end != NULL);
    }
}

void mailtext_lay(struct mailtext *t, int width, bool utf8)
{
    struct buf scratch = {0};

    width = width > 1 ? width : 1;
    if (t->width != width || t->utf8 != utf8) {
        lay_anew(t);
        sheet_init(&t->sheet, width, utf8);
        t->width = width;
        t->utf8 = utf8;
        markdown_begin(&t->markdown, t->failed ? ROLE_BAD : ROLE_TEXT, ROLE_DIM, "");
    }
    if (t->ready)
        return;
    if (t->raw.len > 0 && (t->laid > 0 || !lay_json(t, &scratch)))
        lay_lines(t, &scratch);
    buf_finish(&scratch);
    t->lines = sheet_make(&t->sheet);
    t->count = (int)t->sheet.line_count;
    t->ready = true;
}
