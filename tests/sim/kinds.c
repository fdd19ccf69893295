/* Probes of every kind against hosts that are open, closed, silent, behind firewalls and NATs. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "ask.h"

#define MS SONDE_NS_PER_MS

static const enum sonde_family families[] = {SONDE_IPV4, SONDE_IPV6};

static const char *kind_name(enum sonde_probe_kind kind)
{
    return kind == SONDE_PROBE_ECHO  ? "echo"
           : kind == SONDE_PROBE_UDP ? "udp"
           : kind == SONDE_PROBE_TCP ? "tcp"
                                     : "sctp";
}

struct expectation {
    const char *host;
    enum sonde_probe_kind kind;
    uint16_t port;
    enum sonde_outcome_kind outcome;
    enum sonde_said said;
};

static void assert_expectations(const char *scenario, const struct expectation *all, size_t count,
                                bool ipv6)
{
    static struct ask ask;
    for (int family = 0; family <= ipv6; family++) {
        for (size_t i = 0; i < count; i++) {
            struct sonde_probe probe = {
                .kind = all[i].kind, .port = all[i].port, .payload_bytes = 32};
            ask = (struct ask){.scenario = scenario,
                               .host = all[i].host,
                               .family = families[family],
                               .probes = &probe,
                               .count = 1};
            ask_run(&ask);
            const struct sonde_outcome *got = &ask.answers[0].outcome;
            cr_expect(got->kind == all[i].outcome && got->said == all[i].said,
                      "%s %s %u ipv%d: outcome %d said %d, not %d %d", all[i].host,
                      kind_name(all[i].kind), all[i].port, family ? 6 : 4, got->kind, got->said,
                      all[i].outcome, all[i].said);
            if (got->kind != SONDE_TIMED_OUT)
                cr_expect(got->rtt_known && got->rtt.ns == ask.answers[0].delay_ns, "%s %s: RTT",
                          all[i].host, kind_name(all[i].kind));
            if (got->kind == SONDE_REPLY)
                cr_expect(sonde_address_equal(&got->from, &ask.address));
            cr_expect_eq(ask.counters.foreign + ask.counters.malformed, 0);
        }
    }
}

Test(sim_kinds, services)
{
    static const struct expectation all[] = {
        {"far", SONDE_PROBE_ECHO, 0, SONDE_REPLY, SONDE_SAID_ICMP_REPLY},
        {"far", SONDE_PROBE_UDP, 53, SONDE_REPLY, SONDE_SAID_UDP},
        {"far", SONDE_PROBE_UDP, 54, SONDE_REPLY, SONDE_SAID_PORT_CLOSED},
        {"far", SONDE_PROBE_TCP, 443, SONDE_REPLY, SONDE_SAID_SYN_ACK},
        {"far", SONDE_PROBE_TCP, 25, SONDE_TIMED_OUT, SONDE_SAID_NOTHING},
        {"far", SONDE_PROBE_SCTP, 3868, SONDE_REPLY, SONDE_SAID_INIT_ACK},
        {"far", SONDE_PROBE_SCTP, 9, SONDE_REPLY, SONDE_SAID_ABORT},
        {"bare", SONDE_PROBE_UDP, 33434, SONDE_REPLY, SONDE_SAID_PORT_CLOSED},
        {"bare", SONDE_PROBE_TCP, 80, SONDE_REPLY, SONDE_SAID_RST},
        {"bare", SONDE_PROBE_SCTP, 80, SONDE_REPLY, SONDE_SAID_ABORT},
        {"quiet", SONDE_PROBE_UDP, 53, SONDE_TIMED_OUT, SONDE_SAID_NOTHING},
        {"quiet", SONDE_PROBE_TCP, 80, SONDE_TIMED_OUT, SONDE_SAID_NOTHING},
        {"quiet", SONDE_PROBE_SCTP, 80, SONDE_TIMED_OUT, SONDE_SAID_NOTHING},
        {"web", SONDE_PROBE_ECHO, 0, SONDE_TIMED_OUT, SONDE_SAID_NOTHING},
        {"web", SONDE_PROBE_TCP, 443, SONDE_REPLY, SONDE_SAID_SYN_ACK},
    };
    assert_expectations("services.scn", all, sizeof all / sizeof *all, true);
}

Test(sim_kinds, firewalls_are_no_answer_of_the_host)
{
    static const struct expectation all[] = {
        {"far", SONDE_PROBE_ECHO, 0, SONDE_REPLY, SONDE_SAID_ICMP_REPLY},
        {"far", SONDE_PROBE_UDP, 53, SONDE_UNREACHABLE, SONDE_SAID_NOTHING},
        {"far", SONDE_PROBE_TCP, 80, SONDE_UNREACHABLE, SONDE_SAID_NOTHING},
        {"far", SONDE_PROBE_SCTP, 80, SONDE_REPLY, SONDE_SAID_ABORT},
        {"quiet", SONDE_PROBE_UDP, 53, SONDE_TIMED_OUT, SONDE_SAID_NOTHING},
        {"web", SONDE_PROBE_TCP, 80, SONDE_REPLY, SONDE_SAID_SYN_ACK},
        {"closed-net", SONDE_PROBE_SCTP, 80, SONDE_UNREACHABLE, SONDE_SAID_NOTHING},
        {"closed-net", SONDE_PROBE_UDP, 80, SONDE_UNREACHABLE, SONDE_SAID_NOTHING},
    };
    assert_expectations("firewall.scn", all, sizeof all / sizeof *all, true);
}

/* "port unreachable" from a router in between is no answer of the host. */
Test(sim_kinds, who_says_port_unreachable_matters)
{
    static const struct expectation all[] = {
        {"far", SONDE_PROBE_UDP, 53, SONDE_UNREACHABLE, SONDE_SAID_NOTHING},
        {"far", SONDE_PROBE_TCP, 53, SONDE_UNREACHABLE, SONDE_SAID_NOTHING},
        {"far", SONDE_PROBE_SCTP, 53, SONDE_UNREACHABLE, SONDE_SAID_NOTHING},
    };
    assert_expectations("router r1 198.18.1.1 2001:db8:1::1\n"
                        "host far 198.18.0.9 2001:db8::9 via r1 error unreachable port from r1\n",
                        all, sizeof all / sizeof *all, true);
}

