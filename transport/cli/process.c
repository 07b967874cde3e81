/* `process exec`, `process output` and `process wait`: what a process writes comes out here as it
 * comes there, both outputs apart, whatever their size, also when the hub dies in the middle of it.
 *
 * One question for output is under way at a time (process.output, which waits), and one piece of
 * stdin. Both have positions, so what was lost with a hub is asked for and said again: each byte
 * goes out once and in once. exec's process is attached to this command: it waits when this does
 * not read, and ends when this goes. Signals that would end this go to the process instead. One
 * thread. */
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "transport/cli/held.h"
#include "transport/cli/patient.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CALL_MS  30000
#define WAIT_S   3600
#define PIECE    (128u * 1024u)       /* of stdin */
#define KEEP_MAX (8u * 1024u * 1024u) /* of each output with --json */
#define PAUSE_MS 100

struct running {
    const struct command *command;
    struct client *client;
    char id[32];
    bool exec;   /* else we only read it */
    bool follow; /* to its end; else to what is there */
    int status;
    bool done;

    uint64_t since;
    bool asked;      /* for the next page */
    int64_t rest_us; /* the hub was not there: nothing is said to it until then */

    bool input;  /* our stdin is its */
    bool at_end; /* nothing more will be read from ours */
    bool saying; /* a piece is on its way, or the end of it */
    bool closed;
    uint64_t at; /* position of the piece */
    char *piece;
    size_t piece_n;

    struct buf out, err; /* --json: what there was of each, at most KEEP_MAX */
    bool more;           /* there was more */
    cJSON *result;       /* of the start; of the end */
};

/* --- signals ---------------------------------------------------------------------------------- */

static int signal_pipe = -1; /* written by the handler, one byte a signal */

static void on_signal(int number)
{
    const int kept = errno;
    const char byte = (char)number;
    ssize_t put = write(signal_pipe, &byte, 1);
    (void)put; /* when it is full, enough of them wait */
    errno = kept;
}

/* The end to read from; -1: signals go their usual way. */
static int catch_signals(void)
{
    static const int which[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART}, old;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return -1;
    signal_pipe = ends[1];
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof which / sizeof *which; i++)
        if (sigaction(which[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(which[i], &action, NULL);
    return ends[0];
}

static void ignore_answer(void *data, const cJSON *result, const struct client_fault *fault)
{
    (void)data;
    (void)result;
    (void)fault;
}

static cJSON *about(const struct running *r)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "processId", r->id);
    return o;
}

static void pass_signals(struct running *r, int fd)
{
    char number;
    while (read(fd, &number, 1) == 1) {
        char name[8];
        cJSON *say = about(r);
        snprintf(name, sizeof name, "%d", number);
        cJSON_AddStringToObject(say, "signal", name);
        client_send(r->client, "process.signal", say, CALL_MS, ignore_answer, r);
        cJSON_Delete(say);
    }
}

/* --- output ----------------------------------------------------------------------------------- */

/* The hub did not hear it, or could not do it now: it is said again after a while. */
static bool later(struct running *r, const struct client_fault *fault)
{
    if (!patient_hub_gone(fault->code) && fault->code != ERR_TIMEOUT && !fault->retry)
        return false;
    r->rest_us = clock_mono_us() + PAUSE_MS * 1000;
    return true;
}

static void fail(struct running *r, const struct client_fault *fault)
{
    struct client_fault copy = *fault;
    copy.data = NULL; /* theirs */
    r->status = command_fault(r->command, &copy);
    r->done = true;
}

static void write_errors(const char *bytes, size_t n)
{
    while (n) {
        ssize_t put = write(STDERR_FILENO, bytes, n);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return; /* nobody hears it: no reason to stop the program */
        bytes += put;
        n -= (size_t)put;
    }
}

static void keep(struct running *r, struct buf *to, const char *bytes, size_t n)
{
    const size_t room = KEEP_MAX - to->len;
    buf_append(to, bytes, n < room ? n : room);
    r->more = r->more || n > room;
}

/* One line {pid, processId, stream, pos, data}, as the chunk has it. */
static int put_line(struct running *r, const cJSON *chunk, const cJSON *pid)
{
    cJSON *line = cJSON_CreateObject();
    const cJSON *item;
    cJSON_AddItemToObject(line, "pid", cJSON_Duplicate(pid, true));
    cJSON_AddStringToObject(line, "processId", r->id);
    cJSON_ArrayForEach(item, chunk)
        cJSON_AddItemToObject(line, item->string, cJSON_Duplicate(item, true));
    char *text = json_print(line), *whole = mem_printf("%s\n", text);
    const int status = command_write(r->command, whole, strlen(whole));
    free(whole);
    free(text);
    cJSON_Delete(line);
    return status;
}

