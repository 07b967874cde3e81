/* The commands about the baton: take, ask, pass, answer. Each acts on the focused pane's shell or
 * session; the hub decides, its events change what is shown. With arguments the hub's own commands
 * of the same names are meant (calls.c): `take sh2`, `pass --to grace --note …`, `deny --reason …`.
 */
#include "tui/console/console_private.h"

#include "core/base/json.h"
#include "core/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is focused, whose driver the hub tells; NULL after a notice. */
static const struct world_target *target(struct console *c)
{
    const struct pane *p = console_focused(c);
    const struct world_target *s = p ? world_target(&c->world, p->target) : NULL;

    if (s && s->baton && s->live)
        return s;
    notices_add(&c->notices, ROLE_DIM, "%s",
                !s           ? "there is no shell in this pane"
                : !s->baton  ? "this hub knows no baton"
                : s->session ? "the session is over"
                             : "its program has ended");
    return NULL;
}

static bool drives(const struct console *c, const struct world_target *s)
{
    return !strcmp(s->holder, c->member);
}

struct act {
    struct console *c;
    char target[WORLD_ID_MAX];
};

static void acted(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct act *act = data;
    struct console *c = act->c;
    const char *holder = json_string(result, "holder", "");
    int64_t place = json_int(result, "place", 0);
    char key[40];

    c->draw = true;
    if (fault) {
        notices_add(&c->notices, ROLE_BAD, "%s%s%s", fault->message, fault->next[0] ? " " : "",
                    fault->next);
    } else if (!strcmp(json_string(result, "outcome", ""), "queued")) {
        keymap_name(c->keymap, "baton", key, sizeof key);
        notices_add(&c->notices, ROLE_TEXT,
                    "you asked %s for %s, place %d in line; %s withdraws it", holder, act->target,
                    place > 0 ? (int)place : 1, key[0] ? key : ":baton");
    }
    free(act);
}

/* One call about a baton; takes params, which may have more than the target. */
static void act(struct console *c, const char *method, const char *target, cJSON *params)
{
    struct act *act = mem_zalloc(sizeof *act);

    act->c = c;
    snprintf(act->target, sizeof act->target, "%s", target);
    cJSON_AddStringToObject(params, "target", target);
    client_send(c->client, method, params, CONSOLE_CALL_MS, acted, act);
    cJSON_Delete(params);
}

static cJSON *with(const char *key, const char *value)
{
    cJSON *params = cJSON_CreateObject();

    json_add_text(params, key, value, strlen(value));
    return params;
}

static void want(struct console *c, const char *method, const struct world_target *s)
{
    snprintf(c->wanted, sizeof c->wanted, "%s", s->id);
    act(c, method, s->id, cJSON_CreateObject());
}

static void baton(struct console *c, int argc, char **argv)
{
    const struct world_target *s = target(c);
    char key[40];

    (void)argc, (void)argv;
    if (!s)
        return;
    if (drives(c, s)) {
        keymap_name(c->keymap, "pass", key, sizeof key);
        notices_add(&c->notices, ROLE_TEXT, "you drive %s; %s passes it", s->id,
                    key[0] ? key : ":pass");
    } else if (!s->holder[0]) {
        want(c, "baton.take", s);
    } else if (world_ask_place(s, c->member) > 0) {
        act(c, "baton.withdraw", s->id, cJSON_CreateObject());
        notices_add(&c->notices, ROLE_TEXT, "you no longer ask for %s", s->id);
    } else {
        want(c, "baton.request", s);
    }
}

static void take(struct console *c, int argc, char **argv)
{
    const struct world_target *s = target(c);

    (void)argc, (void)argv;
    if (s)
        want(c, "baton.take", s);
}

static void release(struct console *c, int argc, char **argv)
{
    const struct world_target *s = target(c);

    (void)argc, (void)argv;
    if (s)
        act(c, "baton.release", s->id, cJSON_CreateObject());
}

/* --- passing --- */

/* To nobody: it is released. */
static void pass_to(struct console *c, const char *id, const char *member)
{
    if (*member)
        act(c, "baton.pass", id, with("to", member));
    else
        act(c, "baton.release", id, cJSON_CreateObject());
}

