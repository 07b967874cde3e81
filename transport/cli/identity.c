/* Who this Unix user is when a command says nothing else: one line in one file, written whole. It
 * is read at each command, so programs side by side that each say `identity use` disturb each
 * other; --identity is for those. */
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "transport/cli/command.h"

#include <stdlib.h>
#include <string.h>

#define CALL_MS  30000
#define NAME_MAX 63

static char *file_name(void)
{
    return path_state_dir("identity"); /* beside the hubs' folders */
}

char *identity_default(void)
{
    char *file = file_name(), *text = NULL;
    size_t n = 0;
    if (path_read_file(file, NAME_MAX + 1, &text, &n) == ERR_OK) {
        text[strcspn(text, "\n")] = '\0';
        if (!*text) {
            free(text);
            text = NULL;
        }
    }
    free(file);
    return text;
}

static enum err remember(const char *name)
{
    char *file = file_name(), *dir = mem_strndup(file, (size_t)(strrchr(file, '/') - file));
    char *line = mem_printf("%s\n", name);
    enum err e = path_make_private(dir);
    if (e == ERR_OK)
        e = path_write_file(file, line, strlen(line), false);
    free(line);
    free(dir);
    free(file);
    return e;
}

int local_identity_use(const struct command *c)
{
    struct client_fault fault = {0};
    cJSON *result = NULL;
    int status = EXIT_FAILED;
    struct client *client = command_connect(c, true, &status);
    if (!client)
        return status;
    if (client_call(client, "identity.use", c->flags.input, CALL_MS, &result, &fault) != ERR_OK) {
        status = command_fault(c, &fault);
    } else {
        enum err e = remember(json_string(result, "name", ""));
        status = e == ERR_OK ? command_print(c, result)
                             : command_fail(c, e, "The choice cannot be written down.");
    }
    cJSON_Delete(result);
    client_close(client);
    return status;
}
