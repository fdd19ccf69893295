/* Surveys of scripted networks, held against the script's truth. */
#include "sonde/survey.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/target_set.h"
#include "sonde/sim.h"

#define MS    SONDE_NS_PER_MS
#define HOSTS 65536u /* of a /16: told apart by the last two bytes */

/* One host from both sides. */
struct host {
    uint32_t entered; /* probes that entered the network */
    uint32_t intact;  /* answers that came out whole, errors included */
    uint32_t replies; /* of those, echo replies */
    uint32_t heard;   /* first answers … */
    uint32_t again;   /* … and duplicates */
    bool heard_reply;
    int64_t rtt_ns;
    int64_t first_ns; /* true RTT of the first answer to come out; INT64_MAX: none */
};

struct stage {
    const char *scenario;
    const char *targets;
    const char *excluded;
    struct sonde_survey_config config;
    uint64_t seed;
    int end_at_signal; /* the hook ends the run */
    int64_t slack_ns;  /* an RTT may be longer by the way of its batch through this machine */
    /* results */
    struct host *hosts;
    uint64_t foreign_sent; /* answers that are none: strays, garbage, hostile, broken */
    uint64_t wrong;        /* heard of an address that was not asked */
    int64_t finished_ns;
    struct sonde_survey_figures figures;
    int result;
};

static struct host *host_of(struct stage *stage, const struct sonde_address *address)
{
    size_t last = sonde_address_length(address) - 1;
    return &stage->hosts[address->bytes[last - 1] << 8 | address->bytes[last]];
}

static void on_truth(void *self, const struct sonde_sim_truth *truth)
{
    struct stage *stage = self;
    static const unsigned ruined =
        SONDE_SIM_CORRUPT | SONDE_SIM_CUT | SONDE_SIM_MANGLED | SONDE_SIM_FORGED;
    bool ours = truth->fate == SONDE_SIM_REPLY || truth->fate == SONDE_SIM_DUPLICATE ||
                truth->fate == SONDE_SIM_ERROR;
    bool comes_out = truth->out.ns != SONDE_NEVER.ns;
    if (truth->to.family == SONDE_FAMILY_NONE)
        return;
    struct host *host = host_of(stage, &truth->to);
    host->entered += truth->fate != SONDE_SIM_DUPLICATE && truth->fate != SONDE_SIM_GARBAGE &&
                     truth->fate != SONDE_SIM_STRAY && truth->fate != SONDE_SIM_FOREIGN &&
                     truth->fate != SONDE_SIM_HOSTILE && !truth->returning;
    if (!comes_out)
        return;
    if (!ours || (truth->harm & ruined)) {
        stage->foreign_sent++;
        return;
    }
    host->intact++;
    host->replies += truth->fate != SONDE_SIM_ERROR;
    int64_t rtt = truth->out.ns - truth->at.ns;
    if (rtt < host->first_ns)
        host->first_ns = rtt;
}

static void on_answer(void *self, const struct sonde_survey_answer *answer)
{
    struct stage *stage = self;
    struct host *host = host_of(stage, &answer->target);
    if (answer->kind == SONDE_SURVEY_DUPLICATE) {
        host->again++;
        return;
    }
    host->heard++;
    host->heard_reply = answer->kind == SONDE_SURVEY_REPLY;
    host->rtt_ns = answer->rtt_known ? answer->rtt.ns : -1;
    stage->wrong += host->entered == 0;
}

static bool on_signal(void *self, int number, struct sonde_mono now)
{
    const struct stage *stage = self;
    (void)now;
    return number == stage->end_at_signal;
}

static struct sonde_address set_at(const void *self, uint64_t index)
{
    return base_target_set_at(self, index);
}

static void make_set(const struct stage *stage, struct base_target_set *set)
{
    struct base_target_range range;
    *set = (struct base_target_set){0};
    cr_assert_eq(base_target_range_parse(stage->targets, &range), BASE_TARGET_OK);
    cr_assert_eq(base_target_set_add(set, &range), 0);
    if (stage->excluded) {
        cr_assert_eq(base_target_range_parse(stage->excluded, &range), BASE_TARGET_OK);
        cr_assert_eq(base_target_set_exclude(set, &range), 0);
    }
    cr_assert_eq(base_target_set_seal(set), 0);
}

static void set_sources(struct sonde_survey_config *config, const struct sonde_transport *transport)
{
    static const char *const anywhere[2] = {"198.18.0.1", "2001:db8::1"};
    for (int i = 0; i < 2; i++) {
        struct sonde_address to;
        struct sonde_route route;
        cr_assert(sonde_address_parse(anywhere[i], &to));
        cr_assert_eq(transport->ops->route(transport->self, &to, &route), 0);
        config->source[i] = route.source;
    }
}

