/* The calls that the stream thread answers: input, sizes, snapshots, and reading records. They
 * never wait for a sync. Who may type: stream_gate.c. */
#include "core/hub/streams/stream_private.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/work/keynames.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum err shell_write(struct hub *hub, struct call *c)
{
    struct stream *st;
    char *bytes = NULL;
    size_t n = 0;
    enum err e = stream_of_call(hub, c, &st);
    if (e != ERR_OK)
        return e;
    const char *text = call_string(c, "text", NULL);
    if (text)
        return gate_input(hub, c, st, text, strlen(text));
    if (json_get_base64(c->params, "data", &bytes, &n) != ERR_OK)
        return call_fail(c, ERR_INVALID, "\"text\" is missing, or \"data\" as base64");
    e = gate_input(hub, c, st, bytes, n);
    free(bytes);
    return e;
}

enum err shell_keys(struct hub *hub, struct call *c)
{
    struct stream *st;
    struct screen_modes modes;
    struct buf bytes = {0};
    const cJSON *key;
    enum err e = stream_of_call(hub, c, &st);
    if (e != ERR_OK)
        return e;
    screen_modes(st->screen, &modes);
    cJSON_ArrayForEach(key, json_get(c->params, "keys"))
    {
        if (!keyname_encode(key->valuestring, modes.app_cursor_keys, &bytes))
            buf_puts(&bytes, key->valuestring);
    }
    e = gate_input(hub, c, st, bytes.data, bytes.len);
    buf_finish(&bytes);
    return e;
}

enum err shell_resize(struct hub *hub, struct call *c)
{
    struct stream *st;
    enum err e = stream_of_call(hub, c, &st);
    int rows = (int)call_int(c, "rows", 24), cols = (int)call_int(c, "cols", 80);
    if (e != ERR_OK)
        return e;
    if (st->connecting)
        return call_fail(c, ERR_BUSY, "%s is just starting", st->info.id);
    if (st->fd < 0 || st->info.exited)
        return call_fail(c, ERR_ENDED, "%s has ended", st->info.id);
    e = gate_resize(c, st);
    if (e != ERR_OK)
        return e;
    e = keeper_send_resize(st->fd, rows, cols);
    if (e == ERR_AGAIN)
        return call_fail(c, ERR_BUSY, "%s does not take its size now", st->info.id);
    if (e != ERR_OK)
        return e;
    cJSON *r = cJSON_CreateObject();
    cJSON_AddStringToObject(r, "shellId", st->info.id);
    json_add_int(r, "rows", rows);
    json_add_int(r, "cols", cols);
    call_reply(c, r);
    return ERR_OK;
}

/* --- snapshots ------------------------------------------------------------------------------ */

static void add_end(const struct stream *st, cJSON *r)
{
    if (st->info.lost)
        cJSON_AddTrueToObject(r, "lost");
    else if (st->info.exited)
        json_add_int(r, "exitCode", st->info.exit_code);
}

static cJSON *describe(const struct stream *st)
{
    cJSON *r = cJSON_CreateObject(), *cursor = NULL;
    struct screen_modes modes;
    int row, col;
    screen_cursor(st->screen, &row, &col);
    screen_modes(st->screen, &modes);
    cJSON_AddStringToObject(r, "shellId", st->info.id);
    json_add_int(r, "pos", (int64_t)st->info.pos);
    json_add_int(r, "rows", screen_rows(st->screen));
    json_add_int(r, "cols", screen_cols(st->screen));
    json_add_int(r, "resizes", (int64_t)st->info.resizes);
    json_add_int(r, "sizedAt", (int64_t)st->info.sized_at);
    cursor = cJSON_AddObjectToObject(r, "cursor");
    json_add_int(cursor, "row", row);
    json_add_int(cursor, "col", col);
    cJSON_AddBoolToObject(cursor, "visible", modes.cursor_visible);
    json_add_text(r, "title", st->info.title, strlen(st->info.title));
    cJSON_AddStringToObject(r, "typed", st->info.typed);
    cJSON_AddStringToObject(r, "holder", st->info.holder);
    cJSON_AddStringToObject(r, "holderKind",
                            baton_kind_name(st->info.holder_agent ? BATON_AGENT : BATON_HUMAN));
    json_add_int(r, "epoch", (int64_t)st->info.epoch);
    json_add_int(r, "bells", st->info.bells);
    cJSON_AddBoolToObject(r, "alternate", modes.alternate);
    json_add_int(r, "history", screen_history(st->screen));
    cJSON_AddBoolToObject(r, "flood", st->info.flood);
    add_end(st, r);
    return r;
}

