/* The world (see world.h). A list of the hub replaces the one before; the marks that are this
 * console's own (a bell that rang) stay with their shells. */
#include "tui/world/world.h"
#include "tui/world/world_private.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 1024

char *world_text(const cJSON *object, const char *key)
{
    char out[TEXT_MAX];
    const char *text = json_string(object, key, "");

    text_make_safe(out, sizeof out, text, strlen(text));
    return mem_strdup(out);
}

/* A command as one text, whether the hub gives words or a line. */
static char *command_text(const cJSON *object)
{
    char line[TEXT_MAX] = "", word[TEXT_MAX];
    const cJSON *words = json_get(object, "command"), *item;
    size_t n = 0;

    if (!cJSON_IsArray(words))
        return world_text(object, "command");
    cJSON_ArrayForEach(item, words)
    {
        const char *text = cJSON_IsString(item) ? item->valuestring : "";
        size_t w = text_make_safe(word, sizeof word, text, strlen(text));
        if (n + w + 2 > sizeof line)
            break;
        if (n)
            line[n++] = ' ';
        memcpy(line + n, word, w + 1);
        n += w;
    }
    return mem_strdup(line);
}

void world_target_finish(struct world_target *t)
{
    free(t->workspace);
    free(t->name);
    free(t->title);
    free(t->program);
    free(t->asks);
}

static void shells_free(struct world_shell *shells, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        world_target_finish(&shells[i].target);
        free(shells[i].typed);
    }
    free(shells);
}

static void members_free(struct world_member *members, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(members[i].member);
        free(members[i].kind);
        free(members[i].client);
        free(members[i].workspace);
        free(members[i].looking);
        free(members[i].role);
    }
    free(members);
}

static void workspaces_free(struct world_workspace *workspaces, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(workspaces[i].key);
        free(workspaces[i].cwd);
    }
    free(workspaces);
}

void world_finish(struct world *w)
{
    shells_free(w->shells, w->shell_count);
    world_sessions_free(w->sessions, w->session_count);
    world_waits_finish(w);
    members_free(w->members, w->member_count);
    workspaces_free(w->workspaces, w->workspace_count);
    memset(w, 0, sizeof *w);
}

int world_state(const char *name, const char *const *names, int otherwise)
{
    for (int i = 0; names[i]; i++)
        if (!strcmp(name, names[i]))
            return i;
    return otherwise;
}

bool world_id_ok(const char *id)
{
    size_t n = strlen(id);

    for (size_t i = 0; i < n; i++)
        if (id[i] <= ' ' || id[i] > '~')
            return false;
    return n > 0 && n < WORLD_ID_MAX;
}

const cJSON *world_list(const cJSON *answer, const char *key)
{
    const cJSON *list = cJSON_IsObject(answer) ? json_get(answer, key) : answer;
    return cJSON_IsArray(list) && cJSON_GetArraySize(list) <= WORLD_LIST_MAX ? list : NULL;
}

bool world_target_read(struct world_target *t, const cJSON *item, const char *key,
                       struct world_target *old)
{
    const char *id = json_string(item, key, "");

    if (!world_id_ok(id))
        return false;
    memcpy(t->id, id, strlen(id) + 1);
    t->workspace = world_text(item, "workspace");
    t->name = world_text(item, "name");
    t->title = world_text(item, "title");
    world_baton_read(t, item);
    if (old)
        world_baton_carry(t, old);
    return true;
}

/* Fills s; false when it is no shell. Borrows old, the same shell as it was, or NULL. */
static bool read_shell(struct world_shell *s, const cJSON *item, struct world_shell *old)
{
    static const char *const states[] = {"running", "exited", "failed", "lost", NULL};
    struct world_target *t = &s->target;

    s->process = json_get(item, "processId") != NULL;
    if (!world_target_read(t, item, s->process ? "processId" : "shellId",
                           old ? &old->target : NULL))
        return false;
    s->written = (uint64_t)json_int(item, "pos", 0);
    t->program = command_text(item);
    s->typed = world_text(item, "typed");
    s->state = (enum shell_state)world_state(json_string(item, "state", ""), states, SHELL_RUNNING);
    s->exit_code = (int)json_int(item, "exitCode", 0);
    if (s->state == SHELL_EXITED && s->exit_code != 0)
        s->state = SHELL_FAILED;
    t->live = s->state == SHELL_RUNNING;
    s->rows = (int)json_int(item, "rows", 0);
    s->cols = (int)json_int(item, "cols", 0);
    s->bells = json_int(item, "bells", 0);
    s->bells_seen = old ? old->bells_seen : s->bells;
    return true;
}

