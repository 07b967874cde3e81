/* A session's document, the events that tell of it, and the calls that wait for something of it.
 * Control, within a batch but for what says otherwise. See sessions.h. */
#include "core/hub/sessions/sessions.h"
#include "core/agent/acp.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/hub/people/batons.h"

#include <stdlib.h>
#include <string.h>

#define EVENT_MOST      (1024u * 1024u) /* bytes of one event's params; longer ones are cut */
#define STRING_MOST     (64u * 1024u)
#define ERRORS_A_MINUTE 20

/* --- the document ----------------------------------------------------------------------------- */

enum err session_load(struct hub *hub, const char *id, cJSON **ret_doc)
{
    return journal_get(hub->journal, "session", id, ret_doc);
}

struct known { /* what the registry has of a session beside its baton */
    char id[32], workspace[64];
    bool live;
};

/* The stream thread writes down who holds its baton. */
static void note_life(struct stream_info *info, const void *data)
{
    const struct known *k = data;
    info->exited = !k->live;
    if (!k->live) {
        info->holder[0] = '\0';
        info->holder_agent = false;
    }
}

static enum err remember(struct hub *hub, void *arg)
{
    const struct known *k = arg;
    struct stream_info info = {.thing = THING_SESSION, .exited = !k->live};
    if (registry_change(hub->registry, k->id, note_life, k))
        return ERR_OK;
    memcpy(info.id, k->id, sizeof info.id);
    memcpy(info.workspace, k->workspace, sizeof info.workspace);
    registry_set(hub->registry, &info);
    return ERR_OK;
}

enum err session_save(struct hub *hub, const cJSON *doc)
{
    struct known known = {.live = session_is_live(doc)};
    snprintf(known.id, sizeof known.id, "%s", session_id(doc));
    snprintf(known.workspace, sizeof known.workspace, "%s", session_workspace(doc));
    control_after(hub, remember, mem_dup(&known, sizeof known));
    return journal_put(hub->journal, "session", known.id, doc);
}

enum err session_find(struct hub *hub, struct call *c, cJSON **ret_doc)
{
    const char *text = call_string(c, "sessionId", "");
    char id[32];
    enum err e = registry_resolve_among(hub->registry, THINGS_SESSIONS, text, id);
    if (e == ERR_AMBIGUOUS)
        return call_fail(c, e, "several sessions begin with \"%s\"; see: baton session list", text);
    if (e == ERR_OK)
        e = session_load(hub, id, ret_doc);
    if (e == ERR_NOT_FOUND)
        return call_fail(c, e, "there is no session \"%s\"; see: baton session list --all", text);
    return e;
}

const char *session_id(const cJSON *doc)
{
    return json_string(doc, "sessionId", "");
}

const char *session_workspace(const cJSON *doc)
{
    return json_string(doc, "workspace", "");
}

const char *session_state(const cJSON *doc)
{
    return json_string(doc, "state", "");
}

static bool state_is(const cJSON *doc, const char *state)
{
    return strcmp(session_state(doc), state) == 0;
}

bool session_is_live(const cJSON *doc)
{
    return !state_is(doc, "closed") && !state_is(doc, "failed");
}

bool session_is_ready(const cJSON *doc)
{
    return state_is(doc, "idle") || state_is(doc, "working") || state_is(doc, "waiting");
}

enum err session_need_ready(struct call *c, const cJSON *doc)
{
    const char *id = session_id(doc);
    if (session_is_ready(doc))
        return ERR_OK;
    if (session_is_live(doc))
        return call_fail(c, ERR_BUSY, "%s is %s; try again in a moment", id, session_state(doc));
    return call_fail(c, ERR_ENDED, "%s is over (%s); go on with: baton session resume %s", id,
                     session_state(doc), id);
}

bool session_can(const cJSON *doc, const char *path)
{
    const cJSON *at = json_get(doc, "capabilities");
    while (at && *path) {
        char name[64];
        const size_t n = strcspn(path, ".");
        snprintf(name, sizeof name, "%.*s", (int)(n < 63 ? n : 63), path);
        at = json_get(at, name);
        path += n + (path[n] == '.');
    }
    return cJSON_IsTrue(at) || cJSON_IsObject(at);
}

