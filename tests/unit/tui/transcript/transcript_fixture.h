/* What tests of the transcript's pane share: the recorded session of
 * tests/support/transcript.jsonl, events by hand, keys, a canvas. */
#ifndef BATON_TESTS_TRANSCRIPT_FIXTURE_H
#define BATON_TESTS_TRANSCRIPT_FIXTURE_H

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "tui/transcript/transcript_pane.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fixture {
    struct transcript *t;
    struct transcript_pane *pane;
    struct canvas *canvas;
    struct theme *theme;
    struct transcript_action action;
    bool earlier;
};

static inline struct fixture *fixture_create(int rows, int cols)
{
    struct fixture *f = mem_zalloc(sizeof *f);
    char *why = NULL;

    f->t = transcript_create(0);
    f->pane = transcript_pane_create(f->t);
    transcript_pane_viewer(f->pane, "ada", true, "ada");
    f->canvas = canvas_create(rows, cols);
    assert_int_equal(theme_load(NULL, &f->theme, &why), ERR_OK);
    theme_fit(f->theme, TERM_256, true);
    return f;
}

static inline void fixture_destroy(struct fixture *f)
{
    transcript_pane_destroy(f->pane);
    transcript_destroy(f->t);
    canvas_destroy(f->canvas);
    theme_destroy(f->theme);
    free(f);
}

static inline void fixture_read(struct fixture *f)
{
    const char *file = __FILE__, *tests = strstr(file, "unit/tui/");
    char path[4096], *text = NULL;
    size_t n = 0;

    assert_non_null(tests);
    snprintf(path, sizeof path, "%.*ssupport/transcript.jsonl", (int)(tests - file), file);
    assert_int_equal(path_read_file(path, 1 << 20, &text, &n), ERR_OK);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        cJSON *entry = NULL;
        assert_int_equal(json_parse(line, strlen(line), &entry), ERR_OK);
        assert_true(transcript_add_entry(f->t, entry, 0));
        cJSON_Delete(entry);
    }
    free(text);
}

/* One event, a second after the one before. */
static inline void fixture_add(struct fixture *f, const char *method, const char *params)
{
    int64_t seq = transcript_head(f->t) + 1;
    cJSON *json = NULL;

    assert_int_equal(json_parse(params, strlen(params), &json), ERR_OK);
    assert_true(transcript_add(f->t, seq, seq * 1000, method, json));
    cJSON_Delete(json);
}

static inline void fixture_say(struct fixture *f, const char *kind, const char *text)
{
    cJSON *params = cJSON_CreateObject(), *update = cJSON_AddObjectToObject(params, "update");
    cJSON *content = cJSON_AddObjectToObject(update, "content");
    int64_t seq = transcript_head(f->t) + 1;

    cJSON_AddStringToObject(update, "sessionUpdate", kind);
    cJSON_AddStringToObject(content, "type", "text");
    cJSON_AddStringToObject(content, "text", text);
    assert_true(transcript_add(f->t, seq, seq * 1000, "session/update", params));
    cJSON_Delete(params);
}

static inline void fixture_draw(struct fixture *f)
{
    struct rect all = {0, 0, canvas_rows(f->canvas), canvas_cols(f->canvas)};

    canvas_fill(f->canvas, all, (struct style){0});
    f->earlier = transcript_pane_draw(f->pane, f->canvas, all, true, 0, f->theme);
}

static inline bool fixture_key(struct fixture *f, uint32_t code)
{
    struct input_event e = {.kind = INPUT_KEY, .code = code};

    return transcript_pane_key(f->pane, &e, &f->action);
}

static inline bool fixture_mouse(struct fixture *f, enum mouse_kind kind, int row, int col)
{
    struct input_event e = {
        .kind = INPUT_MOUSE, .mouse = kind, .button = 1, .row = row, .col = col};

    return transcript_pane_mouse(f->pane, &e, &f->action);
}

/* The text of one row, trimmed. */
static inline const char *fixture_row(struct fixture *f, int row)
{
    static char text[8192];
    size_t n = 0;

    for (int col = 0; col < canvas_cols(f->canvas); col++) {
        const struct screen_cell *cell = canvas_at(f->canvas, row, col);
        if (cell->width)
            n +=
                (size_t)snprintf(text + n, sizeof text - n, "%s", cell->text[0] ? cell->text : " ");
    }
    while (n && text[n - 1] == ' ')
        n--;
    text[n] = '\0';
    return text + strspn(text, " ");
}

/* The row that holds this text, -1: none. */
static inline int fixture_find(struct fixture *f, const char *text)
{
    for (int row = 0; row < canvas_rows(f->canvas); row++)
        if (strstr(fixture_row(f, row), text))
            return row;
    return -1;
}

#endif
