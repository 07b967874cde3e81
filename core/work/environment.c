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
    "BATON_WORKSPACE",
    "BATON_TOKEN",
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

char **environment_for_shell(const char *hub, const char *shell, const char *workspace)
{
    size_t count = 0, at = 0;
    while (environ[count])
        count++;
    char **env = mem_calloc(count + 8, sizeof *env);
    for (size_t i = 0; i < count; i++)
        if (!is_dropped(environ[i]))
            env[at++] = mem_strdup(environ[i]);
    env[at++] = mem_strdup("TERM=xterm-256color");
    env[at++] = mem_strdup("COLORTERM=truecolor");
    env[at++] = mem_strdup("TERM_PROGRAM=baton");
    env[at++] = mem_strdup("TERM_PROGRAM_VERSION=" BATON_VERSION);
    env[at++] = mem_printf("BATON=%s:%s", hub, shell);
    env[at++] = mem_printf("BATON_WORKSPACE=%s", workspace);
    return env;
}

void environment_free(char **env)
{
    for (char **e = env; e && *e; e++)
        free(*e);
    free(env);
}
