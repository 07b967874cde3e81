/* Sessions with agents, on the control thread: what the files sessions*.c share. Everything here is
 * within a batch unless it says otherwise.
 *
 * What always holds:
 * - The journal's document (kind "session") is the truth. It is loaded once a part of the batch,
 *   handed from function to function as a cJSON object, changed there, and saved once at the end by
 *   whoever loaded it: session_load … session_save. A function that takes a doc neither loads nor
 *   saves it. So a part that is undone takes everything with it: the document, the events, what was
 *   to be written to the agent.
 * - Whatever is told of a session is an event with the session's next number (session_event), in
 * the same transaction as the change that it tells of.
 * - What goes to the agent is put into the journal's outbox (session_send and all that use it) and
 *   handed to the stream thread after the commit; a restarted hub hands it on once more, and the
 *   stream drops what the agent has had. So each line reaches the agent exactly once.
 * - What the agent wrote is taken in exactly once: `consumed` is saved with the events of a batch.
 *
 * Ids of our requests rise for ever within a session; what we wait for is in doc.rpc, by that id.
 */
#ifndef BATON_HUB_SESSIONS_H
#define BATON_HUB_SESSIONS_H

#include "core/hub/hub_private.h"

/* --- the document: sessions.c ------------------------------------------------------------------
 */

enum err session_load(struct hub *hub, const char *id,
                      cJSON **ret_doc); /* the caller's to delete */
enum err session_save(struct hub *hub,
                      const cJSON *doc); /* writes; the registry follows the commit */
/* The session that params.sessionId names (or any unique beginning of its id); an error is answered
 * with a sentence already. */
enum err session_find(struct hub *hub, struct call *c, cJSON **ret_doc);

const char *session_id(const cJSON *doc);        /* se1; borrowed */
const char *session_workspace(const cJSON *doc); /* borrowed */
const char *session_state(const cJSON *doc);     /* borrowed */
bool session_is_live(const cJSON *doc);          /* neither closed nor failed */
bool session_is_ready(const cJSON *doc); /* idle, working or waiting: the agent may be asked */
/* Fails the call with a sentence when the session is not ready: starting, closing, ended. */
enum err session_need_ready(struct call *c, const cJSON *doc);
/* The capability at a path such as "loadSession" or "sessionCapabilities.resume" of what the agent
 * said in initialize: true, or an object there. */
bool session_can(const cJSON *doc, const char *path);
bool session_is_cancelling(const cJSON *doc); /* its turn was cancelled, and has not ended yet */

/* Puts a member in the place of the old one, or adds it. item is taken; NULL removes. */
void session_put(cJSON *doc, const char *key, cJSON *item);
void session_put_string(cJSON *doc, const char *key, const char *text);
void session_put_int(cJSON *doc, const char *key, int64_t value);

/* --- telling: sessions.c -----------------------------------------------------------------------
 */

/* An event of the session with its next number, doc.seq afterwards. who: whose doing it was, "" the
 * agent's. params is taken, also on an error; NULL is {}. */
enum err session_event(struct hub *hub, cJSON *doc, const char *who, const char *method,
                       cJSON *params);
/* May one more of a kind be told, of which an agent can bring about as many as it can write? At
 * most `most` a minute; key is the document's member that counts. *ret_last: it was the last one.
 */
bool session_may_tell(cJSON *doc, const char *key, int64_t most, bool *ret_last);
/* A `_baton/error`; data is taken, may be NULL. Of those of one session that come from an agent's
 * bad lines (bounded) at most 20 a minute are told. */
enum err session_error(struct hub *hub, cJSON *doc, bool bounded, cJSON *data, const char *format,
                       ...) __attribute__((format(printf, 5, 6)));
/* Changes the state, and tells it (`_baton/state`, sessionChanged). The same again is nothing. */
enum err session_set_state(struct hub *hub, cJSON *doc, const char *state);
/* sessionChanged: name, title, mode or state are other than they were. */
enum err session_changed(struct hub *hub, const cJSON *doc);
/* An event of the journal about the session that has no number (sessionOpened, permissionRequest,
 * suggested …). data is taken. */
