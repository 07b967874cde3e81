/* What control sequences of a terminal mean: keys, the mouse, and answers about itself. The decoder
 * (input.c) has found where they begin and end. */
#include "tui/terminal/input_private.h"

#include <string.h>

#define PARAMS 8

/* The numbers between the introducer and the final byte: up to PARAMS of them, each with up to two
 * more behind colons; -1 where nothing is written. */
struct params {
    int count;
    int value[PARAMS], sub[PARAMS][2];
    char private; /* '?', '>', '<', '=', or 0 */
    char intermediate;
};

static void read_params(struct params *p, const char *s, size_t n)
{
    int sub = -1;

    memset(p, 0, sizeof *p);
    for (int i = 0; i < PARAMS; i++)
        p->value[i] = p->sub[i][0] = p->sub[i][1] = -1;
    if (n && s[0] >= '<' && s[0] <= '?') {
        p->private = s[0];
        s++;
        n--;
    }
    p->count = 1;
    for (size_t i = 0; i < n; i++) {
        if (s[i] == ';') {
            p->count++;
            sub = -1;
        } else if (s[i] == ':') {
            sub++;
        } else if (s[i] >= '0' && s[i] <= '9' && p->count <= PARAMS && sub < 2) {
            int *v = sub < 0 ? &p->value[p->count - 1] : &p->sub[p->count - 1][sub];
            *v = *v < 0 ? s[i] - '0' : *v < 10000000 ? *v * 10 + s[i] - '0' : *v;
        } else if (s[i] < 0x30) {
            p->intermediate = s[i];
        }
    }
    if (p->count > PARAMS)
        p->count = PARAMS;
}

static int param(const struct params *p, int at, int absent)
{
    return at < p->count && p->value[at] >= 0 ? p->value[at] : absent;
}

/* A modifier parameter, 1 for none: shift, alt, control, and xterm's meta, which is Alt to us. */
static unsigned modifiers(int value)
{
    unsigned bits = value > 1 ? (unsigned)value - 1 : 0,
             mods = bits & (MOD_SHIFT | MOD_ALT | MOD_CTRL);

    return bits & 8 ? mods | MOD_ALT : mods;
}

/* The same in kitty's protocol, where 8 is a key of the desktop's and 32 is meta. */
static unsigned kitty_modifiers(int value)
{
    unsigned bits = value > 1 ? (unsigned)value - 1 : 0,
             mods = bits & (MOD_SHIFT | MOD_ALT | MOD_CTRL);

    return bits & 32 ? mods | MOD_ALT : mods;
}

static const struct {
    char final;
    uint32_t code;
} letters[] = {
    {'A', K_UP}, {'B', K_DOWN}, {'C', K_RIGHT}, {'D', K_LEFT}, {'H', K_HOME},    {'F', K_END},
    {'P', K_F1}, {'Q', K_F2},   {'R', K_F3},    {'S', K_F4},   {'Z', K_BACKTAB},
};

static uint32_t letter(char final)
{
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
        if (letters[i].final == final)
            return letters[i].code;
    return 0;
}

/* The VT220's numbers, with those of xterm, rxvt and the linux console. From 25 on they are F13 and
 * more, which keyboards reach by Shift. */
static const struct {
    int number;
    uint32_t code;
    unsigned mods;
} numbers[] = {
    {1, K_HOME, 0},        {2, K_INSERT, 0},      {3, K_DELETE, 0},      {4, K_END, 0},
    {5, K_PAGE_UP, 0},     {6, K_PAGE_DOWN, 0},   {7, K_HOME, 0},        {8, K_END, 0},
    {11, K_F1, 0},         {12, K_F2, 0},         {13, K_F3, 0},         {14, K_F4, 0},
    {15, K_F5, 0},         {17, K_F6, 0},         {18, K_F7, 0},         {19, K_F8, 0},
    {20, K_F9, 0},         {21, K_F10, 0},        {23, K_F11, 0},        {24, K_F12, 0},
    {25, K_F1, MOD_SHIFT}, {26, K_F2, MOD_SHIFT}, {28, K_F3, MOD_SHIFT}, {29, K_F4, MOD_SHIFT},
    {31, K_F5, MOD_SHIFT}, {32, K_F6, MOD_SHIFT}, {33, K_F7, MOD_SHIFT}, {34, K_F8, MOD_SHIFT},
};

