/* What `members` of the configuration must be: who else of this machine may come to a hub, and as
 * what. Pure, any thread. */
#ifndef BATON_BASE_CONFIG_MEMBERS_H
#define BATON_BASE_CONFIG_MEMBERS_H

#include "core/base/config_wrong.h"

#include <cjson/cJSON.h>
#include <stdbool.h>

/* True when an object is no list of members; *ret_wrong then has the first thing that is wrong. An
 * entry is {"user": U} or {"group": G}, with "role" observer or driver and maybe "workspace". */
bool config_members_wrong(const cJSON *members, struct config_wrong *ret_wrong);

#endif