static void colour_name(uint32_t colour, char out[16])
{
    if (colour == COLOUR_DEFAULT)
        snprintf(out, 16, "default");
    else if (colour & COLOUR_RGB)
        snprintf(out, 16, "#%06x", colour & 0xffffffu);
    else
        snprintf(out, 16, "%u", colour & 0xffu);
}

static cJSON *cell_json(const struct screen *s, const struct screen_cell *cell)
{
    static const struct {
        uint16_t bit;
        const char *name;
    } bits[] = {{ATTR_BOLD, "bold"},     {ATTR_DIM, "dim"},          {ATTR_ITALIC, "italic"},
                {ATTR_BLINK, "blink"},   {ATTR_REVERSE, "reverse"},  {ATTR_HIDDEN, "hidden"},
                {ATTR_STRIKE, "strike"}, {ATTR_OVERLINE, "overline"}};
    char name[16];
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "text", cell->text);
    json_add_int(o, "width", cell->width);
    colour_name(cell->style.fg, name);
    cJSON_AddStringToObject(o, "fg", name);
    colour_name(cell->style.bg, name);
    cJSON_AddStringToObject(o, "bg", name);
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++)
        if (cell->style.attrs & bits[i].bit)
            cJSON_AddTrueToObject(o, bits[i].name);
    if (cell->style.attrs & ATTR_UNDERLINE)
        json_add_int(o, "underline", (cell->style.attrs & ATTR_UNDERLINE) >> ATTR_UNDERLINE_SHIFT);
    const char *link = cell->style.link ? screen_link(s, cell->style.link) : NULL;
    if (link)
        json_add_text(o, "link", link, strlen(link));
    return o;
}

static cJSON *cells_json(const struct screen *s, int first, int last)
{
    struct screen_cell *cells = mem_calloc((size_t)screen_cols(s), sizeof *cells);
    cJSON *lines = cJSON_CreateArray();
    for (int row = first; row <= last; row++) {
        cJSON *line = cJSON_CreateArray();
        int used = screen_line(s, row, cells);
        for (int col = 0; col < used; col++)
            if (cells[col].width)
                cJSON_AddItemToArray(line, cell_json(s, &cells[col]));
        cJSON_AddItemToArray(lines, line);
    }
    free(cells);
    return lines;
}

/* The state as JSON text; the one of the newest moment is shared by all who ask for it, and during
 * a flood by all who ask within one frame: an exact picture of a moment ago. */
static void reply_state(struct stream *st, struct call *c, int scrollback, uint64_t at_least)
{
    int64_t now = clock_mono_us();
    bool fresh = st->cached && st->cached_pos == st->info.pos &&
                 st->cached_stamp == screen_stamp(st->screen);
    bool near =
        st->cached && st->info.flood && now - st->cached_us < 12000 && st->cached_pos >= at_least;
    if (scrollback == 0 && (fresh || near)) {
        call_reply_text(c, st->cached, st->cached_n);
        return;
    }
    struct buf state = {0};
    screen_snapshot(st->screen, scrollback, &state);
    cJSON *r = describe(st);
    json_add_base64(r, "data", state.data ? state.data : "", state.len);
    char *text = json_print(r);
    cJSON_Delete(r);
    buf_finish(&state);
    call_reply_text(c, text, strlen(text));
    if (scrollback != 0) {
        free(text);
        return;
    }
    free(st->cached);
    st->cached = text;
    st->cached_n = strlen(text);
    st->cached_pos = st->info.pos;
    st->cached_stamp = screen_stamp(st->screen);
    st->cached_us = now;
}

enum err shell_snapshot(struct hub *hub, struct call *c)
{
    struct stream *st;
    enum err e = stream_of_call(hub, c, &st);
    const char *format = call_string(c, "format", "text");
    if (e != ERR_OK)
        return e;
    int scrollback = (int)call_int(c, "scrollback", 0), history = screen_history(st->screen);
    if (strcmp(format, "state") == 0) {
        reply_state(st, c, scrollback, (uint64_t)call_int(c, "atLeast", 0));
        return ERR_OK;
    }
    int first = scrollback < 0 || scrollback > history ? -history : -scrollback;
    int last = screen_rows(st->screen) - 1;
    cJSON *r = describe(st);
    if (strcmp(format, "json") == 0) {
        cJSON_AddItemToObject(r, "lines", cells_json(st->screen, first, last));
    } else {
        struct buf text = {0};
        screen_print(st->screen, first, last, strcmp(format, "ansi") == 0, &text);
        cJSON_AddStringToObject(r, "text", text.data ? text.data : "");
        buf_finish(&text);
    }
    call_reply(c, r);
    return ERR_OK;
}

