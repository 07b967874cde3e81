/* A folder where a hub listens: its lock, and the sockets `call` and `pub` in it. The files of the
 * sockets are made and removed by who holds the lock alone. A place is opened and closed by one
 * thread; whoever comes is told on NNG's. */
#ifndef BATON_NNG_PLACE_H
#define BATON_NNG_PLACE_H

#include "core/base/err.h"

#include <nng/nng.h>
#include <stdbool.h>
#include <sys/types.h>

struct place;

/* Somebody connected to `pub` (subscriber) or to `call`; takes the stream. */
typedef void (*place_came)(void *data, bool subscriber, nng_stream *stream);

/* Takes the lock of a folder that is there. ERR_BUSY: another process has it. On an error *ret_why
 * has a sentence (caller frees). handed: the lock's descriptor, which is held already and becomes
 * the place's; what is not this folder's lock, as -1, is left alone. */
enum err place_take(const char *dir, const char *hub, int handed, struct place **ret_place,
                    char **ret_why);

/* A folder without a lock and without `pub`, which nobody but its only hub uses. */
struct place *place_for_calls(const char *dir);

/* Listens. mode is the sockets'. */
enum err place_listen(struct place *place, mode_t mode, place_came came, void *data,
                      char **ret_why);

/* Nobody comes any more once this returns; the lock stays. Not from `came`. Takes NULL. */
void place_quiet(struct place *place);
/* The lock's descriptor, still held, becomes the caller's: place_leave gives it back no more. */
int place_hand_on(struct place *place);
/* Removes the sockets, gives the lock back and frees; takes NULL. */
void place_leave(struct place *place);

#endif
