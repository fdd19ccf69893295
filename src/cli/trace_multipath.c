#include "cli/trace_multipath.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/path_run.h"
#include "cli/session.h"
#include "report/multipath.h"
#include "sonde/loop.h"
#include "sonde/multipath.h"

struct search {
    struct path_ground *ground;
    struct sonde_multipath *multipath;
    struct sonde_engine *engine;
    bool interrupted;
};

static struct sonde_mono now_of(const struct search *search)
{
    const struct sonde_transport *transport = &search->ground->transport;
    return transport->ops->now(transport->self);
}

static struct sonde_multipath_config config_of(const struct path_ground *ground)
{
    const struct path_settings *settings = ground->settings;
    struct sonde_multipath_config config = {
        .mode = settings->algorithm == PATH_MDA ? SONDE_MULTIPATH_MDA : SONDE_MULTIPATH_LITE,
        .confidence = (double)settings->confidence / 100,
        .probe = path_ground_probe(ground),
        .first_hop = (uint8_t)settings->first_hop,
        .max_hop = (uint8_t)settings->last_hop,
        .gap = settings->gap,
        .silent_hops = (uint8_t)settings->silent_hops,
    };
    config.probe.payload_bytes = (uint16_t)settings->payload_bytes;
    if (settings->choice.kind == SONDE_PROBE_UDP)
        config.source_ports = (uint16_t)ground->transport.identifier_count;
    else if (settings->choice.kind != SONDE_PROBE_ECHO)
        config.max_flows = (uint32_t)ground->transport.identifier_count;
    return config;
}

static void on_outcome(void *self, const struct sonde_outcome *outcome)
{
    struct search *search = self;
    if (outcome->from.family != SONDE_FAMILY_NONE)
        path_ground_name_pending(search->ground, &outcome->from); /* begins to look it up */
}

static bool on_signal(void *self, int number, struct sonde_mono now)
{
    struct search *search = self;
    (void)now;
    search->interrupted |= number != SIGQUIT;
    return search->interrupted;
}

static int prepare(struct search *search, const struct sonde_multipath_config *config)
{
    struct sonde_engine_config engine;
    if (path_ground_engine(search->ground, &engine))
        return -EIO;
    int error = sonde_multipath_create(&search->multipath, config);
    if (!error)
        error = sonde_engine_create(&search->engine, &engine,
                                    sonde_multipath_strategy(search->multipath),
                                    (struct sonde_observer){search, NULL, on_outcome});
    return error ? error : sonde_engine_add_target(search->engine, &search->ground->target);
}

static void settle_names(struct search *search)
{
    const struct sonde_multipath_graph *graph = sonde_multipath_read(search->multipath);
    for (bool pending = true; pending && !search->interrupted;) {
        pending = false;
        for (uint32_t i = 0; i < graph->vertex_count; i++)
            pending |= graph->vertices[i].address.family != SONDE_FAMILY_NONE &&
                       path_ground_name_pending(search->ground, &graph->vertices[i].address);
        if (pending)
            search->interrupted |= path_ground_wait(search->ground);
    }
}

static int tell(struct search *search, const struct sonde_multipath_config *config,
                struct sonde_span spent)
{
    const struct path_settings *settings = search->ground->settings;
    const struct report_target target = {.name = settings->host,
                                         .address = search->ground->target.address};
    const struct report_run run = path_report_run(search->ground, &target);
    const struct report_multipath what = {
        .form = settings->json  ? REPORT_MULTIPATH_JSON
                : settings->dot ? REPORT_MULTIPATH_DOT
                                : REPORT_MULTIPATH_TEXT,
        .graph = sonde_multipath_read(search->multipath),
        .confidence = config->confidence,
        .lite = config->mode == SONDE_MULTIPATH_LITE,
        .spent = spent,
    };
    return report_multipath(&run, &what);
}

static int exit_code(const struct search *search)
{
    switch (sonde_multipath_read(search->multipath)->end) {
    case SONDE_MULTIPATH_REACHED:
        return CLI_ANSWERED;
    case SONDE_MULTIPATH_SEND_FAILED:
        return CLI_FAILED;
    default:
        return CLI_SILENT;
    }
}

static int run(struct search *search, const struct sonde_multipath_config *config)
{
    const struct sonde_loop_hooks hooks = {.self = search, .signal = on_signal};
    const struct sonde_mono start = now_of(search);
    int error =
        sonde_loop_run(search->engine, &search->ground->transport, &hooks, SONDE_LOOP_PROMPT);
    const struct sonde_span spent = sonde_mono_since(now_of(search), start);
    sonde_engine_stop(search->engine, now_of(search));
    settle_names(search);
    session_release_signals();
    const int told = tell(search, config, spent);
    return error ? error : told;
}

int trace_all_ways(struct path_ground *ground)
{
    struct search search = {.ground = ground};
    const struct sonde_multipath_config config = config_of(ground);
    int error = prepare(&search, &config);
    if (!error && !ground->settings->scenario)
        session_obey_interrupts();
    if (!error)
        error = run(&search, &config);
    if (error)
        fprintf(stderr, "%s: the run ended early: %s\n", ground->context->program,
                strerror(-error));
    const int status = error ? CLI_FAILED : exit_code(&search);
    sonde_engine_destroy(search.engine);
    sonde_multipath_destroy(search.multipath);
    return status;
}
