/* A session's events as lines for a person: what the agent says plain, thoughts dim, a line for
 * each tool call, and for a permission the command that answers it. All of it is foreign text and
 * made safe here. Pure, one thread at a time. */
#ifndef BATON_CLI_SESSION_PRINT_H
#define BATON_CLI_SESSION_PRINT_H

#include "core/base/buf.h"
#include "core/base/json.h"

enum session_print_kind { SESSION_PRINT_NOTHING, SESSION_PRINT_TEXT, SESSION_PRINT_THOUGHT };

struct session_print {
    const char *session; /* its id, for commands; borrowed */
    bool styled;         /* SGR may be used */
    /* what is between two events */
    enum session_print_kind open;
    bool in_line; /* the last character was no newline */
};

/* Appends what one event looks like: nothing for most. */
void session_print_event(struct session_print *p, const char *method, const cJSON *params,
                         struct buf *out);
/* Ends a line that is open. */
void session_print_end(struct session_print *p, struct buf *out);

#endif
