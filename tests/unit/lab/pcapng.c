#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "lab/pcapng.h"
#include "lab_records.h"

struct capture {
    uint8_t bytes[1 << 20];
    size_t length;
    size_t at;
};

static uint32_t word(const struct capture *capture, size_t at)
{
    uint32_t value;

    cr_assert_leq(at + 4, capture->length);
    memcpy(&value, capture->bytes + at, 4);
    return value;
}

static uint16_t half(const struct capture *capture, size_t at)
{
    uint16_t value;

    memcpy(&value, capture->bytes + at, 2);
    return value;
}

/* The next block: its type, 0 at the end. Its length is checked at both ends. */
static uint32_t next_block(struct capture *capture, size_t *at)
{
    uint32_t length;

    if (capture->at == capture->length)
        return 0;
    *at = capture->at;
    length = word(capture, *at + 4);
    cr_assert_eq(length % 4, 0);
    cr_assert_geq(length, 12);
    cr_assert_leq(*at + length, capture->length);
    cr_assert_eq(word(capture, *at + length - 4), length);
    capture->at += length;
    return word(capture, *at);
}

struct packet_block {
    int64_t at;
    struct sonde_bytes bytes;
    char comment[2048];
};

/* Takes the next packet block apart; false at the end. */
static bool next_packet(struct capture *capture, struct packet_block *packet)
{
    size_t at, option;
    uint32_t type = next_block(capture, &at);

    if (!type)
        return false;
    cr_assert_eq(type, 6);
    cr_assert_eq(word(capture, at + 8), 0);
    packet->at = (int64_t)((uint64_t)word(capture, at + 12) << 32 | word(capture, at + 16));
    packet->bytes.length = word(capture, at + 20);
    cr_assert_eq(word(capture, at + 24), packet->bytes.length);
    packet->bytes.data = capture->bytes + at + 28;
    option = at + 28 + (packet->bytes.length + 3) / 4 * 4;
    cr_assert_eq(half(capture, option), 1);
    snprintf(packet->comment, sizeof packet->comment, "%.*s", half(capture, option + 2),
             capture->bytes + option + 4);
    option += 4 + ((size_t)half(capture, option + 2) + 3) / 4 * 4;
    cr_assert_eq(word(capture, option), 0); /* end of options */
    cr_assert_eq(option + 8, capture->at);
    return true;
}

/* Reads the file and checks its two headers. */
static void read_capture(struct capture *capture, const char *path)
{
    FILE *file = fopen(path, "r");
    size_t at;

    cr_assert(file);
    capture->length = fread(capture->bytes, 1, sizeof capture->bytes, file);
    capture->at = 0;
    fclose(file);
    unlink(path);
    cr_assert_eq(next_block(capture, &at), 0x0a0d0d0a);
    cr_assert_eq(word(capture, at + 8), 0x1a2b3c4d);
    cr_assert_eq(half(capture, at + 12), 1);
    cr_assert_eq(next_block(capture, &at), 1);
    cr_assert_eq(half(capture, at + 8), 101);
    cr_assert_eq(half(capture, at + 24), 9); /* resolution, behind the name */
    cr_assert_eq(capture->bytes[at + 28], 9);
}

static struct lab_pcapng *begun(char path[static 32])
{
    struct lab_pcapng *pcapng;

    scratch_file(path);
    cr_assert_eq(lab_pcapng_open(&pcapng, path), 0);
    lab_pcapng_ops.begin(pcapng, &clock_of_tests);
    return pcapng;
}

