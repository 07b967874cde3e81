/* Commands that run in this process: the table, and those that are short. */
#include "transport/cli/command.h"
#include "core/base/mem.h"
#include "core/base/paths.h"

#include <stdlib.h>
#include <string.h>

#define STATUS_MS 30000

static int hub_run_command(const struct command *c)
{
    if (!path_hub_name_ok(c->options.hub))
        return command_usage(c, "Another user's hub is not for you to run");
    return c->doors->hub_run(&c->options, !json_bool(c->flags.input, "detached", false));
}

static int hub_start_command(const struct command *c)
{
    struct client_fault fault = {0};
    cJSON *result = NULL;
    int status = EXIT_FAILED;
    struct client *client = command_connect(c, true, &status);
    if (!client)
        return status;
    if (client_call(client, "hub.status", NULL, STATUS_MS, &result, &fault) == ERR_OK)
        status = command_print(c, result);
    else
        status = command_fault(c, &fault);
    cJSON_Delete(result);
    client_close(client);
    return status;
}

const struct local_command local_commands[] = {
    {"hub.run", hub_run_command},
    {"hub.start", hub_start_command},
    {"hub.upgrade", local_hub_upgrade}, /* the next hub answers when it ends */
    {"hub.doctor", local_doctor},
    {"stream.export", local_export},
    {"stream.play", local_play},
    {"events.follow", local_events_follow},
    {"identity.use", local_identity_use},
    {"email.send", local_email_send},
    {"email.reply", local_email_send},
    {"email.reply-all", local_email_send},
    {"email.forward", local_email_send},
    {"email.deliver", local_email_deliver},
    {"email.attachment", local_email_attachment},
    {"email.export", local_email_export},
    {NULL, NULL},
};

const struct local_command long_commands[] = {
    {"approval.watch", command_approval_watch}, {"session.prompt", command_turn},
    {"session.accept", command_turn},           {"session.wait", command_turn},
    {"process.exec", command_process_exec},     {"process.output", command_process_output},
    {"process.wait", command_process_wait},     {NULL, NULL},
};

static const struct local_command *find(const struct local_command *l, const struct capability *row)
{
    size_t group = strlen(row->group);
    for (; l->method; l++)
        if (strncmp(l->method, row->group, group) == 0 && l->method[group] == '.' &&
            strcmp(l->method + group + 1, row->name) == 0)
            return l;
    return NULL;
}

const struct local_command *local_find(const struct capability *row)
{
    return find(local_commands, row);
}

const struct local_command *long_find(const struct capability *row)
{
    return find(long_commands, row);
}
