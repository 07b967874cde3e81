/* Suggestions, as the one who destroys a session needs them. Control, within a batch. */
#ifndef BATON_HUB_SESSION_SUGGESTIONS_H
#define BATON_HUB_SESSION_SUGGESTIONS_H

#include "core/hub/hub_private.h"

enum err suggestions_forget(struct hub *hub, const char *session); /* all that are pending */

#endif
