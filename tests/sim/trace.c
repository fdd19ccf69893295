/* Traces of the gallery by the unchanged engine, held against what the network says of itself. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "trace_play.h"

#define MS SONDE_NS_PER_MS

static const enum sonde_family families[] = {SONDE_IPV4, SONDE_IPV6};

/* Who answers hop by hop, in words: "r1 * r3". */
static void assert_way(struct trace_play *play, const char *expected)
{
    char way[512] = "";
    for (unsigned hop = 1; hop <= play->summary.length; hop++) {
        const char *who = trace_play_who(play, hop);
        size_t used = strlen(way);
        snprintf(way + used, sizeof way - used, "%s%s", hop > 1 ? " " : "", who ? who : "?");
    }
    cr_expect_str_eq(way, expected, "%s: %s", play->scenario, way);
}

/* Each hop has heard what the network has said, from whom it said it, no more and no less. */
static void assert_truth(const struct trace_play *play)
{
    cr_expect_eq(play->finals, play->sent);
    for (unsigned hop = 1; hop <= play->summary.length; hop++) {
        const struct sonde_path_hop *heard = trace_play_hop(play, hop);
        const struct trace_play_truth *truth = &play->truth[hop];
        cr_expect_eq(heard->stats.stats.sent + heard->superseded, truth->asked, "%s: hop %u",
                     play->scenario, hop);
        cr_expect_eq(sonde_stats_received(&heard->stats.stats), truth->answered, "%s: hop %u: %u",
                     play->scenario, hop, truth->answered);
        if (truth->answered)
            cr_expect(sonde_address_equal(&heard->answer_from, &truth->from), "%s: hop %u",
                      play->scenario, hop);
    }
}

static struct trace_play played(struct trace_play play)
{
    trace_play_run(&play);
    assert_truth(&play);
    return play;
}

static enum sonde_path_verdict verdict(const struct trace_play *play, unsigned hop)
{
    return trace_play_hop(play, hop)->verdict;
}

Test(sim_trace, every_way_of_the_gallery_is_found)
{
    static const struct {
        const char *scenario, *host, *way;
    } ways[] = {
        {"lan", "far", "far"},
        {"bleached", "far", "r1 border r3 r4 far"},
        {"ttl-zero", "far", "r1 r3 r3 r4 far"},
        {"silent-hops", "far", "r1 * r3 * * r6 r7 far"},
        {"delay-step", "far", "r1 r2 r3 far"},
        {"tunnel-mtu", "far", "r1 r2 r3 r4 r5 far"},
        {"firewall", "far", "r1 strict far"},
        {"firewall", "web", "r1 noping *"},
        {"firewall", "closed-net", "r1 fortress fortress"},
        {"routing-loop", "near", "r1 r2 near"},
        {"routing-loop", "far", "r1 r2 r3 r2 r3"},
        {"asymmetric", "far", "r1 ? ? r4 far"},
        {"nat", "far", "box.home.example cgn7.provider.example r3 r4 far"},
        {"services", "quiet", "r1 r2 quiet"},
    };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct trace_play play = played((struct trace_play){
            .scenario = ways[i].scenario, .host = ways[i].host, .family = SONDE_IPV4});
        assert_way(&play, ways[i].way);
        trace_play_free(&play);
    }
    struct trace_play play =
        played((struct trace_play){.scenario = "silent-hops", .family = SONDE_IPV6});
    assert_way(&play, "r1 * r3 * * * r7 far");
    trace_play_free(&play);
}

Test(sim_trace, mpls_across_an_ocean)
{
    for (size_t i = 0; i < 2; i++) {
        struct trace_play play =
            played((struct trace_play){.scenario = "intercontinental", .family = families[i]});
        cr_assert_eq(play.end.reason, SONDE_TRACE_REACHED);
        cr_assert_eq(play.summary.length, 14);
        for (unsigned hop = 1; hop <= 14; hop++)
            cr_assert_eq(trace_play_hop(&play, hop)->label_count, hop >= 6 && hop <= 8, "%u", hop);
        cr_assert_eq(trace_play_hop(&play, 6)->labels[0].label, 24015);
        cr_assert_eq(trace_play_hop(&play, 8)->labels[0].label, 24701);
        trace_play_free(&play);
    }
}

