/* Keys of the transcript's pane, and what can be pressed in it: what they ask for is told as an
 * action. */
#include "tui/transcript/transcript_pane_private.h"

#include "core/base/text.h"

#include <stdio.h>
#include <string.h>

/* --- answers -----------------------------------------------------------------------------------
 */

static void put_id(char out[static TRANSCRIPT_ID_MAX], const char *id)
{
    /* An id that is cut would be another one. */
    if (id && strlen(id) < TRANSCRIPT_ID_MAX)
        memcpy(out, id, strlen(id) + 1);
}

static bool answer(const struct transcript_permission *q, int option, enum transcript_answer kind,
                   struct transcript_action *a)
{
    a->kind = ACTION_ANSWER;
    a->answer = kind;
    put_id(a->id, q->id);
    if (option >= 0)
        put_id(a->option, q->options[option].id);
    return true;
}

/* A permission's or elicitation's key. */
static bool press_question(struct transcript_pane *p, int index, enum line_spot spot,
                           struct transcript_action *a)
{
    const struct transcript_block *b = transcript_at(p->t, index);
    const struct transcript_permission *q = b ? transcript_pending(b) : NULL;
    int option;

    if (!q || !p->driver)
        return false;
    switch (spot) {
    case LINE_SPOT_ALLOW:
        option = transcript_option(q, ANSWER_ALLOW);
        return option >= 0 && answer(q, option, ANSWER_ALLOW, a);
    case LINE_SPOT_ALWAYS:
        option = transcript_option(q, ANSWER_ALWAYS);
        return option >= 0 && answer(q, option, ANSWER_ALWAYS, a);
    case LINE_SPOT_REJECT:
        option = transcript_option(q, ANSWER_REJECT);
        if (option < 0)
            option = transcript_option(q, ANSWER_NEVER);
        return answer(q, option, ANSWER_REJECT, a);
    case LINE_SPOT_LATER:
        a->kind = ACTION_LATER;
        put_id(a->id, q->id);
        transcript_lines_put_off(p->lines, index, true);
        return true;
    case LINE_SPOT_FORM:
        a->kind = ACTION_FORM;
        put_id(a->id, q->id);
        return b->kind == BLOCK_ELICITATION;
    default: break;
    }
    if (spot < LINE_SPOT_OPTION || spot > LINE_SPOT_OPTION_LAST)
        return false;
    option = (int)spot - LINE_SPOT_OPTION;
    return option < q->option_count && answer(q, option, q->options[option].kind, a);
}

static bool press_suggestion(struct transcript_pane *p, int index, enum line_spot spot,
                             struct transcript_action *a)
{
    const struct transcript_block *b = transcript_at(p->t, index);

    if (!b || !p->driver || b->kind != BLOCK_SUGGESTION || b->outcome != OUTCOME_PENDING)
        return false;
    a->kind = spot == LINE_SPOT_ACCEPT ? ACTION_ACCEPT
              : spot == LINE_SPOT_EDIT ? ACTION_EDIT
                                       : ACTION_DROP;
    put_id(a->id, b->key);
    return true;
}

bool pane_press(struct transcript_pane *p, int index, enum line_spot spot, const char *shell,
                struct transcript_action *a)
{
    const struct transcript_block *b = transcript_at(p->t, index);

    if (!b)
        return false;
    switch (spot) {
    case LINE_SPOT_FOLD:
        if (!transcript_lines_foldable(p->lines, index))
            return false;
        transcript_lines_set_open(p->lines, index, !transcript_lines_open(p->lines, index));
        return true;
    case LINE_SPOT_ACCEPT:
    case LINE_SPOT_EDIT:
    case LINE_SPOT_DROP: return press_suggestion(p, index, spot, a);
    case LINE_SPOT_SHELL:
        if (!shell && b->tool && b->tool->shell_count)
            shell = b->tool->shells[b->tool->shell_count - 1].shell;
        for (int i = 0; !shell && b->tool && i < b->tool->content_count; i++)
            if (b->tool->contents[i].kind == CONTENT_TERMINAL &&
                transcript_shell(p->t, b->tool->contents[i].name))
                shell = transcript_shell(p->t, b->tool->contents[i].name)->shell;
        a->kind = shell ? ACTION_SHELL : ACTION_NONE;
        put_id(a->id, shell);
        return shell != NULL;
    default: return press_question(p, index, spot, a);
    }
}