/* --- quotes ------------------------------------------------------------------------------------
 */

static const enum sonde_probe_kind kinds[] = {SONDE_PROBE_ECHO, SONDE_PROBE_UDP, SONDE_PROBE_TCP,
                                              SONDE_PROBE_SCTP};

/* A probe for each hop, several of each kind, all in flight together: none is mistaken. */
static void assert_hops(struct ask *ask, unsigned hops, unsigned each)
{
    static struct sonde_probe probes[ASK_MAX];
    ask->probes = probes;
    for (size_t kind = 0; kind < 4; kind++) {
        ask->count = 0;
        for (unsigned i = 0; i < each; i++)
            for (unsigned hop = 1; hop <= hops; hop++)
                probes[ask->count++] = (struct sonde_probe){.kind = kinds[kind],
                                                            .port = 80,
                                                            .flow = 3,
                                                            .hop_limit = (uint8_t)hop,
                                                            .payload_bytes = 32};
        ask_run(ask);
        for (size_t i = 0; i < ask->count; i++) {
            const struct ask_answer *answer = &ask->answers[i];
            bool last = probes[i].hop_limit == hops;
            cr_assert_eq(answer->outcome.kind, last ? SONDE_REPLY : SONDE_TIME_EXCEEDED,
                         "%s, probe %zu, hop %u: outcome %d, decided by %s", kind_name(kinds[kind]),
                         i, probes[i].hop_limit, answer->outcome.kind, answer->decided);
            cr_assert_eq(answer->outcome.rtt.ns, answer->delay_ns, "%s, probe %zu, hop %u",
                         kind_name(kinds[kind]), i, probes[i].hop_limit);
        }
    }
}

Test(sim_kinds, errors_are_told_apart_however_little_is_quoted)
{
    static const char *const quotes[] = {"8", "12", "20", "24", "all"};
    for (int family = 0; family < 2; family++) {
        for (size_t i = 0; i < sizeof quotes / sizeof *quotes; i++) {
            char scenario[1024];
            static struct ask ask;
            /* of an INIT over IPv6 the tag is needed: RFC 4443 has as much as fits quoted */
            const char *bytes = family && i < 2 ? "20" : quotes[i];
            snprintf(scenario, sizeof scenario,
                     "router r1 198.18.1.1 2001:db8:1::1 quote %s mpls 300\n"
                     "router r2 198.18.2.1 2001:db8:2::1 quote %s delay 3ms\n"
                     "router r3 198.18.3.1 2001:db8:3::1 quote %s extensions none\n"
                     "host far 198.18.0.9 2001:db8::9 delay 20ms via r1 r2 r3\n",
                     bytes, bytes, bytes);
            ask = (struct ask){.scenario = scenario, .host = "far", .family = families[family]};
            assert_hops(&ask, 4, 20);
        }
    }
}

static void assert_through_nat(const char *host, bool quote_is_theirs)
{
    static struct ask ask;
    ask = (struct ask){.scenario = "nat.scn", .host = host};
    assert_hops(&ask, 5, 10);
    static struct sonde_probe probes[5];
    ask.probes = probes;
    ask.count = 5;
    for (size_t kind = 0; kind < 4; kind++) {
        for (unsigned hop = 1; hop <= 5; hop++)
            probes[hop - 1] = (struct sonde_probe){
                .kind = kinds[kind], .port = 80, .hop_limit = (uint8_t)hop, .payload_bytes = 32};
        ask_run(&ask);
        for (unsigned hop = 1; hop < 5; hop++) {
            const struct sonde_quote *quote = &ask.answers[hop - 1].outcome.quote;
            bool theirs = quote_is_theirs && hop > 2;
            cr_expect(quote->present);
            cr_expect_eq(quote->port_differs, theirs, "%s, hop %u", kind_name(kinds[kind]), hop);
            cr_expect_eq(quote->icmp_intact, !theirs);
            cr_expect_eq(quote->checksum_differs, theirs && kinds[kind] == SONDE_PROBE_UDP,
                         "%s, hop %u", kind_name(kinds[kind]), hop);
        }
    }
}

