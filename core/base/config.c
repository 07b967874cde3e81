/* The configuration file. One table says which keys there are and what each must be; a key that is
 * not in it is refused, for a misspelt one would be silently without effect. JSON has no lines, so
 * a small scan of the text finds them: config_lines.c. */
#include "core/base/config_private.h"
#include "core/base/config_agents.h"
#include "core/base/config_hooks.h"
#include "core/base/config_lines.h"
#include "core/base/config_mail.h"
#include "core/base/config_members.h"
#include "core/base/config_policy.h"
#include "core/base/duration.h"
#include "core/base/mem.h"
#include "core/base/nearest.h"
#include "core/base/paths.h"
#include "core/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX       (1024u * 1024u)
#define MIB            (1024 * 1024)
#define RETENTION      (64 * (int64_t)MIB)
#define RETENTION_MAX  ((int64_t)1 << 50)
#define HISTORY        10000
#define STREAMS        500
#define PERMISSION_MS  (INT64_C(3600) * 1000)
#define APPROVAL_MS    (INT64_C(3600) * 1000)
#define HOOK_MS        (INT64_C(30) * 1000)
#define SENDMAIL_MS    (INT64_C(120) * 1000)
#define LINE           (32 * (int64_t)MIB)
#define LINE_MIN       (64 * (int64_t)1024)
#define LINE_MOST      (256 * (int64_t)MIB)
#define MAIL_DOMAIN    "baton.local"
#define MAIL_HOPS      32
#define MAIL_RATE      120
#define MAIL_TRIES     5
#define BINDINGS       64
#define GIB            (1024 * (int64_t)MIB)
#define BOX_MEMORY     (4 * GIB)
#define BOX_PROCESSES  512
#define BOX_DISK       (4 * GIB)
#define BOX_FILE       (1 * GIB)
#define FALLBACK_SHELL "/bin/sh"

/* --- what a value must be: each gives NULL, or what it should have been ------------------------
 */

static const char *must_object(const cJSON *v)
{
    return cJSON_IsObject(v) ? NULL : "must be an object";
}

static bool name_ok(const char *s)
{
    size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
    return n >= 1 && n <= 64 && s[n] == '\0';
}

static const char *must_name(const cJSON *v)
{
    return cJSON_IsString(v) && name_ok(v->valuestring)
               ? NULL
               : "must be a name of letters, digits, - and _, in quotes";
}

static const char *must_path(const cJSON *v)
{
    return cJSON_IsString(v) && v->valuestring[0] == '/' && strlen(v->valuestring) < 4096
               ? NULL
               : "must be the absolute path of a program, in quotes";
}

static bool key_ok(const char *key)
{
    size_t n = strlen(key);
    if (n < 1 || n > 24)
        return false;
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)key[i] <= ' ' || key[i] == 0x7f)
            return false;
    return true;
}

static const char *must_key(const cJSON *v)
{
    return cJSON_IsString(v) && key_ok(v->valuestring) ? NULL
                                                       : "must be a key's name, such as \"C-b\"";
}

static const char *must_keys(const cJSON *v)
{
    const cJSON *one;
    if (!cJSON_IsObject(v))
        return "must be an object of {\"KEY\": \"command\"}";
    cJSON_ArrayForEach(one, v) if (!cJSON_IsString(one) ||
                                   !key_ok(one->string)) return "must hold only pairs of \"KEY\": "
                                                                "\"command\", both in quotes";
    return NULL;
}

/* A number of bytes, or a text such as "64 MiB"; -1 when it is neither. */
static int64_t bytes_of(const cJSON *v)
{
    static const struct {
        const char *name;
        int64_t times;
    } units[] = {{"", 1},    {"B", 1},     {"K", 1024},        {"KiB", 1024},
                 {"M", MIB}, {"MiB", MIB}, {"G", 1024L * MIB}, {"GiB", 1024L * MIB}};
    if (cJSON_IsNumber(v))
        return v->valuedouble >= 0 && v->valuedouble <= (double)RETENTION_MAX &&
                       (double)(int64_t)v->valuedouble == v->valuedouble
                   ? (int64_t)v->valuedouble
                   : -1;
    if (!cJSON_IsString(v) || v->valuestring[0] < '0' || v->valuestring[0] > '9')
        return -1;
    char *end = NULL;
    long long n = strtoll(v->valuestring, &end, 10);
    end += strspn(end, " ");
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(end, units[i].name) == 0)
            return n <= RETENTION_MAX / units[i].times ? n * units[i].times : -1;
    return -1;
}

