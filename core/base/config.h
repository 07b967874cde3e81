/* The configuration file, $XDG_CONFIG_HOME/baton/config.json: JSON with comments, every key
 * optional, a wrong one refused with its line. Read by the hub, the console and the CLI, each for
 * itself. A loaded configuration is constant: share it between threads freely. */
#ifndef BATON_BASE_CONFIG_H
#define BATON_BASE_CONFIG_H

#include "core/base/err.h"
#include "core/base/json.h"

struct config;

/* Loads the file; no file is an empty configuration. On ERR_CONFIG *ret_why has one sentence with
 * file and line (caller frees) and *ret_config is not touched. */
enum err config_load(struct config **ret_config, char **ret_why);
enum err config_parse(const char *text, size_t n, const char *file, struct config **ret_config,
                      char **ret_why);
void config_destroy(struct config *c);

const char *config_shell(const struct config *c);  /* `shell`, else $SHELL, else /bin/sh */
const char *config_theme(const struct config *c);  /* `theme`, else "dark" */
const char *config_prefix(const struct config *c); /* `prefix`, else "C-b" */
const cJSON *config_keys(const struct config *c);  /* `keys`: {"KEY": "command"} or NULL */
/* `members`: {"NAME": {"user" or "group", "role": "observer" or "driver", "workspace"?}}, each
 * entry whole; or NULL */
const cJSON *config_members(const struct config *c);
/* `agents`: {"NAME": {"command": [PROGRAM, ARG…], "env": {}, "cwd", "mode", "auth", "network"}},
 * each entry checked (core/base/config_agents.h); or NULL. core/agent/definitions.h lays them over
 * ours. */
const cJSON *config_agents(const struct config *c);
/* `hooks`: {"KIND", "sessionEvent:METHOD" or "*": [PROGRAM, ARG…]}, each entry checked; or NULL */
const cJSON *config_hooks(const struct config *c);
int64_t config_retention(const struct config *c);     /* `retention`: bytes a stream, else 64 MiB */
int config_history(const struct config *c);           /* `limits.history`: lines, else 10000 */
int config_max_streams(const struct config *c);       /* `limits.streams`, else 500 */
int64_t config_permission_ms(const struct config *c); /* `limits.permission`, else one hour */
int64_t config_approval_ms(const struct config *c);   /* `limits.approval`, else one hour */
/* `policy`: {"rules": [RULE…], "groups": {"NAME": {"rules": [RULE…]}}}, each rule checked
 * (core/base/config_policy.h); or NULL. core/catalogue/policy.h decides by it. */
const cJSON *config_policy(const struct config *c);
int64_t config_hook_ms(const struct config *c);     /* `limits.hook`, else 30 s */
int64_t config_sendmail_ms(const struct config *c); /* `limits.sendmail`, else 120 s */
int64_t config_line_max(const struct config *c);    /* `limits.line`: bytes, else 32 MiB */
/* Of each sandboxed workspace: `limits.memory`, else 4 GiB; `limits.processes`, else 512;
 * `limits.disk`, bytes of its home, else 4 GiB; `limits.file`, bytes of one file, else 1 GiB */
int64_t config_box_memory(const struct config *c);
int config_box_processes(const struct config *c);
int64_t config_box_disk(const struct config *c);
int64_t config_box_file(const struct config *c);
const cJSON *config_mail(const struct config *c);       /* `mail`, or NULL */
const char *config_mail_domain(const struct config *c); /* `mail.domain`, else "baton.local" */
int64_t
config_mail_hops(const struct config *c); /* `limits.hops`: of a chain of replies, else 32 */
int64_t
config_mail_rate(const struct config *c);      /* `limits.inbox_rate`: a minute, else 120; 0 all */
int config_mail_tries(const struct config *c); /* `limits.tries`: of a message, else 5 */

int config_bindings(const struct config *c); /* `limits.bindings`: commands at once, else 64 */

/* What is in force, and where each value came from: {KEY: {value, source}}; the caller's. */
cJSON *config_show(const struct config *c);

#endif
