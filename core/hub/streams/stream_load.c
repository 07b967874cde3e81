/* From a log to a screen: the newest keyframe, then the records behind it.
 *
 * A stream that runs is loaded in turns, like all that it says later: at a hub's start no shell
 * waits for another one's record, and a call that names one (stream_of_call) has just that one
 * loaded at once. While it loads nothing of it is published, and what its screen would answer is
 * held against the input records that follow: only what the earlier hub never answered is left at
 * the end, and sent. One that has ended is loaded whole when somebody asks for it. */
#include "core/hub/streams/stream_private.h"
#include "core/base/log.h"

#include <stdlib.h>
#include <string.h>

void stream_drop_screen(struct stream *st)
{
    streamreader_close(st->reader);
    st->reader = NULL;
    screen_destroy(st->screen);
    st->screen = NULL;
    st->loading = false;
    free(st->cached);
    st->cached = NULL;
}

static enum err open_reader(struct stream *st, uint64_t pos)
{
    uint64_t first = 0;
    enum err e = streamreader_open(st->dir, pos, &first, &st->reader);
    if (e == ERR_GONE) {
        log_warn("%s: its record begins at %llu, the keyframe before it is lost", st->info.id,
                 (unsigned long long)first);
        pos = first;
        e = streamreader_open(st->dir, pos, &first, &st->reader);
    }
    st->info.pos = st->keyframe_pos = pos;
    return e;
}

enum err stream_load_begin(struct stream *st)
{
    struct keeper_meta meta = {0};
    char *state = NULL;
    size_t n = 0;
    uint64_t pos = 0;
    int rows = 0, cols = 0;

    enum err e = keeper_meta_read(st->dir, &meta);
    if (e != ERR_OK)
        return e;
    const struct screen_options options = {.history = atomic_load(&st->hub->history),
                                           .checksum = meta.checksum};
    if (keyframe_read(st->dir, UINT64_MAX, &pos, &rows, &cols, &state, &n) != ERR_OK) {
        pos = 0;
        rows = meta.rows;
        cols = meta.cols;
    }
    st->screen = screen_create(rows, cols, &options, &stream_screen_events, st);
    st->loading = true;
    st->info.line_open = pos > 0; /* before the keyframe: not known */
    if (state)
        screen_feed(st->screen, state, n);
    buf_clear(&st->answers);
    e = open_reader(st, pos);
    st->info.rows = screen_rows(st->screen);
    st->info.cols = screen_cols(st->screen);
    free(state);
    keeper_meta_finish(&meta);
    if (e != ERR_OK)
        stream_drop_screen(st);
    return e;
}

static void loaded(struct stream *st)
{
    st->loading = false;
    snprintf(st->info.title, sizeof st->info.title, "%s", screen_title(st->screen));
    stream_save_info(st);
    if (st->fd >= 0 && st->answers.len) {
        stream_input(st, 0, "", st->answers.data, st->answers.len);
        st->answers_pending += st->answers.len;
    }
    buf_finish(&st->answers);
}

enum err stream_load_turn(struct stream *st)
{
    const uint64_t before = st->info.pos;
    enum err e = ERR_OK;
    while ((e == ERR_OK || e == ERR_CORRUPT) && st->info.pos - before < STREAM_TURN) {
        struct record r;
        e = streamreader_next(st->reader, &r);
        if (e == ERR_OK)
            stream_take(st, &r);
    }
    if (e == ERR_OK || e == ERR_CORRUPT)
        return ERR_AGAIN;
    if (e == ERR_AGAIN) {
        loaded(st);
        return ERR_OK;
    }
    log_warn("%s: its record cannot be read: %s", st->info.id, err_text(e)->name);
    stream_drop_screen(st);
    return e;
}

enum err stream_load(struct stream *st)
{
    enum err e = st->screen ? ERR_OK : stream_load_begin(st);
    while (e == ERR_OK && st->loading)
        if ((e = stream_load_turn(st)) == ERR_AGAIN)
            e = ERR_OK;
    return e;
}
