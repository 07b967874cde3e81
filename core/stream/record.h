/* One record of a stream's log, as it lies on disk. A stream is never rewritten: records are only
 * appended. Pure functions, any thread.
 *
 * On disk, little-endian, 32 bytes and then the payload:
 *   u32 magic 'BRC1'   u32 length of the payload   u64 pos (output bytes before this record)
 *   u64 time (wall clock, microseconds)   u8 kind   u8[3] zero   u32 check
 * check is the low half of XXH3-64 over the first 28 bytes and the payload. */
#ifndef BATON_STREAM_RECORD_H
#define BATON_STREAM_RECORD_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#define RECORD_HEADER 32u
#define RECORD_MAX    (256u * 1024u) /* bytes of payload; the writer cuts larger ones up */

enum record_kind {
    RECORD_OUTPUT = 'o', /* payload: bytes of the PTY, or of stdout */
    RECORD_ERROR = 'e',  /* bytes of stderr; they count in pos too */
    RECORD_INPUT = 'i',  /* u64 epoch, u8 n, n bytes member's name, then the bytes typed; of a
                            child with pipes the first is their position in its stdin */
    RECORD_RESIZE = 'r', /* u16 rows, u16 cols */
    RECORD_EXIT = 'x',   /* i32: the exit status 0..255, or -signal */
    RECORD_MARK = 'm',   /* JSON text: what else is worth keeping at this place */
};

struct record {
    enum record_kind kind;
    int64_t time_us;
    uint64_t pos;        /* output bytes before this record */
    const char *payload; /* borrows */
    size_t n;
};

/* Writes the header of r (r->n <= RECORD_MAX) to out, checksum over it and the payload. */
void record_encode(const struct record *r, uint8_t out[RECORD_HEADER]);
/* The same, for a payload that lies in parts: together r->n bytes; r->payload is not looked at. */
void record_encode_parts(const struct record *r, const struct iovec *parts, int count,
                         uint8_t out[RECORD_HEADER]);

/* True for the kinds whose payload counts in pos: output and error. */
bool record_counts(enum record_kind kind);

/* Reads one record at bytes[0..n). ERR_AGAIN: it is not whole yet (*ret_size then says how many
 * bytes are needed at least); ERR_CORRUPT: no record (*ret_size is 0), or its checksum is wrong
 * (*ret_size is what its header claims); ERR_OK: *ret_r borrows from bytes, *ret_size is what it
 * took. Whether the payload's own fields are right the functions below say. */
enum err record_decode(const void *bytes, size_t n, struct record *ret_r, size_t *ret_size);

/* Payloads that have fields of their own. Encoders append nothing to disk: they fill out. */
struct record_input {
    uint64_t epoch;
    char who[64];
    const char *bytes; /* borrows from the record */
    size_t n;
};
size_t record_encode_input(uint64_t epoch, const char *who, uint8_t out[80]); /* head only */
enum err record_decode_input(const struct record *r, struct record_input *ret_input);
void record_encode_resize(int rows, int cols, uint8_t out[4]);
enum err record_decode_resize(const struct record *r, int *ret_rows, int *ret_cols);
void record_encode_exit(int32_t code, uint8_t out[4]);
enum err record_decode_exit(const struct record *r, int32_t *ret_code);

#endif
