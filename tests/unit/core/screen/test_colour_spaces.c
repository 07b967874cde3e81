/* Colours of X's device-independent spaces: the answers that xterm's public tests ask for, more
 * that Xlib gives, and what is no colour. */
#include "core/base/mem.h"
#include "core/screen/colour_spaces.h"
#include "core/screen/screen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void assert_colour(const char *text, const char *expected)
{
    uint16_t rgb[3];
    char got[16] = "refused";
    if (colour_spaces_parse(text, rgb))
        snprintf(got, sizeof got, "%04x/%04x/%04x", rgb[0], rgb[1], rgb[2]);
    if (strcmp(got, expected) != 0)
        fail_msg("%s: %s, expected %s", text, got, expected);
}

static void answers_of_the_suite(void **state)
{
    static const char *const cases[][2] = {
        {"rgbi:1/1/1", "ffff/ffff/ffff"},   {"rgbi:0.5/0.5/0.5", "c1c1/bbbb/bbbb"},
        {"CIEXYZ:1/1/1", "ffff/ffff/ffff"}, {"CIEXYZ:0.5/0.5/0.5", "dddd/b5b5/a0a0"},
        {"CIEuvY:1/1/1", "ffff/ffff/ffff"}, {"CIEuvY:0.5/0.5/0.5", "ffff/a3a3/aeae"},
        {"CIExyY:1/1/1", "ffff/ffff/ffff"}, {"CIExyY:0.5/0.5/0.5", "f7f7/b3b3/0e0e"},
        {"CIELab:1/1/1", "6c6c/6767/6767"}, {"CIELab:0.5/0.5/0.5", "5252/4f4f/4f4f"},
        {"CIELuv:1/1/1", "1616/1414/0e0e"}, {"CIELuv:0.5/0.5/0.5", "0e0e/1313/0e0e"},
        {"TekHVC:1/1/1", "1a1a/1313/0f0f"}, {"TekHVC:0.5/0.5/0.5", "1111/1313/0e0e"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_colour(cases[i][0], cases[i][1]);
}

/* Each was also given to Xlib, in 8 bits a channel. */
static void answers_of_xlib(void **state)
{
    static const char *const cases[][2] = {
        {"rgbi:0/0/0", "0000/0000/0000"},           {"rgbi:1/0/0", "ffff/0000/0000"},
        {"rgbi:0.25/0.75/0.125", "9393/dfdf/6c6c"}, {"CIEXYZ:0/0/0", "0000/0000/0000"},
        {"CIEXYZ:0.2/0.25/0.1", "9696/9494/4949"},  {"CIEXYZ:0.9/0.2/1.4", "dede/1313/b6b6"},
        {"CIEuvY:0.2/0.46/0.3", "abab/9595/8e8e"},  {"CIEuvY:0.4/0.5/0.2", "f5f5/2b2b/4b4b"},
        {"CIEuvY:0/0/0.5", "0909/d0d0/c4c4"},       {"CIExyY:0.283/0.298/0.18", "8282/7c7c/7d7d"},
        {"CIExyY:0.5/0/0.5", "ffff/9c9c/d1d1"},     {"CIELab:0/0/0", "0000/0000/0000"},
        {"CIELab:50/0.3/-0.4", "8383/6e6e/bbbb"},   {"CIELab:50/-30/20", "5c5c/5c5c/ffff"},
        {"CIELab:100/0/0", "ffff/ffff/ffff"},       {"CIELuv:0/9/9", "0000/0000/0000"},
        {"CIELuv:60/-0.1/0.2", "8d8d/9a9a/8383"},   {"CIELuv:70/40/30", "ffff/9393/6363"},
        {"TekHVC:10/0/50", "0000/0000/0000"},       {"TekHVC:10/100/50", "ffff/ffff/ffff"},
        {"TekHVC:0/50/20", "aaaa/6e6e/7878"},       {"TekHVC:-100/50/20", "7c7c/7979/9b9b"},
        {"TekHVC:1060/50/20", "aaaa/6c6c/8383"},    {"TekHVC:200/60/90", "0909/a1a1/a7a7"},
        {"TekHVC:85/95/90", "f6f6/ffff/4c4c"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_colour(cases[i][0], cases[i][1]);
}

static void numbers_have_many_forms(void **state)
{
    static const char *const halves[] = {
        "rgbi:.5/5e-1/+0.5",
        "RGBI:0.05E1/000.5/5.e-01",
        "RgbI:0.50000000000000000000000000000000000001/500e-3/0.5e0",
        "rgbi:0.5e-0/0.5e+0/0.00000000000000000000000000000000000000005e40",
        "rgbi:50000000000000000000000000e-26/0.5/.5e-000000000000000000000000",
    };
    (void)state;
    for (size_t i = 0; i < sizeof halves / sizeof *halves; i++)
        assert_colour(halves[i], "c1c1/bbbb/bbbb");
    assert_colour("ciexyz:1/1/1", "ffff/ffff/ffff");
    assert_colour("TEKhvc:1/1/1", "1a1a/1313/0f0f");
    assert_colour("rgbi:0e999/-0/0e-999999999999999999999", "0000/0000/0000");
    assert_colour("rgbi:1e-999/0/0", "0000/0000/0000");
}

static void no_colours(void **state)
{
    static const char *const wrong[] = {
        /* not of the form */
        "", ":", "rgbi", "rgbi:", "rgb:1/1/1", "red", "CIE:1/1/1", "xrgbi:1/1/1", "rgbi;1/1/1",
        "rgbi:/", "rgbi://", "rgbi:1", "rgbi:1/1", "rgbi:1/1/", "rgbi:1//1", "rgbi:/1/1",
        "rgbi:1/1/1/", "rgbi:1/1/1/1", "rgbi:1/1/1x", "rgbi: 1/1/1", "rgbi:1/1/1 ", "rgbi:1,1,1",
        /* no numbers */
        "rgbi:nan/0/0", "rgbi:inf/0/0", "CIEXYZ:-inf/0/0", "CIELab:1/nan(1)/0", "rgbi:0x1/0/0",
        "rgbi:0,5/0/0", "rgbi:./0/0", "rgbi:+/0/0", "rgbi:-/0/0", "rgbi:--1/0/0", "rgbi:.e1/0/0",
        "rgbi:1e/0/0", "rgbi:1e+/0/0", "rgbi:1e1.0/0/0", "rgbi:0.1.1/0/0", "rgbi:e1/0/0",
        /* none that the space has */
        "rgbi:1.1/0/0", "rgbi:0/-0.1/0", "rgbi:0/0/2", "CIEXYZ:0/1.1/0", "CIEXYZ:0/-0.1/0",
        "CIEuvY:0.5/0.5/1.1", "CIEuvY:0.5/0.5/-1", "CIExyY:1.1/0/0", "CIExyY:0/-0.1/0",
        "CIExyY:0/0/2", "CIELab:-1/0/0", "CIELab:101/0/0", "CIELuv:-1/0/0", "CIELuv:101/0/0",
        "TekHVC:0/-1/0", "TekHVC:0/101/0", "TekHVC:0/50/-1",
        /* none that anybody has */
        "rgbi:1e999/0/0", "rgbi:1e99999999999999999999/0/0", "CIEXYZ:1e999/0/0",
        "CIEXYZ:-1e999/0/0", "CIELab:50/1e308/-1e308", "CIELuv:50/1e7/0", "TekHVC:1e300/50/10",
        "CIEuvY:1e6/1e-300/1"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        uint16_t rgb[3] = {1, 2, 3};
        assert_colour(wrong[i], "refused");
        assert_false(colour_spaces_parse(wrong[i], rgb));
        assert_true(rgb[0] == 1 && rgb[1] == 2 && rgb[2] == 3);
    }
}

static void long_numbers(void **state)
{
    enum { MANY = 100000 };
    char *text = mem_zalloc(MANY + 32);
    uint16_t rgb[3];
    (void)state;
    memcpy(text, "rgbi:", 5);
    memset(text + 5, '9', MANY);
    memcpy(text + 5 + MANY, "/0/0", 4);
    assert_false(colour_spaces_parse(text, rgb));
    text[5] = '.';
    assert_colour(text, "ffff/0000/0000");
    memset(text + 6, '0', MANY - 1);
    assert_colour(text, "0000/0000/0000");
    free(text);
}

/* Whatever the numbers, it ends, with two equal bytes a channel or without a colour. */
static void odd_numbers(void **state)
{
    static const char *const prefixes[] = {"rgbi",   "CIEXYZ", "CIEuvY", "CIExyY",
                                           "CIELab", "CIELuv", "TekHVC"};
    static const char *const odd[] = {"0",     "-0",      "1",      "1e6",    "-1e6",
                                      "1e-12", "-1e-320", "0.28",   "100",    "0.00001",
                                      "-15",   "0.9375",  "1e-300", "99.999", "-2"};
    const size_t n = sizeof odd / sizeof *odd;
    (void)state;
    for (size_t p = 0; p < sizeof prefixes / sizeof *prefixes; p++)
        for (size_t i = 0; i < n * n * n; i++) {
            char text[64];
            uint16_t rgb[3] = {0};
            snprintf(text, sizeof text, "%s:%s/%s/%s", prefixes[p], odd[i / n / n], odd[i / n % n],
                     odd[i % n]);
            if (colour_spaces_parse(text, rgb))
                for (int k = 0; k < 3; k++)
                    assert_int_equal(rgb[k] >> 8, rgb[k] & 255);
        }
}

static void on_answer(void *data, const char *bytes, size_t n)
{
    buf_append(data, bytes, n);
}

static void a_screen_tells_them(void **state)
{
    static const char input[] = "\033]4;1;CIELab:1/1/1;2;TekHVC:9\033\\\033]4;1;?;2;?\033\\"
                                "\033]5;0;rgbi:0.5/0.5/0.5\033\\\033]5;0;?\033\\"
                                "\033]10;CIExyY:0.5/0.5/0.5\033\\\033]10;?\033\\";
    static const char expected[] = "\033]4;1;rgb:6c6c/6767/6767\033\\"
                                   "\033]4;2;rgb:0000/cdcd/0000\033\\"
                                   "\033]5;0;rgb:c1c1/bbbb/bbbb\033\\"
                                   "\033]10;rgb:f7f7/b3b3/0e0e\033\\";
    const struct screen_options options = {0};
    const struct screen_events events = {.answer = on_answer};
    struct buf answers = {0};
    struct screen *s = screen_create(5, 20, &options, &events, &answers);
    (void)state;
    screen_feed(s, input, sizeof input - 1);
    assert_int_equal(answers.len, sizeof expected - 1);
    assert_memory_equal(answers.data, expected, answers.len);
    screen_destroy(s);
    buf_finish(&answers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_of_the_suite),
        cmocka_unit_test(answers_of_xlib),
        cmocka_unit_test(numbers_have_many_forms),
        cmocka_unit_test(no_colours),
        cmocka_unit_test(long_numbers),
        cmocka_unit_test(odd_numbers),
        cmocka_unit_test(a_screen_tells_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