/* Runs once; what was learned about hosts is added to what is there. */
static void run(struct stage *stage)
{
    struct sonde_transport transport;
    struct sonde_sim_error error;
    cr_assert_eq(sonde_sim_open(stage->scenario, stage->seed, &transport, &error), 0, "%s:%u: %s",
                 error.file, error.line, error.message);
    if (!stage->hosts) {
        stage->hosts = calloc(HOSTS, sizeof *stage->hosts);
        cr_assert_not_null(stage->hosts);
        for (unsigned i = 0; i < HOSTS; i++)
            stage->hosts[i].first_ns = INT64_MAX;
    }
    struct base_target_set set;
    make_set(stage, &set);
    struct sonde_survey_config *config = &stage->config;
    memcpy(config->key, "not much of one.", 16);
    config->targets = (struct sonde_survey_targets){set.addresses, &set, set_at};
    config->identifiers = transport.identifiers;
    config->identifier_count = transport.identifier_count;
    config->hop_limit = 64;
    if (config->payload_bytes == 0)
        config->payload_bytes = 24;
    if (config->cooldown.ns == 0)
        config->cooldown.ns = 2000 * MS;
    set_sources(config, &transport);
    sonde_sim_listen(&transport, on_truth, stage);

    struct sonde_survey *survey;
    cr_assert_eq(sonde_survey_create(&survey, config, on_answer, stage), 0);
    struct sonde_loop_hooks hooks = {.self = stage, .signal = on_signal};
    stage->result = sonde_survey_run(survey, &transport, &hooks);
    stage->finished_ns = transport.ops->now(transport.self).ns;
    sonde_survey_figures(survey, &stage->figures);
    sonde_survey_destroy(survey);
    base_target_set_destroy(&set);
    transport.ops->close(transport.self);
}

static void expect_truth(const struct stage *stage, uint32_t copies)
{
    uint64_t entered = 0, answered = 0, again = 0;
    for (unsigned i = 0; i < HOSTS; i++) {
        const struct host *host = &stage->hosts[i];
        entered += host->entered;
        answered += host->heard;
        again += host->again;
        cr_assert(host->entered == copies || stage->excluded, "host %u was asked %u times", i,
                  host->entered);
        cr_assert_eq(host->heard, host->intact > 0, "host %u: heard %u, true %u", i, host->heard,
                     host->intact);
        cr_assert_eq(host->heard + host->again, host->intact, "host %u", i);
        if (host->heard && copies == 1)
            cr_assert(host->rtt_ns >= host->first_ns &&
                          host->rtt_ns <= host->first_ns + stage->slack_ns,
                      "host %u: RTT %lld, true %lld", i, (long long)host->rtt_ns,
                      (long long)host->first_ns);
        if (host->heard)
            cr_assert_eq(host->heard_reply, host->replies > 0, "host %u", i);
    }
    cr_assert_eq(stage->result, 0);
    cr_assert_eq(stage->wrong, 0);
    cr_assert_eq(stage->figures.sent, entered);
    cr_assert_eq(stage->figures.replies + stage->figures.errors, answered);
    cr_assert_eq(stage->figures.duplicates, again);
    cr_assert_eq(stage->figures.position, stage->figures.positions);
    cr_assert_leq(stage->figures.foreign + stage->figures.malformed, stage->foreign_sent);
}

Test(sim_survey, half_of_a_slash_sixteen)
{
    struct stage stage = {
        .scenario = "host far 10.1.0.0/16 delay 20ms spread 80ms alive 50%\n",
        .targets = "10.1.0.0/16",
        .config = {.gap_ns = 1000 * MS, .gap_slots = 20000},
    };
    run(&stage);
    expect_truth(&stage, 1);
    cr_expect(stage.figures.replies > 32000 && stage.figures.replies < 33500);
    cr_expect_eq(stage.figures.foreign + stage.figures.malformed, 0);
    int64_t sending = 65535 * (1000 * MS / 20000);
    cr_expect(stage.finished_ns >= sending + 2000 * MS && stage.finished_ns < sending + 2010 * MS,
              "finished at %lld", (long long)stage.finished_ns);
    free(stage.hosts);
}

Test(sim_survey, loss_duplicates_and_everything_hostile)
{
    struct stage stage = {
        .scenario = "host far 10.1.0.0/16 delay 20ms jitter uniform 300ms alive 50% loss 5% "
                    "duplicate 10% after 5ms copies 3 garbage 10% stray 10% foreign 10% forge 5% "
                    "mangle 5% at 3 cut 5% to 30 truncate 5% to 18 corrupt 5% hostile 20%\n",
        .targets = "10.1.0.0/16",
        .seed = 5,
        .config = {.gap_ns = 1000 * MS, .gap_slots = 100000},
    };
    run(&stage);
    expect_truth(&stage, 1);
    cr_expect_gt(stage.figures.duplicates, 5000);
    cr_expect_gt(stage.figures.foreign + stage.figures.malformed, 15000);
    free(stage.hosts);
}

Test(sim_survey, ipv6_with_copies_and_errors)
{
    struct stage stage = {
        .scenario = "router r1 2001:db8:1::1 198.18.1.1 delay 7ms\n"
                    "host far 2001:db8:2::/64 via r1 alive 50% delay 30ms loss 20%\n"
                    "host gone 2001:db8:2::8000/113 via r1 error unreachable host from r1\n",
        .targets = "2001:db8:2::/112",
        .config = {.gap_ns = 1000 * MS, .gap_slots = 100000, .copies = 2},
    };
    run(&stage);
    expect_truth(&stage, 2);
    cr_expect_eq(stage.figures.errors, 32768);
    cr_expect_gt(stage.figures.replies, 15000);
    free(stage.hosts);
}

