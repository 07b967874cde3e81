/* Keys in, keys out: what terminals send, cut anywhere; what programs want to receive; names. */
#include "tui/terminal/input.h"

#include "core/base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* One event as text: "C-b", "press1 3,4", "paste:abc", "focus". */
static void describe(const struct input_event *e, struct buf *out)
{
    static const char *const mice[] = {"press", "release", "motion", "wheel-up", "wheel-down"};
    char name[32];

    if (out->len)
        buf_putc(out, ' ');
    switch (e->kind) {
    case INPUT_KEY:
        key_name(e->code, e->mods, name, sizeof name);
        buf_puts(out, name);
        break;
    case INPUT_MOUSE:
        buf_printf(out, "%s%s%s%d@%d,%d", e->mods & MOD_CTRL ? "C-" : "",
                   e->mods & MOD_ALT ? "M-" : "", e->mods & MOD_SHIFT ? "S-" : "", e->button,
                   e->row, e->col);
        buf_puts(out, mice[e->mouse]);
        break;
    case INPUT_PASTE:
        assert_int_equal(strlen(e->paste), e->paste_n);
        buf_printf(out, "paste%s:%s", e->paste_cut ? "-cut" : "", e->paste);
        break;
    case INPUT_FOCUS: buf_puts(out, e->gained ? "focus" : "blur"); break;
    case INPUT_RESIZE: buf_puts(out, "resize"); break;
    case INPUT_ALIVE: buf_puts(out, "alive"); break;
    }
}

static void take_all(struct input_decoder *d, struct buf *out)
{
    struct input_event e = {0};

    while (input_decoder_next(d, &e)) {
        describe(&e, out);
        free(e.paste);
        e.paste = NULL;
    }
}

/* Fed whole, byte by byte, and cut once at every place: always the same. */
static void means(const char *bytes, size_t n, const char *keys)
{
    for (size_t cut = 0; cut <= n + 1; cut++) {
        struct input_decoder *d = input_decoder_create();
        struct buf out = {0};
        if (cut > n) {
            for (size_t i = 0; i < n; i++)
                input_decoder_feed(d, bytes + i, 1);
        } else {
            input_decoder_feed(d, bytes, cut);
            input_decoder_feed(d, bytes + cut, n - cut);
        }
        take_all(d, &out);
        input_decoder_flush(d);
        take_all(d, &out);
        assert_string_equal(out.data ? out.data : "", keys);
        buf_finish(&out);
        input_decoder_destroy(d);
    }
}
#define MEANS(bytes, keys) means(bytes, sizeof(bytes) - 1, keys)

static void plain_keys(void **state)
{
    (void)state;
    MEANS("aZ 5%", "a Z Space 5 %");
    MEANS("é語👩", "é 語 👩");
    MEANS("\x02\x01\x1a", "C-b C-a C-z");
    MEANS("\t\r\x7f", "Tab Enter BSpace");
    MEANS("\n\b", "C-j C-h");
    MEANS("\0\x1c\x1d\x1e\x1f", "C-Space C-\\ C-] C-^ C-_");
    MEANS("\x1b", "Escape");
    MEANS("\x1b\x1b", "M-Escape");
    MEANS("\x1bx\x1b\xc3\xa9", "M-x M-é");
    MEANS("\x1b\x02\x1b\r\x1b\x7f", "C-M-b M-Enter M-BSpace");
    MEANS("\x1b[", "M-[");
    MEANS("\x1bO", "M-O");
    MEANS("\x1b]", "M-]");
    MEANS("\x1bP", "M-P");
    MEANS("\xff\xfe"
          "a\x80\xc3(",
          "a (");
    MEANS("\xed\xa0\x80\xf4\x90\x80\x80\xc2\x9b", ""); /* a surrogate, too large, a C1 */
    MEANS("\xe8\xaa", "");
}

