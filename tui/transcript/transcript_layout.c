/* Blocks to lines (see transcript_layout.h): all kinds but tool calls. */
#include "tui/transcript/transcript_layout.h"

#include "core/base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PROMPT_LINES 12 /* of a prompt that is folded */

static const struct {
    const char *utf8, *ascii;
} signs[] = {
    [SIGN_PROMPT] = {"›", ">"},  [SIGN_FOLDED] = {"▸", ">"},    [SIGN_OPEN] = {"▾", "v"},
    [SIGN_DONE] = {"◇", "o"},    [SIGN_RUNS] = {"●", "*"},      [SIGN_WAITS] = {"◆", "!"},
    [SIGN_FAILED] = {"✗", "x"},  [SIGN_IDLE] = {"○", "."},      [SIGN_YES] = {"✓", "+"},
    [SIGN_STOP] = {"■", "#"},    [SIGN_DOT] = {"·", "."},       [SIGN_BAR] = {"│", "|"},
    [SIGN_GAP] = {"⋯", "..."},   [SIGN_MINUS] = {"−", "-"},     [SIGN_TODO] = {"☐", "[ ]"},
    [SIGN_DOING] = {"◐", "[~]"}, [SIGN_CHECKED] = {"☑", "[x]"}, [SIGN_WARNING] = {"!", "!"},
};
_Static_assert(sizeof signs / sizeof *signs == SIGN_COUNT, "a sign each");

const char *layout_sign(const struct layout *l, enum layout_sign sign)
{
    return l->look->utf8 ? signs[sign].utf8 : signs[sign].ascii;
}

const char *layout_indent(const struct layout *l)
{
    return l->look->width >= 30 ? "  " : "";
}

void layout_line(struct layout *l, enum theme_role role, enum layout_sign sign)
{
    char first[24], rest[24];
    const char *mark = layout_sign(l, sign);

    snprintf(first, sizeof first, "%s%s ", layout_indent(l), mark);
    snprintf(rest, sizeof rest, "%*s", text_width(first), "");
    sheet_margins(l->s, role, first, rest);
}

void layout_duration(char *out, size_t size, int64_t ms)
{
    if (ms < 60000)
        snprintf(out, size, "%" PRId64 " s", ms / 1000);
    else if (ms < 3600000)
        snprintf(out, size, "%" PRId64 " min %" PRId64 " s", ms / 60000, ms / 1000 % 60);
    else
        snprintf(out, size, "%" PRId64 " h %" PRId64 " min", ms / 3600000, ms / 60000 % 60);
}

void layout_size(char *out, size_t size, int64_t bytes)
{
    if (bytes < 1000)
        snprintf(out, size, "%" PRId64 " bytes", bytes);
    else if (bytes < 1000000)
        snprintf(out, size, "%.1f KB", (double)bytes / 1e3);
    else
        snprintf(out, size, "%.1f MB", (double)bytes / 1e6);
}

void layout_more(struct layout *l, const char *margin, const struct transcript_text *x)
{
    char text[60];

    if (!x->more)
        return;
    snprintf(text, sizeof text, "%s %zu bytes more", l->look->utf8 ? "…" : "...", x->more);
    sheet_margins(l->s, ROLE_BORDER, margin, margin);
    sheet_decor(l->s, ROLE_DIM, text);
    sheet_end(l->s, WRAP_CUT);
}

bool layout_visible(const struct transcript_block *b)
{
    return b->kind != BLOCK_TURN_END || b->outcome != OUTCOME_ENDED;
}

/* What is one group of lines: a prompt and a piece of text each are, the steps between them are. */
static int group(const struct transcript_block *b)
{
    switch (b->kind) {
    case BLOCK_PROMPT: return 1;
    case BLOCK_TEXT: return 2;
    case BLOCK_SUGGESTION: return 3;
    case BLOCK_TURN_END: return 5;
    default: return 4;
    }
}

bool layout_apart(const struct transcript_block *before, const struct transcript_block *b)
{
    return before && (group(before) != group(b) || group(b) <= 2);
}

