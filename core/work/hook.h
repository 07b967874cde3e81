/* Hooks without their running: which of them an event calls, what is written down for each, and
 * what is said of one that went wrong. Pure, any thread. */
#ifndef BATON_WORK_HOOK_H
#define BATON_WORK_HOOK_H

#include "core/base/json.h"

#define HOOK_MATCH_MAX 3 /* by kind, by kind and method, by "*" */

/* The entries of `hooks` (config_hooks; may be NULL) that an event calls: that of its kind, that of
 * "sessionEvent:METHOD", that of "*", in this order; each borrowed, its name in ->string. A notice
 * that tells of a hook calls none, or a failing hook for notices would never end. */
size_t hook_match(const cJSON *hooks, const char *kind, const cJSON *data,
                  const cJSON *ret[HOOK_MATCH_MAX]);

/* One call of a hook, as the journal keeps it and the runner gets it (core/stream/hook_work.h);
 * the caller's. line: the event as JSON; hook: an entry. */
struct hook_event {
    int64_t id;
    const char *kind, *workspace, *line;
};
/* hub: the name of the hub that calls it. Borrows all it is given. */
cJSON *hook_row(const struct hook_event *event, const cJSON *hook, const char *hub,
                int64_t timeout_ms);

/* Why a call was not carried out to its end, when there is no outcome. */
enum hook_loss { HOOK_NOT_STARTED, HOOK_RUNNER_GONE };

/* The notice about a call whose outcome (NULL: none, for that reason) is worth telling: {severity,
 * title, description, hook, kind, eventId, workspace?, output?}, the caller's. NULL when all is
 * well. */
cJSON *hook_notice(const cJSON *row, const cJSON *outcome, enum hook_loss loss);

/* The notices about a queue that is full, and about how many that has cost. */
cJSON *hook_notice_full(const char *kind, int64_t event, int64_t waiting);
cJSON *hook_notice_dropped(int64_t dropped);

#endif
