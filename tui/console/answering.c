/* Answers to what agents and observers ask, as keys and presses in a transcript want them. The hub
 * decides: the first answer wins, and its events change what is shown; a late one is told who was
 * first. A form is filled in field by field. One thread. */
#include "tui/console/console_private.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The session of a pane when this member may answer there; NULL after a notice. */
static const struct world_target *answerable(struct console *c, const struct pane *p)
{
    const struct world_target *t = world_target(&c->world, p->target);
    char key[40];

    if (console_may(c, t))
        return t;
    c->draw = true;
    if (console_observes(c)) {
        notices_add(&c->notices, ROLE_ATTENTION, "observing: whoever drives answers");
    } else if (!t || !t->live) {
        notices_add(&c->notices, ROLE_DIM, "the session is over");
    } else {
        console_key_for(c, "baton", key, sizeof key);
        notices_add(&c->notices, ROLE_ATTENTION, "%s drives %s, and answers; %s asks for the baton",
                    t->holder, world_label(t), key);
    }
    return NULL;
}

static void answered(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct console *c = data;

    (void)result;
    c->draw = true;
    if (fault) /* who came late is told here who was first */
        notices_add(&c->notices, fault->code == ERR_EXISTS ? ROLE_ATTENTION : ROLE_BAD, "%s%s%s",
                    fault->message, fault->next[0] ? " " : "", fault->next);
}

/* One call about something that waits in a session; takes params. */
static void call(struct console *c, const struct world_target *t, const char *method, cJSON *params)
{
    cJSON_AddStringToObject(params, "sessionId", t->id);
    console_add_epoch(c, t, params);
    if (c->connected)
        client_send(c->client, method, params, CONSOLE_CALL_MS, answered, c);
    else
        notices_add(&c->notices, ROLE_ATTENTION, "no link to the hub: nothing was answered");
    cJSON_Delete(params);
    c->draw = true;
}

static void answer(struct console *c, const struct world_target *t, const char *permission,
                   enum transcript_answer what, const char *option)
{
    static const char *const words[] = {[ANSWER_ALLOW] = "allow",
                                        [ANSWER_ALWAYS] = "always",
                                        [ANSWER_REJECT] = "reject",
                                        [ANSWER_NEVER] = "reject",
                                        [ANSWER_OTHER] = "allow"};
    cJSON *params = cJSON_CreateObject();

    cJSON_AddStringToObject(params, "permissionId", permission);
    cJSON_AddStringToObject(params, "answer", words[what]);
    if (option[0])
        cJSON_AddStringToObject(params, "optionId", option);
    call(c, t, "session.answer", params);
}

static void resolve(struct console *c, const struct world_target *t, const char *method,
                    const char *suggestion)
{
    cJSON *params = cJSON_CreateObject();

    cJSON_AddStringToObject(params, "suggestionId", suggestion);
    if (!strcmp(method, "session.accept"))
        cJSON_AddBoolToObject(params, "wait", false);
    call(c, t, method, params);
}

static const struct transcript_block *block_of(const struct pane *p, const char *id)
{
    const struct transcript *t = p->session->transcript;

    for (int i = transcript_count(t) - 1; i >= 0; i--) {
        const struct transcript_block *b = transcript_at(t, i);
        if ((b->kind == BLOCK_SUGGESTION && b->key && !strcmp(b->key, id)) ||
            (b->elicitation && !strcmp(b->elicitation->answer.id, id)))
            return b;
    }
    return NULL;
}

/* A suggestion's words into the prompt line; what stood there is found with Up. */
static void edit(struct console *c, struct pane *p, const char *suggestion)
{
    const struct world_wait *wait = world_wait_by_id(&c->world, suggestion);
    const struct transcript_block *b = wait ? NULL : block_of(p, suggestion);
    struct talk *talk = console_talk(c, p->target);
    const char *text = wait ? wait->text : b && b->text.text ? b->text.text : NULL;

    if (!text)
        return;
    if (!promptline_empty(&talk->line))
        promptline_remember(&talk->line, promptline_text(&talk->line));
    promptline_set(&talk->line, text);
    snprintf(talk->editing, sizeof talk->editing, "%.*s", WORLD_ID_MAX - 1, suggestion);
    p->browsing = false;
    c->draw = true;
}

/* --- forms --- */

void console_form_finish(struct console *c)
{
    cJSON_Delete(c->form.schema);
    cJSON_Delete(c->form.content);
    c->form = (struct form){0};
}

static void ask_field(struct console *c);

static void send_form(struct console *c)
{
    const struct world_target *t = world_target(&c->world, c->form.session);
    cJSON *params = cJSON_CreateObject();

    cJSON_AddStringToObject(params, "permissionId", c->form.id);
    cJSON_AddStringToObject(params, "answer", "allow");
    cJSON_AddItemToObject(params, "content", c->form.content);
    c->form.content = NULL;
    if (t)
        call(c, t, "session.answer", params);
    else
        cJSON_Delete(params);
    console_form_finish(c);
}

