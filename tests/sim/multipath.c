/*
 * The multipath strategy in the gallery's networks: the links that it finds are those that are
 * there, as often as was asked for; and what it takes to find them.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "sonde/engine.h"
#include "sonde/loop.h"
#include "sonde/multipath.h"
#include "sonde/sim.h"

#define GALLERY TESTS_DIR "/../docs/scenarios"

enum { RUNS = 100, LINKS = 512, NAME = 80 };

struct stage {
    const char *scenario; /* a name in the gallery, or a text with a line break */
    uint64_t seed;
    enum sonde_family family;
    struct sonde_multipath_config config;

    /* results */
    struct sonde_transport transport;
    struct sonde_multipath *multipath;
    const struct sonde_multipath_graph *graph;
    struct sonde_engine_counters counters;
    int64_t took_ns;
    unsigned finals, sent;
};

static void on_sent(void *self, const struct sonde_probe *probe, struct sonde_mono at, int error)
{
    struct stage *stage = self;
    (void)probe, (void)at;
    stage->sent += error == 0;
}

static void on_outcome(void *self, const struct sonde_outcome *outcome)
{
    struct stage *stage = self;
    stage->finals += sonde_outcome_is_final(outcome->kind);
}

static void play(struct stage *stage)
{
    char path[512];
    struct sonde_sim_error error;
    struct sonde_engine *engine;
    struct sonde_engine_target target = {0};
    struct sonde_route route = {0};
    const char *scenario = stage->scenario;
    if (!strchr(scenario, '\n')) {
        snprintf(path, sizeof path, GALLERY "/%s.scn", scenario);
        scenario = path;
    }
    struct sonde_transport *transport = &stage->transport;
    cr_assert_eq(sonde_sim_open(scenario, stage->seed, transport, &error), 0, "%s:%u: %s",
                 error.file, error.line, error.message);
    if (stage->config.probe.timeout.ns == 0)
        stage->config.probe.timeout = sonde_span_ms(1000);
    stage->config.probe.payload_bytes = 32;
    if (stage->config.probe.kind == SONDE_PROBE_UDP)
        stage->config.source_ports = (uint16_t)transport->identifier_count;
    cr_assert_eq(sonde_multipath_create(&stage->multipath, &stage->config), 0);
    struct sonde_engine_config config = {.key = "not much of one",
                                         .linger = sonde_span_s(10),
                                         .identifiers = transport->identifiers,
                                         .identifier_count = transport->identifier_count};
    cr_assert_eq(sonde_engine_create(&engine, &config, sonde_multipath_strategy(stage->multipath),
                                     (struct sonde_observer){stage, on_sent, on_outcome}),
                 0);
    cr_assert_eq(sonde_sim_resolve(transport, "far", stage->family, &target.address), 0);
    cr_assert_eq(transport->ops->route(transport->self, &target.address, &route), 0);
    target.source = route.source;
    target.mtu = route.mtu;
    cr_assert_eq(sonde_engine_add_target(engine, &target), 0);
    struct sonde_mono start = transport->ops->now(transport->self);
    cr_assert_eq(
        sonde_loop_run(engine, transport, &(struct sonde_loop_hooks){0}, SONDE_LOOP_PROMPT), 0);
    stage->took_ns = sonde_mono_since(transport->ops->now(transport->self), start).ns;
    sonde_engine_counters(engine, &stage->counters);
    sonde_engine_destroy(engine);
    stage->graph = sonde_multipath_read(stage->multipath);
    cr_assert_not_null(stage->graph);
}

static void end(struct stage *stage)
{
    sonde_multipath_destroy(stage->multipath);
    stage->transport.ops->close(stage->transport.self);
}

/* --- what is true ----------------------------------------------------------------------------- */

struct links {
    char names[LINKS][NAME];
    unsigned count;
};

static void add(struct links *links, const char *name)
{
    for (unsigned i = 0; i < links->count; i++)
        if (strcmp(links->names[i], name) == 0)
            return;
    cr_assert_lt(links->count, (unsigned)LINKS);
    snprintf(links->names[links->count++], NAME, "%s", name);
}

/* "a>b c>d", where "x-#8" stands for each of x-1 to x-8. */
static void expand(struct links *links, const char *text)
{
    char word[NAME], name[NAME];
    int length;
    links->count = 0;
    for (; sscanf(text, " %79s%n", word, &length) == 1; text += length) {
        unsigned many = 0;
        char *mark = strchr(word, '#');
        if (!mark) {
            add(links, word);
            continue;
        }
        char *rest;
        many = (unsigned)strtoul(mark + 1, &rest, 10);
        *mark = '\0';
        for (unsigned i = 1; i <= many; i++) {
            snprintf(name, sizeof name, "%.30s%u%.30s", word, i, rest);
            add(links, name);
        }
    }
}

