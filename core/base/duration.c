/* Spans of time from text. Pure, any thread. */
#include "core/base/duration.h"

#include <stddef.h>

static const struct {
    char letter;
    int64_t ms;
} units[] = {
    {'\0', 1000},
    {'s', 1000},
    {'m', INT64_C(60) * 1000},
    {'h', INT64_C(3600) * 1000},
    {'d', INT64_C(24) * 3600 * 1000},
};

enum err duration_parse(const char *text, int64_t *ret_ms)
{
    int64_t number = 0, unit = 0;
    const char *p = text;

    if (!text)
        return ERR_INVALID;
    for (; *p >= '0' && *p <= '9'; p++) {
        number = number * 10 + (*p - '0');
        if (number > DURATION_MAX_MS) /* too many of any unit, and still far from overflow */
            return ERR_INVALID;
    }
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (units[i].letter == *p)
            unit = units[i].ms;
    /* The text must end with its unit; without digits the number is zero, which is refused too. */
    if (!unit || (*p && p[1]) || number == 0 || number > DURATION_MAX_MS / unit)
        return ERR_INVALID;
    *ret_ms = number * unit;
    return ERR_OK;
}
