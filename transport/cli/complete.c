/* Completion from the catalogue. The scripts are thin: they hand the words of the line to
 * `baton __complete` and offer what it prints. */
#include "transport/cli/complete.h"
#include "core/base/json.h"
#include "transport/cli/flags.h"
#include "transport/cli/help.h"
#include "core/catalogue/value.h"

#include <string.h>

static const char bash_script[] =
    "# bash completion for baton; put it where bash-completion looks, or: eval \"$(baton "
    "completion "
    "bash)\"\n"
    "_baton()\n"
    "{\n"
    "    local IFS=$'\\n'\n"
    "    local current=${COMP_WORDS[COMP_CWORD]}\n"
    "    local words\n"
    "    words=$(\"${COMP_WORDS[0]}\" __complete \"${COMP_WORDS[@]:1:COMP_CWORD}\" 2>/dev/null)\n"
    "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
    "}\n"
    "complete -o default -F _baton baton\n";

static const char zsh_script[] =
    "#compdef baton\n"
    "# zsh completion for baton; put it as _baton into a folder of $fpath, or:\n"
    "# eval \"$(baton completion zsh)\"\n"
    "_baton()\n"
    "{\n"
    "    local -a candidates\n"
    "    candidates=(${(f)\"$(\"${words[1]}\" __complete \"${(@)words[2,CURRENT]}\" "
    "2>/dev/null)\"})\n"
    "    if (( $#candidates )); then\n"
    "        compadd -a candidates\n"
    "    else\n"
    "        _files\n"
    "    fi\n"
    "}\n"
    "if [[ $funcstack[1] == _baton ]]; then\n"
    "    _baton \"$@\"\n"
    "else\n"
    "    compdef _baton baton\n"
    "fi\n";

const char *complete_script(const char *shell)
{
    if (strcmp(shell, "bash") == 0)
        return bash_script;
    return strcmp(shell, "zsh") == 0 ? zsh_script : NULL;
}

/* Appends one candidate when it begins as the word does, once. */
static void offer(struct buf *out, const char *word, const char *candidate)
{
    size_t n = strlen(candidate);
    if (strncmp(candidate, word, strlen(word)) != 0)
        return;
    for (const char *at = out->len ? out->data : NULL; at && *at; at = strchr(at, '\n') + 1)
        if (strncmp(at, candidate, n) == 0 && at[n] == '\n')
            return;
    buf_append(out, candidate, n);
    buf_putc(out, '\n');
}

static const struct capability *find(const struct catalogue *c, const char *group, const char *name)
{
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->rows[i]->group, group) == 0 && strcmp(c->rows[i]->name, name) == 0 &&
            !(c->rows[i]->flags & CAP_INTERNAL))
            return c->rows[i];
    return NULL;
}

static void offer_values(struct buf *out, const char *word, const cJSON *property)
{
    const cJSON *one, *choices = json_get(property, "enum");
    if (!choices)
        choices = json_get(json_get(property, "items"), "enum");
    cJSON_ArrayForEach(one, choices) if (cJSON_IsString(one)) offer(out, word, one->valuestring);
}

/* The property whose flag the word is, when it takes a value. */
static const cJSON *takes_value(const cJSON *schema, const char *word)
{
    const cJSON *one, *found = NULL;
    struct buf flag = {0};
    cJSON_ArrayForEach(one, json_get(schema, "properties"))
    {
        buf_clear(&flag);
        buf_puts(&flag, "--");
        flag_name(one->string, &flag);
        if (!flag_is_boolean(one) && strcmp(flag.data, word) == 0)
            found = one;
    }
    buf_finish(&flag);
    return found;
}

static void offer_flags(const struct capability *row, const cJSON *schema, int n, char **words,
                        struct buf *out)
{
    const char *word = words[n - 1];
    const cJSON *property = n >= 2 ? takes_value(schema, words[n - 2]) : NULL, *one;
    if (property) {
        offer_values(out, word, property);
        return;
    }
    for (int i = 0; i < n - 1; i++)
        if (strcmp(words[i], "--") == 0)
            return; /* the shell's own completion knows better */
    if (word[0] != '-') {
        cJSON_ArrayForEach(one, json_get(schema, "x-positional"))
            offer_values(out, word, json_get(json_get(schema, "properties"), one->valuestring));
        return;
    }
    cJSON_ArrayForEach(one, json_get(schema, "properties"))
    {
        struct buf flag = {0};
        bool on = flag_is_boolean(one) && json_bool(one, "default", false);
        if (flag_is_positional(schema, one->string) || flag_is_rest(schema, one->string))
            continue;
        buf_puts(&flag, on ? "--no-" : "--");
        flag_name(one->string, &flag);
        offer(out, word, flag.data);
        buf_finish(&flag);
    }
    static const char *const always[] = {"--json",     "--help",  "--workspace",
                                         "--identity", "--input", "--input-file"};
    if (row->flags & CAP_FOLLOW)
        offer(out, word, "--follow");
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        offer(out, word, always[i]);
}

