/* What this console says to sessions: prompts by whoever drives, suggestions by the others; the
 * turn's end that a queued prompt waits for; stopping a turn. What always holds: nothing is sent
 * but by Enter or from the queue; one prompt of ours is on its way to a session at most; what could
 * not be sent is back in the line, or in its history. One thread. */
#include "tui/console/console_private.h"

#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AGAIN_US 2000000 /* a second C-c within this time asks whether to close */

struct talk *console_talk(struct console *c, const char *session)
{
    struct talk *talk;

    for (size_t i = 0; i < c->talk_count; i++)
        if (!strcmp(c->talks[i]->session, session))
            return c->talks[i];
    talk = mem_zalloc(sizeof *talk);
    snprintf(talk->session, sizeof talk->session, "%s", session);
    promptline_init(&talk->line);
    c->talks = mem_reallocarray(c->talks, c->talk_count + 1, sizeof(struct talk *));
    c->talks[c->talk_count++] = talk;
    return talk;
}

void console_talks_finish(struct console *c)
{
    for (size_t i = 0; i < c->talk_count; i++) {
        promptline_finish(&c->talks[i]->line);
        free(c->talks[i]->queued);
        free(c->talks[i]);
    }
    free(c->talks);
    c->talks = NULL;
    c->talk_count = 0;
}

bool console_may(const struct console *c, const struct world_target *t)
{
    return !console_observes(c) && t && t->live &&
           (!t->baton || !t->holder[0] || !strcmp(t->holder, c->member));
}

void console_add_epoch(const struct console *c, const struct world_target *t, cJSON *params)
{
    if (t->baton && t->holder[0] && !strcmp(t->holder, c->member))
        json_add_int(params, "epoch", t->epoch);
}

/* Prompts stand in the transcript, whoever gave them: they are the history. */
void console_talk_history(struct console *c, struct talk *talk, const struct transcript *t)
{
    (void)c;
    for (int i = transcript_index(t, talk->remembered + 1); i < transcript_count(t); i++) {
        const struct transcript_block *b = transcript_at(t, i);
        if (b->kind == BLOCK_PROMPT && b->text.text)
            promptline_remember(&talk->line, b->text.text);
        talk->remembered = b->id;
    }
}

/* --- sending --- */

enum saying { SAYS_PROMPT, SAYS_EDITED, SAYS_SUGGESTION };

struct said {
    struct console *c;
    char session[WORLD_ID_MAX];
    enum saying what;
    char *text;
};

/* What did not go out: into the line where that is empty, else one finds it with Up. */
static void give_back(struct console *c, struct talk *talk, const char *text)
{
    (void)c;
    if (promptline_empty(&talk->line))
        promptline_set(&talk->line, text);
    else
        promptline_remember(&talk->line, text);
}

/* What is queued comes back into the line when it cannot go, so it is no longer than one. False: it
 * would be, and nothing was queued. */
static bool queue(struct console *c, struct talk *talk, const char *text)
{
    const size_t before = talk->queued ? strlen(talk->queued) + 2 : 0;
    char *both;

    if (before + strlen(text) > PROMPTLINE_MAX) {
        notices_add(&c->notices, ROLE_ATTENTION,
                    "too much is queued already: what you wrote is kept");
        return false;
    }
    both = talk->queued ? mem_printf("%s\n\n%s", talk->queued, text) : mem_strdup(text);
    free(talk->queued);
    talk->queued = both;
    return true;
}

static void said(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct said *said = data;
    struct console *c = said->c;
    struct talk *talk = console_talk(c, said->session);

    (void)result;
    c->draw = true;
    if (said->what != SAYS_SUGGESTION)
        talk->sending = false;
    if (!fault && said->what == SAYS_SUGGESTION) {
        notices_add(&c->notices, ROLE_TEXT, "suggested; whoever drives decides");
    } else if (fault && fault->code == ERR_BUSY && said->what == SAYS_PROMPT) {
        if (!queue(c, talk, said->text)) /* somebody's turn began before ours */
            give_back(c, talk, said->text);
        c->lists_wanted = true; /* they say when it is over, should that be already */
    } else if (fault) {
        give_back(c, talk, said->text);
        if (said->what == SAYS_EDITED && fault->code == ERR_NOT_FOUND)
            talk->editing[0] = '\0';
        if (fault->code == ERR_LOST)
            notices_add(&c->notices, ROLE_ATTENTION,
                        "the link broke: look whether it arrived; the text is kept");
        else
            notices_add(&c->notices, ROLE_BAD, "%s%s%s", fault->message, fault->next[0] ? " " : "",
                        fault->next);
    } else if (said->what == SAYS_EDITED) {
        talk->editing[0] = '\0';
    }
    free(said->text);
    free(said);
}

static void say(struct console *c, struct talk *talk, enum saying what, const char *text)
{
    static const char *const methods[] = {"session.prompt", "session.accept", "session.suggest"};
    const struct world_target *t = world_target(&c->world, talk->session);
    cJSON *params = cJSON_CreateObject();
    struct said *one = mem_zalloc(sizeof *one);

    one->c = c;
    one->what = what;
    one->text = mem_strdup(text);
    snprintf(one->session, sizeof one->session, "%s", talk->session);
    cJSON_AddStringToObject(params, "sessionId", talk->session);
    json_add_text(params, "text", text, strlen(text));
    if (what == SAYS_EDITED)
        cJSON_AddStringToObject(params, "suggestionId", talk->editing);
    if (what != SAYS_SUGGESTION) {
        cJSON_AddBoolToObject(params, "wait", false);
        if (t)
            console_add_epoch(c, t, params);
        talk->sending = true;
    }
    client_send(c->client, methods[what], params, CONSOLE_CALL_MS, said, one);
    cJSON_Delete(params);
}

