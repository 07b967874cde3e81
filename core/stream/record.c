/* The record format, both ways. The decoder takes bytes that a broken disk or a broken program may
 * have made: every field is bounded before it is used, and nothing counts before the checksum fits.
 * Pure functions, any thread. */
#include "core/stream/record.h"
#include "core/stream/bytes.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { AT_LENGTH = 4, AT_POS = 8, AT_TIME = 16, AT_KIND = 24, AT_ZERO = 25, AT_CHECK = 28 };

static const uint8_t magic[4] = {'B', 'R', 'C', '1'};

static uint32_t check_of(const uint8_t *header, const struct iovec *parts, int count)
{
    XXH3_state_t state;
    XXH3_64bits_reset(&state);
    XXH3_64bits_update(&state, header, AT_CHECK);
    for (int i = 0; i < count; i++)
        XXH3_64bits_update(&state, parts[i].iov_base, parts[i].iov_len);
    return (uint32_t)XXH3_64bits_digest(&state);
}

void record_encode_parts(const struct record *r, const struct iovec *parts, int count,
                         uint8_t out[RECORD_HEADER])
{
    memcpy(out, magic, sizeof magic);
    bytes_put(out + AT_LENGTH, r->n, 4);
    bytes_put(out + AT_POS, r->pos, 8);
    bytes_put(out + AT_TIME, (uint64_t)r->time_us, 8);
    out[AT_KIND] = (uint8_t)r->kind;
    memset(out + AT_ZERO, 0, 3);
    bytes_put(out + AT_CHECK, check_of(out, parts, count), 4);
}

void record_encode(const struct record *r, uint8_t out[RECORD_HEADER])
{
    struct iovec part = {.iov_base = (void *)(uintptr_t)r->payload, .iov_len = r->n};
    record_encode_parts(r, &part, 1, out);
}

static bool kind_known(uint8_t kind)
{
    return kind != 0 && memchr("oeirxm", kind, 6) != NULL;
}

bool record_counts(enum record_kind kind)
{
    return kind == RECORD_OUTPUT || kind == RECORD_ERROR;
}

enum err record_decode(const void *bytes, size_t n, struct record *ret_r, size_t *ret_size)
{
    const uint8_t *in = bytes;
    size_t seen = n < sizeof magic ? n : sizeof magic;

    *ret_size = 0;
    if (seen && memcmp(in, magic, seen) != 0)
        return ERR_CORRUPT;
    if (n < RECORD_HEADER) {
        *ret_size = RECORD_HEADER;
        return ERR_AGAIN;
    }
    size_t length = (size_t)bytes_get(in + AT_LENGTH, 4);
    uint64_t pos = bytes_get(in + AT_POS, 8);
    uint64_t time = bytes_get(in + AT_TIME, 8);
    if (length > RECORD_MAX || pos > UINT64_MAX - length || time > INT64_MAX ||
        !kind_known(in[AT_KIND]) || in[AT_ZERO] || in[AT_ZERO + 1] || in[AT_ZERO + 2])
        return ERR_CORRUPT;
    *ret_size = RECORD_HEADER + length;
    if (n < *ret_size)
        return ERR_AGAIN;
    struct iovec payload = {.iov_base = (void *)(uintptr_t)(in + RECORD_HEADER), .iov_len = length};
    if (check_of(in, &payload, 1) != (uint32_t)bytes_get(in + AT_CHECK, 4))
        return ERR_CORRUPT;
    *ret_r = (struct record){
        .kind = (enum record_kind)in[AT_KIND],
        .time_us = (int64_t)time,
        .pos = pos,
        .payload = (const char *)in + RECORD_HEADER,
        .n = length,
    };
    return ERR_OK;
}

size_t record_encode_input(uint64_t epoch, const char *who, uint8_t out[80])
{
    size_t n = strnlen(who, 63);
    bytes_put(out, epoch, 8);
    out[8] = (uint8_t)n;
    memcpy(out + 9, who, n);
    return 9 + n;
}

enum err record_decode_input(const struct record *r, struct record_input *ret_input)
{
    const uint8_t *in = (const uint8_t *)r->payload;
    if (r->kind != RECORD_INPUT || r->n < 9 || in[8] > 63 || r->n < 9u + in[8])
        return ERR_CORRUPT;
    size_t head = 9u + in[8];
    *ret_input = (struct record_input){
        .epoch = bytes_get(in, 8),
        .bytes = r->payload + head,
        .n = r->n - head,
    };
    memcpy(ret_input->who, in + 9, in[8]);
    return ERR_OK;
}

void record_encode_resize(int rows, int cols, uint8_t out[4])
{
    bytes_put(out, (uint64_t)rows, 2);
    bytes_put(out + 2, (uint64_t)cols, 2);
}

enum err record_decode_resize(const struct record *r, int *ret_rows, int *ret_cols)
{
    const uint8_t *in = (const uint8_t *)r->payload;
    if (r->kind != RECORD_RESIZE || r->n != 4)
        return ERR_CORRUPT;
    *ret_rows = (int)bytes_get(in, 2);
    *ret_cols = (int)bytes_get(in + 2, 2);
    return ERR_OK;
}

void record_encode_exit(int32_t code, uint8_t out[4])
{
    bytes_put(out, (uint32_t)code, 4);
}

enum err record_decode_exit(const struct record *r, int32_t *ret_code)
{
    if (r->kind != RECORD_EXIT || r->n != 4)
        return ERR_CORRUPT;
    *ret_code = (int32_t)(uint32_t)bytes_get((const uint8_t *)r->payload, 4);
    return ERR_OK;
}
