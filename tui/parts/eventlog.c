/* The event log (see eventlog.h). A ring of lines in the order of their ids. */
#include "tui/parts/eventlog.h"

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "tui/world/baton_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct entry {
    int64_t id;
    char time[12];
    char kind[28];
    char who[24];
    char *text;
    bool bad;
};

struct eventlog {
    struct entry entries[EVENTLOG_MAX]; /* a ring */
    int first, count;
    int above; /* lines scrolled up from the end; 0 follows */
    int rows;  /* of the last drawing */
};

struct eventlog *eventlog_create(void)
{
    return mem_zalloc(sizeof(struct eventlog));
}

void eventlog_destroy(struct eventlog *log)
{
    if (!log)
        return;
    for (int i = 0; i < EVENTLOG_MAX; i++)
        free(log->entries[i].text);
    free(log);
}

static const struct entry *at(const struct eventlog *log, int index)
{
    return &log->entries[(log->first + index) % EVENTLOG_MAX];
}

int64_t eventlog_head(const struct eventlog *log)
{
    return log->count ? at(log, log->count - 1)->id : 0;
}

int eventlog_count(const struct eventlog *log)
{
    return log->count;
}

/* "21:04:05" of the time as the hub gives it: RFC 3339 text, or milliseconds. */
static void local_time(const cJSON *event, char *out, size_t size)
{
    const char *text = json_string(event, "time", "");
    time_t at_s = (time_t)(json_int(event, "time", 0) / 1000);
    struct tm tm = {0};

    if (text[0] && strptime(text, "%Y-%m-%dT%H:%M:%S", &tm))
        at_s = timegm(&tm);
    if (localtime_r(&at_s, &tm))
        strftime(out, size, "%H:%M:%S", &tm);
}

/* exitCode has no name of its own: "exit 3", "SIGKILL". */
static void add_exit(struct buf *out, int code)
{
    const char *signal = code < 0 && code > -65 ? sigabbrev_np(-code) : NULL;

    buf_puts(out, out->len ? "  " : "");
    if (signal)
        buf_printf(out, "SIG%s", signal);
    else
        buf_printf(out, "exit %d", code);
}

static void add_value(struct buf *out, const char *key, const cJSON *value, bool named)
{
    if (!strcmp(key, "exitCode") && cJSON_IsNumber(value)) {
        add_exit(out, value->valueint);
        return;
    }
    char *text = cJSON_IsString(value) ? mem_strdup(value->valuestring) : json_print(value);

    if (out->len)
        buf_puts(out, "  ");
    if (named)
        buf_printf(out, "%s=", key);
    buf_puts(out, text);
    free(text);
}

/* What of an event's data a person wants in one line: a sentence where there is one, else first
 * what it is about. */
static char *summary(const cJSON *event, const char *sentence)
{
    static const struct {
        const char *key;
        bool named; /* "key=" in front */
    } keys[] = {{"shellId", false}, {"sessionId", false}, {"processId", false},
                {"name", false},    {"state", false},     {"title", false},
                {"text", false},    {"exitCode", false},  {"member", true},
                {"cwd", true},      {"reason", true},     {"description", false}};
    const cJSON *data = json_get(event, "data");
    struct buf text = {0};
    char *out;
    size_t room;

    if (sentence[0])
        buf_puts(&text, sentence);
    for (size_t i = 0; !sentence[0] && i < sizeof keys / sizeof keys[0]; i++) {
        const cJSON *value = json_get(data, keys[i].key);
        if (!value && !strcmp(keys[i].key, "title")) /* what an agent asks for has its own */
            value = json_get(json_get(data, "toolCall"), "title");
        if (value && !cJSON_IsNull(value))
            add_value(&text, keys[i].key, value, keys[i].named);
    }
    if (text.len == 0 && cJSON_IsObject(data) && data->child) {
        char *all = json_print(data);
        buf_puts(&text, all);
        free(all);
    }
    if (text.len > 500)
        text.len = 500;
    room = text.len * 3 + 1;
    out = mem_zalloc(room);
    text_make_safe(out, room, text.data ? text.data : "", text.len);
    buf_finish(&text);
    return out;
}

