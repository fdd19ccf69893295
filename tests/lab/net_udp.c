/*
 * UDP without privilege, from a host through a router to another host: answers and errors look as
 * through a raw socket, as far as the kernel tells of them.
 */
#define _GNU_SOURCE
#include "net_services.h"

#include "net/shared.h" /* to look at a socket's options */

static struct lab_echo echo;
static struct lab_seen seen[64];

static const char *const near_text[2] = {"10.0.1.1", "fd00:1::1"};
static const char *const far_text[2] = {"10.0.2.2", "fd00:2::2"};
static const char *const router_text[2] = {"10.0.1.2", "fd00:1::2"};

static const struct lab_seen *find(size_t got, enum sonde_event_kind kind)
{
    for (size_t i = 0; i < got; i++)
        if (seen[i].event.kind == kind)
            return &seen[i];
    return NULL;
}

static struct sonde_datagram probe(const struct sonde_transport *transport, bool v6, uint8_t ttl,
                                   uint16_t port)
{
    return lab_probe(&echo, near_text[v6], far_text[v6], ttl, PACKET_UDP, transport->identifiers[1],
                     port, 0x10000);
}

static const struct lab_seen *ask(struct sonde_transport *transport, bool v6, uint8_t ttl,
                                  uint16_t port, enum sonde_event_kind kind)
{
    struct sonde_datagram datagram = probe(transport, v6, ttl, port);
    const struct lab_seen *answer, *sent;
    size_t got;

    transport->ops->send(transport->self, &datagram, 1);
    LAB_CHECK(datagram.error == 0, "%s", strerror(datagram.error));
    got = lab_collect(transport, seen, 64, 500, 2);
    answer = find(got, kind);
    sent = find(got, SONDE_EVENT_SENT_STAMP);
    LAB_CHECK(answer, "port %d ttl %d v6 %d: no answer", port, ttl, v6);
    LAB_CHECK(sent && sent->event.token == 77 && sent->event.stamp.source == SONDE_STAMP_KERNEL,
              "port %d ttl %d v6 %d", port, ttl, v6);
    if (answer && sent) {
        int64_t rtt = sonde_mono_since(answer->event.stamp.at, sent->event.stamp.at).ns;

        LAB_CHECK(answer->event.stamp.source == SONDE_STAMP_KERNEL, "port %d v6 %d", port, v6);
        LAB_CHECK(rtt > 0 && rtt < 100000000, "%lld", (long long)rtt);
    }
    return answer;
}

static void answered(struct sonde_transport *transport, bool v6)
{
    const struct lab_seen *answer = ask(transport, v6, 64, LAB_DNS, SONDE_EVENT_DATAGRAM);
    struct sonde_address far = lab_address(far_text[v6]), near = lab_address(near_text[v6]);
    struct packet_udp said;

    if (!answer)
        return;
    struct sonde_bytes bytes = {answer->head, answer->head_length};

    LAB_CHECK(answer->event.layer == SONDE_LAYER_UDP && answer->event.hop_limit == 63, "%d",
              answer->event.hop_limit);
    LAB_CHECK(sonde_address_equal(&answer->event.from, &far), "v6 %d", v6);
    LAB_CHECK(sonde_address_equal(&answer->event.to, &near), "v6 %d", v6);
    LAB_CHECK(!packet_udp_parse(bytes, &said) && said.source_port == LAB_DNS &&
                  said.destination_port == transport->identifiers[1] && said.payload.length == 39 &&
                  said.length == 47,
              "%d %d", said.source_port, said.destination_port);
    LAB_CHECK(packet_udp_checksum_ok(bytes, &far, &near), "v6 %d: checksum", v6);
}

static void error_from(struct sonde_transport *transport, bool v6, uint8_t ttl, const char *who,
                       uint8_t type, uint8_t code)
{
    const struct lab_seen *error = ask(transport, v6, ttl, LAB_CLOSED, SONDE_EVENT_ERROR);
    struct sonde_address far = lab_address(far_text[v6]), from = lab_address(who);
    struct packet_udp about;

    if (!error)
        return;
    struct sonde_bytes bytes = {error->head, error->head_length};

    LAB_CHECK(error->event.icmp_type == type && error->event.icmp_code == code, "%d %d",
              error->event.icmp_type, error->event.icmp_code);
    LAB_CHECK(error->event.protocol == PACKET_UDP && error->event.layer == SONDE_LAYER_UDP, "%d",
              error->event.protocol);
    LAB_CHECK(sonde_address_equal(&error->event.from, &from), "v6 %d", v6);
    LAB_CHECK(sonde_address_equal(&error->event.to, &far), "v6 %d", v6);
    LAB_CHECK(error->event.identifier == transport->identifiers[1], "%d", error->event.identifier);
    LAB_CHECK(error->event.extensions.length == 0, "%zu", error->event.extensions.length);
    LAB_CHECK(!packet_udp_parse(bytes, &about) && about.destination_port == LAB_CLOSED &&
                  about.source_port == transport->identifiers[1] && about.payload.length == 39,
              "%d %d %zu", about.source_port, about.destination_port, about.payload.length);
}

/* DF goes out as it is set, also when the path is known to be narrower. */
static void too_big(struct sonde_transport *transport)
{
    const struct lab_seen *error;

    for (int i = 0; i < 2; i++) {
        struct sonde_datagram datagram = probe(transport, false, 64, LAB_CLOSED);
        size_t got;

        datagram.bytes[6] = 0x40;
        datagram.length = 1480;
        transport->ops->send(transport->self, &datagram, 1);
        LAB_CHECK(datagram.error == 0, "%d: %s", i, strerror(datagram.error));
        got = lab_collect(transport, seen, 64, 500, 2);
        error = find(got, SONDE_EVENT_ERROR);
        LAB_CHECK(error && error->event.icmp_type == 3 && error->event.icmp_code == 4 &&
                      error->event.info == 1400,
                  "%d: %zu", i, got);
        datagram.length = 1501;
        transport->ops->send(transport->self, &datagram, 1);
        LAB_CHECK(datagram.error == EMSGSIZE, "%s", strerror(datagram.error));
        lab_collect(transport, seen, 64, 20, 2);
    }
}

