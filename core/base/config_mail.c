/* See the header. */
#include "core/base/config_mail.h"
#include "core/base/config_agents.h"

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

static const struct config_key keys[] = {{"domain", check_domain},
                                         {"sendmail", config_command_wrong}};

bool config_mail_wrong(const cJSON *mail, struct config_wrong *w)
{
    const cJSON *v;
    w->path[0] = -1;
    cJSON_ArrayForEach(v, mail)
    {
        w->path[0]++;
        const char *says = config_key_wrong(mail, v, keys, sizeof keys / sizeof *keys,
                                            "is not known; there are domain and sendmail");
        if (says)
            return config_wrong_tell(w, v, NULL, says);
    }
    return false;
}
