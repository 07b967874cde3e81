/* See the header: bubblewrap's arguments, the mounts and where paths lie. */
#include "core/work/sandbox.h"
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "core/base/text.h"
#include "core/work/files.h"
#include "core/work/inside.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- the arguments ------------------------------------------------------------------------------
 */

struct words {
    char **list;
    size_t n, room;
};

static void put(struct words *w, const char *word)
{
    if (w->n + 2 > w->room) {
        w->room = w->room ? 2 * w->room : 128;
        w->list = mem_reallocarray(w->list, w->room, sizeof *w->list);
    }
    w->list[w->n++] = mem_strdup(word);
    w->list[w->n] = NULL;
}

static void put2(struct words *w, const char *a, const char *b)
{
    put(w, a);
    put(w, b);
}

static void put3(struct words *w, const char *a, const char *b, const char *c)
{
    put2(w, a, b);
    put(w, c);
}

static void put_number(struct words *w, const char *option, uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, number);
    put2(w, option, text);
}

static void put_tmpfs(struct words *w, int64_t bytes, const char *where)
{
    put_number(w, "--size", (uint64_t)bytes);
    put2(w, "--tmpfs", where);
}

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* /usr, and what was part of it before: a link on today's systems, a folder on older ones. */
static void put_system(struct words *w)
{
    static const char *const roots[] = {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"};
    put3(w, "--ro-bind", "/usr", "/usr");
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
        char target[PATH_MAX];
        ssize_t n = readlink(roots[i], target, sizeof target - 1);
        if (n > 0) {
            target[n] = '\0';
            put3(w, "--symlink", target, roots[i]);
        } else if (is_folder(roots[i])) {
            put3(w, "--ro-bind", roots[i], roots[i]);
        }
    }
}

static void put_etc(struct words *w, const struct sandbox *s)
{
    static const char *const host[] = {
        "/etc/ld.so.cache",     "/etc/ld.so.conf",          "/etc/ld.so.conf.d",
        "/etc/alternatives",    "/etc/localtime",           "/etc/ssl/certs",
        "/etc/ca-certificates", "/etc/ssl/openssl.cnf",     "/etc/protocols",
        "/etc/services",        "/etc/mime.types",          "/etc/terminfo",
        "/etc/bash.bashrc",     "/etc/ca-certificates.conf"};
    static const char *const ours[] = {"passwd", "group", "nsswitch.conf"};
    for (size_t i = 0; i < sizeof host / sizeof *host; i++)
        put3(w, "--ro-bind-try", host[i], host[i]);
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        char *from = path_join(s->etc, ours[i]), *to = path_join("/etc", ours[i]);
        put3(w, "--ro-bind", from, to);
        free(from);
        free(to);
    }
    if (s->network) {
        put3(w, "--ro-bind-try", "/etc/resolv.conf", "/etc/resolv.conf");
        put3(w, "--ro-bind-try", "/etc/hosts", "/etc/hosts");
    } else {
        char *from = path_join(s->etc, "hosts");
        put3(w, "--ro-bind", from, "/etc/hosts");
        free(from);
    }
}

/* What root may do by its number alone. bubblewrap covers some of it, and goes by access(2), which
 * says of /proc/sys that it cannot be written although its files can. */
static void put_proc(struct words *w)
{
    static const char *const read_only[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/pressure",
                                            "/proc/sys"};
    static const char *const empty[] = {"/proc/acpi", "/proc/asound", "/proc/driver", "/proc/scsi",
                                        "/proc/tty/driver"};
    static const char *const hidden[] = {
        "/proc/config.gz",     "/proc/iomem",        "/proc/ioports",     "/proc/kallsyms",
        "/proc/kcore",         "/proc/key-users",    "/proc/keys",        "/proc/kmsg",
        "/proc/kpagecgroup",   "/proc/kpagecount",   "/proc/kpageflags",  "/proc/latency_stats",
        "/proc/mtrr",          "/proc/pagetypeinfo", "/proc/sched_debug", "/proc/slabinfo",
        "/proc/sysrq-trigger", "/proc/timer_list",   "/proc/timer_stats", "/proc/vmallocinfo"};
    put2(w, "--proc", "/proc");
    for (size_t i = 0; i < sizeof read_only / sizeof *read_only; i++)
        if (is_folder(read_only[i]))
            put3(w, "--ro-bind", read_only[i], read_only[i]);
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++)
        if (is_folder(empty[i])) {
            put_tmpfs(w, 4096, empty[i]);
            put2(w, "--remount-ro", empty[i]);
        }
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        if (access(hidden[i], F_OK) == 0)
            put3(w, "--ro-bind", "/dev/null", hidden[i]);
}

