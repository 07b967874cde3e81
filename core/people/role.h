/* Roles as words, and which role is enough for what: the one place that knows. The enum itself is
 * the catalogue's, whose rows say what each call needs. Pure, any thread. */
#ifndef BATON_PEOPLE_ROLE_H
#define BATON_PEOPLE_ROLE_H

#include "core/catalogue/catalogue.h"

#include <stdbool.h>

/* "observer", "agent", "driver", "owner": on the wire and in the journal; static. "?" for a value
 * outside the list. */
const char *role_name(enum role role);

/* The role of that name, exactly. False for any other text and for NULL; *ret_role stays. */
bool role_from_name(const char *name, enum role *ret_role);

/* True when who has the role `have` may do what needs the role `need`. Agents and drivers may the
 * same, because an agent that holds a baton does with it what a driver does; what only humans may
 * do with a baton, the baton itself knows (baton.h). Observers only look, owners may all. A value
 * outside the list may nothing and is never enough. */
bool role_may(enum role have, enum role need);

#endif
