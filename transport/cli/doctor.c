/* `hub doctor`: what this machine has and lacks for baton, and the command that mends it. It looks
 * only at the machine: it must work when no hub can start. */
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "core/base/text.h"
#include "core/work/limits.h"
#include "core/work/sandbox.h"
#include "transport/cli/command.h"

#include <langinfo.h>
#include <link.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LONGEST_SOCKET "agent-socket-0000" /* no socket of a hub has a longer name */
#define SPACE_LEAST    (256.0 * 1024 * 1024)

enum health { HEALTH_OK, HEALTH_NOTE, HEALTH_MISSING };

struct report {
    const struct command *command;
    cJSON *rows;
    bool missing;
};

static const char *const health_names[] = {"ok", "note", "missing"};

__attribute__((format(printf, 5, 6))) static void add(struct report *r, const char *check,
                                                      enum health health, const char *mend,
                                                      const char *format, ...)
{
    cJSON *row = cJSON_CreateObject();
    struct buf text = {0};
    va_list ap;
    va_start(ap, format);
    buf_vprintf(&text, format, ap);
    va_end(ap);
    cJSON_AddStringToObject(row, "check", check);
    cJSON_AddStringToObject(row, "state", health_names[health]);
    json_add_text(row, "detail", text.data ? text.data : "", text.len);
    cJSON_AddStringToObject(row, "mend", health == HEALTH_OK ? "" : mend);
    cJSON_AddItemToArray(r->rows, row);
    r->missing = r->missing || health == HEALTH_MISSING;
    buf_finish(&text);
}

static void check_runtime(struct report *r)
{
    char *dir = path_runtime_dir(r->command->options.hub);
    char *socket = path_join(dir, LONGEST_SOCKET);
    struct sockaddr_un address;
    enum err e = path_make_private(dir);
    if (e == ERR_OK)
        add(r, "runtime folder", HEALTH_OK, "", "%s", dir);
    else
        add(r, "runtime folder", HEALTH_MISSING,
            "export XDG_RUNTIME_DIR=/run/user/$(id -u), or give that folder to yourself", "%s: %s",
            dir, err_text(e)->person);
    if (strlen(socket) < sizeof address.sun_path)
        add(r, "socket names", HEALTH_OK, "", "%zu of %zu bytes", strlen(socket),
            sizeof address.sun_path - 1);
    else
        add(r, "socket names", HEALTH_MISSING,
            "use a shorter -L name, or a shorter XDG_RUNTIME_DIR",
            "%zu bytes, the system takes %zu", strlen(socket), sizeof address.sun_path - 1);
    free(socket);
    free(dir);
}

static void check_state(struct report *r)
{
    char *dir = path_state_dir(r->command->options.hub);
    struct statvfs fs;
    enum err e = path_make_private(dir);
    if (e != ERR_OK) {
        add(r, "state folder", HEALTH_MISSING, "set XDG_STATE_HOME to a folder that you may write",
            "%s: %s", dir, err_text(e)->person);
    } else if (statvfs(dir, &fs) == 0) {
        double space = (double)fs.f_bavail * (double)fs.f_frsize;
        bool enough = space >= SPACE_LEAST;
        add(r, "disk space", enough ? HEALTH_OK : HEALTH_MISSING,
            "free some space: every shell keeps up to 64 MiB of its record", "%.0f MiB free in %s",
            space / (1024 * 1024), dir);
    }
    free(dir);
}

static void check_hub(struct report *r)
{
    const struct client_options options = {.hub = r->command->options.hub,
                                           .token = getenv("BATON_TOKEN"),
                                           .identity = r->command->options.identity,
                                           .kind = "cli"};
    struct client_fault fault = {0};
    struct client *client = NULL;
    char *dir = path_runtime_dir(options.hub);
    enum err e = client_open(&options, &client, &fault);
    if (e == ERR_OK)
        add(r, "hub", HEALTH_OK, "", "%s answers", options.hub);
    else if (e == ERR_NO_HUB)
        add(r, "hub", HEALTH_NOTE, path_hub_is_others(options.hub) ? "" : "baton hub start",
            "%s does not run%s", options.hub,
            path_hub_is_others(options.hub) ? ", or is not shared" : "");
    else
        add(r, "hub", HEALTH_MISSING, fault.next[0] ? fault.next : "baton hub stop --force", "%s",
            fault.message[0] ? fault.message : err_text(e)->person);
    client_fault_finish(&fault);
    client_close(client);
    free(dir);
}

