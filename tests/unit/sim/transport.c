#include "helper.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#define MS SONDE_NS_PER_MS
#define S  SONDE_NS_PER_S

static struct sonde_transport opened(const char *text, uint64_t seed)
{
    struct sonde_transport transport;
    struct sonde_sim_error error;
    cr_assert_eq(sonde_sim_open(text, seed, &transport, &error), 0, "%u: %s", error.line,
                 error.message);
    return transport;
}

static int64_t now(const struct sonde_transport *transport)
{
    return transport->ops->now(transport->self).ns;
}

static int wait_until(const struct sonde_transport *transport, int64_t until)
{
    return transport->ops->wait(transport->self, (struct sonde_mono){until}, true);
}

static int receive(const struct sonde_transport *transport, struct sonde_event *events, size_t room)
{
    return transport->ops->receive(transport->self, events, room);
}

static struct sonde_datagram sent(const struct sonde_transport *transport, uint64_t token,
                                  const char *to, size_t payload)
{
    static uint8_t bytes[70000];
    struct sonde_datagram datagram = {.token = token, .to = address_of(to), .bytes = bytes};
    datagram.length = (uint32_t)build_request(
        &(struct request){.to = to, .sequence = (uint16_t)token, .payload = payload}, bytes,
        sizeof(bytes));
    transport->ops->send(transport->self, &datagram, 1);
    return datagram;
}

Test(sim_transport, stamps_and_order)
{
    struct sonde_transport t = opened("host near 198.18.0.2 delay 5ms\n"
                                      "host far 198.18.0.9 delay 20ms\n",
                                      1);
    struct sonde_event events[8];
    cr_assert_eq(now(&t), 0);
    cr_assert_eq(wait_until(&t, 3 * MS), 0);
    cr_assert_eq(now(&t), 3 * MS);
    cr_assert_eq(sent(&t, 1, "198.18.0.9", 8).sent.ns, 3 * MS);
    sent(&t, 2, "198.18.0.2", 8);
    cr_assert_eq(wait_until(&t, 10 * S), 0);
    cr_assert_eq(now(&t), 3 * MS, "the send stamps are there");
    cr_assert_eq(receive(&t, events, 8), 2);
    for (uint64_t i = 0; i < 2; i++) {
        cr_assert_eq(events[i].kind, SONDE_EVENT_SENT_STAMP);
        cr_assert_eq(events[i].token, i + 1);
        cr_assert_eq(events[i].stamp.at.ns, 3 * MS);
        cr_assert_eq(events[i].stamp.source, SONDE_STAMP_VIRTUAL);
    }
    cr_assert_eq(wait_until(&t, 10 * S), 0);
    cr_assert_eq(now(&t), 8 * MS);
    cr_assert_eq(receive(&t, events, 8), 1);
    cr_assert_eq(events[0].from.bytes[3], 2);
    cr_assert_eq(events[0].to.bytes[3], 1);
    cr_assert_eq(events[0].stamp.at.ns, 8 * MS);
    cr_assert_eq(events[0].stamp.source, SONDE_STAMP_VIRTUAL);
    cr_assert_eq(events[0].layer, SONDE_LAYER_IP);
    cr_assert_eq(events[0].hop_limit, -1);
    cr_assert_eq(t.ops->wait(t.self, (struct sonde_mono){1 * S}, false), 0);
    cr_assert_eq(now(&t), 1 * S, "arrivals may wait");
    cr_assert_eq(receive(&t, events, 8), 1);
    cr_assert_eq(events[0].stamp.at.ns, 23 * MS, "their stamps do not suffer");
    cr_assert_eq(events[0].read.ns, 1 * S);
    cr_assert_eq(wait_until(&t, INT64_MAX), -EDEADLK);
    cr_assert_eq(receive(&t, events, 8), 0);
    t.ops->close(t.self);
}

