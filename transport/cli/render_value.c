/* One value as text, by its unit, and the few words of an object that a table has room for. All
 * that came over the wire is made safe here. Pure, any thread. */
#include "transport/cli/render_value.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BRIEF_MOST 240 /* columns of the words about an object */

void render_safe(struct buf *out, const char *text, size_t n)
{
    char *room = buf_reserve(out, n * 3 + 1);
    out->len += text_make_safe(room, n * 3 + 1, text, n);
}

static bool is_whole(double n)
{
    return n > -1e16 && n < 1e16 && (double)(int64_t)n == n;
}

static void put_bytes(struct buf *out, double n)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t u = 0;
    for (; n >= 1024 && u + 1 < sizeof units / sizeof *units; u++)
        n /= 1024;
    buf_printf(out, u && n < 100 && !is_whole(n) ? "%.1f %s" : "%.0f %s", n, units[u]);
}

/* "1 h 2 min", and "1 h" when there are none. */
static void put_two(struct buf *out, int64_t big, const char *unit, int64_t small, const char *less)
{
    buf_printf(out, "%lld %s", (long long)big, unit);
    if (small)
        buf_printf(out, " %lld %s", (long long)small, less);
}

static void put_span(struct buf *out, double us)
{
    int64_t s = us > 0 && us < 9e18 ? (int64_t)(us / 1e6) : 0;
    if (us == 0)
        buf_puts(out, "0 s");
    else if (us < 1000)
        buf_printf(out, "%.0f us", us);
    else if (us < 1e6)
        buf_printf(out, us < 1e4 ? "%.1f ms" : "%.0f ms", us / 1000);
    else if (s < 60)
        buf_printf(out, is_whole(us / 1e6) ? "%.0f s" : "%.1f s", us / 1e6);
    else if (s < 3600)
        put_two(out, s / 60, "min", s % 60, "s");
    else if (s < 86400)
        put_two(out, s / 3600, "h", s % 3600 / 60, "min");
    else
        put_two(out, s / 86400, "d", s % 86400 / 3600, "h");
}

static void put_moment(struct buf *out, double us)
{
    char text[40];
    time_t t = (time_t)(us / 1e6);
    struct tm tm;
    if (us >= 0 && us < 2.5e17 && localtime_r(&t, &tm) &&
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm))
        buf_puts(out, text);
    else
        buf_printf(out, "%.0f", us);
}

/* A moment as the hub writes it, RFC 3339 in UTC; anything else stays as it is. */
static void put_moment_text(const char *text, struct buf *out)
{
    struct tm tm = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    if (rest && text[strlen(text) - 1] == 'Z')
        put_moment(out, (double)timegm(&tm) * 1e6);
    else
        render_safe(out, text, strlen(text));
}

/* An exit status as the hub tells it: below zero it was a signal. */
static void put_exit(struct buf *out, double d)
{
    const char *name = d < 0 && d > -65 ? sigabbrev_np(-(int)d) : NULL;
    if (name)
        buf_printf(out, "SIG%s", name);
    else
        buf_printf(out, "%.0f", d);
}

static void put_number(const char *unit, double d, struct buf *out)
{
    if (!isfinite(d) || (d == 0 && strcmp(unit, "time-ms") == 0))
        buf_puts(out, "-");
    else if (strcmp(unit, "bytes") == 0)
        put_bytes(out, d);
    else if (strcmp(unit, "us") == 0)
        put_span(out, d);
    else if (strcmp(unit, "ms") == 0)
        put_span(out, d * 1e3);
    else if (strcmp(unit, "s") == 0)
        put_span(out, d * 1e6);
    else if (strcmp(unit, "time-us") == 0)
        put_moment(out, d);
    else if (strcmp(unit, "time-ms") == 0)
        put_moment(out, d * 1e3);
    else if (strcmp(unit, "exit") == 0)
        put_exit(out, d);
    else
        buf_printf(out, is_whole(d) ? "%.0f" : "%g", d);
}

