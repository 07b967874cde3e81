/* Copy mode in a pane: getting the frozen screen with all its history from the hub, and what is
 * copied. Until the history is there the pane lives on. */
#include "tui/console/console_private.h"

#include "core/base/json.h"
#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

#define HISTORY_MOST 1000000

struct asking {
    struct console *c;
    int pane;
};

/* What the mouse did while the history was on its way. */
static void catch_up(struct console *c, struct pane *p)
{
    const struct input_event *events = (const struct input_event *)(const void *)p->copy_mouse.data;
    size_t n = p->copy_mouse.len / sizeof *events;

    for (size_t i = 0; i < n && p->copy; i++)
        if (copy_mouse(p->copy, &events[i]) == COPY_TAKES)
            console_copied(c, p);
    buf_finish(&p->copy_mouse);
}

static void arrived(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct asking *asking = data;
    struct console *c = asking->c;
    struct pane *p = console_pane(c, asking->pane);
    struct screen_options options = {.history = HISTORY_MOST};
    struct screen *screen;
    char *state = NULL;
    size_t n = 0;

    free(asking);
    c->draw = true;
    if (p)
        p->copy_asked = false;
    if (fault)
        notices_add(&c->notices, ROLE_BAD, "%s", fault->message);
    if (!p || p->copy || fault || strcmp(json_string(result, "shellId", ""), p->target) != 0)
        return;
    if (json_get_base64(result, "data", &state, &n) != ERR_OK)
        return;
    screen = screen_create((int)json_int(result, "rows", 24), (int)json_int(result, "cols", 80),
                           &options, NULL, NULL);
    screen_feed(screen, state, n);
    free(state);
    p->copy = copy_create(screen);
    copy_size(p->copy, p->inner.rows, p->inner.cols);
    if (p->copy_page)
        copy_scroll(p->copy, -p->inner.rows);
    p->copy_page = false;
    catch_up(c, p);
}

void console_copy_mode(struct console *c, struct pane *p, bool page_up)
{
    cJSON *params;
    struct asking *asking;

    if (p->kind == PANE_SESSION) {
        console_browse(c, p, page_up);
        return;
    }
    if (p->kind != PANE_SHELL || !p->target[0] || p->copy || p->copy_asked)
        return;
    if (p->feed && p->feed->source) { /* all there is of it is here */
        p->copy = copy_create(screen_clone(p->feed->screen));
        copy_size(p->copy, p->inner.rows, p->inner.cols);
        if (page_up)
            copy_scroll(p->copy, -p->inner.rows);
        c->draw = true;
        return;
    }
    params = cJSON_CreateObject();
    asking = mem_zalloc(sizeof *asking);
    asking->c = c;
    asking->pane = p->id;
    p->copy_asked = true;
    p->copy_page = page_up;
    cJSON_AddStringToObject(params, "shellId", p->target);
    cJSON_AddStringToObject(params, "format", "state");
    json_add_int(params, "scrollback", -1);
    client_send(c->client, "shell.snapshot", params, CONSOLE_CALL_MS, arrived, asking);
    cJSON_Delete(params);
}

void console_copy_leave(struct console *c, struct pane *p)
{
    copy_destroy(p->copy);
    p->copy = NULL;
    buf_finish(&p->copy_mouse);
    c->draw = true;
}

void console_copied(struct console *c, struct pane *p)
{
    struct buf text = {0};

    copy_text(p->copy, &text);
    console_copy_leave(c, p);
    console_copied_text(c, &text);
}

void console_copied_text(struct console *c, struct buf *text)
{
    if (text->len == 0) {
        buf_finish(text);
        return;
    }
    buf_finish(&c->paste);
    c->paste = *text;
    *text = (struct buf){0};
    if (c->term)
        term_clipboard(c->term, c->paste.data, c->paste.len);
    notices_add(&c->notices, ROLE_TEXT, "copied %zu bytes; %s ] pastes", c->paste.len,
                keymap_prefix(c->keymap));
}
