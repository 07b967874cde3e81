/* `call NAME {JSON}`: the demo agent uses baton itself, as agents do: by its command line, with the
 * hub, the workspace and the token of its own environment. The child's output is read by the loop;
 * a cancel ends the child with all that it has started. `call TOOL {JSON}`, with a tool's name as
 * comms_send, goes through the MCP server that the client has handed over (demo_mcp.c). */
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

#define WORDS_MOST  16
#define OUTPUT_MOST (64u * 1024u)

/* argv: `shell.list {…}` and `shell list {…}` are the same. Gives the number of words of NAME. */
static size_t words_of(const struct turn *t, const char *name, const char *json, char **argv)
{
    size_t n = 0, count = 0;
    argv[n++] = mem_strdup(t->demo->program);
    argv[n++] = mem_strdup("--json");
    for (const char *p = name; count < WORDS_MOST;) {
        p += strspn(p, " \t.");
        size_t length = strcspn(p, " \t.");
        if (!length)
            break;
        argv[n++] = mem_strndup(p, length);
        count++;
        p += length;
    }
    if (*json) {
        argv[n++] = mem_strdup("--input");
        argv[n++] = mem_strdup(json);
    }
    return count;
}

static int start(struct turn *t, char **argv)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int ends[2], code;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return errno;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    code = posix_spawn(&t->child, argv[0], &actions, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (code == 0) {
        t->child_fd = ends[0];
    } else {
        t->child = 0;
        close(ends[0]);
    }
    return code;
}

void call_readable(struct turn *t)
{
    char bytes[8192];
    ssize_t n = read(t->child_fd, bytes, sizeof bytes);
    if (n > 0) {
        size_t room = OUTPUT_MOST - t->output.len;
        buf_append(&t->output, bytes, (size_t)n < room ? (size_t)n : room);
    } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
        close(t->child_fd);
        t->child_fd = -1;
        t->ready = true;
    }
}

void call_finish(struct turn *t)
{
    demo_mcp_cancel(t->session);
    if (t->child_fd >= 0)
        close(t->child_fd);
    t->child_fd = -1;
    if (t->child > 0) {
        kill(-t->child, SIGKILL);
        waitpid(t->child, NULL, 0);
    }
    t->child = 0;
}

/* --- through the server ------------------------------------------------------------------------
 */

static enum step begin_tool(struct turn *t, const char *name, cJSON *input)
{
    if (!t->session->server) {
        turn_say(t, "%s is a tool, and no MCP server was handed over.", name);
        cJSON_Delete(input);
        return STEP_NEXT;
    }
    char *title = mem_printf("Call %s", name);
    cJSON *arguments = input ? cJSON_Duplicate(input, true) : cJSON_CreateObject();
    tool_open(t, "other", title, NULL, input, NULL);
    tool_update(t, "in_progress", NULL, NULL);
    free(title);
    t->text = mem_strdup(name);
    t->n = 1; /* it is a tool that is waited for */
    const int code = demo_mcp_call(t->session, name, arguments);
    if (code == 0)
        return STEP_WAIT;
    tool_update(t, "failed", tool_content_text(strerror(code)), NULL);
    turn_say(t, "The MCP server could not be started: %s.", strerror(code));
    return STEP_NEXT;
}

/* What the tool says: its texts, or the sentence of an error. *ret_failed: it did not succeed. */
static char *said_by_tool(const struct turn *t, bool *ret_failed)
{
    const cJSON *result = json_get(t->answer, "result"), *one;
    struct buf text = {0};
    *ret_failed = !result || json_bool(result, "isError", false);
    cJSON_ArrayForEach(one, json_get(result, "content"))
        buf_printf(&text, "%s%s", text.len ? "\n" : "", json_string(one, "text", ""));
    if (!t->answer)
        buf_puts(&text, "the MCP server has ended");
    else if (!result)
        buf_puts(&text, json_string(json_get(t->answer, "error"), "message", "no message"));
    return text.data ? buf_take(&text) : mem_strdup("");
}

static enum step end_tool(struct turn *t)
{
    bool failed;
    char *text = said_by_tool(t, &failed);
    const cJSON *result = json_get(t->answer, "result");
    tool_update(t, failed ? "failed" : "completed", tool_content_text(text),
                result ? cJSON_Duplicate(result, true) : NULL);
    turn_say(t, "%s %s:\n%s", t->text, failed ? "failed" : "answered", text);
    free(text);
    return STEP_NEXT;
}

/* --- by the command line -----------------------------------------------------------------------
 */

static enum step begin(struct turn *t)
{
    char *argv[WORDS_MOST + 6] = {0};
    size_t bare = strcspn(t->arg, "{");
    char *name = mem_strndup(t->arg, bare), *json = mem_strdup(t->arg + bare);
    cJSON *input = NULL;
    enum step step = STEP_NEXT;
    for (size_t i = bare; i > 0 && strchr(" \t", name[i - 1]); i--)
        name[i - 1] = '\0';
    if (*json && json_parse(json, strlen(json), &input) != ERR_OK) {
        turn_say(t, "What stands behind '%s' is no JSON.", name);
    } else if (demo_mcp_is_tool(name)) {
        step = begin_tool(t, name, input);
        input = NULL;
    } else if (words_of(t, name, json, argv) == 0) {
        turn_say(t, "call needs the name of a command, such as shell.list.");
    } else {
        char *title = mem_printf("Call %s", name);
        tool_open(t, "other", title, NULL, input, NULL);
        input = NULL;
        tool_update(t, "in_progress", NULL, NULL);
        t->text = mem_strdup(name);
        int code = start(t, argv);
        step = STEP_WAIT;
        if (code != 0) {
            tool_update(t, "failed", tool_content_text(strerror(code)), NULL);
            turn_say(t, "%s could not be started: %s.", name, strerror(code));
            step = STEP_NEXT;
        }
        free(title);
    }
    for (size_t i = 0; argv[i]; i++)
        free(argv[i]);
    cJSON_Delete(input);
    free(json);
    free(name);
    return step;
}

enum step do_call(struct turn *t)
{
    int status = 0;
    if (t->n)
        return end_tool(t);
    if (t->phase++ == 0)
        return begin(t);
    /* Its output has ended, so it has, or is about to. */
    if (waitpid(t->child, &status, WNOHANG) == 0)
        return turn_sleep(t, 10);
    t->child = 0;
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    cJSON *output = cJSON_CreateObject();
    cJSON_AddNumberToObject(output, "exitCode", code);
    json_add_text(output, "output", t->output.data ? t->output.data : "", t->output.len);
    char *text = mem_strdup(json_string(output, "output", ""));
    tool_update(t, code == 0 ? "completed" : "failed", tool_content_text(text), output);
    turn_say(t, "%s %s:\n%s", t->text, code == 0 ? "answered" : "failed", text);
    free(text);
    return STEP_NEXT;
}
