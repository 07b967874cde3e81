/* HTML mail as text that a person or an agent can read: paragraphs, lists, tables by row, links
 * with their target, entities; no script, style or comment. One pass, no tree, linear in its
 * input. Pure, any thread. */
#ifndef BATON_MAIL_HTML_H
#define BATON_MAIL_HTML_H

#include "core/base/buf.h"

/* html[0..n) is UTF-8; appends UTF-8. */
void html_to_text(const char *html, size_t n, struct buf *out);

#endif
