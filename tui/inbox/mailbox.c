/* An inbox (see mailbox.h). Messages are kept by their seq, newest first; a thread stands where its
 * newest message does, its first one above, replies below what they answer. */
#include "tui/inbox/mailbox.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELD_MAX    1024 /* bytes of a subject or a list of names that are kept */
#define RECEIPTS_MAX 64
#define PARTS_MAX    100
#define ID_LONG      20 /* msg_ and 16 digits */
#define ID_SHORT     6

static const char *const state_names[] = {
    [RECEIPT_QUEUED] = "queued",   [RECEIPT_DELIVERED] = "delivered",
    [RECEIPT_SEEN] = "read",       [RECEIPT_ACKNOWLEDGED] = "acknowledged",
    [RECEIPT_EXPIRED] = "expired", [RECEIPT_DEAD] = "dead",
};

const char *receipt_name(enum receipt_state state)
{
    return state_names[state];
}

enum receipt_state receipt_of(const char *name)
{
    for (size_t i = 0; i < sizeof state_names / sizeof state_names[0]; i++)
        if (!strcmp(name, state_names[i]))
            return (enum receipt_state)i;
    return RECEIPT_QUEUED;
}

static char *safe(const char *text)
{
    char out[FIELD_MAX];

    text_make_safe(out, sizeof out, text, strlen(text));
    return mem_strdup(out);
}

/* The same with any run of blanks and line ends as one blank. */
static char *one_line(const char *text)
{
    char flat[FIELD_MAX];
    size_t n = 0;

    for (; *text && n + 1 < sizeof flat; text++) {
        bool gap = *text == ' ' || *text == '\n' || *text == '\r' || *text == '\t';
        if (!gap)
            flat[n++] = *text;
        else if (n > 0 && flat[n - 1] != ' ')
            flat[n++] = ' ';
    }
    flat[n] = '\0';
    return safe(flat);
}

/* Names of an array, or the string that it is. */
static char *names(const cJSON *list)
{
    char out[FIELD_MAX] = "";
    const cJSON *item;
    size_t n = 0;

    if (cJSON_IsString(list))
        return one_line(list->valuestring);
    cJSON_ArrayForEach(item, list)
    {
        const char *name = cJSON_IsString(item) ? item->valuestring : "";
        if (n + strlen(name) + 3 > sizeof out)
            break;
        n += (size_t)snprintf(out + n, sizeof out - n, "%s%s", n ? ", " : "", name);
    }
    return one_line(out);
}

static bool id_ok(const char *id)
{
    size_t n = strlen(id);

    for (size_t i = 0; i < n; i++)
        if (id[i] <= ' ' || id[i] > '~')
            return false;
    return n > 0 && n < MAIL_ID_MAX;
}

static void copy_id(char out[MAIL_ID_MAX], const char *id)
{
    snprintf(out, MAIL_ID_MAX, "%s", id_ok(id) ? id : "");
}

static void mail_free(struct mail *m)
{
    free(m->from);
    free(m->address);
    free(m->to);
    free(m->cc);
    free(m->subject);
    free(m->preview);
    free(m->channel);
    for (int i = 0; i < m->receipt_count; i++)
        free(m->receipts[i].to);
    free(m->receipts);
    for (int i = 0; i < m->part_count; i++)
        free(m->parts[i].name);
    free(m->parts);
    free(m);
}

static void read_receipts(struct mail *m, const cJSON *list)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, list)
    {
        if (m->receipt_count >= RECEIPTS_MAX)
            break;
        m->receipts =
            mem_reallocarray(m->receipts, (size_t)m->receipt_count + 1, sizeof *m->receipts);
        m->receipts[m->receipt_count++] = (struct mail_receipt){
            one_line(json_string(item, "to", "")), receipt_of(json_string(item, "state", ""))};
    }
}

