/* The configuration's `mail`: the domain of our addresses, and the program that takes mail for
 * others. Pure, any thread. */
#ifndef BATON_BASE_CONFIG_MAIL_H
#define BATON_BASE_CONFIG_MAIL_H

#include "core/base/config_wrong.h"

#include <cjson/cJSON.h>
#include <stdbool.h>

/* Is it wrong? Then *ret_wrong says where, and what it should have been. */
bool config_mail_wrong(const cJSON *mail, struct config_wrong *ret_wrong);

#endif