static void function_keys(void **state)
{
    (void)state;
    MEANS("\033[A\033[B\033[C\033[D\033[H\033[F", "Up Down Right Left Home End");
    MEANS("\033OA\033OB\033OC\033OD\033OH\033OF", "Up Down Right Left Home End");
    MEANS("\033OP\033OQ\033OR\033OS", "F1 F2 F3 F4");
    MEANS("\033[15~\033[17~\033[18~\033[19~\033[20~\033[21~\033[23~\033[24~",
          "F5 F6 F7 F8 F9 F10 F11 F12");
    MEANS("\033[2~\033[3~\033[5~\033[6~", "Insert Delete PageUp PageDown");
    MEANS("\033[1~\033[4~\033[7~\033[8~", "Home End Home End");
    MEANS("\033[Z", "BTab");
    MEANS("\033[1;2A\033[1;3B\033[1;5C\033[1;8D", "S-Up M-Down C-Right C-M-S-Left");
    MEANS("\033[1;9A", "M-Up"); /* meta */
    MEANS("\033[3;5~\033[15;2~\033[1;2P\033[1;5R", "C-Delete S-F5 S-F1 C-F3");
    MEANS("\033[25~\033[34~", "S-F1 S-F8");
    MEANS("\033[[A\033[[B\033[[C\033[[D\033[[E", "F1 F2 F3 F4 F5"); /* linux console */
    MEANS("\033[a\033[d\033Oa\033[7^\033[3@", "S-Up S-Left C-Up C-Home C-S-Delete"); /* rxvt */
    MEANS("\033\033[A\033\033OA\033\033[3~", "M-Up M-Up M-Delete");
    MEANS("\033O5A", "C-Up");
    MEANS("\033Op\033Oy\033OM\033Ok\033On\033OX", "0 9 Enter + . =");
    MEANS("\033[3$", "S-Delete");
    MEANS("\033OZ\033O!", "BTab M-O !");
}

static void kitty_keys(void **state)
{
    (void)state;
    MEANS("\033[27u\033[13;2u\033[9;5u\033[127;5u", "Escape S-Enter C-Tab C-BSpace");
    MEANS("\033[9;2u", "BTab");
    MEANS("\033[98;5u\033[120;3u\033[105;5u", "C-b M-x C-i");
    MEANS("\033[97:65;4u", "M-A");
    MEANS("\033[49:33;4u", "M-!");
    MEANS("\033[98:66;6u", "C-S-b");
    MEANS("\033[1089::99;5u", "C-c"); /* a Cyrillic keyboard */
    MEANS("\033[97;1:3u\033[97;1:1u\033[1;1:3A", "a");
    MEANS("\033[57399u\033[57414u\033[57419;5u", "0 Enter C-Up");
    MEANS("\033[57441;2u\033[57358u\033[1114112u\033[55296u\033[155u", "");
    MEANS("\033[98;69u", "C-b"); /* caps lock is on */
    MEANS("\033[32;5u", "C-Space");
    MEANS("\033[27;5;105~\033[27;2;13~\033[27;6;98~", "C-i S-Enter C-S-b");
}

static void mouse(void **state)
{
    (void)state;
    MEANS("\033[<0;5;3M\033[<0;5;3m", "1@2,4press 1@2,4release");
    MEANS("\033[<2;1;1M\033[<34;2;1M\033[<35;2;1M", "3@0,0press 3@0,1motion 0@0,1motion");
    MEANS("\033[<64;10;20M\033[<65;10;20M\033[<66;1;1M", "0@19,9wheel-up 0@19,9wheel-down");
    MEANS("\033[<28;1;1M", "C-M-S-1@0,0press");
    MEANS("\033[<128;1;1M\033[<0;0;1M\033[<0;1M\033[<;;M\033[<0;99999999999;1M", "");
    MEANS("\033[M !\"\033[M#!\"", "1@1,0press 0@1,0release"); /* X10 */
    MEANS("\033[M\xff\xff\xff", "");
    MEANS("\033[32;5;3M", "1@2,4press"); /* urxvt */
}

