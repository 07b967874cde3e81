/* Modes, ANSI and DEC: setting, resetting, and telling their state (DECRQM). */
#include "core/screen/screen_private.h"

#include <string.h>

void alternate(struct screen *s, bool on, bool clear)
{
    struct page *to = &s->pages[on];
    if (s->page == to)
        return;
    s->page = to;
    if (on && clear) {
        uint32_t bg = s->pen.style.bg;
        s->pen.style.bg = COLOUR_DEFAULT;
        grid_erase_all(s, 0, s->rows - 1);
        s->pen.style.bg = bg;
    }
    for (int row = 0; row < s->rows; row++)
        line_touch(s, line_at(s, row));
}

/* DECCOLM: a hub's shell keeps its size; what else xterm does is done. */
static void column_mode(struct screen *s, bool on)
{
    if (!s->column_allowed)
        return;
    s->column_mode = on;
    s->top = s->left = 0;
    s->bottom = s->rows - 1;
    s->right = s->cols - 1;
    s->lr_margins = false;
    if (!s->noclear_column)
        grid_erase_all(s, 0, s->rows - 1);
    cursor_to(s, 0, 0);
}

static void origin_mode(struct screen *s, bool on)
{
    s->origin = on;
    cursor_to(s, on ? s->top : 0, on ? s->left : 0);
}

static void margins_mode(struct screen *s, bool on)
{
    s->lr_margins = on;
    if (!on) {
        s->left = 0;
        s->right = s->cols - 1;
    }
}

static void alternate_mode(struct screen *s, long mode, bool on)
{
    bool is = s->page == &s->pages[1];
    if (mode == 1049 && on && !is)
        cursor_save(s);
    if (mode == 1047 && !on && is) {
        grid_erase_all(s, 0, s->rows - 1);
    }
    alternate(s, on, mode == 1049);
    if (mode == 1049 && !on && is)
        cursor_restore(s);
}

struct flag {
    long mode;
    bool *at;
};

/* Modes that are one bit and nothing else. */
static bool *flag_of(struct screen *s, long mode)
{
    const struct flag flags[] = {
        {1, &s->app_cursor},    {5, &s->reverse_video},      {7, &s->autowrap},
        {12, &s->blink},        {25, &s->cursor_on},         {40, &s->column_allowed},
        {45, &s->reverse_wrap}, {66, &s->app_keypad},        {95, &s->noclear_column},
        {1004, &s->focus},      {1005, &s->mouse_utf8},      {1006, &s->mouse_sgr},
        {1007, &s->alt_scroll}, {2004, &s->bracketed_paste}, {2026, &s->sync},
    };
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (flags[i].mode == mode)
            return flags[i].at;
    return NULL;
}

static const struct {
    long mode;
    enum mouse_mode mouse;
} mice[] = {{9, MOUSE_X10}, {1000, MOUSE_CLICK}, {1002, MOUSE_DRAG}, {1003, MOUSE_MOVE}};

static bool dec_set(struct screen *s, long mode, bool on)
{
    bool *flag = flag_of(s, mode);
    for (size_t i = 0; i < sizeof mice / sizeof *mice; i++)
        if (mice[i].mode == mode) {
            s->mouse = on ? mice[i].mouse : MOUSE_OFF;
            return true;
        }
    if (flag) {
        *flag = on;
        if (mode == 7 && !on)
            s->pending_wrap = false;
        if (mode == 5)
            for (int row = 0; row < s->rows; row++)
                line_touch(s, line_at(s, row));
        return true;
    }
    switch (mode) {
    case 3: column_mode(s, on); return true;
    case 6: origin_mode(s, on); return true;
    case 69: margins_mode(s, on); return true;
    case 47:
    case 1047:
    case 1049: alternate_mode(s, mode, on); return true;
    case 1048:
        if (on)
            cursor_save(s);
        else
            cursor_restore(s);
        return true;
    default: return false;
    }
}

bool mode_set(struct screen *s, bool dec, long mode, bool on)
{
    if (dec)
        return dec_set(s, mode, on);
    if (mode == 4)
        s->insert = on;
    else if (mode == 20)
        s->newline = on;
    else
        return false;
    return true;
}

/* DECRPM: 0 not known, 1 set, 2 reset, 3 always set, 4 always reset. */
int mode_get(const struct screen *s, bool dec, long mode)
{
    const bool *flag = dec ? flag_of((struct screen *)(uintptr_t)s, mode) : NULL;
    if (flag)
        return *flag ? 1 : 2;
    if (!dec) {
        static const long fixed[] = {1, 5, 7, 10, 11, 13, 14, 15, 16, 17, 18, 19};
        for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
            if (mode == fixed[i])
                return 4;
        return mode == 4    ? (s->insert ? 1 : 2)
               : mode == 20 ? (s->newline ? 1 : 2)
               : mode == 2  ? 4
               : mode == 12 ? 4
                            : 0;
    }
    for (size_t i = 0; i < sizeof mice / sizeof *mice; i++)
        if (mice[i].mode == mode)
            return s->mouse == mice[i].mouse ? 1 : 2;
    switch (mode) {
    case 3: return s->column_mode ? 1 : 2;
    case 4: return 4;
    case 6: return s->origin ? 1 : 2;
    case 8: return 3;
    case 69: return s->lr_margins ? 1 : 2;
    case 47:
    case 1047:
    case 1049: return s->page == &s->pages[1] ? 1 : 2;
    case 1048: return s->page->saved.used ? 1 : 2;
    case 2027: return 3;
    default: return 0;
    }
}
