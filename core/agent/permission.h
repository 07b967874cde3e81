/* What an answer of a person means for an agent that asked: which of its options is chosen, or that
 * none is. An option is chosen by its kind, never by its id or place alone, since both are the
 * agent's own words; only who names an option's id gets that very one. Pure: plain values and
 * borrowed JSON, no clock, no I/O. Any thread.
 *
 * What always holds: a no never becomes a yes, and a yes never becomes a wider one than was said.
 * 'Once' is not 'always'; without an option for 'always' it is 'once', without one for 'once' the
 * answer is refused and the person asked again. A no may always be told: as reject_once, else
 * reject_always, else as 'cancelled'. */
#ifndef BATON_AGENT_PERMISSION_H
#define BATON_AGENT_PERMISSION_H

#include "core/base/err.h"
#include "core/base/json.h"

#include <stdbool.h>
#include <stddef.h>

enum permission_answer {
    PERMISSION_ALLOW,
    PERMISSION_ALWAYS,
    PERMISSION_REJECT,
    PERMISSION_CANCEL,
    PERMISSION_TIMEOUT, /* nobody said anything: no for this once, never for good */
    PERMISSION_NONE,    /* no answer beside an option's id */
    PERMISSION_ANSWER_COUNT
};

/* "allow", "always", "reject", "cancel" as on the wire; PERMISSION_NONE for NULL, "" and the rest.
 */
enum permission_answer permission_answer_of(const char *word);

enum permission_kind {
    PERMISSION_KIND_UNKNOWN, /* absent, or a word that ACP v1 does not have */
    PERMISSION_ALLOW_ONCE,
    PERMISSION_ALLOW_ALWAYS,
    PERMISSION_REJECT_ONCE,
    PERMISSION_REJECT_ALWAYS,
    PERMISSION_KIND_COUNT
};

enum permission_kind permission_kind_of(const char *word); /* takes NULL */

struct permission_choice {
    bool selected; /* else the outcome is 'cancelled' */
    const char *option_id, *kind,
        *name; /* borrowed of the options; "" when absent or not selected */
};

/* Chooses of options (ACP's array as it came, untrusted; NULL is an empty one). option_id (or NULL)
 * wins over the kinds, but has to agree with the answer beside it, if there is one. On ERR_INVALID
 * why has a sentence for the person and *ret_choice is not touched. */
enum err permission_choose(const cJSON *options, enum permission_answer answer,
                           const char *option_id, struct permission_choice *ret_choice, char *why,
                           size_t why_size);

/* The result that the agent gets: {outcome: {outcome, optionId?}}; the caller's. */
cJSON *permission_result(const struct permission_choice *choice);

/* An elicitation's answer: {action: accept | decline | cancel, content?}. content is borrowed, may
 * be NULL, and goes along with 'accept' alone. */
cJSON *permission_elicited(enum permission_answer answer, const cJSON *content);

/* Does content answer what an elicitation asks for (its requestedSchema, untrusted; NULL: nothing)?
 * All that is required is there, nothing is there that was not asked for, and each value is of its
 * type and among its choices. ERR_INVALID with a sentence in why. */
enum err permission_check_content(const cJSON *schema, const cJSON *content, char *why,
                                  size_t why_size);

#endif
