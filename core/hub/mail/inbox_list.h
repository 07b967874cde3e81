/* The handlers of inboxes as the console leafs through them, for the catalogue's rows. Control,
 * within a batch. */
#ifndef BATON_HUB_INBOX_LIST_H
#define BATON_HUB_INBOX_LIST_H

#include "core/hub/call.h"

enum err inbox_list(struct hub *hub, struct call *c);
enum err inbox_text(struct hub *hub, struct call *c);
enum err inbox_mark(struct hub *hub, struct call *c);
enum err inbox_people(struct hub *hub, struct call *c);

#endif
