/* Neighbours: which line of the configuration decides for a user, as whom they act, what they may
 * hear, that rights follow when lines or groups change, and four threads at once. */
#include "core/people/neighbours.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { DEVS = 500, OPS = 501, GRACE = 1001, ADA = 1002, MALLORY = 1003 };

static const struct neighbour lines[] = {
    {"devs", true, DEVS, ROLE_DRIVER, ""},
    {"ops", true, OPS, ROLE_OBSERVER, "live"},
    {"grace", false, GRACE, ROLE_OBSERVER, "main"},
    {"linus", false, 1010, ROLE_DRIVER, "main"},
};

static struct neighbour_person person(uid_t uid, const char *account, const gid_t *groups,
                                      size_t count)
{
    struct neighbour_person p = {.uid = uid, .groups = groups, .group_count = count};
    snprintf(p.account, sizeof p.account, "%s", account);
    return p;
}

/* ---- which line counts ---- */

static void matches(void **state)
{
    static const struct {
        const char *what;
        uid_t uid;
        const char *account;
        gid_t groups[3];
        size_t count;
        const char *member; /* NULL: no right */
        enum role role;
        const char *workspace;
    } cases[] = {
        {"by user", GRACE, "grace", {100}, 1, "grace", ROLE_OBSERVER, "main"},
        {"by user before groups", GRACE, "grace", {DEVS}, 1, "grace", ROLE_OBSERVER, "main"},
        {"the line's name, not the account's", GRACE, "gh", {0}, 0, "grace", ROLE_OBSERVER, "main"},
        {"by group", ADA, "ada", {100, DEVS}, 2, "ada", ROLE_DRIVER, ""},
        {"of two groups the first line", ADA, "ada", {OPS, DEVS}, 2, "ada", ROLE_DRIVER, ""},
        {"by the other group", ADA, "ada", {OPS}, 1, "ada", ROLE_OBSERVER, "live"},
        {"a stranger", MALLORY, "mallory", {100, 502}, 2, NULL, 0, NULL},
        {"no groups", MALLORY, "mallory", {0}, 0, NULL, 0, NULL},
        {"the same number as uid and as gid", DEVS, "x", {GRACE}, 1, NULL, 0, NULL},
        {"an account called as a line is", ADA, "linus", {DEVS}, 1, "linus@1002", ROLE_DRIVER, ""},
        {"an account called as a group's line", ADA, "devs", {DEVS}, 1, "devs", ROLE_DRIVER, ""},
        {"an account that is no member's name",
         ADA,
         "DOM\\ada",
         {DEVS},
         1,
         "uid1002",
         ROLE_DRIVER,
         ""},
        {"no account", ADA, "", {DEVS}, 1, "uid1002", ROLE_DRIVER, ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct neighbour_person p =
            person(cases[i].uid, cases[i].account, cases[i].groups, cases[i].count);
        struct neighbour_right r = {.role = ROLE_OWNER};
        const char *member = cases[i].member;
        const bool has = neighbours_match(lines, COUNT(lines), &p, &r);
        if (has != (member != NULL))
            fail_msg("%s: %d", cases[i].what, has);
        if (!member) {
            assert_int_equal(r.role, ROLE_OWNER); /* untouched */
            continue;
        }
        if (strcmp(r.member, member) != 0)
            fail_msg("%s: is %s", cases[i].what, r.member);
        assert_int_equal(r.role, cases[i].role);
        assert_string_equal(r.workspace, cases[i].workspace);
    }
    struct neighbour_right r;
    struct neighbour_person p = person(GRACE, "grace", NULL, 0);
    assert_false(neighbours_match(NULL, 0, &p, &r));
}

static void longest_account(void **state)
{
    static const gid_t devs = DEVS;
    char name[BATON_NAME_MAX];
    struct neighbour own = {"", false, 7, ROLE_DRIVER, ""}, both[2] = {lines[0], own};
    struct neighbour_right r;
    (void)state;
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    memcpy(both[1].name, name, sizeof name);
    struct neighbour_person p = person(4294967294u, name, &devs, 1);
    assert_true(neighbours_match(both, 2, &p, &r));
    assert_string_equal(r.member + strlen(r.member) - 11, "@4294967294");
}

static void sameness(void **state)
{
    const struct neighbour_right a = {"ada", ROLE_DRIVER, "main"};
    struct neighbour_right b = a;
    (void)state;
    assert_true(neighbours_same(&a, &b));
    b.role = ROLE_OBSERVER;
    assert_false(neighbours_same(&a, &b));
    b = a;
    b.workspace[0] = '\0';
    assert_false(neighbours_same(&a, &b));
    b = a;
    b.member[0] = 'b';
    assert_false(neighbours_same(&a, &b));
}

/* ---- the table ---- */

static void meet(struct neighbours *n, uid_t uid, const char *account, gid_t group)
{
    struct neighbour_person p = person(uid, account, &group, 1);
    neighbours_meet(n, &p);
}

static void rights_follow(void **state)
{
    struct neighbours *n = neighbours_create();
    struct neighbour_right r;
    size_t count;
    (void)state;
    meet(n, GRACE, "grace", 100);
    assert_false(neighbours_find(n, GRACE, &r)); /* no lines yet */
    neighbours_put(n, lines, COUNT(lines));
    assert_true(neighbours_find(n, GRACE, &r));
    assert_string_equal(r.member, "grace");
    assert_false(neighbours_find(n, ADA, &r)); /* never met */
    meet(n, ADA, "ada", DEVS);
    assert_true(neighbours_find(n, ADA, &r));
    assert_int_equal(r.role, ROLE_DRIVER);
    meet(n, ADA, "ada", 100); /* out of the group */
    assert_false(neighbours_find(n, ADA, &r));
    meet(n, ADA, "ada", OPS);
    assert_true(neighbours_find(n, ADA, &r));
    assert_string_equal(r.workspace, "live");
    neighbours_put(n, lines, 1);
    assert_false(neighbours_find(n, ADA, &r));
    assert_false(neighbours_find(n, GRACE, &r));
    uid_t *all = neighbours_met(n, &count);
    assert_int_equal(count, 2);
    assert_int_equal(all[0], GRACE);
    assert_int_equal(all[1], ADA);
    free(all);
    neighbours_put(n, NULL, 0);
    neighbours_destroy(n);
    neighbours_destroy(NULL);
}

static void by_name(void **state)
{
    struct neighbours *n = neighbours_create();
    struct neighbour_right r;
    (void)state;
    neighbours_put(n, lines, COUNT(lines));
    assert_true(neighbours_named(n, "linus", &r)); /* a line's, though never met */
    assert_int_equal(r.role, ROLE_DRIVER);
    assert_string_equal(r.workspace, "main");
    assert_false(neighbours_named(n, "devs", &r)); /* nobody goes by a group's line */
    assert_false(neighbours_named(n, "ada", &r));
    meet(n, ADA, "ada", DEVS);
    assert_true(neighbours_named(n, "ada", &r));
    assert_string_equal(r.workspace, "");
    meet(n, ADA, "ada", 100);
    assert_false(neighbours_named(n, "ada", &r));
    neighbours_destroy(n);
}

static void hearing(void **state)
{
    struct neighbours *n = neighbours_create();
    (void)state;
    neighbours_put(n, lines, COUNT(lines));
    meet(n, GRACE, "grace", 100);
    meet(n, ADA, "ada", DEVS);
    meet(n, MALLORY, "mallory", 100);
    assert_true(neighbours_know(n, GRACE, 0));
    assert_false(neighbours_know(n, MALLORY, 0));
    assert_false(neighbours_know(n, 4242, 0));
    assert_true(neighbours_may_hear(n, GRACE, 0, "main"));
    assert_false(neighbours_may_hear(n, GRACE, 0, "mai"));
    assert_false(neighbours_may_hear(n, GRACE, 0, "main2"));
    assert_false(neighbours_may_hear(n, GRACE, 0, "two"));
    assert_false(neighbours_may_hear(n, GRACE, 0, NULL));
    assert_true(neighbours_may_hear(n, ADA, 0, "two"));
    assert_true(neighbours_may_hear(n, ADA, 0, NULL));
    assert_false(neighbours_may_hear(n, MALLORY, 0, "main"));
    assert_false(neighbours_may_hear(n, MALLORY, 0, NULL));
    neighbours_let_in(n, 7, "two"); /* a token */
    assert_true(neighbours_know(n, MALLORY, 7));
    assert_false(neighbours_know(n, MALLORY, 8));
    assert_false(neighbours_know(n, MALLORY, 0));
    assert_true(neighbours_may_hear(n, MALLORY, 7, "two"));
    assert_false(neighbours_may_hear(n, MALLORY, 7, "main"));
    assert_false(neighbours_may_hear(n, MALLORY, 7, NULL));
    assert_true(neighbours_may_hear(n, GRACE, 7, "two")); /* by both */
    assert_true(neighbours_may_hear(n, GRACE, 7, "main"));
    neighbours_let_in(n, 7, "main"); /* another one, by the same connection */
    neighbours_let_in(n, 9, "two");
    assert_false(neighbours_may_hear(n, MALLORY, 7, "two"));
    neighbours_gone(n, 7);
    neighbours_gone(n, 7);
    assert_false(neighbours_know(n, MALLORY, 7));
    assert_true(neighbours_know(n, MALLORY, 9));
    neighbours_destroy(n);
}

/* Whoever comes again and again under new uids does not push those out who have a right. */
static void remembers_so_many(void **state)
{
    struct neighbours *n = neighbours_create();
    size_t count;
    (void)state;
    neighbours_put(n, lines, COUNT(lines));
    meet(n, GRACE, "grace", 100);
    for (uid_t uid = 10000; uid < 10000 + 2 * NEIGHBOURS_MET_MAX; uid++)
        meet(n, uid, "x", 100);
    free(neighbours_met(n, &count));
    assert_int_equal(count, NEIGHBOURS_MET_MAX);
    assert_true(neighbours_know(n, GRACE, 0));
    meet(n, ADA, "ada", DEVS);
    assert_true(neighbours_know(n, ADA, 0));
    neighbours_destroy(n);
}

static void *one_thread(void *arg)
{
    struct neighbours *n = arg;
    struct neighbour_right r;
    for (unsigned i = 0; i < 3000; i++) {
        const uid_t uid = GRACE + i % 3;
        meet(n, uid, "somebody", i % 2 ? DEVS : OPS);
        if (i % 16 == 0)
            neighbours_put(n, lines, i % COUNT(lines));
        if (neighbours_find(n, uid, &r))
            assert_true(r.role == ROLE_DRIVER || r.role == ROLE_OBSERVER);
        neighbours_let_in(n, i % 8 + 1, "main");
        neighbours_may_hear(n, uid, i % 8 + 1, "main");
        neighbours_gone(n, i % 8 + 1);
    }
    return NULL;
}

static void many_threads(void **state)
{
    struct neighbours *n = neighbours_create();
    pthread_t threads[4];
    (void)state;
    for (size_t i = 0; i < COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, one_thread, n), 0);
    for (size_t i = 0; i < COUNT(threads); i++)
        pthread_join(threads[i], NULL);
    neighbours_destroy(n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches),           cmocka_unit_test(longest_account),
        cmocka_unit_test(sameness),          cmocka_unit_test(rights_follow),
        cmocka_unit_test(by_name),           cmocka_unit_test(hearing),
        cmocka_unit_test(remembers_so_many), cmocka_unit_test(many_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