static bool required(const struct console *c)
{
    const cJSON *one;

    cJSON_ArrayForEach(one, json_get(c->form.schema, "required"))
    {
        if (cJSON_IsString(one) && !strcmp(one->valuestring, c->form.field->string))
            return true;
    }
    return false;
}

/* What was typed as the field's type wants it; NULL when it is none such. */
static cJSON *value_of(const cJSON *field, const char *text)
{
    const char *type = json_string(field, "type", "string");
    char *end;

    if (!strcmp(type, "boolean"))
        return strchr("yYtT", text[0])   ? cJSON_CreateTrue()
               : strchr("nNfF", text[0]) ? cJSON_CreateFalse()
                                         : NULL;
    if (!strcmp(type, "integer") || !strcmp(type, "number")) {
        double number = strtod(text, &end);
        bool whole = number >= -9e15 && number <= 9e15 && number == (double)(int64_t)number;
        return *end || (!whole && !strcmp(type, "integer")) ? NULL : cJSON_CreateNumber(number);
    }
    if (!strcmp(type, "array")) {
        cJSON *list = cJSON_CreateArray();
        char *copy = mem_strdup(text), *save = NULL;
        for (char *word = strtok_r(copy, ", ", &save); word; word = strtok_r(NULL, ", ", &save))
            cJSON_AddItemToArray(list, cJSON_CreateString(word));
        free(copy);
        return list;
    }
    return cJSON_CreateString(text);
}

/* NULL: left out, whatever it was before. */
static void next_field(struct console *c, cJSON *value)
{
    cJSON_DeleteItemFromObjectCaseSensitive(c->form.content, c->form.field->string);
    if (value)
        cJSON_AddItemToObject(c->form.content, c->form.field->string, value);
    c->form.field = c->form.field->next;
    ask_field(c);
}

/* The first field's `prev` is the last one: cJSON closes its lists so. */
static void field_before(struct console *c)
{
    if (c->form.field && c->form.field->prev && c->form.field->prev->next == c->form.field)
        c->form.field = c->form.field->prev;
    ask_field(c);
}

/* What the field has already, or what its schema suggests, as one would type it. */
static void usual_text(const struct console *c, char *out, size_t size)
{
    const cJSON *given = json_get(c->form.content, c->form.field->string), *item;
    const cJSON *v = given ? given : json_get(c->form.field, "default");
    size_t n = 0;

    *out = '\0';
    if (cJSON_IsString(v))
        snprintf(out, size, "%s", v->valuestring);
    else if (cJSON_IsNumber(v))
        snprintf(out, size, "%.15g", v->valuedouble);
    else if (cJSON_IsBool(v))
        snprintf(out, size, "%s", cJSON_IsTrue(v) ? "y" : "n");
    else if (cJSON_IsArray(v))
        cJSON_ArrayForEach(item, v) if (cJSON_IsString(item) && n < size) n +=
            (size_t)snprintf(out + n, size - n, "%s%s", n ? ", " : "", item->valuestring);
}

static void field_typed(struct console *c, const char *text)
{
    cJSON *value;

    if (!c->form.field)
        return;
    value = text[0] ? value_of(c->form.field, text) : NULL;
    if (!value && (text[0] || required(c))) {
        const char *type = json_string(c->form.field, "type", "string");
        c->form.wrong = !text[0]                   ? "it has to be there"
                        : !strcmp(type, "boolean") ? "y or n is wanted"
                        : !strcmp(type, "integer") ? "a whole number is wanted"
                                                   : "a number is wanted";
        ask_field(c); /* in the line itself: a notice would be behind it */
        return;
    }
    next_field(c, value);
}

static void field_chosen(struct console *c, const char *target)
{
    if (c->form.field)
        next_field(c, cJSON_CreateString(target));
}

/* The values that a field may have: enum, or oneOf with titles. NULL: any. */
static struct popup *choices(const struct console *c)
{
    const cJSON *list = json_get(c->form.field, "enum"), *item;
    struct popup *popup;

    if (!list)
        list = json_get(c->form.field, "oneOf");
    if (!list || strcmp(json_string(c->form.field, "type", "string"), "string") != 0)
        return NULL;
    popup = popup_create(c->form.label, true);
    cJSON_ArrayForEach(item, list)
    {
        const char *value =
            cJSON_IsString(item) ? item->valuestring : json_string(item, "const", "");
        popup_add(popup, ROLE_TEXT, value, json_string(item, "title", ""), value);
    }
    return popup;
}

/* " (a, b, c)": what a list may have, or that it is one. */
static void several_of(const cJSON *field, char *out, size_t size)
{
    const cJSON *list = json_get(json_get(field, "items"), "enum"), *item;
    char safe[40];
    size_t n = 0;

    snprintf(out, size, " (one, another)");
    cJSON_ArrayForEach(item, list)
    {
        const char *text = cJSON_IsString(item) ? item->valuestring : "";
        text_make_safe(safe, sizeof safe, text, strlen(text));
        if (n + strlen(safe) + 8 > size)
            break;
        n += (size_t)snprintf(out + n, size - n, "%s%s", n ? ", " : " (", safe);
    }
    if (n)
        snprintf(out + n, size - n, ")");
}

