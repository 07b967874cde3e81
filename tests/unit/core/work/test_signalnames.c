/* Names of signals: those that people and programs write, and nothing else. */
#include "core/work/signalnames.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void names_and_numbers(void **state)
{
    static const struct {
        const char *name;
        int number;
    } cases[] = {
        {"TERM", SIGTERM},   {"SIGTERM", SIGTERM}, {"sigterm", SIGTERM},
        {"int", SIGINT},     {"15", 15},           {"1", 1},
        {"64", 64},          {"KILL", SIGKILL},    {"USR1", SIGUSR1},
        {"WINCH", SIGWINCH},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(signal_number(cases[i].name), cases[i].number);
}

static void what_is_none(void **state)
{
    static const char *const names[] = {"",
                                        "SIG",
                                        "0",
                                        "65",
                                        "-9",
                                        "9 ",
                                        "9x",
                                        " 9",
                                        "NOT",
                                        "T",
                                        "TERMS",
                                        "SIGSIGTERM",
                                        "1e1",
                                        "0x9",
                                        "999",
                                        "\n9",
                                        "999999999999999999999"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(signal_number(names[i]), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_numbers),
        cmocka_unit_test(what_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
