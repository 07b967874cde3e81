/* The encodings of mail: base64, quoted-printable, encoded words (RFC 2047), extended parameters
 * (RFC 2231) and the charsets utf-8, us-ascii, iso-8859-1/-15 and windows-1252; a text in any other
 * one keeps its ASCII and gets U+FFFD for the rest. What is decoded as text is always UTF-8.
 * Everything is linear in its input and appends to out. Pure, any thread. */
#ifndef BATON_MAIL_CODING_H
#define BATON_MAIL_CODING_H

#include "core/base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* Lenient: what is no base64 digit is passed over, as RFC 2045 asks for. */
void coding_base64_decode(const char *text, size_t n, struct buf *out);
void coding_base64_encode(const void *bytes, size_t n, struct buf *out); /* lines of 76 */
/* underscore: `_` is a space, as in encoded words. */
void coding_quoted_decode(const char *text, size_t n, bool underscore, struct buf *out);
void coding_quoted_encode(const char *text, size_t n, struct buf *out); /* lines of 76 */
/* %XX */
void coding_percent_decode(const char *text, size_t n, struct buf *out);
void coding_percent_encode(const char *text, size_t n, struct buf *out);

/* Bytes in a charset, charset[0..len), as UTF-8. */
void coding_to_utf8(const char *charset, size_t len, const char *bytes, size_t n, struct buf *out);

/* A header's value with its encoded words read; the rest is taken as UTF-8, else as latin1. */
void coding_words_decode(const char *text, size_t n, struct buf *out);
/* A header's value as ASCII: as it is when it can be, else in encoded words. A line break in it
 * would begin another header: controls become spaces. */
void coding_words_encode(const char *text, struct buf *out);

#endif
