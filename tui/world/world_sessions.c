/* The sessions with agents of the world (see world.h): lists, and what events tell between two
 * lists. What always holds: a list of the hub is the truth, but for the number of the newest event,
 * which only rises, and for the mark that a turn's end has not been looked at yet. */
#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "tui/world/world_private.h"

#include <stdlib.h>
#include <string.h>

void world_sessions_free(struct world_session *sessions, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        world_target_finish(&sessions[i].target);
        free(sessions[i].mode);
    }
    free(sessions);
}

static enum session_state state_of(const char *name)
{
    static const char *const names[] = {"starting", "idle",   "working", "waiting",
                                        "closing",  "closed", "failed",  NULL};

    return (enum session_state)world_state(name, names, SESSION_IDLE);
}

bool world_session_turn(const struct world_session *s)
{
    return s->state == SESSION_WORKING || s->state == SESSION_WAITING;
}

/* A turn that ends is news until somebody looks; one that begins, until somebody follows. */
static void enter(struct world_session *s, enum session_state state)
{
    if (!world_session_turn(s) && state == SESSION_WORKING) {
        s->began = true;
        s->turns++;
    }
    if (world_session_turn(s) && state == SESSION_IDLE)
        s->fresh = true;
    else if (state != SESSION_IDLE)
        s->fresh = false;
    s->state = state;
    s->target.live = state != SESSION_CLOSED && state != SESSION_FAILED;
}

/* The current mode's id: `mode`, or what `modes` says. */
static char *mode_of(const cJSON *item)
{
    return json_string(item, "mode", "")[0] ? world_text(item, "mode")
                                            : world_text(json_get(item, "modes"), "currentModeId");
}

/* Fills s; false when it is no session. Borrows old, the same one as it was, or NULL. */
static bool read_session(struct world_session *s, const cJSON *item, struct world_session *old)
{
    struct world_target *t = &s->target;

    if (!world_target_read(t, item, "sessionId", old ? &old->target : NULL))
        return false;
    t->program = world_text(item, "agentType");
    t->session = true;
    s->mode = mode_of(item);
    s->seq = json_int(item, "sequenceNumber", json_int(item, "seq", 0));
    if (old) {
        s->state = old->state;
        s->fresh = old->fresh;
        s->began = old->began;
        s->turns = old->turns;
        s->waits = old->waits;
        if (old->seq > s->seq)
            s->seq = old->seq;
    }
    enter(s, state_of(json_string(item, "state", "")));
    if (json_int(item, "turn", 0) > s->turns) { /* it may be over already */
        s->began = true;
        s->turns = json_int(item, "turn", 0);
    }
    return true;
}

void world_set_sessions(struct world *w, const cJSON *answer)
{
    const cJSON *list = world_list(answer, "sessions"), *item;
    struct world_session *sessions;
    size_t n = 0;

    if (!list)
        return;
    sessions = mem_calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof *sessions);
    cJSON_ArrayForEach(item, list)
    {
        n += read_session(&sessions[n], item, world_session(w, json_string(item, "sessionId", "")));
    }
    world_sessions_free(w->sessions, w->session_count);
    w->sessions = sessions;
    w->session_count = n;
    world_count_waits(w);
}

void world_add_session(struct world *w, const cJSON *session)
{
    if (world_session(w, json_string(session, "sessionId", "")) ||
        w->session_count >= WORLD_LIST_MAX)
        return;
    w->sessions = mem_reallocarray(w->sessions, w->session_count + 1, sizeof *w->sessions);
    memset(&w->sessions[w->session_count], 0, sizeof *w->sessions);
    w->session_count += read_session(&w->sessions[w->session_count], session, NULL);
}

struct world_session *world_session(const struct world *w, const char *id)
{
    for (size_t i = 0; i < w->session_count; i++)
        if (!strcmp(w->sessions[i].target.id, id))
            return &w->sessions[i];
    return NULL;
}

bool world_session_event(struct world *w, const char *kind, const cJSON *data)
{
    struct world_session *s = world_session(w, json_string(data, "sessionId", ""));
    enum session_state was;
    bool changed;

    if (!s && !strcmp(kind, "sessionOpened"))
        world_add_session(w, data); /* before a list has it: it may be over by then */
    if (!s)
        return false;
    was = s->state;
    if (!strcmp(kind, "sessionChanged") && json_get(data, "state"))
        enter(s, state_of(json_string(data, "state", "")));
    else if (!strcmp(kind, "sessionClosed"))
        enter(s, state_of(json_string(data, "state", "closed")));
    changed = was != s->state;
    if (world_replace(&s->target.title, data, "title"))
        changed = true;
    if (world_replace(&s->target.name, data, "name"))
        changed = true;
    return world_replace(&s->mode, data, "mode") || changed;
}
