/* Texts of a transcript, made safe on their way in. Pure, any thread. */
#include "core/agent/transcript_private.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes that are safe as they are; whole: all or nothing, a character. Once something did not fit,
 * nothing behind it does. */
static void put(struct transcript_text *x, const char *bytes, size_t n, size_t limit, bool whole)
{
    size_t left = x->more || x->n >= limit ? 0 : limit - x->n;
    size_t take = n <= left ? n : whole ? 0 : left;

    if (take) {
        if (x->n + take + 1 > x->room) {
            size_t room = x->room ? x->room * 2 : 0;
            x->room = room > x->n + take + 1 ? room : x->n + take + 1;
            x->text = mem_realloc(x->text, x->room);
        }
        memcpy(x->text + x->n, bytes, take);
        x->n += take;
        x->text[x->n] = '\0';
    }
    x->more += n - take;
}

static bool plain(char c)
{
    return (c >= 0x20 && c < 0x7f) || c == '\n' || c == '\t';
}

void transcript_text_add(struct transcript_text *x, const char *text, size_t n, size_t limit)
{
    for (size_t i = 0, run; i < n;) {
        for (run = i; run < n && plain(text[run]);)
            run++;
        if (run > i) {
            put(x, text + i, run - i, limit, false);
            i = run;
            continue;
        }
        uint32_t point;
        char safe[8];
        size_t used = text_decode(text + i, n - i, &point);
        if (!(point == '\r' && i + 1 < n && text[i + 1] == '\n'))
            put(x, safe, text_make_safe(safe, sizeof safe, text + i, used), limit, true);
        i += used;
    }
}

void transcript_text_join(struct transcript_text *to, const struct transcript_text *from,
                          size_t limit)
{
    /* By characters, for the border may fall into one. */
    for (size_t i = 0, run; i < from->n;) {
        for (run = i; run < from->n && (signed char)from->text[run] >= 0;)
            run++;
        uint32_t point;
        size_t used = run > i ? run - i : text_decode(from->text + i, from->n - i, &point);
        put(to, from->text + i, used, limit, run == i);
        i += used;
    }
    to->more += from->more;
}

void transcript_text_clear(struct transcript_text *x)
{
    free(x->text);
    *x = (struct transcript_text){0};
}

char *transcript_line(const char *text, size_t max)
{
    size_t n, room;
    char *out;

    if (!text)
        return NULL;
    n = strnlen(text, max);
    room = n * 3 + 1;
    out = mem_zalloc(room);
    text_make_safe(out, room, text, n);
    return out;
}

static void put_word(struct transcript_text *x, const char *text, size_t limit)
{
    transcript_text_add(x, text, strlen(text), limit);
}

static void put_size(struct transcript_text *x, const char *what, const cJSON *content,
                     size_t limit)
{
    char size[60];

    snprintf(size, sizeof size, ", %zu bytes", strlen(json_string(content, "data", "")) / 4 * 3);
    put_word(x, what, limit);
    put_word(x, json_string(content, "mimeType", "unknown"), limit);
    put_word(x, size, limit);
    put_word(x, "]", limit);
}

void transcript_text_content(struct transcript_text *x, const cJSON *content, size_t limit)
{
    const char *type = json_string(content, "type", "");
    const cJSON *resource = json_get(content, "resource");

    if (strcmp(type, "text") == 0) {
        put_word(x, json_string(content, "text", ""), limit);
    } else if (strcmp(type, "image") == 0) {
        put_size(x, "[image ", content, limit);
    } else if (strcmp(type, "audio") == 0) {
        put_size(x, "[audio ", content, limit);
    } else if (strcmp(type, "resource_link") == 0) {
        put_word(x, "[", limit);
        put_word(x, json_string(content, "title", json_string(content, "name", "link")), limit);
        put_word(x, "](", limit);
        put_word(x, json_string(content, "uri", ""), limit);
        put_word(x, ")", limit);
    } else if (resource) {
        put_word(x, "[", limit);
        put_word(x, json_string(resource, "uri", "resource"), limit);
        put_word(x, "]\n", limit);
        put_word(x, json_string(resource, "text", ""), limit);
    }
}
