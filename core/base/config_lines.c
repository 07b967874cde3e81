/* A scan over JSON with comments that counts lines and keys and understands nothing else. */
#include "core/base/config_lines.h"

#include <stdbool.h>
#include <string.h>

struct scan {
    const char *p, *end;
    int line;
};

static void step(struct scan *s)
{
    s->line += *s->p == '\n';
    s->p++;
}

static bool at(const struct scan *s, const char *two)
{
    return s->end - s->p >= 2 && s->p[0] == two[0] && s->p[1] == two[1];
}

/* White space, comments and commas. */
static void skip_blank(struct scan *s)
{
    while (s->p < s->end) {
        if (at(s, "//")) {
            while (s->p < s->end && *s->p != '\n')
                step(s);
        } else if (at(s, "/*")) {
            while (s->p < s->end && !at(s, "*/"))
                step(s);
            for (int i = 0; i < 2 && s->p < s->end; i++)
                step(s);
        } else if (*s->p && strchr(" \t\r\n,", *s->p)) {
            step(s);
        } else {
            return;
        }
    }
}

static void skip_string(struct scan *s)
{
    step(s);
    while (s->p < s->end && *s->p != '"') {
        if (*s->p == '\\' && s->p + 1 < s->end)
            step(s);
        step(s);
    }
    if (s->p < s->end)
        step(s);
}

/* One value, whatever is nested in it. */
static void skip_value(struct scan *s)
{
    int depth = 0;
    do {
        skip_blank(s);
        if (s->p == s->end)
            return;
        if (*s->p == '"') {
            skip_string(s);
        } else if (*s->p == '{' || *s->p == '[') {
            depth++;
            step(s);
        } else if (*s->p == '}' || *s->p == ']') {
            depth--;
            step(s);
        } else if (*s->p == ':') {
            step(s);
        } else {
            while (s->p < s->end && *s->p && !strchr(" \t\r\n,:{}[]\"/", *s->p))
                step(s);
            if (s->p < s->end && (*s->p == '\0' || (*s->p == '/' && !at(s, "//") && !at(s, "/*"))))
                step(s);
        }
    } while (depth > 0);
}

static void skip_key(struct scan *s)
{
    skip_string(s);
    skip_blank(s);
    if (s->p < s->end && *s->p == ':')
        step(s);
}

int config_line(const char *text, size_t n, const int *path, int depth)
{
    struct scan s = {.p = text, .end = text + n, .line = 1};
    for (int level = 0; level < depth; level++) {
        skip_blank(&s);
        if (s.p == s.end || (*s.p != '{' && *s.p != '['))
            return 1;
        const bool object = *s.p == '{';
        step(&s);
        for (int i = 0;; i++) {
            skip_blank(&s);
            if (s.p == s.end || (object ? *s.p != '"' : *s.p == ']'))
                return 1;
            int line = s.line;
            if (object)
                skip_key(&s);
            if (i == path[level]) {
                if (level == depth - 1)
                    return line;
                break;
            }
            skip_value(&s);
        }
    }
    return 1;
}
