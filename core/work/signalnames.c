/* See the header. The machine's own table has the names (sigabbrev_np, glibc). */
#include "core/work/signalnames.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SIGNALS 64

int signal_number(const char *name)
{
    char *end = NULL;
    if (*name >= '0' && *name <= '9') {
        const long number = strtol(name, &end, 10);
        return *end == '\0' && number >= 1 && number <= SIGNALS ? (int)number : 0;
    }
    if (strncasecmp(name, "SIG", 3) == 0)
        name += 3;
    for (int i = 1; i <= SIGNALS; i++) {
        const char *known = sigabbrev_np(i);
        if (known && strcasecmp(known, name) == 0)
            return i;
    }
    return 0;
}
