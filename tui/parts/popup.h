/* A popup: a box over the panes with lines of text, to read (help, results, notices) or to choose
 * from. Lines are in two columns when they have a key. Safe text only. One thread. */
#ifndef BATON_TUI_POPUP_H
#define BATON_TUI_POPUP_H

#include "tui/terminal/canvas.h"
#include "tui/terminal/input.h"
#include "tui/terminal/theme.h"

#include <stdbool.h>

#define POPUP_MAX_LINES 20000

struct popup;

enum popup_result { POPUP_STAYS, POPUP_LEAVES, POPUP_CHOSEN };

struct popup *popup_create(const char *title, bool choose);
void popup_destroy(struct popup *p); /* takes NULL */

/* One line: key (may be "") in front, text behind it; target is what choosing it gives, NULL for a
 * line that cannot be chosen. All are copied; text may be unsafe. */
void popup_add(struct popup *p, enum theme_role role, const char *key, const char *text,
               const char *target);
/* Many lines at once: cut at '\n'. */
void popup_add_text(struct popup *p, const char *text);
void popup_select(struct popup *p, const char *target);

enum popup_result popup_input(struct popup *p, const struct input_event *event);
const char *popup_chosen(const struct popup *p); /* borrowed, NULL none */
void popup_draw(struct popup *p, struct canvas *c, struct rect area, const struct theme *theme);

#endif
