/* Running a hook: its work is claimed, its command run (child_run.h), and what came of it written
 * down. */
#include "core/stream/hook_runner.h"
#include "core/base/mem.h"
#include "core/stream/child_run.h"
#include "core/stream/hook_work.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OUTPUT_KEPT (4u * 1024u)
#define TIMEOUT_MS  30000
#define TERM_MS     2000 /* from TERM to KILL */

static void tell(cJSON *outcome, const struct child_run *r)
{
    if (r->code >= 0)
        json_add_int(outcome, "status", r->code);
    else
        json_add_int(outcome, "signal", -r->code);
    cJSON_AddBoolToObject(outcome, "timedOut", r->timed_out);
    cJSON_AddBoolToObject(outcome, "stopped", r->stopped);
    json_add_text(outcome, "output", r->tail.data ? r->tail.data : "", r->tail.len);
}

static void run_command(const cJSON *work, const char *cwd, cJSON *outcome)
{
    char *event = mem_printf("%s\n", json_string(work, "event", "")), *why = NULL;
    const struct child_order order = {
        .command = json_get(work, "command"),
        .env = json_get(work, "env"),
        .cwd = cwd,
        .input = event,
        .input_n = strlen(event),
        .timeout_ms = json_int(work, "timeout", TIMEOUT_MS),
        .term_ms = TERM_MS,
        .tail_max = OUTPUT_KEPT,
        .caller = -1,
    };
    struct child_run r;
    if (child_run(&order, &r, &why) == ERR_OK)
        tell(outcome, &r);
    else
        json_add_text(outcome, "error", why, strlen(why));
    free(why);
    child_run_finish(&r);
    free(event);
}

/* The command's environment is the hub's, but for who and where somebody was who happened to start
 * that hub. */
static void forget_starter(void)
{
    static const char *const dropped[] = {"BATON", "BATON_TOKEN", "BATON_IDENTITY"};
    for (size_t i = 0; i < sizeof dropped / sizeof *dropped; i++)
        unsetenv(dropped[i]);
}

static char *home(void)
{
    const char *dir = getenv("HOME");
    struct stat st;
    return mem_strdup(dir && stat(dir, &st) == 0 && S_ISDIR(st.st_mode) ? dir : "/");
}

/* The second process. base is the file without its ending. */
static int run(const char *base)
{
    cJSON *work = NULL;
    int lock = -1;
    enum err e = hook_claim(base, &lock, &work);
    if (e != ERR_OK)
        return e == ERR_BUSY ? 0 : 1;
    forget_starter();
    char *cwd = home();
    cJSON *outcome = cJSON_CreateObject();
    run_command(work, cwd, outcome);
    e = hook_finish(base, outcome);
    cJSON_Delete(outcome);
    cJSON_Delete(work);
    free(cwd);
    close(lock);
    return e == ERR_OK ? 0 : 1;
}

int hook_main(const char *file)
{
    size_t n = strlen(file);
    if (n < 7 || file[0] != '/' || strcmp(file + n - 5, ".json") != 0)
        return 2;
    pid_t pid = fork();
    if (pid != 0)
        return pid < 0 ? 1 : 0;
    setsid(); /* apart from whoever started it */
    child_run_settle("baton: hook");
    char *base = mem_strndup(file, n - 5);
    int status = run(base);
    free(base);
    _exit(status);
}
