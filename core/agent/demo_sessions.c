/* The demo agent's sessions: what the client may set, what was told in each for session/load, and a
 * file for each where BATON_DEMO_STATE names a folder, so that another process finds them. Of a
 * session that tells without end the newest is kept. */
#include "core/agent/demo_private.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/paths.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define ENTRY_BYTES   (64u * 1024u)
#define HISTORY_BYTES (4u * 1024u * 1024u)
#define FILE_BYTES    (64u * 1024u * 1024u)
#define PREFIX        "demo-"

static const char *const speeds[] = {"slow", "normal", "fast"};

/* --- what the client may set ---------------------------------------------------------------------
 */

static cJSON *named(const char *key, const char *id, const char *name, const char *description)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, key, id);
    cJSON_AddStringToObject(o, "name", name);
    cJSON_AddStringToObject(o, "description", description);
    return o;
}

cJSON *demo_session_modes(const struct session *s)
{
    cJSON *modes = cJSON_CreateObject();
    cJSON_AddStringToObject(modes, "currentModeId", s->automatic ? "auto" : "ask");
    cJSON *all = cJSON_AddArrayToObject(modes, "availableModes");
    cJSON_AddItemToArray(all, named("id", "ask", "Ask", "Asks before it writes or runs anything"));
    cJSON_AddItemToArray(all, named("id", "auto", "Automatic", "Writes and runs without asking"));
    return modes;
}

cJSON *demo_session_options(const struct session *s)
{
    static const char *const about[] = {"Long pauses", "Pauses that one can follow", "No pauses"};
    cJSON *options = cJSON_CreateArray();
    cJSON *speed = named("id", "speed", "Speed", "How fast it pretends to work");
    cJSON_AddStringToObject(speed, "type", "select");
    cJSON_AddStringToObject(speed, "currentValue", speeds[s->speed]);
    cJSON *values = cJSON_AddArrayToObject(speed, "options");
    for (size_t i = 0; i < sizeof speeds / sizeof *speeds; i++)
        cJSON_AddItemToArray(values, named("value", speeds[i], speeds[i], about[i]));
    cJSON_AddItemToArray(options, speed);
    cJSON *thoughts = named("id", "thoughts", "Thoughts", "Whether it thinks aloud");
    cJSON_AddStringToObject(thoughts, "type", "boolean");
    cJSON_AddBoolToObject(thoughts, "currentValue", s->thoughts);
    cJSON_AddItemToArray(options, thoughts);
    return options;
}

bool demo_session_set_mode(struct session *s, const char *mode)
{
    if (strcmp(mode, "ask") != 0 && strcmp(mode, "auto") != 0)
        return false;
    s->automatic = strcmp(mode, "auto") == 0;
    return true;
}

bool demo_session_set_option(struct session *s, const char *id, const cJSON *v)
{
    if (strcmp(id, "thoughts") == 0 && cJSON_IsBool(v)) {
        s->thoughts = cJSON_IsTrue(v);
        return true;
    }
    for (int i = 0; strcmp(id, "speed") == 0 && cJSON_IsString(v) && i <= SPEED_FAST; i++)
        if (strcmp(v->valuestring, speeds[i]) == 0) {
            s->speed = (enum speed)i;
            return true;
        }
    return false;
}

/* --- what was told -------------------------------------------------------------------------------
 */

static struct entry *new_entry(struct session *s)
{
    if (!s->history || s->entries == s->entries_cap) {
        s->entries_cap = s->entries_cap ? s->entries_cap * 2 : 32;
        s->history = mem_reallocarray(s->history, s->entries_cap, sizeof *s->history);
    }
    struct entry *e = &s->history[s->entries++];
    *e = (struct entry){0};
    return e;
}

/* Drops the oldest half when there is too much. */
static void forget_some(struct session *s)
{
    size_t drop = 0, dropped = 0;
    if (s->history_bytes <= HISTORY_BYTES)
        return;
    while (drop + 1 < s->entries && dropped < HISTORY_BYTES / 2) {
        dropped += s->history[drop].text.len;
        buf_finish(&s->history[drop++].text);
    }
    s->entries -= drop;
    s->history_bytes -= dropped;
    memmove(s->history, s->history + drop, s->entries * sizeof *s->history);
}

