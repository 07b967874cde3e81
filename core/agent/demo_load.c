/* Instructions of the demo agent that are there to be measured with: texts that tell when they were
 * written, and a long day's work in a moment. */
#include "core/agent/demo_private.h"
#include "core/base/clock.h"
#include "core/base/mem.h"

#include <stdlib.h>

#define COUNT_MOST 10000000
#define RATE_MOST  1000000
#define AT_ONCE    16 /* updates of one step: other sessions have their turn in between */

/* --- stamps ------------------------------------------------------------------------------------
 */

static void stamp(struct turn *t)
{
    char *text = mem_printf("T%lld%c", (long long)clock_mono_us(), t->i % 4 == 3 ? '\n' : ' ');
    turn_text(t, text);
    free(text);
    t->i++;
}

/* Paced by the clock and not by the step before, so that a late step doesn't lower the rate. */
enum step do_stamps(struct turn *t)
{
    const char *at = t->arg;
    if (t->phase++ == 0) {
        t->n = turn_number(&at, 100, COUNT_MOST);
        t->rate = turn_number(&at, 50, RATE_MOST);
        t->since_us = clock_mono_us();
        if (t->said && t->n)
            turn_text(t, "\n");
    }
    const int64_t due =
        t->rate ? (clock_mono_us() - t->since_us) * t->rate / 1000000 + 1 : t->i + AT_ONCE;
    for (int k = 0; k < AT_ONCE && t->i < t->n && t->i < due; k++)
        stamp(t);
    if (t->i >= t->n)
        return STEP_NEXT;
    if (!t->rate || t->i < due)
        return STEP_YIELD;
    t->wake_us = t->since_us + t->i * 1000000 / t->rate;
    return STEP_WAIT;
}

/* --- work --------------------------------------------------------------------------------------
 */

static void one_of_work(struct turn *t)
{
    static const char path[] = "src/hub.c";
    const long long i = (long long)++t->i;
    char *text;
    switch (i % 4) {
    case 0:
        text =
            mem_printf("Step %08lld: some words of an answer, **bold** and `code`, and more.\n", i);
        turn_text(t, text);
        break;
    case 1: {
        cJSON *update = turn_kind("agent_thought_chunk");
        text = mem_printf("Thought %08lld, and then", i);
        cJSON_AddItemToObject(update, "content", rpc_text_block(text));
        turn_update(t, update);
        break;
    }
    case 2:
        text = mem_printf("Edit %08lld", i);
        tool_open(t, "edit", text, path, NULL,
                  tool_content_diff(path, "one\ntwo\nthree\n", "one\n2\nthree\n"));
        break;
    default:
        text = NULL;
        tool_update(t, "completed", NULL, NULL);
        break;
    }
    free(text);
}

/* A text, a thought, a tool call and its end, and so on; each but the last has its number. */
enum step do_work(struct turn *t)
{
    const char *at = t->arg;
    if (t->phase++ == 0)
        t->n = turn_number(&at, 1000, COUNT_MOST) & ~(int64_t)3; /* no call stays open */
    for (int k = 0; k < AT_ONCE && t->i < t->n; k++)
        one_of_work(t);
    return t->i < t->n ? STEP_YIELD : STEP_NEXT;
}
