/* A command that is one call: connect, ask where asking is due, call, print. Also how failures are
 * told, for all commands. */
#include "transport/cli/command.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "transport/cli/held.h"
#include "transport/cli/help.h"
#include "transport/cli/render.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define CALL_MS 30000 /* a call that is not CAP_LONG; the hub answers these at once */

/* A failure as JSON: what a program needs to tell errors apart, and the sentence for an agent. */
static void tell_json(enum err code, const char *name, const char *message, const char *next,
                      bool retry, const cJSON *data)
{
    static const char *const said[] = {"name", "person", "agent", "next", "retry"};
    const char *agent = json_string(data, "agent", err_text(code)->agent);
    cJSON *json = cJSON_CreateObject();
    cJSON *more = data ? cJSON_Duplicate(data, true) : NULL;
    json_add_text(json, "error", name, strlen(name));
    json_add_text(json, "message", message, strlen(message));
    json_add_text(json, "agent", agent, strlen(agent));
    json_add_text(json, "next", next, strlen(next));
    cJSON_AddBoolToObject(json, "retry", retry);
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        cJSON_DeleteItemFromObjectCaseSensitive(more, said[i]);
    if (more && more->child)
        cJSON_AddItemToObject(json, "data", more);
    else
        cJSON_Delete(more);
    char *text = json_print(json);
    fprintf(stderr, "%s\n", text);
    free(text);
    cJSON_Delete(json);
}

/* A failure as an agent's command tells it: the sentence, and what the command behind it has said
 * when that was more than a line. */
static void tell_agent(const char *message, const cJSON *data)
{
    const char *said = json_string(data, "stderr", ""), *second = strchr(said, '\n');
    fprintf(stderr, "%s\n", message);
    for (bool more = second && second[1]; more && *said;) {
        const size_t n = strcspn(said, "\n"), most = n * 4 + 8;
        char *safe = mem_zalloc(most);
        text_make_safe(safe, most, said, n);
        fprintf(stderr, "%s\n", safe);
        free(safe);
        said += n + (said[n] == '\n');
    }
}

/* What ends a sentence that may have its own end. */
static const char *stop_of(const char *sentence)
{
    const size_t n = strlen(sentence);
    return n && strchr(".!?", sentence[n - 1]) ? "" : ".";
}

static void tell(const struct command *c, enum err code, const char *name, const char *message,
                 const char *next, bool retry, const cJSON *data)
{
    if (c->tool)
        tell_agent(message, data);
    else if (c->options.json)
        tell_json(code, name, message, next, retry, data);
    else
        fprintf(stderr, "baton: %s%s%s%s\n", message, stop_of(message), *next ? " " : "", next);
}

int command_fault(const struct command *c, struct client_fault *fault)
{
    const struct err_text *known = err_text(fault->code);
    tell(c, fault->code, fault->name[0] ? fault->name : known->name,
         fault->message[0] ? fault->message : known->person, fault->next, fault->retry,
         fault->data);
    int status = fault->code == ERR_TIMEOUT && !c->tool ? EXIT_TIMEOUT : EXIT_FAILED;
    client_fault_finish(fault);
    return status;
}

int command_fail(const struct command *c, enum err code, const char *message)
{
    const struct err_text *known = err_text(code);
    tell(c, code, known->name, message ? message : known->person, known->next, known->retry, NULL);
    return code == ERR_TIMEOUT && !c->tool ? EXIT_TIMEOUT : EXIT_FAILED;
}

int command_usage_at(const struct command *c, const char *message, const char *where)
{
    char *next = mem_printf("See 'baton %s%s--help'.", where, *where ? " " : "");
    tell(c, ERR_USAGE, err_text(ERR_USAGE)->name, message, next, false, NULL);
    free(next);
    return c->tool ? EXIT_FAILED : EXIT_USAGE;
}

int command_usage(const struct command *c, const char *message)
{
    struct buf name = {0};
    if (c->row)
        help_name(c->row, &name);
    int status = command_usage_at(c, message, name.data ? name.data : "");
    buf_finish(&name);
    return status;
}

struct client *command_connect(const struct command *c, bool start, int *ret_status)
{
    const char *token = getenv("BATON_TOKEN");
    char *usual = c->options.identity || (token && *token) ? NULL : identity_default();
    const struct client_options options = {
        .hub = c->options.hub,
        .token = token,
        .identity = c->options.identity ? c->options.identity : usual,
        .workspace = c->options.workspace,
        .kind = "cli",
        .start = start,
    };
    struct client_fault fault = {0};
    struct client *client = NULL;
    enum err e = client_open(&options, &client, &fault);
    free(usual);
    if (e == ERR_OK)
        return client;
    *ret_status = command_fault(c, &fault);
    return NULL;
}

bool command_refused(const struct command *c, const struct client *client, int *ret_status)
{
    const struct client_fault *why = client_refused(client);
    if (!why || (why->code != ERR_DENIED && why->code != ERR_TOKEN && why->code != ERR_VERSION))
        return false;
    struct client_fault copy = *why;
    copy.data = cJSON_Duplicate(why->data, true);
    *ret_status = command_fault(c, &copy);
    return true;
}

