/* The envelope's few functions: pure, any thread. What they get was sent by a peer and is
 * untrusted; they only find places in it. */
#include "transport/wire/wire.h"

#include <string.h>

bool wire_split(const void *bytes, size_t n, struct wire_message *ret_m)
{
    const char *text = bytes;
    if (n == 0)
        return false;
    const char *end = memchr(text, '\n', n <= WIRE_MAX_TOPIC ? n : WIRE_MAX_TOPIC + 1);
    if (!end)
        return false;
    *ret_m = (struct wire_message){
        .topic = text,
        .topic_n = (size_t)(end - text),
        .body = end + 1,
        .body_n = n - (size_t)(end - text) - 1,
    };
    return true;
}

bool wire_topic_is(const struct wire_message *m, char letter, const char **ret_name, size_t *ret_n)
{
    if (m->topic_n < 3 || m->topic[0] != letter || m->topic[1] != '/')
        return false;
    *ret_name = m->topic + 2;
    *ret_n = m->topic_n - 2;
    return true;
}

void wire_put_pos(uint64_t pos, uint8_t out[8])
{
    for (int i = 7; i >= 0; i--, pos >>= 8)
        out[i] = (uint8_t)(pos & 0xff);
}

uint64_t wire_get_pos(const uint8_t in[8])
{
    uint64_t pos = 0;
    for (int i = 0; i < 8; i++)
        pos = pos << 8 | in[i];
    return pos;
}
