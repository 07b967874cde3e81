/* What a terminal can do (see term_caps.h). The only file that includes curses: for terminfo, that
 * is, what this terminal calls its screens and cursor, its colours and its flags. The cells are not
 * written through curses' windows, for these reasons: curses shows direct colour only under a
 * TERM=…-direct, which hardly anybody sets; it knows one kind of underline; it takes wcwidth's word
 * for a grapheme of several code points and goes on counting from there, so a terminal which counts
 * differently is garbled to the line's end; and it waits in its own writes. term_write.c does what
 * it would do, 300 lines of it. */
#include "tui/terminal/term_caps.h"

#include "core/base/mem.h"
#include "core/base/text.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Behind ours, for it defines macros with names such as 'columns'. curses.h itself would bring a
 * key_name of its own. */
#include <term.h>

/* Copies a capability without its padding ("$<5>"), which no terminal of this century needs; ""
 * when there is none or it does not fit. */
static void copy_string(char *out, size_t size, const char *name)
{
    const char *s = tigetstr(name);
    size_t n = 0;

    out[0] = '\0';
    if (!s || s == (const char *)-1)
        return;
    while (*s) {
        if (s[0] == '$' && s[1] == '<' && strchr(s, '>')) {
            s = strchr(s, '>') + 1;
            continue;
        }
        if (n + 1 == size) {
            out[0] = '\0';
            return;
        }
        out[n++] = *s++;
    }
    out[n] = '\0';
}

static bool has(const char *name)
{
    const char *s = tigetstr(name);

    return s && s != (const char *)-1;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* Names under which members of xterm's family go; terminfo's XT flag is not in all of them. */
static bool of_xterms_family(const char *name)
{
    static const char *const family[] = {
        "xterm", "screen", "tmux",    "rxvt",  "foot",   "kitty",   "alacritty", "st-",   "wezterm",
        "vte",   "gnome",  "konsole", "putty", "mintty", "contour", "ghostty",   "iterm",
    };

    if (strcmp(name, "st") == 0)
        return true;
    for (size_t i = 0; i < sizeof family / sizeof *family; i++)
        if (strncasecmp(name, family[i], strlen(family[i])) == 0)
            return true;
    return false;
}

static enum term_colours find_colours(int count, bool direct)
{
    const char *no = getenv("NO_COLOR"), *told = getenv("COLORTERM");

    if (no && *no)
        return TERM_NO_COLOUR;
    if (direct || (told && (strcmp(told, "truecolor") == 0 || strcmp(told, "24bit") == 0)))
        return TERM_TRUECOLOUR;
    return count >= 256 ? TERM_256 : count >= 8 ? TERM_16 : TERM_NO_COLOUR;
}

/* UTF-8 when the environment says so, as tmux decides: the first of these that is set. The locale
 * may be missing on this machine although the terminal at the other end of ssh speaks UTF-8. */
static bool find_utf8(void)
{
    const char *said = getenv("LC_ALL");

    setlocale(LC_CTYPE, "");
    if (!said || !*said)
        said = getenv("LC_CTYPE");
    if (!said || !*said)
        said = getenv("LANG");
    if (said && (strcasestr(said, "UTF-8") || strcasestr(said, "UTF8")))
        return true;
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

static void from_terminfo(struct term_caps *c, const char *name)
{
    bool direct = tigetflag("RGB") > 0 || tigetnum("RGB") > 0 || has("RGB") || tigetflag("Tc") > 0;

    c->xterm = tigetflag("XT") > 0 || of_xterms_family(name);
    c->colours = find_colours(tigetnum("colors"), direct);
    c->extended = has("Smulx") || tigetflag("Su") > 0 ||
                  (c->xterm && (begins(name, "foot") || strcasestr(name, "kitty") ||
                                strstr(name, "ghostty") || getenv("VTE_VERSION")));
    c->ech = has("ech");
    c->hpa = has("hpa");
    c->xenl = tigetflag("xenl") > 0;
    if (tigetnum("lines") > 0)
        c->rows = tigetnum("lines");
    if (tigetnum("cols") > 0)
        c->cols = tigetnum("cols");
    copy_string(c->smcup, sizeof c->smcup, "smcup");
    copy_string(c->rmcup, sizeof c->rmcup, "rmcup");
    if (!c->xterm) { /* where cnorm does more than to show it */
        copy_string(c->civis, sizeof c->civis, "civis");
        copy_string(c->cnorm, sizeof c->cnorm, "cnorm");
    }
}

enum err term_caps_find(int fd, struct term_caps *ret_caps, char **ret_why)
{
    struct term_caps c = {.rows = 24, .cols = 80, .xenl = true};
    const char *name = getenv("TERM");
    int found = 0;
    char safe[64];
    enum err e = ERR_OK;

    if (!name || !*name || strcmp(name, "dumb") == 0) {
        *ret_why = mem_printf("This terminal is dumb (TERM is %s): the console needs one with a "
                              "cursor that can be moved. Try TERM=vt100, or use the commands.",
                              name && *name ? name : "not set");
        return ERR_UNSUPPORTED;
    }
    text_make_safe(safe, sizeof safe, name, strlen(name));
    c.utf8 = find_utf8();
    if (setupterm(name, fd, &found) == 0) {
        char cup[32], clear_screen_string[32];
        copy_string(cup, sizeof cup, "cup");
        copy_string(clear_screen_string, sizeof clear_screen_string, "clear");
        if (!begins(cup, "\033[%i%p1%d;%p2%dH") || !begins(clear_screen_string, "\033[")) {
            *ret_why =
                mem_printf("A %s does not speak ECMA-48 (ANSI), which the console needs. Use "
                           "the commands there.",
                           safe);
            e = ERR_UNSUPPORTED;
        } else {
            from_terminfo(&c, name);
        }
        del_curterm(cur_term);
    } else if (of_xterms_family(name)) { /* a terminal that is newer than the database */
        c.xterm = true;
        c.ech = c.hpa = true;
        c.colours = find_colours(strstr(name, "256") ? 256 : 16, false);
        memcpy(c.smcup, "\033[?1049h", sizeof "\033[?1049h");
        memcpy(c.rmcup, "\033[?1049l", sizeof "\033[?1049l");
    } else if (found == 0 && !begins(name, "vt5") && !begins(name, "wy")) {
        c.colours = find_colours(0, false);
    } else {
        *ret_why = mem_printf("Nothing is known of the terminal %s (TERM). Try TERM=vt100 or "
                              "TERM=xterm.",
                              safe);
        e = ERR_UNSUPPORTED;
    }
    if (e == ERR_OK) {
        if (!c.civis[0] || !c.cnorm[0]) {
            memcpy(c.civis, "\033[?25l", sizeof "\033[?25l");
            memcpy(c.cnorm, "\033[?25h", sizeof "\033[?25h");
        }
        *ret_caps = c;
    }
    return e;
}
