/* The side list (see side.h). The own workspace stands first, then the others, then the members. */
#include "tui/layout/side.h"

#include "core/base/mem.h"
#include "core/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(struct side *s, struct side_line line)
{
    s->lines = mem_reallocarray(s->lines, (size_t)s->count + 1, sizeof *s->lines);
    s->lines[s->count++] = line;
}

/* What waits for an answer stands first: an agent's question, a member who wants the baton. A bell
 * does not: lists that jump are no good. */
static bool asked_for(const struct side *s, const struct world_target *t)
{
    return t->ask_count > 0 && !strcmp(t->holder, s->facts.me);
}

/* One that is over is history: it is listed while it is looked at. */
static void add_session(struct side *s, const struct world_workspace *workspace,
                        const struct world_session *session, bool waits)
{
    const struct world_target *t = &session->target;

    if (strcmp(t->workspace, workspace->key) != 0 ||
        (session->waits > 0 || asked_for(s, t)) != waits ||
        (session->state == SESSION_CLOSED && strcmp(t->id, s->facts.target) != 0))
        return;
    add(s, (struct side_line){.kind = SIDE_TARGET, .target = t, .session = session});
}

static void add_shell(struct side *s, const struct world_workspace *workspace,
                      const struct world_shell *shell, bool waits)
{
    const struct world_target *t = &shell->target;

    if (shell->process && !t->live && strcmp(t->id, s->facts.target) != 0)
        return; /* over, and nobody looks at it */
    if (!strcmp(t->workspace, workspace->key) && asked_for(s, t) == waits)
        add(s, (struct side_line){.kind = SIDE_TARGET, .target = t, .shell = shell});
}

static void add_workspace(struct side *s, const struct world *world,
                          const struct world_workspace *workspace)
{
    if (s->count)
        add(s, (struct side_line){.kind = SIDE_BLANK});
    add(s, (struct side_line){.kind = SIDE_WORKSPACE, .workspace = workspace});
    for (int waits = 1; waits >= 0; waits--) {
        for (size_t i = 0; i < world->session_count; i++)
            add_session(s, workspace, &world->sessions[i], waits == 1);
        for (size_t i = 0; i < world->shell_count; i++)
            add_shell(s, workspace, &world->shells[i], waits == 1);
    }
}

/* A member with several consoles is one line. */
static void add_member(struct side *s, const struct world *world, const struct world_member *member)
{
    for (int i = 0; i < s->count; i++)
        if (s->lines[i].kind == SIDE_MEMBER &&
            !strcmp(s->lines[i].member->member, member->member)) {
            s->lines[i].count++;
            return;
        }
    add(s, (struct side_line){.kind = SIDE_MEMBER,
                              .member = member,
                              .count = 1,
                              .drives = world_drives(world, s->facts.workspace, member->member)});
}

#define NEWS_SHOWN 3

static void add_inboxes(struct side *s, const struct post *post)
{
    if (!post || !post->loaded)
        return;
    if (s->count)
        add(s, (struct side_line){.kind = SIDE_BLANK});
    add(s, (struct side_line){
               .kind = SIDE_INBOX, .text = s->facts.me, .count = (int)post->news.unread});
    for (size_t i = 0; i < post->paused_count; i++)
        add(s, (struct side_line){.kind = SIDE_PAUSED, .text = post->paused[i].name});
    for (int i = 0; i < post->news.count && i < NEWS_SHOWN; i++)
        add(s, (struct side_line){
                   .kind = SIDE_LETTER, .text = s->facts.me, .mail = post->news.mails[i]});
    for (size_t i = 0; i < post->people_count; i++) {
        const struct person *person = &post->people[i];
        if (person->readable && person->agent && person->unread > 0 &&
            strcmp(person->name, s->facts.me) != 0)
            add(s, (struct side_line){
                       .kind = SIDE_INBOX, .text = person->name, .count = (int)person->unread});
    }
}

void side_build(struct side *s, const struct world *world, const struct side_facts *facts)
{
    s->count = 0;
    s->facts = *facts;
    for (int own = 1; own >= 0; own--)
        for (size_t i = 0; i < world->workspace_count; i++)
            if (!strcmp(world->workspaces[i].key, facts->workspace) == (own == 1))
                add_workspace(s, world, &world->workspaces[i]);
    if (world->member_count == 0) {
        add_inboxes(s, facts->post);
        return;
    }
    if (s->count)
        add(s, (struct side_line){.kind = SIDE_BLANK});
    add(s, (struct side_line){.kind = SIDE_HEADING, .text = "members"});
    for (int own = 1; own >= 0; own--)
        for (size_t i = 0; i < world->member_count; i++)
            if (!strcmp(world->members[i].member, facts->me) == (own == 1))
                add_member(s, world, &world->members[i]);
    add_inboxes(s, facts->post);
}

