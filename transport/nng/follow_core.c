/* The logic of a follower; see the header. */
#include "transport/nng/follow_core.h"

void follow_core_init(struct follow_core *f, enum follow_mode mode, uint64_t since,
                      const struct follow_core_out *out, void *data)
{
    *f = (struct follow_core){
        .mode = mode,
        .out = out,
        .data = data,
        .pos = since,
        .known = since,
        .want = true,
        .linked = true,
        .sized_at = FOLLOW_UNKNOWN,
    };
}

void follow_core_finish(struct follow_core *f)
{
    buf_finish(&f->run);
}

static bool in_step(const struct follow_core *f)
{
    return f->mode == FOLLOW_BYTES || (f->synced && !f->asked && !f->want);
}

/* Sends out what of bytes is new; pos is at most f->pos. */
static void put(struct follow_core *f, uint64_t pos, const char *bytes, size_t n)
{
    const uint64_t skip = f->pos - pos;
    if (skip >= n)
        return;
    const uint64_t at = f->pos;
    f->pos = pos + n;
    if (f->known < f->pos)
        f->known = f->pos;
    f->out->bytes(f->data, at, bytes + skip, n - (size_t)skip);
}

/* Keeps bytes for later: behind the run when they join it, else instead of it. */
static void keep(struct follow_core *f, uint64_t pos, const char *bytes, size_t n)
{
    const uint64_t end = f->run_pos + f->run.len;
    if (f->run.len && pos >= f->run_pos && pos <= end) {
        const uint64_t skip = end - pos;
        if (skip >= n)
            return;
        bytes += skip;
        n -= (size_t)skip;
        pos = end;
    } else if (f->run.len && pos < f->run_pos) {
        return; /* an old one, late: what is asked for brings it */
    } else {
        buf_clear(&f->run);
    }
    if (f->run.len + n > FOLLOW_RUN_MOST)
        buf_clear(&f->run);
    if (n > FOLLOW_RUN_MOST)
        return;
    if (f->run.len == 0)
        f->run_pos = pos;
    buf_append(&f->run, bytes, n);
}

/* Sends the run out as soon as it joins; throws it away once it is old. */
static void join(struct follow_core *f)
{
    if (f->run.len && f->run_pos <= f->pos) {
        struct buf run = f->run;
        const uint64_t pos = f->run_pos;
        f->run = (struct buf){0};
        put(f, pos, run.data, run.len);
        buf_finish(&run);
    }
    if (f->known > f->pos)
        f->want = true;
}

void follow_core_bytes(struct follow_core *f, uint64_t pos, const char *bytes, size_t n)
{
    f->held = false;
    if (n == 0 || pos > UINT64_MAX - n)
        return;
    if (pos + n > f->known)
        f->known = pos + n;
    if (in_step(f) && pos <= f->pos) {
        put(f, pos, bytes, n);
        join(f);
        return;
    }
    if (pos + n <= f->pos && f->synced)
        return;
    keep(f, pos, bytes, n);
    f->want = true;
}

void follow_core_head(struct follow_core *f, uint64_t pos, int rows, int cols, uint64_t sized_at,
                      bool flood)
{
    f->held = false;
    f->flood = flood;
    if (pos > f->known)
        f->known = pos;
    if (pos > f->pos)
        f->want = true;
    if (f->mode == FOLLOW_BYTES || rows <= 0 || cols <= 0)
        return;
    if (f->asked) {
        f->between_varied = f->head_between && (f->between_varied || rows != f->between_rows ||
                                                cols != f->between_cols);
        f->head_between = true;
        f->between_pos = pos;
        f->between_sized_at = sized_at;
        f->between_rows = rows;
        f->between_cols = cols;
    } else if (f->synced && pos == f->pos && !f->want) {
        const bool other = rows != f->rows || cols != f->cols;
        const bool told = sized_at != FOLLOW_UNKNOWN && f->sized_at != FOLLOW_UNKNOWN;
        if (told && sized_at != f->sized_at && sized_at != pos) {
            f->want = true; /* it was resized before bytes that went out at the old size */
        } else if (other) {
            f->rows = rows;
            f->cols = cols;
            f->sized_at = sized_at;
            f->out->resize(f->data, rows, cols);
        } else if (told && sized_at != f->sized_at) {
            f->want = true; /* there and back at this place: it may have left its mark */
        }
    }
}

void follow_core_linked(struct follow_core *f, bool is)
{
    f->linked = is;
    f->held = false;
    if (is)
        f->want = true;
    else
        f->flood = false; /* nobody knows; a head will tell */
}

/* The question was answered: the stream is `end` long. What was known before the question was asked
 * and is not there now, is not there (the hub was started anew and reads on); but what was heard
 * since is news that the answer could not have. So every further question without progress needs a
 * further head, and none is asked for nothing. */
static void answered(struct follow_core *f, uint64_t end)
{
    f->asked = f->want = false;
    if (end < f->known && f->known == f->known_when_asked)
        f->known = end;
    if (f->known < f->pos)
        f->known = f->pos;
    if (f->known < end)
        f->known = end;
}

void follow_core_read(struct follow_core *f, uint64_t pos, uint64_t end, const char *bytes,
                      size_t n)
{
    if (pos <= f->pos && pos <= UINT64_MAX - n)
        put(f, pos, bytes, n);
    answered(f, end);
    join(f);
}

/* Whether a resize may lie between a snapshot and the heads that came while it was on its way. */
static bool resize_between(const struct follow_core *f)
{
    if (!f->head_between || f->between_pos < f->pos)
        return false;
    if (f->between_varied || f->between_rows != f->rows || f->between_cols != f->cols)
        return true;
    return f->between_sized_at != FOLLOW_UNKNOWN && f->sized_at != FOLLOW_UNKNOWN &&
           f->between_sized_at != f->sized_at;
}

void follow_core_snapshot(struct follow_core *f, uint64_t pos, int rows, int cols,
                          uint64_t sized_at, const char *state, size_t n)
{
    f->synced = true;
    f->pos = pos;
    f->rows = rows;
    f->cols = cols;
    f->sized_at = sized_at;
    f->out->replace(f->data, pos, rows, cols, state, n);
    answered(f, pos);
    if (resize_between(f))
        f->want = true; /* the run may hold bytes of either size: once more */
    else
        join(f);
    f->head_between = false;
}

void follow_core_failed(struct follow_core *f, bool stop)
{
    f->asked = false;
    f->want = f->held = true;
    f->stopped = f->stopped || stop;
}

bool follow_core_ask(struct follow_core *f, bool frame)
{
    if (!f->want || f->asked || f->stopped || !f->linked || (f->held && !frame))
        return false;
    if (f->mode == FOLLOW_SCREEN && f->flood && f->synced && !frame)
        return false;
    f->asked = true;
    f->held = false;
    f->head_between = f->between_varied = false;
    f->known_when_asked = f->known;
    return true;
}

bool follow_core_behind(const struct follow_core *f)
{
    return f->mode == FOLLOW_SCREEN && !f->stopped && (f->want || f->asked);
}
