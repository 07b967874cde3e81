/* The guard against the death of an IPC listener; see sendmsg.c. */
#ifndef BATON_NNG_SENDMSG_H
#define BATON_NNG_SENDMSG_H

#include <stdbool.h>

/* True when NNG's writes go through our sendmsg. Referred to by the server, so that the linker
 * takes the definition into every program that has one. Any thread. */
bool sendmsg_guards(void);

#endif
