/* A binding's command line: words to an input object, by the binding's schema alone, and help. The
 * sentences are those that programs written for agentOS know. Pure, any thread.
 *
 *   --some-flag VALUE, --some-flag=VALUE   someFlag, as its type says; again for a list's next item
 *   --some-switch, --no-some-switch        a boolean
 *   --json TEXT, --json-file FILE          the whole input; flags go over it ("-": standard input)
 *   --help                                 help; with --json as JSON */
#ifndef BATON_BINDING_WORDS_H
#define BATON_BINDING_WORDS_H

#include "core/base/buf.h"
#include "core/base/json.h"

/* Who takes other flags (global ones): gives how many words it took, 0 when it is none of its, -1
 * when it is wrong and why says so. */
typedef int (*binding_other)(void *data, int argc, char **argv, int i, char *why, size_t size);

struct binding_line {
    cJSON *input;      /* of flags; the caller's, binding_line_finish */
    const char *whole; /* --json's text, or NULL; borrows argv */
    const char *file;  /* --json-file's, or NULL; borrows argv; "-" is standard input */
    bool help;
    bool json; /* a --json without a value: of --help, or how to print */
};

struct binding_reader {
    const cJSON *schema;
    bool json_alone;     /* is --json without a value allowed, without --help too? */
    binding_other other; /* or NULL */
    void *data;
};

/* Reads argv[0..argc) behind the binding's name. ERR_USAGE: why has one sentence. */
enum err binding_line_parse(const struct binding_reader *reader, int argc, char **argv,
                            struct binding_line *ret_line, char *why, size_t size);
void binding_line_finish(struct binding_line *line);

/* Puts the whole input's members under those of flags. name is the flag that it came by. */
enum err binding_line_whole(struct binding_line *line, const char *name, const char *text, size_t n,
                            char *why, size_t size);

/* Is everything there, and as the schema wants it? Defaults are left to the hub. */
enum err binding_line_check(const struct binding_line *line, const cJSON *schema, char *why,
                            size_t size);

/* Is something missing that has to be there? */
bool binding_line_misses(const struct binding_line *line, const cJSON *schema);

/* Help for a person: called is the command without its name ("agentos-review"); binding is one of
 * binding.list's, with its schema. */
void binding_help(const char *called, const cJSON *binding, struct buf *out);
/* The bindings of one group, or of all. */
void binding_help_list(const char *called, const cJSON *bindings, struct buf *out);
/* The same of one as JSON: {command, group, name, description, timeout, inputSchema, flags}; the
 * caller's. */
cJSON *binding_help_json(const char *called, const cJSON *binding);

/* `No tool "t" in toolkit "k". Available: a, b` */
void binding_unknown(const char *group, const char *name, const cJSON *bindings, char *why,
                     size_t size);

#endif
