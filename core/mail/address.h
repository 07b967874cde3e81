/* Mail addresses: what people write into --to and what stands in a mail's header. Pure, any
 * thread. An address that was parsed here has no control character, no space and exactly one `@`
 * between two parts that are not empty, so it can stand in a header or behind a command's `--`. */
#ifndef BATON_MAIL_ADDRESS_H
#define BATON_MAIL_ADDRESS_H

#include "core/base/buf.h"
#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>

#define ADDRESS_MAX      255  /* bytes of a spec with its NUL: RFC 5321 allows 254 */
#define ADDRESS_NAME     200  /* bytes of a display name with its NUL; a longer one is cut */
#define ADDRESS_LIST_MAX 1000 /* addresses of one header */

struct address {
    char name[ADDRESS_NAME]; /* UTF-8, what stood before the <…>; "" none */
    char spec[ADDRESS_MAX];  /* LOCAL@DOMAIN; the domain is in small letters */
};

struct address_list {
    struct address *items; /* owned */
    size_t count;
};

/* One address: `a@b` or `Name <a@b>` (quoted, with comments, RFC 2047). domain, when not NULL, is
 * put behind a word without `@`. ERR_INVALID: why has a sentence; a line break or another control
 * character anywhere is refused, for it would begin a header of its own. */
enum err address_parse(const char *text, size_t n, const char *domain, struct address *ret,
                       char *why, size_t size);
/* The same for a header's list, with groups ("Team: a@b, c@d;"). What is no address is left out
 * when lenient, which is how foreign mail is read; else ERR_INVALID. Adds to list. */
enum err address_list_parse(const char *text, size_t n, const char *domain, bool lenient,
                            struct address_list *list, char *why, size_t size);
void address_list_add(struct address_list *list, const struct address *a);
void address_list_finish(struct address_list *list);

/* `Name <a@b>` or `a@b` as people read it (raw) or as a header needs it: quoted, RFC 2047. */
void address_print(const struct address *a, bool raw, struct buf *out);

/* Is it an address of this domain? Letters' case does not matter. *ret_local (may be NULL) has
 * ADDRESS_MAX bytes and gets what stands before the `@`, without a "+detail". */
bool address_is_local(const char *spec, const char *domain, char *ret_local);
/* A text that may stand in a header as it is: no line break, no other control character. */
bool address_header_ok(const char *text);

#endif