bool session_is_cancelling(const cJSON *doc)
{
    return json_get(json_get(doc, "prompting"), "cancelledBy") != NULL;
}

void session_put(cJSON *doc, const char *key, cJSON *item)
{
    if (!item)
        cJSON_DeleteItemFromObjectCaseSensitive(doc, key);
    else if (json_get(doc, key))
        cJSON_ReplaceItemInObjectCaseSensitive(doc, key, item);
    else
        cJSON_AddItemToObject(doc, key, item);
}

void session_put_string(cJSON *doc, const char *key, const char *text)
{
    session_put(doc, key, cJSON_CreateString(text));
}

void session_put_int(cJSON *doc, const char *key, int64_t value)
{
    session_put(doc, key, cJSON_CreateNumber((double)value));
}

/* --- telling ---------------------------------------------------------------------------------- */

/* Whose doing it was, as events name them: the agent goes by its member's name. */
static const char *doer(const cJSON *doc, const char *who)
{
    return *who ? who : json_string(doc, "member", "");
}

enum err session_event(struct hub *hub, cJSON *doc, const char *who, const char *method,
                       cJSON *params)
{
    const int64_t seq = json_int(doc, "seq", 0) + 1;
    if (!params)
        params = cJSON_CreateObject();
    acp_cut(params, EVENT_MOST, STRING_MOST);
    session_put_int(doc, "seq", seq);
    enum err e = control_session_event(hub, session_id(doc), session_workspace(doc), doer(doc, who),
                                       method, params, seq);
    cJSON_Delete(params);
    return e;
}

bool session_may_tell(cJSON *doc, const char *key, int64_t most, bool *ret_last)
{
    const int64_t minute = clock_wall_us() / 60000000;
    const cJSON *told = json_get(doc, key);
    const int64_t count = json_int(told, "minute", 0) == minute ? json_int(told, "count", 0) : 0;
    if (count >= most)
        return false;
    cJSON *now = cJSON_CreateObject();
    json_add_int(now, "minute", minute);
    json_add_int(now, "count", count + 1);
    session_put(doc, key, now);
    *ret_last = count + 1 == most;
    return true;
}

enum err session_error(struct hub *hub, cJSON *doc, bool bounded, cJSON *data, const char *format,
                       ...)
{
    char message[1024], safe[1024];
    bool last = false;
    va_list ap;
    if (bounded && !session_may_tell(doc, "told", ERRORS_A_MINUTE, &last)) {
        cJSON_Delete(data);
        return ERR_OK;
    }
    va_start(ap, format);
    vsnprintf(message, sizeof message, format, ap);
    va_end(ap);
    text_make_safe(safe, sizeof safe - 64, message, strlen(message));
    if (last)
        strcat(safe, " (more of these are not told in this minute)");
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "message", safe);
    if (data)
        cJSON_AddItemToObject(params, "data", data);
    return session_event(hub, doc, "", "_baton/error", params);
}

enum err session_tell(struct hub *hub, const cJSON *doc, const char *kind, const char *who,
                      cJSON *data)
{
    enum err e =
        control_event(hub, kind, session_workspace(doc), doer(doc, who), session_id(doc), data);
    cJSON_Delete(data);
    return e;
}

enum err session_changed(struct hub *hub, const cJSON *doc)
{
    cJSON *data = cJSON_CreateObject();
    cJSON_AddStringToObject(data, "sessionId", session_id(doc));
    cJSON_AddStringToObject(data, "state", session_state(doc));
    cJSON_AddStringToObject(data, "name", json_string(doc, "name", ""));
    const char *title = json_string(doc, "title", NULL);
    const char *mode = json_string(json_get(doc, "modes"), "currentModeId", NULL);
    if (title)
        cJSON_AddStringToObject(data, "title", title);
    if (mode)
        cJSON_AddStringToObject(data, "mode", mode);
    return session_tell(hub, doc, "sessionChanged", "", data);
}