void side_finish(struct side *s)
{
    free(s->lines);
    memset(s, 0, sizeof *s);
}

static void shell_sign(const struct world_shell *shell, enum theme_glyph *ret_glyph,
                       enum theme_role *ret_role)
{
    switch (shell->state) {
    case SHELL_EXITED:
        *ret_glyph = GLYPH_DONE;
        *ret_role = ROLE_GOOD;
        return;
    case SHELL_FAILED:
    case SHELL_LOST:
        *ret_glyph = GLYPH_FAILED;
        *ret_role = ROLE_BAD;
        return;
    default: break;
    }
    *ret_glyph = world_rang(shell) ? GLYPH_WAITING : shell->process ? GLYPH_WORKING : GLYPH_IDLE;
    *ret_role = world_rang(shell) ? ROLE_ATTENTION : ROLE_DIM;
}

static void session_sign(const struct world_session *session, enum theme_glyph *ret_glyph,
                         enum theme_role *ret_role)
{
    static const struct {
        enum theme_glyph glyph;
        enum theme_role role;
    } signs[] = {
        [SESSION_STARTING] = {GLYPH_WORKING, ROLE_DIM},
        [SESSION_IDLE] = {GLYPH_IDLE, ROLE_DIM},
        [SESSION_WORKING] = {GLYPH_WORKING, ROLE_ACCENT},
        [SESSION_WAITING] = {GLYPH_WORKING, ROLE_ACCENT},
        [SESSION_CLOSING] = {GLYPH_WORKING, ROLE_DIM},
        [SESSION_CLOSED] = {GLYPH_DONE, ROLE_DIM},
        [SESSION_FAILED] = {GLYPH_FAILED, ROLE_BAD},
    };

    *ret_glyph = session->waits > 0 ? GLYPH_WAITING : signs[session->state].glyph;
    *ret_role = session->waits > 0 ? ROLE_ATTENTION : signs[session->state].role;
    if (session->fresh && session->waits == 0) {
        *ret_glyph = GLYPH_DONE;
        *ret_role = ROLE_GOOD;
    }
}

static int cut_text(struct canvas *c, int row, int col, int cols, struct style style,
                    const char *text, const struct theme *theme)
{
    return canvas_text_cut(c, row, col, cols, style, text, theme_glyph(theme, GLYPH_ELLIPSIS));
}

/* How many answers a session waits for, behind its sign. */
static void draw_count(const struct side_line *line, struct canvas *c, int row, int col,
                       struct style style)
{
    int n = line->session ? line->session->waits : 0;
    char text[2] = {(char)('0' + (n < 9 ? n : 9)), '\0'};

    if (n > 0)
        canvas_text(c, row, col, 1, style, text);
}

static void draw_target(const struct side *s, const struct side_line *line, struct canvas *c,
                        int row, struct rect area, const struct theme *theme)
{
    const struct world_target *t = line->target;
    bool here = !strcmp(t->id, s->facts.target);
    struct style dim = theme_style(theme, ROLE_DIM);
    struct style name = theme_style(theme, here ? ROLE_ACCENT : ROLE_TEXT);
    int end = area.col + area.cols - 2, left = area.col + 3, n;
    enum theme_glyph glyph;
    enum theme_role role;
    char what[16]; /* a shell's id; a session's agent, as its id says nothing to a person */
    bool agent = line->session && strcmp(t->program, world_label(t)) != 0;
    const char *says = agent ? t->program : t->id;

    text_make_safe(what, sizeof what, says, strlen(says));
    n = text_width(what);
    if (here)
        canvas_text(c, row, area.col + 1, 1, name, theme_glyph(theme, GLYPH_HERE));
    if (line->session)
        session_sign(line->session, &glyph, &role);
    else
        shell_sign(line->shell, &glyph, &role);
    canvas_text(c, row, end - 1, 1, theme_style(theme, role), theme_glyph(theme, glyph));
    draw_count(line, c, row, end, theme_style(theme, role));
    if (end - 3 - n > left + 4) {
        canvas_text(c, row, end - 3 - n, n, dim, what);
        end -= n + 2;
    }
    cut_text(c, row, left, end - 2 - left, name, world_label(t), theme);
}

/* "you", "agent", "ssh sh1", "human 2": what a member is, and what it looks at or how often it is
 * here. */
static void member_note(const struct side *s, const struct side_line *line, char *out, size_t size)
{
    const struct world_member *m = line->member;
    bool me = !strcmp(m->member, s->facts.me);
    const char *kind = me ? "you" : m->guest && strcmp(m->kind, "agent") != 0 ? "ssh" : m->kind;

    if (line->count > 1)
        snprintf(out, size, "%s %d", kind, line->count);
    else
        snprintf(out, size, "%s%s%.60s", kind, m->looking[0] && !me ? " " : "",
                 me ? "" : m->looking);
}

