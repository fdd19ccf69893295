/*
 * A host, a router and another host, each in a namespace: ICMP errors come out, refused datagrams
 * say why, and no refusal moves a send stamp to another token.
 */
#define _GNU_SOURCE
#include "net_hosts.h"

#include "net/shared.h" /* to play a kernel without ids of our own */

static struct lab_echo echo;
static struct lab_seen seen[512];

static struct sonde_datagram probe(struct sonde_transport *transport, const char *to, uint8_t ttl,
                                   uint16_t sequence, size_t payload, uint64_t token)
{
    struct sonde_route route = {0};
    struct sonde_address target = lab_address(to);
    char source[SONDE_ADDRESS_TEXT];

    transport->ops->route(transport->self, &target, &route);
    if (route.source.family)
        sonde_address_format(&route.source, source);
    lab_build(&echo, route.source.family ? source : NULL, to, ttl, transport->identifiers[0],
              sequence, payload);
    return lab_datagram(&echo, to, token);
}

static const struct lab_seen *find(size_t got, enum sonde_event_kind kind)
{
    for (size_t i = 0; i < got; i++)
        if (seen[i].event.kind == kind)
            return &seen[i];
    return NULL;
}

/* An answer of the far host. */
static void answered(struct sonde_transport *transport, const char *to)
{
    struct sonde_datagram datagram = probe(transport, to, 64, 3, 56, 9);
    const struct lab_seen *answer;
    size_t got;

    transport->ops->send(transport->self, &datagram, 1);
    got = lab_collect(transport, seen, 512, 500, 2);
    answer = find(got, SONDE_EVENT_DATAGRAM);
    LAB_CHECK(datagram.error == 0 && answer && find(got, SONDE_EVENT_SENT_STAMP), "%s %s: %zu %s",
              transport->name, to, got, strerror(datagram.error));
    if (answer) {
        LAB_CHECK(answer->event.stamp.source == SONDE_STAMP_KERNEL, "%s", to);
        LAB_CHECK(sonde_address_equal(&answer->event.from, &datagram.to), "%s", to);
        if (answer->event.layer == SONDE_LAYER_ICMP)
            LAB_CHECK(answer->event.hop_limit == 63, "%d", answer->event.hop_limit);
    }
}

/* Waits until both hosts have found each other. */
static void warm_up(void)
{
    struct sonde_net_config config = lab_config();
    struct sonde_transport transport;
    const struct lab_seen *answer = NULL;

    if (!lab_open(true, &config, &transport))
        return;
    for (int i = 0; i < 30 && !answer; i++) {
        struct sonde_datagram datagram = probe(&transport, "fd00:2::2", 64, 3, 56, 9);
        transport.ops->send(transport.self, &datagram, 1);
        answer = find(lab_collect(&transport, seen, 512, 100, 512), SONDE_EVENT_DATAGRAM);
    }
    transport.ops->close(transport.self);
}

/* An ICMP error of the router: as a datagram (raw) or from the error queue (dgram). */
static void error_from(struct sonde_transport *transport, const char *to, uint8_t ttl,
                       size_t payload, const char *who, uint8_t type, uint8_t code)
{
    bool raw = !transport->header_is_kernels;
    struct sonde_datagram datagram = probe(transport, to, ttl, 21, payload, 5);
    struct sonde_address from = lab_address(who);
    const struct lab_seen *error;
    size_t got;

    if (strchr(to, ':') == NULL)
        datagram.bytes[6] = 0x40;
    transport->ops->send(transport->self, &datagram, 1);
    got = lab_collect(transport, seen, 512, 500, 2);
    error = find(got, raw ? SONDE_EVENT_DATAGRAM : SONDE_EVENT_ERROR);
    LAB_CHECK(datagram.error == 0 && error, "%s %s: %zu events, %s", transport->name, to, got,
              strerror(datagram.error));
    if (!error)
        return;
    LAB_CHECK(sonde_address_equal(&error->event.from, &from), "%s", to);
    if (raw) {
        LAB_CHECK(error->icmp.type == type && error->icmp.code == code, "%s: %d %d", to,
                  error->icmp.type, error->icmp.code);
        return;
    }
    LAB_CHECK(error->event.icmp_type == type && error->event.icmp_code == code, "%s: %d %d", to,
              error->event.icmp_type, error->event.icmp_code);
    LAB_CHECK(sonde_address_equal(&error->event.to, &datagram.to), "%s", to);
    LAB_CHECK(error->icmp.sequence == 21 && error->icmp.identifier == transport->identifiers[0],
              "%s: %d", to, error->icmp.sequence);
    LAB_CHECK(error->event.identifier == transport->identifiers[0], "%s", to);
    if (payload > 1000)
        LAB_CHECK(error->event.info == 1400, "%s: mtu %u", to, error->event.info);
}

