/* Bounded regular expressions. The C library compiles a repetition by writing its operand out again
 * (`a+` is `aa*`, `a{9}` nine times), so nested ones multiply: `((((a+)+)+)+)+…` would take memory
 * without end. We count what would be written before the library sees the pattern. */
#include "core/catalogue/pattern.h"
#include "core/base/mem.h"

#include <ctype.h>
#include <regex.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_GROUPS 16
#define MAX_COST   1024u

/* Behind a bracket expression that begins at p (p[0] == '['); NULL when it does not end. */
static const char *skip_bracket(const char *p)
{
    p++;
    if (*p == '^')
        p++;
    if (*p == ']')
        p++;
    for (; *p && *p != ']'; p++) {
        if (p[0] == '[' && (p[1] == ':' || p[1] == '.' || p[1] == '=')) {
            char close = p[1];
            for (p += 2; *p && !(p[0] == close && p[1] == ']'); p++)
                ;
            if (!*p)
                return NULL;
            p++;
        }
    }
    return *p ? p + 1 : NULL;
}

/* Reads `{n}`, `{n,}`, `{n,m}` at p; gives how often the operand is written out, 0 when this is no
 * interval. *ret_end is behind it. */
static uint32_t interval(const char *p, const char **ret_end)
{
    uint32_t low = 0, high = 0;
    bool any = false;
    for (p++; isdigit((unsigned char)*p); p++, any = true)
        low = low < 10000 ? low * 10 + (uint32_t)(*p - '0') : low;
    high = low;
    if (*p == ',') {
        high = low + 1;
        if (isdigit((unsigned char)p[1]))
            high = 0;
        for (p++; isdigit((unsigned char)*p); p++, any = true)
            high = high < 10000 ? high * 10 + (uint32_t)(*p - '0') : high;
    }
    if (!any || *p != '}')
        return 0;
    *ret_end = p + 1;
    return high > 1 ? high : 1;
}

/* What compiling costs, in written-out atoms; more than MAX_COST for what is refused. */
static uint32_t cost_of(const char *p, const char **ret_why)
{
    uint32_t sums[MAX_GROUPS + 1] = {0}, last = 0;
    int depth = 0;
    *ret_why = "its repetitions multiply to too much";
    while (*p) {
        uint32_t times = *p == '*' || *p == '?' ? 1 : *p == '+' ? 2 : 0;
        const char *end = p + 1;
        if (*p == '{')
            times = interval(p, &end);
        if (times) {
            last *= times;
            p = end;
            if (last > MAX_COST)
                return last;
            continue;
        }
        sums[depth] += last;
        if (sums[depth] > MAX_COST)
            return sums[depth];
        last = 1;
        if (*p == '(') {
            if (depth == MAX_GROUPS) {
                *ret_why = "its groups are nested too deep";
                return MAX_COST + 1;
            }
            sums[++depth] = 0;
            last = 0;
            p++;
        } else if (*p == ')' && depth > 0) {
            last = sums[depth--] + 1;
            p++;
        } else if (*p == '[') {
            p = skip_bracket(p);
            if (!p)
                return 1; /* the library says it better */
        } else if (*p == '\\' && p[1]) {
            if (p[1] >= '1' && p[1] <= '9') {
                *ret_why = "back references are not allowed";
                return MAX_COST + 1;
            }
            p += 2;
        } else {
            p++;
        }
    }
    return sums[depth] + last;
}

enum err pattern_check(const char *pattern, char *why, size_t size)
{
    const char *reason = NULL;
    regex_t re;
    if (strlen(pattern) > PATTERN_MAX) {
        snprintf(why, size, "a pattern has at most %u bytes", PATTERN_MAX);
        return ERR_INVALID;
    }
    if (cost_of(pattern, &reason) > MAX_COST) {
        snprintf(why, size, "the pattern is refused: %s", reason);
        return ERR_INVALID;
    }
    int code = regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB);
    if (code != 0) {
        char text[128];
        regerror(code, &re, text, sizeof text);
        snprintf(why, size, "the pattern is wrong: %s", text);
        return ERR_INVALID;
    }
    regfree(&re);
    return ERR_OK;
}

bool pattern_match(const char *pattern, const char *text)
{
    regex_t re;
    if (strlen(text) > PATTERN_TEXT_MAX || regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        return false;
    bool is = regexec(&re, text, 0, NULL, 0) == 0;
    regfree(&re);
    return is;
}

struct compiled {
    struct compiled *next;
    const char *pattern;
    bool usable;
    regex_t re;
};

struct patterns {
    struct compiled *first;
};

struct patterns *patterns_create(void)
{
    return mem_zalloc(sizeof(struct patterns));
}

void patterns_destroy(struct patterns *patterns)
{
    while (patterns && patterns->first) {
        struct compiled *c = patterns->first;
        patterns->first = c->next;
        if (c->usable)
            regfree(&c->re);
        free(c);
    }
    free(patterns);
}

bool patterns_match(struct patterns *patterns, const char *pattern, const char *text)
{
    struct compiled *c = patterns->first;
    while (c && c->pattern != pattern)
        c = c->next;
    if (!c) {
        c = mem_zalloc(sizeof *c);
        c->pattern = pattern;
        c->usable = regcomp(&c->re, pattern, REG_EXTENDED | REG_NOSUB) == 0;
        c->next = patterns->first;
        patterns->first = c;
    }
    return c->usable && strlen(text) <= PATTERN_TEXT_MAX && regexec(&c->re, text, 0, NULL, 0) == 0;
}