Test(sim_kinds, translators_that_translate_back)
{
    assert_through_nat("far", false);
}

Test(sim_kinds, translators_that_forget_what_errors_quote)
{
    assert_through_nat("astray", true);
}

/* --- flows -------------------------------------------------------------------------------------
 */

enum { FLOWS = 16, OF_EACH = 12 };

/* Every probe of a flow goes the way of its first; how many ways there are in all. */
static unsigned ways_of_flows(struct ask *ask, enum sonde_probe_kind kind, uint16_t payload_bytes,
                              unsigned first_flow)
{
    static struct sonde_probe probes[FLOWS * OF_EACH];
    for (unsigned i = 0; i < FLOWS * OF_EACH; i++)
        probes[i] = (struct sonde_probe){.kind = kind,
                                         .port = 33434,
                                         .flow = (uint16_t)(first_flow + i % FLOWS),
                                         .hop_limit = (uint8_t)(64 + i / FLOWS),
                                         .payload_bytes = payload_bytes};
    ask->probes = probes;
    ask->count = FLOWS * OF_EACH;
    ask_run(ask);
    unsigned ways = 0;
    for (unsigned flow = 0; flow < FLOWS; flow++) {
        for (unsigned i = flow; i < ask->count; i += FLOWS)
            cr_assert_str_eq(ask->answers[i].way, ask->answers[flow].way,
                             "%s, %u bytes, flow %u: probe %u", kind_name(kind), payload_bytes,
                             flow + first_flow, i);
        bool known = false;
        for (unsigned other = 0; other < flow; other++)
            known |= strcmp(ask->answers[other].way, ask->answers[flow].way) == 0;
        ways += !known;
    }
    return ways;
}

Test(sim_kinds, a_flow_goes_one_way_and_flows_spread)
{
    static const char *const scenarios[] = {"ecmp.scn", "wide-diamond.scn"};
    static const uint16_t sizes[] = {2, 3, 10, 17, 18, 33, 1000};
    static struct ask ask;
    for (size_t s = 0; s < 2; s++) {
        for (int family = 0; family < 2; family++) {
            for (size_t kind = 0; kind < 4; kind++) {
                bool sized = kinds[kind] == SONDE_PROBE_ECHO || kinds[kind] == SONDE_PROBE_UDP;
                for (size_t size = 0; size < (sized ? 7 : 1); size++) {
                    ask = (struct ask){
                        .scenario = scenarios[s], .host = "far", .family = families[family]};
                    unsigned first = kinds[kind] == SONDE_PROBE_ECHO; /* its flow 0 is none */
                    unsigned ways = ways_of_flows(&ask, kinds[kind], sizes[size], first);
                    cr_assert_geq(ways, FLOWS / 2, "%s, %s: %u ways", scenarios[s],
                                  kind_name(kinds[kind]), ways);
                }
            }
        }
    }
}

/* More flows than identifiers: ICMP's are told apart by checksum. */
Test(sim_kinds, flows_of_echo_are_more_than_identifiers)
{
    static struct ask ask;
    static struct sonde_probe probes[200];
    for (unsigned i = 0; i < 200; i++)
        probes[i] = (struct sonde_probe){.flow = (uint16_t)(i + 1), .payload_bytes = 32};
    ask =
        (struct ask){.scenario = "wide-diamond.scn", .host = "far", .probes = probes, .count = 200};
    ask_run(&ask);
    unsigned routers = 0;
    for (unsigned i = 0; i < 200; i++) {
        bool known = false;
        for (unsigned other = 0; other < i; other++) {
            known |= strcmp(ask.answers[i].way, ask.answers[other].way) == 0;
            cr_assert_neq(memcmp(ask.answers[i].packet + 22, ask.answers[other].packet + 22, 2), 0,
                          "flows %u and %u have one checksum", i + 1, other + 1);
        }
        routers += !known;
        cr_assert_eq(ask.answers[i].outcome.identifier, ask.identifiers[(i + 1) % 16]);
    }
    cr_assert_geq(routers, 70);
}

/* --- sizes -------------------------------------------------------------------------------------
 */

Test(sim_kinds, too_big_is_told_of_every_kind_with_a_size)
{
    for (int family = 0; family < 2; family++) {
        for (size_t kind = 0; kind < 2; kind++) {
            static struct ask ask;
            struct sonde_probe probe = {.kind = kinds[kind],
                                        .port = 33434,
                                        .flow = 1,
                                        .payload_bytes = 1440,
                                        .dont_fragment = true};
            ask = (struct ask){.scenario = "tunnel-mtu.scn",
                               .host = "far",
                               .family = families[family],
                               .probes = &probe,
                               .count = 1};
            ask_run(&ask);
            const struct sonde_outcome *got = &ask.answers[0].outcome;
            cr_assert_eq(got->kind, SONDE_TOO_BIG);
            cr_assert_eq(got->mtu, family ? 1480 : 1280);
            cr_assert_not(got->quote.checksum_differs);
        }
    }
}
