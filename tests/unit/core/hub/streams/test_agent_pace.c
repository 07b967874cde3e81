/* A flood walks while another agent speaks, and at no other time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/hub/streams/agent_pace.h"
#include "core/hub/streams/agents.h"

#define NOW   INT64_C(5000000)
#define FLOOD (AGENT_BATCH_MAX + 1)

static void a_flood_walks_beside_others(void **state)
{
    (void)state;
    const int64_t next = agent_pace(FLOOD, NOW, NOW - 1000);
    assert_true(next > NOW && next < NOW + 20000);
    assert_int_equal(next, agent_pace(64 * FLOOD, NOW, NOW + 10));
    assert_true(agent_pace(FLOOD, NOW, NOW - 200000) > NOW);
}

static void alone_it_runs(void **state)
{
    (void)state;
    assert_true(agent_pace(FLOOD, NOW, INT64_MIN) <= NOW);
    assert_true(agent_pace(FLOOD, NOW, NOW - 1000000) <= NOW);
}

static void a_little_goes_at_once(void **state)
{
    (void)state;
    assert_false(agent_floods(AGENT_BATCH_MAX));
    assert_true(agent_floods(FLOOD));
    assert_true(agent_pace(AGENT_BATCH_MAX, NOW, NOW) <= NOW);
    assert_true(agent_pace(100, NOW, NOW) <= NOW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flood_walks_beside_others),
        cmocka_unit_test(alone_it_runs),
        cmocka_unit_test(a_little_goes_at_once),
    };
    return cmocka_run_group_tests_name("agent_pace", tests, NULL, NULL);
}