static const char *name_of(const struct stage *stage, uint32_t vertex,
                           char text[static SONDE_ADDRESS_TEXT])
{
    const struct sonde_multipath_vertex *at = &stage->graph->vertices[vertex];
    if (vertex == 0)
        return "observer";
    if (at->star) {
        snprintf(text, SONDE_ADDRESS_TEXT, "*%u", at->hop);
        return text;
    }
    const char *name = sonde_sim_reverse(&stage->transport, &at->address);
    return name ? name : sonde_address_format(&at->address, text);
}

static void found_links(const struct stage *stage, struct links *links)
{
    links->count = 0;
    for (uint32_t i = 0; i < stage->graph->link_count; i++) {
        char name[NAME], from[SONDE_ADDRESS_TEXT], to[SONDE_ADDRESS_TEXT];
        const struct sonde_multipath_link *link = &stage->graph->links[i];
        snprintf(name, sizeof name, "%.38s>%.38s", name_of(stage, link->from, from),
                 name_of(stage, link->to, to));
        add(links, name);
    }
}

static bool holds(const struct links *links, const char *name)
{
    for (unsigned i = 0; i < links->count; i++)
        if (strcmp(links->names[i], name) == 0)
            return true;
    return false;
}

/* Links found that are not there, and there that are not found; told when `loud`. */
static unsigned differences(const struct stage *stage, const char *truth, bool loud)
{
    static struct links found, true_links;
    unsigned wrong = 0;
    expand(&true_links, truth);
    found_links(stage, &found);
    for (unsigned i = 0; i < found.count; i++) {
        bool is = holds(&true_links, found.names[i]);
        wrong += !is;
        cr_expect(is || !loud, "%s: %s is not there", stage->scenario, found.names[i]);
    }
    for (unsigned i = 0; i < true_links.count; i++) {
        bool is = holds(&found, true_links.names[i]);
        wrong += !is;
        cr_expect(is || !loud, "%s: %s was not found", stage->scenario, true_links.names[i]);
    }
    return wrong;
}

/* --- many runs -------------------------------------------------------------------------------- */

#define ECMP                                                                                       \
    "observer>edge1 edge1>core-#8 core-#8>mid mid>a mid>e a>b a>c b>d c>d e>f f>g d>edge2 "        \
    "g>edge2 edge2>far"
#define WIDE    "observer>r1 r1>core-#96 core-#96>r3 r3>far"
#define UNEQUAL "observer>r1 r1>r2 r2>b r2>c b>r6 c>d d>e e>r6 r6>far"
#define BAD     "observer>r1 r1>member-#4 member-#4>r3 r3>far"

struct tally {
    unsigned right;
    unsigned over; /* runs with more probes than the bound; retries are not in it */
    double probes;
    double seconds;
};

static struct tally tally(const char *scenario, const char *truth, enum sonde_multipath_mode mode,
                          double confidence, enum sonde_probe_kind kind)
{
    struct tally sum = {0};
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        struct stage stage = {.scenario = scenario, .seed = seed, .family = SONDE_IPV4};
        stage.config.mode = mode;
        stage.config.confidence = confidence;
        stage.config.gap.ns = SONDE_NS_PER_MS / 2;
        stage.config.probe.kind = kind;
        stage.config.probe.port = 33434;
        play(&stage);
        const struct sonde_multipath_graph *graph = stage.graph;
        cr_expect_eq(graph->end, SONDE_MULTIPATH_REACHED, "%s: %s", scenario,
                     sonde_multipath_end_name(graph->end));
        cr_expect(graph->complete, "%s: seed %u is not complete", scenario, (unsigned)seed);
        cr_expect_not(graph->per_packet, "%s: seed %u", scenario, (unsigned)seed);
        cr_expect_eq(stage.sent, graph->probes);
        cr_expect_eq(stage.finals, stage.sent);
        sum.right += differences(&stage, truth, false) == 0;
        sum.over += graph->probes - graph->retries > graph->bound;
        sum.probes += (double)graph->probes / RUNS;
        sum.seconds += (double)stage.took_ns / SONDE_NS_PER_S / RUNS;
        end(&stage);
    }
    cr_log_info("%s %s %.0f %%: %u right, %u over, %.0f probes, %.3f s", scenario,
                mode ? "lite" : "mda", confidence * 100, sum.right, sum.over, sum.probes,
                sum.seconds);
    return sum;
}

/*
 * As often right as was asked for, with no more probes than the bound. Where the diamond is uniform
 * MDA-Lite finds it with 70 % of the probes.
 */
