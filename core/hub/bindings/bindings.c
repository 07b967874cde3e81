/* Which bindings are in force. The folder is watched; what happens in it is gathered for a moment,
 * because editors and programs write a file in several steps, and then it is read within a batch.
 * While it is not there yet, the nearest folder above is watched for its coming. */
#include "core/hub/bindings/bindings.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "core/hub/work/doors.h"
#include "core/hub/policy/policy_gate.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GATHER_MS 40 /* quiet for so long: it is read */
#define MOST_US   (500 * (int64_t)1000)

/* Words that stand directly under the program's name: no group may be called so. */
static const char *const taken[] = {"attach",     "run",         "mcp",        "keep",
                                    "hook",       "help",        "manual",     "agentos",
                                    "completion", "run-binding", "demo-agent", "list-bindings",
                                    "list-tools", "json-field",  NULL};

static const char *change_name(enum binding_change change)
{
    return change == BINDING_ADDED     ? "added"
           : change == BINDING_CHANGED ? "changed"
           : change == BINDING_REMOVED ? "removed"
                                       : "refused";
}

struct reading {
    struct hub *hub;
    enum err first;
    bool changed;
    char *why;
};

static enum err tell_refused(struct hub *hub, const struct binding_news *news)
{
    cJSON *data = cJSON_CreateObject(), *notice = cJSON_CreateObject();
    json_add_text(data, "file", news->file, strlen(news->file));
    cJSON_AddStringToObject(data, "group", news->group);
    json_add_text(data, "message", news->why, strlen(news->why));
    cJSON_AddBoolToObject(data, "kept", *news->group);
    enum err e = control_event(hub, "bindingRefused", "", "", "", data);
    cJSON_AddStringToObject(notice, "severity", "warning");
    cJSON_AddStringToObject(notice, "title",
                            *news->group ? "A changed binding was refused; the "
                                           "one before stays"
                                         : "A binding was refused");
    json_add_text(notice, "description", news->why, strlen(news->why));
    if (e == ERR_OK)
        e = control_event(hub, "notice", "", "", "", notice);
    cJSON_Delete(data);
    cJSON_Delete(notice);
    return e;
}

static void tell(void *data, const struct binding_news *news)
{
    struct reading *r = data;
    enum err e;
    if (news->change == BINDING_REFUSED) {
        log_warn("a file of bindings is refused: %s", news->why);
        if (!r->why)
            r->why = mem_strdup(news->why);
        e = tell_refused(r->hub, news);
    } else {
        log_info("the bindings %s are %s (%s)", news->group, change_name(news->change), news->file);
        r->changed = true;
        cJSON *event = cJSON_CreateObject();
        cJSON_AddStringToObject(event, "group", news->group);
        cJSON_AddStringToObject(event, "change", change_name(news->change));
        json_add_text(event, "file", news->file, strlen(news->file));
        e = control_event(r->hub, "bindingsChanged", "", "", "", event);
        cJSON_Delete(event);
    }
    r->first = r->first == ERR_OK ? e : r->first;
}

/* The links by which groups are called follow the groups that there are. After a commit. */
static enum err link_groups(struct hub *hub, void *arg)
{
    (void)arg;
    if (doors_refresh(hub) != ERR_OK)
        log_warn("not every link to a group of bindings could be made");
    return ERR_OK;
}

size_t bindings_groups_for(const struct hub *hub, const char *workspace, const char ***ret_names)
{
    size_t count, n = 0;
    const struct binding_group *const *groups = binding_set_groups(hub->bindings->set, &count);
    const char **names = mem_calloc(count + 1, sizeof *names);
    for (size_t i = 0; i < count; i++)
        if (groups[i]->count && binding_is_for(groups[i]->list[0], workspace))
            names[n++] = groups[i]->name;
    *ret_names = names;
    return n;
}

static void watch_again(struct hub *hub);

enum err bindings_read(struct hub *hub, bool all, char **ret_why)
{
    struct reading r = {.hub = hub};
    watch_again(hub); /* first: what comes between is seen twice, not missed */
    hub->bindings->unread_us = 0;
    binding_set_read(hub->bindings->set, hub->bindings->dir, all, tell, &r);
    if (r.changed) {
        control_after(hub, link_groups, NULL);
        gate_changed(hub);
    }
    if (ret_why)
        *ret_why = r.why;
    else
        free(r.why);
    /* The set is as the files are, whatever became of the events: that there is none to hear of it
     * is no reason to read it again. */
    return r.first;
}

