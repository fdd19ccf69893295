/* Datagrams of the builder, read back. */
#ifndef TESTS_ENGINE_BUILD_PORTS_H
#define TESTS_ENGINE_BUILD_PORTS_H

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "engine/build.h"
#include "packet/ipv4.h"
#include "packet/ipv6.h"

static const struct sonde_engine_config build_plain = {.key = "0123456789abcde"};

static inline struct sonde_engine_target build_target(bool ipv6)
{
    struct sonde_engine_target target = {0};
    cr_assert(sonde_address_parse(ipv6 ? "2001:db8::1" : "192.0.2.1", &target.source));
    cr_assert(sonde_address_parse(ipv6 ? "2001:db8::2" : "198.51.100.2", &target.address));
    return target;
}

/* What is behind the IP header, whose identification must be the sequence. */
static inline struct sonde_bytes build_upper(struct builder *builder,
                                             const struct sonde_probe *probe,
                                             const struct sonde_engine_target *target,
                                             const struct build_lease *lease, uint8_t protocol)
{
    struct sonde_bytes datagram;
    cr_assert_eq(build_datagram(builder, probe, target, lease, &datagram), 0);
    if (target->address.family == SONDE_IPV6) {
        struct packet_ipv6 ip;
        cr_assert_eq(packet_ipv6_parse(datagram, &ip), 0);
        cr_assert_eq(ip.next_header, protocol);
        cr_assert_eq(ip.hop_limit, probe->hop_limit);
        return ip.payload;
    }
    struct packet_ipv4 ip;
    cr_assert_eq(packet_ipv4_parse(datagram, &ip), 0);
    cr_assert(ip.checksum_ok);
    cr_assert_eq(ip.protocol, protocol);
    cr_assert_eq(ip.ttl, probe->hop_limit);
    if (protocol != 1)
        cr_assert_eq(ip.id, lease->sequence);
    return ip.payload;
}

#endif
