/* What tests of a journal on disk share: a folder of its own, opened and thrown away. */
#ifndef BATON_TESTS_JOURNAL_FIXTURE_H
#define BATON_TESTS_JOURNAL_FIXTURE_H

#include "core/base/mem.h"
#include "core/journal/journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct fixture {
    char dir[64];
    struct journal *j; /* NULL: not open */
};

static inline struct journal *open_or_fail(const char *dir)
{
    struct journal *j = NULL;
    char *why = NULL;
    if (journal_open(dir, &j, &why) != ERR_OK)
        fail_msg("%s", why);
    return j;
}

/* Makes the folder, but opens nothing. */
static inline int make_folder(void **state)
{
    struct fixture *f = mem_zalloc(sizeof *f);
    strcpy(f->dir, "/tmp/test_journal.XXXXXX");
    *state = f;
    return mkdtemp(f->dir) ? 0 : -1;
}

static inline int setup(void **state)
{
    struct fixture *f;
    if (make_folder(state) < 0)
        return -1;
    f = *state;
    f->j = open_or_fail(f->dir);
    return 0;
}

static inline int teardown(void **state)
{
    struct fixture *f = *state;
    char *command = mem_printf("rm -rf '%s'", f->dir);
    journal_close(f->j);
    int status = system(command);
    free(command);
    free(f);
    return status;
}

#endif
