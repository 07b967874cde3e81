/* `call TOOL {JSON}`: the demo agent as a client of the MCP server that its session was handed. The
 * server is started by the first such call, with the environment that its entry names and no other,
 * and stays until the session is closed: who is attached through it stays attached between calls.
 * One call at a time, as a session has one turn. */
#include "core/agent/demo_private.h"
#include "core/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINE_MOST   (32u * 1024u * 1024u)
#define READ_BYTES  65536
#define MCP_VERSION "2025-11-25"

struct demo_server {
    char **argv, **env;
    pid_t pid; /* 0: it does not run */
    int to, from;
    struct buf in;
    int64_t last_id, greeting, call; /* ids; 0: nothing is asked */
    cJSON *first;                    /* the call that waits for the end of the greeting */
};

/* --- what the client handed over ---------------------------------------------------------------
 */

static void free_words(char **words)
{
    for (char **w = words; w && *w; w++)
        free(*w);
    free(words);
}

static void stop(struct demo_server *server)
{
    if (server->pid > 0) {
        close(server->to);
        close(server->from);
        kill(server->pid, SIGTERM);
        waitpid(server->pid, NULL, 0);
    }
    server->pid = 0;
    server->greeting = server->call = 0;
    cJSON_Delete(server->first);
    server->first = NULL;
    buf_finish(&server->in);
}

void demo_mcp_end(struct session *s)
{
    struct demo_server *server = s->server;
    if (!server)
        return;
    stop(server);
    free_words(server->argv);
    free_words(server->env);
    free(server);
    s->server = NULL;
}

/* Of several servers baton's own is meant, wherever it stands. */
void demo_mcp_keep(struct session *s, const cJSON *servers)
{
    const cJSON *one, *chosen = NULL;
    size_t n = 0;
    demo_mcp_end(s);
    cJSON_ArrayForEach(one, servers) if (!chosen || strcmp(json_string(one, "name", ""), "baton") ==
                                                        0) chosen = one;
    if (!chosen)
        return;
    const cJSON *args = json_get(chosen, "args"), *env = json_get(chosen, "env");
    struct demo_server *server = s->server = mem_zalloc(sizeof *server);
    server->argv = mem_calloc((size_t)cJSON_GetArraySize(args) + 2, sizeof *server->argv);
    server->env = mem_calloc((size_t)cJSON_GetArraySize(env) + 1, sizeof *server->env);
    server->argv[n++] = mem_strdup(json_string(chosen, "command", ""));
    cJSON_ArrayForEach(one, args) if (cJSON_IsString(one)) server->argv[n++] =
        mem_strdup(one->valuestring);
    n = 0;
    cJSON_ArrayForEach(one, env) server->env[n++] =
        mem_printf("%s=%s", json_string(one, "name", "_"), json_string(one, "value", ""));
}

/* --- lines to it -------------------------------------------------------------------------------
 */

static void tell(struct demo_server *server, cJSON *message)
{
    cJSON_AddStringToObject(message, "jsonrpc", "2.0");
    char *text = json_print(message);
    size_t n = strlen(text), at = 0;
    text[n++] = '\n';
    while (at < n) {
        ssize_t done = write(server->to, text + at, n - at);
        if (done < 0 && errno != EINTR)
            break; /* it has ended: its output tells that */
        at += done > 0 ? (size_t)done : 0;
    }
    free(text);
    cJSON_Delete(message);
}

static cJSON *message_of(const char *method, int64_t id, cJSON *params)
{
    cJSON *message = cJSON_CreateObject();
    if (id)
        json_add_int(message, "id", id);
    cJSON_AddStringToObject(message, "method", method);
    if (params)
        cJSON_AddItemToObject(message, "params", params);
    return message;
}

