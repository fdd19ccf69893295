/* sonde under the name fping: options, sockets, targets, a sweep, and fping's words about it. */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/random.h"
#include "cli/command.h"
#include "cli/fping_listen.h"
#include "cli/fping_options.h"
#include "cli/fping_sockets.h"
#include "cli/fping_targets.h"
#include "cli/session.h"
#include "cli/sweep_run.h"
#include "sonde/net.h"

#define PEER_VERSION "5.5" /* of fping: whose texts and options the drop-in has */

#define DEFAULT_HOPS  64
#define USER_INTERVAL SONDE_NS_PER_MS  /* between probes, for who is not root */
#define TICK          sonde_span_ms(1) /* probes that are closer leave in groups */

/* Everything that a run needs, and that must live as long as it. */
struct fping {
    struct cli_context *context;
    struct fping_settings settings;
    struct sonde_transport transport;
    struct fping_targets targets;
    struct fping_listener listener;
    uint8_t *payload; /* -R */
};

static int fail(const struct fping *fping, const char *operation, int error)
{
    fprintf(stderr, "%s: %s : %s\n", fping->context->program, operation, strerror(-error));
    return FPING_SYSTEM;
}

static struct report_fping_form form_of(const struct fping_settings *settings)
{
    return (struct report_fping_form){
        .out = stdout,
        .err = stderr,
        .json = settings->json,
        .stamped = settings->stamped,
        .clock = (enum report_fping_clock)settings->clock,
        .words = settings->words,
        .elapsed = settings->elapsed,
        .lines = settings->lines,
        .print_tos = settings->print_tos,
        .print_ttl = settings->print_ttl,
        .all_rtts = settings->all_rtts,
        .outage = settings->outage,
        .cumulative = settings->every.cumulative,
        .period = settings->period,
        .interval = settings->every.interval,
    };
}

/* --- the settings in the engine's terms ------------------------------------------------------ */

static struct sonde_sweep_config sweep_of(const struct fping *fping)
{
    const struct fping_settings *settings = &fping->settings;
    int64_t gap_ns = settings->interval.ns;
    if (!fping->context->privilege.user_is_root && gap_ns < USER_INTERVAL)
        gap_ns = USER_INTERVAL;
    return (struct sonde_sweep_config){
        .mode = settings->loop        ? SONDE_SWEEP_LOOP
                : settings->count > 0 ? SONDE_SWEEP_COUNT
                                      : SONDE_SWEEP_ALIVE,
        .hosts = fping->targets.count,
        .count = (uint64_t)settings->count,
        .retries = (uint32_t)settings->retries,
        .backoff = settings->backoff,
        .period = settings->period,
        .gap_ns = (uint64_t)gap_ns,
        .gap_slots = 1,
        .tick = TICK,
        .enough = settings->fast_reachable ? (uint64_t)settings->reachable : 0,
        .reply_from_elsewhere = !settings->check_source,
        .probe =
            {
                .timeout = settings->timeout,
                .kind = settings->icmp_timestamp ? SONDE_PROBE_TIMESTAMP : SONDE_PROBE_ECHO,
                .hop_limit = settings->hop_limit > 0 ? (uint8_t)settings->hop_limit : DEFAULT_HOPS,
                .traffic_class = (uint8_t)settings->traffic_class,
                .dont_fragment = settings->dont_fragment,
                .payload_bytes = (uint16_t)settings->payload_bytes,
            },
    };
}

/* fping fills its payload with zeros, or with random bytes. */
static int engine_of(struct fping *fping, struct sonde_engine_config *config)
{
    static const uint8_t zero[1];
    const struct fping_settings *settings = &fping->settings;
    *config = (struct sonde_engine_config){
        .linger = settings->remember,
        .identifiers = fping->transport.identifiers,
        .identifier_count = fping->transport.identifier_count,
        .pattern = zero,
        .pattern_bytes = sizeof zero,
        .discover_mtu = true,
    };
    if (settings->random_data && settings->payload_bytes > 0) {
        const size_t bytes = (size_t)settings->payload_bytes;
        fping->payload = malloc(bytes);
        if (!fping->payload)
            return -ENOMEM;
        const int error = base_random_secret(fping->payload, bytes);
        if (error)
            return error;
        config->pattern = fping->payload;
        config->pattern_bytes = bytes;
    }
    return base_random_secret(config->key, sizeof config->key);
}

