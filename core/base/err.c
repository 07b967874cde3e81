/* The list of errors as a table. Pure data, any thread. */
#include "core/base/err.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static const struct err_text table[] = {
#define X(sym, name, person, agent, next, retry) {name, person, agent, next, retry},
    ERR_LIST(X)
#undef X
};
_Static_assert(sizeof table / sizeof *table == ERR_COUNT, "every error has its text");

const struct err_text *err_text(enum err code)
{
    if ((int)code < 0 || code >= ERR_COUNT)
        code = ERR_INTERNAL;
    return &table[code];
}

enum err err_from_name(const char *name)
{
    for (int i = 0; name && i < ERR_COUNT; i++)
        if (strcmp(table[i].name, name) == 0)
            return (enum err)i;
    return ERR_INTERNAL;
}

enum err err_from_errno(int code)
{
    switch (code) {
    case 0: return ERR_OK;
    case ENOENT: return ERR_NOT_FOUND;
    case EEXIST: return ERR_EXISTS;
    case EACCES:
    case EPERM: return ERR_DENIED;
    case ENOSPC:
    case EDQUOT: return ERR_DISK_FULL;
    case EAGAIN: return ERR_AGAIN;
    case ETIMEDOUT: return ERR_TIMEOUT;
    case EINVAL: return ERR_INVALID;
    case EMFILE:
    case ENFILE: return ERR_LIMIT;
    case ECONNREFUSED: return ERR_NO_HUB;
    case EPIPE:
    case ECONNRESET: return ERR_LOST;
    default: return ERR_IO;
    }
}
