/* The catalogue's parts, for hub_catalogue.c, which puts them together. */
#ifndef BATON_HUB_CAPABILITIES_H
#define BATON_HUB_CAPABILITIES_H

#include "core/catalogue/catalogue.h"

#define HUB_ROWS 13
extern const struct capability hub_rows[HUB_ROWS];
#define SHELL_ROWS 15
extern const struct capability shell_rows[SHELL_ROWS];
#define EVENT_ROWS 7
extern const struct capability event_rows[EVENT_ROWS];
#define PEOPLE_ROWS 13
extern const struct capability people_rows[PEOPLE_ROWS];
#define AGENT_ROWS 20
extern const struct capability agent_rows[AGENT_ROWS];
#define MAIL_ROWS 15
extern const struct capability mail_rows[MAIL_ROWS];
#define EMAIL_ROWS 20
extern const struct capability email_rows[EMAIL_ROWS];
#define INBOX_ROWS 4
extern const struct capability inbox_rows[INBOX_ROWS];
#define AUDIT_ROWS 2
extern const struct capability audit_rows[AUDIT_ROWS];
#define PROCESS_ROWS 9
extern const struct capability process_rows[PROCESS_ROWS];

#define FS_ROWS 8
extern const struct capability fs_rows[FS_ROWS];
#define POLICY_ROWS 9
extern const struct capability policy_rows[POLICY_ROWS];
#define BINDING_ROWS 1
extern const struct capability binding_rows[BINDING_ROWS];

#endif
