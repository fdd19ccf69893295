/*
 * Probes of UDP, TCP and SCTP, and a far host that has something to say to them: TCP listens on
 * port 80, UDP echoes on port 53, and where it is asked to, something answers every SCTP INIT.
 */
#ifndef LAB_NET_SERVICES_H
#define LAB_NET_SERVICES_H

#include "net_hosts.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "packet/ipv4.h"
#include "packet/ipv6.h"
#include "packet/protocol.h"
#include "packet/sctp.h"
#include "packet/tcp.h"
#include "packet/udp.h"

enum { LAB_HTTP = 80, LAB_DNS = 53, LAB_CLOSED = 33434 };

static void lab_write_upper(struct packet_writer *writer, uint8_t protocol, uint16_t source_port,
                            uint16_t port, uint32_t sequence, const struct sonde_address *from,
                            const struct sonde_address *to)
{
    static const uint8_t words[] = "what does the network do to my packets?";

    if (protocol == PACKET_UDP) {
        struct packet_udp udp = {.source_port = source_port, .destination_port = port};

        udp.payload = (struct sonde_bytes){words, sizeof words - 1};
        packet_udp_write(writer, &udp, from, to);
    } else if (protocol == PACKET_TCP) {
        struct packet_tcp tcp = {.source_port = source_port,
                                 .destination_port = port,
                                 .sequence = sequence,
                                 .flags = PACKET_TCP_SYN,
                                 .window = 1024};
        packet_tcp_write(writer, &tcp, from, to);
    } else {
        struct packet_sctp sctp = {.source_port = source_port, .destination_port = port};
        struct packet_sctp_init init = {
            .tag = sequence, .window = 4096, .outbound_streams = 1, .inbound_streams = 1};
        size_t packet = packet_sctp_begin(writer, &sctp);
        size_t chunk = packet_sctp_chunk_begin(writer, PACKET_SCTP_INIT, 0);

        packet_sctp_init_write(writer, &init);
        packet_sctp_chunk_end(writer, chunk);
        packet_sctp_end(writer, packet);
    }
}

/* A probe from the IP header on; `sequence` is the IPv4 identification, TCP's, or SCTP's tag. */
LAB struct sonde_datagram lab_probe(struct lab_echo *echo, const char *source, const char *target,
                                    uint8_t ttl, uint8_t protocol, uint16_t source_port,
                                    uint16_t port, uint32_t sequence)
{
    struct sonde_address from = lab_address(source);
    struct sonde_address to = lab_address(target);
    size_t header = from.family == SONDE_IPV6 ? PACKET_IPV6_HEADER : PACKET_IPV4_HEADER;
    struct packet_writer upper = packet_writer_over(echo->bytes + header, 1000);
    struct packet_writer ip = packet_writer_over(echo->bytes, header);

    lab_write_upper(&upper, protocol, source_port, port, sequence, &from, &to);
    echo->length = (uint32_t)(header + packet_written(&upper));
    if (from.family == SONDE_IPV6) {
        struct packet_ipv6 v6 = {.payload_bytes = (uint16_t)packet_written(&upper),
                                 .next_header = protocol,
                                 .hop_limit = ttl,
                                 .source = from,
                                 .destination = to};
        packet_ipv6_write(&ip, &v6);
    } else {
        struct packet_ipv4 v4 = {.total_bytes = (uint16_t)echo->length,
                                 .id = (uint16_t)(sequence >> 16),
                                 .ttl = ttl,
                                 .protocol = protocol,
                                 .source = from,
                                 .destination = to};
        packet_ipv4_write(&ip, &v4);
    }
    LAB_CHECK(!upper.failed && !ip.failed, "%s", target);
    return (struct sonde_datagram){
        .token = 77, .to = to, .bytes = echo->bytes, .length = echo->length};
}

static int lab_far_socket(int type, int protocol, uint16_t port)
{
    struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    int fd = socket(AF_INET6, type, protocol);

    if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof any))
        _exit(1);
    return fd;
}

