#include "engine/arrival.h"

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
