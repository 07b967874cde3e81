/* Names of keys, as tmux has them, to the bytes that a program in a terminal reads. Pure. */
#ifndef BATON_WORK_KEYNAMES_H
#define BATON_WORK_KEYNAMES_H

#include "core/base/buf.h"

#include <stdbool.h>

/* Appends the bytes of one key: "C-c", "M-x", "S-Up", "F5", "Enter", "Space", "Tab", "BSpace" …
 * With app_cursor the plain arrows, Home and End are sent as SS3. False: it is the name of no key.
 */
bool keyname_encode(const char *name, bool app_cursor, struct buf *out);

#endif
