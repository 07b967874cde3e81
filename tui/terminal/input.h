/* Keys, mouse and pastes, as the console sees them, whatever the terminal sends; and the other way:
 * how a program inside a pane wants them. The decoder and encoder are pure; one thread. */
#ifndef BATON_TUI_INPUT_H
#define BATON_TUI_INPUT_H

#include "core/base/buf.h"
#include "core/screen/screen.h"

#include <stdbool.h>
#include <stdint.h>

enum key_mod { MOD_SHIFT = 1, MOD_ALT = 2, MOD_CTRL = 4 };

/* Above Unicode: keys that are no character. */
enum key_code {
    KEY_CODE_FIRST = 0x110000,
    K_UP,
    K_DOWN,
    K_RIGHT,
    K_LEFT,
    K_HOME,
    K_END,
    K_INSERT,
    K_DELETE,
    K_PAGE_UP,
    K_PAGE_DOWN,
    K_TAB,
    K_ENTER,
    K_ESCAPE,
    K_BACKSPACE,
    K_BACKTAB,
    K_F1,
    K_F2,
    K_F3,
    K_F4,
    K_F5,
    K_F6,
    K_F7,
    K_F8,
    K_F9,
    K_F10,
    K_F11,
    K_F12,
    KEY_CODE_LAST
};

enum input_kind {
    INPUT_KEY,
    INPUT_MOUSE,
    INPUT_PASTE,
    INPUT_FOCUS,
    INPUT_RESIZE,
    INPUT_ALIVE /* the terminal answered term_ask_alive */
};
enum mouse_kind { MOUSE_PRESS, MOUSE_RELEASE, MOUSE_MOTION, MOUSE_WHEEL_UP, MOUSE_WHEEL_DOWN };

struct input_event {
    enum input_kind kind;
    uint32_t code; /* key: a code point (as typed, without Ctrl) or enum key_code */
    unsigned mods; /* enum key_mod; for a key, or a mouse event */
    enum mouse_kind mouse;
    int button; /* 1 left, 2 middle, 3 right; 0 none */
    int row, col;
    bool gained; /* focus */
    char *paste; /* INPUT_PASTE: owned by the event's receiver, to free; NUL-terminated */
    size_t paste_n;
    bool paste_cut; /* it was larger than INPUT_PASTE_LIMIT, the rest is gone */
};

#define INPUT_PASTE_LIMIT (16 * 1024 * 1024)

struct input_decoder;
struct input_decoder *input_decoder_create(void);
void input_decoder_destroy(struct input_decoder *d);
/* Feeds bytes of the terminal; complete events are queued inside. */
void input_decoder_feed(struct input_decoder *d, const void *bytes, size_t n);
bool input_decoder_next(struct input_decoder *d, struct input_event *ret_event);
bool input_decoder_pending(const struct input_decoder *d); /* a lone ESC or half a sequence waits */
void input_decoder_flush(struct input_decoder *d);         /* time is up: it was a key */

/* What the terminal has told about itself in answers that the decoder took out of the keys. */
enum input_reply {
    REPLY_SYNC_ASKED = 1, /* it answered for mode 2026 … */
    REPLY_SYNC = 2,       /* … and knows it */
    REPLY_KITTY = 4,      /* it knows the kitty keyboard protocol */
    REPLY_DA = 8,         /* it told its device attributes: whatever was asked before is answered */
};
unsigned input_decoder_replies(const struct input_decoder *d);

/* Names as tmux has them: "C-b", "M-x", "S-Left", "F5", "Space", "Enter", "%". */
bool key_parse(const char *name, uint32_t *ret_code, unsigned *ret_mods);
void key_name(uint32_t code, unsigned mods, char *out, size_t size);

/* What the program inside wants to receive for this event in these modes, appended to out. A mouse
 * event (row and col relative to the screen) gives nothing when the program did not ask for it. */
void input_encode(const struct input_event *event, const struct screen_modes *modes,
                  struct buf *out);

#endif
