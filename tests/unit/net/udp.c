#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <string.h>

#include "net/udp.h"
#include "packet/udp.h"

#define PORT 61440

static uint8_t room[NET_INBOX_HEADROOM + 64];

static struct net_inbox_slot slot_from(enum sonde_family family, uint16_t port)
{
    struct net_inbox_slot slot = {.bytes = room + NET_INBOX_HEADROOM};

    memset(room, 0xaa, sizeof room);
    if (family == SONDE_IPV6)
        slot.name.v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
    else
        slot.name.v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
    return slot;
}

Test(net_udp, an_answer_gets_its_header_back)
{
    for (int family = SONDE_IPV4; family <= SONDE_IPV6; family += 2)
        for (size_t length = 0; length <= 33; length++) {
            struct net_inbox_slot slot = slot_from((enum sonde_family)family, 53);
            uint8_t address[16] = {10, 1};
            struct sonde_event event = {.bytes = {slot.bytes, length}};
            struct packet_udp udp;

            event.from = sonde_address_from_bytes((enum sonde_family)family, address);
            address[3] = 9;
            event.to = sonde_address_from_bytes((enum sonde_family)family, address);
            net_udp_datagram(&slot, PORT, &event);
            cr_assert_eq(packet_udp_parse(event.bytes, &udp), 0);
            cr_assert_eq(udp.source_port, 53);
            cr_assert_eq(udp.destination_port, PORT);
            cr_assert_eq(udp.payload.data, slot.bytes);
            cr_assert_eq(udp.payload.length, length);
            cr_assert(packet_udp_checksum_ok(event.bytes, &event.from, &event.to));
        }
}

Test(net_udp, a_quote_gets_its_ports_back)
{
    struct net_inbox_slot slot = slot_from(SONDE_IPV4, 33434);
    struct sonde_event event = {.kind = SONDE_EVENT_ERROR, .bytes = {slot.bytes, 0}};
    struct packet_udp udp;

    net_udp_quote(&slot, PORT, &event);
    cr_assert_eq(packet_udp_parse(event.bytes, &udp), 0);
    cr_assert_eq(udp.source_port, PORT);
    cr_assert_eq(udp.destination_port, 33434);
    cr_assert_eq(udp.checksum, 0);
    cr_assert_eq(event.protocol, 17);
    cr_assert_eq(event.layer, SONDE_LAYER_UDP);
}