Test(sim_transport, room_for_one_event)
{
    struct sonde_transport t = opened("host near 198.18.0.2\nat 0s signal QUIT\n", 1);
    struct sonde_event event;
    for (uint64_t i = 1; i <= 3; i++)
        sent(&t, i, "198.18.0.2", 8);
    static const enum sonde_event_kind kinds[] = {SONDE_EVENT_SENT_STAMP, SONDE_EVENT_SENT_STAMP,
                                                  SONDE_EVENT_SENT_STAMP, SONDE_EVENT_DATAGRAM,
                                                  SONDE_EVENT_DATAGRAM,   SONDE_EVENT_DATAGRAM,
                                                  SONDE_EVENT_SIGNAL};
    for (size_t i = 0; i < 7; i++) {
        cr_assert_eq(receive(&t, &event, 1), 1);
        cr_assert_eq(event.kind, kinds[i], "%zu", i);
    }
    cr_assert_eq(event.signal, SIGQUIT);
    cr_assert_eq(receive(&t, &event, 1), 0);
    t.ops->close(t.self);
}

/* Everything that a run shows, as one number. */
static uint64_t fingerprint(uint64_t seed)
{
    struct sonde_transport t = opened(
        "host far 198.18.0.9 2001:db8::9 delay 20ms jitter normal 5ms loss 10% duplicate 5%\n"
        "  corrupt 5% garbage 5% reorder 5% by 30ms mangle 5% stray 5% truncate 5% to 3\n"
        "at 1s..2s send-error ENOBUFS chance 30%\nat 2s..3s receive-drop 20%\n",
        seed);
    uint64_t hash = 1469598103934665603u;
    struct sonde_event events[16];
    for (uint64_t i = 0; i < 1000; i++) {
        struct sonde_datagram d = sent(&t, i + 1, i % 2 ? "198.18.0.9" : "2001:db8::9", 40);
        hash = (hash ^ (uint64_t)d.error) * 1099511628211u;
        int64_t due = (int64_t)(i + 1) * 4 * MS;
        while (now(&t) < due) {
            cr_assert_eq(wait_until(&t, due), 0);
            int count = receive(&t, events, 16);
            for (int k = 0; k < count; k++) {
                hash = (hash ^ (uint64_t)events[k].stamp.at.ns) * 1099511628211u;
                for (size_t b = 0; b < events[k].bytes.length; b++)
                    hash = (hash ^ events[k].bytes.data[b]) * 1099511628211u;
            }
        }
    }
    t.ops->close(t.self);
    return hash;
}

Test(sim_transport, same_seed_same_bytes)
{
    uint64_t first = fingerprint(42);
    cr_assert_eq(first, fingerprint(42));
    cr_assert_neq(first, fingerprint(43));
    /* the same on every machine; a change of the model that changes it must say so */
    cr_assert_eq(first, UINT64_C(13668861379014994457), "fingerprint %llu",
                 (unsigned long long)first);
}

Test(sim_transport, signals_interrupt_the_wait)
{
    struct sonde_transport t =
        opened("host a 198.18.0.2\nat 5s signal INT\nat 6s signal TERM\n", 1);
    struct sonde_event event;
    cr_assert_eq(t.ops->wait(t.self, (struct sonde_mono){10 * S}, false), 0);
    cr_assert_eq(now(&t), 5 * S);
    cr_assert_eq(receive(&t, &event, 1), 1);
    cr_assert_eq(event.kind, SONDE_EVENT_SIGNAL);
    cr_assert_eq(event.signal, SIGINT);
    cr_assert_eq(wait_until(&t, INT64_MAX), 0);
    cr_assert_eq(now(&t), 6 * S);
    t.ops->close(t.self);
}