static void draw_member(const struct side *s, const struct side_line *line, struct canvas *c,
                        int row, struct rect area, const struct theme *theme)
{
    const struct world_member *m = line->member;
    struct style colour = theme_style(theme, theme_member(m->member));
    bool observes = !strcmp(m->role, "observer");
    char note[80];
    int end = area.col + area.cols - 2, n;

    if (line->drives || observes)
        canvas_text(c, row, end - 1, 1, line->drives ? colour : theme_style(theme, ROLE_DIM),
                    theme_glyph(theme, line->drives ? GLYPH_DRIVES : GLYPH_WATCHES));
    end -= 3; /* as the shells' ids */
    member_note(s, line, note, sizeof note);
    n = text_width(note);
    cut_text(c, row, area.col + 3, end - 1 - n - area.col - 3, colour, m->member, theme);
    if (end - n > area.col + 6)
        canvas_text(c, row, end - n, n, theme_style(theme, ROLE_DIM), note);
}

static void draw_inbox(const struct side *s, const struct side_line *line, struct canvas *c,
                       int row, struct rect area, const struct theme *theme)
{
    bool own = !strcmp(line->text, s->facts.me);
    int end = area.col + area.cols - 1, n;
    struct style style = theme_style(theme, own ? ROLE_ACCENT : ROLE_DIM);
    char count[24] = "";

    if (own)
        style.attrs |= ATTR_BOLD;
    if (line->count > 0)
        snprintf(count, sizeof count, "%d", line->count);
    n = text_width(count);
    canvas_text(c, row, end - n, n, style, count);
    if (own)
        canvas_text(c, row, area.col + 1, area.cols - 3 - n, theme_style(theme, ROLE_DIM), "inbox");
    else
        cut_text(c, row, area.col + 3, area.cols - 6 - n, theme_style(theme, ROLE_DIM), line->text,
                 theme);
}

/* "reviewer  re: api.ts", "build  #alerts" */
static void draw_letter(const struct side_line *line, struct canvas *c, int row, struct rect area,
                        const struct theme *theme)
{
    const struct mail *m = line->mail;
    int col = area.col + 3, end = area.col + area.cols - 1, n;
    char about[120];

    n = cut_text(c, row, col, 9, theme_style(theme, theme_member(m->from)), m->from, theme);
    col += (n > 9 ? n : 9) + 1;
    if (m->channel[0])
        snprintf(about, sizeof about, "#%.100s", m->channel);
    else
        snprintf(about, sizeof about, "%.*s", (int)text_fit(mail_headline(m), 60),
                 mail_headline(m));
    cut_text(c, row, col, end - col, theme_style(theme, ROLE_TEXT), about, theme);
}

static void draw_paused(const struct side_line *line, struct canvas *c, int row, struct rect area,
                        const struct theme *theme)
{
    struct style loud = theme_style(theme, ROLE_ATTENTION);
    char text[100];

    snprintf(text, sizeof text, "%s %.60s paused", theme_glyph(theme, GLYPH_WAITING), line->text);
    cut_text(c, row, area.col + 3, area.cols - 4, loud, text, theme);
}

void side_draw(const struct side *s, struct canvas *c, struct rect area, const struct theme *theme)
{
    canvas_fill(c, area, theme_style(theme, ROLE_TEXT));
    for (int i = s->top; i < s->count && i - s->top < area.rows; i++) {
        const struct side_line *line = &s->lines[i];
        int row = area.row + i - s->top;
        switch (line->kind) {
        case SIDE_WORKSPACE: {
            bool own = !strcmp(line->workspace->key, s->facts.workspace);
            cut_text(c, row, area.col + 1, area.cols - 2,
                     theme_style(theme, own ? ROLE_TITLE : ROLE_DIM), line->workspace->key, theme);
            break;
        }
        case SIDE_TARGET: draw_target(s, line, c, row, area, theme); break;
        case SIDE_MEMBER: draw_member(s, line, c, row, area, theme); break;
        case SIDE_HEADING:
            canvas_text(c, row, area.col + 1, area.cols - 2, theme_style(theme, ROLE_DIM),
                        line->text);
            break;
        case SIDE_INBOX: draw_inbox(s, line, c, row, area, theme); break;
        case SIDE_LETTER: draw_letter(line, c, row, area, theme); break;
        case SIDE_PAUSED: draw_paused(line, c, row, area, theme); break;
        case SIDE_BLANK: break;
        }
    }
}

void side_scroll(struct side *s, int by, int rows)
{
    int most = s->count > rows ? s->count - rows : 0;

    s->top += by;
    s->top = s->top > most ? most : s->top < 0 ? 0 : s->top;
}

const struct side_line *side_at(const struct side *s, int row)
{
    int i = s->top + row;

    return row >= 0 && i < s->count ? &s->lines[i] : NULL;
}