/* --- printing -------------------------------------------------------------------------------- */

static int width_of_terminal(void)
{
    struct winsize size;
    if (!isatty(STDOUT_FILENO))
        return 0;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
}

int command_write(const struct command *c, const void *bytes, size_t n)
{
    const char *from = bytes;
    fflush(stdout);
    while (n) {
        ssize_t put = write(STDOUT_FILENO, from, n);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0) {
            /* Whoever reads has seen enough: no reason to complain. */
            return errno == EPIPE ? EXIT_FAILED
                                  : command_fail(c, err_from_errno(errno),
                                                 "Standard output cannot be written.");
        }
        from += put;
        n -= (size_t)put;
    }
    return EXIT_DONE;
}

static void write_error_output(const struct buf *bytes)
{
    fwrite(bytes->data, 1, bytes->len, stderr);
}

int command_print(const struct command *c, const cJSON *result)
{
    struct buf out = {0}, error = {0};
    const char *exit_property = json_string(c->output, "x-exit", NULL);
    int status;
    if (c->options.json || c->tool) {
        char *text = json_print(result);
        buf_printf(&out, c->tool ? "{\"ok\":true,\"result\":%s}\n" : "%s\n", text);
        free(text);
    } else if (render_raw(c->output, "x-raw", result, &out)) {
        if (render_raw(c->output, "x-raw-error", result, &error))
            write_error_output(&error);
    } else {
        render_result(c->output, result, width_of_terminal(), &out);
    }
    status = command_write(c, out.data, out.len);
    if (status == EXIT_DONE && exit_property && !c->tool) {
        int64_t code = json_int(result, exit_property, 0);
        status = code < 0 ? 128 + (int)(-code & 127) : (int)(code & 255);
    }
    buf_finish(&out);
    buf_finish(&error);
    return status;
}

/* --- the call -------------------------------------------------------------------------------- */

/* The hub says what is in the way; a person may go on. Anything but a clear yes is a no. */
static bool go_on(const struct client_fault *fault)
{
    char line[16] = "";
    fprintf(stderr, "baton: %s%s Go on? [y/N] ", fault->message, stop_of(fault->message));
    fflush(stderr);
    if (!fgets(line, sizeof line, stdin)) {
        fputc('\n', stderr); /* ^D leaves the cursor behind the question */
        return false;
    }
    line[strcspn(line, "\r\n")] = '\0';
    return strcmp(line, "y") == 0 || strcmp(line, "Y") == 0 || strcmp(line, "yes") == 0;
}

/* Busy, of a command that asks: ask, or say how to do it without being asked. A sentence that says
 * itself what to do first has no advice behind it, and --force would not help: nothing to ask. */
static enum err ask(const struct command *c, struct client *client, const char *method,
                    cJSON **ret_result, struct client_fault *fault)
{
    bool person = isatty(STDIN_FILENO) && isatty(STDERR_FILENO) && !c->options.json;
    if (!person) {
        snprintf(fault->next, sizeof fault->next, "Use --force to do it without being asked.");
        return ERR_BUSY;
    }
    if (!go_on(fault)) { /* what is in the way has just been read */
        snprintf(fault->message, sizeof fault->message, "Nothing was done.");
        fault->next[0] = '\0';
        return ERR_BUSY;
    }
    client_fault_finish(fault);
    *fault = (struct client_fault){0};
    cJSON *input = cJSON_Duplicate(c->flags.input, true);
    cJSON_DeleteItemFromObjectCaseSensitive(input, "force");
    cJSON_AddTrueToObject(input, "force");
    enum err e = held_call(c, client, method, input, CALL_MS, ret_result, fault);
    cJSON_Delete(input);
    return e;
}

int command_call(const struct command *c)
{
    struct client_fault fault = {0};
    cJSON *result = NULL;
    int status = EXIT_FAILED;
    struct client *client = command_connect(c, c->row->flags & CAP_STARTS_HUB, &status);
    if (!client)
        return status;
    char *method = mem_printf("%s.%s", c->row->group, c->row->name);
    /* With a policy any call may have to wait for a human; the hub says when that is over. */
    const bool waits =
        (c->row->flags & CAP_LONG) || json_bool(client_hello(client), "mayBeHeld", false);
    enum err e =
        held_call(c, client, method, c->flags.input, waits ? -1 : CALL_MS, &result, &fault);
    if (e == ERR_BUSY && (c->row->flags & CAP_ASKS) && fault.next[0] &&
        !json_bool(c->flags.input, "force", false))
        e = ask(c, client, method, &result, &fault);
    if (e == ERR_OK) {
        status = command_print(c, result);
    } else {
        fault.code = fault.code == ERR_OK ? e : fault.code;
        status = command_fault(c, &fault);
    }
    cJSON_Delete(result);
    free(method);
    client_close(client);
    return status;
}
