/* The hash of what is approved: BLAKE2b over the capability, the member and the params with the
 * members of all objects in one order. Each part carries its length or its kind, so that no two
 * different calls give the same bytes. Pure; any thread. */
#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/catalogue/policy.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static void put_text(struct buf *out, const char *text)
{
    buf_printf(out, "%zu:", strlen(text));
    buf_puts(out, text);
}

static int by_name(const void *a, const void *b)
{
    const cJSON *const *x = a, *const *y = b;
    return strcmp((*x)->string, (*y)->string);
}

static void put(struct buf *out, const cJSON *v);

static void put_object(struct buf *out, const cJSON *object)
{
    const size_t n = (size_t)cJSON_GetArraySize(object);
    const cJSON **all = mem_calloc(n ? n : 1, sizeof *all), *one;
    size_t i = 0;
    cJSON_ArrayForEach(one, object) all[i++] = one;
    if (n)
        qsort(all, n, sizeof *all, by_name);
    buf_printf(out, "o%zu:", n);
    for (i = 0; i < n; i++) {
        put_text(out, all[i]->string);
        put(out, all[i]);
    }
    free(all);
}

static void put(struct buf *out, const cJSON *v)
{
    const cJSON *one;
    if (cJSON_IsObject(v)) {
        put_object(out, v);
    } else if (cJSON_IsArray(v)) {
        buf_printf(out, "a%d:", cJSON_GetArraySize(v));
        cJSON_ArrayForEach(one, v) put(out, one);
    } else if (cJSON_IsString(v)) {
        buf_putc(out, 's');
        put_text(out, v->valuestring);
    } else {
        char *text = json_print(v);
        buf_putc(out, 'v');
        put_text(out, text);
        free(text);
    }
}

void policy_hash(const char *method, const char *member, const cJSON *params, char out[POLICY_HASH])
{
    unsigned char hash[(POLICY_HASH - 1) / 2];
    struct buf bytes = {0};
    put_text(&bytes, method);
    put_text(&bytes, member);
    put(&bytes, params);
    crypto_generichash(hash, sizeof hash, (const unsigned char *)bytes.data, bytes.len, NULL, 0);
    sodium_bin2hex(out, POLICY_HASH, hash, sizeof hash);
    buf_finish(&bytes);
}
