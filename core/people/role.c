/* Roles: one row for each. Pure, any thread. */
#include "core/people/role.h"

#include <stddef.h>
#include <string.h>

#define BIT(role) (1u << (role))

static const struct {
    const char *name;
    unsigned does; /* bits of the needs that it fulfils */
} roles[] = {
    [ROLE_OBSERVER] = {"observer", BIT(ROLE_OBSERVER)},
    [ROLE_AGENT] = {"agent", BIT(ROLE_OBSERVER) | BIT(ROLE_AGENT) | BIT(ROLE_DRIVER)},
    [ROLE_DRIVER] = {"driver", BIT(ROLE_OBSERVER) | BIT(ROLE_AGENT) | BIT(ROLE_DRIVER)},
    [ROLE_OWNER] = {"owner",
                    BIT(ROLE_OBSERVER) | BIT(ROLE_AGENT) | BIT(ROLE_DRIVER) | BIT(ROLE_OWNER)},
};
_Static_assert(sizeof roles / sizeof *roles == ROLE_OWNER + 1 && ROLE_OBSERVER == 1,
               "a row for each role, and none for 0");

static bool known(enum role role)
{
    return (int)role >= ROLE_OBSERVER && (int)role <= ROLE_OWNER;
}

const char *role_name(enum role role)
{
    return known(role) ? roles[role].name : "?";
}

bool role_from_name(const char *name, enum role *ret_role)
{
    for (int i = ROLE_OBSERVER; name && i <= ROLE_OWNER; i++) {
        if (strcmp(roles[i].name, name) == 0) {
            *ret_role = (enum role)i;
            return true;
        }
    }
    return false;
}

bool role_may(enum role have, enum role need)
{
    return known(have) && known(need) && (roles[have].does & BIT(need)) != 0;
}
