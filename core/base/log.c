/* The log. The only mutable file-scope state of the program besides the signal flag. One write()
 * a line, so lines of several threads never mix. */
#include "core/base/log.h"
#include "core/base/text.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int log_fd = STDERR_FILENO;
static enum log_level log_most = LOG_WARN;

void log_open(const char *path, enum log_level most)
{
    log_most = most;
    if (!path)
        return;
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd >= 0)
        log_fd = fd;
}

void log_write(enum log_level level, const char *format, ...)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};
    char raw[1024], safe[2048], line[2200];
    struct timespec now;
    struct tm tm;
    va_list ap;

    if (level > log_most)
        return;
    va_start(ap, format);
    vsnprintf(raw, sizeof raw, format, ap);
    va_end(ap);
    text_make_safe(safe, sizeof safe, raw, strlen(raw));
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    int n = snprintf(line, sizeof line, "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ %d %s %s\n",
                     tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
                     now.tv_nsec / 1000000, (int)getpid(), names[level], safe);
    if (n > 0 && write(log_fd, line, (size_t)n) < 0)
        return;
}