void render_value(const cJSON *property, const cJSON *value, struct buf *out)
{
    const cJSON *one;
    const char *unit = json_string(property, "x-unit", "");
    if (cJSON_IsString(value) && strcmp(unit, "time-text") == 0) {
        put_moment_text(value->valuestring, out);
    } else if (cJSON_IsString(value)) {
        render_safe(out, value->valuestring, strlen(value->valuestring));
    } else if (cJSON_IsNumber(value)) {
        put_number(unit, value->valuedouble, out);
    } else if (cJSON_IsBool(value)) {
        buf_puts(out, cJSON_IsTrue(value) ? "yes" : "no");
    } else if (cJSON_IsArray(value) && !cJSON_IsObject(value->child)) {
        cJSON_ArrayForEach(one, value)
        {
            if (one != value->child)
                buf_puts(out, ", ");
            render_value(json_get(property, "items"), one, out);
        }
    } else if (value && !cJSON_IsNull(value) && value->child) {
        char *text = json_print(value);
        render_safe(out, text, strlen(text));
        free(text);
    }
}

void render_in(const char *unit, const cJSON *value, struct buf *out)
{
    if (cJSON_IsNumber(value))
        put_number(unit, value->valuedouble, out);
    else
        render_value(NULL, value, out);
}

void render_heading(const char *name, const cJSON *property, struct buf *out)
{
    const char *title = json_string(property, "title", NULL);
    if (title) {
        render_safe(out, title, strlen(title));
        return;
    }
    struct buf words = {0};
    for (const char *p = name; *p; p++) {
        if (isupper((unsigned char)*p)) {
            if (p > name && islower((unsigned char)p[-1]))
                buf_putc(&words, ' ');
            buf_putc(&words, (char)tolower((unsigned char)*p));
        } else {
            buf_putc(&words, *p == '_' ? ' ' : *p);
        }
    }
    render_safe(out, words.data ? words.data : "", words.len);
    buf_finish(&words);
}

/* --- a few words about an object ------------------------------------------------------------- */

/* What a path of names, a.b.0.c, leads to, and its property beside it. */
static const cJSON *find(const cJSON *properties, const cJSON *object, char *path,
                         const cJSON **ret_property)
{
    char *rest = NULL;
    const cJSON *property = NULL;
    for (char *name = strtok_r(path, ".", &rest); name; name = strtok_r(NULL, ".", &rest)) {
        property = json_get(properties, name);
        properties = json_get(property, "properties");
        object =
            cJSON_IsArray(object) ? cJSON_GetArrayItem(object, atoi(name)) : json_get(object, name);
    }
    *ret_property = property;
    return object;
}

static bool says_something(const cJSON *value)
{
    return value && !cJSON_IsNull(value) && !(cJSON_IsString(value) && !value->valuestring[0]) &&
           !((cJSON_IsArray(value) || cJSON_IsObject(value)) && !value->child);
}

void render_brief(const cJSON *templates, const cJSON *properties, const cJSON *object,
                  struct buf *out)
{
    const size_t begin = out->len;
    const cJSON *one, *property;
    cJSON_ArrayForEach(one, templates)
    {
        const char *text = cJSON_GetStringValue(one);
        const char *open = text ? strchr(text, '{') : NULL,
                   *close = open ? strchr(open, '}') : NULL;
        if (!close)
            continue;
        char *path = mem_strndup(open + 1, (size_t)(close - open - 1));
        const cJSON *value = find(properties, object, path, &property);
        if (says_something(value)) {
            buf_puts(out, out->len > begin ? ", " : "");
            buf_append(out, text, (size_t)(open - text));
            render_value(property, value, out);
            buf_puts(out, close + 1);
        }
        free(path);
    }
    if (out->len > begin && text_width(out->data + begin) > BRIEF_MOST) {
        out->len = begin + text_fit(out->data + begin, BRIEF_MOST - 1);
        buf_puts(out, "…");
    }
}