static const char *must_retention(const cJSON *v)
{
    int64_t n = bytes_of(v);
    return n == 0 || n >= MIB
               ? NULL
               : "must be bytes a stream (1 MiB or more, 0 keeps all), such as \"64 MiB\"";
}

static bool whole_within(const cJSON *v, double low, double high)
{
    return cJSON_IsNumber(v) && v->valuedouble >= low && v->valuedouble <= high &&
           (double)(int64_t)v->valuedouble == v->valuedouble;
}

static const char *must_history(const cJSON *v)
{
    return whole_within(v, 0, 1000000) ? NULL : "must be a whole number of lines, 0 to 1000000";
}

static const char *must_streams(const cJSON *v)
{
    return whole_within(v, 1, 10000) ? NULL : "must be a whole number, 1 to 10000";
}

/* Milliseconds of seconds, or of a text such as "1h"; -1 when it is neither. */
static int64_t span_of(const cJSON *v)
{
    int64_t ms = -1;
    if (whole_within(v, 1, (double)DURATION_MAX_MS / 1000.0))
        return (int64_t)v->valuedouble * 1000;
    return cJSON_IsString(v) && duration_parse(v->valuestring, &ms) == ERR_OK ? ms : -1;
}

static const char *must_span(const cJSON *v)
{
    return span_of(v) > 0 ? NULL : "must be seconds (1 or more), or such as \"30m\" or \"1h\"";
}

static const char *must_line(const cJSON *v)
{
    int64_t n = bytes_of(v);
    return n >= LINE_MIN && n <= LINE_MOST
               ? NULL
               : "must be bytes (64 KiB to 256 MiB), such as \"32 MiB\"";
}

/* --- the table ----------------------------------------------------------------------------------
 */

struct key {
    const char *name;
    const char *(*wrong)(const cJSON *v);
    const struct key *members; /* ended by a NULL name; or NULL */
};

static const char *must_tries(const cJSON *v)
{
    return whole_within(v, 1, 1000) ? NULL : "must be a whole number, 1 to 1000";
}

static const char *must_rate(const cJSON *v)
{
    return whole_within(v, 0, 1e9) ? NULL : "must be a whole number a minute, 0 for no limit";
}

/* What makes an address of a name: letters, digits, dots and hyphens. */
static const char *must_domain(const cJSON *v)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-";
    const char *s = cJSON_IsString(v) ? v->valuestring : "";
    size_t n = strspn(s, plain);
    return n >= 1 && n <= 253 && s[n] == '\0' && *s != '.' && *s != '-'
               ? NULL
               : "must be the name of a domain, such as \"baton.local\"";
}

/* Less than this starts nothing. */
static const char *must_room(const cJSON *v)
{
    return bytes_of(v) >= 16 * (int64_t)MIB
               ? NULL
               : "must be bytes a sandbox (16 MiB or more), such as \"4 GiB\"";
}

static const char *must_processes(const cJSON *v)
{
    return whole_within(v, 8, 1000000) ? NULL : "must be a whole number a sandbox, 8 to 1000000";
}

static const struct key limit_keys[] = {
    {"history", must_history, NULL}, {"streams", must_streams, NULL},
    {"permission", must_span, NULL}, {"hook", must_span, NULL},
    {"sendmail", must_span, NULL},   {"line", must_line, NULL},
    {"hops", must_tries, NULL},      {"inbox_rate", must_rate, NULL},
    {"tries", must_tries, NULL},     {"bindings", must_tries, NULL},
    {"memory", must_room, NULL},     {"processes", must_processes, NULL},
    {"disk", must_room, NULL},       {"file", must_room, NULL},
    {"approval", must_span, NULL},   {0}};

/* mail is read by the room that it belongs to; agents, hooks, members and policy hold names of the
 * owner's choice, and are checked behind this table (named_parts). */
static const struct key top_keys[] = {
    {"agents", must_object, NULL},       {"mail", must_object, NULL},
    {"hooks", must_object, NULL},        {"policy", must_object, NULL},
    {"keys", must_keys, NULL},           {"theme", must_name, NULL},
    {"shell", must_path, NULL},          {"prefix", must_key, NULL},
    {"retention", must_retention, NULL}, {"limits", must_object, limit_keys},
    {"members", must_object, NULL},      {0},
};

/* Writes "FILE:LINE: "NAME" SAYS". */
static enum err refuse(const struct config *c, const int *path, int depth, const char *prefix,
                       const char *name, const char *says, char **ret_why)
{
    char safe[160];
    text_make_safe(safe, sizeof safe, name, strlen(name));
    *ret_why = mem_printf("%s:%d: \"%s%s\" %s", c->file,
                          config_line(c->text, c->text_n, path, depth), prefix, safe, says);
    return ERR_CONFIG;
}

