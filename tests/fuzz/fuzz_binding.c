/* A file of bindings, as any bytes, and a command line for what it holds: it is refused with a
 * sentence that begins with the file's name, or its bindings can be called and described. */
#include "core/base/mem.h"
#include "core/binding/file.h"
#include "core/binding/words.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Words from the same bytes: what stands between control characters. */
static void call(const struct binding *b, const char *text, size_t n)
{
    const struct binding_reader reader = {.schema = b->schema, .json_alone = n % 2};
    struct binding_line line = {0};
    char *words[8], why[200] = "";
    int count = 0;
    for (size_t at = 0; at < n && count < 8; at++) {
        size_t end = at;
        while (end < n && (unsigned char)text[end] >= ' ')
            end++;
        words[count++] = mem_strndup(text + at, end - at);
        at = end;
    }
    if (binding_line_parse(&reader, count, words, &line, why, sizeof why) == ERR_OK) {
        if (line.whole)
            binding_line_whole(&line, "--json", line.whole, strlen(line.whole), why, sizeof why);
        binding_line_check(&line, b->schema, why, sizeof why);
        binding_line_finish(&line);
    } else if (!*why) {
        abort();
    }
    while (count)
        free(words[--count]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct binding_rules rules = {0};
    struct binding_group *g = NULL;
    char *why = NULL;
    if (binding_file_parse((const char *)data, size, "f", "/", &rules, &g, &why) != ERR_OK) {
        if (g || !why || strncmp(why, "f:", 2) != 0)
            abort();
        free(why);
        return 0;
    }
    for (size_t i = 0; i < g->count && i < 4; i++) {
        struct buf help = {0};
        cJSON *shown = cJSON_CreateObject();
        cJSON_AddStringToObject(shown, "name", g->list[i]->name);
        cJSON_AddItemToObject(shown, "inputSchema", cJSON_Duplicate(g->list[i]->schema, true));
        binding_help("b", shown, &help);
        if (help.len == 0 || !*g->list[i]->command || !*g->list[i]->help)
            abort();
        call(g->list[i], (const char *)data, size);
        buf_finish(&help);
        cJSON_Delete(shown);
    }
    binding_group_destroy(g);
    return 0;
}
