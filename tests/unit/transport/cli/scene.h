/* What tests of whole commands share: a hub that is a script, and a run of `baton WORDS...` whose
 * output is kept. The client and the follower are ours here; everything from argv to the terminal
 * is the real one. A test includes this once: it defines the client's functions. */
#ifndef BATON_TESTS_CLI_SCENE_H
#define BATON_TESTS_CLI_SCENE_H

#include "sample.h"
#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "transport/cli/cli.h"
#include "transport/cli/command.h"
#include "transport/nng/client.h"
#include "transport/nng/follow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* --- the hub's part -------------------------------------------------------------------------- */

struct answer {
    const char *method;
    const char *result; /* NULL: code is the fault */
    enum err code;
};

struct client {
    struct sent { /* a call whose answer the next dispatch gives */
        struct sent *next;
        cJSON *result;
        struct client_fault fault;
        enum err e;
        client_done done;
        void *data;
    } * sent, **last;
};

/* What one command meets and leaves behind. */
static struct scene {
    const struct answer *answers; /* taken in order; ended by a NULL method */
    enum err open;                /* what connecting gives */
    const char *held;             /* the approval for which the hub lets calls wait; or NULL */
    int64_t held_until_ms;
    struct buf asked; /* `method params` lines */
    struct client_options options;
    struct buf out, err; /* of the command */
    const struct follow_events *follow;
    void *follow_data;
    int door; /* which one was opened */
    struct buf door_words;
    bool foreground;
    int dispatched; /* how often the client was given time */
    int pipe[2];
} scene;

const struct catalogue *hub_catalogue(void)
{
    return &sample_catalogue;
}

const char *client_door(void)
{
    return NULL;
}

enum err client_open(const struct client_options *options, struct client **ret_client,
                     struct client_fault *ret_fault)
{
    scene.options = *options;
    if (scene.open != ERR_OK) {
        ret_fault->code = scene.open;
        snprintf(ret_fault->message, sizeof ret_fault->message, "No hub.");
        snprintf(ret_fault->next, sizeof ret_fault->next, "Start one.");
        return scene.open;
    }
    *ret_client = mem_zalloc(sizeof **ret_client);
    (*ret_client)->last = &(*ret_client)->sent;
    return ERR_OK;
}

static inline bool give_answer(struct client *client, bool tell)
{
    struct sent *s = client->sent;
    if (!s)
        return false;
    client->sent = s->next;
    if (!client->sent)
        client->last = &client->sent;
    if (tell)
        s->done(s->data, s->e == ERR_OK ? s->result : NULL, s->e == ERR_OK ? NULL : &s->fault);
    cJSON_Delete(s->result);
    cJSON_Delete(s->fault.data);
    free(s);
    return true;
}

void client_close(struct client *client)
{
    while (client && give_answer(client, false))
        ;
    free(client);
}

void client_forget(struct client *client, const void *data)
{
    (void)data;
    while (give_answer(client, false))
        ;
}

const struct client_fault *client_refused(const struct client *client)
{
    (void)client;
    return NULL;
}

const cJSON *client_hello(const struct client *client)
{
    (void)client;
    return NULL;
}

void client_fault_finish(struct client_fault *fault)
{
    cJSON_Delete(fault->data);
    fault->data = NULL;
}

