/*
 * The ring transport beside a capture on its device: send stamps, receive stamps, and the headers
 * that it completes.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <sys/socket.h>

#include "net_rings.h"

static int capture(const char *device)
{
    struct sockaddr_ll name = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    struct timeval patience = {.tv_usec = 300000};
    int on = 1;
    int fd = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ALL));

    name.sll_ifindex = (int)if_nametoindex(device);
    if (fd < 0 || bind(fd, (struct sockaddr *)&name, sizeof name))
        lab_skip("no packet sockets");
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    return fd;
}

/* Send stamps come, each before what answers it, and none of them twice. */
static void send_stamps(void)
{
    struct sonde_net_config config = lab_config();
    struct sonde_transport transport;
    struct sonde_mono sent[64] = {0};
    size_t stamps = 0, answers = 0;

    config.device = "near";
    if (!lab_open_ring(&config, &transport))
        return;
    for (uint16_t i = 0; i < 64; i++) {
        LAB_CHECK(!lab_send_one(&transport, "10.1.0.1", "10.1.0.2", i, 56), "%u", i);
        usleep(500);
    }
    for (size_t got; (got = lab_collect(&transport, lab_seen_last, SEEN, 50, SEEN));)
        for (size_t i = 0; i < got; i++) {
            const struct sonde_event *event = &lab_seen_last[i].event;

            if (event->kind == SONDE_EVENT_SENT_STAMP && event->token - 1 < 64) {
                LAB_CHECK(!sent[event->token - 1].ns, "twice: %u", (unsigned)event->token);
                sent[event->token - 1] = event->stamp.at;
                stamps++;
            } else if (event->kind == SONDE_EVENT_DATAGRAM && lab_seen_last[i].icmp.sequence < 64) {
                int64_t rtt =
                    sonde_mono_since(event->stamp.at, sent[lab_seen_last[i].icmp.sequence]).ns;

                LAB_CHECK(rtt > 0 && rtt < SONDE_NS_PER_S, "%u: %lld",
                          lab_seen_last[i].icmp.sequence, (long long)rtt);
                answers++;
            }
        }
    LAB_CHECK(stamps == 64 && answers == 64, "%zu stamps, %zu answers", stamps, answers);
    transport.ops->close(transport.self);
}

/* The receive stamp is the very one that a capture on the device gets. */
static void stamps_as_captured(void)
{
    struct sonde_net_config config = lab_config();
    struct sonde_transport transport;
    int wire = capture("near");
    struct lab_seen *got;

    config.device = "near";
    if (!lab_open_ring(&config, &transport))
        return;
    LAB_CHECK(!lab_send_one(&transport, "10.1.0.1", "10.1.0.2", 1, 56), "?");
    got = lab_answer(&transport, 1, 1000);
    for (int i = 0; got && i < 16; i++) {
        uint8_t bytes[2048];
        union {
            struct cmsghdr align;
            uint8_t bytes[256];
        } control;
        struct iovec vector = {bytes, sizeof bytes};
        struct msghdr message = {.msg_iov = &vector,
                                 .msg_iovlen = 1,
                                 .msg_control = &control,
                                 .msg_controllen = sizeof control};
        struct cmsghdr *header;
        struct timespec at;
        int64_t difference;

        if (recvmsg(wire, &message, 0) < 28)
            break;
        header = CMSG_FIRSTHDR(&message);
        if (bytes[0] != 0x45 || bytes[20] != 0 || !header)
            continue;
        memcpy(&at, CMSG_DATA(header), sizeof at);
        difference = transport.ops->wall(transport.self, got->event.stamp.at).ns -
                     (at.tv_sec * SONDE_NS_PER_S + at.tv_nsec);
        LAB_CHECK(difference > -2000 && difference < 2000, "%lld ns", (long long)difference);
        close(wire);
        transport.ops->close(transport.self);
        return;
    }
    LAB_CHECK(false, "the answer was not captured");
    close(wire);
    transport.ops->close(transport.self);
}

/* The request with this sequence as it left the device. False: it was not captured. */
static bool captured(int wire, uint16_t sequence, uint8_t bytes[static 2048])
{
    for (ssize_t got; (got = recv(wire, bytes, 2048, 0)) > 0;)
        if (got >= 28 && bytes[0] == 0x45 && bytes[20] == 8 &&
            (bytes[26] << 8 | bytes[27]) == sequence)
            return true;
    return false;
}

