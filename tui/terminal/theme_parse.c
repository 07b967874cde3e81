/* A theme's file to its styles (see theme_parse.h). Strict: a misspelt role or property would
 * silently do nothing, so it is refused with its line and the names that are near. */
#include "tui/terminal/theme_parse.h"

#include "core/base/config_lines.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/nearest.h"
#include "core/base/text.h"

#include <stdlib.h>
#include <string.h>

static const char *const role_names[] = {
#define X(sym, name) name,
    THEME_ROLES(X)
#undef X
};
_Static_assert(sizeof role_names / sizeof *role_names == THEME_ROLE_COUNT, "a name a role");

static const char *const colour_names[16] = {
    "black",        "red",           "green",       "yellow",         "blue",
    "magenta",      "cyan",          "white",       "bright-black",   "bright-red",
    "bright-green", "bright-yellow", "bright-blue", "bright-magenta", "bright-cyan",
    "bright-white",
};

static const struct {
    const char *name;
    uint16_t attr;
} attr_names[] = {
    {"bold", ATTR_BOLD},       {"dim", ATTR_DIM},
    {"italic", ATTR_ITALIC},   {"underline", 1u << ATTR_UNDERLINE_SHIFT},
    {"reverse", ATTR_REVERSE},
};
#define ATTR_NAMES (sizeof attr_names / sizeof *attr_names)

/* What a role that the file leaves out looks like: another one, which comes earlier in the list of
 * roles, and something added. */
static const struct {
    enum theme_role like;
    uint16_t add;
} fallback[] = {
    [ROLE_TEXT] = {ROLE_TEXT, 0},
    [ROLE_DIM] = {ROLE_TEXT, ATTR_DIM},
    [ROLE_ACCENT] = {ROLE_TEXT, ATTR_BOLD},
    [ROLE_ATTENTION] = {ROLE_ACCENT, ATTR_REVERSE},
    [ROLE_GOOD] = {ROLE_TEXT, 0},
    [ROLE_BAD] = {ROLE_ATTENTION, 0},
    [ROLE_BORDER] = {ROLE_DIM, 0},
    [ROLE_BORDER_FOCUS] = {ROLE_TEXT, ATTR_BOLD},
    [ROLE_SELECTION] = {ROLE_TEXT, ATTR_REVERSE},
    [ROLE_SEARCH] = {ROLE_SELECTION, 1u << ATTR_UNDERLINE_SHIFT},
    [ROLE_STATUS] = {ROLE_DIM, 0},
    [ROLE_TITLE] = {ROLE_TEXT, ATTR_BOLD},
    [ROLE_DIFF_ADD] = {ROLE_GOOD, 0},
    [ROLE_DIFF_DEL] = {ROLE_BAD, 0},
    [ROLE_CODE] = {ROLE_TEXT, 0},
    [ROLE_MEMBER1] = {ROLE_ACCENT, 0},
    [ROLE_MEMBER2] = {ROLE_MEMBER1, 0},
    [ROLE_MEMBER3] = {ROLE_MEMBER1, 0},
    [ROLE_MEMBER4] = {ROLE_MEMBER1, 0},
    [ROLE_MEMBER5] = {ROLE_MEMBER1, 0},
    [ROLE_MEMBER6] = {ROLE_MEMBER1, 0},
    [ROLE_MEMBER7] = {ROLE_MEMBER1, 0},
    [ROLE_MEMBER8] = {ROLE_MEMBER1, 0},
};
_Static_assert(sizeof fallback / sizeof *fallback == THEME_ROLE_COUNT, "a fallback a role");

struct reading {
    const char *text, *file;
    size_t n;
    char **ret_why;
};

