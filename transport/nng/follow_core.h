/* The logic of a follower, without a client: what was heard goes in, what to show and what to ask
 * for comes out. Whatever is dropped, doubled or reordered on the way in, what goes out is exact:
 * every byte once and in order, or a screen that some snapshot and the bytes behind it make.
 *
 * `pos` is the byte that comes next. Bytes at pos go out at once, older ones are cut off. Bytes
 * beyond it, or a head beyond it, mean a hole; one question at a time fills it (`stream.read` or a
 * snapshot). Bytes that come meanwhile are kept in one `run`, at most FOLLOW_RUN_MOST of them, and
 * go out when the answer reaches them; if it does not, the next question is asked.
 *
 * Resizes of a screen travel in heads alone, and heads can be lost or be older than a snapshot. So
 * a head and a snapshot carry `resizes`, how many there were so far, and `sized_at`, where the last
 * one was: the next one at pos itself is made here, any other that was missed costs a snapshot. A
 * hub that tells neither is believed. One thread. */
#ifndef BATON_NNG_FOLLOW_CORE_H
#define BATON_NNG_FOLLOW_CORE_H

#include "core/base/buf.h"
#include "transport/nng/follow.h"

#define FOLLOW_RUN_MOST (4u * 1024u * 1024u)
#define FOLLOW_UNKNOWN  UINT64_MAX

/* What comes out; data is the caller's. */
struct follow_core_out {
    void (*bytes)(void *data, uint64_t pos, const void *bytes, size_t n);
    void (*resize)(void *data, int rows, int cols);
    void (*replace)(void *data, uint64_t pos, int rows, int cols, const void *state, size_t n);
};

struct follow_core {
    enum follow_mode mode;
    const struct follow_core_out *out;
    void *data;
    uint64_t pos;
    uint64_t known; /* the stream is at least this long */
    bool synced;    /* screen: there is one, exact at pos */
    bool flood;     /* the hub holds bytes back */
    bool want;      /* something must be asked for */
    bool asked;     /* … and was */
    bool held;      /* the last question failed: wait for a reason to ask again */
    bool linked;
    bool stopped; /* failed for good */
    int rows, cols;
    uint64_t resizes; /* FOLLOW_UNKNOWN: the hub does not tell */
    uint64_t known_when_asked;
    uint64_t newest_resizes; /* of the heads that came while a snapshot was on its way */
    uint64_t run_pos;        /* of run's first byte */
    struct buf run;
};

void follow_core_init(struct follow_core *f, enum follow_mode mode, uint64_t since,
                      const struct follow_core_out *out, void *data);
void follow_core_finish(struct follow_core *f);

struct follow_size {
    int rows, cols;
    uint64_t resizes, sized_at; /* FOLLOW_UNKNOWN: not told */
};

/* What was heard. */
void follow_core_bytes(struct follow_core *f, uint64_t pos, const char *bytes, size_t n);
void follow_core_head(struct follow_core *f, uint64_t pos, const struct follow_size *size,
                      bool flood);
void follow_core_linked(struct follow_core *f, bool is);

/* What was answered: bytes at pos of a stream that was `end` long; a screen; nothing (stop: and
 * asking again is no use). */
void follow_core_read(struct follow_core *f, uint64_t pos, uint64_t end, const char *bytes,
                      size_t n);
void follow_core_snapshot(struct follow_core *f, uint64_t pos, const struct follow_size *size,
                          const char *state, size_t n);
void follow_core_failed(struct follow_core *f, bool stop);

/* True when a question is due: then it counts as asked. frame: the caller draws now. */
bool follow_core_ask(struct follow_core *f, bool frame);
/* True while frames are wanted. */
bool follow_core_behind(const struct follow_core *f);

#endif
