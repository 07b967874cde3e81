/* The keeper: a tiny process, one per stream, that owns a PTY (or a pair of pipes) and records
 * every byte. Single-threaded; knows neither NNG, SQLite, libuv nor curses; beside the runner of
 * hooks the only one that forks a child. It outlives the hub; the hub finds it again by its folder.
 *
 * `baton keep DIR` reads DIR/meta.json, starts the child, listens on DIR/sock (SOCK_SEQPACKET) and
 * takes one hub at a time: a newer connection replaces the older one, whose messages on their way
 * still count. The hub reads the bytes from the log itself; the socket carries only what follows.
 *
 * The log of a terminal begins with its size. While a hub is connected the child may be 1 MiB ahead
 * of its acks, whatever the log's size is: the hub releases in time. While none is, it runs until
 * streamlog_full. When child and hub are both gone, or the child and its exit is told and BYE said,
 * the keeper goes: so keeper_connect may say ERR_NO_HUB, or the first keeper_receive ERR_LOST, of a
 * keeper that did all its work. The exit record in the log tells that from a killed one. */
#ifndef BATON_STREAM_KEEPER_H
#define BATON_STREAM_KEEPER_H

#include "core/base/err.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEEPER_FILES 10
/* Before each name of the environment while a box is made; whoever is first inside takes it away.
 */
#define KEEPER_INNER     "BATON_INNER_"
#define KEEPER_INPUT_MAX (32u * 1024u) /* bytes of one input message */

/* --- the process itself --------------------------------------------------------------------- */

/* What meta.json holds. All strings are owned by the struct. */
struct keeper_meta {
    char *id;
    char *workspace;
    char **command; /* NULL-terminated argv */
    char **env;     /* NULL-terminated NAME=value, the child's whole environment */
    char *cwd;
    /* For a child that makes a sandbox; each may be NULL. What does not come about is a start that
     * fails. */
    char **files;   /* opened for reading, as the child's descriptors KEEPER_FILES and so on */
    char **cgroups; /* files named cgroup.procs: the child goes into these groups before it runs */
    bool box;       /* the child is not the program but what holds it in: see keeper_child.h */
    /* Of the hub alone, not written: those of env that were asked for by name (NAME=value), and
     * whether it may use the network even where its workspace may not. */
    char **asked;
    bool network;
    bool pty; /* false: pipes, stdout and stderr apart */
    int rows, cols;
    uint64_t retention; /* bytes; 0 keeps all */
    bool checksum;      /* kept as it is; every record has its check */
    int64_t created_us;
};
enum err keeper_meta_write(const char *dir, const struct keeper_meta *meta);
enum err keeper_meta_read(const char *dir, struct keeper_meta *ret_meta);
void keeper_meta_finish(struct keeper_meta *meta);

/* The body of `baton keep DIR`. It forks at once: the first process waits until the child runs and
 * prints its pid on stdout and gives 0, or prints one line 'ErrorName: sentence' and gives 1. The
 * second one is the keeper, in a session of its own, and does not return before child and readers
 * are done. */
int keeper_main(const char *dir);

/* --- the hub's end of the socket -------------------------------------------------------------- */

enum keeper_note_kind {
    KEEPER_GREW,   /* the log has records up to pos */
    KEEPER_EXITED, /* the child is gone: code; the exit record is in the log; the keeper ends when
                      the hub has sent KEEPER_BYE or is gone */
    KEEPER_PAUSED, /* the child is held back: why says for what (window, retention, disk) */
    KEEPER_RESUMED,
    KEEPER_DROPPED, /* input was refused: the child does not read, its queue is full: n bytes */
};
struct keeper_note {
    enum keeper_note_kind kind;
    uint64_t pos;
    int32_t code;
    uint32_t n;
    char why[64];
    int32_t pid; /* the child's, in every note */
};

/* Connects without waiting. *ret_fd is non-blocking and close-on-exec, the caller owns it.
 * ERR_NO_HUB when no keeper listens there. */
enum err keeper_connect(const char *dir, int *ret_fd);

/* Sees to it that no keeper starts in this folder from now on, so that its stream may be told lost.
 * ERR_BUSY: one lives there, or is about to: it holds the folder's lock, and will listen or go. Any
 * other error: it is not known. For when keeper_connect found nobody. */
enum err keeper_forbid(const char *dir);

/* Each sends one message; ERR_AGAIN when the socket is full (nothing was sent), ERR_LOST when the
 * keeper is gone. who is at most 63 bytes. */
enum err keeper_send_input(int fd, uint64_t epoch, const char *who, const void *bytes, size_t n);
/* With pipes, epoch is the position of the first byte in the child's stdin, and each record of
 * input has the position of its own first byte. Under the name KEEPER_HUB what the keeper has been
 * given already is left out, so that a hub may send anew what it cannot know to have arrived. */
#define KEEPER_HUB "hub"
/* As an input of nobody's ("") and alone: throws away what the child has not read yet, and the line
 * that stands there half typed: to its end, then kill it, for readline as for the tty. A line that
 * was typed ahead while a program ran is out of a key's reach: the tty has passed it on already. */
#define KEEPER_KILL_LINE "\x05\x15"
enum err keeper_send_resize(int fd, int rows, int cols);
enum err keeper_send_signal(int fd, int signal); /* to the foreground process group */
enum err keeper_send_ack(int fd, uint64_t pos);  /* the hub has taken in all before pos: window */
enum err keeper_send_release(int fd, uint64_t pos); /* a keyframe at pos is on disk: retention */
enum err keeper_send_mark(int fd, const char *json, size_t n);
enum err keeper_send_close_stdin(int fd); /* once all input is written; a PTY ignores it */
enum err keeper_send_close(int fd);       /* HUP, then TERM, then KILL */
enum err keeper_send_bye(int fd);         /* the exit is in the journal: the keeper may go */

/* Takes one note. ERR_AGAIN: none waits; ERR_LOST: the keeper is gone. */
enum err keeper_receive(int fd, struct keeper_note *ret_note);

#endif
