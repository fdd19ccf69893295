#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "lab/truth.h"
#include "lab_records.h"

/* What the writer makes of one record. */
static json_t *written(const struct lab_record *record)
{
    char path[32];
    struct lab_truth *truth;
    json_error_t error;
    json_t *object;
    FILE *file;

    scratch_file(path);
    cr_assert_eq(lab_truth_open(&truth, path), 0);
    lab_truth_ops.begin(truth, &clock_of_tests);
    lab_truth_ops.write(truth, record);
    cr_assert_eq(lab_truth_close(truth), 0);
    file = fopen(path, "r");
    cr_assert(file);
    object = json_loadf(file, JSON_DISABLE_EOF_CHECK, &error);
    cr_assert(object, "%s", error.text);
    cr_assert_eq(fgetc(file), '\n');
    cr_assert_eq(fgetc(file), EOF);
    fclose(file);
    unlink(path);
    return object;
}

static int64_t integer(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    cr_assert(json_is_integer(value), "%s", key);
    return json_integer_value(value);
}

static void expect_text(const json_t *object, const char *key, const char *text)
{
    const json_t *value = json_object_get(object, key);

    cr_assert(json_is_string(value), "%s", key);
    cr_assert_str_eq(json_string_value(value), text);
}

static json_t *one_decision(const json_t *object, size_t index, size_t count)
{
    json_t *list = json_object_get(object, "decisions");

    cr_assert_eq(json_array_size(list), count);
    return json_array_get(list, index);
}

Test(truth, tells_request_decision_and_answer)
{
    struct lab_test_packet asked, reply;
    const struct sonde_sim_step way[] = {{"r1", {START + 2000}}, {"far", {START + 9000}}};
    struct lab_decision decisions[2];
    struct lab_record record;
    json_t *object, *decision, *answer;

    make_echo(&asked, PACKET_ICMPV4_ECHO, "198.18.0.1", "198.18.0.9");
    make_echo(&reply, PACKET_ICMPV4_ECHO_REPLY, "198.18.0.9", "198.18.0.1");
    decisions[0] = (struct lab_decision){.fate = SONDE_SIM_REPLY,
                                         .harm = SONDE_SIM_REORDERED | SONDE_SIM_CORRUPT,
                                         .node = "far",
                                         .due = {START + 20000},
                                         .left = {START + 20123},
                                         .left_by_kernel = true,
                                         .answer = whole(&reply)};
    decisions[1] = (struct lab_decision){.fate = SONDE_SIM_LOST_IN_BURST,
                                         .returning = true,
                                         .due = SONDE_NEVER,
                                         .left = SONDE_NEVER};
    record = (struct lab_record){3, {START + 1000}, true, whole(&asked), way, 2, decisions, 2};
    object = written(&record);
    cr_assert_eq(integer(object, "number"), 3);
    cr_assert_eq(integer(object, "came_ns"), EPOCH + 1000);
    expect_text(object, "came_by", "kernel");
    expect_text(object, "source", "198.18.0.1");
    expect_text(object, "protocol", "icmp");
    cr_assert_eq(integer(object, "type"), 8);
    cr_assert_eq(integer(object, "identifier"), 0xbeef);
    cr_assert_eq(integer(object, "sequence"), 7);
    cr_assert_eq(integer(object, "length"), (int64_t)asked.length);
    cr_assert_eq(integer(json_array_get(json_object_get(object, "way"), 1), "at_ns"), EPOCH + 9000);

    decision = one_decision(object, 0, 2);
    expect_text(decision, "fate", "reply");
    cr_assert_eq(json_array_size(json_object_get(decision, "harm")), 2);
    cr_assert_eq(integer(decision, "due_ns"), EPOCH + 20000);
    cr_assert_eq(integer(decision, "late_ns"), 123);
    cr_assert_eq(integer(decision, "rtt_ns"), 19123);
    expect_text(decision, "left_by", "kernel");
    answer = json_object_get(decision, "answer");
    expect_text(answer, "source", "198.18.0.9");
    cr_assert_eq(integer(answer, "type"), 0);

    decision = one_decision(object, 1, 2);
    expect_text(decision, "fate", "lost-in-burst");
    cr_assert(json_is_true(json_object_get(decision, "returning")));
    cr_assert(json_is_null(json_object_get(decision, "due_ns")));
    cr_assert(json_is_null(json_object_get(decision, "rtt_ns")));
    cr_assert(json_is_null(json_object_get(decision, "node")));
    cr_assert(json_is_null(json_object_get(decision, "answer")));
    json_decref(object);
}

