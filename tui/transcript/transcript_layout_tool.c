/* Tool calls to lines (see transcript_layout.h): one line, and below it, when it is open, what it
 * was given, what came out, and who allowed it. */
#include "tui/transcript/transcript_layout.h"

#include "core/base/text.h"
#include "tui/transcript/diff.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define CONTEXT        3  /* lines around what differs */
#define FOLDED_DIFF    10 /* lines of a diff that are shown anyway */
#define FOLDED_FAILURE 4  /* the same of what a call that failed has to say */
#define KIND_COLS      6

/* What a kind is called, and the words that titles like to begin with and that say it again. */
static const struct {
    const char *kind, *shown, *again;
} kinds[] = {
    {"read", "read", "read "},    {"edit", "edit", "edit "},       {"delete", "delete", "delete "},
    {"move", "move", "move "},    {"search", "search", "search "}, {"execute", "run", "run "},
    {"think", "think", "think "}, {"fetch", "fetch", "fetch "},    {"switch_mode", "mode", ""},
};

struct counts {
    size_t added, deleted;
    bool any;
};

static void count_diffs(const struct transcript_tool *tool, struct counts *ret)
{
    memset(ret, 0, sizeof *ret);
    for (int i = 0; i < tool->content_count; i++) {
        const struct transcript_content *c = &tool->contents[i];
        struct diff d;
        if (c->kind != CONTENT_DIFF)
            continue;
        diff_make(&d, c->old.text ? c->old.text : "", c->old.n, c->text.text ? c->text.text : "",
                  c->text.n);
        ret->added += d.added;
        ret->deleted += d.deleted;
        ret->any = true;
        diff_finish(&d);
    }
}

static bool roomy(const struct layout *l)
{
    return l->look->width >= 36;
}

/* --- the line ----------------------------------------------------------------------------------
 */

static bool runs(const struct layout *l)
{
    return l->b->tool->status < STATUS_DONE && l->b->last > transcript_ended(l->t);
}

static const struct transcript_permission *last_permission(const struct transcript_tool *tool)
{
    return tool->permission_count ? &tool->permissions[tool->permission_count - 1] : NULL;
}

static bool was_refused(const struct transcript_tool *tool)
{
    const struct transcript_permission *p = last_permission(tool);

    return p && p->outcome != OUTCOME_PENDING && p->outcome != OUTCOME_ALLOWED;
}

static enum layout_sign sign_of(const struct layout *l, enum theme_role *ret_role)
{
    const struct transcript_tool *tool = l->b->tool;

    *ret_role = ROLE_DIM;
    if (transcript_pending(l->b)) {
        *ret_role = l->put_off ? ROLE_DIM : ROLE_ATTENTION;
        return SIGN_WAITS;
    }
    if (tool->status == STATUS_FAILED) {
        *ret_role = was_refused(tool) ? ROLE_DIM : ROLE_BAD;
        return SIGN_FAILED;
    }
    if (tool->status == STATUS_DONE || l->b->kind == BLOCK_PERMISSION)
        return SIGN_DONE;
    if (!runs(l))
        return SIGN_IDLE;
    *ret_role = ROLE_ACCENT;
    return SIGN_RUNS;
}

static void kind_and_title(struct layout *l)
{
    const struct transcript_tool *tool = l->b->tool;
    const char *shown = "tool", *again = "", *title = tool->title ? tool->title : "";
    size_t n;
    char kind[24];

    for (size_t i = 0; tool->kind && i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].kind, tool->kind) == 0) {
            shown = kinds[i].shown;
            again = kinds[i].again;
        }
    if (l->b->kind == BLOCK_PERMISSION)
        shown = "asks";
    snprintf(kind, sizeof kind, "%-*s ", roomy(l) ? KIND_COLS : 0, shown);
    sheet_spot(l->s, ROLE_DIM, LINE_SPOT_FOLD, kind);
    if (*again && strncasecmp(title, again, strlen(again)) == 0)
        title += strlen(again);
    n = strlen(title);
    if (n > 2 && title[0] == '`' && title[n - 1] == '`' && !memchr(title + 1, '`', n - 2)) {
        title++;
        n -= 2;
    }
    if (!n && tool->location_count)
        sheet_puts(l->s, ROLE_TEXT, tool->locations[0].path);
    else if (!n && tool->input.n)
        sheet_piece(l->s, ROLE_TEXT, 0, tool->input.text, strcspn(tool->input.text, "\n"));
    else
        sheet_piece(l->s, ROLE_TEXT, 0, title, n);
}