enum err client_call(struct client *client, const char *method, const cJSON *params, int timeout_ms,
                     cJSON **ret_result, struct client_fault *ret_fault)
{
    char *text = json_print(params);
    const struct answer *a = scene.answers;
    (void)client;
    (void)timeout_ms;
    /* A word that is no command may be a binding's: there are none unless a scene has some. */
    if (strcmp(method, "binding.list") == 0 &&
        (!a || !a->method || strcmp(a->method, method) != 0)) {
        free(text);
        *ret_result = cJSON_CreateArray();
        return ERR_OK;
    }
    buf_printf(&scene.asked, "%s %s\n", method, text);
    free(text);
    if (!a || !a->method) {
        fail_msg("nobody expected %s", method);
        return ERR_INTERNAL;
    }
    assert_string_equal(a->method, method);
    scene.answers++;
    if (a->result) {
        assert_int_equal(json_parse(a->result, strlen(a->result), ret_result), ERR_OK);
        return ERR_OK;
    }
    ret_fault->code = a->code;
    snprintf(ret_fault->name, sizeof ret_fault->name, "%s", err_text(a->code)->name);
    snprintf(ret_fault->message, sizeof ret_fault->message, "It did not work.");
    snprintf(ret_fault->next, sizeof ret_fault->next, "Try more.");
    ret_fault->data = cJSON_CreateObject();
    cJSON_AddStringToObject(ret_fault->data, "agent", "Ask.");
    json_add_int(ret_fault->data, "n", 7);
    return a->code;
}

/* A call that goes on with an approval is asked as `approval ap3` and the call. */
enum err client_call_held(struct client *client, const char *method, const cJSON *params,
                          int timeout_ms, struct client_hold *hold, cJSON **ret_result,
                          struct client_fault *ret_fault)
{
    if (*hold->approval) {
        buf_printf(&scene.asked, "approval %s ", hold->approval);
    } else if (scene.held) {
        snprintf(hold->approval, sizeof hold->approval, "%s", scene.held);
        hold->expires_ms = scene.held_until_ms;
        if (hold->told)
            hold->told(hold->data, hold);
    }
    return client_call(client, method, params, timeout_ms, ret_result, ret_fault);
}

void client_send(struct client *client, const char *method, const cJSON *params, int timeout_ms,
                 client_done done, void *data)
{
    struct sent *s = mem_zalloc(sizeof *s);
    s->e = client_call(client, method, params, timeout_ms, &s->result, &s->fault);
    s->fault.code = s->e;
    s->done = done;
    s->data = data;
    *client->last = s;
    client->last = &s->next;
}

int client_fd(const struct client *client)
{
    (void)client;
    return scene.pipe[0];
}

void client_listen(struct client *client, const struct client_events *events, void *data)
{
    (void)client;
    (void)events;
    (void)data;
}

struct follow *follow_create(struct client *client, const char *stream_id, enum follow_mode mode,
                             uint64_t since, const struct follow_events *events, void *data)
{
    (void)client;
    assert_int_equal(mode, FOLLOW_BYTES);
    buf_printf(&scene.asked, "follow %s %llu\n", stream_id, (unsigned long long)since);
    scene.follow = events;
    scene.follow_data = data;
    return NULL;
}

void follow_destroy(struct follow *f)
{
    (void)f;
}

bool follow_message(struct follow *f, const struct wire_message *m)
{
    (void)f;
    (void)m;
    return true;
}

void follow_connected(struct follow *f, bool is)
{
    (void)f;
    (void)is;
}

/* The stream says a piece at a time: "aé", cut in the middle, a byte that is no text, the end. */
void client_dispatch(struct client *client)
{
    static const struct follow_head alive = {.pos = 4}, over = {.pos = 4, .exited = true};
    scene.dispatched++;
    give_answer(client, true);
    if (!scene.follow)
        return;
    scene.follow->bytes(scene.follow_data, 0, "a\xc3", 2);
    scene.follow->head(scene.follow_data, &alive);
    scene.follow->head(scene.follow_data, &over); /* bytes are still to come */
    scene.follow->bytes(scene.follow_data, 2, "\xa9", 1);
    scene.follow->bytes(scene.follow_data, 3, "\xff", 1);
}

/* --- running --------------------------------------------------------------------------------- */

static inline void keep_words(int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        buf_printf(&scene.door_words, "%s%s", i ? " " : "", argv[i]);
}

static inline int door_console(const struct cli_options *o, int argc, char **argv)
{
    scene.door = 1;
    keep_words(argc, argv);
    buf_printf(&scene.asked, "console %s %s\n", o->hub, o->workspace ? o->workspace : "-");
    return 0;
}