/* --- records -------------------------------------------------------------------------------- */

static enum err open_reader(struct call *c, struct stream *st, uint64_t since,
                            struct streamreader **ret_reader)
{
    uint64_t first = 0;
    enum err e = streamreader_open(st->dir, since, &first, ret_reader);
    if (e == ERR_GONE)
        return call_fail(c, e, "the record of %s begins at %llu now", st->info.id,
                         (unsigned long long)first);
    return e == ERR_OK ? e : call_fail(c, e, "the record of %s cannot be read", st->info.id);
}

enum err stream_read(struct hub *hub, struct call *c)
{
    struct stream *st;
    const uint64_t since = (uint64_t)call_int(c, "since", 0);
    const int64_t wait = call_int(c, "wait", 0);
    enum err e = stream_of_record_call(hub, c, &st);
    if (e != ERR_OK)
        return e;
    if (wait > 0 && since == st->info.pos && !st->info.exited && !st->info.lost) {
        waiters_add_read(hub, st, c, since, wait);
        return ERR_OK;
    }
    return stream_read_now(st, c);
}

enum err stream_read_now(struct stream *st, struct call *c)
{
    struct streamreader *reader;
    struct buf data = {0};
    enum err e;
    uint64_t since = (uint64_t)call_int(c, "since", 0), next = since;
    size_t limit = (size_t)call_int(c, "limit", 1048576);
    if (since > st->info.pos)
        return call_fail(c, ERR_INVALID, "%s has only %llu bytes yet", st->info.id,
                         (unsigned long long)st->info.pos);
    e = open_reader(c, st, since, &reader);
    if (e != ERR_OK)
        return e;
    for (struct record r; data.len < limit && (e = streamreader_next(reader, &r)) != ERR_AGAIN;) {
        if (e == ERR_CORRUPT)
            continue;
        if (e != ERR_OK)
            break;
        if ((r.kind != RECORD_OUTPUT && r.kind != RECORD_ERROR) || r.pos + r.n <= next)
            continue;
        if (r.pos > next && data.len)
            break; /* a damaged part: what follows it is told with its own position */
        size_t skip = r.pos < next ? (size_t)(next - r.pos) : 0;
        if (r.pos > next)
            since = r.pos;
        size_t n = r.n - skip < limit - data.len ? r.n - skip : limit - data.len;
        buf_append(&data, r.payload + skip, n);
        next = r.pos + skip + n;
    }
    streamreader_close(reader);
    cJSON *r = cJSON_CreateObject();
    cJSON_AddStringToObject(r, "streamId", st->info.id);
    json_add_int(r, "pos", (int64_t)since);
    json_add_int(r, "next", (int64_t)next);
    json_add_int(r, "end", (int64_t)st->info.pos);
    add_end(st, r);
    if (strcmp(call_string(c, "encoding", "text"), "base64") == 0)
        json_add_base64(r, "data", data.data ? data.data : "", data.len);
    else
        json_add_text(r, "data", data.data ? data.data : "", data.len);
    buf_finish(&data);
    call_reply(c, r);
    return ERR_OK;
}

/* secret: what was put in is not shown. */
static cJSON *record_json(const struct record *r, bool secret)
{
    cJSON *o = cJSON_CreateObject();
    char kind[2] = {(char)r->kind, '\0'};
    struct record_input in;
    int rows, cols;
    int32_t code;

    cJSON_AddStringToObject(o, "kind", kind);
    json_add_int(o, "time", r->time_us);
    json_add_int(o, "pos", (int64_t)r->pos);
    if (r->kind == RECORD_OUTPUT || r->kind == RECORD_ERROR) {
        json_add_base64(o, "data", r->payload, r->n);
    } else if (r->kind == RECORD_INPUT && record_decode_input(r, &in) == ERR_OK) {
        json_add_text(o, "who", in.who, strlen(in.who));
        json_add_int(o, "epoch", (int64_t)in.epoch);
        if (secret)
            json_add_int(o, "bytes", (int64_t)in.n);
        else
            json_add_base64(o, "data", in.bytes, in.n);
    } else if (r->kind == RECORD_RESIZE && record_decode_resize(r, &rows, &cols) == ERR_OK) {
        json_add_int(o, "rows", rows);
        json_add_int(o, "cols", cols);
    } else if (r->kind == RECORD_EXIT && record_decode_exit(r, &code) == ERR_OK) {
        json_add_int(o, "code", code);
    } else if (r->kind == RECORD_MARK) {
        json_add_text(o, "text", r->payload, r->n);
    }
    return o;
}