static enum err check_keys(const struct config *c, const cJSON *object, const struct key *keys,
                           const char *prefix, int *path, int depth, char **ret_why)
{
    const cJSON *v;
    path[depth] = -1;
    cJSON_ArrayForEach(v, object)
    {
        const struct key *k = keys;
        path[depth]++;
        while (k->name && strcmp(k->name, v->string) != 0)
            k++;
        if (!k->name) {
            struct nearest near;
            char names[256], says[320];
            nearest_begin(&near, v->string);
            for (k = keys; k->name; k++)
                nearest_offer(&near, k->name);
            nearest_list(&near, names, sizeof names);
            snprintf(says, sizeof says, "is not known%s%s", names[0] ? "; near to it: " : "",
                     names);
            return refuse(c, path, depth + 1, prefix, v->string, says, ret_why);
        }
        if (json_get(object, v->string) != v)
            return refuse(c, path, depth + 1, prefix, v->string, "is there twice", ret_why);
        const char *says = k->wrong(v);
        if (says)
            return refuse(c, path, depth + 1, prefix, v->string, says, ret_why);
        if (k->members) {
            enum err e = check_keys(c, v, k->members, "limits.", path, depth + 1, ret_why);
            if (e != ERR_OK)
                return e;
        }
    }
    return ERR_OK;
}

/* The parts whose entries have names of the owner's choice. */
static const struct {
    const char *name, *prefix;
    bool (*wrong)(const cJSON *part, struct config_wrong *ret_wrong);
} named_parts[] = {
    {"members", "members.", config_members_wrong}, {"agents", "agents.", config_agents_wrong},
    {"hooks", "hooks.", config_hooks_wrong},       {"mail", "mail.", config_mail_wrong},
    {"policy", "policy.", config_policy_wrong},
};

static enum err check_named_parts(const struct config *c, char **ret_why)
{
    for (size_t i = 0; i < sizeof named_parts / sizeof *named_parts; i++) {
        const cJSON *part = json_get(c->json, named_parts[i].name), *v;
        struct config_wrong wrong;
        int path[1 + CONFIG_WRONG_DEPTH] = {0};
        if (!part || !named_parts[i].wrong(part, &wrong))
            continue;
        cJSON_ArrayForEach(v, c->json)
        {
            if (v == part)
                break;
            path[0]++;
        }
        memcpy(path + 1, wrong.path, sizeof wrong.path);
        return refuse(c, path, 1 + wrong.depth, named_parts[i].prefix, wrong.name, wrong.says,
                      ret_why);
    }
    return ERR_OK;
}

enum err config_parse(const char *text, size_t n, const char *file, struct config **ret_config,
                      char **ret_why)
{
    struct config *c = mem_zalloc(sizeof *c);
    const char *shell = getenv("SHELL");
    int line = 1, path[3] = {0};
    enum err e;

    c->file = mem_strdup(file);
    c->text = mem_dup(text, n);
    c->text_n = n;
    c->env_shell = shell && shell[0] == '/' ? mem_strdup(shell) : NULL;
    c->retention = RETENTION;
    c->permission_ms = PERMISSION_MS;
    c->approval_ms = APPROVAL_MS;
    c->hook_ms = HOOK_MS;
    c->sendmail_ms = SENDMAIL_MS;
    c->line = LINE;
    e = json_parse_relaxed(text, n, &c->json, &line);
    if (e != ERR_OK) {
        *ret_why = mem_printf("%s:%d: this is no JSON from here on", file, line);
        e = ERR_CONFIG;
    } else if (!cJSON_IsObject(c->json)) {
        *ret_why = mem_printf("%s:1: the file must hold one object, {…}", file);
        e = ERR_CONFIG;
    } else {
        e = check_keys(c, c->json, top_keys, "", path, 0, ret_why);
        if (e == ERR_OK)
            e = check_named_parts(c, ret_why);
    }
    if (e != ERR_OK) {
        config_destroy(c);
        return e;
    }
    const cJSON *limits = json_get(c->json, "limits");
    if (json_get(c->json, "retention"))
        c->retention = bytes_of(json_get(c->json, "retention"));
    if (json_get(limits, "permission"))
        c->permission_ms = span_of(json_get(limits, "permission"));
    if (json_get(limits, "approval"))
        c->approval_ms = span_of(json_get(limits, "approval"));
    if (json_get(limits, "hook"))
        c->hook_ms = span_of(json_get(limits, "hook"));
    if (json_get(limits, "sendmail"))
        c->sendmail_ms = span_of(json_get(limits, "sendmail"));
    if (json_get(limits, "line"))
        c->line = bytes_of(json_get(limits, "line"));
    *ret_config = c;
    return ERR_OK;
}

