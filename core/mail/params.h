/* Parameters of Content-Type and Content-Disposition, with RFC 2231's pieces and charsets. Pure. */
#ifndef BATON_MAIL_PARAMS_H
#define BATON_MAIL_PARAMS_H

#include "core/base/buf.h"

#include <stdbool.h>

/* The parameter of value[0..n), which is NUL-terminated, into out (emptied first), as UTF-8. False
 * when there is none. */
bool params_find(const char *value, size_t n, const char *name, struct buf *out);

#endif
