/* The transcript of a session: its numbered events folded into blocks that a person reads (a
 * prompt, a piece of the agent's text, a thought, a tool call with its permission, a plan …).
 *
 * Pure: no I/O, no clock, one thread. What always holds: blocks stand in the order of their first
 * events and their ids rise in that order; the same events give the same blocks however they were
 * cut into pages; every text is safe for a terminal (escapes and controls shown as signs; the only
 * controls left are '\n' and '\t', the tab for whoever knows the column); memory is bounded. What
 * came later about something that stands above (a tool's status, an answer) changes it in place.
 *
 * Events are those of the hub's sessions: session/update as in ACP v1, and the hub's own. */
#ifndef BATON_AGENT_TRANSCRIPT_H
#define BATON_AGENT_TRANSCRIPT_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRANSCRIPT_LIMIT      ((size_t)16 * 1024 * 1024) /* bytes of blocks, unless told otherwise */
#define TRANSCRIPT_TEXT_LIMIT ((size_t)1024 * 1024)      /* bytes of all texts of one block */
#define TRANSCRIPT_ID_MAX     96  /* ids of ours and of agents, longer are cut */
#define TRANSCRIPT_LIST_MAX   256 /* options, locations, plan entries, files of one block */

enum transcript_kind {
    BLOCK_PROMPT,      /* by, human, turn, replayed, detail (suggested by), text */
    BLOCK_TEXT,        /* the agent's, Markdown: text */
    BLOCK_THOUGHT,     /* text; at … ended is how long it took */
    BLOCK_TOOL,        /* tool */
    BLOCK_PLAN,        /* plan */
    BLOCK_PERMISSION,  /* one that names no tool call: tool->permissions[0], tool->title */
    BLOCK_ELICITATION, /* elicitation */
    BLOCK_SUGGESTION,  /* by, outcome, text; its id in key */
    BLOCK_NOTICE,      /* severity; text, detail */
    BLOCK_ERROR,       /* text, detail */
    BLOCK_TURN_END,    /* outcome, by (who cancelled), turn, text (the error), detail (stderr) */
    BLOCK_FILE,        /* file, while no tool call ran */
    BLOCK_TERMINAL,    /* shell, while no tool call ran */
};

enum transcript_status { STATUS_NONE, STATUS_PENDING, STATUS_RUNNING, STATUS_DONE, STATUS_FAILED };
enum transcript_severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_ERROR };
enum transcript_outcome {
    OUTCOME_PENDING,   /* permission, elicitation, suggestion: nobody has answered */
    OUTCOME_ALLOWED,   /* permission, elicitation; a suggestion accepted */
    OUTCOME_REJECTED,  /* …; a suggestion dropped */
    OUTCOME_CANCELLED, /* the turn was cancelled */
    OUTCOME_TIMEOUT,
    OUTCOME_ENDED,  /* a turn that ended as it should: not worth a line */
    OUTCOME_FAILED, /* a turn: the agent failed */
    OUTCOME_REFUSAL,
    OUTCOME_MAX_TOKENS,
    OUTCOME_MAX_REQUESTS,
    OUTCOME_OTHER, /* detail has the word */
};
enum transcript_answer { ANSWER_ALLOW, ANSWER_ALWAYS, ANSWER_REJECT, ANSWER_NEVER, ANSWER_OTHER };

/* A text of a block, bounded: text[0..n) with a NUL behind, and how many bytes more there were. */
struct transcript_text {
    char *text; /* NULL for none */
    size_t n, room, more;
};

struct transcript_option {
    char *id, *name;
    enum transcript_answer kind;
};

struct transcript_permission {
    char id[TRANSCRIPT_ID_MAX]; /* pr1 */
    struct transcript_option *options;
    int option_count;
    enum transcript_outcome outcome;
    char *by, *chosen, *reason; /* who answered; the option's name; why. NULL when unknown */
    enum transcript_answer answer;
    int64_t at, answered; /* ms */
};

enum transcript_content_kind { CONTENT_TEXT, CONTENT_DIFF, CONTENT_TERMINAL };

struct transcript_content {
    enum transcript_content_kind kind;
    char *name;                  /* a diff's path, a terminal's id */
    struct transcript_text text; /* text; a diff's new text */
    struct transcript_text old;  /* a diff's old text */
    bool created;                /* a diff without old text */
};

struct transcript_file {
    bool write;
    char *path;
    int64_t bytes;
};

struct transcript_shell { /* a terminal that the agent made is a shell */
    char *terminal, *shell, *command;
};

struct transcript_location {
    char *path;
    int64_t line; /* from 1, 0 none */
};

struct transcript_tool {
    char *title; /* NULL when none came */
    char *kind;  /* ACP's word: read, edit, execute …; NULL when none came */
    enum transcript_status status;
    struct transcript_location *locations;
    int location_count;
    struct transcript_content *contents;
    int content_count;
    struct transcript_text input;  /* rawInput in a line */
    struct transcript_text output; /* rawOutput */
    struct transcript_text stream; /* a terminal's output that came beside the content */
    struct transcript_permission *permissions;
    int permission_count;
    struct transcript_file *files;
    int file_count, more_files;
    struct transcript_shell *shells;
    int shell_count;
    unsigned set; /* which of the fields were told; the model's own */
};

