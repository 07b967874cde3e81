/* Processes: programs with pipes, whose stdout and stderr are recorded apart. What goes between the
 * control thread, which has their rows and tells of their ends (processes.c), and the stream
 * thread, which follows their records, answers who reads them and passes input on
 * (stream_process.c, process_calls.c).
 *
 * A process is a stream: its keeper records both outputs in one log, in the order in which they
 * came, and both count in its position. Who reads asks for pages with process.output, which waits
 * for what is not there yet; so a program, the console and the command line read in one way, and go
 * on where they were when a hub dies in between.
 *
 * A process may be bound to the link of its caller (process.exec): when that goes, it is told to
 * end. A link that reads it as its own ("attached") also holds it back: the program waits when it
 * is AHEAD bytes before its reader, as with a pipe, and nothing that was not read yet is given up.
 * A hub's death ends all links, so each bound process has GRACE_US in the next hub's life until its
 * caller must have come back. */
#ifndef BATON_HUB_PROCESSES_H
#define BATON_HUB_PROCESSES_H

#include "core/hub/hub_private.h"

#define PROCESS_KEEP_MAX (8u * 1024u * 1024u) /* of each output in an answer of process.exec */

/* --- works of the stream thread; flat, malloc'ed, freed by whoever runs them --- */

struct process_attach {
    char id[32], by[MEMBER_NAME_MAX];
    bool recovering; /* of an earlier hub: its keeper may be gone */
    bool bound;      /* ends with its caller's link */
    bool paced;      /* and its output is held back for that link */
    bool collect;    /* its first output goes along with its end: PROCESS_KEEP_MAX of each */
    bool fed;        /* input is all of its stdin, which is closed behind it */
    uint32_t owner;  /* that link; 0 it is not there (yet) */
    size_t input_n;
    char input[]; /* the beginning of its stdin, from position 0 on */
};
/* Follows the keeper. When the registry has the process as ended, it can only be read. */
enum err streams_process_attach(struct hub *hub, void *arg);

/* --- works of control --- */

struct process_alive {
    char id[32];
    int32_t pid;
};
enum err processes_alive(struct hub *hub, void *arg); /* its keeper has been found */

struct process_end {
    char id[32];
    int code;          /* 0..255, or -signal */
    bool lost;         /* the keeper is gone without having recorded an end */
    uint64_t out, err; /* bytes that there were of each, when they were collected */
    size_t out_n, err_n;
    char bytes[]; /* out_n and err_n of them */
};
enum err processes_ended(struct hub *hub, void *arg);

/* --- control, within a batch --- */

enum err processes_recover(struct hub *hub, void *arg); /* control work: after a start */
/* One that runs is told to end. ERR_NOT_FOUND. */
enum err processes_close(struct hub *hub, const char *id);
/* How many there are of a workspace, and how many of them run. */
enum err processes_count(struct hub *hub, const char *workspace, int *ret_running, int *ret_all);
/* The rows and records of a workspace's processes, none of which runs any more. */
enum err processes_delete(struct hub *hub, const char *workspace);

#define PROCESS_HANDLERS(X)                                                                        \
    X(process_spawn)                                                                               \
    X(process_exec)                                                                                \
    X(process_list)                                                                                \
    X(process_wait)                                                                                \
    X(process_remove)                                                                              \
    X(process_output)                                                                              \
    X(process_write)                                                                               \
    X(process_close_stdin)                                                                         \
    X(process_signal)
#define X(name) enum err name(struct hub *hub, struct call *c);
PROCESS_HANDLERS(X)
#undef X

#endif
