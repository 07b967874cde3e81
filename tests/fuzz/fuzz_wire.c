/* The bytes of a peer, as both ends read them: the envelope, and a hub's side of a connection as
 * the client takes it (greeting, frames in any cut). What is found is inside what was given. */
#include "transport/nng/link.h"
#include "transport/wire/wire.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void envelope(const char *bytes, size_t n)
{
    struct wire_message m;
    const char *name;
    size_t name_n;
    if (!wire_split(bytes, n, &m))
        return;
    check(m.topic == bytes && m.topic_n <= WIRE_MAX_TOPIC && m.topic_n < n);
    check(m.body == bytes + m.topic_n + 1 && m.body_n == n - m.topic_n - 1);
    check(memchr(m.topic, '\n', m.topic_n) == NULL);
    if (wire_topic_is(&m, 's', &name, &name_n))
        check(name > m.topic && name + name_n == m.topic + m.topic_n && name_n > 0);
    if (m.body_n >= 8) {
        uint8_t again[8];
        wire_put_pos(wire_get_pos((const uint8_t *)m.body), again);
        check(memcmp(again, m.body, 8) == 0);
    }
}

/* The first byte chooses the protocol and how the rest is cut. */
static void connection(const uint8_t *data, size_t size)
{
    struct link l;
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) < 0)
        return;
    link_init(&l);
    l.fd = ends[0];
    l.protocol = data[0] & 1 ? LINK_REQ : LINK_SUB;
    const size_t cut = 1 + data[0] / 2;
    enum err e = ERR_AGAIN;
    for (size_t at = 1; at < size && e == ERR_AGAIN;) {
        const size_t n = size - at < cut ? size - at : cut;
        check(write(ends[1], data + at, n) == (ssize_t)n);
        at += n;
        e = link_fill(&l);
        const char *bytes;
        size_t got;
        while (e == ERR_OK && (e = link_next(&l, &bytes, &got)) == ERR_OK) {
            check(got <= size && bytes >= l.in.data && bytes + got <= l.in.data + l.in.len);
            envelope(bytes, got);
        }
    }
    link_finish(&l);
    close(ends[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    envelope((const char *)data, size);
    if (size && size < 65536)
        connection(data, size);
    return 0;
}