static void read_parts(struct mail *m, const cJSON *list)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, list)
    {
        int64_t n = json_int(item, "n", 0);
        if (m->part_count >= PARTS_MAX || n < 1 || n > 1000)
            continue;
        m->parts = mem_reallocarray(m->parts, (size_t)m->part_count + 1, sizeof *m->parts);
        m->parts[m->part_count++] = (struct mail_part){
            (int)n, one_line(json_string(item, "name", "")), json_int(item, "size", 0)};
    }
}

/* NULL when it is none. */
static struct mail *mail_read(const cJSON *item)
{
    const char *id = json_string(item, "id", "");
    struct mail *m;

    if (!id_ok(id) || json_int(item, "seq", 0) <= 0)
        return NULL;
    m = mem_zalloc(sizeof *m);
    copy_id(m->id, id);
    m->seq = json_int(item, "seq", 0);
    m->email = !strcmp(json_string(item, "grammar", "email"), "email");
    m->outgoing = !strcmp(json_string(item, "direction", ""), "out");
    m->unread = !m->outgoing && !json_bool(item, "is_read", false);
    m->from = one_line(json_string(item, "from", ""));
    m->address = one_line(json_string(item, "from_address", ""));
    m->to = names(json_get(item, "to"));
    m->cc = names(json_get(item, "cc"));
    m->subject = one_line(json_string(item, "subject", ""));
    m->preview = one_line(json_string(item, "preview", ""));
    m->channel = one_line(json_string(item, "channel", ""));
    copy_id(m->thread, json_string(item, "thread_id", ""));
    copy_id(m->reply_to, json_string(item, "in_reply_to", ""));
    const char *priority = json_string(item, "priority", "normal");
    m->priority = !strcmp(priority, "high") ? 2 : !strcmp(priority, "low") ? 0 : 1;
    m->at_ms = json_int(item, "sent_ms", 0);
    m->size = json_int(item, "size", 0);
    read_receipts(m, json_get(item, "receipts"));
    read_parts(m, json_get(item, "files"));
    return m;
}

void mailbox_init(struct mailbox *b, const char *name)
{
    memset(b, 0, sizeof *b);
    snprintf(b->name, sizeof b->name, "%s", name);
}

void mailbox_clear(struct mailbox *b)
{
    for (int i = 0; i < b->count; i++)
        mail_free(b->mails[i]);
    b->count = b->row_count = 0;
    b->unread = 0;
    b->more = b->loaded = false;
}

void mailbox_finish(struct mailbox *b)
{
    mailbox_clear(b);
    free(b->mails);
    free(b->rows);
    memset(b, 0, sizeof *b);
}

struct mail *mailbox_mail(const struct mailbox *b, const char *id)
{
    for (int i = 0; i < b->count; i++)
        if (!strcmp(b->mails[i]->id, id))
            return b->mails[i];
    return NULL;
}

int64_t mailbox_oldest(const struct mailbox *b)
{
    return b->count > 0 ? b->mails[b->count - 1]->seq : 0;
}

/* Takes m: by its seq, in the place of the same one. */
static void put(struct mailbox *b, struct mail *m)
{
    int low = 0, high = b->count;

    while (low < high) { /* the first that is not newer */
        int mid = low + (high - low) / 2;
        if (b->mails[mid]->seq > m->seq)
            low = mid + 1;
        else
            high = mid;
    }
    if (low < b->count && b->mails[low]->seq == m->seq) {
        mail_free(b->mails[low]);
        b->mails[low] = m;
        return;
    }
    b->mails = mem_reallocarray(b->mails, (size_t)b->count + 1, sizeof(struct mail *));
    memmove(b->mails + low + 1, b->mails + low, (size_t)(b->count - low) * sizeof(struct mail *));
    b->mails[low] = m;
    b->count++;
}

static void cut(struct mailbox *b, int most)
{
    while (b->count > most) {
        mail_free(b->mails[--b->count]);
        b->more = true;
        b->next = mailbox_oldest(b);
    }
}

