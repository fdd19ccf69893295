/* sonde trace: the way to a host, hop by hop; with --multipath, all ways. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/path_run.h"
#include "cli/session.h"
#include "cli/trace_multipath.h"
#include "report/trace.h"
#include "sonde/engine.h"
#include "sonde/loop.h"
#include "sonde/path.h"
#include "sonde/trace.h"

#define NAME_WAIT sonde_span_ms(100)

struct trace {
    const struct path_settings *settings;
    struct path_ground *ground;
    struct report_run run;
    struct report_target target;
    struct sonde_trace_config config;
    struct sonde_trace *strategy;
    struct sonde_path *path;
    struct sonde_engine *engine;
    struct report_trace *report;
    bool interrupted;
    bool output_failed;
};

static struct sonde_mono now_of(const struct trace *trace)
{
    const struct sonde_transport *transport = &trace->ground->transport;
    return transport->ops->now(transport->self);
}

/* --- the settings in the terms of strategy and report ---------------------------------------- */

static struct sonde_trace_config config_of(const struct path_ground *ground)
{
    const struct path_settings *settings = ground->settings;
    struct sonde_trace_config config = {
        .first_hop = (uint8_t)settings->first_hop,
        .last_hop = (uint8_t)settings->last_hop,
        .queries = (uint8_t)settings->queries,
        .silent_hops = (uint8_t)settings->silent_hops,
        .rounds = (uint64_t)settings->rounds,
        .interval = settings->interval,
        .gap = settings->gap.ns > 0 ? settings->gap : (struct sonde_span){-1},
        .probe = path_ground_probe(ground),
    };
    return config;
}

/* Of a probe; 0 where it is not ours to say: connect(2) sends SYNs as the system makes them. */
static uint32_t datagram_bytes(const struct trace *trace)
{
    if (!trace->ground->raw && trace->config.probe.kind == SONDE_PROBE_TCP)
        return 0;
    const int bytes = sonde_engine_datagram_bytes(trace->engine, &trace->config.probe);
    return bytes > 0 ? (uint32_t)bytes : 0;
}

static enum report_trace_form form_of(const struct path_settings *settings)
{
    if (settings->json)
        return REPORT_TRACE_JSON;
    if (settings->csv)
        return REPORT_TRACE_CSV;
    return settings->report ? REPORT_TRACE_TABLE : REPORT_TRACE_LINES;
}

/* --- what the engine and the loop tell ------------------------------------------------------- */

static void on_sent(void *self, const struct sonde_probe *probe, struct sonde_mono at, int error)
{
    struct trace *trace = self;
    struct sonde_trace_place place;
    (void)at;
    if (error == 0 && sonde_trace_place(trace->strategy, probe->number, &place))
        sonde_path_sent(trace->path, &place);
}

static void on_outcome(void *self, const struct sonde_outcome *outcome)
{
    struct trace *trace = self;
    struct sonde_trace_place place;
    if (!sonde_trace_place(trace->strategy, outcome->number, &place))
        return;
    sonde_path_outcome(trace->path, &place, outcome);
    if (outcome->from.family != SONDE_FAMILY_NONE)
        path_ground_name_pending(trace->ground, &outcome->from); /* begins to look it up */
    report_trace_outcome(trace->report, &place, outcome);
}

static bool on_signal(void *self, int number, struct sonde_mono now)
{
    struct trace *trace = self;
    (void)now;
    if (number == SIGQUIT) {
        report_trace_progress(trace->report);
        return false;
    }
    trace->interrupted = true;
    return true;
}

static bool on_turn(void *self, struct sonde_mono now, struct sonde_mono *again)
{
    struct trace *trace = self;
    const bool waits = report_trace_turn(trace->report, true);
    *again = waits ? sonde_mono_add(now, NAME_WAIT) : SONDE_NEVER;
    trace->output_failed = report_trace_flush(trace->report) != 0;
    return trace->output_failed;
}

/* --- the run --------------------------------------------------------------------------------- */

