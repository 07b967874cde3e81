/* One command's run: what cli_main has read, and what its parts share. One thread. */
#ifndef BATON_CLI_COMMAND_H
#define BATON_CLI_COMMAND_H

#include "transport/cli/cli.h"
#include "transport/cli/flags.h"
#include "transport/nng/client.h"

#define EXIT_DONE    0
#define EXIT_FAILED  1
#define EXIT_USAGE   2
#define EXIT_TIMEOUT 124

struct command {
    struct cli_options options;
    const struct catalogue *catalogue;
    const struct cli_doors *doors;
    const struct capability *row;
    bool tool; /* called as agents do, agentos-GROUP: {"ok":true,"result":…}, or a sentence and 1 */
    cJSON *schema, *output; /* the row's, parsed; owned */
    struct flags flags;
};

/* What went wrong, on stderr: a sentence and what to do next, or one JSON object. Gives the exit
 * status; ends fault (client_fault_finish). */
int command_fault(const struct command *c, struct client_fault *fault);
/* The same for an error of the program's own; message NULL: the code's sentence. */
int command_fail(const struct command *c, enum err code, const char *message);
/* `baton: MESSAGE` and where to read more; gives EXIT_USAGE. */
int command_usage(const struct command *c, const char *message);
/* The same, and help is at `baton WHERE --help`. */
int command_usage_at(const struct command *c, const char *message, const char *where);

/* Connects. NULL: it is told, and *ret_status is the exit status. start: a hub is started first
 * when none answers. */
struct client *command_connect(const struct command *c, bool start, int *ret_status);

/* Has the hub, to which the client was connected, not let it in again? Then it is told, and
 * *ret_status is the exit status: waiting for it would be in vain. */
bool command_refused(const struct command *c, const struct client *client, int *ret_status);

/* Prints a result as the row's output says, or as one line of JSON; gives the exit status. */
int command_print(const struct command *c, const cJSON *result);
/* Writes all bytes to stdout; EXIT_FAILED, with a sentence, when that fails. */
int command_write(const struct command *c, const void *bytes, size_t n);

/* One call to the hub, from connecting to printing; asks first where the row says so. */
int command_call(const struct command *c);

/* `--follow` of a stream's bytes (follow_bytes.c) and of a session's events (session_follow.c). */
int command_follow(const struct command *c);
int command_session_follow(const struct command *c);

/* `session prompt`, `accept`, `wait` (session_turn.c): they go on when the hub dies. */
int command_turn(const struct command *c);

/* `approval watch` (approval_watch.c): it goes on when the hub dies. */
int command_approval_watch(const struct command *c);

/* `process exec`, `output` and `wait` (process.c): they go on when the hub dies. */
int command_process_exec(const struct command *c);
int command_process_output(const struct command *c);
int command_process_wait(const struct command *c);

/* `json-field NAME` (json_field.c): one member of the JSON object on standard input. */
int command_json_field(const struct command *c, const char *name);

/* The commands that run in this process: one for each row of LANE_CLIENT. */
struct local_command {
    const char *method;
    int (*run)(const struct command *c);
};
extern const struct local_command local_commands[]; /* ended by a NULL method */
const struct local_command *local_find(const struct capability *row);
/* The commands of the hub's rows that are more than one call: the same, or NULL. */
extern const struct local_command long_commands[];
const struct local_command *long_find(const struct capability *row);

int local_doctor(const struct command *c);
int local_hub_upgrade(const struct command *c);
int local_events_follow(const struct command *c);
int local_export(const struct command *c);
int local_play(const struct command *c);
int local_identity_use(const struct command *c);
int local_email_send(const struct command *c); /* and every other one with --attach */
int local_email_deliver(const struct command *c);
int local_email_attachment(const struct command *c);
int local_email_export(const struct command *c);

/* Who this Unix user is by `identity use`; NULL when that was never said. The caller frees. */
char *identity_default(void);

#endif
