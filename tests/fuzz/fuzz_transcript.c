/* Any lines of JSON are a session's events: its first byte says where the older page ends and how
 * wide the pane is. Nothing but signs reaches the canvas, and reading it in two pages gives the
 * number of blocks that reading it at once gives. */
#include "core/base/json.h"
#include "tui/transcript/transcript_pane.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static cJSON *read_entries(const char *text, size_t n)
{
    cJSON *all = cJSON_CreateArray();
    int seq = 0;

    for (size_t at = 0; at < n;) {
        const char *end = memchr(text + at, '\n', n - at);
        size_t len = end ? (size_t)(end - text) - at : n - at;
        cJSON *line = NULL, *event = NULL;
        if (json_parse(text + at, len, &line) == ERR_OK)
            event = cJSON_DetachItemFromObjectCaseSensitive(line, "notification");
        if (event) { /* numbers and times are the hub's own: they rise */
            cJSON *entry = cJSON_CreateObject();
            json_add_int(entry, "sequenceNumber", ++seq);
            json_add_int(entry, "timestamp", seq * 1000);
            cJSON_AddItemToObject(entry, "notification", event);
            cJSON_AddItemToArray(all, entry);
        }
        cJSON_Delete(line);
        at += len + 1;
    }
    return all;
}

static void draw(struct transcript *t, int cols, struct theme *theme)
{
    static const char keys[] = "Ekkjg{}nEay";
    struct transcript_pane *pane = transcript_pane_create(t);
    struct canvas *canvas = canvas_create(20, cols);
    struct buf text = {0};

    transcript_pane_viewer(pane, "ada", true, "ada");
    for (const char *key = keys; *key; key++) {
        struct input_event e = {.kind = INPUT_KEY, .code = (uint32_t)*key};
        struct transcript_action action;
        transcript_pane_draw(pane, canvas, (struct rect){0, 0, 20, cols}, true, 0, theme);
        transcript_pane_key(pane, &e, &action);
    }
    transcript_pane_search(pane, "a", true);
    transcript_pane_draw(pane, canvas, (struct rect){0, 0, 20, cols}, true, 0, theme);
    canvas_print(canvas, false, &text);
    for (size_t i = 0; i < text.len; i++)
        if (((unsigned char)text.data[i] < 0x20 && text.data[i] != '\n') || text.data[i] == 0x7f)
            abort();
    buf_finish(&text);
    canvas_destroy(canvas);
    transcript_pane_destroy(pane);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct transcript *whole = transcript_create(0), *cut = transcript_create(0);
    struct theme *theme = NULL;
    char *why = NULL;
    cJSON *all, *entry;
    int border = size ? data[0] % 16 : 0, cols = size > 1 ? 1 + data[1] % 100 : 80;

    all = read_entries((const char *)data + (size > 2 ? 2 : size), size > 2 ? size - 2 : 0);
    cJSON_ArrayForEach(entry, all)
    {
        transcript_add_entry(whole, entry, 0);
        if (json_int(entry, "sequenceNumber", 0) > border)
            transcript_add_entry(cut, entry, 0);
    }
    if (transcript_whole(cut) > 1 && !transcript_prepend(cut, all, 1))
        abort();
    if (transcript_head(cut) && transcript_count(cut) != transcript_count(whole))
        abort();
    if (theme_parse("{}", 2, &theme, &why) != ERR_OK)
        abort();
    draw(whole, cols, theme);
    draw(cut, cols, theme);
    theme_destroy(theme);
    transcript_destroy(whole);
    transcript_destroy(cut);
    cJSON_Delete(all);
    return 0;
}
