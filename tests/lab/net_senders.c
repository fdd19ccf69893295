/*
 * Transports with several threads that send: everything leaves once and has its own stamp, every
 * refusal is told of the datagram it is about, a device goes down amid it, and the end comes at any
 * time.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <sys/utsname.h>

#include "net_hosts.h"

#define SENDERS   4
#define BATCH     64
#define PROBES    16384
#define IN_FLIGHT 512
#define TOO_LONG  1700
#define US        "10.1.0.1"

static const struct how {
    const char *name;
    int (*open)(const struct sonde_net_config *config, struct sonde_transport *transport,
                const char **operation);
    enum sonde_net_stamps stamps;
    bool receiver;
} hows[] = {
    {"ring, times of ours", sonde_net_open_ring, SONDE_NET_STAMPS_USER, false},
    {"ring, kernel stamps", sonde_net_open_ring, SONDE_NET_STAMPS_KERNEL, false},
    {"raw, kernel stamps", sonde_net_open_raw, SONDE_NET_STAMPS_KERNEL, false},
    {"raw, kernel stamps, a receiver", sonde_net_open_raw, SONDE_NET_STAMPS_KERNEL, true},
};
static const struct how *how;

static uint8_t bytes[BATCH][2048];
/* By sequence: */
static uint8_t answers[PROBES]; /* how many, … */
static uint8_t stamps[PROBES];
static struct sonde_mono handed_over[PROBES], stamped[PROBES]; /* … and when */

/* Of the transport: a sanitizer has some, too. */
static unsigned threads(void)
{
    DIR *tasks = opendir("/proc/self/task");
    unsigned count = 0;

    for (struct dirent *entry; tasks && (entry = readdir(tasks));) {
        char path[300], name[32] = "";
        int fd;

        snprintf(path, sizeof path, "/proc/self/task/%s/comm", entry->d_name);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            continue;
        count += read(fd, name, sizeof name - 1) > 0 && !strncmp(name, "sonde-send", 10);
        close(fd);
    }
    if (tasks)
        closedir(tasks);
    return count;
}

/* Linux 6.13 lets the sender name its stamps; before, one thread counts with the kernel. */
static unsigned threads_expected(void)
{
    struct utsname system;
    unsigned major = 0, minor = 0;

    LAB_CHECK(!uname(&system) && sscanf(system.release, "%u.%u", &major, &minor) == 2, "?");
    if (how->stamps == SONDE_NET_STAMPS_KERNEL && (major < 6 || (major == 6 && minor < 13)))
        return 0;
    return SENDERS - 1;
}

static bool open_transport(struct sonde_transport *transport)
{
    struct sonde_net_config config = lab_config();
    const char *operation = "?";
    int error;

    config.device = "near";
    config.family = SONDE_IPV4;
    config.stamps = how->stamps;
    config.receiver = how->receiver;
    config.receive_buffer_bytes = 4u << 20;
    config.senders = SENDERS;
    error = how->open(&config, transport, &operation);
    LAB_CHECK(!error, "%s: %s", operation, strerror(-error));
    if (error)
        return false;
    LAB_CHECK(threads() == 0, "%u threads before they are started", threads());
    error = sonde_net_start(transport);
    LAB_CHECK(!error, "start: %s", strerror(-error));
    LAB_CHECK(threads() == threads_expected(), "%s: %u threads", how->name, threads());
    return true;
}

/* A request of its own sequence, to one of very many hosts. */
static void prepare(struct sonde_transport *transport, struct sonde_datagram *batch, size_t at,
                    uint16_t sequence, size_t payload)
{
    static struct lab_echo echo;
    char to[32];

    snprintf(to, sizeof to, "10.2.%u.%u", sequence >> 8, sequence & 0xff);
    lab_build(&echo, US, to, 64, transport->identifiers[0], sequence, payload);
    lab_put16(echo.bytes + 10, ~lab_sum(0, echo.bytes, 20) & 0xffff);
    memcpy(bytes[at], echo.bytes, echo.length);
    batch[at] = lab_datagram(&echo, to, sequence + 1u);
    batch[at].bytes = bytes[at];
}