/* An ICMP error leaves an errno on the socket, and the next call is not to blame for it. */
static void pending_errors(struct sonde_transport *transport)
{
    static const char *const targets[] = {"10.0.2.2", "fd00:2::2"};

    for (int i = 0; i < 20; i++) {
        struct sonde_datagram datagram = probe(transport, targets[i % 2], 1, 1, 56, 1);

        transport->ops->send(transport->self, &datagram, 1);
        LAB_CHECK(datagram.error == 0, "%d: %s", i, strerror(datagram.error));
        usleep(2000);
    }
    lab_collect(transport, seen, 512, 50, 40);
}

/* What the kernel refuses says so and harms nothing behind it. */
static void refused(struct sonde_transport *transport, const char *to, size_t payload, int error,
                    uint32_t mtu)
{
    static struct lab_echo good[2];
    struct sonde_datagram batch[3];
    const char *fine = "10.0.2.2";

    batch[1] = probe(transport, to, 64, 2, payload, 2);
    batch[1].bytes[6] = 0x40;
    for (int i = 0; i < 2; i++) {
        lab_build(&good[i], "10.0.1.1", fine, 64, transport->identifiers[0], (uint16_t)(i + 5), 56);
        batch[2 * i] = lab_datagram(&good[i], fine, (uint64_t)i + 100);
    }
    transport->ops->send(transport->self, batch, 3);
    LAB_CHECK(batch[0].error == 0 && batch[2].error == 0, "%s: %d %d", to, batch[0].error,
              batch[2].error);
    LAB_CHECK(batch[1].error == error, "%s %s: %s", transport->name, to, strerror(batch[1].error));
    LAB_CHECK(batch[1].mtu == mtu, "%s: mtu %u", to, batch[1].mtu);
    for (int i = 0; i < 3; i++)
        LAB_CHECK(batch[i].sent.ns > 0, "%s", to);
    lab_collect(transport, seen, 512, 100, 4);
}

/* An interface that goes down and comes back is survived. */
static void down_and_up(struct sonde_transport *transport)
{
    struct sonde_datagram datagram = probe(transport, "10.0.1.2", 64, 1, 56, 1);

    lab_run("ip link set near down");
    transport->ops->send(transport->self, &datagram, 1);
    LAB_CHECK(datagram.error == ENETUNREACH || datagram.error == ENETDOWN, "%s",
              strerror(datagram.error));
    lab_collect(transport, seen, 512, 20, 4);
    lab_run("ip link set near up; ip -6 addr add fd00:1::1/64 dev near nodad 2>/dev/null;"
            "ip route add 10.0.2.0/24 via 10.0.1.2; ip route add 10.0.9.0/24 via 10.0.1.2;"
            "ip -6 route add fd00:2::/64 via fd00:1::2; ip -6 route add fd00:9::/64 via fd00:1::2;"
            "ip route flush cache; ip -6 route flush cache; true");
    usleep(300000);
    answered(transport, "10.0.2.2");
    answered(transport, "fd00:2::2");
}