/* The first file NAME of $PATH, or of where servers are, that may be run; the caller frees; NULL.
 */
static char *find_program(const char *name)
{
    const char *path = getenv("PATH");
    char *all = mem_printf("%s:/usr/sbin:/usr/local/sbin", path ? path : "/usr/bin:/bin");
    char *file = NULL;
    for (const char *p = all; !file && *p;) {
        size_t n = strcspn(p, ":");
        file = mem_printf("%.*s/%s", (int)n, n ? p : ".", name);
        if (access(file, X_OK) != 0) {
            free(file);
            file = NULL;
        }
        p += n + (p[n] == ':');
    }
    free(all);
    return file;
}

static void check_programs(struct report *r)
{
    static const struct {
        const char *program, *check, *why, *mend;
    } programs[] = {
        {"sshd", "guests by ssh", "OpenSSH's server is not there", "apt install openssh-server"},
    };
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        char *file = find_program(programs[i].program);
        add(r, programs[i].check, file ? HEALTH_OK : HEALTH_NOTE, programs[i].mend, "%s",
            file ? file : programs[i].why);
        free(file);
    }
}

/* What a sandboxed workspace can be held to here: all its programs together where there are control
 * groups, else each by itself. */
static void check_sandboxes(struct report *r)
{
    struct limits_place place;
    char why[SANDBOX_WHY] = "";
    const bool works = sandbox_probe(why) == ERR_OK;
    char *bubblewrap = find_program("bwrap");
    add(r, "sandboxes", works ? HEALTH_OK : HEALTH_NOTE, bubblewrap ? "" : "apt install bubblewrap",
        works ? "bubblewrap works%s" : "workspaces with --sandbox are refused: %s", why);
    free(bubblewrap);
    if (!works)
        return;
    limits_find(&place);
    const char *mend = place.version == 2 || !place.memory ? "systemctl --user start baton" : "";
    add(r, "sandbox memory", place.memory ? HEALTH_OK : HEALTH_NOTE, mend, "%s%s",
        place.memory ? "bounded by a control group"
                     : "each program by itself, not a sandbox as a whole: ",
        place.memory ? "" : place.why);
    add(r, "sandbox count",
        place.processes ? HEALTH_OK
        : getuid()      ? HEALTH_NOTE
                        : HEALTH_MISSING,
        mend, "%s%s",
        place.processes ? "processes are bounded by a control group"
        : getuid()      ? "processes: each program's own, not a sandbox as a whole: "
                        : "processes are not bounded: root's never are by a limit of its own: ",
        place.processes ? "" : place.why);
    add(r, "sandbox disk", HEALTH_OK, "",
        "a home is measured every two seconds, a file is bounded");
    limits_place_finish(&place);
}

static void check_locale(struct report *r)
{
    locale_t l = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    const char *set = l != (locale_t)0 ? nl_langinfo_l(CODESET, l) : "";
    bool utf8 = strcmp(set, "UTF-8") == 0;
    add(r, "locale", utf8 ? HEALTH_OK : HEALTH_NOTE, "export LC_ALL=C.UTF-8",
        utf8 ? "%s" : "%s: lines and signs are shown in ASCII",
        utf8               ? set
        : l != (locale_t)0 ? set
                           : "the locale that is set does not exist");
    if (l != (locale_t)0)
        freelocale(l);
}

static bool terminfo_has(const char *dir, const char *term)
{
    char *letter = mem_printf("%s/%c/%s", dir, term[0], term);
    char *hex = mem_printf("%s/%x/%s", dir, (unsigned char)term[0], term);
    bool has = access(letter, R_OK) == 0 || access(hex, R_OK) == 0;
    free(letter);
    free(hex);
    return has;
}

