/* Running a binding's command; see the header. The run itself is core/stream/child_run.h; here are
 * what is asked and what came of it. */
#include "core/binding/runner.h"
#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/binding/file.h"
#include "core/stream/child_run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORK_MAX    (32u * 1024u * 1024u)
#define STDERR_KEPT (4u * 1024u)
#define READ_MAX    (64u * 1024u)
#define LAST_LINE   300
#define TERM_MS     1000 /* from TERM to KILL */

/* --- what came of it ----------------------------------------------------------------------------
 */

static void say(const char *bytes, size_t n)
{
    while (n) {
        const ssize_t put = write(STDOUT_FILENO, bytes, n);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return; /* nobody wants to know */
        bytes += put;
        n -= (size_t)put;
    }
}

/* Takes head. */
static void say_line(cJSON *head)
{
    char *text = json_print(head);
    say(text, strlen(text));
    say("\n", 1);
    free(text);
    cJSON_Delete(head);
}

__attribute__((format(printf, 3, 4))) static cJSON *
failure(enum err code, const struct child_run *r, const char *format, ...)
{
    struct buf says = {0};
    va_list ap;
    cJSON *head = cJSON_CreateObject();
    va_start(ap, format);
    buf_vprintf(&says, format, ap);
    va_end(ap);
    cJSON_AddFalseToObject(head, "ok");
    cJSON_AddStringToObject(head, "error", err_text(code)->name);
    json_add_text(head, "message", says.data, says.len);
    if (r)
        json_add_text(head, "stderr", r->tail.data ? r->tail.data : "", r->tail.len);
    buf_finish(&says);
    return head;
}

/* The last line of a text that has anything in it, as ": LINE". */
static void last_line(const struct buf *text, struct buf *out)
{
    char safe[LAST_LINE];
    size_t end = text->len;
    while (end && strchr(" \t\r\n", text->data[end - 1]))
        end--;
    size_t begin = end;
    while (begin && text->data[begin - 1] != '\n' && end - begin < LAST_LINE - 1)
        begin--;
    while (begin < end && ((unsigned char)text->data[begin] & 0xc0) == 0x80)
        begin++; /* not the middle of a character */
    if (begin == end)
        return;
    text_make_safe(safe, sizeof safe, text->data + begin, end - begin);
    buf_printf(out, ": %s", safe);
}

static void tell_failed(const struct child_run *r, const char *tool)
{
    const int code = r->code;
    struct buf line = {0};
    cJSON *head;
    last_line(&r->tail, &line);
    const char *why = line.data ? line.data : "";
    if (code >= 0) {
        head = failure(ERR_BINDING, r, "Tool \"%s\" failed with status %d%s", tool, code, why);
        json_add_int(head, "status", code);
    } else {
        head = failure(ERR_BINDING, r, "Tool \"%s\" was ended by signal %d%s", tool, -code, why);
        json_add_int(head, "signal", -code);
    }
    say_line(head);
    buf_finish(&line);
}

/* JSON as it is, all else as a text, without the newline at its end. NULL: neither. */
static char *result_of(const struct buf *out)
{
    const char *data = out->data ? out->data : "";
    size_t n = out->len;
    cJSON *json = NULL;
    if (memchr(data, 0, n) || !text_is_utf8(data, n))
        return NULL;
    if (json_parse(data, n, &json) != ERR_OK) {
        n -= n && data[n - 1] == '\n';
        n -= n && data[n - 1] == '\r';
        char *text = mem_strndup(data, n);
        json = cJSON_CreateString(text);
        free(text);
    }
    char *printed = json_print(json);
    cJSON_Delete(json);
    return printed;
}

static void tell_result(const struct child_run *r, const char *tool)
{
    char *result = result_of(&r->out);
    if (!result) {
        say_line(failure(ERR_BINDING, r,
                         "Tool \"%s\" printed binary data: a result is JSON or UTF-8 text", tool));
    } else if (strlen(result) > BINDING_RESULT_MAX) {
        say_line(failure(ERR_LIMIT, r, "Tool \"%s\" printed more than a result may have (16 MiB)",
                         tool));
    } else {
        say("{\"ok\":true}\n", 12);
        say(result, strlen(result));
    }
    free(result);
}

static void tell(const struct child_run *r, const char *tool, int64_t timeout)
{
    if (r->timed_out)
        say_line(failure(ERR_TIMEOUT, r, "Tool \"%s\" timed out after %lldms", tool,
                         (long long)timeout));
    else if (r->too_much)
        say_line(failure(ERR_LIMIT, r, "Tool \"%s\" printed more than a result may have (16 MiB)",
                         tool));
    else if (r->code != 0)
        tell_failed(r, tool);
    else
        tell_result(r, tool);
}

/* --- the work -----------------------------------------------------------------------------------
 */

static void run_command(const cJSON *work, const char *input, size_t input_n)
{
    const char *tool = json_string(work, "tool", "");
    const struct child_order order = {
        .command = json_get(work, "command"),
        .env = json_get(work, "env"),
        .cwd = json_string(work, "cwd", "/"),
        .input = input,
        .input_n = input_n,
        .timeout_ms = json_int(work, "timeout", BINDING_TIMEOUT_MS),
        .term_ms = TERM_MS,
        .out_max = BINDING_OUTPUT_MAX,
        .tail_max = STDERR_KEPT,
        .caller = STDIN_FILENO, /* the hub's end of it */
    };
    struct child_run r;
    char *why = NULL;
    if (child_run(&order, &r, &why) != ERR_OK)
        say_line(failure(ERR_EXEC, NULL, "Tool \"%s\": %s", tool, why));
    else if (!r.alone)
        tell(&r, tool, order.timeout_ms);
    free(why);
    child_run_finish(&r);
}

/* Reads the work: the line, and the bytes that it announces. False: there is no whole one. */
static bool read_work(struct buf *in, cJSON **ret_work, size_t *ret_at)
{
    for (;;) {
        const char *end = in->len ? memchr(in->data, '\n', in->len) : NULL;
        if (end && !*ret_work && json_parse(in->data, (size_t)(end - in->data), ret_work) != ERR_OK)
            return false;
        if (end) {
            *ret_at = (size_t)(end - in->data) + 1;
            const int64_t more = json_int(*ret_work, "inputBytes", 0);
            if (more >= 0 && in->len - *ret_at >= (size_t)more)
                return in->len - *ret_at == (size_t)more;
        }
        const ssize_t n = read(STDIN_FILENO, buf_reserve(in, READ_MAX), READ_MAX);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0 || in->len + (size_t)n > WORK_MAX)
            return false;
        in->len += (size_t)n;
    }
}

int binding_runner_main(void)
{
    struct buf in = {0};
    cJSON *work = NULL;
    size_t at = 0;
    int status = 2;
    child_run_settle("baton: binding");
    if (read_work(&in, &work, &at) && cJSON_GetArraySize(json_get(work, "command")) > 0) {
        /* Nothing of ours is to wait there any more but the end. */
        fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
        run_command(work, in.data + at, in.len - at);
        status = 0;
    }
    cJSON_Delete(work);
    buf_finish(&in);
    return status;
}
