/* See the header. */
#include "core/base/config_mail.h"
#include "core/base/config_agents.h"
#include "core/base/json.h"

#include <stdio.h>
#include <string.h>

static const char *check_domain(const cJSON *v)
{
    const char *d = cJSON_IsString(v) ? v->valuestring : "";
    size_t n = strspn(d, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-");
    return n < 1 || n > 200 || d[n] || d[0] == '.' || d[0] == '-' || d[n - 1] == '.' ||
                   strstr(d, "..")
               ? "must be a domain, such as \"baton.local\""
               : NULL;
}

static const struct {
    const char *name;
    const char *(*wrong)(const cJSON *v);
} keys[] = {{"domain", check_domain}, {"sendmail", config_command_wrong}};

bool config_mail_wrong(const cJSON *mail, struct config_wrong *w)
{
    const cJSON *v;
    w->path[0] = -1;
    cJSON_ArrayForEach(v, mail)
    {
        const char *says = "is not known; there are domain and sendmail";
        w->path[0]++;
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
            if (strcmp(v->string, keys[i].name) == 0)
                says = json_get(mail, v->string) != v ? "is there twice" : keys[i].wrong(v);
        if (says) {
            w->depth = 1;
            snprintf(w->name, sizeof w->name, "%s", v->string);
            snprintf(w->says, sizeof w->says, "%s", says);
            return true;
        }
    }
    return false;
}
