/* Reports on delivery as mail systems write them, and as nobody should. */
#include "core/mail/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct found {
    struct report_recipient all[4];
    size_t count;
};

static void keep(void *data, const struct report_recipient *r)
{
    struct found *f = data;
    if (f->count < 4)
        f->all[f->count] = *r;
    f->count++;
}

static struct found read_all(const char *text)
{
    struct found f = {.count = 0};
    report_each(text, strlen(text), keep, &f);
    return f;
}

static void each_recipient_is_told(void **state)
{
    (void)state;
    struct found f = read_all("Reporting-MTA: dns; mail.example.org\r\n"
                              "Arrival-Date: Sat, 21 Nov 2026 10:30:00 +0000\r\n"
                              "\r\n"
                              "Final-Recipient: rfc822; small@example.org\r\n"
                              "Original-Recipient: rfc822;Small@example.org\r\n"
                              "Action: failed\r\n"
                              "Status: 5.1.1\r\n"
                              "Diagnostic-Code: X-Postfix; unknown user:\r\n"
                              "    \"small\"\r\n"
                              "\r\n"
                              "Final-Recipient: RFC822; b@example.org\r\n"
                              "Action: Delayed (still trying)\r\n"
                              "\r\n"
                              "Final-Recipient: rfc822; c@example.org\r\n"
                              "Action: delivered\r\n"
                              "Status: 2.0.0\r\n");
    assert_int_equal(f.count, 3);
    assert_string_equal(f.all[0].address, "Small@example.org");
    assert_int_equal(f.all[0].action, REPORT_FAILED);
    assert_non_null(strstr(f.all[0].said, "5.1.1 unknown user:"));
    assert_non_null(strstr(f.all[0].said, "\"small\""));
    assert_string_equal(f.all[1].address, "b@example.org");
    assert_int_equal(f.all[1].action, REPORT_DELAYED);
    assert_string_equal(f.all[1].said, "");
    assert_int_equal(f.all[2].action, REPORT_DELIVERED);
    assert_string_equal(f.all[2].said, "2.0.0");
}

static void what_is_no_report_tells_nothing(void **state)
{
    static const char *const texts[] = {
        "",
        "\n",
        "\n\n\n\n",
        "Action: failed\nFinal-Recipient: rfc822; a@b\n", /* the block about the mail */
        "x: y\n\nAction: failed\n",
        "x: y\n\nFinal-Recipient: rfc822; a@b\n",
        "x: y\n\nFinal-Recipient: rfc822; a@b\nAction: exploded\n",
        "x: y\n\nFinal-Recipient: rfc822; nobody\nAction: failed\n",
        "x: y\n\nFinal-Recipient:\nAction: failed\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(read_all(texts[i]).count, 0);
}

static void hostile_ones_are_bounded(void **state)
{
    static const char one[] = "Final-Recipient: rfc822; a@b\nAction: failed\n"
                              "Diagnostic-Code: smtp; \x1b[31mred\n\n";
    size_t n = sizeof one - 1, count = REPORT_RECIPIENTS_MAX + 500;
    char *text = malloc(count * n + 10001);
    struct found f = {.count = 0};
    (void)state;
    memcpy(text, "x: y\n\n", 6);
    for (size_t i = 0; i < count; i++)
        memcpy(text + 6 + i * n, one, n);
    report_each(text, 6 + count * n, keep, &f);
    assert_int_equal(f.count, REPORT_RECIPIENTS_MAX);
    assert_null(strchr(f.all[0].said, '\x1b'));
    memset(text, 'x', 10000);
    memcpy(text, "x: y\n\nAction: failed\nFinal-Recipient: rfc822; a@b\nStatus: ", 58);
    f.count = 0;
    report_each(text, 10000, keep, &f);
    assert_int_equal(f.count, 1);
    assert_true(strlen(f.all[0].said) < REPORT_SAID);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_recipient_is_told),
        cmocka_unit_test(what_is_no_report_tells_nothing),
        cmocka_unit_test(hostile_ones_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
