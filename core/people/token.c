/* Tokens, by libsodium's generator, encoding and hash. Any thread. */
#include "core/people/token.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX   "btn_"
#define RANDOM   32
#define ENCODING sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define ENCODED  (sodium_base64_ENCODED_LEN(RANDOM, ENCODING) - 1)

_Static_assert(TOKEN_TEXT == sizeof PREFIX + ENCODED, "a token fills its text");
_Static_assert(TOKEN_HASH == 2 * crypto_generichash_BYTES + 1, "a hash fills its hex");

void token_make(char out[TOKEN_TEXT])
{
    unsigned char bytes[RANDOM];

    /* Counts once in a process; here so that no program can forget it before its first secret. */
    if (sodium_init() < 0)
        abort();
    randombytes_buf(bytes, sizeof bytes);
    memcpy(out, PREFIX, strlen(PREFIX));
    sodium_bin2base64(out + strlen(PREFIX), ENCODED + 1, bytes, sizeof bytes, ENCODING);
    sodium_memzero(bytes, sizeof bytes);
}

/* Not by decoding: libsodium 1.0.18's decoder takes bytes beyond ASCII for letters. */
bool token_ok(const char *text)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    static const char last[] = "AEIMQUYcgkosw048"; /* the two bits behind the last byte are 0 */

    return text && strncmp(text, PREFIX, strlen(PREFIX)) == 0 &&
           strspn(text + strlen(PREFIX), letters) == ENCODED && text[TOKEN_TEXT - 1] == '\0' &&
           strchr(last, text[TOKEN_TEXT - 2]) != NULL;
}

void token_hash(const char *text, char hex[TOKEN_HASH])
{
    unsigned char hash[crypto_generichash_BYTES];

    crypto_generichash(hash, sizeof hash, (const unsigned char *)text, strlen(text), NULL, 0);
    sodium_bin2hex(hex, TOKEN_HASH, hash, sizeof hash);
}