static void waits_for(struct layout *l)
{
    enum theme_role role = l->put_off ? ROLE_DIM : ROLE_ATTENTION;

    if (l->look->driver) {
        sheet_decor(l->s, role, l->put_off ? "put off" : "waits for you");
    } else {
        sheet_decor(l->s, role, "waits for ");
        sheet_decor(l->s, role, *l->look->driver_name ? l->look->driver_name : "an answer");
    }
}

static void status_words(struct layout *l)
{
    const struct transcript_tool *tool = l->b->tool;
    const struct transcript_permission *p = last_permission(tool);

    if (transcript_pending(l->b))
        waits_for(l);
    else if (was_refused(tool) && tool->status != STATUS_DONE)
        sheet_decor(l->s, ROLE_DIM,
                    p->outcome == OUTCOME_TIMEOUT     ? "nobody answered"
                    : p->outcome == OUTCOME_CANCELLED ? "cancelled"
                                                      : "rejected");
    else if (tool->status == STATUS_FAILED)
        sheet_decor(l->s, ROLE_BAD, "failed");
    else if (tool->status == STATUS_DONE)
        sheet_decor(l->s, ROLE_DIM, "done");
    else if (l->b->kind == BLOCK_PERMISSION)
        sheet_decor(l->s, ROLE_DIM, "allowed");
    else if (runs(l))
        sheet_decor(l->s, ROLE_ACCENT, "runs");
    else
        sheet_decor(l->s, ROLE_DIM, "left");
}

static void first_line(struct layout *l, const struct counts *counts)
{
    enum theme_role role;
    enum layout_sign sign = sign_of(l, &role);
    size_t right;
    char text[40];

    sheet_margins(l->s, role, layout_indent(l), layout_indent(l));
    sheet_spot(l->s, role, LINE_SPOT_FOLD, layout_sign(l, sign));
    sheet_spot(l->s, role, LINE_SPOT_FOLD, " ");
    kind_and_title(l);
    right = sheet_right(l->s);
    if (counts->any) {
        snprintf(text, sizeof text, "+%zu", counts->added);
        sheet_decor(l->s, ROLE_GOOD, text);
        snprintf(text, sizeof text, " %s%zu", layout_sign(l, SIGN_MINUS), counts->deleted);
        sheet_decor(l->s, ROLE_BAD, text);
    }
    if (roomy(l)) { /* else the sign alone has to tell */
        sheet_decor(l->s, ROLE_DIM, counts->any ? "   " : "");
        status_words(l);
    }
    sheet_end_right(l->s, right);
}

/* --- what is below it --------------------------------------------------------------------------
 */

static const char *body_margin(const struct layout *l, char out[static 24])
{
    snprintf(out, 24, "%s%s ", layout_indent(l), layout_sign(l, SIGN_BAR));
    return out;
}

static void body_begin(struct layout *l)
{
    char margin[24];

    body_margin(l, margin);
    sheet_margins(l->s, ROLE_BORDER, margin, margin);
}

static void diff_piece(struct layout *l, const struct diff_line *line)
{
    static const char *const marks[] = {"  ", "- ", "+ "};
    int kind = line->kind == '-' ? 1 : line->kind == '+' ? 2 : 0;
    enum theme_role role = kind == 1 ? ROLE_DIFF_DEL : kind == 2 ? ROLE_DIFF_ADD : ROLE_DIM;

    body_begin(l);
    l->s->ground = (uint8_t)(kind ? role : ROLE_TEXT);
    sheet_piece(l->s, role, 0, marks[kind], 2);
    sheet_piece(l->s, role, 0, line->text, line->n);
    sheet_end(l->s, WRAP_HARD);
    l->s->ground = ROLE_TEXT;
}

static bool near_change(const struct diff *d, size_t i)
{
    size_t from = i > CONTEXT ? i - CONTEXT : 0, to = i + CONTEXT + 1;

    for (size_t k = from; k < to && k < d->count; k++)
        if (d->lines[k].kind != ' ')
            return true;
    return false;
}