static inline int door_hub_run(const struct cli_options *o, bool foreground)
{
    scene.door = 2;
    scene.foreground = foreground;
    buf_printf(&scene.asked, "hub %s\n", o->hub);
    return 3;
}

static inline int door_keep(const char *dir)
{
    scene.door = 3;
    buf_printf(&scene.asked, "keep %s\n", dir);
    return 4;
}

static inline int door_hook(const char *file)
{
    return strcmp(file, "/d/1.json") == 0 ? 6 : 1;
}

static inline int door_binding(void)
{
    return 0;
}

static inline int door_demo_agent(void)
{
    scene.door = 4;
    return 5;
}

static inline int door_mcp(const struct cli_options *o, int page)
{
    scene.door = 7;
    buf_printf(&scene.asked, "mcp %s %s %d\n", o->hub, o->identity ? o->identity : "-", page);
    return 7;
}

/* Everything that fd wrote into a temporary file while the command ran. */
static inline int catch_begin(int fd, FILE **ret_file)
{
    int kept = dup(fd);
    *ret_file = tmpfile();
    assert_non_null(*ret_file);
    dup2(fileno(*ret_file), fd);
    return kept;
}

static inline void catch_end(int fd, int kept, FILE *file, struct buf *out)
{
    char bytes[4096];
    size_t n;
    dup2(kept, fd);
    close(kept);
    rewind(file);
    while ((n = fread(bytes, 1, sizeof bytes, file)) > 0)
        buf_append(out, bytes, n);
    if (!out->data)
        buf_puts(out, "");
    fclose(file);
}

static inline void forget(void)
{
    buf_finish(&scene.asked);
    buf_finish(&scene.out);
    buf_finish(&scene.err);
    buf_finish(&scene.door_words);
    scene = (struct scene){.answers = scene.answers,
                           .open = scene.open,
                           .held = scene.held,
                           .held_until_ms = scene.held_until_ms};
}

#define WORDS 24

/* Runs `baton WORDS…` and keeps its output; gives the exit status. */
static inline int run(const char *const *words)
{
    static const struct cli_doors doors = {door_console, door_hub_run,    door_keep, door_hook,
                                           door_binding, door_demo_agent, door_mcp};
    char *argv[WORDS] = {mem_strdup("baton")};
    FILE *out, *err;
    int argc = 1;
    forget();
    for (; words[argc - 1]; argc++)
        argv[argc] = mem_strdup(words[argc - 1]);
    assert_int_equal(pipe(scene.pipe), 0);
    assert_int_equal(write(scene.pipe[1], "x", 1), 1);
    fflush(NULL);
    int kept_out = catch_begin(STDOUT_FILENO, &out), kept_err = catch_begin(STDERR_FILENO, &err);
    int status = cli_main(argc, argv, &doors);
    fflush(NULL);
    catch_end(STDOUT_FILENO, kept_out, out, &scene.out);
    catch_end(STDERR_FILENO, kept_err, err, &scene.err);
    close(scene.pipe[0]);
    close(scene.pipe[1]);
    for (int i = 0; i < argc; i++)
        free(argv[i]);
    buf_puts(&scene.asked, "");
    buf_puts(&scene.door_words, "");
    return status;
}

#define RUN(...)     run((const char *const[]){__VA_ARGS__, NULL})
#define ANSWERS(...) (scene.answers = (const struct answer[]){__VA_ARGS__, {NULL, NULL, ERR_OK}})

static inline int begin(void **state)
{
    (void)state;
    unsetenv("BATON_HUB");
    unsetenv("BATON_IDENTITY");
    unsetenv("BATON_WORKSPACE");
    unsetenv("BATON_TOKEN");
    scene.answers = NULL;
    scene.open = ERR_OK;
    scene.held = NULL;
    return 0;
}

static inline int end(void **state)
{
    (void)state;
    forget();
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

#endif
