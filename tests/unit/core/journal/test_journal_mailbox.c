/* A mailbox as people leaf through it: both grammars and both directions in one order, pages that
 * neither repeat nor leave out, unread ones, search and where it goes on, a message that is on both
 * sides; and a hundred thousand messages, of which a page takes no longer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/journal/mail.h"
#include "core/journal/mailbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MANY 100000

struct letter {
    const char *from, *to, *subject, *body, *channel;
    enum mail_grammar grammar;
};

static struct journal *open_memory(void)
{
    struct journal *j = NULL;
    char *why = NULL;
    assert_int_equal(journal_open(":memory:", &j, &why), ERR_OK);
    assert_int_equal(journal_begin(j), ERR_OK);
    return j;
}

/* Gives the delivery; with no `to` there is none. */
static struct mail_delivery put(struct journal *j, const struct letter *l, char ret_id[MAIL_ID])
{
    struct mail_message m = {.grammar = l->grammar,
                             .from_name = l->from,
                             .from_address = l->grammar == MAIL_EMAIL ? "x@baton.local" : "",
                             .subject = l->subject,
                             .body = l->body,
                             .body_n = strlen(l->body),
                             .channel = l->channel,
                             .priority = MAIL_NORMAL};
    struct mail_delivery d = {.grammar = l->grammar, .channel = l->channel};
    assert_int_equal(journal_message_add(j, &m), ERR_OK);
    snprintf(d.message_id, sizeof d.message_id, "%s", m.id);
    if (l->to) {
        snprintf(d.recipient, sizeof d.recipient, "%s", l->to);
        assert_int_equal(journal_delivery_add(j, &d), ERR_OK);
    }
    if (ret_id)
        memcpy(ret_id, m.id, sizeof m.id);
    return d;
}

static void read_it(struct journal *j, struct mail_delivery *d)
{
    d->state = MAIL_DELIVERED;
    d->delivered_us = d->read_us = clock_wall_us();
    assert_int_equal(journal_delivery_put(j, d), ERR_OK);
}

static void gather(void *data, const struct mailbox_message *m)
{
    buf_printf(data, "%s%s%s%s", ((struct buf *)data)->len ? " " : "", m->received ? "<" : ">",
               m->preview, m->unread ? "!" : "");
}

static int64_t page(struct journal *j, const struct mailbox_filter *f, const char *expected)
{
    struct buf out = {0};
    int64_t next = -1;
    assert_int_equal(journal_mailbox(j, f, gather, &out, &next), ERR_OK);
    if (expected)
        assert_string_equal(out.data ? out.data : "", expected);
    buf_finish(&out);
    return next;
}

static void seven(struct journal *j)
{
    static const struct letter letters[] = {
        {"ann", "bob", "the API", "one", "", MAIL_EMAIL},
        {"bob", "ann", "", "two", "", MAIL_COMMS},
        {"ann", "bob", "", "three", "", MAIL_COMMS},
        {"eve", "ann", "", "not bob's", "", MAIL_COMMS},
        {"bob", "eve", "Lunch", "four", "", MAIL_EMAIL},
        {"eve", "bob", "", "five", "alerts", MAIL_COMMS},
        {"eve", "bob", "", "six", "", MAIL_EMAIL},
    };
    struct mail_delivery d;
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++) {
        d = put(j, &letters[i], NULL);
        if (i == 0)
            read_it(j, &d);
    }
}

static void both_sides_in_one_order(void **state)
{
    struct journal *j = open_memory();
    (void)state;
    seven(j);
    int64_t next = page(j, &(struct mailbox_filter){.name = "bob", .limit = 50},
                        "<six! <five! >four <three! >two <one");
    assert_int_equal(next, 0);
    assert_int_equal(page(j, &(struct mailbox_filter){.name = "nobody", .limit = 50}, ""), 0);
    assert_int_equal(journal_commit(j), ERR_OK);
    journal_close(j);
}

static void pages_join_without_a_gap(void **state)
{
    struct journal *j = open_memory();
    struct buf all = {0};
    (void)state;
    seven(j);
    for (int limit = 1; limit < 8; limit++) {
        struct mailbox_filter f = {.name = "bob", .limit = limit};
        int pages = 0;
        buf_clear(&all);
        do {
            int64_t next;
            assert_int_equal(journal_mailbox(j, &f, gather, &all, &next), ERR_OK);
            assert_true(next == 0 || f.before == 0 || next < f.before);
            f.before = next;
            pages++;
        } while (f.before && pages < 20);
        assert_string_equal(all.data, "<six! <five! >four <three! >two <one");
        assert_int_equal(pages, (6 + limit - 1) / limit);
    }
    buf_finish(&all);
    journal_close(j);
}

static void only_the_unread(void **state)
{
    struct journal *j = open_memory();
    (void)state;
    seven(j);
    int64_t next = page(j, &(struct mailbox_filter){.name = "bob", .limit = 2, .unread = true},
                        "<six! <five!");
    assert_true(next > 0);
    page(j, &(struct mailbox_filter){.name = "bob", .limit = 2, .unread = true, .before = next},
         "<three!");
    journal_close(j);
}

