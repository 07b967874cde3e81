/* Completion: the script for a shell, and the words that it asks for. Pure, any thread. */
#ifndef BATON_CLI_COMPLETE_H
#define BATON_CLI_COMPLETE_H

#include "core/base/buf.h"
#include "core/catalogue/catalogue.h"

/* The script for "bash" or "zsh"; NULL for another shell. Static text. */
const char *complete_script(const char *shell);

/* What may stand at the place of the last of words[0..n), one a line. */
void complete_words(const struct catalogue *c, int n, char **words, struct buf *out);

#endif
