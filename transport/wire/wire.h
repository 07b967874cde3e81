/* What goes over the wire: the envelope, topics, limits, versions. Pure functions, any thread.
 *
 * A message is `topic '\n' body`.
 *
 * Calls (REQ/REP): the topic is the method, the body JSON-RPC 2.0 with `auth` {token, identity,
 * client} beside params; the answer has an empty topic. The topic lets the hub choose a thread
 * without parsing. One whose JSON has `approval` beside params (true, or the approval as which it
 * was held before its link was lost, "ap3") may be sent a note before its answer, the same way and
 * with an empty topic: {jsonrpc, method: "call.held", params: {approvalId, expiresAt}}, no id. It
 * waits for a human then. With "ap3" it runs by that approval, at most once, or is refused; it
 * never asks for another one. Without the member no note comes, as REQ expects one answer.
 *
 * Events (PUB/SUB), by topic:
 *
 * - `e/WORKSPACE/KIND`: one event a line, JSON, oldest first; messages come in the order of the
 *   events' ids, which rise by one from event to event (a subscriber to all sees what it missed).
 *
 * - `s/STREAM`: 8 bytes big-endian pos, then raw output bytes.
 *
 * - `h/STREAM`: the stream's head, JSON: {pos, rows, cols, resizes, sizedAt, title, typed, flood,
 *   exitCode}; resizes is how many there were since the hub started (a snapshot tells it too),
 *   sizedAt the pos of the last one. It is sent when something but pos changed, when bytes are held
 *   back (flood), and every 100 ms while something moves, the last time when it has come to rest. A
 *   head at a pos that the subscriber has not reached means that bytes were lost or held back; a
 *   head with another size, at its own pos, is the resize itself.
 *
 * - `o/STREAM`: what a process writes, as it comes: one JSON object {pid, processId, stream, pos,
 *   data}, with "encoding": "base64" for bytes that are no text. In a flood some are left out;
 *   process.output has them all.
 *
 * - `w/`: empty; sent when a subscriber was added. Whoever reads it will be sent all that is
 *   published from then on; before it, a connection promises nothing.
 */
#ifndef BATON_WIRE_WIRE_H
#define BATON_WIRE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_VERSION_MIN 1
#define WIRE_VERSION_MAX 1
#define WIRE_MAX_MESSAGE (16u * 1024u * 1024u)
#define WIRE_MAX_TOPIC   256u
#define WIRE_WELCOME     "w/"
#define WIRE_HELD        "call.held" /* the method of that note */

struct wire_message {
    const char *topic; /* borrows, not NUL-terminated */
    size_t topic_n;
    const char *body;
    size_t body_n;
};
/* False when there is no '\n' within WIRE_MAX_TOPIC. */
bool wire_split(const void *bytes, size_t n, struct wire_message *ret_m);

/* Topics' parts: true when m's topic is `letter/NAME`; *ret_name borrows, ret_n bytes. */
bool wire_topic_is(const struct wire_message *m, char letter, const char **ret_name, size_t *ret_n);

void wire_put_pos(uint64_t pos, uint8_t out[8]); /* big-endian */
uint64_t wire_get_pos(const uint8_t in[8]);

#endif
