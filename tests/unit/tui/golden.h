/* Golden screens: a canvas against a text file that a person can read, tests/golden/tui/NAME.txt.
 * With GOLDEN_WRITE=1 in the environment the file is written instead: look at it before you keep
 * it. */
#ifndef BATON_TESTS_GOLDEN_H
#define BATON_TESTS_GOLDEN_H

#include "core/base/buf.h"
#include "core/base/paths.h"
#include "tui/terminal/canvas.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline void golden_check(const struct canvas *c, const char *name)
{
    char path[4096];
    const char *file = __FILE__, *tests = strstr(file, "unit/tui/");
    struct buf is = {0};
    char *should = NULL;
    size_t n = 0;

    assert_non_null(tests);
    snprintf(path, sizeof path, "%.*sgolden/tui/%s.txt", (int)(tests - file), file, name);
    canvas_print(c, false, &is);
    if (getenv("GOLDEN_WRITE")) {
        FILE *out = fopen(path, "w");
        assert_non_null(out);
        assert_int_equal(fwrite(is.data, 1, is.len, out), is.len);
        assert_int_equal(fclose(out), 0);
    }
    if (path_read_file(path, 1 << 20, &should, &n) != ERR_OK)
        fail_msg("there is no golden %s; this is what was drawn:\n%s", path, is.data);
    if (n != is.len || memcmp(should, is.data, n) != 0)
        fail_msg("%s should be:\n%sbut is:\n%s", path, should, is.data);
    free(should);
    buf_finish(&is);
}

#endif
