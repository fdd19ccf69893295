/* Both transports, both families, over the loopback device: stamps, order, sizes, waiting. */
#define _GNU_SOURCE
#include <signal.h>

#include "net_lab.h"

static struct lab_echo echo;
static struct lab_seen seen[512];

static const char *name_of(bool raw, const char *to)
{
    static char name[64];
    snprintf(name, sizeof name, "%s %s", raw ? "raw" : "dgram", to);
    return name;
}

/* One probe: its send stamp is told first, then the answer; both the kernel's; both between now's.
 */
static void one_probe(bool raw, const char *to, size_t payload)
{
    struct sonde_net_config config = lab_config();
    struct sonde_transport transport;
    struct sonde_datagram datagram;
    struct sonde_mono after;
    size_t got;
    int64_t rtt;

    if (!lab_open(raw, &config, &transport))
        return;
    usleep(20000); /* the kernel starts stamping a moment after it was asked to */
    lab_build(&echo, to, to, 64, transport.identifiers[0], 7, payload);
    datagram = lab_datagram(&echo, to, 4711);
    transport.ops->send(transport.self, &datagram, 1);
    LAB_CHECK(datagram.error == 0, "%s: %s", name_of(raw, to), strerror(datagram.error));
    got = lab_collect(&transport, seen, 512, 500, 2);
    after = transport.ops->now(transport.self);
    LAB_CHECK(got == 2, "%s: %zu events", name_of(raw, to), got);
    if (got == 2) {
        const struct sonde_event *sent = &seen[0].event;
        const struct sonde_event *received = &seen[1].event;

        LAB_CHECK(sent->kind == SONDE_EVENT_SENT_STAMP && sent->token == 4711, "%d", sent->kind);
        LAB_CHECK(sent->stamp.source == SONDE_STAMP_KERNEL, "%d", sent->stamp.source);
        LAB_CHECK(received->kind == SONDE_EVENT_DATAGRAM, "%d", received->kind);
        LAB_CHECK(received->stamp.source == SONDE_STAMP_KERNEL, "%d", received->stamp.source);
        LAB_CHECK(seen[1].icmp.type == (strchr(to, ':') ? 129 : 0), "%d", seen[1].icmp.type);
        LAB_CHECK(seen[1].icmp.identifier == transport.identifiers[0] && seen[1].icmp.sequence == 7,
                  "%u %u", seen[1].icmp.identifier, seen[1].icmp.sequence);
        LAB_CHECK(received->bytes.length >= payload + 8 && !received->cut, "%zu bytes",
                  received->bytes.length);
        LAB_CHECK(received->from.family == (strchr(to, ':') ? 6 : 4), "%d", received->from.family);
        LAB_CHECK(received->to.family == received->from.family, "%d", received->to.family);
        rtt = sonde_mono_since(received->stamp.at, sent->stamp.at).ns;
        LAB_CHECK(rtt > 0 && rtt < 50000000, "%lld ns", (long long)rtt);
        LAB_CHECK(sent->stamp.at.ns > datagram.sent.ns - 3000 && sent->stamp.at.ns < after.ns,
                  "sent");
        printf("%s %zu bytes: rtt %lld ns\n", name_of(raw, to), payload, (long long)rtt);
    }
    transport.ops->close(transport.self);
}

/* Ten thousand probes in batches: every stamp to its token, told before the answer. */
static void many_probes(bool raw, const char *to)
{
    enum { BATCH = 50, ROUNDS = 200 };
    static struct lab_echo echoes[BATCH];
    static bool stamped[BATCH * ROUNDS + 1];
    struct sonde_net_config config = lab_config();
    struct sonde_transport transport;
    struct sonde_transport_counters counters;
    size_t answers = 0, stamps = 0, disorder = 0, kernel = 0;

    memset(stamped, 0, sizeof stamped);
    if (!lab_open(raw, &config, &transport))
        return;
    usleep(20000);
    for (int round = 0; round < ROUNDS; round++) {
        struct sonde_datagram batch[BATCH];
        size_t got;

        for (int i = 0; i < BATCH; i++) {
            uint16_t sequence = (uint16_t)(round * BATCH + i);
            lab_build(&echoes[i], to, to, 64, transport.identifiers[0], sequence, 56);
            batch[i] = lab_datagram(&echoes[i], to, sequence + 1u);
        }
        transport.ops->send(transport.self, batch, BATCH);
        got = lab_collect(&transport, seen, 512, 200, 2 * BATCH);
        for (size_t i = 0; i < got; i++) {
            if (seen[i].event.kind == SONDE_EVENT_SENT_STAMP) {
                stamps++;
                stamped[seen[i].event.token] = true;
            } else if (seen[i].event.kind == SONDE_EVENT_DATAGRAM) {
                answers++;
                kernel += seen[i].event.stamp.source == SONDE_STAMP_KERNEL;
                disorder += !stamped[seen[i].icmp.sequence + 1];
            }
        }
    }
    transport.ops->counters(transport.self, &counters);
    LAB_CHECK(answers == BATCH * ROUNDS && stamps == answers && kernel == answers && !disorder,
              "%s: %zu answers, %zu stamps, %zu of the kernel, %zu out of order", name_of(raw, to),
              answers, stamps, kernel, disorder);
    LAB_CHECK(counters.receive_drops == 0 && counters.stamps_missing == 0,
              "drops %llu missing %llu", (unsigned long long)counters.receive_drops,
              (unsigned long long)counters.stamps_missing);
    transport.ops->close(transport.self);
}

