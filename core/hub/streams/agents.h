/* The streams of agents: a keeper with pipes for each, whose stdout is lines. What goes between the
 * control thread, which knows sessions and writes the journal, and the stream thread, which reads
 * the record and passes input on (stream_agent.c).
 *
 * All structs here are flat and malloc'ed: arguments of works, freed by whoever runs them.
 *
 * Out: lines come in batches; one of an agent is under way at a time, and the next one is posted
 * when streams_agent_taken says that it is committed. So sessions_output may fail and be tried
 * again, nothing overtakes it, and a hub that dies goes on behind the last batch that is on disk.
 *
 * In: stdin is one long stream of bytes, counted from 0 at the process's start. The journal's
 * outbox is its truth, and what is posted here is a copy of rows that are committed: what was
 * delivered already is dropped, so sending again is safe. A stream that is not attached knows
 * nothing: after each attach, at a start as after a hub's death, the whole outbox is to be sent. */
#ifndef BATON_HUB_AGENTS_H
#define BATON_HUB_AGENTS_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hub;

#define AGENT_BATCH_MAX  (16u * 1024u)         /* bytes of lines in a batch, unless one is longer */
#define AGENT_LINE_MAX   (32u * 1024u * 1024u) /* of a line, unless told otherwise */
#define AGENT_ERRORS_MAX 4096u                 /* what is kept of stderr */

struct agent_batch {
    char id[32];        /* ag1 */
    uint64_t next;      /* the stream's position behind the last of these lines */
    uint64_t delivered; /* bytes of its stdin that the keeper has recorded as given to the agent */
    bool overlong;    /* behind these lines is one that is too long: the rest of it is skipped, and
                         next stays before it until its end was seen */
    bool ended, lost; /* ended: it exited with code; lost: the keeper is gone. The last batch */
    int code;         /* 0..255, or -signal */
    size_t errors_n, n; /* bytes[0..errors_n) is the tail of stderr (with the end alone), then come
                           n bytes of whole lines, each with its '\n'; n may be 0 */
    char bytes[];
};
/* Control work (struct agent_batch): takes the batch in and has streams_agent_taken posted after
 * the commit, with its `next`. Half a line that the agent left at its death is not handed on. */
enum err sessions_output(struct hub *hub, void *arg);

/* --- works of the stream thread: for control_after_on_stream and hub_post_stream --- */

struct agent_attach {
    char id[32];
    uint64_t consumed;  /* the stream's position behind the last line that is in the journal */
    uint64_t delivered; /* of its stdin, as the last batch in the journal told */
    bool recovering;    /* of an earlier hub: its keeper may be gone */
    size_t line_max;    /* bytes of a line, its end included; 0: AGENT_LINE_MAX */
};
/* Follows the keeper from there on; reads what an earlier hub did not commit. When the registry has
 * the stream as exited already, its end is known: then it is only listed and can be read. */
enum err streams_agent_attach(struct hub *hub, void *arg);

struct agent_send {
    char id[32];
    uint64_t at; /* position in stdin of the first of n bytes */
    size_t n;
    char bytes[];
};
/* Queues bytes for its stdin. What it was told to have by now is left out; an agent that is not
 * there, or has ended, gets nothing, and that is no error. Copies. */
enum err streams_agent_send(struct hub *hub, void *arg);

struct agent_taken {
    char id[32];
    uint64_t pos;
};
/* The batch up to pos is committed: the keeper may forget what lies before, and the next one comes;
 * after the last one the keeper may go. */
enum err streams_agent_taken(struct hub *hub, void *arg);

/* Its id: stdin is closed behind what was sent; an agent that is still there after three
 * seconds gets the keeper's HUP, TERM, KILL, its whole process group. */
enum err streams_agent_close(struct hub *hub, void *arg);

#endif