static void answers_are_no_keys(void **state)
{
    struct input_decoder *d = input_decoder_create();
    (void)state;
    MEANS("a\033[?62;22c\033[>1;4000;29cb", "a b");
    MEANS("a\033[?2026;2$y\033[?5ub\033[8;24;80t\033[24;80R", "a b");
    MEANS("a\033[0nb\033[3n\033[n\033[?10n\033[0;1nc", "a alive b alive c");
    MEANS("a\033P>|XTerm(379)\033\\b\033]11;rgb:1c1c/1c1c/1c1c\007c\033]4;1;x\033\\d", "a b c d");
    MEANS("\033_Gi=1;OK\033\\x", "x");
    MEANS("\033[?1;2;3;4;5;6;7;8;9;10;11;12cx", "x");
    MEANS("\033[12\033[Ax\033[3\rb", "Up x Enter b"); /* broken off */
    MEANS("\033]0;abc\rb", "Enter b");
    MEANS("\033]0;abc\033[A", "Up");
    input_decoder_feed(d, "\033[?2026;2$y", 11);
    assert_int_equal(input_decoder_replies(d), REPLY_SYNC | REPLY_SYNC_ASKED);
    input_decoder_feed(d, "\033[?0u\033[?62c", 11);
    assert_int_equal(input_decoder_replies(d),
                     REPLY_SYNC | REPLY_SYNC_ASKED | REPLY_KITTY | REPLY_DA);
    input_decoder_destroy(d);
    d = input_decoder_create();
    input_decoder_feed(d, "\033[?2026;0$y", 11); /* not known */
    assert_int_equal(input_decoder_replies(d), REPLY_SYNC_ASKED);
    input_decoder_feed(d, "\033[?2027;1$y", 11);
    assert_int_equal(input_decoder_replies(d), REPLY_SYNC_ASKED);
    input_decoder_destroy(d);
    input_decoder_destroy(NULL);
}

/* Whatever half a sequence came, typing goes on soon. */
static void nothing_swallows_for_ever(void **state)
{
    static const char *const begun[] = {"\033]0;title", "\033[12;5", "\033Pxyz", "\xe8\xaa",
                                        "\033[M!",      "\033\033[", "\033[<0;1"};
    (void)state;
    for (size_t i = 0; i < sizeof begun / sizeof *begun; i++) {
        struct input_decoder *d = input_decoder_create();
        struct buf out = {0};
        int flushes = 0;
        input_decoder_feed(d, begun[i], strlen(begun[i]));
        for (; input_decoder_pending(d) && flushes < 1000; flushes++)
            input_decoder_flush(d);
        assert_in_range(flushes, 1, 40);
        take_all(d, &out);
        buf_clear(&out);
        input_decoder_feed(d, "x", 1);
        take_all(d, &out);
        assert_string_equal(out.data, "x");
        buf_finish(&out);
        input_decoder_destroy(d);
    }
    /* A string without an end is not kept, and ends at what a person types. */
    struct input_decoder *d = input_decoder_create();
    struct buf out = {0};
    input_decoder_feed(d, "\033]52;c;", 7);
    for (int i = 0; i < 100000; i++)
        input_decoder_feed(d, "QUJD", 4);
    input_decoder_feed(d, "\007y\r", 3);
    take_all(d, &out);
    assert_string_equal(out.data, "y Enter");
    buf_finish(&out);
    input_decoder_destroy(d);
}

static void pastes(void **state)
{
    (void)state;
    MEANS("a\033[200~hello\nworld\033[201~b", "a paste:hello\nworld b");
    MEANS("\033[200~\033[201~", "paste:");
    MEANS("\033[200~x\033[20\033[201\033[201~", "paste:x\033[20\033[201");
    MEANS("\033[200~\033[A\033[200~\003\033[201~\033[A", "paste:\033[A\033[200~\003 Up");
    MEANS("\033[201~x", "x");
}

static void huge_paste(void **state)
{
    struct input_decoder *d = input_decoder_create();
    struct input_event e = {0};
    size_t size = 1024 * 1024;
    char *bytes = mem_zalloc(size);
    (void)state;
    memset(bytes, 'p', size);
    input_decoder_feed(d, "\033[200~", 6);
    for (int i = 0; i < 20; i++)
        input_decoder_feed(d, bytes, size);
    assert_false(input_decoder_next(d, &e));
    input_decoder_feed(d, "\033[201~", 6);
    assert_true(input_decoder_next(d, &e));
    assert_int_equal(e.kind, INPUT_PASTE);
    assert_int_equal(e.paste_n, INPUT_PASTE_LIMIT);
    assert_true(e.paste_cut);
    free(e.paste);
    input_decoder_feed(d, "\033[200~lost", 10); /* its end never comes */
    int flushes = 0;
    for (; input_decoder_pending(d) && flushes < 10000; flushes++)
        input_decoder_flush(d);
    assert_true(input_decoder_next(d, &e));
    assert_string_equal(e.paste, "lost");
    assert_false(e.paste_cut);
    free(e.paste);
    input_decoder_feed(d, "\033[200~never taken\033[201~", 23);
    input_decoder_destroy(d); /* frees it */
    free(bytes);
}