static void errors(bool raw)
{
    struct sonde_net_config config = lab_config();
    struct sonde_transport transport;

    config.pmtu = SONDE_NET_PMTU_DO;
    if (!lab_open(raw, &config, &transport))
        return;
    usleep(20000);
    answered(&transport, "10.0.2.2");
    answered(&transport, "fd00:2::2");
    error_from(&transport, "10.0.2.2", 1, 56, "10.0.1.2", 11, 0);
    error_from(&transport, "fd00:2::2", 1, 56, "fd00:1::2", 3, 0);
    usleep(1100000); /* the router makes one of these a second */
    error_from(&transport, "10.0.9.1", 64, 56, "10.0.1.2", 3, 0);
    error_from(&transport, "fd00:9::1", 64, 56, "fd00:1::2", 1, 0);
    answered(&transport, "10.0.2.2");
    error_from(&transport, "10.0.2.2", 64, 1440, "10.0.1.2", 3, 4);
    error_from(&transport, "fd00:2::2", 64, 1440, "fd00:1::2", 2, 0);
    answered(&transport, "10.0.2.2");
    pending_errors(&transport);
    refused(&transport, "10.0.8.1", 56, EHOSTUNREACH, 0);
    refused(&transport, "10.0.7.1", 56, EACCES, 0);
    refused(&transport, "192.0.2.1", 56, ENETUNREACH, 0);
    refused(&transport, "10.0.1.2", 4000, EMSGSIZE, 1500);
    refused(&transport, "10.0.1.255", 56, EACCES, 0);
    down_and_up(&transport);
    transport.ops->close(transport.self);
}

/*
 * Good datagrams with refused ones of every kind between them. A stamp must lie between the calls
 * that sent its datagram and the next one.
 */
static void stamps_stay(bool raw, bool own_ids)
{
    enum { COUNT = 400 };
    static struct sonde_mono sent[COUNT];
    static struct sonde_mono after[COUNT];
    struct sonde_net_config config = lab_config();
    struct sonde_transport transport;
    struct net_transport *inside;
    size_t right = 0, wrong = 0, good = 0;

    if (!lab_open(raw, &config, &transport))
        return;
    inside = transport.self;
    if (own_ids && !inside->own_ids) {
        printf("this kernel counts the datagrams itself: not looking at ids of our own\n");
        transport.ops->close(transport.self);
        return;
    }
    for (size_t i = 0; i < inside->socket_count; i++) {
        inside->sockets[i].stamps.own_ids = own_ids;
        inside->sockets[i].stamps.thrifty = own_ids && raw;
    }
    usleep(20000);
    for (int i = 0; i < COUNT; i++) {
        static const char *const targets[] = {"10.0.8.1", "10.0.7.1", "192.0.2.1", "10.0.1.2"};
        bool bad = i % 7 == 3 || i % 11 == 5;
        struct sonde_datagram datagram = probe(&transport, bad ? targets[i % 4] : "10.0.2.2", 64,
                                               (uint16_t)i, bad ? 4000 : 56, (uint64_t)i + 1);
        size_t got;

        datagram.bytes[6] = 0x40;
        if (bad && i % 3 == 0) {
            datagram = probe(&transport, "10.0.2.2", 64, (uint16_t)i, 0, (uint64_t)i + 1);
            datagram.bytes[0] =
                0x4f; /* a header longer than the datagram: EINVAL, after counting */
        }
        transport.ops->send(transport.self, &datagram, 1);
        LAB_CHECK((datagram.error != 0) == bad, "%d: %d", i, datagram.error);
        good += !bad;
        sent[i] = datagram.sent;
        after[i] = transport.ops->now(transport.self);
        got = i % 5 == 4 ? lab_collect(&transport, seen, 512, i % 10 == 4 ? 20 : 0, 512) : 0;
        for (size_t k = 0; k < got; k++) {
            const struct sonde_event *event = &seen[k].event;
            if (event->kind != SONDE_EVENT_SENT_STAMP)
                continue;
            if (event->stamp.at.ns >= sent[event->token - 1].ns - 2000 &&
                event->stamp.at.ns <= after[event->token - 1].ns + 2000)
                right++;
            else
                wrong++;
        }
    }
    printf("%s, %s ids: %zu good, %zu stamps right, %zu wrong\n", transport.name,
           own_ids ? "own" : "the kernel's", good, right, wrong);
    LAB_CHECK(wrong == 0, "%zu", wrong);
    LAB_CHECK(own_ids ? right > good - good / 10 : right > good / 4, "%zu of %zu", right, good);
    transport.ops->close(transport.self);
}