Test(sim_transport, suspended_machine)
{
    struct sonde_transport t =
        opened("host far 198.18.0.9 delay 1500ms\nat 10s suspend 2s\nat 20s suspend 5s\n", 1);
    struct sonde_event events[4];
    wait_until(&t, 9 * S);
    sent(&t, 1, "198.18.0.9", 8);
    receive(&t, events, 4);
    cr_assert_eq(wait_until(&t, 10 * S + 100 * MS), 0);
    cr_assert_eq(now(&t), 12 * S, "past the deadline");
    cr_assert_eq(receive(&t, events, 4), 1);
    cr_assert_eq(events[0].stamp.at.ns, 10 * S + 500 * MS, "stamped when it arrived");
    cr_assert_eq(events[0].read.ns, 12 * S);
    cr_assert_eq(wait_until(&t, 13 * S), 0);
    cr_assert_eq(now(&t), 13 * S, "once only");
    cr_assert_eq(wait_until(&t, 21 * S), 0);
    cr_assert_eq(now(&t), 25 * S, "and again");
    t.ops->close(t.self);
}

Test(sim_transport, clock_step_touches_the_wall_clock_alone)
{
    struct sonde_transport t =
        opened("observer clock 2030-01-01T00:00:00Z\nhost far 198.18.0.9 delay 2s\n"
               "at 4s clock-step -30s\n",
               1);
    struct sonde_event events[4];
    struct sonde_transport_counters counters;
    int64_t start = INT64_C(1893456000) * S;
    cr_assert_eq(t.ops->wall(t.self, (struct sonde_mono){1 * S}).ns, start + 1 * S);
    cr_assert_eq(t.ops->wall(t.self, (struct sonde_mono){5 * S}).ns, start - 25 * S);
    wait_until(&t, 3 * S);
    sent(&t, 1, "198.18.0.9", 8);
    t.ops->counters(t.self, &counters);
    cr_assert_eq(counters.clock_steps, 0);
    receive(&t, events, 4);
    wait_until(&t, 9 * S);
    cr_assert_eq(now(&t), 5 * S);
    cr_assert_eq(receive(&t, events, 4), 1);
    cr_assert_eq(events[0].stamp.at.ns, 5 * S);
    t.ops->counters(t.self, &counters);
    cr_assert_eq(counters.clock_steps, 1);
    t.ops->close(t.self);
}

Test(sim_transport, send_errors)
{
    struct sonde_transport t = opened("observer mtu 1000\nhost far 198.18.0.9\n"
                                      "at 3s..5s send-error ENETUNREACH\n"
                                      "at 6s observer mtu 600\n",
                                      1);
    static const int expected[] = {0, 0, 0, ENETUNREACH, ENETUNREACH, 0, EMSGSIZE};
    struct sonde_event events[8];
    for (int64_t second = 0; second < 7; second++) {
        wait_until(&t, second * S);
        cr_assert_eq(sent(&t, 1, "198.18.0.9", 900).error, expected[second]);
        int told = receive(&t, events, 8);
        cr_assert_eq(told, expected[second] ? 0 : 2, "no stamp, no answer of what was not sent");
    }
    struct sonde_datagram large = sent(&t, 1, "198.18.0.9", 573);
    cr_assert_eq(large.error, EMSGSIZE);
    cr_assert_eq(large.mtu, 600);
    cr_assert_eq(sent(&t, 1, "198.18.0.9", 572).error, 0);
    t.ops->close(t.self);
}

static uint64_t dropped;

static void count_drops(void *self, const struct sonde_sim_truth *truth)
{
    uint64_t *fates = self;
    fates[truth->fate]++;
    if (truth->fate == SONDE_SIM_RECEIVE_DROPPED) {
        cr_assert_gt(truth->number, 0);
        cr_assert_str_eq(truth->node, "far");
        dropped++;
    }
}

