/* A theme's file to its styles. Pure, any thread. */
#ifndef BATON_TUI_THEME_PARSE_H
#define BATON_TUI_THEME_PARSE_H

#include "tui/terminal/theme.h"

#define THEME_FILE_LIMIT (64 * 1024)

/* Reads text[0..n) into styles, one a role; a role that is not in it takes after another. file is
 * what errors name. ERR_CONFIG with a sentence in *ret_why (caller frees); styles are then not
 * touched. */
enum err theme_read(const char *text, size_t n, const char *file,
                    struct style styles[THEME_ROLE_COUNT], char **ret_why);

/* A theme's name: 1 to 64 of [A-Za-z0-9_.-], not beginning with '.' or '-'. */
bool theme_name_ok(const char *name);

/* The theme that is always there, as text. */
const char *theme_built_in(void);

#endif
