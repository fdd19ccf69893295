/*
 * TCP without privilege, from a host through a router to another host: what connect(2) says looks
 * like the answer to a segment of our own; nothing is left open, and no SYN is sent twice.
 */
#define _GNU_SOURCE
#include "net_services.h"

static struct lab_echo echo;
static struct lab_seen seen[600];

static const char *const near_text[2] = {"10.0.1.1", "fd00:1::1"};
static const char *const far_text[2] = {"10.0.2.2", "fd00:2::2"};
static const char *const router_text[2] = {"10.0.1.2", "fd00:1::2"};
static const char *const silent_text[2] = {"10.0.9.1", "fd00:9::1"};

#define SEQUENCE 0x12345678u

static const struct lab_seen *find(size_t got, enum sonde_event_kind kind)
{
    for (size_t i = 0; i < got; i++)
        if (seen[i].event.kind == kind)
            return &seen[i];
    return NULL;
}

static size_t count_of(size_t got, enum sonde_event_kind kind)
{
    size_t count = 0;

    for (size_t i = 0; i < got; i++)
        count += seen[i].event.kind == kind;
    return count;
}

static int send_probe(struct sonde_transport *transport, const char *from, const char *to,
                      uint8_t ttl, uint16_t port, uint32_t sequence)
{
    struct sonde_datagram datagram =
        lab_probe(&echo, from, to, ttl, PACKET_TCP, transport->identifiers[0], port, sequence);

    transport->ops->send(transport->self, &datagram, 1);
    return datagram.error;
}

static void answered(struct sonde_transport *transport, bool v6, uint16_t port, uint16_t flags)
{
    struct sonde_address far = lab_address(far_text[v6]), near = lab_address(near_text[v6]);
    struct sonde_mono before = transport->ops->now(transport->self);
    int refused = send_probe(transport, near_text[v6], far_text[v6], 64, port, SEQUENCE);
    bool opened = flags & PACKET_TCP_SYN;
    size_t got = lab_collect(transport, seen, 64, 500, opened ? 2 : 1);
    const struct lab_seen *answer = find(got, SONDE_EVENT_DATAGRAM);
    const struct lab_seen *sent = find(got, SONDE_EVENT_SENT_STAMP);
    struct packet_tcp said;

    LAB_CHECK(!refused && answer, "port %d v6 %d: %s, %zu events", port, v6, strerror(refused),
              got);
    if (!answer)
        return;
    struct sonde_bytes bytes = {answer->head, answer->head_length};

    LAB_CHECK(answer->event.layer == SONDE_LAYER_TCP && answer->event.hop_limit == -1, "%d",
              answer->event.hop_limit);
    LAB_CHECK(sonde_address_equal(&answer->event.from, &far), "v6 %d", v6);
    LAB_CHECK(sonde_address_equal(&answer->event.to, &near), "v6 %d", v6);
    LAB_CHECK(!packet_tcp_parse(bytes, &said) && said.flags == flags &&
                  said.acknowledgment == SEQUENCE + 1 && said.source_port == port &&
                  said.destination_port == transport->identifiers[0],
              "%x %x", said.flags, said.acknowledgment);
    LAB_CHECK(packet_tcp_checksum_ok(bytes, &far, &near), "v6 %d", v6);
    LAB_CHECK(sonde_mono_before(before, answer->event.stamp.at), "stamp");
    LAB_CHECK(answer->event.stamp.source == (opened ? SONDE_STAMP_KERNEL : SONDE_STAMP_USER), "%d",
              answer->event.stamp.source);
    if (opened) {
        LAB_CHECK(sent && sent->event.token == 77 && sent->event.stamp.source == SONDE_STAMP_KERNEL,
                  "v6 %d", v6);
        LAB_CHECK(answer->event.stamp.at.ns <= answer->event.read.ns, "v6 %d", v6);
    }
}