static void focus(void **state)
{
    (void)state;
    MEANS("\033[I\033[O", "focus blur");
}

static void names(void **state)
{
    static const struct {
        const char *name, *shown;
    } cases[] = {
        {"C-b", "C-b"},
        {"c-B", "C-b"},
        {"^b", "C-b"},
        {"M-x", "M-x"},
        {"M-X", "M-X"},
        {"S-Left", "S-Left"},
        {"F5", "F5"},
        {"f12", "F12"},
        {"Space", "Space"},
        {" ", "Space"},
        {"Enter", "Enter"},
        {"%", "%"},
        {"\"", "\""},
        {"-", "-"},
        {"C--", "C--"},
        {"PPage", "PageUp"},
        {"PageUp", "PageUp"},
        {"NPage", "PageDown"},
        {"IC", "Insert"},
        {"DC", "Delete"},
        {"S-Tab", "BTab"},
        {"BTab", "BTab"},
        {"C-M-S-Up", "C-M-S-Up"},
        {"M-C-Up", "C-M-Up"},
        {"S-a", "A"},
        {"C-S-a", "C-S-a"},
        {"C-@", "C-Space"},
        {"é", "é"},
        {"M-語", "M-語"},
        {"BSpace", "BSpace"},
        {"Escape", "Escape"},
        {"^", "^"},
    };
    static const char *const wrong[] = {"",        "C-",   "X-a",  "ab",   "F13",
                                        "Shift-a", "\xff", "\033", "C-M-", "\x7f"};
    uint32_t code;
    unsigned mods;
    char out[32];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(key_parse(cases[i].name, &code, &mods));
        key_name(code, mods, out, sizeof out);
        assert_string_equal(out, cases[i].shown);
        uint32_t again;
        unsigned with;
        assert_true(key_parse(out, &again, &with));
        assert_true(again == code && with == mods);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(key_parse(wrong[i], &code, &mods));
    for (code = KEY_CODE_FIRST + 1; code < KEY_CODE_LAST; code++) { /* every key has a name */
        uint32_t again;
        key_name(code, 0, out, sizeof out);
        assert_true(key_parse(out, &again, &mods));
        assert_int_equal(again, code);
    }
    key_name(0x9b, 0, out, sizeof out);
    assert_string_equal(out, "\ufffd");
}

static void sends(const char *name, const struct screen_modes *modes, const char *bytes)
{
    struct input_event e = {.kind = INPUT_KEY};
    struct buf out = {0};

    assert_true(key_parse(name, &e.code, &e.mods));
    input_encode(&e, modes, &out);
    assert_string_equal(out.data ? out.data : "", bytes);
    buf_finish(&out);
}

static void encode_legacy(void **state)
{
    struct screen_modes m = {0};
    struct input_event nul = {.kind = INPUT_KEY, .code = ' ', .mods = MOD_CTRL};
    struct buf out = {0};
    (void)state;
    sends("a", &m, "a");
    sends("語", &m, "語");
    sends("C-b", &m, "\002");
    sends("C-M-b", &m, "\033\002");
    sends("M-x", &m, "\033x");
    sends("C-\\", &m, "\034");
    sends("C-/", &m, "\037");
    sends("C-5", &m, "\035");
    sends("C-1", &m, "1");
    sends("Enter", &m, "\r");
    sends("M-Enter", &m, "\033\r");
    sends("Tab", &m, "\t");
    sends("BTab", &m, "\033[Z");
    sends("Escape", &m, "\033");
    sends("BSpace", &m, "\177");
    sends("C-BSpace", &m, "\b");
    sends("M-BSpace", &m, "\033\177");
    sends("Up", &m, "\033[A");
    sends("S-Up", &m, "\033[1;2A");
    sends("C-M-S-Left", &m, "\033[1;8D");
    sends("F1", &m, "\033OP");
    sends("C-F1", &m, "\033[1;5P");
    sends("F5", &m, "\033[15~");
    sends("S-F12", &m, "\033[24;2~");
    sends("Delete", &m, "\033[3~");
    sends("M-PageUp", &m, "\033[5;3~");
    m.app_cursor_keys = true;
    sends("Up", &m, "\033OA");
    sends("Home", &m, "\033OH");
    sends("C-Up", &m, "\033[1;5A");
    m.newline = true;
    sends("Enter", &m, "\r\n");
    input_encode(&nul, &m, &out);
    assert_int_equal(out.len, 1);
    assert_int_equal(out.data[0], 0);
    buf_finish(&out);
}

