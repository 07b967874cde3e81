/* Saving a file that came with a message: which one, where to, and the bytes, asked for piece by
 * piece. What always holds: a file that is there already is left as it is, and one that could not
 * be had whole is not made at all. The name came from somebody else: of it only what is a plain
 * name of a file in the folder at hand is offered. One thread. */
#include "tui/console/console_private.h"

#include "core/base/json.h"
#include "core/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MOST (64u * 1024 * 1024)
#define PIECE_MS  30000

struct saving {
    struct console *c;
    char id[MAIL_ID_MAX];
    int n;
    char *path;
    struct buf bytes;
};

static void saving_free(struct saving *s)
{
    free(s->path);
    buf_finish(&s->bytes);
    free(s);
}

/* A whole file or none. False: errno says why. */
static bool write_whole(const char *path, const char *bytes, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    size_t done = 0;

    if (fd < 0)
        return false;
    while (done < n) {
        ssize_t one = write(fd, bytes + done, n - done);
        if (one < 0 && errno == EINTR)
            continue;
        if (one < 0)
            break;
        done += (size_t)one;
    }
    int error = done < n ? errno : 0;
    if (close(fd) != 0 && !error)
        error = errno;
    if (error)
        unlink(path);
    errno = error;
    return !error;
}

static void save_it(struct saving *s)
{
    struct console *c = s->c;
    char size[32];

    if (!write_whole(s->path, s->bytes.data ? s->bytes.data : "", s->bytes.len)) {
        notices_add(&c->notices, ROLE_BAD, "%s: %s", s->path,
                    errno == EEXIST ? "there is such a file already" : strerror(errno));
        return;
    }
    mail_size((int64_t)s->bytes.len, size, sizeof size);
    notices_add(&c->notices, ROLE_GOOD, "%s %s is saved, %s", theme_glyph(c->theme, GLYPH_DONE),
                s->path, size);
}

static void ask_piece(struct saving *s);

static void piece_came(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct saving *s = data;
    int64_t size = json_int(result, "size", 0);
    char *bytes = NULL;
    size_t n = 0;

    s->c->draw = true;
    if (fault) {
        notices_add(&s->c->notices, ROLE_BAD, "%s", fault->message);
    } else if (json_get_base64(result, "data", &bytes, &n) != ERR_OK ||
               s->bytes.len + n > FILE_MOST) {
        notices_add(&s->c->notices, ROLE_BAD, "the file cannot be had");
    } else {
        buf_append(&s->bytes, bytes, n);
        if ((int64_t)s->bytes.len < size && n > 0) {
            free(bytes);
            ask_piece(s);
            return;
        }
        save_it(s);
    }
    free(bytes);
    saving_free(s);
}

static void ask_piece(struct saving *s)
{
    cJSON *params = cJSON_CreateObject();

    cJSON_AddStringToObject(params, "message_id", s->id);
    json_add_int(params, "n", s->n);
    json_add_int(params, "at", (int64_t)s->bytes.len);
    client_send(s->c->client, "email.attachment", params, PIECE_MS, piece_came, s);
    cJSON_Delete(params);
}

static void named(struct console *c, const char *path)
{
    struct saving *s;

    if (!*path || !c->connected)
        return;
    s = mem_zalloc(sizeof *s);
    s->c = c;
    memcpy(s->id, c->post.save_id, sizeof s->id);
    s->n = c->post.save_n;
    s->path = *path == '~' && path[1] == '/' && getenv("HOME")
                  ? mem_printf("%s%s", getenv("HOME"), path + 1)
                  : mem_strdup(path);
    ask_piece(s);
}

/* What somebody calls their file, as a name in this folder: no path, nothing hidden. */
static char *plain_name(const char *name)
{
    const char *slash = strrchr(name, '/');
    char *plain;

    name = slash ? slash + 1 : name;
    name += strspn(name, ". ");
    plain = mem_strdup(*name ? name : "file");
    return plain;
}

static void ask_where(struct console *c, const struct mail_part *part)
{
    char *name = plain_name(part->name);

    c->post.save_n = part->n;
    console_prompt(c, "save as: ", name, NULL, false, named);
    free(name);
}

static const struct mail *wanted(struct console *c)
{
    const struct pane *p = console_focused(c);

    return p && p->inbox ? mailbox_mail(&p->inbox->box, c->post.save_id) : NULL;
}

static void chosen(struct console *c, const char *target)
{
    const struct mail *m = wanted(c);
    int n = atoi(target);

    for (int i = 0; m && i < m->part_count; i++)
        if (m->parts[i].n == n) {
            ask_where(c, &m->parts[i]);
            return;
        }
}

void console_file_save(struct console *c, struct pane *p, const char *id)
{
    const struct mail *m = mailbox_mail(&p->inbox->box, id);
    struct popup *popup;

    if (!m || m->part_count == 0)
        return;
    snprintf(c->post.save_id, sizeof c->post.save_id, "%s", id);
    if (m->part_count == 1) {
        ask_where(c, &m->parts[0]);
        return;
    }
    popup = popup_create("save which file", true);
    for (int i = 0; i < m->part_count; i++) {
        char size[32], n[16];
        mail_size(m->parts[i].size, size, sizeof size);
        snprintf(n, sizeof n, "%d", m->parts[i].n);
        popup_add(popup, ROLE_TEXT, m->parts[i].name, size, n);
    }
    console_popup(c, popup, chosen);
}
