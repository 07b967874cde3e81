/* Rows' schemas, parsed once: the second check is the first one's equal. */
#include "core/catalogue/schemas.h"
#include "core/base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static const struct capability named = {
    .group = "a",
    .name = "named",
    .input = "{\"type\":\"object\",\"properties\":{\"key\":{\"type\":\"string\",\"pattern\":\"^[a-"
             "z]+$\"},\"n\":{\"type\":\"integer\",\"default\":7}}}",
};
static const struct capability broken = {.group = "a", .name = "broken", .input = "{"};

static enum err check(struct schemas *s, const struct capability *row, const char *text, int64_t *n)
{
    char why[256] = "";
    cJSON *value = NULL;
    assert_int_equal(json_parse(text, strlen(text), &value), ERR_OK);
    enum err e = schemas_apply(s, row, value, why, sizeof why);
    if (n)
        *n = json_int(value, "n", 0);
    cJSON_Delete(value);
    return e;
}

static void checks_again_and_again(void **state)
{
    struct schemas *s = schemas_create();
    int64_t n;
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(check(s, &named, "{\"key\":\"abc\"}", &n), ERR_OK);
        assert_int_equal(n, 7);
        assert_int_equal(check(s, &named, "{\"key\":\"A\"}", NULL), ERR_INVALID);
        assert_int_equal(check(s, &named, "{\"other\":1}", NULL), ERR_INVALID);
        assert_int_equal(check(s, &broken, "{}", NULL), ERR_INTERNAL);
    }
    schemas_destroy(s);
    schemas_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checks_again_and_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
