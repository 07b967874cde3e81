/* The gate; see the header. The file is looked at for each call that rules can be about (one stat),
 * so that a change counts for the very next call; a file that is wrong, or gone, changes nothing
 * until somebody mends it or reloads. Whoever owns the hub's Unix user may act as any member: as an
 * identity that is an agent it is held like one, or an agent's own tools would not be. */
#include "core/hub/policy/policy_gate.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "core/base/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SETTLED_NS 50000000 /* a file younger than this may change again unseen */
#define NOTICE_US  (60 * INT64_C(1000000))
#define TOLD_MAX   256

struct member {
    char name[MAIL_NAME], group[MAIL_NAME];
    bool human;
};

struct told { /* of one member and capability */
    char member[MEMBER_NAME_MAX], method[METHOD_MAX];
    int64_t at_us;
    int64_t silent; /* calls since */
};

struct gate {
    pthread_mutex_t lock; /* of all below */
    struct policy *policy;
    int64_t approval_ms;
    char *file, *wrong;
    struct stat seen;
    bool settled;
    struct member *members; /* in the order of names */
    size_t member_count;
    struct told *told;
    size_t told_count;
};

void gate_method(const struct capability *row, char out[METHOD_MAX])
{
    snprintf(out, METHOD_MAX, "%s.%s", row->group, row->name);
}

bool gate_exempt(const struct capability *row)
{
    return (row->flags & CAP_INTERNAL) || strcmp(row->group, "policy") == 0 ||
           strcmp(row->group, "approval") == 0;
}

/* --- the file ----------------------------------------------------------------------------------
 */

struct news {
    bool refused;
    char why[512];
};

static enum err tell_news(struct hub *hub, void *arg)
{
    const struct news *n = arg;
    cJSON *data = cJSON_CreateObject();
    json_add_text(data, "title", n->refused ? "The policy was not taken" : "The policy has changed",
                  n->refused ? 24 : 22);
    if (n->refused) {
        json_add_text(data, "description", n->why, strlen(n->why));
        json_add_text(data, "severity", "warning", 7);
    } else {
        json_add_text(data, "severity", "info", 4);
    }
    enum err e =
        control_event(hub, n->refused ? "policyRefused" : "policyChanged", "", "", "", data);
    if (e == ERR_OK)
        e = control_event(hub, "notice", "", "", "", data);
    cJSON_Delete(data);
    if (!n->refused)
        gate_changed(hub);
    return e;
}

static void post_news(struct hub *hub, const char *why)
{
    struct news n = {.refused = why != NULL};
    if (why)
        text_make_safe(n.why, sizeof n.why, why, strlen(why));
    hub_post_control(hub, tell_news, mem_dup(&n, sizeof n));
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* Times of files are as coarse as the kernel's tick: what has just been written is read again. */
static void note_file(struct gate *g, const struct stat *st)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    g->seen = *st;
    g->settled = (now.tv_sec - st->st_ctim.tv_sec) * INT64_C(1000000000) + now.tv_nsec -
                     st->st_ctim.tv_nsec >
                 SETTLED_NS;
}

/* True when something is another than before. */
static bool put_policy(struct gate *g, const struct config *config)
{
    bool changed = g->wrong != NULL;
    g->approval_ms = config_approval_ms(config);
    if (!g->policy || !policy_same(g->policy, config_policy(config))) {
        policy_destroy(g->policy);
        g->policy = policy_create(config_policy(config));
        changed = true;
    }
    free(g->wrong);
    g->wrong = NULL;
    return changed;
}

static void put_wrong(struct hub *hub, struct gate *g, char *why)
{
    if (!g->wrong || strcmp(g->wrong, why) != 0)
        post_news(hub, why);
    free(g->wrong);
    g->wrong = why;
}

/* Under the lock. */
static void refresh(struct hub *hub, struct gate *g)
{
    struct stat st = {0};
    struct config *fresh = NULL;
    char *why = NULL;
    if (stat(g->file, &st) != 0)
        memset(&st, 0, sizeof st);
    if (same_file(&st, &g->seen) && g->settled)
        return;
    const bool gone = st.st_ino == 0;
    note_file(g, &st);
    if (gone) {
        if (!policy_empty(g->policy))
            put_wrong(hub, g,
                      mem_printf("%s is gone; its rules stay until 'baton hub reload'", g->file));
    } else if (config_load(&fresh, &why) != ERR_OK) {
        put_wrong(hub, g, why ? why : mem_strdup("the configuration is wrong"));
    } else if (put_policy(g, fresh)) {
        post_news(hub, NULL);
    }
    config_destroy(fresh);
}

