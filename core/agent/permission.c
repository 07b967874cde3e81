/* Which option an answer chooses; see the header. */
#include "core/agent/permission.h"
#include "core/base/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const answer_words[PERMISSION_TIMEOUT] = {"allow", "always", "reject", "cancel"};

static const char *const kind_words[PERMISSION_KIND_COUNT] = {"", "allow_once", "allow_always",
                                                              "reject_once", "reject_always"};

/* The kinds that an answer may mean, the best first; what is not here is never chosen for it. */
static const enum permission_kind wanted[PERMISSION_ANSWER_COUNT][2] = {
    [PERMISSION_ALLOW] = {PERMISSION_ALLOW_ONCE},
    [PERMISSION_ALWAYS] = {PERMISSION_ALLOW_ALWAYS, PERMISSION_ALLOW_ONCE},
    [PERMISSION_REJECT] = {PERMISSION_REJECT_ONCE, PERMISSION_REJECT_ALWAYS},
    [PERMISSION_TIMEOUT] = {PERMISSION_REJECT_ONCE},
};

enum permission_answer permission_answer_of(const char *word)
{
    for (int i = 0; word && i < PERMISSION_TIMEOUT; i++)
        if (strcmp(word, answer_words[i]) == 0)
            return (enum permission_answer)i;
    return PERMISSION_NONE;
}

enum permission_kind permission_kind_of(const char *word)
{
    for (int i = PERMISSION_ALLOW_ONCE; word && i < PERMISSION_KIND_COUNT; i++)
        if (strcmp(word, kind_words[i]) == 0)
            return (enum permission_kind)i;
    return PERMISSION_KIND_UNKNOWN;
}

static bool allows(enum permission_kind kind)
{
    return kind == PERMISSION_ALLOW_ONCE || kind == PERMISSION_ALLOW_ALWAYS;
}

static bool rejects(enum permission_kind kind)
{
    return kind == PERMISSION_REJECT_ONCE || kind == PERMISSION_REJECT_ALWAYS;
}

static enum permission_kind kind_in(const cJSON *option)
{
    return permission_kind_of(json_string(option, "kind", NULL));
}

/* An id that stands both for a yes and for a no says nothing that could be relied on. */
static bool id_is_clear(const cJSON *options, const char *id, enum permission_kind kind)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, options)
    {
        const enum permission_kind other = kind_in(one);
        if (strcmp(json_string(one, "optionId", ""), id) == 0 &&
            ((rejects(kind) && !rejects(other)) || (allows(kind) && rejects(other))))
            return false;
    }
    return true;
}

static const cJSON *first_of_kind(const cJSON *options, enum permission_kind kind)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, options)
    {
        const char *id = json_string(one, "optionId", NULL);
        if (kind_in(one) == kind && id && id_is_clear(options, id, kind))
            return one;
    }
    return NULL;
}

static void choose(const cJSON *option, struct permission_choice *ret)
{
    *ret = (struct permission_choice){
        .selected = option != NULL,
        .option_id = json_string(option, "optionId", ""),
        .kind = json_string(option, "kind", ""),
        .name = json_string(option, "name", ""),
    };
}

static enum err choose_by_id(const cJSON *options, enum permission_answer answer, const char *id,
                             struct permission_choice *ret, char *why, size_t size)
{
    const cJSON *one, *found = NULL;
    char safe[120];
    text_make_safe(safe, sizeof safe, id, strlen(id));
    cJSON_ArrayForEach(one, options)
    {
        const char *its = json_string(one, "optionId", NULL);
        if (!found && its && strcmp(its, id) == 0)
            found = one;
    }
    if (!found) {
        snprintf(why, size, "there is no option \"%s\" in that request", safe);
        return ERR_INVALID;
    }
    const enum permission_kind kind = kind_in(found);
    const bool says_yes = answer == PERMISSION_ALLOW || answer == PERMISSION_ALWAYS;
    const bool says_no = answer == PERMISSION_REJECT || answer == PERMISSION_TIMEOUT;
    if (answer == PERMISSION_CANCEL || (says_yes && rejects(kind)) || (says_no && allows(kind)) ||
        (answer == PERMISSION_ALLOW && kind == PERMISSION_ALLOW_ALWAYS)) {
        snprintf(why, size, "the option \"%s\" is not what the answer beside it says", safe);
        return ERR_INVALID;
    }
    choose(found, ret);
    return ERR_OK;
}

/* The names of what there is instead, as the agent calls it. */
static void refuse(const cJSON *options, enum permission_answer answer, char *why, size_t size)
{
    const cJSON *one;
    int n = snprintf(why, size, "the request has no option to %s; it offers",
                     answer == PERMISSION_ALLOW ? "allow just this once" : "allow");
    int count = 0;
    cJSON_ArrayForEach(one, options)
    {
        char id[64], kind[40];
        const char *its = json_string(one, "optionId", ""), *word = json_string(one, "kind", "?");
        text_make_safe(id, sizeof id, its, strlen(its));
        text_make_safe(kind, sizeof kind, word, strlen(word));
        if (n > 0 && (size_t)n < size && count++ < 8)
            n += snprintf(why + n, size - (size_t)n, "%s %s (%s)", count > 1 ? "," : "", id, kind);
    }
    if (count == 0 && n > 0 && (size_t)n < size)
        snprintf(why + n, size - (size_t)n, " none");
}

