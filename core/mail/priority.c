/* See priority.h. */
#include "core/mail/priority.h"

#include <string.h>

static const char *const names[] = {"low", "normal", "high"};
#define COUNT ((int)(sizeof names / sizeof *names))

bool priority_from_name(const char *name, int *ret)
{
    for (int i = 0; name && i < COUNT; i++)
        if (strcmp(names[i], name) == 0) {
            *ret = i;
            return true;
        }
    return false;
}

const char *priority_name(int priority)
{
    return priority >= 0 && priority < COUNT ? names[priority] : "normal";
}

bool priority_before(int priority, int64_t seq, int other_priority, int64_t other_seq)
{
    return priority != other_priority ? priority > other_priority : seq < other_seq;
}
