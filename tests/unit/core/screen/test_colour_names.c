/* X's colours by name: how a name may be written, and what is none. */
#include "core/screen/colour_names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const uint32_t untouched = 0x12345678;

static uint32_t find(const char *name)
{
    uint32_t rgb = untouched;
    if (!colour_names_find(name, &rgb))
        assert_int_equal(rgb, untouched);
    return rgb;
}

static void names_have_the_values_of_x(void **state)
{
    (void)state;
    assert_int_equal(find("black"), 0x000000);
    assert_int_equal(find("navy"), 0x000080);
    assert_int_equal(find("gray"), 0xbebebe);
    assert_int_equal(find("green"), 0x00ff00);
    assert_int_equal(find("maroon"), 0xb03060);
    assert_int_equal(find("purple"), 0xa020f0);
    assert_int_equal(find("yellowgreen"), 0x9acd32);
}

static void case_blanks_and_grey_do_not_matter(void **state)
{
    (void)state;
    assert_int_equal(find("Red"), 0xff0000);
    assert_int_equal(find("light blue"), 0xadd8e6);
    assert_int_equal(find("LightBlue"), 0xadd8e6);
    assert_int_equal(find("dark slate grey"), 0x2f4f4f);
    assert_int_equal(find("Grey"), 0xbebebe);
}

static void gray_has_its_shades(void **state)
{
    (void)state;
    assert_int_equal(find("gray0"), 0x000000);
    assert_int_equal(find("gray10"), 0x1a1a1a);
    assert_int_equal(find("grey50"), 0x7f7f7f);
    assert_int_equal(find("gray51"), 0x828282);
    assert_int_equal(find("gray 90"), 0xe5e5e5);
    assert_int_equal(find("gray100"), 0xffffff);
}

static void what_is_no_name_changes_nothing(void **state)
{
    static const char *const none[] = {
        "",       "re",      "redd",     "gray101",
        "gray-1", "gray1x",  "gray0000", "graygray",
        "?",      "\xffred", "red\x01",  "a name that is longer than all of them"};
    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_int_equal(find(none[i]), untouched);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_have_the_values_of_x),
        cmocka_unit_test(case_blanks_and_grey_do_not_matter),
        cmocka_unit_test(gray_has_its_shades),
        cmocka_unit_test(what_is_no_name_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
