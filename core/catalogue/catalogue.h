/* The catalogue: one table of all that the hub can do. From a row alone come the JSON-RPC method
 * `group.name`, the command `baton group name`, its help, completion and manual, and, where it
 * makes sense for an agent, the MCP tool (CAP_MCP). Rows are constant data; any thread. */
#ifndef BATON_CATALOGUE_CATALOGUE_H
#define BATON_CATALOGUE_CATALOGUE_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum tier { TIER_AUTONOMOUS, TIER_NOTIFY, TIER_APPROVAL, TIER_BLOCKED };

/* What role a caller needs at least; the list is of what is allowed. */
enum role { ROLE_OBSERVER = 1, ROLE_AGENT, ROLE_DRIVER, ROLE_OWNER };

/* Where the handler runs: on control inside the transaction, on stream without one (it must not
 * wait for a sync), or in the client's own process (starting a hub, playing a recording). */
enum lane { LANE_CONTROL, LANE_STREAM, LANE_CLIENT };

enum capability_flags {
    CAP_LONG = 1u << 0,       /* the call may be parked: no client time-out of its own */
    CAP_FOLLOW = 1u << 1,     /* the command has --follow: one JSON object a line */
    CAP_ASKS = 1u << 2,       /* the command asks on a terminal first; --force does not */
    CAP_STARTS_HUB = 1u << 3, /* the command starts the hub when none runs */
    CAP_INTERNAL = 1u << 4,   /* a method of the wire that has no command (hello, layout.*) */
    CAP_SELF = 1u << 5,       /* for whoever is bound to one workspace too, though the input names
                                 none: about the caller, or the handler leaves out the others */
    CAP_MCP = 1u << 6,        /* a tool of `baton mcp` too */
    CAP_BINDING = 1u << 7,    /* a user's binding (core/binding): what its input names is its own
                                 matter, and no workspace, shell or session of the hub's */
};

struct hub;
struct call;

struct capability {
    const char *group, *name; /* [a-z0-9-]+ */
    const char *version;
    const char *help;   /* one line, no full stop at its end */
    const char *input;  /* JSON Schema, type object; see below */
    const char *output; /* JSON Schema of the result */
    enum tier tier;
    enum role role;
    enum lane lane;
    unsigned flags;
    const enum err *errors; /* those of its own, ended by ERR_OK */
    /* Reads the call and answers or parks it (core/hub/call.h). The input has passed its schema.
     * NULL for LANE_CLIENT. An error returned is answered for it. */
    enum err (*handle)(struct hub *hub, struct call *call);
};

/* Input schemas are written with this: C strings without the quoting. Beside the standard words a
 * schema has "x-positional": names of properties that the command takes as plain arguments, in
 * order; and "x-rest": the array property that takes all arguments behind `--`. A property may have
 * "x-stdin": true (absent: read from standard input), "x-value": what --help calls its value,
 * "x-here": true (absent: the caller's folder; a relative `cwd` is made absolute in any case),
 * "x-expects": what a value that fails its pattern should have been, in words.
 *
 * Output schemas tell the command line how a person reads the result; --json ignores all of it:
 * "x-sentence": "Opened {shellId} in {workspace}." (its places: transport/cli/render.h),
 * "x-raw": the string property that is printed as it is (base64 when `encoding` says so),
 * "x-text": the string property that is shown alone, its lines made safe,
 * "x-raw-error": the same to standard error, "x-exit": the property that is the exit status,
 * "x-columns": [property...] of a table, "x-table": the one list property that is shown,
 * "x-empty": what is said instead of a table without rows; on a property "x-unit": "bytes", "ms",
 * "us", "s" (spans), "time-us" or "time-ms" (a moment; 0 is none), "time-text" (one in RFC 3339),
 * "exit" (a status, or a signal below zero), "title": its heading; "x-unit-of": the property beside
 * it that has its unit, "x-brief": a column of words about the rest (transport/cli). */
#define JSON_TEXT(...) #__VA_ARGS__

struct catalogue {
    const struct capability *const *rows;
    size_t count;
};

/* The row of `group.name`, text[0..n); NULL when there is none. */
const struct capability *catalogue_find(const struct catalogue *c, const char *method, size_t n);

/* The names nearest to a mistyped one, at most three, as "a, b, c"; "" when nothing is near. */
void catalogue_nearest(const struct catalogue *c, const char *method, char *out, size_t size);

/* Is every row whole: names, help, both schemas, a handler where its lane needs one? For tests and
 * for rows that users add. ERR_INVALID: why names the row and what is wrong. */
enum err catalogue_check(const struct catalogue *c, char *why, size_t size);

#endif
