/* Prints the catalogue for tests: a JSON object a line with method, role, lane and input schema. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/hub/hub.h"
#include "core/people/role.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    static const char *const lanes[] = {"control", "stream", "client"};
    for (size_t i = 0; i < hub_catalogue()->count; i++) {
        const struct capability *row = hub_catalogue()->rows[i];
        cJSON *json = cJSON_CreateObject(), *input = NULL;
        char *method = mem_printf("%s.%s", row->group, row->name);
        if (json_parse(row->input, strlen(row->input), &input) != ERR_OK)
            return 1;
        cJSON_AddStringToObject(json, "method", method);
        cJSON_AddStringToObject(json, "role", role_name(row->role));
        cJSON_AddStringToObject(json, "lane", lanes[row->lane]);
        cJSON_AddBoolToObject(json, "self", (row->flags & CAP_SELF) != 0);
        cJSON_AddItemToObject(json, "input", input);
        char *text = json_print(json);
        puts(text);
        free(text);
        free(method);
        cJSON_Delete(json);
    }
    return 0;
}
