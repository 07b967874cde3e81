/* Themes: what is accepted and refused (the very sentence), what a role falls back to, what is left
 * on terminals with fewer colours, and the four themes that come with the program. */
#include "tui/terminal/theme.h"

#include "core/base/mem.h"
#include "tui/terminal/colour.h"
#include "tui/terminal/theme_parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static struct theme *parsed(const char *text)
{
    struct theme *t = NULL;
    char *why = NULL;

    if (theme_parse(text, strlen(text), &t, &why) != ERR_OK)
        fail_msg("%s", why);
    return t;
}

static void refused(const char *text, const char *sentence)
{
    struct theme *t = NULL;
    char *why = NULL;

    assert_int_equal(theme_parse(text, strlen(text), &t, &why), ERR_CONFIG);
    assert_null(t);
    assert_string_equal(why, sentence);
    free(why);
}

static void styles(void **state)
{
    struct theme *t = parsed("{ // comment\n"
                             " \"text\": {\"fg\": \"#0aF1c2\", \"bg\": 17, \"bold\": true},\n"
                             " \"accent\": {\"fg\": \"bright-red\", \"underline\": true,"
                             " \"dim\": false, \"italic\": true},\n"
                             " \"good\": {\"fg\": \"default\", \"reverse\": true, \"dim\": true},\n"
                             "}");
    struct style s = theme_style(t, ROLE_TEXT);
    (void)state;
    assert_int_equal(s.fg, COLOUR_RGB | 0x0af1c2);
    assert_int_equal(s.bg, COLOUR_INDEX | 17);
    assert_int_equal(s.attrs, ATTR_BOLD);
    s = theme_style(t, ROLE_ACCENT);
    assert_int_equal(s.fg, COLOUR_INDEX | 9);
    assert_int_equal(s.attrs, ATTR_ITALIC | 1 << ATTR_UNDERLINE_SHIFT);
    s = theme_style(t, ROLE_GOOD);
    assert_int_equal(s.fg, COLOUR_DEFAULT);
    assert_int_equal(s.attrs, ATTR_REVERSE | ATTR_DIM);
    theme_destroy(t);
    theme_destroy(NULL);
}

static void missing_roles_take_after_others(void **state)
{
    struct theme *t = parsed("{\"accent\": {\"fg\": 5}}");
    (void)state;
    assert_int_equal(theme_style(t, ROLE_TEXT).fg, COLOUR_DEFAULT);
    assert_int_equal(theme_style(t, ROLE_DIM).attrs, ATTR_DIM);
    assert_int_equal(theme_style(t, ROLE_BORDER).attrs, ATTR_DIM);
    assert_int_equal(theme_style(t, ROLE_ATTENTION).fg, COLOUR_INDEX | 5);
    assert_int_equal(theme_style(t, ROLE_ATTENTION).attrs, ATTR_REVERSE);
    assert_int_equal(theme_style(t, ROLE_SELECTION).attrs, ATTR_REVERSE);
    assert_int_equal(theme_style(t, ROLE_MEMBER8).fg, COLOUR_INDEX | 5);
    theme_destroy(t);
}