/* What is not for these sockets is refused and harms nothing behind it. */
static void refused(struct sonde_transport *transport)
{
    static struct lab_echo other[2];
    struct sonde_datagram batch[3] = {
        lab_probe(&other[0], near_text[0], far_text[0], 64, PACKET_TCP, transport->identifiers[0],
                  80, 1),
        lab_probe(&other[1], near_text[0], far_text[0], 64, PACKET_UDP, 4, LAB_DNS, 1),
        probe(transport, false, 64, LAB_DNS),
    };
    size_t got;

    transport->ops->send(transport->self, batch, 3);
    LAB_CHECK(batch[0].error == EOPNOTSUPP, "%s", strerror(batch[0].error));
    LAB_CHECK(batch[1].error == EINVAL, "%s", strerror(batch[1].error));
    LAB_CHECK(batch[2].error == 0, "%s", strerror(batch[2].error));
    got = lab_collect(transport, seen, 64, 300, 2);
    LAB_CHECK(find(got, SONDE_EVENT_DATAGRAM), "%zu", got);
}

/*
 * A time exceeded message with an extension (RFC 4884, RFC 4950: one label) about a datagram of
 * ours, injected by a raw socket of this host; with and without a field that tells where it begins.
 */
static void extensions(struct sonde_transport *transport, bool length_told)
{
    static const uint8_t extension[12] = {0x20, 0, 0, 0, 0, 8, 1, 1, 0x12, 0x34, 0x51, 0xff};
    uint8_t message[8 + 128 + 12] = {11};
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sonde_datagram datagram = lab_probe(&echo, "127.0.0.1", "127.0.0.2", 1, PACKET_UDP,
                                               transport->identifiers[1], LAB_CLOSED, 0x10000);
    struct sonde_event event = {0};
    uint16_t sum;
    int got = 0;
    int fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);

    message[5] = length_told ? 32 : 0;
    memcpy(message + 8, datagram.bytes, datagram.length);
    memcpy(message + 8 + 128, extension, sizeof extension);
    sum = (uint16_t)~lab_sum(0, message + 136, 12);
    lab_put16(message + 138, sum);
    sum = (uint16_t)~lab_sum(0, message, sizeof message);
    lab_put16(message + 2, sum);
    sendto(fd, message, sizeof message, 0, (struct sockaddr *)&here, sizeof here);
    close(fd);
    for (int i = 0; i < 100 && got == 0; i++) {
        usleep(1000);
        got = transport->ops->receive(transport->self, &event, 1);
    }
    LAB_CHECK(got == 1 && event.kind == SONDE_EVENT_ERROR && event.icmp_type == 11, "%d", got);
    LAB_CHECK(event.bytes.length == 8 + 100, "%zu", event.bytes.length);
    LAB_CHECK(event.extensions.length == 12 && event.extensions.data[8] == 0x12, "%zu",
              event.extensions.length);
}

/* Both families, with one block of ports; another's port is gone around. */
static void ports(void)
{
    struct sonde_net_config config = lab_config();
    struct sonde_transport transport[2];
    const char *operation = "?";

    config.protocols = SONDE_NET_UDP;
    config.identifier_count = 256;
    for (int i = 0; i < 2; i++)
        if (!lab_open(false, &config, &transport[i]))
            return;
    LAB_CHECK(transport[0].identifier_count == 256 && transport[0].identifiers[0] >= 61440 &&
                  transport[0].identifiers[255] == transport[0].identifiers[0] + 255,
              "%zu", transport[0].identifier_count);
    LAB_CHECK(transport[0].identifiers[0] != transport[1].identifiers[0], "shared");
    config.fixed_identifier = transport[0].identifiers[7];
    LAB_CHECK(sonde_net_open_dgram(&config, &transport[1], &operation) == -EADDRINUSE, "%s",
              operation);
    transport[0].ops->close(transport[0].self);
    transport[1].ops->close(transport[1].self);
    config.protocols = SONDE_NET_UDP | SONDE_NET_TCP;
    LAB_CHECK(sonde_net_open_dgram(&config, &transport[1], &operation) == -EPROTONOSUPPORT, "%s",
              operation);
}

static void warm_up(struct sonde_transport *transport)
{
    const struct lab_seen *answer = NULL;

    for (int i = 0; i < 30 && !answer; i++) {
        struct sonde_datagram datagram = probe(transport, true, 64, LAB_DNS);

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
    services = lab_start_services(false);
    config.protocols = SONDE_NET_UDP;
    config.identifier_count = 2;
    if (lab_open(false, &config, &transport)) {
        warm_up(&transport);
        for (int v6 = 0; v6 < 2; v6++) {
            answered(&transport, v6);
            error_from(&transport, v6, 64, far_text[v6], v6 ? 1 : 3, v6 ? 4 : 3);
            error_from(&transport, v6, 1, router_text[v6], v6 ? 3 : 11, 0);
        }
        too_big(&transport);
        refused(&transport);
        extensions(&transport, true);
        extensions(&transport, false);
        answered(&transport, false);
        transport.ops->close(transport.self);
    }
    ports();
    lab_end_services(services);
    lab_end_network();
    return lab_verdict();
}
