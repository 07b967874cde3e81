/* What becomes of a delivery: delivered, read, acknowledged; a lease or a time that is over; and
 * those who wait for messages. Control, within a batch but for what runs after it.
 *
 * Who waits looks in a part of the batch of its own, so that what it takes out of its inbox and its
 * answer are one: a part that is undone takes nothing, and a commit that fails makes the answer an
 * error. It is posted at once: the batch takes in what comes, so a message and its receipt are one
 * sync. */
#include "core/hub/mail/mail.h"
#include "core/base/clock.h"
#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

#define SWEEP_MOST 500                      /* deliveries a part */
#define LONGEST_US (INT64_C(600) * 1000000) /* the wall's clock may be put forward meanwhile */

/* --- steps --------------------------------------------------------------------------------------
 */

static enum err step(struct hub *hub, struct mail_delivery *d, const char *what, const char *kind,
                     const char *field, const char *by, const char *reason)
{
    cJSON *data = cJSON_CreateObject(), *more = cJSON_CreateObject();
    cJSON_AddStringToObject(data, "message_id", d->message_id);
    cJSON_AddStringToObject(data, field, by);
    cJSON_AddStringToObject(more, "to", d->recipient);
    if (reason) {
        cJSON_AddStringToObject(data, "reason", reason);
        cJSON_AddStringToObject(more, "reason", reason);
    }
    enum err e = journal_delivery_put(hub->journal, d);
    if (e == ERR_OK)
        e = journal_audit(hub->journal, what, d->message_id, by, more);
    if (e == ERR_OK && kind)
        e = control_event(hub, kind, "", by, d->message_id, data);
    cJSON_Delete(data);
    cJSON_Delete(more);
    return e;
}

enum err mail_delivered(struct hub *hub, struct mail_delivery *d)
{
    if (d->state != MAIL_QUEUED)
        return ERR_OK;
    d->state = MAIL_DELIVERED;
    d->delivered_us = clock_wall_us();
    return step(hub, d, "delivered", "messageDelivered", "to", d->recipient, NULL);
}

enum err mail_read(struct hub *hub, struct mail_delivery *d, const char *by)
{
    enum err e = mail_delivered(hub, d);
    if (e != ERR_OK || d->read_us)
        return e;
    d->read_us = clock_wall_us();
    return step(hub, d, "read", "messageRead", "by", by, NULL);
}

enum err mail_acknowledged(struct hub *hub, struct mail_delivery *d, const char *by)
{
    enum err e = mail_delivered(hub, d);
    if (e != ERR_OK || d->state != MAIL_DELIVERED)
        return e;
    d->state = MAIL_ACKNOWLEDGED;
    d->acked_us = clock_wall_us();
    d->lease_until_us = 0;
    if (!d->read_us)
        d->read_us = d->acked_us;
    return step(hub, d, "acknowledged", "messageAcknowledged", "by", by, NULL);
}

enum err mail_dead(struct hub *hub, struct mail_delivery *d, const char *reason)
{
    d->lease_until_us = 0;
    d->lease_by[0] = '\0';
    d->state = MAIL_DEAD;
    return step(hub, d, "dead", "messageDead", "to", d->recipient, reason);
}

enum err mail_again(struct hub *hub, struct mail_delivery *d, const char *by)
{
    d->state = MAIL_QUEUED;
    d->tries = 0;
    d->delivered_us = 0;
    mail_wake(hub, d->recipient);
    return step(hub, d, "requeued", "messageRequeued", "by", by, NULL);
}

enum err mail_gave_back(struct hub *hub, struct mail_delivery *d, const char *by,
                        const char *reason)
{
    d->lease_until_us = 0;
    d->lease_by[0] = '\0';
    if (d->tries >= config_mail_tries(hub->config))
        return mail_dead(hub, d, reason);
    mail_wake(hub, d->recipient);
    return step(hub, d, by ? "nacked" : "leaseEnded", NULL, "by", by ? by : d->recipient, NULL);
}

static enum err expire(struct hub *hub, struct mail_delivery *d)
{
    d->state = MAIL_EXPIRED;
    d->lease_until_us = 0;
    return step(hub, d, "expired", "messageExpired", "to", d->recipient, NULL);
}

/* --- leases and times that are over -------------------------------------------------------------
 */

struct sweep {
    struct mail_delivery *list;
    size_t count;
};

static void gather(void *data, const struct mail_delivery *d)
{
    struct sweep *s = data;
    for (size_t i = 0; i < s->count; i++)
        if (s->list[i].seq == d->seq)
            return; /* both its time and its lease are over */
    s->list[s->count] = *d;
    s->list[s->count++].channel = "";
}

static enum err sweep(struct hub *hub, void *arg)
{
    struct sweep s = {mem_calloc(2 * SWEEP_MOST, sizeof *s.list), 0};
    const int64_t now = clock_wall_us();
    enum err e = journal_due(hub->journal, now, SWEEP_MOST, gather, &s);
    (void)arg;
    for (size_t i = 0; e == ERR_OK && i < s.count; i++) {
        struct mail_delivery *d = &s.list[i];
        e = d->expires_us && d->expires_us <= now ? expire(hub, d)
                                                  : mail_gave_back(hub, d, NULL, "tries");
    }
    free(s.list);
    mail_timer_arm(hub);
    return e;
}

static void on_timer(uv_timer_t *t)
{
    hub_post_control(t->data, sweep, NULL);
}

/* After a commit. */
static enum err arm(struct hub *hub, void *arg)
{
    int64_t due, wait;
    (void)arg;
    if (journal_next_due(hub->journal, &due) != ERR_OK || due == INT64_MAX || hub->stopping)
        return ERR_OK;
    wait = due - clock_wall_us();
    wait = wait < 0 ? 0 : wait < LONGEST_US ? wait : LONGEST_US;
    return uv_timer_start(&hub->mail_timer, on_timer, (uint64_t)(wait / 1000 + 1), 0) == 0
               ? ERR_OK
               : ERR_INTERNAL;
}

void mail_timer_arm(struct hub *hub)
{
    control_after(hub, arm, NULL);
}

enum err mail_recover(struct hub *hub, void *arg)
{
    return sweep(hub, arg);
}

/* --- who waits ----------------------------------------------------------------------------------
 */

static enum err look_again(struct hub *hub, void *arg)
{
    struct call *c = control_parked(hub, *(uint64_t *)arg);
    if (!c || !c->look)
        return ERR_OK;
    c->looking = false;
    enum err e = c->look(hub, c);
    if (e == ERR_AGAIN)
        return ERR_OK;
    if (e == ERR_OK || c->answered) {
        c->look = NULL;
        control_answered(hub, c);
    }
    return e;
}

/* Each looks in a part of its own, behind the part that runs: as a rule in the same batch, so that
 * a message and its receipt are one commit. When what woke them is undone they find nothing. */
void mail_wake(struct hub *hub, const char *name)
{
    for (struct call *c = hub->parked; c; c = c->next) {
        if (!c->look || c->looking || strcmp(c->who, name) != 0)
            continue;
        c->looking = true;
        hub_post_control(hub, look_again, mem_dup(&c->serial, sizeof c->serial));
    }
}

void mail_await(struct hub *hub, struct call *c, mail_look look, int64_t timeout_ms)
{
    c->look = look;
    control_park(hub, c, timeout_ms);
}