static void put_own(struct words *w, const struct sandbox *s)
{
    put2(w, "--dev", "/dev");
    put_tmpfs(w, s->small / 4, "/dev/shm");
    put_tmpfs(w, s->small, "/tmp");
    put_tmpfs(w, s->small / 8, "/run");
    put3(w, "--bind", s->home, SANDBOX_HOME);
    for (size_t i = 0; i < s->mount_count; i++)
        put3(w, s->mounts[i].ro ? "--ro-bind" : "--bind", s->mounts[i].from, s->mounts[i].to);
    if (s->door)
        put3(w, "--ro-bind", s->door, SANDBOX_DOOR);
    put3(w, "--ro-bind", s->program, SANDBOX_PROGRAM);
    /* Both were made by bubblewrap and are the sandbox's own, without a size. */
    put2(w, "--remount-ro", "/dev");
    put2(w, "--remount-ro", "/");
}

char **sandbox_argv(const struct sandbox *s, const char *cwd, char *const *command)
{
    static const char *const spaces[] = {"--unshare-user", "--unshare-pid", "--unshare-ipc",
                                         "--unshare-uts", "--unshare-cgroup-try"};
    struct words w = {0};
    put(&w, "bwrap");
    for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++)
        put(&w, spaces[i]);
    if (!s->network)
        put(&w, "--unshare-net");
    put(&w, "--disable-userns");
    put3(&w, "--uid", "1000", "--gid");
    put3(&w, "1000", "--hostname", s->key);
    /* Who ends the one outside ends all inside; process 1 in there is ours (inside.h). */
    put2(&w, "--die-with-parent", "--as-pid-1");
    put_number(&w, "--seccomp", (uint64_t)s->filter);
    put_system(&w);
    put_etc(&w, s);
    put_proc(&w);
    put_own(&w, s);
    put3(&w, "--chdir", cwd, "--");
    put2(&w, SANDBOX_PROGRAM, INSIDE_WORD);
    put_number(&w, INSIDE_PROCESSES, s->processes);
    put_number(&w, INSIDE_FILE, s->file);
    put_number(&w, INSIDE_DATA, s->data);
    for (size_t i = 0; i < s->mount_count; i++) {
        put_number(&w, INSIDE_MOUNT, s->mounts[i].dev);
        put_number(&w, s->mounts[i].to, s->mounts[i].ino);
    }
    put(&w, "--");
    for (; *command; command++) /* what the host calls this program is not there */
        put(&w, strcmp(*command, s->program) == 0 ? SANDBOX_PROGRAM : *command);
    return w.list;
}

/* --- mounts -------------------------------------------------------------------------------------
 */

/* What is left of path behind place; NULL: it is neither that place nor beneath it. */
static const char *beneath(const char *path, const char *place)
{
    size_t n = strlen(place);
    if (strncmp(path, place, n) != 0 || (path[n] && path[n] != '/'))
        return NULL;
    return path + n + strspn(path + n, "/");
}

/* Absolute, without doubled slashes and dots, and without one at its end. */
static bool is_plain(const char *path)
{
    if (*path != '/' || strlen(path) >= PATH_MAX)
        return false;
    for (const char *at = path; *at;) {
        const size_t n = strcspn(at + 1, "/");
        if (n == 0 || (n == 1 && at[1] == '.') || (n == 2 && at[1] == '.' && at[2] == '.'))
            return false;
        at += 1 + n;
    }
    return true;
}

/* The places that are the sandbox's own. The home too: who may write there could put a link where
 * the mount is to be. */
static bool is_taken(const char *to)
{
    static const char *const taken[] = {"/usr",   "/bin",    "/sbin", "/lib", "/lib32",
                                        "/lib64", "/etc",    "/proc", "/dev", "/sys",
                                        "/run",   "/libx32", "/tmp",  "/home"};
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (beneath(to, taken[i]))
            return true;
    return false;
}

