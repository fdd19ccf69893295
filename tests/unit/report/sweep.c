#include "report/sweep.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS SONDE_NS_PER_MS

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

/* A sweep of three hosts, two with names, driven by hand. */
struct bench {
    struct report_sweep_config config;
    uint16_t port; /* 0: by echo request; else by TCP */
    struct sonde_engine_target targets[3];
    char *names[3];
    struct sonde_sweep *sweep;
    struct report_sweep *report;
    char *out, *err;
    size_t out_bytes, err_bytes;
    struct sonde_mono now;
};

static void begin(struct bench *bench)
{
    static char first[] = "first.example", wild[] = "wi,ld\n";
    struct report_sweep_config *config = &bench->config;
    for (uint8_t i = 0; i < 3; i++)
        bench->targets[i].address =
            sonde_address_from_bytes(SONDE_IPV4, (const uint8_t[4]){192, 0, 2, (uint8_t)(3 - i)});
    bench->names[0] = first;
    bench->names[1] = wild;
    config->out = open_memstream(&bench->out, &bench->out_bytes);
    config->err = open_memstream(&bench->err, &bench->err_bytes);
    config->clock = (struct report_clock){NULL, clock_now, clock_wall};
    config->sweep.hosts = 3;
    config->sweep.backoff = 1;
    config->sweep.probe.timeout = sonde_span_ms(500);
    if (bench->port > 0) {
        config->sweep.probe.kind = SONDE_PROBE_TCP;
        config->sweep.probe.port = bench->port;
    }
    config->targets = bench->targets;
    config->names = bench->names;
    cr_assert_eq(sonde_sweep_create(&bench->sweep, &config->sweep), 0);
    cr_assert_eq(report_sweep_create(&bench->report, config), 0);
    report_sweep_begin(bench->report, bench->sweep, bench->now);
}

/* Asks the next host and says what became of it; both strategy and report hear it. */
static void probe(struct bench *bench, enum sonde_outcome_kind kind)
{
    struct sonde_strategy strategy = sonde_sweep_strategy(bench->sweep);
    struct sonde_probe asked;
    struct sonde_mono wake;
    cr_assert_eq(strategy.ops->next(strategy.self, bench->now, &asked, &wake), SONDE_NEXT_PROBE);
    const struct sonde_address router = {SONDE_IPV4, {192, 0, 2, 254}, 0};
    struct sonde_outcome outcome = {
        .kind = kind,
        .target = asked.target,
        .number = asked.number,
        .due = asked.due,
        .sent = {bench->now, SONDE_STAMP_VIRTUAL},
        .hop_limit = -1,
        .traffic_class = -1,
    };
    if (kind == SONDE_REPLY || kind == SONDE_UNREACHABLE) {
        outcome.received = (struct sonde_stamp){{bench->now.ns + 1500000}, SONDE_STAMP_VIRTUAL};
        outcome.rtt_known = true;
        outcome.rtt.ns = 1500000;
        outcome.from = kind == SONDE_REPLY ? bench->targets[asked.target].address : router;
        outcome.icmp_type = kind == SONDE_REPLY ? 0 : 3;
        outcome.icmp_code = 1;
        outcome.said = kind == SONDE_REPLY ? SONDE_SAID_RST : SONDE_SAID_NOTHING;
    }
    if (kind == SONDE_SEND_FAILED)
        outcome.error = ENETUNREACH;
    strategy.ops->outcome(strategy.self, &outcome);
    report_sweep_outcome(bench->report, &outcome);
}

static void end(struct bench *bench)
{
    const struct sonde_engine_counters engine = {0};
    const struct sonde_transport_counters transport = {0};
    report_sweep_end(bench->report, (struct sonde_mono){2 * SONDE_NS_PER_S}, &engine, &transport);
    cr_assert_eq(report_sweep_flush(bench->report), 0);
    report_sweep_destroy(bench->report);
    sonde_sweep_destroy(bench->sweep);
    fclose(bench->config.out);
    fclose(bench->config.err);
}

static void release(struct bench *bench)
{
    free(bench->out);
    free(bench->err);
}

static void run(struct bench *bench)
{
    begin(bench);
    probe(bench, SONDE_REPLY);
    probe(bench, SONDE_TIMED_OUT);
    probe(bench, SONDE_UNREACHABLE);
    end(bench);
}

Test(report_sweep, lines_as_it_becomes_known)
{
    struct bench bench = {0};
    run(&bench);
    cr_expect_str_eq(bench.out,
                     "first.example (192.0.2.3) is alive, 1.500 ms\n"
                     "wi,ld\\x0a (192.0.2.2) is unreachable: no answer\n"
                     "192.0.2.1 is unreachable: Destination Host Unreachable, from 192.0.2.254\n");
    cr_expect(strstr(bench.err, "3 hosts: 1 alive, 1 silent, 1 refused, 0 unsent, 0 undecided\n"));
    cr_expect(strstr(bench.err, "3 probes sent: 1 answered, 1 unanswered, 1 failed; 2.00 s\n"));
    release(&bench);
}

