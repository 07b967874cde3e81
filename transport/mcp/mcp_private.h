/* What the files of the MCP server share. One thread, one poll; nothing waits but the moments in
 * which a link to the hub is opened.
 *
 *   mcp.c          the loop: poll, lines in, lines out
 *   mcp_methods.c  requests of both eras, and what is answered at once
 *   mcp_tools.c    tools from the catalogue's rows
 *   mcp_bindings.c tools that are bindings
 *   mcp_words.c    what an agent is told: instructions, when to use a tool, what to do next
 *   mcp_calls.c    tools/call: jobs at the hub
 *   mcp_watch.c    telling the client that the tools are others
 *
 * The model. Starting is not joining: clients start servers to look at them. The link to the hub is
 * opened by the first call of a tool, and from then on the member is attached (`mcp` in member
 * lists). A call that may wait for long has a link of its own, because the hub forgets what a link
 * waits for when that is closed: so a call that is cancelled takes nothing from anybody. While the
 * hub is away calls wait for it for a moment; those that it had when it died end with an error, but
 * for those that it held for a human: they go on with the next hub (struct client_hold). */
#ifndef BATON_MCP_PRIVATE_H
#define BATON_MCP_PRIVATE_H

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/catalogue/catalogue.h"
#include "transport/mcp/mcp.h"
#include "transport/nng/client.h"

#include <stdbool.h>
#include <stdint.h>

#define RPC_PARSE    (-32700)
#define RPC_REQUEST  (-32600)
#define RPC_METHOD   (-32601)
#define RPC_PARAMS   (-32602)
#define RPC_VERSION  (-32022)

#define MCP_NEWEST   "2025-11-25" /* with a handshake */
#define MCP_MODERN   "2026-07-28" /* without one */
#define MCP_JOBS     256          /* calls at one time */
#define MCP_TOOL_MAX 100          /* bytes of a tool's name */

struct job { /* one tools/call */
    struct job *next;
    struct mcp *mcp;
    cJSON *id, *arguments; /* owned */
    const struct capability *row;
    struct client *own; /* of a call that may wait for long; else NULL */
    bool own_up;
    struct client_hold hold;
    bool modern;        /* how it is to be answered */
    bool sent;          /* else it waits for the link */
    bool done;          /* answered, or dropped: to be freed by the loop */
    int64_t give_up_us; /* when it does so no more */
};

struct mcp_rows;

/* Who has shaken hands and asked for the tools is told when they are others. The link for that is
 * no member's, as those that ask; the hub holds one call on it until something has changed. */
struct watch {
    struct client *client; /* NULL: nobody wants to know, or no hub answered then */
    bool wanted;           /* the client has shaken hands */
    bool waits;            /* the call is out */
    bool changed;          /* to be looked at by the loop */
    bool over;             /* this hub does not tell */
    uint64_t told;         /* of the tools that the client was told last */
    char since[64];        /* as the hub has called it */
};

struct mcp {
    const struct mcp_options *options;
    const struct catalogue *catalogue;
    struct buf in, out;
    size_t out_at; /* what of out is written */
    size_t seen;   /* what of in has no newline */
    bool skipping; /* the rest of a line that is too long */
    bool ended;    /* standard input has */
    bool broken;   /* nobody reads our output any more */

    /* Who we are, as the hub has said. */
    bool known;
    enum role role;
    char member[64], scope[64];
    cJSON *blocked; /* capabilities that the policy keeps from us, as of the last list; or NULL */

    struct client *client; /* NULL: no tool was called yet, or the hub could not be reached */
    bool up;
    struct job *jobs;
    struct mcp_rows *bindings; /* as last listed; NULL: never yet */
    struct watch watch;
};

/* --- mcp.c: each takes the objects that it is given --- */
void mcp_line_out(struct mcp *m, cJSON *message);
void mcp_result(struct mcp *m, const cJSON *id, bool modern, cJSON *result);
void mcp_error(struct mcp *m, const cJSON *id, int code, const char *text, cJSON *data);

/* --- mcp_methods.c --- */
void mcp_line_in(struct mcp *m, const char *line, size_t n);

/* --- mcp_tools.c --- */
/* baton_take: group and name, '-' as '_'. */
void mcp_tool_name(const struct capability *row, char out[MCP_TOOL_MAX]);
/* The tool of that name, whoever may call it; NULL: there is none. */
const struct capability *mcp_tool_find(const struct mcp *m, const char *name);
/* May whoever we are call it? What is not known yet is allowed: the hub has the last word. */
bool mcp_tool_allowed(const struct mcp *m, const struct capability *row);
/* {name, title, description, inputSchema, outputSchema?, annotations} */
cJSON *mcp_tool_describe(const struct capability *row);
/* Is the result an object by the row's schema? */
bool mcp_tool_gives_object(const struct capability *row);

/* --- mcp_bindings.c --- */
void mcp_bindings_learn(struct mcp *m); /* asks the hub that runs; without joining */
void mcp_bindings_finish(struct mcp *m);
/* The catalogue's rows, then bindings; NULL behind the last. Borrowed while any call is out. */
const struct capability *mcp_row(const struct mcp *m, size_t i);

/* --- mcp_words.c --- */
struct tool_words {
    const char *method;
    const char *when; /* a sentence: when to use it, and how it goes with others */
    int effect;       /* TOOL_… below; 0: as tier, role and flags say */
};
enum { TOOL_READS = 1, TOOL_CHANGES, TOOL_DESTROYS };
const struct tool_words *mcp_words_of(const struct capability *row); /* NULL: none */
char *mcp_instructions(const struct mcp *m);                         /* the caller frees */
/* What went wrong and what to do next, for an agent; the caller frees. */
char *mcp_fault_text(const struct client_fault *fault);

/* --- mcp_watch.c --- */
/* The client is told of all tools: from here on also of their changes. */
void mcp_watch_listed(struct mcp *m);
void mcp_watch_step(struct mcp *m); /* tells of a change; the loop's */
void mcp_watch_finish(struct mcp *m);

/* --- mcp_calls.c --- */
/* Asks the hub who we are, when that can't be told from here; without joining. */
void mcp_learn(struct mcp *m);
/* Asks it which capabilities the policy keeps from us; what is not answered changes nothing. */
void mcp_learn_blocked(struct mcp *m);
/* A link that is no member's; *ret_client is NULL when no hub answers. */
void mcp_probe(const struct mcp *m, struct client **ret_client);
/* Takes arguments. */
void mcp_call(struct mcp *m, const cJSON *id, bool modern, const struct capability *row,
              cJSON *arguments);
void mcp_cancel(struct mcp *m, const cJSON *id);
void mcp_jobs_step(struct mcp *m);          /* sends what waits for the link, frees what is done */
int mcp_jobs_patience(const struct mcp *m); /* ms until something is due; -1 never */
bool mcp_jobs_short(const struct mcp *m);   /* does anything run that will soon be answered? */
void mcp_jobs_end(struct mcp *m, bool all); /* drops calls: those that may wait long, or all */

#endif
