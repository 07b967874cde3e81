/* What tests of the configuration's parts share: a text that is taken, and texts that are refused
 * with a sentence. The file is called f. */
#ifndef BATON_TESTS_CONFIG_CASES_H
#define BATON_TESTS_CONFIG_CASES_H

#include "core/base/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* The caller destroys what it gets. */
static inline struct config *accepted(const char *text)
{
    struct config *c = NULL;
    char *why = NULL;
    if (config_parse(text, strlen(text), "f", &c, &why) != ERR_OK)
        fail_msg("refused: %s", why);
    return c;
}

static inline void refused(const char *text, const char *expected)
{
    struct config *c = NULL;
    char *why = NULL;
    assert_int_equal(config_parse(text, strlen(text), "f", &c, &why), ERR_CONFIG);
    assert_null(c);
    assert_string_equal(why, expected);
    free(why);
}

#endif