Test(sim_transport, receive_queue)
{
    struct sonde_transport t = opened("observer receive-queue 10\nhost far 198.18.0.9 delay 1ms\n"
                                      "at 5s receive-drop 100%\n",
                                      1);
    uint64_t fates[SONDE_SIM_FATES] = {0};
    struct sonde_event events[64];
    struct sonde_transport_counters counters;
    sonde_sim_listen(&t, count_drops, fates);
    for (uint64_t i = 0; i < 25; i++)
        sent(&t, 0, "198.18.0.9", 8);
    wait_until(&t, 1 * S);
    cr_assert_eq(receive(&t, events, 64), 10);
    for (uint16_t i = 0; i < 10; i++)
        cr_assert_eq(events[i].kind, SONDE_EVENT_DATAGRAM);
    t.ops->counters(t.self, &counters);
    cr_assert_eq(counters.receive_drops, 15);
    cr_assert_eq(dropped, 15);
    cr_assert_eq(fates[SONDE_SIM_REPLY], 25);
    wait_until(&t, 5 * S);
    sent(&t, 0, "198.18.0.9", 8);
    wait_until(&t, 6 * S);
    cr_assert_eq(receive(&t, events, 64), 0);
    cr_assert_eq(dropped, 16);
    t.ops->close(t.self);
}

Test(sim_transport, late_and_missing_stamps)
{
    struct sonde_transport late =
        opened("observer stamps late 3ms\nhost a 198.18.0.2 delay 1ms\n", 1);
    struct sonde_event events[4];
    sent(&late, 1, "198.18.0.2", 8);
    wait_until(&late, 1 * S);
    cr_assert_eq(receive(&late, events, 4), 1);
    cr_assert_eq(events[0].kind, SONDE_EVENT_DATAGRAM);
    wait_until(&late, 1 * S);
    cr_assert_eq(now(&late), 3 * MS);
    cr_assert_eq(receive(&late, events, 4), 1);
    cr_assert_eq(events[0].kind, SONDE_EVENT_SENT_STAMP);
    cr_assert_eq(events[0].stamp.at.ns, 0);
    late.ops->close(late.self);

    struct sonde_transport missing = opened("observer stamps missing\nhost a 198.18.0.2\n", 1);
    struct sonde_transport_counters counters;
    sent(&missing, 1, "198.18.0.2", 8);
    cr_assert_eq(receive(&missing, events, 4), 1);
    missing.ops->counters(missing.self, &counters);
    cr_assert_eq(counters.stamps_missing, 1);
    missing.ops->close(missing.self);
}

Test(sim_transport, sending_may_cost_time)
{
    struct sonde_transport t = opened("observer send-cost 2us\nhost a 198.18.0.2\n"
                                      "at 5us suspend 1s\n",
                                      1);
    cr_assert_eq(sent(&t, 1, "198.18.0.2", 8).sent.ns, 0);
    cr_assert_eq(sent(&t, 2, "198.18.0.2", 8).sent.ns, 2000);
    cr_assert_eq(sent(&t, 3, "198.18.0.2", 8).sent.ns, 4000);
    cr_assert_eq(now(&t), 1 * S + 5000);
    t.ops->close(t.self);
}

Test(sim_transport, routes)
{
    struct sonde_transport t = opened("host a 198.18.0.2\n"
                                      "group all 198.18.0.255 224.0.0.1 members a\n",
                                      1);
    struct sonde_route route;
    struct sonde_address to = address_of("203.0.113.5");
    struct sonde_address own = address_of("198.18.0.1");
    cr_assert_eq(t.ops->route(t.self, &to, &route), 0);
    cr_assert(sonde_address_equal(&route.source, &own));
    cr_assert_eq(route.mtu, 1500);
    cr_assert(!route.broadcast);
    to = address_of("198.18.0.255");
    t.ops->route(t.self, &to, &route);
    cr_assert(route.broadcast);
    to = address_of("224.0.0.1");
    t.ops->route(t.self, &to, &route);
    cr_assert(!route.broadcast);
    to = address_of("2001:db8::9");
    own = address_of("2001:db8::1");
    cr_assert_eq(t.ops->route(t.self, &to, &route), 0);
    cr_assert(sonde_address_equal(&route.source, &own));
    cr_assert_eq(t.ops->route(t.self, &(struct sonde_address){0}, &route), -EAFNOSUPPORT);
    t.ops->close(t.self);

    t = opened("observer 192.0.2.7 mtu 9000 identifiers 3\n", 1);
    cr_assert_eq(t.ops->route(t.self, &to, &route), -ENETUNREACH, "no IPv6 here");
    to = address_of("198.18.0.2");
    cr_assert_eq(t.ops->route(t.self, &to, &route), 0);
    cr_assert_eq(route.source.bytes[3], 7);
    cr_assert_eq(route.mtu, 9000);
    cr_assert_eq(t.identifier_count, 3);
    cr_assert_eq(t.identifiers[2], 3);
    t.ops->close(t.self);
}

