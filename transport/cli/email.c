/* Mail commands that read or write files of the caller: attachments, what an MTA hands over, and
 * the export. What is too large for one call goes and comes in pieces. */
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "transport/cli/command.h"
#include "transport/cli/held.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#define CALL_MS    60000
#define PIECE      (4u * 1024 * 1024)
#define FILE_LIMIT (64u * 1024 * 1024)

/* --- pieces ------------------------------------------------------------------------------------
 */

/* Puts bytes into the object: `data`, or when they are many `upload`, which are sent ahead. */
static enum err put_bytes(struct client *client, cJSON *o, const char *bytes, size_t n,
                          struct client_fault *fault)
{
    char id[64] = "";
    if (n <= PIECE) {
        json_add_base64(o, "data", bytes, n);
        return ERR_OK;
    }
    for (size_t at = 0; at < n; at += PIECE) {
        cJSON *in = cJSON_CreateObject(), *result = NULL;
        json_add_base64(in, "data", bytes + at, n - at < PIECE ? n - at : PIECE);
        if (*id)
            cJSON_AddStringToObject(in, "upload", id);
        enum err e = client_call(client, "email.upload", in, CALL_MS, &result, fault);
        snprintf(id, sizeof id, "%s", json_string(result, "upload", id));
        cJSON_Delete(in);
        cJSON_Delete(result);
        if (e != ERR_OK)
            return e;
    }
    cJSON_AddStringToObject(o, "upload", id);
    return ERR_OK;
}

/* All pieces of what method gives for input. */
static enum err get_bytes(struct client *client, const char *method, cJSON *input, struct buf *out,
                          struct client_fault *fault)
{
    int64_t size = 1;
    while ((int64_t)out->len < size) {
        cJSON *result = NULL;
        char *bytes = NULL;
        size_t n = 0;
        cJSON_DeleteItemFromObjectCaseSensitive(input, "at");
        json_add_int(input, "at", (int64_t)out->len);
        enum err e = client_call(client, method, input, CALL_MS, &result, fault);
        if (e == ERR_OK)
            e = json_get_base64(result, "data", &bytes, &n);
        size = json_int(result, "size", 0);
        buf_append(out, bytes ? bytes : "", n);
        free(bytes);
        cJSON_Delete(result);
        if (e != ERR_OK || (n == 0 && size > 0))
            return e != ERR_OK ? e : ERR_IO;
    }
    return ERR_OK;
}

static int failed(const struct command *c, enum err e, struct client_fault *fault)
{
    return fault->code != ERR_OK ? command_fault(c, fault) : command_fail(c, e, NULL);
}

/* --- attachments -------------------------------------------------------------------------------
 */

static const char *type_of(const char *name)
{
    static const struct {
        const char *end, *type;
    } known[] = {
        {".txt", "text/plain"}, {".md", "text/markdown"},      {".html", "text/html"},
        {".csv", "text/csv"},   {".json", "application/json"}, {".pdf", "application/pdf"},
        {".png", "image/png"},  {".jpg", "image/jpeg"},        {".jpeg", "image/jpeg"},
        {".gif", "image/gif"},  {".zip", "application/zip"},   {".gz", "application/gzip"}};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof known / sizeof *known; i++)
        if (strcasecmp(dot, known[i].end) == 0)
            return known[i].type;
    return "application/octet-stream";
}

static int attach(const struct command *c, struct client *client)
{
    cJSON *names = cJSON_DetachItemFromObjectCaseSensitive(c->flags.input, "attach");
    cJSON *list = cJSON_GetObjectItemCaseSensitive(c->flags.input, "attachments");
    const cJSON *one;
    int status = EXIT_DONE;
    if (!list)
        list = cJSON_AddArrayToObject(c->flags.input, "attachments");
    cJSON_ArrayForEach(one, names)
    {
        const char *path = one->valuestring, *slash = strrchr(path, '/');
        struct client_fault fault = {0};
        char *bytes = NULL, *why;
        size_t n = 0;
        enum err e = path_read_file(path, FILE_LIMIT, &bytes, &n);
        if (e != ERR_OK) {
            why =
                mem_printf("The file to attach, %s, cannot be read: %s", path, err_text(e)->person);
            status = command_fail(c, e, why);
            free(why);
            break;
        }
        cJSON *o = cJSON_CreateObject();
        cJSON_AddStringToObject(o, "name", slash ? slash + 1 : path);
        cJSON_AddStringToObject(o, "type", type_of(path));
        e = put_bytes(client, o, bytes, n, &fault);
        cJSON_AddItemToArray(list, o);
        free(bytes);
        if (e != ERR_OK) {
            status = failed(c, e, &fault);
            break;
        }
    }
    cJSON_Delete(names);
    return status;
}

