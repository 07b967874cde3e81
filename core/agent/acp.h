/* The lines of the Agent Client Protocol: JSON-RPC 2.0, one object a line (agents speak version 1).
 * Reading is tolerant of what agents do in the wild, and bounded, for what an agent writes is
 * foreign text. Pure, any thread. */
#ifndef BATON_AGENT_ACP_H
#define BATON_AGENT_ACP_H

#include "core/base/json.h"

#define ACP_VERSION    1
#define ACP_DEPTH_MAX  48     /* of nested arrays and objects: what is kept adds a few more */
#define ACP_VALUES_MAX 131072 /* in one line: each costs more memory and time than its text */

enum acp_kind {
    ACP_NOTHING, /* an empty line */
    ACP_REQUEST,
    ACP_NOTIFICATION,
    ACP_RESPONSE,
    ACP_GARBAGE, /* none of these: `wrong` says why */
};

struct acp_line {
    enum acp_kind kind;
    cJSON *json;                 /* the whole, owned; acp_finish. All below is borrowed from it */
    const cJSON *id;             /* of a request or a response: a number, a string or null */
    const char *method;          /* of a request or a notification */
    cJSON *params;               /* of these; NULL when there are none */
    const cJSON *result, *error; /* of a response: exactly one is there */
    const char *wrong;           /* static */
};

/* Reads one line, with or without its end. What is no UTF-8, a half surrogate pair and an escaped
 * NUL become U+FFFD: agents cut text where they please, and the rest of it is worth having. */
void acp_read(const char *text, size_t n, struct acp_line *ret_line);
void acp_finish(struct acp_line *line);

/* The number that a response's id is, also when it came back as a string. */
bool acp_id_number(const cJSON *id, int64_t *ret_id);

/* Lines with their '\n'; params, result, id are borrowed, NULL is {} (id: null). The caller frees.
 */
char *acp_request(int64_t id, const char *method, const cJSON *params);
char *acp_notification(const char *method, const cJSON *params);
char *acp_answer(const cJSON *id, const cJSON *result);
char *acp_answer_error(const cJSON *id, int code, const char *text);

/* Makes a value smaller than most (bytes, roughly) when it is not: strings over string_most are cut
 * at a character, and when that is not enough, all is left out but short members on top. Gives how
 * many bytes were left out, 0 when none; then value, an object, says so: _meta.baton.cut. */
size_t acp_cut(cJSON *value, size_t most, size_t string_most);

/* {code, message, data?} of any shape as one sentence, safe for a terminal. Static when there is no
 * message. */
void acp_error_text(const cJSON *error, char *out, size_t size);

#endif