static int put_bytes(struct running *r, bool error, const char *bytes, size_t n)
{
    if (r->command->options.json)
        keep(r, error ? &r->err : &r->out, bytes, n);
    else if (error)
        write_errors(bytes, n);
    else
        return command_write(r->command, bytes, n);
    return EXIT_DONE;
}

static void put_chunks(struct running *r, const cJSON *page)
{
    const cJSON *chunk;
    cJSON_ArrayForEach(chunk, json_get(page, "chunks"))
    {
        char *bytes = NULL;
        size_t n = 0;
        if (r->command->options.json && !r->exec) {
            r->status = put_line(r, chunk, json_get(page, "pid"));
        } else if (json_get_base64(chunk, "data", &bytes, &n) == ERR_OK) {
            const bool error = strcmp(json_string(chunk, "stream", ""), "stderr") == 0;
            r->status = put_bytes(r, error, bytes, n);
            free(bytes);
        }
        if (r->status != EXIT_DONE) {
            r->done = true; /* nobody reads us: exec's process hears of it by our end */
            return;
        }
    }
}

static void ask(struct running *r);

static void on_page(void *data, const cJSON *page, const struct client_fault *fault)
{
    struct running *r = data;
    r->asked = false;
    if (fault) {
        if (!later(r, fault))
            fail(r, fault);
        return;
    }
    const uint64_t next = (uint64_t)json_int(page, "next", (int64_t)r->since);
    const bool last = json_bool(page, "last", false);
    const bool all = last || (!r->follow && next == r->since);
    r->since = next;
    if (!all)
        ask(r); /* the hub works on it while we write */
    put_chunks(r, page);
    if (!all || r->done)
        return;
    r->done = true;
    if (r->exec)
        r->result = cJSON_Duplicate(page, true);
}

static void ask(struct running *r)
{
    cJSON *o = about(r);
    json_add_int(o, "since", (int64_t)r->since);
    if (!(r->command->options.json && !r->exec))
        cJSON_AddStringToObject(o, "encoding", "base64");
    if (r->follow)
        json_add_int(o, "wait", WAIT_S);
    if (r->exec)
        cJSON_AddTrueToObject(o, "attached");
    else if (json_get(r->command->flags.input, "stream"))
        cJSON_AddStringToObject(o, "stream",
                                json_string(r->command->flags.input, "stream", "both"));
    r->asked = true;
    client_send(r->client, "process.output", o, -1, on_page, r);
    cJSON_Delete(o);
}

/* --- stdin ------------------------------------------------------------------------------------ */

static void on_said(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct running *r = data;
    (void)result;
    r->saying = false;
    if (fault && later(r, fault))
        return;
    if (fault) {
        r->at_end = r->closed = true; /* it has ended, or reads no more: as with a pipe */
        r->piece_n = 0;
        return;
    }
    r->at += r->piece_n;
    r->closed = r->at_end && r->piece_n == 0;
    r->piece_n = 0;
}

static void say(struct running *r)
{
    cJSON *o = about(r);
    r->saying = true;
    if (r->piece_n) {
        json_add_base64(o, "data", r->piece, r->piece_n);
        json_add_int(o, "at", (int64_t)r->at);
        client_send(r->client, "process.write", o, -1, on_said, r);
    } else {
        client_send(r->client, "process.close-stdin", o, CALL_MS, on_said, r);
    }
    cJSON_Delete(o);
}

static void read_piece(struct running *r)
{
    ssize_t n = read(STDIN_FILENO, r->piece, PIECE);
    if (n > 0)
        r->piece_n = (size_t)n;
    else if (n == 0 || (errno != EINTR && errno != EAGAIN))
        r->at_end = true;
}

/* --- the loop --------------------------------------------------------------------------------- */

static void turn(struct running *r, int signals)
{
    const bool reads = r->input && !r->at_end && !r->saying && r->piece_n == 0;
    struct pollfd slots[] = {
        {.fd = client_fd(r->client), .events = POLLIN},
        {.fd = reads ? STDIN_FILENO : -1, .events = POLLIN},
        {.fd = signals, .events = POLLIN},
    };
    if (poll(slots, 3, r->rest_us ? PAUSE_MS : -1) < 0)
        return;
    client_dispatch(r->client);
    if (slots[1].revents)
        read_piece(r);
    if (slots[2].revents)
        pass_signals(r, signals);
}

static void loop(struct running *r, int signals)
{
    while (!r->done) {
        if (r->rest_us && clock_mono_us() >= r->rest_us)
            r->rest_us = 0;
        if (!r->asked && !r->rest_us)
            ask(r);
        if (r->input && !r->saying && !r->closed && !r->rest_us && (r->piece_n || r->at_end))
            say(r);
        turn(r, signals);
        if (!r->done && command_refused(r->command, r->client, &r->status))
            r->done = true;
    }
    client_forget(r->client, r);
}

static void finish(struct running *r)
{
    buf_finish(&r->out);
    buf_finish(&r->err);
    free(r->piece);
    cJSON_Delete(r->result);
    client_close(r->client);
}