enum err session_tell(struct hub *hub, const cJSON *doc, const char *kind, const char *who,
                      cJSON *data);

/* --- talking to the agent: session_lines.c -----------------------------------------------------
 */

/* Bytes for its stdin: one line, with its '\n'. */
enum err session_send(struct hub *hub, cJSON *doc, const char *bytes, size_t n);
/* A request. params and what are taken; params NULL is {}. `what` is remembered in doc.rpc under
 * the request's id and given to the function of its answer: {"what": NAME of the table below, …}.
 */
enum err session_ask(struct hub *hub, cJSON *doc, const char *method, cJSON *params, cJSON *what,
                     int64_t *ret_rpc);
enum err session_notify(struct hub *hub, cJSON *doc, const char *method, cJSON *params);
/* Answers to requests of the agent's; id as it came (borrowed), result taken, NULL is {}. */
enum err session_answer(struct hub *hub, cJSON *doc, const cJSON *id, cJSON *result);
enum err session_answer_error(struct hub *hub, cJSON *doc, const cJSON *id, int code,
                              const char *message);
#define ACP_NOT_FOUND      (-32002)
#define ACP_INVALID_PARAMS (-32602)
#define ACP_INTERNAL       (-32603)
#define ACP_NO_METHOD      (-32601)

/* {"sessionId": the agent's own id}: what most requests to the agent begin with. */
cJSON *session_params(const cJSON *doc);

/* What an agent asks. Answers at once, or keeps the id (a copy, in a document) and answers later.
 * An error returned is one of ours (a full disk): the whole part is undone and done again. That the
 * params name this session has been checked. */
typedef enum err (*session_request)(struct hub *hub, cJSON *doc, const cJSON *id,
                                    const cJSON *params);
/* An answer of the agent's to session_ask: one of result and error is there. what: as it was given.
 */
typedef enum err (*session_answered)(struct hub *hub, cJSON *doc, const cJSON *what,
                                     const cJSON *result, const cJSON *error);

/* Of B2's, session_permissions.c */
enum err session_on_permission(struct hub *hub, cJSON *doc, const cJSON *id, const cJSON *params);
enum err session_on_elicitation(struct hub *hub, cJSON *doc, const cJSON *id, const cJSON *params);
/* A notification: $/cancel_request. */
enum err session_on_cancel_request(struct hub *hub, cJSON *doc, const cJSON *params);
/* Of F's, session_files.c and session_terminals.c */
enum err session_on_fs_read(struct hub *hub, cJSON *doc, const cJSON *id, const cJSON *params);
enum err session_on_fs_write(struct hub *hub, cJSON *doc, const cJSON *id, const cJSON *params);
enum err session_on_terminal_create(struct hub *hub, cJSON *doc, const cJSON *id,
                                    const cJSON *params);
enum err session_on_terminal_output(struct hub *hub, cJSON *doc, const cJSON *id,
                                    const cJSON *params);
enum err session_on_terminal_wait(struct hub *hub, cJSON *doc, const cJSON *id,
                                  const cJSON *params);
enum err session_on_terminal_kill(struct hub *hub, cJSON *doc, const cJSON *id,
                                  const cJSON *params);
enum err session_on_terminal_release(struct hub *hub, cJSON *doc, const cJSON *id,
                                     const cJSON *params);
/* Answers; `what` in brackets. Of sessions.c and session_turns.c: initialize, authenticate, new,
 * mode (the start's), prompt. Of B2's session_more.c: */
enum err session_on_mode_set(struct hub *hub, cJSON *doc, const cJSON *what, const cJSON *result,
                             const cJSON *error); /* [set_mode] */
enum err session_on_config_set(struct hub *hub, cJSON *doc, const cJSON *what, const cJSON *result,
                               const cJSON *error); /* [config] */
