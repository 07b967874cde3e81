/* What always holds of a screen, tried on random bytes: the cut of the bytes does not matter; the
 * fast path and libvterm's parser give the same; a snapshot taken anywhere, also in the middle of a
 * sequence, brings a fresh screen to a state that cannot be told from the first. SEED repeats a
 * run. */
#include "core/base/mem.h"
#include "core/screen/screen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#define ROUNDS 3000

struct answers {
    struct buf text;
};

static void on_answer(void *data, const char *bytes, size_t n)
{
    buf_append(&((struct answers *)data)->text, bytes, n);
}

static const struct screen_events events = {.answer = on_answer};

/* Pieces of what programs write, with the odd ones more often than in life. */
static const char *const pieces[] = {
    "hello world",
    "x",
    " ",
    "\r\n",
    "\n",
    "\r",
    "\b",
    "\t",
    "\033[A",
    "\033[B",
    "\033[3C",
    "\033[D",
    "\033[H",
    "\033[5;7H",
    "\033[2J",
    "\033[J",
    "\033[1J",
    "\033[K",
    "\033[1K",
    "\033[2K",
    "\033[3J",
    "\033[L",
    "\033[2M",
    "\033[P",
    "\033[4@",
    "\033[3X",
    "\033[S",
    "\033[2T",
    "\033[2;5r",
    "\033[r",
    "\033[?6h",
    "\033[?6l",
    "\033[?7l",
    "\033[?7h",
    "\033[4h",
    "\033[4l",
    "\033[?69h",
    "\033[2;7s",
    "\033[?69l",
    "\0337",
    "\0338",
    "\033[s",
    "\033[u",
    "\033M",
    "\033D",
    "\033E",
    "\033[m",
    "\033[1m",
    "\033[31m",
    "\033[44m",
    "\033[38;5;200m",
    "\033[48;2;1;2;3m",
    "\033[4:3m",
    "\033[58:2::9:8:7m",
    "\033[7m",
    "\033[0;1;3;4;9;53m",
    "\033[38:2:1:2:3m",
    "\033(0",
    "\033(B",
    "\016",
    "\017",
    "\033)0",
    "qqxx",
    "\xe4\xb8\xad\xe6\x96\x87",
    "\xe4\xb8\xad",
    "\xc3\xa9",
    "e\xcc\x81",
    "\xf0\x9f\x91\xa9",
    "\xe2\x80\x8d",
    "\xf0\x9f\x92\xbb",
    "\xf0\x9f\x8f\xbd",
    "\xe2\x9d\xa4\xef\xb8\x8f",
    "\xef\xb8\x8f",
    "\xff\xfe",
    "\xe4\xb8",
    "\xf0\x9f",
    "\033[?1049h",
    "\033[?1049l",
    "\033[?47h",
    "\033[?47l",
    "\033[?1047h",
    "\033[?1047l",
    "\033[5b",
    "\033[6n",
    "\033[c",
    "\033[>c",
    "\033[?25l",
    "\033[?25h",
    "\033[?1000h",
    "\033[?1006h",
    "\033[?1002l",
    "\033[?2004h",
    "\033[3 q",
    "\033]0;title\007",
    "\033]2;other\033\\",
    "\033[22;0t",
    "\033[23;0t",
    "\033]8;;http://a.b/\033\\",
    "\033]8;;\033\\",
    "\033]4;5;#102030\033\\",
    "\033]4;6;CIELab:50/0.3/-0.4\033\\",
    "\033]11;?\033\\",
    "\033H",
    "\033[g",
    "\033[3g",
    "\033[2I",
    "\033[Z",
    "\033[1\"q",
    "\033[0\"q",
    "\033[?2J",
    "\033[?K",
    "\033[2;2;4;9$z",
    "\033[65;2;3;4;9$x",
    "\033[1;1;3;5;1;4;4;1$v",
    "\033[1;1;4;9;1;7$r",
    "\033[1;1;4;9;7$t",
    "\033[2*x",
    "\033#8",
    "\033c",
    "\033[!p",
    "\033[>5u",
    "\033[<u",
    "\033[=3;2u",
    "\033[?u",
    "\033[20h",
    "\033[20l",
    "\033[?5h",
    "\033[?45h",
    "\033[?3h",
    "\033[?40h",
    "\033[999;999H",
    "\033[99999999999C",
    "\033[;;;m",
    "\0336",
    "\0339",
    "\033[2'}",
    "\033[2'~",
    "\033[2 @",
    "\033[ A",
    "\033N",
    "\033O",
    "\033n",
    "\033o",
    "\033P$qm\033\\",
    "\033P+q544e\033\\",
    "\033_x\033\\",
    "\033_baton;w;\033\\",
    "\033_baton;C;1;2;1;1\033\\",
    "\033^x\033\\",
    "\033[1;2",
    "\033[",
    "\033",
    "\033]0;unfinished",
    "\030",
    "\032",
    "\033[?1h\033=",
    "\033[38;5m",
    "\033[>4;2m",
    "\033[?2026h",
    "\033[18t",
    "\033[21t",
    "\033[$p",
    "\033[?7$p",
    "\033[>0q",
    "\x7f",
    "\007",
    "\033[#{",
    "\033[1;4;30#{",
    "\033[0#{",
    "\033[#}",
    "\033[#q",
    "\033[x",
    "\033[1$w",
    "\033[2$w",
    "\033[\"v",
    "\302\204",
    "\302\205",
    "\302\210",
    "\302\215",
    "\302\216",
    "\302\226",
    "\302\233",
    "\302",
    "\033 G",
    "\033 F",
    "\033[61\"p",
    "\033[63\"p",
    "\033]11;?\007",
    "\033]10;orange\007",
    "\033[#{\033[31#{\033[#{\033[#{\033[#{\033[#{\033[#{\033[#{\033[#{\033[#{\033[#{"};

