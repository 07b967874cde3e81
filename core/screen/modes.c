/* Modes, ANSI and DEC: setting, resetting, saving, and telling their state (DECRQM). Some are known
 * for their state's sake alone: a printer, a keyboard or a smooth scroll we have not. */
#include "core/screen/screen_private.h"

#include <string.h>

/* Shows a page; with clear the alternate one is emptied, also when it was shown already. */
void alternate(struct screen *s, bool on, bool clear)
{
    struct page *to = &s->pages[on];
    if (s->page == to && !(on && clear))
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
    if (!s->noclear_column || s->conformance < 65) /* DECNCSM is a VT500's */
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
    if (on && s->conformance < 64)
        return; /* no VT300 has them */
    s->lr_margins = on;
    if (!on) {
        s->left = 0;
        s->right = s->cols - 1;
    }
}

static void alternate_mode(struct screen *s, long mode, bool on)
{
    if (mode == 1049 && on)
        cursor_save(s);
    if (mode == 1047 && !on && s->page == &s->pages[1])
        grid_erase_all(s, 0, s->rows - 1);
    alternate(s, on, mode == 1049);
    if (mode == 1049 && !on)
        cursor_restore(s);
}

/* Modes that are one bit and nothing else. */
static bool *flag_of(struct screen *s, long mode)
{
    switch (mode) {
    case 1: return &s->app_cursor;
    case 4: return &s->smooth;
    case 5: return &s->reverse_video;
    case 7: return &s->autowrap;
    case 12: return &s->blink;
    case 18: return &s->print_ff;
    case 19: return &s->print_all;
    case 25: return &s->cursor_on;
    case 35: return &s->font_shift;
    case 40: return &s->column_allowed;
    case 41: return &s->more_fix;
    case 42: return &s->national;
    case 45: return &s->reverse_wrap;
    case 66: return &s->app_keypad;
    case 67: return &s->backarrow;
    case 95: return &s->noclear_column;
    case 1004: return &s->focus;
    case 1005: return &s->mouse_utf8;
    case 1006: return &s->mouse_sgr;
    case 1007: return &s->alt_scroll;
    case 1045: return &s->reverse_wrap_more;
    case 2004: return &s->bracketed_paste;
    case 2026: return &s->sync;
    default: return NULL;
    }
}

static bool *ansi_flag_of(struct screen *s, long mode)
{
    switch (mode) {
    case 2: return &s->keyboard_locked;
    case 4: return &s->insert;
    case 12: return &s->no_echo;
    case 20: return &s->newline;
    default: return NULL;
    }
}

/* What a snapshot writes one by one; the first are those that it has to set before others. */
static const long listed[] = {1,    4,    5,    7,    12,   18,   19,   25,  35,   40,
                              41,   42,   45,   66,   67,   69,   95,   9,   1000, 1002,
                              1003, 1004, 1005, 1006, 1007, 1045, 2004, 2026};
static const long saveable[] = {1,    3,    4,    5,    6,    7,    9,    12,   18,   19,   25,
                                35,   40,   41,   42,   45,   47,   66,   67,   69,   95,   1000,
                                1002, 1003, 1004, 1005, 1006, 1007, 1045, 1047, 1049, 2004, 2026};
#define COUNT(list) (sizeof(list) / sizeof *(list))
_Static_assert(COUNT(saveable) <= SAVEABLE_MODES, "each mode has its place in saved_modes");

const long *modes_listed(size_t *ret_n)
{
    *ret_n = COUNT(listed);
    return listed;
}

size_t modes_saveable(const long **ret_modes)
{
    *ret_modes = saveable;
    return COUNT(saveable);
}

static const struct {
    long mode;
    enum mouse_mode mouse;
} mice[] = {{9, MOUSE_X10}, {1000, MOUSE_CLICK}, {1002, MOUSE_DRAG}, {1003, MOUSE_MOVE}};

static bool dec_set(struct screen *s, long mode, bool on)
{
    bool *flag = flag_of(s, mode);
    for (size_t i = 0; i < COUNT(mice); i++)
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
    bool *flag = ansi_flag_of(s, mode);
    if (flag)
        *flag = on;
    return flag != NULL;
}

static int ansi_get(struct screen *s, long mode)
{
    static const uint8_t never[] = {1, 5, 7, 10, 11, 13, 14, 15, 16, 17, 18, 19};
    const bool *flag = ansi_flag_of(s, mode);
    if (flag)
        return *flag ? 1 : 2;
    for (size_t i = 0; i < COUNT(never); i++)
        if (mode == never[i])
            return 4;
    return 0;
}

/* DECRPM: 0 not known, 1 set, 2 reset, 3 always set, 4 always reset. */
int mode_get(const struct screen *screen, bool dec, long mode)
{
    struct screen *s = (struct screen *)(uintptr_t)screen; /* nothing below writes */
    if (!dec)
        return ansi_get(s, mode);
    for (size_t i = 0; i < COUNT(mice); i++)
        if (mice[i].mode == mode)
            return s->mouse == mice[i].mouse ? 1 : 2;
    const bool *flag = flag_of(s, mode);
    if (flag)
        return *flag ? 1 : 2;
    switch (mode) {
    case 3: return s->column_mode ? 1 : 2;
    case 6: return s->origin ? 1 : 2;
    case 8: return 4;
    case 69: return s->lr_margins ? 1 : 2;
    case 47:
    case 1047:
    case 1049: return s->page == &s->pages[1] ? 1 : 2;
    case 1048: return s->page->saved.used ? 1 : 2;
    default: return 0;
    }
}

static void each_saved(struct screen *s, const struct csi *c, bool save)
{
    for (int i = 0; i < c->n; i++)
        for (size_t k = 0; k < COUNT(saveable); k++) {
            if (saveable[k] != c->args[i])
                continue;
            if (save)
                s->saved_modes[k] = (uint8_t)mode_get(s, true, saveable[k]);
            else if (s->saved_modes[k])
                dec_set(s, saveable[k], s->saved_modes[k] == 1);
        }
}

void modes_save(struct screen *s, const struct csi *c)
{
    each_saved(s, c, true);
}

void modes_restore(struct screen *s, const struct csi *c)
{
    each_saved(s, c, false);
}