/* How many lines are left out. */
static size_t diff_body(struct layout *l, const struct transcript_content *c, size_t most)
{
    struct diff d;
    size_t shown = 0, left = 0;
    bool gap = false;

    diff_make(&d, c->old.text ? c->old.text : "", c->old.n, c->text.text ? c->text.text : "",
              c->text.n);
    for (size_t i = 0; i < d.count; i++) {
        if (!near_change(&d, i)) {
            gap = shown > 0;
            continue;
        }
        if (shown >= most) {
            left++;
            continue;
        }
        if (gap) {
            body_begin(l);
            sheet_decor(l->s, ROLE_DIM, layout_sign(l, SIGN_GAP));
            sheet_end(l->s, WRAP_CUT);
        }
        gap = false;
        diff_piece(l, &d.lines[i]);
        shown++;
    }
    diff_finish(&d);
    return left;
}

static void left_out(struct layout *l, size_t lines)
{
    char text[60];

    if (!lines)
        return;
    body_begin(l);
    snprintf(text, sizeof text, "%s %zu lines more", layout_sign(l, SIGN_FOLDED), lines);
    sheet_spot(l->s, ROLE_DIM, LINE_SPOT_FOLD, text);
    sheet_end(l->s, WRAP_CUT);
}

static void text_body(struct layout *l, const struct transcript_text *x, size_t most)
{
    struct sheet_mark from = sheet_mark(l->s);
    struct markdown m;
    char margin[24];
    size_t all;

    markdown_begin(&m, ROLE_TEXT, ROLE_BORDER, body_margin(l, margin));
    markdown_text(&m, l->s, x->text ? x->text : "", x->n);
    all = l->s->line_count - from.lines;
    if (all > most + 1) {
        sheet_clamp(l->s, from, most);
        left_out(l, all - most);
    } else {
        layout_more(l, margin, x);
    }
}

/* What a program printed is no Markdown. */
static void raw_body(struct layout *l, enum theme_role role, const char *lead,
                     const struct transcript_text *x)
{
    char margin[24];

    for (size_t at = 0; at < x->n;) {
        const char *end = memchr(x->text + at, '\n', x->n - at);
        size_t len = end ? (size_t)(end - x->text) - at : x->n - at;
        body_begin(l);
        if (at == 0)
            sheet_decor(l->s, ROLE_DIM, lead);
        sheet_piece(l->s, role, 0, x->text + at, len);
        sheet_end(l->s, WRAP_HARD);
        at += len + 1;
    }
    layout_more(l, body_margin(l, margin), x);
}

static bool says(const char *title, const char *what)
{
    return title && what && *what && strstr(title, what);
}

static void diff_content(struct layout *l, const struct transcript_content *c, size_t most)
{
    const struct transcript_tool *tool = l->b->tool;
    const char *slash = strrchr(c->name, '/');

    if (l->open && !says(tool->title, c->name) &&
        !(says(tool->title, slash ? slash + 1 : c->name) && tool->content_count == 1)) {
        body_begin(l);
        sheet_puts(l->s, ROLE_TITLE, c->name);
        sheet_decor(l->s, ROLE_DIM, c->created ? "  new" : "");
        sheet_end(l->s, WRAP_HARD);
    }
    left_out(l, diff_body(l, c, most));
}

static void content(struct layout *l, const struct transcript_content *c)
{
    if (c->kind == CONTENT_DIFF) {
        diff_content(l, c, l->open ? (size_t)-1 : FOLDED_DIFF);
    } else if (c->kind == CONTENT_TEXT) {
        text_body(l, &c->text, (size_t)1 << 30);
    } else {
        const struct transcript_shell *shell = transcript_shell(l->t, c->name);
        body_begin(l);
        if (shell)
            layout_shell(l, shell);
        else if (!l->b->tool->stream.n) {
            sheet_decor(l->s, ROLE_DIM, "a terminal of the agent's own");
            sheet_end(l->s, WRAP_CUT);
        } else
            sheet_margins(l->s, ROLE_TEXT, "", "");
    }
}

