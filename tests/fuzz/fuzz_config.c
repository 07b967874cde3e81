/* The configuration file, as any bytes: it is refused with a sentence that names the file, or it is
 * in force and shows itself. Either way nothing is read or freed that is not ours. */
#include "core/base/config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config *c = NULL;
    char *why = NULL;
    if (config_parse((const char *)data, size, "f", &c, &why) != ERR_OK) {
        if (c || !why || strncmp(why, "f:", 2) != 0)
            abort();
        free(why);
        return 0;
    }
    if (config_history(c) < 0 || config_max_streams(c) < 1 || config_retention(c) < 0 ||
        config_shell(c)[0] != '/')
        abort();
    cJSON *shown = config_show(c);
    if (!json_get(shown, "theme"))
        abort();
    cJSON_Delete(shown);
    config_destroy(c);
    return 0;
}
