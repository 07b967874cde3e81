/* What `hooks` of the configuration must be: which command runs at which event. Pure, any thread.
 */
#ifndef BATON_BASE_CONFIG_HOOKS_H
#define BATON_BASE_CONFIG_HOOKS_H

#include "core/base/config_wrong.h"

#include <cjson/cJSON.h>
#include <stdbool.h>

/* True when an object is no list of hooks; *ret_wrong then has the first thing that is wrong. An
 * entry is an event's kind, "sessionEvent:METHOD", or "*" for all, with a command [PROGRAM, ARG…].
 */
bool config_hooks_wrong(const cJSON *hooks, struct config_wrong *ret_wrong);

#endif