static bool shown_by_content(const struct transcript_tool *tool, const char *terminal)
{
    for (int i = 0; i < tool->content_count; i++)
        if (tool->contents[i].kind == CONTENT_TERMINAL &&
            strcmp(tool->contents[i].name, terminal) == 0)
            return true;
    return false;
}

static void places(struct layout *l)
{
    const struct transcript_tool *tool = l->b->tool;
    char line[40];

    for (int i = 0; i < tool->location_count; i++) {
        const char *path = tool->locations[i].path, *slash = strrchr(path, '/');
        if (says(tool->title, slash ? slash + 1 : path) && tool->locations[i].line <= 0)
            continue;
        body_begin(l);
        sheet_puts(l->s, ROLE_DIM, path);
        snprintf(line, sizeof line, ":%lld", (long long)tool->locations[i].line);
        sheet_puts(l->s, ROLE_DIM, tool->locations[i].line > 0 ? line : "");
        sheet_end(l->s, WRAP_HARD);
    }
}

static void open_body(struct layout *l)
{
    const struct transcript_tool *tool = l->b->tool;
    bool run = tool->kind && strcmp(tool->kind, "execute") == 0;

    places(l);
    if (tool->input.n && !says(tool->title, tool->input.text) && (run || !tool->content_count))
        raw_body(l, ROLE_CODE, run ? "$ " : "", &tool->input);
    for (int i = 0; i < tool->content_count; i++)
        content(l, &tool->contents[i]);
    raw_body(l, ROLE_TEXT, "", &tool->stream);
    if (!tool->content_count && !tool->stream.n)
        raw_body(l, ROLE_TEXT, "", &tool->output);
    for (int i = 0; i < tool->shell_count; i++)
        if (!shown_by_content(tool, tool->shells[i].terminal)) {
            body_begin(l);
            layout_shell(l, &tool->shells[i]);
        }
    for (int i = 0; i < tool->file_count; i++) {
        body_begin(l);
        layout_file(l, &tool->files[i]);
    }
    for (int i = 0; i < tool->permission_count; i++)
        if (tool->permissions[i].outcome != OUTCOME_PENDING) {
            body_begin(l);
            layout_answered(l, &tool->permissions[i]);
        }
}

static void folded_body(struct layout *l)
{
    const struct transcript_tool *tool = l->b->tool;
    const struct transcript_content *c = tool->content_count ? &tool->contents[0] : NULL;

    if (was_refused(tool))
        return;
    if (c && c->kind == CONTENT_DIFF && tool->content_count == 1)
        diff_content(l, c, FOLDED_DIFF);
    else if (c && c->kind == CONTENT_TEXT && tool->status == STATUS_FAILED)
        text_body(l, &c->text, FOLDED_FAILURE);
}

void layout_tool(struct layout *l)
{
    const struct transcript_permission *p = transcript_pending(l->b);
    struct counts counts;
    char margin[24];

    count_diffs(l->b->tool, &counts);
    first_line(l, &counts);
    if (l->open)
        open_body(l);
    else
        folded_body(l);
    if (!p)
        return;
    snprintf(margin, sizeof margin, "%s   ", layout_indent(l));
    sheet_margins(l->s, ROLE_DIM, margin, margin);
    layout_asks(l, p);
}

/* --- shared ------------------------------------------------------------------------------------
 */

static void key(struct layout *l, enum line_spot spot, const char *letter, const char *word)
{
    enum theme_role role = l->put_off ? ROLE_DIM : ROLE_ATTENTION;
    char text[64];

    snprintf(text, sizeof text, "[%s] %.*s", letter, (int)text_fit(word, 32), word);
    sheet_decor(l->s, ROLE_TEXT, sheet_para_cols(l->s) ? "   " : "");
    sheet_spot(l->s, role, spot, text);
}

/* Options that no letter stands for are pressed by their place. */
static void other_options(struct layout *l, const struct transcript_permission *p)
{
    for (int i = 0; i < p->option_count && i < 9; i++) {
        enum transcript_answer kind = p->options[i].kind;
        bool lettered = kind != ANSWER_OTHER && transcript_option(p, kind) == i &&
                        (kind != ANSWER_NEVER || transcript_option(p, ANSWER_REJECT) < 0);
        char digit[2] = {(char)('1' + i), '\0'};
        if (!lettered)
            key(l, (enum line_spot)(LINE_SPOT_OPTION + i), digit, p->options[i].name);
    }
}

