/* What the files of the transcript share: core/agent/transcript*.c. */
#ifndef BATON_AGENT_TRANSCRIPT_PRIVATE_H
#define BATON_AGENT_TRANSCRIPT_PRIVATE_H

#include "core/agent/transcript.h"

/* A block's place. Id and stamp stand here too, so that a look at all of them reads one run of
 * memory. */
struct transcript_slot {
    uint64_t id, stamp;
    struct transcript_block *block;
};

/* From a word (what is meant, then an id: "tcall_1", "ppr1", "ssg1", "ccompaction") to its block.
 */
struct transcript_index {
    struct index_entry {
        uint64_t hash;
        char *word;
        struct transcript_block *block;
    } * entries;
    size_t count, room; /* room is a power of two, or 0 */
};

/* An answer: to a permission, an elicitation or a suggestion. One whose question is not here (yet)
 * is kept: it may come with an older page. */
struct transcript_resolved {
    char id[TRANSCRIPT_ID_MAX];
    bool suggestion;
    int64_t seq, at;
    char *by, *outcome, *option, *kind, *name, *reason;
};

/* Which tool call is running, as far as the events tell: a file or terminal event is its. Before
 * the first event that tells, nobody knows; an older page may. */
enum transcript_current { CURRENT_UNKNOWN, CURRENT_NONE, CURRENT_TOOL };

struct transcript {
    size_t limit, allowance, bytes; /* allowance: for what was read back */
    struct transcript_slot *slots;  /* slots[first .. first + count) */
    int first, count, room;
    uint64_t stamp;
    struct transcript_index index;
    /* Blocks that were dropped though later events had changed them: what those said is still
     * wanted when the older page comes. In the order of their first events. */
    struct transcript_block **residue;
    int residue_count;
    size_t residue_bytes;
    struct transcript_resolved *loose;
    int loose_count;
    struct transcript_shell *shells;
    int shell_count;
    int64_t head, whole, ended; /* ended: number of the last turn end */
    int waiting;                /* what waits, counted anew when it may have changed */
    bool waiting_stale;

    struct transcript_block *plan;      /* of the running turn */
    struct transcript_block *lead_plan; /* made before any prompt was seen */
    struct transcript_block *lead_end;  /* the first turn end, before anything else of turns */
    bool saw_prompt, saw_turn;
    enum transcript_current current;
    char *current_key;
    char *cancel_by;
    char *state, *mode, *title;
    int64_t used, size;
    const struct transcript *parent; /* while a page is folded: whose residue counts */
};

/* Bits of struct transcript_tool's set. */
enum {
    SET_TITLE = 1,
    SET_KIND = 2,
    SET_STATUS = 4,
    SET_LOCATIONS = 8,
    SET_CONTENT = 16,
    SET_INPUT = 32,
    SET_OUTPUT = 64
};

/* --- transcript_text.c --- */
/* Appends made safe; '\n' and '\t' stay. Never more than limit bytes in all. */
void transcript_text_add(struct transcript_text *x, const char *text, size_t n, size_t limit);
/* The same for what is safe already. */
void transcript_text_join(struct transcript_text *to, const struct transcript_text *from,
                          size_t limit);
void transcript_text_clear(struct transcript_text *x);
/* One line, safe, at most max bytes; the caller's. NULL gives NULL. */
char *transcript_line(const char *text, size_t max);
/* What an ACP content block says, as Markdown. */
void transcript_text_content(struct transcript_text *x, const cJSON *content, size_t limit);

/* --- transcript_block.c --- */
void transcript_block_destroy(struct transcript_block *b); /* takes NULL */
void transcript_tool_clear(struct transcript_tool *tool);
void transcript_permission_clear(struct transcript_permission *p);
void transcript_contents_free(struct transcript_content *c, int count);
void transcript_locations_free(struct transcript_location *l, int count);
void transcript_shell_clear(struct transcript_shell *s);
void transcript_resolved_clear(struct transcript_resolved *r);
size_t transcript_block_bytes(const struct transcript_block *b);
struct transcript_permission *transcript_permission_of(struct transcript_block *b, const char *id);
/* Writes the answer into the block that has its question. */
void transcript_resolve(struct transcript_block *b, const struct transcript_resolved *r);

/* --- transcript_index.c --- */
struct transcript_block *transcript_index_get(const struct transcript_index *x, char what,
                                              const char *id);
void transcript_index_set(struct transcript_index *x, char what, const char *id,
                          struct transcript_block *block);
/* Only while it leads to that block. */
void transcript_index_remove(struct transcript_index *x, char what, const char *id,
                             const struct transcript_block *block);
void transcript_index_finish(struct transcript_index *x);

/* All the words of a block lead to it, or nowhere any more. */
void transcript_index_add(struct transcript_index *x, struct transcript_block *b);
void transcript_index_forget(struct transcript_index *x, const struct transcript_block *b);

/* --- transcript_tool.c --- */
/* The fields of a ToolCall or ToolCallUpdate that are there. created: what it leaves out has the
 * protocol's defaults. */
void transcript_tool_update(struct transcript_tool *tool, const cJSON *update, bool created);
void transcript_permission_read(struct transcript_permission *p, const cJSON *params, int64_t at);
void transcript_tool_add_file(struct transcript_tool *tool, struct transcript_file *file);
void transcript_tool_add_shell(struct transcript_tool *tool, struct transcript_shell *shell);

/* --- transcript.c --- */
/* A new last block. */
struct transcript_block *transcript_append(struct transcript *t, enum transcript_kind kind,
                                           int64_t seq, int64_t at);
/* Something in it has changed: its stamp, its bytes. */
void transcript_touch(struct transcript *t, struct transcript_block *b);
void transcript_bound(struct transcript *t); /* drops the oldest beyond the limit */
void transcript_set(char **field, const char *text);
void transcript_keep_loose(struct transcript *t,
                           struct transcript_resolved *r); /* takes what is in it */
void transcript_keep_shell(struct transcript *t, struct transcript_shell *s); /* takes */
struct transcript_block *transcript_last(const struct transcript *t);         /* NULL for none */
void transcript_drop_plan(struct transcript *t, const struct transcript_block *b);
/* Two neighbours that are one text. */
bool transcript_same_run(const struct transcript_block *a, const struct transcript_block *b);

/* --- transcript_fold.c --- */
void transcript_fold(struct transcript *t, int64_t seq, int64_t at, const char *method,
                     const cJSON *params);

/* --- transcript_update.c --- */
void transcript_fold_update(struct transcript *t, int64_t seq, int64_t at, const cJSON *update);
/* The block of this word, made if there is none. */
struct transcript_block *transcript_upsert(struct transcript *t, char what, const char *id,
                                           enum transcript_kind kind, int64_t seq, int64_t at);
/* The tool call of an update or permission; *ret_known: what it says is known already, from a block
 * that was dropped. */
struct transcript_block *transcript_upsert_tool(struct transcript *t, const cJSON *update,
                                                int64_t seq, int64_t at, bool *ret_known);
bool transcript_is_known(const struct transcript *t, const struct transcript_block *b, int64_t seq);
void transcript_turn_begins(struct transcript *t);

/* --- transcript_merge.c --- */
/* Puts the page before t; the page is empty then. */
void transcript_merge(struct transcript *t, struct transcript *page, int64_t from);

#endif
