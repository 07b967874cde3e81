/* Files beneath a root: reading and writing, parts, what text is, and things that are no files. */
#include "files_world.h"

/* --- plain use ------------------------------------------------------------------------------ */

static void written_and_read_back(void **state)
{
    struct files *files = *state;
    char path[PATH_MAX];
    assert_int_equal(writing(files, "a.txt", "one\n"), ERR_OK);
    assert_read(files, "a.txt", "one\n");
    assert_int_equal(writing(files, "a.txt", ""), ERR_OK);
    assert_read(files, "a.txt", "");
    assert_int_equal(writing(files, "deep/er/still/b.txt", "b"), ERR_OK);
    assert_file(root, "deep/er/still/b.txt", "b");
    assert_int_equal(writing(files, "deep/../c.txt", "c"), ERR_OK);
    assert_file(root, "c.txt", "c");
    snprintf(path, sizeof path, "%s/d.txt", root);
    assert_int_equal(writing(files, path, "d"), ERR_OK);
    assert_read(files, path, "d");
    snprintf(path, sizeof path, "%s//./d.txt", root);
    assert_read(files, path, "d");
    assert_int_equal(entries(root), 4); /* a c d deep: nothing of ours is left */
}

static void the_root_by_its_other_name(void **state)
{
    struct files *files = NULL;
    char alias[PATH_MAX], path[PATH_MAX + 8];
    (void)state;
    put(root, "a", "a");
    snprintf(alias, sizeof alias, "%s/alias", base);
    assert_int_equal(symlink(root, alias), 0);
    strcat(alias, "/");
    assert_int_equal(files_open(alias, &files, why), ERR_OK);
    snprintf(path, sizeof path, "%sa", alias);
    assert_read(files, path, "a");
    snprintf(path, sizeof path, "%s/a", root);
    assert_read(files, path, "a");
    snprintf(path, sizeof path, "%sx/a", root); /* begins like it, and is another */
    assert_int_equal(reading(files, path), ERR_DENIED);
    files_close(files);
    assert_int_equal(files_open("/tmp/baton-files.none", &files, why), ERR_NOT_FOUND);
}

static void parts(void **state)
{
    static const struct {
        int64_t line, limit;
        const char *text;
    } cases[] = {
        {0, -1, "one\ntwo\nthree\nfour"},
        {1, -1, "one\ntwo\nthree\nfour"},
        {2, 1, "two\n"},
        {2, 2, "two\nthree\n"},
        {4, 1, "four"},
        {4, 9, "four"},
        {5, 1, ""},
        {99, -1, ""},
        {1, 0, ""},
        {0, 1, "one\n"},
        {3, -1, "three\nfour"},
    };
    struct files *files = *state;
    put(root, "a", "one\ntwo\nthree\nfour");
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *got;
        assert_int_equal(read_text(files, "a", cases[i].line, cases[i].limit, &got), ERR_OK);
        assert_string_equal(got, cases[i].text);
        free(got);
    }
}

/* Parts of a file that is read in many pieces: the same as by hand. */
static void parts_of_a_large_file(void **state)
{
    struct files *files = *state;
    struct buf b = {0};
    for (int i = 1; i <= 60000; i++)
        buf_printf(&b, "%d%*s\n", i, i % 40, "");
    assert_int_equal(files_write(files, "a", b.data, b.len, why), ERR_OK);
    buf_finish(&b);
    for (int i = 1; i <= 60000; i += 7919) {
        char *got, want[64];
        snprintf(want, sizeof want, "%d%*s\n", i, i % 40, "");
        assert_int_equal(read_text(files, "a", i, 1, &got), ERR_OK);
        assert_string_equal(got, want);
        free(got);
    }
}

static void no_more_than_the_limit(void **state)
{
    struct files *files = *state;
    struct files_part part = {.limit = -1, .max = 10};
    struct buf b = {0};
    put(root, "a", "0123456789");
    assert_int_equal(files_read(files, "a", &part, &b, why), ERR_OK);
    assert_int_equal(b.len, 10);
    put(root, "a", "0123456789\nx");
    assert_int_equal(files_read(files, "a", &part, &b, why), ERR_LIMIT);
    assert_non_null(strstr(why, "larger"));
    assert_int_equal(b.len, 10); /* appended nothing */
    part.line = 2;
    assert_int_equal(files_read(files, "a", &part, &b, why), ERR_OK);
    assert_string_equal(b.data, "0123456789x");
    buf_finish(&b);
}

static void what_is_no_text(void **state)
{
    struct files *files = *state;
    struct buf b = {0};
    assert_int_equal(files_write(files, "a", "a\0b", 3, why), ERR_OK);
    assert_int_equal(reading(files, "a"), ERR_INVALID);
    assert_non_null(strstr(why, "NUL"));
    assert_int_equal(files_read(files, "a", NULL, &b, why), ERR_OK);
    assert_int_equal(b.len, 3);
    assert_memory_equal(b.data, "a\0b", 3);
    buf_finish(&b);
    put(root, "b", "gr\xfc\xdf\n");
    assert_int_equal(reading(files, "b"), ERR_INVALID);
    assert_non_null(strstr(why, "UTF-8"));
    put(root, "c", "gr\u00fc\u00df \U0001f600\n");
    assert_read(files, "c", "gr\u00fc\u00df \U0001f600\n");
}

