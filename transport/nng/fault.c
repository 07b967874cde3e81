/* What went wrong, from the hub's words or ours. Any thread. */
#include "transport/nng/fault.h"
#include "core/base/json.h"
#include "core/base/text.h"

#include <stdio.h>
#include <string.h>

void client_fault_finish(struct client_fault *fault)
{
    cJSON_Delete(fault->data);
    fault->data = NULL;
}

void fault_set(struct client_fault *fault, enum err code, const char *message)
{
    if (!fault)
        return;
    const struct err_text *text = err_text(code);
    *fault = (struct client_fault){.code = code, .retry = text->retry};
    snprintf(fault->name, sizeof fault->name, "%s", text->name);
    snprintf(fault->message, sizeof fault->message, "%s", message ? message : text->person);
    snprintf(fault->next, sizeof fault->next, "%s", text->next);
}

static void put_safe(char *out, size_t size, const char *text)
{
    text_make_safe(out, size, text, strlen(text));
}

void fault_read(struct client_fault *fault, cJSON *error)
{
    cJSON *data = cJSON_DetachItemFromObjectCaseSensitive(error, "data");
    const char *name = json_string(data, "name", err_text(ERR_INTERNAL)->name);
    const enum err code = err_from_name(name);
    const struct err_text *text = err_text(code);

    *fault = (struct client_fault){.code = code, .data = data};
    put_safe(fault->name, sizeof fault->name, name);
    put_safe(fault->message, sizeof fault->message,
             json_string(data, "person", json_string(error, "message", text->person)));
    put_safe(fault->next, sizeof fault->next, json_string(data, "next", text->next));
    fault->retry = json_bool(data, "retry", text->retry);
}
