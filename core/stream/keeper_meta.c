/* meta.json of a stream's folder: what the keeper has to start, and what the hub has to know of a
 * stream that it finds. A string that is no UTF-8 (an environment may hold any bytes) is written as
 * {"base64": …}, so that the child gets exactly what it was given. Any thread. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "core/base/text.h"
#include "core/stream/keeper.h"

#include <stdlib.h>
#include <string.h>

#define META_MAX    (8u * 1024u * 1024u)
#define STRINGS_MAX 65536

static cJSON *string_json(const char *text)
{
    size_t n = strlen(text);
    if (text_is_utf8(text, n))
        return cJSON_CreateString(text);
    cJSON *json = cJSON_CreateObject();
    json_add_base64(json, "base64", text, n);
    return json;
}

static void add_string(cJSON *json, const char *key, const char *text)
{
    if (text)
        cJSON_AddItemToObject(json, key, string_json(text));
}

static void add_strings(cJSON *json, const char *key, char *const *list)
{
    cJSON *array = cJSON_AddArrayToObject(json, key);
    for (; list && *list; list++)
        cJSON_AddItemToArray(array, string_json(*list));
}

enum err keeper_meta_write(const char *dir, const struct keeper_meta *meta)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddNumberToObject(json, "version", 1);
    add_string(json, "id", meta->id);
    add_string(json, "workspace", meta->workspace);
    add_strings(json, "command", meta->command);
    add_strings(json, "env", meta->env);
    add_string(json, "cwd", meta->cwd);
    if (meta->files)
        add_strings(json, "files", meta->files);
    if (meta->cgroups)
        add_strings(json, "cgroups", meta->cgroups);
    if (meta->box)
        cJSON_AddTrueToObject(json, "box");
    cJSON_AddBoolToObject(json, "pty", meta->pty);
    json_add_int(json, "rows", meta->rows);
    json_add_int(json, "cols", meta->cols);
    json_add_int(json, "retention", (int64_t)meta->retention);
    cJSON_AddBoolToObject(json, "checksum", meta->checksum);
    json_add_int(json, "created_us", meta->created_us);
    char *text = json_print(json);
    char *path = path_join(dir, "meta.json");
    /* Not synced: after a power cut the child that this tells of is gone as well. */
    enum err e = path_write_file(path, text, strlen(text), false);
    free(path);
    free(text);
    cJSON_Delete(json);
    return e;
}

/* Fresh memory, or NULL when it is no string that C can hold. */
static char *string_of(const cJSON *json)
{
    char *bytes;
    size_t n;
    if (cJSON_IsString(json))
        return mem_strdup(json->valuestring);
    if (!cJSON_IsObject(json) || json_get_base64(json, "base64", &bytes, &n) != ERR_OK)
        return NULL;
    char *text = memchr(bytes, '\0', n) ? NULL : mem_strndup(bytes, n);
    free(bytes);
    return text;
}

static char **strings_of(const cJSON *json)
{
    int n = cJSON_IsArray(json) ? cJSON_GetArraySize(json) : -1, i = 0;
    if (n < 0 || n > STRINGS_MAX)
        return NULL;
    char **list = mem_calloc((size_t)n + 1, sizeof *list);
    const cJSON *item;
    cJSON_ArrayForEach(item, json)
    {
        list[i] = string_of(item);
        if (!list[i++]) {
            while (--i >= 0)
                free(list[i]);
            free(list);
            return NULL;
        }
    }
    return list;
}

enum err keeper_meta_read(const char *dir, struct keeper_meta *ret_meta)
{
    char *path = path_join(dir, "meta.json"), *text = NULL;
    size_t n = 0;
    cJSON *json = NULL;
    struct keeper_meta m = {0};
    enum err e = path_read_file(path, META_MAX, &text, &n);

    free(path);
    if (e != ERR_OK)
        return e;
    e = json_parse(text, n, &json);
    free(text);
    if (e != ERR_OK)
        return ERR_CORRUPT;
    if (json_int(json, "version", 1) > 1) {
        cJSON_Delete(json);
        return ERR_TOO_NEW;
    }
    int64_t retention = json_int(json, "retention", 0);
    int64_t rows = json_int(json, "rows", 24), cols = json_int(json, "cols", 80);
    m.id = string_of(json_get(json, "id"));
    m.workspace = string_of(json_get(json, "workspace"));
    m.command = strings_of(json_get(json, "command"));
    m.env = strings_of(json_get(json, "env"));
    m.cwd = string_of(json_get(json, "cwd"));
    if (json_get(json, "files"))
        m.files = strings_of(json_get(json, "files"));
    if (json_get(json, "cgroups"))
        m.cgroups = strings_of(json_get(json, "cgroups"));
    m.box = json_bool(json, "box", false);
    const bool whole =
        !json_get(json, "files") == !m.files && !json_get(json, "cgroups") == !m.cgroups;
    m.pty = json_bool(json, "pty", true);
    m.rows = rows < 1 ? 1 : rows > 1000 ? 1000 : (int)rows;
    m.cols = cols < 1 ? 1 : cols > 2000 ? 2000 : (int)cols;
    m.retention = retention > 0 ? (uint64_t)retention : 0;
    m.checksum = json_bool(json, "checksum", true);
    m.created_us = json_int(json, "created_us", 0);
    cJSON_Delete(json);
    if (!m.id || !m.command || !m.command[0] || !m.env || !m.cwd || !whole) {
        keeper_meta_finish(&m);
        return ERR_CORRUPT;
    }
    *ret_meta = m;
    return ERR_OK;
}

static void free_strings(char **list)
{
    for (char **p = list; p && *p; p++)
        free(*p);
    free(list);
}

void keeper_meta_finish(struct keeper_meta *meta)
{
    if (!meta)
        return;
    free(meta->id);
    free(meta->workspace);
    free_strings(meta->command);
    free_strings(meta->env);
    free(meta->cwd);
    free_strings(meta->files);
    free_strings(meta->cgroups);
    free_strings(meta->asked);
    *meta = (struct keeper_meta){0};
}