Test(sim_trace, rationed_errors_are_no_loss)
{
    static const struct {
        uint64_t rounds;
        uint8_t queries;
        int64_t interval_ms;
    } runs[] = {{1, 3, 0}, {10, 1, 1000}, {10, 3, 1000}, {60, 1, 200}};
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        struct trace_play play =
            played((struct trace_play){.scenario = "rationed-hop",
                                       .seed = i,
                                       .trace = {.rounds = runs[i].rounds,
                                                 .queries = runs[i].queries,
                                                 .interval = sonde_span_ms(runs[i].interval_ms)}});
        cr_expect_gt(play.truth[3].rationed, 0);
        for (unsigned hop = 1; hop <= 6; hop++)
            cr_expect_eq(verdict(&play, hop), hop == 3 ? SONDE_PATH_RATIONED : SONDE_PATH_FINE,
                         "run %zu: hop %u: %d", i, hop, verdict(&play, hop));
        if (runs[i].interval_ms == 200)
            cr_expect(trace_play_hop(&play, 3)->regular);
        trace_play_free(&play);
    }
}

/* The same figures at hop 3, but packets that are lost on the link to it. */
Test(sim_trace, loss_that_goes_on_is_told_apart)
{
    static const char lossy[] = "router r1 10.1.0.1\nrouter r2 10.1.0.2\nrouter r3 10.1.0.3\n"
                                "router r4 10.1.0.4\nhost far 10.1.0.9 via r1 r2 r3 r4\n"
                                "link r2 > r3 delay 2ms loss 20%\n";
    unsigned right = 0;
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct trace_play play = played(
            (struct trace_play){.scenario = lossy,
                                .seed = seed,
                                .trace = {.rounds = 60, .queries = 1, .interval = {200 * MS}}});
        cr_expect_eq(verdict(&play, 1), SONDE_PATH_FINE);
        cr_expect_eq(verdict(&play, 2), SONDE_PATH_FINE);
        for (unsigned hop = 3; hop <= 5; hop++)
            cr_expect_gt(play.truth[hop].lost, 0);
        right += play.summary.loss_hop == 3;
        trace_play_free(&play);
    }
    cr_assert_geq(right, 19, "%u of 20", right);
}

Test(sim_trace, a_class_that_is_bleached_step_by_step)
{
    struct trace_play play = played(
        (struct trace_play){.scenario = "bleached", .trace = {.probe = {.traffic_class = 0xb9}}});
    for (unsigned hop = 1; hop <= 5; hop++)
        cr_assert_eq(trace_play_hop(&play, hop)->class_rewritten, hop == 3 || hop == 4);
    cr_assert_eq(trace_play_hop(&play, 3)->quote.traffic_class, 0x01);
    cr_assert_eq(trace_play_hop(&play, 4)->quote.traffic_class, 0x00);
    cr_assert_eq(play.summary.rewrite_hop, 3);
    trace_play_free(&play);
}

Test(sim_trace, hop_limit_zero_is_no_loop)
{
    struct trace_play play = played((struct trace_play){.scenario = "ttl-zero"});
    for (unsigned hop = 1; hop <= 5; hop++)
        cr_assert_eq(trace_play_hop(&play, hop)->hop_limit_zero, hop == 2);
    cr_assert_eq(play.end.reason, SONDE_TRACE_REACHED);
    trace_play_free(&play);
}

Test(sim_trace, a_routing_loop_is_seen_twice_around)
{
    struct trace_play play = played((struct trace_play){.scenario = "routing-loop"});
    cr_assert_eq(play.end.reason, SONDE_TRACE_LOOP);
    cr_assert_eq(play.end.loop_hop, 2);
    cr_assert_eq(play.end.loop_length, 2);
    cr_assert_leq(play.sent, 30, "%u", play.sent);
    trace_play_free(&play);
}