static void check_terminal(struct report *r)
{
    static const char *const dirs[] = {"/etc/terminfo", "/lib/terminfo", "/usr/share/terminfo",
                                       "/usr/lib/terminfo", "/usr/local/share/terminfo"};
    const char *term = getenv("TERM"), *own = getenv("TERMINFO"), *home = getenv("HOME");
    if (!term || !*term || strchr(term, '/')) {
        add(r, "terminal", HEALTH_NOTE, "export TERM=xterm-256color",
            "TERM is not set: the console cannot open here");
        return;
    }
    char *mine = mem_printf("%s/.terminfo", home ? home : "");
    bool has = (own && terminfo_has(own, term)) || terminfo_has(mine, term);
    for (size_t i = 0; !has && i < sizeof dirs / sizeof *dirs; i++)
        has = terminfo_has(dirs[i], term);
    add(r, "terminal", has ? HEALTH_OK : HEALTH_MISSING,
        "apt install ncurses-term, or export TERM=xterm-256color", has ? "%s" : "%s is not known",
        term);
    free(mine);
    if (getenv("TMUX") || getenv("STY"))
        add(r, "nesting", HEALTH_NOTE,
            "detach from tmux or screen first, or use another prefix key",
            "this terminal is inside %s: both take keys", getenv("TMUX") ? "tmux" : "screen");
    if (getenv("BATON"))
        add(r, "nesting", HEALTH_NOTE, "leave this shell first", "this shell is inside baton");
}

/* The libraries that this program runs with, by the names of their files. */
static int library(struct dl_phdr_info *info, size_t size, void *data)
{
    static const char *const ours[] = {"libnng.", "libsqlite3.", "libvterm.",    "libncursesw.",
                                       "libuv.",  "libcjson.",   "libutf8proc.", "libsodium."};
    struct buf *out = data;
    const char *slash = info->dlpi_name ? strrchr(info->dlpi_name, '/') : NULL;
    (void)size;
    for (size_t i = 0; slash && i < sizeof ours / sizeof *ours; i++) {
        if (strncmp(slash + 1, ours[i], strlen(ours[i])) != 0)
            continue;
        char *real = realpath(info->dlpi_name, NULL);
        const char *name = real ? strrchr(real, '/') + 1 : slash + 1;
        buf_printf(out, "%s%s", out->len ? ", " : "", name);
        free(real);
    }
    return 0;
}

static int print_report(const struct report *r)
{
    const cJSON *row;
    struct buf out = {0};
    cJSON_ArrayForEach(row, r->rows)
    {
        char safe[1024];
        const char *detail = json_string(row, "detail", ""), *mend = json_string(row, "mend", "");
        text_make_safe(safe, sizeof safe, detail, strlen(detail));
        buf_printf(&out, "%-8s %-15s %s\n", json_string(row, "state", ""),
                   json_string(row, "check", ""), safe);
        if (*mend)
            buf_printf(&out, "%-24s  %s\n", "", mend);
    }
    int status = command_write(r->command, out.data, out.len);
    buf_finish(&out);
    return status;
}

int local_doctor(const struct command *c)
{
    struct report r = {.command = c, .rows = cJSON_CreateArray()};
    struct buf libraries = {0};
    add(&r, "baton", HEALTH_OK, "", "%s", BATON_VERSION);
    if (!path_hub_is_others(c->options.hub)) {
        check_runtime(&r);
        check_state(&r);
    }
    check_hub(&r);
    check_programs(&r);
    check_sandboxes(&r);
    check_locale(&r);
    check_terminal(&r);
    dl_iterate_phdr(library, &libraries);
    if (libraries.len)
        add(&r, "libraries", HEALTH_OK, "", "%s", libraries.data);
    int status = c->options.json ? command_print(c, r.rows) : print_report(&r);
    if (status == EXIT_DONE && r.missing)
        status = EXIT_FAILED;
    buf_finish(&libraries);
    cJSON_Delete(r.rows);
    return status;
}
