#include "report/survey.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sonde_mono clock_now(void *self)
{
    (void)self;
    return (struct sonde_mono){0};
}

static struct sonde_wall clock_wall(void *self, struct sonde_mono at)
{
    (void)self;
    return (struct sonde_wall){at.ns};
}

static struct sonde_address target(const void *self, uint64_t index)
{
    (void)self;
    return sonde_address_from_bytes(SONDE_IPV4, (const uint8_t[4]){192, 0, 2, (uint8_t)index});
}

/* A survey of ten addresses, second shard of three, that never sends. */
struct bench {
    struct report_survey_config config;
    struct sonde_survey *survey;
    struct report_survey *report;
    char *out, *err;
    size_t out_bytes, err_bytes;
};

static void hear(void *self, const struct sonde_survey_answer *answer)
{
    (void)self;
    (void)answer;
}

static void end(struct bench *bench)
{
    fclose(bench->config.out);
    fclose(bench->config.err);
    free(bench->out);
    free(bench->err);
}

static void begin(struct bench *bench)
{
    static const uint16_t identifier = 7;
    struct report_survey_config *config = &bench->config;
    config->out = open_memstream(&bench->out, &bench->out_bytes);
    config->err = open_memstream(&bench->err, &bench->err_bytes);
    config->clock = (struct report_clock){NULL, clock_now, clock_wall};
    config->transport = "sim";
    config->survey = (struct sonde_survey_config){
        .seed = 5,
        .identifiers = &identifier,
        .identifier_count = 1,
        .targets = {.count = 10, .at = target},
        .shard = 1,
        .shard_count = 3,
        .gap_ns = SONDE_NS_PER_S,
        .cooldown = sonde_span_s(5),
        .source = {{.family = SONDE_IPV4}},
        .hop_limit = 64,
        .payload_bytes = 56,
    };
    cr_assert_eq(sonde_survey_create(&bench->survey, &config->survey, hear, NULL), 0);
    cr_assert_eq(report_survey_create(&bench->report, config), 0);
    report_survey_begin(bench->report, bench->survey, (struct sonde_mono){0});
}

static void answer(struct bench *bench, enum sonde_survey_kind kind, uint8_t last)
{
    struct sonde_survey_answer answer = {
        .kind = kind,
        .target = target(NULL, last),
        .from = target(NULL, kind == SONDE_SURVEY_ERROR ? 254 : last),
        .rtt_known = true,
        .rtt = {1500000},
        .received = {.at = {SONDE_NS_PER_S}, .source = SONDE_STAMP_KERNEL},
        .hop_limit = 60,
        .icmp_type = kind == SONDE_SURVEY_ERROR ? 3 : 0,
        .icmp_code = kind == SONDE_SURVEY_ERROR ? 1 : 0,
    };
    report_survey_answer(bench->report, &answer);
}

static void answers(struct bench *bench)
{
    answer(bench, SONDE_SURVEY_REPLY, 1);
    answer(bench, SONDE_SURVEY_ERROR, 2);
    answer(bench, SONDE_SURVEY_DUPLICATE, 1);
}

static void finish(struct bench *bench)
{
    const struct sonde_transport_counters counters = {0};
    report_survey_end(bench->report, (struct sonde_mono){2 * SONDE_NS_PER_S}, &counters);
    cr_assert_eq(report_survey_flush(bench->report), 0);
    fflush(bench->config.out);
    fflush(bench->config.err);
    report_survey_destroy(bench->report);
    sonde_survey_destroy(bench->survey);
}

static void finish_and_close(struct bench *bench)
{
    finish(bench);
    end(bench);
}

#define ALIVE       "192.0.2.1 is alive, 1.500 ms\n"
#define UNREACHABLE "192.0.2.2 is unreachable: Destination Host Unreachable, from 192.0.2.254\n"

static void expect_text(enum report_sweep_selection selection, bool quiet, const char *text)
{
    struct bench bench = {.config = {.selection = selection, .quiet = quiet}};
    begin(&bench);
    answers(&bench);
    finish(&bench);
    cr_expect_str_eq(bench.out, text);
    end(&bench);
}

Test(report_survey, tells_whom_it_is_asked_for)
{
    expect_text(REPORT_SWEEP_ALL, false, ALIVE UNREACHABLE);
    expect_text(REPORT_SWEEP_ALIVE, false, ALIVE);
    expect_text(REPORT_SWEEP_UNREACHABLE, false, UNREACHABLE);
    expect_text(REPORT_SWEEP_ALL, true, "");
}

