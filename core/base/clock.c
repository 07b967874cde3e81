/* Time. */
#include "core/base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t test_us = -1;

static int64_t read_clock(clockid_t id)
{
    struct timespec t;
    if (test_us >= 0)
        return test_us;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_wall_us(void)
{
    return read_clock(CLOCK_REALTIME);
}

int64_t clock_mono_us(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

void clock_format(int64_t wall_us, char *out, size_t size)
{
    time_t seconds = (time_t)(wall_us / 1000000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    size_t n = strftime(out, size, "%Y-%m-%dT%H:%M:%S", &tm);
    if (n && n < size)
        snprintf(out + n, size - n, ".%03dZ", (int)(wall_us / 1000 % 1000));
}

void clock_set_for_test(int64_t us)
{
    test_us = us;
}