Test(report_sweep, selections)
{
    struct bench bench = {.config.selection = REPORT_SWEEP_ALIVE};
    run(&bench);
    cr_expect_str_eq(bench.out, "first.example (192.0.2.3) is alive, 1.500 ms\n");
    release(&bench);
    bench = (struct bench){.config.selection = REPORT_SWEEP_UNREACHABLE};
    run(&bench);
    cr_expect_not(strstr(bench.out, "alive"));
    cr_expect(strstr(bench.out, "192.0.2.1 is"));
    release(&bench);
    bench = (struct bench){.config.quiet = true};
    run(&bench);
    cr_expect_str_eq(bench.out, "");
    cr_expect(strstr(bench.err, "3 hosts"));
    release(&bench);
}

Test(report_sweep, sorted_by_address_with_fields)
{
    struct bench bench = {.config.sorted = true};
    cr_assert(report_sweep_fields_parse("address,state,rtt_ns", &bench.config.fields));
    run(&bench);
    cr_expect_str_eq(bench.out, "192.0.2.1\trefused\t-\n"
                                "192.0.2.2\tsilent\t-\n"
                                "192.0.2.3\talive\t1500000\n");
    release(&bench);
}

Test(report_sweep, csv_quotes)
{
    struct bench bench = {.config.form = REPORT_SWEEP_CSV};
    cr_assert(report_sweep_fields_parse("host,reason,loss", &bench.config.fields));
    run(&bench);
    cr_expect_str_eq(bench.out,
                     "host,reason,loss\r\n"
                     "first.example,,0\r\n"
                     "\"wi,ld\\x0a\",no answer,1\r\n"
                     "192.0.2.1,\"Destination Host Unreachable, from 192.0.2.254\",1\r\n");
    release(&bench);
}

