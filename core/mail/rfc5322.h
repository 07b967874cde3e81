/* Mail as it travels: a message read into its parts, and built from them (RFC 5322, MIME). Pure,
 * any thread.
 *
 * Our own rather than a library: the one in C that is well kept and packaged, GMime, needs GLib and
 * its object system, whose allocator ends the program when memory is out, for what is here a few
 * hundred lines with bounds that a test and a fuzzer hold. What comes in is foreign: header
 * lines, parts, nesting and addresses are bounded, all work is linear in the bytes times the
 * nesting, and texts are UTF-8 in the end. */
#ifndef BATON_MAIL_RFC5322_H
#define BATON_MAIL_RFC5322_H

#include "core/mail/address.h"

#include <stdint.h>

#define MAIL_MAX         (64u * 1024u * 1024u) /* bytes of one message, built or read */
#define MAIL_HEADER_MAX  (256u * 1024u)        /* bytes of one header; what is behind is left out */
#define MAIL_PARTS_MAX   256                   /* leaves; further ones are left out */
#define MAIL_NESTING_MAX 12                    /* multiparts within each other; deeper: a file */

struct mail_file {
    char *name; /* owned; a plain file name, never a path */
    char *type; /* owned; TYPE/SUBTYPE */
    char *bytes;
    size_t n;
};

struct mail {
    struct address from; /* spec is "" when there is none */
    struct address_list to, cc, reply_to;
    char *subject;     /* owned, as all below; UTF-8 on one line; "" none */
    char *message_id;  /* without < and >; "" none */
    char *in_reply_to; /* the first one, the same */
    char *references;  /* all, oldest first, with one space between */
    char *text;        /* UTF-8, lines end with \n */
    size_t text_n;
    int64_t date_us; /* 0 unknown */
    bool from_html;  /* text was made of HTML: there was nothing else */
    bool automatic;  /* Auto-Submitted, a bounce or a list: no machine should answer */
    bool partial;    /* a bound was reached and something was left out */
    struct mail_file *files;
    size_t file_count;
};

/* ERR_LIMIT: larger than MAIL_MAX; ERR_INVALID: not one header line. *ret_mail is the caller's. */
enum err mail_parse(const char *bytes, size_t n, struct mail *ret_mail);
void mail_finish(struct mail *m);
/* The first header of that name in a block of header lines, unfolded into out (emptied before);
 * false when there is none, and out is "". */
bool mail_header(const char *head, size_t n, const char *name, struct buf *out);
/* Takes name, type and bytes (malloc'ed). */
void mail_add_file(struct mail *m, char *name, char *type, char *bytes, size_t n);

/* Writes m as a message with \n line ends, 8-bit clean for any MTA. Texts may hold anything: none
 * of it can begin a header. ERR_LIMIT: it would be larger than MAIL_MAX. */
enum err mail_build(const struct mail *m, struct buf *out);

/* A header's date, "Sat, 21 Nov 2026 10:30:00 +0000". */
void mail_print_date(int64_t us, struct buf *out);
int64_t mail_read_date(const char *text); /* microseconds; 0 when it is none */

/* A name for a file that may be written anywhere: no folder, no control, no leading dot. */
char *mail_file_name(const char *name, size_t n); /* the caller's */

#endif
