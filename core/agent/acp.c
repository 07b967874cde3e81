/* See the header. A first pass over the bytes, before any memory is spent on them, finds lines that
 * are too deep or too rich, and those that have to be mended before they are parsed. */
#include "core/agent/acp.h"
#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* --- reading ------------------------------------------------------------------------------------
 */

struct look {
    bool empty, mend;
    const char *wrong;
};

static struct look look_at(const char *text, size_t n)
{
    struct look look = {.empty = true};
    size_t values = 0;
    int depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < n; i++) {
        const char c = text[i];
        if (c != ' ' && c != '\t' && c != '\r' && c != '\n')
            look.empty = false;
        if (quoted) {
            if (c == '\\' && i + 1 < n) {
                look.mend = look.mend || text[i + 1] == 'u';
                i++;
            } else if (c == '"') {
                quoted = false;
            }
            continue;
        }
        if (c == '"')
            quoted = true;
        else if (c == '{' || c == '[')
            depth++, values++;
        else if (c == '}' || c == ']')
            depth--;
        else if (c == ',')
            values++;
        if (depth > ACP_DEPTH_MAX)
            look.wrong = "it is nested too deep";
        if (values > ACP_VALUES_MAX)
            look.wrong = "it holds too many values";
        if (look.wrong)
            break;
    }
    look.mend = look.mend || !text_is_utf8(text, n);
    return look;
}

/* The value of \uXXXX at text[0..n); -1 when there is none. */
static long escape_at(const char *text, size_t n)
{
    char digits[5] = "";
    if (n < 6 || text[0] != '\\' || text[1] != 'u')
        return -1;
    for (int i = 0; i < 4; i++) {
        if (!isxdigit((unsigned char)text[2 + i]))
            return -1;
        digits[i] = text[2 + i];
    }
    return strtol(digits, NULL, 16);
}

/* Appends the escape at text, which is a backslash; gives the bytes used. */
static size_t mend_escape(const char *text, size_t n, struct buf *out)
{
    const long first = escape_at(text, n);
    if (first < 0) {
        const size_t used = n < 2 ? 1 : 2;
        buf_append(out, text, used);
        return used;
    }
    const long second = first >= 0xd800 && first < 0xdc00 ? escape_at(text + 6, n - 6) : -1;
    if (second >= 0xdc00 && second < 0xe000) {
        buf_append(out, text, 12);
        return 12;
    }
    if (first == 0 || (first >= 0xd800 && first < 0xe000))
        buf_puts(out, "\\ufffd");
    else
        buf_append(out, text, 6);
    return 6;
}

static void mend(const char *text, size_t n, struct buf *out)
{
    for (size_t i = 0; i < n;) {
        uint32_t point;
        if (text[i] == '\\') {
            i += mend_escape(text + i, n - i, out);
            continue;
        }
        const size_t used = text_decode(text + i, n - i, &point);
        if (point == 0xfffd && used == 1)
            buf_puts(out, "\xef\xbf\xbd");
        else
            buf_append(out, text + i, used);
        i += used;
    }
}

#define ID_MAX 1024 /* bytes; ids are given back, and kept as long as a request waits */

static const char *wrong_id(const cJSON *id)
{
    if (!cJSON_IsNumber(id) && !cJSON_IsString(id) && !cJSON_IsNull(id))
        return "its id is neither a number nor a string";
    return cJSON_IsString(id) && strlen(id->valuestring) > ID_MAX ? "its id is too long" : NULL;
}

/* What a parsed line is. */
static void classify(struct acp_line *l)
{
    const cJSON *id = json_get(l->json, "id"), *method = json_get(l->json, "method");
    const cJSON *result = json_get(l->json, "result"), *error = json_get(l->json, "error");
    if (!cJSON_IsObject(l->json)) {
        l->wrong = "it is no JSON object";
    } else if (id && wrong_id(id)) {
        l->wrong = wrong_id(id);
    } else if (cJSON_IsString(method)) {
        l->kind = id ? ACP_REQUEST : ACP_NOTIFICATION;
        l->id = id;
        l->method = method->valuestring;
        l->params = cJSON_GetObjectItemCaseSensitive(l->json, "params");
        if (cJSON_IsNull(l->params))
            l->params = NULL;
    } else if (id && (result || error)) {
        const bool failed = error && !cJSON_IsNull(error);
        l->kind = ACP_RESPONSE;
        l->id = id;
        l->error = failed ? error : NULL;
        l->result = failed ? NULL : result ? result : error;
    } else {
        l->wrong = "it is no JSON-RPC message";
    }
}

void acp_read(const char *text, size_t n, struct acp_line *ret_line)
{
    struct acp_line l = {.kind = ACP_GARBAGE};
    const struct look look = look_at(text, n);
    struct buf mended = {0};

    l.wrong = look.wrong;
    if (look.empty) {
        l.kind = ACP_NOTHING;
    } else if (!look.wrong) {
        if (look.mend)
            mend(text, n, &mended);
        if (json_parse(look.mend ? mended.data : text, look.mend ? mended.len : n, &l.json) !=
            ERR_OK)
            l.wrong = "it is no JSON";
        else
            classify(&l);
    }
    buf_finish(&mended);
    *ret_line = l;
}

void acp_finish(struct acp_line *line)
{
    cJSON_Delete(line->json);
    *line = (struct acp_line){0};
}

