/* Any bytes are a line of an agent; the first one says how small what it carries is cut. What must
 * hold: a line is of one kind and has what that kind has, an id that came is answered by a line
 * that is a response to it, what is cut fits and says so, and what an error says is safe to print.
 */
#include "core/agent/acp.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool so)
{
    if (!so)
        abort();
}

static void check_parts(const struct acp_line *l)
{
    const bool asks = l->kind == ACP_REQUEST || l->kind == ACP_NOTIFICATION;
    must((l->kind == ACP_GARBAGE) == (l->wrong != NULL));
    must(!asks || l->method);
    must(l->kind != ACP_REQUEST || l->id);
    must(l->kind != ACP_RESPONSE || (l->id && !l->result == !!l->error));
}

/* What we answer is a line that our own reader takes, with the same id. */
static void check_answer(const struct acp_line *l)
{
    struct acp_line back;
    char *line = acp_answer(l->id, l->params);
    acp_read(line, strlen(line), &back);
    must(back.kind == ACP_RESPONSE && cJSON_Compare(back.id, l->id, true));
    must(strchr(line, '\n') == line + strlen(line) - 1);
    acp_finish(&back);
    free(line);
}

static void check_cut(cJSON *value, size_t most)
{
    char *before = json_print(value);
    const size_t n = strlen(before), left_out = acp_cut(value, most, most / 8 + 1);
    must((left_out == 0) == !json_get(json_get(json_get(value, "_meta"), "baton"), "cut") ||
         strstr(before, "\"cut\""));
    char *after = json_print(value);
    must(left_out == 0 ? strcmp(before, after) == 0 : strlen(after) < n + 64);
    free(after);
    free(before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct acp_line l;
    char said[64];
    if (size == 0)
        return 0;
    const size_t most = 256 + (size_t)data[0] * 64;
    acp_read((const char *)data + 1, size - 1, &l);
    check_parts(&l);
    if (l.kind == ACP_REQUEST)
        check_answer(&l);
    if (l.error) {
        acp_error_text(l.error, said, sizeof said);
        for (const char *c = said; *c; c++)
            must((unsigned char)*c >= 32 && *c != 127);
    }
    if (l.params && cJSON_IsObject(l.params))
        check_cut(l.params, most);
    acp_finish(&l);
    return 0;
}
