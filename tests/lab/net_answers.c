/*
 * The raw transport's probes of UDP, TCP and SCTP, from a host through a router to another host:
 * direct answers and errors come in, in both families, with the kernel's stamps; what a SYN opened
 * is closed again, and nobody is told that our ports are none.
 */
#define _GNU_SOURCE
#include "net_services.h"

static struct lab_echo echo;
static struct lab_seen seen[64];

static const char *const near_text[2] = {"10.0.1.1", "fd00:1::1"};
static const char *const far_text[2] = {"10.0.2.2", "fd00:2::2"};
static const char *const router_text[2] = {"10.0.1.2", "fd00:1::2"};

#define SEQUENCE 0x12345678u

static const struct lab_seen *find(size_t got, enum sonde_event_kind kind)
{
    for (size_t i = 0; i < got; i++)
        if (seen[i].event.kind == kind)
            return &seen[i];
    return NULL;
}

/* Sends one probe and waits for what answers it. */
static const struct lab_seen *ask(struct sonde_transport *transport, bool v6, uint8_t ttl,
                                  uint8_t protocol, uint16_t port)
{
    struct sonde_datagram datagram = lab_probe(&echo, near_text[v6], far_text[v6], ttl, protocol,
                                               transport->identifiers[1], port, SEQUENCE);
    const struct lab_seen *answer, *sent;
    size_t got;

    transport->ops->send(transport->self, &datagram, 1);
    LAB_CHECK(datagram.error == 0, "%s", strerror(datagram.error));
    got = lab_collect(transport, seen, 64, 500, 2);
    answer = find(got, SONDE_EVENT_DATAGRAM);
    sent = find(got, SONDE_EVENT_SENT_STAMP);
    LAB_CHECK(answer, "protocol %d port %d ttl %d v6 %d: no answer", protocol, port, ttl, v6);
    LAB_CHECK(sent && sent->event.token == 77 && sent->event.stamp.source == SONDE_STAMP_KERNEL,
              "protocol %d v6 %d", protocol, v6);
    if (answer && sent) {
        int64_t rtt = sonde_mono_since(answer->event.stamp.at, sent->event.stamp.at).ns;

        LAB_CHECK(answer->event.stamp.source == SONDE_STAMP_KERNEL, "protocol %d v6 %d", protocol,
                  v6);
        LAB_CHECK(rtt > 0 && rtt < 100000000, "%lld", (long long)rtt);
    }
    return answer;
}

/* The bytes of an answer from the upper header on, with what the seam promises of it. */
static struct sonde_bytes upper_of(const struct lab_seen *answer, bool v6, uint8_t protocol,
                                   enum sonde_layer layer)
{
    struct sonde_address far = lab_address(far_text[v6]);
    struct sonde_address near = lab_address(near_text[v6]);
    struct sonde_bytes bytes = {answer->head, answer->head_length};
    struct packet_ipv4 v4;

    LAB_CHECK(sonde_address_equal(&answer->event.from, &far), "protocol %d v6 %d", protocol, v6);
    LAB_CHECK(sonde_address_equal(&answer->event.to, &near), "protocol %d v6 %d", protocol, v6);
    LAB_CHECK(answer->event.layer == (v6 ? layer : SONDE_LAYER_IP), "%d", answer->event.layer);
    if (v6) {
        LAB_CHECK(answer->event.hop_limit == 63, "%d", answer->event.hop_limit);
        return bytes;
    }
    LAB_CHECK(!packet_ipv4_parse(bytes, &v4) && v4.protocol == protocol && v4.ttl == 63, "%d",
              v4.protocol);
    return v4.payload;
}

static void tcp(struct sonde_transport *transport, bool v6, uint16_t port, uint16_t flags)
{
    const struct lab_seen *answer = ask(transport, v6, 64, PACKET_TCP, port);
    struct sonde_address far = lab_address(far_text[v6]), near = lab_address(near_text[v6]);
    struct sonde_bytes bytes;
    struct packet_tcp said;

    if (!answer)
        return;
    bytes = upper_of(answer, v6, PACKET_TCP, SONDE_LAYER_TCP);
    LAB_CHECK(!packet_tcp_parse(bytes, &said), "%zu bytes", bytes.length);
    LAB_CHECK((said.flags & 0x3f) == flags && said.acknowledgment == SEQUENCE + 1, "%x %x",
              said.flags, said.acknowledgment);
    LAB_CHECK(said.source_port == port && said.destination_port == transport->identifiers[1],
              "%d %d", said.source_port, said.destination_port);
    LAB_CHECK(packet_tcp_checksum_ok(bytes, &far, &near), "port %d v6 %d: checksum", port, v6);
}

