/* A session's feed (see sessionfeed.h). What always holds: the transcript has taken in every number
 * from transcript_whole to its head; at most one page forward and one page back are on their way.
 * A live event that is not the next one is not kept: the page that is asked for has it. */
#include "tui/world/sessionfeed.h"

#include "core/base/json.h"
#include "core/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_EVENTS 2000 /* so many of the newest are read at first */
#define PAGE_EVENTS  2000
#define CALL_MS      30000

static void tell(struct sessionfeed *f, enum session_news news, const char *text)
{
    if (f->listener.news)
        f->listener.news(f->listener.data, f, news, text);
}

static void ask(struct sessionfeed *f);

static const cJSON *entries_of(const cJSON *result)
{
    return cJSON_IsArray(result) ? result : json_get(result, "events");
}

/* True when the call was no use. */
static bool failed(struct sessionfeed *f, const struct client_fault *fault)
{
    if (!fault)
        return false;
    if (fault->code == ERR_NOT_FOUND) {
        f->gone = true;
        tell(f, SESSION_GONE, fault->message);
    } else if (fault->code != ERR_NO_HUB && fault->code != ERR_LOST) {
        tell(f, SESSION_FAILED_CALL, fault->message); /* a broken link asks again when it is back */
    }
    return true;
}

static void got_page(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct sessionfeed *f = data;
    const cJSON *entry;
    int64_t before = transcript_head(f->transcript), head;

    f->asking = false;
    if (failed(f, fault))
        return;
    cJSON_ArrayForEach(entry, entries_of(result))
    {
        transcript_add_entry(f->transcript, entry, json_int(entry, "timestamp", 0));
    }
    f->loaded = true;
    head = transcript_head(f->transcript);
    if (head > f->heard)
        f->heard = head;
    tell(f, SESSION_CHANGED, NULL);
    if (head > before)
        ask(f); /* a page may be cut by its bytes: the end is where nothing more comes */
}

static void send_page(struct sessionfeed *f, int64_t since, int limit, client_done done)
{
    cJSON *params = cJSON_CreateObject();

    cJSON_AddStringToObject(params, "sessionId", f->id);
    json_add_int(params, "since", since);
    json_add_int(params, "limit", limit);
    client_send(f->client, "session.events", params, CALL_MS, done, f);
    cJSON_Delete(params);
}

static void ask(struct sessionfeed *f)
{
    int64_t since = transcript_head(f->transcript);

    if (f->asking || f->gone || !f->connected || !f->client)
        return;
    if (since == 0 && f->heard > FIRST_EVENTS)
        since = f->heard - FIRST_EVENTS;
    f->asking = true;
    send_page(f, since, PAGE_EVENTS, got_page);
}

static void earlier_from(struct sessionfeed *f, int64_t since);

static void got_earlier(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct sessionfeed *f = data;
    const cJSON *entries = entries_of(result), *entry;
    const cJSON *first = entries ? entries->child : NULL;
    /* A list's first item knows its last one. */
    int64_t last = first ? json_int(first->prev, "sequenceNumber", 0) : 0;
    bool cut;

    f->earlier = false;
    if (failed(f, fault))
        return;
    cut = last > 0 && last < transcript_whole(f->transcript) - 1; /* by its bytes */
    if (cut && !f->page)
        f->page = cJSON_CreateArray();
    if (f->page) /* else all is in this one answer, and need not be copied */
        cJSON_ArrayForEach(entry, entries)
        {
            cJSON_AddItemToArray(f->page, cJSON_Duplicate(entry, true));
        }
    if (cut) {
        earlier_from(f, last);
        return;
    }
    f->full = !transcript_prepend(f->transcript, f->page ? f->page : entries, f->begin);
    cJSON_Delete(f->page);
    f->page = NULL;
    tell(f, SESSION_CHANGED, NULL);
}

static void earlier_from(struct sessionfeed *f, int64_t since)
{
    f->earlier = true;
    send_page(f, since, (int)(transcript_whole(f->transcript) - 1 - since), got_earlier);
}

void sessionfeed_earlier(struct sessionfeed *f, int events)
{
    int64_t whole = transcript_whole(f->transcript);

    if (f->earlier || f->gone || !f->connected || !f->client || !f->loaded || whole <= 1)
        return;
    cJSON_Delete(f->page);
    f->page = NULL;
    events = events > 0 ? events : PAGE_EVENTS;
    f->begin = whole > events ? whole - events : 1;
    earlier_from(f, f->begin - 1);
}

struct sessionfeed *sessionfeed_open(struct client *client, const char *session, int64_t head,
                                     const struct session_listener *listener)
{
    struct sessionfeed *f = mem_zalloc(sizeof *f);

    snprintf(f->id, sizeof f->id, "%s", session);
    f->client = client;
    f->listener = *listener;
    f->transcript = transcript_create(0);
    f->heard = head;
    f->connected = true;
    ask(f);
    return f;
}

void sessionfeed_close(struct sessionfeed *f)
{
    if (!f)
        return;
    if (f->client)
        client_forget(f->client, f);
    cJSON_Delete(f->page);
    transcript_destroy(f->transcript);
    free(f);
}

void sessionfeed_event(struct sessionfeed *f, const cJSON *data, int64_t at)
{
    int64_t seq = json_int(data, "sequenceNumber", 0), head = transcript_head(f->transcript);

    if (seq <= head)
        return;
    if (seq > f->heard)
        f->heard = seq;
    if (seq != head + 1 || (head == 0 && !f->loaded)) {
        ask(f);
        return;
    }
    transcript_add_entry(f->transcript, data, at);
    f->loaded = true;
    tell(f, SESSION_CHANGED, NULL);
}

void sessionfeed_catch_up(struct sessionfeed *f, int64_t head)
{
    if (head > f->heard)
        f->heard = head;
    if (head == 0 || f->heard > transcript_head(f->transcript))
        ask(f);
}

void sessionfeed_connected(struct sessionfeed *f, bool is)
{
    f->connected = is;
    if (f->client)
        client_forget(f->client, f); /* what was out has failed */
    f->asking = f->earlier = false;
    if (is)
        ask(f);
}
