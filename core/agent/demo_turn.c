/* A turn: the prompt's instructions, one after the other, each a step function that is called until
 * it is done. What a step waits for (a time, the client's answer, a child) wakes it; nothing here
 * blocks. Everything told on the way is remembered for session/load. */
#include "core/agent/demo_private.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct instruction instructions[] = {
    {"say", "TEXT", "Says TEXT", do_say},
    {"think", "TEXT", "Thinks TEXT aloud", do_think},
    {"stream", "N [MS]", "Says N words, MS milliseconds apart", do_stream},
    {"plan", "A; B; C", "Makes a plan and goes through it", do_plan},
    {"write", "PATH TEXT", "Writes a file (\\n in TEXT begins a new line)", do_write},
    {"read", "PATH [LINE [LIMIT]]", "Reads a file", do_read},
    {"edit", "PATH OLD => NEW", "Replaces OLD in a file", do_edit},
    {"run", "COMMAND…", "Runs a command in a terminal", do_run},
    {"ask", "TEXT", "Asks a permission", do_ask},
    {"form", "TEXT", "Asks to fill in a form", do_form},
    {"link", "URL TEXT", "Asks to open a page", do_link},
    {"call", "NAME {JSON}", "Calls 'baton NAME' with that input, or the tool group_name", do_call},
    {"answer", "N [TEXT]", "Waits for N messages and answers each", do_answer},
    {"mode", "ID", "Changes its mode: ask or auto", do_mode},
    {"option", "ID VALUE", "Changes an option: speed or thoughts", do_option},
    {"title", "TEXT", "Gives the session a title", do_title},
    {"usage", "USED SIZE", "Tells how full its context is", do_usage},
    {"notice", "[warning|error] TEXT", "Shows a notice", do_notice},
    {"commands", "", "Tells which commands there are: these", do_commands},
    {"compact", "[TEXT]", "Compacts its context, or pretends to", do_compact},
    {"sleep", "MS", "Waits", do_sleep},
    {"many", "LINE; LINE…", "Does several of these (;; between them when one has a ;)", do_many},
    {"flood", "N [BYTES]", "Sends N updates as fast as it can", do_flood},
    {"stamps", "N [RATE]", "Tells the time N times, RATE a second (0: without a pause)", do_stamps},
    {"work", "N", "Sends N updates of all kinds as fast as it can", do_work},
    {"raw", "TEXT", "Writes that very line", do_raw},
    {"fail", "[TEXT]", "Ends the turn with an error", do_fail},
    {"refuse", "", "Ends it with a refusal", do_refuse},
    {"stop", "REASON", "Ends it with that stopReason", do_stop},
    {"hang", "", "Never ends, until cancelled", do_hang},
    {"hang!", "", "Never ends, not even then", do_hang_on},
    {"deaf", "", "Ignores the end of its input, SIGHUP and SIGTERM from here on", do_deaf},
    {"half", "", "Writes half a line and dies", do_half},
    {"endless", "", "Writes a line without an end", do_endless},
    {"exit", "[CODE]", "Exits", do_exit},
    {"crash", "", "Dies of a signal", do_crash},
    {NULL, NULL, NULL, NULL},
};

/* --- the lines of a prompt -----------------------------------------------------------------------
 */

/* The instruction that a line is, and what stands behind its word; NULL when it is none. An
 * instruction begins at the line's first column: what is indented or quoted was told, not asked. */
static const struct instruction *instruction_of(const char *line, const char **ret_arg)
{
    size_t n = strcspn(line, " \t");
    for (const struct instruction *i = instructions; i->word; i++)
        if (strlen(i->word) == n && strncmp(i->word, line, n) == 0) {
            *ret_arg = line + n + strspn(line + n, " \t");
            return i;
        }
    return NULL;
}

static void add_line(struct turn *t, const char *line, size_t n)
{
    const char *arg;
    while (n > 0 && strchr(" \t\r", line[n - 1]))
        n--;
    char *copy = mem_strndup(line, n);
    if (!instruction_of(copy, &arg)) {
        free(copy);
        return;
    }
    t->lines = mem_reallocarray(t->lines, t->count + 1, sizeof *t->lines);
    t->lines[t->count++] = copy;
}

static void help(struct turn *t)
{
    struct buf out = {0};
    buf_puts(&out,
             "Hello, I am baton's demo agent, and there is no model behind me. Give me one of "
             "these lines, or several, and I do what they say.\n");
    for (const struct instruction *i = instructions; i->word; i++)
        buf_printf(&out, "\n    %s%s%s: %s", i->word, *i->hint ? " " : "", i->hint, i->help);
    turn_text(t, out.data);
    buf_finish(&out);
}