static void keeps_its_word(const char *scenario, const char *truth, enum sonde_probe_kind kind,
                           bool uniform)
{
    const double levels[] = {0.95, 0.99};
    for (unsigned i = 0; i < 2; i++) {
        double confidence = levels[i];
        unsigned asked = (unsigned)(confidence * RUNS + 0.5);
        struct tally mda = tally(scenario, truth, SONDE_MULTIPATH_MDA, confidence, kind);
        cr_expect_geq(mda.right, asked, "%s: %u of %u", scenario, mda.right, asked);
        cr_expect_eq(mda.over, 0u, "%s: %u over", scenario, mda.over);
        if (!uniform || i > 0)
            continue;
        struct tally lite = tally(scenario, truth, SONDE_MULTIPATH_LITE, confidence, kind);
        cr_expect_geq(lite.right, asked, "%s: %u of %u", scenario, lite.right, asked);
        cr_expect_leq(lite.probes, 0.7 * mda.probes, "%s: %.0f of %.0f", scenario, lite.probes,
                      mda.probes);
    }
}

Test(sim_multipath, ecmp)
{
    keeps_its_word("ecmp", ECMP, SONDE_PROBE_ECHO, false);
}

Test(sim_multipath, ecmp_by_udp)
{
    keeps_its_word("ecmp", ECMP, SONDE_PROBE_UDP, false);
}

Test(sim_multipath, wide_diamond)
{
    keeps_its_word("wide-diamond", WIDE, SONDE_PROBE_ECHO, true);
}

Test(sim_multipath, unequal_branches)
{
    keeps_its_word("unequal-branches", UNEQUAL, SONDE_PROBE_ECHO, false);
}

Test(sim_multipath, bad_member)
{
    keeps_its_word("bad-member", BAD, SONDE_PROBE_ECHO, true);
}

/* --- what else there is ----------------------------------------------------------------------- */

static struct stage one_run(const char *scenario, enum sonde_probe_kind kind)
{
    struct stage stage = {.scenario = scenario, .seed = 1, .family = SONDE_IPV4};
    stage.config.gap.ns = SONDE_NS_PER_MS / 2;
    stage.config.probe.kind = kind;
    stage.config.probe.port = kind == SONDE_PROBE_UDP ? 33434 : 80;
    return stage;
}

static const struct sonde_multipath_vertex *vertex_named(const struct stage *stage,
                                                         const char *name)
{
    for (uint32_t v = 1; v < stage->graph->vertex_count; v++) {
        char text[SONDE_ADDRESS_TEXT];
        if (strcmp(name_of(stage, v, text), name) == 0)
            return &stage->graph->vertices[v];
    }
    cr_assert_fail("no %s", name);
    return NULL;
}

Test(sim_multipath, a_balancer_of_packets_is_told)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct stage stage = one_run("per-packet", SONDE_PROBE_ECHO);
        stage.seed = seed;
        stage.config.confidence = 0.99;
        play(&stage);
        cr_expect_eq(differences(&stage, "observer>lb lb>a lb>b lb>c a>r4 b>r4 c>r4 r4>far", true),
                     0);
        cr_expect(vertex_named(&stage, "lb")->per_packet);
        cr_expect_not(vertex_named(&stage, "a")->per_packet);
        cr_expect_eq(vertex_named(&stage, "a")->search, SONDE_MULTIPATH_BY_PACKET);
        cr_expect(stage.graph->complete);
        cr_assert_eq(stage.graph->diamond_count, 1u);
        cr_expect(stage.graph->diamonds[0].per_packet);
        cr_expect_leq(stage.graph->probes, stage.graph->bound);
        end(&stage);
    }
}

Test(sim_multipath, answers_from_other_addresses)
{
    struct stage stage = one_run("asymmetric", SONDE_PROBE_ECHO);
    play(&stage);
    cr_expect_eq(differences(&stage,
                             "observer>r1 r1>198.18.255.2 198.18.255.2>198.18.34.2 "
                             "198.18.34.2>r4 r4>far",
                             true),
                 0);
    cr_expect_leq(stage.graph->probes, stage.graph->bound);
    end(&stage);
}

Test(sim_multipath, a_long_way_with_labels)
{
    struct stage stage = one_run("intercontinental", SONDE_PROBE_UDP);
    play(&stage);
    cr_expect_eq(stage.graph->hops, 14u);
    cr_expect_eq(stage.graph->vertex_count, 15u);
    cr_expect_eq(stage.graph->link_count, 14u);
    cr_expect(stage.graph->complete);
    cr_expect_leq(stage.graph->probes - stage.graph->retries, stage.graph->bound);
    for (unsigned hop = 1; hop <= 14; hop++) {
        const struct sonde_multipath_vertex *vertex = &stage.graph->vertices[hop];
        cr_expect_eq(vertex->hop, hop);
        cr_expect_eq(vertex->label_count, hop >= 6 && hop <= 8, "hop %u", hop);
    }
    cr_expect_eq(stage.graph->vertices[7].labels[0].label, 300112u);
    cr_expect_eq(stage.graph->vertices[7].labels[0].ttl, 1);
    cr_expect_eq(stage.graph->vertices[14].said, SONDE_SAID_PORT_CLOSED);
    struct sonde_rtt_summary rtt;
    cr_assert(sonde_stats_rtt(&stage.graph->vertices[14].stats, &rtt));
    cr_expect(rtt.min.ns > 240 * SONDE_NS_PER_MS && rtt.max.ns < 252 * SONDE_NS_PER_MS);
    /* a few of the longest round trips, though there are fourteen hops */
    cr_expect_lt(stage.took_ns, 4 * rtt.max.ns);
    end(&stage);
}

