/* Signals by the names that people use. Pure, any thread. */
#ifndef BATON_WORK_SIGNALNAMES_H
#define BATON_WORK_SIGNALNAMES_H

/* "TERM", "SIGTERM", "term", "15": the signal's number, 1..64; 0 when there is none like that. */
int signal_number(const char *name);

#endif
