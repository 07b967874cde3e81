/* Members that write to each other for ever and whom the hub has paused, as a console shows them:
 * asked of the hub when there is a link and whenever an event tells of a change, so a console that
 * comes late knows of them too, and one whose member may not know of them says nothing. Why it was
 * is said in the notice and over every inbox; L lets the first pair go on, X leaves it paused and
 * sets aside what was held. One thread. */
#include "tui/console/console_private.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Safe to print, as all that is kept. */
static void read_pair(struct paused *one, const cJSON *item)
{
    const char *from = json_string(item, "from", ""), *to = json_string(item, "to", ""),
               *why = json_string(item, "reason", "");

    text_make_safe(one->from, sizeof one->from, from, strlen(from));
    text_make_safe(one->name, sizeof one->name, to, strlen(to));
    one->by_rate = !strcmp(why, "rate");
    one->count = json_int(item, "count", 0);
    one->held = json_int(item, "held", 0);
}

static void loop_text(const struct paused *one, char *out, size_t size)
{
    if (one->by_rate)
        snprintf(out, size, "%s is paused: %s gets more than %lld messages a minute", one->from,
                 one->name, (long long)one->count);
    else
        snprintf(out, size, "%s and %s are paused: %lld answers in a row, and no human between",
                 one->from, one->name, (long long)one->count);
}

/* --- what the hub has ---------------------------------------------------------------------------
 */

static bool known(const struct paused *list, size_t count, const struct paused *one)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(list[i].from, one->from) && !strcmp(list[i].name, one->name))
            return true;
    return false;
}

static void tell(struct console *c, const struct paused *one)
{
    char why[300], text[420], key[40];

    loop_text(one, why, sizeof why);
    console_key_for(c, "waiting", key, sizeof key);
    snprintf(text, sizeof text, "%s %s; %s, then L: go on, X: no",
             theme_glyph(c->theme, GLYPH_WAITING), why, key);
    notices_add(&c->notices, ROLE_ATTENTION, "%s", text);
    console_attention(c, "", text);
}

static void came(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct console *c = data;
    struct post *post = &c->post;
    struct paused *old = post->paused;
    size_t old_count = post->paused_count, room = (size_t)cJSON_GetArraySize(result);
    const cJSON *item;

    post->paused_asking = false;
    if (fault)
        return; /* not for who only looks */
    post->paused = mem_calloc(room + 1, sizeof *post->paused);
    post->paused_count = 0;
    cJSON_ArrayForEach(item, result)
    {
        struct paused *one = &post->paused[post->paused_count];
        if (strcmp(json_string(item, "state", ""), "waiting") != 0)
            continue;
        read_pair(one, item);
        post->paused_count++;
        if (!known(old, old_count, one))
            tell(c, one);
    }
    free(old);
    c->waits_changed = c->draw = true;
}

void console_loops_ask(struct console *c)
{
    struct post *post = &c->post;

    if (!post->paused_wanted || post->paused_asking)
        return;
    post->paused_wanted = false;
    post->paused_asking = true;
    client_send(c->client, "comms.paused", NULL, CONSOLE_CALL_MS, came, c);
}

/* --- what a person sees and says ----------------------------------------------------------------
 */

void console_loops_banner(const struct console *c, struct inbox_pane *p)
{
    char why[300], more[40] = "";

    p->banner[0] = p->banner_keys[0] = '\0';
    if (c->post.paused_count == 0)
        return;
    loop_text(&c->post.paused[0], why, sizeof why);
    if (c->post.paused_count > 1)
        snprintf(more, sizeof more, "; %d more such", (int)c->post.paused_count - 1);
    snprintf(p->banner, sizeof p->banner, "%s %s%s", theme_glyph(c->theme, GLYPH_WAITING), why,
             more);
    snprintf(p->banner_keys, sizeof p->banner_keys, "[L] let them go on  [X] no, %lld held back",
             (long long)c->post.paused[0].held);
}

static void told(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct console *c = data;

    c->draw = true;
    c->post.paused_wanted = true; /* somebody else may have been first */
    if (fault)
        notices_add(&c->notices, ROLE_BAD, "%s%s%s", fault->message, fault->next[0] ? " " : "",
                    fault->next);
    else if (json_get(result, "resumed"))
        notices_add(&c->notices, ROLE_GOOD, "%s goes on", json_string(result, "name", "?"));
    else
        notices_add(&c->notices, ROLE_TEXT, "%s stays paused; baton comms resume %s undoes it",
                    json_string(result, "name", "?"), json_string(result, "name", "?"));
}

void console_loop_settle(struct console *c, bool go_on)
{
    cJSON *params;

    if (c->post.paused_count == 0) {
        notices_add(&c->notices, ROLE_DIM, "nothing is paused");
        return;
    }
    params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "name", c->post.paused[0].name);
    client_send(c->client, go_on ? "comms.resume" : "comms.refuse", params, CONSOLE_CALL_MS, told,
                c);
    cJSON_Delete(params);
}