static void numbered(struct input_decoder *d, int number, unsigned mods)
{
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (numbers[i].number == number) {
            decoder_key(d, numbers[i].code, mods | numbers[i].mods);
            return;
        }
    }
}

/* Kitty's numbers of the keypad's keys, from 57399: what they type. */
static const uint32_t keypad[] = {
    '0',  '1',    '2',       '3',         '4',    '5',     '6',      '7',      '8',    '9',
    '.',  '/',    '*',       '-',         '+',    K_ENTER, '=',      ',',      K_LEFT, K_RIGHT,
    K_UP, K_DOWN, K_PAGE_UP, K_PAGE_DOWN, K_HOME, K_END,   K_INSERT, K_DELETE,
};
#define KEYPAD_FIRST 57399

/* A key by its code point, of kitty's CSI u or xterm's modifyOtherKeys. */
static void by_point(struct input_decoder *d, uint32_t point, unsigned mods)
{
    if (point >= KEYPAD_FIRST && point < KEYPAD_FIRST + sizeof keypad / sizeof *keypad) {
        decoder_key(d, keypad[point - KEYPAD_FIRST], mods);
        return;
    }
    if ((point >= 57344 && point <= 63743) || point > 0x10ffff ||
        (point >= 0xd800 && point < 0xe000) || (point >= 0x80 && point < 0xa0))
        return; /* other keys of the private range: media keys, modifiers alone */
    switch (point) {
    case 8:
    case 127: decoder_key(d, K_BACKSPACE, mods); return;
    case 9: decoder_key(d, K_TAB, mods); return;
    case 10:
    case 13: decoder_key(d, K_ENTER, mods); return;
    case 27: decoder_key(d, K_ESCAPE, mods); return;
    default: break;
    }
    if (point < 32)
        return;
    /* A character is told as typed: its Shift is in it already. */
    if (mods & MOD_SHIFT && point >= 'a' && point <= 'z' && !(mods & MOD_CTRL))
        point -= 'a' - 'A';
    if (point >= 'A' && point <= 'Z' && mods & MOD_CTRL)
        point += 'a' - 'A';
    else if (point != ' ' && !(mods & MOD_CTRL))
        mods &= ~(unsigned)MOD_SHIFT;
    decoder_key(d, point, mods);
}

/* CSI code:shifted:base ; mods:event u */
static void kitty_key(struct input_decoder *d, const struct params *p, unsigned extra)
{
    unsigned mods = kitty_modifiers(param(p, 1, 1)) | extra;
    int code = param(p, 0, 0);

    if (p->sub[1][0] == 3)
        return; /* a release */
    if (mods & MOD_CTRL && code > 127 && p->sub[0][1] > 0)
        code = p->sub[0][1]; /* another alphabet: Ctrl means the key, not its letter */
    else if (mods & MOD_SHIFT && !(mods & MOD_CTRL) && p->sub[0][0] > 0)
        code = p->sub[0][0];
    by_point(d, (uint32_t)code, mods);
}

void decoder_mouse(struct input_decoder *d, int b, int x, int y, bool released)
{
    struct input_event e = {.kind = INPUT_MOUSE, .mouse = MOUSE_PRESS, .row = y - 1, .col = x - 1};
    int button = b & 3;

    if (b < 0 || b >= 128 || x < 1 || y < 1 || x > 65535 || y > 65535)
        return; /* further buttons, or nonsense */
    e.mods = (b & 4 ? MOD_SHIFT : 0u) | (b & 8 ? MOD_ALT : 0u) | (b & 16 ? MOD_CTRL : 0u);
    if (b & 64) {
        if (button > 1 || released)
            return; /* sideways */
        e.mouse = button ? MOUSE_WHEEL_DOWN : MOUSE_WHEEL_UP;
    } else {
        e.button = button == 3 ? 0 : button + 1;
        if (b & 32)
            e.mouse = MOUSE_MOTION;
        else if (released || button == 3)
            e.mouse = MOUSE_RELEASE;
    }
    decoder_emit(d, &e);
}