static void pass_chosen(struct console *c, const char *member)
{
    pass_to(c, c->about, member);
}

static bool is_here(const struct console *c, const char *member)
{
    for (size_t i = 0; i < c->world.member_count; i++)
        if (!strcmp(c->world.members[i].member, member) &&
            !strcmp(c->world.members[i].workspace, c->workspace))
            return true;
    return false;
}

/* Once each, and only those who may drive: those of this workspace (here), or the others. */
static bool offered(const struct console *c, size_t index, bool here)
{
    const struct world_member *m = &c->world.members[index];

    if (!strcmp(m->member, c->member) || !strcmp(m->role, "observer") ||
        here != is_here(c, m->member))
        return false;
    for (size_t i = 0; i < index; i++)
        if (!strcmp(c->world.members[i].member, m->member))
            return false;
    return true;
}

static void pass(struct console *c, int argc, char **argv)
{
    const struct world_target *s = target(c);
    size_t n = c->world.member_count;
    struct popup *popup;
    char title[100], text[200];

    (void)argc, (void)argv;
    if (!s)
        return;
    if (!drives(c, s)) {
        notices_add(&c->notices, ROLE_ATTENTION,
                    s->holder[0] ? "%s drives %s, and passes it" : "%snobody drives %s", s->holder,
                    s->id);
        return;
    }
    snprintf(c->about, sizeof c->about, "%s", s->id);
    snprintf(title, sizeof title, "pass %s to", s->id);
    popup = popup_create(title, true);
    for (size_t i = 0; i < 2 * n; i++) {
        size_t index = i < n ? i : i - n;
        const struct world_member *m = &c->world.members[index];
        if (!offered(c, index, i < n))
            continue;
        snprintf(text, sizeof text, "%.40s%s%.60s", m->kind,
                 world_ask_place(s, m->member) ? ", asks for it"
                 : !strcmp(m->looking, s->id)  ? ", looks at it"
                 : i < n                       ? ""
                                               : ", in ",
                 i < n ? "" : m->workspace);
        popup_add(popup, ROLE_DIM, m->member, text, m->member);
    }
    popup_add(popup, ROLE_DIM, "nobody", "release it", "");
    if (s->ask_count > 0)
        popup_select(popup, s->asks[0]);
    console_popup(c, popup, pass_chosen);
}

/* --- answering --- */

/* `answer no COMMAND…` lets a key have two meanings: C-b n is the next shell, as in tmux, and "not
 * now" while somebody waits for an answer. */
static void answer(struct console *c, int argc, char **argv)
{
    const struct world_target *s = console_asked(c);
    bool yes = argc > 1 && !strcmp(argv[1], "yes");
    char rest[200] = "";

    if (!yes && (argc < 2 || strcmp(argv[1], "no") != 0)) {
        notices_add(&c->notices, ROLE_BAD, "use: %s yes|no [COMMAND…]", argv[0]);
    } else if (s && yes) {
        pass_to(c, s->id, s->asks[0]);
    } else if (s) {
        act(c, "baton.deny", s->id, with("member", s->asks[0]));
    } else if (argc > 2) {
        for (int i = 2; i < argc; i++) {
            size_t n = strlen(rest);
            snprintf(rest + n, sizeof rest - n, "%s%s", n ? " " : "", argv[i]);
        }
        console_run(c, rest);
    } else {
        notices_add(&c->notices, ROLE_DIM, "nobody asks you for a baton");
    }
}

const struct console_command baton_commands[] = {
    {"baton", "", "take this pane's baton, or ask for it; again: ask no more", baton, FOR_DRIVERS},
    {"take", "", "take it without asking, where you may", take, FOR_DRIVERS},
    {"release", "", "let go of it", release, FOR_DRIVERS},
    {"pass", "", "pass it to a member, chosen from a list", pass, FOR_DRIVERS},
    {"answer", "yes|no [COMMAND…]", "pass it to who asks, or not now; nobody asks: the command",
     answer, FOR_ALL},
    {NULL, NULL, NULL, NULL, FOR_ALL},
};