/* --- exec ------------------------------------------------------------------------------------- */

static enum err start(struct running *r, struct client_fault *fault)
{
    cJSON *input = cJSON_Duplicate(r->command->flags.input, true), *started = NULL;
    cJSON_AddTrueToObject(input, "attached");
    enum err e = held_call(r->command, r->client, "process.spawn", input, -1, &started, fault);
    if (e == ERR_OK)
        snprintf(r->id, sizeof r->id, "%s", json_string(started, "processId", ""));
    cJSON_Delete(started);
    cJSON_Delete(input);
    return e;
}

static void add_output(cJSON *o, const char *key, const struct buf *bytes, bool base64)
{
    const char *text = bytes->data ? bytes->data : "";
    if (base64)
        json_add_base64(o, key, text, bytes->len);
    else
        json_add_text(o, key, text, bytes->len);
}

static bool is_text(const struct buf *b)
{
    return b->len == 0 || (text_is_utf8(b->data, b->len) && !memchr(b->data, 0, b->len));
}

/* What process.exec would have answered. */
static int print_whole(struct running *r)
{
    const bool base64 = !is_text(&r->out) || !is_text(&r->err);
    cJSON *o = about(r);
    cJSON_AddItemToObject(o, "pid", cJSON_Duplicate(json_get(r->result, "pid"), true));
    add_output(o, "stdout", &r->out, base64);
    add_output(o, "stderr", &r->err, base64);
    json_add_int(o, "exitCode", json_int(r->result, "exitCode", 0));
    if (base64)
        cJSON_AddStringToObject(o, "encoding", "base64");
    if (r->more)
        cJSON_AddTrueToObject(o, "truncated");
    const int status = command_print(r->command, o);
    cJSON_Delete(o);
    return status;
}

static int status_of(struct running *r)
{
    if (!r->result)
        return r->status;
    if (json_bool(r->result, "lost", false))
        return command_fail(r->command, ERR_LOST,
                            "The keeper of the process is gone, and the program with it.");
    if (r->command->options.json)
        return print_whole(r);
    const int64_t code = json_int(r->result, "exitCode", 0);
    return code < 0 ? 128 + (int)(-code & 127) : (int)(code & 255);
}

int command_process_exec(const struct command *c)
{
    struct running r = {.command = c, .exec = true, .follow = true};
    struct client_fault fault = {0};
    int status = EXIT_FAILED;
    r.client = command_connect(c, true, &status);
    if (!r.client)
        return status;
    if (start(&r, &fault) != ERR_OK) {
        status = command_fault(c, &fault);
    } else {
        const int signals = catch_signals();
        r.input = !json_get(c->flags.input, "stdin");
        r.piece = mem_zalloc(PIECE);
        loop(&r, signals);
        status = status_of(&r);
    }
    finish(&r);
    return status;
}

/* --- output and wait -------------------------------------------------------------------------- */

int command_process_output(const struct command *c)
{
    struct running r = {.command = c, .follow = c->flags.follow};
    int status = EXIT_FAILED;
    if (c->options.json && !c->flags.follow)
        return command_call(c);
    r.client = command_connect(c, true, &status);
    if (!r.client)
        return status;
    snprintf(r.id, sizeof r.id, "%s", json_string(c->flags.input, "processId", ""));
    r.since = (uint64_t)json_int(c->flags.input, "since", 0);
    loop(&r, -1);
    status = r.status;
    finish(&r);
    return status;
}

int command_process_wait(const struct command *c)
{
    struct client_fault fault = {0};
    cJSON *result = NULL, *ask = cJSON_Duplicate(c->flags.input, true);
    const double timeout = json_number(ask, "timeout", -1);
    const int64_t until = clock_mono_us() + (int64_t)(timeout * 1e6);
    int status = EXIT_FAILED;
    enum err e = ERR_LOST;
    struct client *client = command_connect(c, true, &status);
    struct patient patient = {.command = c, .client = client};
    while (client && patient_hub_gone(e)) {
        if (timeout >= 0) {
            const int64_t left = until - clock_mono_us();
            cJSON_DeleteItemFromObjectCaseSensitive(ask, "timeout");
            cJSON_AddNumberToObject(ask, "timeout", left > 0 ? (double)left / 1e6 : 0);
        }
        e = client_call(client, "process.wait", ask, -1, &result, &fault);
        if (patient_hub_gone(e) && (e = patient_pause(&patient, &fault)) == ERR_OK)
            e = timeout >= 0 && clock_mono_us() > until ? ERR_TIMEOUT : ERR_LOST;
    }
    if (client && e == ERR_OK) {
        status = command_print(c, result);
    } else if (client) {
        fault.code = fault.code == ERR_OK ? e : fault.code;
        status = command_fault(c, &fault);
    }
    cJSON_Delete(result);
    cJSON_Delete(ask);
    client_close(client);
    return status;
}
