/* What is in force, and where each value came from (config.h). Pure, any thread. */
#include "core/base/config_lines.h"
#include "core/base/config_private.h"
#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

/* Adds one row, which it gives; takes value. The source is the line of KEY or GROUP.KEY, else
 * `otherwise`. */
static cJSON *show(const struct config *c, cJSON *out, const char *group, const char *key,
                   cJSON *value, const char *otherwise)
{
    int path[2] = {0}, depth = 0;
    const cJSON *in = c->json, *v;
    char *name = group ? mem_printf("%s.%s", group, key) : mem_strdup(key), *source = NULL;
    const char *const steps[] = {group ? group : key, group ? key : NULL};

    for (; in && depth < 2 && steps[depth]; depth++) {
        const cJSON *found = json_get(in, steps[depth]);
        path[depth] = 0;
        cJSON_ArrayForEach(v, in)
        {
            if (v == found)
                break;
            path[depth]++;
        }
        in = found;
    }
    if (in)
        source = mem_printf("%s:%d", c->file, config_line(c->text, c->text_n, path, depth));
    cJSON *row = cJSON_AddObjectToObject(out, name);
    cJSON_AddItemToObject(row, "value", value);
    json_add_text(row, "source", source ? source : otherwise, strlen(source ? source : otherwise));
    free(source);
    free(name);
    return row;
}

/* A number is a number here whatever it counts; a person is shown it in its unit. */
static void show_number(const struct config *c, cJSON *out, const char *group, const char *key,
                        double value, const char *unit)
{
    cJSON *row = show(c, out, group, key, cJSON_CreateNumber(value), "default");
    if (unit)
        cJSON_AddStringToObject(row, "unit", unit);
}

cJSON *config_show(const struct config *c)
{
    static const char *const objects[] = {"keys", "agents", "mail", "hooks", "policy", "members"};
    const struct {
        const char *key;
        double value;
        const char *unit;
    } limits[] = {{"history", config_history(c), NULL},
                  {"streams", config_max_streams(c), NULL},
                  {"permission", (double)c->permission_ms / 1000, "s"},
                  {"approval", (double)c->approval_ms / 1000, "s"},
                  {"hook", (double)c->hook_ms / 1000, "s"},
                  {"sendmail", (double)c->sendmail_ms / 1000, "s"},
                  {"line", (double)c->line, "bytes"},
                  {"hops", (double)config_mail_hops(c), NULL},
                  {"inbox_rate", (double)config_mail_rate(c), NULL},
                  {"tries", config_mail_tries(c), NULL},
                  {"bindings", config_bindings(c), NULL},
                  {"memory", (double)config_box_memory(c), "bytes"},
                  {"processes", config_box_processes(c), NULL},
                  {"disk", (double)config_box_disk(c), "bytes"},
                  {"file", (double)config_box_file(c), "bytes"}};
    cJSON *out = cJSON_CreateObject();
    show(c, out, NULL, "shell", cJSON_CreateString(config_shell(c)),
         c->env_shell ? "environment SHELL" : "default");
    show(c, out, NULL, "theme", cJSON_CreateString(config_theme(c)), "default");
    show(c, out, NULL, "prefix", cJSON_CreateString(config_prefix(c)), "default");
    show_number(c, out, NULL, "retention", (double)c->retention, "bytes");
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        show_number(c, out, "limits", limits[i].key, limits[i].value, limits[i].unit);
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
        const cJSON *v = json_get(c->json, objects[i]);
        show(c, out, NULL, objects[i], v ? cJSON_Duplicate(v, true) : cJSON_CreateObject(),
             "default");
    }
    return out;
}