enum err config_load(struct config **ret_config, char **ret_why)
{
    char *dir = path_config_dir(), *file = path_join(dir, "config.json"), *text = NULL;
    size_t n = 0;
    enum err e = path_read_file(file, FILE_MAX, &text, &n);

    if (e == ERR_NOT_FOUND)
        e = config_parse("{}", 2, file, ret_config, ret_why);
    else if (e == ERR_OK)
        e = config_parse(text, n, file, ret_config, ret_why);
    else
        *ret_why = mem_printf("%s: %s", file,
                              e == ERR_LIMIT     ? "the file is larger than 1 MiB"
                              : e == ERR_INVALID ? "this is no regular file"
                                                 : err_text(e)->person);
    free(text);
    free(file);
    free(dir);
    return e == ERR_OK ? ERR_OK : ERR_CONFIG;
}

void config_destroy(struct config *c)
{
    if (!c)
        return;
    cJSON_Delete(c->json);
    free(c->file);
    free(c->text);
    free(c->env_shell);
    free(c);
}

/* --- what is in force ----------------------------------------------------------------------------
 */

const char *config_shell(const struct config *c)
{
    return json_string(c->json, "shell", c->env_shell ? c->env_shell : FALLBACK_SHELL);
}

const char *config_theme(const struct config *c)
{
    return json_string(c->json, "theme", "dark");
}

const char *config_prefix(const struct config *c)
{
    return json_string(c->json, "prefix", "C-b");
}

const cJSON *config_keys(const struct config *c)
{
    return json_get(c->json, "keys");
}

const cJSON *config_members(const struct config *c)
{
    return json_get(c->json, "members");
}

const cJSON *config_agents(const struct config *c)
{
    return json_get(c->json, "agents");
}

const cJSON *config_hooks(const struct config *c)
{
    return json_get(c->json, "hooks");
}

int64_t config_retention(const struct config *c)
{
    return c->retention;
}

int config_history(const struct config *c)
{
    return (int)json_int(json_get(c->json, "limits"), "history", HISTORY);
}

int config_max_streams(const struct config *c)
{
    return (int)json_int(json_get(c->json, "limits"), "streams", STREAMS);
}

int64_t config_permission_ms(const struct config *c)
{
    return c->permission_ms;
}

int64_t config_approval_ms(const struct config *c)
{
    return c->approval_ms;
}

const cJSON *config_policy(const struct config *c)
{
    return json_get(c->json, "policy");
}

int64_t config_hook_ms(const struct config *c)
{
    return c->hook_ms;
}

int64_t config_sendmail_ms(const struct config *c)
{
    return c->sendmail_ms;
}

int64_t config_line_max(const struct config *c)
{
    return c->line;
}

static int64_t room(const struct config *c, const char *key, int64_t usual)
{
    const cJSON *v = json_get(json_get(c->json, "limits"), key);
    return v ? bytes_of(v) : usual;
}

int64_t config_box_memory(const struct config *c)
{
    return room(c, "memory", BOX_MEMORY);
}

int config_box_processes(const struct config *c)
{
    return (int)json_int(json_get(c->json, "limits"), "processes", BOX_PROCESSES);
}

int64_t config_box_disk(const struct config *c)
{
    return room(c, "disk", BOX_DISK);
}

int64_t config_box_file(const struct config *c)
{
    return room(c, "file", BOX_FILE);
}

const cJSON *config_mail(const struct config *c)
{
    return json_get(c->json, "mail");
}

const char *config_mail_domain(const struct config *c)
{
    const cJSON *domain = json_get(json_get(c->json, "mail"), "domain");
    return domain && !must_domain(domain) ? domain->valuestring : MAIL_DOMAIN;
}

int64_t config_mail_hops(const struct config *c)
{
    return json_int(json_get(c->json, "limits"), "hops", MAIL_HOPS);
}

int64_t config_mail_rate(const struct config *c)
{
    return json_int(json_get(c->json, "limits"), "inbox_rate", MAIL_RATE);
}

int config_mail_tries(const struct config *c)
{
    return (int)json_int(json_get(c->json, "limits"), "tries", MAIL_TRIES);
}

int config_bindings(const struct config *c)
{
    return (int)json_int(json_get(c->json, "limits"), "bindings", BINDINGS);
}
