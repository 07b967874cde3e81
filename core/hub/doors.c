/* See the header. The number is the row's, so that the name of a socket in there stays short. */
#include "core/hub/doors.h"
#include "core/base/mem.h"
#include "core/base/paths.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

char *door_dir(struct hub *hub, const char *workspace)
{
    cJSON *doc = NULL;
    char *dir = NULL;
    if (journal_get(hub->journal, "workspace", workspace, &doc) == ERR_OK &&
        json_get(doc, "door")) {
        char *runtime = path_runtime_dir(hub->name);
        dir = mem_printf("%s/doors/%lld", runtime, (long long)json_int(doc, "door", 0));
        char *program = path_join(dir, "baton");
        int fd = path_make_private(dir) == ERR_OK
                     ? open(program, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)
                     : -1;
        if (fd >= 0) {
            close(fd);
        } else {
            free(dir);
            dir = NULL;
        }
        free(program);
        free(runtime);
    }
    cJSON_Delete(doc);
    return dir;
}
