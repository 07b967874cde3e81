/* Reports on delivery, message/delivery-status (RFC 3464): what a mail system tells about each
 * recipient of a mail that it could not deliver, still tries, or has delivered. Pure, any thread.
 * What it says is foreign: bounded, and made safe to print. */
#ifndef BATON_MAIL_REPORT_H
#define BATON_MAIL_REPORT_H

#include "core/mail/address.h"

#define REPORT_SAID           300
#define REPORT_RECIPIENTS_MAX 1000 /* further ones are left out */

enum report_action { REPORT_FAILED, REPORT_DELAYED, REPORT_DELIVERED };

struct report_recipient {
    char address[ADDRESS_MAX]; /* whom it was sent to, as the sender wrote it if the report knows */
    enum report_action action;
    char said[REPORT_SAID]; /* "5.1.1 550 unknown user"; "" nothing */
};

/* Calls back for each recipient whose address and action can be read. */
void report_each(const char *bytes, size_t n,
                 void (*each)(void *data, const struct report_recipient *r), void *data);

#endif