int local_email_send(const struct command *c)
{
    struct client_fault fault = {0};
    cJSON *result = NULL;
    int status = EXIT_FAILED;
    if (!json_get(c->flags.input, "attach"))
        return command_call(c);
    struct client *client = command_connect(c, true, &status);
    if (!client)
        return status;
    status = attach(c, client);
    if (status == EXIT_DONE) {
        char *method = mem_printf("%s.%s", c->row->group, c->row->name);
        enum err e = held_call(c, client, method, c->flags.input, CALL_MS, &result, &fault);
        status = e == ERR_OK ? command_print(c, result) : failed(c, e, &fault);
        free(method);
    }
    cJSON_Delete(result);
    client_close(client);
    return status;
}

int local_email_attachment(const struct command *c)
{
    struct client_fault fault = {0};
    struct buf out = {0};
    int status = EXIT_FAILED;
    if (c->options.json)
        return command_call(c);
    struct client *client = command_connect(c, true, &status);
    if (!client)
        return status;
    enum err e = get_bytes(client, "email.attachment", c->flags.input, &out, &fault);
    status = e == ERR_OK ? command_write(c, out.data, out.len) : failed(c, e, &fault);
    buf_finish(&out);
    client_close(client);
    return status;
}

/* --- what an MTA hands over --------------------------------------------------------------------
 */

static enum err read_all(int fd, struct buf *out)
{
    for (;;) {
        ssize_t n = read(fd, buf_reserve(out, 65536), 65536);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? err_from_errno(errno) : ERR_OK;
        out->len += (size_t)n;
        if (out->len > FILE_LIMIT)
            return ERR_LIMIT;
    }
}

/* An MTA reads the exit status: what can never be delivered it sends back, the rest it keeps. */
static int status_for_mta(enum err code)
{
    return code == ERR_RECIPIENT                      ? EX_NOUSER
           : code == ERR_INVALID || code == ERR_LIMIT ? EX_DATAERR
           : code == ERR_DENIED || code == ERR_TOKEN  ? EX_NOPERM
           : code == ERR_OK                           ? EX_OK
                                                      : EX_TEMPFAIL;
}

int local_email_deliver(const struct command *c)
{
    struct client_fault fault = {0};
    struct buf all = {0};
    cJSON *result = NULL, *input = c->flags.input;
    enum err e = ERR_OK;
    int status = EX_TEMPFAIL;
    struct client *client = command_connect(c, true, &status);
    if (!client)
        return EX_TEMPFAIL;
    if (!json_get(input, "message") && !json_get(input, "data") && !json_get(input, "upload")) {
        e = read_all(STDIN_FILENO, &all);
        if (e == ERR_OK)
            e = put_bytes(client, input, all.data ? all.data : "", all.len, &fault);
    }
    if (e == ERR_OK)
        e = client_call(client, "email.deliver", input, CALL_MS, &result, &fault);
    status = status_for_mta(e);
    if (e == ERR_OK)
        command_print(c, result);
    else
        failed(c, e, &fault);
    cJSON_Delete(result);
    buf_finish(&all);
    client_close(client);
    return status;
}

/* --- the export --------------------------------------------------------------------------------
 */

struct export
{
    const char *path;
    bool maildir;
    int fd; /* of the mbox */
    int64_t count;
};

static enum err write_out(int fd, const char *bytes, size_t n)
{
    for (size_t at = 0; at < n;) {
        ssize_t put = write(fd, bytes + at, n - at);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return err_from_errno(errno);
        at += (size_t)put;
    }
    return ERR_OK;
}