static bool is_text_chunk(const cJSON *update)
{
    const char *kind = json_string(update, "sessionUpdate", "");
    const cJSON *content = json_get(update, "content");
    size_t n = strlen(kind);
    return n > 14 && n < sizeof((struct entry *)0)->kind &&
           strcmp(kind + n - 14, "_message_chunk") == 0 && json_string(content, "text", NULL) &&
           strcmp(json_string(content, "type", ""), "text") == 0;
}

void demo_session_remember(struct session *s, const cJSON *update)
{
    const char *kind = json_string(update, "sessionUpdate", "");
    const char *message = json_string(update, "messageId", "");
    struct entry *last = s->entries ? &s->history[s->entries - 1] : NULL;
    size_t before = 0;
    s->updated_us = clock_wall_us();
    if (is_text_chunk(update)) {
        if (!last || !last->chunk || strcmp(last->kind, kind) != 0 || !*message ||
            strcmp(last->message, message) != 0 || last->text.len > ENTRY_BYTES) {
            last = new_entry(s);
            last->chunk = true;
            snprintf(last->kind, sizeof last->kind, "%s", kind);
            snprintf(last->message, sizeof last->message, "%s", message);
        }
        before = last->text.len;
        buf_puts(&last->text, json_string(json_get(update, "content"), "text", ""));
    } else {
        char *text = json_print(update);
        last = new_entry(s);
        buf_puts(&last->text, text);
        free(text);
    }
    s->history_bytes += last->text.len - before;
    forget_some(s);
}

static cJSON *entry_update(const struct entry *e)
{
    cJSON *update = NULL;
    if (!e->chunk)
        return json_parse(e->text.data, e->text.len, &update) == ERR_OK ? update : NULL;
    update = cJSON_CreateObject();
    cJSON_AddStringToObject(update, "sessionUpdate", e->kind);
    cJSON_AddItemToObject(update, "content", rpc_text_block(e->text.data ? e->text.data : ""));
    if (*e->message)
        cJSON_AddStringToObject(update, "messageId", e->message);
    return update;
}

void demo_session_replay(struct demo *d, struct session *s)
{
    for (size_t i = 0; i < s->entries; i++) {
        cJSON *update = entry_update(&s->history[i]);
        if (update)
            rpc_update(d, s, update);
    }
}

/* --- on disk -------------------------------------------------------------------------------------
 */

static char *file_of(const struct demo *d, const char *id)
{
    return mem_printf("%s/%s.json", d->state_dir, id);
}

void demo_session_save(struct demo *d, struct session *s)
{
    if (!d->state_dir)
        return;
    cJSON *doc = cJSON_CreateObject();
    cJSON_AddStringToObject(doc, "sessionId", s->id);
    cJSON_AddStringToObject(doc, "cwd", s->cwd);
    if (s->title)
        cJSON_AddStringToObject(doc, "title", s->title);
    cJSON_AddStringToObject(doc, "mode", s->automatic ? "auto" : "ask");
    cJSON_AddStringToObject(doc, "speed", speeds[s->speed]);
    cJSON_AddBoolToObject(doc, "thoughts", s->thoughts);
    json_add_int(doc, "calls", s->calls);
    json_add_int(doc, "messages", s->messages);
    json_add_int(doc, "updatedAt", s->updated_us);
    cJSON *history = cJSON_AddArrayToObject(doc, "history");
    for (size_t i = 0; i < s->entries; i++) {
        cJSON *update = entry_update(&s->history[i]);
        if (update)
            cJSON_AddItemToArray(history, update);
    }
    char *text = json_print(doc), *file = file_of(d, s->id);
    if (path_make_private(d->state_dir) != ERR_OK ||
        path_write_file(file, text, strlen(text), false) != ERR_OK)
        fprintf(stderr, "baton-demo: %s can't be written\n", file);
    free(file);
    free(text);
    cJSON_Delete(doc);
}

static bool id_ok(const char *id)
{
    size_t n = strlen(PREFIX);
    return strncmp(id, PREFIX, n) == 0 && strlen(id) > n &&
           strlen(id) < sizeof((struct session *)0)->id &&
           strspn(id + n, "0123456789abcdef") == strlen(id) - n;
}

