/* The event log: what the journal told, as lines in a pane. Follows the newest until someone
 * scrolls. What events say is foreign text and is made safe here. One thread. */
#ifndef BATON_TUI_EVENTLOG_H
#define BATON_TUI_EVENTLOG_H

#include "tui/terminal/canvas.h"
#include "tui/terminal/theme.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#define EVENTLOG_MAX 5000

struct eventlog;

struct eventlog *eventlog_create(void);
void eventlog_destroy(struct eventlog *log); /* takes NULL */

/* One event; what is there already (by its id) is left out. True when it is new. */
bool eventlog_add(struct eventlog *log, const cJSON *event);
int64_t eventlog_head(const struct eventlog *log); /* the newest id, 0 none */
int eventlog_count(const struct eventlog *log);

void eventlog_scroll(struct eventlog *log, int lines); /* up is negative */
void eventlog_end(struct eventlog *log);               /* follow again */
void eventlog_draw(struct eventlog *log, struct canvas *c, struct rect inner,
                   const struct theme *theme);

#endif
