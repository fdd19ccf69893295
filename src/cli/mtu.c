/* sonde mtu: the largest datagram that gets through, and what stands in the way of larger ones. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/path_run.h"
#include "cli/session.h"
#include "report/mtu.h"
#include "sonde/engine.h"
#include "sonde/loop.h"
#include "sonde/mtu.h"

#define IPV4_HEADER 20u
#define IPV6_HEADER 40u
#define HEAD        8u  /* of ICMP and UDP */
#define TCP_HEAD    60u /* with all options that a SYN may have */
#define LEAST_IPV4  68u /* RFC 791 */
#define LEAST_IPV6  1280u

struct search {
    struct path_ground *ground;
    struct sonde_mtu_config config;
    struct sonde_mtu *mtu;
    struct sonde_engine *engine;
    bool interrupted;
};

static bool is_ipv6(const struct path_ground *ground)
{
    return ground->target.address.family == SONDE_IPV6;
}

static uint16_t header_bytes(const struct path_ground *ground)
{
    const uint32_t ip =
        is_ipv6(ground) ? IPV6_HEADER : IPV4_HEADER + (uint32_t)ground->options.length;
    return (uint16_t)(ip + (ground->settings->choice.kind == SONDE_PROBE_TCP ? TCP_HEAD : HEAD));
}

static struct sonde_mtu_config config_of(const struct path_ground *ground)
{
    const struct path_settings *settings = ground->settings;
    const uint16_t header = header_bytes(ground);
    const uint16_t usual = is_ipv6(ground) ? LEAST_IPV6 : LEAST_IPV4;
    struct sonde_mtu_config config = {
        .least = (uint16_t)(settings->least_bytes > 0 ? settings->least_bytes : usual),
        .most = (uint16_t)(settings->most_bytes > 0 ? settings->most_bytes : ground->device_mtu),
        .header_bytes = header,
        .last_hop = (uint8_t)settings->last_hop,
        .silent_hops = (uint8_t)settings->silent_hops,
        .gap = settings->gap,
        .probe = path_ground_probe(ground),
    };
    if (config.least < header)
        config.least = header;
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

static int prepare(struct search *search)
{
    struct sonde_engine_config engine;
    if (path_ground_engine(search->ground, &engine))
        return -EIO;
    int error = sonde_mtu_create(&search->mtu, &search->config);
    if (!error)
        error = sonde_engine_create(&search->engine, &engine, sonde_mtu_strategy(search->mtu),
                                    (struct sonde_observer){search, NULL, on_outcome});
    if (error)
        return error;
    struct sonde_engine_target target = search->ground->target;
    target.mtu = 0; /* what is too long is the kernel's to say */
    return sonde_engine_add_target(search->engine, &target);
}

static void settle_names(struct search *search)
{
    struct sonde_mtu_result result;
    sonde_mtu_read(search->mtu, &result);
    for (bool pending = true; pending && !search->interrupted;) {
        pending = false;
        for (uint8_t i = 0; i < result.hop_count; i++)
            pending |= result.hops[i].address.family != SONDE_FAMILY_NONE &&
                       path_ground_name_pending(search->ground, &result.hops[i].address);
        if (pending)
            search->interrupted |= path_ground_wait(search->ground);
    }
}

static int tell(const struct search *search, struct sonde_span spent)
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
        .config = &search->config,
        .result = &result,
        .spent = spent,
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

static int run(struct search *search)
{
    const struct sonde_transport *transport = &search->ground->transport;
    const struct sonde_loop_hooks hooks = {.self = search, .signal = on_signal};
    const struct sonde_mono start = transport->ops->now(transport->self);
    const int error = sonde_loop_run(search->engine, transport, &hooks, SONDE_LOOP_PROMPT);
    const struct sonde_mono now = transport->ops->now(transport->self);
    sonde_engine_stop(search->engine, now);
    settle_names(search);
    session_release_signals();
    const int told = tell(search, sonde_mono_since(now, start));
    return error ? error : told;
}

static int find_mtu(struct path_ground *ground)
{
    struct search search = {.ground = ground, .config = config_of(ground)};
    if (search.config.most < search.config.least) {
        fprintf(stderr, "%s: --most %u is less than the smallest probe of this kind (%u bytes)\n",
                ground->context->program, search.config.most, search.config.least);
        return CLI_FAILED;
    }
    int error = prepare(&search);
    if (!error && !ground->settings->scenario)
        session_obey_interrupts();
    if (!error)
        error = run(&search);
    if (error)
        fprintf(stderr, "%s: the run ended early: %s\n", ground->context->program,
                strerror(-error));
    const int status = error ? CLI_FAILED : exit_code(&search);
    sonde_engine_destroy(search.engine);
    sonde_mtu_destroy(search.mtu);
    return status;
}

int cli_mtu(struct cli_context *context, int argc, char **argv)
{
    return path_run(context, PATH_IN_MTU, find_mtu, argc, argv);
}
