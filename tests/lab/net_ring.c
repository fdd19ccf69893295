/*
 * The ring transport between two network namespaces: both families, through a gateway and on the
 * link, neighbours that are not there, this machine itself, the loopback device, tunnels, long
 * packets, and other processes' traffic.
 */
#define _GNU_SOURCE
#include <linux/capability.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "net_rings.h"

/* The first probe may go by the kernel; the others go past it. All are answered. */
static void answered(const char *from, const char *to, enum sonde_net_stamps stamps)
{
    struct sonde_net_config config = lab_config();
    struct sonde_transport transport;

    config.device = "near";
    config.stamps = stamps;
    if (!lab_open_ring(&config, &transport))
        return;
    for (uint16_t i = 0; i < 8; i++) {
        size_t payload = i == 5 ? 1400 : i == 6 ? 0 : 56;
        int error = lab_send_one(&transport, from, to, i, payload);
        struct lab_seen *got = error ? NULL : lab_answer(&transport, i, 1000);

        LAB_CHECK(!error, "%s %u: %s", to, i, strerror(error));
        LAB_CHECK(got, "%s: no answer to %u", to, i);
        if (!got)
            continue;
        LAB_CHECK(got->event.layer ==
                      (strchr(to, ':') && i < 1 ? got->event.layer : SONDE_LAYER_IP),
                  "%s", to);
        LAB_CHECK(!got->event.cut && got->event.stamp.source == SONDE_STAMP_KERNEL, "%s %u: %d %d",
                  to, i, got->event.cut, got->event.stamp.source);
        LAB_CHECK(got->event.bytes.length == lab_one.length, "%s %u: %zu bytes of %u", to, i,
                  got->event.bytes.length, lab_one.length);
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
        if (!lab_open_ring(&config, &transport) || syscall(SYS_capset, &header, none))
            _exit(1);
        for (uint16_t i = 0; i < 4; i++) {
            LAB_CHECK(!lab_send_one(&transport, "10.1.0.1", "10.2.0.9", i, 56), "%u", i);
            LAB_CHECK(lab_answer(&transport, i, 1000), "no answer to %u", i);
        }
        LAB_CHECK(write(ready[1], "", 1) == 1, "?");
        usleep(800000); /* the route changes meanwhile */
        lab_send_one(&transport, "10.1.0.1", "10.2.0.9", 5, 56);
        usleep(600000);
        lab_send_one(&transport, "10.1.0.1", "10.2.0.9", 6, 56);
        LAB_CHECK(lab_send_one(&transport, "10.1.0.1", "10.2.0.9", 7, 56), "the old route is used");
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

/* Nobody has the address: first the host itself says so, then nothing is sent for a while. */
static void nobody(const char *from, const char *to)
{
    struct sonde_net_config config = lab_config();
    struct sonde_transport transport;
    bool later = false, refused = false;

    config.device = "near";
    if (!lab_open_ring(&config, &transport))
        return;
    for (uint16_t i = 0; i < 40; i++)
        later |= lab_send_one(&transport, from, to, i, 56) == EAGAIN;
    LAB_CHECK(later, "%s: all were taken", to);
    for (int i = 0; i < 60 && !refused; i++) {
        lab_drain(&transport);
        usleep(80000);
        refused = lab_send_one(&transport, from, to, 100, 56) == EHOSTUNREACH;
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
    if (!lab_open_ring(&config, &transport))
        return;
    LAB_CHECK(!lab_send_one(&transport, "10.1.0.1", "10.1.0.78", 1, 56), "?");
    end = sonde_mono_add(transport.ops->now(transport.self), sonde_span_ms(5000));
    while (!told && sonde_mono_before(transport.ops->now(transport.self), end)) {
        size_t got = lab_collect(&transport, lab_seen_last, SEEN, 200, 1);

        for (size_t i = 0; i < got; i++)
            told |= lab_seen_last[i].event.kind == SONDE_EVENT_DATAGRAM &&
                    lab_seen_last[i].icmp.type == 3 && lab_seen_last[i].icmp.code == 1;
    }
    LAB_CHECK(told, "no host unreachable");
    transport.ops->close(transport.self);
}

static void loopback(const char *address)
{
    struct sonde_net_config config = lab_config();
    struct sonde_transport transport;

    config.device = "lo";
    if (!lab_open_ring(&config, &transport))
        return;
    for (uint16_t i = 0; i < 3; i++) {
        size_t payload = i == 1 ? 9000 : 56;
        int error = lab_send_one(&transport, address, address, i, payload);
        struct lab_seen *got = error ? NULL : lab_answer(&transport, i, 1000);

        LAB_CHECK(got && !got->event.cut && got->event.bytes.length == lab_one.length &&
                      got->event.stamp.source == SONDE_STAMP_KERNEL,
                  "%s %u: %s", address, i, strerror(error));
        LAB_CHECK(!got || got->icmp.type == (strchr(address, ':') ? 129 : 0), "%s", address);
        lab_drain(&transport);
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
    if (!lab_open_ring(&config, &transport))
        return;
    do { /* by chance they have the same one */
        if (!lab_open_ring(&config, &other))
            return;
        if (other.identifiers[0] != transport.identifiers[0])
            break;
        other.ops->close(other.self);
    } while (true);
    LAB_CHECK(!lab_send_one(&transport, "10.1.0.1", "10.1.0.2", 7, 56), "?");
    LAB_CHECK(lab_answer(&transport, 7, 1000), "?");
    lab_drain(&transport);
    LAB_CHECK(!lab_send_one(&other, "10.1.0.1", "10.1.0.2", 8, 56), "?");
    LAB_CHECK(lab_answer(&other, 8, 1000), "?");
    got = lab_collect(&transport, lab_seen_last, SEEN, 50, SEEN);
    LAB_CHECK(got == 0, "%zu events, kind %d", got, lab_seen_last[0].event.kind);
    other.ops->close(other.self);
    transport.ops->close(transport.self);
}

/* What has no route, or one through another device, is refused unless the user named the device. */
static void chosen_device(void)
{
    static const char *const from[2] = {"10.1.0.1", NULL};
    struct sonde_net_config config = lab_config();
    struct sonde_transport transport;
    int error;

    lab_run("ip route del default; ip route add 10.2.0.0/16 via 10.1.0.2");
    config.device = "near";
    for (int chosen = 0; chosen < 2; chosen++) {
        config.device_chosen = chosen;
        if (!lab_open_ring(&config, &transport))
            break;
        for (uint16_t i = 0; i < 2; i++) {
            error = lab_send_one(&transport, from[i], "10.2.3.4", i, 56);
            LAB_CHECK(!error && lab_answer(&transport, i, 1000), "%s", strerror(error));
            error = lab_send_one(&transport, from[i], "172.16.3.4", 2 + i, 56);
            LAB_CHECK(error == (chosen ? ENETUNREACH : 0), "no route: %s", strerror(error));
            error = lab_send_one(&transport, from[i], "10.77.0.9", 4 + i, 56);
            LAB_CHECK(error == (chosen ? ENETUNREACH : 0), "elsewhere: %s", strerror(error));
        }
        transport.ops->close(transport.self);
    }
    lab_run("ip route del 10.2.0.0/16; ip route add default via 10.1.0.2");
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
    if (!lab_open_ring(&config, &transport))
        return;
    /* Through the default route's device, near, by itself; others' routes are refused. */
    lab_run("ip link set idle up; ip link set elsewhere up; ip addr add 10.77.0.1/24 dev idle");
    usleep(600000);
    lab_send_one(&transport, "10.1.0.1", "10.1.0.2", 0, 56);
    usleep(2000);
    error = lab_send_one(&transport, "10.1.0.1", "10.77.0.9", 1, 56);
    LAB_CHECK(error == ENETUNREACH, "%s", strerror(error));
    lab_drain(&transport);
    error = lab_send_one(&transport, "10.1.0.1", "10.1.0.2", 2, 3000);
    LAB_CHECK(error == EMSGSIZE, "%s", strerror(error));
    error = lab_send_one(&transport, "10.1.0.1", "10.1.0.1", 3, 56);
    LAB_CHECK(!error && lab_answer(&transport, 3, 1000), "ourselves: %s", strerror(error));
    transport.ops->close(transport.self);
    chosen_device();
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
    if (!lab_open_ring(&config, &transport))
        return;
    LAB_CHECK(!lab_send_one(&transport, "10.1.0.1", "10.1.0.2", 0, 56) &&
                  lab_answer(&transport, 0, 1000),
              "before");
    lab_run("ip link set near down");
    lab_drain(&transport);
    start = transport.ops->now(transport.self);
    LAB_CHECK(lab_collect(&transport, lab_seen_last, SEEN, 100, 1) == 0, "events of a dead device");
    transport.ops->wait(transport.self, sonde_mono_add(start, sonde_span_ms(300)), true);
    LAB_CHECK(sonde_mono_since(transport.ops->now(transport.self), start).ns > 290000000, "awake");
    error = lab_send_one(&transport, "10.1.0.1", "10.1.0.2", 1, 56);
    LAB_CHECK(error, "sent while down");
    lab_run("ip link set near up; ip route add default via 10.1.0.2;"
            " ip -6 addr add fd01::1/64 dev near nodad; ip -6 route add default via fd01::2");
    for (uint16_t i = 2; i < 40; i++) {
        if (!lab_send_one(&transport, "10.1.0.1", "10.1.0.2", i, 56) &&
            lab_answer(&transport, i, 100)) {
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
    if (!lab_open_ring(&config, &transport))
        return;
    LAB_CHECK(!lab_send_one(&transport, "10.9.0.1", "10.9.0.7", 5, 56), "?");
    for (int i = 0; i < 100 && (length = read(fd, bytes, sizeof bytes)) != (ssize_t)lab_one.length;
         i++)
        usleep(1000);
    LAB_CHECK(length == (ssize_t)lab_one.length && !memcmp(bytes, lab_one.bytes, lab_one.length),
              "%zd", length);
    lab_build_complete("10.9.0.7", "10.9.0.1", transport.identifiers[0], 5, 56);
    lab_one.bytes[20] = 0; /* a reply */
    lab_put16(lab_one.bytes + 22, 0);
    lab_put16(lab_one.bytes + 22, ~lab_sum(0, lab_one.bytes + 20, lab_one.length - 20) & 0xffff);
    LAB_CHECK(write(fd, lab_one.bytes, lab_one.length) == (ssize_t)lab_one.length, "?");
    got = lab_answer(&transport, 5, 1000);
    LAB_CHECK(got && got->event.bytes.length == lab_one.length, "no answer through the tunnel");
    transport.ops->close(transport.self);
    close(fd);
}

int main(void)
{
    lab_ring_network();
    for (int user = 0; user < 2; user++) {
        enum sonde_net_stamps stamps = user ? SONDE_NET_STAMPS_USER : SONDE_NET_STAMPS_KERNEL;

        answered("10.1.0.1", "10.1.0.2", stamps);
        answered("10.1.0.1", "10.2.3.4", stamps);
        answered("fd01::1", "fd01::2", stamps);
        answered("fd01::1", "fd02::3:4", stamps);
        lab_run("ip neigh flush dev near; ip -6 neigh flush dev near");
    }
    unprivileged();
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