static void search_looks_everywhere(void **state)
{
    static const struct {
        const char *pattern, *found;
    } cases[] = {
        {"api", "<one"},
        {"lunch", ">four"},
        {"thre", "<three!"},
        {"#alerts", "<five!"},
        {"eve", "<six! <five!"},
        {"%", ""},
        {"_", ""},
        {"'", ""},
        {"baton.local", "<six! >four <one"},
        {"nothing", ""},
    };
    struct journal *j = open_memory();
    (void)state;
    seven(j);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        page(j, &(struct mailbox_filter){.name = "bob", .limit = 9, .pattern = cases[i].pattern},
             cases[i].found);
    journal_close(j);
}

/* A search that has looked at its share tells where the next call begins, and comes to an end. */
static void a_long_search_goes_on(void **state)
{
    const struct letter needle = {"ann", "bob", "", "the needle", "", MAIL_COMMS},
                        hay = {"ann", "bob", "", "hay", "", MAIL_COMMS};
    struct journal *j = open_memory();
    struct mailbox_filter f = {.name = "bob", .limit = 10, .pattern = "needle"};
    struct buf found = {0};
    int calls = 0;
    (void)state;
    put(j, &needle, NULL);
    for (int i = 0; i < 2 * MAILBOX_SEARCHED + 10; i++)
        put(j, &hay, NULL);
    do {
        int64_t next;
        assert_int_equal(journal_mailbox(j, &f, gather, &found, &next), ERR_OK);
        assert_true(next == 0 || f.before == 0 || next < f.before);
        assert_true(calls < 2 || found.len > 0);
        f.before = next;
        calls++;
    } while (f.before && calls < 10);
    assert_string_equal(found.data, "<the needle!");
    assert_int_equal(calls, 3);
    buf_finish(&found);
    journal_close(j);
}

/* Who publishes on a channel that they are subscribed to has sent and got it: it stands there once,
 * and is read when what they got was read, as the count of unread ones has it. */
static void what_one_sent_to_oneself(void **state)
{
    const struct letter own = {"bob", "bob", "", "a word", "alerts", MAIL_COMMS};
    struct journal *j = open_memory();
    struct mail_count count = {0};
    (void)state;
    struct mail_delivery d = put(j, &own, NULL);
    page(j, &(struct mailbox_filter){.name = "bob", .limit = 9}, "<a word!");
    page(j, &(struct mailbox_filter){.name = "bob", .limit = 9, .unread = true}, "<a word!");
    assert_int_equal(journal_inbox_count(j, "bob", -1, NULL, &count), ERR_OK);
    assert_int_equal(count.unread, 1);
    read_it(j, &d);
    page(j, &(struct mailbox_filter){.name = "bob", .limit = 9}, "<a word");
    page(j, &(struct mailbox_filter){.name = "bob", .limit = 9, .unread = true}, "");
    journal_close(j);
}

/* Ids rise, so their beginnings are alike; their ends are not. */
static void ends_name_messages(void **state)
{
    const struct letter one = {"ann", "bob", "", "x", "", MAIL_COMMS};
    char ids[200][MAIL_ID], found[MAIL_ID];
    struct journal *j = open_memory();
    (void)state;
    for (size_t i = 0; i < 200; i++)
        put(j, &one, ids[i]);
    for (size_t i = 0; i < 200; i++) {
        assert_int_equal(journal_message_tail(j, ids[i] + 8, found), ERR_OK);
        assert_string_equal(found, ids[i]);
    }
    assert_int_equal(journal_message_tail(j, ids[0] + 19, found), ERR_AMBIGUOUS);
    assert_int_equal(journal_message_tail(j, "zzzz", found), ERR_NOT_FOUND);
    assert_int_equal(journal_message_tail(j, "%", found), ERR_NOT_FOUND);
    assert_string_equal(found, ids[199]); /* untouched where nothing is found */
    journal_close(j);
}

static void a_page_of_many(void **state)
{
    const struct letter one = {"ann", "bob", "s", "some words of a message", "", MAIL_EMAIL};
    struct journal *j = open_memory();
    char first[MAIL_ID], found[MAIL_ID];
    int64_t next, began, took_page, took_tail;
    (void)state;
    put(j, &one, first);
    for (int i = 0; i < MANY; i++)
        put(j, &one, NULL);
    began = clock_mono_us();
    next = page(j, &(struct mailbox_filter){.name = "bob", .limit = 60}, NULL);
    next = page(j, &(struct mailbox_filter){.name = "bob", .limit = 60, .before = next}, NULL);
    took_page = clock_mono_us() - began;
    assert_true(next > 0);
    began = clock_mono_us();
    assert_int_equal(journal_message_tail(j, first + 6, found), ERR_NOT_FOUND); /* too long ago */
    took_tail = clock_mono_us() - began;
    print_message("two pages of %d messages in %lld us, the end of an id in %lld us\n", MANY,
                  (long long)took_page, (long long)took_tail);
    assert_true(took_page < 200000);
    assert_true(took_tail < 1000000);
    journal_close(j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_sides_in_one_order), cmocka_unit_test(pages_join_without_a_gap),
        cmocka_unit_test(only_the_unread),         cmocka_unit_test(search_looks_everywhere),
        cmocka_unit_test(a_long_search_goes_on),   cmocka_unit_test(what_one_sent_to_oneself),
        cmocka_unit_test(ends_name_messages),      cmocka_unit_test(a_page_of_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
