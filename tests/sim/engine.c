/* The unchanged engine and echo strategy in the scripted network, held against the script's truth.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "play.h"

#define MS SONDE_NS_PER_MS

static struct sonde_echo_config every(int64_t interval_ns, uint64_t count)
{
    return (struct sonde_echo_config){.interval = {interval_ns}, .count = count};
}

/* Every probe must have become exactly what the network did with it. */
static void assert_truth(struct play *play, int64_t timeout_ns)
{
    uint64_t corrupt_heard = 0, corrupt_true = 0;
    for (size_t i = 0; i < play->host_count * play->capacity; i++) {
        const struct play_probe *probe = &play->probes[i];
        corrupt_heard += probe->corrupt;
        corrupt_true += probe->broken;
        cr_assert_eq(probe->finals, 1, "probe %zu has %u final outcomes", i, probe->finals);
        if (probe->error) {
            cr_assert_eq(probe->final, SONDE_SEND_FAILED);
            cr_assert_eq(probe->entered, 0);
            continue;
        }
        cr_assert_eq(probe->entered, 1, "probe %zu entered %u times", i, probe->entered);
        bool in_time = probe->intact > 0 && probe->first_ns <= timeout_ns;
        if (!in_time) {
            cr_assert(probe->final == SONDE_TIMED_OUT || probe->final == SONDE_UNFINISHED,
                      "probe %zu: outcome %d though nothing came in time", i, probe->final);
            continue;
        }
        cr_assert_eq(probe->final == SONDE_REPLY, !probe->first_is_error, "probe %zu: outcome %d",
                     i, probe->final);
        cr_assert_eq(probe->rtt_ns, probe->first_ns, "probe %zu: RTT %lld, true %lld", i,
                     (long long)probe->rtt_ns, (long long)probe->first_ns);
    }
    /* a flipped bit in identifier, sequence or type hides whose answer it was */
    cr_assert_leq(corrupt_heard, corrupt_true);
    cr_assert_geq(corrupt_heard + play->counters.foreign + play->counters.malformed, corrupt_true);
}

static void play_truth(const char *scenario, uint64_t count)
{
    struct play play = {
        .scenario = scenario, .host = "far", .seed = 42, .echo = every(10 * MS, count)};
    play_run(&play);
    cr_assert_eq(play.result, 0);
    assert_truth(&play, 1000 * MS);
    play_free(&play);
}

Test(sim_engine, a_clean_path)
{
    struct play play = {.scenario = "host far 198.18.0.9 2001:db8::9 delay 20ms\n",
                        .host = "far",
                        .echo = every(1000 * MS, 100)};
    play_run(&play);
    assert_truth(&play, 1000 * MS);
    cr_assert_eq(play.stats.sent, 100);
    cr_assert_eq(sonde_stats_received(&play.stats), 100);
    for (uint64_t k = 0; k < 100; k++)
        cr_assert_eq(play_probe(&play, 0, k)->sent_ns, (int64_t)k * 1000 * MS);
    play_free(&play);
}

Test(sim_engine, loss_is_what_was_lost)
{
    play_truth("host far 198.18.0.9 delay 20ms loss 10%\n", 5000);
}

Test(sim_engine, loss_in_bursts)
{
    play_truth("host far 198.18.0.9 delay 20ms burst 2% 25%\n", 5000);
}

Test(sim_engine, jitter_and_reordering)
{
    play_truth("host far 198.18.0.9 delay 50ms jitter uniform 45ms reorder 10% by 30ms\n", 5000);
}

Test(sim_engine, long_tails_beyond_the_timeout_are_late)
{
    struct play play = {.scenario = "host far 198.18.0.9 delay 900ms jitter pareto 60ms\n",
                        .host = "far",
                        .echo = every(100 * MS, 2000)};
    play_run(&play);
    assert_truth(&play, 1000 * MS);
    uint64_t late_true = 0;
    for (uint64_t k = 0; k < 2000; k++) {
        const struct play_probe *probe = play_probe(&play, 0, k);
        bool late = probe->intact > 0 && probe->first_ns > 1000 * MS;
        late_true += late;
        if (late && probe->final == SONDE_TIMED_OUT && k < 1900)
            cr_assert_eq(probe->late, 1, "probe %llu", (unsigned long long)k);
    }
    cr_assert_gt(late_true, 20, "the scenario must have late answers");
    play_free(&play);
}

Test(sim_engine, duplicates_are_counted_each)
{
    struct play play = {.scenario =
                            "host far 198.18.0.9 delay 20ms duplicate 20% after 5ms copies 3\n",
                        .host = "far",
                        .echo = every(10 * MS, 2000)};
    play_run(&play);
    assert_truth(&play, 1000 * MS);
    for (uint64_t k = 0; k < 2000; k++) {
        const struct play_probe *probe = play_probe(&play, 0, k);
        if (k < 1990)
            cr_assert_eq(probe->duplicates, probe->intact - 1);
    }
    play_free(&play);
}

