/* What `agents` of the configuration must be: how agents are started that we don't know, or that
 * are to be started in another way. Pure, any thread. */
#ifndef BATON_BASE_CONFIG_AGENTS_H
#define BATON_BASE_CONFIG_AGENTS_H

#include "core/base/config_wrong.h"

#include <cjson/cJSON.h>
#include <stdbool.h>

/* True when an object is no list of agents; *ret_wrong then has the first thing that is wrong. An
 * entry has "command" [PROGRAM, ARG…] (one of ours may go without), and maybe "env" {KEY: VALUE},
 * "cwd", "mode", "auth" and "network". */
bool config_agents_wrong(const cJSON *agents, struct config_wrong *ret_wrong);

/* A program and its arguments: NULL when a value is one, else the rest of a sentence. */
const char *config_command_wrong(const cJSON *v);

/* Do we know an agent of this name without being told its command? */
bool config_agent_is_ours(const char *name);

#endif
