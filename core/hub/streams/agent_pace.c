/* See agent_pace.h. */
#include "core/hub/streams/agent_pace.h"

#include "core/hub/streams/agents.h"

#define WALK_US   4000   /* between two batches of a flood */
#define SPEAKS_US 250000 /* for so long somebody who said something is thought to go on */

bool agent_floods(size_t ready)
{
    return ready > AGENT_BATCH_MAX;
}

int64_t agent_pace(size_t ready, int64_t taken, int64_t others)
{
    if (!agent_floods(ready) || others == INT64_MIN || taken - others > SPEAKS_US)
        return INT64_MIN;
    return taken + WALK_US;
}