/* One sentence: FILE:LINE: what "word" …; did you mean …? path and depth as for config_line. */
static enum err refuse(const struct reading *r, const int *path, int depth, const char *says,
                       const char *word, const struct nearest *near)
{
    char safe[NEAREST_NAME], list[NEAREST_MAX * (NEAREST_NAME + 2)] = "";
    size_t n = strlen(word);

    text_make_safe(safe, sizeof safe, word, n);
    if (near)
        nearest_list(near, list, sizeof list);
    *r->ret_why =
        mem_printf("%s:%d: %s \"%s\"%s%s%s", r->file, config_line(r->text, r->n, path, depth), says,
                   safe, list[0] ? "; did you mean " : "", list, list[0] ? "?" : "");
    return ERR_CONFIG;
}

static bool read_hex(const char *word, uint32_t *ret_rgb)
{
    uint32_t rgb = 0;

    if (strlen(word) != 7 || word[0] != '#' || strspn(word + 1, "0123456789abcdefABCDEF") != 6)
        return false;
    for (const char *p = word + 1; *p; p++)
        rgb = rgb << 4 | (uint32_t)(*p <= '9' ? *p - '0' : (*p | 0x20) - 'a' + 10);
    *ret_rgb = rgb;
    return true;
}

static enum err read_colour(const struct reading *r, const int *path, const cJSON *value,
                            uint32_t *ret_colour)
{
    struct nearest near;
    uint32_t rgb;

    if (cJSON_IsNumber(value)) {
        double d = value->valuedouble;
        if (!(d >= 0 && d <= 255) || d != (double)(int)d)
            return refuse(r, path, 2, "a colour's number is whole and from 0 to 255; this is in",
                          value->string, NULL);
        *ret_colour = COLOUR_INDEX | (uint32_t)d;
        return ERR_OK;
    }
    if (!cJSON_IsString(value))
        return refuse(r, path, 2, "a colour is a name, 0 to 255, or #rrggbb; none of these is in",
                      value->string, NULL);
    const char *word = value->valuestring;
    if (strcmp(word, "default") == 0) {
        *ret_colour = COLOUR_DEFAULT;
        return ERR_OK;
    }
    if (read_hex(word, &rgb)) {
        *ret_colour = COLOUR_RGB | rgb;
        return ERR_OK;
    }
    nearest_begin(&near, word);
    nearest_offer(&near, "default");
    for (uint32_t i = 0; i < 16; i++) {
        if (strcmp(word, colour_names[i]) == 0) {
            *ret_colour = COLOUR_INDEX | i;
            return ERR_OK;
        }
        nearest_offer(&near, colour_names[i]);
    }
    return refuse(r, path, 2, "there is no colour", word, &near);
}

static enum err read_property(const struct reading *r, const int *path, const cJSON *item,
                              struct style *style)
{
    struct nearest near;

    if (strcmp(item->string, "fg") == 0)
        return read_colour(r, path, item, &style->fg);
    if (strcmp(item->string, "bg") == 0)
        return read_colour(r, path, item, &style->bg);
    nearest_begin(&near, item->string);
    nearest_offer(&near, "fg");
    nearest_offer(&near, "bg");
    for (size_t i = 0; i < ATTR_NAMES; i++) {
        nearest_offer(&near, attr_names[i].name);
        if (strcmp(item->string, attr_names[i].name) != 0)
            continue;
        if (!cJSON_IsBool(item))
            return refuse(r, path, 2, "true or false belongs behind", item->string, NULL);
        if (cJSON_IsTrue(item))
            style->attrs |= attr_names[i].attr;
        return ERR_OK;
    }
    return refuse(r, path, 2, "a style has no", item->string, &near);
}

static enum err read_role(const struct reading *r, int at, const cJSON *item, struct style *styles,
                          bool *seen)
{
    struct nearest near;
    int role = 0, path[2] = {at, 0};
    enum err e;

    nearest_begin(&near, item->string);
    for (; role < THEME_ROLE_COUNT && strcmp(item->string, role_names[role]) != 0; role++)
        nearest_offer(&near, role_names[role]);
    if (role == THEME_ROLE_COUNT)
        return refuse(r, path, 1, "there is no role", item->string, &near);
    if (seen[role])
        return refuse(r, path, 1, "this role is there twice:", item->string, NULL);
    if (!cJSON_IsObject(item))
        return refuse(r, path, 1, "a style in { } belongs behind", item->string, NULL);
    seen[role] = true;
    for (const cJSON *p = item->child; p; p = p->next, path[1]++) {
        if (json_get(item, p->string) != p)
            return refuse(r, path, 2, "this is there twice:", p->string, NULL);
        if ((e = read_property(r, path, p, &styles[role])) != ERR_OK)
            return e;
    }
    return ERR_OK;
}

