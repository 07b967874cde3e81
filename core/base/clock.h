/* Time, from a clock that tests can set. Any thread. */
#ifndef BATON_BASE_CLOCK_H
#define BATON_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

int64_t clock_wall_us(void); /* microseconds since 1970, UTC */
int64_t clock_mono_us(void); /* microseconds, never steps back */

/* RFC 3339 with milliseconds, "2026-11-21T03:04:05.678Z"; out has at least 25 bytes. */
void clock_format(int64_t wall_us, char *out, size_t size);

/* A test's clock for this process: both clocks give this value until it is set again; a negative
 * value returns to the real ones. Set it while one thread runs. */
void clock_set_for_test(int64_t us);

#endif