static void encode_kitty(void **state)
{
    struct screen_modes m = {.kitty_keyboard = 1, .app_cursor_keys = true};
    (void)state;
    sends("a", &m, "a");
    sends("A", &m, "A");
    sends("Escape", &m, "\033[27u");
    sends("Enter", &m, "\r");
    sends("S-Enter", &m, "\033[13;2u");
    sends("Tab", &m, "\t");
    sends("BTab", &m, "\033[9;2u");
    sends("C-i", &m, "\033[105;5u");
    sends("M-x", &m, "\033[120;3u");
    sends("M-X", &m, "\033[120;4u");
    sends("Up", &m, "\033[A");
    sends("F3", &m, "\033[13~");
    sends("C-F3", &m, "\033[13;5~");
    sends("C-BSpace", &m, "\033[127;5u");
    m.kitty_keyboard = 9;
    sends("a", &m, "\033[97u");
    sends("A", &m, "\033[97;2u");
    sends("Enter", &m, "\033[13u");
    m.kitty_keyboard = 0;
    m.modify_other_keys = 2;
    sends("C-i", &m, "\033[27;5;105~");
    sends("S-Enter", &m, "\033[27;2;13~");
    sends("a", &m, "a");
    m.modify_other_keys = 1;
    sends("C-b", &m, "\002");
    sends("C-1", &m, "\033[27;5;49~");
    sends("C-Enter", &m, "\033[27;5;13~");
    sends("M-x", &m, "\033x");
}

static void pastes_as(const char *text, size_t n, bool brackets, const char *bytes)
{
    char copy[64] = "";
    struct input_event e = {.kind = INPUT_PASTE, .paste = copy, .paste_n = n};
    struct screen_modes m = {.bracketed_paste = brackets};
    struct buf out = {0};

    memcpy(copy, text, n);
    input_encode(&e, &m, &out);
    assert_string_equal(out.data ? out.data : "", bytes);
    buf_finish(&out);
}

static void encode_paste(void **state)
{
    (void)state;
    pastes_as("a\nb\r\nc\rd\t", 9, false, "a\rb\rc\rd\t");
    pastes_as("é語", 5, true, "\033[200~é語\033[201~");
    pastes_as("x\033[201~rm\r", 11, true, "\033[200~x[201~rm\r\033[201~");
    pastes_as("x\xc2\x9b"
              "201~\x9b"
              "201~\003",
              13, true, "\033[200~x201~201~\033[201~");
    pastes_as("\xe8\x9b\x9b", 3, true,
              "\033[200~\xe8\x9b\x9b\033[201~"); /* bytes within a character */
    pastes_as("\xe9t\xe9", 3, false, "\xe9t\xe9");
    pastes_as("", 0, true, "\033[200~\033[201~");
    pastes_as("\0a\x7f", 3, false, "a");
}

static void mouse_sends(enum mouse_kind kind, int button, unsigned mods, int row, int col,
                        const struct screen_modes *m, const char *bytes)
{
    struct input_event e = {
        .kind = INPUT_MOUSE, .mouse = kind, .button = button, .mods = mods, .row = row, .col = col};
    struct buf out = {0};

    input_encode(&e, m, &out);
    assert_string_equal(out.data ? out.data : "", bytes);
    buf_finish(&out);
}

