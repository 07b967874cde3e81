/* What the files of the configuration share (config.h). Constant once it is loaded. */
#ifndef BATON_BASE_CONFIG_PRIVATE_H
#define BATON_BASE_CONFIG_PRIVATE_H

#include "core/base/config.h"

struct config {
    cJSON *json; /* the file; an empty object without one */
    char *file;  /* its name, as messages show it */
    char *text;  /* its bytes, for lines */
    size_t text_n;
    char *env_shell; /* $SHELL when this was loaded, or NULL */
    int64_t retention, permission_ms, approval_ms, hook_ms, sendmail_ms, line;
};

#endif