static void error_from(struct sonde_transport *transport, bool v6, const char *to, uint8_t ttl,
                       uint8_t type, uint8_t code)
{
    int refused = send_probe(transport, near_text[v6], to, ttl, LAB_CLOSED, SEQUENCE);
    size_t got = lab_collect(transport, seen, 64, 500, 1);
    const struct lab_seen *error = find(got, SONDE_EVENT_ERROR);
    struct sonde_address from = lab_address(router_text[v6]), target = lab_address(to);

    LAB_CHECK(!refused && error, "%s: %s, %zu events", to, strerror(refused), got);
    if (!error)
        return;
    LAB_CHECK(error->event.icmp_type == type && error->event.icmp_code == code, "%d %d",
              error->event.icmp_type, error->event.icmp_code);
    LAB_CHECK(sonde_address_equal(&error->event.from, &from), "%s", to);
    LAB_CHECK(sonde_address_equal(&error->event.to, &target), "%s", to);
    LAB_CHECK(error->event.protocol == PACKET_TCP && error->event.layer == SONDE_LAYER_TCP, "%d",
              error->event.protocol);
    LAB_CHECK(error->head_length >= 8 && error->head[2] << 8 == (LAB_CLOSED & 0xff00) &&
                  (error->head[0] << 8 | error->head[1]) == transport->identifiers[0] &&
                  error->head[4] == 0x12 && error->head[7] == 0x78,
              "%zu bytes", error->head_length);
}

/* A state of tcp(7) that some connection of the far host is in: 1 established, 3 half open. */
static bool far_has(int state)
{
    char command[256];

    snprintf(command, sizeof command, "cat /proc/net/tcp /proc/net/tcp6 | grep -q \" 0%d \"",
             state);
    return lab_run_far(command) == 0;
}

/* Thirty probes of one flow at once, as a trace asks them: each is answered for itself. */
static void many(struct sonde_transport *transport, bool v6)
{
    enum { HOPS = 30 };
    bool told[HOPS + 1] = {0};
    size_t errors, answers, got;

    for (uint8_t ttl = 1; ttl <= HOPS; ttl++) {
        int refused = send_probe(transport, near_text[v6], far_text[v6], ttl, LAB_HTTP,
                                 (uint32_t)ttl << 16 | 0x4711);
        LAB_CHECK(!refused, "%d: %s", ttl, strerror(refused));
    }
    got = lab_collect(transport, seen, 600, 500, 2 * HOPS - 1);
    errors = count_of(got, SONDE_EVENT_ERROR);
    answers = count_of(got, SONDE_EVENT_DATAGRAM);
    LAB_CHECK(errors == 1 && answers == HOPS - 1, "v6 %d: %zu errors, %zu answers", v6, errors,
              answers);
    for (size_t i = 0; i < got; i++) {
        size_t at = seen[i].event.kind == SONDE_EVENT_ERROR ? 4 : 8;
        size_t ttl = seen[i].head_length > at + 1 ? seen[i].head[at + 1] : 0;

        if (seen[i].event.kind == SONDE_EVENT_SENT_STAMP)
            continue;
        LAB_CHECK(ttl >= 1 && ttl <= HOPS && !told[ttl], "%zu", ttl);
        LAB_CHECK((seen[i].event.kind == SONDE_EVENT_ERROR) == (ttl == 1), "%zu", ttl);
        if (ttl <= HOPS)
            told[ttl] = true;
    }
}

/* Silence takes sockets for a second; whoever asks for more than there are is told so. */
static void exhausted(struct sonde_transport *transport)
{
    enum { POOL = 128, MORE = 10 };
    size_t refused = 0, got;

    for (uint32_t i = 0; i < POOL + MORE; i++) {
        int error = send_probe(transport, near_text[0], silent_text[0], 64, LAB_HTTP, i << 16);

        LAB_CHECK(error == 0 || error == EAGAIN, "%s", strerror(error));
        refused += error == EAGAIN;
    }
    LAB_CHECK(refused == MORE, "%zu", refused);
    got = lab_collect(transport, seen, 64, 1500, 1);
    LAB_CHECK(got == 0, "%zu: %d %s", got, seen[0].event.kind, strerror(seen[0].event.error));
    answered(transport, false, LAB_HTTP, PACKET_TCP_SYN | PACKET_TCP_ACK);
    LAB_CHECK(system("awk '/^Tcp: [A-Z]/ { for (i = 1; i <= NF; i++) if ($i == \"RetransSegs\") "
                     "at = i } /^Tcp: [0-9]/ { exit $at > 0 }' /proc/net/snmp") == 0,
              "a SYN was sent again");
}

