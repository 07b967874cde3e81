/* The other way: what the program inside a pane receives for a key, a paste, the mouse or the
 * focus, in the modes that it has set. After xterm ("PC-Style Function Keys", "Mouse Tracking",
 * modifyOtherKeys) and the kitty keyboard protocol's 'disambiguate' and 'report all keys'. Pure. */
#include "tui/terminal/input.h"

#include "core/base/text.h"

#include <string.h>

#define KITTY_DISAMBIGUATE 1
#define KITTY_ALL          8
#define WHEEL_LINES        3 /* arrows for one turn, in mode 1007 */

static const struct {
    uint32_t code;
    char final; /* CSI 1;mods FINAL, … */
    int number; /* … or CSI NUMBER;mods ~ */
} functions[] = {
    {K_UP, 'A', 0},  {K_DOWN, 'B', 0}, {K_RIGHT, 'C', 0}, {K_LEFT, 'D', 0},  {K_HOME, 'H', 0},
    {K_END, 'F', 0}, {K_INSERT, 0, 2}, {K_DELETE, 0, 3},  {K_PAGE_UP, 0, 5}, {K_PAGE_DOWN, 0, 6},
    {K_F1, 'P', 0},  {K_F2, 'Q', 0},   {K_F3, 'R', 0},    {K_F4, 'S', 0},    {K_F5, 0, 15},
    {K_F6, 0, 17},   {K_F7, 0, 18},    {K_F8, 0, 19},     {K_F9, 0, 20},     {K_F10, 0, 21},
    {K_F11, 0, 23},  {K_F12, 0, 24},
};

static void function_key(uint32_t code, unsigned mods, const struct screen_modes *m,
                         struct buf *out)
{
    size_t i = 0;

    while (i < sizeof functions / sizeof *functions && functions[i].code != code)
        i++;
    if (i == sizeof functions / sizeof *functions)
        return;
    char final = functions[i].final;
    int number = functions[i].number;
    if (code == K_F3 && m->kitty_keyboard) { /* CSI R would be where the cursor is */
        final = 0;
        number = 13;
    }
    if (number && mods)
        buf_printf(out, "\033[%d;%u~", number, mods + 1);
    else if (number)
        buf_printf(out, "\033[%d~", number);
    else if (mods)
        buf_printf(out, "\033[1;%u%c", mods + 1, final);
    else if (!m->kitty_keyboard && (final >= 'P' || m->app_cursor_keys))
        buf_printf(out, "\033O%c", final);
    else
        buf_printf(out, "\033[%c", final);
}

/* The byte that Ctrl makes of a character, after xterm and the VT220; -1: none. */
static int control_byte(uint32_t c)
{
    if (c >= 'a' && c <= 'z')
        return (int)(c - 'a' + 1);
    if (c >= '@' && c <= '_')
        return (int)(c - '@');
    switch (c) {
    case ' ':
    case '2': return 0;
    case '3': return 0x1b;
    case '4': return 0x1c;
    case '5': return 0x1d;
    case '6':
    case '~': return 0x1e;
    case '7':
    case '/':
    case '-': return 0x1f;
    case '8':
    case '?': return 0x7f;
    default: return -1;
    }
}

static void put_point(struct buf *out, uint32_t point)
{
    char utf8[4];

    buf_append(out, utf8, text_encode(point, utf8));
}

/* Enter, Tab, Escape, Backspace: their byte, and how Shift and Ctrl change it. */
static void byte_key(uint32_t code, unsigned mods, const struct screen_modes *m, struct buf *out)
{
    if (mods & MOD_ALT)
        buf_putc(out, '\033');
    switch (code) {
    case K_ENTER: buf_puts(out, m->newline ? "\r\n" : "\r"); break;
    case K_TAB: buf_putc(out, '\t'); break;
    case K_BACKTAB: buf_puts(out, "\033[Z"); break;
    case K_ESCAPE: buf_putc(out, '\033'); break;
    default: buf_putc(out, mods & MOD_CTRL ? '\b' : '\177'); break;
    }
}

/* The number of a key that has a code point, in CSI u and in CSI 27; 0: it has none. */
static uint32_t point_of(uint32_t code)
{
    switch (code) {
    case K_ENTER: return 13;
    case K_TAB:
    case K_BACKTAB: return 9;
    case K_ESCAPE: return 27;
    case K_BACKSPACE: return 127;
    default: return code < KEY_CODE_FIRST ? code : 0;
    }
}

/* Kitty's form; false: the key keeps its old one. */
static bool kitty(uint32_t code, unsigned mods, const struct screen_modes *m, struct buf *out)
{
    uint32_t point = point_of(code);
    bool all = m->kitty_keyboard & KITTY_ALL;

    if (code == K_BACKTAB)
        mods |= MOD_SHIFT;
    if (!(m->kitty_keyboard & (KITTY_DISAMBIGUATE | KITTY_ALL)) || !point)
        return false;
    if (!all && code < KEY_CODE_FIRST && !(mods & (MOD_ALT | MOD_CTRL)))
        return false; /* text */
    if (!all && code != K_ESCAPE && code >= KEY_CODE_FIRST && !mods)
        return false;
    if (point >= 'A' && point <= 'Z') {
        point += 'a' - 'A';
        mods |= MOD_SHIFT;
    }
    if (mods)
        buf_printf(out, "\033[%u;%uu", point, mods + 1);
    else
        buf_printf(out, "\033[%uu", point);
    return true;
}

