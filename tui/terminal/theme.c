/* Themes (see theme.h): where they lie, which is taken, and what is left of one on a terminal with
 * fewer colours. theme_parse.c reads the files. One thread. */
#include "tui/terminal/theme.h"

#include "core/base/mem.h"
#include "core/base/nearest.h"
#include "core/base/paths.h"
#include "core/base/text.h"
#include "tui/terminal/colour.h"
#include "tui/terminal/theme_parse.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#define THEME_DIRS  5
#define THEME_COUNT 256 /* names of one folder that are looked at */

struct theme {
    struct style written[THEME_ROLE_COUNT]; /* as the file has them */
    struct style fitted[THEME_ROLE_COUNT];  /* as this terminal shows them */
    bool utf8;
};

static const struct {
    const char *utf8, *ascii;
} glyphs[] = {
#define X(sym, utf8, ascii) {utf8, ascii},
    THEME_GLYPHS(X)
#undef X
};
_Static_assert(sizeof glyphs / sizeof *glyphs == THEME_GLYPH_COUNT, "a sign a glyph");

/* The folders, the first one wins; NULL-terminated, each to be freed. */
static void find_dirs(char *dirs[THEME_DIRS])
{
    const char *told = getenv("BATON_THEMES");
    char *config = path_config_dir(), *program = path_program(), *slash;
    int n = 0;

    if (config)
        dirs[n++] = path_join(config, "themes");
    if (told && *told)
        dirs[n++] = mem_strdup(told);
    if (program && (slash = strrchr(program, '/'))) {
        *slash = '\0';
        dirs[n++] = path_join(program, "../share/baton/themes");
    }
#ifdef BATON_DATA_DIR
    dirs[n++] = path_join(BATON_DATA_DIR, "themes");
#endif
    dirs[n] = NULL;
    free(config);
    free(program);
}

