/* The side list (see side.h). The own workspace stands first, then the others, then the members. */
#include "tui/side.h"

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

static void add_workspace(struct side *s, const struct world *world,
                          const struct world_workspace *workspace)
{
    if (s->count)
        add(s, (struct side_line){.kind = SIDE_BLANK});
    add(s, (struct side_line){.kind = SIDE_WORKSPACE, .workspace = workspace});
    for (size_t i = 0; i < world->shell_count; i++)
        if (!strcmp(world->shells[i].workspace, workspace->key))
            add(s, (struct side_line){.kind = SIDE_SHELL, .shell = &world->shells[i]});
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

void side_build(struct side *s, const struct world *world, const struct side_facts *facts)
{
    s->count = 0;
    s->facts = *facts;
    for (int own = 1; own >= 0; own--)
        for (size_t i = 0; i < world->workspace_count; i++)
            if (!strcmp(world->workspaces[i].key, facts->workspace) == (own == 1))
                add_workspace(s, world, &world->workspaces[i]);
    if (world->member_count == 0)
        return;
    if (s->count)
        add(s, (struct side_line){.kind = SIDE_BLANK});
    add(s, (struct side_line){.kind = SIDE_HEADING, .text = "members"});
    for (int own = 1; own >= 0; own--)
        for (size_t i = 0; i < world->member_count; i++)
            if (!strcmp(world->members[i].member, facts->me) == (own == 1))
                add_member(s, world, &world->members[i]);
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
    *ret_glyph = world_rang(shell) ? GLYPH_WAITING : GLYPH_IDLE;
    *ret_role = world_rang(shell) ? ROLE_ATTENTION : ROLE_DIM;
}

/* Text that ends with a sign when it had to be cut. */
static int cut_text(struct canvas *c, int row, int col, int cols, struct style style,
                    const char *text, const struct theme *theme)
{
    if (cols <= 0)
        return 0;
    if (text_width(text) <= cols)
        return canvas_text(c, row, col, cols, style, text);
    int n = canvas_text(c, row, col, cols - 1, style, text);
    return n + canvas_text(c, row, col + n, 1, style, theme_glyph(theme, GLYPH_ELLIPSIS));
}

static void draw_shell(const struct side *s, const struct world_shell *shell, struct canvas *c,
                       int row, struct rect area, const struct theme *theme)
{
    bool here = !strcmp(shell->id, s->facts.shell);
    struct style dim = theme_style(theme, ROLE_DIM);
    struct style name = theme_style(theme, here ? ROLE_ACCENT : ROLE_TEXT);
    int end = area.col + area.cols - 2, id = text_width(shell->id), left = area.col + 3;
    enum theme_glyph glyph;
    enum theme_role role;

    if (here)
        canvas_text(c, row, area.col + 1, 1, name, theme_glyph(theme, GLYPH_HERE));
    shell_sign(shell, &glyph, &role);
    canvas_text(c, row, end - 1, 1, theme_style(theme, role), theme_glyph(theme, glyph));
    if (end - 3 - id > left + 4) {
        canvas_text(c, row, end - 3 - id, id, dim, shell->id);
        end -= id + 2;
    }
    cut_text(c, row, left, end - 2 - left, name, world_shell_label(shell), theme);
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
        case SIDE_SHELL: draw_shell(s, line->shell, c, row, area, theme); break;
        case SIDE_MEMBER: draw_member(s, line, c, row, area, theme); break;
        case SIDE_HEADING:
            canvas_text(c, row, area.col + 1, area.cols - 2, theme_style(theme, ROLE_DIM),
                        line->text);
            break;
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
