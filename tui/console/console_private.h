/* The console's insides, for the files of tui that act on it: panes.c (which panes there are),
 * frame.c (drawing), keys.c, session_keys.c and mouse.c (input), talking.c and answering.c (what is
 * said to sessions), waiting.c (what waits for this member), commands.c and the command files,
 * console.c (the loop). One thread. */
#ifndef BATON_TUI_CONSOLE_PRIVATE_H
#define BATON_TUI_CONSOLE_PRIVATE_H

#include "core/base/config.h"
#include "core/catalogue/catalogue.h"
#include "transport/nng/client.h"
#include "tui/console.h"
#include "tui/parts/keymap.h"
#include "tui/layout/layout.h"
#include "tui/parts/line.h"
#include "tui/parts/notices.h"
#include "tui/layout/pane.h"
#include "tui/parts/popup.h"
#include "tui/inbox/post.h"
#include "tui/parts/promptline.h"
#include "tui/layout/side.h"
#include "tui/terminal/term.h"
#include "tui/terminal/theme.h"
#include "tui/world/world.h"

#define CONSOLE_CALL_MS 10000

enum console_mode {
    MODE_NORMAL,
    MODE_PREFIX,  /* the prefix was pressed */
    MODE_PROMPT,  /* a line is being typed below */
    MODE_CONFIRM, /* y or n */
    MODE_POPUP,
    MODE_NUMBERS, /* the panes show their numbers */
};

struct console;

struct prompt {
    const char *label;
    struct line line;
    bool completes;
    void (*done)(struct console *c, const char *text);
    void (*back)(struct console *c); /* S-Tab, in a popup too: the question before; NULL none */
};

/* What this console says to one session; it stays while the console lives, shown or not. */
struct talk {
    char session[WORLD_ID_MAX];
    struct promptline line;
    char *queued;               /* goes when the turn has ended; NULL nothing */
    char editing[WORLD_ID_MAX]; /* the suggestion whose text is in the line, "" none */
    bool sending;               /* a prompt is on its way */
    int64_t interrupted_us;     /* when a turn was cancelled from here; 0 never */
    uint64_t remembered;        /* the newest block whose prompt is in the history */
};

/* A question of an agent with fields, while it is being filled in. */
struct form {
    char session[WORLD_ID_MAX], id[WORLD_ID_MAX];
    cJSON *schema, *content;
    const cJSON *field; /* of the schema */
    const char *wrong;  /* with what was typed last; NULL nothing */
    char label[240];
};

struct console {
    char *hub, *workspace, *member, *theme_name;
    int64_t client_id;
    enum role role;
    char invite[WORLD_ID_MAX]; /* the invitation's id, "" none */
    bool guest;                /* came with a token: no hub is started from here */
    struct client *client;
    struct term *term; /* NULL before the terminal is taken */
    struct config *config;
    struct keymap *keymap;
    struct theme *theme;
    struct canvas *canvas;

    struct world world;
    struct post post;
    struct approvals approvals;
    struct side side;
    struct notices notices;
    struct line_history commands, searches;
    struct buf paste; /* what was copied last */

    struct layout *layout;
    struct pane *panes[LAYOUT_MAX_PANES];
    int pane_count, last_id;
    int focus, focus_before; /* pane ids, 0 none */
    struct feed **feeds;
    struct sessionfeed **sessions;
    struct talk **talks;
    size_t feed_count, session_count, talk_count;
    struct form form;
    bool zoomed, side_off, side_over, mouse_on, clock_on;
    bool alone;                         /* no room for all: the focused pane only */
    struct rect area;                   /* of the panes */
    struct rect side_area, prompt_area; /* the prompt's has no rows where no session is shown */
    enum layout_preset preset;

    char *refused;      /* what the hub says of our token; NULL it has not refused it */
    int64_t refused_us; /* since when */

    enum console_mode mode;
    struct prompt prompt;
    char question[200];
    void (*confirmed)(struct console *c);
    int asked_pane; /* what the question is about */
    struct popup *popup;
    void (*chosen)(struct console *c, const char *target);
    char about[WORLD_ID_MAX]; /* whose baton the popup passes */
    int64_t numbers_until_us, repeat_until_us;
    bool told_dropped; /* that keys are dropped while the link is down */