/* Another process' echo traffic does not reach us, and is not counted as dropped. */
static void strangers(const char *to)
{
    struct sonde_net_config config = lab_config();
    struct sonde_transport ours, theirs;
    struct sonde_transport_counters counters;
    size_t got;

    config.fixed_identifier = 0x1234;
    if (!lab_open(true, &config, &ours))
        return;
    config.fixed_identifier = 0x1235;
    if (!lab_open(true, &config, &theirs))
        return;
    lab_build(&echo, to, to, 64, 0x1234, 1, 56); /* so that we listen at all */
    for (int i = 0; i < 20; i++) {
        struct sonde_datagram datagram = lab_datagram(&echo, to, 1);
        if (i == 1)
            lab_build(&echo, to, to, 64, 0x1235, 1, 56);
        (i ? theirs : ours).ops->send(i ? theirs.self : ours.self, &datagram, 1);
    }
    got = lab_collect(&ours, seen, 512, 100, 3);
    LAB_CHECK(got == 2, "%s: %zu events", to, got);
    got = lab_collect(&theirs, seen, 512, 100, 38);
    LAB_CHECK(got == 38, "%s: %zu events", to, got);
    ours.ops->counters(ours.self, &counters);
    LAB_CHECK(counters.receive_drops == 0, "%s: %llu drops", to,
              (unsigned long long)counters.receive_drops);
    ours.ops->close(ours.self);
    theirs.ops->close(theirs.self);
}

/*
 * A queue that overflows is told. While a raw queue is full, kernels from 6.18 on count what the
 * filter would have kept out, too: on loopback our own requests.
 */
static void overflow(bool raw)
{
    enum { COUNT = 400 };
    struct sonde_net_config config = lab_config();
    struct sonde_transport transport;
    struct sonde_transport_counters counters;
    size_t answers = 0, got;

    config.receive_buffer_bytes = 4096;
    if (!lab_open(raw, &config, &transport))
        return;
    for (int i = 0; i < COUNT; i++) {
        struct sonde_datagram datagram;
        lab_build(&echo, NULL, "127.0.0.1", 64, transport.identifiers[0], (uint16_t)i, 1000);
        datagram = lab_datagram(&echo, "127.0.0.1", 1);
        transport.ops->send(transport.self, &datagram, 1);
    }
    got = lab_collect(&transport, seen, 512, 50, 512);
    for (size_t i = 0; i < got; i++)
        answers += seen[i].event.kind == SONDE_EVENT_DATAGRAM;
    transport.ops->counters(transport.self, &counters);
    LAB_CHECK(answers > 0 && answers < COUNT &&
                  (counters.receive_drops == COUNT - answers ||
                   (raw && counters.receive_drops == 2 * (COUNT - answers))),
              "%zu answers, %llu drops", answers, (unsigned long long)counters.receive_drops);
    transport.ops->close(transport.self);
}

static void signals(void)
{
    struct sonde_net_config config = lab_config();
    struct sonde_transport transport;
    struct sonde_event event;
    struct sonde_mono start;
    int64_t slept;

    sigemptyset(&config.signals);
    sigaddset(&config.signals, SIGINT);
    config.signals_set = true;
    if (!lab_open(true, &config, &transport))
        return;
    kill(getpid(), SIGINT);
    start = transport.ops->now(transport.self);
    transport.ops->wait(transport.self, sonde_mono_add(start, sonde_span_s(2)), false);
    slept = sonde_mono_since(transport.ops->now(transport.self), start).ns;
    LAB_CHECK(slept < SONDE_NS_PER_S, "%lld ns", (long long)slept);
    LAB_CHECK(transport.ops->receive(transport.self, &event, 1) == 1 &&
                  event.kind == SONDE_EVENT_SIGNAL && event.signal == SIGINT,
              "%d", event.kind);
    LAB_CHECK(transport.ops->receive(transport.self, &event, 1) == 0, "one more");
    transport.ops->close(transport.self);
}

