/* A folder of links by which a program is called under many names: `baton`, `agentos`, and for each
 * group of commands `baton-GROUP` and `agentos-GROUP`. Any thread, one at a time for a folder. */
#ifndef BATON_WORK_COMMAND_LINKS_H
#define BATON_WORK_COMMAND_LINKS_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* May it be a part of a file's name as it is? 1 to 64 of [a-z0-9-], not beginning with '-'. */
bool command_group_ok(const char *group);

/* Makes the folder (private) when it is not there, and the links in it to target: one for each
 * name, no matter whether target exists here. What is right stays as it is, links of names that are
 * no longer wanted go; what is no link is not touched. Groups that are not OK are left out, and one
 * may be named twice. ERR_EXISTS: something else has a name that is wanted; the others are made. */
enum err command_links(const char *folder, const char *target, const char *const *groups,
                       size_t count);

#endif