Test(report_sweep, json_lines)
{
    struct bench bench = {.config = {.form = REPORT_SWEEP_JSON, .transport = "sim"}};
    begin(&bench);
    probe(&bench, SONDE_SEND_FAILED);
    end(&bench);
    char *rest = NULL;
    static const char *const types[] = {"sweep_start", "host", "sweep_summary"};
    size_t lines = 0;
    for (char *line = strtok_r(bench.out, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        json_t *object = json_loads(line, 0, NULL);
        cr_assert(object && lines < 3, "%s", line);
        cr_expect_str_eq(json_string_value(json_object_get(object, "type")), types[lines]);
        if (lines == 1)
            cr_expect_str_eq(json_string_value(json_object_get(object, "reason")),
                             "cannot send: Network is unreachable");
        if (lines == 2)
            cr_expect_eq(json_integer_value(json_object_get(object, "failed")), 1);
        json_decref(object);
        lines++;
    }
    cr_expect_eq(lines, 3);
    cr_expect_str_eq(bench.err, "");
    release(&bench);
}

Test(report_sweep, figures_by_interval_and_of_all)
{
    struct bench bench = {.config = {.by_interval = true, .quiet = true}};
    bench.config.sweep.mode = SONDE_SWEEP_LOOP;
    bench.config.sweep.period = sonde_span_s(1);
    begin(&bench);
    for (int round = 0; round < 2; round++) {
        bench.now = (struct sonde_mono){round * SONDE_NS_PER_S};
        probe(&bench, SONDE_REPLY);
        probe(&bench, round ? SONDE_REPLY : SONDE_TIMED_OUT);
        probe(&bench, SONDE_TIMED_OUT);
        if (round == 0)
            report_sweep_interval(bench.report, bench.sweep, (struct sonde_mono){900 * MS});
    }
    end(&bench);
    cr_expect_str_eq(
        bench.out,
        "[1970-01-01T00:00:00.900000000Z]\n"
        "first.example (192.0.2.3): 1 sent, 1 answered, 0% lost, min/avg/max 1.500/1.500/1.500 ms\n"
        "wi,ld\\x0a (192.0.2.2): 1 sent, 0 answered, 100% lost\n"
        "192.0.2.1: 1 sent, 0 answered, 100% lost\n"
        "first.example (192.0.2.3): 2 sent, 2 answered, 0% lost, min/avg/max 1.500/1.500/1.500 ms\n"
        "wi,ld\\x0a (192.0.2.2): 2 sent, 1 answered, 50% lost, min/avg/max 1.500/1.500/1.500 ms\n"
        "192.0.2.1: 2 sent, 0 answered, 100% lost\n");
    release(&bench);
}

Test(report_sweep, how_far_it_is)
{
    struct bench bench = {.config.progress = true};
    struct sonde_mono again;
    begin(&bench);
    report_sweep_progress(bench.report, (struct sonde_mono){100 * MS}, &again);
    cr_expect_eq(again.ns, 500 * MS);
    probe(&bench, SONDE_REPLY);
    report_sweep_progress(bench.report, (struct sonde_mono){2 * SONDE_NS_PER_S}, &again);
    cr_expect_eq(again.ns, 2500 * MS);
    report_sweep_status(bench.report, (struct sonde_mono){2 * SONDE_NS_PER_S});
    end(&bench);
    cr_expect(
        strstr(bench.err, "\r\033[K2 s: 1 of 3 hosts, 1 alive (100.0%); 1 probes, 0/s; 4 s left"));
    cr_expect(strstr(bench.err, "4 s left\n"));
    cr_expect_str_eq(bench.out, "first.example (192.0.2.3) is alive, 1.500 ms\n");
    release(&bench);
}

/* Asks so many hosts, and hears nothing of them yet. */
static void ask(struct bench *bench, unsigned count)
{
    struct sonde_strategy strategy = sonde_sweep_strategy(bench->sweep);
    struct sonde_probe asked;
    struct sonde_mono wake;
    for (unsigned i = 0; i < count; i++)
        cr_assert_eq(strategy.ops->next(strategy.self, bench->now, &asked, &wake),
                     SONDE_NEXT_PROBE);
}

Test(report_sweep, what_it_waits_for)
{
    struct bench bench = {.config.progress = true};
    begin(&bench);
    probe(&bench, SONDE_REPLY);
    ask(&bench, 1);
    report_sweep_status(bench.report, (struct sonde_mono){2 * SONDE_NS_PER_S});
    fflush(bench.config.err);
    cr_expect(strstr(bench.err, "2 probes, 1/s; 4 s left\n"), "%s", bench.err);
    ask(&bench, 1);
    report_sweep_status(bench.report, (struct sonde_mono){2 * SONDE_NS_PER_S});
    end(&bench);
    cr_expect(strstr(bench.err, "3 probes; waiting for 2 answers\n"), "%s", bench.err);
    release(&bench);

    bench = (struct bench){
        .config = {.sweep = {.mode = SONDE_SWEEP_COUNT, .count = 1, .period = sonde_span_s(1)}}};
    begin(&bench);
    ask(&bench, 3);
    report_sweep_status(bench.report, (struct sonde_mono){SONDE_NS_PER_S});
    end(&bench);
    cr_expect(strstr(bench.err, "3 probes; waiting for 3 answers\n"), "%s", bench.err);
    release(&bench);
}

Test(report_sweep, names_of_fields)
{
    struct report_sweep_fields fields;
    char names[REPORT_SWEEP_FIELD_NAMES], list[REPORT_SWEEP_FIELD_NAMES];
    report_sweep_field_names(names);
    size_t used = 0;
    for (const char *from = names; *from; from++)
        if (*from != ' ')
            list[used++] = *from;
    list[used] = '\0';
    cr_assert(report_sweep_fields_parse(list, &fields), "%s", list);
    cr_expect_eq(fields.count, REPORT_SWEEP_FIELDS);
    cr_expect_not(report_sweep_fields_parse("", &fields));
    cr_expect_not(report_sweep_fields_parse("host,host", &fields));
    cr_expect_not(report_sweep_fields_parse("hosts", &fields));
}

Test(report_sweep, what_a_reply_was)
{
    struct bench bench = {.port = 81};
    run(&bench);
    cr_expect(strstr(bench.out, "(192.0.2.3) is alive, 1.500 ms: rst (port closed)\n"), "%s",
              bench.out);
    cr_expect(strstr(bench.out, "unreachable: no answer\n"), "%s", bench.out);
    release(&bench);
    bench = (struct bench){.port = 81, .config.form = REPORT_SWEEP_JSON};
    run(&bench);
    cr_expect(strstr(bench.out, "\"probe\":\"tcp\",\"port\":81,"), "%s", bench.out);
    cr_expect(strstr(bench.out, "\"received\":1,\"said\":\"rst\"}\n"), "%s", bench.out);
    release(&bench);
    bench = (struct bench){.port = 81, .config.form = REPORT_SWEEP_CSV};
    run(&bench);
    cr_expect(strstr(bench.out, ",received,reason,said\r\n"), "%s", bench.out);
    cr_expect(strstr(bench.out, ",1,1,,rst\r\n"), "%s", bench.out);
    release(&bench);
}
