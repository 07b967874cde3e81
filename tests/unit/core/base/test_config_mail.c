/* `mail` of the configuration: what is accepted, and which word of a wrong one is pointed at. */
#include "core/base/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct config *parsed(const char *text)
{
    struct config *c = NULL;
    char *why = NULL;
    if (config_parse(text, strlen(text), "f.json", &c, &why) != ERR_OK)
        fail_msg("refused: %s", why);
    return c;
}

static void right_ones(void **state)
{
    static const char text[] =
        "{\"theme\": \"dark\",\n \"mail\": {\"domain\": \"in.example.org\",\n"
        "  \"sendmail\": [\"/usr/sbin/sendmail\", \"-t\"]},\n"
        " \"limits\": {\"sendmail\": \"90s\"}}";
    (void)state;
    struct config *c = parsed(text);
    assert_string_equal(config_mail_domain(c), "in.example.org");
    assert_int_equal(cJSON_GetArraySize(json_get(config_mail(c), "sendmail")), 2);
    assert_int_equal(config_sendmail_ms(c), 90000);
    cJSON *shown = config_show(c);
    assert_string_equal(json_string(json_get(shown, "mail"), "source", ""), "f.json:2");
    assert_string_equal(json_string(json_get(shown, "limits.sendmail"), "source", ""), "f.json:4");
    cJSON_Delete(shown);
    config_destroy(c);
}

static void none(void **state)
{
    static const char *const texts[] = {"{}", "{\"mail\": {}}"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct config *c = parsed(texts[i]);
        assert_string_equal(config_mail_domain(c), "baton.local");
        assert_null(json_get(config_mail(c), "sendmail"));
        assert_int_equal(config_sendmail_ms(c), 120000);
        config_destroy(c);
    }
}

static void wrong_ones(void **state)
{
#define DOMAIN "must be a domain, such as \"baton.local\""
    static const struct {
        const char *text, *why; /* of mail; of the message behind the file's name */
    } cases[] = {
        {"[]", "1: \"mail\" must be an object"},
        {"\n1", "1: \"mail\" must be an object"},
        {"{\n\"domain\": 1}", "2: \"mail.domain\" " DOMAIN},
        {"{\"domain\":\n\"\"}", "1: \"mail.domain\" " DOMAIN},
        {"{\n\n\"domain\": \"a b\"}", "3: \"mail.domain\" " DOMAIN},
        {"{\"domain\": \"a@b\"}", "1: \"mail.domain\" " DOMAIN},
        {"{\"domain\": \".a\"}", "1: \"mail.domain\" " DOMAIN},
        {"{\"domain\": \"a.\"}", "1: \"mail.domain\" " DOMAIN},
        {"{\"domain\": \"a..b\"}", "1: \"mail.domain\" " DOMAIN},
        {"{\"domain\": \"-a\"}", "1: \"mail.domain\" " DOMAIN},
        {"{\"domain\": \"a\\r\\nBcc: b\"}", "1: \"mail.domain\" " DOMAIN},
        {"{\"domain\": \"a\",\n\"domain\": \"b\"}", "2: \"mail.domain\" is there twice"},
        {"{\"domain\": \"a\",\n\n\"aliases\": {}}",
         "3: \"mail.aliases\" is not known; there are domain and sendmail"},
        {"{\"domain\": \"a\",\n\"a\\u001b[31mb\": 1}",
         "2: \"mail.a\xe2\x90\x9b[31mb\" is not known; there are domain and sendmail"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct config *c = NULL;
        char *why = NULL, text[512], want[512];
        snprintf(text, sizeof text, "{\"theme\": \"dark\", \"mail\": %s}", cases[i].text);
        snprintf(want, sizeof want, "f.json:%s", cases[i].why);
        assert_int_equal(config_parse(text, strlen(text), "f.json", &c, &why), ERR_CONFIG);
        assert_null(c);
        assert_string_equal(why, want);
        free(why);
    }
}

/* Every form that is no command is refused, at the line of the key. */
static void a_command_is_words(void **state)
{
#define LIST  "must be a list of words, [\"PROGRAM\", \"ARGUMENT\", \xe2\x80\xa6]"
#define FIRST "must begin with a program's name or its absolute path"
    static const struct {
        const char *value, *says;
    } wrong[] = {{"\"/usr/sbin/sendmail -t\"", LIST},
                 {"[]", LIST},
                 {"null", LIST},
                 {"[1]", "must hold only words in quotes"},
                 {"[\"a\", [\"b\"]]", "must hold only words in quotes"},
                 {"[\"\"]", FIRST},
                 {"[\"bin/sendmail\"]", FIRST}};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct config *c = NULL;
        char *why = NULL, text[256], want[256];
        snprintf(text, sizeof text, "{\"mail\": {\n\"domain\": \"a\",\n\"sendmail\": %s}}",
                 wrong[i].value);
        snprintf(want, sizeof want, "f.json:3: \"mail.sendmail\" %s", wrong[i].says);
        assert_int_equal(config_parse(text, strlen(text), "f.json", &c, &why), ERR_CONFIG);
        assert_string_equal(why, want);
        free(why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_ones),
        cmocka_unit_test(none),
        cmocka_unit_test(wrong_ones),
        cmocka_unit_test(a_command_is_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