/* The block that an answering key is for: the cursor's when it waits, else the oldest that does,
 * those put off last. -1 when none waits. */
static int asking(const struct transcript_pane *p, bool suggestion)
{
    int index = p->cursor ? transcript_index(p->t, p->cursor) : -1, off = -1;
    int count = transcript_waiting(p->t, NULL) ? transcript_count(p->t) : 0;

    for (int i = -1; i < count; i++) {
        const struct transcript_block *b = transcript_at(p->t, i < 0 ? index : i);
        bool waits = b && (suggestion ? b->kind == BLOCK_SUGGESTION && b->outcome == OUTCOME_PENDING
                                      : transcript_pending(b) != NULL);
        if (i < 0 && (!b || b->id != p->cursor))
            continue;
        if (waits && (i < 0 || !transcript_lines_is_put_off(p->lines, i)))
            return i < 0 ? index : i;
        if (waits && off < 0)
            off = i;
    }
    return off;
}

bool transcript_pane_answer_key(struct transcript_pane *p, const struct input_event *e,
                                struct transcript_action *a)
{
    static const struct {
        uint32_t code;
        enum line_spot spot;
    } keys[] = {
        {'a', LINE_SPOT_ALLOW}, {'A', LINE_SPOT_ALWAYS}, {'r', LINE_SPOT_REJECT},
        {'l', LINE_SPOT_LATER}, {'f', LINE_SPOT_FORM},   {'s', LINE_SPOT_ACCEPT},
        {'e', LINE_SPOT_EDIT},  {'x', LINE_SPOT_DROP},
    };
    int index;

    memset(a, 0, sizeof *a);
    if (e->kind != INPUT_KEY || e->mods & (MOD_CTRL | MOD_ALT) || !p->driver)
        return false;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (keys[i].code == e->code) {
            index = asking(p, keys[i].spot >= LINE_SPOT_ACCEPT && keys[i].spot <= LINE_SPOT_DROP);
            return index >= 0 && pane_press(p, index, keys[i].spot, NULL, a);
        }
    if (e->code >= '1' && e->code <= '9' && (index = asking(p, false)) >= 0)
        return pane_press(p, index, (enum line_spot)(LINE_SPOT_OPTION + (int)(e->code - '1')), NULL,
                          a);
    return false;
}

/* --- moving ------------------------------------------------------------------------------------
 */

/* The cursor's block, or -1: one that is out of sight does not count. */
static int cursor_index(struct transcript_pane *p)
{
    int index = p->cursor ? transcript_index(p->t, p->cursor) : -1;
    struct pane_place top = pane_top(p), bottom = pane_move(p, top, p->rows);

    if (index < 0 || transcript_id_at(p->t, index) != p->cursor || index < top.index ||
        index > bottom.index)
        return -1;
    return index;
}

static void step(struct transcript_pane *p, int direction)
{
    int index = cursor_index(p), next;
    struct pane_place top = pane_top(p);

    if (index >= 0) {
        next = pane_step(p, index, direction);
    } else if (direction > 0) {
        next = pane_step(p, top.index - 1, 1);
    } else {
        struct pane_place bottom = pane_move(p, top, p->rows - 1);
        next = pane_step(p, bottom.index + (bottom.index < transcript_count(p->t)), -1);
    }
    if (next >= 0)
        pane_cursor(p, next);
    else
        transcript_pane_scroll(p, direction);
}

static void to_top(struct transcript_pane *p, struct transcript_action *a)
{
    transcript_pane_top(p);
    if (transcript_whole(p->t) > 1) {
        p->asked = transcript_whole(p->t);
        a->kind = ACTION_EARLIER;
    }
}

static bool leave(struct transcript_pane *p, struct transcript_action *a)
{
    if (p->selected) {
        p->selected = false;
    } else if (p->pattern[0]) {
        transcript_pane_search(p, "", false);
    } else if (p->cursor) {
        p->cursor = 0;
    } else {
        a->kind = ACTION_LEAVE;
    }
    return true;
}

