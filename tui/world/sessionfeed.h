/* A session as this console follows it: its transcript, kept up to date. It begins with the newest
 * events and reads earlier ones when they are asked for; live events join by their numbers, so what
 * PUB drops is filled in by a call and nothing is taken in twice. Panes that show the same session
 * share one. On the console's thread. */
#ifndef BATON_TUI_SESSIONFEED_H
#define BATON_TUI_SESSIONFEED_H

#include "core/agent/transcript.h"
#include "transport/nng/client.h"
#include "tui/world/world.h"

#include <stdbool.h>
#include <stdint.h>

struct sessionfeed;

enum session_news {
    SESSION_CHANGED,     /* the transcript has grown, or something in it is other than it was */
    SESSION_FAILED_CALL, /* text says why */
    SESSION_GONE,        /* the hub does not know the session (any more) */
};

struct session_listener {
    void (*news)(void *data, struct sessionfeed *feed, enum session_news news, const char *text);
    void *data;
};

struct sessionfeed {
    char id[WORLD_ID_MAX];
    struct client *client; /* NULL: nothing is ever asked */
    struct session_listener listener;
    struct transcript *transcript;
    int64_t heard;  /* the newest number that there is, as far as this console heard */
    bool asking;    /* a page is on its way … */
    bool earlier;   /* … an earlier one, too */
    bool full;      /* there was no room for the last earlier one */
    bool loaded;    /* the first page has come */
    bool connected; /* else nothing is asked */
    bool gone;
    int64_t begin; /* the first number of the earlier page */
    cJSON *page;   /* what has come of it, when it comes in parts */
    int users;     /* panes; without any it is closed */
};

/* head: the number of the newest event when it is known, else 0. */
struct sessionfeed *sessionfeed_open(struct client *client, const char *session, int64_t head,
                                     const struct session_listener *listener);
/* Not inside its own news. Takes NULL. */
void sessionfeed_close(struct sessionfeed *f);

/* A live event: data is the journal event's {sessionId, sequenceNumber, event}; at: ms since 1970.
 */
void sessionfeed_event(struct sessionfeed *f, const cJSON *data, int64_t at);
/* There is something up to this number (0: perhaps): what is missing is asked for. */
void sessionfeed_catch_up(struct sessionfeed *f, int64_t head);
void sessionfeed_connected(struct sessionfeed *f, bool is);
/* One earlier page, if there is one: of so many events, 0 as many as one scrolls through. */
void sessionfeed_earlier(struct sessionfeed *f, int events);

#endif