/* Moves those that are processes, or those that are not, behind the first n of a new list; the
 * others stay behind in the old one. */
static size_t keep_in_order(struct world *w, bool process, struct world_shell *shells, size_t n)
{
    size_t left = 0;

    for (size_t i = 0; i < w->shell_count; i++) {
        if (w->shells[i].process == process)
            shells[n++] = w->shells[i];
        else
            w->shells[left++] = w->shells[i];
    }
    w->shell_count = left;
    return n;
}

/* One of the two kinds anew; the other stays. Shells stand before processes. */
static void set_shells(struct world *w, const cJSON *list, const char *key, bool process)
{
    struct world_shell *shells;
    const cJSON *item;
    size_t n = 0;

    shells = mem_calloc((size_t)cJSON_GetArraySize(list) + w->shell_count + 1, sizeof *shells);
    if (process)
        n = keep_in_order(w, false, shells, n);
    cJSON_ArrayForEach(item, list) n +=
        read_shell(&shells[n], item, world_shell(w, json_string(item, key, "")));
    if (!process)
        n = keep_in_order(w, true, shells, n);
    shells_free(w->shells, w->shell_count);
    w->shells = shells;
    w->shell_count = n;
}

void world_set_shells(struct world *w, const cJSON *answer)
{
    const cJSON *list = world_list(answer, "shells");

    if (list)
        set_shells(w, list, "shellId", false);
}

void world_set_processes(struct world *w, const cJSON *answer)
{
    const cJSON *list = world_list(answer, "processes");

    if (list)
        set_shells(w, list, "processId", true);
}

void world_add_shell(struct world *w, const cJSON *shell)
{
    if (world_shell(w, json_string(shell, "shellId", "")) || w->shell_count >= WORLD_LIST_MAX)
        return;
    w->shells = mem_reallocarray(w->shells, w->shell_count + 1, sizeof *w->shells);
    memset(&w->shells[w->shell_count], 0, sizeof *w->shells);
    w->shell_count += read_shell(&w->shells[w->shell_count], shell, NULL);
}

void world_set_members(struct world *w, const cJSON *answer)
{
    const cJSON *list = world_list(answer, "members"), *item;
    struct world_member *members;
    size_t n = 0;

    if (!list)
        return;
    members = mem_calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof *members);
    cJSON_ArrayForEach(item, list)
    {
        members[n++] = (struct world_member){.id = json_int(item, "clientId", 0),
                                             .member = world_text(item, "member"),
                                             .kind = world_text(item, "kind"),
                                             .client = world_text(item, "client"),
                                             .workspace = world_text(item, "workspace"),
                                             .looking = world_text(item, "looking"),
                                             .role = world_text(item, "role"),
                                             .guest = json_string(item, "inviteId", "")[0] != 0};
    }
    members_free(w->members, w->member_count);
    w->members = members;
    w->member_count = n;
}

void world_set_workspaces(struct world *w, const cJSON *answer)
{
    const cJSON *list = world_list(answer, "workspaces"), *item;
    struct world_workspace *workspaces;
    size_t n = 0;

    if (!list)
        return;
    workspaces = mem_calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof *workspaces);
    cJSON_ArrayForEach(item, list)
    {
        workspaces[n++] = (struct world_workspace){.key = world_text(item, "workspace"),
                                                   .cwd = world_text(item, "cwd")};
    }
    workspaces_free(w->workspaces, w->workspace_count);
    w->workspaces = workspaces;
    w->workspace_count = n;
}

bool world_replace(char **text, const cJSON *object, const char *key)
{
    char *fresh;

    if (!json_get(object, key))
        return false;
    fresh = world_text(object, key);
    if (!strcmp(fresh, *text)) {
        free(fresh);
        return false;
    }
    free(*text);
    *text = fresh;
    return true;
}

bool world_head(struct world *w, const char *id, const cJSON *head)
{
    struct world_shell *s = world_shell(w, id);
    bool changed, rang;

    if (!s)
        return false;
    rang = world_rang(s);
    changed = world_replace(&s->target.title, head, "title");
    if (world_replace(&s->typed, head, "typed"))
        changed = true;
    s->rows = (int)json_int(head, "rows", s->rows);
    s->cols = (int)json_int(head, "cols", s->cols);
    s->bells = json_int(head, "bells", s->bells);
    if (cJSON_IsString(json_get(head, "holder")) &&
        world_baton(w, id, json_string(head, "holder", ""),
                    !strcmp(json_string(head, "holderKind", ""), "agent"),
                    json_int(head, "epoch", 0)))
        changed = true;
    return changed || rang != world_rang(s);
}

