/* Running a binding's command; see the header. One poll, one deadline. The child is reaped last:
 * until then its number, which is its group's too, is nobody else's, so the group can be signalled
 * safely. What the command leaves behind in its group is ended with it. */
#include "core/binding/runner.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/binding/file.h"
#include "core/stream/keeper_child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define WORK_MAX    (32u * 1024u * 1024u)
#define STDERR_KEPT (4u * 1024u)
#define READ_MAX    (64u * 1024u)
#define LAST_LINE   300
#define LINGER_MS   200  /* what the command left behind may finish in that time */
#define TERM_MS     1000 /* from TERM to KILL */
#define KILL_MS     200

enum phase { RUNS, LINGERS, TOLD, KILLED, OVER };

struct run {
    struct keeper_child child;
    const char *input; /* what of it is not written yet */
    size_t input_n;
    struct buf out, err;
    enum phase phase;
    int64_t deadline_us;
    int stop; /* a descriptor: somebody wants this runner to end; -1 */
    bool exited, timed_out, too_much, alone;
};

/* --- the loop -----------------------------------------------------------------------------------
 */

static void enter(struct run *r, enum phase phase, int64_t ms)
{
    r->phase = phase;
    r->deadline_us = clock_mono_us() + ms * 1000;
}

static void end_group(struct run *r)
{
    keeper_child_signal_all(&r->child, SIGTERM);
    enter(r, TOLD, TERM_MS);
}

static void on_deadline(struct run *r)
{
    switch (r->phase) {
    case RUNS:
        r->timed_out = true;
        end_group(r);
        break;
    case LINGERS: end_group(r); break;
    case TOLD:
        keeper_child_signal_all(&r->child, SIGKILL);
        enter(r, KILLED, KILL_MS);
        break;
    case KILLED:
    case OVER:
        /* A killed process may be late to die (a disk that hangs), but it does. */
        if (r->exited)
            r->phase = OVER;
        else
            enter(r, KILLED, KILL_MS);
        break;
    }
}

static void write_input(struct run *r)
{
    const ssize_t n = write(r->child.in, r->input, r->input_n);
    if (n > 0) {
        r->input += n;
        r->input_n -= (size_t)n;
    }
    if (r->input_n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        keeper_child_close_in(&r->child); /* all of it, or it does not want to know */
}

static void read_some(struct buf *into, int *fd)
{
    const ssize_t n = read(*fd, buf_reserve(into, READ_MAX), READ_MAX);
    if (n > 0)
        into->len += (size_t)n;
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        close(*fd);
        *fd = -1;
    }
}

static void read_output(struct run *r)
{
    read_some(&r->out, &r->child.out);
    if (r->out.len <= BINDING_OUTPUT_MAX)
        return;
    buf_clear(&r->out);
    if (r->phase == RUNS && !r->too_much)
        end_group(r);
    r->too_much = true;
}

static void read_errors(struct run *r)
{
    read_some(&r->err, &r->child.err);
    if (r->err.len > STDERR_KEPT)
        buf_consume(&r->err, r->err.len - STDERR_KEPT);
}

