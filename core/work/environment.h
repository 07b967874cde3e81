/* What a shell or process of a workspace starts with. Pure, any thread. */
#ifndef BATON_WORK_ENVIRONMENT_H
#define BATON_WORK_ENVIRONMENT_H

/* The environment of a program in a shell: this process's own without what belongs to the terminal
 * that the hub was started from, and with TERM, COLORTERM, BATON=HUB:SHELL and BATON_WORKSPACE.
 * NULL-terminated, the caller frees with environment_free. */
char **environment_for_shell(const char *hub, const char *shell, const char *workspace);
void environment_free(char **env); /* takes NULL */

#endif
