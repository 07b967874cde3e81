/* The demo agent: speaks ACP version 1 on standard input and output as coding agents do, and does
 * what simple instructions in the prompt say, so that a session can be tried, tested and shown
 * without a model and without a network. It says who it is (agentInfo) and pretends to nothing. */
#ifndef BATON_AGENT_DEMO_H
#define BATON_AGENT_DEMO_H

/* Serves until standard input ends; gives the exit status. program: this program's file, which
 * `call` runs; borrowed. BATON_DEMO_STATE names a folder in which sessions outlive the process.
 * One thread; ignores SIGPIPE. */
int demo_agent_main(const char *program);

#endif