void turn_start(struct demo *d, struct session *s, const cJSON *id, const char *text)
{
    struct turn *t = mem_zalloc(sizeof *t);
    t->demo = d;
    t->session = s;
    t->id = cJSON_Duplicate(id, true);
    t->child_fd = -1;
    t->ready = true;
    snprintf(t->message, sizeof t->message, "m%lld", (long long)++s->messages);
    for (const char *p = text; *p; p += *p == '\n') {
        size_t n = strcspn(p, "\n");
        add_line(t, p, n);
        p += n;
    }
    s->turn = t;
    if (t->count == 0)
        help(t);
}

enum step do_many(struct turn *t)
{
    const char *between = strstr(t->arg, ";;") ? ";;" : ";";
    struct turn more = {0};
    for (const char *p = t->arg; *p;) {
        const char *end = strstr(p, between);
        size_t n = end ? (size_t)(end - p) : strlen(p), blank = strspn(p, " \t");
        if (blank < n)
            add_line(&more, p + blank, n - blank);
        p += n + (end ? strlen(between) : 0);
    }
    /* They come behind this line, before the others. */
    t->lines = mem_reallocarray(t->lines, t->count + more.count + 1, sizeof *t->lines);
    memmove(t->lines + t->at + more.count, t->lines + t->at, (t->count - t->at) * sizeof *t->lines);
    if (more.count)
        memcpy(t->lines + t->at, more.lines, more.count * sizeof *t->lines);
    t->count += more.count;
    free(more.lines);
    return STEP_NEXT;
}

/* --- steps ---------------------------------------------------------------------------------------
 */

/* What one instruction kept, so that the next begins afresh. */
static void clear(struct turn *t)
{
    call_finish(t);
    free(t->path);
    free(t->text);
    free(t->old);
    free(t->terminal);
    buf_finish(&t->output);
    cJSON_Delete(t->answer);
    t->path = t->text = t->old = t->terminal = NULL;
    t->answer = NULL;
    t->call[0] = '\0';
    t->phase = 0;
    t->n = t->i = t->ms = t->wake_us = t->asked = 0;
    t->doing = NULL;
}

void turn_step(struct turn *t)
{
    t->ready = false;
    if (!t->doing) {
        if (t->at == t->count) {
            turn_end(t, "end_turn");
            return;
        }
        t->doing = instruction_of(t->lines[t->at++], &t->arg);
    }
    switch (t->doing->run(t)) {
    case STEP_NEXT:
        clear(t);
        t->ready = true;
        break;
    case STEP_YIELD: t->ready = true; break;
    case STEP_WAIT:
    case STEP_END: break; /* at an end t is freed */
    }
}

static void destroy(struct turn *t)
{
    clear(t);
    for (size_t i = 0; i < t->count; i++)
        free(t->lines[i]);
    free(t->lines);
    cJSON_Delete(t->id);
    t->session->turn = NULL;
    free(t);
}

void turn_release(struct demo *d, const struct session *s, const char *terminal)
{
    static const char *const ends[] = {"terminal/kill", "terminal/release"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        cJSON *params = cJSON_CreateObject();
        cJSON_AddStringToObject(params, "sessionId", s->id);
        cJSON_AddStringToObject(params, "terminalId", terminal);
        rpc_ask(d, ends[i], params);
    }
}

/* A turn that ends in the middle leaves nothing open behind it: no tool call, no terminal, nor one
 * that is still to come. */
static void tidy(struct turn *t)
{
    struct orphan *o = t->demo->orphans;
    if (t->torn)
        buf_putc(&t->demo->out, '\n');
    if (*t->call)
        tool_update(t, "failed", NULL, NULL);
    if (t->terminal) {
        turn_release(t->demo, t->session, t->terminal);
    } else if (t->asked) {
        memmove(o + 1, o, (ORPHANS - 1) * sizeof *o);
        *o = (struct orphan){t->asked, t->session};
    }
}

enum step turn_end(struct turn *t, const char *stop_reason)
{
    struct demo *d = t->demo;
    struct session *s = t->session;
    tidy(t);
    cJSON *result = cJSON_CreateObject();
    cJSON_AddStringToObject(result, "stopReason", stop_reason);
    rpc_result(d, t->id, result);
    destroy(t);
    demo_session_save(d, s);
    return STEP_END;
}

enum step turn_fail(struct turn *t, int code, const char *message)
{
    struct demo *d = t->demo;
    struct session *s = t->session;
    tidy(t);
    rpc_error(d, t->id, code, message);
    destroy(t);
    demo_session_save(d, s);
    return STEP_END;
}

void turn_cancel(struct turn *t)
{
    if (!t->stubborn)
        turn_end(t, "cancelled");
}