bool world_rang(const struct world_shell *s)
{
    return s->bells > s->bells_seen;
}

void world_looked(struct world *w, const char *id)
{
    struct world_shell *s = world_shell(w, id);
    struct world_session *session = s ? NULL : world_session(w, id);

    if (s)
        s->bells_seen = s->bells;
    else if (session)
        session->fresh = false;
}

struct world_shell *world_shell(const struct world *w, const char *id)
{
    for (size_t i = 0; i < w->shell_count; i++)
        if (!strcmp(w->shells[i].target.id, id))
            return &w->shells[i];
    return NULL;
}

struct world_shell *world_shell_at(const struct world *w, const char *workspace, int index)
{
    for (size_t i = 0; i < w->shell_count && index >= 0; i++)
        if (!w->shells[i].process && !strcmp(w->shells[i].target.workspace, workspace) &&
            index-- == 0)
            return &w->shells[i];
    return NULL;
}

static bool leafed(const struct world_target *t, bool over, const char *workspace, const char *id)
{
    return !strcmp(t->workspace, workspace) && (!over || !strcmp(t->id, id));
}

struct world_target *world_leaf(const struct world *w, const char *workspace, const char *id,
                                int step)
{
    const size_t all = w->session_count + w->shell_count;
    struct world_target **list = mem_calloc(all, sizeof *list), *found = NULL;
    int n = 0, at = -1;

    for (size_t i = 0; i < all; i++) {
        struct world_session *s = i < w->session_count ? &w->sessions[i] : NULL;
        struct world_shell *shell = s ? NULL : &w->shells[i - w->session_count];
        struct world_target *t = s ? &s->target : &shell->target;
        const bool over =
            s ? s->state == SESSION_CLOSED : shell->process && shell->state != SHELL_RUNNING;
        if (!leafed(t, over, workspace, id))
            continue;
        if (!strcmp(t->id, id))
            at = n;
        list[n++] = t;
    }
    if (n > (at >= 0))
        found = list[at < 0 ? 0 : ((at + step) % n + n) % n];
    free(list);
    return found;
}

struct world_target *world_target(const struct world *w, const char *id)
{
    struct world_shell *s = world_shell(w, id);
    struct world_session *session = s ? NULL : world_session(w, id);

    return s ? &s->target : session ? &session->target : NULL;
}

/* An event about batons has a target always; others name the shell or the session. */
const char *world_about(const cJSON *data)
{
    const char *id = json_string(data, "target", "");

    if (!*id)
        id = json_string(data, "sessionId", "");
    return *id ? id : json_string(data, "shellId", "");
}

const char *world_label(const struct world_target *t)
{
    return t->name[0] ? t->name : t->title[0] ? t->title : t->program;
}

void world_kind(const struct world_target *t, char *out, size_t size)
{
    size_t n = strcspn(t->program, " ");
    const char *word = t->program;

    for (size_t i = 0; i + 1 < n; i++)
        if (t->program[i] == '/')
            word = t->program + i + 1;
    text_make_safe(out, size, word, n - (size_t)(word - t->program));
}

int world_watchers(const struct world *w, const char *id, int64_t own)
{
    int n = 0;

    for (size_t i = 0; i < w->member_count; i++)
        n += id[0] && w->members[i].id != own && !strcmp(w->members[i].looking, id);
    return n;
}

bool world_elsewhere(const struct world *w, const char *member, int64_t own)
{
    for (size_t i = 0; i < w->member_count; i++)
        if (w->members[i].id != own && !strcmp(w->members[i].member, member))
            return true;
    return false;
}

bool world_beside(const struct world *w, const char *id, const char *member, int64_t own)
{
    for (size_t i = 0; i < w->member_count; i++)
        if (w->members[i].id != own && !strcmp(w->members[i].looking, id) &&
            !strcmp(w->members[i].member, member))
            return true;
    return false;
}

int world_observers(const struct world *w, const struct world_target *t)
{
    int n = 0;

    for (size_t i = 0; i < w->member_count; i++)
        n += !strcmp(w->members[i].looking, t->id) && strcmp(w->members[i].member, t->holder) != 0;
    return n;
}

int world_others(const struct world *w, int64_t own)
{
    int n = 0;

    for (size_t i = 0; i < w->member_count; i++)
        n += w->members[i].id != own;
    return n;
}
