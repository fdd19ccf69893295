/*
 * What lab programs of the ring transport share: us with the device `near`, 10.1.0.1 and fd01::1,
 * and another host, 10.1.0.2 and fd01::2, behind which 10.2.0.0/16 and fd02::/64 answer, too.
 */
#ifndef LAB_NET_RINGS_H
#define LAB_NET_RINGS_H

#include "net_hosts.h"

#define SEEN 512

static struct lab_echo lab_one;
static struct lab_seen lab_seen_last[SEEN];

LAB bool lab_open_ring(const struct sonde_net_config *config, struct sonde_transport *transport)
{
    const char *operation = "?";
    int error = sonde_net_open_ring(config, transport, &operation);

    LAB_CHECK(!error, "%s: %s", operation, strerror(-error));
    return !error;
}

/* Complete, as the engine's: with the checksum of an IPv4 header. */
LAB void lab_build_complete(const char *from, const char *to, uint16_t identifier,
                            uint16_t sequence, size_t payload)
{
    lab_build(&lab_one, from, to, 64, identifier, sequence, payload);
    if (!strchr(to, ':'))
        lab_put16(lab_one.bytes + 10, ~lab_sum(0, lab_one.bytes, 20) & 0xffff);
}

LAB int lab_send_one(struct sonde_transport *transport, const char *from, const char *to,
                     uint16_t sequence, size_t payload)
{
    struct sonde_datagram datagram;

    lab_build_complete(from, to, transport->identifiers[0], sequence, payload);
    datagram = lab_datagram(&lab_one, to, sequence + 1u);
    transport->ops->send(transport->self, &datagram, 1);
    return datagram.error;
}

/* The answer to `sequence` among what arrives in time; NULL: none. */
LAB struct lab_seen *lab_answer(struct sonde_transport *transport, uint16_t sequence, int ms)
{
    struct sonde_mono end = sonde_mono_add(transport->ops->now(transport->self), sonde_span_ms(ms));

    while (sonde_mono_before(transport->ops->now(transport->self), end)) {
        size_t got = lab_collect(transport, lab_seen_last, SEEN, 20, 1);

        for (size_t i = 0; i < got; i++)
            if (lab_seen_last[i].event.kind == SONDE_EVENT_DATAGRAM &&
                lab_seen_last[i].icmp.sequence == sequence)
                return &lab_seen_last[i];
    }
    return NULL;
}

LAB void lab_drain(struct sonde_transport *transport)
{
    while (lab_collect(transport, lab_seen_last, SEEN, 20, SEEN))
        ;
}

LAB void lab_ring_network(void)
{
    lab_enter_namespace();
    lab_make_far();
    lab_run("set -e; sysctl -qw net.ipv6.conf.default.accept_dad=0;"
            "ip link add near type veth peer name wire; "
            "F=\"nsenter -t $FAR -n\"; ip link set wire netns $FAR;"
            "$F sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.wire.accept_dad=0;"
            "ip addr add 10.1.0.1/24 dev near; ip -6 addr add fd01::1/64 dev near nodad;"
            "$F ip addr add 10.1.0.2/24 dev wire; $F ip -6 addr add fd01::2/64 dev wire nodad;"
            "ip link set near up; $F ip link set wire up; $F ip link set lo up;"
            "$F ip route add local 10.2.0.0/16 dev lo; $F ip route add local fd02::/64 dev lo;"
            "ip route add default via 10.1.0.2; ip -6 route add default via fd01::2");
    usleep(300000);
}

#endif