static bool only_blanks(const char *text)
{
    return text[strspn(text, " \t\n")] == '\0';
}

void console_talk_enter(struct console *c, struct talk *talk)
{
    const struct world_session *s = world_session(&c->world, talk->session);
    const char *text = promptline_text(&talk->line);

    c->draw = true;
    if (only_blanks(text))
        return;
    if (!c->connected) {
        notices_add(&c->notices, ROLE_ATTENTION, "no link to the hub: what you wrote is kept");
        return;
    }
    if (!s || !s->target.live) {
        notices_add(&c->notices, ROLE_DIM, "the session is over: :session resume goes on with it");
        return;
    }
    if (!console_may(c, &s->target)) {
        say(c, talk, SAYS_SUGGESTION, text);
        promptline_remember(&talk->line, text);
    } else if (talk->sending || world_session_turn(s) || s->state == SESSION_STARTING) {
        if (!queue(c, talk, text))
            return;
    } else {
        say(c, talk, talk->editing[0] ? SAYS_EDITED : SAYS_PROMPT, text);
    }
    promptline_set(&talk->line, "");
}

bool console_talk_back(struct console *c, struct talk *talk)
{
    c->draw = true;
    if (talk->queued) {
        const char *now = promptline_text(&talk->line);
        if (strlen(talk->queued) + 1 + strlen(now) >
            PROMPTLINE_MAX) { /* not both: Up has this one */
            promptline_remember(&talk->line, now);
            promptline_set(&talk->line, "");
        }
        char *text = promptline_empty(&talk->line)
                         ? mem_strdup(talk->queued)
                         : mem_printf("%s\n%s", talk->queued, promptline_text(&talk->line));
        promptline_set(&talk->line, text);
        free(text);
        free(talk->queued);
        talk->queued = NULL;
        return true;
    }
    if (!talk->editing[0])
        return false;
    talk->editing[0] = '\0';
    promptline_set(&talk->line, "");
    return true;
}

static void settle(struct console *c, struct talk *talk)
{
    const struct world_session *s = world_session(&c->world, talk->session);
    char *text = talk->queued;

    if (!text || talk->sending || !c->connected)
        return;
    if (!s || !console_may(c, &s->target)) {
        talk->queued = NULL;
        give_back(c, talk, text);
        notices_add(&c->notices, ROLE_ATTENTION,
                    s && s->target.live ? "you drive no more: what was queued is in the line again"
                                        : "the session is over: what was queued was not sent");
        free(text);
    } else if (s->state == SESSION_IDLE) {
        talk->queued = NULL;
        say(c, talk, talk->editing[0] ? SAYS_EDITED : SAYS_PROMPT, text);
        free(text);
    }
}

void console_talks_settle(struct console *c)
{
    for (size_t i = 0; i < c->talk_count; i++)
        settle(c, c->talks[i]);
}

/* --- stopping --- */

static void cancelled(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct console *c = data;

    (void)result;
    c->draw = true;
    if (fault)
        notices_add(&c->notices, ROLE_BAD, "%s", fault->message);
}

static void cancel(struct console *c, const char *session)
{
    const struct world_target *t = world_target(&c->world, session);
    cJSON *params = cJSON_CreateObject();

    cJSON_AddStringToObject(params, "sessionId", session);
    if (t)
        console_add_epoch(c, t, params);
    client_send(c->client, "session.cancel", params, CONSOLE_CALL_MS, cancelled, c);
    cJSON_Delete(params);
}

static void close_asked(struct console *c)
{
    console_run(c, "close --force");
}

void console_interrupt(struct console *c, const char *session)
{
    const struct world_session *s = world_session(&c->world, session);
    struct talk *talk = console_talk(c, session);
    int64_t now = clock_mono_us();
    char key[40];

    if (s && s->target.live && talk->interrupted_us && now < talk->interrupted_us + AGAIN_US &&
        console_may(c, &s->target)) {
        talk->interrupted_us = 0;
        console_ask(c, close_asked, "close %.80s? its agent ends, what was said stays (y/n) ",
                    world_label(&s->target));
    } else if (!promptline_empty(&talk->line)) {
        promptline_remember(&talk->line, promptline_text(&talk->line));
        promptline_set(&talk->line, "");
        talk->editing[0] = '\0';
    } else if (s && world_session_turn(s) && console_may(c, &s->target)) {
        talk->interrupted_us = now;
        if (talk->queued)
            console_talk_back(c, talk); /* who stops wants to think again */
        cancel(c, session);
        notices_add(&c->notices, ROLE_TEXT, "stopping; C-c once more closes the session");
    } else if (s && world_session_turn(s)) {
        console_key_for(c, "baton", key, sizeof key);
        notices_add(&c->notices, ROLE_ATTENTION, "%s drives %s, and stops it; %s asks for it",
                    s->target.holder, world_label(&s->target), key);
    } else {
        notices_add(&c->notices, ROLE_DIM, "no turn runs; %s x closes the session",
                    keymap_prefix(c->keymap));
        talk->interrupted_us = s && console_may(c, &s->target) ? now : 0;
    }
    c->draw = true;
}
