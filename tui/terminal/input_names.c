/* Names of keys, as tmux has them: modifiers C-, M- and S- in front of a character or a word. */
#include "tui/terminal/input.h"

#include "core/base/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The first name of a code is the one that is shown. */
static const struct {
    const char *name;
    uint32_t code;
} names[] = {
    {"Up", K_UP},
    {"Down", K_DOWN},
    {"Right", K_RIGHT},
    {"Left", K_LEFT},
    {"Home", K_HOME},
    {"End", K_END},
    {"Insert", K_INSERT},
    {"IC", K_INSERT},
    {"Delete", K_DELETE},
    {"DC", K_DELETE},
    {"PageUp", K_PAGE_UP},
    {"PPage", K_PAGE_UP},
    {"PgUp", K_PAGE_UP},
    {"PageDown", K_PAGE_DOWN},
    {"NPage", K_PAGE_DOWN},
    {"PgDn", K_PAGE_DOWN},
    {"Tab", K_TAB},
    {"Enter", K_ENTER},
    {"Escape", K_ESCAPE},
    {"Esc", K_ESCAPE},
    {"BSpace", K_BACKSPACE},
    {"Backspace", K_BACKSPACE},
    {"BTab", K_BACKTAB},
    {"Space", ' '},
    {"F1", K_F1},
    {"F2", K_F2},
    {"F3", K_F3},
    {"F4", K_F4},
    {"F5", K_F5},
    {"F6", K_F6},
    {"F7", K_F7},
    {"F8", K_F8},
    {"F9", K_F9},
    {"F10", K_F10},
    {"F11", K_F11},
    {"F12", K_F12},
};
#define NAMES (sizeof names / sizeof *names)

bool key_parse(const char *name, uint32_t *ret_code, unsigned *ret_mods)
{
    unsigned mods = 0;
    uint32_t code = 0;

    for (; name[0] && name[1] == '-' && name[2]; name += 2) {
        if (name[0] == 'C' || name[0] == 'c')
            mods |= MOD_CTRL;
        else if (name[0] == 'M' || name[0] == 'm')
            mods |= MOD_ALT;
        else if (name[0] == 'S' || name[0] == 's')
            mods |= MOD_SHIFT;
        else
            return false;
    }
    if (name[0] == '^' && name[1] && !name[2]) {
        mods |= MOD_CTRL;
        name++;
    }
    for (size_t i = 0; i < NAMES && !code; i++)
        if (strcasecmp(names[i].name, name) == 0)
            code = names[i].code;
    if (!code) {
        size_t n = strlen(name);
        if (n == 0 || text_decode(name, n, &code) != n || code < 0x20 ||
            (code >= 0x7f && code < 0xa0))
            return false;
        if (code == 0xfffd && n == 1)
            return false;
    }
    /* One key has one form, that of the decoder. */
    if (code == K_TAB && mods & MOD_SHIFT) {
        code = K_BACKTAB;
        mods &= ~(unsigned)MOD_SHIFT;
    }
    if (mods & MOD_CTRL && code == '@')
        code = ' ';
    if (mods & MOD_CTRL && code >= 'A' && code <= 'Z')
        code += 'a' - 'A';
    if (mods & MOD_SHIFT && !(mods & MOD_CTRL) && code > ' ' && code < K_UP) {
        if (code >= 'a' && code <= 'z')
            code -= 'a' - 'A';
        mods &= ~(unsigned)MOD_SHIFT;
    }
    *ret_code = code;
    *ret_mods = mods;
    return true;
}

void key_name(uint32_t code, unsigned mods, char *out, size_t size)
{
    char utf8[5] = "", safe[8];
    const char *word = NULL;

    for (size_t i = 0; i < NAMES && !word; i++)
        if (names[i].code == code)
            word = names[i].name;
    if (!word) {
        size_t n = text_encode(code < KEY_CODE_FIRST ? code : 0xfffd, utf8);
        text_make_safe(safe, sizeof safe, utf8, n);
        word = safe;
    }
    snprintf(out, size, "%s%s%s%s", mods & MOD_CTRL ? "C-" : "", mods & MOD_ALT ? "M-" : "",
             mods & MOD_SHIFT ? "S-" : "", word);
}
