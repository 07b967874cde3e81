/* The roster: what a token opens and when, that its tables stay whole while grants come and go,
 * what a refused guest reads, and four threads at once. */
#include "core/people/roster.h"
#include "core/base/mem.h"

#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define NOW          INT64_C(1795248000000) /* 2026-11-21 08:00 UTC */

/* A grant of the token, which is made here. */
static struct grant grant_new(const char *id, const char *member, char token[TOKEN_TEXT])
{
    struct grant g = {.kind = BATON_HUMAN, .role = ROLE_DRIVER, .workspace = "demo"};
    snprintf(g.id, sizeof g.id, "%s", id);
    snprintf(g.member, sizeof g.member, "%s", member);
    token_make(token);
    token_hash(token, g.hash);
    return g;
}

static void assert_grant(const struct grant *a, const struct grant *b)
{
    assert_string_equal(a->hash, b->hash);
    assert_string_equal(a->id, b->id);
    assert_string_equal(a->member, b->member);
    assert_string_equal(a->workspace, b->workspace);
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->role, b->role);
    assert_int_equal(a->expires_ms, b->expires_ms);
    assert_int_equal(a->revoked, b->revoked);
}

/* ---- what a token opens ---- */

static void answers(void **state)
{
    static const struct {
        int64_t expires_ms;
        bool revoked;
        enum roster_answer answer;
    } cases[] = {
        {0, false, ROSTER_OK},
        {INT64_MAX, false, ROSTER_OK},
        {NOW + 1, false, ROSTER_OK},
        {NOW, false, ROSTER_EXPIRED},
        {NOW - 1, false, ROSTER_EXPIRED},
        {1, false, ROSTER_EXPIRED},
        {0, true, ROSTER_REVOKED},
        {NOW + 1, true, ROSTER_REVOKED},
        {NOW - 1, true, ROSTER_REVOKED},
    };
    struct roster *r = roster_create();
    char token[TOKEN_TEXT];
    struct grant g = grant_new("inv3", "grace", token), got;
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        g.expires_ms = cases[i].expires_ms;
        g.revoked = cases[i].revoked;
        assert_int_equal(roster_put(r, &g), ERR_OK);
        memset(&got, 0, sizeof got);
        assert_int_equal(roster_find(r, token, NOW, &got), cases[i].answer);
        assert_grant(&got, &g);
    }
    roster_destroy(r);
}

static void unknown_ones(void **state)
{
    struct roster *r = roster_create();
    char token[TOKEN_TEXT], other[TOKEN_TEXT], long_text[1000];
    struct grant g = grant_new("inv1", "ada", token), got = {.id = "untouched"};
    (void)state;
    token_make(other);
    memset(long_text, 'A', sizeof long_text - 1);
    memcpy(long_text, "btn_", 4);
    long_text[sizeof long_text - 1] = '\0';
    assert_int_equal(roster_find(r, token, NOW, &got), ROSTER_UNKNOWN); /* nobody is there yet */
    assert_int_equal(roster_put(r, &g), ERR_OK);
    /* The hash opens nothing: who reads the journal is not let in by what stands there. */
    const char *const wrong[] = {other, long_text, g.hash, g.id, "", "btn_", NULL};
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_int_equal(roster_find(r, wrong[i], NOW, &got), ROSTER_UNKNOWN);
    assert_string_equal(got.id, "untouched");
    assert_int_equal(roster_find(r, token, NOW, &got), ROSTER_OK);
    roster_destroy(r);
}