bool layout_foldable(const struct transcript_block *b)
{
    const struct transcript_tool *tool = b->tool;

    switch (b->kind) {
    case BLOCK_PROMPT: return b->text.n > PROMPT_LINES * 4;
    case BLOCK_THOUGHT: return b->text.n > 0;
    case BLOCK_TOOL:
    case BLOCK_PERMISSION:
        return tool->content_count || tool->input.n || tool->output.n || tool->stream.n ||
               tool->file_count || tool->shell_count || tool->permission_count ||
               tool->location_count;
    default: return false;
    }
}

bool layout_opens(const struct transcript_block *b)
{
    return (b->kind == BLOCK_TOOL || b->kind == BLOCK_PERMISSION) && transcript_pending(b);
}

int layout_guess(const struct transcript_block *b, const struct lines_look *look, bool open)
{
    size_t cols = look->width > 10 ? (size_t)look->width - 4 : 6;
    size_t text = b->text.n / cols + b->text.n / 50 + 1;

    if (!layout_visible(b))
        return 0;
    if (b->kind == BLOCK_THOUGHT && !open)
        return 1;
    if (b->kind == BLOCK_PROMPT && !open && text > PROMPT_LINES)
        return PROMPT_LINES + 1;
    if (b->kind == BLOCK_PLAN)
        return b->plan_count ? b->plan_count : 1;
    return text > 1000000 ? 1000000 : (int)text;
}

/* --- prompts, texts, thoughts ------------------------------------------------------------------
 */

static void plain_lines(struct layout *l, enum theme_role role, unsigned attrs,
                        const struct transcript_text *x)
{
    size_t at = 0;

    do { /* an empty text is an empty line: something may stand before it */
        const char *end = x->n ? memchr(x->text + at, '\n', x->n - at) : NULL;
        size_t len = end ? (size_t)(end - x->text) - at : x->n - at;
        if (len)
            sheet_piece(l->s, role, attrs, x->text + at, len);
        sheet_end(l->s, WRAP_WORDS);
        at += len + 1;
    } while (at < x->n);
}

static void clamp_prompt(struct layout *l, struct sheet_mark from)
{
    size_t all = l->s->line_count - from.lines;
    char text[60];

    if (l->open || all <= PROMPT_LINES + 1)
        return;
    sheet_clamp(l->s, from, PROMPT_LINES);
    snprintf(text, sizeof text, "%s %zu lines more", layout_sign(l, SIGN_FOLDED),
             all - PROMPT_LINES);
    sheet_spot(l->s, ROLE_DIM, LINE_SPOT_FOLD, text);
    sheet_end(l->s, WRAP_CUT);
}

static void layout_prompt(struct layout *l)
{
    const struct transcript_block *b = l->b;
    const char *name = b->by && *b->by ? b->by : b->replayed ? "earlier" : "prompt";
    struct sheet_mark from = sheet_mark(l->s);
    char first[64], rest[64];
    int cols;

    snprintf(first, sizeof first, "%.*s %s ", (int)text_fit(name, 20), name,
             layout_sign(l, SIGN_PROMPT));
    cols = text_width(first);
    if (cols > l->look->width / 3) { /* its own line, where there is little room */
        sheet_margins(l->s, ROLE_TEXT, "", "");
        sheet_decor(l->s, b->by ? theme_member(name) : ROLE_DIM, first);
        sheet_end(l->s, WRAP_CUT);
        cols = 2;
        first[0] = '\0';
    }
    snprintf(rest, sizeof rest, "%*s", cols, "");
    sheet_margins(l->s, b->by && *b->by ? theme_member(name) : ROLE_DIM, first[0] ? first : rest,
                  rest);
    plain_lines(l, ROLE_TITLE, 0, &b->text);
    clamp_prompt(l, from);
    layout_more(l, rest, &b->text);
    if (b->detail) {
        sheet_margins(l->s, ROLE_DIM, rest, rest);
        sheet_decor(l->s, ROLE_DIM, "suggested by ");
        sheet_decor(l->s, theme_member(b->detail), b->detail);
        sheet_end(l->s, WRAP_WORDS);
    }
}