static int prepare(struct trace *trace)
{
    const struct path_ground *ground = trace->ground;
    struct sonde_engine_config engine;
    const int status = path_ground_engine(ground, &engine);
    if (status)
        return -EIO;
    const struct sonde_path_config path = {
        .first_hop = trace->config.first_hop,
        .last_hop = trace->config.last_hop,
        .destination = ground->target.address,
        .source = ground->raw ? ground->target.source : (struct sonde_address){0},
        .probe = trace->config.probe,
        .percentiles = trace->config.rounds != 1,
    };
    int error = sonde_trace_create(&trace->strategy, &trace->config);
    if (!error)
        error = sonde_path_create(&trace->path, &path);
    if (!error)
        error = sonde_engine_create(&trace->engine, &engine, sonde_trace_strategy(trace->strategy),
                                    (struct sonde_observer){trace, on_sent, on_outcome});
    if (!error)
        error = sonde_engine_add_target(trace->engine, &ground->target);
    if (error)
        return error;
    const struct report_trace_config report = {
        .form = form_of(trace->settings),
        .trace = &trace->config,
        .strategy = trace->strategy,
        .path = trace->path,
        .datagram_bytes = datagram_bytes(trace),
        .origin =
            trace->settings->as_numbers || trace->settings->geo_file ? path_ground_origin : NULL,
        .pending = path_ground_name_pending,
    };
    return report_trace_create(&trace->report, &trace->run, &report);
}

static bool any_name_pending(const struct trace *trace)
{
    bool pending = false;
    for (unsigned i = trace->config.first_hop; i <= trace->config.last_hop; i++) {
        const struct sonde_path_hop *hop = sonde_path_hop(trace->path, (uint8_t)i);
        for (uint8_t a = 0; a < hop->address_count; a++)
            pending |= path_ground_name_pending(trace->ground, &hop->addresses[a].address);
    }
    return pending;
}

/* Names that are on their way get their time, unless somebody is in a hurry. */
static void settle_names(struct trace *trace)
{
    while (!trace->interrupted && any_name_pending(trace))
        trace->interrupted |= path_ground_wait(trace->ground);
}

static void finish(struct trace *trace)
{
    const struct sonde_transport *transport = &trace->ground->transport;
    struct sonde_engine_counters counters;
    sonde_engine_counters(trace->engine, &counters);
    struct report_measurement measurement = {
        .foreign = counters.foreign,
        .malformed = counters.malformed,
        .leases_out = counters.leases_out,
        .skipped = sonde_trace_skipped(trace->strategy),
    };
    transport->ops->counters(transport->self, &measurement.transport);
    report_trace_end(trace->report, &measurement);
}

static int run(struct trace *trace)
{
    report_trace_begin(trace->report);
    const struct sonde_loop_hooks hooks = {trace, on_signal, on_turn};
    const int error =
        sonde_loop_run(trace->engine, &trace->ground->transport, &hooks, SONDE_LOOP_PROMPT);
    sonde_engine_stop(trace->engine, now_of(trace));
    settle_names(trace);
    session_release_signals();
    finish(trace);
    trace->output_failed |= report_trace_flush(trace->report) != 0;
    return error;
}

static int exit_code(const struct trace *trace)
{
    struct sonde_trace_end end;
    sonde_trace_ended(trace->strategy, &end);
    if (trace->output_failed || end.reason == SONDE_TRACE_SEND_FAILED)
        return CLI_FAILED;
    return end.reason == SONDE_TRACE_REACHED ? CLI_ANSWERED : CLI_SILENT;
}

static int trace_one_way(struct path_ground *ground)
{
    struct trace trace = {
        .settings = ground->settings,
        .ground = ground,
        .target = {.name = ground->settings->host, .address = ground->target.address},
        .config = config_of(ground),
    };
    trace.run = path_report_run(ground, &trace.target);
    int error = prepare(&trace);
    if (!error && !ground->settings->scenario)
        session_obey_interrupts();
    if (!error)
        error = run(&trace);
    if (error)
        fprintf(stderr, "%s: the run ended early: %s\n", ground->context->program,
                strerror(-error));
    const int status = error ? CLI_FAILED : exit_code(&trace);
    report_trace_destroy(trace.report);
    sonde_engine_destroy(trace.engine);
    sonde_path_destroy(trace.path);
    sonde_trace_destroy(trace.strategy);
    return status;
}

static int work(struct path_ground *ground)
{
    return ground->settings->multipath ? trace_all_ways(ground) : trace_one_way(ground);
}

int cli_trace(struct cli_context *context, int argc, char **argv)
{
    return path_run(context, PATH_IN_TRACE, work, argc, argv);
}