static void modes_stay(void **state)
{
    static const mode_t modes[] = {0644, 0600, 0755, 0664};
    struct files *files = *state;
    char path[PATH_MAX];
    struct stat st;
    snprintf(path, sizeof path, "%s/a", root);
    assert_int_equal(writing(files, "a", "new"), ERR_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0644);
    for (size_t i = 0; i < COUNT(modes); i++) {
        assert_int_equal(chmod(path, modes[i]), 0);
        assert_int_equal(writing(files, "a", "again"), ERR_OK);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, modes[i]);
    }
}

static void write_protected(void **state)
{
    struct files *files = *state;
    const bool super = geteuid() == 0; /* who may write all: be somebody else meanwhile */
    char path[PATH_MAX];
    put(root, "a", "old");
    snprintf(path, sizeof path, "%s/a", root);
    assert_int_equal(chmod(path, 0444), 0);
    if (super) {
        assert_int_equal(chown(root, 65534, 65534), 0);
        assert_int_equal(chown(path, 65534, 65534), 0);
        assert_int_equal(seteuid(65534), 0);
    }
    enum err e = writing(files, "a", "new"), other = writing(files, "b", "new");
    if (super)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(e, ERR_DENIED);
    assert_int_equal(other, ERR_OK);
    assert_file(root, "a", "old");
}

/* --- odd things ----------------------------------------------------------------------------- */

static void only_regular_files(void **state)
{
    struct files *files = *state;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/pipe", root);
    assert_int_equal(mkfifo(path, 0666), 0);
    snprintf(path, sizeof path, "%s/folder", root);
    assert_int_equal(mkdir(path, 0755), 0);
    assert_int_equal(reading(files, "pipe"), ERR_INVALID);
    assert_int_equal(writing(files, "pipe", "x"), ERR_INVALID);
    assert_int_equal(reading(files, "folder"), ERR_INVALID);
    assert_int_equal(writing(files, "folder", "x"), ERR_INVALID);
    assert_int_equal(reading(files, "folder/"), ERR_INVALID);
    assert_int_equal(writing(files, "folder/", "x"), ERR_INVALID);
    assert_int_equal(reading(files, "."), ERR_INVALID);
    assert_int_equal(reading(files, ""), ERR_INVALID);
    assert_int_equal(writing(files, "", "x"), ERR_INVALID);
    assert_int_equal(writing(files, root, "x"), ERR_INVALID);
    assert_int_equal(reading(files, "none"), ERR_NOT_FOUND);
    assert_int_equal(reading(files, "none/none"), ERR_NOT_FOUND);
    put(root, "a", "a");
    assert_int_equal(reading(files, "a/b"), ERR_NOT_FOUND);
    assert_int_equal(writing(files, "a/b", "x"), ERR_NOT_FOUND);
    if (geteuid() == 0) {
        snprintf(path, sizeof path, "%s/device", root);
        if (mknod(path, S_IFCHR | 0666, (1 << 8) | 3) == 0) {
            assert_int_equal(reading(files, "device"), ERR_INVALID);
            assert_int_equal(writing(files, "device", "x"), ERR_INVALID);
        }
    }
}

static void long_names(void **state)
{
    struct files *files = *state;
    char name[300], path[PATH_MAX + 100];
    memset(name, 'n', sizeof name);
    name[255] = '\0';
    assert_int_equal(writing(files, name, "long"), ERR_OK);
    assert_read(files, name, "long");
    name[255] = 'n';
    name[256] = '\0';
    assert_int_equal(writing(files, name, "long"), ERR_INVALID);
    assert_int_equal(reading(files, name), ERR_INVALID);
    assert_true(strlen(why) < 350); /* the sentence names its beginning */
    memset(path, 'p', sizeof path);
    path[sizeof path - 1] = '\0';
    assert_int_equal(reading(files, path), ERR_INVALID);
    assert_int_equal(writing(files, path, "x"), ERR_INVALID);
}

static void sentences_are_safe(void **state)
{
    assert_int_equal(reading(*state, "a\033]0;title\a\n"), ERR_NOT_FOUND);
    assert_null(strchr(why, '\033'));
    assert_null(strchr(why, '\n'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(written_and_read_back),
        TEST(the_root_by_its_other_name),
        TEST(parts),
        TEST(parts_of_a_large_file),
        TEST(no_more_than_the_limit),
        TEST(what_is_no_text),
        TEST(modes_stay),
        TEST(write_protected),
        TEST(only_regular_files),
        TEST(long_names),
        TEST(sentences_are_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
