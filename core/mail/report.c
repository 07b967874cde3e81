/* See the header. The fields of a report come in blocks with an empty line between: the first is
 * about the mail, each other one about a recipient. */
#include "core/mail/report.h"
#include "core/base/text.h"
#include "core/mail/rfc5322.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* A block's length, its empty line not included; *ret_next: where the next one begins. */
static size_t block(const char *bytes, size_t n, size_t *ret_next)
{
    for (size_t i = 0; i < n;) {
        const char *nl = memchr(bytes + i, '\n', n - i);
        size_t line = nl ? (size_t)(nl + 1 - (bytes + i)) : n - i;
        if (line == 1 || (line == 2 && bytes[i] == '\r')) {
            *ret_next = i + line;
            return i;
        }
        i += line;
    }
    *ret_next = n;
    return n;
}

/* "rfc822; ada@example.org": what is behind the type. */
static const char *behind_type(const struct buf *field)
{
    const char *semicolon = strchr(field->data, ';');
    const char *value = semicolon ? semicolon + 1 : field->data;
    return value + strspn(value, " \t");
}

static bool address_of(const char *at, size_t n, const char *name, struct buf *field, char *out)
{
    struct address a;
    if (!mail_header(at, n, name, field))
        return false;
    const char *text = behind_type(field);
    if (address_parse(text, strlen(text), NULL, &a, NULL, 0) != ERR_OK)
        return false;
    memcpy(out, a.spec, ADDRESS_MAX);
    return true;
}

static bool action_of(const char *word, enum report_action *ret)
{
    static const struct {
        const char *word;
        enum report_action action;
    } known[] = {
        {"failed", REPORT_FAILED},
        {"delayed", REPORT_DELAYED},
        {"delivered", REPORT_DELIVERED}}; /* relayed, expanded: gone on, nothing is known */
    size_t n = strcspn(word, " \t;(");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strlen(known[i].word) == n && strncasecmp(word, known[i].word, n) == 0) {
            *ret = known[i].action;
            return true;
        }
    return false;
}

static bool recipient(const char *at, size_t n, struct buf *field, struct report_recipient *r)
{
    char said[REPORT_SAID * 2];
    *r = (struct report_recipient){0};
    if (!mail_header(at, n, "Action", field) || !action_of(field->data, &r->action))
        return false;
    if (!address_of(at, n, "Original-Recipient", field, r->address) &&
        !address_of(at, n, "Final-Recipient", field, r->address))
        return false;
    mail_header(at, n, "Status", field);
    int put = snprintf(said, sizeof said, "%.20s", field->data);
    mail_header(at, n, "Diagnostic-Code", field);
    snprintf(said + put, sizeof said - (size_t)put, "%s%s", put && field->len ? " " : "",
             field->len ? behind_type(field) : "");
    text_make_safe(r->said, sizeof r->said, said, strlen(said));
    return true;
}

void report_each(const char *bytes, size_t n,
                 void (*each)(void *data, const struct report_recipient *r), void *data)
{
    struct buf field = {0};
    struct report_recipient r;
    size_t next = 0, count = 0;
    block(bytes, n, &next); /* about the mail */
    while (next < n && count < REPORT_RECIPIENTS_MAX) {
        size_t from = next, size = block(bytes + from, n - from, &next);
        next += from;
        if (size && recipient(bytes + from, size, &field, &r)) {
            each(data, &r);
            count++;
        }
    }
    buf_finish(&field);
}
