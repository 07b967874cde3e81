/* The one list of what can go wrong. It gives the enum, the name on the wire, the sentence for a
 * person, the sentence for an agent, what to do next, and whether trying again can help. Foreign
 * codes (errno, SQLite, NNG, libuv) become one of these in the file that touches that library. */
#ifndef BATON_BASE_ERR_H
#define BATON_BASE_ERR_H

#include <stdbool.h>

/* X(symbol, wire name, for a person, for an agent, what to do next, a retry can help) */
#define ERR_LIST(X)                                                                                 \
    X(OK, "ok", "Done.", "The call succeeded.", "", false)                                          \
    X(USAGE, "Usage", "The command is not written correctly.", "The request has the wrong shape.",  \
      "See the command's --help.", false)                                                           \
    X(INVALID, "InvalidArgument", "A value is not allowed here.",                                   \
      "An argument failed the input schema.", "Correct the named value and try again.", false)      \
    X(NOT_FOUND, "NotFound", "There is no such thing.", "The id or name is unknown to the hub.",    \
      "List what exists, then use one of those names.", false)                                      \
    X(UNKNOWN_METHOD, "UnknownMethod", "The hub does not know this command.",                       \
      "The method is not in the hub's catalogue.", "See 'baton --help'.", false)                    \
    X(AMBIGUOUS, "Ambiguous", "Several things begin like that.", "The id prefix is not unique.",    \
      "Give more of the id.", false)                                                                \
    X(EXISTS, "AlreadyExists", "That exists already.", "The name is taken.",                        \
      "Choose another name.", false)                                                                \
    X(DENIED, "PermissionDenied", "You may not do that.", "The caller's role does not allow it.",   \
      "Ask the owner for a role that may.", false)                                                  \
    X(TOKEN, "TokenRefused", "The token is not valid.",                                             \
      "BATON_TOKEN is unknown, revoked or expired.", "Ask for a new invitation.", false)            \
    X(NOT_HOLDER, "NotHolder", "Somebody else drives.",                                             \
      "The caller does not hold the baton of this target.", "Ask for it with 'baton request'.",     \
      false)                                                                                        \
    X(STALE, "StaleEpoch", "Somebody else drives now.",                                             \
      "The epoch in the call is not the current one.", "Request the baton, then try again.",        \
      false)                                                                                        \
    X(BUSY, "Busy", "That is in use.", "The target is busy.", "Wait, or use --force.", true)        \
    X(GONE, "Gone", "That part of the record is no longer kept.",                                   \
      "The position is older than the retained log.", "Take a snapshot instead.", false)            \
    X(ENDED, "Ended", "That has ended.", "The shell or process has exited.", "Open a new one.",     \
      false)                                                                                        \
    X(TIMEOUT, "Timeout", "The wait ran out.", "The condition did not come true in time.",          \
      "Try again with a longer --timeout.", true)                                                   \
    X(LIMIT, "LimitExceeded", "That is more than the limit.",                                       \
      "A size or count is over the hub's limit.",                                                   \
      "Use less, or raise the limit in the "                                                        \
      "configuration.",                                                                             \
      false)                                                                                        \
    X(DISK_FULL, "DiskFull", "The disk is full; nothing was written.",                              \
      "The hub could not write; nothing changed.", "Free some space, then try again.", true)        \
    X(IO, "IoError", "Reading or writing failed.", "An input or output operation failed.",          \
      "Look at the hub's log.", true)                                                               \
    X(CORRUPT, "Corrupt", "A record is damaged.", "A stored record fails its checksum.",            \
      "Look at the hub's log; what is undamaged stays readable.", false)                            \
    X(TOO_NEW, "NewerVersion", "This was written by a newer baton.",                                \
      "The stored format is newer than this program.", "Upgrade baton, then try again.", false)     \
    X(VERSION, "VersionMismatch", "Hub and client speak different versions.",                       \
      "The protocol ranges do not overlap.", "Upgrade the older side.", false)                      \
    X(NO_HUB, "HubUnreachable", "The hub does not answer.", "No hub is listening.",                 \
      "Start it with 'baton hub start', or look at 'baton hub doctor'.", true)                      \
    X(LOST, "ConnectionLost", "The connection broke before an answer came.",                        \
      "The call may or may not have been carried out.",                                             \
      "Check, then repeat it with the same idempotency key.", true)                                 \
    X(EXEC, "ExecFailed", "The program could not be started.", "exec failed in the child.",         \
      "Check that the program exists and may be run.", false)                                       \
    X(UNSUPPORTED, "Unsupported", "This machine cannot do that.", "The feature is unavailable.",    \
      "Look at 'baton hub doctor'.", false)                                                         \
    X(CONFIG, "ConfigError", "The configuration is wrong.", "The configuration was refused.",       \
      "Correct the named line; the previous configuration stays in force.", false)                  \
    X(AGAIN, "Again", "Nothing there yet.", "No data is available right now.", "", true)            \
    X(INTERNAL, "Internal", "The hub made a mistake.", "An internal error happened.",               \
      "Report this, with the hub's log.", false)                                                    \
    X(AGENT, "AgentFailed", "The agent has failed.",                                                \
      "The agent's process ended, or it answered with an error.",                                   \
      "Look at 'baton session events'; 'baton session resume' starts it again.", false)             \
    X(RECIPIENT, "RecipientNotFound", "Nobody has that name here.",                                 \
      "No agent exists with the specified name.",                                                   \
      "Verify the name ('baton identity list'); a name is known once it was here.", false)          \
    X(COMMS, "CommsError", "The message could not be handled.",                                     \
      "The messaging operation failed; the sentence says why.",                                     \
      "Retry, unless it is paused: then a driver has to run 'baton comms resume'.", true)           \
    X(BINDING, "BindingFailed", "The command of the binding has failed.",                           \
      "The command ended with an error, or what it printed is no result; the sentence says which.", \
      "Correct the input if that is what it says; else tell whoever made the binding.", false)      \
    X(BLOCKED, "Blocked", "The policy does not allow that.",                                        \
      "The policy blocks this capability for the caller.",                                          \
      "'baton policy explain' says which rule it is.", false)

enum err {
#define X(sym, name, person, agent, next, retry) ERR_##sym,
    ERR_LIST(X)
#undef X
        ERR_COUNT
};

struct err_text {
    const char *name;   /* on the wire, stable for ever */
    const char *person; /* one sentence */
    const char *agent;  /* one sentence */
    const char *next;   /* what to do; may be empty */
    bool retry;         /* trying the same again can help */
};

/* Borrows static text; any value outside the list gives ERR_INTERNAL's. Any thread. */
const struct err_text *err_text(enum err code);

/* The code whose wire name this is; ERR_INTERNAL when there is none. Any thread. */
enum err err_from_name(const char *name);

/* What an errno value is in our words: ENOENT is NOT_FOUND, ENOSPC and EDQUOT are DISK_FULL … */
enum err err_from_errno(int code);

#endif