static enum err read_work(struct hub *hub, void *arg)
{
    (void)arg;
    bindings_read(hub, false, NULL);
    return ERR_OK;
}

enum err bindings_recover(struct hub *hub, void *arg)
{
    return read_work(hub, arg);
}

/* --- watching -----------------------------------------------------------------------------------
 */

static void on_quiet(uv_timer_t *timer)
{
    hub_post_control(timer->data, read_work, NULL);
}

/* In our folder all but what editors keep for themselves; in one above it the next on the way. */
static bool is_of_ours(const struct bindings *b, const char *name)
{
    const char *next = b->dir + strlen(b->watched);
    next += strspn(next, "/");
    const size_t n = strcspn(next, "/");
    return n ? strlen(name) == n && memcmp(name, next, n) == 0 : name[0] != '.';
}

static void on_change(uv_fs_event_t *watch, const char *name, int events, int status)
{
    struct hub *hub = watch->data;
    struct bindings *b = hub->bindings;
    const int64_t now = clock_mono_us();
    (void)events, (void)status;
    if (b->stopped)
        return;
    if (name && b->watched && !is_of_ours(b, name))
        return;
    if (!b->unread_us)
        b->unread_us = now;
    if (now - b->unread_us < MOST_US)
        uv_timer_start(&b->timer, on_quiet, GATHER_MS, 0);
}

/* The nearest folder that there is, from the bindings' own upwards. */
static char *nearest(const struct bindings *b)
{
    char *dir = mem_strdup(b->dir);
    for (char *slash; access(dir, R_OK | X_OK) < 0 && (slash = strrchr(dir, '/')) && slash > dir;)
        *slash = '\0';
    return dir;
}

static void watch_again(struct hub *hub)
{
    struct bindings *b = hub->bindings;
    uv_fs_event_stop(&b->watch);
    free(b->watched);
    b->watched = nearest(b);
    const int rc = uv_fs_event_start(&b->watch, on_change, b->watched, 0);
    if (rc < 0)
        log_warn("%s cannot be watched (%s): run 'baton hub reload' when bindings change",
                 b->watched, uv_strerror(rc));
}

/* --- finding ------------------------------------------------------------------------------------
 */

struct binding *bindings_find(const struct hub *hub, const char *method)
{
    const char *dot = strchr(method, '.');
    if (!dot)
        return NULL;
    char *group = mem_strndup(method, (size_t)(dot - method));
    struct binding *found = binding_set_find(hub->bindings->set, group, dot + 1);
    free(group);
    return found;
}

void bindings_resolve(struct hub *hub, struct call *c)
{
    struct binding *found = bindings_find(hub, json_string(c->request, "method", ""));
    if (!found || !binding_is_for(found, c->scope))
        return;
    c->binding = binding_ref(found);
    c->row = &found->row;
}

/* --- life ---------------------------------------------------------------------------------------
 */

void bindings_create(struct hub *hub)
{
    struct bindings *b = mem_zalloc(sizeof *b);
    const struct binding_rules rules = {
        .catalogue = hub_catalogue(), .words = taken, .handle = binding_call};
    b->set = binding_set_create(&rules);
    b->config_dir = path_config_dir();
    b->dir = path_join(b->config_dir, "bindings");
    uv_fs_event_init(&hub->control_loop, &b->watch);
    uv_timer_init(&hub->control_loop, &b->timer);
    uv_timer_init(&hub->control_loop, &b->spare_timer);
    b->watch.data = b->timer.data = b->spare_timer.data = hub;
    hub->bindings = b;
}

void bindings_stop(struct hub *hub)
{
    hub->bindings->stopped = true;
}

void bindings_finish(struct hub *hub)
{
    struct bindings *b = hub->bindings;
    if (!b)
        return;
    binding_runs_finish(hub);
    binding_set_destroy(b->set);
    free(b->config_dir);
    free(b->dir);
    free(b->watched);
    free(b);
    hub->bindings = NULL;
}