/* Turns an INIT into an INIT ACK that says what is needed of it: ports, tag, chunk. */
static void lab_answer_init(int fd)
{
    uint8_t in[2048], out[256] = {0};
    struct sockaddr_storage from;
    socklen_t length = sizeof from;
    ssize_t got = recvfrom(fd, in, sizeof in, 0, (struct sockaddr *)&from, &length);
    uint8_t *init = from.ss_family == AF_INET ? in + 20 : in;
    struct packet_writer writer = packet_writer_over(out, sizeof out);
    struct packet_sctp answer = {0};
    struct packet_sctp_init ack = {
        .tag = 4711, .window = 4096, .outbound_streams = 1, .inbound_streams = 1};
    size_t packet, chunk;

    if (got < init - in + 32 || init[12] != PACKET_SCTP_INIT)
        return;
    answer.source_port = (uint16_t)(init[2] << 8 | init[3]);
    answer.destination_port = (uint16_t)(init[0] << 8 | init[1]);
    answer.verification_tag =
        (uint32_t)init[16] << 24 | (uint32_t)init[17] << 16 | (uint32_t)init[18] << 8 | init[19];
    packet = packet_sctp_begin(&writer, &answer);
    chunk = packet_sctp_chunk_begin(&writer, PACKET_SCTP_INIT_ACK, 0);
    packet_sctp_init_write(&writer, &ack);
    packet_sctp_chunk_end(&writer, chunk);
    packet_sctp_end(&writer, packet);
    if (from.ss_family == AF_INET6)
        ((struct sockaddr_in6 *)&from)->sin6_port = 0;
    sendto(fd, out, packet_written(&writer), 0, (struct sockaddr *)&from, length);
}

static _Noreturn void lab_be_far(int ready, bool sctp)
{
    struct pollfd poll_for[4] = {{.events = POLLIN}, {.events = POLLIN}, {.fd = -1}, {.fd = -1}};
    char path[64];
    int space;

    snprintf(path, sizeof path, "/proc/%d/ns/net", (int)lab_far);
    space = open(path, O_RDONLY | O_CLOEXEC);
    if (space < 0 || setns(space, CLONE_NEWNET))
        _exit(1);
    poll_for[0].fd = lab_far_socket(SOCK_DGRAM, 0, LAB_DNS);
    poll_for[1].fd = lab_far_socket(SOCK_STREAM, 0, LAB_HTTP);
    if (listen(poll_for[1].fd, 512))
        _exit(1);
    if (sctp) {
        poll_for[2] = (struct pollfd){socket(AF_INET, SOCK_RAW, IPPROTO_SCTP), POLLIN, 0};
        poll_for[3] = (struct pollfd){socket(AF_INET6, SOCK_RAW, IPPROTO_SCTP), POLLIN, 0};
    }
    if (write(ready, "x", 1) != 1)
        _exit(1);
    while (poll(poll_for, 4, 60000) > 0) {
        struct sockaddr_storage from;
        socklen_t length = sizeof from;
        char bytes[2048];

        if (poll_for[0].revents) {
            ssize_t got =
                recvfrom(poll_for[0].fd, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &length);
            if (got >= 0)
                sendto(poll_for[0].fd, bytes, (size_t)got, 0, (struct sockaddr *)&from, length);
        }
        if (poll_for[1].revents)
            close(accept(poll_for[1].fd, NULL, NULL));
        for (int i = 2; i < 4; i++)
            if (poll_for[i].revents)
                lab_answer_init(poll_for[i].fd);
    }
    _exit(0);
}

/* Starts what serves in the far namespace; ended by lab_end_services. */
LAB pid_t lab_start_services(bool sctp)
{
    int ready[2];
    char byte;
    pid_t child;

    if (pipe(ready) || (child = fork()) < 0)
        lab_skip("fork");
    if (child == 0) {
        close(ready[0]);
        lab_be_far(ready[1], sctp);
    }
    close(ready[1]);
    if (read(ready[0], &byte, 1) != 1)
        lab_skip("services");
    close(ready[0]);
    return child;
}

LAB void lab_end_services(pid_t child)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

/* Runs a command in the far namespace; its exit status. */
LAB int lab_run_far(const char *command)
{
    char line[1024];

    snprintf(line, sizeof line, "nsenter -t %d -n sh -c '%s'", (int)lab_far, command);
    return system(line);
}

#endif
