/* The raw transport with a thread that reads: order, drops, waking, and an end while it is busy. */
#define _GNU_SOURCE
#include <dirent.h>
#include <signal.h>

#include "net_lab.h"

enum { BATCH = 64 };

static struct lab_echo echoes[BATCH];

static bool is_receiver(const char *task)
{
    char path[300], name[32] = "";
    snprintf(path, sizeof path, "/proc/self/task/%s/comm", task);
    FILE *file = fopen(path, "r");
    if (file && !fgets(name, sizeof name, file))
        name[0] = '\0';
    if (file)
        fclose(file);
    return strcmp(name, "sonde-receive\n") == 0;
}

static size_t receivers(void)
{
    DIR *tasks = opendir("/proc/self/task");
    const struct dirent *task;
    size_t count = 0;

    while (tasks && (task = readdir(tasks)))
        count += is_receiver(task->d_name);
    if (tasks)
        closedir(tasks);
    return count;
}

static bool open_with(struct sonde_transport *transport, size_t buffer)
{
    struct sonde_net_config config = lab_config();

    config.receive_buffer_bytes = buffer;
    if (!lab_open(true, &config, transport))
        return false;
    if (receivers() == 1)
        return true;
    transport->ops->close(transport->self);
    lab_skip("one processor: there is no receiver");
}

static void send_batch(struct sonde_transport *transport, const char *to, uint32_t first)
{
    struct sonde_datagram batch[BATCH];

    for (uint32_t i = 0; i < BATCH; i++) {
        lab_build(&echoes[i], to, to, 64, transport->identifiers[0], (uint16_t)(first + i), 56);
        batch[i] = lab_datagram(&echoes[i], to, first + i + 1);
    }
    transport->ops->send(transport->self, batch, BATCH);
}

struct tally {
    size_t answers, stamps, disorder, twice;
    bool stamped[65536 + 1], answered[65536];
};

static void count(struct tally *tally, const struct sonde_event *event)
{
    if (event->kind == SONDE_EVENT_SENT_STAMP) {
        tally->stamps++;
        tally->stamped[event->token] = true;
    } else if (event->kind == SONDE_EVENT_DATAGRAM) {
        uint16_t sequence = lab_icmp(event).sequence;
        tally->answers++;
        tally->twice += tally->answered[sequence];
        tally->disorder += !tally->stamped[sequence + 1];
        tally->answered[sequence] = true;
    }
}

/* Takes what is there; waits for more until `wanted` answers came or nothing comes. */
static void take(struct sonde_transport *transport, struct tally *tally, size_t wanted, int ms)
{
    const struct sonde_transport_ops *ops = transport->ops;
    struct sonde_event events[BATCH];
    struct sonde_mono end = sonde_mono_add(ops->now(transport->self), sonde_span_ms(ms));
    int got;

    do {
        while ((got = ops->receive(transport->self, events, BATCH)) > 0)
            for (int i = 0; i < got; i++)
                count(tally, &events[i]);
        LAB_CHECK(got == 0, "%s", strerror(-got));
        if (tally->answers < wanted)
            ops->wait(transport->self, end, true);
    } while (tally->answers < wanted && sonde_mono_before(ops->now(transport->self), end));
}

/* Sixty thousand, with no more care than a flood takes: each once, behind its stamp. */
static void flood(const char *to)
{
    static struct tally tally;
    struct sonde_transport transport;
    struct sonde_transport_counters counters;
    const uint32_t rounds = 60000 / BATCH;

    memset(&tally, 0, sizeof tally);
    if (!open_with(&transport, 4u << 20))
        return;
    usleep(20000);
    for (uint32_t round = 0; round < rounds; round++) {
        send_batch(&transport, to, round * BATCH);
        take(&transport, &tally, round > 4 ? (round - 4) * BATCH : 0, 1000);
    }
    take(&transport, &tally, rounds * BATCH, 1000);
    transport.ops->counters(transport.self, &counters);
    LAB_CHECK(tally.answers == rounds * BATCH && tally.stamps == tally.answers && !tally.disorder &&
                  !tally.twice,
              "%s: %zu answers, %zu twice, %zu stamps, %zu out of order", to, tally.answers,
              tally.twice, tally.stamps, tally.disorder);
    LAB_CHECK(!counters.receive_drops && !counters.stamps_missing, "%llu drops, %llu missing",
              (unsigned long long)counters.receive_drops,
              (unsigned long long)counters.stamps_missing);
    transport.ops->close(transport.self);
}