static void a_new_token_replaces_the_old(void **state)
{
    struct roster *r = roster_create();
    char old_token[TOKEN_TEXT], new_token[TOKEN_TEXT];
    struct grant a = grant_new("inv1", "ada", old_token), got;
    struct grant b = grant_new("inv1", "grace", new_token);
    size_t count;
    (void)state;
    b.kind = BATON_AGENT;
    b.role = ROLE_AGENT;
    assert_int_equal(roster_put(r, &a), ERR_OK);
    assert_int_equal(roster_put(r, &b), ERR_OK);
    assert_int_equal(roster_find(r, old_token, NOW, &got), ROSTER_UNKNOWN);
    assert_int_equal(roster_find(r, new_token, NOW, &got), ROSTER_OK);
    assert_grant(&got, &b);
    free(roster_all(r, &count));
    assert_int_equal(count, 1);
    assert_true(roster_remove(r, "inv1"));
    assert_false(roster_remove(r, "inv1"));
    assert_int_equal(roster_find(r, new_token, NOW, &got), ROSTER_UNKNOWN);
    roster_destroy(r);
}

/* ---- what is refused ---- */

static void two_ids_never_share_a_token(void **state)
{
    struct roster *r = roster_create();
    char token[TOKEN_TEXT];
    struct grant a = grant_new("inv1", "ada", token), b = a, got;
    (void)state;
    snprintf(b.id, sizeof b.id, "inv2");
    assert_int_equal(roster_put(r, &a), ERR_OK);
    assert_int_equal(roster_put(r, &b), ERR_EXISTS);
    assert_false(roster_remove(r, "inv2"));
    assert_int_equal(roster_find(r, token, NOW, &got), ROSTER_OK);
    assert_grant(&got, &a);
    /* Free again once the first is gone. */
    assert_true(roster_remove(r, "inv1"));
    assert_int_equal(roster_put(r, &b), ERR_OK);
    roster_destroy(r);
}

static void refuses(struct roster *r, const struct grant *g)
{
    size_t count;
    assert_int_equal(roster_put(r, g), ERR_INVALID);
    free(roster_all(r, &count));
    assert_int_equal(count, 0);
}

static void wrong_grants(void **state)
{
    struct roster *r = roster_create();
    char token[TOKEN_TEXT];
    const struct grant good = grant_new("inv1", "ada", token);
    struct grant g;
    (void)state;
#define WRONG(change) (g = good, change, refuses(r, &g))
    WRONG(g.hash[0] = '\0');
    WRONG(g.hash[63] = '\0');
    WRONG(g.hash[64] = '0');
    WRONG(g.hash[5] = 'A');
    WRONG(g.hash[5] = 'g');
    WRONG(g.id[0] = '\0');
    WRONG(memset(g.id, 'i', sizeof g.id));
    WRONG(g.member[0] = '\0');
    WRONG(memset(g.member, 'm', sizeof g.member));
    WRONG(memset(g.workspace, 'w', sizeof g.workspace));
    WRONG(g.kind = BATON_KIND_COUNT);
    WRONG(g.kind = (enum baton_kind) - 1);
    WRONG(g.role = (enum role)0);
    WRONG(g.role = (enum role)(ROLE_OWNER + 1));
    WRONG(g.expires_ms = -1);
#undef WRONG
    g = good;
    g.workspace[0] = '\0'; /* all of them */
    assert_int_equal(roster_put(r, &g), ERR_OK);
    roster_destroy(r);
    roster_destroy(NULL);
}

/* ---- many ---- */

#define MANY 5000

static void fill(struct roster *r, struct grant *grants, char (*tokens)[TOKEN_TEXT])
{
    for (int i = 0; i < MANY; i++) {
        char id[32], member[32];
        snprintf(id, sizeof id, "inv%d", i);
        snprintf(member, sizeof member, "member%d", i % 7);
        grants[i] = grant_new(id, member, tokens[i]);
        assert_int_equal(roster_put(r, &grants[i]), ERR_OK);
    }
}

/* Every third is removed, every other one put again: all are found that should be, in their order.
 */