Test(sim_trace, a_loop_that_passes)
{
    struct trace_play play = {.scenario = "routing-loop",
                              .host = "soon",
                              .trace = {.rounds = 25, .queries = 1, .interval = {1000 * MS}}};
    trace_play_run(&play);
    cr_assert_eq(play.end.reason, SONDE_TRACE_LOOP, "it lasts from second 20 on");
    cr_assert_eq(play.end.loop_hop, 2);
    trace_play_free(&play);
    play = (struct trace_play){.scenario = "routing-loop",
                               .host = "soon",
                               .trace = {.rounds = 40, .queries = 1, .interval = {1000 * MS}}};
    trace_play_run(&play);
    cr_assert_eq(play.end.reason, SONDE_TRACE_REACHED, "to second 30");
    cr_assert_eq(play.summary.length, 4);
    trace_play_free(&play);
}

Test(sim_trace, a_path_that_changes_and_comes_back)
{
    struct trace_play play = {.scenario = "reroute",
                              .trace = {.rounds = 120, .queries = 1, .interval = {1000 * MS}}};
    trace_play_run(&play);
    assert_way(&play, "r1 a r4 far");
    cr_assert_eq(play.summary.changes, 2);
    for (unsigned hop = 2; hop <= 4; hop++) {
        const struct sonde_path_hop *found = trace_play_hop(&play, hop);
        cr_assert_eq(found->variety, SONDE_PATH_CHANGED, "hop %u", hop);
        cr_assert_eq(found->changes[0].round, 32);
        cr_assert_eq(found->changes[1].round, 90);
    }
    cr_assert_eq(trace_play_hop(&play, 5)->stats.stats.outcomes[SONDE_REPLY] >= 50, true,
                 "the longer way was followed");
    cr_assert_eq(play.summary.loss_hop, 2, "the two seconds before");
    trace_play_free(&play);
}

Test(sim_trace, a_balancer_of_packets_is_no_change)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct trace_play play = played(
            (struct trace_play){.scenario = "per-packet",
                                .seed = seed,
                                .trace = {.rounds = 20, .queries = 1, .interval = {1000 * MS}}});
        cr_expect_eq(trace_play_hop(&play, 2)->variety, SONDE_PATH_ALTERNATES, "seed %lu",
                     (unsigned long)seed);
        cr_expect_eq(trace_play_hop(&play, 3)->variety, SONDE_PATH_ONE);
        trace_play_free(&play);
    }
}

Test(sim_trace, the_way_back_and_answers_from_elsewhere)
{
    static const int back[] = {0, 1, 6, 7, 9};
    struct trace_play play = played((struct trace_play){.scenario = "asymmetric"});
    for (unsigned hop = 1; hop <= 5; hop++)
        cr_assert_eq(trace_play_hop(&play, hop)->return_hops, back[hop - 1], "%u", hop);
    trace_play_free(&play);
    play = played((struct trace_play){.scenario = "asymmetric", .host = "twin"});
    cr_assert(trace_play_hop(&play, 5)->answer.foreign_source);
    trace_play_free(&play);
}

Test(sim_trace, what_does_not_fit_and_where)
{
    struct trace_play play = played(
        (struct trace_play){.scenario = "tunnel-mtu",
                            .trace = {.probe = {.payload_bytes = 1400, .dont_fragment = true}}});
    cr_assert_eq(play.end.reason, SONDE_TRACE_TOO_BIG);
    cr_assert_eq(play.summary.mtu, 1280);
    assert_way(&play, "r1 r2 r3 r4 r4");
    cr_assert_eq(verdict(&play, 5), SONDE_PATH_TOO_BIG);
    trace_play_free(&play);
    play = played(
        (struct trace_play){.scenario = "black-hole",
                            .trace = {.probe = {.payload_bytes = 1472, .dont_fragment = true}}});
    cr_assert_eq(play.end.reason, SONDE_TRACE_SILENCE);
    cr_assert_eq(play.summary.black_hole_hop, 3);
    trace_play_free(&play);
}