enum err permission_choose(const cJSON *options, enum permission_answer answer,
                           const char *option_id, struct permission_choice *ret_choice, char *why,
                           size_t why_size)
{
    if (option_id && *option_id)
        return choose_by_id(options, answer, option_id, ret_choice, why, why_size);
    if (answer == PERMISSION_NONE) {
        snprintf(why, why_size, "say allow, always, reject or cancel, or name an option");
        return ERR_INVALID;
    }
    const cJSON *found = NULL;
    for (int i = 0; !found && i < 2 && wanted[answer][i]; i++)
        found = first_of_kind(options, wanted[answer][i]);
    if (!found && (answer == PERMISSION_ALLOW || answer == PERMISSION_ALWAYS)) {
        refuse(options, answer, why, why_size);
        return ERR_INVALID;
    }
    choose(found, ret_choice);
    return ERR_OK;
}

cJSON *permission_result(const struct permission_choice *choice)
{
    cJSON *result = cJSON_CreateObject(), *outcome = cJSON_AddObjectToObject(result, "outcome");
    cJSON_AddStringToObject(outcome, "outcome", choice->selected ? "selected" : "cancelled");
    if (choice->selected)
        cJSON_AddStringToObject(outcome, "optionId", choice->option_id);
    return result;
}

cJSON *permission_elicited(enum permission_answer answer, const cJSON *content)
{
    cJSON *result = cJSON_CreateObject();
    const bool accept = answer == PERMISSION_ALLOW || answer == PERMISSION_ALWAYS;
    cJSON_AddStringToObject(result, "action",
                            accept                        ? "accept"
                            : answer == PERMISSION_REJECT ? "decline"
                                                          : "cancel");
    if (accept && cJSON_IsObject(content))
        cJSON_AddItemToObject(result, "content", cJSON_Duplicate(content, true));
    return result;
}

/* --- the content of a form -------------------------------------------------------------------- */

static bool type_fits(const char *type, const cJSON *v)
{
    const cJSON *one;
    if (strcmp(type, "string") == 0)
        return cJSON_IsString(v);
    if (strcmp(type, "boolean") == 0)
        return cJSON_IsBool(v);
    if (strcmp(type, "number") == 0)
        return cJSON_IsNumber(v);
    if (strcmp(type, "integer") == 0)
        return cJSON_IsNumber(v) && floor(v->valuedouble) == v->valuedouble;
    if (strcmp(type, "array") == 0) {
        if (!cJSON_IsArray(v))
            return false;
        cJSON_ArrayForEach(one, v) if (!cJSON_IsString(one)) return false;
        return true;
    }
    return !cJSON_IsObject(v) && !cJSON_IsNull(v); /* a type of a later protocol */
}

/* Is text among enum or the consts of oneOf (anyOf for the items of a list)? True without either.
 */
static bool among(const cJSON *schema, const char *text)
{
    const cJSON *list = json_get(schema, "enum"), *titled = json_get(schema, "oneOf"), *one;
    if (!titled)
        titled = json_get(schema, "anyOf");
    if (!cJSON_IsArray(list) && !cJSON_IsArray(titled))
        return true;
    if (cJSON_IsArray(list))
        cJSON_ArrayForEach(one, list) if (cJSON_IsString(one) &&
                                          strcmp(one->valuestring, text) == 0) return true;
    if (cJSON_IsArray(titled))
        cJSON_ArrayForEach(one, titled) if (strcmp(json_string(one, "const", ""), text) ==
                                            0) return true;
    return false;
}

static bool choice_fits(const cJSON *schema, const cJSON *v)
{
    const cJSON *one;
    if (cJSON_IsString(v))
        return among(schema, v->valuestring);
    if (cJSON_IsArray(v))
        cJSON_ArrayForEach(one,
                           v) if (!among(json_get(schema, "items"), one->valuestring)) return false;
    return true;
}

static bool within(const cJSON *schema, const char *low, const char *high, double n)
{
    return n >= json_number(schema, low, -INFINITY) && n <= json_number(schema, high, INFINITY);
}

static size_t characters(const char *text)
{
    size_t n = strlen(text), at = 0, count = 0;
    uint32_t point;
    for (; at < n; count++)
        at += text_decode(text + at, n - at, &point);
    return count;
}

static bool size_fits(const cJSON *schema, const cJSON *v)
{
    if (cJSON_IsNumber(v))
        return within(schema, "minimum", "maximum", v->valuedouble);
    if (cJSON_IsString(v))
        return within(schema, "minLength", "maxLength", (double)characters(v->valuestring));
    if (cJSON_IsArray(v))
        return within(schema, "minItems", "maxItems", cJSON_GetArraySize(v));
    return true;
}

static const char *wrong_with(const cJSON *schema, const cJSON *v)
{
    return !schema                                          ? "is not asked for"
           : !type_fits(json_string(schema, "type", ""), v) ? "is not of the type that is asked for"
           : !choice_fits(schema, v)                        ? "is not among the choices"
           : !size_fits(schema, v)                          ? "is too small or too large"
                                                            : NULL;
}

enum err permission_check_content(const cJSON *schema, const cJSON *content, char *why,
                                  size_t why_size)
{
    const cJSON *one, *properties = json_get(schema, "properties");
    char safe[100];
    cJSON_ArrayForEach(one, content)
    {
        const char *says = wrong_with(json_get(properties, one->string), one);
        if (says) {
            text_make_safe(safe, sizeof safe, one->string, strlen(one->string));
            snprintf(why, why_size, "\"%s\" %s", safe, says);
            return ERR_INVALID;
        }
    }
    cJSON_ArrayForEach(one, json_get(schema, "required"))
    {
        if (!cJSON_IsString(one) || json_get(content, one->valuestring))
            continue;
        text_make_safe(safe, sizeof safe, one->valuestring, strlen(one->valuestring));
        snprintf(why, why_size, "\"%s\" has to be answered", safe);
        return ERR_INVALID;
    }
    return ERR_OK;
}