Test(sim_engine, corruption_and_truncation)
{
    play_truth("host far 198.18.0.9 delay 20ms corrupt 20%\n", 2000);
    play_truth("host far 198.18.0.9 2001:db8::9 delay 20ms truncate 20% to 20\n", 2000);
}

Test(sim_engine, hostile_answers_change_nothing)
{
    struct play play = {
        .scenario =
            "host far 198.18.0.9 delay 20ms garbage 50% stray 50% forge 30% cut 20% to 24\n",
        .host = "far",
        .seed = 7,
        .echo = every(10 * MS, 3000)};
    play_run(&play);
    cr_assert_eq(play.result, 0);
    for (uint64_t k = 0; k < 3000; k++) {
        const struct play_probe *probe = play_probe(&play, 0, k);
        cr_assert_eq(probe->finals, 1);
        if (probe->final == SONDE_REPLY && probe->intact > 0)
            cr_assert_eq(probe->rtt_ns, probe->first_ns);
        cr_assert(probe->final != SONDE_REPLY || probe->rtt_ns == 20 * MS,
                  "a forged time made an RTT of %lld ns", (long long)probe->rtt_ns);
    }
    cr_assert_gt(play.counters.foreign + play.counters.malformed, 1000);
    play_free(&play);
}

Test(sim_engine, errors_of_routers)
{
    static const char *const errors[] = {"unreachable host",       "unreachable net",
                                         "unreachable prohibited", "time-exceeded",
                                         "too-big 1400",           "parameter-problem 8"};
    for (int family = 0; family < 2; family++) {
        for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
            char scenario[256];
            snprintf(scenario, sizeof scenario,
                     "router r1 198.18.1.1 2001:db8:1::1 delay 7ms\n"
                     "host far %s via r1 error %s from r1 chance 50%%\n",
                     family ? "2001:db8::9" : "198.18.0.9", errors[i]);
            play_truth(scenario, 200);
        }
    }
}

Test(sim_engine, a_refused_send_is_no_loss)
{
    struct play play = {.scenario = "host far 198.18.0.9 delay 20ms\n"
                                    "at 3s..5s send-error ENETUNREACH\n",
                        .host = "far",
                        .echo = every(100 * MS, 100)};
    play_run(&play);
    assert_truth(&play, 1000 * MS);
    cr_assert_eq(play.stats.outcomes[SONDE_SEND_FAILED], 20);
    cr_assert_eq(sonde_stats_lost(&play.stats), 0);
    cr_assert_eq(sonde_stats_received(&play.stats), 80);
    play_free(&play);
}

Test(sim_engine, a_suspended_machine_loses_nothing)
{
    struct play play = {.scenario = "host far 198.18.0.9 delay 20ms\nat 10500ms suspend 5s\n",
                        .host = "far",
                        .echo = every(1000 * MS, 30)};
    play_run(&play);
    assert_truth(&play, 1000 * MS);
    cr_assert_eq(sonde_stats_lost(&play.stats), 0);
    cr_assert_eq(play.skipped, 4, "skipped %llu", (unsigned long long)play.skipped);
    cr_assert_eq(sonde_stats_received(&play.stats), 30);
    play_free(&play);
}

Test(sim_engine, a_step_of_the_wall_clock_changes_no_figure)
{
    play_truth("host far 198.18.0.9 delay 20ms\nat 4s clock-step -30s\nat 6s clock-step 1h\n",
               1000);
}

Test(sim_engine, an_outage_is_a_loss_period)
{
    struct play play = {.scenario =
                            "host far 198.18.0.9 delay 20ms\nat 10s..20s host far loss 100%\n",
                        .host = "far",
                        .echo = every(100 * MS, 300)};
    play_run(&play);
    assert_truth(&play, 1000 * MS);
    for (uint64_t k = 0; k < 290; k++)
        cr_assert_eq(play_probe(&play, 0, k)->final,
                     k >= 100 && k < 200 ? SONDE_TIMED_OUT : SONDE_REPLY, "probe %llu",
                     (unsigned long long)k);
    play_free(&play);
}

Test(sim_engine, a_signal_ends_the_run_and_the_young_are_unfinished)
{
    struct play play = {.scenario = "host far 198.18.0.9 delay 300ms\nat 5050ms signal INT\n",
                        .host = "far",
                        .stop_at_signal = SIGINT,
                        .echo = every(1000 * MS, 0),
                        .capacity = 6};
    play_run(&play);
    cr_assert_eq(play.result, 0);
    for (uint64_t k = 0; k < 5; k++)
        cr_assert_eq(play_probe(&play, 0, k)->final, SONDE_REPLY);
    cr_assert_eq(play_probe(&play, 0, 5)->final, SONDE_UNFINISHED);
    cr_assert_eq(sonde_stats_lost(&play.stats), 0);
    play_free(&play);
}