static struct session *add(struct demo *d, const char *id, const char *cwd)
{
    struct session *s = mem_zalloc(sizeof *s), **end = &d->sessions;
    snprintf(s->id, sizeof s->id, "%s", id);
    s->cwd = mem_strdup(cwd);
    s->thoughts = true;
    s->speed = SPEED_NORMAL;
    s->updated_us = clock_wall_us();
    while (*end)
        end = &(*end)->next;
    *end = s;
    return s;
}

static struct session *load(struct demo *d, const char *id)
{
    cJSON *doc = NULL;
    const cJSON *update;
    char *file = file_of(d, id), *text = NULL;
    size_t n = 0;
    struct session *s = NULL;
    if (path_read_file(file, FILE_BYTES, &text, &n) == ERR_OK &&
        json_parse(text, n, &doc) == ERR_OK && strcmp(json_string(doc, "sessionId", ""), id) == 0) {
        s = add(d, id, json_string(doc, "cwd", "/"));
        s->title = mem_strdup(json_string(doc, "title", NULL));
        demo_session_set_mode(s, json_string(doc, "mode", "ask"));
        demo_session_set_option(s, "speed", json_get(doc, "speed"));
        demo_session_set_option(s, "thoughts", json_get(doc, "thoughts"));
        s->calls = json_int(doc, "calls", 0);
        s->messages = json_int(doc, "messages", 0);
        cJSON_ArrayForEach(update, json_get(doc, "history")) demo_session_remember(s, update);
        s->updated_us = json_int(doc, "updatedAt", 0);
    }
    cJSON_Delete(doc);
    free(text);
    free(file);
    return s;
}

/* --- finding -------------------------------------------------------------------------------------
 */

struct session *demo_session_create(struct demo *d, const char *cwd)
{
    unsigned char bytes[8] = {0};
    char id[40];
    size_t at = (size_t)snprintf(id, sizeof id, PREFIX);
    if (getrandom(bytes, sizeof bytes, 0) < 0) /* early in a boot, or forbidden: still unlike */
        snprintf((char *)bytes, sizeof bytes, "%x", (unsigned)clock_wall_us());
    for (size_t i = 0; i < sizeof bytes; i++)
        at += (size_t)snprintf(id + at, sizeof id - at, "%02x", bytes[i]);
    struct session *s = add(d, id, cwd);
    s->open = true;
    demo_session_save(d, s);
    return s;
}

struct session *demo_session_find(struct demo *d, const char *id)
{
    for (struct session *s = d->sessions; s; s = s->next)
        if (strcmp(s->id, id) == 0)
            return s;
    return d->state_dir && id_ok(id) ? load(d, id) : NULL;
}

cJSON *demo_sessions_list(struct demo *d, const char *cwd)
{
    cJSON *list = cJSON_CreateArray();
    DIR *dir = d->state_dir ? opendir(d->state_dir) : NULL;
    for (const struct dirent *e; dir && (e = readdir(dir));) {
        char id[40];
        size_t n = strlen(e->d_name);
        if (n < 6 || n - 5 >= sizeof id || strcmp(e->d_name + n - 5, ".json") != 0)
            continue;
        snprintf(id, sizeof id, "%.*s", (int)(n - 5), e->d_name);
        demo_session_find(d, id);
    }
    if (dir)
        closedir(dir);
    for (const struct session *s = d->sessions; s; s = s->next) {
        char at[32];
        if (cwd && strcmp(s->cwd, cwd) != 0)
            continue;
        cJSON *info = cJSON_CreateObject();
        cJSON_AddStringToObject(info, "sessionId", s->id);
        cJSON_AddStringToObject(info, "cwd", s->cwd);
        if (s->title)
            cJSON_AddStringToObject(info, "title", s->title);
        clock_format(s->updated_us, at, sizeof at);
        cJSON_AddStringToObject(info, "updatedAt", at);
        cJSON_AddItemToArray(list, info);
    }
    return list;
}

void demo_sessions_free(struct demo *d)
{
    while (d->sessions) {
        struct session *s = d->sessions;
        d->sessions = s->next;
        if (s->turn)
            turn_drop(s->turn);
        demo_mcp_end(s);
        for (size_t i = 0; i < s->entries; i++)
            buf_finish(&s->history[i].text);
        free(s->history);
        free(s->title);
        free(s->cwd);
        free(s);
    }
}