/* Waits end at their deadline; datagrams end them early only where that is wanted. */
static void deadlines(bool precise)
{
    struct sonde_net_config config = lab_config();
    struct sonde_transport transport;
    int64_t worst = 0, slept;
    struct sonde_mono start;
    struct sonde_datagram datagram;

    config.precise = precise;
    if (!lab_open(true, &config, &transport))
        return;
    for (int i = 0; i < 50; i++) {
        struct sonde_mono until =
            sonde_mono_add(transport.ops->now(transport.self), sonde_span_ms(i % 2 ? 3 : 40));
        transport.ops->wait(transport.self, until, true);
        slept = sonde_mono_since(transport.ops->now(transport.self), until).ns;
        LAB_CHECK(slept >= 0, "%lld ns early", (long long)-slept);
        worst = slept > worst ? slept : worst;
    }
    printf("%s waits: worst %lld ns late\n", precise ? "precise" : "plain", (long long)worst);
    lab_build(&echo, NULL, "127.0.0.1", 64, transport.identifiers[0], 1, 56);
    datagram = lab_datagram(&echo, "127.0.0.1", 1);
    for (int early = 0; early < 2; early++) {
        transport.ops->send(transport.self, &datagram, 1);
        start = transport.ops->now(transport.self);
        transport.ops->wait(transport.self, sonde_mono_add(start, sonde_span_ms(200)), early);
        slept = sonde_mono_since(transport.ops->now(transport.self), start).ns;
        LAB_CHECK(early ? slept < 100000000 : slept >= 200000000, "early %d: %lld ns", early,
                  (long long)slept);
    }
    transport.ops->close(transport.self);
}

static void count_call(void *self)
{
    ++*(int *)self;
}

static void count_ready(void *self, int fd, short events)
{
    char byte;
    *(int *)self += events & POLLIN && read(fd, &byte, 1) == 1;
}

static void watches(void)
{
    struct sonde_net_config config = lab_config();
    struct sonde_transport transport;
    struct sonde_mono start;
    int ready = 0, rung = 0, ends[2];

    if (!lab_open(true, &config, &transport) || pipe(ends))
        return;
    start = transport.ops->now(transport.self);
    sonde_net_watch(&transport, ends[0], POLLIN, count_ready, &ready);
    if (write(ends[1], "x", 1) != 1)
        return;
    transport.ops->wait(transport.self, sonde_mono_add(start, sonde_span_s(2)), false);
    LAB_CHECK(ready == 1, "%d", ready);
    sonde_net_alarm(&transport, sonde_mono_add(start, sonde_span_ms(20)), count_call, &rung);
    transport.ops->wait(transport.self, sonde_mono_add(start, sonde_span_s(2)), true);
    LAB_CHECK(rung == 1, "%d", rung);
    LAB_CHECK(sonde_net_unwatch(&transport, ends[0]) == 0, "unwatch");
    LAB_CHECK(sonde_net_unwatch(&transport, ends[0]) == -ENOENT, "unwatch again");
    LAB_CHECK(sonde_mono_since(transport.ops->now(transport.self), start).ns < SONDE_NS_PER_S,
              "too long");
    transport.ops->close(transport.self);
    close(ends[0]);
    close(ends[1]);
}

static void everything(bool raw)
{
    static const char *const targets[] = {"127.0.0.1", "::1"};

    for (int i = 0; i < 2; i++) {
        one_probe(raw, targets[i], 56);
        one_probe(raw, targets[i], 1);
        one_probe(raw, targets[i], 60000);
        many_probes(raw, targets[i]);
    }
}

int main(void)
{
    lab_enter_namespace();
    for (int receiver = 0; receiver < 2; receiver++) {
        lab_receiver = receiver;
        everything(true);
        if (!receiver) /* which would empty the queue, or is not there */
            overflow(true);
        strangers("127.0.0.1");
        strangers("::1");
        signals();
        deadlines(false);
        deadlines(true);
        watches();
    }
    everything(false);
    overflow(false);
    return lab_verdict();
}