void gate_create(struct hub *hub)
{
    struct gate *g = mem_zalloc(sizeof *g);
    char *dir = path_config_dir();
    pthread_mutex_init(&g->lock, NULL);
    g->file = path_join(dir, "config.json");
    free(dir);
    put_policy(g, hub->config); /* the file is looked at again with the first call */
    hub->gate = g;
}

void gate_destroy(struct hub *hub)
{
    struct gate *g = hub->gate;
    if (!g)
        return;
    policy_destroy(g->policy);
    free(g->file);
    free(g->wrong);
    free(g->members);
    free(g->told);
    pthread_mutex_destroy(&g->lock);
    free(g);
    hub->gate = NULL;
}

void gate_take(struct hub *hub, const struct config *config)
{
    struct gate *g = hub->gate;
    pthread_mutex_lock(&g->lock);
    if (put_policy(g, config))
        post_news(hub, NULL);
    pthread_mutex_unlock(&g->lock);
}

cJSON *gate_rules(struct hub *hub, char **ret_wrong)
{
    struct gate *g = hub->gate;
    pthread_mutex_lock(&g->lock);
    refresh(hub, g);
    cJSON *list = policy_describe(g->policy, hub_catalogue());
    *ret_wrong = g->wrong ? mem_strdup(g->wrong) : NULL;
    pthread_mutex_unlock(&g->lock);
    return list;
}

int64_t gate_approval_ms(struct hub *hub)
{
    struct gate *g = hub->gate;
    pthread_mutex_lock(&g->lock);
    const int64_t ms = g->approval_ms;
    pthread_mutex_unlock(&g->lock);
    return ms;
}

/* --- who ---------------------------------------------------------------------------------------
 */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct member *)a)->name, ((const struct member *)b)->name);
}

static struct member *find_member(const struct gate *g, const char *name)
{
    struct member wanted = {0};
    snprintf(wanted.name, sizeof wanted.name, "%s", name);
    return g->member_count
               ? bsearch(&wanted, g->members, g->member_count, sizeof *g->members, by_name)
               : NULL;
}

static void put_member(struct gate *g, const struct mail_identity *i)
{
    struct member *m = find_member(g, i->name);
    const bool fresh = !m;
    if (fresh) {
        g->members = mem_reallocarray(g->members, g->member_count + 1, sizeof *g->members);
        m = &g->members[g->member_count++];
        memcpy(m->name, i->name, sizeof m->name);
    }
    memcpy(m->group, i->policy_group, sizeof m->group);
    m->human = i->human;
    /* The journal gives them in order: then nothing has to move. */
    if (fresh && g->member_count > 1 && by_name(m - 1, m) > 0)
        qsort(g->members, g->member_count, sizeof *g->members, by_name);
}

static void read_one(void *data, const struct mail_identity *identity)
{
    put_member(data, identity);
}

enum err gate_recover(struct hub *hub, void *arg)
{
    struct gate *g = hub->gate;
    (void)arg;
    pthread_mutex_lock(&g->lock);
    enum err e = journal_identities(hub->journal, read_one, g);
    pthread_mutex_unlock(&g->lock);
    return e;
}

static enum err tell_changed(struct hub *hub, void *arg)
{
    (void)arg;
    gate_changed(hub);
    return ERR_OK;
}

static enum err know(struct hub *hub, void *arg)
{
    const struct mail_identity *identity = arg;
    struct gate *g = hub->gate;
    pthread_mutex_lock(&g->lock);
    const struct member *m = find_member(g, identity->name);
    const bool other = m && strcmp(m->group, identity->policy_group) != 0;
    put_member(g, identity);
    pthread_mutex_unlock(&g->lock);
    if (other)
        hub_post_control(hub, tell_changed, NULL);
    return ERR_OK;
}