Test(truth, tells_what_errors_carry)
{
    struct lab_test_packet asked, error;
    struct lab_decision decision = {
        .fate = SONDE_SIM_ERROR, .node = "r1", .due = {START + 5}, .left = SONDE_NEVER};
    struct lab_record record = {.number = 1, .came = {START}, .decision_count = 1};
    json_t *object, *answer, *extensions, *label;

    make_echo(&asked, PACKET_ICMPV4_ECHO, "198.18.0.1", "198.18.0.9");
    make_exceeded(&error, &asked);
    decision.answer = whole(&error);
    record.packet = whole(&asked);
    record.decisions = &decision;
    object = written(&record);
    answer = json_object_get(one_decision(object, 0, 1), "answer");
    cr_assert_eq(integer(answer, "type"), PACKET_ICMPV4_TIME_EXCEEDED);
    cr_assert_eq(integer(json_object_get(answer, "quote"), "identifier"), 0xbeef);
    expect_text(json_object_get(answer, "quote"), "destination", "198.18.0.9");
    expect_text(answer, "extensions_form", "compliant");
    extensions = json_object_get(answer, "extensions");
    cr_assert_eq(json_array_size(extensions), 2);
    label = json_array_get(json_object_get(json_array_get(extensions, 0), "labels"), 0);
    cr_assert_eq(integer(label, "label"), 16001);
    cr_assert_eq(integer(label, "ttl"), 254);
    cr_assert_eq(integer(json_array_get(extensions, 1), "index"), 42);
    cr_assert_eq(integer(json_array_get(extensions, 1), "mtu"), 9000);
    expect_text(json_array_get(extensions, 1), "address", "10.0.0.254");
    expect_text(json_array_get(extensions, 1), "name", "ge-0/0/1\\x1b[2J");
    json_decref(object);
}

Test(truth, tells_ipv6_and_ports)
{
    struct lab_test_packet asked;
    struct lab_record record = {.number = 1, .came = {START}};
    json_t *object;

    make_echo(&asked, PACKET_ICMPV6_ECHO, "2001:db8::1", "2001:db8::9");
    record.packet = whole(&asked);
    object = written(&record);
    cr_assert_eq(integer(object, "family"), 6);
    cr_assert_eq(integer(object, "flow_label"), 0x12345);
    expect_text(object, "protocol", "icmp6");
    cr_assert_eq(integer(object, "sequence"), 7);
    expect_text(object, "came_by", "user");
    json_decref(object);

    asked.bytes[6] = PACKET_UDP; /* the bytes of the ICMP header are then ports */
    object = written(&record);
    expect_text(object, "protocol", "udp");
    cr_assert_eq(integer(object, "source_port"), PACKET_ICMPV6_ECHO << 8);
    json_decref(object);
}

Test(truth, survives_any_bytes)
{
    struct lab_test_packet asked, error;
    uint32_t random = 1;

    make_echo(&asked, PACKET_ICMPV4_ECHO, "198.18.0.1", "198.18.0.9");
    make_exceeded(&error, &asked);
    for (int round = 0; round < 3000; round++) {
        struct lab_test_packet bad = error;
        struct lab_decision decision = {.due = SONDE_NEVER, .left = SONDE_NEVER};
        struct lab_record record = {.came = {START}, .decisions = &decision, .decision_count = 1};
        uint8_t *exact;

        for (int i = 0; i < 1 + round % 8; i++) {
            random = random * 1664525 + 1013904223;
            bad.bytes[(random >> 8) % bad.length] = (uint8_t)(random >> 24);
        }
        bad.length = (random >> 4) % (bad.length + 1);
        exact = malloc(bad.length + 1); /* an address sanitizer sees what lies behind */
        memcpy(exact + 1, bad.bytes, bad.length);
        decision.answer = record.packet = (struct sonde_bytes){exact + 1, bad.length};
        if (round % 30 == 0 || bad.length < 40) {
            json_decref(written(&record));
        } else {
            struct lab_truth *truth;

            cr_assert_eq(lab_truth_open(&truth, "/dev/null"), 0);
            lab_truth_ops.begin(truth, &clock_of_tests);
            lab_truth_ops.write(truth, &record);
            cr_assert_eq(lab_truth_close(truth), 0);
        }
        free(exact);
    }
}

Test(truth, errors_come_back_at_close)
{
    struct lab_test_packet asked;
    struct lab_record record = {.number = 1};
    struct lab_truth *truth;

    make_echo(&asked, PACKET_ICMPV4_ECHO, "198.18.0.1", "198.18.0.9");
    record.packet = whole(&asked);
    cr_assert_eq(lab_truth_open(&truth, "/nonexistent/file"), -ENOENT);
    cr_assert_eq(lab_truth_open(&truth, "/dev/full"), 0);
    lab_truth_ops.begin(truth, &clock_of_tests);
    for (int i = 0; i < 100; i++)
        lab_truth_ops.write(truth, &record);
    cr_assert_eq(lab_truth_close(truth), -ENOSPC);
}
