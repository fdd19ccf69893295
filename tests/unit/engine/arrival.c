#include "engine/arrival.h"
#include "packet/checksum.h"

#include <criterion/criterion.h>

/* An echo reply from 192.0.2.9 to 192.0.2.1, without a payload. */
static const uint8_t reply[28] = {0x45, 0, 0,   28, 0, 0, 0, 0, 64,   1,    0xf6, 0xd2, 192, 0,
                                  2,    9, 192, 0,  2, 1, 0, 0, 0xff, 0xfd, 0,    1,    0,   1};

static struct sonde_event received(size_t length)
{
    return (struct sonde_event){.kind = SONDE_EVENT_DATAGRAM,
                                .layer = SONDE_LAYER_IP,
                                .bytes = {reply, length},
                                .from = sonde_address_from_bytes(SONDE_IPV4, reply + 12)};
}

Test(engine_arrival, finds_the_message_behind_the_ip_header)
{
    struct sonde_event event = received(sizeof reply);
    struct engine_arrival arrival;
    cr_assert(engine_arrival_find(&event, &arrival));
    cr_assert_eq(arrival.event, &event);
    cr_assert_eq(arrival.ip.length, 20);
    cr_assert_eq(arrival.upper.data, reply + 20);
    cr_assert_eq(arrival.upper.length, 8);
    cr_assert_eq(arrival.hop_limit, 64);
    cr_assert_eq(arrival.to.bytes[3], 1);
    cr_assert_not(arrival.truncated);
    cr_assert(engine_arrival_checksum_ok(&arrival));
}

Test(engine_arrival, what_the_network_cut_is_truncated_and_what_our_buffer_cut_is_not)
{
    struct sonde_event event = received(sizeof reply - 2);
    struct engine_arrival arrival;
    cr_assert(engine_arrival_find(&event, &arrival));
    cr_assert(arrival.truncated);
    cr_assert_not(engine_arrival_checksum_ok(&arrival));
    event.cut = true;
    cr_assert(engine_arrival_find(&event, &arrival));
    cr_assert_not(arrival.truncated);
    cr_assert(engine_arrival_checksum_ok(&arrival), "cannot be judged");
}

Test(engine_arrival, a_message_without_a_header_is_as_the_transport_says)
{
    static const uint8_t loopback[16] = {[15] = 1};
    struct sonde_event event = {.layer = SONDE_LAYER_ICMP,
                                .bytes = {reply + 20, 8},
                                .from = sonde_address_from_bytes(SONDE_IPV6, loopback),
                                .hop_limit = 7,
                                .traffic_class = -1};
    struct engine_arrival arrival;
    cr_assert(engine_arrival_find(&event, &arrival));
    cr_assert_eq(arrival.upper.data, reply + 20);
    cr_assert_eq(arrival.hop_limit, 7);
    cr_assert(engine_arrival_checksum_ok(&arrival), "our address is not known");
    event.to = event.from;
    cr_assert(engine_arrival_find(&event, &arrival));
    cr_assert_not(engine_arrival_checksum_ok(&arrival), "it is one of ICMPv4");
}

static const struct sonde_address them = {SONDE_IPV4, {192, 0, 2, 2}, 0};
static const struct sonde_address us = {SONDE_IPV4, {192, 0, 2, 1}, 0};

/* Bytes behind an IP header, judged as of `layer`. */
static bool intact(enum sonde_layer layer, uint8_t protocol, const uint8_t *bytes, size_t length)
{
    struct sonde_event event = {.layer = layer, .from = them, .to = us};
    struct engine_arrival arrival = {
        .event = &event, .from = them, .to = us, .protocol = protocol, .upper = {bytes, length}};
    return engine_arrival_checksum_ok(&arrival);
}

Test(engine_arrival, a_checksum_that_the_sender_left_to_a_device_is_no_fault)
{
    static const struct {
        uint8_t protocol;
        size_t length, at;
    } all[] = {{17, 12, 6}, {6, 20, 16}};
    for (size_t i = 0; i < 2; i++) {
        uint8_t bytes[20] = {0x01, 0xbb, 0x12, 0x67, 0, 12, 0, 0, 1, 2, 3, 4, 0x50, 0x12};
        struct packet_sum sum = {0};
        packet_sum_pseudo(&sum, &them, &us, all[i].protocol, (uint32_t)all[i].length);
        uint16_t seed = (uint16_t)~packet_sum_checksum(&sum);
        bytes[all[i].at] = (uint8_t)(seed >> 8);
        bytes[all[i].at + 1] = (uint8_t)seed;
        cr_assert(intact(SONDE_LAYER_IP, all[i].protocol, bytes, all[i].length));
        bytes[all[i].at + 1] ^= 1;
        cr_assert_not(intact(SONDE_LAYER_IP, all[i].protocol, bytes, all[i].length));
        bytes[all[i].at] = bytes[all[i].at + 1] = 0;
        packet_sum_add(&sum, bytes, all[i].length);
        uint16_t whole = packet_sum_checksum(&sum);
        bytes[all[i].at] = (uint8_t)(whole >> 8);
        bytes[all[i].at + 1] = (uint8_t)whole;
        cr_assert(intact(SONDE_LAYER_IP, all[i].protocol, bytes, all[i].length));
        cr_assert_not(intact(SONDE_LAYER_IP, all[i].protocol, bytes, all[i].length - 1));
    }
}

Test(engine_arrival, a_header_that_a_transport_made_up_has_no_checksum)
{
    uint8_t tcp[20] = {0x01, 0xbb, 0x12, 0x67, [12] = 0x50, [13] = 0x12};
    cr_assert(intact(SONDE_LAYER_TCP, 6, tcp, sizeof tcp));
    cr_assert_not(intact(SONDE_LAYER_IP, 6, tcp, sizeof tcp));
    uint8_t sctp[16] = {0x01, 0xbb, 0x12, 0x67, [12] = 6, [15] = 4};
    cr_assert(intact(SONDE_LAYER_IP, 132, sctp, sizeof sctp), "left to a device");
    sctp[8] = 1;
    cr_assert_not(intact(SONDE_LAYER_IP, 132, sctp, sizeof sctp));
}