void gate_know(struct hub *hub, const struct mail_identity *identity)
{
    control_after(hub, know, mem_dup(identity, sizeof *identity));
}

/* Under the lock. A name that is bound by a token or by the machine is what that says; the owner's
 * processes are agents where they act as one. */
static bool is_human(struct hub *hub, const struct gate *g, const struct call *c)
{
    const struct member *m = find_member(g, c->who);
    const bool free_name = c->role == ROLE_OWNER && !*c->invite && strcmp(c->who, hub->user) != 0;
    return c->kind == BATON_HUMAN && !(free_name && m && !m->human);
}

bool gate_caller_is_human(const struct call *c)
{
    struct gate *g = c->hub->gate;
    pthread_mutex_lock(&g->lock);
    const bool human = is_human(c->hub, g, c);
    pthread_mutex_unlock(&g->lock);
    return human;
}

bool gate_may_hold(const struct call *c)
{
    struct gate *g = c->hub->gate;
    pthread_mutex_lock(&g->lock);
    const bool may = !policy_empty(g->policy);
    pthread_mutex_unlock(&g->lock);
    return may;
}

bool gate_member(struct hub *hub, const char *name, bool human, char ret_group[MAIL_NAME])
{
    struct gate *g = hub->gate;
    pthread_mutex_lock(&g->lock);
    const struct member *m = find_member(g, name);
    snprintf(ret_group, MAIL_NAME, "%s", m ? m->group : "");
    human = m ? m->human : human;
    pthread_mutex_unlock(&g->lock);
    return human;
}

void gate_place(const struct call *c, char out[64])
{
    static const char *const places[] = {"workspace", "key"};
    static const struct {
        const char *key;
        unsigned things;
    } targets[] = {{"shellId", THINGS_STREAMS},
                   {"streamId", THINGS_STREAMS},
                   {"sessionId", THINGS_SESSIONS},
                   {"processId", THINGS_PROCESSES},
                   {"target", THINGS_TARGETS}};
    struct stream_info info;
    char id[32];
    snprintf(out, 64, "%s", c->scope);
    for (size_t i = 0; !*out && i < sizeof places / sizeof *places; i++)
        snprintf(out, 64, "%s", json_string(c->params, places[i], ""));
    for (size_t i = 0; !*out && i < sizeof targets / sizeof *targets; i++) {
        const char *text = json_string(c->params, targets[i].key, "");
        if (*text &&
            registry_resolve_among(c->hub->registry, targets[i].things, text, id) == ERR_OK &&
            registry_get(c->hub->registry, id, &info))
            snprintf(out, 64, "%s", info.workspace);
    }
}

/* --- deciding ----------------------------------------------------------------------------------
 */

static void decide(struct call *c, bool counts, struct policy_verdict *v)
{
    struct gate *g = c->hub->gate;
    char method[METHOD_MAX], workspace[64] = "";
    struct policy_asker asker = {.member = c->who, .group = "", .workspace = workspace};
    pthread_mutex_lock(&g->lock);
    refresh(c->hub, g);
    asker.human = is_human(c->hub, g, c);
    if (policy_empty(g->policy)) { /* as a rule */
        v->tier = asker.human ? TIER_AUTONOMOUS : c->row->tier;
        v->why[0] = '\0';
    } else {
        const struct member *m = find_member(g, c->who);
        asker.group = m ? m->group : "";
        gate_place(c, workspace);
        gate_method(c->row, method);
        policy_decide(g->policy, method, c->row->tier, &asker, clock_mono_us(), counts, v);
    }
    pthread_mutex_unlock(&g->lock);
}

static enum err blocked(const struct call *c, const struct policy_verdict *v, char *why,
                        size_t size)
{
    snprintf(why, size, "%s.%s is blocked for %s by %s", c->row->group, c->row->name, c->who,
             *v->why ? v->why : "the capability's own tier");
    return ERR_BLOCKED;
}

enum err gate_check(struct call *c, enum tier *ret_tier, char *why, size_t size)
{
    struct policy_verdict v;
    *ret_tier = TIER_AUTONOMOUS;
    if (gate_exempt(c->row))
        return ERR_OK;
    decide(c, true, &v);
    if (v.tier == TIER_BLOCKED)
        return blocked(c, &v, why, size);
    *ret_tier = v.tier;
    return ERR_OK;
}

