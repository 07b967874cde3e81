/* A recording as a place in time and the screen that was there: what `stream play` shows, without a
 * terminal. Records go through our own screen, so that nothing of a recording reaches the terminal
 * but cells. One thread. */
#ifndef BATON_CLI_PLAYER_H
#define BATON_CLI_PLAYER_H

#include "core/screen/screen.h"
#include "transport/cli/records.h"

/* Gives the next record, as records_next does: ERR_AGAIN at the end. */
typedef enum err (*player_source)(void *data, struct cast_record *ret_record,
                                  struct client_fault *ret_fault);

struct player;

/* Borrows data until player_destroy. */
struct player *player_create(player_source source, void *data);
void player_destroy(struct player *p); /* takes NULL */

/* Goes to that time, in microseconds from the first record: forwards by playing on, backwards by
 * playing from the start. Behind the end it stays at the end. Reads records as far as it needs
 * them; ERR_LIMIT when the recording is larger than what is kept in memory (512 MiB). */
enum err player_seek(struct player *p, int64_t us, struct client_fault *ret_fault);

int64_t player_time(const struct player *p); /* where it stands */
int64_t player_next(const struct player *p); /* when something happens next; -1 at the end */
struct screen *player_screen(const struct player *p); /* borrowed until the next seek */
const char *player_who(const struct player *p);       /* who typed last, safe; "" nobody */

#endif
