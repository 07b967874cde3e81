/* Themes: roles to styles, from files (JSON with comments): themes/NAME.json of the user's
 * configuration, then the installed ones, then one built in. Drawing names roles, never colours. */
#ifndef BATON_TUI_THEME_H
#define BATON_TUI_THEME_H

#include "core/base/err.h"
#include "core/screen/screen.h"
#include "tui/terminal/term.h"

#define THEME_ROLES(X)                                                                             \
    X(TEXT, "text")                                                                                \
    X(DIM, "dim")                                                                                  \
    X(ACCENT, "accent")                                                                            \
    X(ATTENTION, "attention")                                                                      \
    X(GOOD, "good")                                                                                \
    X(BAD, "bad")                                                                                  \
    X(BORDER, "border")                                                                            \
    X(BORDER_FOCUS, "border-focus")                                                                \
    X(SELECTION, "selection")                                                                      \
    X(SEARCH, "search")                                                                            \
    X(STATUS, "status")                                                                            \
    X(TITLE, "title")                                                                              \
    X(DIFF_ADD, "diff-add")                                                                        \
    X(DIFF_DEL, "diff-del")                                                                        \
    X(CODE, "code")                                                                                \
    X(MEMBER1, "member1")                                                                          \
    X(MEMBER2, "member2")                                                                          \
    X(MEMBER3, "member3")                                                                          \
    X(MEMBER4, "member4")                                                                          \
    X(MEMBER5, "member5")                                                                          \
    X(MEMBER6, "member6")                                                                          \
    X(MEMBER7, "member7")                                                                          \
    X(MEMBER8, "member8")

enum theme_role {
#define X(sym, name) ROLE_##sym,
    THEME_ROLES(X)
#undef X
        THEME_ROLE_COUNT
};

/* Signs that a state has beside its colour; each with an ASCII twin. */
#define THEME_GLYPHS(X)                                                                            \
    X(WORKING, "●", "*")                                                                           \
    X(WAITING, "◆", "!")                                                                           \
    X(IDLE, "○", "o")                                                                              \
    X(DONE, "✓", "+")                                                                              \
    X(FAILED, "✗", "x")                                                                            \
    X(DRIVES, "✎", "@")                                                                            \
    X(WATCHES, "◉", "=")                                                                           \
    X(HERE, "▸", ">")                                                                              \
    X(ELLIPSIS, "…", "~")                                                                          \
    X(H, "─", "-")                                                                                 \
    X(V, "│", "|")                                                                                 \
    X(TL, "╭", "+")                                                                                \
    X(TR, "╮", "+")                                                                                \
    X(BL, "╰", "+")                                                                                \
    X(BR, "╯", "+")                                                                                \
    X(LT, "├", "+")                                                                                \
    X(RT, "┤", "+")                                                                                \
    X(TT, "┬", "+")                                                                                \
    X(BT, "┴", "+")                                                                                \
    X(CROSS, "┼", "+")                                                                             \
    X(DOWN, "↓", "v")                                                                              \
    X(UP, "↑", "^")                                                                                \
    X(DOT, "·", ".")                                                                               \
    X(TIMES, "×", "x")                                                                             \
    X(ASKS, "←", "<")                                                                              \
    X(PROMPT, "›", ">")                                                                            \
    X(TO, "→", ">")                                                                                \
    X(REPLY, "╰", "`")                                                                             \
    X(URGENT, "▲", "!")                                                                            \
    X(FILE, "▤", "@")

enum theme_glyph {
#define X(sym, utf8, ascii) GLYPH_##sym,
    THEME_GLYPHS(X)
#undef X
        THEME_GLYPH_COUNT
};

struct theme;

/* NULL name: "dark". ERR_NOT_FOUND lists what there is, ERR_CONFIG names file, line and word, in
 * *ret_why (caller frees). */
enum err theme_load(const char *name, struct theme **ret_theme, char **ret_why);
/* The same from text, for the fuzzer and tests. */
enum err theme_parse(const char *text, size_t n, struct theme **ret_theme, char **ret_why);
void theme_destroy(struct theme *t);
/* For what the terminal has: colours are brought down, NO_COLOUR leaves attributes only. */
struct style theme_style(const struct theme *t, enum theme_role role);
void theme_fit(struct theme *t, enum term_colours colours, bool utf8);
const char *theme_glyph(const struct theme *t, enum theme_glyph glyph);
bool theme_utf8(const struct theme *t); /* signs are not their ASCII twins */
/* A member's role: the same name has the same colour everywhere. */
enum theme_role theme_member(const char *name);
/* Names of all themes that can be loaded, NULL-terminated; caller frees each and the list. */
char **theme_names(void);

#endif