/* What begins with '?' or '>' answers a question of ours, or somebody else's: no key. */
static void answer(struct input_decoder *d, const struct params *p, char final)
{
    if (p->private == '?' && p->intermediate == '$' && final == 'y' && param(p, 0, 0) == 2026) {
        int state = param(p, 1, 0);
        d->replies |= REPLY_SYNC_ASKED | (state == 1 || state == 2 || state == 3 ? REPLY_SYNC : 0u);
    } else if (p->private == '?' && final == 'u') {
        d->replies |= REPLY_KITTY;
    } else if (p->private == '?' && final == 'c') {
        d->replies |= REPLY_DA;
    }
}

void decoder_sequence(struct input_decoder *d, const char *params, size_t n, char final,
                      unsigned mods)
{
    struct params p;
    uint32_t code;

    read_params(&p, params, n);
    if (p.private == '<') {
        if (final == 'M' || final == 'm')
            decoder_mouse(d, param(&p, 0, -1), param(&p, 1, 0), param(&p, 2, 0), final == 'm');
        return;
    }
    if (p.private) {
        answer(d, &p, final);
        return;
    }
    if (p.sub[1][0] == 3)
        return; /* the release of a key */
    unsigned with = modifiers(param(&p, 1, 1)) | mods;
    switch (final) {
    case '~':
        if (param(&p, 0, 0) == 200) {
            d->pasting = true;
        } else if (param(&p, 0, 0) == 27 && p.count >= 3) {
            by_point(d, (uint32_t)param(&p, 2, 0), with);
        } else {
            numbered(d, param(&p, 0, 0), with);
        }
        return;
    case '$': numbered(d, param(&p, 0, 0), mods | MOD_SHIFT); return; /* these three: rxvt */
    case '^': numbered(d, param(&p, 0, 0), mods | MOD_CTRL); return;
    case '@': numbered(d, param(&p, 0, 0), mods | MOD_CTRL | MOD_SHIFT); return;
    case 'u': kitty_key(d, &p, mods); return;
    case 'I':
    case 'O':
        if (n == 0)
            decoder_emit(d, &(struct input_event){.kind = INPUT_FOCUS, .gained = final == 'I'});
        return;
    case 'a':
    case 'b':
    case 'c':
    case 'd': /* rxvt: an arrow with Shift; with parameters it would be an answer */
        if (n == 0)
            decoder_key(d, (uint32_t)(K_UP + final - 'a'), mods | MOD_SHIFT);
        return;
    case 'M': /* urxvt's mouse (1015) */
        if (p.count == 3)
            decoder_mouse(d, param(&p, 0, 0) - 32, param(&p, 1, 0), param(&p, 2, 0), false);
        return;
    case 'R': /* F3, unless it tells where the cursor is */
        if (n && param(&p, 0, 1) != 1)
            return;
        break;
    default: break;
    }
    if (p.intermediate)
        return;
    if (final == 'n') { /* its state: whatever it says, it is there */
        if (n == 1)
            decoder_emit(d, &(struct input_event){.kind = INPUT_ALIVE});
        return;
    }
    if ((code = letter(final)) != 0)
        decoder_key(d, code, with);
}

long decoder_ss3(struct input_decoder *d, const char *s, size_t n, unsigned mods)
{
    /* Of the keypad in application mode, from 'j' on. */
    static const char pad[] = "*+,-./0123456789";
    long i = 0;
    uint32_t code;

    if (s[0] >= '2' && s[0] <= '8') { /* some put the modifier between */
        if (n < 2)
            return DECODER_MORE;
        mods |= modifiers(s[0] - '0');
        i = 1;
    }
    if (s[i] >= 'a' && s[i] <= 'd') /* rxvt */
        decoder_key(d, (uint32_t)(K_UP + s[i] - 'a'), mods | MOD_CTRL);
    else if (s[i] >= 'j' && s[i] <= 'y')
        decoder_key(d, (uint32_t)pad[s[i] - 'j'], mods);
    else if (s[i] == 'M')
        decoder_key(d, K_ENTER, mods);
    else if (s[i] == 'I')
        decoder_key(d, K_TAB, mods);
    else if (s[i] == 'X')
        decoder_key(d, '=', mods);
    else if ((code = letter(s[i])) != 0)
        decoder_key(d, code, mods);
    else if (s[i] >= 0x20 && s[i] < 0x7f) { /* Alt-O, then something else typed */
        decoder_key(d, 'O', MOD_ALT);
        decoder_key(d, (uint32_t)s[i], 0);
    } else {
        decoder_key(d, 'O', MOD_ALT);
        return i; /* what follows is looked at again */
    }
    return i + 1;
}
