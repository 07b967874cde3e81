/* `stream export`: a stream's records as a file that other players understand. */
#include "core/base/mem.h"
#include "transport/cli/asciicast.h"
#include "transport/cli/command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CALL_MS 30000

/* What the shell is called, for the title; its id when nobody knows. The caller frees. */
static char *name_of(struct client *client, const char *id)
{
    struct client_fault fault = {0};
    cJSON *ask = cJSON_CreateObject(), *list = NULL;
    const cJSON *one;
    char *name = NULL;
    cJSON_AddTrueToObject(ask, "all");
    if (client_call(client, "shell.list", ask, CALL_MS, &list, &fault) == ERR_OK)
        cJSON_ArrayForEach(
            one, list) if (!name && strncmp(json_string(one, "shellId", ""), id, strlen(id)) == 0)
            name = mem_strdup(json_string(one, "name", id));
    client_fault_finish(&fault);
    cJSON_Delete(list);
    cJSON_Delete(ask);
    return name ? name : mem_strdup(id);
}

/* Where the recording goes. The file is opened with the first bytes, so that an export that finds
 * nothing leaves an older file as it was. */
struct sink {
    const char *file; /* NULL: standard output */
    int fd;           /* -1: not open yet */
};

static bool write_all(struct sink *sink, const struct buf *b)
{
    if (sink->fd < 0)
        sink->fd = open(sink->file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (sink->fd < 0)
        return false;
    for (size_t at = 0; at < b->len;) {
        ssize_t put = write(sink->fd, b->data + at, b->len - at);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        at += (size_t)put;
    }
    return true;
}

/* Streams all records to the sink; gives the exit status. */
static int write_cast(const struct command *c, struct client *client, const char *id,
                      struct sink *sink)
{
    struct client_fault fault = {0};
    struct cast_record record;
    struct buf lines = {0};
    struct asciicast cast;
    struct records *records = records_open(client, id);
    char *title = name_of(client, id);
    enum err e;
    bool written = true;

    asciicast_init(&cast, title);
    while (written && (e = records_next(records, &record, &fault)) == ERR_OK) {
        asciicast_record(&cast, &record, &lines);
        if (lines.len > 65536) {
            written = write_all(sink, &lines);
            buf_clear(&lines);
        }
    }
    int status = EXIT_DONE;
    if (!written) {
        status = command_fail(c, err_from_errno(errno), "The recording cannot be written.");
    } else if (e != ERR_AGAIN) {
        status = command_fault(c, &fault);
    } else {
        asciicast_end(&cast, &lines);
        if (!write_all(sink, &lines))
            status = command_fail(c, err_from_errno(errno), "The recording cannot be written.");
    }
    asciicast_finish(&cast);
    records_close(records);
    buf_finish(&lines);
    free(title);
    return status;
}

int local_export(const struct command *c)
{
    const char *id = json_string(c->flags.input, "streamId", "");
    struct sink sink = {.file = json_string(c->flags.input, "output", NULL), .fd = -1};
    int status = EXIT_FAILED;
    struct client *client = command_connect(c, true, &status);
    if (!client)
        return status;
    if (!sink.file)
        sink.fd = STDOUT_FILENO;
    status = write_cast(c, client, id, &sink);
    if (sink.file && sink.fd >= 0 && close(sink.fd) < 0 && status == EXIT_DONE)
        status = command_fail(c, err_from_errno(errno), "The recording cannot be written.");
    client_close(client);
    return status;
}