static unsigned listen_for(struct sonde_transport *transport, int ms)
{
    static struct lab_seen seen[4096];
    size_t got = lab_collect(transport, seen, 4096, ms, 4096);
    unsigned count = 0;

    for (size_t i = 0; i < got; i++) {
        const struct sonde_event *event = &seen[i].event;

        if (event->kind == SONDE_EVENT_SENT_STAMP) {
            stamps[(event->token - 1) % PROBES]++;
            stamped[(event->token - 1) % PROBES] = event->stamp.at;
        } else if (event->kind == SONDE_EVENT_DATAGRAM && seen[i].icmp.type == 0) {
            uint16_t sequence = seen[i].icmp.sequence % PROBES;

            answers[sequence]++;
            LAB_CHECK(!stamps[sequence] || sonde_mono_before(stamped[sequence], event->stamp.at),
                      "%s: answered before it was sent: %u", how->name, sequence);
            count++;
        }
    }
    return count;
}

/* Lets the transport find out who the next hop is: the first datagrams go through the kernel. */
static void warm_up(struct sonde_transport *transport)
{
    struct sonde_datagram one[1];

    for (int i = 0; i < 3; i++) {
        prepare(transport, one, 0, 1, 56);
        transport->ops->send(transport->self, one, 1);
        listen_for(transport, 20);
    }
    memset(answers, 0, sizeof answers);
    memset(stamps, 0, sizeof stamps);
}

/* Batches of all sizes; each datagram is told as sent, and answered once. */
static void everything_once(void)
{
    struct sonde_transport transport;
    struct sonde_datagram batch[BATCH];
    uint32_t next = 0, answered = 0;

    if (!open_transport(&transport))
        return;
    warm_up(&transport);
    for (size_t size = 1; next < PROBES; size = size % BATCH + 1) {
        struct sonde_mono before = transport.ops->now(transport.self);
        size_t count = size < PROBES - next ? size : PROBES - next;

        for (size_t i = 0; i < count; i++)
            prepare(&transport, batch, i, (uint16_t)(next + i), 56);
        transport.ops->send(transport.self, batch, count);
        for (size_t i = 0; i < count; i++) {
            handed_over[next + i] = batch[i].sent;
            LAB_CHECK(batch[i].error == 0 && !sonde_mono_before(batch[i].sent, before), "%u: %s",
                      (unsigned)(next + i), strerror(batch[i].error));
        }
        next += (uint32_t)count;
        answered += listen_for(&transport, 0);
        /* The far host's queue holds 1,000 (net.core.netdev_max_backlog). */
        for (int i = 0; i < 100 && answered + IN_FLIGHT < next; i++)
            answered += listen_for(&transport, 10);
        if (size == BATCH)
            usleep(1000); /* the others fall asleep */
    }
    for (int i = 0; i < 10; i++)
        listen_for(&transport, 20);
    for (int i = 0; i < PROBES; i++) {
        LAB_CHECK(answers[i] == 1, "%s: %d: %u answers", how->name, i, answers[i]);
        LAB_CHECK(stamps[i] == (how->stamps == SONDE_NET_STAMPS_KERNEL), "%s: %d: %u stamps",
                  how->name, i, stamps[i]);
        LAB_CHECK(!stamps[i] || !sonde_mono_before(stamped[i], handed_over[i]),
                  "%s: %d: stamped before it was handed over", how->name, i);
    }
    transport.ops->close(transport.self);
    LAB_CHECK(threads() == 0, "%u threads afterwards", threads());
}