/* Enter: opens or folds; what asks for a form offers it. */
static bool enter(struct transcript_pane *p, struct transcript_action *a)
{
    int index = cursor_index(p);
    const struct transcript_block *b = transcript_at(p->t, index);

    if (!b)
        return false;
    if (b->kind == BLOCK_ELICITATION)
        return pane_press(p, index, LINE_SPOT_FORM, NULL, a);
    if (b->kind == BLOCK_TERMINAL)
        return pane_press(p, index, LINE_SPOT_SHELL, NULL, a);
    if (!pane_press(p, index, LINE_SPOT_FOLD, NULL, a))
        return false;
    pane_reveal(p, index, 0);
    return true;
}

static bool open_all(struct transcript_pane *p)
{
    bool any = false;

    for (int i = 0; i < transcript_count(p->t) && !any; i++)
        any = transcript_lines_foldable(p->lines, i) && !transcript_lines_open(p->lines, i);
    transcript_lines_open_all(p->lines, any);
    return true;
}

static bool control_key(struct transcript_pane *p, uint32_t code)
{
    int page = p->rows > 2 ? p->rows - 1 : 1;

    switch (code) {
    case 'e': transcript_pane_scroll(p, 1); return true;
    case 'y': transcript_pane_scroll(p, -1); return true;
    case 'd': transcript_pane_scroll(p, page / 2 + 1); return true;
    case 'u': transcript_pane_scroll(p, -page / 2 - 1); return true;
    case 'f': transcript_pane_scroll(p, page); return true;
    case 'b': transcript_pane_scroll(p, -page); return true;
    case 'n': transcript_pane_scroll(p, 1); return true;
    case 'p': transcript_pane_scroll(p, -1); return true;
    default: return false;
    }
}

static bool moving_key(struct transcript_pane *p, uint32_t code, struct transcript_action *a)
{
    int page = p->rows > 2 ? p->rows - 1 : 1;

    switch (code) {
    case 'j':
    case K_TAB: step(p, 1); return true;
    case 'k':
    case K_BACKTAB: step(p, -1); return true;
    case K_DOWN: transcript_pane_scroll(p, 1); return true;
    case K_UP: transcript_pane_scroll(p, -1); return true;
    case 'F':
    case K_PAGE_DOWN: transcript_pane_scroll(p, page); return true;
    case 'b':
    case K_PAGE_UP: transcript_pane_scroll(p, -page); return true;
    case 'g':
    case K_HOME: to_top(p, a); return true;
    case 'G':
    case K_END:
        transcript_pane_end(p);
        p->cursor = 0;
        return true;
    case '{':
    case '[': transcript_pane_prompt(p, -1); return true;
    case '}':
    case ']': transcript_pane_prompt(p, 1); return true;
    default: return false;
    }
}

bool transcript_pane_key(struct transcript_pane *p, const struct input_event *e,
                         struct transcript_action *a)
{
    memset(a, 0, sizeof *a);
    if (e->kind != INPUT_KEY || e->mods & MOD_ALT)
        return false;
    transcript_lines_sync(p->lines, 0);
    if (e->mods & MOD_CTRL)
        return control_key(p, e->code);
    if (transcript_pane_answer_key(p, e, a) || moving_key(p, e->code, a))
        return true;
    memset(a, 0, sizeof *a);
    switch (e->code) {
    case K_ENTER:
    case ' ': return enter(p, a);
    case 'o': return pane_press(p, cursor_index(p), LINE_SPOT_SHELL, NULL, a);
    case 'E': return open_all(p);
    case '/': a->kind = ACTION_SEARCH; return true;
    case 'n': return p->pattern[0] && pane_find_next(p, false);
    case 'N': return p->pattern[0] && pane_find_next(p, true);
    case 'c':
    case 'y':
        a->kind = p->selected || cursor_index(p) >= 0 ? ACTION_COPY : ACTION_NONE;
        return true;
    case 'q':
    case K_ESCAPE: return leave(p, a);
    default: return false;
    }
}
