/* The environment of programs in shells. */
#include "core/work/environment.h"
#include "core/base/mem.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of the terminal, multiplexer or hub that the hub was started from: not true inside a shell. */
static const char *const dropped[] = {
    "BATON",
    "BATON_DOOR",
    "BATON_WORKSPACE",
    "BATON_TOKEN",
    "BATON_SESSION",
    "BATON_IDENTITY",
    "BATON_HUB",
    "COLORTERM",
    "COLUMNS",
    "LINES",
    "OLDPWD",
    "PWD",
    "SHLVL",
    "STY",
    "TERM",
    "TERMCAP",
    "TERM_PROGRAM",
    "TERM_PROGRAM_VERSION",
    "TMUX",
    "TMUX_PANE",
    "VTE_VERSION",
    "WINDOW",
    "WINDOWID",
    "KITTY_WINDOW_ID",
    "ALACRITTY_WINDOW_ID",
    "_",
};

static bool is_dropped(const char *entry)
{
    size_t n = strcspn(entry, "=");
    for (size_t i = 0; i < sizeof dropped / sizeof *dropped; i++)
        if (strlen(dropped[i]) == n && strncmp(entry, dropped[i], n) == 0)
            return true;
    return false;
}

char **environment_set(char **env, const char *name, const char *value)
{
    const size_t n = strlen(name);
    size_t count = 0;
    while (env[count]) {
        if (strncmp(env[count], name, n) == 0 && env[count][n] == '=') {
            free(env[count]);
            env[count] = mem_printf("%s=%s", name, value);
            return env;
        }
        count++;
    }
    env = mem_reallocarray(env, count + 2, sizeof *env);
    env[count] = mem_printf("%s=%s", name, value);
    env[count + 1] = NULL;
    return env;
}

char **environment_for_shell(const char *hub, const char *shell, const char *workspace)
{
    size_t count = 0, at = 0;
    while (environ[count])
        count++;
    char *own[] = {
        mem_strdup("TERM=xterm-256color"),     mem_strdup("COLORTERM=truecolor"),
        mem_strdup("TERM_PROGRAM=baton"),      mem_strdup("TERM_PROGRAM_VERSION=" BATON_VERSION),
        mem_printf("BATON=%s:%s", hub, shell), mem_printf("BATON_WORKSPACE=%s", workspace),
    };
    const size_t more = sizeof own / sizeof *own;
    char **env = mem_calloc(count + more + 1, sizeof *env);
    for (size_t i = 0; i < count; i++)
        if (!is_dropped(environ[i]))
            env[at++] = mem_strdup(environ[i]);
    memcpy(env + at, own, sizeof own);
    return env;
}

static size_t name_length(const char *entry)
{
    return strcspn(entry, "=");
}

static bool is_in(char *const *list, const char *entry)
{
    const size_t n = name_length(entry);
    for (; list && *list; list++)
        if (name_length(*list) == n && strncmp(*list, entry, n) == 0)
            return true;
    return false;
}

/* PATH with the program's folder at its end; NULL when it has it, or none is to be had. */
static char *longer_path(const char *program)
{
    const char *path = getenv("PATH"), *slash = strrchr(program, '/');
    if (!path || !slash || slash == program)
        return NULL;
    const size_t n = (size_t)(slash - program);
    for (const char *at = path; at; at = strchr(at, ':')) {
        at += *at == ':';
        if (strncmp(at, program, n) == 0 && (at[n] == ':' || at[n] == '\0'))
            return NULL;
    }
    return mem_printf("PATH=%s:%.*s", path, (int)n, program);
}

char **environment_for_agent(const struct agent_place *place, char *const *more)
{
    size_t count = 0, extra = 0, at = 0;
    while (environ[count])
        count++;
    while (more && more[extra])
        extra++;
    char *own[] = {
        mem_strdup("TERM=dumb"),
        mem_printf("BATON_HUB=%s", place->hub),
        mem_printf("BATON_WORKSPACE=%s", place->workspace),
        mem_printf("BATON_SESSION=%s", place->session),
        mem_printf("BATON_IDENTITY=%s", place->member),
        mem_printf("BATON_TOKEN=%s", place->token),
        longer_path(place->program), /* the last: it may be NULL */
        NULL,
    };
    char **env = mem_calloc(count + extra + sizeof own / sizeof *own, sizeof *env);
    for (size_t i = 0; i < count; i++)
        if (!is_dropped(environ[i]) && !is_in(own, environ[i]) && !is_in(more, environ[i]))
            env[at++] = mem_strdup(environ[i]);
    for (char **o = own; *o; o++) {
        if (is_in(more, *o))
            free(*o);
        else
            env[at++] = *o;
    }
    for (size_t i = 0; i < extra; i++)
        env[at++] = mem_strdup(more[i]);
    return env;
}

char **environment_for_binding(const char *hub, const char *bin)
{
    const char *path = getenv("PATH");
    size_t count = 0, at = 0;
    while (environ[count])
        count++;
    char **env = mem_calloc(count + 8, sizeof *env);
    for (size_t i = 0; i < count; i++)
        if (!is_dropped(environ[i]) && strncmp(environ[i], "PATH=", 5) != 0)
            env[at++] = mem_strdup(environ[i]);
    env[at++] = mem_printf("PATH=%s:%s", path ? path : "/usr/local/bin:/usr/bin:/bin", bin);
    env[at] = mem_printf("BATON_HUB=%s", hub);
    return env;
}

void environment_free(char **env)
{
    for (char **e = env; e && *e; e++)
        free(*e);
    free(env);
}
