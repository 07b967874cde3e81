/* What waits for somebody's answer (see world.h): permissions and questions of agents, and what
 * observers suggest. What always holds: whatever is there is pending as far as was heard; what this
 * console remembers of it (told, put off) stays over a new list. */
#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "tui/world/world_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAITS_MAX      1024
#define SUGGESTION_MAX (64u * 1024u) /* bytes of a suggestion that are kept here */

static void wait_finish(struct world_wait *wait)
{
    free(wait->by);
    free(wait->text);
    cJSON_Delete(wait->form);
}

void world_waits_finish(struct world *w)
{
    for (size_t i = 0; i < w->wait_count; i++)
        wait_finish(&w->waits[i]);
    free(w->waits);
    w->waits = NULL;
    w->wait_count = 0;
}

struct world_wait *world_wait_by_id(const struct world *w, const char *id)
{
    for (size_t i = 0; i < w->wait_count; i++)
        if (!strcmp(w->waits[i].id, id))
            return &w->waits[i];
    return NULL;
}

struct world_wait *world_wait(const struct world *w, const char *session, enum wait_kind kind)
{
    for (size_t i = 0; i < w->wait_count; i++)
        if (w->waits[i].kind == kind && !strcmp(w->waits[i].session, session))
            return &w->waits[i];
    return NULL;
}

struct world_wait *world_request(const struct world *w, const char *session)
{
    for (size_t i = 0; i < w->wait_count; i++) {
        struct world_wait *wait = &w->waits[i];
        if (wait->kind != WAIT_SUGGESTION && !wait->later && !strcmp(wait->session, session))
            return wait;
    }
    return NULL;
}

void world_count_waits(struct world *w)
{
    for (size_t i = 0; i < w->session_count; i++) {
        struct world_session *s = &w->sessions[i];
        s->waits = 0;
        for (size_t j = 0; j < w->wait_count; j++)
            s->waits +=
                w->waits[j].kind != WAIT_SUGGESTION && !strcmp(w->waits[j].session, s->target.id);
    }
}

/* What an agent asks about: its words, or those of the tool call. */
static char *subject(const cJSON *item)
{
    const cJSON *call = json_get(item, "toolCall");

    if (json_string(item, "message", "")[0])
        return world_text(item, "message");
    return json_string(call, "title", "")[0] ? world_text(call, "title") : world_text(call, "kind");
}

/* Adds one; an id that is known already changes nothing. */
static bool add(struct world *w, enum wait_kind kind, const char *key, const cJSON *item)
{
    const char *id = json_string(item, key, ""), *session = json_string(item, "sessionId", "");
    struct world_wait *wait;

    if (!world_id_ok(id) || !world_id_ok(session) || world_wait_by_id(w, id) ||
        w->wait_count >= WAITS_MAX)
        return false;
    w->waits = mem_reallocarray(w->waits, w->wait_count + 1, sizeof *w->waits);
    wait = &w->waits[w->wait_count++];
    *wait = (struct world_wait){.kind = kind, .at_us = clock_mono_us()};
    snprintf(wait->id, sizeof wait->id, "%s", id);
    snprintf(wait->session, sizeof wait->session, "%s", session);
    wait->by = world_text(item, "by");
    if (kind == WAIT_SUGGESTION) {
        const char *text = json_string(item, "text", "");
        size_t n = strlen(text);
        wait->text = mem_strndup(text, n < SUGGESTION_MAX ? n : SUGGESTION_MAX);
    } else {
        wait->text = subject(item);
    }
    if (kind == WAIT_FORM)
        wait->form = cJSON_Duplicate(item, true);
    return true;
}

static bool drop(struct world *w, const char *id)
{
    struct world_wait *wait = world_wait_by_id(w, id);
    size_t at;

    if (!wait)
        return false;
    at = (size_t)(wait - w->waits);
    wait_finish(wait);
    memmove(wait, wait + 1, (w->wait_count - at - 1) * sizeof *wait);
    w->wait_count--;
    return true;
}

static bool in_list(const cJSON *list, const char *key, const char *id)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, list)
    {
        if (!strcmp(json_string(item, key, ""), id))
            return true;
    }
    return false;
}

/* A list has them all: what it has not is settled. */
static void set(struct world *w, const cJSON *list, const char *key, bool suggestions)
{
    const cJSON *item;

    for (size_t i = w->wait_count; i-- > 0;)
        if ((w->waits[i].kind == WAIT_SUGGESTION) == suggestions &&
            !in_list(list, key, w->waits[i].id))
            drop(w, w->waits[i].id);
    cJSON_ArrayForEach(item, list)
    {
        bool form = !strcmp(json_string(item, "kind", ""), "elicitation");
        add(w, suggestions ? WAIT_SUGGESTION : form ? WAIT_FORM : WAIT_PERMISSION, key, item);
    }
    world_count_waits(w);
}

void world_set_permissions(struct world *w, const cJSON *answer)
{
    const cJSON *list = world_list(answer, "permissions");

    if (list)
        set(w, list, "permissionId", false);
}

void world_set_suggestions(struct world *w, const cJSON *answer)
{
    const cJSON *list = world_list(answer, "suggestions");

    if (list)
        set(w, list, "suggestionId", true);
}

bool world_wait_event(struct world *w, const char *kind, const cJSON *data)
{
    bool form = !strcmp(json_string(data, "kind", ""), "elicitation") ||
                cJSON_IsString(json_get(data, "message"));
    bool changed = false;

    if (!strcmp(kind, "permissionRequest"))
        changed = add(w, form ? WAIT_FORM : WAIT_PERMISSION, "permissionId", data);
    else if (!strcmp(kind, "suggested"))
        changed = add(w, WAIT_SUGGESTION, "suggestionId", data);
    else if (!strcmp(kind, "permissionResolved"))
        changed = drop(w, json_string(data, "permissionId", ""));
    else if (!strcmp(kind, "suggestionResolved"))
        changed = drop(w, json_string(data, "suggestionId", ""));
    else if (!strcmp(kind, "sessionClosed") || !strcmp(kind, "sessionDestroyed"))
        for (size_t i = w->wait_count; i-- > 0;)
            if (!strcmp(w->waits[i].session, json_string(data, "sessionId", "")))
                changed = drop(w, w->waits[i].id);
    if (changed)
        world_count_waits(w);
    return changed;
}
