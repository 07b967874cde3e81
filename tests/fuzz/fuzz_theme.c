/* A theme of any bytes is read or refused with one safe sentence that names a line; what was read
 * fits every terminal. */
#include "tui/terminal/theme.h"

#include "core/base/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum term_colours depths[] = {TERM_16, TERM_NO_COLOUR, TERM_256, TERM_TRUECOLOUR};
    struct theme *t = NULL;
    char *why = NULL;

    if (theme_parse((const char *)data, size, &t, &why) != ERR_OK) {
        if (t || !why || strncmp(why, "theme:", 6) != 0 || atoi(why + 6) < 1)
            abort();
        for (const unsigned char *p = (const unsigned char *)why; *p; p++)
            if (*p < 0x20 || *p == 0x7f)
                abort();
        if (!text_is_utf8(why, strlen(why)))
            abort();
        free(why);
        return 0;
    }
    for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
        theme_fit(t, depths[i], i & 1);
        for (int role = 0; role < THEME_ROLE_COUNT; role++) {
            struct style s = theme_style(t, (enum theme_role)role);
            if (depths[i] < TERM_TRUECOLOUR && (s.fg | s.bg) & COLOUR_RGB)
                abort();
            if (depths[i] == TERM_NO_COLOUR && (s.fg || s.bg))
                abort();
        }
    }
    theme_destroy(t);
    return 0;
}