enum err session_on_resumed(struct hub *hub, cJSON *doc, const cJSON *what, const cJSON *result,
                            const cJSON *error); /* [resume] session/resume, session/load */
enum err session_on_closed(struct hub *hub, cJSON *doc, const cJSON *what, const cJSON *result,
                           const cJSON *error); /* [close] session/close, session/delete */

/* --- calls that wait: sessions.c ----------------------------------------------------------------
 */

/* Parks a call until something of this session has happened; number says what (a request's id, a
 * turn's number, 0 the start). Both are the same after a hub's restart. */
void session_park(struct hub *hub, struct call *c, const cJSON *doc, int64_t number,
                  int64_t timeout_ms);
/* A call that waits for that at this handler; NULL when none (more) does. Answer it with call_reply
 * or call_fail, then control_answered: it is found no more. */
struct call *session_waiting(struct hub *hub, const cJSON *doc,
                             enum err (*handler)(struct hub *, struct call *), int64_t number);
/* Whoever waits for anything of this session, but for a turn's end, fails with the error and the
 * sentence. */
void session_fail_waiting(struct hub *hub, const cJSON *doc, enum err code, const char *sentence);
/* The same without the document, and whoever waits for a turn's end, too. */
void session_fail_all(struct hub *hub, const char *id, enum err code, const char *sentence);

/* session_damaged.c: session_load or pending_list said ERR_CORRUPT of this session. Errors: the
 * journal's, as ever. */
enum err session_damaged(struct hub *hub, const char *id);
enum err sessions_recover_damaged(struct hub *hub); /* at a start */

/* May the caller drive? Puts an input before the session's baton (a free one is taken by it). A
 * refusal is answered already. epoch 0: none named. */
enum err session_may(struct hub *hub, struct call *c, const cJSON *doc, uint64_t epoch);
/* Refuses (answered already) a caller with the token of this very session's agent: what it asks,
 * and the mode that says how much it asks, are for others to decide. */
enum err session_not_of_itself(struct call *c, const cJSON *doc);

/* --- life: sessions.c ---------------------------------------------------------------------------
 */

/* A new process for the session: a new stream, state starting, its keeper after the commit, then
 * initialize and, when the definition says so, authenticate. Then `how` "new" goes on with
 * session/new, "resume" with session_resume_open. doc has agentType, workspace, cwd, env. */
enum err session_start(struct hub *hub, cJSON *doc, const char *how);
/* B2's: initialize has been answered in a resumed session. Asks session/resume or session/load
 * [resume], or session/new [new] where the agent can neither. */
enum err session_resume_open(struct hub *hub, cJSON *doc);
/* The params that session/new, session/load and session/resume have in common: cwd, mcpServers. */
cJSON *session_open_params(struct hub *hub, const cJSON *doc);
/* The agent has the session: takes over modes and configOptions of the result, sets the mode that
 * was asked for, and ends the start (state idle, parked session.create and session.resume are
 * answered with session_result). */
enum err session_opened(struct hub *hub, cJSON *doc, const cJSON *result);
/* {sessionId, agentType, name, capabilities, agentInfo, state, workspace}: what create and resume
 * answer. */
cJSON *session_result(const cJSON *doc);

/* The session is over though its process may run still: a turn that runs has failed, pending
 * permissions are settled, whoever waits is told. state: closed or failed; sentence NULL: nothing
 * went wrong. The process is closed after the commit. */
enum err session_end(struct hub *hub, cJSON *doc, const char *state, const char *sentence,
                     const char *errors);
/* Stdin is closed, and the process made to end (streams_agent_close) after the commit. */
void session_hang_up(struct hub *hub, const cJSON *doc);
/* Destroy: events, turns, outbox and the document itself; permissions and suggestions are B2's. */
enum err session_forget(struct hub *hub, const cJSON *doc);

/* --- turns: session_turns.c ----------------------------------------------------------------------
 */

