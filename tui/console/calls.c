/* Any capability of the hub from the console's command line, written as on the shell's: the row
 * says how its input is read and how its result looks. */
#include "tui/console/console_private.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/hub/hub.h"
#include "transport/cli/flags.h"
#include "transport/cli/help.h"
#include "transport/cli/render.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOTICE_MOST 200

void console_answered(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct console *c = data;

    (void)result;
    c->draw = c->lists_wanted = true;
    if (fault)
        notices_add(&c->notices, ROLE_BAD, "%s", fault->message);
}

struct asked {
    struct console *c;
    const struct capability *row;
};

static void show_text(struct console *c, const char *title, const char *text)
{
    size_t lines = 0, n = strlen(text);
    struct popup *popup;

    while (n > 0 && text[n - 1] == '\n')
        n--;
    for (size_t i = 0; i < n; i++)
        lines += text[i] == '\n';
    if (n == 0) {
        notices_add(&c->notices, ROLE_GOOD, "%s: done", title);
    } else if (lines == 0 && n < NOTICE_MOST) {
        notices_add(&c->notices, ROLE_TEXT, "%.*s", (int)n, text);
    } else {
        popup = popup_create(title, false);
        popup_add_text(popup, text);
        console_popup(c, popup, NULL);
    }
}

static void answered(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct asked *asked = data;
    struct console *c = asked->c;
    const struct capability *row = asked->row;
    cJSON *schema = NULL;
    struct buf text = {0};
    char title[80];

    free(asked);
    c->draw = c->lists_wanted = true;
    if (fault) {
        notices_add(&c->notices, ROLE_BAD, "%s%s%s", fault->message, fault->next[0] ? " " : "",
                    fault->next);
        return;
    }
    snprintf(title, sizeof title, "%s %s", row->group, row->name);
    if (!strcmp(title, "session create"))
        console_session_started(c, result, c->focus);
    if (json_parse(row->output, strlen(row->output), &schema) == ERR_OK) {
        if (!render_raw(schema, "x-raw", result, &text))
            render_result(schema, result, 0, &text);
        show_text(c, title, text.data ? text.data : "");
    }
    cJSON_Delete(schema);
    buf_finish(&text);
}

static void show_help(struct console *c, const struct capability *row, const cJSON *schema)
{
    struct buf text = {0};
    cJSON *output = NULL;

    if (json_parse(row->output, strlen(row->output), &output) == ERR_OK) {
        help_command(row, schema, output, &text);
        show_text(c, "help", text.data ? text.data : "");
    }
    cJSON_Delete(output);
    buf_finish(&text);
}

/* What a person at a console means without saying it: this workspace, what is focused. NULL for a
 * property that is nothing of the kind. */
static const char *meant(const struct console *c, const cJSON *schema, const char *property)
{
    const struct pane *p = console_focused(c);

    if (!strcmp(property, "workspace") && !flag_is_positional(schema, property))
        return c->workspace;
    if (!p || !p->target[0])
        return NULL;
    if (!strcmp(property, "target") ||
        !strcmp(property, p->kind == PANE_SESSION ? "sessionId" : "shellId"))
        return p->target;
    return NULL;
}

/* The schema that the words are read by: what is meant need not be said. */
static cJSON *lenient(const struct console *c, const cJSON *schema)
{
    cJSON *copy = cJSON_Duplicate(schema, true);
    cJSON *required = cJSON_GetObjectItemCaseSensitive(copy, "required");

    for (cJSON *one = required ? required->child : NULL, *next; one; one = next) {
        next = one->next;
        if (cJSON_IsString(one) && meant(c, schema, one->valuestring))
            cJSON_Delete(cJSON_DetachItemViaPointer(required, one));
    }
    return copy;
}

static void fill_in(struct console *c, const cJSON *schema, cJSON *input)
{
    const cJSON *property;

    cJSON_ArrayForEach(property, json_get(schema, "properties"))
    {
        const char *value = meant(c, schema, property->string);
        if (value && !json_get(input, property->string))
            cJSON_AddStringToObject(input, property->string, value);
    }
}

static const struct capability *find(const char *group, const char *name)
{
    char method[200];
    const struct capability *row;

    snprintf(method, sizeof method, "%s.%s", group, name);
    row = catalogue_find(hub_catalogue(), method, strlen(method));
    return row && !(row->flags & CAP_INTERNAL) ? row : NULL;
}

/* As on the shell's command line: a group and a name, or a name of the group `baton` alone. */
static const struct capability *resolve(int argc, char **argv, int *ret_used)
{
    const struct capability *row = argc > 1 ? find(argv[0], argv[1]) : NULL;

    *ret_used = row ? 2 : 1;
    return row ? row : find("baton", argv[0]);
}

bool console_call(struct console *c, int argc, char **argv)
{
    char method[200], why[400] = "";
    const struct capability *row;
    int used;
    struct globals globals = {0};
    struct flags flags = {0};
    cJSON *schema = NULL;
    enum err e;

    row = resolve(argc, argv, &used);
    if (!row)
        return false;
    if (console_observes(c) && (row->role > ROLE_OBSERVER || row->lane == LANE_CLIENT)) {
        console_observing(c);
        return true;
    }
    if (json_parse(row->input, strlen(row->input), &schema) != ERR_OK)
        return false;
    cJSON *words = lenient(c, schema);
    e = flags_parse(row, words, argc - used, argv + used, &globals, &flags, why, sizeof why);
    cJSON_Delete(words);
    if (e == ERR_OK && globals.help) {
        show_help(c, row, schema);
        goto out;
    }
    if (e == ERR_OK) {
        fill_in(c, schema, flags.input);
        e = flags_check(&flags, schema, why, sizeof why);
    }
    if (e != ERR_OK) {
        notices_add(&c->notices, ROLE_BAD, "%s", why[0] ? why : err_text(e)->person);
    } else if (row->lane == LANE_CLIENT || flags.follow) {
        notices_add(&c->notices, ROLE_ATTENTION, "run it in a shell: baton %s %s", row->group,
                    row->name);
    } else {
        struct asked *asked = mem_zalloc(sizeof *asked);
        snprintf(method, sizeof method, "%s.%s", row->group, row->name);
        asked->c = c;
        asked->row = row;
        client_send(c->client, method, flags.input, row->flags & CAP_LONG ? -1 : CONSOLE_CALL_MS,
                    answered, asked);
    }
out:
    flags_finish(&flags);
    cJSON_Delete(schema);
    return true;
}