/* Those that are too long, and no others, are refused; and those have no stamp. */
static void refusals(void)
{
    struct sonde_transport transport;
    struct sonde_datagram batch[BATCH];

    if (!open_transport(&transport))
        return;
    warm_up(&transport);
    for (int round = 0; round < 50; round++) {
        for (size_t i = 0; i < BATCH; i++)
            prepare(&transport, batch, i, (uint16_t)(round * BATCH + (int)i),
                    (i * 7 + (size_t)round) % 5 == 0 ? TOO_LONG : 56);
        transport.ops->send(transport.self, batch, BATCH);
        for (size_t i = 0; i < BATCH; i++)
            LAB_CHECK(batch[i].error == (batch[i].length > TOO_LONG ? EMSGSIZE : 0), "%zu: %s", i,
                      strerror(batch[i].error));
        LAB_CHECK(batch[0].mtu == (batch[0].error ? 1500 : 0), "%u", batch[0].mtu);
        listen_for(&transport, 2);
    }
    listen_for(&transport, 50);
    for (int i = 0; i < 50 * BATCH; i++) {
        bool refused = (i % BATCH * 7 + i / BATCH) % 5 == 0;

        LAB_CHECK(answers[i] == !refused, "%s: %d: %u answers", how->name, i, answers[i]);
        LAB_CHECK(stamps[i] == (!refused && how->stamps == SONDE_NET_STAMPS_KERNEL),
                  "%s: %d: %u stamps", how->name, i, stamps[i]);
    }
    transport.ops->close(transport.self);
}

/* The device goes down and comes back: sent is what is answered, refused is all the rest. */
static void down_and_up(void)
{
    struct sonde_transport transport;
    struct sonde_datagram batch[BATCH];
    unsigned sent = 0, refused = 0;

    if (!open_transport(&transport))
        return;
    warm_up(&transport);
    for (int round = 0; round < 60; round++) {
        if (round == 20)
            lab_run("ip link set near down");
        if (round == 40)
            lab_run("ip link set near up; ip route add default via 10.1.0.2");
        for (size_t i = 0; i < BATCH; i++)
            prepare(&transport, batch, i, (uint16_t)(round * BATCH + (int)i), 56);
        transport.ops->send(transport.self, batch, BATCH);
        listen_for(&transport, round < 20 ? 1 : 5);
        for (size_t i = 0; i < BATCH; i++) {
            sent += batch[i].error == 0;
            refused += batch[i].error != 0;
            LAB_CHECK(round / 20 != 1 || batch[i].error, "sent while down");
        }
    }
    listen_for(&transport, 200);
    for (int i = 0; i < 60 * BATCH; i++)
        LAB_CHECK(answers[i] <= 1, "%d: %u answers", i, answers[i]);
    LAB_CHECK(sent >= 20 * BATCH && sent + refused == 60 * BATCH, "%u sent, %u refused", sent,
              refused);
    transport.ops->close(transport.self);
    LAB_CHECK(threads() == 0, "%u threads afterwards", threads());
}

/* Right after a batch, with its answers on their way, and without anything having been sent. */
static void ends_at_any_time(void)
{
    for (int round = 0; round < 12; round++) {
        struct sonde_transport transport;
        struct sonde_datagram batch[BATCH];

        if (!open_transport(&transport))
            return;
        for (size_t i = 0; i < BATCH; i++)
            prepare(&transport, batch, i, (uint16_t)i, 56);
        for (int i = 0; i < round % 4; i++)
            transport.ops->send(transport.self, batch, BATCH);
        transport.ops->close(transport.self);
        LAB_CHECK(threads() == 0, "%u threads afterwards", threads());
    }
}

int main(void)
{
    lab_enter_namespace();
    lab_make_far();
    lab_run("set -e; ip link add near type veth peer name wire; "
            "F=\"nsenter -t $FAR -n\"; ip link set wire netns $FAR;"
            "ip addr add 10.1.0.1/24 dev near; $F ip addr add 10.1.0.2/24 dev wire;"
            "ip link set near up; $F ip link set wire up; $F ip link set lo up;"
            "$F ip route add local 10.2.0.0/16 dev lo; ip route add default via 10.1.0.2;"
            "$F sysctl -qw net.ipv4.icmp_msgs_per_sec=1000000");
    usleep(300000);
    for (how = hows; how < hows + sizeof hows / sizeof *hows; how++) {
        everything_once();
        refusals();
        ends_at_any_time();
        down_and_up();
    }
    return lab_verdict();
}
