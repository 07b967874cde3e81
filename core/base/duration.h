/* A span of time as people type it: 90s, 30m, 2h, 7d, or a bare number of seconds. Pure, any
 * thread. */
#ifndef BATON_BASE_DURATION_H
#define BATON_BASE_DURATION_H

#include "core/base/err.h"

#include <stdint.h>

#define DURATION_MAX_MS (INT64_C(3650) * 24 * 3600 * 1000) /* ten years of 365 days */

/* Reads decimal digits and at most one unit behind them (s, m, h, d; none: seconds), nothing else:
 * no sign, space, fraction or second unit. Gives 1000..DURATION_MAX_MS milliseconds. ERR_INVALID
 * for all else, zero included: some take it for "at once" and some for "never", so whoever means
 * one of these says it in another way. NULL is ERR_INVALID. */
enum err duration_parse(const char *text, int64_t *ret_ms);

#endif