static void wrong_ones_are_refused(void **state)
{
    (void)state;
    refused("", "theme:1: this is no JSON from here on");
    refused("[]", "theme:1: a theme is an object of roles");
    refused("{\n\n\"text\": {]}}", "theme:3: this is no JSON from here on");
    refused("{\n\"text\": {},\n\"atention\": {}}",
            "theme:3: there is no role \"atention\"; did you mean attention?");
    refused("{\"zzzzzzzz\": {}}", "theme:1: there is no role \"zzzzzzzz\"");
    refused("{\"text\": 3}", "theme:1: a style in { } belongs behind \"text\"");
    refused("{\"text\": {},\n\"text\": {}}", "theme:2: this role is there twice: \"text\"");
    refused("{\"text\": {\n\"fg\": 1,\n\"fg\": 2}}", "theme:3: this is there twice: \"fg\"");
    refused("{\"text\": {\n\"bg\": \"#12345\"}}", "theme:2: there is no colour \"#12345\"");
    refused("{\"text\": {\"fg\": \"#12345g\"}}", "theme:1: there is no colour \"#12345g\"");
    refused("{\"text\": {\n\n\"fg\": \"bright-gren\"}}",
            "theme:3: there is no colour \"bright-gren\"; did you mean bright-green, bright-red, "
            "bright-cyan?");
    refused("{\"text\": {\"fg\": 256}}",
            "theme:1: a colour's number is whole and from 0 to 255; this is in \"fg\"");
    refused("{\"text\": {\"fg\": -1}}",
            "theme:1: a colour's number is whole and from 0 to 255; this is in \"fg\"");
    refused("{\"text\": {\"fg\": 1.5}}",
            "theme:1: a colour's number is whole and from 0 to 255; this is in \"fg\"");
    refused("{\"text\": {\"bg\": null}}",
            "theme:1: a colour is a name, 0 to 255, or #rrggbb; none of these is in \"bg\"");
    refused("{\"text\": {\"bold\": 1}}", "theme:1: true or false belongs behind \"bold\"");
    refused("{\"text\": {\"blod\": true}}", "theme:1: a style has no \"blod\"; did you mean bold?");
    refused("{\"\\u001b[31m\": {}}", "theme:1: there is no role \"␛[31m\"");
    char *large = mem_zalloc(THEME_FILE_LIMIT + 2);
    memset(large, ' ', THEME_FILE_LIMIT + 1);
    refused(large, "theme:1: a theme has at most 65536 bytes");
    free(large);
}

static void nearest_colours(void **state)
{
    (void)state;
    for (unsigned i = 16; i < 256; i++) { /* what is in the palette stays as it looks */
        uint32_t fit = colour_fit(COLOUR_RGB | colour_of_index(i), TERM_256);
        assert_int_equal(colour_of_index(fit & 255), colour_of_index(i));
    }
    for (unsigned i = 0; i < 16; i++) {
        assert_int_equal(colour_fit(COLOUR_RGB | colour_of_index(i), TERM_16), COLOUR_INDEX | i);
        assert_int_equal(colour_fit(COLOUR_INDEX | i, TERM_16), COLOUR_INDEX | i);
    }
    /* The shortcut over cube and greys finds what looking at all of them finds. */
    srand(3);
    for (int n = 0; n < 3000; n++) {
        uint32_t rgb = (uint32_t)rand() & 0xffffff, least = UINT32_MAX;
        for (unsigned i = 16; i < 256; i++)
            if (colour_distance(colour_of_index(i), rgb) < least)
                least = colour_distance(colour_of_index(i), rgb);
        uint32_t fit = colour_fit(COLOUR_RGB | rgb, TERM_256) & 255;
        assert_in_range(colour_distance(colour_of_index(fit), rgb), least, least * 5 / 4 + 200);
    }
    assert_int_equal(colour_fit(COLOUR_RGB | 0x123456, TERM_TRUECOLOUR), COLOUR_RGB | 0x123456);
    assert_int_equal(colour_fit(COLOUR_RGB | 0x123456, TERM_NO_COLOUR), COLOUR_DEFAULT);
    assert_int_equal(colour_fit(COLOUR_DEFAULT, TERM_16), COLOUR_DEFAULT);
}

static void use_our_themes(void)
{
    char dir[4096];
    char *slash;

    snprintf(dir, sizeof dir, "%s", __FILE__);
    for (int i = 0; i < 5; i++) /* tests/unit/tui/terminal/test_theme.c */
        if ((slash = strrchr(dir, '/')))
            *slash = '\0';
    strcat(dir, "/themes");
    setenv("BATON_THEMES", dir, 1);
    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
}

static struct theme *loaded(const char *name)
{
    struct theme *t = NULL;
    char *why = NULL;

    if (theme_load(name, &t, &why) != ERR_OK)
        fail_msg("%s", why);
    return t;
}

static const char *const ours[] = {"dark", "light", "high-contrast", "daltonic"};

static void ours_load(void **state)
{
    char **names = theme_names();
    int found = 0;
    (void)state;
    for (char **p = names; *p; p++) {
        for (size_t i = 0; i < 4; i++)
            found += strcmp(*p, ours[i]) == 0;
        assert_true(p == names || strcmp(p[-1], *p) < 0);
    }
    for (char **p = names; *p; p++)
        free(*p);
    free(names);
    assert_int_equal(found, 4);
    for (size_t i = 0; i < 4; i++)
        theme_destroy(loaded(ours[i]));
}