/* Nothing is known of what was answered while nobody looked, and it is told all the same. */
static void read_late(struct sonde_transport *transport)
{
    size_t got;

    LAB_CHECK(!send_probe(transport, near_text[0], far_text[0], 64, LAB_HTTP, SEQUENCE), "sent");
    usleep(1300000);
    transport->ops->wait(transport->self, transport->ops->now(transport->self), true);
    got = lab_collect(transport, seen, 64, 100, 2);
    LAB_CHECK(got == 2, "%zu", got);
    if (got == 2) {
        int64_t rtt = sonde_mono_since(seen[1].event.stamp.at, seen[0].event.stamp.at).ns;

        LAB_CHECK(rtt > 0 && rtt < 100000000, "%lld", (long long)rtt);
    }
}

/* One port: one connection to a place at a time. And what is no business of these sockets. */
static void one_port(void)
{
    static struct lab_echo other;
    struct sonde_net_config config = lab_config();
    struct sonde_transport transport;
    struct sonde_datagram datagram;
    int error;

    config.protocols = SONDE_NET_TCP;
    config.fixed_identifier = 2049;
    if (!lab_open(false, &config, &transport))
        return;
    LAB_CHECK(transport.identifier_count == 1 && transport.identifiers[0] == 2049, "%zu",
              transport.identifier_count);
    LAB_CHECK(!send_probe(&transport, near_text[0], silent_text[0], 64, LAB_HTTP, 1), "first");
    error = send_probe(&transport, near_text[0], silent_text[0], 64, LAB_HTTP, 2);
    LAB_CHECK(error == EAGAIN, "%s", strerror(error));
    LAB_CHECK(!send_probe(&transport, near_text[0], silent_text[0], 64, LAB_CLOSED, 3), "other");
    answered(&transport, false, LAB_HTTP, PACKET_TCP_SYN | PACKET_TCP_ACK);
    answered(&transport, true, LAB_CLOSED, PACKET_TCP_RST | PACKET_TCP_ACK);
    error = send_probe(&transport, near_text[0], "10.0.8.1", 64, LAB_HTTP, 4);
    LAB_CHECK(error == EHOSTUNREACH, "%s", strerror(error));
    error = send_probe(&transport, near_text[0], "192.0.2.1", 64, LAB_HTTP, 4);
    LAB_CHECK(error == ENETUNREACH, "%s", strerror(error));
    datagram = lab_probe(&other, near_text[0], far_text[0], 64, PACKET_UDP, 2049, LAB_DNS, 1);
    transport.ops->send(transport.self, &datagram, 1);
    LAB_CHECK(datagram.error == EOPNOTSUPP, "%s", strerror(datagram.error));
    transport.ops->close(transport.self);
}

static void warm_up(struct sonde_transport *transport)
{
    const struct lab_seen *answer = NULL;

    for (int i = 0; i < 30 && !answer; i++) {
        send_probe(transport, near_text[1], far_text[1], 64, LAB_HTTP, 1);
        answer = find(lab_collect(transport, seen, 64, 100, 64), SONDE_EVENT_DATAGRAM);
    }
    lab_collect(transport, seen, 64, 1100, 64); /* what else comes of it */
}

int main(void)
{
    struct sonde_net_config config = lab_config();
    struct sonde_transport transport;
    pid_t services;
    char command[256];

    lab_enter_namespace();
    lab_build_network();
    snprintf(command, sizeof command,
             "nsenter -t %d -n ip route add blackhole 10.0.9.0/24;"
             "nsenter -t %d -n ip route add unreachable 10.0.6.0/24;"
             "ip route add 10.0.6.0/24 via 10.0.1.2",
             (int)lab_router, (int)lab_router);
    lab_run(command);
    services = lab_start_services(false);
    config.protocols = SONDE_NET_TCP;
    config.identifier_count = 4;
    if (lab_open(false, &config, &transport)) {
        warm_up(&transport);
        for (int v6 = 0; v6 < 2; v6++) {
            answered(&transport, v6, LAB_HTTP, PACKET_TCP_SYN | PACKET_TCP_ACK);
            usleep(20000);
            LAB_CHECK(!far_has(3) && !far_has(1) && !far_has(8), "v6 %d: left open", v6);
            answered(&transport, v6, LAB_CLOSED, PACKET_TCP_RST | PACKET_TCP_ACK);
            error_from(&transport, v6, far_text[v6], 1, v6 ? 3 : 11, 0);
            many(&transport, v6);
        }
        usleep(1100000); /* the router makes one of these a second */
        error_from(&transport, false, "10.0.6.1", 64, 3, 1);
        exhausted(&transport);
        read_late(&transport);
        transport.ops->close(transport.self);
    }
    one_port();
    lab_end_services(services);
    lab_end_network();
    return lab_verdict();
}
