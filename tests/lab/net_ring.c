/*
 * The ring transport between two network namespaces: both families, through a gateway and on the
 * link, neighbours that are not there, this machine itself, the loopback device, tunnels, long
 * packets, other processes' traffic, and stamps beside those of a capture.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/capability.h>
#include <linux/if_ether.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "net_hosts.h"

#define SEEN 512

static struct lab_echo echo;
static struct lab_seen seen[SEEN];

static bool open_ring(const struct sonde_net_config *config, struct sonde_transport *transport)
{
    const char *operation = "?";
    int error = sonde_net_open_ring(config, transport, &operation);

    LAB_CHECK(!error, "%s: %s", operation, strerror(-error));
    return !error;
}

/* Complete, as the engine's: with the checksum of an IPv4 header. */
static void build(const char *from, const char *to, uint16_t identifier, uint16_t sequence,
                  size_t payload)
{
    lab_build(&echo, from, to, 64, identifier, sequence, payload);
    if (!strchr(to, ':'))
        lab_put16(echo.bytes + 10, ~lab_sum(0, echo.bytes, 20) & 0xffff);
}

static int send_one(struct sonde_transport *transport, const char *from, const char *to,
                    uint16_t sequence, size_t payload)
{
    struct sonde_datagram datagram;

    build(from, to, transport->identifiers[0], sequence, payload);
    datagram = lab_datagram(&echo, to, sequence + 1u);
    transport->ops->send(transport->self, &datagram, 1);
    return datagram.error;
}

/* The answer to `sequence` among what arrives in time; NULL: none. */
static struct lab_seen *answer(struct sonde_transport *transport, uint16_t sequence, int ms)
{
    struct sonde_mono end = sonde_mono_add(transport->ops->now(transport->self), sonde_span_ms(ms));

    while (sonde_mono_before(transport->ops->now(transport->self), end)) {
        size_t got = lab_collect(transport, seen, SEEN, 20, 1);

        for (size_t i = 0; i < got; i++)
            if (seen[i].event.kind == SONDE_EVENT_DATAGRAM && seen[i].icmp.sequence == sequence)
                return &seen[i];
    }
    return NULL;
}

static void drain(struct sonde_transport *transport)
{
    while (lab_collect(transport, seen, SEEN, 20, SEEN))
        ;
}

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

/* The first probe may go by the kernel; the others go past it. All are answered. */
static void answered(const char *from, const char *to, enum sonde_net_stamps stamps)
{
    struct sonde_net_config config = lab_config();
    struct sonde_transport transport;

    config.device = "near";
    config.stamps = stamps;
    if (!open_ring(&config, &transport))
        return;
    for (uint16_t i = 0; i < 8; i++) {
        size_t payload = i == 5 ? 1400 : i == 6 ? 0 : 56;
        int error = send_one(&transport, from, to, i, payload);
        struct lab_seen *got = error ? NULL : answer(&transport, i, 1000);

        LAB_CHECK(!error, "%s %u: %s", to, i, strerror(error));
        LAB_CHECK(got, "%s: no answer to %u", to, i);
        if (!got)
            continue;
        LAB_CHECK(got->event.layer ==
                      (strchr(to, ':') && i < 1 ? got->event.layer : SONDE_LAYER_IP),
                  "%s", to);
        LAB_CHECK(!got->event.cut && got->event.stamp.source == SONDE_STAMP_KERNEL, "%s %u: %d %d",
                  to, i, got->event.cut, got->event.stamp.source);
        LAB_CHECK(got->event.bytes.length == echo.length, "%s %u: %zu bytes of %u", to, i,
                  got->event.bytes.length, echo.length);
        usleep(3000); /* news of the neighbour are read once in a millisecond */
    }
    transport.ops->close(transport.self);
}

/* Everything after open works without any capability: neighbours are resolved, routes are read. */
static void unprivileged(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {0};
    struct sonde_net_config config = lab_config();
    struct sonde_transport transport;
    int status = -1;
    int ready[2];
    char byte;
    pid_t child;

    lab_run("ip neigh flush dev near");
    LAB_CHECK(pipe(ready) == 0, "?");
    fflush(stdout);
    child = fork();
    if (child == 0) {
        config.device = "near";
        if (!open_ring(&config, &transport) || syscall(SYS_capset, &header, none))
            _exit(1);
        for (uint16_t i = 0; i < 4; i++) {
            LAB_CHECK(!send_one(&transport, "10.1.0.1", "10.2.0.9", i, 56), "%u", i);
            LAB_CHECK(answer(&transport, i, 1000), "no answer to %u", i);
        }
        LAB_CHECK(write(ready[1], "", 1) == 1, "?");
        usleep(800000); /* the route changes meanwhile */
        send_one(&transport, "10.1.0.1", "10.2.0.9", 5, 56);
        usleep(600000);
        send_one(&transport, "10.1.0.1", "10.2.0.9", 6, 56);
        LAB_CHECK(send_one(&transport, "10.1.0.1", "10.2.0.9", 7, 56), "the old route is used");
        fflush(stdout);
        _exit(lab_failures != 0);
    }
    close(ready[1]);
    LAB_CHECK(read(ready[0], &byte, 1) == 1, "?");
    lab_run("ip route add unreachable 10.2.0.0/16");
    waitpid(child, &status, 0);
    LAB_CHECK(status == 0, "status %d", status);
    lab_run("ip route del unreachable 10.2.0.0/16");
    close(ready[0]);
}

