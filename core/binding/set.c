/* See the header. A folder is read in three steps: which files there are, what has gone, what each
 * one says. Files are compared by their bytes, so a touched file changes nothing. */
#include "core/binding/set.h"
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "core/base/text.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#define FILES_MAX 256
#define BYTES_MAX (8u * 1024u * 1024u) /* of all: one answer has to hold all schemas */
#define FILE_NAME 100                  /* bytes of a name that messages show */

struct file {
    char *name;
    char *text; /* what group was made of; NULL: nothing yet */
    size_t n;
    struct binding_group *group; /* NULL: never right so far */
    char *refused;               /* the sentence that was told; NULL: it is right */
    bool there;
};

struct binding_set {
    struct binding_rules rules;
    struct file *files; /* in the order of names */
    size_t count;
    const struct binding_group **groups; /* in the order of names */
    size_t group_count;
};

struct telling {
    binding_tell tell;
    void *data;
    bool all;
};

struct binding_set *binding_set_create(const struct binding_rules *rules)
{
    struct binding_set *set = mem_zalloc(sizeof *set);
    set->rules = *rules;
    return set;
}

static void finish_file(struct file *f)
{
    free(f->name);
    free(f->text);
    free(f->refused);
    binding_group_destroy(f->group);
}

void binding_set_destroy(struct binding_set *set)
{
    if (!set)
        return;
    for (size_t i = 0; i < set->count; i++)
        finish_file(&set->files[i]);
    free(set->files);
    free((void *)set->groups);
    free(set);
}

static void tell(const struct telling *t, enum binding_change change, const struct file *f)
{
    char safe[FILE_NAME];
    text_make_safe(safe, sizeof safe, f->name, strlen(f->name));
    const struct binding_news news = {.change = change,
                                      .file = safe,
                                      .group = f->group ? f->group->name : "",
                                      .why = change == BINDING_REFUSED ? f->refused : NULL};
    t->tell(t->data, &news);
}

/* --- which files there are ----------------------------------------------------------------------
 */

static bool is_binding_file(const char *name)
{
    const size_t n = strlen(name);
    return name[0] != '.' && n > 5 && strcmp(name + n - 5, ".json") == 0;
}

static struct file *file_of(struct binding_set *set, const char *name)
{
    size_t at = 0;
    while (at < set->count && strcmp(set->files[at].name, name) < 0)
        at++;
    if (at < set->count && strcmp(set->files[at].name, name) == 0)
        return &set->files[at];
    set->files = mem_reallocarray(set->files, set->count + 1, sizeof *set->files);
    memmove(&set->files[at + 1], &set->files[at], (set->count - at) * sizeof *set->files);
    set->count++;
    set->files[at] = (struct file){.name = mem_strdup(name)};
    return &set->files[at];
}

static void list_files(struct binding_set *set, const char *dir)
{
    for (size_t i = 0; i < set->count; i++)
        set->files[i].there = false;
    DIR *d = opendir(dir);
    for (struct dirent *entry; d && (entry = readdir(d));)
        if (is_binding_file(entry->d_name))
            file_of(set, entry->d_name)->there = true;
    if (d)
        closedir(d);
}

static void drop_gone(struct binding_set *set, const struct telling *t)
{
    for (size_t i = 0; i < set->count;) {
        struct file *f = &set->files[i];
        if (f->there) {
            i++;
            continue;
        }
        if (f->group)
            tell(t, BINDING_REMOVED, f);
        finish_file(f);
        memmove(f, f + 1, (--set->count - i) * sizeof *f);
    }
}

/* --- what each one says -------------------------------------------------------------------------
 */

static size_t bytes_but(const struct binding_set *set, const struct file *but)
{
    size_t sum = 0;
    for (size_t i = 0; i < set->count; i++)
        sum += &set->files[i] == but ? 0 : set->files[i].n;
    return sum;
}

static const struct file *owner_of(const struct binding_set *set, const char *group,
                                   const struct file *but)
{
    for (size_t i = 0; i < set->count; i++)
        if (&set->files[i] != but && set->files[i].group &&
            strcmp(set->files[i].group->name, group) == 0)
            return &set->files[i];
    return NULL;
}