void layout_text(struct layout *l, struct layout_text *p)
{
    const struct transcript_text *x = &l->b->text;
    struct sheet *s = l->s;

    if (p->at == 0) {
        markdown_begin(&p->markdown, ROLE_TEXT, ROLE_BORDER, layout_indent(l));
        p->mark = sheet_mark(s);
    }
    sheet_back(s, p->mark);
    while (p->at < x->n) {
        const char *end = memchr(x->text + p->at, '\n', x->n - p->at);
        if (!end)
            break;
        markdown_line(&p->markdown, s, x->text + p->at, (size_t)(end - x->text) - p->at);
        p->at = (size_t)(end - x->text) + 1;
    }
    p->mark = sheet_mark(s);
    if (p->at < x->n) { /* the last line may still grow: it is laid out again next time */
        struct markdown last = p->markdown;
        markdown_line(&last, s, x->text + p->at, x->n - p->at);
    }
    layout_more(l, layout_indent(l), x);
}

static void layout_thought(struct layout *l)
{
    const struct transcript_block *b = l->b;
    char line[80], took[40];
    int64_t ms = b->ended - b->at;

    layout_duration(took, sizeof took, ms);
    if (l->newest)
        snprintf(line, sizeof line, "thinking%s", l->look->utf8 ? "…" : "...");
    else if (ms < 1000)
        snprintf(line, sizeof line, "thought");
    else
        snprintf(line, sizeof line, "thought for %s", took);
    sheet_margins(l->s, ROLE_DIM, layout_indent(l), layout_indent(l));
    sheet_spot(l->s, ROLE_DIM, LINE_SPOT_FOLD, layout_sign(l, l->open ? SIGN_OPEN : SIGN_FOLDED));
    sheet_spot(l->s, ROLE_DIM, LINE_SPOT_FOLD, " ");
    sheet_spot(l->s, ROLE_DIM, LINE_SPOT_FOLD, line);
    sheet_end(l->s, WRAP_CUT);
    if (!l->open)
        return;
    snprintf(line, sizeof line, "%s  ", layout_indent(l));
    sheet_margins(l->s, ROLE_DIM, line, line);
    plain_lines(l, ROLE_DIM, ATTR_ITALIC, &b->text);
    layout_more(l, line, &b->text);
}

/* --- plans -------------------------------------------------------------------------------------
 */

static enum layout_sign box_of(enum transcript_status status)
{
    return status == STATUS_DONE ? SIGN_CHECKED : status == STATUS_RUNNING ? SIGN_DOING : SIGN_TODO;
}

static enum theme_role box_role(enum transcript_status status)
{
    return status == STATUS_DONE ? ROLE_GOOD : status == STATUS_RUNNING ? ROLE_ACCENT : ROLE_DIM;
}

static enum theme_role entry_role(enum transcript_status status)
{
    return status == STATUS_DONE ? ROLE_DIM : status == STATUS_RUNNING ? ROLE_TITLE : ROLE_TEXT;
}

static void plan_piece(struct layout *l, const struct transcript_entry *e)
{
    sheet_puts(l->s, box_role(e->status), layout_sign(l, box_of(e->status)));
    sheet_puts(l->s, ROLE_TEXT, " ");
    sheet_puts(l->s, entry_role(e->status), e->text);
}

