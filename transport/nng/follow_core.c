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
        .resizes = FOLLOW_UNKNOWN,
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

static void resize(struct follow_core *f, const struct follow_size *size)
{
    f->resizes = size->resizes;
    if (size->rows == f->rows && size->cols == f->cols)
        return;
    f->rows = size->rows;
    f->cols = size->cols;
    f->out->resize(f->data, f->rows, f->cols);
}

void follow_core_head(struct follow_core *f, uint64_t pos, const struct follow_size *size,
                      bool flood)
{
    f->held = false;
    f->flood = flood;
    if (pos > f->known)
        f->known = pos;
    if (pos > f->pos)
        f->want = true;
    if (f->mode == FOLLOW_BYTES || size->rows <= 0 || size->cols <= 0)
        return;
    if (size->resizes == FOLLOW_UNKNOWN || f->resizes == FOLLOW_UNKNOWN) {
        if (in_step(f) && pos == f->pos)
            resize(f, size);
    } else if (f->asked) {
        if (size->resizes > f->newest_resizes)
            f->newest_resizes = size->resizes;
    } else if (size->resizes > f->resizes) {
        if (in_step(f) && size->resizes == f->resizes + 1 && size->sized_at == f->pos)
            resize(f, size);
        else
            f->want = true;
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

void follow_core_snapshot(struct follow_core *f, uint64_t pos, const struct follow_size *size,
                          const char *state, size_t n)
{
    f->synced = true;
    f->pos = pos;
    f->rows = size->rows;
    f->cols = size->cols;
    f->resizes = size->resizes;
    f->out->replace(f->data, pos, f->rows, f->cols, state, n);
    answered(f, pos);
    if (f->resizes != FOLLOW_UNKNOWN && f->newest_resizes > f->resizes)
        f->want = true; /* the run may hold bytes of either size: once more */
    else
        join(f);
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
    f->newest_resizes = 0;
    f->known_when_asked = f->known;
    return true;
}

bool follow_core_behind(const struct follow_core *f)
{
    return f->mode == FOLLOW_SCREEN && !f->stopped && (f->want || f->asked);
}