static void ask_field(struct console *c)
{
    const cJSON *field = c->form.field;
    const char *type = json_string(field, "type", "string");
    char usual[200] = "", title[120], several[80];
    struct popup *popup;

    if (!field) {
        send_form(c);
        return;
    }
    const char *name = json_string(field, "title", field->string);
    text_make_safe(title, sizeof title, name, strlen(name));
    several_of(field, several, sizeof several);
    const bool first = field == json_get(c->form.schema, "properties")->child;
    snprintf(c->form.label, sizeof c->form.label,
             "%s%s%s%s%s: ", c->form.wrong ? c->form.wrong : "", c->form.wrong ? " · " : "", title,
             first ? "" : " [S-Tab: back]",
             !strcmp(type, "boolean")  ? " (y/n)"
             : !strcmp(type, "array")  ? several
             : !strcmp(type, "string") ? ""
                                       : " (a number)");
    c->form.wrong = NULL;
    usual_text(c, usual, sizeof usual);
    popup = choices(c);
    if (popup) {
        popup_select(popup, usual);
        console_popup(c, popup, field_chosen);
    } else {
        console_prompt(c, c->form.label, usual, NULL, false, field_typed);
    }
    c->prompt.back = first ? NULL : field_before;
}

static void url_done(struct console *c)
{
    c->form.field = NULL;
    send_form(c);
}

static void fill_in(struct console *c, struct pane *p, const char *id)
{
    const struct transcript_block *b = block_of(p, id);

    if (!b || !b->elicitation)
        return;
    console_form_finish(c);
    snprintf(c->form.session, sizeof c->form.session, "%s", p->target);
    snprintf(c->form.id, sizeof c->form.id, "%.*s", WORLD_ID_MAX - 1, id);
    c->form.content = cJSON_CreateObject();
    if (b->elicitation->url && b->elicitation->url[0]) {
        console_ask(c, url_done, "open %.150s, then: is it done? (y/n) ", b->elicitation->url);
        return;
    }
    if (b->elicitation->schema)
        json_parse(b->elicitation->schema, strlen(b->elicitation->schema), &c->form.schema);
    c->form.field = json_get(c->form.schema, "properties");
    c->form.field = c->form.field ? c->form.field->child : NULL;
    ask_field(c);
}

/* --- what a transcript's key or press wants --- */

static void found(struct console *c, const char *pattern, bool backward)
{
    struct pane *p = console_focused(c);

    if (!p || !p->transcript || transcript_pane_search(p->transcript, pattern, backward) ||
        !pattern[0])
        c->draw = true;
    else if (p->session && transcript_whole(p->session->transcript) > 1)
        console_seek(c, p, SEEK_TEXT); /* perhaps in what has not been read */
    else
        notices_add(&c->notices, ROLE_DIM, "\"%s\" is nowhere here", pattern);
    c->draw = true;
}

static void search_typed(struct console *c, const char *pattern)
{
    found(c, pattern, true);
}

static void put_off(struct console *c, const char *id)
{
    struct world_wait *wait = world_wait_by_id(&c->world, id);

    if (wait)
        wait->later = true;
    notices_add(&c->notices, ROLE_DIM, "later: it still waits, and so does the agent");
}

void console_action(struct console *c, struct pane *p, const struct transcript_action *action)
{
    const struct world_target *t;
    struct buf text = {0};

    c->draw = true;
    switch (action->kind) {
    case ACTION_NONE: break;
    case ACTION_ANSWER:
    case ACTION_FORM:
    case ACTION_ACCEPT:
    case ACTION_EDIT:
    case ACTION_DROP:
        t = answerable(c, p);
        if (!t)
            break;
        if (action->kind == ACTION_ANSWER)
            answer(c, t, action->id, action->answer, action->option);
        else if (action->kind == ACTION_FORM)
            fill_in(c, p, action->id);
        else if (action->kind == ACTION_EDIT)
            edit(c, p, action->id);
        else
            resolve(c, t, action->kind == ACTION_ACCEPT ? "session.accept" : "session.drop",
                    action->id);
        break;
    case ACTION_LATER: put_off(c, action->id); break;
    case ACTION_SHELL: console_open_beside(c, action->id); break;
    case ACTION_EARLIER: console_seek(c, p, SEEK_TOP); break;
    case ACTION_COPY:
        transcript_pane_copy(p->transcript, &text);
        console_copied_text(c, &text);
        break;
    case ACTION_SEARCH: console_prompt(c, "/", "", &c->searches, false, search_typed); break;
    case ACTION_LEAVE:
        p->browsing = false;
        transcript_pane_end(p->transcript);
        break;
    }
}