Test(sim_transport, names)
{
    struct sonde_transport t = opened("host far 2001:db8::9 198.18.0.9 reverse \"e\\x1bvil\"\n"
                                      "host crowd 10.0.0.0/8\nrouter r1 198.18.1.1\n",
                                      1);
    struct sonde_address address;
    cr_assert_eq(sonde_sim_resolve(&t, "far", SONDE_FAMILY_NONE, &address), 0);
    cr_assert_eq(address.family, SONDE_IPV6);
    cr_assert_str_eq(sonde_sim_reverse(&t, &address), "e\x1bvil");
    cr_assert_eq(sonde_sim_resolve(&t, "far", SONDE_IPV4, &address), 0);
    cr_assert_eq(address.bytes[3], 9);
    cr_assert_eq(sonde_sim_resolve(&t, "crowd", SONDE_IPV4, &address), 0);
    cr_assert_eq(address.bytes[3], 1);
    cr_assert_null(sonde_sim_reverse(&t, &address));
    cr_assert_eq(sonde_sim_resolve(&t, "crowd", SONDE_IPV6, &address), -EAFNOSUPPORT);
    cr_assert_eq(sonde_sim_resolve(&t, "nobody", SONDE_IPV4, &address), -ENOENT);
    cr_assert_eq(sonde_sim_resolve(&t, "", SONDE_IPV4, &address), -ENOENT);
    cr_assert_eq(sonde_sim_resolve(&t, "r1", SONDE_IPV4, &address), 0);
    cr_assert_str_eq(sonde_sim_reverse(&t, &address), "r1");
    address = address_of("203.0.113.1");
    cr_assert_null(sonde_sim_reverse(&t, &address));
    t.ops->close(t.self);
}

Test(sim_transport, short_datagrams_keep_their_family)
{
    struct sonde_transport t = opened("host a 198.18.0.2 2001:db8::2 cut 100% to 3\n", 1);
    struct sonde_event event;
    sent(&t, 0, "2001:db8::2", 8);
    cr_assert_eq(receive(&t, &event, 1), 1);
    cr_assert_eq(event.bytes.length, 3);
    cr_assert_eq(event.from.family, SONDE_IPV6);
    cr_assert_eq(event.to.family, SONDE_FAMILY_NONE);
    t.ops->close(t.self);
}

Test(sim_transport, every_fate_has_a_word)
{
    for (int fate = 0; fate < SONDE_SIM_FATES; fate++)
        cr_assert_str_neq(sonde_sim_fate_name((enum sonde_sim_fate)fate), "unknown");
    cr_assert_str_eq(sonde_sim_fate_name(SONDE_SIM_FATES), "unknown");
}

Test(sim_transport, mistakes_are_told)
{
    struct sonde_transport t;
    struct sonde_sim_error error;
    cr_assert_eq(sonde_sim_open("host a\n", 1, &t, &error), -EINVAL);
    cr_assert_str_eq(error.file, "scenario");
    cr_assert_eq(error.line, 1);
    cr_assert_eq(sonde_sim_open("/nowhere.scn", 1, &t, &error), -ENOENT);
}
