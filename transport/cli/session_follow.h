/* A session's events as they come, each once and in order of their numbers. One thread. */
#ifndef BATON_CLI_SESSION_FOLLOW_H
#define BATON_CLI_SESSION_FOLLOW_H

#include "transport/cli/patient.h"

/* Prints the events behind `since` until the turn has ended (its last is printed too); deadline
 * (clock_mono_us) or 0. Gives the exit status; EXIT_DONE also when the turn has failed. */
int session_follow_turn(struct patient *p, const char *session, int64_t since, int64_t turn,
                        int64_t deadline);

#endif
