/* Tokens: their form, that no two are the same, and the hash by which they are known. */
#include "core/people/token.h"
#include "core/base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define MANY         10000
#define A40          "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define LETTERS      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void new_ones_are_whole_and_unique(void **state)
{
    char(*tokens)[TOKEN_TEXT] = mem_calloc(MANY, sizeof *tokens);
    size_t used[256] = {0};
    (void)state;

    for (size_t i = 0; i < MANY; i++) {
        memset(tokens[i], '!', sizeof tokens[i]);
        token_make(tokens[i]);
        assert_int_equal(tokens[i][TOKEN_TEXT - 1], '\0');
        assert_int_equal(strlen(tokens[i]), TOKEN_TEXT - 1);
        assert_memory_equal(tokens[i], "btn_", 4);
        assert_int_equal(strspn(tokens[i] + 4, LETTERS), 43);
        assert_true(token_ok(tokens[i]));
        for (const char *p = tokens[i] + 4; *p; p++)
            used[(unsigned char)*p]++;
    }
    qsort(tokens, MANY, sizeof *tokens, by_text);
    for (size_t i = 1; i < MANY; i++)
        assert_string_not_equal(tokens[i - 1], tokens[i]);
    /* Each of the 64 about as often as the others: 430,000 characters give about 6,700 of each with
     * a deviation of about 80, so that half of it is out of chance's reach. */
    for (const char *p = LETTERS; *p; p++)
        assert_true(used[(unsigned char)*p] > 3300);
    free(tokens);
}

static void forms(void **state)
{
    static const struct {
        const char *text;
        bool ok;
    } cases[] = {
        {"btn_" A40 "AAA", true},
        {"btn_abcdefghijklmnopqrstuvwxyz-_0123456789ABCDE", true},
        {"btn_" A40 "__8", true},
        {"", false},
        {"btn_", false},
        {A40 "AAA", false},
        {A40 "AAAAAAA", false},     /* as long as one */
        {"btn_" A40 "AA", false},   /* one less */
        {"btn_" A40 "AAAA", false}, /* one more */
        {"btn_" A40 "AA=", false},  /* padded */
        {"btn_" A40 "AAA=", false},
        {"btn_" A40 "AAB", false}, /* bits behind the last byte */
        {"btn_" A40 "+AA", false}, /* the other alphabet */
        {"btn_" A40 "/AA", false},
        {"btn_" A40 " AA", false},
        {"btn_" A40 "AA ", false},
        {"btn_" A40 "AAA\n", false},
        {"btn_" A40 "\u00e4A", false},
        {"BTN_" A40 "AAA", false},
        {"btn-" A40 "AAA", false},
        {" btn_" A40 "AAA", false},
        {NULL, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(token_ok(cases[i].text), cases[i].ok);
}

/* Which bytes may stand in the middle, and which at the end. */
static void every_byte(void **state)
{
    (void)state;
    for (int c = 1; c < 256; c++) {
        char text[] = "btn_" A40 "AAA";
        const char *letter = strchr(LETTERS, c);
        text[20] = (char)c;
        assert_int_equal(token_ok(text), letter != NULL);
        text[20] = 'A';
        text[TOKEN_TEXT - 2] = (char)c;
        assert_int_equal(token_ok(text), letter && (letter - LETTERS) % 4 == 0);
    }
}

/* Made with Python: hashlib.blake2b(text, digest_size=32).hexdigest(). */
static void hashes(void **state)
{
    static const char *const cases[][2] = {
        {"btn_" A40 "AAA", "352a8b147bff9a7314f2e04aa15b6b6ccbb9f3841b291a746d6e9cbf78431a19"},
        {"btn_abcdefghijklmnopqrstuvwxyz-_0123456789ABCDE",
         "9ceb66448c9bdb2ee674a4dcc28f2ecda2b78b75f4d6e237939b17cb560ff0e8"},
        {"", "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char hex[TOKEN_HASH];
        memset(hex, '!', sizeof hex);
        token_hash(cases[i][0], hex);
        assert_string_equal(hex, cases[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_ones_are_whole_and_unique),
        cmocka_unit_test(forms),
        cmocka_unit_test(every_byte),
        cmocka_unit_test(hashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
