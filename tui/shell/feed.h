/* A feed: one shell, or the output of a process, as this console follows it. It keeps the shell's
 * screen exact, sends what is typed (one call at a time, more joins the next), and the size when
 * this console drives it. Where somebody else holds the baton it sends neither; to a process it
 * never sends anything, and its screen is this console's own, in the pane's size. Panes that show
 * the same shell share one feed. On the console's thread. */
#ifndef BATON_TUI_FEED_H
#define BATON_TUI_FEED_H

#include "core/base/buf.h"
#include "core/screen/screen.h"
#include "transport/nng/client.h"
#include "tui/world/world.h"

#include <stdbool.h>
#include <stdint.h>

struct follow;
struct process_source;
struct feed;

enum feed_news {
    FEED_PICTURE, /* only what is inside the pane has changed */
    FEED_CHANGED, /* size, driver or such has changed */
    FEED_FAILED,  /* a call did not succeed: text says why */
    FEED_GONE,    /* the hub does not know the shell (any more) */
    FEED_ENDED,   /* its program has ended */
    FEED_BATON,   /* a refusal told who holds the baton: told_holder, told_epoch */
    FEED_REFUSED, /* … and what was typed is lost */
};

struct feed_listener {
    void (*news)(void *data, struct feed *feed, enum feed_news news, const char *text);
    void *data;
};

struct feed {
    char id[WORLD_ID_MAX];
    struct client *client;
    struct follow *follow;         /* of a shell … */
    struct process_source *source; /* … or of a process; NULL both: it is closed */
    struct feed_listener listener;
    struct screen *screen; /* NULL until its first state came */
    uint64_t generation;   /* another number for another screen */
    int rows, cols;        /* the shell's size; 0 not known yet */
    char typed[64];        /* who typed last, "" nobody */
    bool exited, gone;
    int exit_code;

    bool mine;                  /* this console typed last, or opened it: its pane gives the size */
    int want_rows, want_cols;   /* the pane's size, which the shell is to get; 0 nothing */
    int asked_rows, asked_cols; /* by the last shell.resize */
    bool resizing;              /* a shell.resize is on its way */
    bool settled;               /* the shell has had the size that it was to get */
    int64_t sized_us;           /* when it was asked for */
    struct buf keys;            /* to be sent, and behind it what came meanwhile */
    bool keys_typed;            /* a person's keystrokes are among them */
    bool writing;               /* a shell.write is on its way … */
    size_t flying;              /* … with the first bytes of keys; they go when it is answered */
    bool again;                 /* … for the second time, under another epoch */

    /* the baton, as feed_baton told */
    const char *me; /* the member that this console is; borrowed; NULL: no baton is known */
    bool holds, is_free;
    bool observer; /* this console may look, not type */
    int64_t epoch;
    char told_holder[WORLD_NAME_MAX]; /* by the last refusal */
    int64_t told_epoch;

    int calls; /* answers that will come */
    int users; /* panes; without any it is closed */
};

struct feed *feed_open(struct client *client, const char *shell,
                       const struct feed_listener *listener);
/* The same for a process; end and error: process_source.h. */
struct feed *feed_open_process(struct client *client, const char *process, uint64_t end,
                               const char *error, const struct feed_listener *listener);
bool feed_is_open(const struct feed *f);
/* No news comes after it. The memory stays until no answer can come: see feed_dead. */
void feed_close(struct feed *f);
bool feed_dead(const struct feed *f); /* closed, and nothing on its way */
void feed_free(struct feed *f);       /* dead, or the client is closed */

/* Bytes for the program; typed: a person's doing, not a report of the focus.
 * The shell becomes this console's to size. Nothing happens where feed_open_to_me is false. */
void feed_type(struct feed *f, const void *bytes, size_t n, bool typed);
/* Who holds the baton now (holder "": it is free), under which epoch. me stays the caller's. */
void feed_baton(struct feed *f, const char *me, const char *holder, int64_t epoch);
/* True when this console may send to the shell: its member holds the baton, or nobody does. */
bool feed_open_to_me(const struct feed *f);
/* The pane's size: the shell gets it when it is this console's. */
void feed_size(struct feed *f, int rows, int cols);
/* Nobody else has it: this console sizes it from now on. */
void feed_adopt(struct feed *f);

bool feed_message(struct feed *f, const struct wire_message *m);
void feed_connected(struct feed *f, bool is);
bool feed_frame(struct feed *f); /* as follow_frame */

#endif
