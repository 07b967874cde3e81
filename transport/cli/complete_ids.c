/* Completion of what only the hub knows: ids of shells and streams, keys of workspaces. It asks a
 * hub that runs; it starts none, and a hub that is slow costs a moment and offers nothing. */
#include "core/base/paths.h"
#include "core/base/text.h"
#include "transport/cli/command.h"
#include "transport/cli/complete.h"

#include <string.h>

#define PATIENCE_MS 500

static const struct source {
    const char *property; /* of an input */
    const char *method, *member;
} sources[] = {
    {"shellId", "shell.list", "shellId"},         {"target", "shell.list", "shellId"},
    {"streamId", "stream.list", "streamId"},      {"key", "workspace.list", "workspace"},
    {"workspace", "workspace.list", "workspace"},
};

static const struct source *source_of(const char *property)
{
    for (size_t i = 0; property && i < sizeof sources / sizeof *sources; i++)
        if (strcmp(sources[i].property, property) == 0)
            return &sources[i];
    return NULL;
}

void complete_ids(const struct catalogue *c, const struct cli_options *o, int n, char **words,
                  struct buf *out)
{
    const struct source *source = source_of(complete_property(c, n, words));
    struct globals g = {.options = *o}; /* of this program, then of the line that is completed */
    char why[256];
    for (int i = 0, used = 1; i < n - 1 && used > 0; i += used)
        used = globals_take(&g, n, words, i, why, sizeof why);
    const struct client_options options = {
        .hub = g.options.hub, .identity = g.options.identity, .kind = "cli"};
    struct client_fault fault = {0};
    struct client *client = NULL;
    cJSON *list = NULL;
    const cJSON *one;
    if (!source || !path_hub_address_ok(options.hub) ||
        client_open(&options, &client, &fault) != ERR_OK) {
        client_fault_finish(&fault);
        return;
    }
    if (client_call(client, source->method, NULL, PATIENCE_MS, &list, &fault) == ERR_OK) {
        cJSON_ArrayForEach(one, list)
        {
            const char *id = json_string(one, source->member, "");
            char safe[64];
            text_make_safe(safe, sizeof safe, id, strlen(id));
            if (*safe && strncmp(safe, words[n - 1], strlen(words[n - 1])) == 0)
                buf_printf(out, "%s\n", safe);
        }
    }
    client_fault_finish(&fault);
    cJSON_Delete(list);
    client_close(client);
}