static void built_in_is_dark(void **state)
{
    struct theme *file = loaded("dark"), *inside = parsed(theme_built_in());
    (void)state;
    for (int role = 0; role < THEME_ROLE_COUNT; role++) {
        struct style a = theme_style(file, (enum theme_role)role);
        struct style b = theme_style(inside, (enum theme_role)role);
        assert_memory_equal(&a, &b, sizeof a);
    }
    theme_destroy(inside);
    theme_destroy(file);
    setenv("BATON_THEMES", "/nonexistent", 1);
    file = loaded(NULL);
    theme_destroy(file);
    use_our_themes();
}

static void unknown_names(void **state)
{
    static const char *const names[] = {"drak", "../dark", "", "nothing-like-it", "\033[31m"};
    struct theme *t = NULL;
    char *why;
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        why = NULL;
        assert_int_equal(theme_load(names[i], &t, &why), ERR_NOT_FOUND);
        assert_non_null(strstr(why, "daltonic, dark, high-contrast, light."));
        assert_null(strchr(why, '\033'));
        if (i == 0)
            assert_non_null(strstr(why, "did you mean dark?"));
        free(why);
    }
    assert_null(t);
}

static void the_users_own_come_first(void **state)
{
    char base[] = "/tmp/baton-theme-XXXXXX", path[256];
    struct theme *t = NULL;
    char *why = NULL;
    (void)state;
    assert_non_null(mkdtemp(base));
    setenv("XDG_CONFIG_HOME", base, 1);
    snprintf(path, sizeof path, "%s/baton", base);
    assert_int_equal(mkdir(path, 0700), 0);
    strcat(path, "/themes");
    assert_int_equal(mkdir(path, 0700), 0);
    strcat(path, "/light.json");
    FILE *f = fopen(path, "w");
    fputs("{\"text\": {\"fg\": 3}}", f);
    fclose(f);
    t = loaded("light");
    assert_int_equal(theme_style(t, ROLE_TEXT).fg, COLOUR_INDEX | 3);
    theme_destroy(t);
    f = fopen(path, "w");
    fputs("{\n\"text\": {\"fgg\": 3}}", f);
    fclose(f);
    t = NULL;
    assert_int_equal(theme_load("light", &t, &why), ERR_CONFIG);
    assert_non_null(strstr(why, "light.json:2: a style has no \"fgg\"; did you mean fg?"));
    free(why);
    unlink(path);
    *strrchr(path, '/') = '\0';
    rmdir(path);
    *strrchr(path, '/') = '\0';
    rmdir(path);
    rmdir(base);
    use_our_themes();
}

/* The lightness (CIE L*, times ten) of a colour, by whole numbers and one table-free square root of
 * luminance: enough to order colours. */
static int lightness(uint32_t rgb)
{
    double linear[3], y;

    for (int i = 0; i < 3; i++) {
        double v = (double)(rgb >> (16 - 8 * i) & 255) / 255;
        linear[i] = v * v * (v * 0.3 + 0.7); /* near enough to the sRGB curve */
    }
    y = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
    double root = 1;
    for (int i = 0; i < 40; i++) /* Newton's cube root */
        root -= (root * root * root - y) / (3 * root * root);
    return (int)(10 * (116 * root - 16));
}

static void members_differ(void **state)
{
    (void)state;
    for (size_t n = 0; n < 4; n++) {
        struct theme *t = loaded(ours[n]);
        for (int i = ROLE_MEMBER1; i <= ROLE_MEMBER8; i++) {
            for (int j = ROLE_MEMBER1; j < i; j++) {
                struct style a = theme_style(t, (enum theme_role)i);
                struct style b = theme_style(t, (enum theme_role)j);
                int la = lightness((a.bg ? a.bg : a.fg) & 0xffffff);
                int lb = lightness((b.bg ? b.bg : b.fg) & 0xffffff);
                if (abs(la - lb) < 15)
                    fail_msg("%s: member%d and member%d are alike: %d %d", ours[n],
                             i - ROLE_MEMBER1 + 1, j - ROLE_MEMBER1 + 1, la, lb);
            }
        }
        /* Also where there are sixteen colours: eight different ones, none of them black. */
        theme_fit(t, TERM_16, true);
        unsigned seen = 0;
        for (int i = ROLE_MEMBER1; i <= ROLE_MEMBER8; i++) {
            unsigned index = theme_style(t, (enum theme_role)i).fg & 255;
            assert_int_not_equal(index, 0);
            assert_false(seen & 1u << index);
            seen |= 1u << index;
        }
        theme_destroy(t);
    }
}