struct sourced {
    const char *to, *source;
};

static void check_source(struct sonde_transport *transport, int wire, const struct sourced *probe,
                         uint16_t sequence, bool past)
{
    struct sonde_address source = lab_address(probe->source);
    uint8_t bytes[2048];

    LAB_CHECK(!lab_send_one(transport, NULL, probe->to, sequence, 56), "%s", probe->to);
    LAB_CHECK(lab_answer(transport, sequence, 1000), "%s: no answer", probe->to);
    LAB_CHECK(captured(wire, sequence, bytes), "%s was not captured", probe->to);
    LAB_CHECK(memcmp(bytes + 12, source.bytes, 4) == 0, "%s: %u.%u.%u.%u", probe->to, bytes[12],
              bytes[13], bytes[14], bytes[15]);
    LAB_CHECK((~lab_sum(0, bytes, 20) & 0xffff) == 0, "%s: the checksum", probe->to);
    LAB_CHECK(!past || (bytes[4] == 0 && bytes[5] == 0), "%s went by the kernel", probe->to);
    usleep(3000); /* news of the neighbour are read once in a millisecond */
}

/*
 * A source that is left to the kernel is the one that it would write, and the datagram goes past it
 * all the same: the kernel gives a number to what has the identification 0.
 */
static void sources_left_to_the_kernel(void)
{
    static const struct sourced probes[] = {{"10.1.0.2", "10.1.0.1"},  {"10.2.3.4", "10.1.0.1"},
                                            {"10.2.9.4", "10.8.0.7"},  {"10.66.0.9", "10.8.0.8"},
                                            {"10.67.0.9", "10.1.0.1"}, {"10.68.0.9", "10.50.0.1"}};
    struct sonde_net_config config = lab_config();
    struct sonde_transport transport;
    int wire = capture("near");
    uint16_t sequence = 0;

    lab_run("F=\"nsenter -t $FAR -n\"; ip addr add 10.8.0.7/32 dev near;"
            "ip route add 10.2.9.0/24 via 10.1.0.2 src 10.8.0.7;"
            /* of no more reach than the link: for routes of this scope alone */
            "ip addr add 10.8.0.8/32 dev near scope link;"
            "ip addr add 10.50.0.1/16 dev near; $F ip addr add 10.50.0.2/16 dev wire;"
            "$F ip route add 10.8.0.0/24 via 10.1.0.1;"
            "$F ip route add local 10.66.0.0/16 dev lo; ip route add 10.66.0.0/16 dev near;"
            "$F ip route add local 10.67.0.0/16 dev lo;"
            "ip route add 10.67.0.0/16 dev near scope global;"
            "$F ip route add local 10.68.0.0/16 dev lo; ip route add 10.68.0.0/16 via 10.50.0.2");
    config.device = "near";
    if (!lab_open_ring(&config, &transport))
        return;
    /* Multicast has a source of its own, which is none of the default route's. */
    lab_send_one(&transport, NULL, "239.1.2.3", sequence++, 56);
    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < sizeof probes / sizeof *probes; i++)
            check_source(&transport, wire, &probes[i], sequence++, round > 0);
    close(wire);
    transport.ops->close(transport.self);
}

/* A gateway of many routes is asked for once: the kernel need not be waited for. */
static void one_gateway_of_many_ways(void)
{
    struct sonde_net_config config = lab_config();
    struct sonde_transport transport;
    int error;

    lab_run("set -e; for i in $(seq 20); do ip addr add 10.9.0.$i/32 dev near;"
            "ip route add 10.3.$i.0/24 via 10.1.0.2 src 10.9.0.$i; done;"
            "ip neigh flush dev near");
    config.device = "near";
    if (!lab_open_ring(&config, &transport))
        return;
    error = lab_send_one(&transport, "10.1.0.1", "10.2.3.4", 1, 56);
    LAB_CHECK(!error && lab_answer(&transport, 1, 1000), "%s", strerror(error));
    transport.ops->close(transport.self);
}

int main(void)
{
    lab_ring_network();
    send_stamps();
    stamps_as_captured();
    sources_left_to_the_kernel();
    one_gateway_of_many_ways();
    return lab_verdict();
}
