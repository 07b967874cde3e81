/* write, read and edit: files by the client's hands, with the permission that the mode wants, and a
 * diff in the tool call before anything is changed. */
#include "core/agent/demo_private.h"
#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

#define SHOWN 4000 /* bytes of a file that are told */

enum { FILE_BEGIN, FILE_READ, FILE_ASKED, FILE_WRITTEN };

static enum step ask_read(struct turn *t, int64_t line, int64_t limit)
{
    cJSON *params = turn_params(t);
    cJSON_AddStringToObject(params, "path", t->path);
    if (line > 0)
        json_add_int(params, "line", line);
    if (limit > 0)
        json_add_int(params, "limit", limit);
    return turn_ask(t, "fs/read_text_file", params);
}

static cJSON *raw_path(const struct turn *t)
{
    cJSON *raw = cJSON_CreateObject();
    cJSON_AddStringToObject(raw, "path", t->path);
    return raw;
}

/* The path in front of an instruction's other words; NULL, and told, when it is missing. */
static const char *take_path(struct turn *t, const char *usage)
{
    const char *at = t->arg;
    char *path = turn_word(&at);
    if (!path) {
        turn_say(t, "That needs a path: %s", usage);
        return NULL;
    }
    t->path = turn_path(t, path);
    free(path);
    return at;
}

/* --- read ----------------------------------------------------------------------------------------
 */

enum step do_read(struct turn *t)
{
    if (t->phase++ == 0) {
        const char *at = take_path(t, "read PATH [LINE [LIMIT]]");
        if (!at)
            return STEP_NEXT;
        int64_t line = turn_number(&at, 0, INT32_MAX), limit = turn_number(&at, 0, INT32_MAX);
        char *title = mem_printf("Read %s", t->path);
        tool_open(t, "read", title, t->path, raw_path(t), NULL);
        tool_update(t, "in_progress", NULL, NULL);
        free(title);
        return ask_read(t, line, limit);
    }
    char *error = NULL;
    const char *content = json_string(turn_result(t, &error), "content", "");
    if (error) {
        tool_update(t, "failed", tool_content_text(error), NULL);
        turn_say(t, "%s can't be read: %s.", t->path, error);
    } else {
        size_t n = strlen(content), shown = n < SHOWN ? n : SHOWN;
        while (shown < n && ((unsigned char)content[shown] & 0xc0) == 0x80)
            shown--; /* whole characters */
        char *text = mem_strndup(content, shown);
        tool_update(t, "completed", tool_content_text(text), NULL);
        turn_say(t, "%s, %zu bytes%s:\n%s", t->path, n, shown < n ? ", begins with" : "", text);
        free(text);
    }
    free(error);
    return STEP_NEXT;
}

/* --- write and edit: read what is there, show the difference, ask, write
 * -------------------------- */

static enum step write_file(struct turn *t)
{
    cJSON *params = turn_params(t);
    cJSON_AddStringToObject(params, "path", t->path);
    cJSON_AddStringToObject(params, "content", t->text);
    tool_update(t, "in_progress", NULL, NULL);
    t->phase = FILE_WRITTEN;
    return turn_ask(t, "fs/write_text_file", params);
}

static enum step change(struct turn *t, const char *verb)
{
    enum verdict verdict;
    enum step step = STEP_NEXT;
    char *title = mem_printf("%s %s", verb, t->path);
    cJSON *diff = tool_content_diff(t->path, t->old, t->text), *raw = raw_path(t);
    cJSON_AddStringToObject(raw, "content", t->text);
    tool_open(t, "edit", title, t->path, raw, cJSON_Duplicate(diff, true));
    t->phase = FILE_ASKED;
    if (!tool_decided(t, t->session->edits, &verdict)) {
        step = tool_ask(t, title, "edit", diff);
    } else if (verdict == VERDICT_YES) {
        step = write_file(t);
    } else {
        tool_update(t, "failed", NULL, NULL);
        turn_say(t, "You said never, so %s stays as it is.", t->path);
    }
    cJSON_Delete(diff);
    free(title);
    return step;
}

static enum step asked(struct turn *t)
{
    char *words = NULL;
    if (tool_verdict(t, &t->session->edits, &words) == VERDICT_YES) {
        free(words);
        return write_file(t);
    }
    tool_update(t, "failed", NULL, NULL);
    turn_say(t, "You answered %s; %s stays as it is.", words, t->path);
    free(words);
    return STEP_NEXT;
}

static enum step written(struct turn *t)
{
    char *error = NULL;
    if (turn_result(t, &error)) {
        tool_update(t, "completed", tool_content_diff(t->path, t->old, t->text), NULL);
        turn_say(t, "Wrote %s, %zu bytes.", t->path, strlen(t->text));
    } else {
        tool_update(t, "failed", tool_content_text(error), NULL);
        turn_say(t, "%s can't be written: %s.", t->path, error);
    }
    free(error);
    return STEP_NEXT;
}

enum step do_write(struct turn *t)
{
    if (t->phase == FILE_BEGIN) {
        const char *at = take_path(t, "write PATH TEXT");
        if (!at)
            return STEP_NEXT;
        t->text = turn_unescape(at);
        t->phase = FILE_READ;
        return ask_read(t, 0, 0);
    }
    if (t->phase == FILE_READ) {
        /* What can't be read is taken as not there; the write tells what is wrong, if anything. */
        t->old = mem_strdup(json_string(turn_result(t, NULL), "content", NULL));
        return change(t, "Write");
    }
    return t->phase == FILE_ASKED ? asked(t) : written(t);
}

/* OLD and NEW of `OLD => NEW`; false when there is no arrow or no OLD. */
static bool split(const char *text, char **ret_old, char **ret_new)
{
    const char *arrow = strstr(text, " => ");
    if (!arrow || arrow == text)
        return false;
    char *before = mem_strndup(text, (size_t)(arrow - text));
    *ret_old = turn_unescape(before);
    *ret_new = turn_unescape(arrow + 4);
    free(before);
    return true;
}

static enum step begin_edit(struct turn *t)
{
    const char *at = take_path(t, "edit PATH OLD => NEW");
    char *old = NULL, *new = NULL;
    if (!at)
        return STEP_NEXT;
    if (!split(at, &old, &new)) {
        turn_say(t, "That needs an old and a new text: edit PATH OLD => NEW");
        return STEP_NEXT;
    }
    free(old);
    free(new);
    t->phase = FILE_READ;
    return ask_read(t, 0, 0);
}

static enum step edit_read(struct turn *t)
{
    const char *at = t->arg;
    char *error = NULL, *old = NULL, *new = NULL;
    const char *content = json_string(turn_result(t, &error), "content", "");
    free(turn_word(&at));
    split(at, &old, &new);
    const char *found = old && !error ? strstr(content, old) : NULL;
    enum step step = STEP_NEXT;
    if (found) {
        t->old = mem_strdup(content);
        t->text = mem_printf("%.*s%s%s", (int)(found - content), content, new, found + strlen(old));
        step = change(t, "Edit");
    } else if (error) {
        turn_say(t, "%s can't be read: %s.", t->path, error);
    } else {
        turn_say(t, "%s doesn't have '%s'.", t->path, old ? old : "");
    }
    free(error);
    free(old);
    free(new);
    return step;
}

enum step do_edit(struct turn *t)
{
    if (t->phase == FILE_BEGIN)
        return begin_edit(t);
    if (t->phase == FILE_READ)
        return edit_read(t);
    return t->phase == FILE_ASKED ? asked(t) : written(t);
}