bool acp_id_number(const cJSON *id, int64_t *ret_id)
{
    if (cJSON_IsNumber(id) && id->valuedouble >= 0 && id->valuedouble < 9e15 &&
        (double)(int64_t)id->valuedouble == id->valuedouble) {
        *ret_id = (int64_t)id->valuedouble;
        return true;
    }
    if (!cJSON_IsString(id) || strlen(id->valuestring) > 15 || !*id->valuestring ||
        id->valuestring[strspn(id->valuestring, "0123456789")])
        return false;
    *ret_id = strtoll(id->valuestring, NULL, 10);
    return true;
}

/* --- writing ------------------------------------------------------------------------------------
 */

static char *line_of(cJSON *object)
{
    char *text = json_print(object);
    const size_t n = strlen(text);
    cJSON_Delete(object);
    text = mem_realloc(text, n + 2);
    memcpy(text + n, "\n", 2);
    return text;
}

static void add_borrowed(cJSON *object, const char *key, const cJSON *value)
{
    if (value)
        cJSON_AddItemReferenceToObject(object, key, (cJSON *)(uintptr_t)value);
    else
        cJSON_AddObjectToObject(object, key);
}

static cJSON *message(void)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "jsonrpc", "2.0");
    return o;
}

char *acp_request(int64_t id, const char *method, const cJSON *params)
{
    cJSON *o = message();
    json_add_int(o, "id", id);
    cJSON_AddStringToObject(o, "method", method);
    add_borrowed(o, "params", params);
    return line_of(o);
}

char *acp_notification(const char *method, const cJSON *params)
{
    cJSON *o = message();
    cJSON_AddStringToObject(o, "method", method);
    add_borrowed(o, "params", params);
    return line_of(o);
}

static cJSON *answer_to(const cJSON *id)
{
    cJSON *o = message();
    cJSON_AddItemToObject(o, "id", id ? cJSON_Duplicate(id, true) : cJSON_CreateNull());
    return o;
}

char *acp_answer(const cJSON *id, const cJSON *result)
{
    cJSON *o = answer_to(id);
    add_borrowed(o, "result", result);
    return line_of(o);
}

char *acp_answer_error(const cJSON *id, int code, const char *text)
{
    cJSON *o = answer_to(id), *error = cJSON_AddObjectToObject(o, "error");
    json_add_int(error, "code", code);
    json_add_text(error, "message", text, strlen(text));
    return line_of(o);
}

/* --- cutting ------------------------------------------------------------------------------------
 */

#define NODE_BYTES 16 /* what a value costs beside its text */

static size_t weight(const cJSON *value)
{
    size_t sum = 0;
    for (; value; value = value->next) {
        sum += NODE_BYTES + (value->string ? strlen(value->string) : 0) +
               (cJSON_IsString(value) ? strlen(value->valuestring) : 0);
        if (value->child)
            sum += weight(value->child);
    }
    return sum;
}

/* The bytes of text, at most `most`, that end at a character's end. */
static size_t whole_characters(const char *text, size_t most)
{
    while (most && ((unsigned char)text[most] & 0xc0) == 0x80)
        most--;
    return most;
}

static size_t cut_strings(cJSON *list, size_t most)
{
    size_t cut = 0;
    for (cJSON *v = list; v; v = v->next) {
        const size_t n = cJSON_IsString(v) ? strlen(v->valuestring) : 0;
        if (n > most) {
            const size_t keep = whole_characters(v->valuestring, most);
            v->valuestring[keep] = '\0';
            cut += n - keep;
        }
        cut += v->child ? cut_strings(v->child, most) : 0;
    }
    return cut;
}

/* Leaves short members, and of the objects on top theirs: which kind of update it was, and of what.
 */
static void thin(cJSON *object, int depth)
{
    for (cJSON *v = object->child, *next; v; v = next) {
        next = v->next;
        if (cJSON_IsObject(v) && depth > 0)
            thin(v, depth - 1);
        else if (v->child || strlen(v->string ? v->string : "") > 200 ||
                 (cJSON_IsString(v) && strlen(v->valuestring) > 1000))
            cJSON_Delete(cJSON_DetachItemViaPointer(object, v));
    }
    while (cJSON_GetArraySize(object) > 50)
        cJSON_DeleteItemFromArray(object, 50);
}

static cJSON *object_in(cJSON *object, const char *key)
{
    cJSON *found = cJSON_GetObjectItemCaseSensitive(object, key);
    if (cJSON_IsObject(found))
        return found;
    cJSON_DeleteItemFromObjectCaseSensitive(object, key);
    return cJSON_AddObjectToObject(object, key);
}

size_t acp_cut(cJSON *value, size_t most, size_t string_most)
{
    const size_t before = value->child ? weight(value->child) : 0;
    if (before <= most || !cJSON_IsObject(value))
        return 0;
    cut_strings(value->child, string_most);
    if (weight(value->child) > most)
        thin(value, 1);
    const size_t cut = before - (value->child ? weight(value->child) : 0);
    if (cut) /* many short values weigh more than their text, and stay */
        json_add_int(object_in(object_in(value, "_meta"), "baton"), "cut", (int64_t)cut);
    return cut;
}

void acp_error_text(const cJSON *error, char *out, size_t size)
{
    const cJSON *data = json_get(error, "data");
    const char *text = json_string(error, "message", "");
    const char *more = cJSON_IsString(data) ? data->valuestring
                                            : json_string(data, "details", /* as claude's says */
                                                          json_string(data, "message", ""));
    struct buf all = {0};
    if (!*text && cJSON_IsString(error))
        text = error->valuestring;
    buf_printf(&all, "%s%s%s", *text ? text : "it gave no reason", *more ? ": " : "", more);
    text_make_safe(out, size, all.data, all.len);
    buf_finish(&all);
}