    struct layout_border drag;
    int press_pane, press_row, press_col; /* a left button that is down in a pane */
    int inside_pane;                      /* a button that the program in this pane got */

    bool connected, stopping;  /* stopping: the hub said that it is about to end */
    bool draw, draw_shells;    /* everything, or only what shells and sessions show */
    bool away;                 /* the terminal says that it has not the focus */
    bool waits_changed;        /* what waits for this member may be other than it was */
    char title[200];           /* the terminal's, as it was told last */
    int64_t lost_us, start_us; /* when the link broke; when the hub was started last */
    int hub_pid;
    char wanted[WORLD_ID_MAX];   /* whose baton this console has asked for last */
    char hinted[WORLD_ID_MAX];   /* where somebody typed in vain … */
    int64_t hinted_us, alive_us; /* … and when; when the terminal was asked for a sign of life, 0 */
    bool panes_changed;          /* a shell has gone, a feed may be closed */
    bool lists_wanted, batons_wanted;
    int lists_waiting, batons_waiting;
    int64_t event_head;
    bool layout_changed;
    int64_t layout_at_us; /* when it is to be kept */
    int layout_waiting;
    int opening;                /* shells on their way */
    int last_opening;           /* the number of the newest one */
    char looking[WORLD_ID_MAX]; /* as the hub was told last */
    int looking_rows, looking_cols;
    int64_t drawn_us, pace_us; /* the last frame; when the next may be */
    bool leaving;
    char why[256];
    int status;
};

