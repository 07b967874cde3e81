/* Instructions of the demo agent that misbehave as real agents do: too much, nothing, the wrong
 * thing, or no agent any more. */
#include "core/agent/demo_private.h"
#include "core/base/mem.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define FLOOD_MOST 100000000
#define BYTES_MOST (64 * 1024 * 1024)
#define FLUSH_MS   2000

/* A word, and whose fault it is, for whoever looks at what was left on stderr. */
static void last_words(const char *what)
{
    fprintf(stderr, "baton-demo: %s, as the prompt asked\n", what);
    fflush(stderr);
}

/* Each text begins with its number, so that a lost or doubled one shows. */
enum step do_flood(struct turn *t)
{
    const char *at = t->arg;
    if (t->phase++ == 0) {
        t->n = turn_number(&at, 1000, FLOOD_MOST);
        t->ms = turn_number(&at, 64, BYTES_MOST); /* bytes, here */
        if (t->said && t->n)
            turn_text(t, "\n");
    }
    /* Some at a time: other sessions and the client's lines have their turn in between. */
    for (int i = 0; i < 16 && t->i < t->n; i++) {
        struct buf text = {0};
        buf_printf(&text, "%08lld ", (long long)++t->i);
        while ((int64_t)text.len < t->ms - 1)
            buf_putc(&text, (char)('a' + (int)(text.len % 26)));
        buf_putc(&text, '\n');
        turn_text(t, text.data);
        buf_finish(&text);
        if (t->ms > 4096)
            break;
    }
    return t->i < t->n ? STEP_YIELD : STEP_NEXT;
}

enum step do_raw(struct turn *t)
{
    buf_puts(&t->demo->out, t->arg);
    buf_putc(&t->demo->out, '\n');
    return STEP_NEXT;
}

enum step do_fail(struct turn *t)
{
    return turn_fail(t, RPC_INTERNAL, *t->arg ? t->arg : "The demo agent failed, as asked");
}

enum step do_refuse(struct turn *t)
{
    return turn_end(t, "refusal");
}

enum step do_stop(struct turn *t)
{
    return turn_end(t, *t->arg ? t->arg : "max_tokens");
}

enum step do_hang(struct turn *t)
{
    (void)t;
    return STEP_WAIT;
}

enum step do_hang_on(struct turn *t)
{
    t->stubborn = true;
    turn_say(t, "From here on I don't listen to a cancel.");
    return STEP_WAIT;
}

enum step do_deaf(struct turn *t)
{
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    t->demo->deaf = true;
    turn_say(t, "From now on only SIGKILL ends me.");
    return STEP_NEXT;
}

/* What was said before has to come whole: only then does the agent die. */
static enum step die(struct turn *t, const char *what, int code)
{
    rpc_flush(t->demo, FLUSH_MS);
    last_words(what);
    t->demo->exit_code = code;
    return STEP_WAIT;
}

enum step do_exit(struct turn *t)
{
    const char *at = t->arg;
    return die(t, "exit", (int)turn_number(&at, 0, 255));
}

enum step do_half(struct turn *t)
{
    cJSON *update = turn_kind("agent_message_chunk");
    cJSON_AddItemToObject(update, "content", rpc_text_block("a line that ends in the middle of"));
    char *text = json_print(update);
    buf_printf(&t->demo->out,
               "{\"jsonrpc\":\"2.0\",\"method\":\"session/update\",\"params\":{"
               "\"sessionId\":\"%s\",\"update\":%.*s",
               t->session->id, (int)strlen(text) / 2, text);
    free(text);
    cJSON_Delete(update);
    return die(t, "half a line", 1);
}

enum step do_crash(struct turn *t)
{
    const struct rlimit none = {0, 0};
    rpc_flush(t->demo, FLUSH_MS);
    last_words("crash");
    setrlimit(RLIMIT_CORE, &none);
    signal(SIGABRT, SIG_DFL);
    kill(getpid(), SIGABRT);
    return STEP_WAIT;
}

/* Whoever reads it has to give up some time; a cancel ends the line. */
enum step do_endless(struct turn *t)
{
    static const char part[] = "and it goes on and on and on, without a newline, ";
    if (t->phase++ == 0)
        buf_puts(&t->demo->out, "{\"jsonrpc\":\"2.0\",\"method\":\"session/update\",\"text\":\"");
    t->torn = true;
    for (int i = 0; i < 256; i++)
        buf_append(&t->demo->out, part, sizeof part - 1);
    return STEP_YIELD;
}
