/* Records to asciicast v2 (the format of asciinema's recordings: a JSON header line, then one JSON
 * array [seconds, code, data] a line). Pure, one thread.
 *
 * Codes: "o" output, "i" what was typed, "m" a marker that says who typed it, "r" a new size as
 * COLSxROWS. A player that does not know "m" or "r" skips them. */
#ifndef BATON_CLI_ASCIICAST_H
#define BATON_CLI_ASCIICAST_H

#include "core/base/buf.h"
#include "transport/cli/records.h"

struct asciicast {
    int64_t start_us, last_us; /* of the first record, of the last event */
    bool begun;                /* the header is written */
    struct buf tail;           /* the beginning of a character that is cut by a record's end */
    struct buf typed;          /* what one member has typed since the last marker */
    char who[64];
    int64_t typed_us;
    int rows, cols; /* of the header; 0 until known */
    char *title;
};

/* title may be NULL; copied. */
void asciicast_init(struct asciicast *a, const char *title);
void asciicast_finish(struct asciicast *a);

/* Appends the lines that the record gives; the header before the first. */
void asciicast_record(struct asciicast *a, const struct cast_record *r, struct buf *out);
/* Appends what is still held back: the end of the recording. */
void asciicast_end(struct asciicast *a, struct buf *out);

#endif