Test(report_survey, summary)
{
    struct bench bench = {.config = {.resume = "part2"}};
    begin(&bench);
    finish(&bench);
    cr_expect(strstr(bench.err, "3 addresses (shard 2 of 3): 0 alive, 0 refused, 0 unsent\n"));
    cr_expect(strstr(bench.err, "0 probes sent: 0 answered, 0 unanswered, 0 failed; 2.00 s\n"));
    cr_expect(strstr(bench.err, "ended at position 0 of 3; the same command goes on from there "
                                "(--resume part2)\n"),
              "%s", bench.err);
    end(&bench);
}

static void expect_courtesy(struct report_survey_config config, const char *line)
{
    struct bench bench = {.config = config};
    begin(&bench);
    finish(&bench);
    if (line)
        cr_expect(strstr(bench.err, line), "%s", bench.err);
    else
        cr_expect_not(strstr(bench.err, "other people"), "%s", bench.err);
    end(&bench);
}

Test(report_survey, what_other_people_are_owed)
{
    expect_courtesy((struct report_survey_config){.strangers = false}, NULL);
    expect_courtesy((struct report_survey_config){.strangers = true, .form = REPORT_SWEEP_CSV},
                    NULL);
    expect_courtesy((struct report_survey_config){.strangers = true, .form = REPORT_SWEEP_JSON},
                    NULL);
    expect_courtesy((struct report_survey_config){.strangers = true, .exclusions = true},
                    "\nother people's networks are owed a name to contact (--payload-text)\n");
    expect_courtesy((struct report_survey_config){.strangers = true},
                    "(--payload-text), leaving out who objects (--exclude-file)\n");
}

Test(report_survey, csv)
{
    struct bench bench = {.config = {.form = REPORT_SWEEP_CSV}};
    begin(&bench);
    answers(&bench);
    cr_assert_eq(report_survey_flush(bench.report), 0);
    cr_expect_str_eq(bench.out,
                     "time,host,address,state,rtt_ns,reason\r\n"
                     "1970-01-01T00:00:01.000000000Z,192.0.2.1,192.0.2.1,alive,1500000,\r\n"
                     "1970-01-01T00:00:01.000000000Z,192.0.2.2,192.0.2.2,refused,,"
                     "\"Destination Host Unreachable, from 192.0.2.254\"\r\n");
    finish_and_close(&bench);
}

/* One that was too big on its way, and one that this machine could not send. */
static void details(struct bench *bench)
{
    struct sonde_survey_answer answer = {
        .kind = SONDE_SURVEY_ERROR,
        .target = target(NULL, 3),
        .from = target(NULL, 254),
        .received = {.at = {SONDE_NS_PER_S}, .source = SONDE_STAMP_KERNEL},
        .icmp_type = 3,
        .icmp_code = 4,
        .mtu = 1400,
    };
    report_survey_answer(bench->report, &answer);
    answer.target = target(NULL, 4);
    answer.from = (struct sonde_address){0};
    answer.mtu = 0;
    answer.error = ENETDOWN;
    report_survey_answer(bench->report, &answer);
}

Test(report_survey, what_fits_and_why_it_was_refused)
{
    struct bench bench = {0};
    begin(&bench);
    details(&bench);
    cr_assert_eq(report_survey_flush(bench.report), 0);
    cr_expect_str_eq(bench.out,
                     "192.0.2.3 is unreachable: Frag needed and DF set (mtu = 1400), from "
                     "192.0.2.254\n192.0.2.4 is unreachable: cannot send: Network is down\n");
    finish_and_close(&bench);
    bench = (struct bench){.config = {.form = REPORT_SWEEP_JSON}};
    begin(&bench);
    details(&bench);
    cr_assert_eq(report_survey_flush(bench.report), 0);
    cr_expect(strstr(bench.out, "\"mtu\":1400}\n"), "%s", bench.out);
    cr_expect(strstr(bench.out, "\"errno\":100}\n"), "%s", bench.out);
    finish_and_close(&bench);
}

/* Nothing leaves this machine. */
static void refuse_all(struct bench *bench)
{
    struct sonde_datagram batch[4];
    for (struct sonde_mono now = {0}; now.ns < 5 * SONDE_NS_PER_S; now.ns += SONDE_NS_PER_S) {
        const size_t count = sonde_survey_transmit(bench->survey, now, batch, 4);
        for (size_t i = 0; i < count; i++) {
            batch[i].error = EHOSTUNREACH;
            batch[i].sent = now;
        }
        sonde_survey_transmitted(bench->survey, batch, count);
    }
}