static void offer_names(const struct catalogue *c, const char *group, const char *word,
                        struct buf *out)
{
    static const char *const words[] = {"help",        "completion", "manual",
                                        "--help",      "--version",  "--json",
                                        "--workspace", "--identity", "-L"};
    for (size_t i = 0; i < c->count; i++) {
        const struct capability *row = c->rows[i];
        if (row->flags & CAP_INTERNAL)
            continue;
        if (group ? strcmp(row->group, group) == 0 : strcmp(row->group, "baton") == 0)
            offer(out, word, row->name);
        else if (!group)
            offer(out, word, row->group);
    }
    if (group)
        return;
    for (const struct help_door *d = help_doors; d->name; d++)
        offer(out, word, d->name);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (word[0] == '-' || words[i][0] != '-')
            offer(out, word, words[i]);
}

/* Steps over global flags at the beginning. */
static void skip_globals(int *n, char ***words)
{
    char why[256];
    struct globals g = {0};
    int at = 0, used;
    while (at < *n - 1 && (*words)[at][0] == '-' &&
           (used = globals_take(&g, *n, *words, at, why, sizeof why)) > 0)
        at += used;
    *words += at;
    *n -= at;
}

/* The row that the words name, *ret_behind words long; only words before the last count. */
static const struct capability *row_of(const struct catalogue *c, int n, char **words,
                                       int *ret_behind)
{
    const struct capability *row = n >= 3 ? find(c, words[0], words[1]) : NULL;
    *ret_behind = 2;
    if (!row && n >= 2) {
        row = find(c, "baton", words[0]);
        *ret_behind = 1;
    }
    return row;
}

static const char *const with_ids[] = {"shellId", "streamId", "target", "key", "workspace"};

static const char *known_name(const char *property)
{
    for (size_t i = 0; property && i < sizeof with_ids / sizeof *with_ids; i++)
        if (strcmp(with_ids[i], property) == 0)
            return with_ids[i];
    return NULL;
}

/* Of words behind the command's name: the plain argument or flag that the last one is. */
static const char *property_at(const cJSON *schema, int n, char **words)
{
    const cJSON *flag = n >= 2 ? takes_value(schema, words[n - 2]) : NULL;
    int plain = 0;
    if (flag)
        return known_name(flag->string);
    for (int i = 0; i < n - 1; i++) {
        if (strcmp(words[i], "--") == 0)
            return NULL;
        if (takes_value(schema, words[i]))
            i++;
        else if (words[i][0] != '-')
            plain++;
    }
    if (words[n - 1][0] == '-')
        return NULL;
    const cJSON *name = cJSON_GetArrayItem(json_get(schema, "x-positional"), plain);
    return name ? known_name(name->valuestring) : NULL;
}

const char *complete_property(const struct catalogue *c, int n, char **words)
{
    cJSON *schema = NULL;
    const char *property = NULL;
    int behind;
    if (n >= 2 && (strcmp(words[n - 2], "-w") == 0 || strcmp(words[n - 2], "--workspace") == 0))
        return known_name("workspace");
    skip_globals(&n, &words);
    const struct capability *row = row_of(c, n, words, &behind);
    if (row && json_parse(row->input, strlen(row->input), &schema) == ERR_OK)
        property = property_at(schema, n - behind, words + behind);
    cJSON_Delete(schema);
    return property;
}

void complete_words(const struct catalogue *c, int n, char **words, struct buf *out)
{
    cJSON *schema = NULL;
    int behind;
    skip_globals(&n, &words);
    if (n <= 0)
        return;
    const struct capability *row = row_of(c, n, words, &behind);
    if (n == 1) {
        offer_names(c, NULL, words[0], out);
    } else if (n == 2 && strcmp(words[0], "completion") == 0) {
        offer(out, words[1], "bash");
        offer(out, words[1], "zsh");
    } else if (row && json_parse(row->input, strlen(row->input), &schema) == ERR_OK) {
        offer_flags(row, schema, n - behind, words + behind, out);
        cJSON_Delete(schema);
    }
    if (n == 2 && words[1][0] != '-')
        offer_names(c, words[0], words[1], out);
    if (n >= 2 && strcmp(words[0], "help") == 0)
        offer_names(c, n == 2 ? NULL : words[1], words[n - 1], out);
}
