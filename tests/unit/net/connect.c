/* Both transports without privilege over the loopback device, behind the filter of the loop: what
 * they do there needs no call that it does not allow. */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "packet/ipv4.h"
#include "packet/protocol.h"
#include "packet/tcp.h"
#include "packet/udp.h"
#include "privilege/privilege.h"
#include "sonde/net.h"

#define SEQUENCE 0x00070000u

static uint16_t service(int type)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof here;
    int fd = socket(AF_INET, type, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&here, sizeof here) ||
        getsockname(fd, (struct sockaddr *)&here, &length) ||
        (type == SOCK_STREAM && listen(fd, 8)))
        _exit(80);
    return ntohs(here.sin_port);
}

/* A probe of either protocol to a port of this host. */
static struct sonde_datagram build(uint8_t *bytes, uint8_t protocol, uint16_t from, uint16_t port)
{
    static const uint8_t loopback[4] = {127, 0, 0, 1};
    struct sonde_address here = sonde_address_from_bytes(SONDE_IPV4, loopback);
    struct packet_writer writer = packet_writer_over(bytes + PACKET_IPV4_HEADER, 100);
    struct packet_writer header = packet_writer_over(bytes, PACKET_IPV4_HEADER);
    struct packet_udp udp = {.source_port = from, .destination_port = port};
    struct packet_tcp tcp = {.source_port = from,
                             .destination_port = port,
                             .sequence = SEQUENCE,
                             .flags = PACKET_TCP_SYN};
    struct packet_ipv4 ip = {.ttl = 64, .protocol = protocol, .source = here, .destination = here};

    if (protocol == PACKET_TCP)
        packet_tcp_write(&writer, &tcp, &here, &here);
    else
        packet_udp_write(&writer, &udp, &here, &here);
    ip.total_bytes = (uint16_t)(PACKET_IPV4_HEADER + packet_written(&writer));
    packet_ipv4_write(&header, &ip);
    return (struct sonde_datagram){
        .token = 1, .to = here, .bytes = bytes, .length = ip.total_bytes};
}

/* Asks a port. The kind of the event that is no stamp, or -1; its bytes begin at *bytes. */
static int ask(struct sonde_transport *transport, uint8_t protocol, uint16_t port, uint8_t *bytes)
{
    uint8_t built[200];
    struct sonde_datagram datagram = build(built, protocol, transport->identifiers[0], port);
    const struct sonde_transport_ops *ops = transport->ops;
    struct sonde_mono end;

    ops->send(transport->self, &datagram, 1);
    if (datagram.error)
        _exit(100 + datagram.error % 100);
    end = sonde_mono_add(datagram.sent, sonde_span_ms(2000));
    while (sonde_mono_before(ops->now(transport->self), end)) {
        struct sonde_event events[8];
        int got = ops->receive(transport->self, events, 8);

        for (int i = 0; i < got; i++)
            if (events[i].kind != SONDE_EVENT_SENT_STAMP) {
                memcpy(bytes, events[i].bytes.data,
                       events[i].bytes.length < 20 ? events[i].bytes.length : 20);
                return (int)events[i].kind;
            }
        if (ops->wait(transport->self, end, true))
            return -1;
    }
    return -1;
}

static void open_and_confine(enum sonde_net_protocol protocol, struct sonde_transport *transport)
{
    struct sonde_net_config config = {
        .protocols = protocol, .family = SONDE_IPV4, .fixed_identifier = -1};
    struct privilege privilege;
    const char *operation;

    if (sonde_net_open_dgram(&config, transport, &operation))
        _exit(81);
    if (privilege_begin(&privilege) || privilege_drop(&privilege) ||
        privilege_filter(&privilege, PRIVILEGE_LOOP))
        _exit(82);
}

static int tcp_behind_the_filter(void)
{
    struct sonde_transport transport;
    uint16_t port = service(SOCK_STREAM);
    uint8_t bytes[20] = {0};

    open_and_confine(SONDE_NET_TCP, &transport);
    for (int i = 0; i < 3; i++) { /* the same socket again */
        if (ask(&transport, PACKET_TCP, port, bytes) != SONDE_EVENT_DATAGRAM)
            return 1;
        if (bytes[13] != (PACKET_TCP_SYN | PACKET_TCP_ACK) || bytes[9] != 7 || bytes[11] != 1)
            return 2;
    }
    if (ask(&transport, PACKET_TCP, 1, bytes) != SONDE_EVENT_DATAGRAM)
        return 3;
    if (bytes[13] != (PACKET_TCP_RST | PACKET_TCP_ACK) || bytes[3] == 1)
        return 4;
    transport.ops->close(transport.self);
    return 0;
}

static int udp_behind_the_filter(void)
{
    struct sonde_transport transport;
    uint8_t bytes[20] = {0};

    open_and_confine(SONDE_NET_UDP, &transport);
    for (int i = 0; i < 3; i++) {
        if (ask(&transport, PACKET_UDP, 1, bytes) != SONDE_EVENT_ERROR)
            return 1;
        if (bytes[3] != 1 || (bytes[0] << 8 | bytes[1]) != transport.identifiers[0])
            return 2;
    }
    transport.ops->close(transport.self);
    return 0;
}

/* Nothing of Criterion is to live behind the filter. */
static int in_child(int (*what)(void))
{
    int status = -1;
    pid_t child = fork();

    if (child == 0)
        _exit(what());
    waitpid(child, &status, 0);
    return status;
}

Test(net_connect, works_behind_the_filter)
{
    cr_assert_eq(in_child(tcp_behind_the_filter), 0);
}

Test(net_connect, udp_works_behind_the_filter)
{
    cr_assert_eq(in_child(udp_behind_the_filter), 0);
}
