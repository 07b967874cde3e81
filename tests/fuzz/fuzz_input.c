/* Whatever a terminal sends: fed whole or byte by byte, the same events come; each can be encoded
 * for a program in any modes, and no paste contains what would end its brackets. */
#include "tui/terminal/input.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_paste(const struct input_event *e)
{
    struct screen_modes m = {.bracketed_paste = true};
    struct buf out = {0};

    input_encode(e, &m, &out);
    if (out.len < 12 || memcmp(out.data, "\033[200~", 6) != 0 ||
        memcmp(out.data + out.len - 6, "\033[201~", 6) != 0 ||
        memchr(out.data + 6, 0x1b, out.len - 12))
        abort();
    buf_finish(&out);
}

/* Everything there is to take, as bytes that can be compared. */
static void take(struct input_decoder *d, const struct screen_modes *m, struct buf *log)
{
    struct input_event e = {0};

    while (input_decoder_next(d, &e)) {
        char name[64] = "";
        if (e.kind == INPUT_KEY)
            key_name(e.code, e.mods, name, sizeof name);
        buf_printf(log, "%d %u %u %d %d %d,%d %d %zu %s\n", (int)e.kind, e.code, e.mods,
                   (int)e.mouse, e.button, e.row, e.col, e.gained, e.paste_n, name);
        if (e.kind == INPUT_PASTE) {
            buf_append(log, e.paste, e.paste_n);
            check_paste(&e);
        }
        if (e.kind == INPUT_MOUSE && (e.row < 0 || e.col < 0))
            abort();
        input_encode(&e, m, log);
        free(e.paste);
        e = (struct input_event){0};
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct screen_modes m = {0};
    struct buf whole = {0}, pieces = {0};
    struct input_decoder *a = input_decoder_create(), *b = input_decoder_create();

    if (size > 0) { /* the first byte chooses the modes */
        m.app_cursor_keys = data[0] & 1;
        m.kitty_keyboard = data[0] & 2 ? 9 : data[0] & 4 ? 1 : 0;
        m.modify_other_keys = data[0] >> 3 & 3;
        m.mouse = (enum mouse_mode)((data[0] >> 5) % 5);
        m.mouse_sgr = data[0] & 1;
        m.bracketed_paste = m.focus_events = true;
        data++;
        size--;
    }
    input_decoder_feed(a, data, size);
    take(a, &m, &whole);
    for (size_t i = 0; i < size; i++) {
        input_decoder_feed(b, data + i, 1);
        take(b, &m, &pieces);
    }
    if (whole.len != pieces.len || (whole.len && memcmp(whole.data, pieces.data, whole.len) != 0))
        abort();
    if (input_decoder_replies(a) != input_decoder_replies(b))
        abort();
    for (int i = 0; i < 1000 && input_decoder_pending(a); i++)
        input_decoder_flush(a);
    if (input_decoder_pending(a)) /* it would wait for ever */
        abort();
    take(a, &m, &whole);
    buf_finish(&whole);
    buf_finish(&pieces);
    input_decoder_destroy(a);
    input_decoder_destroy(b);
    return 0;
}
