/* Strings that a program sends: OSC (titles, colours, links, the clipboard, notices) and DCS
 * (questions: DECRQSS, XTGETTCAP). What somebody will see is bounded and made safe here. */
#include "core/screen/screen_private.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void link(struct screen *s, char *text)
{
    char *url = strchr(text, ';');
    s->pen.style.link = url ? link_intern(s, url + 1, strlen(url + 1)) : 0;
    pen_changed(s);
}

static void clipboard(struct screen *s, char *text)
{
    char *data = strchr(text, ';');
    if (!data || !s->events || !s->events->clipboard || strcmp(data + 1, "?") == 0)
        return; /* asking for it would tell a program what somebody else has copied */
    *data++ = '\0';
    s->events->clipboard(s->data, text, data, strlen(data));
}

static void notify(struct screen *s, const char *title, const char *body)
{
    char safe_title[256], safe_body[1024];
    if (!s->events || !s->events->notify)
        return;
    text_make_safe(safe_title, sizeof safe_title, title, strlen(title));
    text_make_safe(safe_body, sizeof safe_body, body, strlen(body));
    s->events->notify(s->data, safe_title, safe_body);
}

/* kitty's: KEY=VALUE:…;TEXT. Its parts (d=0 … d=1) are not put together. */
static void notify_kitty(struct screen *s, const char *text)
{
    const char *body = strchr(text, ';');
    if (body && body[1])
        notify(s, "", body + 1);
}

static void osc_number(struct screen *s, long number, char *text)
{
    if (colours_osc(s, number, text))
        return;
    switch (number) {
    case 0:
    case 1:
    case 2: title_set(s, number != 2, number != 1, text); break;
    case 7:
        if (s->events && s->events->cwd) {
            char safe[2048];
            text_make_safe(safe, sizeof safe, text, strlen(text));
            s->events->cwd(s->data, safe);
        }
        break;
    case 8: link(s, text); break;
    case 9:
        if (strncmp(text, "4;", 2) != 0) /* 9;4 is a progress bar, not a notice */
            notify(s, "", text);
        break;
    case 52: clipboard(s, text); break;
    case 99: notify_kitty(s, text); break;
    case 777:
        if (strncmp(text, "notify;", 7) == 0) {
            char *body = strchr(text + 7, ';');
            if (body)
                *body++ = '\0';
            notify(s, text + 7, body ? body : "");
        }
        break;
    default: break;
    }
}

void osc_dispatch(struct screen *s, const char *bytes, size_t n)
{
    char *text = mem_strndup(bytes, n), *end;
    long number = strtol(text, &end, 10);
    if (text[0] >= '0' && text[0] <= '9' && (*end == ';' || *end == '\0') && number >= 0)
        osc_number(s, number, *end ? end + 1 : end);
    free(text);
}

/* DECRQSS: a setting's value in the form that would set it. */
static void setting(struct screen *s, const char *what)
{
    char text[200] = "";
    if (strcmp(what, "m") == 0) {
        char pen[SGR_MOST];
        sgr_text(&s->pen.style, pen);
        snprintf(text, sizeof text, "0%sm", pen);
    } else if (strcmp(what, "r") == 0) {
        snprintf(text, sizeof text, "%d;%dr", s->top + 1, s->bottom + 1);
    } else if (strcmp(what, "s") == 0) {
        snprintf(text, sizeof text, "%d;%ds", s->left + 1, s->right + 1);
    } else if (strcmp(what, " q") == 0) {
        static const int base[] = {0, 2, 4, 6};
        int n = base[s->shape];
        snprintf(text, sizeof text, "%d q", n ? n - s->blink : 1);
    } else if (strcmp(what, "\"q") == 0) {
        snprintf(text, sizeof text, "%d\"q", s->pen.protect && !s->iso_protect);
    } else if (strcmp(what, "\"p") == 0) {
        snprintf(text, sizeof text, "%d;%d\"p", s->conformance, s->eight_bit ? 0 : 1);
    } else if (strcmp(what, "*x") == 0) {
        snprintf(text, sizeof text, "%d*x", s->extent);
    } else if (strcmp(what, "t") == 0) {
        snprintf(text, sizeof text, "%dt", s->rows < 24 ? 24 : s->rows);
    } else if (strcmp(what, "$|") == 0) {
        snprintf(text, sizeof text, "%d$|", s->cols);
    } else if (strcmp(what, "*|") == 0) {
        snprintf(text, sizeof text, "%d*|", s->rows);
    } else if (strcmp(what, "$}") == 0 || strcmp(what, "$~") == 0) {
        snprintf(text, sizeof text, "0%s", what); /* there is no status line */
    } else {
        report(s, "\033P0$r\033\\");
        return;
    }
    report(s, "\033P1$r%s\033\\", text);
}

/* XTGETTCAP: a capability's name in hexadecimal digits. Colours are what is asked for in life. */
static void capability(struct screen *s, const char *hex)
{
    static const struct {
        const char *name, *answer;
    } known[] = {
        {"436F", "436F=323536"},                 /* Co: 256 */
        {"636F6C6F7273", "636F6C6F7273=323536"}, /* colors */
        {"524742", "524742=382F382F38"},         /* RGB: 8/8/8 */
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcasecmp(hex, known[i].name) == 0) {
            report(s, "\033P1+r%s\033\\", known[i].answer);
            return;
        }
    report(s, "\033P0+r\033\\");
}

void dcs_dispatch(struct screen *s, const char *bytes, size_t n)
{
    char what[64];
    if (n < 2 || n - 2 >= sizeof what)
        return;
    memcpy(what, bytes + 2, n - 2);
    what[n - 2] = '\0';
    if (memcmp(bytes, "$q", 2) == 0)
        setting(s, what);
    else if (memcmp(bytes, "+q", 2) == 0)
        capability(s, what);
}
