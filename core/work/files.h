/* Files beneath a folder, without a way out of it: whatever a path says, and whatever somebody does
 * to the folder at the same moment, nothing outside is read, written or made. The kernel's openat2
 * looks after that; no path is checked here and used later.
 *
 * A path is relative to the root, or absolute and beneath it (as the root was named, or as it is
 * really called). `..` and symbolic links are followed as long as they stay beneath the root; an
 * absolute link leads out, and so does each of /proc's magic ones. Hard links are files like
 * others: who may make one inside the root could read its file anyway.
 *
 * Only regular files are read and written: a pipe or a device is refused and never waited for.
 * Every function that fails gives one sentence for a person in why, safe for a terminal. A handle
 * belongs to one thread at a time. */
#ifndef BATON_WORK_FILES_H
#define BATON_WORK_FILES_H

#include "core/base/buf.h"
#include "core/base/err.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define FILES_WHY      600
#define FILES_READ_MAX (16u * 1024u * 1024u)  /* bytes of one reading */
#define FILES_SCAN_MAX (256u * 1024u * 1024u) /* bytes looked through for a line */

struct files; /* an opened root */

/* ERR_NOT_FOUND: no such folder; ERR_UNSUPPORTED: the kernel lacks openat2 (Linux before 5.6). */
enum err files_open(const char *root, struct files **ret_files, char why[FILES_WHY]);
/* The same for a path that somebody else may have a hand in: it has no link anywhere (realpath has
 * gone over it once), and where it has one now it is refused, as ERR_DENIED. */
enum err files_open_fixed(const char *root, struct files **ret_files, char why[FILES_WHY]);
/* The descriptor (O_PATH) of whatever has that path, which has no link in it; -1 with errno. */
int files_open_linkless(const char *path, int flags);
void files_close(struct files *files); /* takes NULL */
/* A deletion of a folder stops in the middle, with ERR_ENDED, when that becomes true (borrowed). */
void files_heed(struct files *files, const atomic_bool *stop);
/* Are both the same folder? */
bool files_same(const struct files *a, const struct files *b);

struct files_part {
    int64_t line;  /* the first line wanted, from 1; less: from the beginning */
    int64_t limit; /* lines; negative: all that follow */
    size_t max;    /* bytes; more is ERR_LIMIT; 0: FILES_READ_MAX */
    bool text;     /* what is no UTF-8, or has a NUL, is ERR_INVALID */
};
/* Appends what the file has, lines with their ends; part NULL: all of it, whatever bytes. ERR_LIMIT
 * and nothing when that is more than may be read at once. */
enum err files_read(struct files *files, const char *path, const struct files_part *part,
                    struct buf *out, char why[FILES_WHY]);

/* Writes a whole file in one step: who reads it meanwhile, or after a death in the middle, has the
 * old one or the new one. Missing folders are made. The mode of the old file stays, its group where
 * that may be; a new one is 0666 without the umask. A link as the last part is followed as in
 * reading; a hard link's other names keep the old content. */
enum err files_write(struct files *files, const char *path, const void *bytes, size_t n,
                     char why[FILES_WHY]);

enum files_kind { FILES_FILE, FILES_FOLDER, FILES_LINK, FILES_OTHER };
const char *files_kind_name(enum files_kind kind); /* file, folder, link, other */

struct files_stat {
    enum files_kind kind; /* of the thing itself: FILES_LINK for a symbolic link */
    uint64_t bytes;
    int64_t changed_us; /* its content, wall clock */
    unsigned mode;      /* 0..07777 */
};
/* What is at a path within the root, without following its last part. ret_stat is untouched on
 * failure; why then says in words what was wrong. */
enum err files_stat(struct files *files, const char *path, struct files_stat *ret_stat,
                    char why[FILES_WHY]);

/* Calls visit for each entry, in order of bytes of the names, without "." and "..". ERR_LIMIT, and
 * no call: there are more than `most`; it does not look how many. */
enum err files_list(struct files *files, const char *path, size_t most,
                    void (*visit)(void *data, const char *name, const struct files_stat *stat),
                    void *data, char why[FILES_WHY]);

/* Makes a folder, and those before it. ERR_EXISTS when something else has the name; a folder that
 * is there already is none of our business. */
enum err files_mkdir(struct files *files, const char *path, char why[FILES_WHY]);
/* ERR_EXISTS when `to` is there and replace is false. Folders of `to` must exist. Links themselves
 * are moved and deleted, not what they point to. */
enum err files_move(struct files *files, const char *from, const char *to, bool replace,
                    char why[FILES_WHY]);
/* A folder with something in it: only with all (ERR_BUSY without). The root stays. */
enum err files_delete(struct files *files, const char *path, bool all, char why[FILES_WHY]);

#endif
