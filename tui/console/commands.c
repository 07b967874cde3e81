/* The command line: text to words, words to a command of the console or a capability of the hub,
 * and completion over both. */
#include "tui/console/console_private.h"

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/hub/hub.h"
#include "transport/cli/complete.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 64

static const struct console_command *const tables[] = {
    pane_commands,  shell_commands,   session_commands, inbox_commands,
    baton_commands, console_commands, approval_commands};

/* Cuts text into words as a shell does with quotes and backslashes, in place. -1: a quote is open
 * or there are too many. */
static int split(char *text, char **words)
{
    char *in = text, *out = text;
    int count = 0;

    for (;;) {
        while (*in == ' ' || *in == '\t')
            in++;
        if (!*in)
            return count;
        if (count == WORDS_MAX)
            return -1;
        words[count++] = out;
        char quote = '\0';
        for (; *in && (quote || (*in != ' ' && *in != '\t')); in++) {
            if (quote ? *in == quote : *in == '"' || *in == '\'')
                quote = quote ? '\0' : *in;
            else if (*in == '\\' && quote != '\'' && in[1])
                *out++ = *++in;
            else
                *out++ = *in;
        }
        if (quote)
            return -1;
        if (*in)
            in++;
        *out++ = '\0';
    }
}

static const struct console_command *find(const char *name)
{
    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++)
        for (const struct console_command *command = tables[t]; command->name; command++)
            if (!strcmp(command->name, name))
                return command;
    return NULL;
}

void console_run(struct console *c, const char *text)
{
    char *copy = mem_strdup(text), *words[WORDS_MAX + 1];
    int count = split(copy, words);
    const struct console_command *command;

    c->draw = true;
    if (count < 0) {
        notices_add(&c->notices, ROLE_BAD, "a quote is not closed");
    } else if (count > 0) {
        words[count] = NULL;
        /* A console's word that begins a capability's name too: "shell list", "shell next". */
        command = find(words[0]);
        if (count > 1 && console_call(c, count, words))
            command = NULL;
        else if (command && command->whom == FOR_DRIVERS && console_observes(c))
            console_observing(c);
        else if (command)
            command->run(c, count, words);
        else if (!console_call(c, count, words))
            notices_add(&c->notices, ROLE_BAD,
                        "there is no command \"%s\"; Tab shows what there is", words[0]);
    }
    free(copy);
}

/* --- completion --- */

struct found {
    const char *begin;
    size_t n;
    char common[256]; /* what all have in common */
    int count;
    struct buf list;
};

static void offer(struct found *f, const char *word)
{
    size_t same = 0;

    if (strncmp(word, f->begin, f->n) != 0 || !*word)
        return;
    for (const char *at = f->list.data; at && (at = strstr(at, word)); at++)
        if ((at == f->list.data || at[-1] == ' ') && (at[strlen(word)] == ' ' || !at[strlen(word)]))
            return;
    if (f->list.len)
        buf_puts(&f->list, "  ");
    buf_puts(&f->list, word);
    if (f->count++ == 0) {
        snprintf(f->common, sizeof f->common, "%s", word);
        return;
    }
    while (f->common[same] && f->common[same] == word[same])
        same++;
    f->common[same] = '\0';
}

static void offer_lines(struct found *f, char *lines)
{
    for (char *line = strtok(lines, "\n"); line; line = strtok(NULL, "\n"))
        offer(f, line);
}

static void offer_arguments(struct found *f, const struct console_command *command)
{
    char *args = mem_strdup(command->args), *save = NULL;

    for (char *word = strtok_r(args, "[]| ", &save); word; word = strtok_r(NULL, "[]| ", &save))
        if (*word == '-' || (*word >= 'a' && *word <= 'z'))
            offer(f, word);
    free(args);
    if (!strcmp(command->name, "theme")) {
        char **names = theme_names();
        for (char **name = names; name && *name; name++) {
            offer(f, *name);
            free(*name);
        }
        free(names);
    }
}

/* The words of the hub's commands; an observer is offered those that it may run. */
static void offer_calls(const struct console *c, struct found *f, int count, char **words)
{
    const struct catalogue *all = hub_catalogue();
    const struct capability **rows = mem_calloc(all->count + 1, sizeof(const struct capability *));
    struct catalogue some = {rows, 0};
    struct buf lines = {0};

    for (size_t i = 0; i < all->count; i++)
        if (!console_observes(c) ||
            (all->rows[i]->role <= ROLE_OBSERVER && all->rows[i]->lane != LANE_CLIENT))
            rows[some.count++] = all->rows[i];
    complete_words(&some, count, words, &lines);
    if (lines.data)
        offer_lines(f, lines.data);
    buf_finish(&lines);
    free(rows);
}

void console_complete(struct console *c, struct line *line, char **ret_more)
{
    char *copy = mem_strndup(line->text, line->cursor), *words[WORDS_MAX + 2];
    char empty[] = "";
    int count = split(copy, words);
    bool fresh = line->cursor == 0 || line->text[line->cursor - 1] == ' ';
    struct found f = {0};

    *ret_more = NULL;
    if (count < 0 || line->cursor < line->length)
        goto out;
    if (fresh || count == 0)
        words[count++] = empty;
    f.begin = words[count - 1];
    f.n = strlen(f.begin);
    if (count == 1)
        for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++)
            for (const struct console_command *k = tables[t]; k->name; k++)
                offer(&f, k->whom == FOR_ALL || !console_observes(c) ? k->name : "");
    else if (count == 2 && find(words[0]))
        offer_arguments(&f, find(words[0]));
    offer_calls(c, &f, count, words);
    if (f.count > 0) {
        char text[LINE_MAX_BYTES + 300];
        int before = (int)(line->length - f.n);
        snprintf(text, sizeof text, "%.*s%s%s", before, line->text, f.common,
                 f.count == 1 ? " " : "");
        line_set(line, text);
    }
    if (f.count > 1)
        *ret_more = buf_take(&f.list);
out:
    c->draw = true;
    buf_finish(&f.list);
    free(copy);
}
