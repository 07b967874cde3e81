/* A stream's records, read through the hub page by page (`stream.records`). One thread. */
#ifndef BATON_CLI_RECORDS_H
#define BATON_CLI_RECORDS_H

#include "core/base/err.h"
#include "core/base/json.h"
#include "transport/nng/client.h"

/* One record, as stream/record.h has it, decoded from JSON. Borrows from the reader. */
struct cast_record {
    char kind; /* 'o' output, 'e' error output, 'i' input, 'r' resize, 'x' exit; 'k' keyframe */
    int64_t time_us; /* wall clock; of a keyframe 0 */
    uint64_t pos;
    const char *bytes; /* output, input, keyframe */
    size_t n;
    const char *who; /* input: who typed, "" nobody */
    int rows, cols;  /* resize, keyframe */
    int code;        /* exit */
};

struct records;

/* Begins at the stream's first record that is kept. Borrows both until records_close. */
struct records *records_open(struct client *client, const char *stream_id);
void records_close(struct records *r); /* takes NULL */

/* The next record, valid until the next call. ERR_AGAIN: there is no more for now. Another error:
 * fault tells it. Where the beginning of the record is no longer kept the first one is a keyframe:
 * bytes that bring a terminal of its size to the state at its pos. */
enum err records_next(struct records *r, struct cast_record *ret_record,
                      struct client_fault *ret_fault);

/* One page's element as a record; *ret_bytes is fresh memory that it borrows, the caller's. False
 * for a kind that is not known. For records_next and tests. */
bool records_decode(const cJSON *json, struct cast_record *ret_record, char **ret_bytes);

#endif
