/* Keyframes: a screen's snapshots beside the log, so that nobody has to play a stream from its
 * beginning. A file keyframe.N, replaced as a whole:
 *   u32 magic 'BKF1'   u16 rows   u16 cols   u64 pos   u64 length   u64 check, and then the bytes
 * check is XXH3-64 over the first 24 bytes and the snapshot. Not synced: one that a power cut has
 * spoiled fails its check, and the one before it is taken. Any thread, one at a time a folder. */
#include "core/stream/streamlog.h"
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "core/stream/bytes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define HEAD     32u
#define AT_CHECK 24u
#define MOST     (256u * 1024u * 1024u) /* bytes of a keyframe */
#define NAME     40

static void name_of(uint64_t pos, char out[NAME])
{
    snprintf(out, NAME, "keyframe.%020" PRIu64, pos);
}

static uint64_t check_of(const uint8_t *head, const void *bytes, size_t n)
{
    XXH3_state_t state;
    XXH3_64bits_reset(&state);
    XXH3_64bits_update(&state, head, AT_CHECK);
    XXH3_64bits_update(&state, bytes, n);
    return XXH3_64bits_digest(&state);
}

enum err keyframe_write(const char *dir, uint64_t pos, int rows, int cols, const void *bytes,
                        size_t n)
{
    char name[NAME];
    if (n > MOST - HEAD || rows < 0 || rows > UINT16_MAX || cols < 0 || cols > UINT16_MAX)
        return ERR_LIMIT;
    uint8_t *file = malloc(HEAD + n);
    if (!file)
        return ERR_LIMIT;
    memcpy(file, "BKF1", 4);
    bytes_put(file + 4, (uint64_t)rows, 2);
    bytes_put(file + 6, (uint64_t)cols, 2);
    bytes_put(file + 8, pos, 8);
    bytes_put(file + 16, n, 8);
    if (n)
        memcpy(file + HEAD, bytes, n);
    bytes_put(file + AT_CHECK, check_of(file, file + HEAD, n), 8);
    name_of(pos, name);
    char *path = path_join(dir, name);
    enum err e = path_write_file(path, file, HEAD + n, false);
    free(path);
    free(file);
    return e;
}

static int newest_first(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x > y ? -1 : x < y;
}

/* The positions of all keyframes of a folder, newest first; fresh memory, the caller frees. */
static enum err list(const char *dir, uint64_t **ret_list, size_t *ret_n)
{
    uint64_t *all = NULL;
    size_t n = 0;
    struct dirent *entry;
    DIR *d = opendir(dir);
    if (!d)
        return err_from_errno(errno);
    while ((entry = readdir(d))) {
        char again[NAME];
        if (strncmp(entry->d_name, "keyframe.", 9) != 0)
            continue;
        uint64_t pos = strtoull(entry->d_name + 9, NULL, 10);
        name_of(pos, again);
        if (strcmp(again, entry->d_name) != 0)
            continue;
        if ((n & (n - 1)) == 0)
            all = mem_reallocarray(all, n ? n * 2 : 1, sizeof *all);
        all[n++] = pos;
    }
    closedir(d);
    if (n)
        qsort(all, n, sizeof *all, newest_first);
    *ret_list = all;
    *ret_n = n;
    return ERR_OK;
}

static enum err read_one(const char *dir, uint64_t pos, int *ret_rows, int *ret_cols,
                         char **ret_bytes, size_t *ret_n)
{
    char name[NAME], *text = NULL;
    size_t n = 0;
    name_of(pos, name);
    char *path = path_join(dir, name);
    enum err e = path_read_file(path, MOST, &text, &n);
    free(path);
    if (e != ERR_OK)
        return e;
    const uint8_t *head = (const uint8_t *)text;
    if (n < HEAD || memcmp(head, "BKF1", 4) != 0 || bytes_get(head + 8, 8) != pos ||
        bytes_get(head + 16, 8) != n - HEAD ||
        bytes_get(head + AT_CHECK, 8) != check_of(head, text + HEAD, n - HEAD)) {
        free(text);
        return ERR_CORRUPT;
    }
    *ret_rows = (int)bytes_get(head + 4, 2);
    *ret_cols = (int)bytes_get(head + 6, 2);
    *ret_n = n - HEAD;
    memmove(text, text + HEAD, n - HEAD + 1); /* with the NUL behind it */
    *ret_bytes = text;
    return ERR_OK;
}

enum err keyframe_read(const char *dir, uint64_t at, uint64_t *ret_pos, int *ret_rows,
                       int *ret_cols, char **ret_bytes, size_t *ret_n)
{
    uint64_t *all = NULL;
    size_t n = 0;
    enum err e = list(dir, &all, &n);
    if (e != ERR_OK)
        return e;
    e = ERR_NOT_FOUND;
    for (size_t i = 0; i < n && e != ERR_OK; i++) {
        if (all[i] > at)
            continue;
        e = read_one(dir, all[i], ret_rows, ret_cols, ret_bytes, ret_n);
        if (e == ERR_OK)
            *ret_pos = all[i];
    }
    free(all);
    return e;
}

void keyframe_prune(const char *dir, uint64_t before)
{
    uint64_t *all = NULL;
    size_t n = 0;
    bool kept = false; /* the newest one at or before `before`: from there one gets to it */
    if (list(dir, &all, &n) != ERR_OK)
        return;
    for (size_t i = 0; i < n; i++) {
        char name[NAME];
        if (all[i] > before)
            continue;
        if (kept) {
            name_of(all[i], name);
            char *path = path_join(dir, name);
            unlink(path);
            free(path);
        }
        kept = true;
    }
    free(all);
}

enum err keyframe_first(const char *dir, uint64_t from, uint64_t *ret_pos, int *ret_rows,
                        int *ret_cols, char **ret_bytes, size_t *ret_n)
{
    uint64_t *all = NULL;
    size_t n = 0;
    enum err e = list(dir, &all, &n);
    if (e != ERR_OK)
        return e;
    e = ERR_NOT_FOUND;
    for (size_t i = n; i-- > 0 && e != ERR_OK;) {
        if (all[i] < from)
            continue;
        e = read_one(dir, all[i], ret_rows, ret_cols, ret_bytes, ret_n);
        if (e == ERR_OK)
            *ret_pos = all[i];
    }
    free(all);
    return e;
}
