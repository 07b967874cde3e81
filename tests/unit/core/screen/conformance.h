/* What a terminal must do, as tables: a row is what a program writes on a fresh screen of 80
 * columns and 25 lines, and what must be then. The expectations are xterm's (ctlseqs and, where
 * that is silent, what xterm does), DEC's and ECMA-48's, and stay so where we decided otherwise:
 * such a row says why in differs, and it fails as soon as it would hold. Each row is fed whole,
 * byte by byte, and past the fast path; all rows of a table are tried before the test fails. */
#ifndef BATON_TESTS_SCREEN_CONFORMANCE_H
#define BATON_TESTS_SCREEN_CONFORMANCE_H

#include "core/screen/screen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define CSI "\033["
#define DCS "\033P"
#define OSC "\033]"
#define ST  "\033\\"
#define SC  "\0337"
#define RC  "\0338"
/* Left and right margins, switched on. */
#define SIDES(columns) CSI "?69h" CSI columns "s"

#define FIVE           "one\r\ntwo\r\nthree\r\nfour\r\nfive"
#define BLOCK          "abcdef\r\nghijkl\r\nmnopqr\r\nstuvwx"
#define B25            "                         "
#define B75            B25 B25 B25
#define B77            B75 "  "
#define B78            B75 "   "
#define B79            B75 "    "

struct conformance_row {
    const char *name;
    const char *bytes;
    const char *cursor;  /* "row,column", both from 0; NULL: not asked */
    int at;              /* the first of lines */
    const char *lines;   /* without blanks at their ends; all others are blank; NULL: not asked */
    bool styled;         /* lines show SGR, as screen_print's ansi */
    const char *answer;  /* all that the terminal says; NULL: nothing */
    const char *differs; /* we do something else, and why */
};

enum { CONFORMANCE_ROWS = 25, CONFORMANCE_COLS = 80 };

static inline void conformance_answer(void *data, const char *bytes, size_t n)
{
    buf_append(data, bytes, n);
}

static inline void conformance_show(struct buf *out, const char *what, const char *text)
{
    buf_printf(out, "\n    %s: ", what);
    for (; *text; text++) {
        if (*text == '\n')
            buf_puts(out, "|");
        else if ((unsigned char)*text < 0x20)
            buf_printf(out, "<%02x>", (unsigned)*text);
        else
            buf_putc(out, *text);
    }
}

/* Adds to out where the screen is not what the row asks for. */
static inline void conformance_check(const struct conformance_row *r, const struct screen *s,
                                     const char *answer, struct buf *out)
{
    if (r->cursor) {
        char got[32];
        int row, col;
        screen_cursor(s, &row, &col);
        snprintf(got, sizeof got, "%d,%d", row, col);
        if (strcmp(got, r->cursor) != 0) {
            conformance_show(out, "cursor", got);
            conformance_show(out, "wanted", r->cursor);
        }
    }
    if (r->lines) {
        struct buf got = {0}, wanted = {0};
        int lines = r->at + 1;
        for (int i = 0; i < r->at; i++)
            buf_putc(&wanted, '\n');
        buf_puts(&wanted, r->lines);
        for (const char *p = r->lines; *p; p++)
            lines += *p == '\n';
        for (; lines <= CONFORMANCE_ROWS; lines++)
            buf_putc(&wanted, '\n');
        screen_print(s, 0, CONFORMANCE_ROWS - 1, r->styled, &got);
        if (strcmp(got.data, wanted.data) != 0) {
            conformance_show(out, "screen", got.data);
            conformance_show(out, "wanted", wanted.data);
        }
        buf_finish(&got);
        buf_finish(&wanted);
    }
    if (strcmp(answer, r->answer ? r->answer : "") != 0) {
        conformance_show(out, "answer", answer);
        conformance_show(out, "wanted", r->answer ? r->answer : "");
    }
}

static inline int conformance_try(const struct conformance_row *r, const char *how, size_t cut,
                                  bool slow)
{
    const struct screen_options options = {.checksum = true, .slow = slow};
    const struct screen_events events = {.answer = conformance_answer};
    struct buf answers = {0}, wrong = {0};
    struct screen *s =
        screen_create(CONFORMANCE_ROWS, CONFORMANCE_COLS, &options, &events, &answers);
    const size_t n = strlen(r->bytes);
    for (size_t i = 0; i < n; i += cut)
        screen_feed(s, r->bytes + i, n - i < cut ? n - i : cut);
    buf_append(&answers, "", 1);
    conformance_check(r, s, answers.data, &wrong);
    const bool failed = (wrong.len > 0) != (r->differs != NULL);
    if (failed && r->differs)
        print_error("%s (%s): it holds now, take its differs away\n", r->name, how);
    else if (failed)
        print_error("%s (%s):%s\n", r->name, how, wrong.data);
    screen_destroy(s);
    buf_finish(&answers);
    buf_finish(&wrong);
    return failed;
}

static inline void conformance_run(const struct conformance_row *rows, size_t n)
{
    int failed = 0;
    for (size_t i = 0; i < n; i++) {
        failed += conformance_try(&rows[i], "whole", (size_t)-1, false);
        failed += conformance_try(&rows[i], "byte by byte", 1, false);
        failed += conformance_try(&rows[i], "slow path", (size_t)-1, true);
    }
    assert_int_equal(failed, 0);
}

/* A test of its own for a table of that name. */
#define CONFORMANCE(table)                                                                         \
    static void test_##table(void **state)                                                         \
    {                                                                                              \
        (void)state;                                                                               \
        conformance_run(table, sizeof table / sizeof *table);                                      \
    }

#endif
