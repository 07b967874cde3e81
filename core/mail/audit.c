/* The audit's chain, by libsodium's BLAKE2b. Pure; any thread. */
#include "core/mail/audit.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(AUDIT_HASH == crypto_generichash_BYTES, "BLAKE2b-256");
_Static_assert(sizeof(struct audit_fields) >= sizeof(crypto_generichash_state), "the state fits");
_Static_assert(_Alignof(struct audit_fields) >= 64, "and is aligned as it wants to be");

void audit_ready(void)
{
    if (sodium_init() < 0)
        abort();
}

void audit_hash(const unsigned char before[AUDIT_HASH], int64_t n, int64_t at_us, const char *entry,
                size_t size, unsigned char out[AUDIT_HASH])
{
    crypto_generichash_state state;
    char numbers[48];

    snprintf(numbers, sizeof numbers, "%lld %lld ", (long long)n, (long long)at_us);
    crypto_generichash_init(&state, NULL, 0, AUDIT_HASH);
    crypto_generichash_update(&state, before, AUDIT_HASH);
    crypto_generichash_update(&state, (const unsigned char *)numbers, strlen(numbers));
    crypto_generichash_update(&state, (const unsigned char *)entry, size);
    crypto_generichash_final(&state, out, AUDIT_HASH);
}

void audit_hex(const unsigned char hash[AUDIT_HASH], char out[AUDIT_HEX])
{
    sodium_bin2hex(out, AUDIT_HEX, hash, AUDIT_HASH);
}

bool audit_from_hex(const char *hex, unsigned char out[AUDIT_HASH])
{
    size_t n = 0;
    return strlen(hex) == AUDIT_HEX - 1 &&
           sodium_hex2bin(out, AUDIT_HASH, hex, AUDIT_HEX - 1, NULL, &n, NULL) == 0 &&
           n == AUDIT_HASH;
}

/* --- fields ----------------------------------------------------------------------------------- */

static crypto_generichash_state *state_of(struct audit_fields *f)
{
    /* Takes the address of what audit_fields_begin is about to fill; reads nothing. */
    /* cppcheck-suppress ctuuninitvar */
    return (crypto_generichash_state *)(void *)f->state;
}

void audit_fields_begin(struct audit_fields *f)
{
    crypto_generichash_init(state_of(f), NULL, 0, AUDIT_HASH);
}

void audit_fields_int(struct audit_fields *f, int64_t value)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)((uint64_t)value >> (8 * i));
    crypto_generichash_update(state_of(f), bytes, sizeof bytes);
}

void audit_fields_bytes(struct audit_fields *f, const void *bytes, size_t n)
{
    audit_fields_int(f, bytes ? (int64_t)n : -1);
    if (bytes)
        crypto_generichash_update(state_of(f), bytes, n);
}

void audit_fields_text(struct audit_fields *f, const char *text)
{
    audit_fields_bytes(f, text, text ? strlen(text) : 0);
}

void audit_fields_end(struct audit_fields *f, char out[AUDIT_HEX])
{
    unsigned char hash[AUDIT_HASH];
    crypto_generichash_final(state_of(f), hash, sizeof hash);
    audit_hex(hash, out);
}

/* --- verifying -------------------------------------------------------------------------------- */

const char *audit_flaw_name(enum audit_flaw flaw)
{
    static const char *const names[] = {
        [AUDIT_WHOLE] = "whole",
        [AUDIT_ALTERED] = "altered",
        [AUDIT_MISSING] = "missing",
        [AUDIT_CUT] = "cut",
        [AUDIT_BEYOND] = "beyond the head",
        [AUDIT_MESSAGE_ALTERED] = "message altered",
        [AUDIT_MESSAGE_MISSING] = "message missing",
        [AUDIT_MESSAGE_UNKNOWN] = "message unknown",
    };
    return names[flaw];
}

enum audit_flaw audit_step(struct audit_head *at, int64_t n, int64_t at_us, const char *entry,
                           size_t size, const void *hash, size_t hash_size)
{
    unsigned char now[AUDIT_HASH];
    if (n != at->n + 1)
        return n > at->n ? AUDIT_MISSING : AUDIT_ALTERED;
    audit_hash(at->hash, n, at_us, entry, size, now);
    if (hash_size != AUDIT_HASH || !hash || memcmp(hash, now, AUDIT_HASH) != 0)
        return AUDIT_ALTERED;
    at->n = n;
    memcpy(at->hash, now, AUDIT_HASH);
    return AUDIT_WHOLE;
}

enum audit_flaw audit_finish(const struct audit_head *at, const struct audit_head *kept)
{
    const int64_t n = kept ? kept->n : 0;
    if (at->n != n)
        return at->n < n ? AUDIT_CUT : AUDIT_BEYOND;
    return !kept || memcmp(at->hash, kept->hash, AUDIT_HASH) == 0 ? AUDIT_WHOLE : AUDIT_ALTERED;
}
