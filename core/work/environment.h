/* What a shell or process of a workspace starts with. Pure, any thread. */
#ifndef BATON_WORK_ENVIRONMENT_H
#define BATON_WORK_ENVIRONMENT_H

/* Replaces the value of a name, or adds it. Takes env, gives it back, perhaps elsewhere. */
char **environment_set(char **env, const char *name, const char *value);

/* The environment of a program in a shell: this process's own without what belongs to the terminal
 * that the hub was started from, and with TERM, COLORTERM, BATON=HUB:SHELL and BATON_WORKSPACE.
 * NULL-terminated, the caller frees with environment_free. */
char **environment_for_shell(const char *hub, const char *shell, const char *workspace);

struct agent_place { /* all borrowed */
    const char *hub, *workspace, *session, *member, *token;
    const char *program; /* this one: its folder is put behind PATH, so that agents can call it */
};
/* The same of an agent: no terminal, but what its commands need to come to the hub as its member
 * (BATON_HUB, BATON_WORKSPACE, BATON_SESSION, BATON_IDENTITY, BATON_TOKEN); more (NAME=value,
 * NULL-terminated) goes over all of it. */
char **environment_for_agent(const struct agent_place *place, char *const *more);

/* The environment of a binding's command, but for who calls: this process's own without what
 * belongs to a terminal or to whoever started the hub, with the folder bin behind PATH. */
char **environment_for_binding(const char *hub, const char *bin);

void environment_free(char **env); /* takes NULL */

#endif
