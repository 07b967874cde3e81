/* What the decoder's files share: its state, and the tables of sequences. */
#ifndef BATON_TUI_INPUT_PRIVATE_H
#define BATON_TUI_INPUT_PRIVATE_H

#include "tui/terminal/input.h"

struct input_decoder {
    struct buf in; /* bytes that are no whole sequence yet */
    struct buf paste;
    struct input_event *queue; /* [head..tail) wait for input_decoder_next */
    size_t head, tail, cap;
    int flushes;    /* since the last byte */
    bool pasting;   /* between the brackets of a paste */
    bool cut;       /* the paste was over its limit */
    bool in_string; /* in the rest of a string that is not looked at */
    unsigned replies;
};

void decoder_emit(struct input_decoder *d, const struct input_event *event);
void decoder_key(struct input_decoder *d, uint32_t code, unsigned mods);
/* b as xterm sends it, x and y from 1. */
void decoder_mouse(struct input_decoder *d, int b, int x, int y, bool released);
/* CSI: params[0..n) are the bytes between the introducer and the final one. */
void decoder_sequence(struct input_decoder *d, const char *params, size_t n, char final,
                      unsigned mods);
/* SS3: s begins behind ESC O. Gives the bytes used, or DECODER_MORE. */
#define DECODER_MORE (-1L)
long decoder_ss3(struct input_decoder *d, const char *s, size_t n, unsigned mods);

#endif
