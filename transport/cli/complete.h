/* Completion: the script for a shell, and the words that it asks for. Pure, any thread, but
 * for complete_ids. */
#ifndef BATON_CLI_COMPLETE_H
#define BATON_CLI_COMPLETE_H

#include "core/base/buf.h"
#include "core/catalogue/catalogue.h"
#include "transport/cli/cli.h"

/* The script for "bash" or "zsh"; NULL for another shell. Static text. */
const char *complete_script(const char *shell);

/* What may stand at the place of the last of words[0..n), one a line. */
void complete_words(const struct catalogue *c, int n, char **words, struct buf *out);

/* The property whose value the last word is: of a flag before it, of --workspace, or the plain
 * argument that stands there; borrows static text. NULL when it is none of those that have ids. */
const char *complete_property(const struct catalogue *c, int n, char **words);

/* What the running hub offers for that property; nothing when none runs. Calls the hub. */
void complete_ids(const struct catalogue *c, const struct cli_options *o, int n, char **words,
                  struct buf *out);

#endif
