/* A feed: one shell as this console follows it. It keeps the shell's screen exact, sends what is
 * typed (one call at a time, more joins the next), and the size when this console drives it. Panes
 * that show the same shell share one feed. On the console's thread. */
#ifndef BATON_TUI_FEED_H
#define BATON_TUI_FEED_H

#include "core/base/buf.h"
#include "core/screen/screen.h"
#include "transport/nng/client.h"
#include "tui/world.h"

#include <stdbool.h>
#include <stdint.h>

struct follow;
struct feed;

enum feed_news {
    FEED_PICTURE, /* only what is inside the pane has changed */
    FEED_CHANGED, /* size, driver or such has changed */
    FEED_FAILED,  /* a call did not succeed: text says why */
    FEED_GONE,    /* the hub does not know the shell (any more) */
    FEED_ENDED,   /* its program has ended */
};

struct feed_listener {
    void (*news)(void *data, struct feed *feed, enum feed_news news, const char *text);
    void *data;
};

struct feed {
    char id[WORLD_ID_MAX];
    struct client *client;
    struct follow *follow;
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
    struct buf keys;            /* to be sent */
    bool writing;               /* a shell.write is on its way */
    int calls;                  /* answers that will come */
    int users;                  /* panes; without any it is closed */
};

struct feed *feed_open(struct client *client, const char *shell,
                       const struct feed_listener *listener);
/* No news comes after it. The memory stays until no answer can come: see feed_dead. */
void feed_close(struct feed *f);
bool feed_dead(const struct feed *f); /* closed, and nothing on its way */
void feed_free(struct feed *f);       /* dead, or the client is closed */

/* Bytes as typed. The shell becomes this console's to size. */
void feed_type(struct feed *f, const void *bytes, size_t n);
/* The pane's size: the shell gets it when it is this console's. */
void feed_size(struct feed *f, int rows, int cols);
/* Nobody else has it: this console sizes it from now on. */
void feed_adopt(struct feed *f);

bool feed_message(struct feed *f, const struct wire_message *m);
void feed_connected(struct feed *f, bool is);
bool feed_frame(struct feed *f); /* as follow_frame */

#endif
