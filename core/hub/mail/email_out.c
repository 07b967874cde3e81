/* Mail for elsewhere: one document for each message that has to go, one sendmail at a time. The
 * document is written with the message and goes with the word that sendmail has taken it, so a hub
 * that dies in between hands it over again (its Message-ID tells it is the same). What is refused
 * for good, or too often, comes back to its sender as a message. Control's.
 *
 * sendmail reads the mail from a file in memory, not from a pipe: whoever dies meanwhile, it never
 * takes the first half of a mail for the whole. */
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/hub/mail/email.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <unistd.h>

#define TRIES_MAX 8
#define FIRST_US  (5 * (int64_t)1000000) /* between the first two; doubled each time */
#define LAST_MS   500 /* for what it said at its end, when a child of its keeps standard error */

struct out_run {
    struct hub *hub;
    char id[MAIL_ID];
    uv_process_t process;
    uv_pipe_t err;
    uv_timer_t limit;
    int open_handles;
    size_t said_n;
    int64_t status;
    char said[400]; /* what it wrote to standard error */
    char rest[512]; /* what it wrote beyond that: read, and forgotten */
};

struct email_out {
    struct out_run *run; /* NULL: nothing is on its way */
    uv_timer_t timer;
    bool stopped;
};

struct out_done { /* flat: an argument of control's work */
    char id[MAIL_ID];
    int64_t status;
    char said[400];
};

static enum err pump(struct hub *hub, void *arg);

const cJSON *email_sendmail(struct hub *hub)
{
    const cJSON *command = json_get(config_mail(hub->config), "sendmail");
    return cJSON_GetArraySize(command) > 0 ? command : NULL;
}

enum err email_out(struct hub *hub, const char *message_id, const char *from_name,
                   const cJSON *addresses)
{
    cJSON *doc = cJSON_CreateObject();
    cJSON_AddStringToObject(doc, "from", from_name);
    cJSON_AddItemToObject(doc, "to", cJSON_Duplicate(addresses, true));
    json_add_int(doc, "tries", 0);
    json_add_int(doc, "next", 0);
    enum err e = journal_put(hub->journal, EMAIL_OUT_KIND, message_id, doc);
    cJSON_Delete(doc);
    if (e == ERR_OK)
        e = email_state_begin(hub, message_id, addresses);
    if (e == ERR_OK)
        control_after(hub, pump, NULL);
    return e;
}

/* --- what came of it: in a transaction ---------------------------------------------------------
 */

/* Back to its sender: what was not delivered, to whom, and what was said about it. */
static enum err bounce(struct hub *hub, const char *id, const cJSON *doc, const char *said)
{
    char from[MAIL_ADDRESS], own[MAIL_ADDRESS];
    const char *name = json_string(doc, "from", "");
    struct letter l;
    struct buf body = {0};
    const cJSON *one;
    enum err e = letter_load(hub, id, &l);
    if (e != ERR_OK)
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    mail_address(hub, "mailer-daemon", from);
    mail_address(hub, name, own);
    buf_printf(&body, "Your message \"%s\" could not be delivered to:", l.m.subject);
    cJSON_ArrayForEach(one, json_get(doc, "to")) buf_printf(&body, "\n  %s", one->valuestring);
    buf_printf(&body, "\n\n%s\n", *said ? said : "The mail system gave no reason.");
    char *subject = mem_printf("Undelivered: %s", l.m.subject);
    char *headers = mem_printf("{\"to\":[\"%s\"],\"cc\":[],\"automatic\":true}", own);
    struct mail_message m = {.grammar = MAIL_EMAIL,
                             .priority = MAIL_NORMAL,
                             .from_name = "",
                             .from_address = from,
                             .subject = subject,
                             .body = body.data,
                             .body_n = body.len,
                             .headers = headers,
                             .thread_id = l.m.thread_id,
                             .in_reply_to = id};
    e = journal_message_add(hub->journal, &m);
    struct mail_delivery d = {.grammar = MAIL_EMAIL,
                              .priority = MAIL_NORMAL,
                              .channel = "",
                              .role = MAIL_TO,
                              .state = MAIL_QUEUED};
    snprintf(d.message_id, sizeof d.message_id, "%s", m.id);
    snprintf(d.recipient, sizeof d.recipient, "%s", name);
    if (e == ERR_OK)
        e = journal_delivery_add(hub->journal, &d);
    if (e == ERR_OK)
        e = journal_audit(hub->journal, "bounced", id, name, NULL);
    cJSON *data = cJSON_CreateObject(), *to = cJSON_AddArrayToObject(data, "to");
    cJSON_AddStringToObject(data, "message_id", m.id);
    cJSON_AddStringToObject(data, "from", from);
    cJSON_AddItemToArray(to, cJSON_CreateString(name));
    cJSON_AddStringToObject(data, "subject", subject);
    cJSON_AddStringToObject(data, "priority", "normal");
    cJSON_AddStringToObject(data, "grammar", "email");
    if (e == ERR_OK)
        e = control_event(hub, "messageSent", "", "", m.id, data);
    if (e == ERR_OK)
        mail_wake(hub, name);
    cJSON_Delete(data);
    free(headers);
    free(subject);
    buf_finish(&body);
    letter_finish(&l);
    return e;
}

