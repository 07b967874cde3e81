/* Tool calls and permissions of a transcript, read from ACP's JSON: every field is foreign. Pure.
 */
#include "core/agent/transcript_private.h"

#include "core/base/json.h"
#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES   2048
#define INPUT_MAX_BYTES  ((size_t)8 * 1024)
#define OUTPUT_MAX_BYTES ((size_t)64 * 1024)

static enum transcript_status status_of(const char *word)
{
    static const struct {
        const char *word;
        enum transcript_status status;
    } words[] = {{"pending", STATUS_PENDING},
                 {"in_progress", STATUS_RUNNING},
                 {"completed", STATUS_DONE},
                 {"failed", STATUS_FAILED}};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].word, word) == 0)
            return words[i].status;
    return STATUS_NONE;
}

static int bounded_size(const cJSON *array)
{
    int n = cJSON_IsArray(array) ? cJSON_GetArraySize(array) : 0;

    return n < TRANSCRIPT_LIST_MAX ? n : TRANSCRIPT_LIST_MAX;
}

static void read_locations(struct transcript_tool *tool, const cJSON *array)
{
    const cJSON *one = array->child;
    int count = bounded_size(array);

    transcript_locations_free(tool->locations, tool->location_count);
    tool->locations = mem_calloc((size_t)count + 1, sizeof *tool->locations);
    tool->location_count = count;
    for (int i = 0; i < count; i++, one = one->next) {
        tool->locations[i].path = transcript_line(json_string(one, "path", ""), NAME_MAX_BYTES);
        tool->locations[i].line = json_int(one, "line", 0);
    }
    tool->set |= SET_LOCATIONS;
}

static void put(struct transcript_text *x, const char *text, size_t *left)
{
    size_t before = x->n;

    transcript_text_add(x, text, strlen(text), before + *left);
    *left -= x->n - before;
}

/* left: bytes that the block's texts may still have. */
static void read_content(struct transcript_content *c, const cJSON *json, size_t *left)
{
    const char *type = json_string(json, "type", "");

    if (strcmp(type, "diff") == 0) {
        const char *old = json_string(json, "oldText", NULL);
        c->kind = CONTENT_DIFF;
        c->created = !old;
        c->name = transcript_line(json_string(json, "path", ""), NAME_MAX_BYTES);
        put(&c->text, json_string(json, "newText", ""), left);
        put(&c->old, old ? old : "", left);
    } else if (strcmp(type, "terminal") == 0) {
        c->kind = CONTENT_TERMINAL;
        c->name = transcript_line(json_string(json, "terminalId", ""), TRANSCRIPT_ID_MAX);
    } else {
        c->kind = CONTENT_TEXT;
        transcript_text_content(&c->text, json_get(json, "content"), *left);
        *left -= c->text.n;
    }
}

static void read_contents(struct transcript_tool *tool, const cJSON *array)
{
    const cJSON *one = array->child;
    int count = bounded_size(array);
    size_t left = TRANSCRIPT_TEXT_LIMIT;

    transcript_contents_free(tool->contents, tool->content_count);
    tool->contents = mem_calloc((size_t)count + 1, sizeof *tool->contents);
    tool->content_count = count;
    for (int i = 0; i < count; i++, one = one->next)
        read_content(&tool->contents[i], one, &left);
    tool->set |= SET_CONTENT;
}

/* What a tool was given, as a person would say it: its command or its only text, else the JSON. */
static void read_raw(struct transcript_text *x, const cJSON *raw, size_t limit)
{
    static const char *const keys[] = {"command", "cmd",  "query", "pattern",
                                       "url",     "path", "output"};
    const char *text = cJSON_IsString(raw) ? raw->valuestring : NULL;
    char *printed = NULL;

    for (size_t i = 0; !text && i < sizeof keys / sizeof *keys; i++)
        text = json_string(raw, keys[i], NULL);
    if (!text && !(cJSON_IsObject(raw) && !raw->child))
        text = printed = json_print(raw);
    transcript_text_clear(x);
    if (text)
        transcript_text_add(x, text, strlen(text), limit);
    free(printed);
}