/* In one line when it fits, else one below the other. */
static void layout_plan(struct layout *l)
{
    const struct transcript_block *b = l->b;
    int cols = text_width(layout_indent(l));
    char rest[24];

    for (int i = 0; i < b->plan_count; i++)
        cols += text_width(b->plan[i].text) + (l->look->utf8 ? 2 : 4) + (i ? 3 : 0);
    sheet_margins(l->s, ROLE_DIM, layout_indent(l), layout_indent(l));
    if (!b->plan_count)
        sheet_puts(l->s, ROLE_DIM, "no plan any more");
    if (cols <= l->look->width) {
        for (int i = 0; i < b->plan_count; i++) {
            sheet_puts(l->s, ROLE_TEXT, i ? "   " : "");
            plan_piece(l, &b->plan[i]);
        }
        sheet_end(l->s, WRAP_WORDS);
        return;
    }
    snprintf(rest, sizeof rest, "%s%*s", layout_indent(l), l->look->utf8 ? 2 : 4, "");
    for (int i = 0; i < b->plan_count; i++) {
        sheet_margins(l->s, ROLE_DIM, layout_indent(l), rest);
        plan_piece(l, &b->plan[i]);
        sheet_end(l->s, WRAP_WORDS);
    }
}

/* --- what is asked -----------------------------------------------------------------------------
 */

static void layout_elicitation(struct layout *l)
{
    const struct transcript_elicitation *x = l->b->elicitation;
    bool waits = x->answer.outcome == OUTCOME_PENDING;
    char margin[24];

    layout_line(l, waits ? (l->put_off ? ROLE_DIM : ROLE_ATTENTION) : ROLE_DIM,
                waits ? SIGN_WAITS : SIGN_DONE);
    sheet_puts(l->s, ROLE_DIM, "asks  ");
    plain_lines(l, waits ? ROLE_TITLE : ROLE_TEXT, 0, &l->b->text);
    snprintf(margin, sizeof margin, "%s   ", layout_indent(l));
    if (x->url || x->fields) {
        sheet_margins(l->s, ROLE_DIM, margin, margin);
        sheet_puts(l->s, x->url ? ROLE_ACCENT : ROLE_DIM, x->url ? x->url : x->fields);
        sheet_end(l->s, WRAP_WORDS);
    }
    sheet_margins(l->s, ROLE_DIM, margin, margin);
    if (waits)
        layout_asks(l, &x->answer);
    else
        layout_answered(l, &x->answer);
}

static void layout_suggestion(struct layout *l)
{
    const struct transcript_block *b = l->b;
    const char *by = b->by ? b->by : "";
    bool waits = b->outcome == OUTCOME_PENDING;
    char margin[24];

    layout_line(l, waits ? ROLE_ATTENTION : ROLE_DIM, waits ? SIGN_WAITS : SIGN_DOT);
    sheet_decor(l->s, theme_member(by), by);
    sheet_decor(l->s, ROLE_DIM, " suggests ");
    sheet_decor(l->s, ROLE_DIM, layout_sign(l, SIGN_PROMPT));
    sheet_decor(l->s, ROLE_DIM, " ");
    plain_lines(l, waits ? ROLE_TEXT : ROLE_DIM, 0, &b->text);
    snprintf(margin, sizeof margin, "%s   ", layout_indent(l));
    sheet_margins(l->s, ROLE_DIM, margin, margin);
    if (!waits) {
        sheet_decor(l->s, ROLE_DIM, b->outcome == OUTCOME_ALLOWED ? "sent by " : "dropped by ");
        sheet_decor(l->s, b->detail ? theme_member(b->detail) : ROLE_DIM,
                    b->detail ? b->detail : "somebody");
        sheet_end(l->s, WRAP_CUT);
    } else if (l->look->driver) {
        sheet_spot(l->s, ROLE_ATTENTION, LINE_SPOT_ACCEPT, "[s] send");
        sheet_decor(l->s, ROLE_TEXT, "   ");
        sheet_spot(l->s, ROLE_ATTENTION, LINE_SPOT_EDIT, "[e] edit");
        sheet_decor(l->s, ROLE_TEXT, "   ");
        sheet_spot(l->s, ROLE_ATTENTION, LINE_SPOT_DROP, "[x] drop");
        sheet_end(l->s, WRAP_WORDS);
    }
}

/* --- single lines ------------------------------------------------------------------------------
 */

