/* Filling a struct client_fault. */
#ifndef BATON_NNG_FAULT_H
#define BATON_NNG_FAULT_H

#include "transport/nng/client.h"

/* A fault of our own; message NULL: the code's sentence. fault may be NULL. */
void fault_set(struct client_fault *fault, enum err code, const char *message);

/* From a JSON-RPC error object; takes its `data` out of it. Texts are made safe to print. */
void fault_read(struct client_fault *fault, cJSON *error);

#endif
