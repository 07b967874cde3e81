/* Allocation that aborts when memory is out. Any thread. */
#include "core/base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *check(void *got)
{
    if (!got) {
        fputs("baton: out of memory\n", stderr);
        abort();
    }
    return got;
}

void *mem_zalloc(size_t size)
{
    return check(calloc(1, size ? size : 1));
}

void *mem_calloc(size_t count, size_t size)
{
    return check(calloc(count ? count : 1, size ? size : 1));
}

void *mem_realloc(void *old, size_t size)
{
    return check(realloc(old, size ? size : 1));
}

void *mem_reallocarray(void *old, size_t count, size_t size)
{
    return check(reallocarray(old, count ? count : 1, size ? size : 1));
}

void *mem_dup(const void *bytes, size_t size)
{
    void *copy = check(malloc(size ? size : 1));
    if (size)
        memcpy(copy, bytes, size);
    return copy;
}

char *mem_strdup(const char *text)
{
    return text ? check(strdup(text)) : NULL;
}

char *mem_strndup(const char *text, size_t size)
{
    return check(strndup(text, size));
}

char *mem_printf(const char *format, ...)
{
    va_list ap;
    char *out = NULL;
    va_start(ap, format);
    int n = vasprintf(&out, format, ap);
    va_end(ap);
    return check(n < 0 ? NULL : out);
}
