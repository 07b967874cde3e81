/* Files that a session's agent asks us to read and to write (ACP fs/read_text_file,
 * fs/write_text_file). They are kept to the session's folder by core/work/files. Both are done
 * within the batch that takes the request in: when that is undone, the same is done once more, and
 * reading or writing a file twice is the same as once. */
#include "core/hub/sessions/session_work.h"
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "core/hub/work/worlds.h"

#include <stdlib.h>
#include <string.h>

enum err session_place(struct hub *hub, const cJSON *doc, const char *path, bool write,
                       struct files **ret_files, char **ret_path, char why[FILES_WHY])
{
    const char *cwd = json_string(doc, "cwd", "/");
    char *full = NULL;
    cJSON *workspace = NULL;
    bool ro = false;
    *ret_files = NULL;
    *ret_path = NULL;
    enum err e = journal_get(hub->journal, "workspace", session_workspace(doc), &workspace);
    snprintf(why, FILES_WHY, "%s", err_text(e)->person);
    if (e == ERR_OK && world_is_sandbox(workspace)) {
        full = *path == '/' ? mem_strdup(path) : path_join(cwd, path);
        e = world_root(hub, workspace, full, ret_files, ret_path, &ro, why);
        if (e == ERR_OK && ro && write) {
            snprintf(why, FILES_WHY, "what lies there was mounted to be read only");
            e = ERR_DENIED;
        } else if (e == ERR_OK && write && world_is_full(hub, session_workspace(doc))) {
            snprintf(why, FILES_WHY, "the home is larger than limits.disk allows");
            e = ERR_DISK_FULL;
        }
    } else if (e == ERR_OK || e == ERR_NOT_FOUND) { /* deleted meanwhile: its folder is there */
        e = files_open(cwd, ret_files, why);
        *ret_path = mem_strdup(path);
    }
    if (e != ERR_OK) {
        files_close(*ret_files);
        *ret_files = NULL;
        free(*ret_path);
        *ret_path = NULL;
    }
    free(full);
    cJSON_Delete(workspace);
    return e;
}

/* Of what an agent may be told: that there is none is a code of its own. */
static enum err refuse(struct hub *hub, cJSON *doc, const cJSON *id, enum err e, const char *why)
{
    return session_answer_error(hub, doc, id, e == ERR_NOT_FOUND ? ACP_NOT_FOUND : ACP_INTERNAL,
                                why);
}

/* Event first, then the answer: who sees the answer's effect finds in the record what it was. */
static enum err tell(struct hub *hub, cJSON *doc, const char *op, const char *path, size_t bytes)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "op", op);
    cJSON_AddStringToObject(o, "path", path);
    json_add_int(o, "bytes", (int64_t)bytes);
    return session_event(hub, doc, "", "_baton/file", o);
}

/* A count that may be absent or null; false: it is something else. */
static bool count_of(const cJSON *params, const char *key, int64_t absent, int64_t *ret_value)
{
    const cJSON *item = json_get(params, key);
    *ret_value = absent;
    if (!item || cJSON_IsNull(item))
        return true;
    if (!cJSON_IsNumber(item) || item->valuedouble < 0)
        return false;
    *ret_value = json_int(params, key, INT64_MAX); /* beyond every file */
    return true;
}

enum err session_on_fs_read(struct hub *hub, cJSON *doc, const cJSON *id, const cJSON *params)
{
    const char *path = json_string(params, "path", "");
    struct files_part part = {.text = true};
    struct files *files = NULL;
    struct buf text = {0};
    char why[FILES_WHY], *place = NULL;
    if (!*path)
        return session_answer_error(hub, doc, id, ACP_INVALID_PARAMS, "\"path\" is missing");
    if (!count_of(params, "line", 1, &part.line) || !count_of(params, "limit", -1, &part.limit))
        return session_answer_error(hub, doc, id, ACP_INVALID_PARAMS,
                                    "\"line\" and \"limit\" are counts of lines");
    enum err e = session_place(hub, doc, path, false, &files, &place, why);
    if (e == ERR_OK)
        e = files_read(files, place, &part, &text, why);
    files_close(files);
    free(place);
    if (e != ERR_OK)
        return refuse(hub, doc, id, e, why);
    e = tell(hub, doc, "read", path, text.len);
    if (e == ERR_OK) {
        cJSON *result = cJSON_CreateObject();
        cJSON_AddStringToObject(result, "content", text.data ? text.data : "");
        e = session_answer(hub, doc, id, result);
    }
    buf_finish(&text);
    return e;
}

enum err session_on_fs_write(struct hub *hub, cJSON *doc, const cJSON *id, const cJSON *params)
{
    const char *path = json_string(params, "path", ""), *content;
    struct files *files = NULL;
    char why[FILES_WHY], *place = NULL;
    content = json_string(params, "content", NULL);
    if (!*path || !content)
        return session_answer_error(hub, doc, id, ACP_INVALID_PARAMS,
                                    "\"path\" and \"content\" are both wanted");
    enum err e = session_place(hub, doc, path, true, &files, &place, why);
    if (e == ERR_OK)
        e = files_write(files, place, content, strlen(content), why);
    files_close(files);
    free(place);
    if (e != ERR_OK)
        return refuse(hub, doc, id, e, why);
    e = tell(hub, doc, "write", path, strlen(content));
    return e == ERR_OK ? session_answer(hub, doc, id, NULL) : e;
}
