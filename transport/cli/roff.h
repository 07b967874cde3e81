/* Manual pages as roff: no word of a text is read as a request or an escape. Pure, any thread. */
#ifndef BATON_TRANSPORT_CLI_ROFF_H
#define BATON_TRANSPORT_CLI_ROFF_H

#include "core/base/buf.h"

void roff_put(struct buf *out, const char *text);
void roff_line(struct buf *out, const char *text); /* and the end of its line */
void roff_section(struct buf *out, const char *name);
/* A bold term, and what it is. */
void roff_term(struct buf *out, const char *name, const char *text);
/* Lines as they are. */
void roff_code(struct buf *out, const char *text);

#endif