static void udp_answered(struct sonde_transport *transport, bool v6)
{
    const struct lab_seen *answer = ask(transport, v6, 64, PACKET_UDP, LAB_DNS);
    struct sonde_address far = lab_address(far_text[v6]), near = lab_address(near_text[v6]);
    struct sonde_bytes bytes;
    struct packet_udp said;

    if (!answer)
        return;
    bytes = upper_of(answer, v6, PACKET_UDP, SONDE_LAYER_UDP);
    LAB_CHECK(!packet_udp_parse(bytes, &said), "%zu bytes", bytes.length);
    LAB_CHECK(said.source_port == LAB_DNS && said.destination_port == transport->identifiers[1] &&
                  said.payload.length == 39,
              "%d %d", said.source_port, said.destination_port);
    LAB_CHECK(packet_udp_checksum_ok(bytes, &far, &near), "v6 %d: checksum", v6);
}

static void sctp_answered(struct sonde_transport *transport, bool v6)
{
    const struct lab_seen *answer = ask(transport, v6, 64, PACKET_SCTP, LAB_HTTP);
    struct sonde_bytes bytes;
    struct packet_sctp said;

    if (!answer)
        return;
    bytes = upper_of(answer, v6, PACKET_SCTP, SONDE_LAYER_SCTP);
    LAB_CHECK(!packet_sctp_parse(bytes, &said) && said.verification_tag == SEQUENCE &&
                  packet_sctp_checksum_ok(bytes),
              "%x", said.verification_tag);
}

/* An ICMP error by `who`. */
static void error_from(struct sonde_transport *transport, bool v6, uint8_t ttl, uint8_t protocol,
                       const char *who, uint8_t type, uint8_t code)
{
    const struct lab_seen *answer = ask(transport, v6, ttl, protocol, LAB_CLOSED);
    struct sonde_address from = lab_address(who);

    if (!answer)
        return;
    LAB_CHECK(sonde_address_equal(&answer->event.from, &from), "protocol %d", protocol);
    LAB_CHECK(answer->icmp.type == type && answer->icmp.code == code, "protocol %d: %d %d",
              protocol, answer->icmp.type, answer->icmp.code);
}

/* A state of tcp(7) that some connection of the far host is in: 1 established, 3 half open. */
static bool far_has(int state)
{
    char command[256];

    snprintf(command, sizeof command, "cat /proc/net/tcp /proc/net/tcp6 | grep -q \" 0%d \"",
             state);
    return lab_run_far(command) == 0;
}

static void everything(struct sonde_transport *transport)
{
    for (int v6 = 0; v6 < 2; v6++) {
        tcp(transport, v6, LAB_HTTP, PACKET_TCP_SYN | PACKET_TCP_ACK);
        LAB_CHECK(!far_has(3) && !far_has(1), "v6 %d: a connection was left open", v6);
        tcp(transport, v6, LAB_CLOSED, PACKET_TCP_RST | PACKET_TCP_ACK);
        udp_answered(transport, v6);
        sctp_answered(transport, v6);
        error_from(transport, v6, 64, PACKET_UDP, far_text[v6], v6 ? 1 : 3, v6 ? 4 : 3);
        error_from(transport, v6, 1, PACKET_UDP, router_text[v6], v6 ? 3 : 11, 0);
        error_from(transport, v6, 1, PACKET_TCP, router_text[v6], v6 ? 3 : 11, 0);
        error_from(transport, v6, 1, PACKET_SCTP, router_text[v6], v6 ? 3 : 11, 0);
    }
}

/* UDP answers come to ports that are there: this host sends no error about them. */
static void nobody_is_refused(struct sonde_transport *transport)
{
    for (int v6 = 0; v6 < 2; v6++)
        for (int i = 0; i < 3; i++)
            udp_answered(transport, v6);
    LAB_CHECK(system("awk '/^Icmp: In/ { for (i = 1; i <= NF; i++) if ($i == \"OutDestUnreachs\") "
                     "at = i } /^Icmp: [0-9]/ { exit $at > 0 }' /proc/net/snmp") == 0,
              "port unreachable was sent");
    LAB_CHECK(system("awk \"/^Icmp6OutDestUnreachs/ { exit \\$2 > 0 }\" /proc/net/snmp6") == 0,
              "port unreachable was sent");
}

