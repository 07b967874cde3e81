/* What a process writes, as bytes for a screen: stdout as it is, stderr in a colour of its own,
 * line ends as a terminal has them. Asked for page by page, each question waiting at the hub until
 * there is more, so it goes on where it was when the link comes back. Who is far behind is shown
 * the newest part. On the console's thread. */
#ifndef BATON_TUI_PROCESS_SOURCE_H
#define BATON_TUI_PROCESS_SOURCE_H

#include "core/base/buf.h"
#include "transport/nng/client.h"

#include <stdbool.h>
#include <stdint.h>

struct process_source;

struct process_events {
    void (*bytes)(void *data, const void *bytes, size_t n);
    void (*ended)(void *data, int code); /* 0..255 or -signal; all its bytes came before */
    void (*failed)(void *data, const struct client_fault *fault); /* it is not asked any more */
};

/* end: how much it had written when it was last heard of. error: the sequence (SGR) that stderr
 * begins with, copied. The first bytes come with the first answer. */
struct process_source *process_source_open(struct client *client, const char *id, uint64_t end,
                                           const char *error, const struct process_events *events,
                                           void *data);
void process_source_close(struct process_source *s); /* takes NULL; no callback comes after it */
void process_source_connected(struct process_source *s, bool is);

/* Appends bytes of one output as a screen wants them; *cr: the one before ended in '\r'. */
void process_text(struct buf *out, const char *bytes, size_t n, bool *cr);

#endif
