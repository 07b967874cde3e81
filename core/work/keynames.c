/* Names of keys to bytes: xterm's encodings (ctlseqs, "PC-Style Function Keys"). */
#include "core/work/keynames.h"
#include "core/base/text.h"

#include <string.h>
#include <strings.h>

enum { SHIFT = 1, ALT = 2, CTRL = 4 };

struct key {
    const char *name;
    const char *plain; /* without modifiers */
    char final;        /* CSI 1;m final, or 0 */
    int number;        /* CSI number;m ~, or 0 */
    bool cursor;       /* SS3 in application mode */
};

static const struct key keys[] = {
    {"Up", "\033[A", 'A', 0, true},       {"Down", "\033[B", 'B', 0, true},
    {"Right", "\033[C", 'C', 0, true},    {"Left", "\033[D", 'D', 0, true},
    {"Home", "\033[H", 'H', 0, true},     {"End", "\033[F", 'F', 0, true},
    {"Insert", "\033[2~", 0, 2, false},   {"IC", "\033[2~", 0, 2, false},
    {"Delete", "\033[3~", 0, 3, false},   {"DC", "\033[3~", 0, 3, false},
    {"PageUp", "\033[5~", 0, 5, false},   {"PPage", "\033[5~", 0, 5, false},
    {"PageDown", "\033[6~", 0, 6, false}, {"NPage", "\033[6~", 0, 6, false},
    {"F1", "\033OP", 'P', 0, false},      {"F2", "\033OQ", 'Q', 0, false},
    {"F3", "\033OR", 'R', 0, false},      {"F4", "\033OS", 'S', 0, false},
    {"F5", "\033[15~", 0, 15, false},     {"F6", "\033[17~", 0, 17, false},
    {"F7", "\033[18~", 0, 18, false},     {"F8", "\033[19~", 0, 19, false},
    {"F9", "\033[20~", 0, 20, false},     {"F10", "\033[21~", 0, 21, false},
    {"F11", "\033[23~", 0, 23, false},    {"F12", "\033[24~", 0, 24, false},
    {"BTab", "\033[Z", 0, 0, false},      {"Enter", "\r", 0, 0, false},
    {"Tab", "\t", 0, 0, false},           {"Escape", "\033", 0, 0, false},
    {"Esc", "\033", 0, 0, false},         {"Space", " ", 0, 0, false},
    {"BSpace", "\177", 0, 0, false},      {"Backspace", "\177", 0, 0, false},
};

static const struct key *find(const char *name)
{
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcasecmp(keys[i].name, name) == 0)
            return &keys[i];
    return NULL;
}

static bool one_character(const char *name)
{
    uint32_t point;
    size_t n = strlen(name);
    return n > 0 && text_decode(name, n, &point) == n;
}

static bool control_byte(char c, char *ret)
{
    if (c >= 'a' && c <= 'z')
        *ret = (char)(c - 'a' + 1);
    else if (c >= '@' && c <= '_')
        *ret = (char)(c - '@');
    else if (c == ' ')
        *ret = 0;
    else if (c == '?')
        *ret = 127;
    else
        return false;
    return true;
}

bool keyname_encode(const char *name, bool app_cursor, struct buf *out)
{
    int mods = 0;
    for (; name[0] && name[1] == '-' && name[2]; name += 2) {
        if (name[0] == 'C' || name[0] == '^')
            mods |= CTRL;
        else if (name[0] == 'M')
            mods |= ALT;
        else if (name[0] == 'S')
            mods |= SHIFT;
        else
            return false;
    }
    const struct key *key = find(name);
    if (key && (key->final || key->number) && mods) {
        if (key->final)
            buf_printf(out, "\033[1;%d%c", mods + 1, key->final);
        else
            buf_printf(out, "\033[%d;%d~", key->number, mods + 1);
        return true;
    }
    const char *bytes = key ? key->plain : one_character(name) ? name : NULL;
    char control;
    if (!bytes || (!key && mods == 0))
        return false; /* a single character is text, not a name */
    if (mods & ALT)
        buf_putc(out, '\033');
    if (key && key->cursor && app_cursor)
        buf_printf(out, "\033O%c", key->final);
    else if ((mods & CTRL) && bytes[1] == '\0' && control_byte(bytes[0], &control))
        buf_putc(out, control);
    else
        buf_puts(out, bytes);
    return true;
}