struct transcript_entry {
    char *text;
    enum transcript_status status;
    bool high; /* priority */
};

struct transcript_elicitation {
    struct transcript_permission answer; /* id, outcome, by, reason; no options */
    char *mode;                          /* "form", "url" … */
    char *url;
    char *schema; /* requestedSchema as JSON text, as it came: not safe for a terminal */
    char *fields; /* the names of its fields, "a, b, c" */
};

struct transcript_block {
    uint64_t id;    /* rises in the order of the blocks; stays the block's own */
    uint64_t stamp; /* rises when anything of the block changes */
    enum transcript_kind kind;
    int64_t first, last; /* sequence numbers of its first and last event */
    int64_t at,
        ended;     /* ms: its first event; its last one, for a thought when the next block began */
    int64_t heard; /* ms: its own last event */
    int64_t turn;  /* prompt and turn end */
    char *key;     /* tool call, message, suggestion or compaction id; NULL none */
    char *by;
    bool human, replayed;
    enum transcript_severity severity;
    enum transcript_outcome outcome;
    struct transcript_text text;
    char *detail;
    struct transcript_tool *tool; /* tool call, permission, file, terminal */
    struct transcript_entry *plan;
    int plan_count;
    struct transcript_elicitation *elicitation;
    size_t bytes;   /* what it counts for; the model's own */
    bool unclaimed; /* the model's own */
};

struct transcript;

/* limit: bytes of blocks kept, 0 for TRANSCRIPT_LIMIT. */
struct transcript *transcript_create(size_t limit);
void transcript_destroy(struct transcript *t); /* takes NULL */

/* The next event. One that is there already (its number is not above the head) is left out: false.
 * params is borrowed. at: milliseconds since 1970. */
bool transcript_add(struct transcript *t, int64_t seq, int64_t at, const char *method,
                    const cJSON *params);
/* The same from an entry as session.events gives it ({sequenceNumber, timestamp, notification}) or
 * as it comes in the event sessionEvent ({sequenceNumber, event}; at is used then). */
bool transcript_add_entry(struct transcript *t, const cJSON *entry, int64_t at);

/* An older page: an array of entries that is whole from the number `from` up to transcript_whole -
 * 1 (others are left out; it may be empty). Its blocks are put before the first one, and what is
 * cut by the border grows together. False when there is no room for more (the bounds are four times
 * the limit, so that what is read back does not push out what it is read from): nothing has
 * changed. */
bool transcript_prepend(struct transcript *t, const cJSON *entries, int64_t from);
/* Whoever read earlier pages is back at the end: keeps to the limit again. */
void transcript_trim(struct transcript *t);

int64_t transcript_head(const struct transcript *t);   /* the newest number seen, 0 none */
int64_t transcript_whole(const struct transcript *t);  /* whole from this number on; 1: all of it */
uint64_t transcript_stamp(const struct transcript *t); /* rises with every change */
size_t transcript_bytes(const struct transcript *t);   /* of memory, what the limit counts */

/* How many blocks there are; their indices are 0 to one less, the oldest first. */
int transcript_count(const struct transcript *t);
/* Borrowed, good until the model changes. NULL out of range. */
const struct transcript_block *transcript_at(const struct transcript *t, int index);
uint64_t transcript_id_at(const struct transcript *t, int index); /* without a look at the block */
uint64_t transcript_stamp_at(const struct transcript *t, int index); /* the same */
/* The index of the block with this id, else of the first one behind it (maybe the count). */
int transcript_index(const struct transcript *t, uint64_t id);

/* What the newest events say of the session: "" or 0 when none did. Borrowed. */
const char *transcript_state(const struct transcript *t);
const char *transcript_mode(const struct transcript *t);
const char *transcript_title(const struct transcript *t);
void transcript_usage(const struct transcript *t, int64_t *ret_used, int64_t *ret_size);
/* The number of the newest turn end, 0 none: a tool call whose last event is older runs no more. */
int64_t transcript_ended(const struct transcript *t);
/* The plan of the running turn, or NULL. */
const struct transcript_block *transcript_plan(const struct transcript *t);
/* How many permissions, elicitations and suggestions wait; *ret_first (may be NULL) is the oldest
 * permission's or elicitation's block. */
int transcript_waiting(const struct transcript *t, const struct transcript_block **ret_first);
/* The shell of a terminal that some tool call names, or NULL. */
const struct transcript_shell *transcript_shell(const struct transcript *t, const char *terminal);

/* The permission of a block that waits (also an elicitation's), or NULL. */
const struct transcript_permission *transcript_pending(const struct transcript_block *b);
/* The option that answers so; -1 when the agent offers none of the kind. */
int transcript_option(const struct transcript_permission *p, enum transcript_answer answer);

#endif
