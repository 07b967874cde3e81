/* The catalogue's parts, for capabilities.c, which puts them together. */
#ifndef BATON_HUB_CAPABILITIES_H
#define BATON_HUB_CAPABILITIES_H

#include "core/catalogue/catalogue.h"

#define PEOPLE_ROWS 13
extern const struct capability people_rows[PEOPLE_ROWS];
#define AGENT_ROWS 20
extern const struct capability agent_rows[AGENT_ROWS];

#endif
