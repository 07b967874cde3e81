/* One call on its way through the hub. A handler reads it and answers, returns an error, or parks
 * it (returns ERR_OK without an answer and keeps the pointer; whoever keeps it answers later on the
 * same thread). A call belongs to one hub thread from its arrival to its answer. */
#ifndef BATON_HUB_CALL_H
#define BATON_HUB_CALL_H

#include "core/base/json.h"
#include "core/hub/hub.h"

#define MEMBER_NAME_MAX 64

struct call;

const cJSON *call_params(const struct call *c); /* borrowed; an object, checked by its schema */
const char *call_who(const struct call *c);     /* the member's name, borrowed */
uint32_t call_peer(const struct call *c);

/* Shorthands for params. */
const char *call_string(const struct call *c, const char *key, const char *absent);
int64_t call_int(const struct call *c, const char *key, int64_t absent);
bool call_bool(const struct call *c, const char *key, bool absent);

/* Answers with a result (takes it; NULL is {}). On control the answer leaves after the commit. */
void call_reply(struct call *c, cJSON *result);
/* The same with a result that is JSON text already. */
void call_reply_text(struct call *c, const char *json, size_t n);
/* Answers with the result when e is ERR_OK; takes it in any case, and gives e back. */
enum err call_answer(struct call *c, enum err e, cJSON *result);
/* Answers with an error and a sentence of its own; a NULL format: the error's own sentence. Gives
 * code back, so that a handler can return it: a call that is answered already is left alone. */
enum err call_fail(struct call *c, enum err code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