void turn_drop(struct turn *t)
{
    destroy(t);
}

void turn_answered(struct turn *t, cJSON *message)
{
    cJSON_Delete(t->answer);
    t->answer = message;
    t->asked = 0;
    t->ready = true;
}

/* --- for instructions ----------------------------------------------------------------------------
 */

cJSON *turn_kind(const char *session_update)
{
    cJSON *update = cJSON_CreateObject();
    cJSON_AddStringToObject(update, "sessionUpdate", session_update);
    return update;
}

void turn_update(struct turn *t, cJSON *update)
{
    demo_session_remember(t->session, update);
    rpc_update(t->demo, t->session, update);
}

void turn_text(struct turn *t, const char *text)
{
    cJSON *update = turn_kind("agent_message_chunk");
    cJSON_AddItemToObject(update, "content", rpc_text_block(text));
    cJSON_AddStringToObject(update, "messageId", t->message);
    turn_update(t, update);
    t->said = true;
}

void turn_say(struct turn *t, const char *format, ...)
{
    struct buf out = {0};
    va_list ap;
    if (t->said)
        buf_putc(&out, '\n');
    va_start(ap, format);
    buf_vprintf(&out, format, ap);
    va_end(ap);
    turn_text(t, out.data ? out.data : "");
    buf_finish(&out);
}

enum step turn_sleep(struct turn *t, int64_t ms)
{
    if (ms <= 0)
        return STEP_YIELD;
    t->wake_us = clock_mono_us() + ms * 1000;
    return STEP_WAIT;
}

int64_t turn_pace(const struct turn *t, int64_t normal_ms)
{
    return t->session->speed == SPEED_SLOW   ? normal_ms * 5
           : t->session->speed == SPEED_FAST ? 0
                                             : normal_ms;
}

cJSON *turn_params(const struct turn *t)
{
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "sessionId", t->session->id);
    return params;
}

enum step turn_ask(struct turn *t, const char *method, cJSON *params)
{
    cJSON_Delete(t->answer);
    t->answer = NULL;
    t->asked = rpc_ask(t->demo, method, params);
    return STEP_WAIT;
}

const cJSON *turn_result(const struct turn *t, char **ret_error)
{
    const cJSON *error = json_get(t->answer, "error"), *result = json_get(t->answer, "result");
    if (result && !error)
        return result;
    if (ret_error)
        *ret_error =
            mem_printf("%s (error %lld)", json_string(error, "message", "there is no message"),
                       (long long)json_int(error, "code", 0));
    return NULL;
}

/* The JSON string at *at, which it passes: so a path with any characters fits into a line. NULL
 * when there is none. */
static char *json_word(const char **at)
{
    const char *p = *at + 1;
    char *word = NULL;
    cJSON *json = NULL;
    while (*p && *p != '"')
        p += p[0] == '\\' && p[1] ? 2 : 1;
    if (*p == '"' && json_parse(*at, (size_t)(p + 1 - *at), &json) == ERR_OK) {
        word = mem_strdup(json->valuestring);
        *at = p + 1 + strspn(p + 1, " \t");
    }
    cJSON_Delete(json);
    return word;
}

char *turn_word(const char **at)
{
    const char *p = *at + strspn(*at, " \t");
    char *json = *p == '"' ? json_word(&p) : NULL;
    if (json) {
        *at = p;
        return json;
    }
    bool quoted = *p == '"';
    size_t n = strcspn(p + quoted, quoted ? "\"" : " \t");
    char *word = *p ? mem_strndup(p + quoted, n) : NULL;
    p += quoted + n;
    p += quoted && *p == '"';
    *at = p + strspn(p, " \t");
    return word;
}

int64_t turn_number(const char **at, int64_t absent, int64_t most)
{
    const char *p = *at;
    int64_t n = 0;
    if (*p < '0' || *p > '9')
        return absent;
    for (; *p >= '0' && *p <= '9'; p++)
        n = n * 10 + (*p - '0') > most ? most : n * 10 + (*p - '0');
    *at = p + strspn(p, " \t");
    return n;
}

char *turn_path(const struct turn *t, const char *path)
{
    return path[0] == '/' ? mem_strdup(path) : mem_printf("%s/%s", t->session->cwd, path);
}

char *turn_unescape(const char *text)
{
    char *out = mem_strdup(text), *to = out;
    for (const char *p = text; *p; p++) {
        bool escape = *p == '\\' && p[1] && strchr("nt\\", p[1]);
        p += escape;
        *to++ = !escape ? *p : *p == 'n' ? '\n' : *p == 't' ? '\t' : '\\';
    }
    *to = '\0';
    return out;
}