/* --- console.c --- */
/* The first reason stays; it is made safe to print. */
void console_leave(struct console *c, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void console_lists(struct console *c); /* the world is to be asked for anew */

/* --- hub_events.c: what the hub tells, and what it is to be told --- */
extern const struct client_events console_client_events; /* data is the console */
void console_ask_lists(struct console *c);
/* All sessions, also those that are over. */
void console_ask_sessions(struct console *c, client_done done, void *data);
void console_keep_layout(struct console *c, bool now);
void console_look(struct console *c);
/* The only console there is gives its size to the shells that this member drove, or nobody. */
void console_adopt(struct console *c);

/* --- driving.c: whose hands are on the keys --- */
/* Who we are, as the hub's hello says. */
void console_greeting_read(struct console *c);
bool console_observes(const struct console *c); /* this console may look, not type */
/* What the world knows of batons, told to the feeds and the talks. */
void console_batons(struct console *c);
/* An event of the journal that is about batons, kicks or invitations; others are left alone. */
void console_baton_event(struct console *c, const char *kind, const cJSON *event);
/* A refusal told more than was known. */
void console_refused(struct console *c, const struct feed *feed, bool lost);
/* An input event, encoded, for the program in p: sent, or a hint why not. */
void console_send(struct console *c, struct pane *p, const struct input_event *event,
                  const struct screen_modes *modes);
/* "grace asks for sh1: C-b y passes it, C-b n not now"; false when nobody waits for us. */
bool console_asked_text(const struct console *c, char *out, size_t size);
/* What is asked for and answered next: the focused one, else the first; NULL none. */
const struct world_target *console_asked(const struct console *c);
void console_alive(struct console *c); /* the terminal answered */
/* The key for a command as a person types it, or how to type it ("C-b b", ":baton"). */
void console_key_for(const struct console *c, const char *command, char *out, size_t size);

/* --- talking.c: prompts and suggestions to sessions --- */
struct talk *console_talk(struct console *c, const char *session); /* made when there is none */
/* May this console's member prompt and answer: it drives, or nobody does. */
bool console_may(const struct console *c, const struct world_target *t);
/* The epoch that a call about t names: 0 when nobody drives. */
void console_add_epoch(const struct console *c, const struct world_target *t, cJSON *params);
void console_talk_enter(struct console *c, struct talk *talk); /* Enter in its prompt line */
/* Takes back what is queued, or leaves what is being edited; false when there was nothing. */
bool console_talk_back(struct console *c, struct talk *talk);
void console_talks_settle(struct console *c); /* what was queued goes, or comes back */
/* C-c: cancels the turn; once more soon after, it asks whether to close the session. */
void console_interrupt(struct console *c, const char *session);
void console_talk_history(struct console *c, struct talk *talk, const struct transcript *t);
void console_talks_finish(struct console *c);

/* --- answering.c --- */
/* What a key or press in a transcript asks for. */
void console_action(struct console *c, struct pane *p, const struct transcript_action *action);
void console_form_finish(struct console *c);

/* The hub takes our token no more: the console ends soon, with that sentence unless an event says
 * before who has revoked it, and why. */
void console_token_refused(struct console *c, const char *message);

/* --- seeking.c --- */
void console_seek(struct console *c, struct pane *p, enum pane_seek what);
void console_seek_on(struct console *c, const struct sessionfeed *f); /* a page may have come */
int console_sought(const struct pane *p); /* per cent of the session that has been read */

/* --- following.c --- */
void console_follow(struct console *c); /* the world may know of a turn that began */
void console_follow_from_now(struct console *c);
void console_follow_key(struct console *c, int argc, char **argv);

/* --- session_keys.c --- */
void console_session_input(struct console *c, struct pane *p, const struct input_event *event);
void console_session_mouse(struct console *c, struct pane *p, const struct input_event *event);
void console_browse(struct console *c, struct pane *p, bool page_up); /* keys to the transcript */

/* --- prompting.c: the prompt line's place on the screen --- */
struct pane *console_prompt_pane(const struct console *c); /* whose line is shown; NULL none */
void console_prompt_reserve(struct console *c);            /* before the panes are arranged */
void console_prompt_grow(struct console *c);               /* behind that */
void console_prompt_draw(struct console *c);
bool console_prompt_press(struct console *c, const struct input_event *event);

/* --- inboxes.c: what the hub has of inboxes --- */
void console_inboxes_ask(struct console *c);       /* what panes and the side list lack */
void console_inboxes_connected(struct console *c); /* a new link: all of it anew */
void console_inboxes_finish(struct console *c);
/* An event about messages; true when it was one. */
bool console_inbox_event(struct console *c, const char *kind, const cJSON *event);
/* The pane with that inbox, opened when there is none; id: the message to stand on, "" none. */
void console_inbox_open(struct console *c, const char *name, const char *id);
/* `a`: the oldest unread message, or a loop that is paused. False when there is none. */
bool console_inbox_waiting(struct console *c);

/* --- loops.c: who was paused for writing too much --- */
void console_loops_ask(struct console *c);
void console_loops_banner(const struct console *c, struct inbox_pane *inbox); /* before drawing */
void console_loop_settle(struct console *c, bool go_on);
/* --- inbox_files.c, inbox_channels.c --- */
void console_file_save(struct console *c, struct pane *p,
                       const char *id);   /* asks which, and where */
void console_channels(struct console *c); /* a list to subscribe from, and to leave */
void console_channels_came(struct console *c, const cJSON *list);

/* --- inbox_keys.c: what is done in them --- */
void console_inbox_input(struct console *c, struct pane *p, const struct input_event *event);
void console_inbox_mouse(struct console *c, struct pane *p, const struct input_event *event);

/* --- approving.c: calls that wait for a human --- */
void console_approvals_ask(struct console *c);       /* what is wanted and not on its way */
void console_approvals_connected(struct console *c); /* a new link: all of it anew */
bool console_approval_event(struct console *c, const char *kind); /* true: it was of an approval */
/* `a`: the pane with them. False when none waits, or one is there already. */
bool console_approvals_waiting(struct console *c);
void console_approvals_input(struct console *c, struct pane *p, const struct input_event *event);

/* --- waiting.c --- */
/* The command: to the next thing that waits, whatever workspace it is in. */
void console_next_waiting(struct console *c, int argc, char **argv);
/* How many things wait for this member. */
int console_waits(const struct console *c);
/* What waits is told once, when it is not looked at; the title follows. */
void console_tell_waits(struct console *c);
/* Somebody or something wants attention for a target: told unless it is looked at. */
void console_attention(struct console *c, const char *target, const char *text);
bool console_looks_at(const struct console *c, const char *target);
/* "you drive writer", and how many more; "" nothing. */
void console_drives_text(const struct console *c, char *out, size_t size);

/* --- panes.c --- */
struct pane *console_pane(const struct console *c, int id);
struct pane *console_focused(const struct console *c);      /* NULL on the empty page */
struct feed *console_focused_feed(const struct console *c); /* NULL when it is no shell */
void console_focus(struct console *c, int id);
struct pane *console_add(struct console *c, enum pane_kind kind, enum layout_kind split);
void console_close_pane(struct console *c, int id);
/* Shows a shell or session in a pane that is no event log. */
void console_show(struct console *c, struct pane *p, const char *target);
/* Opens a shell in the pane, in its size; command is an array of words or NULL for the user's. */
void console_open_shell(struct console *c, struct pane *p, const cJSON *command);
void console_sweep(struct console *c); /* frees what is closed, drops panes of closed shells */
void console_layout_touch(struct console *c);
cJSON *console_layout_save(const struct console *c);
bool console_layout_load(struct console *c, const cJSON *json);
void console_panes_finish(struct console *c);
void console_open(struct console *c, const char *target); /* focus its pane, or show it here */
void console_open_beside(struct console *c, const char *target); /* … or in a new pane */
void console_copy_mode(struct console *c, struct pane *p, bool page_up);
void console_copy_leave(struct console *c, struct pane *p);
void console_copied(struct console *c, struct pane *p);
void console_copied_text(struct console *c, struct buf *text); /* takes what is in it */
void console_log_fill(struct console *c, struct pane *p);

/* --- frame.c --- */
void console_arrange(struct console *c); /* boxes, sizes of shells */
void console_draw(struct console *c);    /* onto the canvas */
/* Only the lines of shells that changed, and sessions, on the canvas as it is; false: draw it all.
 */
bool console_draw_shells(struct console *c);

/* --- keys.c --- */
void console_input(struct console *c, struct input_event *event); /* takes its paste */
void console_prompt(struct console *c, const char *label, const char *text,
                    struct line_history *history, bool completes,
                    void (*done)(struct console *c, const char *text));
void console_ask(struct console *c, void (*confirmed)(struct console *c), const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void console_popup(struct console *c, struct popup *popup,
                   void (*chosen)(struct console *c, const char *target));

/* Bytes or an event to the focused shell, in the way that its program wants them. */
void console_type(struct console *c, const struct input_event *event);

/* --- mouse.c --- */
void console_mouse(struct console *c, const struct input_event *event);

/* --- session_commands.c --- */
/* A session that was just started, as session.create answers it: shown in that pane where it has
 * the focus still, else in a new one. */
void console_session_started(struct console *c, const cJSON *session, int pane);

/* --- commands.c --- */
void console_run(struct console *c, const char *text);
/* Completes the command line; *ret_more (caller frees) lists what fits when it is not one. */
void console_complete(struct console *c, struct line *line, char **ret_more);

enum command_for { FOR_ALL, FOR_DRIVERS }; /* an observer is not offered those of drivers */

struct console_command {
    const char *name, *args, *help;
    void (*run)(struct console *c, int argc, char **argv); /* argv[0] is the name */
    enum command_for whom;
};
extern const struct console_command pane_commands[], shell_commands[], session_commands[],
    inbox_commands[], baton_commands[], console_commands[], approval_commands[]; /* end: NULL */
/* What an observer is told who wants more than to look. */
void console_observing(struct console *c);

/* What a call's end means that asks for nothing but success; data is the console. */
void console_answered(void *data, const cJSON *result, const struct client_fault *fault);

/* --- calls.c: any capability of the hub from the command line --- */
bool console_call(struct console *c, int argc, char **argv); /* false: no such capability */

#endif
