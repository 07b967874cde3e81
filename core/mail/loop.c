/* See loop.h. */
#include "core/mail/loop.h"
#include "core/base/json.h"

#include <string.h>

#define MINUTE_US INT64_C(60000000)

static cJSON *parsed(const char *hops)
{
    cJSON *json = NULL;
    if (!hops || !*hops || json_parse(hops, strlen(hops), &json) != ERR_OK)
        return NULL;
    return json;
}

int64_t loop_hops_count(const char *hops)
{
    cJSON *json = parsed(hops);
    int64_t n = json_int(json, "n", 0);
    cJSON_Delete(json);
    return n > 0 ? n : 0;
}

char *loop_hops_next(const char *before, const char *sender, bool human)
{
    cJSON *json = human ? NULL : parsed(before);
    cJSON *next = cJSON_CreateObject(), *via = NULL;
    int64_t n = json_int(json, "n", 0);

    json_add_int(next, "n", human ? 0 : (n > 0 ? n : 0) + 1);
    if (json)
        via = cJSON_DetachItemFromObjectCaseSensitive(json, "via");
    if (!cJSON_IsArray(via)) {
        cJSON_Delete(via);
        via = cJSON_CreateArray();
    }
    if (!human)
        cJSON_AddItemToArray(via, cJSON_CreateString(sender));
    while (cJSON_GetArraySize(via) > LOOP_HOPS_KEPT)
        cJSON_DeleteItemFromArray(via, 0);
    cJSON_AddItemToObject(next, "via", via);
    char *text = json_print(next);
    cJSON_Delete(next);
    cJSON_Delete(json);
    return text;
}

bool loop_rate_take(struct loop_rate *r, int64_t now_us, int64_t limit)
{
    int64_t minute = now_us / MINUTE_US, into = now_us % MINUTE_US;
    if (minute != r->minute) {
        r->before = minute == r->minute + 1 ? r->now : 0;
        r->now = 0;
        r->minute = minute;
    }
    /* Of the minute before, the part that is still less than a minute ago. */
    int64_t sum = r->now + r->before * (MINUTE_US - into) / MINUTE_US;
    if (limit > 0 && sum >= limit)
        return false;
    r->now++;
    return true;
}
