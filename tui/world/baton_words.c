/* Sentences about batons (see baton_words.h). A table from an event's kind to the function that
 * words it; all are in the past tense, which "you" and a name share. */
#include "tui/world/baton_words.h"

#include "core/base/clock.h"
#include "core/base/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct words {
    const cJSON *event, *data;
    const char *me;
    char *out;
    size_t size;
};

static void say(struct words *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct words *w, const char *format, ...)
{
    size_t n = strlen(w->out);
    va_list ap;

    va_start(ap, format);
    vsnprintf(w->out + n, w->size - n, format, ap);
    va_end(ap);
}

static const char *text(const struct words *w, const char *key)
{
    return json_string(w->data, key, "");
}

/* A member by the property that names it. */
static const char *member(const struct words *w, const char *key)
{
    const char *name = text(w, key);

    return name[0] && !strcmp(name, w->me) ? "you" : name[0] ? name : "somebody";
}

/* What is driven: a shell or a session. */
static const char *target(const struct words *w)
{
    const char *id = text(w, "target");

    if (!id[0])
        id = text(w, "sessionId");
    return id[0] ? id : text(w, "shellId");
}

/* ": why", when somebody said why. */
static void say_why(struct words *w, const char *key)
{
    if (text(w, key)[0])
        say(w, ": %.200s", text(w, key));
}

static void passed(struct words *w)
{
    bool own = !text(w, "by")[0] || !strcmp(text(w, "by"), text(w, "from"));

    say(w, "%s passed %s %s", own ? member(w, "from") : member(w, "by"), member(w, "to"),
        target(w));
    if (!own && text(w, "from")[0])
        say(w, ", which %s had", member(w, "from"));
    say_why(w, "note");
}

static void changed(struct words *w)
{
    const char *reason = text(w, "reason"), *from = member(w, "from"), *to = member(w, "to");
    bool was = text(w, "from")[0], is = text(w, "to")[0];

    if (!strcmp(reason, "passed") && is)
        passed(w);
    else if (!strcmp(reason, "nextInLine") && is)
        say(w, "%s got %s, as the next in line", to, target(w));
    else if (is && was)
        say(w, "%s took %s from %s", to, target(w), from);
    else if (is)
        say(w, "%s took %s", to, target(w));
    else if (!strcmp(reason, "graceOver"))
        say(w, "%s is free: %s did not come back", target(w), from);
    else if (!strcmp(reason, "removed"))
        say(w, "%s is free: %s was removed", target(w), from);
    else if (!strcmp(reason, "restarted"))
        say(w, "%s is free: it was started again", target(w));
    else
        say(w, "%s released %s", from, target(w));
    if (is && strcmp(reason, "passed") != 0)
        say_why(w, "note");
    if (json_bool(w->data, "discarded", false))
        say(w, "; a half-typed line was thrown away");
}

static void requested(struct words *w)
{
    int64_t place = json_int(w->data, "place", 0);

    say(w, "%s asked", member(w, "by"));
    if (text(w, "holder")[0])
        say(w, " %s", member(w, "holder"));
    say(w, " for %s", target(w));
    if (place > 1)
        say(w, ", place %d in line", (int)place);
    say_why(w, "note");
}

static void denied(struct words *w)
{
    if (!strcmp(member(w, "member"), "you"))
        say(w, "your request for %s was denied by %s", target(w), member(w, "by"));
    else
        say(w, "%s denied %s %s", member(w, "by"), member(w, "member"), target(w));
    say_why(w, "reason");
}

static void withdrawn(struct words *w)
{
    say(w, "%s no longer asked for %s", member(w, "member"), target(w));
}

/* When the event happened, in milliseconds since 1970. */
static int64_t event_ms(const struct words *w)
{
    const char *time = json_string(w->event, "time", ""), *rest;
    struct tm tm = {0};

    rest = time[0] ? strptime(time, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
    if (rest)
        return (int64_t)timegm(&tm) * 1000 + (*rest == '.' ? (int64_t)(atof(rest) * 1000) : 0);
    return json_int(w->event, "time", clock_wall_us() / 1000);
}

static void lost(struct words *w)
{
    int64_t left = json_int(w->data, "graceUntil", 0) - event_ms(w);

    say(w, "%s is gone; %s is free", member(w, "holder"), target(w));
    if (left > 0 && left < 86400000)
        say(w, " in %d s", (int)((left + 500) / 1000));
}

static void back(struct words *w)
{
    say(w, "%s came back to %s", member(w, "holder"), target(w));
}

static void queued(struct words *w)
{
    say(w, "input of %s waited for %s", member(w, "by"), target(w));
}

static void delivered(struct words *w)
{
    say(w, "waiting input of %s went to %s", member(w, "by"), target(w));
}

static void refused(struct words *w)
{
    say(w, "waiting input of %s for %s was refused", member(w, "by"), target(w));
    say_why(w, "reason");
}

static void kicked(struct words *w)
{
    say(w, "%s kicked %s", member(w, "by"), member(w, "member"));
    say_why(w, "reason");
}

static void invited(struct words *w)
{
    const char *who = json_string(w->event, "who", ""), *by = text(w, "by")[0] ? "by" : "createdBy";

    if (text(w, by)[0] || !who[0])
        say(w, "%s invited %s", member(w, by), member(w, "member"));
    else
        say(w, "%s invited %s", !strcmp(who, w->me) ? "you" : who, member(w, "member"));
    if (text(w, "workspace")[0])
        say(w, " to %s", text(w, "workspace"));
    if (text(w, "role")[0])
        say(w, " as %s", text(w, "role"));
}

static void revoked(struct words *w)
{
    say(w, "%s revoked the invitation of %s", member(w, "by"), member(w, "member"));
    say_why(w, "reason");
}

static const struct {
    const char *kind;
    void (*word)(struct words *w);
} table[] = {
    {"batonChanged", changed},     {"batonRequested", requested}, {"batonDenied", denied},
    {"batonWithdrawn", withdrawn}, {"batonLost", lost},           {"batonBack", back},
    {"inputQueued", queued},       {"inputDelivered", delivered}, {"inputRefused", refused},
    {"memberKicked", kicked},      {"inviteCreated", invited},    {"inviteRevoked", revoked},
};

bool baton_words(const cJSON *event, const char *me, char *out, size_t size)
{
    struct words w = {event, json_get(event, "data"), me, out, size};
    const char *kind = json_string(event, "kind", "");

    out[0] = '\0';
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (!strcmp(kind, table[i].kind)) {
            table[i].word(&w);
            return true;
        }
    return false;
}
