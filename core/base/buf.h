/* A growing run of bytes. The struct is open: data[0..len) is what it holds; data is kept
 * NUL-terminated behind len by every function here, so a text buffer may be read as a string.
 * A zeroed struct is an empty buffer. Owned by one thread at a time. */
#ifndef BATON_BASE_BUF_H
#define BATON_BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>

struct buf {
    char *data;
    size_t len, cap;
};

void buf_append(struct buf *b, const void *bytes, size_t n);
void buf_puts(struct buf *b, const char *text);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *format, va_list ap)
    __attribute__((format(printf, 2, 0)));
char *buf_reserve(struct buf *b, size_t n); /* room for n more bytes behind len; borrows */
void buf_consume(struct buf *b, size_t n);  /* removes the first n bytes */
void buf_clear(struct buf *b);              /* empties, keeps the memory */
char *buf_take(struct buf *b);              /* returns the string, caller owns; b is empty then */
void buf_finish(struct buf *b);             /* frees; b is empty then */

#endif