static bool for_good(int64_t status)
{
    return status == EX_USAGE || status == EX_DATAERR || status == EX_NOUSER ||
           status == EX_NOHOST || status == EX_NOPERM;
}

static enum err settle(struct hub *hub, void *arg)
{
    const struct out_done *done = arg;
    cJSON *doc = NULL;
    enum err e = journal_get(hub->journal, EMAIL_OUT_KIND, done->id, &doc);
    if (e == ERR_NOT_FOUND)
        return ERR_OK;
    if (e != ERR_OK)
        return e;
    int64_t tries = json_int(doc, "tries", 0) + 1;
    const char *name = json_string(doc, "from", "");
    if (done->status == 0) {
        e = journal_drop(hub->journal, EMAIL_OUT_KIND, done->id);
        if (e == ERR_OK)
            e = email_state_set(hub, done->id, NULL, EMAIL_SENT, "");
        if (e == ERR_OK)
            e = journal_audit(hub->journal, "handed over", done->id, name, NULL);
    } else if (for_good(done->status) || tries >= TRIES_MAX) {
        e = bounce(hub, done->id, doc, done->said);
        if (e == ERR_OK)
            e = email_state_set(hub, done->id, NULL, EMAIL_BOUNCED, done->said);
        if (e == ERR_OK)
            e = journal_drop(hub->journal, EMAIL_OUT_KIND, done->id);
    } else {
        cJSON_ReplaceItemInObjectCaseSensitive(doc, "tries", cJSON_CreateNumber((double)tries));
        cJSON_ReplaceItemInObjectCaseSensitive(
            doc, "next", cJSON_CreateNumber((double)(clock_wall_us() + (FIRST_US << (tries - 1)))));
        e = journal_put(hub->journal, EMAIL_OUT_KIND, done->id, doc);
        if (e == ERR_OK)
            e = email_state_set(hub, done->id, NULL, EMAIL_QUEUED, done->said);
    }
    cJSON_Delete(doc);
    if (e == ERR_OK)
        control_after(hub, pump, NULL);
    return e;
}

/* --- one sendmail ------------------------------------------------------------------------------
 */

static void on_closed(uv_handle_t *handle)
{
    struct out_run *r = handle->data;
    struct hub *hub = r->hub;
    if (--r->open_handles > 0)
        return;
    if (!hub->email_out->stopped) {
        struct out_done done = {.status = r->status};
        memcpy(done.id, r->id, sizeof done.id);
        while (r->said_n && strchr(" \r\n\t", r->said[r->said_n - 1]) && r->said[r->said_n - 1])
            r->said_n--;
        text_make_safe(done.said, sizeof done.said, r->said, r->said_n);
        if (done.status)
            log_warn("sendmail ends with %lld: %s", (long long)done.status, done.said);
        hub_post_control(hub, settle, mem_dup(&done, sizeof done));
    }
    hub->email_out->run = NULL;
    free(r);
}

