/* A client's calls that wait for a human at the hub: its note is no answer. */
#include "fake_hub.h"

#define HUB "held"

struct ends {
    int well, other;
};

static void on_end(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct ends *e = data;
    assert_true(!result == !!fault);
    *(result ? &e->well : &e->other) += 1;
}

static void on_held(void *data, const struct client_hold *hold)
{
    *(int *)data += strcmp(hold->approval, "ap7") == 0 && hold->expires_ms == 99;
}

static void the_call_goes_on(void **state)
{
    (void)state;
    struct hub *hub = fake_start(HUB);
    struct client *c = fake_client(HUB);
    struct ends e = {0};
    int told = 0;
    struct client_hold hold = {.told = on_held, .data = &told};
    client_send_held(c, "hold", NULL, 5000, &hold, on_end, &e);
    WAIT_FOR(c, told == 1);
    assert_string_equal(hold.approval, "ap7");
    client_send_held(c, "hold", NULL, 5000, &hold, on_end, &e); /* by that number */
    client_send(c, "hold", NULL, 5000, on_end, &e);             /* wants no note */
    WAIT_FOR(c, told == 2 && fake_get(hub, &hub->parked_count) == 3);
    assert_int_equal(e.well + e.other, 0);
    assert_int_equal(client_call(c, "release", NULL, 10000, NULL, NULL), ERR_OK);
    WAIT_FOR(c, e.well == 3);
    client_close(c);
    fake_stop(hub);
}

/* How long a human takes is no fault of the hub's. */
static void its_timeout_counts_no_more(void **state)
{
    (void)state;
    struct hub *hub = fake_start(HUB);
    struct client *c = fake_client(HUB);
    struct ends e = {0}, without = {0};
    int told = 0;
    struct client_hold hold = {.told = on_held, .data = &told};
    client_send_held(c, "hold", NULL, 500, &hold, on_end, &e);
    client_send(c, "park", NULL, 700, on_end, &without);
    WAIT_FOR(c, without.other == 1);
    assert_int_equal(told, 1);
    assert_int_equal(e.well + e.other, 0);
    client_close(c);
    fake_stop(hub);
}

/* What is no number of an approval is not taken, and a call that is forgotten leaves its hold. */
static void odd_and_forgotten(void **state)
{
    (void)state;
    struct hub *hub = fake_start(HUB);
    struct client *c = fake_client(HUB);
    struct ends e = {0};
    struct client_hold odd = {0}, gone = {0};
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "as", "ap7 ap8");
    client_send_held(c, "hold", params, 5000, &odd, on_end, &e);
    client_send_held(c, "hold", NULL, 5000, &gone, on_end, &gone);
    client_forget(c, &gone);
    WAIT_FOR(c, fake_get(hub, &hub->parked_count) == 2);
    assert_int_equal(client_call(c, "release", NULL, 10000, NULL, NULL), ERR_OK);
    WAIT_FOR(c, e.well == 1);
    assert_string_equal(odd.approval, "");
    assert_string_equal(gone.approval, "");
    cJSON_Delete(params);
    client_close(c);
    fake_stop(hub);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_call_goes_on),
        cmocka_unit_test(its_timeout_counts_no_more),
        cmocka_unit_test(odd_and_forgotten),
    };
    return cmocka_run_group_tests(tests, fake_setup, fake_teardown);
}
