/* Claims on hooks. The files of a key only ever appear in one order (json, run, done), so whoever
 * looks for them in that order cannot miss one that is on its way from one name to the next. */
#include "core/stream/hook_work.h"
#include "core/base/mem.h"
#include "core/base/paths.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORK_MAX    (256u * 1024u * 1024u) /* of an offer: an event of any size */
#define OUTCOME_MAX (256u * 1024u)

static char *file_of(const char *dir, const char *key, const char *ending)
{
    return mem_printf("%s/%s.%s", dir, key, ending);
}

static bool is_there(const char *dir, const char *key, const char *ending)
{
    char *file = file_of(dir, key, ending);
    bool there = access(file, F_OK) == 0 || errno != ENOENT;
    free(file);
    return there;
}

enum hook_stage hook_stage(const char *dir, const char *key)
{
    if (is_there(dir, key, "json"))
        return HOOK_OFFERED;
    char *run = file_of(dir, key, "run");
    int fd = open(run, O_RDONLY | O_CLOEXEC), code = errno;
    free(run);
    if (fd < 0 && code != ENOENT)
        return HOOK_RUNNING; /* out of descriptors: it is looked at again */
    if (fd >= 0) {
        bool lives = flock(fd, LOCK_SH | LOCK_NB) < 0;
        close(fd);
        if (lives)
            return HOOK_RUNNING;
    }
    if (is_there(dir, key, "done"))
        return HOOK_DONE;
    return fd >= 0 ? HOOK_LOST : HOOK_ABSENT;
}

enum err hook_offer(const char *dir, const char *key, const char *text, size_t n)
{
    char *file = file_of(dir, key, "json");
    enum err e = path_write_file(file, text, n, false);
    free(file);
    return e;
}

bool hook_withdraw(const char *dir, const char *key)
{
    char *file = file_of(dir, key, "json");
    bool mine = unlink(file) == 0;
    free(file);
    return mine;
}

cJSON *hook_outcome(const char *dir, const char *key)
{
    char *file = file_of(dir, key, "done"), *text = NULL;
    cJSON *outcome = NULL;
    size_t n = 0;
    if (path_read_file(file, OUTCOME_MAX, &text, &n) == ERR_OK &&
        json_parse(text, n, &outcome) == ERR_OK && !cJSON_IsObject(outcome)) {
        cJSON_Delete(outcome);
        outcome = NULL;
    }
    free(text);
    free(file);
    return outcome;
}

void hook_clear(const char *dir, const char *key)
{
    static const char *const endings[] = {"json", "run", "done"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        char *file = file_of(dir, key, endings[i]);
        unlink(file);
        free(file);
    }
}

void hook_sweep(const char *dir, bool (*known)(void *data, const char *key), void *data)
{
    DIR *folder = opendir(dir);
    const struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
        const char *name = entry->d_name, *dot = strchr(name, '.');
        if (!dot || dot == name)
            continue;
        char *key = mem_strndup(name, (size_t)(dot - name));
        bool half = strncmp(dot, ".json.", 6) == 0; /* a name of path_write_file's */
        if (half || !known(data, key)) {
            char *file = path_join(dir, name);
            unlink(file);
            free(file);
        }
        free(key);
    }
    if (folder)
        closedir(folder);
}

/* That it is claimed has to be on disk before the command runs: a machine that loses its power then
 * must not run it a second time. */
static enum err settle(const char *base)
{
    char *dir = mem_strdup(base);
    *strrchr(dir, '/') = '\0';
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum err e = fd < 0 || fsync(fd) < 0 ? err_from_errno(errno) : ERR_OK;
    if (fd >= 0)
        close(fd);
    free(dir);
    return e;
}

static enum err read_work(int fd, cJSON **ret_work)
{
    struct stat st;
    size_t n = 0;
    if (fstat(fd, &st) < 0)
        return err_from_errno(errno);
    if (st.st_size <= 0 || (uint64_t)st.st_size > WORK_MAX)
        return ERR_CORRUPT;
    char *text = mem_zalloc((size_t)st.st_size);
    while (n < (size_t)st.st_size) {
        ssize_t got = read(fd, text + n, (size_t)st.st_size - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    cJSON *work = NULL;
    enum err e = json_parse(text, n, &work);
    free(text);
    if (e != ERR_OK || !cJSON_IsArray(json_get(work, "command")) ||
        !json_string(work, "event", NULL)) {
        cJSON_Delete(work);
        return ERR_CORRUPT;
    }
    *ret_work = work;
    return ERR_OK;
}

enum err hook_claim(const char *base, int *ret_fd, cJSON **ret_work)
{
    char *offer = mem_printf("%s.json", base), *run = mem_printf("%s.run", base);
    cJSON *work = NULL;
    enum err e = ERR_OK;
    int fd = open(offer, O_RDONLY | O_CLOEXEC);

    /* The lock first: a file that is called KEY.run is never without its runner's lock. */
    if (fd < 0)
        e = errno == ENOENT ? ERR_BUSY : err_from_errno(errno);
    else if (flock(fd, LOCK_EX | LOCK_NB) < 0 || rename(offer, run) < 0)
        e = ERR_BUSY;
    else if ((e = read_work(fd, &work)) == ERR_CORRUPT)
        unlink(run); /* nothing has run: the hub offers it anew */
    else if (e == ERR_OK)
        e = settle(base);
    if (e == ERR_OK) {
        *ret_fd = fd;
        *ret_work = work;
    } else {
        cJSON_Delete(work);
        if (fd >= 0)
            close(fd);
    }
    free(offer);
    free(run);
    return e;
}

enum err hook_finish(const char *base, const cJSON *outcome)
{
    char *file = mem_printf("%s.done", base), *text = json_print(outcome);
    enum err e = path_write_file(file, text, strlen(text), false);
    free(text);
    free(file);
    return e;
}
