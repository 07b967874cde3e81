/* See the header. */
#include "transport/cli/roff.h"

#include <stdbool.h>
#include <string.h>

void roff_put(struct buf *out, const char *text)
{
    bool begin = out->len == 0 || out->data[out->len - 1] == '\n';
    for (; *text; text++) {
        if (begin && (*text == '.' || *text == '\''))
            buf_puts(out, "\\&");
        begin = *text == '\n';
        if (*text == '\\')
            buf_puts(out, "\\e");
        else if (*text == '-')
            buf_puts(out, "\\-");
        else if (strncmp(text, "…", strlen("…")) == 0) {
            buf_puts(out, "..."); /* which every device of roff has */
            text += strlen("…") - 1;
        } else
            buf_putc(out, *text);
    }
}

void roff_line(struct buf *out, const char *text)
{
    roff_put(out, text);
    buf_putc(out, '\n');
}

void roff_section(struct buf *out, const char *name)
{
    buf_printf(out, ".SH %s\n", name);
}

void roff_term(struct buf *out, const char *name, const char *text)
{
    buf_puts(out, ".TP\n.B ");
    roff_line(out, name);
    roff_line(out, *text ? text : "\\&");
}

void roff_code(struct buf *out, const char *text)
{
    buf_puts(out, ".PP\n.nf\n");
    roff_line(out, text);
    buf_puts(out, ".fi\n.PP\n");
}