static void free_list(char **list)
{
    for (char **p = list; *p; p++)
        free(*p);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Adds the themes of one folder that are not in the list yet. */
static void add_names(char **list, int *count, const char *dir)
{
    DIR *d = opendir(dir);
    struct dirent *entry;

    while (d && *count < THEME_COUNT && (entry = readdir(d))) {
        size_t n = strlen(entry->d_name);
        if (n <= 5 || strcmp(entry->d_name + n - 5, ".json") != 0)
            continue;
        char *name = mem_strndup(entry->d_name, n - 5);
        bool known = !theme_name_ok(name);
        for (int i = 0; i < *count && !known; i++)
            known = strcmp(list[i], name) == 0;
        if (known)
            free(name);
        else
            list[(*count)++] = name;
    }
    if (d)
        closedir(d);
}

char **theme_names(void)
{
    char *dirs[THEME_DIRS], **list = mem_calloc(THEME_COUNT + 1, sizeof *list);
    int count = 0;

    list[count++] = mem_strdup("dark");
    find_dirs(dirs);
    for (char **dir = dirs; *dir; dir++)
        add_names(list, &count, *dir);
    free_list(dirs);
    qsort(list, (size_t)count, sizeof *list, by_name);
    return list;
}

static enum err parse(const char *text, size_t n, const char *file, struct theme **ret_theme,
                      char **ret_why)
{
    struct theme *t = mem_zalloc(sizeof *t);
    enum err e = theme_read(text, n, file, t->written, ret_why);

    if (e != ERR_OK) {
        free(t);
        return e;
    }
    theme_fit(t, TERM_TRUECOLOUR, true);
    *ret_theme = t;
    return ERR_OK;
}

enum err theme_parse(const char *text, size_t n, struct theme **ret_theme, char **ret_why)
{
    return parse(text, n, "theme", ret_theme, ret_why);
}

/* The sentence for a name that is no theme: what there is, and what is near. */
static char *unknown(const char *name)
{
    char **names = theme_names(), safe[NEAREST_NAME];
    char near_list[NEAREST_MAX * (NEAREST_NAME + 2)], *why;
    struct nearest near;
    struct buf all = {0};

    text_make_safe(safe, sizeof safe, name, strlen(name));
    nearest_begin(&near, name);
    for (char **p = names; *p; p++) {
        nearest_offer(&near, *p);
        buf_printf(&all, "%s%s", p == names ? "" : ", ", *p);
    }
    nearest_list(&near, near_list, sizeof near_list);
    why = mem_printf("There is no theme \"%s\"%s%s%s There are: %s.", safe,
                     near_list[0] ? "; did you mean " : "", near_list, near_list[0] ? "?" : ".",
                     all.data ? all.data : "");
    buf_finish(&all);
    free_list(names);
    free(names);
    return why;
}

/* ERR_NOT_FOUND without a word when the folder has no such theme. */
static enum err load_from(const char *dir, const char *name, struct theme **ret_theme,
                          char **ret_why)
{
    char *base = mem_printf("%s.json", name), *path = path_join(dir, base), *text = NULL;
    size_t n = 0;
    enum err e = path_read_file(path, THEME_FILE_LIMIT, &text, &n);

    if (e == ERR_OK)
        e = parse(text, n, path, ret_theme, ret_why);
    else if (e != ERR_NOT_FOUND)
        *ret_why = mem_printf("%s: %s", path, err_text(e)->person);
    free(text);
    free(path);
    free(base);
    return e;
}

enum err theme_load(const char *name, struct theme **ret_theme, char **ret_why)
{
    char *dirs[THEME_DIRS];
    enum err e = ERR_NOT_FOUND;

    name = name ? name : "dark";
    find_dirs(dirs);
    for (char **dir = dirs; *dir && theme_name_ok(name) && e == ERR_NOT_FOUND; dir++)
        e = load_from(*dir, name, ret_theme, ret_why);
    free_list(dirs);
    if (e == ERR_NOT_FOUND && strcmp(name, "dark") == 0)
        e = parse(theme_built_in(), strlen(theme_built_in()), "dark", ret_theme, ret_why);
    else if (e == ERR_NOT_FOUND)
        *ret_why = unknown(name);
    return e;
}

void theme_destroy(struct theme *t)
{
    free(t);
}

struct style theme_style(const struct theme *t, enum theme_role role)
{
    return (unsigned)role < THEME_ROLE_COUNT ? t->fitted[role] : t->fitted[ROLE_TEXT];
}

const char *theme_glyph(const struct theme *t, enum theme_glyph glyph)
{
    if ((unsigned)glyph >= THEME_GLYPH_COUNT)
        return "?";
    return t->utf8 ? glyphs[glyph].utf8 : glyphs[glyph].ascii;
}

bool theme_utf8(const struct theme *t)
{
    return t->utf8;
}

static bool member(int role)
{
    return role >= ROLE_MEMBER1 && role <= ROLE_MEMBER8;
}

/* Of the sixteen, the nearest that no member before has: a colour of its own for each. Black and
 * the whites are left out, one of them is the background. */
static uint32_t own_of_16(uint32_t colour, unsigned *taken)
{
    uint32_t best = 8, distance = UINT32_MAX;
    uint32_t rgb = colour & COLOUR_RGB ? colour & 0xffffff : colour_of_index(colour & 255);

    for (uint32_t i = 1; i < 15; i++) {
        uint32_t d = colour_distance(colour_of_index(i), rgb);
        if (i != 7 && !(*taken & 1u << i) && d < distance) {
            best = i;
            distance = d;
        }
    }
    *taken |= 1u << best;
    return COLOUR_INDEX | best;
}

/* Sixteen colours, of which nobody knows how they look, or none: a ground of its own would drown
 * its letters, so it becomes what always works, reverse. */
static void fit_small(struct style *s, int role, enum term_colours colours, unsigned *taken)
{
    bool ground = s->bg != COLOUR_DEFAULT;

    if (ground && (role == ROLE_SELECTION || role == ROLE_SEARCH)) {
        s->attrs |= ATTR_REVERSE;
        s->fg = COLOUR_DEFAULT;
    } else if (ground && !member(role)) {
        /* It had letters for that ground; for the terminal's own there are none but its own. */
        s->fg = role == ROLE_DIFF_ADD || role == ROLE_DIFF_DEL ? s->fg : COLOUR_DEFAULT;
        s->attrs |= role == ROLE_DIFF_ADD || role == ROLE_DIFF_DEL ? 0 : ATTR_REVERSE;
    }
    if (ground && member(role))
        s->fg = s->bg; /* its colour is the ground's */
    s->bg = COLOUR_DEFAULT;
    if (colours == TERM_NO_COLOUR) {
        s->fg = COLOUR_DEFAULT;
        if (role == ROLE_ATTENTION || role == ROLE_BORDER_FOCUS || role == ROLE_ACCENT)
            s->attrs |= ATTR_BOLD;
    } else if (member(role) && s->fg != COLOUR_DEFAULT) {
        s->fg = own_of_16(s->fg, taken);
    } else {
        s->fg = colour_fit(s->fg, colours);
        if (s->fg == COLOUR_INDEX)
            s->fg = COLOUR_INDEX | 8; /* black on black would be nothing */
    }
}

void theme_fit(struct theme *t, enum term_colours colours, bool utf8)
{
    unsigned taken = 0;

    t->utf8 = utf8;
    for (int role = 0; role < THEME_ROLE_COUNT; role++) {
        struct style s = t->written[role];
        if (colours == TERM_TRUECOLOUR || colours == TERM_256) {
            s.fg = colour_fit(s.fg, colours);
            s.bg = colour_fit(s.bg, colours);
        } else {
            fit_small(&s, role, colours, &taken);
        }
        t->fitted[role] = s;
    }
}

enum theme_role theme_member(const char *name)
{
    uint32_t hash = 2166136261u; /* FNV-1a: the same on every machine and for ever */

    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return (enum theme_role)(ROLE_MEMBER1 + (int)((hash ^ hash >> 15) % 8));
}