static void end(uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, on_closed);
}

static void close_all(struct out_run *r)
{
    end((uv_handle_t *)&r->process);
    end((uv_handle_t *)&r->err);
    end((uv_handle_t *)&r->limit);
}

static void on_last(uv_timer_t *timer)
{
    struct out_run *r = timer->data;
    close_all(r);
}

static void on_exit_of(uv_process_t *process, int64_t status, int signal_number)
{
    struct out_run *r = process->data;
    r->status = signal_number ? 128 + signal_number : status;
    end((uv_handle_t *)process);
    if (uv_is_closing((uv_handle_t *)&r->err))
        end((uv_handle_t *)&r->limit);
    else
        uv_timer_start(&r->limit, on_last, LAST_MS, 0);
}

static void on_limit(uv_timer_t *timer)
{
    struct out_run *r = timer->data;
    static const char said[] = "it took longer than limits.sendmail and was ended";
    if (!r->said_n) {
        memcpy(r->said, said, sizeof said - 1);
        r->said_n = sizeof said - 1;
    }
    if (kill(-r->process.pid, SIGKILL) != 0) /* it leads a group of its own */
        uv_process_kill(&r->process, SIGKILL);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct out_run *r = handle->data;
    (void)suggested;
    size_t room = sizeof r->said - r->said_n;
    *buf = room ? uv_buf_init(r->said + r->said_n, (unsigned)room)
                : uv_buf_init(r->rest, (unsigned)sizeof r->rest);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct out_run *r = stream->data;
    if (n > 0 && buf->base >= r->said && buf->base < r->said + sizeof r->said)
        r->said_n += (size_t)n;
    if (n < 0) {
        end((uv_handle_t *)stream);
        if (uv_is_closing((uv_handle_t *)&r->process))
            end((uv_handle_t *)&r->limit);
    }
}

/* PROGRAM ARG… -i -f FROM -- TO…; the array is the caller's, its words are borrowed. */
static char **arguments(const cJSON *command, const cJSON *to, const char *from)
{
    static const char *const ours[] = {"-i", "-f", NULL, "--"};
    const cJSON *one;
    size_t n = 0, size = (size_t)cJSON_GetArraySize(command) + (size_t)cJSON_GetArraySize(to) + 5;
    char **args = mem_calloc(size, sizeof *args);
    cJSON_ArrayForEach(one, command) args[n++] = one->valuestring;
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        args[n++] = (char *)(uintptr_t)(ours[i] ? ours[i] : from);
    cJSON_ArrayForEach(one, to) args[n++] = one->valuestring;
    return args;
}

/* The mail as a file that is nowhere but in memory, at its beginning; -1 and errno. */
static int file_with(const struct buf *mail)
{
    int fd = memfd_create("mail", MFD_CLOEXEC);
    for (size_t at = 0; fd >= 0 && at < mail->len;) {
        ssize_t n = write(fd, mail->data + at, mail->len - at);
        if (n < 0 && errno != EINTR) {
            int why = errno;
            close(fd);
            errno = why;
            return -1;
        }
        at += n > 0 ? (size_t)n : 0;
    }
    if (fd >= 0)
        lseek(fd, 0, SEEK_SET);
    return fd;
}

static void spawn(struct out_run *r, const struct buf *mail, const cJSON *to, const char *from)
{
    struct hub *hub = r->hub;
    char **args = arguments(email_sendmail(hub), to, from);
    int fd = file_with(mail), rc = fd < 0 ? uv_translate_sys_error(errno) : 0;
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_INHERIT_FD, .data.fd = fd},
        {.flags = UV_IGNORE},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&r->err},
    };
    uv_process_options_t options = {.file = args[0],
                                    .args = args,
                                    .exit_cb = on_exit_of,
                                    .flags = UV_PROCESS_DETACHED,
                                    .stdio = stdio,
                                    .stdio_count = 3};
    r->process.data = r->err.data = r->limit.data = r;
    r->open_handles = 3;
    uv_pipe_init(&hub->control_loop, &r->err, 0);
    uv_timer_init(&hub->control_loop, &r->limit);
    /* Without a file nothing starts, but the handle is the loop's all the same, to be closed. */
    int started = uv_spawn(&hub->control_loop, &r->process, &options);
    rc = rc == 0 ? started : rc;
    if (rc == 0) {
        uv_timer_start(&r->limit, on_limit, (uint64_t)config_sendmail_ms(hub->config), 0);
        uv_read_start((uv_stream_t *)&r->err, on_alloc, on_read);
    } else {
        int n = snprintf(r->said, sizeof r->said, "%.200s cannot be started: %s", args[0],
                         uv_strerror(rc));
        r->said_n = n > 0 ? (size_t)n : 0;
        r->status = EX_OSERR;
        close_all(r);
    }
    if (fd >= 0)
        close(fd);
    free(args);
}

