/* Shells as other files of the hub make and dismiss them: terminals that agents ask for are shells
 * like those of shell.open. Control, within a batch. */
#ifndef BATON_HUB_SHELLS_H
#define BATON_HUB_SHELLS_H

#include "core/hub/hub_private.h"

struct shell_new {
    const char *workspace, *cwd; /* the folder is there */
    const char *name;            /* NULL: from the command */
    const char *who;             /* openedBy */
    const char *agent;           /* world_agent */
    const cJSON *command;        /* an array of strings, borrowed; NULL or empty: the usual shell */
    const cJSON *env;    /* {NAME: value} on top of what each shell has, borrowed; or NULL */
    const char *session; /* whose agent asked for it; NULL: none */
    int rows, cols;
    bool checksum, record_all;
    uint64_t serial; /* of the parked call that is answered when it runs; 0 none */
};
/* A row in the journal now, a keeper after the commit. */
enum err shells_new(struct hub *hub, const struct shell_new *order, char ret_id[32]);

/* One that runs is made to end (HUP, TERM, KILL) and is closed then; one that has ended is closed
 * at once. *ret_live says which it was; may be NULL. ERR_NOT_FOUND. */
enum err shells_dismiss(struct hub *hub, const char *id, const char *who, bool *ret_live);
/* The same for one that runs alone. ERR_NOT_FOUND. */
enum err shells_close(struct hub *hub, const char *id);
/* The same signals, and the shell stays, with the status that comes of it. */
enum err shells_kill(struct hub *hub, const char *id);

#endif