static void detail(struct layout *l, enum theme_role role)
{
    char margin[24];

    if (!l->b->detail || !*l->b->detail)
        return;
    snprintf(margin, sizeof margin, "%s  ", layout_indent(l));
    sheet_margins(l->s, ROLE_DIM, margin, margin);
    sheet_puts(l->s, role, l->b->detail);
    sheet_end(l->s, WRAP_WORDS);
}

static void layout_notice(struct layout *l)
{
    static const enum theme_role roles[] = {ROLE_DIM, ROLE_ATTENTION, ROLE_BAD};
    enum transcript_severity severity = l->b->severity;

    layout_line(l, roles[severity],
                severity == SEVERITY_INFO      ? SIGN_DOT
                : severity == SEVERITY_WARNING ? SIGN_WARNING
                                               : SIGN_FAILED);
    plain_lines(l, severity == SEVERITY_INFO ? ROLE_DIM : ROLE_TEXT, 0, &l->b->text);
    detail(l, ROLE_DIM);
}

static void layout_error(struct layout *l)
{
    layout_line(l, ROLE_BAD, SIGN_FAILED);
    plain_lines(l, ROLE_BAD, 0, &l->b->text);
    detail(l, ROLE_DIM);
}

static void layout_end(struct layout *l)
{
    static const char *const words[] = {
        [OUTCOME_CANCELLED] = "cancelled",
        [OUTCOME_FAILED] = "the turn failed",
        [OUTCOME_REFUSAL] = "the agent refused to go on",
        [OUTCOME_MAX_TOKENS] = "stopped: no tokens left for this turn",
        [OUTCOME_MAX_REQUESTS] = "stopped: too many requests in one turn",
        [OUTCOME_OTHER] = "stopped",
    };
    const struct transcript_block *b = l->b;
    bool bad = b->outcome == OUTCOME_FAILED;

    layout_line(l, bad ? ROLE_BAD : ROLE_DIM, bad ? SIGN_FAILED : SIGN_STOP);
    sheet_puts(l->s, bad ? ROLE_BAD : ROLE_DIM, words[b->outcome]);
    if (b->outcome == OUTCOME_CANCELLED && b->by) {
        sheet_puts(l->s, ROLE_DIM, " by ");
        sheet_puts(l->s, theme_member(b->by), b->by);
    }
    if (b->text.n) {
        sheet_puts(l->s, bad ? ROLE_BAD : ROLE_DIM, ": ");
        plain_lines(l, ROLE_TEXT, 0, &b->text);
    } else {
        sheet_end(l->s, WRAP_WORDS);
    }
    detail(l, ROLE_DIM);
}

void layout_block(struct layout *l)
{
    struct layout_text progress = {0};

    sheet_margins(l->s, ROLE_TEXT, "", "");
    sheet_end(l->s, WRAP_WORDS); /* the empty line that sets it apart, where it stands apart */
    if (!layout_visible(l->b))
        return;
    switch (l->b->kind) {
    case BLOCK_PROMPT: layout_prompt(l); break;
    case BLOCK_TEXT: layout_text(l, &progress); break;
    case BLOCK_THOUGHT: layout_thought(l); break;
    case BLOCK_TOOL:
    case BLOCK_PERMISSION: layout_tool(l); break;
    case BLOCK_PLAN: layout_plan(l); break;
    case BLOCK_ELICITATION: layout_elicitation(l); break;
    case BLOCK_SUGGESTION: layout_suggestion(l); break;
    case BLOCK_NOTICE: layout_notice(l); break;
    case BLOCK_ERROR: layout_error(l); break;
    case BLOCK_TURN_END: layout_end(l); break;
    case BLOCK_FILE:
        layout_line(l, ROLE_DIM, SIGN_DOT);
        layout_file(l, &l->b->tool->files[0]);
        break;
    case BLOCK_TERMINAL:
        layout_line(l, ROLE_DIM, SIGN_DOT);
        layout_shell(l, &l->b->tool->shells[0]);
        break;
    }
}
