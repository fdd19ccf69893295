/*
 * What the headers say goes onto the wire: a datagram handed to either transport is captured on the
 * device and compared with what was asked for. Also: link-local addresses, broadcast, multicast.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <sys/socket.h>

#include "net_hosts.h"

static struct lab_echo echo;
static struct lab_seen seen[64];

static int capture(const char *device)
{
    struct sockaddr_ll name = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK, htons(ETH_P_ALL));

    name.sll_ifindex = (int)if_nametoindex(device);
    if (fd < 0 || bind(fd, (struct sockaddr *)&name, sizeof name))
        lab_skip("no packet sockets");
    return fd;
}

/* The first echo request of the family that was captured. Returns its length, 0 when there is none.
 */
static size_t request(int fd, bool v6, uint8_t bytes[static 2048])
{
    for (int i = 0; i < 50; i++) {
        ssize_t got = recv(fd, bytes, 2048, 0);
        size_t icmp = v6 ? 40 : (bytes[0] & 0x0fu) * 4;

        if (got < 0)
            usleep(2000);
        else if (bytes[0] >> 4 == (v6 ? 6 : 4) && (size_t)got > icmp &&
                 bytes[icmp] == (v6 ? 128 : 8))
            return (size_t)got;
    }
    return 0;
}

static void send_one(struct sonde_transport *transport, struct sonde_datagram *datagram)
{
    transport->ops->send(transport->self, datagram, 1);
    LAB_CHECK(datagram->error == 0, "%s: %s", transport->name, strerror(datagram->error));
}

static void v4_header(struct sonde_transport *transport, int wire)
{
    static const uint8_t route[12] = {7, 11, 4}; /* record route, two slots */
    uint8_t bytes[2048];
    struct sonde_datagram datagram;
    size_t got;

    for (int options = 0; options < 2; options++)
        for (int dont_fragment = 0; dont_fragment < 2; dont_fragment++) {
            lab_build(&echo, "10.1.0.1", "10.1.0.2", 33, transport->identifiers[0], 9, 40);
            if (options) {
                memmove(echo.bytes + 32, echo.bytes + 20, echo.length - 20);
                memcpy(echo.bytes + 20, route, sizeof route);
                echo.bytes[0] = 0x48;
                echo.length += 12;
                lab_put16(echo.bytes + 2, echo.length);
            }
            echo.bytes[1] = 0xb8;
            echo.bytes[6] = dont_fragment ? 0x40 : 0;
            datagram = lab_datagram(&echo, "10.1.0.2", 1);
            send_one(transport, &datagram);
            got = request(wire, false, bytes);
            LAB_CHECK(got == echo.length, "%s: %zu bytes, not %u", transport->name, got,
                      echo.length);
            LAB_CHECK(bytes[0] == echo.bytes[0] && bytes[1] == 0xb8 && bytes[8] == 33,
                      "%s: %02x %02x %u", transport->name, bytes[0], bytes[1], bytes[8]);
            LAB_CHECK((bytes[6] & 0x40) == (dont_fragment ? 0x40 : 0), "%s: flags %02x",
                      transport->name, bytes[6]);
            LAB_CHECK(!memcmp(bytes + 12, echo.bytes + 12, 8), "%s: addresses", transport->name);
            LAB_CHECK(!options || (bytes[20] == 7 && bytes[21] == 11), "%s: options",
                      transport->name);
            LAB_CHECK(!memcmp(bytes + got - 44, echo.bytes + echo.length - 44, 44), "%s: payload",
                      transport->name);
        }
}

static void v6_header(struct sonde_transport *transport, int wire)
{
    static const uint8_t starts[3][4] = {
        {0x6b, 0x80}, {0x6b, 0x8a, 0xbc, 0xde}, {0x60, 0x01, 0x23, 0x45}};
    uint8_t bytes[2048];

    for (int i = 0; i < 3; i++) {
        struct sonde_datagram datagram;
        size_t got;

        lab_build(&echo, "fd01::1", "fd01::2", 33, transport->identifiers[0], 9, 40);
        memcpy(echo.bytes, starts[i], 4);
        datagram = lab_datagram(&echo, "fd01::2", 1);
        send_one(transport, &datagram);
        got = request(wire, true, bytes);
        LAB_CHECK(got == echo.length && !memcmp(bytes, echo.bytes, got),
                  "%s %d: %zu bytes %02x%02x%02x%02x hops %u", transport->name, i, got, bytes[0],
                  bytes[1], bytes[2], bytes[3], bytes[7]);
    }
}

static size_t answers(struct sonde_transport *transport)
{
    size_t got = lab_collect(transport, seen, 64, 100, 64);
    size_t count = 0;

    for (size_t i = 0; i < got; i++)
        count += seen[i].event.kind == SONDE_EVENT_DATAGRAM;
    return count;
}

