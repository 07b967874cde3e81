/* Memory that is there: small allocations whose size no peer chooses abort when memory is out.
 * What a peer sizes is bounded first and uses calloc and a check. Any thread. */
#ifndef BATON_BASE_MEM_H
#define BATON_BASE_MEM_H

#include <stddef.h>

/* Zeroed; abort on overflow. */
void *mem_zalloc(size_t size) __attribute__((returns_nonnull));
void *mem_calloc(size_t count, size_t size) __attribute__((returns_nonnull));
void *mem_realloc(void *old, size_t size) __attribute__((returns_nonnull));
void *mem_reallocarray(void *old, size_t count, size_t size) __attribute__((returns_nonnull));
void *mem_dup(const void *bytes, size_t size);
char *mem_strdup(const char *text); /* NULL gives NULL */
char *mem_strndup(const char *text, size_t size);
char *mem_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