static void encode_mouse(void **state)
{
    struct screen_modes m = {0};
    (void)state;
    mouse_sends(MOUSE_PRESS, 1, 0, 0, 0, &m, "");
    m.alternate = m.alternate_scroll = true;
    mouse_sends(MOUSE_WHEEL_UP, 0, 0, 0, 0, &m, "\033[A\033[A\033[A");
    m.app_cursor_keys = true;
    mouse_sends(MOUSE_WHEEL_DOWN, 0, 0, 0, 0, &m, "\033OB\033OB\033OB");
    m.mouse = MOUSE_X10;
    mouse_sends(MOUSE_PRESS, 1, MOD_CTRL, 0, 0, &m, "\033[M !!");
    mouse_sends(MOUSE_RELEASE, 1, 0, 0, 0, &m, "");
    mouse_sends(MOUSE_WHEEL_UP, 0, 0, 0, 0, &m, "");
    m.mouse = MOUSE_CLICK;
    mouse_sends(MOUSE_PRESS, 3, MOD_CTRL, 0, 0, &m, "\033[M2!!");
    mouse_sends(MOUSE_RELEASE, 3, 0, 0, 0, &m, "\033[M#!!");
    mouse_sends(MOUSE_MOTION, 1, 0, 0, 0, &m, "");
    mouse_sends(MOUSE_PRESS, 1, 0, 222, 222, &m, "\033[M \xff\xff");
    mouse_sends(MOUSE_PRESS, 1, 0, 223, 0, &m, "");
    m.mouse_utf8 = true;
    mouse_sends(MOUSE_PRESS, 1, 0, 223, 0, &m, "\033[M !\xc4\x80");
    mouse_sends(MOUSE_PRESS, 1, 0, 2015, 0, &m, "");
    m.mouse_sgr = true;
    m.mouse = MOUSE_DRAG;
    mouse_sends(MOUSE_PRESS, 2, MOD_SHIFT, 4, 9, &m, "\033[<5;10;5M");
    mouse_sends(MOUSE_RELEASE, 2, 0, 4, 9, &m, "\033[<1;10;5m");
    mouse_sends(MOUSE_MOTION, 1, 0, 4, 9, &m, "\033[<32;10;5M");
    mouse_sends(MOUSE_MOTION, 0, 0, 4, 9, &m, "");
    mouse_sends(MOUSE_WHEEL_DOWN, 0, 0, 4, 9, &m, "\033[<65;10;5M");
    mouse_sends(MOUSE_PRESS, 1, 0, -1, 0, &m, "");
    m.mouse = MOUSE_MOVE;
    mouse_sends(MOUSE_MOTION, 0, MOD_ALT, 4, 999, &m, "\033[<43;1000;5M");
}

static void encode_focus(void **state)
{
    struct screen_modes m = {0};
    struct input_event e = {.kind = INPUT_FOCUS, .gained = true};
    struct buf out = {0};
    (void)state;
    input_encode(&e, &m, &out);
    assert_int_equal(out.len, 0);
    m.focus_events = true;
    input_encode(&e, &m, &out);
    e.gained = false;
    input_encode(&e, &m, &out);
    assert_string_equal(out.data, "\033[I\033[O");
    buf_finish(&out);
}

/* What is encoded without modes is decoded again as the same key. */
static void there_and_back(void **state)
{
    struct screen_modes modes[] = {{0},
                                   {.app_cursor_keys = true},
                                   {.kitty_keyboard = 1},
                                   {.kitty_keyboard = 9},
                                   {.modify_other_keys = 2}};
    (void)state;
    for (size_t n = 0; n < sizeof modes / sizeof *modes; n++) {
        for (unsigned mods = 0; mods < 8; mods++) {
            for (uint32_t code = K_UP; code <= K_F12; code++) {
                struct input_event e = {.kind = INPUT_KEY, .code = code, .mods = mods}, back;
                struct input_decoder *d = input_decoder_create();
                struct buf out = {0};
                bool bytes = code >= K_TAB && code <= K_BACKTAB;
                if (bytes && mods && (n < 2 || code == K_BACKTAB || code == K_TAB))
                    goto next; /* these had no modifiers then */
                input_encode(&e, &modes[n], &out);
                input_decoder_feed(d, out.data, out.len);
                input_decoder_flush(d);
                assert_true(input_decoder_next(d, &back));
                if (back.code != code || back.mods != mods)
                    fail_msg("%zu: %x with %u came back as %x with %u", n, code, mods, back.code,
                             back.mods);
                assert_false(input_decoder_next(d, &back));
            next:
                buf_finish(&out);
                input_decoder_destroy(d);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_keys),
        cmocka_unit_test(function_keys),
        cmocka_unit_test(kitty_keys),
        cmocka_unit_test(mouse),
        cmocka_unit_test(answers_are_no_keys),
        cmocka_unit_test(nothing_swallows_for_ever),
        cmocka_unit_test(pastes),
        cmocka_unit_test(huge_paste),
        cmocka_unit_test(focus),
        cmocka_unit_test(names),
        cmocka_unit_test(encode_legacy),
        cmocka_unit_test(encode_kitty),
        cmocka_unit_test(encode_paste),
        cmocka_unit_test(encode_mouse),
        cmocka_unit_test(encode_focus),
        cmocka_unit_test(there_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