enum err gate_check_again(struct call *c, char *why, size_t size)
{
    struct policy_verdict v;
    decide(c, false, &v);
    return v.tier == TIER_BLOCKED ? blocked(c, &v, why, size) : ERR_OK;
}

void gate_explain(struct hub *hub, const struct capability *row, const struct policy_asker *asker,
                  struct policy_verdict *ret)
{
    struct gate *g = hub->gate;
    char method[METHOD_MAX];
    if (gate_exempt(row)) {
        *ret = (struct policy_verdict){TIER_AUTONOMOUS, "no rule is about these capabilities"};
        return;
    }
    gate_method(row, method);
    pthread_mutex_lock(&g->lock);
    refresh(hub, g);
    policy_decide(g->policy, method, row->tier, asker, clock_mono_us(), false, ret);
    pthread_mutex_unlock(&g->lock);
}

enum tier gate_tier(const struct call *c, const struct capability *row)
{
    struct policy_asker asker = {.member = c->who, .human = gate_caller_is_human(c)};
    struct policy_verdict v;
    char group[MAIL_NAME];
    gate_member(c->hub, c->who, asker.human, group);
    asker.group = group;
    asker.workspace = call_string(c, "workspace", c->scope);
    gate_explain(c->hub, row, &asker, &v);
    return v.tier;
}

/* --- telling humans of what runs ---------------------------------------------------------------
 */

/* Under the lock. Is it time to tell? *ret_silent: calls that nobody was told of. */
static bool due(struct gate *g, const char *member, const char *method, int64_t now,
                int64_t *ret_silent)
{
    struct told *oldest = NULL;
    for (size_t i = 0; i < g->told_count; i++) {
        struct told *t = &g->told[i];
        if (strcmp(t->member, member) == 0 && strcmp(t->method, method) == 0) {
            if (now < t->at_us + NOTICE_US) {
                t->silent++;
                return false;
            }
            *ret_silent = t->silent;
            t->at_us = now;
            t->silent = 0;
            return true;
        }
        if (!oldest || t->at_us < oldest->at_us)
            oldest = t;
    }
    if (g->told_count < TOLD_MAX) {
        g->told = mem_reallocarray(g->told, g->told_count + 1, sizeof *g->told);
        oldest = &g->told[g->told_count++];
    }
    *oldest = (struct told){.at_us = now};
    snprintf(oldest->member, sizeof oldest->member, "%s", member);
    snprintf(oldest->method, sizeof oldest->method, "%s", method);
    *ret_silent = 0;
    return true;
}

struct notice {
    char member[MEMBER_NAME_MAX], method[METHOD_MAX], workspace[64];
    int64_t silent;
};

static enum err tell_notice(struct hub *hub, void *arg)
{
    const struct notice *n = arg;
    cJSON *data = cJSON_CreateObject();
    char title[320];
    snprintf(title, sizeof title, "%s: %s", n->member, n->method);
    cJSON_AddStringToObject(data, "title", title);
    if (n->silent) {
        snprintf(title, sizeof title, "%lld more since the last notice", (long long)n->silent);
        cJSON_AddStringToObject(data, "description", title);
    }
    cJSON_AddStringToObject(data, "severity", "quiet");
    cJSON_AddStringToObject(data, "capability", n->method);
    cJSON_AddStringToObject(data, "by", n->member);
    enum err e = control_event(hub, "notice", n->workspace, n->member, "", data);
    cJSON_Delete(data);
    return e;
}

enum err gate_notice(struct call *c)
{
    struct gate *g = c->hub->gate;
    struct notice n;
    gate_method(c->row, n.method);
    memcpy(n.member, c->who, sizeof n.member);
    pthread_mutex_lock(&g->lock);
    const bool tell = due(g, c->who, n.method, clock_mono_us(), &n.silent);
    pthread_mutex_unlock(&g->lock);
    if (!tell)
        return ERR_OK;
    gate_place(c, n.workspace);
    if (c->row->lane == LANE_CONTROL)
        return tell_notice(c->hub, &n);
    hub_post_control(c->hub, tell_notice, mem_dup(&n, sizeof n));
    return ERR_OK;
}
