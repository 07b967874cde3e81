/* A hub's journal with much in it, for the benchmark, by the code with which the hub writes it:
 *
 *   ptyseed DIR MESSAGES NAME MEMBERS
 *
 * DIR is the hub's state folder, no hub runs. MESSAGES messages to NAME, which nobody has received,
 * each with its delivery and its entries in the audit; and MEMBERS agents, member0 and on. */
#include "core/base/mem.h"
#include "core/journal/audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 2000

static void check(enum err e, const char *what)
{
    if (e == ERR_OK)
        return;
    fprintf(stderr, "ptyseed: %s: %s\n", what, err_text(e)->name);
    exit(1);
}

static void add_identity(struct journal *j, const char *name, bool human)
{
    struct mail_identity identity = {.human = human, .created_us = 1};
    snprintf(identity.name, sizeof identity.name, "%s", name);
    check(journal_identity_put(j, &identity), "an identity");
}

static void add_message(struct journal *j, const char *to, int n)
{
    struct mail_message m = {.grammar = MAIL_COMMS,
                             .priority = n % 100 == 0 ? MAIL_HIGH : MAIL_NORMAL,
                             .from_name = "seeder",
                             .from_address = "seeder@baton.local"};
    char body[201];
    memset(body, 'm', sizeof body - 1);
    body[snprintf(body, sizeof body, "%d", n)] = ' ';
    body[sizeof body - 1] = '\0';
    m.body = body;
    m.body_n = sizeof body - 1;
    check(journal_message_add(j, &m), "a message");

    struct mail_delivery d = {.grammar = m.grammar, .priority = m.priority, .channel = ""};
    struct audit_fields f;
    char hex[AUDIT_HEX];
    cJSON *more = cJSON_CreateObject();
    memcpy(d.message_id, m.id, sizeof d.message_id);
    snprintf(d.recipient, sizeof d.recipient, "%s", to);
    check(journal_delivery_add(j, &d), "a delivery");
    audit_fields_begin(&f);
    audit_digest_message(&f, &m);
    audit_digest_recipient(&f, to, d.role);
    audit_fields_end(&f, hex);
    cJSON_AddStringToObject(more, "to", to);
    cJSON_AddStringToObject(more, "digest", hex);
    check(journal_audit(j, "sent", m.id, m.from_name, more), "an entry");
    cJSON_Delete(more);
}

int main(int argc, char **argv)
{
    struct journal *j = NULL;
    char *why = NULL;
    if (argc != 5)
        return 2;
    const int messages = atoi(argv[2]), members = atoi(argv[4]);
    if (journal_open(argv[1], &j, &why) != ERR_OK) {
        fprintf(stderr, "ptyseed: %s\n", why);
        return 1;
    }
    check(journal_begin(j), "a transaction");
    add_identity(j, "seeder", true);
    add_identity(j, argv[3], false);
    for (int i = 0; i < members; i++) {
        char *name = mem_printf("member%d", i);
        add_identity(j, name, false);
        free(name);
    }
    for (int i = 0; i < messages; i++) {
        add_message(j, argv[3], i);
        if (i % BATCH == BATCH - 1) {
            check(journal_commit(j), "a commit");
            check(journal_begin(j), "a transaction");
        }
    }
    check(journal_commit(j), "a commit");
    journal_close(j);
    return 0;
}