Test(sim_survey, exclusions_are_not_asked)
{
    struct stage stage = {
        .scenario = "host far 10.1.0.0/16 delay 20ms\n",
        .targets = "10.1.0.0/16",
        .excluded = "10.1.16.0/20",
        .config = {.gap_ns = 1000 * MS, .gap_slots = 100000},
    };
    run(&stage);
    expect_truth(&stage, 1);
    cr_expect_eq(stage.figures.sent, 65536 - 4096);
    for (unsigned i = 0; i < HOSTS; i++)
        cr_assert_eq(stage.hosts[i].entered, i >> 12 != 1);
    free(stage.hosts);
}

Test(sim_survey, shards_cover_everything_once)
{
    struct stage stage = {
        .scenario = "host far 10.1.0.0/16 delay 20ms alive 50%\n",
        .targets = "10.1.0.0/16",
        .config = {.gap_ns = 1000 * MS, .gap_slots = 200000, .seed = 77, .shard_count = 5},
    };
    uint64_t sent = 0;
    for (stage.config.shard = 0; stage.config.shard < 5; stage.config.shard++) {
        run(&stage);
        sent += stage.figures.sent;
    }
    cr_expect_eq(sent, HOSTS);
    for (unsigned i = 0; i < HOSTS; i++)
        cr_assert_eq(stage.hosts[i].entered, 1, "host %u: %u times", i, stage.hosts[i].entered);
    free(stage.hosts);
}

/* Ended by a signal while the device refuses one in five, then gone on with. */
Test(sim_survey, going_on_covers_everything)
{
    struct stage stage = {
        .scenario = "host far 10.1.0.0/16 delay 20ms\n"
                    "observer send-error ENOBUFS chance 20%\n"
                    "at 300ms signal INT\n",
        .targets = "10.1.0.0/16",
        .end_at_signal = SIGINT,
        .config = {.gap_ns = 1000 * MS, .gap_slots = 50000, .seed = 3},
    };
    run(&stage);
    cr_assert_eq(stage.result, 0);
    uint64_t first = stage.figures.sent;
    cr_assert_lt(stage.figures.position, HOSTS / 2);
    stage.config.from = stage.figures.position;
    stage.end_at_signal = 0;
    run(&stage);
    cr_expect_eq(stage.figures.position, HOSTS);
    cr_expect_eq(stage.figures.failed, 0);
    uint64_t sent = first + stage.figures.sent;
    cr_expect(sent >= HOSTS && sent <= HOSTS + 256, "%llu probes", (unsigned long long)sent);
    for (unsigned i = 0; i < HOSTS; i++)
        cr_assert_geq(stage.hosts[i].entered, 1, "host %u is left out", i);
    free(stage.hosts);
}

Test(sim_survey, as_fast_as_possible)
{
    struct stage stage = {
        .scenario = "host far 10.1.0.0/16 delay 20ms\nobserver send-cost 2us\n",
        .targets = "10.1.0.0/16",
        .slack_ns = 64 * 2000,
    };
    run(&stage);
    expect_truth(&stage, 1);
    cr_expect_lt(stage.finished_ns, 2200 * MS, "65,536 times 2 us, and the cooldown");
    free(stage.hosts);
}

Test(sim_survey, the_deadline_ends_it)
{
    struct stage stage = {
        .scenario = "host far 10.1.0.0/16 delay 20ms\n",
        .targets = "10.1.0.0/16",
        .config = {.gap_ns = 1000 * MS, .gap_slots = 10000, .deadline = {1000 * MS}},
    };
    run(&stage);
    /* what is due in the last millisecond would leave at its end */
    cr_expect_eq(stage.figures.sent, 9991);
    cr_expect_eq(stage.figures.replies, 9991);
    cr_expect_eq(stage.finished_ns, 3000 * MS);
    free(stage.hosts);
}

/* 10,000 a second pass; 40,000 are asked for. */
Test(sim_survey, a_narrow_link_is_noticed)
{
    static const char scenario[] = "host far 10.1.0.0/16 delay 20ms alive 50%\n"
                                   "link observer far rate 4Mbit queue 20ms\n";
    struct stage stage = {
        .scenario = scenario,
        .targets = "10.1.0.0/16",
        .config = {.gap_ns = 1000 * MS, .gap_slots = 40000, .adaptive = true},
    };
    struct stage careless = stage;
    careless.config.adaptive = false;
    run(&stage);
    run(&careless);
    cr_expect_gt(stage.figures.rate_cuts, 0);
    cr_expect_eq(careless.figures.rate_cuts, 0);
    cr_expect_gt(stage.figures.replies, careless.figures.replies * 3 / 2, "%llu and %llu replies",
                 (unsigned long long)stage.figures.replies,
                 (unsigned long long)careless.figures.replies);
    cr_expect_gt(stage.figures.replies, 22000, "of some 32,768");
    free(stage.hosts);
    free(careless.hosts);
}