/* The hub writes nothing more: what can be read there is the end. */
static bool hub_gone(void)
{
    char byte;
    const ssize_t n = read(STDIN_FILENO, &byte, 1);
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

static int wait_ms(const struct run *r)
{
    const int64_t left = r->deadline_us - clock_mono_us();
    return left <= 0 ? 0 : left / 1000 >= INT32_MAX ? INT32_MAX : (int)(left / 1000) + 1;
}

static void turn(struct run *r)
{
    const bool free = r->phase == RUNS || r->phase == LINGERS;
    struct pollfd fds[] = {
        {.fd = r->child.in, .events = POLLOUT},
        {.fd = r->child.out, .events = POLLIN},
        {.fd = r->child.err, .events = POLLIN},
        {.fd = r->exited ? -1 : r->child.pidfd, .events = POLLIN},
        {.fd = free ? r->stop : -1, .events = POLLIN},
        {.fd = free && !r->alone ? STDIN_FILENO : -1, .events = POLLIN},
    };
    if (poll(fds, sizeof fds / sizeof *fds, wait_ms(r)) < 0)
        return;
    if (fds[0].revents)
        write_input(r);
    if (fds[1].revents)
        read_output(r);
    if (fds[2].revents)
        read_errors(r);
    if (fds[3].revents) {
        r->exited = true;
        keeper_child_close_in(&r->child);
        if (r->phase == RUNS)
            enter(r, LINGERS, LINGER_MS);
    }
    if (fds[5].revents && hub_gone())
        r->alone = true;
    if (free && (fds[4].revents || r->alone))
        end_group(r);
    if (r->exited && r->child.out < 0 && r->child.err < 0)
        r->phase = OVER;
    else if (clock_mono_us() >= r->deadline_us)
        on_deadline(r);
}

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

__attribute__((format(printf, 3, 4))) static cJSON *failure(enum err code, const struct run *r,
                                                            const char *format, ...)
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
        json_add_text(head, "stderr", r->err.data ? r->err.data : "", r->err.len);
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

static void tell_failed(const struct run *r, const char *tool, int32_t code)
{
    struct buf line = {0};
    cJSON *head;
    last_line(&r->err, &line);
    const char *why = line.data ? line.data : "";
    if (code >= 0) {
        head = failure(ERR_BINDING, r, "Tool \"%s\" failed with status %d%s", tool, (int)code, why);
        json_add_int(head, "status", code);
    } else {
        head =
            failure(ERR_BINDING, r, "Tool \"%s\" was ended by signal %d%s", tool, -(int)code, why);
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

static void tell_result(const struct run *r, const char *tool)
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

static void tell(const struct run *r, const char *tool, int64_t timeout, int32_t code)
{
    if (r->timed_out)
        say_line(failure(ERR_TIMEOUT, r, "Tool \"%s\" timed out after %lldms", tool,
                         (long long)timeout));
    else if (r->too_much)
        say_line(failure(ERR_LIMIT, r, "Tool \"%s\" printed more than a result may have (16 MiB)",
                         tool));
    else if (code != 0)
        tell_failed(r, tool, code);
    else
        tell_result(r, tool);
}

/* --- the work -----------------------------------------------------------------------------------
 */

/* All descriptors are close-on-exec, and the child's mask is its own. */
static int stop_signal(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static void run_command(const cJSON *work, char **command, const char *input, size_t input_n)
{
    const char *tool = json_string(work, "tool", "");
    const int64_t timeout = json_int(work, "timeout", BINDING_TIMEOUT_MS);
    const struct keeper_meta meta = {.command = command,
                                     .env = environ,
                                     .cwd = (char *)(uintptr_t)json_string(work, "cwd", "/")};
    struct run r = {.input = input, .input_n = input_n};
    char *why = NULL;
    int32_t code = 0;
    r.stop = stop_signal();
    if (keeper_child_start(&meta, &r.child, &why) == ERR_OK) {
        enter(&r, RUNS, timeout);
        while (r.phase != OVER)
            turn(&r);
        keeper_child_signal_all(&r.child, SIGKILL);
        keeper_child_reap(&r.child, &code);
        keeper_child_finish(&r.child);
        if (!r.alone)
            tell(&r, tool, timeout, code);
    } else {
        say_line(failure(ERR_EXEC, NULL, "Tool \"%s\": %s", tool, why));
    }
    free(why);
    if (r.stop >= 0)
        close(r.stop);
    buf_finish(&r.out);
    buf_finish(&r.err);
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

static char **command_of(const cJSON *work)
{
    const cJSON *list = json_get(work, "command"), *word;
    char **argv = mem_calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof *argv);
    size_t n = 0;
    cJSON_ArrayForEach(word, list) if (cJSON_IsString(word)) argv[n++] = word->valuestring;
    return argv;
}

/* What ends the hub's terminal does not end us: the hub says so by its end of the pipe. */
static void settle(void)
{
    static const int ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&ignore.sa_mask);
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        sigaction(ignored[i], &ignore, NULL);
    prctl(PR_SET_NAME, "baton: binding");
    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
            _exit(1);
}

int binding_runner_main(void)
{
    struct buf in = {0};
    cJSON *work = NULL;
    size_t at = 0;
    int status = 2;
    settle();
    if (read_work(&in, &work, &at) && cJSON_GetArraySize(json_get(work, "command")) > 0) {
        const cJSON *one;
        cJSON_ArrayForEach(one, json_get(work, "env")) if (cJSON_IsString(one))
            setenv(one->string, one->valuestring, 1);
        char **command = command_of(work);
        /* Nothing of ours is to wait there any more but the end. */
        fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
        run_command(work, command, in.data + at, in.len - at);
        free(command);
        status = 0;
    }
    cJSON_Delete(work);
    buf_finish(&in);
    return status;
}