static void thousands(void **state)
{
    struct roster *r = roster_create();
    struct grant *grants = mem_calloc(MANY, sizeof *grants), got;
    char(*tokens)[TOKEN_TEXT] = mem_calloc(MANY, sizeof *tokens);
    size_t count, at = 0;
    (void)state;
    fill(r, grants, tokens);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(roster_find(r, tokens[i], NOW, &got), ROSTER_OK);
        assert_grant(&got, &grants[i]);
    }
    for (int i = 0; i < MANY; i++) {
        if (i % 3 == 0) {
            assert_true(roster_remove(r, grants[i].id));
        } else if (i % 2 == 0) {
            grants[i].revoked = true;
            assert_int_equal(roster_put(r, &grants[i]), ERR_OK);
        }
    }
    struct grant *all = roster_all(r, &count);
    for (int i = 0; i < MANY; i++) {
        enum roster_answer expected = i % 3 == 0   ? ROSTER_UNKNOWN
                                      : i % 2 == 0 ? ROSTER_REVOKED
                                                   : ROSTER_OK;
        assert_int_equal(roster_find(r, tokens[i], NOW, &got), expected);
        if (expected != ROSTER_UNKNOWN) {
            assert_true(at < count);
            assert_grant(&all[at++], &grants[i]);
        }
    }
    assert_int_equal(at, count);
    free(all);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(roster_remove(r, grants[i].id), i % 3 != 0);
    all = roster_all(r, &count);
    assert_non_null(all);
    assert_int_equal(count, 0);
    free(all);
    free(tokens);
    free(grants);
    roster_destroy(r);
}

static struct grant numbered(int i, const char *member, bool revoked)
{
    struct grant g = {.kind = BATON_AGENT, .role = ROLE_AGENT, .revoked = revoked};
    char token[TOKEN_TEXT];
    token_make(token);
    token_hash(token, g.hash);
    snprintf(g.id, sizeof g.id, "inv%d", i);
    snprintf(g.member, sizeof g.member, "%s", member);
    snprintf(g.workspace, sizeof g.workspace, "main");
    return g;
}

static void those_that_ended_make_room(void **state)
{
    struct roster *r = roster_create();
    struct grant g;
    (void)state;
    for (int i = 0; i < ROSTER_MAX; i++) {
        g = numbered(i, "box", i == 7 || i == 9);
        assert_int_equal(roster_put(r, &g), ERR_OK);
    }
    for (int i = 0; i < 3; i++) {
        g = numbered(ROSTER_MAX + i, "late", false);
        assert_int_equal(roster_put(r, &g), i < 2 ? ERR_OK : ERR_LIMIT);
    }
    assert_false(roster_remove(r, "inv7"));
    assert_false(roster_remove(r, "inv9"));
    assert_true(roster_remove(r, "inv8"));
    roster_destroy(r);
}

static void the_oldest_of_too_many_is_named(void **state)
{
    struct roster *r = roster_create();
    bool here = true;
    char id[32] = "";
    (void)state;
    for (int i = 0; i < 6; i++) {
        const struct grant g = numbered(i, i == 1 ? "other" : "box", i != 0);
        assert_int_equal(roster_put(r, &g), ERR_OK);
    }
    assert_false(roster_surplus(r, "box", "main", 4, id));
    assert_false(roster_surplus(r, "box", "elsewhere", 0, id));
    assert_true(roster_surplus(r, "box", "main", 3, id));
    assert_string_equal(id, "inv2");
    assert_true(roster_binds(r, "box", "main", &here) && here);
    assert_true(roster_binds(r, "other", "elsewhere", &here) && !here);
    assert_false(roster_binds(r, "nobody", "main", &here));
    roster_destroy(r);
}

static void a_full_roster(void **state)
{
    struct roster *r = roster_create();
    struct grant g = {.member = "ada", .kind = BATON_HUMAN, .role = ROLE_OBSERVER};
    (void)state;
    for (int i = 0; i <= ROSTER_MAX; i++) {
        snprintf(g.id, sizeof g.id, "inv%d", i);
        snprintf(g.hash, sizeof g.hash, "%064x", (unsigned)i);
        assert_int_equal(roster_put(r, &g), i < ROSTER_MAX ? ERR_OK : ERR_LIMIT);
    }
    /* What is there can still be changed, and what went makes room. */
    struct grant again = g;
    snprintf(again.id, sizeof again.id, "inv0");
    assert_int_equal(roster_put(r, &again), ERR_OK);
    assert_true(roster_remove(r, "inv0"));
    assert_int_equal(roster_put(r, &g), ERR_OK);
    roster_destroy(r);
}