enum err sandbox_mount_parse(const char *text, struct sandbox_mount *ret, char why[SANDBOX_WHY])
{
    const char *colon = strchr(text, ':'), *to = colon ? colon + 1 : "";
    const char *second = strchr(to, ':');
    const size_t n = second ? (size_t)(second - to) : strlen(to);
    char shown[300];
    text_make_safe(shown, sizeof shown, text, strlen(text));
    if (!colon || colon == text || n == 0 || (second && strcmp(second, ":ro") != 0)) {
        snprintf(why, SANDBOX_WHY, "\"%s\" is no mount: it is written SRC:DST or SRC:DST:ro",
                 shown);
        return ERR_INVALID;
    }
    struct sandbox_mount m = {.from = mem_strndup(text, (size_t)(colon - text)),
                              .to = mem_strndup(to, n),
                              .ro = second != NULL};
    const char *wrong = NULL;
    if (m.from[0] != '/')
        wrong = "the folder of the host is an absolute path";
    else if (!is_plain(m.to))
        wrong = "the place inside is an absolute path, without dots and without a slash at its end";
    else if (is_taken(m.to))
        wrong = "that place inside is the sandbox's own; take one such as /data/NAME or /srv/NAME";
    if (wrong) {
        snprintf(why, SANDBOX_WHY, "\"%s\": %s", shown, wrong);
        sandbox_mount_finish(&m);
        return ERR_INVALID;
    }
    *ret = m;
    return ERR_OK;
}

void sandbox_mount_finish(struct sandbox_mount *mount)
{
    free(mount->from);
    free(mount->to);
    *mount = (struct sandbox_mount){0};
}

bool sandbox_mounts_meet(const struct sandbox_mount *a, const struct sandbox_mount *b)
{
    return beneath(a->to, b->to) || beneath(b->to, a->to);
}

/* --- where paths lie ----------------------------------------------------------------------------
 */

const char *sandbox_map(const struct sandbox *s, const char *path, const char **ret_rest,
                        bool *ret_ro)
{
    const char *rest = *path == '/' ? beneath(path, SANDBOX_HOME) : path;
    if (rest) {
        *ret_rest = *rest ? rest : ".";
        *ret_ro = false;
        return s->home;
    }
    for (size_t i = 0; i < s->mount_count; i++) {
        rest = beneath(path, s->mounts[i].to);
        if (rest) {
            *ret_rest = *rest ? rest : ".";
            *ret_ro = s->mounts[i].ro;
            return s->mounts[i].from;
        }
    }
    return NULL;
}

/* Who asks may have made links in there: nothing beyond the root is looked at, and what leads out
 * of it is somewhere that only they see. */
static bool can_run_beneath(const char *root, const char *path)
{
    struct files *files = NULL;
    struct files_stat st = {.kind = FILES_OTHER};
    char why[FILES_WHY];
    enum err e = files_open(root, &files, why);
    if (e == ERR_OK)
        e = files_stat(files, path, &st, why);
    files_close(files);
    return e == ERR_OK ? st.kind != FILES_FOLDER : e != ERR_NOT_FOUND;
}

static bool can_run(const struct sandbox *s, const char *path)
{
    static const char *const system[] = {"/usr", "/bin", "/sbin"};
    const char *rest, *root;
    struct stat st;
    bool ro;
    if (strcmp(path, SANDBOX_PROGRAM) == 0 || strcmp(path, s->program) == 0 || !is_plain(path))
        return true;
    if (s->door && (rest = beneath(path, SANDBOX_DOOR)))
        return can_run_beneath(s->door, rest);
    for (size_t i = 0; i < sizeof system / sizeof *system; i++)
        if (beneath(path, system[i]))
            return access(path, X_OK) == 0 && stat(path, &st) == 0 && S_ISREG(st.st_mode);
    root = sandbox_map(s, path, &rest, &ro);
    return root && can_run_beneath(root, rest);
}

bool sandbox_has_program(const struct sandbox *s, const char *name)
{
    if (!*name)
        return false;
    if (strchr(name, '/')) /* a relative one is looked for in the folder that it starts in */
        return *name != '/' || can_run(s, name);
    for (const char *p = SANDBOX_PATH; *p;) {
        size_t n = strcspn(p, ":");
        char *file = mem_printf("%.*s/%s", (int)n, p, name);
        bool there = can_run(s, file);
        free(file);
        if (there)
            return true;
        p += n + (p[n] == ':');
    }
    return false;
}

/* --- /etc ---------------------------------------------------------------------------------------
 */

enum err sandbox_write_etc(const char *dir)
{
    static const struct {
        const char *name, *text;
    } files[] = {
        {"passwd", "root:x:0:0:root:/root:/usr/sbin/nologin\n"
                   "user:x:1000:1000:user:" SANDBOX_HOME ":/bin/sh\n"
                   "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"},
        {"group", "root:x:0:\nuser:x:1000:\nnogroup:x:65534:\n"},
        {"hosts", "127.0.0.1 localhost\n::1 localhost\n"},
        {"nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"},
    };
    enum err e = path_make_private(dir);
    for (size_t i = 0; e == ERR_OK && i < sizeof files / sizeof *files; i++) {
        char *file = path_join(dir, files[i].name);
        e = path_write_file(file, files[i].text, strlen(files[i].text), false);
        free(file);
    }
    return e;
}