/* xterm's modifyOtherKeys; false: the key keeps its old form. */
static bool other_key(uint32_t code, unsigned mods, const struct screen_modes *m, struct buf *out)
{
    uint32_t point = point_of(code);

    if (code == K_BACKTAB)
        return false;
    if (!m->modify_other_keys || !point || !mods)
        return false;
    if (code < KEY_CODE_FIRST && !(mods & (MOD_ALT | MOD_CTRL)))
        return false;
    if (m->modify_other_keys < 2) { /* only what has no old form */
        bool old = code < KEY_CODE_FIRST
                       ? !(mods & MOD_CTRL) || (control_byte(code) >= 0 && !(mods & MOD_SHIFT))
                       : code == K_BACKSPACE || code == K_ESCAPE || mods == MOD_ALT;
        if (old)
            return false;
    }
    buf_printf(out, "\033[27;%u;%u~", mods + 1, point);
    return true;
}

static void key(uint32_t code, unsigned mods, const struct screen_modes *m, struct buf *out)
{
    int control = mods & MOD_CTRL ? control_byte(code) : -1;

    mods &= MOD_SHIFT | MOD_ALT | MOD_CTRL;
    if (kitty(code, mods, m, out) || other_key(code, mods, m, out))
        return;
    if (code >= K_TAB && code <= K_BACKTAB) {
        byte_key(code, mods, m, out);
    } else if (code >= KEY_CODE_FIRST) {
        function_key(code, mods, m, out);
    } else {
        if (mods & MOD_ALT)
            buf_putc(out, '\033');
        if (control >= 0)
            buf_putc(out, (char)control);
        else
            put_point(out, code);
    }
}

/* A paste is text: no control but tab and line ends gets in, above all no ESC and no CSI of eight
 * bits, by which it could end its brackets itself. Lines end as Enter does. */
static void paste(const char *text, size_t n, bool brackets, struct buf *out)
{
    if (brackets)
        buf_puts(out, "\033[200~");
    for (size_t i = 0; i < n;) {
        uint32_t point;
        size_t used = text_decode(text + i, n - i, &point);
        unsigned char byte = (unsigned char)text[i];
        bool broken = point == 0xfffd && used == 1;
        if (byte == '\r' || byte == '\n') {
            if (byte == '\n' || i + 1 == n || text[i + 1] != '\n')
                buf_putc(out, '\r');
        } else if (broken ? byte >= 0xa0 : point == '\t' || text_point_width(point) >= 0) {
            buf_append(out, text + i, used);
        }
        i += used;
    }
    if (brackets)
        buf_puts(out, "\033[201~");
}

/* Whether the program asked for this event of the mouse. */
static bool wanted(const struct input_event *e, enum mouse_mode mode)
{
    switch (mode) {
    case MOUSE_OFF: return false;
    case MOUSE_X10: return e->mouse == MOUSE_PRESS;
    case MOUSE_CLICK: return e->mouse != MOUSE_MOTION;
    case MOUSE_DRAG: return e->mouse != MOUSE_MOTION || e->button != 0;
    case MOUSE_MOVE: return true;
    }
    return false;
}

static void put_coordinate(struct buf *out, int value, bool utf8)
{
    if (utf8)
        put_point(out, (uint32_t)value + 32);
    else
        buf_putc(out, (char)(unsigned char)(value + 32));
}

static void mouse(const struct input_event *e, const struct screen_modes *m, struct buf *out)
{
    int x = e->col + 1, y = e->row + 1, b;
    bool released = e->mouse == MOUSE_RELEASE;

    if (m->mouse == MOUSE_OFF && m->alternate && m->alternate_scroll &&
        (e->mouse == MOUSE_WHEEL_UP || e->mouse == MOUSE_WHEEL_DOWN)) {
        for (int i = 0; i < WHEEL_LINES; i++)
            function_key(e->mouse == MOUSE_WHEEL_UP ? K_UP : K_DOWN, 0, m, out);
        return;
    }
    if (!wanted(e, m->mouse) || x < 1 || y < 1)
        return;
    if (e->mouse == MOUSE_WHEEL_UP || e->mouse == MOUSE_WHEEL_DOWN)
        b = e->mouse == MOUSE_WHEEL_UP ? 64 : 65;
    else
        b = e->button >= 1 && e->button <= 3 ? e->button - 1 : 3;
    if (released && !m->mouse_sgr)
        b = 3; /* the old encodings do not say which */
    if (e->mouse == MOUSE_MOTION)
        b += 32;
    if (m->mouse != MOUSE_X10)
        b += (e->mods & MOD_SHIFT ? 4 : 0) + (e->mods & MOD_ALT ? 8 : 0) +
             (e->mods & MOD_CTRL ? 16 : 0);
    if (m->mouse_sgr) {
        buf_printf(out, "\033[<%d;%d;%d%c", b, x, y, released ? 'm' : 'M');
        return;
    }
    int most = m->mouse_utf8 ? 2015 : 223;
    if (x > most || y > most)
        return; /* it cannot be said */
    buf_puts(out, "\033[M");
    put_coordinate(out, b, m->mouse_utf8);
    put_coordinate(out, x, m->mouse_utf8);
    put_coordinate(out, y, m->mouse_utf8);
}

void input_encode(const struct input_event *event, const struct screen_modes *modes,
                  struct buf *out)
{
    switch (event->kind) {
    case INPUT_KEY: key(event->code, event->mods, modes, out); break;
    case INPUT_MOUSE: mouse(event, modes, out); break;
    case INPUT_PASTE: paste(event->paste, event->paste_n, modes->bracketed_paste, out); break;
    case INPUT_FOCUS:
        if (modes->focus_events)
            buf_puts(out, event->gained ? "\033[I" : "\033[O");
        break;
    case INPUT_RESIZE:
    case INPUT_ALIVE: break;
    }
}
