/* All rows of the catalogue in one list. The catalogue wants pointers, because users' bindings will
 * be rows that lie elsewhere. Any thread. */
#include "core/hub/capabilities/capabilities.h"
#include "core/hub/hub.h"

#include <pthread.h>

#define ALL_ROWS                                                                                   \
    (HUB_ROWS + SHELL_ROWS + EVENT_ROWS + PEOPLE_ROWS + AGENT_ROWS + MAIL_ROWS + EMAIL_ROWS +      \
     INBOX_ROWS + AUDIT_ROWS + FS_ROWS + PROCESS_ROWS + POLICY_ROWS + BINDING_ROWS)

static const struct capability *rows[ALL_ROWS];
static const struct catalogue all = {rows, ALL_ROWS};

static size_t add(size_t at, const struct capability *part, size_t count)
{
    for (size_t i = 0; i < count; i++)
        rows[at + i] = &part[i];
    return at + count;
}

static void put_together(void)
{
    size_t at = add(0, hub_rows, HUB_ROWS);
    at = add(at, shell_rows, SHELL_ROWS);
    at = add(at, event_rows, EVENT_ROWS);
    at = add(at, people_rows, PEOPLE_ROWS);
    at = add(at, agent_rows, AGENT_ROWS);
    at = add(at, mail_rows, MAIL_ROWS);
    at = add(at, email_rows, EMAIL_ROWS);
    at = add(at, inbox_rows, INBOX_ROWS);
    at = add(at, audit_rows, AUDIT_ROWS);
    at = add(at, fs_rows, FS_ROWS);
    at = add(at, process_rows, PROCESS_ROWS);
    at = add(at, policy_rows, POLICY_ROWS);
    add(at, binding_rows, BINDING_ROWS);
}

const struct catalogue *hub_catalogue(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, put_together);
    return &all;
}