static void add_random(struct buf *b, unsigned *seed)
{
    int kind = rand_r(seed) % 40;
    if (kind == 0) {
        buf_putc(b, (char)rand_r(seed));
    } else if (kind == 1) {
        buf_printf(b, "\033[%d;%dH", rand_r(seed) % 12, rand_r(seed) % 30);
    } else if (kind == 2) {
        buf_printf(b, "\033[%d%c", rand_r(seed) % 9,
                   "ABCDEFGHIJKLMPSTXZ@`abdef"[rand_r(seed) % 25]);
    } else if (kind == 3) {
        for (int i = rand_r(seed) % 60; i > 0; i--)
            buf_putc(b, (char)('a' + i % 26));
    } else {
        buf_puts(b, pieces[(size_t)rand_r(seed) % (sizeof pieces / sizeof *pieces)]);
    }
}

static void describe(const struct screen *s, struct buf *out)
{
    struct screen_cell *cells = mem_calloc((size_t)screen_cols(s), sizeof *cells);
    struct screen_modes m;
    int row, col;
    screen_cursor(s, &row, &col);
    screen_modes(s, &m);
    buf_printf(
        out,
        "%d %d '%s' alt%d vis%d shape%d app%d%d nl%d paste%d focus%d rev%d sync%d mouse%d%d%d "
        "scroll%d kitty%d other%d\n",
        row, col, screen_title(s), m.alternate, m.cursor_visible, m.shape, m.app_cursor_keys,
        m.app_keypad, m.newline, m.bracketed_paste, m.focus_events, m.reverse_video, m.synchronized,
        m.mouse, m.mouse_sgr, m.mouse_utf8, m.alternate_scroll, m.kitty_keyboard,
        m.modify_other_keys);
    for (int r = -screen_history(s); r < screen_rows(s); r++) {
        int used = screen_line(s, r, cells);
        buf_printf(out, "%d %d%d ", r, used, screen_line_wrapped(s, r));
        for (int c = 0; c < used; c++) {
            const struct style *st = &cells[c].style;
            const char *link = st->link ? screen_link(s, st->link) : "";
            buf_printf(out, "[%s|%d|%x,%x,%x,%x,%s]", cells[c].text, cells[c].width, st->fg, st->bg,
                       st->underline_colour, st->attrs, link);
        }
        buf_putc(out, '\n');
    }
    free(cells);
}

static void assert_same(const struct screen *a, const struct screen *b, const char *what,
                        unsigned seed, const struct buf *input)
{
    struct buf x = {0}, y = {0};
    describe(a, &x);
    describe(b, &y);
    if (strcmp(x.data, y.data) != 0) {
        size_t i = 0;
        while (x.data[i] == y.data[i])
            i++;
        size_t from = i > 300 ? i - 300 : 0;
        fprintf(stderr, "input: ");
        for (size_t k = 0; k < input->len; k++)
            fprintf(stderr, input->data[k] >= 32 && input->data[k] < 127 ? "%c" : "\\%03o",
                    (unsigned char)input->data[k]);
        fail_msg("%s differ with SEED=%u:\n%.600s\n--- and\n%.600s", what, seed, x.data + from,
                 y.data + from);
    }
    buf_finish(&x);
    buf_finish(&y);
}

static unsigned first_seed(void)
{
    const char *text = getenv("SEED");
    return text ? (unsigned)atoi(text) : (unsigned)time(NULL);
}

struct twin {
    struct screen *s;
    struct answers answers;
};