/* Some agents run their terminals themselves, and send what these print beside the content. */
static void read_meta(struct transcript_tool *tool, const cJSON *meta)
{
    const cJSON *output = json_get(meta, "terminal_output");
    const char *data = json_string(output, "data", NULL);

    if (data)
        transcript_text_add(&tool->stream, data, strlen(data), TRANSCRIPT_TEXT_LIMIT);
}

void transcript_tool_update(struct transcript_tool *tool, const cJSON *update, bool created)
{
    const char *title = json_string(update, "title", NULL),
               *kind = json_string(update, "kind", NULL);
    const char *status = json_string(update, "status", created ? "pending" : NULL);
    const cJSON *locations = json_get(update, "locations"), *content = json_get(update, "content");
    const cJSON *input = json_get(update, "rawInput"), *output = json_get(update, "rawOutput");

    if (title && *title) {
        free(tool->title);
        tool->title = transcript_line(title, NAME_MAX_BYTES);
        tool->set |= SET_TITLE;
    }
    if (kind) {
        free(tool->kind);
        tool->kind = transcript_line(kind, 64);
        tool->set |= SET_KIND;
    }
    if (status) {
        tool->status = status_of(status);
        tool->set |= SET_STATUS;
    }
    if (cJSON_IsArray(locations))
        read_locations(tool, locations);
    if (cJSON_IsArray(content))
        read_contents(tool, content);
    if (input && !cJSON_IsNull(input)) {
        read_raw(&tool->input, input, INPUT_MAX_BYTES);
        tool->set |= SET_INPUT;
    }
    if (output && !cJSON_IsNull(output)) {
        read_raw(&tool->output, output, OUTPUT_MAX_BYTES);
        tool->set |= SET_OUTPUT;
    }
    read_meta(tool, json_get(update, "_meta"));
}

static enum transcript_answer kind_of(const char *word)
{
    static const char *const words[] = {"allow_once", "allow_always", "reject_once",
                                        "reject_always"};

    for (int i = 0; i < ANSWER_OTHER; i++)
        if (strcmp(words[i], word) == 0)
            return (enum transcript_answer)i;
    return ANSWER_OTHER;
}

void transcript_permission_read(struct transcript_permission *p, const cJSON *params, int64_t at)
{
    const cJSON *options = json_get(params, "options"), *one;
    const char *id = json_string(params, "permissionId", "");
    int count = bounded_size(options);

    transcript_permission_clear(p);
    strncpy(p->id, id, sizeof p->id - 1);
    p->at = at;
    p->options = mem_calloc((size_t)count + 1, sizeof *p->options);
    p->option_count = count;
    one = count ? options->child : NULL;
    for (int i = 0; i < count; i++, one = one->next) {
        /* The id goes back to the agent as it came; it is never shown. */
        p->options[i].id = mem_strdup(json_string(one, "optionId", ""));
        p->options[i].name = transcript_line(json_string(one, "name", ""), 200);
        p->options[i].kind = kind_of(json_string(one, "kind", ""));
    }
}

void transcript_tool_add_file(struct transcript_tool *tool, struct transcript_file *file)
{
    if (tool->file_count == TRANSCRIPT_LIST_MAX) {
        tool->more_files++;
        free(file->path);
    } else {
        tool->files =
            mem_reallocarray(tool->files, (size_t)tool->file_count + 1, sizeof *tool->files);
        tool->files[tool->file_count++] = *file;
    }
    memset(file, 0, sizeof *file);
}

void transcript_tool_add_shell(struct transcript_tool *tool, struct transcript_shell *shell)
{
    if (tool->shell_count < TRANSCRIPT_LIST_MAX) {
        tool->shells =
            mem_reallocarray(tool->shells, (size_t)tool->shell_count + 1, sizeof *tool->shells);
        tool->shells[tool->shell_count++] = *shell;
    } else {
        transcript_shell_clear(shell);
    }
    memset(shell, 0, sizeof *shell);
}