Test(sim_multipath, silent_hops_are_stars)
{
    struct stage stage = one_run("silent-hops", SONDE_PROBE_ECHO);
    play(&stage);
    cr_expect_eq(
        differences(&stage, "observer>r1 r1>*2 *2>r3 r3>*4 *4>*5 *5>r6 r6>r7 r7>far", true), 0);
    cr_expect(stage.graph->complete);
    cr_expect_lt(stage.took_ns, 4 * SONDE_NS_PER_S);
    end(&stage);
    stage = one_run("silent-hops", SONDE_PROBE_ECHO);
    stage.family = SONDE_IPV6;
    play(&stage);
    cr_expect_eq(
        differences(&stage, "observer>r1 r1>*2 *2>r3 r3>*4 *4>*5 *5>*6 *6>r7 r7>far", true), 0);
    end(&stage);
}

Test(sim_multipath, rationed_errors_are_no_stars)
{
    for (unsigned mode = 0; mode < 2; mode++) {
        struct stage stage = one_run("rationed-hop", SONDE_PROBE_ECHO);
        stage.config.mode = (enum sonde_multipath_mode)mode;
        play(&stage);
        cr_expect_eq(differences(&stage, "observer>r1 r1>r2 r2>r3 r3>r4 r4>r5 r5>far", true), 0);
        cr_expect(vertex_named(&stage, "r3")->rationed);
        cr_expect_not(vertex_named(&stage, "r4")->rationed);
        cr_expect_not(vertex_named(&stage, "r5")->rationed);
        cr_expect(stage.graph->complete);
        cr_expect_lt(stage.took_ns, 32 * SONDE_NS_PER_S);
        end(&stage);
    }
}

/* Who will not wait is told what is missing. */
Test(sim_multipath, patience_ends)
{
    struct stage stage = one_run("rationed-hop", SONDE_PROBE_ECHO);
    stage.config.patience = sonde_span_s(3);
    play(&stage);
    cr_expect_eq(differences(&stage, "observer>r1 r1>r2 r2>r3 r3>r4 r4>r5 r5>far", true), 0);
    cr_expect_not(stage.graph->complete);
    cr_expect_eq(vertex_named(&stage, "r2")->search, SONDE_MULTIPATH_UNANSWERED);
    cr_expect_lt(stage.took_ns, 12 * SONDE_NS_PER_S);
    end(&stage);
}

Test(sim_multipath, the_bad_member_is_seen)
{
    struct stage stage = one_run("bad-member", SONDE_PROBE_ECHO);
    stage.config.confidence = 0.99;
    play(&stage);
    cr_assert_eq(differences(&stage, BAD, true), 0);
    for (uint32_t i = 0; i < stage.graph->link_count; i++) {
        const struct sonde_multipath_link *link = &stage.graph->links[i];
        char from[SONDE_ADDRESS_TEXT];
        bool bad = strcmp(name_of(&stage, link->from, from), "member-3") == 0;
        bool behind = stage.graph->vertices[link->from].hop > 2;
        if (!behind)
            cr_expect_eq(sonde_stats_lost(&link->stats) > 0, bad, "link from %s", from);
    }
    end(&stage);
}

Test(sim_multipath, a_tool_that_asks_one_by_one_takes_five_times_as_long)
{
    const char *scenarios[] = {"ecmp", "wide-diamond", "unequal-branches"};
    for (unsigned i = 0; i < 3; i++) {
        struct stage stage = one_run(scenarios[i], SONDE_PROBE_ECHO);
        play(&stage);
        int64_t one_by_one_ns = 0;
        for (uint32_t v = 1; v < stage.graph->vertex_count; v++) {
            struct sonde_rtt_summary rtt;
            if (sonde_stats_rtt(&stage.graph->vertices[v].stats, &rtt))
                one_by_one_ns += rtt.mean.ns * (int64_t)rtt.count;
        }
        cr_expect_lt(5 * stage.took_ns, one_by_one_ns, "%s: %.3f of %.3f s", scenarios[i],
                     (double)stage.took_ns / SONDE_NS_PER_S,
                     (double)one_by_one_ns / SONDE_NS_PER_S);
        end(&stage);
    }
}
