/* The world (see world.h). A list of the hub replaces the one before; the marks that are this
 * console's own (a bell that rang) stay with their shells. */
#include "tui/world.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#include <stdlib.h>
#include <string.h>

#define LIST_MAX 4096
#define TEXT_MAX 1024

static char *safe(const cJSON *object, const char *key)
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
        return safe(object, "command");
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

static void shells_free(struct world_shell *shells, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(shells[i].workspace);
        free(shells[i].name);
        free(shells[i].title);
        free(shells[i].command);
        free(shells[i].typed);
        free(shells[i].asks);
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
    members_free(w->members, w->member_count);
    workspaces_free(w->workspaces, w->workspace_count);
    memset(w, 0, sizeof *w);
}

static enum shell_state shell_state(const char *name)
{
    static const char *const names[] = {"running", "exited", "failed", "lost"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!strcmp(name, names[i]))
            return (enum shell_state)i;
    return SHELL_RUNNING;
}

/* An id goes back to the hub and into the layout, so it must be one as the hub makes them. */
static bool id_ok(const char *id)
{
    size_t n = strlen(id);

    for (size_t i = 0; i < n; i++)
        if (id[i] <= ' ' || id[i] > '~')
            return false;
    return n > 0 && n < WORLD_ID_MAX;
}

/* The hub may wrap a list into an object: {"shells": [...]}. */
static const cJSON *the_list(const cJSON *list, const char *key)
{
    if (cJSON_IsObject(list))
        list = json_get(list, key);
    return cJSON_IsArray(list) && cJSON_GetArraySize(list) <= LIST_MAX ? list : NULL;
}

/* Fills s; false when it is no shell. Borrows old, the same shell as it was, or NULL. */
static bool read_shell(struct world_shell *s, const cJSON *item, struct world_shell *old)
{
    const char *holder = json_string(item, "holder", "");
    const char *id = json_string(item, "shellId", "");

    if (!id_ok(id))
        return false;
    memcpy(s->id, id, strlen(id) + 1);
    s->workspace = safe(item, "workspace");
    s->name = safe(item, "name");
    s->title = safe(item, "title");
    s->command = command_text(item);
    s->typed = safe(item, "typed");
    s->state = shell_state(json_string(item, "state", ""));
    s->exit_code = (int)json_int(item, "exitCode", 0);
    if (s->state == SHELL_EXITED && s->exit_code != 0)
        s->state = SHELL_FAILED;
    s->rows = (int)json_int(item, "rows", 0);
    s->cols = (int)json_int(item, "cols", 0);
    s->bells = json_int(item, "bells", 0);
    s->bells_seen = old ? old->bells_seen : s->bells;
    s->baton = cJSON_IsString(json_get(item, "holder"));
    text_make_safe(s->holder, sizeof s->holder, holder, strlen(holder));
    s->holder_agent = !strcmp(json_string(item, "holderKind", ""), "agent");
    s->epoch = json_int(item, "epoch", 0);
    if (old)
        world_baton_carry(s, old);
    return true;
}

void world_set_shells(struct world *w, const cJSON *answer)
{
    const cJSON *list = the_list(answer, "shells"), *item;
    struct world_shell *shells;
    size_t n = 0;

    if (!list)
        return;
    shells = mem_calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof *shells);
    cJSON_ArrayForEach(item, list) n +=
        read_shell(&shells[n], item, world_shell(w, json_string(item, "shellId", "")));
    shells_free(w->shells, w->shell_count);
    w->shells = shells;
    w->shell_count = n;
}

void world_add_shell(struct world *w, const cJSON *shell)
{
    if (world_shell(w, json_string(shell, "shellId", "")) || w->shell_count >= LIST_MAX)
        return;
    w->shells = mem_reallocarray(w->shells, w->shell_count + 1, sizeof *w->shells);
    memset(&w->shells[w->shell_count], 0, sizeof *w->shells);
    w->shell_count += read_shell(&w->shells[w->shell_count], shell, NULL);
}

void world_set_members(struct world *w, const cJSON *answer)
{
    const cJSON *list = the_list(answer, "members"), *item;
    struct world_member *members;
    size_t n = 0;

    if (!list)
        return;
    members = mem_calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof *members);
    cJSON_ArrayForEach(item, list)
    {
        members[n++] = (struct world_member){.id = json_int(item, "clientId", 0),
                                             .member = safe(item, "member"),
                                             .kind = safe(item, "kind"),
                                             .client = safe(item, "client"),
                                             .workspace = safe(item, "workspace"),
                                             .looking = safe(item, "looking"),
                                             .role = safe(item, "role"),
                                             .guest = json_string(item, "inviteId", "")[0] != 0};
    }
    members_free(w->members, w->member_count);
    w->members = members;
    w->member_count = n;
}

void world_set_workspaces(struct world *w, const cJSON *answer)
{
    const cJSON *list = the_list(answer, "workspaces"), *item;
    struct world_workspace *workspaces;
    size_t n = 0;

    if (!list)
        return;
    workspaces = mem_calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof *workspaces);
    cJSON_ArrayForEach(item, list)
    {
        workspaces[n++] =
            (struct world_workspace){.key = safe(item, "workspace"), .cwd = safe(item, "cwd")};
    }
    workspaces_free(w->workspaces, w->workspace_count);
    w->workspaces = workspaces;
    w->workspace_count = n;
}

static bool replace(char **text, const cJSON *object, const char *key)
{
    char *fresh;

    if (!json_get(object, key))
        return false;
    fresh = safe(object, key);
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
    changed = replace(&s->title, head, "title");
    if (replace(&s->typed, head, "typed"))
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

    if (s)
        s->bells_seen = s->bells;
}

struct world_shell *world_shell(const struct world *w, const char *id)
{
    for (size_t i = 0; i < w->shell_count; i++)
        if (!strcmp(w->shells[i].id, id))
            return &w->shells[i];
    return NULL;
}

int world_shell_index(const struct world *w, const char *workspace, const char *id)
{
    int index = 0;

    for (size_t i = 0; i < w->shell_count; i++) {
        if (strcmp(w->shells[i].workspace, workspace) != 0)
            continue;
        if (!strcmp(w->shells[i].id, id))
            return index;
        index++;
    }
    return -1;
}

struct world_shell *world_shell_at(const struct world *w, const char *workspace, int index)
{
    for (size_t i = 0; i < w->shell_count && index >= 0; i++)
        if (!strcmp(w->shells[i].workspace, workspace) && index-- == 0)
            return &w->shells[i];
    return NULL;
}

const char *world_shell_label(const struct world_shell *s)
{
    return s->name[0] ? s->name : s->title[0] ? s->title : s->command;
}

void world_shell_kind(const struct world_shell *s, char *out, size_t size)
{
    size_t n = strcspn(s->command, " ");
    const char *word = s->command;

    for (size_t i = 0; i + 1 < n; i++)
        if (s->command[i] == '/')
            word = s->command + i + 1;
    text_make_safe(out, size, word, n - (size_t)(word - s->command));
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

int world_observers(const struct world *w, const struct world_shell *s)
{
    int n = 0;

    for (size_t i = 0; i < w->member_count; i++)
        n += !strcmp(w->members[i].looking, s->id) && strcmp(w->members[i].member, s->holder) != 0;
    return n;
}

int world_others(const struct world *w, int64_t own)
{
    int n = 0;

    for (size_t i = 0; i < w->member_count; i++)
        n += w->members[i].id != own;
    return n;
}
