/* `baton json-field NAME`: one member of the JSON object on standard input, so that a command of a
 * binding needs nothing but sh and baton. A text comes as its bytes alone, with no line end behind
 * it; all else, and with --json a text too, as one line of JSON. One thread. */
#include "core/base/mem.h"
#include "core/base/text.h"
#include "transport/cli/command.h"
#include "transport/wire/wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The object on standard input; NULL: it is told, and *ret_status is the exit status. */
static cJSON *read_object(const struct command *c, int *ret_status)
{
    struct buf bytes = {0};
    cJSON *object = NULL;
    ssize_t n = 1;
    while (n > 0 && bytes.len <= WIRE_MAX_MESSAGE) {
        n = read(STDIN_FILENO, buf_reserve(&bytes, 65536), 65536);
        if (n > 0)
            bytes.len += (size_t)n;
        else if (n < 0 && errno == EINTR)
            n = 1;
    }
    if (n < 0)
        *ret_status = command_fail(c, err_from_errno(errno), "Standard input cannot be read.");
    else if (bytes.len > WIRE_MAX_MESSAGE)
        *ret_status = command_fail(c, ERR_LIMIT, "Standard input is larger than any message.");
    else if (json_parse(bytes.data ? bytes.data : "", bytes.len, &object) != ERR_OK ||
             !cJSON_IsObject(object))
        *ret_status = command_fail(c, ERR_INVALID, "Standard input is no JSON object.");
    buf_finish(&bytes);
    if (cJSON_IsObject(object))
        return object;
    cJSON_Delete(object);
    return NULL;
}

int command_json_field(const struct command *c, const char *name)
{
    int status = EXIT_FAILED;
    cJSON *object = read_object(c, &status);
    if (!object)
        return status;
    const cJSON *value = json_get(object, name);
    if (!value) {
        char safe[96], sentence[160];
        text_make_safe(safe, sizeof safe, name, strlen(name));
        snprintf(sentence, sizeof sentence, "The object has no '%s'.", safe);
        status = command_fail(c, ERR_NOT_FOUND, sentence);
    } else if (cJSON_IsString(value) && !c->options.json) {
        status = command_write(c, value->valuestring, strlen(value->valuestring));
    } else {
        char *json = json_print(value), *line = mem_printf("%s\n", json);
        status = command_write(c, line, strlen(line));
        free(line);
        free(json);
    }
    cJSON_Delete(object);
    return status;
}