Test(sim_engine, the_deadline_ends_the_run)
{
    struct play play = {.scenario = "host far 198.18.0.9 delay 20ms\n",
                        .host = "far",
                        .echo = {.interval = {1000 * MS}, .deadline = {3500 * MS}},
                        .capacity = 10};
    play_run(&play);
    cr_assert_eq(play.stats.sent, 4);
    cr_assert_eq(sonde_stats_received(&play.stats), 4);
    play_free(&play);
}

Test(sim_engine, enough_answers_end_the_run)
{
    struct play play = {
        .scenario = "host far 198.18.0.9 delay 20ms loss 50%\n",
        .host = "far",
        .echo = {.interval = {1000 * MS}, .deadline = {1000000 * MS}, .answers = 10},
        .capacity = 1000};
    play_run(&play);
    cr_assert_eq(sonde_stats_received(&play.stats), 10);
    cr_assert_gt(play.stats.sent, 10);
    play_free(&play);
}

Test(sim_engine, big_datagrams_are_fragmented_and_come_back)
{
    struct play play = {.scenario = "host far 198.18.0.9 2001:db8::9 delay 20ms\n",
                        .host = "far",
                        .echo = every(1000 * MS, 5)};
    play.echo.probe.payload_bytes = 20000;
    play_run(&play);
    cr_assert_eq(sonde_stats_received(&play.stats), 5);
    play_free(&play);
}

Test(sim_engine, losses_do_not_slow_down_what_follows_the_answers)
{
    struct play play = {
        .scenario = "host far 198.18.0.9 delay 1ms loss 1%\n"
                    "at 1000s signal INT\n",
        .host = "far",
        .stop_at_signal = SIGINT,
        .echo = {.mode = SONDE_ECHO_ADAPTIVE, .interval = {10 * MS}, .count = 20000, .window = 64}};
    play.echo.probe.timeout = sonde_span_s(10);
    play_run(&play);
    assert_truth(&play, 10000 * MS);
    /* 1 ms for each answer, 10 ms at most for each loss, and the patience of 10 ms at the end */
    int64_t last_ns = play_probe(&play, 0, 19999)->sent_ns;
    cr_assert_lt(last_ns, 25000 * MS, "took %lld ms", (long long)(last_ns / MS));
    play_free(&play);
}

Test(sim_engine, a_stall_at_the_end_loses_nothing)
{
    struct play play = {.scenario = "host far 198.18.0.9 delay 1ms\nat 950ms suspend 90ms\n",
                        .host = "far",
                        .echo = every(10 * MS, 100)};
    play_run(&play);
    assert_truth(&play, 1000 * MS);
    cr_assert_eq(sonde_stats_received(&play.stats), 100);
    play_free(&play);
}

Test(sim_engine, the_same_seed_gives_the_same_outcomes)
{
    uint64_t hashes[3];
    for (int i = 0; i < 3; i++) {
        struct play play = {.scenario = "host far 198.18.0.9 delay 50ms jitter normal 10ms loss 5% "
                                        "duplicate 5% corrupt 5% reorder 5% by 30ms\n",
                            .host = "far",
                            .seed = i < 2 ? 1 : 2,
                            .echo = every(10 * MS, 2000)};
        play_run(&play);
        hashes[i] = play.hash;
        play_free(&play);
    }
    cr_assert_eq(hashes[0], hashes[1]);
    cr_assert_neq(hashes[0], hashes[2]);
}

Test(sim_engine, an_hour_of_a_thousand_hosts, .timeout = 120)
{
    struct sonde_address *hosts = calloc(1000, sizeof *hosts);
    for (uint32_t i = 0; i < 1000; i++)
        hosts[i] = (struct sonde_address){SONDE_IPV4, {10, 0, (uint8_t)(i >> 8), (uint8_t)i}, 0};
    struct play play = {
        .scenario = "observer identifiers 1024\n"
                    "host net 10.0.0.0/16 delay 20ms spread 100ms jitter uniform 5ms loss 1%\n",
        .seed = 3,
        .hosts = hosts,
        .host_count = 1000,
        .echo = {.interval = {1000 * MS}, .count = 3600, .spread = {1000 * MS}},
        .capacity = 20};
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    play_run(&play);
    clock_gettime(CLOCK_MONOTONIC, &after);
    cr_log_info("3.6 million probes in %.1f s",
                (double)(after.tv_sec - before.tv_sec) +
                    1e-9 * (double)(after.tv_nsec - before.tv_nsec));
    cr_assert_eq(play.stats.sent, 3600000);
    cr_assert_eq(sonde_stats_received(&play.stats) + sonde_stats_lost(&play.stats) +
                     play.stats.outcomes[SONDE_UNFINISHED],
                 3600000);
    cr_assert_float_eq(sonde_stats_loss_ratio(&play.stats), 0.01, 0.0005);
    assert_truth(&play, 1000 * MS);
    play_free(&play);
    free(hosts);
}
