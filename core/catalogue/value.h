/* One argument's text to the JSON value that its property's schema asks for. Pure, any thread. */
#ifndef BATON_CATALOGUE_VALUE_H
#define BATON_CATALOGUE_VALUE_H

#include "core/base/buf.h"
#include "core/base/json.h"

/* `shellId` and `message_id` as the flag's name: shell-id, message-id. Appends to out. */
void flag_name(const char *property, struct buf *out);

/* May a value of this property be of that type? A property without type may be anything. */
bool value_can_be(const cJSON *property, const char *type);

/* The value, the caller's; NULL: *ret_expects says what it should have been ("a number"). A NULL
 * property is a text. */
cJSON *value_from_text(const cJSON *property, const char *text, const char **ret_expects);

/* text as JSON when it is of that type, else NULL. */
cJSON *value_json(const char *text, const char *type);

/* Is the property an object with free keys, so that KEY=VALUE adds one? */
bool value_is_map(const cJSON *property);
/* Adds KEY=VALUE to input's property; false: *ret_expects says what is missing. */
bool value_add_pair(cJSON *input, const cJSON *property, const char *text,
                    const char **ret_expects);

#endif