/* Ports that are ours are nobody else's, of UDP and of TCP, in both families. */
static void ports_are_held(const struct sonde_transport *transport)
{
    static const int types[] = {SOCK_DGRAM, SOCK_STREAM};

    for (size_t i = 0; i < transport->identifier_count; i++) {
        uint16_t port = transport->identifiers[i];

        LAB_CHECK(port >= 61440, "%u", port);
        for (int k = 0; k < 4; k++) {
            struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
            struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
            bool six = k / 2;
            int fd = socket(six ? AF_INET6 : AF_INET, types[k % 2], 0);
            int refused = bind(fd, six ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4,
                               six ? sizeof v6 : sizeof v4);

            LAB_CHECK(refused && errno == EADDRINUSE, "%u %d", port, k);
            close(fd);
        }
    }
}

/* Only what is asked for is heard: here neither TCP nor errors about it. */
static void only_udp(void)
{
    struct sonde_net_config config = lab_config();
    struct sonde_transport transport;
    struct sonde_datagram datagram;
    size_t got;

    config.protocols = SONDE_NET_UDP;
    config.identifier_count = 2;
    if (!lab_open(true, &config, &transport))
        return;
    usleep(20000);
    for (int i = 0; i < 2; i++) {
        datagram = lab_probe(&echo, near_text[0], far_text[0], i ? 64 : 1, PACKET_TCP,
                             transport.identifiers[0], LAB_CLOSED, SEQUENCE);
        transport.ops->send(transport.self, &datagram, 1);
        got = lab_collect(&transport, seen, 64, 50, 2);
        LAB_CHECK(!find(got, SONDE_EVENT_DATAGRAM), "%d: %zu", i, got);
    }
    udp_answered(&transport, false);
    transport.ops->close(transport.self);
}

/* A source port that somebody chose; and the protocol unreachable of a host without SCTP. */
static void chosen_port(void)
{
    struct sonde_net_config config = lab_config();
    struct sonde_transport transport;
    const struct lab_seen *answer;
    static const uint16_t twice[2] = {2049, 2049};

    config.protocols = SONDE_NET_SCTP | SONDE_NET_TCP;
    config.fixed_identifier = 2049;
    if (!lab_open(true, &config, &transport))
        return;
    LAB_CHECK(transport.identifier_count == 1 && transport.identifiers[0] == 2049, "%zu",
              transport.identifier_count);
    transport.identifiers = twice;
    usleep(20000);
    tcp(&transport, true, LAB_HTTP, PACKET_TCP_SYN | PACKET_TCP_ACK);
    answer = ask(&transport, false, 64, PACKET_SCTP, LAB_CLOSED);
    if (answer && socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP) < 0)
        LAB_CHECK(answer->icmp.type == 3 && answer->icmp.code == 2, "%d", answer->icmp.type);
    transport.ops->close(transport.self);
}

/* Until all three have found each other. */
static void warm_up(struct sonde_transport *transport)
{
    const struct lab_seen *answer = NULL;

    for (int i = 0; i < 30 && !answer; i++) {
        struct sonde_datagram datagram = lab_probe(&echo, near_text[1], far_text[1], 64, PACKET_TCP,
                                                   transport->identifiers[0], LAB_CLOSED, 1);
        transport->ops->send(transport->self, &datagram, 1);
        answer = find(lab_collect(transport, seen, 64, 100, 64), SONDE_EVENT_DATAGRAM);
    }
    lab_collect(transport, seen, 64, 1100, 64); /* what else comes of it */
}

int main(void)
{
    struct sonde_net_config config = lab_config();
    struct sonde_transport transport;
    pid_t services;

    lab_enter_namespace();
    lab_build_network();
    services = lab_start_services(true);
    config.protocols = SONDE_NET_UDP | SONDE_NET_TCP | SONDE_NET_SCTP;
    config.identifier_count = 4;
    if (lab_open(true, &config, &transport)) {
        warm_up(&transport);
        ports_are_held(&transport);
        everything(&transport);
        nobody_is_refused(&transport);
        transport.ops->close(transport.self);
    }
    only_udp();
    lab_end_services(services);
    services = lab_start_services(false);
    chosen_port();
    lab_end_services(services);
    lab_end_network();
    return lab_verdict();
}