static int start(struct demo_server *server)
{
    posix_spawn_file_actions_t actions;
    int to[2], from[2], code;
    if (pipe2(to, O_CLOEXEC) < 0)
        return errno;
    if (pipe2(from, O_CLOEXEC) < 0) {
        code = errno;
        close(to[0]);
        close(to[1]);
        return code;
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
    code = posix_spawn(&server->pid, server->argv[0], &actions, NULL, server->argv, server->env);
    posix_spawn_file_actions_destroy(&actions);
    close(to[0]);
    close(from[1]);
    server->to = to[1];
    server->from = from[0];
    if (code != 0) {
        server->pid = 0;
        close(to[1]);
        close(from[0]);
        return code;
    }
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "protocolVersion", MCP_VERSION);
    cJSON_AddObjectToObject(params, "capabilities");
    cJSON *info = cJSON_AddObjectToObject(params, "clientInfo");
    cJSON_AddStringToObject(info, "name", "baton-demo");
    cJSON_AddStringToObject(info, "version", BATON_VERSION);
    server->greeting = ++server->last_id;
    tell(server, message_of("initialize", server->greeting, params));
    return 0;
}

/* --- lines from it -----------------------------------------------------------------------------
 */

/* The answer to what was called, or NULL when none will come. */
static void end_call(struct session *s, cJSON *message)
{
    s->server->call = 0;
    if (s->turn)
        turn_answered(s->turn, message);
    else
        cJSON_Delete(message);
}

static void take(struct session *s, const char *line, size_t n)
{
    struct demo_server *server = s->server;
    cJSON *message = NULL;
    if (json_parse(line, n, &message) != ERR_OK)
        return;
    const int64_t id = json_int(message, "id", 0);
    if (id && id == server->greeting) {
        server->greeting = 0;
        tell(server, message_of("notifications/initialized", 0, NULL));
        if (server->first)
            tell(server, server->first);
        server->first = NULL;
    } else if (id && id == server->call && !json_get(message, "method")) {
        end_call(s, message);
        return;
    }
    cJSON_Delete(message);
}

int demo_mcp_fd(const struct session *s)
{
    return s->server && s->server->pid > 0 ? s->server->from : -1;
}

void demo_mcp_readable(struct session *s)
{
    struct demo_server *server = s->server;
    const ssize_t n = read(server->from, buf_reserve(&server->in, READ_BYTES), READ_BYTES);
    if (n <= 0 || server->in.len > LINE_MOST) {
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            return;
        const bool called = server->call != 0;
        stop(server);
        if (called)
            end_call(s, NULL);
        return;
    }
    server->in.len += (size_t)n;
    server->in.data[server->in.len] = '\0';
    for (const char *end;
         server->in.len && (end = memchr(server->in.data, '\n', server->in.len));) {
        const size_t length = (size_t)(end - server->in.data);
        take(s, server->in.data, length);
        buf_consume(&server->in, length + 1);
    }
}

/* --- for the instruction -----------------------------------------------------------------------
 */

bool demo_mcp_is_tool(const char *name)
{
    return strchr(name, '_') && !strpbrk(name, " \t.");
}

int demo_mcp_call(struct session *s, const char *tool, cJSON *arguments)
{
    struct demo_server *server = s->server;
    const int code = server->pid > 0 ? 0 : start(server);
    if (code != 0) {
        cJSON_Delete(arguments);
        return code;
    }
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "name", tool);
    cJSON_AddItemToObject(params, "arguments", arguments);
    server->call = ++server->last_id;
    cJSON *message = message_of("tools/call", server->call, params);
    if (server->greeting) {
        cJSON_Delete(server->first);
        server->first = message;
    } else {
        tell(server, message);
    }
    return 0;
}

void demo_mcp_cancel(struct session *s)
{
    struct demo_server *server = s->server;
    if (!server || !server->call)
        return;
    if (server->first) {
        cJSON_Delete(server->first);
        server->first = NULL;
    } else {
        cJSON *params = cJSON_CreateObject();
        json_add_int(params, "requestId", server->call);
        tell(server, message_of("notifications/cancelled", 0, params));
    }
    server->call = 0;
}
