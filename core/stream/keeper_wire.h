/* What goes over the keeper's socket: one SOCK_SEQPACKET message each way is one thing said. Both
 * ends are the same program, but not always of the same version, and the socket is foreign input to
 * the keeper: what does not parse ends the connection. Little-endian. Internal to core/stream.
 *
 * To the keeper, a byte that says what, then:
 *   'i' u64 epoch, u8 n, n bytes member, the bytes typed      'r' u16 rows, u16 cols
 *   's' u8 signal   'a' u64 pos (ack)   'l' u64 pos (release)   'm' JSON text
 *   'e' close stdin   'c' close   'b' bye
 * From the keeper, 85 bytes: u8 kind, u64 pos, i32 code, u32 n, i32 pid, why[64]. */
#ifndef BATON_STREAM_KEEPER_WIRE_H
#define BATON_STREAM_KEEPER_WIRE_H

#include "core/stream/keeper.h"

#include <sys/uio.h>
#include <sys/un.h>

/* An empty file in the folder: the hub has told this stream lost (keeper_forbid). */
#define KEEPER_FORBIDDEN "forbidden"

enum keeper_say {
    SAY_INPUT = 'i',
    SAY_RESIZE = 'r',
    SAY_SIGNAL = 's',
    SAY_ACK = 'a',
    SAY_RELEASE = 'l',
    SAY_MARK = 'm',
    SAY_CLOSE_STDIN = 'e',
    SAY_CLOSE = 'c',
    SAY_BYE = 'b',
};

#define KEEPER_MARK_MAX    (64u * 1024u)
#define KEEPER_MESSAGE_MAX (KEEPER_MARK_MAX + 128u)
#define KEEPER_NOTE_SIZE   85u

void keeper_note_encode(const struct keeper_note *note, uint8_t out[KEEPER_NOTE_SIZE]);
enum err keeper_note_decode(const uint8_t *in, size_t n, struct keeper_note *ret_note);

/* The address of a folder's socket by way of the open folder, since sun_path is short. */
void keeper_address(int dir, struct sockaddr_un *ret_address);

/* One datagram. ERR_AGAIN: none waits, or no room; ERR_LOST: the other side is gone; ERR_INVALID:
 * longer than size. A message that was sent before the other side went is still received. */
enum err keeper_wire_send(int fd, const struct iovec *parts, int count);
enum err keeper_wire_receive(int fd, void *out, size_t size, size_t *ret_n);

#endif