Test(pcapng, puts_packets_in_the_order_of_their_times)
{
    static struct capture capture;
    struct lab_test_packet asked, reply;
    struct lab_decision answered = {.fate = SONDE_SIM_REPLY,
                                    .harm = SONDE_SIM_CORRUPT,
                                    .node = "far",
                                    .due = {START + 540000000},
                                    .left = {START + 540002000},
                                    .left_by_kernel = true};
    struct lab_decision lost = {
        .fate = SONDE_SIM_LOST_IN_BURST, .node = "r1>r2", .due = SONDE_NEVER, .left = SONDE_NEVER};
    struct lab_record first = {.number = 17, .came = {START}, .decision_count = 1};
    struct lab_record second = {.number = 18, .came = {START + 1000}, .decision_count = 1};
    struct packet_block packet;
    char path[32];
    struct lab_pcapng *pcapng = begun(path);

    make_echo(&asked, PACKET_ICMPV4_ECHO, "198.18.0.1", "198.18.0.9");
    make_echo(&reply, PACKET_ICMPV4_ECHO_REPLY, "198.18.0.9", "198.18.0.1");
    answered.answer = whole(&reply);
    first.packet = second.packet = whole(&asked);
    first.decisions = &answered;
    second.decisions = &lost;
    lab_pcapng_ops.write(pcapng, &second); /* complete before the first */
    lab_pcapng_ops.write(pcapng, &first);
    cr_assert_eq(lab_pcapng_close(pcapng), 0);

    read_capture(&capture, path);
    cr_assert(next_packet(&capture, &packet));
    cr_assert_eq(packet.at, EPOCH);
    cr_assert_eq(packet.bytes.length, asked.length);
    cr_assert_arr_eq(packet.bytes.data, asked.bytes, asked.length);
    cr_assert_str_eq(packet.comment, "packet 17: reply from far after 540.002 ms, corrupt");
    cr_assert(next_packet(&capture, &packet));
    cr_assert_eq(packet.at, EPOCH + 1000);
    cr_assert_str_eq(packet.comment, "packet 18: lost-in-burst at r1>r2");
    cr_assert(next_packet(&capture, &packet));
    cr_assert_eq(packet.at, EPOCH + 540002000);
    cr_assert_arr_eq(packet.bytes.data, reply.bytes, reply.length);
    cr_assert_str_eq(
        packet.comment,
        "answer to packet 17: reply from far, corrupt, due after 540.000 ms, 0.002 ms late");
    cr_assert_not(next_packet(&capture, &packet));
}

Test(pcapng, any_number_of_decisions_and_any_length)
{
    static struct capture capture;
    struct lab_decision decisions[300];
    uint8_t bytes[64] = {0xff};
    struct packet_block packet;
    size_t count = 0;
    char path[32];
    struct lab_pcapng *pcapng = begun(path);

    for (int i = 0; i < 300; i++)
        decisions[i] = (struct lab_decision){.fate = SONDE_SIM_DUPLICATE,
                                             .node = "a\n\x1b[31mb",
                                             .due = {START},
                                             .left = {START + i}};
    for (size_t length = 0; length < 64; length++) {
        struct lab_record record = {.number = length,
                                    .came = {START - (int64_t)length * SONDE_NS_PER_S},
                                    .packet = {bytes, length},
                                    .decisions = decisions,
                                    .decision_count = 300};
        lab_pcapng_ops.write(pcapng, &record);
    }
    cr_assert_eq(lab_pcapng_close(pcapng), 0);
    read_capture(&capture, path);
    while (next_packet(&capture, &packet)) {
        count++;
        cr_assert(strstr(packet.comment, "duplicate from a\\x0a\\x1b[31mb after"));
        cr_assert(strstr(packet.comment, "; and 292 more"));
    }
    cr_assert_eq(count, 64);
}

Test(pcapng, holds_back_no_longer_than_it_must)
{
    static struct capture capture;
    struct lab_record record = {.number = 1, .packet = {(const uint8_t *)"E", 1}};
    char path[32];
    struct lab_pcapng *pcapng = begun(path);
    struct packet_block packet;
    FILE *file;
    long length;

    for (int i = 0; i < 1000; i++) {
        record.came.ns = START + i * SONDE_NS_PER_S;
        lab_pcapng_ops.write(pcapng, &record);
    }
    file = fopen(path, "r");
    cr_assert(file);
    fseek(file, 0, SEEK_END);
    length = ftell(file);
    fclose(file);
    cr_assert_gt(length, 32768, "most are in the file before it is closed");
    cr_assert_eq(lab_pcapng_close(pcapng), 0);
    read_capture(&capture, path);
    for (int i = 0; i < 1000; i++) {
        cr_assert(next_packet(&capture, &packet));
        cr_assert_eq(packet.at, EPOCH + i * SONDE_NS_PER_S);
    }
}

Test(pcapng, errors_come_back_at_close)
{
    struct lab_pcapng *pcapng;

    cr_assert_eq(lab_pcapng_open(&pcapng, "/nonexistent/file"), -ENOENT);
    cr_assert_eq(lab_pcapng_open(&pcapng, "/dev/full"), 0);
    lab_pcapng_ops.begin(pcapng, &clock_of_tests);
    cr_assert_eq(lab_pcapng_close(pcapng), -ENOSPC);
}
