/* The bindings that are in force: what the files of one folder say. A file that became wrong keeps
 * what it said before; a group belongs to the first file that has it. One thread. */
#ifndef BATON_BINDING_SET_H
#define BATON_BINDING_SET_H

#include "core/binding/file.h"

struct binding_set;

enum binding_change { BINDING_ADDED, BINDING_CHANGED, BINDING_REMOVED, BINDING_REFUSED };

struct binding_news { /* borrowed for the call */
    enum binding_change change;
    const char *file;  /* its name in the folder */
    const char *group; /* "" of a refused file that has none in force */
    const char *why;   /* of a refused one: FILE:LINE: a sentence; else NULL */
};
typedef void (*binding_tell)(void *data, const struct binding_news *news);

struct binding_set *binding_set_create(const struct binding_rules *rules); /* copied */
void binding_set_destroy(struct binding_set *set);                         /* takes NULL */

/* Reads the folder's *.json again; none is an empty one. What is new is told, a refusal once for
 * each sentence unless all is set. Gives how many files are refused now. */
size_t binding_set_read(struct binding_set *set, const char *dir, bool all, binding_tell tell,
                        void *data);

/* Borrowed until the next reading (take a reference). NULL: there is none. */
struct binding *binding_set_find(const struct binding_set *set, const char *group,
                                 const char *name);
/* The groups in the order of their names, [0..*ret_count); borrowed until the next reading. */
const struct binding_group *const *binding_set_groups(const struct binding_set *set,
                                                      size_t *ret_count);

#endif
