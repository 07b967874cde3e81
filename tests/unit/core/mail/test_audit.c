/* The audit's chain in memory: what is altered, taken out, cut or moved is found where it is. */
#include "core/mail/audit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define MANY 100

struct entry {
    int64_t n, at_us;
    char text[64];
    unsigned char hash[AUDIT_HASH];
};

static struct audit_head make(struct entry *all, int count)
{
    struct audit_head head = {0};
    for (int i = 0; i < count; i++) {
        struct entry *e = &all[i];
        memset(e, 0, sizeof *e);
        e->n = i + 1;
        e->at_us = 1000000 + i;
        snprintf(e->text, sizeof e->text, "{\"what\":\"sent\",\"message\":\"msg_%d\"}", i);
        audit_hash(head.hash, e->n, e->at_us, e->text, strlen(e->text), e->hash);
        head.n = e->n;
        memcpy(head.hash, e->hash, AUDIT_HASH);
    }
    return head;
}

static enum audit_flaw walk(const struct entry *all, int count, const struct audit_head *kept,
                            int64_t *ret_n)
{
    struct audit_head at = {0};
    enum audit_flaw flaw = AUDIT_WHOLE;
    for (int i = 0; i < count && flaw == AUDIT_WHOLE; i++)
        flaw = audit_step(&at, all[i].n, all[i].at_us, all[i].text, strlen(all[i].text),
                          all[i].hash, AUDIT_HASH);
    if (flaw == AUDIT_WHOLE)
        flaw = audit_finish(&at, kept);
    *ret_n = at.n + 1;
    return flaw;
}

static void a_hash_is_blake2b_of_what_is_said(void **state)
{
    /* (head -c 32 /dev/zero; printf '1 5 {}') | b2sum -l 256 */
    unsigned char none[AUDIT_HASH] = {0}, hash[AUDIT_HASH], back[AUDIT_HASH];
    char hex[AUDIT_HEX];
    (void)state;
    audit_hash(none, 1, 5, "{}", 2, hash);
    audit_hex(hash, hex);
    assert_string_equal(hex, "aff3e6fee0cbd5ac459b52a9b79df48204482db1a077e918bca8646f0258649f");
    assert_true(audit_from_hex(hex, back));
    assert_memory_equal(back, hash, AUDIT_HASH);
    hex[5] = 'x';
    assert_false(audit_from_hex(hex, back));
    assert_false(audit_from_hex("ab", back));
}

static void every_altered_byte_is_found(void **state)
{
    static struct entry all[MANY];
    const struct audit_head head = make(all, MANY);
    int64_t n = 0;
    (void)state;
    assert_int_equal(walk(all, MANY, &head, &n), AUDIT_WHOLE);
    for (int i = 0; i < MANY; i += 33) {
        for (size_t k = 0; k < strlen(all[i].text); k++) {
            all[i].text[k] ^= 1;
            assert_int_equal(walk(all, MANY, &head, &n), AUDIT_ALTERED);
            assert_int_equal(n, i + 1);
            all[i].text[k] ^= 1;
        }
        for (size_t k = 0; k < AUDIT_HASH; k++) {
            all[i].hash[k] ^= 0x80;
            assert_int_equal(walk(all, MANY, &head, &n), AUDIT_ALTERED);
            assert_int_equal(n, i + 1);
            all[i].hash[k] ^= 0x80;
        }
        all[i].at_us++;
        assert_int_equal(walk(all, MANY, &head, &n), AUDIT_ALTERED);
        all[i].at_us--;
    }
    assert_int_equal(walk(all, MANY, &head, &n), AUDIT_WHOLE);
}

static void a_removed_entry_is_found_even_when_later_ones_are_renumbered(void **state)
{
    static const int gone[] = {0, MANY / 2, MANY - 2};
    (void)state;
    for (size_t g = 0; g < sizeof gone / sizeof *gone; g++) {
        static struct entry all[MANY];
        const struct audit_head head = make(all, MANY);
        int64_t n = 0;
        memmove(&all[gone[g]], &all[gone[g] + 1], sizeof *all * (size_t)(MANY - gone[g] - 1));
        assert_int_equal(walk(all, MANY - 1, &head, &n), AUDIT_MISSING);
        assert_int_equal(n, gone[g] + 1);
        for (int i = gone[g]; i < MANY - 1; i++)
            all[i].n--;
        assert_int_equal(walk(all, MANY - 1, &head, &n), AUDIT_ALTERED);
        assert_int_equal(n, gone[g] + 1);
    }
}

static void a_cut_tail_and_an_added_one_are_found(void **state)
{
    static struct entry all[MANY];
    const struct audit_head head = make(all, MANY);
    int64_t n = 0;
    (void)state;
    assert_int_equal(walk(all, MANY - 1, &head, &n), AUDIT_CUT);
    assert_int_equal(n, MANY);
    assert_int_equal(walk(all, 0, &head, &n), AUDIT_CUT);
    assert_int_equal(n, 1);
    const struct audit_head older = {.n = all[40].n};
    assert_int_equal(walk(all, MANY, &older, &n), AUDIT_BEYOND);
    assert_int_equal(walk(all, MANY, NULL, &n), AUDIT_BEYOND);
    assert_int_equal(walk(all, 0, NULL, &n), AUDIT_WHOLE);
}

static void entries_in_another_order_are_found(void **state)
{
    static struct entry all[MANY];
    const struct audit_head head = make(all, MANY);
    int64_t n = 0;
    (void)state;
    struct entry first = all[20];
    all[20] = all[30];
    all[30] = first;
    assert_int_equal(walk(all, MANY, &head, &n), AUDIT_MISSING);
    assert_int_equal(n, 21);
    all[20].n = 21; /* and with the numbers put right */
    all[30].n = 31;
    assert_int_equal(walk(all, MANY, &head, &n), AUDIT_ALTERED);
    assert_int_equal(n, 21);
}

static void of_two(const char *a, const char *b, char out[AUDIT_HEX])
{
    struct audit_fields f;
    audit_fields_begin(&f);
    audit_fields_text(&f, a);
    audit_fields_text(&f, b);
    audit_fields_int(&f, 7);
    audit_fields_end(&f, out);
}

static void fields_do_not_run_into_each_other(void **state)
{
    char one[AUDIT_HEX], other[AUDIT_HEX];
    (void)state;
    of_two("ab", "c", one);
    of_two("ab", "c", other);
    assert_string_equal(one, other);
    of_two("a", "bc", other);
    assert_string_not_equal(one, other);
    of_two("abc", "", one);
    of_two("abc", NULL, other);
    assert_string_not_equal(one, other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hash_is_blake2b_of_what_is_said),
        cmocka_unit_test(every_altered_byte_is_found),
        cmocka_unit_test(a_removed_entry_is_found_even_when_later_ones_are_renumbered),
        cmocka_unit_test(a_cut_tail_and_an_added_one_are_found),
        cmocka_unit_test(entries_in_another_order_are_found),
        cmocka_unit_test(fields_do_not_run_into_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
