/* A file of bindings: one group of commands that its owner lets agents call. What is wrong with it
 * is told by file and line; a file is taken whole or not at all. Pure, any thread.
 *
 *   {"name": "review", "description": "…", "bindings": {"submit": {"description": "…",
 *    "inputSchema": {…}, "timeout": 600000, "tier": "autonomous", "execute": ["sh", "./it.sh"]}}}
 *
 * `tools` is another word for `bindings`. timeout is milliseconds, or a text such as "10m". A
 * program is a name that PATH knows, an absolute path, or begins with "./": beside the file.
 * "workspaces": ["writer", "dev-*"] beside them: for who belongs to another one there is no such
 * group. */
#ifndef BATON_BINDING_FILE_H
#define BATON_BINDING_FILE_H

#include "core/base/json.h"
#include "core/catalogue/catalogue.h"

#define BINDING_FILE_MAX   (1024u * 1024u)
#define BINDING_TIMEOUT_MS 30000

struct patterns;

/* One binding. It is a row like those of the catalogue, in memory of its own; whoever keeps it
 * holds a reference, so that a call outlives a changed file. One thread. */
struct binding {
    struct capability row;     /* its words are the fields below; handle is the rules' */
    char *group, *name, *help; /* help: the description's first line, without a full stop */
    char *description, *input; /* input: the schema as text */
    char **command;            /* NULL-terminated */
    char *dir;                 /* the file's folder: where the command runs */
    cJSON *schema;
    struct patterns *patterns; /* the schema's, compiled */
    char **workspaces;         /* patterns (core/base/glob), NULL-terminated; NULL: any */
    int64_t timeout_ms;
    unsigned refs;
};
struct binding *binding_ref(struct binding *b);
void binding_unref(struct binding *b); /* takes NULL */
/* Is it there for who belongs to that workspace? "" belongs to none, and has all. */
bool binding_is_for(const struct binding *b, const char *workspace);

struct binding_group {
    char *name, *description;
    struct binding **list; /* in the file's order */
    size_t count;
};
void binding_group_destroy(struct binding_group *g); /* takes NULL; drops its references */
/* The group's binding of that name; NULL: there is none. */
struct binding *binding_group_find(const struct binding_group *g, const char *name);

struct binding_rules {                 /* all borrowed */
    const struct catalogue *catalogue; /* whose groups are taken */
    const char *const *words;          /* and other names that are, NULL-terminated; or NULL */
    enum err (*handle)(struct hub *hub, struct call *call);
};

/* file is the name that messages show, dir the file's folder. ERR_CONFIG: *ret_why is
 * "FILE:LINE: what is wrong" (the caller frees). */
enum err binding_file_parse(const char *text, size_t n, const char *file, const char *dir,
                            const struct binding_rules *rules, struct binding_group **ret_group,
                            char **ret_why);

/* 1 to 31 of [a-z0-9-], not beginning with '-'. */
bool binding_name_ok(const char *name);

#endif