/* Content blocks of a plain text. */
cJSON *session_text_blocks(const char *text, size_t n);
/* A prompt by the caller, who may (session_may was asked): event, request, state working. ERR_BUSY
 * when a turn runs, with a sentence. blocks is taken; suggested_by NULL: nobody. */
enum err session_begin_turn(struct hub *hub, struct call *c, cJSON *doc, cJSON *blocks,
                            const char *suggested_by);
/* After session_begin_turn: answers the call now (wait false), or parks it until the turn's end. */
void session_await_turn(struct hub *hub, struct call *c, const cJSON *doc, bool wait,
                        int64_t timeout_ms);

/* --- of B2's, called by the others
 * ---------------------------------------------------------------- */

/* Every pending permission and elicitation of the session is answered with cancelled, and told. */
enum err session_settle_pending(struct hub *hub, cJSON *doc, const char *reason);
/* What is due of permissions is done (no answer is a no); *soonest_us (wall clock) becomes the next
 * moment that anything is, if that is before it. Called after a start, at each moment so given, and
 * after sessions_arm. */
/* Once, before the first tick: the time without a hub does not count for who is asked. */
enum err permissions_recover(struct hub *hub);
enum err sessions_tick(struct hub *hub, int64_t now_us, int64_t *soonest_us);
/* A deadline is new: sessions_tick is called soon, in a batch of its own (sessions.c). */
void sessions_arm(struct hub *hub);
/* session.list and session.get show how many are pending. */
int session_pending(struct hub *hub, const cJSON *doc);

/* session_resume.c: an update that only repeats what is in the journal already, because the agent
 * replays its history before it answers session/load. What it says of the present (its mode, its
 * commands, its usage) is to be taken over all the same. */
bool session_is_replay(const cJSON *doc, const cJSON *update);
/* The block that goes before the next prompt's, when the agent's process knows nothing of what was:
 * the caller's; NULL when there is none to give. It is given once. */
cJSON *session_take_handback(struct hub *hub, cJSON *doc);

/* session_token.c: as whom the agent's own commands act: the name of a member, for BATON_IDENTITY
 * and for what it opens. */
void session_member(const cJSON *doc, char out[MEMBER_NAME_MAX]);
/* An invitation for the process that is about to start, for its BATON_TOKEN; the one of an earlier
 * process ends. out has TOKEN_TEXT bytes. */
enum err session_token_make(struct hub *hub, cJSON *doc, char *out);
enum err session_token_end(struct hub *hub, cJSON *doc, const char *reason); /* at each end */

/* session_close.c: a workspace is deleted: its sessions are destroyed. */
enum err sessions_destroy(struct hub *hub, const char *workspace, const char *by);
/* An agent's process that no session knows (any more) has ended: is it to be removed? */
enum err session_stream_ended(struct hub *hub, const char *stream);
/* After a start: processes whose sessions were destroyed, and who had not gone yet. */
enum err sessions_recover_doomed(struct hub *hub);

/* --- of F's, called by the others
 * ------------------------------------------------------------------ */

/* The session is over: its terminals are released (their programs end; their records stay). */
enum err session_release_terminals(struct hub *hub, cJSON *doc);
/* A shell has ended (shells_ended calls it for every one): if a session's agent waits for it, it is
 * answered. It loads and saves the session itself. */
enum err session_terminal_ended(struct hub *hub, const char *shell, int code, bool lost);

/* --- the hub's: sessions.c
 * ------------------------------------------------------------------------- */

enum err sessions_recover(struct hub *hub, void *arg); /* control work: after a start */
void sessions_on_timer(uv_timer_t *timer);
/* All that live in a workspace (NULL: everywhere) are closed; within a batch. */
enum err sessions_close(struct hub *hub, const char *workspace);

/* --- control.c
 * ------------------------------------------------------------------------------------- */

/* Writes a sessionEvent under its number and publishes it after the commit. params is borrowed. */
enum err control_session_event(struct hub *hub, const char *session, const char *workspace,
                               const char *who, const char *method, const cJSON *params,
                               int64_t seq);

#endif
