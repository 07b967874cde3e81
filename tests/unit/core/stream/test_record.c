/* The record format: the way there and back, and everything that is not a record. */
#include "helper.h"

#include <string.h>

static const char payload[] = "payload";

static size_t make(uint8_t out[256], enum record_kind kind)
{
    struct record r = {
        .kind = kind, .time_us = 1234567890123456, .pos = 77, .payload = payload, .n = 7};
    record_encode(&r, out);
    memcpy(out + RECORD_HEADER, payload, 7);
    return RECORD_HEADER + 7;
}

static void there_and_back(void **state)
{
    static const char kinds[] = "oeirxm";
    (void)state;
    for (const char *k = kinds; *k; k++) {
        uint8_t bytes[256];
        struct record r;
        size_t n = make(bytes, (enum record_kind) * k), size;
        assert_int_equal(record_decode(bytes, sizeof bytes, &r, &size), ERR_OK);
        assert_int_equal(size, n);
        assert_int_equal(r.kind, *k);
        assert_int_equal(r.time_us, 1234567890123456);
        assert_int_equal(r.pos, 77);
        assert_int_equal(r.n, 7);
        assert_memory_equal(r.payload, payload, 7);
        assert_int_equal(record_counts(r.kind), *k == 'o' || *k == 'e');
    }
}

/* The bytes on disk are a promise to every later version. */
static void the_layout_is_fixed(void **state)
{
    static const uint8_t header[28] = {'B',  'R',  'C', '1', 7,   0, 0,    0,    77,   0,
                                       0,    0,    0,   0,   0,   0, 0xc0, 0xba, 0x8a, 0x3c,
                                       0xd5, 0x62, 4,   0,   'o', 0, 0,    0};
    (void)state;
    uint8_t bytes[256];
    make(bytes, RECORD_OUTPUT);
    assert_memory_equal(bytes, header, sizeof header);
}

static void every_beginning_waits_for_more(void **state)
{
    (void)state;
    uint8_t bytes[256];
    struct record r;
    size_t n = make(bytes, RECORD_OUTPUT), size;
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(record_decode(bytes, i, &r, &size), ERR_AGAIN);
        assert_int_equal(size, i < RECORD_HEADER ? RECORD_HEADER : n);
    }
}

static void every_flipped_bit_is_found(void **state)
{
    (void)state;
    uint8_t bytes[256];
    struct record r;
    size_t n = make(bytes, RECORD_OUTPUT), size;
    for (size_t bit = 0; bit < n * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        enum err e = record_decode(bytes, n, &r, &size);
        /* A longer length is not refuted before that many bytes are there. */
        assert_true(e == ERR_CORRUPT || (e == ERR_AGAIN && bit / 8 >= 4 && bit / 8 < 8));
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void the_largest_is_allowed_and_no_larger(void **state)
{
    (void)state;
    uint8_t *bytes = mem_zalloc(RECORD_HEADER + RECORD_MAX + 1);
    struct record r = {
        .kind = RECORD_OUTPUT, .payload = (char *)bytes + RECORD_HEADER, .n = RECORD_MAX};
    size_t size;
    record_encode(&r, bytes);
    assert_int_equal(record_decode(bytes, RECORD_HEADER + RECORD_MAX, &r, &size), ERR_OK);
    assert_int_equal(size, RECORD_HEADER + RECORD_MAX);
    r.n++;
    record_encode(&r, bytes);
    assert_int_equal(record_decode(bytes, RECORD_HEADER + RECORD_MAX + 1, &r, &size), ERR_CORRUPT);
    free(bytes);
}

/* A checksum that fits does not make a record of what is none. */
static void a_right_checksum_is_not_enough(void **state)
{
    (void)state;
    uint8_t bytes[256];
    struct record r = {.kind = (enum record_kind)'z', .payload = payload, .n = 7}, got;
    size_t size;
    record_encode(&r, bytes);
    memcpy(bytes + RECORD_HEADER, payload, 7);
    assert_int_equal(record_decode(bytes, RECORD_HEADER + 7, &got, &size), ERR_CORRUPT);
    r.kind = RECORD_OUTPUT;
    r.pos = UINT64_MAX - 3;
    record_encode(&r, bytes);
    assert_int_equal(record_decode(bytes, RECORD_HEADER + 7, &got, &size), ERR_CORRUPT);
    r.pos = 0;
    r.time_us = -1;
    record_encode(&r, bytes);
    assert_int_equal(record_decode(bytes, RECORD_HEADER + 7, &got, &size), ERR_CORRUPT);
}

static void payloads_with_fields(void **state)
{
    (void)state;
    uint8_t head[80 + 8];
    struct record_input in;
    size_t n = record_encode_input(UINT64_MAX - 1, "alice", head);
    memcpy(head + n, "keys", 4);
    struct record r = {.kind = RECORD_INPUT, .payload = (char *)head, .n = n + 4};
    assert_int_equal(record_decode_input(&r, &in), ERR_OK);
    assert_true(in.epoch == UINT64_MAX - 1);
    assert_string_equal(in.who, "alice");
    assert_int_equal(in.n, 4);
    assert_memory_equal(in.bytes, "keys", 4);
    for (r.n = 0; r.n < n; r.n++)
        assert_int_equal(record_decode_input(&r, &in), ERR_CORRUPT);
    head[8] = 64;
    r.n = sizeof head;
    assert_int_equal(record_decode_input(&r, &in), ERR_CORRUPT);
    /* A name that is too long is cut, not run over. */
    char name[100];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(record_encode_input(1, name, head), 9 + 63);

    uint8_t four[4];
    int rows, cols;
    int32_t code;
    record_encode_resize(1000, 2000, four);
    r = (struct record){.kind = RECORD_RESIZE, .payload = (char *)four, .n = 4};
    assert_int_equal(record_decode_resize(&r, &rows, &cols), ERR_OK);
    assert_int_equal(rows, 1000);
    assert_int_equal(cols, 2000);
    assert_int_equal(record_decode_exit(&r, &code), ERR_CORRUPT);
    record_encode_exit(-9, four);
    r.kind = RECORD_EXIT;
    assert_int_equal(record_decode_exit(&r, &code), ERR_OK);
    assert_int_equal(code, -9);
    r.n = 3;
    assert_int_equal(record_decode_exit(&r, &code), ERR_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(the_layout_is_fixed),
        cmocka_unit_test(every_beginning_waits_for_more),
        cmocka_unit_test(every_flipped_bit_is_found),
        cmocka_unit_test(the_largest_is_allowed_and_no_larger),
        cmocka_unit_test(a_right_checksum_is_not_enough),
        cmocka_unit_test(payloads_with_fields),
    };
    return cmocka_run_group_tests_name("core/stream/record", tests, NULL, NULL);
}