/* Takes why. */
static void refused(struct file *f, char *why, const struct telling *t)
{
    const bool known = f->refused && strcmp(f->refused, why) == 0;
    free(f->refused);
    f->refused = why;
    if (!known || t->all)
        tell(t, BINDING_REFUSED, f);
}

static void accepted(struct file *f, char *text, size_t n, struct binding_group *group,
                     const struct telling *t)
{
    const bool renamed = f->group && strcmp(f->group->name, group->name) != 0;
    const enum binding_change change = f->group && !renamed ? BINDING_CHANGED : BINDING_ADDED;
    if (renamed)
        tell(t, BINDING_REMOVED, f);
    binding_group_destroy(f->group);
    f->group = group;
    free(f->text);
    f->text = text;
    f->n = n;
    free(f->refused);
    f->refused = NULL;
    tell(t, change, f);
}

static void read_file(struct binding_set *set, struct file *f, size_t place, const char *dir,
                      const struct telling *t)
{
    char *path = path_join(dir, f->name), *text = NULL, *why = NULL, safe[FILE_NAME];
    struct binding_group *group = NULL;
    size_t n = 0;
    enum err e = path_read_file(path, BINDING_FILE_MAX, &text, &n);
    text_make_safe(safe, sizeof safe, f->name, strlen(f->name));
    if (e == ERR_OK && f->text && !f->refused && n == f->n && memcmp(text, f->text, n) == 0)
        goto out;
    if (e != ERR_OK)
        why = mem_printf("%s:1: %s", safe,
                         e == ERR_LIMIT     ? "the file is larger than 1 MiB"
                         : e == ERR_INVALID ? "this is no regular file"
                                            : err_text(e)->person);
    else if (place >= FILES_MAX)
        why = mem_printf("%s:1: there are more than %d files of bindings", safe, FILES_MAX);
    else if (bytes_but(set, f) + n > BYTES_MAX)
        why = mem_printf("%s:1: the files of bindings are larger than 8 MiB together", safe);
    else
        binding_file_parse(text, n, safe, dir, &set->rules, &group, &why);
    const struct file *owner = group ? owner_of(set, group->name, f) : NULL;
    if (owner) {
        char other[FILE_NAME];
        text_make_safe(other, sizeof other, owner->name, strlen(owner->name));
        why = mem_printf("%s:1: the group \"%s\" is %s's already", safe, group->name, other);
        binding_group_destroy(group);
        group = NULL;
    }
    if (group) {
        accepted(f, text, n, group, t);
        text = NULL;
    } else {
        refused(f, why, t);
    }
out:
    free(text);
    free(path);
}

static int by_name(const void *a, const void *b)
{
    const struct binding_group *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

static void list_groups(struct binding_set *set)
{
    free((void *)set->groups);
    set->groups = mem_calloc(set->count + 1, sizeof *set->groups);
    set->group_count = 0;
    for (size_t i = 0; i < set->count; i++)
        if (set->files[i].group)
            set->groups[set->group_count++] = set->files[i].group;
    qsort((void *)set->groups, set->group_count, sizeof *set->groups, by_name);
}

size_t binding_set_read(struct binding_set *set, const char *dir, bool all, binding_tell tell_one,
                        void *data)
{
    const struct telling t = {tell_one, data, all};
    size_t wrong = 0;
    list_files(set, dir);
    drop_gone(set, &t);
    for (size_t i = 0; i < set->count; i++)
        read_file(set, &set->files[i], i, dir, &t);
    for (size_t i = 0; i < set->count; i++)
        wrong += set->files[i].refused != NULL;
    list_groups(set);
    return wrong;
}

struct binding *binding_set_find(const struct binding_set *set, const char *group, const char *name)
{
    for (size_t i = 0; i < set->group_count; i++)
        if (strcmp(set->groups[i]->name, group) == 0)
            return binding_group_find(set->groups[i], name);
    return NULL;
}

const struct binding_group *const *binding_set_groups(const struct binding_set *set,
                                                      size_t *ret_count)
{
    *ret_count = set->group_count;
    return set->groups;
}
