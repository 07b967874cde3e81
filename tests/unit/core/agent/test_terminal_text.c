/* What a program wrote as plain text: cases, cut at every place, and a limit. */
#include "core/agent/terminal_text.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const cases[][2] = {
    {"", ""},
    {"plain\n", "plain\n"},
    {"one\r\ntwo\r\n", "one\ntwo\n"},
    {"one\r\r\ntwo", "one\ntwo"},
    {"\033[1;31mred\033[0m \033[38:2::1:2:3mx\033[?25l", "red x"},
    {"\033]0;a title\007text", "text"},
    {"\033]8;;http://x\033\\link\033]8;;\033\\", "link"},
    {"\033Pq#0\033\\a\033_apc\033\\b\033^pm\033\\c\033Xsos\033\\d", "abcd"},
    {"\033(B\033)0\0337\0338\033=\033>\033#8\033cx", "x"},
    {"a\033[3\033[1mb", "ab"},          /* one sequence cut off by another */
    {"a\033[3\030b\033[3\032c", "abc"}, /* and by CAN, SUB */
    {"a\033]0;t\033[1mb", "ab"},        /* a string cut off */
    {"a\033[1\nmb", "a\nb"},            /* a control within a sequence */
    {"10%\r20%\r100%\r\ndone\n", "100%\ndone\n"},
    {"abc\r", "abc"},
    {"abc\r\033[Kdef\n", "def\n"},
    {"abc\r\007\033[K\r\ndef", "abc\ndef"},
    {"one\ntwo\rthree", "one\nthree"},
    {"ab\bc\n\b\bx", "ac\nx"},
    {"N\bNA\bAM\bM", "NAM"},
    {"gr\u00fc\b\u00e4n", "gr\u00e4n"},
    {"a\tb\007\000\177c", "a\tb"}, /* the C string ends there */
    {"\xc2\x85\xc2\x9bx", "x"},    /* C1 */
    {"gr\u00fc\u00df \U0001f600 \u20ac", "gr\u00fc\u00df \U0001f600 \u20ac"},
    {"\xff", "\ufffd"},
    {"\xc3", "\ufffd"},
    {"\xe2\x82", "\ufffd\ufffd"},
    {"\xe2\x82x", "\ufffd\ufffdx"},
    {"\xe2\xc3\xa4", "\ufffd\u00e4"},
    {"\xf0\x9f\xe2\x82\xac", "\ufffd\ufffd\u20ac"},
    {"\xed\xa0\x80", "\ufffd\ufffd\ufffd"},
    {"\xc0\x80", "\ufffd\ufffd"},
    {"\xf5\x80", "\ufffd\ufffd"},
};

static void plain(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct terminal_text t = {.limit = 1000};
        terminal_text_feed(&t, cases[i][0], strlen(cases[i][0]));
        terminal_text_end(&t);
        assert_string_equal(t.text.data ? t.text.data : "", cases[i][1]);
        assert_false(t.truncated);
        terminal_text_finish(&t);
    }
}

static void cut_anywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *in = cases[i][0];
        size_t n = strlen(in);
        for (size_t a = 0; a <= n; a++)
            for (size_t b = a; b <= n; b++) {
                struct terminal_text t = {.limit = 1000};
                terminal_text_feed(&t, in, a);
                terminal_text_feed(&t, in + a, b - a);
                terminal_text_feed(&t, in + b, n - b);
                terminal_text_end(&t);
                assert_string_equal(t.text.data ? t.text.data : "", cases[i][1]);
                terminal_text_finish(&t);
            }
    }
}

static void nul_is_left_out(void **state)
{
    struct terminal_text t = {.limit = 1000};
    (void)state;
    terminal_text_feed(&t, "a\0b", 3);
    terminal_text_end(&t);
    assert_int_equal(t.text.len, 2);
    assert_string_equal(t.text.data, "ab");
    terminal_text_finish(&t);
}

static void the_oldest_is_dropped(void **state)
{
    static const struct {
        const char *in, *out;
        size_t limit;
        bool truncated;
    } limits[] = {
        {"0123456789", "0123456789", 10, false},
        {"0123456789", "123456789", 9, true},
        {"0123456789", "", 0, true},
        {"", "", 0, false},
        {"\u20ac\u20ac", "\u20ac\u20ac", 6, false},
        {"\u20ac\u20ac", "\u20ac", 5, true},
        {"\u20ac\u20ac", "\u20ac", 3, true},
        {"\u20ac\u20ac", "", 2, true},
        {"\033[31mab\033[0m", "ab", 2, false},
        {"a\r\nb", "\nb", 2, true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(limits); i++) {
        struct terminal_text t = {.limit = limits[i].limit};
        terminal_text_feed(&t, limits[i].in, strlen(limits[i].in));
        terminal_text_end(&t);
        assert_string_equal(t.text.data ? t.text.data : "", limits[i].out);
        assert_int_equal(t.truncated, limits[i].truncated);
        terminal_text_finish(&t);
    }
}

/* Of a flood only the end is kept, in bounded memory, and it is the same as the end of all. */
static void a_flood(void **state)
{
    struct terminal_text t = {.limit = 5000}, all = {.limit = SIZE_MAX / 4};
    (void)state;
    for (int i = 0; i < 200000; i++) {
        char line[64];
        int n = snprintf(line, sizeof line, "\033[32m%d\033[0m \u20ac\r\n", i);
        terminal_text_feed(&t, line, (size_t)n);
        terminal_text_feed(&all, line, (size_t)n);
        assert_true(t.text.cap < 100000);
    }
    terminal_text_end(&t);
    terminal_text_end(&all);
    assert_true(t.truncated);
    assert_false(all.truncated);
    assert_true(t.text.len <= 5000 && t.text.len > 4990);
    assert_string_equal(t.text.data, all.text.data + all.text.len - t.text.len);
    assert_true(text_is_utf8(t.text.data, t.text.len));
    terminal_text_finish(&t);
    terminal_text_finish(&all);
}

/* Whatever the bytes are, the text is one. */
static void any_bytes(void **state)
{
    unsigned seed = 7;
    (void)state;
    for (int round = 0; round < 300; round++) {
        struct terminal_text t = {.limit = 300};
        for (int piece = 0; piece < 20; piece++) {
            char bytes[40];
            for (size_t i = 0; i < sizeof bytes; i++) {
                seed = seed * 1103515245u + 12345u;
                static const char often[] = "\033[]\\;m\r\n\b\xe2\x82\xac\xf0";
                unsigned r = seed >> 16;
                bytes[i] = r & 1 ? often[(r >> 1) % (sizeof often - 1)] : (char)(r >> 1);
            }
            terminal_text_feed(&t, bytes, sizeof bytes);
        }
        terminal_text_end(&t);
        if (t.text.len)
            assert_true(text_is_utf8(t.text.data, t.text.len) &&
                        !memchr(t.text.data, '\0', t.text.len) &&
                        !memchr(t.text.data, '\033', t.text.len));
        assert_true(t.text.len <= 300);
        terminal_text_finish(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain),           cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(nul_is_left_out), cmocka_unit_test(the_oldest_is_dropped),
        cmocka_unit_test(a_flood),         cmocka_unit_test(any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
