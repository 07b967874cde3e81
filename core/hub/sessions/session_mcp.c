/* What an agent is handed so that it has baton's tools without a command line: the entry of our MCP
 * server in the mcpServers of session/new, session/load and session/resume. Control, within a
 * batch.
 *
 * An MCP server's environment is what its entry says and little else, so all that it needs is named
 * there. It is read back from the process's own meta.json: the token is written nowhere else. */
#include "core/base/paths.h"
#include "core/hub/sessions/session_life.h"
#include "core/stream/keeper.h"
#include "core/work/sandbox.h"

#include <stdlib.h>
#include <string.h>

/* Where the hub is, who the agent is there, and what tells a machine's folders and languages. */
static bool is_needed(const char *entry)
{
    static const char *const names[] = {"HOME=", "USER=", "LOGNAME=", "PATH=", "LANG=", "TMPDIR="};
    static const char *const families[] = {"BATON_", "XDG_", "LC_"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(entry, names[i], strlen(names[i])) == 0)
            return true;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (strncmp(entry, families[i], strlen(families[i])) == 0)
            return true;
    return false;
}

cJSON *session_mcp_server(struct hub *hub, const cJSON *doc)
{
    struct keeper_meta meta = {0};
    char *dir = path_join(hub->streams_dir, json_string(doc, "streamId", "-"));
    cJSON *server = cJSON_CreateObject();
    cJSON_AddStringToObject(server, "name", "baton");
    const bool read = keeper_meta_read(dir, &meta) == ERR_OK;
    cJSON_AddStringToObject(server, "command", meta.box ? SANDBOX_PROGRAM : hub->program);
    cJSON_AddItemToArray(cJSON_AddArrayToObject(server, "args"), cJSON_CreateString("mcp"));
    cJSON *env = cJSON_AddArrayToObject(server, "env");
    if (read)
        for (char **e = meta.env; e && *e; e++) {
            const size_t n = strcspn(*e, "=");
            if (!(*e)[n] || !is_needed(*e))
                continue;
            cJSON *one = cJSON_CreateObject();
            json_add_text(one, "name", *e, n);
            json_add_text(one, "value", *e + n + 1, strlen(*e + n + 1));
            cJSON_AddItemToArray(env, one);
        }
    keeper_meta_finish(&meta);
    free(dir);
    return server;
}
