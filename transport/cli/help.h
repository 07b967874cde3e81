/* Help, from the catalogue's rows. Pure, any thread. */
#ifndef BATON_CLI_HELP_H
#define BATON_CLI_HELP_H

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/catalogue/catalogue.h"

#define HELP_WIDTH 80

/* `baton --help`: the first five minutes, then all groups. */
void help_overview(const struct catalogue *c, struct buf *out);
/* `baton GROUP --help`; false when there is no such group. */
bool help_group(const struct catalogue *c, const char *group, struct buf *out);
/* `baton GROUP NAME --help`; schema is the row's input, output its output; parsed. */
void help_command(const struct capability *cap, const cJSON *schema, const cJSON *output,
                  struct buf *out);

/* `shell open`; of the group `baton` the name alone. */
void help_name(const struct capability *cap, struct buf *out);
/* `[--cols N] ID [-- COMMAND…]`: what stands behind the name. */
void help_synopsis(const struct capability *cap, const cJSON *schema, struct buf *out);
/* A property's flag or argument as help shows it: `--cols N`, `ID`, `-- COMMAND…`. */
void help_flag(const cJSON *schema, const cJSON *property, struct buf *out);
/* What is to be known of a property: its description, choices, bounds, default. schema is the one
 * that it belongs to; NULL for a result's. */
void help_about(const cJSON *schema, const cJSON *property, struct buf *out);

/* Commands that are no rows: the console's, and the demo agent. */
struct help_door {
    const char *name, *synopsis, *help;
};
extern const struct help_door help_doors[]; /* ended by a NULL name */

#endif
