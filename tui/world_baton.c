/* Who drives which shell, and who waits for it, as this console knows it (see world.h). It is heard
 * in four ways, in any order: lists, heads, events and the hub's refusals; a change of holder has
 * an epoch, which only rises, so the newest is known whichever comes first. What always holds:
 * nobody waits for a free baton, and a holder does not wait. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "tui/world.h"

#include <stdlib.h>
#include <string.h>

static void safe_name(char out[WORLD_NAME_MAX], const char *name)
{
    text_make_safe(out, WORLD_NAME_MAX, name, strlen(name));
}

int world_ask_place(const struct world_shell *s, const char *member)
{
    for (int i = 0; i < s->ask_count; i++)
        if (!strcmp(s->asks[i], member))
            return i + 1;
    return 0;
}

static bool ask_add(struct world_shell *s, const char *member)
{
    char name[WORLD_NAME_MAX];

    safe_name(name, member);
    if (!name[0] || !s->holder[0] || !strcmp(name, s->holder) || world_ask_place(s, name) ||
        s->ask_count == WORLD_ASKS_MAX)
        return false;
    s->asks = mem_reallocarray(s->asks, (size_t)s->ask_count + 1, sizeof *s->asks);
    memcpy(s->asks[s->ask_count++], name, sizeof name);
    return true;
}

static bool ask_drop(struct world_shell *s, const char *member)
{
    char name[WORLD_NAME_MAX];
    int place;

    safe_name(name, member);
    place = world_ask_place(s, name);
    if (place == 0)
        return false;
    memmove(s->asks + place - 1, s->asks + place, (size_t)(s->ask_count - place) * sizeof *s->asks);
    s->ask_count--;
    return true;
}

/* The line as it must be, after the holder has changed. */
static void ask_settle(struct world_shell *s)
{
    if (!s->holder[0])
        s->ask_count = 0;
    else
        ask_drop(s, s->holder);
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
    struct world_shell *s = world_shell(w, id);
    char name[WORLD_NAME_MAX];
    bool same;

    if (!s || epoch < s->epoch)
        return false;
    safe_name(name, holder);
    same = s->baton && !strcmp(name, s->holder) && epoch == s->epoch;
    if (epoch > s->epoch)
        s->away = false;
    s->baton = true;
    s->epoch = epoch;
    memcpy(s->holder, name, sizeof name);
    if (!same)
        s->holder_agent = is_agent || agent(w, name);
    ask_settle(s);
    return !same;
}

bool world_baton_event(struct world *w, const char *kind, const cJSON *data)
{
    const char *id = json_string(data, "shellId", "");
    struct world_shell *s = world_shell(w, id);
    bool was;

    if (!s)
        return false;
    was = s->away;
    if (!strcmp(kind, "batonChanged"))
        return world_baton(w, id, json_string(data, "to", ""), false,
                           json_int(data, "epoch", s->epoch));
    if (!strcmp(kind, "batonRequested"))
        return ask_add(s, json_string(data, "by", ""));
    if (!strcmp(kind, "batonDenied") || !strcmp(kind, "batonWithdrawn"))
        return ask_drop(s, json_string(data, "member", ""));
    if (!strcmp(kind, "batonLost"))
        s->away = s->holder[0] && !strcmp(s->holder, json_string(data, "holder", ""));
    else if (!strcmp(kind, "batonBack"))
        s->away = false;
    return was != s->away;
}

void world_set_batons(struct world *w, const cJSON *answer)
{
    const cJSON *list = cJSON_IsArray(answer) ? answer : json_get(answer, "batons"), *item, *ask;

    cJSON_ArrayForEach(item, list)
    {
        const char *id = json_string(item, "target", "");
        struct world_shell *s = world_shell(w, id);
        int64_t epoch = json_int(item, "epoch", 0);
        if (!s || epoch < s->epoch)
            continue;
        world_baton(w, id, json_string(item, "holder", ""),
                    !strcmp(json_string(item, "kind", ""), "agent"), epoch);
        s->away = !strcmp(json_string(item, "state", ""), "grace");
        s->ask_count = 0;
        cJSON_ArrayForEach(ask, json_get(item, "requests"))
        {
            ask_add(s, json_string(ask, "member", ""));
        }
    }
}

void world_baton_forget(struct world *w)
{
    for (size_t i = 0; i < w->shell_count; i++)
        w->shells[i].epoch = 0;
}

void world_baton_carry(struct world_shell *fresh, struct world_shell *old)
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
    const struct world_shell *s = world_shell(w, id);

    return s && s->baton;
}

const struct world_shell *world_asked_for(const struct world *w, const char *member)
{
    for (size_t i = 0; i < w->shell_count; i++) {
        const struct world_shell *s = &w->shells[i];
        if (s->ask_count > 0 && !strcmp(s->holder, member))
            return s;
    }
    return NULL;
}

bool world_drives(const struct world *w, const char *workspace, const char *member)
{
    for (size_t i = 0; i < w->shell_count; i++)
        if (w->shells[i].holder[0] && !strcmp(w->shells[i].holder, member) &&
            !strcmp(w->shells[i].workspace, workspace))
            return true;
    return false;
}