static struct twin *twin_create(int rows, int cols, bool slow)
{
    struct twin *t = mem_zalloc(sizeof *t);
    const struct screen_options o = {.history = 30, .slow = slow};
    t->s = screen_create(rows, cols, &o, &events, &t->answers);
    return t;
}

static void twin_destroy(struct twin *t)
{
    screen_destroy(t->s);
    buf_finish(&t->answers.text);
    free(t);
}

static void any_cut_gives_the_same(void **state)
{
    unsigned first = first_seed();
    (void)state;
    for (unsigned seed = first; seed < first + ROUNDS; seed++) {
        unsigned r = seed;
        struct buf in = {0};
        for (int i = rand_r(&r) % 60; i >= 0; i--)
            add_random(&in, &r);
        int rows = 1 + rand_r(&r) % 8, cols = 1 + rand_r(&r) % 20;
        struct twin *whole = twin_create(rows, cols, false), *cut = twin_create(rows, cols, false);
        screen_feed(whole->s, in.data, in.len);
        for (size_t at = 0, n; at < in.len; at += n) {
            n = 1 + (size_t)rand_r(&r) % 5;
            n = n < in.len - at ? n : in.len - at;
            screen_feed(cut->s, in.data + at, n);
        }
        assert_same(whole->s, cut->s, "whole and cut", seed, &in);
        assert_int_equal(whole->answers.text.len, cut->answers.text.len);
        twin_destroy(whole);
        twin_destroy(cut);
        buf_finish(&in);
    }
}

static void fast_and_slow_are_one(void **state)
{
    unsigned first = first_seed();
    (void)state;
    for (unsigned seed = first; seed < first + ROUNDS; seed++) {
        unsigned r = seed;
        struct buf in = {0};
        for (int i = rand_r(&r) % 60; i >= 0; i--)
            add_random(&in, &r);
        int rows = 1 + rand_r(&r) % 8, cols = 1 + rand_r(&r) % 20;
        struct twin *fast = twin_create(rows, cols, false), *slow = twin_create(rows, cols, true);
        screen_feed(fast->s, in.data, in.len);
        screen_feed(slow->s, in.data, in.len);
        assert_same(fast->s, slow->s, "fast and slow", seed, &in);
        twin_destroy(fast);
        twin_destroy(slow);
        buf_finish(&in);
    }
}

static void a_snapshot_is_the_state(void **state)
{
    unsigned first = first_seed();
    (void)state;
    for (unsigned seed = first; seed < first + ROUNDS; seed++) {
        unsigned r = seed;
        struct buf in = {0}, shot = {0}, more = {0};
        for (int i = rand_r(&r) % 60; i >= 0; i--)
            add_random(&in, &r);
        for (int i = rand_r(&r) % 30; i >= 0; i--)
            add_random(&more, &r);
        int rows = 1 + rand_r(&r) % 8, cols = 2 + rand_r(&r) % 20;
        size_t cut = (size_t)rand_r(&r) % (in.len + 1);
        struct twin *a = twin_create(rows, cols, false), *b = twin_create(rows, cols, false);
        screen_feed(a->s, in.data, cut);
        if (rand_r(&r) % 3 == 0) {
            rows = 1 + rand_r(&r) % 8;
            cols = 2 + rand_r(&r) % 20;
            screen_resize(a->s, rows, cols);
            screen_resize(b->s, rows, cols);
        }
        screen_snapshot(a->s, -1, &shot);
        struct screen *copy = screen_clone(a->s);
        struct buf again = {0};
        screen_snapshot(copy, -1, &again);
        assert_string_equal(shot.data, again.data);
        screen_destroy(copy);
        buf_finish(&again);
        screen_feed(b->s, shot.data, shot.len);
        assert_int_equal(b->answers.text.len, 0);
        buf_clear(&a->answers.text);
        assert_same(a->s, b->s, "state and snapshot", seed, &in);
        screen_feed(a->s, in.data + cut, in.len - cut);
        screen_feed(b->s, in.data + cut, in.len - cut);
        screen_feed(a->s, more.data, more.len);
        screen_feed(b->s, more.data, more.len);
        assert_same(a->s, b->s, "what follows a snapshot", seed, &in);
        assert_int_equal(a->answers.text.len, b->answers.text.len);
        if (a->answers.text.len)
            assert_memory_equal(a->answers.text.data, b->answers.text.data, a->answers.text.len);
        twin_destroy(a);
        twin_destroy(b);
        buf_finish(&in);
        buf_finish(&shot);
        buf_finish(&more);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_cut_gives_the_same),
        cmocka_unit_test(fast_and_slow_are_one),
        cmocka_unit_test(a_snapshot_is_the_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
