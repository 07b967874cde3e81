/* Little-endian numbers in bytes, for what lies on disk or goes over the keeper's socket. Internal
 * to core/stream. Pure, any thread. */
#ifndef BATON_STREAM_BYTES_H
#define BATON_STREAM_BYTES_H

#include <stdint.h>

static inline void bytes_put(uint8_t *out, uint64_t value, int size)
{
    for (int i = 0; i < size; i++)
        out[i] = (uint8_t)(value >> (8 * i));
}

static inline uint64_t bytes_get(const uint8_t *in, int size)
{
    uint64_t value = 0;
    for (int i = 0; i < size; i++)
        value |= (uint64_t)in[i] << (8 * i);
    return value;
}

#endif