static void routes(void)
{
    struct sonde_net_config config = lab_config();
    struct sonde_transport transport;
    struct sonde_route route;
    struct sonde_address to = lab_address("10.0.2.2");
    struct sonde_address source = lab_address("10.0.1.1");

    if (!lab_open(true, &config, &transport))
        return;
    LAB_CHECK(!transport.ops->route(transport.self, &to, &route), "route");
    LAB_CHECK(sonde_address_equal(&route.source, &source) && !route.broadcast, "source");
    to = lab_address("fd00:2::2");
    source = lab_address("fd00:1::1");
    LAB_CHECK(!transport.ops->route(transport.self, &to, &route), "route");
    LAB_CHECK(sonde_address_equal(&route.source, &source), "source");
    to = lab_address("10.0.1.255");
    LAB_CHECK(!transport.ops->route(transport.self, &to, &route) && route.broadcast, "broadcast");
    to = lab_address("127.0.0.1");
    LAB_CHECK(!transport.ops->route(transport.self, &to, &route), "route");
    LAB_CHECK(route.mtu == 65535 || route.mtu == 65536, "%u", route.mtu);
    to = lab_address("192.0.2.1");
    LAB_CHECK(transport.ops->route(transport.self, &to, &route) == -ENETUNREACH, "unreachable");
    to = lab_address("10.0.7.1");
    LAB_CHECK(transport.ops->route(transport.self, &to, &route) == -EACCES && !route.broadcast,
              "prohibited");
    transport.ops->close(transport.self);
}

/* Device, source and what cannot be. */
static void options(bool raw)
{
    struct sonde_net_config config = lab_config();
    struct sonde_transport transport;
    const char *operation = "";
    int error;

    config.device = "near";
    config.source = lab_address("10.0.1.1");
    config.mark_set = true;
    config.mark = 7;
    config.broadcast = true;
    config.no_multicast_loop = true;
    config.identifier_count = 4;
    config.debug = true;
    if (lab_open(raw, &config, &transport)) {
        LAB_CHECK(transport.identifier_count == 4, "%zu", transport.identifier_count);
        usleep(20000);
        answered(&transport, "10.0.2.2");
        answered(&transport, "fd00:2::2");
        transport.ops->close(transport.self);
    }
    config = lab_config();
    config.device = "nowhere0";
    error = raw ? sonde_net_open_raw(&config, &transport, &operation)
                : sonde_net_open_dgram(&config, &transport, &operation);
    LAB_CHECK(error == -ENODEV, "%s: %s", operation, strerror(-error));
    config = lab_config();
    config.family = SONDE_IPV4;
    config.source = lab_address("192.0.2.77");
    error = raw ? sonde_net_open_raw(&config, &transport, &operation)
                : sonde_net_open_dgram(&config, &transport, &operation);
    LAB_CHECK(error == -EADDRNOTAVAIL && strstr(operation, "source"), "%s: %s", operation,
              strerror(-error));
}

int main(void)
{
    lab_enter_namespace();
    lab_build_network();
    warm_up();
    for (int raw = 0; raw < 2; raw++) {
        options(raw);
        stamps_stay(raw, true);
        stamps_stay(raw, false);
    }
    routes();
    errors(true);
    errors(false);
    lab_receiver = true;
    stamps_stay(true, true);
    stamps_stay(true, false);
    errors(true);
    lab_end_network();
    return lab_verdict();
}