/* ---- in words ---- */

static void refusals(void **state)
{
    static const struct {
        enum roster_answer answer;
        const char *member, *sentence;
    } cases[] = {
        {ROSTER_OK, "grace", ""},
        {ROSTER_UNKNOWN, "grace", "the token is not known to this hub"},
        {ROSTER_EXPIRED, "grace", "the invitation inv3 for grace ended on 2026-11-21 08:00 UTC"},
        {ROSTER_REVOKED, "grace", "the invitation inv3 for grace was revoked"},
        {ROSTER_REVOKED, "g\x1b[31m\n\xff",
         "the invitation inv3 for g\u241b[31m \ufffd was revoked"},
    };
    _Static_assert(COUNT(cases) > ROSTER_ANSWER_COUNT, "every answer, and a wild name");
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct grant g = {.id = "inv3", .expires_ms = NOW};
        char out[512];
        snprintf(g.member, sizeof g.member, "%s", cases[i].member);
        roster_refusal(cases[i].answer, &g, out, sizeof out);
        assert_string_equal(out, cases[i].sentence);
    }
}

static void refusals_of_any_size(void **state)
{
    struct grant g = {.expires_ms = INT64_MAX};
    char whole[512], out[512];
    (void)state;
    roster_refusal(ROSTER_UNKNOWN, NULL, whole, sizeof whole); /* which grant, it cannot know */
    memset(g.id, 0x01, sizeof g.id - 1);
    memset(g.member, 0xff, sizeof g.member - 1);
    for (int answer = ROSTER_EXPIRED; answer <= ROSTER_REVOKED; answer++) {
        roster_refusal((enum roster_answer)answer, &g, whole, sizeof whole);
        const char *end = strstr(whole, answer == ROSTER_EXPIRED ? " UTC" : " revoked");
        assert_non_null(end);
        assert_true(end[strcspn(end + 1, " ") + 1] == '\0'); /* it is whole */
        for (size_t size = 1; size <= sizeof out; size++) {
            memset(out, '!', sizeof out);
            roster_refusal((enum roster_answer)answer, &g, out, size);
            size_t n = strlen(out);
            assert_true(n < size);
            assert_memory_equal(out, whole, n);
            assert_true(size == sizeof out || out[size] == '!');
            assert_true(((unsigned char)whole[n] & 0xc0) != 0x80); /* cut between characters */
        }
    }
}

/* ---- four threads ---- */

#define THREADS 4
#define OWN     48 /* ids that one thread alone puts and removes; all threads look for all */
#define ROUNDS  4000

struct hammer {
    struct roster *roster;
    char (*tokens)[TOKEN_TEXT]; /* of all threads */
    int number;
    int64_t version[OWN]; /* what it put last; 0: it is not there */
    const char *wrong;    /* what this thread saw, as asserts belong to the first thread */
};

/* Every field follows from the id and the version, so that a torn copy shows. */
static struct grant hammered(int i, int64_t version, const char *token)
{
    struct grant g = {.expires_ms = version, .role = ROLE_DRIVER, .revoked = version % 2};
    snprintf(g.id, sizeof g.id, "inv%d", i);
    snprintf(g.member, sizeof g.member, "m%d.%" PRId64, i, version);
    snprintf(g.workspace, sizeof g.workspace, "w%d.%" PRId64, i, version);
    token_hash(token, g.hash);
    return g;
}

static bool same(const struct grant *a, const struct grant *b)
{
    return strcmp(a->hash, b->hash) == 0 && strcmp(a->id, b->id) == 0 &&
           strcmp(a->member, b->member) == 0 && strcmp(a->workspace, b->workspace) == 0 &&
           a->kind == b->kind && a->role == b->role && a->expires_ms == b->expires_ms &&
           a->revoked == b->revoked;
}