/* Send stamps come, each before what answers it, and none of them twice. */
static void send_stamps(void)
{
    struct sonde_net_config config = lab_config();
    struct sonde_transport transport;
    struct sonde_mono sent[64] = {0};
    size_t stamps = 0, answers = 0;

    config.device = "near";
    if (!open_ring(&config, &transport))
        return;
    for (uint16_t i = 0; i < 64; i++) {
        LAB_CHECK(!send_one(&transport, "10.1.0.1", "10.1.0.2", i, 56), "%u", i);
        usleep(500);
    }
    for (size_t got; (got = lab_collect(&transport, seen, SEEN, 50, SEEN));)
        for (size_t i = 0; i < got; i++) {
            const struct sonde_event *event = &seen[i].event;

            if (event->kind == SONDE_EVENT_SENT_STAMP && event->token - 1 < 64) {
                LAB_CHECK(!sent[event->token - 1].ns, "twice: %u", (unsigned)event->token);
                sent[event->token - 1] = event->stamp.at;
                stamps++;
            } else if (event->kind == SONDE_EVENT_DATAGRAM && seen[i].icmp.sequence < 64) {
                int64_t rtt = sonde_mono_since(event->stamp.at, sent[seen[i].icmp.sequence]).ns;

                LAB_CHECK(rtt > 0 && rtt < SONDE_NS_PER_S, "%u: %lld", seen[i].icmp.sequence,
                          (long long)rtt);
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
    if (!open_ring(&config, &transport))
        return;
    LAB_CHECK(!send_one(&transport, "10.1.0.1", "10.1.0.2", 1, 56), "?");
    got = answer(&transport, 1, 1000);
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

/*
 * A source that is left to the kernel is the one that it would write, and the datagram goes past it
 * all the same: the kernel gives a number to what has the identification 0.
 */
static void source_left_to_the_kernel(const char *to, const char *wanted)
{
    struct sonde_net_config config = lab_config();
    struct sonde_transport transport;
    struct sonde_address source = lab_address(wanted);
    int wire = capture("near");

    config.device = "near";
    if (!open_ring(&config, &transport))
        return;
    for (uint16_t i = 0; i < 3; i++) {
        uint8_t bytes[2048];

        LAB_CHECK(!send_one(&transport, NULL, to, i, 56), "%s %u", to, i);
        LAB_CHECK(answer(&transport, i, 1000), "%s: no answer to %u", to, i);
        LAB_CHECK(captured(wire, i, bytes), "%s: %u was not captured", to, i);
        LAB_CHECK(memcmp(bytes + 12, source.bytes, 4) == 0, "%s: another source", to);
        LAB_CHECK((~lab_sum(0, bytes, 20) & 0xffff) == 0, "%s: the checksum", to);
        LAB_CHECK(i == 0 || (bytes[4] == 0 && bytes[5] == 0), "%s: %u went by the kernel", to, i);
        usleep(3000); /* news of the neighbour are read once in a millisecond */
    }
    close(wire);
    transport.ops->close(transport.self);
}

/* Nobody has the address: first the host itself says so, then nothing is sent for a while. */
static void nobody(const char *from, const char *to)
{
    struct sonde_net_config config = lab_config();
    struct sonde_transport transport;
    bool later = false, refused = false;

    config.device = "near";
    if (!open_ring(&config, &transport))
        return;
    for (uint16_t i = 0; i < 40; i++)
        later |= send_one(&transport, from, to, i, 56) == EAGAIN;
    LAB_CHECK(later, "%s: all were taken", to);
    for (int i = 0; i < 60 && !refused; i++) {
        drain(&transport);
        usleep(80000);
        refused = send_one(&transport, from, to, 100, 56) == EHOSTUNREACH;
    }
    LAB_CHECK(refused, "%s: never given up", to);
    transport.ops->close(transport.self);
}

/* The kernel's own error about a neighbour that is not there reaches us, as with raw sockets. */
static void told_unreachable(void)
{
    struct sonde_net_config config = lab_config();
    struct sonde_transport transport;
    struct sonde_mono end;
    bool told = false;

    config.device = "near";
    if (!open_ring(&config, &transport))
        return;
    LAB_CHECK(!send_one(&transport, "10.1.0.1", "10.1.0.78", 1, 56), "?");
    end = sonde_mono_add(transport.ops->now(transport.self), sonde_span_ms(5000));
    while (!told && sonde_mono_before(transport.ops->now(transport.self), end)) {
        size_t got = lab_collect(&transport, seen, SEEN, 200, 1);

        for (size_t i = 0; i < got; i++)
            told |= seen[i].event.kind == SONDE_EVENT_DATAGRAM && seen[i].icmp.type == 3 &&
                    seen[i].icmp.code == 1;
    }
    LAB_CHECK(told, "no host unreachable");
    transport.ops->close(transport.self);
}

static void loopback(const char *address)
{
    struct sonde_net_config config = lab_config();
    struct sonde_transport transport;

    config.device = "lo";
    if (!open_ring(&config, &transport))
        return;
    for (uint16_t i = 0; i < 3; i++) {
        size_t payload = i == 1 ? 9000 : 56;
        int error = send_one(&transport, address, address, i, payload);
        struct lab_seen *got = error ? NULL : answer(&transport, i, 1000);

        LAB_CHECK(got && !got->event.cut && got->event.bytes.length == echo.length &&
                      got->event.stamp.source == SONDE_STAMP_KERNEL,
                  "%s %u: %s", address, i, strerror(error));
        LAB_CHECK(!got || got->icmp.type == (strchr(address, ':') ? 129 : 0), "%s", address);
        drain(&transport);
    }
    transport.ops->close(transport.self);
}

/* What another transport's probes bring back is not seen here, nor are requests. */
static void others(void)
{
    struct sonde_net_config config = lab_config();
    struct sonde_transport transport, other;
    size_t got;

    config.device = "near";
    if (!open_ring(&config, &transport))
        return;
    do { /* by chance they have the same one */
        if (!open_ring(&config, &other))
            return;
        if (other.identifiers[0] != transport.identifiers[0])
            break;
        other.ops->close(other.self);
    } while (true);
    LAB_CHECK(!send_one(&transport, "10.1.0.1", "10.1.0.2", 7, 56), "?");
    LAB_CHECK(answer(&transport, 7, 1000), "?");
    drain(&transport);
    LAB_CHECK(!send_one(&other, "10.1.0.1", "10.1.0.2", 8, 56), "?");
    LAB_CHECK(answer(&other, 8, 1000), "?");
    got = lab_collect(&transport, seen, SEEN, 50, SEEN);
    LAB_CHECK(got == 0, "%zu events, kind %d", got, seen[0].event.kind);
    other.ops->close(other.self);
    transport.ops->close(transport.self);
}

static void refusals(void)
{
    struct sonde_net_config config = lab_config();
    struct sonde_transport transport;
    const char *operation = NULL;
    int error;

    lab_run("ip link add idle type veth peer name elsewhere");
    config.device = "idle";
    error = sonde_net_open_ring(&config, &transport, &operation);
    LAB_CHECK(error == -ENETDOWN && strstr(operation, "down"), "%d %s", error, operation);
    config.device = "nothing";
    error = sonde_net_open_ring(&config, &transport, &operation);
    LAB_CHECK(error == -ENODEV && operation, "%d %s", error, operation);
    config.device = NULL;
    if (!open_ring(&config, &transport))
        return;
    /* Through the default route's device, near, by itself; others' routes are refused. */
    lab_run("ip link set idle up; ip link set elsewhere up; ip addr add 10.77.0.1/24 dev idle");
    usleep(600000);
    send_one(&transport, "10.1.0.1", "10.1.0.2", 0, 56);
    usleep(2000);
    error = send_one(&transport, "10.1.0.1", "10.77.0.9", 1, 56);
    LAB_CHECK(error == ENETUNREACH, "%s", strerror(error));
    drain(&transport);
    error = send_one(&transport, "10.1.0.1", "10.1.0.2", 2, 3000);
    LAB_CHECK(error == EMSGSIZE, "%s", strerror(error));
    error = send_one(&transport, "10.1.0.1", "10.1.0.1", 3, 56);
    LAB_CHECK(!error && answer(&transport, 3, 1000), "ourselves: %s", strerror(error));
    transport.ops->close(transport.self);
    lab_run("ip link del idle");
}

/* A device that goes down does not end the run, nor keep waits from waiting. */
static void down_and_up(void)
{
    struct sonde_net_config config = lab_config();
    struct sonde_transport transport;
    struct sonde_mono start;
    int error = 0;

    config.device = "near";
    if (!open_ring(&config, &transport))
        return;
    LAB_CHECK(!send_one(&transport, "10.1.0.1", "10.1.0.2", 0, 56) && answer(&transport, 0, 1000),
              "before");
    lab_run("ip link set near down");
    drain(&transport);
    start = transport.ops->now(transport.self);
    LAB_CHECK(lab_collect(&transport, seen, SEEN, 100, 1) == 0, "events of a dead device");
    transport.ops->wait(transport.self, sonde_mono_add(start, sonde_span_ms(300)), true);
    LAB_CHECK(sonde_mono_since(transport.ops->now(transport.self), start).ns > 290000000, "awake");
    error = send_one(&transport, "10.1.0.1", "10.1.0.2", 1, 56);
    LAB_CHECK(error, "sent while down");
    lab_run("ip link set near up; ip route add default via 10.1.0.2;"
            " ip -6 addr add fd01::1/64 dev near nodad; ip -6 route add default via fd01::2");
    for (uint16_t i = 2; i < 40; i++) {
        if (!send_one(&transport, "10.1.0.1", "10.1.0.2", i, 56) && answer(&transport, i, 100)) {
            transport.ops->close(transport.self);
            return;
        }
        usleep(100000);
    }
    LAB_CHECK(false, "no answer after the device is up again");
    transport.ops->close(transport.self);
}

/* A tunnel has no link-layer header: what is written to it is what was sent. */
static void tunnel(void)
{
    struct sonde_net_config config = lab_config();
    struct sonde_transport transport;
    struct ifreq request = {.ifr_name = "tunnel", .ifr_flags = IFF_TUN | IFF_NO_PI};
    uint8_t bytes[2048];
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    struct lab_seen *got;
    ssize_t length = -1;

    if (fd < 0 || ioctl(fd, TUNSETIFF, &request) < 0) {
        printf("no tun device here: not tested\n");
        return;
    }
    lab_run("ip addr add 10.9.0.1/24 dev tunnel; ip link set tunnel up");
    config.device = "tunnel";
    config.family = SONDE_IPV4;
    if (!open_ring(&config, &transport))
        return;
    LAB_CHECK(!send_one(&transport, "10.9.0.1", "10.9.0.7", 5, 56), "?");
    for (int i = 0; i < 100 && (length = read(fd, bytes, sizeof bytes)) != (ssize_t)echo.length;
         i++)
        usleep(1000);
    LAB_CHECK(length == (ssize_t)echo.length && !memcmp(bytes, echo.bytes, echo.length), "%zd",
              length);
    build("10.9.0.7", "10.9.0.1", transport.identifiers[0], 5, 56);
    echo.bytes[20] = 0; /* a reply */
    lab_put16(echo.bytes + 22, 0);
    lab_put16(echo.bytes + 22, ~lab_sum(0, echo.bytes + 20, echo.length - 20) & 0xffff);
    LAB_CHECK(write(fd, echo.bytes, echo.length) == (ssize_t)echo.length, "?");
    got = answer(&transport, 5, 1000);
    LAB_CHECK(got && got->event.bytes.length == echo.length, "no answer through the tunnel");
    transport.ops->close(transport.self);
    close(fd);
}

int main(void)
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
    for (int user = 0; user < 2; user++) {
        enum sonde_net_stamps stamps = user ? SONDE_NET_STAMPS_USER : SONDE_NET_STAMPS_KERNEL;

        answered("10.1.0.1", "10.1.0.2", stamps);
        answered("10.1.0.1", "10.2.3.4", stamps);
        answered("fd01::1", "fd01::2", stamps);
        answered("fd01::1", "fd02::3:4", stamps);
        lab_run("ip neigh flush dev near; ip -6 neigh flush dev near");
    }
    unprivileged();
    send_stamps();
    stamps_as_captured();
    lab_run(
        "ip addr add 10.8.0.7/32 dev near; nsenter -t $FAR -n ip route add 10.8.0.7 via 10.1.0.1;"
        "ip route add 10.2.9.0/24 via 10.1.0.2 src 10.8.0.7");
    source_left_to_the_kernel("10.1.0.2", "10.1.0.1");
    source_left_to_the_kernel("10.2.3.4", "10.1.0.1");
    source_left_to_the_kernel("10.2.9.4", "10.8.0.7");
    others();
    loopback("127.0.0.1");
    loopback("127.9.8.7");
    loopback("::1");
    loopback("10.1.0.1");
    tunnel();
    refusals();
    nobody("10.1.0.1", "10.1.0.77");
    nobody("fd01::1", "fd01::77");
    told_unreachable();
    down_and_up();
    return lab_verdict();
}