enum err theme_read(const char *text, size_t n, const char *file,
                    struct style styles[THEME_ROLE_COUNT], char **ret_why)
{
    struct reading r = {.text = text, .file = file, .n = n, .ret_why = ret_why};
    struct style fresh[THEME_ROLE_COUNT] = {{0}};
    bool seen[THEME_ROLE_COUNT] = {false};
    cJSON *json = NULL;
    enum err e = ERR_OK;
    int line = 1, at = 0;

    if (n > THEME_FILE_LIMIT) {
        *ret_why = mem_printf("%s:1: a theme has at most %d bytes", file, THEME_FILE_LIMIT);
        return ERR_CONFIG;
    }
    if (json_parse_relaxed(text, n, &json, &line) != ERR_OK || !cJSON_IsObject(json)) {
        *ret_why =
            mem_printf("%s:%d: %s", file, json ? 1 : line,
                       json ? "a theme is an object of roles" : "this is no JSON from here on");
        e = ERR_CONFIG;
        goto out;
    }
    for (const cJSON *item = json->child; item; item = item->next, at++)
        if ((e = read_role(&r, at, item, fresh, seen)) != ERR_OK)
            goto out;
    for (int role = 0; role < THEME_ROLE_COUNT; role++) {
        if (!seen[role] && role != ROLE_TEXT) {
            fresh[role] = fresh[fallback[role].like];
            fresh[role].attrs |= fallback[role].add;
        }
    }
    memcpy(styles, fresh, sizeof fresh);
out:
    cJSON_Delete(json);
    return e;
}

bool theme_name_ok(const char *name)
{
    size_t n = strlen(name);

    return n >= 1 && n <= 64 && name[0] != '.' && name[0] != '-' &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-") == n;
}

/* themes/dark.json again, without which a program that lost its folders would have none; a test
 * compares the two. */
const char *theme_built_in(void)
{
    return "{\"text\":{},\"dim\":{\"fg\":\"#7f8894\"},\"accent\":{\"fg\":\"#7aa8f5\"},"
           "\"attention\":{\"fg\":\"#f2b455\",\"bold\":true},\"good\":{\"fg\":\"#8ccb7a\"},"
           "\"bad\":{\"fg\":\"#f0726e\"},\"border\":{\"fg\":\"#4d5562\"},"
           "\"border-focus\":{\"fg\":\"#c4cbd6\"},\"selection\":{\"bg\":\"#2f4a78\"},"
           "\"search\":{\"fg\":\"#1c1c1c\",\"bg\":\"#e3bd5a\"},\"status\":{\"fg\":\"#7f8894\"},"
           "\"title\":{\"bold\":true},\"diff-add\":{\"fg\":\"#8ccb7a\",\"bg\":\"#14261a\"},"
           "\"diff-del\":{\"fg\":\"#f0726e\",\"bg\":\"#2e1719\"},"
           "\"code\":{\"fg\":\"#a3b4cc\"},"
           "\"member1\":{\"fg\":\"#00b7f9\"},\"member2\":{\"fg\":\"#f0c76d\"},"
           "\"member3\":{\"fg\":\"#b289e0\"},\"member4\":{\"fg\":\"#79ce85\"},"
           "\"member5\":{\"fg\":\"#e58d5a\"},\"member6\":{\"fg\":\"#01f5f3\"},"
           "\"member7\":{\"fg\":\"#d4669c\"},\"member8\":{\"fg\":\"#edf591\"}}";
}