/* Nobody takes out: the queue fills, then the socket, which counts what it drops. */
static void drops(void)
{
    static struct tally tally;
    struct sonde_transport transport;
    struct sonde_transport_counters counters;
    const uint32_t rounds = 40000 / BATCH;

    memset(&tally, 0, sizeof tally);
    if (!open_with(&transport, 65536))
        return;
    for (uint32_t round = 0; round < rounds; round++)
        send_batch(&transport, "127.0.0.1", round * BATCH);
    take(&transport, &tally, 65536, 300);
    transport.ops->counters(transport.self, &counters);
    size_t lost = rounds * BATCH - tally.answers;
    /* Kernels from 6.18 on count what the filter would have kept out, too: our own requests. */
    LAB_CHECK(tally.answers > 500 && lost > 0 && !tally.twice && counters.receive_drops >= lost &&
                  counters.receive_drops <= lost + rounds * BATCH,
              "%zu answers, %zu lost, %llu drops", tally.answers, lost,
              (unsigned long long)counters.receive_drops);
    /* It goes on. */
    send_batch(&transport, "127.0.0.1", rounds * BATCH);
    size_t before = tally.answers;
    take(&transport, &tally, before + BATCH, 1000);
    LAB_CHECK(tally.answers == before + BATCH, "%zu more", tally.answers - before);
    transport.ops->close(transport.self);
}

/* An answer ends a wait that may end early, each time, and soon; no other wait. */
static void waking(void)
{
    struct sonde_transport transport;
    struct tally *tally = calloc(1, sizeof *tally);

    if (!tally || !open_with(&transport, 0))
        return;
    for (uint32_t i = 0; i < 300; i++) {
        struct sonde_mono start = transport.ops->now(transport.self);
        lab_build(&echoes[0], NULL, "127.0.0.1", 64, transport.identifiers[0], (uint16_t)i, 56);
        struct sonde_datagram datagram = lab_datagram(&echoes[0], "127.0.0.1", i + 1);
        transport.ops->send(transport.self, &datagram, 1);
        if (i % 3 == 1)
            usleep(i % 50 * 10); /* it may be there already */
        take(&transport, tally, i + 1, 2000);
        int64_t took = sonde_mono_since(transport.ops->now(transport.self), start).ns;
        LAB_CHECK(tally->answers == i + 1 && took < SONDE_NS_PER_S, "%zu answers to %u, %lld ns",
                  tally->answers, i + 1, (long long)took);
    }
    send_batch(&transport, "127.0.0.1", 1000);
    struct sonde_mono start = transport.ops->now(transport.self);
    transport.ops->wait(transport.self, sonde_mono_add(start, sonde_span_ms(30)), false);
    int64_t slept = sonde_mono_since(transport.ops->now(transport.self), start).ns;
    LAB_CHECK(slept >= 30 * SONDE_NS_PER_MS, "%lld ns", (long long)slept);
    take(&transport, tally, 300 + BATCH, 1000);
    LAB_CHECK(tally->answers == 300 + BATCH, "%zu", tally->answers);
    /* Nothing is there: a wait lasts as long as it should. */
    start = transport.ops->now(transport.self);
    transport.ops->wait(transport.self, sonde_mono_add(start, sonde_span_ms(30)), true);
    slept = sonde_mono_since(transport.ops->now(transport.self), start).ns;
    LAB_CHECK(slept >= 30 * SONDE_NS_PER_MS - 1000, "%lld ns", (long long)slept);
    transport.ops->close(transport.self);
    free(tally);
}

/* At any moment, also with a queue that is full and answers on their way. */
static void closing(void)
{
    for (int i = 0; i < 60; i++) {
        struct sonde_transport transport;
        struct sonde_event events[BATCH];

        if (!open_with(&transport, 0))
            return;
        for (int batch = 0; batch < i * 2; batch++)
            send_batch(&transport, i % 2 ? "127.0.0.1" : "::1", (uint32_t)batch * BATCH);
        if (i % 5 == 0)
            transport.ops->receive(transport.self, events, BATCH);
        transport.ops->close(transport.self);
        LAB_CHECK(receivers() == 0, "%zu threads", receivers());
    }
}

/* Without the call there is no thread, and everything is as ever. */
static void not_started(void)
{
    struct sonde_net_config config = lab_config();
    struct sonde_transport transport;
    struct tally *tally = calloc(1, sizeof *tally);
    const char *operation;

    if (!tally || sonde_net_open_raw(&config, &transport, &operation))
        return;
    LAB_CHECK(receivers() == 0, "%zu threads", receivers());
    send_batch(&transport, "127.0.0.1", 0);
    take(&transport, tally, BATCH, 1000);
    LAB_CHECK(tally->answers == BATCH && !tally->disorder, "%zu", tally->answers);
    transport.ops->close(transport.self);
    free(tally);
}

int main(void)
{
    lab_enter_namespace();
    lab_receiver = true;
    not_started();
    flood("127.0.0.1");
    flood("::1");
    drops();
    waking();
    closing();
    return lab_verdict();
}