/* Where a reading of everything can begin: at 0, or at the first keyframe of what is kept. An
 * agent's has none and needs none. */
static enum err begin_records(struct call *c, struct stream *st, uint64_t *since, cJSON *result)
{
    struct streamreader *reader = NULL;
    uint64_t first = 0, pos = 0;
    int rows, cols;
    char *state = NULL;
    size_t n = 0;
    enum err e = streamreader_open(st->dir, *since, &first, &reader);
    streamreader_close(reader);
    if (e != ERR_GONE || *since != 0)
        return ERR_OK; /* a real error shows itself at the reading */
    if (st->agent) {   /* no screen, so any record will do */
        *since = first;
        return ERR_OK;
    }
    e = keyframe_first(st->dir, first, &pos, &rows, &cols, &state, &n);
    if (e != ERR_OK)
        return call_fail(c, ERR_GONE, "the record of %s begins at %llu, without a keyframe",
                         st->info.id, (unsigned long long)first);
    cJSON *k = cJSON_AddObjectToObject(result, "keyframe");
    json_add_int(k, "pos", (int64_t)pos);
    json_add_int(k, "rows", rows);
    json_add_int(k, "cols", cols);
    json_add_base64(k, "data", state, n);
    free(state);
    *since = pos;
    return ERR_OK;
}

/* A page ends where the position moves, so that the next one begins exactly behind it. */
enum err stream_records(struct hub *hub, struct call *c)
{
    struct stream *st;
    struct streamreader *reader;
    enum err e = stream_of_record_call(hub, c, &st);
    uint64_t since = (uint64_t)call_int(c, "since", 0), next;
    int limit = (int)call_int(c, "limit", 1000), count = 0;
    size_t bytes = 0;
    bool end = true;
    if (e != ERR_OK)
        return e;
    cJSON *result = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(result, "records");
    e = begin_records(c, st, &since, result);
    if (e == ERR_OK)
        e = open_reader(c, st, since, &reader);
    if (e != ERR_OK) {
        cJSON_Delete(result);
        return e;
    }
    next = since;
    for (struct record r; (e = streamreader_next(reader, &r)) != ERR_AGAIN;) {
        if (e == ERR_CORRUPT)
            continue;
        if (e != ERR_OK)
            break;
        if (r.pos < since && r.pos + r.n <= since)
            continue;
        if ((count >= limit || bytes > 2u * 1024 * 1024) && r.pos > next) {
            end = false;
            next = r.pos;
            break;
        }
        cJSON_AddItemToArray(list, record_json(&r, st->agent && c->role != ROLE_OWNER));
        count++;
        bytes += r.n;
        next = r.pos;
    }
    streamreader_close(reader);
    json_add_int(result, "next", end ? (int64_t)st->info.pos : (int64_t)next);
    json_add_int(result, "end", (int64_t)st->info.pos);
    cJSON_AddBoolToObject(result, "last", end);
    call_reply(c, result);
    return ERR_OK;
}

enum err stream_list(struct hub *hub, struct call *c)
{
    cJSON *list = cJSON_CreateArray();
    for (struct stream *st = hub->streams->first; st; st = st->next) {
        struct streamreader *reader = NULL;
        uint64_t first = 0;
        if (*c->scope && strcmp(st->info.workspace, c->scope) != 0)
            continue;
        cJSON *o = cJSON_CreateObject();
        streamreader_open(st->dir, 0, &first, &reader);
        streamreader_close(reader);
        cJSON_AddStringToObject(o, "streamId", st->info.id);
        cJSON_AddStringToObject(o, "workspace", st->info.workspace);
        json_add_int(o, "pos", (int64_t)st->info.pos);
        json_add_int(o, "firstPos", (int64_t)first);
        cJSON_AddBoolToObject(o, "live", !st->info.exited);
        cJSON_AddItemToArray(list, o);
    }
    call_reply(c, list);
    return ERR_OK;
}