Test(sim_trace, prohibited_with_its_code)
{
    struct trace_play play =
        played((struct trace_play){.scenario = "firewall", .host = "closed-net"});
    cr_assert_eq(play.end.reason, SONDE_TRACE_UNREACHABLE);
    cr_assert_eq(play.end.icmp_type, 3);
    cr_assert_eq(play.end.icmp_code, 13);
    cr_assert_eq(verdict(&play, 3), SONDE_PATH_UNREACHABLE);
    trace_play_free(&play);
}

/* --- other probes ---------------------------------------------------------------------------- */

static struct trace_play probed(const char *scenario, const char *host, enum sonde_probe_kind kind,
                                uint16_t port)
{
    return played((struct trace_play){
        .scenario = scenario,
        .host = host,
        .trace = {.probe = {.kind = kind, .port = port, .traffic_class = 0xb9}}});
}

Test(sim_trace, udp_tcp_and_sctp_find_the_same_way)
{
    static const struct {
        enum sonde_probe_kind kind;
        uint16_t port;
        const char *host;
        enum sonde_said said;
    } cases[] = {
        {SONDE_PROBE_UDP, 33434, "far", SONDE_SAID_PORT_CLOSED},
        {SONDE_PROBE_UDP, 53, "far", SONDE_SAID_UDP},
        {SONDE_PROBE_UDP, 33434, "bare", SONDE_SAID_PORT_CLOSED},
        {SONDE_PROBE_TCP, 443, "far", SONDE_SAID_SYN_ACK},
        {SONDE_PROBE_TCP, 443, "bare", SONDE_SAID_RST},
        {SONDE_PROBE_SCTP, 3868, "far", SONDE_SAID_INIT_ACK},
        {SONDE_PROBE_SCTP, 9, "far", SONDE_SAID_ABORT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct trace_play play = probed("services", cases[i].host, cases[i].kind, cases[i].port);
        cr_expect_eq(play.summary.length, 3, "%zu", i);
        cr_expect_eq(play.end.reason, SONDE_TRACE_REACHED, "%zu", i);
        cr_expect_eq(play.end.said, cases[i].said, "%zu: %d", i, play.end.said);
        for (unsigned hop = 1; hop <= 3; hop++)
            cr_expect_eq(verdict(&play, hop), SONDE_PATH_FINE, "%zu: hop %u", i, hop);
        cr_expect_eq(trace_play_hop(&play, 2)->quote.traffic_class, 0xb9);
        trace_play_free(&play);
    }
}

Test(sim_trace, a_port_that_is_filtered_is_dark)
{
    struct trace_play play = probed("services", "far", SONDE_PROBE_TCP, 25);
    cr_assert_eq(play.end.reason, SONDE_TRACE_SILENCE);
    cr_assert_eq(play.summary.black_hole_hop, 3);
    trace_play_free(&play);
    play = probed("firewall", "far", SONDE_PROBE_TCP, 80);
    cr_assert_eq(play.end.reason, SONDE_TRACE_UNREACHABLE);
    cr_assert_eq(play.end.icmp_code, 13);
    trace_play_free(&play);
}

Test(sim_trace, nats_are_seen_by_what_they_leave_in_quotes)
{
    struct trace_play play = probed("nat", "astray", SONDE_PROBE_UDP, 33434);
    unsigned port = SONDE_PATH_EVIDENCE_PORT | SONDE_PATH_EVIDENCE_IP_ID;
    for (unsigned hop = 1; hop <= 5; hop++)
        cr_assert_eq(trace_play_hop(&play, hop)->nat_before, hop == 3, "%u", hop);
    cr_assert_eq(trace_play_hop(&play, 3)->nat_evidence & port, port);
    trace_play_free(&play);
    play = probed("nat", "far", SONDE_PROBE_TCP, 80);
    cr_assert_eq(play.summary.nat_hop, 3);
    cr_assert_eq(trace_play_hop(&play, 3)->nat_evidence, SONDE_PATH_EVIDENCE_IP_ID,
                 "it translates quotes back");
    trace_play_free(&play);
}

Test(sim_trace, a_flow_keeps_to_its_way)
{
    static const enum sonde_probe_kind kinds[] = {SONDE_PROBE_ECHO, SONDE_PROBE_UDP,
                                                  SONDE_PROBE_TCP, SONDE_PROBE_SCTP};
    for (size_t i = 0; i < 8; i++) {
        struct trace_play play = played((struct trace_play){
            .scenario = "ecmp",
            .family = families[i / 4],
            .trace = {.rounds = 5,
                      .interval = {500 * MS},
                      .probe = {.kind = kinds[i % 4], .port = 33434, .flow = (uint16_t)(i + 1)}}});
        for (unsigned hop = 1; hop <= play.summary.length; hop++)
            cr_expect_eq(trace_play_hop(&play, hop)->variety, SONDE_PATH_ONE, "%zu: hop %u", i,
                         hop);
        cr_expect_eq(play.end.reason, SONDE_TRACE_REACHED);
        trace_play_free(&play);
    }
}

/* --- figures --------------------------------------------------------------------------------- */

/* So many hops, the last of them the target, whose round trip is spread evenly over the way. */
static const char *way_of(unsigned hops, const char *delay, char text[static 4096])
{
    size_t used = 0;
    char via[512] = "";
    for (unsigned hop = 1; hop < hops; hop++) {
        used += (size_t)snprintf(text + used, 4096 - used, "router r%u 10.1.0.%u\n", hop, hop);
        size_t length = strlen(via);
        snprintf(via + length, sizeof via - length, " r%u", hop);
    }
    snprintf(text + used, 4096 - used, "host far 10.1.0.99 delay %s via%s\n", delay, via);
    return text;
}

Test(sim_trace, twenty_hops_take_little_more_than_the_slowest_answer)
{
    char text[4096];
    for (int order = SONDE_TRACE_BY_QUERY; order <= SONDE_TRACE_BY_HOP; order++) {
        struct trace_play play =
            played((struct trace_play){.scenario = way_of(20, "400ms", text),
                                       .trace = {.order = (enum sonde_trace_order)order}});
        cr_assert_eq(play.summary.length, 20);
        cr_assert_eq(play.slowest_ns, 400 * MS);
        double ratio = (double)play.took_ns / (double)play.slowest_ns;
        cr_assert_leq(ratio, 1.3, "%g", ratio);
        for (unsigned hop = 1; hop <= 20; hop++)
            cr_assert_eq(play.truth[hop].answered, 3);
        trace_play_free(&play);
    }
}

Test(sim_trace, rounds_take_as_long_as_they_are_meant_to)
{
    char text[4096];
    struct trace_play play =
        played((struct trace_play){.scenario = way_of(10, "1ms", text),
                                   .trace = {.rounds = 10, .queries = 1, .interval = {100 * MS}}});
    int64_t ideal_ns = 9 * 100 * MS;
    cr_assert_geq(play.took_ns, ideal_ns);
    cr_assert_leq(play.took_ns, ideal_ns * 11 / 10, "%ld", (long)play.took_ns);
    cr_assert_eq(play.truth[10].answered, 10);
    trace_play_free(&play);
}

Test(sim_trace, silent_hops_cost_a_quarter_of_a_second)
{
    struct trace_play play = played((struct trace_play){.scenario = "silent-hops"});
    cr_assert_leq(play.took_ns, 320 * MS, "%ld", (long)play.took_ns);
    trace_play_free(&play);
    play = played((struct trace_play){.scenario = "silent-hops", .trace = {.wait_out = true}});
    cr_assert_geq(play.took_ns, 3000 * MS);
    trace_play_free(&play);
}
