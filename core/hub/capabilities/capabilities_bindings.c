/* The catalogue's row on bindings; bindings themselves are rows of their own (core/binding). Data.
 */
#include "core/hub/hub_private.h"

#include "core/hub/capabilities/capabilities_private.h"

const struct capability binding_rows[] = {
    {"binding", "list", "1.0", "List the bindings: commands of the hub's owner for agents",
     INPUT("properties"
           : {STRING("group", 31, "GROUP", "of this group alone"),
              SWITCH("schemas", "with their input schemas")}),
     SCHEMA({
         "type" : "array",
         "items" : {
             "type" : "object",
             "properties" : {"timeout" : {"type" : "integer", "x-unit" : "ms"}}
         },
         "x-columns" : [ "group", "name", "tier", "timeout", "description" ],
         "x-empty" : "No bindings; they are files in the configuration folder's bindings/."
     }),
     TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL, CAP_STARTS_HUB | CAP_SELF, no_errors,
     binding_list},
};

_Static_assert(sizeof binding_rows / sizeof *binding_rows == BINDING_ROWS, "the rows are counted");