enum err session_set_state(struct hub *hub, cJSON *doc, const char *state)
{
    if (state_is(doc, state))
        return ERR_OK;
    session_put_string(doc, "state", state);
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "state", state);
    enum err e = session_event(hub, doc, "", "_baton/state", params);
    return e == ERR_OK ? session_changed(hub, doc) : e;
}

/* --- calls that wait ----------------------------------------------------------------------------
 */

void session_park(struct hub *hub, struct call *c, const cJSON *doc, int64_t number,
                  int64_t timeout_ms)
{
    snprintf(c->away_id, sizeof c->away_id, "%s", session_id(doc));
    c->number = number;
    control_park(hub, c, timeout_ms);
}

static bool waits_for(const struct call *c, const char *id)
{
    /* baton.request waits with an away_id too; whether it may go on is not for us to say. */
    return c->row && strcmp(c->row->group, "session") == 0 && !c->away &&
           strcmp(c->away_id, id) == 0;
}

struct call *session_waiting(struct hub *hub, const cJSON *doc,
                             enum err (*handler)(struct hub *, struct call *), int64_t number)
{
    for (struct call *c = hub->parked; c; c = c->next)
        if (waits_for(c, session_id(doc)) && (!handler || c->row->handle == handler) &&
            c->number == number)
            return c;
    return NULL;
}

struct failing {
    char id[32];
    enum err code;
    bool turns; /* whoever waits for a turn's end, too */
    char sentence[1200], errors[4200];
};

/* Those are answered by the turn's end, which comes first, as long as there can be one. */
static bool waits_for_turn(const struct call *c)
{
    return c->row->handle == session_prompt || c->row->handle == session_wait ||
           c->row->handle == session_accept;
}

/* After the commit. */
static enum err fail_waiting(struct hub *hub, void *arg)
{
    const struct failing *f = arg;
    for (struct call **at = &hub->parked, *c; (c = *at);) {
        if (!waits_for(c, f->id) || (waits_for_turn(c) && !f->turns)) {
            at = &c->next;
            continue;
        }
        cJSON *data = cJSON_CreateObject();
        cJSON_AddStringToObject(data, "sessionId", f->id);
        if (*f->errors)
            cJSON_AddStringToObject(data, "stderr", f->errors);
        *at = c->next;
        call_format_error_with(c, f->code, f->sentence, data);
        call_send(c);
    }
    return ERR_OK;
}

void session_fail_waiting(struct hub *hub, const cJSON *doc, enum err code, const char *sentence)
{
    struct failing f = {.code = code};
    snprintf(f.id, sizeof f.id, "%s", session_id(doc));
    snprintf(f.sentence, sizeof f.sentence, "%s", sentence);
    snprintf(f.errors, sizeof f.errors, "%s", json_string(doc, "stderr", ""));
    control_after(hub, fail_waiting, mem_dup(&f, sizeof f));
}

void session_fail_all(struct hub *hub, const char *id, enum err code, const char *sentence)
{
    struct failing f = {.code = code, .turns = true};
    snprintf(f.id, sizeof f.id, "%s", id);
    snprintf(f.sentence, sizeof f.sentence, "%s", sentence);
    control_after(hub, fail_waiting, mem_dup(&f, sizeof f));
}

enum err session_may(struct hub *hub, struct call *c, const cJSON *doc, uint64_t epoch)
{
    const struct baton_ask what = {.kind = BATON_EVENT_INPUT, .epoch = epoch};
    struct baton_step step;
    enum err e = batons_ask(hub, c, session_id(doc), &what, &step);
    if (e == ERR_OK && baton_refused(step.outcome))
        e = batons_refuse(c, session_id(doc), &step);
    return e;
}

enum err session_not_of_itself(struct call *c, const cJSON *doc)
{
    if (!*c->invite || strcmp(c->invite, json_string(doc, "inviteId", "")) != 0)
        return ERR_OK;
    return call_fail(c, ERR_DENIED,
                     "%s is this session's own agent: what it asks and how it may work is for "
                     "others to decide",
                     c->who);
}