bool mailbox_page(struct mailbox *b, const cJSON *answer, int64_t before)
{
    const cJSON *list = json_get(answer, "messages"), *item;
    int64_t next = json_int(answer, "next", 0);
    bool more = next > 0;
    int64_t newest = b->count > 0 ? b->mails[0]->seq : 0, least = INT64_MAX;

    if (!cJSON_IsArray(list))
        return false;
    cJSON_ArrayForEach(item, list)
    {
        int64_t seq = json_int(item, "seq", 0);
        least = seq > 0 && seq < least ? seq : least;
    }
    if (before == 0 && newest > 0 && more && least > newest)
        mailbox_clear(b); /* between the page and what is here are some that nobody asked for */
    if (before != 0 || b->count == 0 || (least <= mailbox_oldest(b) && least != INT64_MAX)) {
        b->more = more;
        b->next = next;
    }
    cJSON_ArrayForEach(item, list)
    {
        struct mail *m = mail_read(item);
        if (m)
            put(b, m);
    }
    b->unread = json_int(answer, "unread", b->unread);
    b->loaded = true;
    if (before == 0)
        cut(b, MAILBOX_MAX);
    mailbox_rows(b);
    return true;
}

void mailbox_mark(struct mailbox *b, struct mail *m, bool unread)
{
    if (m->outgoing || m->unread == unread)
        return;
    m->unread = unread;
    b->unread += unread ? 1 : b->unread > 0 ? -1 : 0;
}

static bool move_on(struct mail *m, const char *who, enum receipt_state state)
{
    bool changed = false;

    for (int i = 0; i < m->receipt_count; i++)
        if ((!strcmp(m->receipts[i].to, who) || !*who) && m->receipts[i].state < state) {
            m->receipts[i].state = state;
            changed = true;
        }
    return changed;
}

bool mailbox_event(struct mailbox *b, const char *kind, const cJSON *data)
{
    static const struct {
        const char *kind, *who;
        enum receipt_state state;
    } kinds[] = {
        {"messageDelivered", "to", RECEIPT_DELIVERED},
        {"messageRead", "by", RECEIPT_SEEN},
        {"messageAcknowledged", "by", RECEIPT_ACKNOWLEDGED},
        {"messageDead", "to", RECEIPT_DEAD},
    };
    struct mail *m = mailbox_mail(b, json_string(data, "message_id", ""));

    for (size_t i = 0; m && i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kind, kinds[i].kind) != 0)
            continue;
        const char *who = json_string(data, kinds[i].who, "");
        bool changed = move_on(m, who, kinds[i].state);
        if (!strcmp(who, b->name) && m->unread &&
            (kinds[i].state == RECEIPT_SEEN || kinds[i].state == RECEIPT_ACKNOWLEDGED)) {
            mailbox_mark(b, m, false); /* in another console, or by the agent itself */
            changed = true;
        }
        return changed;
    }
    return false;
}

enum receipt_state mail_fate(const struct mail *m)
{
    enum receipt_state least = RECEIPT_DEAD;

    for (int i = 0; i < m->receipt_count; i++)
        if (m->receipts[i].state < least)
            least = m->receipts[i].state;
    for (int i = 0; i < m->receipt_count; i++)
        if (m->receipts[i].state >= RECEIPT_EXPIRED)
            return m->receipts[i].state;
    return m->receipt_count ? least : RECEIPT_QUEUED;
}

const char *mail_short(const struct mail *m)
{
    return strlen(m->id) == ID_LONG ? m->id + ID_LONG - ID_SHORT : "";
}

void mail_size(int64_t bytes, char *out, size_t size)
{
    if (bytes < 1024)
        snprintf(out, size, "%lld B", (long long)bytes);
    else if (bytes < 1024 * 1024)
        snprintf(out, size, "%lld KiB", (long long)(bytes + 512) / 1024);
    else
        snprintf(out, size, "%lld MiB", (long long)(bytes + 512 * 1024) / 1024 / 1024);
}

