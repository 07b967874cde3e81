/* Who drives which shell or session, and who waits for it, as this console knows it (see world.h).
 * It is heard in four ways, in any order: lists, heads, events and the hub's refusals; a change of
 * holder has an epoch, which only rises, so the newest is known whichever comes first. What always
 * holds: nobody waits for a free baton, and a holder does not wait. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "tui/world/world.h"

#include <stdlib.h>
#include <string.h>

static void safe_name(char out[WORLD_NAME_MAX], const char *name)
{
    text_make_safe(out, WORLD_NAME_MAX, name, strlen(name));
}

int world_ask_place(const struct world_target *t, const char *member)
{
    for (int i = 0; i < t->ask_count; i++)
        if (!strcmp(t->asks[i], member))
            return i + 1;
    return 0;
}

static bool ask_add(struct world_target *t, const char *member)
{
    char name[WORLD_NAME_MAX];

    safe_name(name, member);
    if (!name[0] || !t->holder[0] || !strcmp(name, t->holder) || world_ask_place(t, name) ||
        t->ask_count == WORLD_ASKS_MAX)
        return false;
    t->asks = mem_reallocarray(t->asks, (size_t)t->ask_count + 1, sizeof *t->asks);
    memcpy(t->asks[t->ask_count++], name, sizeof name);
    return true;
}

static bool ask_drop(struct world_target *t, const char *member)
{
    char name[WORLD_NAME_MAX];
    int place;

    safe_name(name, member);
    place = world_ask_place(t, name);
    if (place == 0)
        return false;
    memmove(t->asks + place - 1, t->asks + place, (size_t)(t->ask_count - place) * sizeof *t->asks);
    t->ask_count--;
    return true;
}

/* The line as it must be, after the holder has changed. */
static void ask_settle(struct world_target *t)
{
    if (!t->holder[0])
        t->ask_count = 0;
    else
        ask_drop(t, t->holder);
}

static bool agent(const struct world *w, const char *member)
{
    for (size_t i = 0; i < w->member_count; i++)
        if (!strcmp(w->members[i].member, member))
            return !strcmp(w->members[i].kind, "agent");
    return false;
}

bool world_baton(struct world *w, const char *id, const char *holder, bool is_agent, int64_t epoch)
{
    struct world_target *t = world_target(w, id);
    char name[WORLD_NAME_MAX];
    bool same;

    if (!t || epoch < t->epoch)
        return false;
    safe_name(name, holder);
    same = t->baton && !strcmp(name, t->holder) && epoch == t->epoch;
    if (epoch > t->epoch)
        t->away = false;
    t->baton = true;
    t->epoch = epoch;
    memcpy(t->holder, name, sizeof name);
    if (!same)
        t->holder_agent = is_agent || agent(w, name);
    ask_settle(t);
    return !same;
}

bool world_baton_event(struct world *w, const char *kind, const cJSON *data)
{
    const char *id = world_about(data);
    struct world_target *t = world_target(w, id);
    bool was;

    if (!t)
        return false;
    was = t->away;
    if (!strcmp(kind, "batonChanged"))
        return world_baton(w, id, json_string(data, "to", ""), false,
                           json_int(data, "epoch", t->epoch));
    if (!strcmp(kind, "batonRequested"))
        return ask_add(t, json_string(data, "by", ""));
    if (!strcmp(kind, "batonDenied") || !strcmp(kind, "batonWithdrawn"))
        return ask_drop(t, json_string(data, "member", ""));
    if (!strcmp(kind, "batonLost"))
        t->away = t->holder[0] && !strcmp(t->holder, json_string(data, "holder", ""));
    else if (!strcmp(kind, "batonBack"))
        t->away = false;
    return was != t->away;
}

void world_set_batons(struct world *w, const cJSON *answer)
{
    const cJSON *list = cJSON_IsArray(answer) ? answer : json_get(answer, "batons"), *item, *ask;

    cJSON_ArrayForEach(item, list)
    {
        const char *id = json_string(item, "target", "");
        struct world_target *t = world_target(w, id);
        int64_t epoch = json_int(item, "epoch", 0);
        if (!t || epoch < t->epoch)
            continue;
        world_baton(w, id, json_string(item, "holder", ""),
                    !strcmp(json_string(item, "kind", ""), "agent"), epoch);
        t->away = !strcmp(json_string(item, "state", ""), "grace");
        t->ask_count = 0;
        cJSON_ArrayForEach(ask, json_get(item, "requests"))
        {
            ask_add(t, json_string(ask, "member", ""));
        }
    }
}

/* The targets as one row: shells, then sessions. NULL behind the last. */
static struct world_target *target_at(const struct world *w, size_t i)
{
    if (i < w->shell_count)
        return &w->shells[i].target;
    i -= w->shell_count;
    return i < w->session_count ? &w->sessions[i].target : NULL;
}

void world_baton_forget(struct world *w)
{
    struct world_target *t;

    for (size_t i = 0; (t = target_at(w, i)); i++)
        t->epoch = 0;
}

void world_baton_read(struct world_target *t, const cJSON *item)
{
    t->baton = cJSON_IsString(json_get(item, "holder"));
    safe_name(t->holder, json_string(item, "holder", ""));
    t->holder_agent = !strcmp(json_string(item, "holderKind", ""), "agent");
    t->epoch = json_int(item, "epoch", 0);
}

void world_baton_carry(struct world_target *fresh, struct world_target *old)
{
    bool newer = fresh->baton && fresh->epoch >= old->epoch;

    if (!newer && old->baton) {
        fresh->baton = true;
        fresh->epoch = old->epoch;
        fresh->holder_agent = old->holder_agent;
        memcpy(fresh->holder, old->holder, sizeof fresh->holder);
    }
    fresh->away = old->away && fresh->epoch == old->epoch;
    fresh->asks = old->asks;
    fresh->ask_count = old->ask_count;
    old->asks = NULL;
    old->ask_count = 0;
    ask_settle(fresh);
}

bool world_baton_known(const struct world *w, const char *id)
{
    const struct world_target *t = world_target(w, id);

    return t && t->baton;
}

const struct world_target *world_asked_for(const struct world *w, const char *member)
{
    const struct world_target *t;

    for (size_t i = 0; (t = target_at(w, i)); i++)
        if (t->ask_count > 0 && !strcmp(t->holder, member))
            return t;
    return NULL;
}

bool world_drives(const struct world *w, const char *workspace, const char *member)
{
    const struct world_target *t;

    for (size_t i = 0; (t = target_at(w, i)); i++)
        if (t->live && t->holder[0] && !strcmp(t->holder, member) &&
            !strcmp(t->workspace, workspace))
            return true;
    return false;
}
