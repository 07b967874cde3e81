/* The secret that an invitation gives to its guest, as text: "btn_" and 32 random bytes in
 * base64url (RFC 4648, section 5, without padding). Whoever shows it is the guest, so the hub keeps
 * only its hash: a stolen journal lets nobody in. The hash needs no salt and no slowness, since 256
 * random bits cannot be guessed. Any thread. */
#ifndef BATON_PEOPLE_TOKEN_H
#define BATON_PEOPLE_TOKEN_H

#include <stdbool.h>

#define TOKEN_TEXT 48 /* bytes of a token with its NUL */
#define TOKEN_HASH 65 /* bytes of its hash in hex with its NUL */

/* Writes a new token; show it once, then forget it. Aborts when the system gives no randomness. */
void token_make(char out[TOKEN_TEXT]);

/* True when token_make could have written this text. Says nothing about who knows it. NULL: false.
 */
bool token_ok(const char *text);

/* Writes the text's BLAKE2b-256 in lower-case hex: what is stored and looked up. Takes any text. */
void token_hash(const char *text, char hex[TOKEN_HASH]);

#endif
