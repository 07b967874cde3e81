/* Which agents there are: those that we know by name, and those of the configuration, whose entries
 * override ours or add to them. What a definition says is how an agent's process is started and
 * greeted; whether it is on this machine is looked up when asked, not before. Constant once
 * created: share it between threads freely. */
#ifndef BATON_AGENT_DEFINITIONS_H
#define BATON_AGENT_DEFINITIONS_H

#include "core/base/config.h"

#include <stdbool.h>
#include <stddef.h>

enum definition_source {
    DEFINITION_KNOWN,  /* ours alone */
    DEFINITION_CONFIG, /* the configuration has an entry, whole or over one of ours */
};

struct definition {
    char *name;
    char **command; /* argv, NULL-terminated, at least one word */
    char **env;     /* KEY=VALUE, NULL-terminated; laid over the hub's own environment */
    char *cwd;      /* NULL: the session's */
    char *mode;     /* the mode to set behind session/new; NULL: leave the agent's own */
    char *auth;     /* the authMethod to ask for behind initialize; NULL: none */
    char *hint;     /* how to install it, one sentence without a full stop; NULL: we don't know */
    bool network;   /* may use the network in a sandboxed workspace */
    bool own_reads; /* reads files itself: it can't cope with our answers */
    bool no_mcp;    /* is not handed our MCP server */
    enum definition_source source;
};

struct definitions;

/* All of them, ours first in our order, then the configuration's in its. program: this program's
 * file, the command of `demo`. Both are only read here. Returns; the caller destroys. */
struct definitions *definitions_create(const struct config *config, const char *program);
void definitions_destroy(struct definitions *d); /* takes NULL */

/* How many; definitions_at takes 0 to one less. */
size_t definitions_count(const struct definitions *d);
const struct definition *definitions_at(const struct definitions *d, size_t i); /* borrows */

/* The one with that name, whole; NULL when there is none. Borrows. */
const struct definition *definitions_find(const struct definitions *d, const char *name);
/* Writes the names near to a mistyped one into out, "a, b, c"; "" when none is near. */
void definitions_near(const struct definitions *d, const char *name, char *out, size_t size);

/* Is its program there and executable: command[0] itself when it has a slash, else in one of the
 * folders of path (as in PATH; of the definition's own env when it sets PATH). Looks at the disk.
 */
bool definition_installed(const struct definition *one, const char *path);

#endif
