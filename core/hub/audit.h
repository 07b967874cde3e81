/* The handlers of the audit, for the catalogue's rows (audit.c). Control, within a batch. */
#ifndef BATON_HUB_AUDIT_H
#define BATON_HUB_AUDIT_H

#include "core/hub/call.h"

enum err audit_log(struct hub *hub, struct call *c);
enum err audit_verify(struct hub *hub, struct call *c);

#endif
