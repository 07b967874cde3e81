/* Arguments to an input object, by a capability's input schema alone. Pure but for the functions
 * that say that they read; one thread. */
#ifndef BATON_CLI_FLAGS_H
#define BATON_CLI_FLAGS_H

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/catalogue/catalogue.h"
#include "core/catalogue/value.h"
#include "transport/cli/cli.h"

/* The flags that stand before the group or after it. */
struct globals {
    struct cli_options options;
    bool help, version;
};

/* Takes argv[i] when it is a global flag. Gives how many arguments it was (1 or 2), 0 when it is
 * none, -1 when it is wrong: why has the sentence. */
int globals_take(struct globals *g, int argc, char **argv, int i, char *why, size_t size);

struct flags {
    cJSON *input;       /* what was given; the caller's */
    const char *unread; /* the property that standard input has to fill, or NULL; borrows schema */
    bool follow;        /* --follow, of a CAP_FOLLOW command */
};

/* Reads argv[0..argc) behind the command's name. schema is the row's input, parsed and checked.
 * ERR_USAGE: why has one sentence, without an end mark where a seed fixes its words. With --help
 * (g->help) nothing is missed. May read the file of --input-file. */
enum err flags_parse(const struct capability *row, const cJSON *schema, int argc, char **argv,
                     struct globals *g, struct flags *ret_flags, char *why, size_t size);
void flags_finish(struct flags *f);

/* Puts what fd holds, at most limit bytes, into f->unread. What is no text goes as base64 into the
 * property `data` where the schema has one, else into the same with `encoding`. Reads to the end.
 */
enum err flags_read(struct flags *f, const cJSON *schema, int fd, size_t limit, char *why,
                    size_t size);

/* Checks the input as the hub will; the sentence speaks of flags and arguments, not of JSON. */
enum err flags_check(const struct flags *f, const cJSON *schema, char *why, size_t size);

/* What help and errors call a property's value: x-value, or the name in capitals. Appends. */
void flag_value_name(const cJSON *property, struct buf *out);
/* Is the property one of the schema's plain arguments (x-positional) or its rest? */
bool flag_is_positional(const cJSON *schema, const char *property);
bool flag_is_rest(const cJSON *schema, const char *property);
bool flag_is_boolean(const cJSON *property);

#endif
