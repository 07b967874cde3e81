/* Pages of records. A page ends where the position moves, so the next one begins exactly behind. */
#include "transport/cli/records.h"
#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

#define CALL_MS 30000
#define PAGE    2000

struct records {
    struct client *client;
    char *id;
    cJSON *page;        /* or NULL */
    const cJSON *at;    /* the next one in page */
    const cJSON *frame; /* page's keyframe, until it is given out */
    char *bytes;        /* what the last record borrows */
    uint64_t since;
    bool last; /* page was the last one */
};

struct records *records_open(struct client *client, const char *stream_id)
{
    struct records *r = mem_zalloc(sizeof *r);
    r->client = client;
    r->id = mem_strdup(stream_id);
    return r;
}

void records_close(struct records *r)
{
    if (!r)
        return;
    cJSON_Delete(r->page);
    free(r->bytes);
    free(r->id);
    free(r);
}

bool records_decode(const cJSON *json, struct cast_record *ret_record, char **ret_bytes)
{
    const char *kind = json_string(json, "kind", "");
    struct cast_record r = {
        .kind = kind[0],
        .time_us = json_int(json, "time", 0),
        .pos = (uint64_t)json_int(json, "pos", 0),
        .who = json_string(json, "who", ""),
        .rows = (int)json_int(json, "rows", 0),
        .cols = (int)json_int(json, "cols", 0),
        .code = (int)json_int(json, "code", 0),
        .bytes = "",
    };
    char *bytes = NULL;
    if (!kind[0] || kind[1] || !strchr("oeirxk", kind[0]))
        return false;
    if (json_get(json, "data")) {
        if (json_get_base64(json, "data", &bytes, &r.n) != ERR_OK)
            return false;
        r.bytes = bytes;
    }
    *ret_record = r;
    *ret_bytes = bytes;
    return true;
}

static enum err next_page(struct records *r, struct client_fault *ret_fault)
{
    cJSON *ask = cJSON_CreateObject(), *page = NULL;
    cJSON_AddStringToObject(ask, "streamId", r->id);
    json_add_int(ask, "since", (int64_t)r->since);
    json_add_int(ask, "limit", PAGE);
    enum err e = client_call(r->client, "stream.records", ask, CALL_MS, &page, ret_fault);
    cJSON_Delete(ask);
    if (e != ERR_OK)
        return e;
    uint64_t next = (uint64_t)json_int(page, "next", 0);
    cJSON_Delete(r->page);
    r->page = page;
    r->at = json_get(page, "records") ? json_get(page, "records")->child : NULL;
    r->frame = json_get(page, "keyframe");
    /* A page that does not lead on is the last one, whatever it says. */
    r->last = json_bool(page, "last", true) || next <= r->since;
    r->since = next;
    return ERR_OK;
}

static bool keyframe(struct records *r, struct cast_record *ret_record)
{
    size_t n = 0;
    const cJSON *frame = r->frame;
    r->frame = NULL;
    if (json_get_base64(frame, "data", &r->bytes, &n) != ERR_OK)
        return false;
    *ret_record = (struct cast_record){.kind = 'k',
                                       .pos = (uint64_t)json_int(frame, "pos", 0),
                                       .bytes = r->bytes,
                                       .n = n,
                                       .who = "",
                                       .rows = (int)json_int(frame, "rows", 0),
                                       .cols = (int)json_int(frame, "cols", 0)};
    return true;
}

enum err records_next(struct records *r, struct cast_record *ret_record,
                      struct client_fault *ret_fault)
{
    for (;;) {
        free(r->bytes);
        r->bytes = NULL;
        if (r->frame && keyframe(r, ret_record))
            return ERR_OK;
        while (r->at) {
            const cJSON *json = r->at;
            r->at = json->next;
            if (records_decode(json, ret_record, &r->bytes))
                return ERR_OK;
        }
        if (r->page && r->last)
            return ERR_AGAIN;
        enum err e = next_page(r, ret_fault);
        if (e != ERR_OK)
            return e;
    }
}
