/* The terminal is given back whatever happens: this part survives crashes and signals. */
#ifndef BATON_TUI_TERM_GUARD_H
#define BATON_TUI_TERM_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

#define GUARD_UNDO_MAX 512

struct guard_setup {
    int in_fd, out_fd;       /* the terminal's */
    int in_flags, out_flags; /* F_SETFL to restore; -1: ours alone, leave them */
    int event_fd;            /* an eventfd that is rung when guard_events has something to tell */
    struct termios saved;    /* how the terminal was */
};

enum guard_event { GUARD_RESIZED = 1, GUARD_STOP = 2, GUARD_CONTINUED = 4 };

/* Installs the handlers; guard_undo says what to write. One guard a process. */
void guard_start(const struct guard_setup *setup);
/* What brings the terminal back, at most GUARD_UNDO_MAX bytes; copied, never half seen. */
void guard_undo(const char *bytes, size_t n);
/* Writes the undo and restores the settings; waits for a slow terminal, but not long. Then nothing
 * is done at a crash, until guard_arm. Does nothing when not armed. */
void guard_restore(void);
void guard_arm(void);
/* Takes the handlers out again; a restore first when armed. */
void guard_stop(void);
/* What has happened since the last call: enum guard_event. */
unsigned guard_events(void);

#endif