/* --- the run --------------------------------------------------------------------------------- */

/* What was written must have come out; that it did not is no host's fault. */
static int finish_output(const struct fping *fping, int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    fprintf(stderr, "%s: not all of the output could be written\n", fping->context->program);
    return FPING_SYSTEM;
}

static int run_sweep(struct fping *fping)
{
    const struct fping_settings *settings = &fping->settings;
    struct sweep_run_config config = {
        .program = fping->context->program,
        .transport = &fping->transport,
        .sweep = sweep_of(fping),
        .targets = fping->targets.targets,
        .pace = SONDE_LOOP_PROMPT,
        .listener = &fping_sweep_listener,
        .self = &fping->listener,
    };
    if (settings->count > 0 || settings->loop)
        config.interval = settings->every.interval;
    const int error = engine_of(fping, &config.engine);
    if (error)
        return fail(fping, "get random bytes", error);
    session_obey_interrupts();
    if (sweep_run(&config) != 0)
        return FPING_SYSTEM;
    return finish_output(fping, fping->listener.status);
}

/* Names may take long: until the loop obeys signals they do what they do to any process. */
static int find_targets(struct fping *fping)
{
    sigset_t all, blocked;
    sigfillset(&all);
    sigprocmask(SIG_UNBLOCK, &all, &blocked);
    const int status =
        fping_targets_find(&fping->settings, fping->context->program, &fping->listener.form,
                           &fping->transport, &fping->targets);
    sigprocmask(SIG_SETMASK, &blocked, NULL);
    fping->listener.form.width = fping->targets.width;
    if (status || fping->targets.count > 0)
        return status;
    return fping->targets.unknown > 0 ? FPING_NO_ADDRESS : FPING_UNREACHABLE;
}

/* Nothing is read from the network before this. Threads have what is left: nothing. */
static int give_up_privilege(struct fping *fping)
{
    struct privilege *privilege = &fping->context->privilege;
    const int error = privilege_drop(privilege);
    if (!error)
        (void)sonde_net_start(&fping->transport); /* it works without, too */
    return error ? fail(fping, privilege->operation, error) : 0;
}

static int confine(struct fping *fping, enum privilege_stage stage)
{
    struct privilege *privilege = &fping->context->privilege;
    const int error = privilege_filter(privilege, stage);
    return error ? fail(fping, privilege->operation, error) : 0;
}

static int run(struct fping *fping)
{
    const struct sonde_transport *transport = &fping->transport;
    fping->listener = (struct fping_listener){
        .settings = &fping->settings,
        .transport = transport,
        .form = form_of(&fping->settings),
        .targets = &fping->targets,
        .start = transport->ops->now(transport->self),
    };
    int status = give_up_privilege(fping);
    tzset(); /* reads a file, which is not possible later */
    if (!status)
        status = confine(fping, PRIVILEGE_RESOLVE);
    if (!status)
        status = find_targets(fping);
    if (!status)
        status = confine(fping, PRIVILEGE_LOOP);
    if (!status)
        status = run_sweep(fping);
    fping_listener_destroy(&fping->listener);
    fping_targets_free(&fping->targets);
    free(fping->payload);
    return status;
}

int cli_fping(struct cli_context *context, int argc, char **argv)
{
    struct fping fping = {.context = context};
    struct fping_settings *settings = &fping.settings;
    struct cli_error error = {0};

    if (!fping_options_read(settings, context->started_as, context->privilege.user_is_root, argc,
                            argv, &error))
        return fping_options_complain(&error, context->program, stderr);
    if (settings->help) {
        const struct cli_options table = fping_options();
        cli_options_help(&table, (enum cli_help)settings->help, context->program, stdout);
        return FPING_REACHABLE;
    }
    if (settings->version) {
        printf("%s: Version " PEER_VERSION " (sonde " SONDE_VERSION " stands in for it)\n",
               context->program);
        return FPING_REACHABLE;
    }
    setlocale(LC_CTYPE, "");          /* international names */
    setvbuf(stdout, NULL, _IOLBF, 0); /* programs follow it line by line */
    setvbuf(stderr, NULL, _IOLBF, 0);
    int status = fping_sockets_open(context, settings, &fping.transport);
    if (status)
        return status;
    status = run(&fping);
    fping.transport.ops->close(fping.transport.self);
    return status;
}