static void fewer_colours(void **state)
{
    (void)state;
    for (size_t n = 0; n < 4; n++) {
        struct theme *t = loaded(ours[n]);
        theme_fit(t, TERM_256, true);
        for (int i = 0; i < THEME_ROLE_COUNT; i++)
            assert_false(theme_style(t, (enum theme_role)i).fg & COLOUR_RGB);
        theme_fit(t, TERM_16, true);
        for (int i = 0; i < THEME_ROLE_COUNT; i++) {
            struct style s = theme_style(t, (enum theme_role)i);
            assert_true(s.fg == COLOUR_DEFAULT ||
                        (s.fg > COLOUR_INDEX && s.fg < COLOUR_INDEX + 16));
            assert_int_equal(s.bg, COLOUR_DEFAULT);
        }
        theme_fit(t, TERM_NO_COLOUR, false);
        for (int i = 0; i < THEME_ROLE_COUNT; i++) {
            struct style s = theme_style(t, (enum theme_role)i);
            assert_true(s.fg == COLOUR_DEFAULT && s.bg == COLOUR_DEFAULT);
        }
        assert_true(theme_style(t, ROLE_SELECTION).attrs & ATTR_REVERSE);
        assert_true(theme_style(t, ROLE_SEARCH).attrs & ATTR_REVERSE);
        assert_true(theme_style(t, ROLE_ATTENTION).attrs & (ATTR_BOLD | ATTR_REVERSE));
        theme_fit(t, TERM_TRUECOLOUR, true); /* and back: nothing was lost */
        struct theme *again = loaded(ours[n]);
        for (int i = 0; i < THEME_ROLE_COUNT; i++) {
            struct style a = theme_style(t, (enum theme_role)i);
            struct style b = theme_style(again, (enum theme_role)i);
            assert_memory_equal(&a, &b, sizeof a);
        }
        theme_destroy(again);
        theme_destroy(t);
    }
}

static void glyphs(void **state)
{
    struct theme *t = parsed("{}");
    (void)state;
    assert_string_equal(theme_glyph(t, GLYPH_DRIVES), "✎");
    theme_fit(t, TERM_16, false);
    for (int i = 0; i < THEME_GLYPH_COUNT; i++) {
        const char *g = theme_glyph(t, (enum theme_glyph)i);
        assert_true(strlen(g) == 1 && g[0] > ' ' && g[0] < 0x7f);
    }
    theme_destroy(t);
}

static void names_have_colours(void **state)
{
    int seen[8] = {0};
    (void)state;
    for (int i = 0; i < 800; i++) {
        char name[24];
        snprintf(name, sizeof name, "member%d", i);
        enum theme_role role = theme_member(name);
        assert_in_range(role, ROLE_MEMBER1, ROLE_MEMBER8);
        assert_int_equal(role, theme_member(name));
        seen[role - ROLE_MEMBER1]++;
    }
    for (int i = 0; i < 8; i++)
        assert_in_range(seen[i], 50, 150);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(styles),
        cmocka_unit_test(missing_roles_take_after_others),
        cmocka_unit_test(wrong_ones_are_refused),
        cmocka_unit_test(nearest_colours),
        cmocka_unit_test(ours_load),
        cmocka_unit_test(built_in_is_dark),
        cmocka_unit_test(unknown_names),
        cmocka_unit_test(the_users_own_come_first),
        cmocka_unit_test(members_differ),
        cmocka_unit_test(fewer_colours),
        cmocka_unit_test(glyphs),
        cmocka_unit_test(names_have_colours),
    };
    use_our_themes();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
