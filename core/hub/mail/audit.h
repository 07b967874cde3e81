/* The handlers of the audit, for the catalogue's rows (audit.c). Control, within a batch. */
#ifndef BATON_HUB_AUDIT_H
#define BATON_HUB_AUDIT_H

#include "core/hub/call.h"

/* Both park their call and look at a bounded piece in each turn; an error ends the call alone. The
 * first gives entries, the newest of them or those behind `since`; the second walks the whole chain
 * and tells the first flaw. */
enum err audit_log(struct hub *hub, struct call *c);
enum err audit_verify(struct hub *hub, struct call *c);

#endif