static enum err begin(struct export *x)
{
    static const char *const folders[] = {"", "/cur", "/new", "/tmp"};
    if (!x->maildir) {
        x->fd = open(x->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        return x->fd < 0 ? err_from_errno(errno) : ERR_OK;
    }
    for (size_t i = 0; i < 4; i++) {
        char *dir = mem_printf("%s%s", x->path, folders[i]);
        int rc = mkdir(dir, 0700);
        free(dir);
        if (rc != 0 && errno != EEXIST)
            return err_from_errno(errno);
    }
    return ERR_OK;
}

/* A name that says which message it is, so that a second export adds only what is new. */
static enum err put_maildir(const struct export *x, const char *id, bool is_read,
                            const struct buf *mail)
{
    char *name =
        mem_printf("%s/%s/%s.baton%s", x->path, is_read ? "cur" : "new", id, is_read ? ":2,S" : "");
    enum err e = path_write_file(name, mail->data, mail->len, false);
    free(name);
    return e;
}

/* mboxrd: a line that begins with any number of > and "From " gets one more. */
static enum err put_mbox(const struct export *x, const char *from, const struct buf *mail)
{
    struct buf out = {0};
    const char *at = mail->data, *end = mail->data + mail->len;
    time_t now = time(NULL);
    struct tm tm;
    char date[40];
    gmtime_r(&now, &tm);
    asctime_r(&tm, date);
    buf_printf(&out, "From %.*s %s", (int)strcspn(from, " \r\n"), *from ? from : "-", date);
    while (at < end) {
        const char *nl = memchr(at, '\n', (size_t)(end - at));
        size_t n = nl ? (size_t)(nl + 1 - at) : (size_t)(end - at), arrows = 0;
        while (arrows < n && at[arrows] == '>')
            arrows++;
        if (n - arrows >= 5 && memcmp(at + arrows, "From ", 5) == 0)
            buf_putc(&out, '>');
        buf_append(&out, at, n);
        at += n;
    }
    buf_puts(&out, "\n");
    enum err e = write_out(x->fd, out.data, out.len);
    buf_finish(&out);
    return e;
}

static enum err export_one(struct client *client, struct export *x, const cJSON *letter,
                           struct client_fault *fault)
{
    struct buf mail = {0};
    cJSON *in = cJSON_CreateObject();
    const char *id = json_string(letter, "id", "");
    cJSON_AddStringToObject(in, "message_id", id);
    enum err e = get_bytes(client, "email.raw", in, &mail, fault);
    if (e == ERR_OK && x->maildir)
        e = put_maildir(x, id, json_bool(letter, "is_read", false), &mail);
    else if (e == ERR_OK)
        e = put_mbox(x, json_string(letter, "from", ""), &mail);
    x->count += e == ERR_OK;
    cJSON_Delete(in);
    buf_finish(&mail);
    return e;
}

int local_email_export(const struct command *c)
{
    struct client_fault fault = {0};
    struct export x = {.path = json_string(c->flags.input, "output", ""), .fd = -1};
    cJSON *ask = cJSON_CreateObject(), *list = NULL, *done;
    const cJSON *letter;
    int status = EXIT_FAILED;
    x.maildir = strcmp(json_string(c->flags.input, "format", "maildir"), "maildir") == 0;
    struct client *client = command_connect(c, true, &status);
    if (!client) {
        cJSON_Delete(ask);
        return status;
    }
    cJSON_AddTrueToObject(ask, "all");
    json_add_int(ask, "limit", 10000);
    enum err e = client_call(client, "inbox.email", ask, CALL_MS, &list, &fault);
    if (e == ERR_OK)
        e = begin(&x);
    cJSON_ArrayForEach(letter, list) if (e == ERR_OK) e = export_one(client, &x, letter, &fault);
    if (x.fd >= 0 && close(x.fd) != 0 && e == ERR_OK)
        e = err_from_errno(errno);
    if (e == ERR_OK) {
        done = cJSON_CreateObject();
        json_add_int(done, "count", x.count);
        status = command_print(c, done);
        cJSON_Delete(done);
    } else {
        status = failed(c, e, &fault);
    }
    cJSON_Delete(list);
    cJSON_Delete(ask);
    client_close(client);
    return status;
}
