/* The life of sessions: what sessions.c, session_start.c, session_lines.c and session_turns.c share
 * beside sessions.h. Control, within a batch. */
#ifndef BATON_HUB_SESSION_LIFE_H
#define BATON_HUB_SESSION_LIFE_H

#include "core/hub/streams/agents.h"
#include "core/hub/sessions/sessions.h"

#define SESSION_DYING_US (10 * 1000000LL) /* for a process that was told to go */

/* sessions.c */
/* When something of the session is due (wall clock): its start has to be done, a cancel obeyed. One
 * moment at a time; 0: nothing is. */
enum err session_due(struct hub *hub, const cJSON *doc, int64_t at_us);
/* "demo", "claude": what people call the agent. */
const char *session_agent(const cJSON *doc);
/* Has the process ended, or is its keeper gone? */
enum err session_exited(struct hub *hub, cJSON *doc, const struct agent_batch *batch);

/* session_start.c */
enum err session_on_initialized(struct hub *hub, cJSON *doc, const cJSON *what, const cJSON *result,
                                const cJSON *error);
enum err session_on_authenticated(struct hub *hub, cJSON *doc, const cJSON *what,
                                  const cJSON *result, const cJSON *error);
enum err session_on_new(struct hub *hub, cJSON *doc, const cJSON *what, const cJSON *result,
                        const cJSON *error);
enum err session_on_start_mode(struct hub *hub, cJSON *doc, const cJSON *what, const cJSON *result,
                               const cJSON *error);
/* initialize goes out: the keeper is there, or (unsure) may be there after a hub's death. */
enum err session_greet(struct hub *hub, cJSON *doc, bool unsure);
/* The start has gone wrong: the process is made to go, and when it has gone, with its last words,
 * the session fails with that sentence. */
enum err session_start_failed(struct hub *hub, cJSON *doc, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Follows the stream of a process, and hands it the whole outbox, after the commit. */
enum err session_attach(struct hub *hub, const cJSON *doc, bool recovering);

/* session_close.c: the stream's record goes, at once or when its process has ended. */
enum err session_doom(struct hub *hub, const char *stream);

/* session_mcp.c: our own MCP server as an entry of mcpServers, for whoever the process acts as. */
cJSON *session_mcp_server(struct hub *hub, const cJSON *doc);

/* session_turns.c */
enum err session_on_prompted(struct hub *hub, cJSON *doc, const cJSON *what, const cJSON *result,
                             const cJSON *error);
/* The turn that runs, if one does, ends. error (taken) and errors may be NULL. */
enum err session_end_turn(struct hub *hub, cJSON *doc, const char *stop_reason, cJSON *error,
                          const char *errors);
/* A cancel was not obeyed in time. */
enum err session_not_obeyed(struct hub *hub, cJSON *doc);
enum err session_forget_turns(struct hub *hub, const cJSON *doc);

#endif