static void look_for(struct hammer *h, int i)
{
    struct grant got = {.id = ""};
    enum roster_answer answer = roster_find(h->roster, h->tokens[i], 0, &got);
    bool own = i / OWN == h->number;
    int64_t version = own ? h->version[i % OWN] : got.expires_ms;

    if (answer == ROSTER_UNKNOWN) {
        if (own && version)
            h->wrong = "what it put is not there";
        return;
    }
    struct grant expected = hammered(i, version, h->tokens[i]);
    if (!same(&got, &expected))
        h->wrong = "a find gave another grant than was put";
    if (answer != (got.revoked ? ROSTER_REVOKED : ROSTER_OK))
        h->wrong = "an answer does not fit its grant";
}

static void look_at_all(struct hammer *h)
{
    size_t count;
    struct grant *all = roster_all(h->roster, &count);
    bool seen[THREADS * OWN] = {false};
    for (size_t k = 0; k < count; k++) {
        int i = atoi(all[k].id + strlen("inv"));
        struct grant expected = hammered(i, all[k].expires_ms, h->tokens[i]);
        if (!same(&all[k], &expected) || seen[i])
            h->wrong = "a listing has a torn grant, or one twice";
        seen[i] = true;
    }
    for (int i = 0; i < OWN; i++)
        if (seen[h->number * OWN + i] != (h->version[i] != 0))
            h->wrong = "a listing has not what it put";
    free(all);
}

static void *hammer_run(void *data)
{
    struct hammer *h = data;
    uint32_t random = 2463534242u + (uint32_t)h->number;
    for (int round = 1; round <= ROUNDS && !h->wrong; round++) {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        int slot = (int)(random >> 8) % OWN, i = h->number * OWN + slot;
        if (random % 4 == 0) {
            if (roster_remove(h->roster, hammered(i, 0, h->tokens[i]).id) != !!h->version[slot])
                h->wrong = "a removal of what is not there, or the reverse";
            h->version[slot] = 0;
        } else if (random % 4 == 1) {
            struct grant g = hammered(i, round, h->tokens[i]);
            if (roster_put(h->roster, &g) != ERR_OK)
                h->wrong = "a put failed";
            h->version[slot] = round;
        }
        look_for(h, i);
        look_for(h, (int)(random >> 16) % (THREADS * OWN));
        if (round % 64 == 0)
            look_at_all(h);
    }
    return NULL;
}

static void four_threads(void **state)
{
    struct roster *r = roster_create();
    char(*tokens)[TOKEN_TEXT] = mem_calloc(THREADS * OWN, sizeof *tokens);
    struct hammer hammers[THREADS] = {{.number = 0}};
    pthread_t threads[THREADS];
    (void)state;
    for (int i = 0; i < THREADS * OWN; i++)
        token_make(tokens[i]);
    for (int i = 0; i < THREADS; i++) {
        hammers[i] = (struct hammer){.roster = r, .tokens = tokens, .number = i};
        assert_int_equal(pthread_create(&threads[i], NULL, hammer_run, &hammers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i < THREADS; i++) {
        look_at_all(&hammers[i]); /* at rest: exactly what each of them left there */
        if (hammers[i].wrong)
            fail_msg("thread %d: %s", i, hammers[i].wrong);
    }
    free(tokens);
    roster_destroy(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),
        cmocka_unit_test(unknown_ones),
        cmocka_unit_test(a_new_token_replaces_the_old),
        cmocka_unit_test(two_ids_never_share_a_token),
        cmocka_unit_test(wrong_grants),
        cmocka_unit_test(thousands),
        cmocka_unit_test(a_full_roster),
        cmocka_unit_test(those_that_ended_make_room),
        cmocka_unit_test(the_oldest_of_too_many_is_named),
        cmocka_unit_test(refusals),
        cmocka_unit_test(refusals_of_any_size),
        cmocka_unit_test(four_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
