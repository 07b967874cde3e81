/* Light Markdown on a sheet, and the sheet's wrapping: as text with marks for what is styled. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/base/text.h"
#include "tui/transcript/markdown.h"

#include <stdlib.h>
#include <string.h>

/* *bold*, /italic/, ~struck~, `code`, _link_, one line after another. */
static char *shown(const char *text, int width, const char *margin)
{
    struct sheet s;
    struct markdown m;
    struct buf out = {0};
    const struct text_line *lines;

    sheet_init(&s, width, true);
    markdown_begin(&m, ROLE_TEXT, ROLE_BORDER, margin);
    markdown_text(&m, &s, text, strlen(text));
    lines = sheet_make(&s);
    for (size_t i = 0; i < s.line_count; i++) {
        size_t at = 0;
        for (int r = 0; r < lines[i].run_count; at += lines[i].runs[r++].n) {
            const struct line_run *run = &lines[i].runs[r];
            const char *mark = run->role == ROLE_CODE     ? "`"
                               : run->role == ROLE_ACCENT ? "_"
                               : run->attrs & ATTR_BOLD   ? "*"
                               : run->attrs & ATTR_ITALIC ? "/"
                               : run->attrs & ATTR_STRIKE ? "~"
                                                          : "";
            buf_printf(&out, "%s%.*s%s", mark, (int)run->n, lines[i].text + at, mark);
        }
        assert_int_equal(at, lines[i].n);
        buf_putc(&out, '\n');
    }
    sheet_finish(&s);
    return buf_take(&out);
}

static void check(const char *text, int width, const char *should)
{
    char *is = shown(text, width, "");

    assert_string_equal(is ? is : "", should);
    free(is);
}

static void within_a_line(void **state)
{
    (void)state;
    check("a **b** *c* __d__ _e_ ~~f~~ `g`", 80, "a *b* /c/ *d* /e/ ~f~ `g`\n");
    check("snake_case_name and 2 * 3 * 4 ** 5", 80, "snake_case_name and 2 * 3 * 4 ** 5\n");
    check("``a`b`` and `` ` ``", 80, "`a`b` and ```\n");
    check("`open and **open and [open](", 80, "`open and **open and [open](\n");
    check("[text](http://x) [http://y](http://y) <https://z/>", 80,
          "_text_ (http://x) _http://y_ _https://z/_\n");
    check("![pic](a.png) \\*no\\* a\\b", 80, "_pic_ (a.png) *no* a\\b\n");
    check("**bold with `code` and *italic* in**", 80, "*bold with *`code`* and **italic** in*\n");
    check("**** ____ ``` ~~ [] ]( *", 80, "**** ____ ``` ~~ [] ]( *\n");
}

static void lines_of_all_kinds(void **state)
{
    (void)state;
    check("# One #\ntext\n## Two\n", 80, "*One*\ntext\n\n*Two*\n");
    check("- a\n  - b\n* [x] c\n+ [ ] d\n10. e\n1) f", 80,
          "• a\n  • b\n• ☑ c\n• ☐ d\n10. e\n1) f\n");
    check("> said\n>more", 80, "▏ said\n▏ more\n");
    check("a\n\n\n\nb\n\n", 80, "a\n\nb\n");
    check("---\n***\n- - -", 12, "────────────\n────────────\n────────────\n");
    check("| a | b |\n|---|---|", 80, "| a | b |\n|---|---|\n");
    check("-x\n#x\n1.x\n12345678901. x", 80, "-x\n#x\n1.x\n12345678901. x\n");
}

static void fences(void **state)
{
    (void)state;
    check("```c\nint  a;\n\n\t**b**\n```\nc", 80, "  `int  a;`\n  \n  `    **b**`\nc\n");
    check("````\n```\n````", 80, "  `````\n");
    check("~~~\n```\nx\n~~~", 80, "  `````\n  `x`\n");
    check("- a\n  ```\n  x\n  ```\nb", 80, "• a\n    `x`\nb\n");
    check("```\nnever closed", 80, "  `never closed`\n");
    check("``` a ` b", 80, "``` a ` b\n");
}

static void wrapping(void **state)
{
    (void)state;
    check("one two three", 8, "one two\nthree\n");
    check("one   two", 5, "one\ntwo\n");
    check("abcdefghij", 4, "abcd\nefgh\nij\n");
    check("- one two three", 10, "• one two\n  three\n");
    check("日本語のテキスト", 6, "日本語\nのテキ\nスト\n");
    check("ab日本", 5, "ab日\n本\n");
    check("日本", 1, "日\n本\n");
    check("e\u0301e\u0301e\u0301", 2, "e\u0301e\u0301\ne\u0301\n");
    check("👩‍👩‍👧 x", 80, "👩‍👩‍👧 x\n");
    check("```\na\tb\n```", 80, "  `a   b`\n");
    check("```\nabcdefghijkl\n```", 10, "  `abcdefgh`\n  `ijkl`\n");
    check("\xcc\x81\xcc\x81", 80, "\xcc\x81\xcc\x81\n");
}

/* Every width, texts that end in the middle of everything: no line is wider than it may be, but for
 * one wide character where there is one column. */
static void any_cut_at_any_width(void **state)
{
    static const char text[] =
        "# T\n- **a** `b` [c](d)\n> e 日本語テキスト\n```\n\tf ggggggggggggg\n```\n"
        "1. h *i* ~~j~~ <http://k>\n| l |\n---\nmmmmmmmmmmmmmmmmmmm e\u0301";
    (void)state;
    for (int width = 1; width < 30; width++)
        for (size_t n = 0; n <= strlen(text); n++) {
            struct sheet s;
            struct markdown m;
            const struct text_line *lines;
            sheet_init(&s, width, n % 2);
            markdown_begin(&m, ROLE_TEXT, ROLE_BORDER, width > 10 ? "  " : "");
            markdown_text(&m, &s, text, n);
            lines = sheet_make(&s);
            for (size_t i = 0; i < s.line_count; i++) {
                char line[200];
                assert_true(lines[i].n < sizeof line);
                memcpy(line, lines[i].text, lines[i].n);
                line[lines[i].n] = '\0';
                if (text_width(line) > width && !(width == 1 && text_width(line) == 2))
                    fail_msg("%d columns: '%s'", width, line);
            }
            sheet_finish(&s);
        }
}

static void hostile_marks_take_no_time(void **state)
{
    static const char *const marks[] = {"[",     "**a",      "_",  "`", "](",
                                        "<http", "*a_b~~`[", "![", "\\"};
    (void)state;
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        struct buf text = {0};
        char *is;
        while (text.len < 1000000)
            buf_puts(&text, marks[i]);
        is = shown(text.data, 80, "");
        assert_non_null(is);
        free(is);
        buf_finish(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(within_a_line),
        cmocka_unit_test(lines_of_all_kinds),
        cmocka_unit_test(fences),
        cmocka_unit_test(wrapping),
        cmocka_unit_test(any_cut_at_any_width),
        cmocka_unit_test(hostile_marks_take_no_time),
    };
    return cmocka_run_group_tests_name("markdown", tests, NULL, NULL);
}
