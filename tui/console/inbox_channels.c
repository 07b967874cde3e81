/* Channels from the inbox: which there are, subscribing to one and leaving it. What is published
 * comes into the inbox like everything else; "#NAME" in a new message's To line publishes. One
 * thread. */
#include "tui/console/console_private.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHANNELS_MAX 1000
#define ANOTHER      "*" /* the popup's line for a channel that it does not list */

void console_channels_came(struct console *c, const cJSON *list)
{
    struct post *post = &c->post;
    const cJSON *item;

    for (size_t i = 0; i < post->channel_count; i++)
        free(post->channels[i]);
    free(post->channels);
    post->channels = mem_calloc(CHANNELS_MAX, sizeof(char *));
    post->channel_count = 0;
    cJSON_ArrayForEach(item, list)
    {
        const char *name = json_string(item, "channel", "");
        char safe[400];
        if (!*name || post->channel_count >= CHANNELS_MAX)
            continue;
        text_make_safe(safe, sizeof safe, name, strlen(name));
        if (!strcmp(safe, name) && !strpbrk(name, " ,;\t")) /* else it cannot be typed */
            post->channels[post->channel_count++] = mem_printf("#%s", name);
    }
}

static void subscribed(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct console *c = data;
    char safe[400];
    const char *name = json_string(result, "channel", "");

    c->draw = c->post.people_wanted = true;
    text_make_safe(safe, sizeof safe, name, strlen(name));
    if (fault)
        notices_add(&c->notices, ROLE_BAD, "%s", fault->message);
    else
        notices_add(&c->notices, ROLE_GOOD, "%s subscribed to #%s",
                    theme_glyph(c->theme, GLYPH_DONE), safe);
}

static void left(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct console *c = data;
    char safe[400];
    const char *name = json_string(result, "channel", "");

    c->draw = c->post.people_wanted = true;
    text_make_safe(safe, sizeof safe, name, strlen(name));
    if (fault)
        notices_add(&c->notices, ROLE_BAD, "%s", fault->message);
    else
        notices_add(&c->notices, ROLE_TEXT, "#%s comes to you no longer", safe);
}

static void subscribe(struct console *c, const char *name)
{
    cJSON *params;

    name += *name == '#';
    if (!*name)
        return;
    params = cJSON_CreateObject();
    json_add_text(params, "channel", name, strlen(name));
    client_send(c->client, "comms.subscribe", params, CONSOLE_CALL_MS, subscribed, c);
    cJSON_Delete(params);
}

/* A channel to subscribe to, "-" and the subscription that ends, or the wish for another one. */
static void chosen(struct console *c, const char *target)
{
    cJSON *params;

    if (!strcmp(target, ANOTHER)) {
        console_prompt(c, "subscribe to: #", "", NULL, false, subscribe);
        return;
    }
    if (*target != '-') {
        subscribe(c, target);
        return;
    }
    params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "subscription_id", target + 1);
    client_send(c->client, "comms.unsubscribe", params, CONSOLE_CALL_MS, left, c);
    cJSON_Delete(params);
}

static void listed(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct console *c = data;
    struct popup *popup;
    const cJSON *item;

    c->draw = true;
    if (fault) {
        notices_add(&c->notices, ROLE_BAD, "%s", fault->message);
        return;
    }
    if (c->mode != MODE_NORMAL) /* somebody does something else by now */
        return;
    popup = popup_create("channels: Enter joins or leaves", true);
    cJSON_ArrayForEach(item, result)
    {
        const char *name = json_string(item, "channel", "");
        const char *mine = json_string(item, "subscription_id", "");
        int n = (int)json_int(item, "subscribers", 0);
        char *key = mem_printf("#%s", name),
             *target = mem_printf("%s%s", *mine ? "-" : "#", *mine ? mine : name);
        char text[80];
        snprintf(text, sizeof text, "%s%d subscribed", *mine ? "you, " : "", n);
        popup_add(popup, *mine ? ROLE_TEXT : ROLE_DIM, key, text, target);
        free(key);
        free(target);
    }
    popup_add(popup, ROLE_DIM, "another one …", "a new name makes one", ANOTHER);
    console_popup(c, popup, chosen);
}

void console_channels(struct console *c)
{
    if (c->connected)
        client_send(c->client, "comms.channels", NULL, CONSOLE_CALL_MS, listed, c);
}
