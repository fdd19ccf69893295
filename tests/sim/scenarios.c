/* Every scenario of the collection is read, and keeps what its first lines promise. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "packet/icmp.h"
#include "packet/ipv4.h"
#include "packet/protocol.h"
#include "sonde/sim.h"

static struct sonde_transport opened(const char *name)
{
    char path[512];
    struct sonde_transport transport;
    struct sonde_sim_error error;
    snprintf(path, sizeof(path), "%s/sim/scenarios/%s", TESTS_DIR, name);
    cr_assert_eq(sonde_sim_open(path, 1, &transport, &error), 0, "%s:%u: %s", error.file,
                 error.line, error.message);
    return transport;
}

Test(sim_scenarios, all_are_read)
{
    int count = 0;
    DIR *directory = opendir(TESTS_DIR "/sim/scenarios");
    cr_assert_not_null(directory);
    for (struct dirent *entry; (entry = readdir(directory));) {
        if (!strstr(entry->d_name, ".scn"))
            continue;
        struct sonde_transport transport = opened(entry->d_name);
        transport.ops->close(transport.self);
        count++;
    }
    closedir(directory);
    cr_assert_geq(count, 14);
}

struct told {
    uint64_t fates[SONDE_SIM_FATES];
};

static void count_fate(void *self, const struct sonde_sim_truth *truth)
{
    ((struct told *)self)->fates[truth->fate]++;
}

/* One echo request a second to a host, for `seconds`; the answers are taken as they come. */
static struct told ping(const char *scenario, const char *host, uint8_t ttl, int seconds)
{
    struct told told = {0};
    struct sonde_transport t = opened(scenario);
    struct sonde_address to, from;
    struct sonde_route route;
    struct sonde_event events[64];
    cr_assert_eq(sonde_sim_resolve(&t, host, SONDE_IPV4, &to), 0);
    cr_assert_eq(t.ops->route(t.self, &to, &route), 0);
    from = route.source;
    sonde_sim_listen(&t, count_fate, &told);
    for (int i = 0; i < seconds; i++) {
        uint8_t bytes[84], payload[56] = {0};
        struct packet_writer writer = packet_writer_over(bytes, sizeof(bytes));
        struct packet_icmp message = {.family = SONDE_IPV4,
                                      .type = PACKET_ICMPV4_ECHO,
                                      .form = PACKET_ICMP_ECHO,
                                      .echo = {t.identifiers[0], (uint16_t)i},
                                      .payload = {payload, sizeof(payload)}};
        packet_ipv4_write(&writer, &(struct packet_ipv4){.total_bytes = 84,
                                                         .ttl = ttl,
                                                         .protocol = PACKET_ICMPV4,
                                                         .source = from,
                                                         .destination = to});
        cr_assert_eq(packet_icmp_write(&writer, &message, &from, &to), 0);
        struct sonde_datagram datagram = {.token = 1, .to = to, .bytes = bytes, .length = 84};
        t.ops->send(t.self, &datagram, 1);
        struct sonde_mono due = {(i + 1) * SONDE_NS_PER_S};
        while (sonde_mono_before(t.ops->now(t.self), due)) {
            cr_assert_eq(t.ops->wait(t.self, due, true), 0);
            while (t.ops->receive(t.self, events, 64) > 0)
                continue;
        }
    }
    t.ops->close(t.self);
    return told;
}

Test(sim_scenarios, they_do_what_they_say)
{
    static const struct {
        const char *scenario;
        const char *host;
        uint8_t ttl;
        int seconds;
        enum sonde_sim_fate fate;
        uint64_t least, most;
    } cases[] = {
        {"clean.scn", "far", 64, 50, SONDE_SIM_REPLY, 50, 50},
        {"lossy.scn", "far", 64, 1000, SONDE_SIM_LOST, 60, 150},
        {"lossy.scn", "dead", 64, 50, SONDE_SIM_DEAD, 50, 50},
        {"bursty.scn", "far", 64, 5000, SONDE_SIM_LOST_IN_BURST, 100, 300},
        {"duplicate.scn", "echo", 64, 10, SONDE_SIM_DUPLICATE, 20, 20},
        {"duplicate.scn", "all", 64, 10, SONDE_SIM_REPLY, 30, 30},
        {"unreachable.scn", "port", 64, 10, SONDE_SIM_ERROR, 10, 10},
        {"unreachable.scn", "elsewhere", 64, 10, SONDE_SIM_ERROR, 10, 10},
        {"ttl.scn", "far", 1, 10, SONDE_SIM_ERROR, 10, 10},
        {"ttl.scn", "far", 2, 10, SONDE_SIM_MUTE, 10, 10},
        {"ttl.scn", "far", 5, 10, SONDE_SIM_REPLY, 10, 10},
        {"outage.scn", "far", 64, 36, SONDE_SIM_LOST, 10, 10},
        {"outage.scn", "far", 64, 36, SONDE_SIM_ERROR, 2, 2},
        {"suspend.scn", "near", 64, 20, SONDE_SIM_REPLY, 20, 20},
        {"hostile.scn", "trash", 64, 20, SONDE_SIM_GARBAGE, 20, 20},
        {"hostile.scn", "quoter", 64, 20, SONDE_SIM_ERROR, 20, 20},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct told told = ping(cases[i].scenario, cases[i].host, cases[i].ttl, cases[i].seconds);
        uint64_t count = told.fates[cases[i].fate];
        cr_assert(count >= cases[i].least && count <= cases[i].most, "%s %s: %llu times %s",
                  cases[i].scenario, cases[i].host, (unsigned long long)count,
                  sonde_sim_fate_name(cases[i].fate));
    }
}