struct due {
    int64_t now, soonest;
    char id[MAIL_ID];
    cJSON *doc;
};

static void find_due(void *data, const char *key, const cJSON *value)
{
    struct due *d = data;
    int64_t next = json_int(value, "next", 0);
    if (next > d->now) {
        d->soonest = next < d->soonest ? next : d->soonest;
    } else if (!d->doc) {
        snprintf(d->id, sizeof d->id, "%s", key);
        d->doc = cJSON_Duplicate(value, true);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct hub *hub = timer->data;
    pump(hub, NULL);
}

static enum err start(struct hub *hub, const struct due *due)
{
    struct letter l;
    struct mail m;
    struct buf bytes = {0};
    enum err e = letter_load(hub, due->id, &l);
    if (e != ERR_OK)
        return e;
    e = letter_mail(hub, &l, &m);
    if (e == ERR_OK) {
        e = mail_build(&m, &bytes);
        mail_finish(&m);
    }
    if (e == ERR_OK) {
        struct out_run *r = mem_zalloc(sizeof *r);
        r->hub = hub;
        memcpy(r->id, due->id, sizeof r->id);
        hub->email_out->run = r;
        spawn(r, &bytes, json_get(due->doc, "to"), l.m.from_address);
    }
    buf_finish(&bytes);
    letter_finish(&l);
    return e;
}

/* After a commit, and when a time has come: the next one that is due goes. */
static enum err pump(struct hub *hub, void *arg)
{
    struct email_out *o = hub->email_out;
    struct due due = {.now = clock_wall_us(), .soonest = INT64_MAX};
    (void)arg;
    if (!o || o->run || o->stopped || !email_sendmail(hub))
        return ERR_OK;
    enum err e = journal_each(hub->journal, EMAIL_OUT_KIND, find_due, &due);
    if (e == ERR_OK && due.doc) {
        e = start(hub, &due);
        if (e != ERR_OK) { /* it cannot even be built: that is told, and does not block the rest */
            struct out_done done = {.status = EX_DATAERR};
            memcpy(done.id, due.id, sizeof done.id);
            snprintf(done.said, sizeof done.said, "%s", err_text(e)->person);
            hub_post_control(hub, settle, mem_dup(&done, sizeof done));
        }
    } else if (e == ERR_OK && due.soonest != INT64_MAX) {
        uv_timer_start(&o->timer, on_timer, (uint64_t)((due.soonest - due.now) / 1000 + 1), 0);
    }
    cJSON_Delete(due.doc);
    return ERR_OK;
}

enum err email_out_recover(struct hub *hub, void *arg)
{
    (void)arg;
    control_after(hub, pump, NULL);
    return ERR_OK;
}

void email_out_create(struct hub *hub)
{
    hub->email_out = mem_zalloc(sizeof *hub->email_out);
    uv_timer_init(&hub->control_loop, &hub->email_out->timer);
    hub->email_out->timer.data = hub;
}

void email_out_stop(struct hub *hub)
{
    hub->email_out->stopped = true;
    uv_timer_stop(&hub->email_out->timer);
    if (hub->email_out->run) /* it goes on by itself; the next hub hands the message over again */
        close_all(hub->email_out->run);
}

void email_out_finish(struct hub *hub)
{
    free(hub->email_out);
}