bool eventlog_add(struct eventlog *log, const cJSON *event)
{
    int64_t id = json_int(event, "id", 0);
    const char *kind = json_string(event, "kind", ""), *who = json_string(event, "who", "");
    char sentence[500];
    struct entry *e;

    /* What is said in a session is its transcript's, and there is much of it. */
    if (id <= eventlog_head(log) || !strcmp(kind, "sessionEvent"))
        return false;
    if (log->count == EVENTLOG_MAX) {
        log->first = (log->first + 1) % EVENTLOG_MAX;
        log->count--;
    }
    e = &log->entries[(log->first + log->count++) % EVENTLOG_MAX];
    free(e->text);
    memset(e, 0, sizeof *e);
    e->id = id;
    local_time(event, e->time, sizeof e->time);
    text_make_safe(e->kind, sizeof e->kind, kind, strlen(kind));
    if (!baton_words(event, "", sentence, sizeof sentence)) /* which names who it was */
        text_make_safe(e->who, sizeof e->who, who, strlen(who));
    e->text = summary(event, sentence);
    e->bad = json_int(json_get(event, "data"), "exitCode", 0) != 0 &&
             !json_bool(json_get(event, "data"), "closed", false);
    if (log->above > 0 && log->above < log->count)
        log->above++; /* whoever has scrolled keeps their lines */
    return true;
}

static void limit(struct eventlog *log)
{
    int most = log->count > log->rows ? log->count - log->rows : 0;

    if (log->above > most)
        log->above = most;
    if (log->above < 0)
        log->above = 0;
}

void eventlog_scroll(struct eventlog *log, int lines)
{
    log->above -= lines;
    limit(log);
}

void eventlog_end(struct eventlog *log)
{
    log->above = 0;
}

static void draw_entry(const struct entry *e, struct canvas *c, int row, struct rect inner,
                       const struct theme *theme)
{
    struct style dim = theme_style(theme, ROLE_DIM), text = theme_style(theme, ROLE_TEXT);
    int col = inner.col, end = inner.col + inner.cols, kind = inner.cols < 60 ? 13 : 18;
    const char *cut = theme_glyph(theme, GLYPH_ELLIPSIS);

    canvas_text(c, row, col, end - col, dim, e->time);
    col += 10;
    if (col < end)
        canvas_text_cut(c, row, col, end - col < kind ? end - col : kind,
                        e->bad ? theme_style(theme, ROLE_BAD) : text, e->kind, cut);
    col += kind + 1;
    if (e->who[0] && col < end) {
        col +=
            canvas_text(c, row, col, end - col, theme_style(theme, theme_member(e->who)), e->who);
        col += 2;
    }
    if (col < end)
        canvas_text_cut(c, row, col, end - col, dim, e->text, cut);
}

void eventlog_draw(struct eventlog *log, struct canvas *c, struct rect inner,
                   const struct theme *theme)
{
    int first;
    char more[40];

    log->rows = inner.rows;
    limit(log);
    first = log->count - inner.rows - log->above;
    if (first < 0)
        first = 0; /* few lines stand at the top */
    if (log->count == 0)
        canvas_text(c, inner.row, inner.col, inner.cols, theme_style(theme, ROLE_DIM),
                    "Nothing has happened yet.");
    for (int row = 0; row < inner.rows && first + row < log->count; row++)
        draw_entry(at(log, first + row), c, inner.row + row, inner, theme);
    if (log->above > 0) {
        snprintf(more, sizeof more, " %s %d more ", theme_glyph(theme, GLYPH_DOWN), log->above);
        int width = text_width(more);
        if (width < inner.cols)
            canvas_text(c, inner.row + inner.rows - 1, inner.col + inner.cols - width, width,
                        theme_style(theme, ROLE_ATTENTION), more);
    }
}
