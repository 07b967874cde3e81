/* The line diff: what it says of small texts, that both texts can be read out of it again, that it
 * is the shortest where it can be, and that no pair of texts takes long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/base/buf.h"
#include "tui/transcript/diff.h"

#include <stdlib.h>
#include <string.h>

static char *shown(const char *a, const char *b)
{
    struct diff d;
    struct buf out = {0};

    diff_make(&d, a, strlen(a), b, strlen(b));
    for (size_t i = 0; i < d.count; i++)
        buf_printf(&out, "%c%.*s\n", d.lines[i].kind, (int)d.lines[i].n, d.lines[i].text);
    buf_printf(&out, "+%zu -%zu", d.added, d.deleted);
    diff_finish(&d);
    return buf_take(&out);
}

static void check(const char *a, const char *b, const char *should)
{
    char *is = shown(a, b);

    assert_string_equal(is, should);
    free(is);
}

static void small_ones(void **state)
{
    (void)state;
    check("", "", "+0 -0");
    check("a\n", "a\n", " a\n+0 -0");
    check("", "a\nb", "+a\n+b\n+2 -0");
    check("a\nb\n", "", "-a\n-b\n+0 -2");
    check("a\nb\nc\n", "a\nx\nc\n", " a\n-b\n+x\n c\n+1 -1");
    check("a\nb\nc\nd\n", "b\nc\nx\nd\ne\n", "-a\n b\n c\n+x\n d\n+e\n+2 -1");
    check("one\n\n\ntwo", "one\n\ntwo", " one\n \n-\n two\n+0 -1");
}

static unsigned next(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(*state >> 33);
}

static size_t common(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b), table[42][42] = {{0}};

    for (size_t i = n; i-- > 0;)
        for (size_t k = m; k-- > 0;)
            table[i][k] = a[i] == b[k]                        ? table[i + 1][k + 1] + 1
                          : table[i + 1][k] > table[i][k + 1] ? table[i + 1][k]
                                                              : table[i][k + 1];
    return table[0][0];
}

static void add_line(char *text, char letter)
{
    const size_t n = strlen(text);
    text[n] = letter;
    text[n + 1] = '\n';
    text[n + 2] = '\0';
}

/* Lines of one letter each, so that the words can be compared by the textbook. */
static void any_two_texts(void **state)
{
    uint64_t seed = 7;
    (void)state;
    for (int round = 0; round < 3000; round++) {
        char a[41], b[41], la[90] = "", lb[90] = "", out_a[90] = "", out_b[90] = "";
        size_t n = next(&seed) % 40, m = next(&seed) % 40, letters = 1 + next(&seed) % 5, same;
        struct diff d;
        for (size_t i = 0; i < n; i++)
            a[i] = (char)('a' + next(&seed) % letters);
        for (size_t i = 0; i < m; i++)
            b[i] = (char)('a' + next(&seed) % letters);
        a[n] = b[m] = '\0';
        for (size_t i = 0; i < n; i++)
            add_line(la, a[i]);
        for (size_t i = 0; i < m; i++)
            add_line(lb, b[i]);
        diff_make(&d, la, strlen(la), lb, strlen(lb));
        for (size_t i = 0; i < d.count; i++) {
            assert_int_equal(d.lines[i].n, 1);
            if (d.lines[i].kind != '+')
                add_line(out_a, *d.lines[i].text);
            if (d.lines[i].kind != '-')
                add_line(out_b, *d.lines[i].text);
        }
        assert_string_equal(la, out_a);
        assert_string_equal(lb, out_b);
        same = common(a, b);
        assert_int_equal(d.deleted, n - same);
        assert_int_equal(d.added, m - same);
        diff_finish(&d);
    }
}

/* A million bytes on either side that have nothing in common, or one line in two: the search is
 * given up, and both texts are still in it. ctest's limit is the clock. */
static void giants(void **state)
{
    struct buf a = {0}, b = {0};
    struct diff d;
    (void)state;
    for (int i = 0; i < 100000; i++) {
        buf_printf(&a, "left %d\n", i);
        buf_printf(&b, i % 2 ? "left %d\n" : "right %d\n", i);
    }
    for (int round = 0; round < 3; round++) {
        diff_make(&d, a.data, a.len, b.data, round == 1 ? 0 : b.len);
        assert_true(d.count >= 100000);
        diff_finish(&d);
        buf_printf(&b, "%*s", 100000, "");
    }
    buf_finish(&a);
    buf_finish(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_ones),
        cmocka_unit_test(any_two_texts),
        cmocka_unit_test(giants),
    };
    return cmocka_run_group_tests_name("diff", tests, NULL, NULL);
}
