/* The timeline. Records are kept once they were read, so that going back needs no hub. */
#include "transport/cli/player.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#include <stdlib.h>
#include <string.h>

#define KEPT_MOST (512u * 1024 * 1024)
#define ROWS      24
#define COLS      80

struct item {
    char kind;
    int64_t at; /* from the first record, never falling */
    char *bytes;
    size_t n;
    int rows, cols;
    char who[64];
};

struct player {
    player_source source;
    void *data;
    struct item *items;
    size_t count, cap, next; /* next: the first one that is not on the screen yet */
    size_t kept;             /* bytes */
    int64_t start_us, now;
    bool ended; /* the source has no more */
    struct screen *screen;
    char who[64];
};

struct player *player_create(player_source source, void *data)
{
    struct player *p = mem_zalloc(sizeof *p);
    p->source = source;
    p->data = data;
    p->start_us = -1;
    p->screen = screen_create(ROWS, COLS, NULL, NULL, NULL);
    return p;
}

void player_destroy(struct player *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->count; i++)
        free(p->items[i].bytes);
    free(p->items);
    screen_destroy(p->screen);
    free(p);
}

/* Reads one more record; p->ended when there is none. */
static enum err read_on(struct player *p, struct client_fault *ret_fault)
{
    struct cast_record r;
    enum err e = p->source(p->data, &r, ret_fault);
    if (e == ERR_AGAIN) {
        p->ended = true;
        return ERR_OK;
    }
    if (e != ERR_OK)
        return e;
    if (p->kept + r.n > KEPT_MOST)
        return ERR_LIMIT;
    if (p->start_us < 0 && r.kind != 'k')
        p->start_us = r.time_us;
    if (p->count == p->cap) {
        p->cap = p->cap ? p->cap * 2 : 256;
        p->items = mem_reallocarray(p->items, p->cap, sizeof *p->items);
    }
    int64_t before = p->count ? p->items[p->count - 1].at : 0;
    int64_t at = r.kind == 'k' ? 0 : r.time_us - p->start_us;
    struct item *item = &p->items[p->count++];
    *item = (struct item){.kind = r.kind,
                          .at = at > before ? at : before,
                          .bytes = mem_dup(r.bytes, r.n),
                          .n = r.n,
                          .rows = r.rows,
                          .cols = r.cols};
    text_make_safe(item->who, sizeof item->who, r.who, strlen(r.who));
    p->kept += r.n + sizeof *item;
    return ERR_OK;
}

static void show(struct player *p, const struct item *item)
{
    switch (item->kind) {
    case 'k':
        screen_resize(p->screen, item->rows, item->cols);
        screen_feed(p->screen, item->bytes, item->n);
        break;
    case 'o':
    case 'e': screen_feed(p->screen, item->bytes, item->n); break;
    case 'r': screen_resize(p->screen, item->rows, item->cols); break;
    case 'i': memcpy(p->who, item->who, sizeof p->who); break;
    }
}

enum err player_seek(struct player *p, int64_t us, struct client_fault *ret_fault)
{
    enum err e = ERR_OK;
    if (us < p->now) {
        screen_destroy(p->screen);
        p->screen = screen_create(ROWS, COLS, NULL, NULL, NULL);
        p->who[0] = '\0';
        p->next = 0;
        p->now = 0;
    }
    for (;;) {
        if (p->next == p->count) {
            if (!p->ended)
                e = read_on(p, ret_fault);
            if (e != ERR_OK)
                return e;
            if (p->next == p->count)
                break;
        }
        if (p->items[p->next].at > us)
            break;
        show(p, &p->items[p->next]);
        p->now = p->items[p->next].at;
        p->next++;
    }
    if (p->next < p->count)
        p->now = us;
    return ERR_OK;
}

int64_t player_time(const struct player *p)
{
    return p->now;
}

int64_t player_next(const struct player *p)
{
    return p->next < p->count ? p->items[p->next].at : -1;
}

struct screen *player_screen(const struct player *p)
{
    return p->screen;
}

const char *player_who(const struct player *p)
{
    return p->who;
}
