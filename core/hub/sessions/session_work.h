/* What an agent works on: the folder that its session may see, and its terminals. On the control
 * thread, within a batch. */
#ifndef BATON_HUB_SESSION_WORK_H
#define BATON_HUB_SESSION_WORK_H

#include "core/hub/sessions/sessions.h"
#include "core/work/files.h"

/* Where a path that the session's agent names lies: the opened folder that its files are kept to
 * (the session's own; in a sandbox all of that), and the path in it, the caller's both. The one
 * place that says which it is. On an error why has a sentence, and nothing is given. */
enum err session_place(struct hub *hub, const cJSON *doc, const char *path, bool write,
                       struct files **ret_files, char **ret_path, char why[FILES_WHY]);

/* What a session's terminals have beside what every shell has, so that commands in them come to the
 * hub as the agent and not as the hub's owner: taken from the agent's own environment, where its
 * token is. Takes env and gives it back. Control, also outside of a batch. */
char **session_terminal_environment(struct hub *hub, const char *session, char **env);

/* A shell runs, or failed to (a sentence): if a session's agent asked for it, it is answered. shell
 * is the shell's document; the session is loaded and saved here. */
enum err session_terminal_started(struct hub *hub, const cJSON *shell, const char *failure);

#endif
