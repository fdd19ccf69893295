#include "cli/trace_multipath.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/path_run.h"
#include "cli/session.h"
#include "report/multipath.h"
#include "sonde/multipath.h"

struct search {
    struct path_ground *ground;
    struct sonde_multipath *multipath;
    const struct sonde_multipath_graph *graph; /* once it is over; NULL before */
    struct path_look look;
};

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
    if (settings->choice.kind == SONDE_PROBE_UDP)
        config.source_ports = (uint16_t)ground->transport.identifier_count;
    else if (settings->choice.kind != SONDE_PROBE_ECHO)
        config.max_flows = (uint32_t)ground->transport.identifier_count;
    return config;
}

static void settle_names(struct search *search)
{
    const struct sonde_multipath_graph *graph = search->graph;
    for (bool pending = true; pending && !search->look.interrupted;) {
        pending = false;
        for (uint32_t i = 0; i < graph->vertex_count; i++)
            pending |= graph->vertices[i].address.family != SONDE_FAMILY_NONE &&
                       path_ground_name_pending(search->ground, &graph->vertices[i].address);
        if (pending)
            search->look.interrupted |= path_ground_wait(search->ground);
    }
}

static int tell(struct search *search, const struct sonde_multipath_config *config)
{
    const struct path_settings *settings = search->ground->settings;
    const struct report_target target = {.name = settings->host,
                                         .address = search->ground->target.address};
    const struct report_run run = path_report_run(search->ground, &target);
    const struct report_multipath what = {
        .form = settings->json  ? REPORT_MULTIPATH_JSON
                : settings->dot ? REPORT_MULTIPATH_DOT
                                : REPORT_MULTIPATH_TEXT,
        .graph = search->graph,
        .confidence = config->confidence,
        .lite = config->mode == SONDE_MULTIPATH_LITE,
        .origin = settings->as_numbers || settings->geo_file ? path_ground_origin : NULL,
        .spent = search->look.spent,
    };
    return report_multipath(&run, &what);
}

static int exit_code(const struct search *search)
{
    switch (search->graph->end) {
    case SONDE_MULTIPATH_REACHED:
        return CLI_ANSWERED;
    case SONDE_MULTIPATH_SEND_FAILED:
        return CLI_FAILED;
    default:
        return CLI_SILENT;
    }
}

/* Sends and listens until all ways are found. */
static int look(struct search *search, const struct sonde_multipath_config *config)
{
    const int error = sonde_multipath_create(&search->multipath, config);
    if (error)
        return error;
    if (!search->ground->settings->scenario)
        session_obey_interrupts();
    const int looked = path_look(search->ground, &search->ground->target,
                                 sonde_multipath_strategy(search->multipath), &search->look);
    search->graph = sonde_multipath_read(search->multipath);
    return looked ? looked : search->graph ? 0 : -ENOMEM;
}

static void finish(struct search *search, int error)
{
    if (error)
        fprintf(stderr, "%s: the run ended early: %s\n", search->ground->context->program,
                strerror(-error));
    sonde_multipath_destroy(search->multipath);
}

int trace_all_ways(struct path_ground *ground)
{
    struct search search = {.ground = ground};
    const struct sonde_multipath_config config = config_of(ground);
    int error = look(&search, &config);
    int status = CLI_FAILED;
    if (search.graph) {
        settle_names(&search);
        session_release_signals();
        const int told = tell(&search, &config);
        error = error ? error : told;
        status = error ? CLI_FAILED : exit_code(&search);
    }
    finish(&search, error);
    return status;
}

/* --- a flow for each way -----------------------------------------------------------------------
 */

#define MOST_HOPS 256u

/* Takes the flows of vertices that no flow taken before passes, farthest first. */
static size_t choose(const struct sonde_multipath *multipath,
                     const struct sonde_multipath_graph *graph, bool *passed, uint16_t *flows,
                     size_t capacity)
{
    size_t count = 0;
    uint32_t way[MOST_HOPS];
    for (uint32_t i = graph->vertex_count; i-- > 1 && count < capacity;) {
        const uint16_t flow = graph->vertices[i].flow;
        if (passed[i] || graph->vertices[i].star)
            continue;
        const size_t known = sonde_multipath_way(multipath, flow, way, MOST_HOPS);
        for (size_t hop = 0; hop < known && hop < MOST_HOPS; hop++)
            if (way[hop] != SONDE_MULTIPATH_NONE)
                passed[way[hop]] = true;
        flows[count++] = flow;
    }
    return count;
}

int trace_find_flows(struct path_ground *ground, uint16_t *flows, size_t capacity, size_t *count)
{
    struct search search = {.ground = ground};
    const struct sonde_multipath_config config = config_of(ground);
    int error = look(&search, &config);
    *count = 0;
    if (!error) {
        const struct sonde_multipath_graph *graph = search.graph;
        bool *passed = calloc(graph->vertex_count, sizeof *passed);
        error = passed ? 0 : -ENOMEM;
        if (passed)
            *count = choose(search.multipath, graph, passed, flows, capacity);
        free(passed);
    }
    if (!error && search.look.interrupted)
        error = -EINTR;
    finish(&search, error);
    return error ? CLI_FAILED : 0;
}
