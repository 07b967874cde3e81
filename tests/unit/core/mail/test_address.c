/* Addresses as people write them and as headers bring them; what could become a header or an
 * option of a command is refused. */
#include "core/mail/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void one_address_is_read(void **state)
{
    static const struct {
        const char *text, *spec, *name;
    } cases[] = {
        {"ann@example.org", "ann@example.org", ""},
        {"  ann@Example.ORG ", "ann@example.org", ""},
        {"Ann Lee <ann@example.org>", "ann@example.org", "Ann Lee"},
        {"\"Lee, Ann\" <ann@example.org>", "ann@example.org", "Lee, Ann"},
        {"\"a \\\"b\\\"\" <ann@example.org>", "ann@example.org", "a \"b\""},
        {"ann@example.org (Ann (the) Lee)", "ann@example.org", ""},
        {"=?utf-8?Q?Ann_L=C3=A9e?= <ann@example.org>", "ann@example.org",
         "Ann L\xc3\xa9"
         "e"},
        {"<ann@example.org>", "ann@example.org", ""},
        {"<@relay.org:ann@example.org>", "ann@example.org", ""},
        {"ann", "ann@here.local", ""},
        {"Ann <ann>", "ann@here.local", "Ann"},
        {"a+b@[127.0.0.1]", "a+b@[127.0.0.1]", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct address a;
        char why[200] = "";
        if (address_parse(cases[i].text, strlen(cases[i].text), "here.local", &a, why,
                          sizeof why) != ERR_OK)
            fail_msg("%s: %s", cases[i].text, why);
        assert_string_equal(a.spec, cases[i].spec);
        assert_string_equal(a.name, cases[i].name);
    }
}

static void what_is_none_is_refused(void **state)
{
    static const char *const cases[] = {
        "",
        "ann",
        "@example.org",
        "ann@",
        "ann@ex ample.org",
        "ann lee@example.org",
        "ann@example..org",
        "-oQ/tmp@example.org",
        "Ann <ann@example.org",
        "Ann <ann@example.org> x",
        "a@b@c,d@e",
        "ann@example.org\r\nBcc: eve@example.org",
        "Ann\nX: y <ann@example.org>",
        "ann\x7f@example.org",
        "\"a b\"@example.org",
        "a<b@c",
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct address a = {.spec = "untouched"};
        char why[200] = "";
        if (address_parse(cases[i], strlen(cases[i]), NULL, &a, why, sizeof why) == ERR_OK)
            fail_msg("taken: %s", cases[i]);
        assert_string_equal(a.spec, "untouched");
        assert_true(*why && !strpbrk(why, "\r\n"));
    }
}

static void lists_have_commas_groups_and_quotes(void **state)
{
    struct address_list list = {0};
    char why[200];
    const char *text = "a@x, \"b, c\" <bc@x>,, Team: d@x, e@x; , (no, one) f@x";
    (void)state;
    assert_int_equal(address_list_parse(text, strlen(text), NULL, false, &list, why, sizeof why),
                     ERR_OK);
    assert_int_equal(list.count, 5);
    assert_string_equal(list.items[1].name, "b, c");
    assert_string_equal(list.items[3].spec, "e@x");
    assert_string_equal(list.items[4].spec, "f@x");
    address_list_finish(&list);
    text = "a@x, nobody, b@x";
    assert_int_equal(address_list_parse(text, strlen(text), NULL, false, &list, why, sizeof why),
                     ERR_INVALID);
    address_list_finish(&list);
    assert_int_equal(address_list_parse(text, strlen(text), NULL, true, &list, NULL, 0), ERR_OK);
    assert_int_equal(list.count, 2);
    address_list_finish(&list);
}

static void what_is_printed_is_read_again(void **state)
{
    static const char *const names[] = {"Ann", "Lee, Ann", "A \"B\" \\ C",
                                        "\xc3\x84nne \xe2\x82\xac", "=?no?="};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct address a = {.spec = "ann@example.org"}, back;
        struct buf out = {0};
        char why[200];
        snprintf(a.name, sizeof a.name, "%s", names[i]);
        address_print(&a, false, &out);
        for (size_t k = 0; k < out.len; k++)
            assert_true(out.data[k] >= ' ' && out.data[k] < 0x7f);
        assert_int_equal(address_parse(out.data, out.len, NULL, &back, why, sizeof why), ERR_OK);
        assert_string_equal(back.name, a.name);
        assert_string_equal(back.spec, a.spec);
        buf_finish(&out);
    }
}

static void a_domain_is_ours_in_any_case(void **state)
{
    char local[ADDRESS_MAX];
    (void)state;
    assert_true(address_is_local("Ann+work@BATON.local", "baton.local", local));
    assert_string_equal(local, "Ann");
    assert_false(address_is_local("ann@x.baton.local", "baton.local", NULL));
    assert_false(address_is_local("ann", "baton.local", NULL));
    assert_true(address_header_ok("a b\tc"));
    assert_false(address_header_ok("a\nb"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_address_is_read),
        cmocka_unit_test(what_is_none_is_refused),
        cmocka_unit_test(lists_have_commas_groups_and_quotes),
        cmocka_unit_test(what_is_printed_is_read_again),
        cmocka_unit_test(a_domain_is_ours_in_any_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