Test(report_survey, refusals_have_their_reasons)
{
    struct bench bench = {0};
    begin(&bench);
    refuse_all(&bench);
    finish(&bench);
    cr_expect(strstr(bench.err, "3 unsent\n"), "%s", bench.err);
    cr_expect(strstr(bench.err, "\n3 unsent: No route to host\n"), "%s", bench.err);
    end(&bench);
    bench = (struct bench){.config = {.form = REPORT_SWEEP_JSON}};
    begin(&bench);
    refuse_all(&bench);
    finish(&bench);
    cr_expect(strstr(bench.out, "\"refusals\":[{\"errno\":113,\"text\":\"No route to host\","
                                "\"probes\":3}]"),
              "%s", bench.out);
    end(&bench);
}

static uint64_t member(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    cr_assert(json_is_integer(value), "%s", name);
    return (uint64_t)json_integer_value(value);
}

Test(report_survey, json)
{
    struct bench bench = {.config = {.form = REPORT_SWEEP_JSON}};
    begin(&bench);
    answers(&bench);
    finish(&bench);
    const char *line = bench.out;
    static const char *const types[] = {"survey_start", "host", "host", "survey_summary"};
    for (size_t i = 0; i < 4; i++) {
        const char *end = strchr(line, '\n');
        json_t *object = json_loadb(line, (size_t)(end - line), 0, NULL);
        cr_assert_str_eq(json_string_value(json_object_get(object, "type")), types[i]);
        if (i % 3 == 0) {
            cr_expect_eq(member(object, "addresses"), 10);
            cr_expect_eq(member(object, "shard"), 2);
            cr_expect_eq(member(object, "shards"), 3);
            cr_expect_eq(member(object, "seed"), 5);
        }
        json_decref(object);
        line = end + 1;
    }
    cr_expect_eq(*line, '\0');
    cr_expect_eq(bench.err_bytes, 0);
    end(&bench);
}

Test(report_survey, status_and_progress)
{
    struct bench bench = {.config = {.progress = true}};
    struct sonde_mono again;
    begin(&bench);
    report_survey_progress(bench.report, (struct sonde_mono){0}, &again);
    cr_expect_eq(again.ns, 500 * SONDE_NS_PER_MS);
    report_survey_progress(bench.report, again, &again);
    cr_expect_eq(again.ns, SONDE_NS_PER_S);
    cr_expect_str_eq(bench.err, "\r\033[K0 s: 0 of 3 addresses (0.00%), 0 alive; 0 probes, 0/s");
    answer(&bench, SONDE_SURVEY_REPLY, 1);
    report_survey_status(bench.report, again);
    cr_expect_str_eq(bench.err,
                     "\r\033[K0 s: 0 of 3 addresses (0.00%), 0 alive; 0 probes, 0/s"
                     "\r\033[K1 s: 0 of 3 addresses (0.00%), 0 alive; 0 probes, 0/s\n",
                     "%s", bench.err);
    finish_and_close(&bench);
}

Test(report_survey, what_it_waits_for)
{
    struct bench bench = {0};
    begin(&bench);
    struct sonde_datagram batch[4];
    const struct sonde_mono second = {SONDE_NS_PER_S}, last = {2 * SONDE_NS_PER_S};
    for (struct sonde_mono now = {0}; now.ns <= last.ns; now.ns += SONDE_NS_PER_S) {
        const size_t count = sonde_survey_transmit(bench.survey, now, batch, 4);
        cr_assert_eq(count, 1);
        batch[0].error = 0;
        batch[0].sent = now;
        sonde_survey_transmitted(bench.survey, batch, count);
        if (now.ns == second.ns)
            report_survey_status(bench.report, now);
    }
    cr_expect(
        strstr(bench.err, "2 of 3 addresses (66.67%), 0 alive (0.00%); 2 probes, 2/s; 6 s left\n"),
        "%s", bench.err);
    report_survey_status(bench.report, sonde_mono_add(last, sonde_span_ms(1200)));
    cr_expect(strstr(bench.err, "3 probes; waiting 4 s for answers\n"), "%s", bench.err);
    report_survey_status(bench.report, sonde_mono_add(last, sonde_span_s(9)));
    cr_expect(strstr(bench.err, "; waiting 0 s for answers\n"), "%s", bench.err);
    finish_and_close(&bench);
}

Test(report_survey, fields_that_are_known)
{
    cr_expect(report_survey_knows(REPORT_SWEEP_RTT));
    cr_expect(report_survey_knows(REPORT_SWEEP_REASON));
    cr_expect_not(report_survey_knows(REPORT_SWEEP_SENT));
    cr_expect_not(report_survey_knows(REPORT_SWEEP_RTT_AVG));
}
