/* sonde mtu: the largest datagram that gets through, and what stands in the way of larger ones. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/path_run.h"
#include "cli/session.h"
#include "cli/trace_multipath.h"
#include "report/mtu.h"
#include "sonde/mtu.h"

#define LEAST_IPV4 68u /* RFC 791 */
#define LEAST_IPV6 1280u
#define MOST_WAYS  64u

struct search {
    struct path_ground *ground;
    struct sonde_mtu_config config;
    struct sonde_mtu *mtu;
    bool several; /* flows: the report names each */
    struct path_look look;
};

static struct sonde_mtu_config config_of(const struct path_ground *ground)
{
    const struct path_settings *settings = ground->settings;
    const uint16_t header = path_ground_header_bytes(ground);
    const uint16_t usual = ground->target.address.family == SONDE_IPV6 ? LEAST_IPV6 : LEAST_IPV4;
    struct sonde_mtu_config config = {
        .least = (uint16_t)(settings->least_bytes > 0 ? settings->least_bytes : usual),
        .most = (uint16_t)(settings->most_bytes > 0 ? settings->most_bytes : ground->device_mtu),
        .header_bytes = header,
        .last_hop = (uint8_t)settings->last_hop,
        .silent_hops = (uint8_t)settings->silent_hops,
        .gap = settings->gap,
        .probe = path_ground_probe(ground),
    };
    if (settings->choice.kind == SONDE_PROBE_TCP)
        config.flows = (uint16_t)(ground->transport.identifier_count - 1);
    if (config.least < header)
        config.least = header;
    return config;
}

static void settle_names(struct search *search)
{
    struct sonde_mtu_result result;
    sonde_mtu_read(search->mtu, &result);
    for (bool pending = true; pending && !search->look.interrupted;) {
        pending = false;
        for (uint8_t i = 0; i < result.hop_count; i++)
            pending |= result.hops[i].address.family != SONDE_FAMILY_NONE &&
                       path_ground_name_pending(search->ground, &result.hops[i].address);
        if (pending)
            search->look.interrupted |= path_ground_wait(search->ground);
    }
}

static int tell(const struct search *search)
{
    const struct path_settings *settings = search->ground->settings;
    const struct report_target target = {.name = settings->host,
                                         .address = search->ground->target.address};
    const struct report_run run = path_report_run(search->ground, &target);
    struct sonde_mtu_result result;
    sonde_mtu_read(search->mtu, &result);
    const struct report_mtu what = {
        .json = settings->json,
        .flow = search->config.probe.flow,
        .several_flows = search->several,
        .config = &search->config,
        .result = &result,
        .spent = search->look.spent,
    };
    return report_mtu(&run, &what);
}

static int exit_code(const struct search *search)
{
    struct sonde_mtu_result result;
    sonde_mtu_read(search->mtu, &result);
    switch (result.end) {
    case SONDE_MTU_FOUND:
        return CLI_ANSWERED;
    case SONDE_MTU_REFUSED:
        return CLI_FAILED;
    default:
        return CLI_SILENT;
    }
}

/* Looks for the MTU of one way; *status is the exit code. Returns 0 or a negative errno. */
static int find_one(struct path_ground *ground, uint16_t flow, bool several, int *status)
{
    struct search search = {.ground = ground, .config = config_of(ground), .several = several};
    struct sonde_engine_target target = ground->target;
    target.mtu = 0; /* what is too long is the kernel's to say */
    search.config.probe.flow = flow;
    int error = sonde_mtu_create(&search.mtu, &search.config);
    if (!error)
        error = path_look(ground, &target, sonde_mtu_strategy(search.mtu), &search.look);
    if (!error) {
        settle_names(&search);
        error = tell(&search);
        *status = exit_code(&search);
    }
    if (!error && search.look.interrupted)
        error = -EINTR;
    sonde_mtu_destroy(search.mtu);
    return error;
}

static bool sizes_make_sense(const struct path_ground *ground)
{
    const struct sonde_mtu_config config = config_of(ground);
    if (config.most >= config.least)
        return true;
    fprintf(stderr, "%s: --most %u is less than the smallest probe of this kind (%u bytes)\n",
            ground->context->program, config.most, config.least);
    return false;
}

static int find_mtu(struct path_ground *ground)
{
    uint16_t flows[MOST_WAYS] = {(uint16_t)ground->settings->flow};
    size_t count = 1;
    int status = sizes_make_sense(ground) ? 0 : CLI_FAILED;
    if (!status && ground->settings->multipath)
        status = trace_find_flows(ground, flows, MOST_WAYS, &count);
    if (!status && !ground->settings->scenario)
        session_obey_interrupts();
    int error = 0;
    for (size_t i = 0; i < count && status != CLI_FAILED && !error; i++) {
        int of_this = 0;
        error = find_one(ground, flows[i], count > 1, &of_this);
        status = of_this > status ? of_this : status;
    }
    session_release_signals();
    if (error)
        fprintf(stderr, "%s: the run ended early: %s\n", ground->context->program,
                strerror(-error));
    return error ? CLI_FAILED : status;
}

int cli_mtu(struct cli_context *context, int argc, char **argv)
{
    return path_run(context, PATH_IN_MTU, find_mtu, argc, argv);
}
