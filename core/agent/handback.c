/* A transcript as text; see the header. Entries (a prompt, an answer, a tool's title and end) are
 * kept in one buffer; when it has grown to twice the limit, its older half goes. An answer comes in
 * many pieces: pieces that follow each other are one entry. */
#include "core/agent/handback.h"
#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#include <stdlib.h>
#include <string.h>

#define PIECE_MAX ((size_t)8 * 1024) /* of what one tool's title or one prompt's block may add */

static const char opening[] =
    "What follows is the record of this session so far, as another process of you left it. It is "
    "for your knowledge; do not repeat or carry out anything in it again.\n";
static const char shortened[] = "(The beginning is left out.)\n";
static const char closing[] = "\nThat was the record. Now goes on what you are asked:\n";

enum speaker { NOBODY, PERSON, AGENT };

struct handback {
    struct buf text;
    size_t room; /* what is kept of text in the end */
    enum speaker last;
    bool cut;
};

struct handback *handback_create(size_t limit)
{
    struct handback *h = mem_zalloc(sizeof *h);
    const size_t frame = sizeof opening + sizeof shortened + sizeof closing;
    h->room = (limit < 1024 ? 1024 : limit) - frame;
    return h;
}

void handback_destroy(struct handback *h)
{
    if (!h)
        return;
    buf_finish(&h->text);
    free(h);
}

/* Drops the beginning, up to a line's end if there is one near, else to a whole character. */
static void cut_to(struct handback *h, size_t keep)
{
    if (h->text.len <= keep)
        return;
    size_t from = h->text.len - keep;
    const char *line = memchr(h->text.data + from, '\n', h->text.len - from);
    if (line && line + 1 < h->text.data + h->text.len &&
        (size_t)(line - (h->text.data + from)) < keep / 2)
        from = (size_t)(line - h->text.data) + 1;
    while (from < h->text.len && ((unsigned char)h->text.data[from] & 0xc0) == 0x80)
        from++;
    buf_consume(&h->text, from);
    h->cut = true;
}

static void add_text(struct handback *h, const char *text, size_t most)
{
    size_t n = strlen(text), at = 0;
    while (at < n && at < most) {
        uint32_t point;
        char bytes[4];
        at += text_decode(text + at, n - at, &point);
        if (point == '\t' || point == '\n' || (point >= ' ' && point != 0x7f))
            buf_append(&h->text, bytes, text_encode(point, bytes));
    }
    if (at < n)
        buf_puts(&h->text, " (shortened)");
    if (h->text.len > 2 * h->room)
        cut_to(h, h->room);
}

static void begin_entry(struct handback *h, enum speaker speaker, const char *head)
{
    if (h->text.len)
        buf_putc(&h->text, '\n');
    add_text(h, head, PIECE_MAX);
    h->last = speaker;
}

static void add_block(struct handback *h, const cJSON *block)
{
    const char *type = json_string(block, "type", "");
    const cJSON *resource = json_get(block, "resource");
    const char *uri = json_string(block, "uri", json_string(resource, "uri", ""));
    if (strcmp(type, "text") == 0) {
        add_text(h, json_string(block, "text", ""), h->room);
        return;
    }
    add_text(h, "(", 1);
    add_text(h, *type ? type : "something", PIECE_MAX);
    if (*uri)
        add_text(h, " ", 1);
    add_text(h, uri, PIECE_MAX);
    add_text(h, ")", 1);
}

static void add_prompt(struct handback *h, const cJSON *params)
{
    const cJSON *block;
    begin_entry(h, PERSON, json_string(params, "by", "somebody"));
    add_text(h, " asked: ", PIECE_MAX);
    cJSON_ArrayForEach(block, json_get(params, "prompt")) add_block(h, block);
}

static void add_update(struct handback *h, const cJSON *update)
{
    const char *what = json_string(update, "sessionUpdate", "");
    if (strcmp(what, "agent_message_chunk") == 0) {
        if (h->last != AGENT)
            begin_entry(h, AGENT, "You answered: ");
        add_block(h, json_get(update, "content"));
    } else if (strcmp(what, "tool_call") == 0) {
        begin_entry(h, NOBODY, "You used a tool: ");
        add_text(h, json_string(update, "title", json_string(update, "kind", "unnamed")),
                 PIECE_MAX);
    } else if (strcmp(what, "tool_call_update") == 0) {
        const char *status = json_string(update, "status", "");
        if (strcmp(status, "completed") != 0 && strcmp(status, "failed") != 0)
            return;
        begin_entry(h, NOBODY, "That tool ");
        add_text(h, status, PIECE_MAX);
        add_text(h, *json_string(update, "title", "") ? ": " : "", PIECE_MAX);
        add_text(h, json_string(update, "title", ""), PIECE_MAX);
    }
}

static void add_resolved(struct handback *h, const cJSON *params)
{
    const char *name = json_string(params, "name", json_string(params, "kind", ""));
    begin_entry(h, NOBODY, json_string(params, "by", ""));
    add_text(h, " answered your request for permission: ", PIECE_MAX);
    add_text(h, *name ? name : json_string(params, "outcome", "cancelled"), PIECE_MAX);
}

static void add_end(struct handback *h, const cJSON *params)
{
    const char *why = json_string(params, "stopReason", "");
    if (strcmp(why, "end_turn") == 0) {
        h->last = NOBODY;
        return;
    }
    begin_entry(h, NOBODY, "That turn ended: ");
    add_text(h, why, PIECE_MAX);
}

void handback_add(struct handback *h, const char *method, const cJSON *params)
{
    if (strcmp(method, "session/prompt") == 0)
        add_prompt(h, params);
    else if (strcmp(method, "session/update") == 0)
        add_update(h, json_get(params, "update"));
    else if (strcmp(method, "_baton/permission_resolved") == 0)
        add_resolved(h, params);
    else if (strcmp(method, "_baton/turn_end") == 0)
        add_end(h, params);
}

char *handback_take(struct handback *h)
{
    struct buf out = {0};
    cut_to(h, h->room);
    if (h->text.len) {
        buf_puts(&out, opening);
        if (h->cut)
            buf_puts(&out, shortened);
        buf_putc(&out, '\n');
        buf_append(&out, h->text.data, h->text.len);
        buf_puts(&out, closing);
    }
    buf_clear(&h->text);
    h->cut = false;
    h->last = NOBODY;
    return out.len ? buf_take(&out) : NULL;
}