void layout_asks(struct layout *l, const struct transcript_permission *p)
{
    int always = transcript_option(p, ANSWER_ALWAYS);

    if (l->look->driver && l->put_off) {
        if (l->b->kind == BLOCK_ELICITATION) /* a call's own line says so */
            waits_for(l);
        return;
    }
    if (!l->look->driver) {
        if (l->b->kind != BLOCK_ELICITATION)
            return; /* the call's line says who is waited for */
        waits_for(l);
    } else if (l->b->kind == BLOCK_ELICITATION) {
        key(l, LINE_SPOT_FORM, "f", l->b->elicitation->url ? "open" : "fill in");
        key(l, LINE_SPOT_REJECT, "r", "decline");
        key(l, LINE_SPOT_LATER, "l", "later");
    } else {
        if (transcript_option(p, ANSWER_ALLOW) >= 0)
            key(l, LINE_SPOT_ALLOW, "a", "allow once");
        if (always >= 0)
            key(l, LINE_SPOT_ALWAYS, "A", p->options[always].name);
        if (transcript_option(p, ANSWER_REJECT) >= 0)
            key(l, LINE_SPOT_REJECT, "r", "reject");
        else
            key(l, LINE_SPOT_REJECT, "r",
                transcript_option(p, ANSWER_NEVER) >= 0 ? "reject always" : "cancel");
        other_options(l, p);
        key(l, LINE_SPOT_LATER, "l", "later");
    }
    sheet_end(l->s, WRAP_WORDS);
}

void layout_answered(struct layout *l, const struct transcript_permission *p)
{
    const char *by = p->by && *p->by ? p->by : NULL;
    bool yes = p->outcome == OUTCOME_ALLOWED;

    sheet_decor(l->s, yes ? ROLE_GOOD : ROLE_DIM, layout_sign(l, yes ? SIGN_YES : SIGN_FAILED));
    sheet_decor(l->s, ROLE_DIM, " ");
    if (p->outcome == OUTCOME_TIMEOUT) {
        sheet_puts(l->s, ROLE_DIM, "nobody answered in time");
    } else if (p->outcome == OUTCOME_CANCELLED) {
        sheet_puts(l->s, ROLE_DIM, "cancelled before an answer");
    } else {
        sheet_puts(l->s, by ? theme_member(by) : ROLE_DIM, by ? by : "somebody");
        sheet_puts(l->s, ROLE_DIM, yes ? " allowed it" : " rejected it");
        if (p->chosen && *p->chosen) {
            sheet_puts(l->s, ROLE_DIM, ": ");
            sheet_puts(l->s, ROLE_DIM, p->chosen);
        }
    }
    if (p->reason && *p->reason) {
        sheet_puts(l->s, ROLE_DIM, " ");
        sheet_puts(l->s, ROLE_DIM, layout_sign(l, SIGN_DOT));
        sheet_puts(l->s, ROLE_DIM, " ");
        sheet_puts(l->s, ROLE_TEXT, p->reason);
    }
    sheet_end(l->s, WRAP_WORDS);
}

void layout_shell(struct layout *l, const struct transcript_shell *shell)
{
    sheet_spot(l->s, ROLE_ACCENT, LINE_SPOT_SHELL, shell->shell);
    sheet_decor(l->s, ROLE_TEXT, "  ");
    sheet_puts(l->s, ROLE_CODE, shell->command);
    sheet_decor(l->s, ROLE_TEXT, "   ");
    sheet_spot(l->s, ROLE_DIM, LINE_SPOT_SHELL, "[o] open");
    sheet_end(l->s, WRAP_WORDS);
}

void layout_file(struct layout *l, const struct transcript_file *file)
{
    char size[40];

    layout_size(size, sizeof size, file->bytes);
    sheet_puts(l->s, ROLE_DIM, file->write ? "wrote " : "read ");
    sheet_puts(l->s, ROLE_TEXT, file->path);
    sheet_puts(l->s, ROLE_DIM, "  ");
    sheet_puts(l->s, ROLE_DIM, size);
    sheet_end(l->s, WRAP_WORDS);
}