const char *mail_headline(const struct mail *m)
{
    return m->subject[0] ? m->subject : m->preview;
}

/* --- the list: threads together --- */

struct placed {
    const struct mail *mail, *root;
    int64_t newest; /* of its thread */
    int depth;
};

/* The message that this one's thread begins with, as far as it is here; *ret_depth is how many
 * answers lie between. A chain that bites its tail ends. */
static const struct mail *root_of(const struct mailbox *b, const struct mail *m, int *ret_depth)
{
    const struct mail *at = m;

    *ret_depth = 0;
    for (int steps = 0; at->reply_to[0] && steps < 64; steps++) {
        const struct mail *up = mailbox_mail(b, at->reply_to);
        if (!up || up->seq >= at->seq)
            break;
        at = up;
        ++*ret_depth;
    }
    return at;
}

static int by_thread(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;

    if (x->newest != y->newest)
        return x->newest > y->newest ? -1 : 1;
    return x->mail->seq < y->mail->seq ? -1 : x->mail->seq > y->mail->seq;
}

static bool same_thread(const struct placed *a, const struct placed *b)
{
    return a->root == b->root || (a->mail->thread[0] && !strcmp(a->mail->thread, b->mail->thread));
}

struct head {
    uint64_t hash;
    int at;
};

static uint64_t thread_hash(const struct placed *p)
{
    const char *key = p->root->thread[0] ? p->root->thread : p->root->id;
    uint64_t hash = 1469598103934665603u;

    for (; *key; key++)
        hash = (hash ^ (unsigned char)*key) * 1099511628211u;
    return hash ? hash : 1;
}

/* Mails come newest first, so the first of a thread that is met is its newest. */
static void find_newest(struct placed *placed, int n)
{
    int size = 16;
    struct head *heads;

    while (size < 2 * n)
        size *= 2;
    heads = mem_calloc((size_t)size, sizeof *heads);
    for (int i = 0; i < n; i++) {
        uint64_t hash = thread_hash(&placed[i]);
        int slot = (int)(hash & (uint64_t)(size - 1));
        while (heads[slot].hash &&
               !(heads[slot].hash == hash && same_thread(&placed[heads[slot].at], &placed[i])))
            slot = (slot + 1) & (size - 1);
        if (!heads[slot].hash)
            heads[slot] = (struct head){hash, i};
        placed[i].newest = placed[heads[slot].at].mail->seq;
    }
    free(heads);
}

void mailbox_rows(struct mailbox *b)
{
    struct placed *placed = mem_calloc((size_t)b->count + 1, sizeof *placed);
    int n = 0;

    for (int i = 0; i < b->count; i++) {
        const struct mail *m = b->mails[i];
        if (b->show == MAILBOX_UNREAD && !m->unread && strcmp(m->id, b->kept) != 0)
            continue;
        placed[n].mail = m;
        placed[n].root = root_of(b, m, &placed[n].depth);
        n++;
    }
    find_newest(placed, n);
    qsort(placed, (size_t)n, sizeof *placed, by_thread);
    b->rows = mem_reallocarray(b->rows, (size_t)n + 1, sizeof *b->rows);
    for (int i = 0; i < n; i++) {
        bool first = i == 0 || placed[i].newest != placed[i - 1].newest;
        int depth = placed[i].depth ? placed[i].depth : 1;
        b->rows[i] = (struct mailbox_row){placed[i].mail, first                    ? 0
                                                          : depth > MAIL_DEPTH_MAX ? MAIL_DEPTH_MAX
                                                                                   : depth};
    }
    b->row_count = n;
    free(placed);
}

int mailbox_row(const struct mailbox *b, const char *id)
{
    for (int i = 0; i < b->row_count; i++)
        if (!strcmp(b->rows[i].mail->id, id))
            return i;
    return -1;
}
