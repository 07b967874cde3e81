/* The journal's log is written back into its database beside the batches: by a thread of libuv's
 * pool, so that neither a commit nor an answer waits for the syncs that it takes. While calls come
 * without a pause it never catches up with the log's end, and the log would grow for ever: once it
 * is long, control writes back the little that is left before its next batch. */
#include "core/hub/hub_private.h"

static void aside(uv_work_t *work)
{
    struct hub *hub = work->data;
    hub->tidied = journal_tidy(hub->journal);
}

static void back(uv_work_t *work, int status)
{
    struct hub *hub = work->data;
    (void)status;
    hub->tidying = false;
    journal_tidied(hub->journal, hub->tidied);
    if (hub->tidy_now)
        journal_tidied(hub->journal, journal_tidy(hub->journal));
}

void tidy_consider(struct hub *hub)
{
    const enum journal_tidy what = journal_untidy(hub->journal);
    if (hub->tidying || what == JOURNAL_TIDY_NOTHING)
        return;
    hub->tidy_work.data = hub;
    hub->tidy_now = what == JOURNAL_TIDY_NOW;
    hub->tidying = uv_queue_work(&hub->control_loop, &hub->tidy_work, aside, back) == 0;
}