/* Scoped by the address or by the device; the answer's addresses carry the scope. */
static void link_local(bool raw)
{
    struct sonde_net_config config = lab_config();
    struct sonde_transport transport;
    struct sonde_address to = lab_address("fe80::1:2");
    struct sonde_datagram datagram;
    struct sonde_route route;

    for (int by_device = 0; by_device < 2; by_device++) {
        config.device = by_device ? "near" : NULL;
        to.scope = by_device ? 0 : if_nametoindex("near");
        if (!lab_open(raw, &config, &transport))
            return;
        LAB_CHECK(!transport.ops->route(transport.self, &to, &route), "route");
        LAB_CHECK(route.device == if_nametoindex("near"), "%u", route.device);
        lab_build(&echo, "fe80::1:1", "fe80::1:2", 64, transport.identifiers[0], 1, 56);
        datagram = lab_datagram(&echo, "fe80::1:2", 1);
        datagram.to = to;
        send_one(&transport, &datagram);
        LAB_CHECK(lab_collect(&transport, seen, 64, 500, 2) == 2 &&
                      seen[1].event.kind == SONDE_EVENT_DATAGRAM &&
                      seen[1].event.from.scope == if_nametoindex("near"),
                  "%s: from scope %u", transport.name, seen[1].event.from.scope);
        transport.ops->close(transport.self);
    }
}

static void many_answer(bool raw)
{
    struct sonde_net_config config = lab_config();
    struct sonde_transport transport;
    struct sonde_datagram datagram;

    config.broadcast = true;
    config.device = "near";
    if (!lab_open(raw, &config, &transport))
        return;
    lab_build(&echo, "10.1.0.1", "10.1.0.255", 64, transport.identifiers[0], 1, 56);
    datagram = lab_datagram(&echo, "10.1.0.255", 1);
    send_one(&transport, &datagram);
    LAB_CHECK(answers(&transport) == 1, "%s: broadcast", transport.name);
    lab_build(&echo, "fe80::1:1", "ff02::1", 64, transport.identifiers[0], 1, 56);
    datagram = lab_datagram(&echo, "ff02::1", 1);
    send_one(&transport, &datagram);
    LAB_CHECK(answers(&transport) >= 1, "%s: multicast", transport.name);
    transport.ops->close(transport.self);
}

/* With stamps of our own, nothing comes from the error queue. */
static void user_stamps(bool raw)
{
    struct sonde_net_config config = lab_config();
    struct sonde_transport transport;
    struct sonde_datagram batch[2];
    int error;
    size_t got;

    config.stamps = SONDE_NET_STAMPS_USER;
    if (!lab_open(raw, &config, &transport))
        return;
    LAB_CHECK(sonde_net_stamps_in_use(&transport, &error) == SONDE_NET_STAMPS_USER && !error, "?");
    lab_build(&echo, "10.1.0.1", "10.1.0.2", 64, transport.identifiers[0], 1, 56);
    batch[0] = batch[1] = lab_datagram(&echo, "10.1.0.2", 1);
    transport.ops->send(transport.self, batch, 2);
    LAB_CHECK(batch[0].sent.ns < batch[1].sent.ns, "each has its own time");
    transport.ops->wait(transport.self,
                        sonde_mono_add(transport.ops->now(transport.self), sonde_span_ms(500)),
                        false);
    got = lab_collect(&transport, seen, 64, 500, 2);
    LAB_CHECK(got == 2 && seen[0].event.kind == SONDE_EVENT_DATAGRAM &&
                  seen[0].event.stamp.source == SONDE_STAMP_USER,
              "%zu", got);
    LAB_CHECK(got && sonde_mono_since(seen[0].event.stamp.at, batch[0].sent).ns < 100000000,
              "the wait did not delay the time");
    transport.ops->close(transport.self);
}

int main(void)
{
    lab_enter_namespace();
    lab_make_far();
    lab_run(
        "set -e; sysctl -qw net.ipv6.conf.default.accept_dad=0;"
        "ip link add near type veth peer name wire; "
        "F=\"nsenter -t $FAR -n\"; ip link set wire netns $FAR;"
        "$F sysctl -qw net.ipv6.conf.default.accept_dad=0"
        " net.ipv6.conf.wire.accept_dad=0 net.ipv4.icmp_echo_ignore_broadcasts=0;"
        "ip addr add 10.1.0.1/24 brd 10.1.0.255 dev near; ip -6 addr add fd01::1/64 dev near nodad;"
        "$F ip addr add 10.1.0.2/24 brd 10.1.0.255 dev wire;"
        "$F ip -6 addr add fd01::2/64 dev wire nodad; ip link set near up; $F ip link set wire up;"
        "ip -6 addr add fe80::1:1/64 dev near nodad; $F ip -6 addr add fe80::1:2/64 dev wire "
        "nodad");
    usleep(1500000);
    for (int raw = 0; raw < 2; raw++) {
        struct sonde_net_config config = lab_config();
        struct sonde_transport transport;
        int wire = capture("near");

        if (lab_open(raw, &config, &transport)) {
            v4_header(&transport, wire);
            v6_header(&transport, wire);
            transport.ops->close(transport.self);
        }
        close(wire);
        link_local(raw);
        many_answer(raw);
        user_stamps(raw);
    }
    return lab_verdict();
}
