/* Renders a session's recorded events to the terminal, for eyes:
 *   show_transcript [-c COLS] [-r ROWS] [-t THEME] [-a] [-o] [-O] < events.jsonl
 * An event a line, as session.events gives them. ROWS 0 (the default): all of it. -a: ASCII signs,
 * -o: everything open, -O: as an observer sees it. */
#include "core/base/json.h"
#include "tui/transcript/transcript_pane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct transcript *read_events(FILE *in)
{
    struct transcript *t = transcript_create(0);
    char *line = NULL;
    size_t room = 0;
    ssize_t n;

    while ((n = getline(&line, &room, in)) > 0) {
        cJSON *entry = NULL;
        if (json_parse(line, (size_t)n, &entry) == ERR_OK)
            transcript_add_entry(t, entry, 0);
        else
            fprintf(stderr, "show_transcript: no JSON: %.60s\n", line);
        cJSON_Delete(entry);
    }
    free(line);
    return t;
}

int main(int argc, char **argv)
{
    int cols = 80, rows = 0, option;
    bool utf8 = true, open = false, driver = true;
    const char *name = "dark";
    struct theme *theme;
    struct transcript *t;
    struct transcript_pane *pane;
    struct canvas *canvas;
    struct buf out = {0};
    char *why = NULL;

    while ((option = getopt(argc, argv, "c:r:t:aoO")) != -1)
        switch (option) {
        case 'c': cols = atoi(optarg); break;
        case 'r': rows = atoi(optarg); break;
        case 't': name = optarg; break;
        case 'a': utf8 = false; break;
        case 'o': open = true; break;
        case 'O': driver = false; break;
        default: return 2;
        }
    if (theme_load(name, &theme, &why) != ERR_OK) {
        fprintf(stderr, "show_transcript: %s\n", why);
        free(why);
        return 1;
    }
    theme_fit(theme, TERM_TRUECOLOUR, utf8);
    t = read_events(stdin);
    pane = transcript_pane_create(t);
    transcript_pane_viewer(pane, "ada", driver, "ada");
    canvas = canvas_create(rows ? rows : SCREEN_MAX_ROWS, cols);
    if (open) {
        struct input_event key = {.kind = INPUT_KEY, .code = 'E'};
        struct transcript_action action;
        transcript_pane_key(pane, &key, &action);
    }
    transcript_pane_draw(pane, canvas, (struct rect){0, 0, canvas_rows(canvas), cols}, false, 0,
                         theme);
    canvas_print(canvas, true, &out);
    while (!rows && out.len > 1 && out.data[out.len - 2] == '\n')
        out.len--; /* the rows below the last line */
    fwrite(out.data, 1, out.len, stdout);
    buf_finish(&out);
    canvas_destroy(canvas);
    transcript_pane_destroy(pane);
    transcript_destroy(t);
    theme_destroy(theme);
    return 0;
}
