/* sonde ping: options, sockets, targets, a session; and what ping(8) would have said. */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unistd.h>

#include "base/random.h"
#include "cli/command.h"
#include "cli/ping_options.h"
#include "cli/ping_sockets.h"
#include "cli/ping_targets.h"
#include "cli/request.h"
#include "cli/session.h"
#include "net/reverse.h"
#include "packet/node_info.h"
#include "sonde/net.h"
#include "sonde/sim.h"

#define PEER_VERSION "20250605" /* of iputils: whose texts and options the drop-in has */

#define LINGER       sonde_span_s(10)  /* late answers and duplicates are known for so long */
#define FLOOD_PACE   sonde_span_ms(10) /* without answers a flood is 100 a second */
#define FLOOD_WINDOW 64 /* unanswered probes, where answers come faster than they are read */
#define START_GAP    sonde_span_ms(10) /* between the first probes to two of several hosts */
#define TICK         sonde_span_ms(25) /* probes to very many hosts leave in groups, so far apart */
#define MANY_TARGETS 32                /* more than a person follows line by line */
#define DEFAULT_HOPS 64
#define GROUP_HOPS   1 /* multicast stays on the link unless asked otherwise (RFC 1112) */

/* Everything that a run needs, and that must live as long as it. */
struct ping {
    struct cli_context *context;
    struct ping_settings settings;
    struct sonde_transport transport;
    struct ping_targets targets;
    struct net_reverse *reverse;
    struct request_options options;
    struct request_body body;
};

/* --- names of addresses ---------------------------------------------------------------------- */

static const char *reverse_name(void *self, const struct sonde_address *address)
{
    struct ping *ping = self;
    const char *name = NULL;
    if (ping->settings.scenario)
        return sonde_sim_reverse(&ping->transport, address);
    if (ping->reverse)
        net_reverse_ask(ping->reverse, address, &name);
    return name;
}

static bool reverse_pending(void *self, const struct sonde_address *address)
{
    struct ping *ping = self;
    const char *name;
    return ping->reverse && net_reverse_ask(ping->reverse, address, &name) == NET_REVERSE_PENDING;
}

static bool names_wanted(const struct ping *ping)
{
    switch ((enum ping_names)ping->settings.names) {
    case PING_NAMES_NEVER:
        return false;
    case PING_NAMES_ALWAYS:
        return true;
    case PING_NAMES_DEFAULT:
        break;
    }
    return ping->targets.any_named;
}

/* --- the settings in the engine's terms ------------------------------------------------------ */

static bool is_flooding(const struct ping_settings *settings)
{
    return settings->interval.ns == 0 && !settings->adaptive;
}

static struct sonde_probe probe_of(const struct ping *ping)
{
    const struct ping_settings *settings = &ping->settings;
    bool groups_only = true;
    for (uint32_t i = 0; i < ping->targets.count; i++)
        groups_only &= sonde_address_is_multicast(&ping->targets.targets[i].address);
    int64_t hops = settings->hop_limit >= 0 ? settings->hop_limit
                   : groups_only            ? GROUP_HOPS
                                            : DEFAULT_HOPS;
    uint32_t label = settings->flow_label > 0 ? (uint32_t)settings->flow_label : 0;
    if (settings->flow_label == 0)
        base_random_secret(&label, sizeof label);
    return (struct sonde_probe){
        .timeout = settings->timeout,
        .kind = ping_settings_kind(settings),
        .hop_limit = (uint8_t)hops,
        .traffic_class = settings->traffic_class > 0 ? (uint8_t)settings->traffic_class : 0,
        .dont_fragment =
            settings->pmtu == SONDE_NET_PMTU_DO || settings->pmtu == SONDE_NET_PMTU_PROBE,
        .flow_label = label & 0xfffff,
        .payload_bytes = (uint16_t)settings->payload_bytes,
        .port = settings->choice.port,
    };
}

/* Of echo requests nobody's: see struct sonde_probe. */
static uint16_t flows_of(const struct ping *ping)
{
    const size_t count = ping->transport.identifier_count;
    if (ping->settings.choice.kind == SONDE_PROBE_ECHO)
        return 0;
    return count < UINT16_MAX ? (uint16_t)count : UINT16_MAX;
}

static struct sonde_echo_config echo_of(const struct ping *ping)
{
    const struct ping_settings *settings = &ping->settings;
    struct sonde_echo_config echo = {
        .targets = ping->targets.count,
        .interval = settings->interval,
        .count = (uint64_t)settings->count,
        .preload = (uint32_t)settings->preload,
        .deadline = settings->deadline,
        .tick = TICK,
        .seed = (uint64_t)settings->seed,
        .wait_out = settings->timeout_given && !settings->drop_in,
        .flows = flows_of(ping),
        .probe = probe_of(ping),
    };
    if (settings->poisson)
        echo.mode = SONDE_ECHO_POISSON;
    if (settings->seed < 0 && !settings->scenario) /* else all would send at the same times */
        base_random_secret(&echo.seed, sizeof echo.seed);
    if (settings->adaptive) {
        echo.mode = SONDE_ECHO_ADAPTIVE;
        echo.floor =
            ping->context->privilege.user_is_root ? (struct sonde_span){0} : PING_USER_INTERVAL;
    } else if (is_flooding(settings)) {
        echo.mode = SONDE_ECHO_ADAPTIVE;
        echo.interval = FLOOD_PACE;
        echo.window = FLOOD_WINDOW;
    }
    if (!ping->context->privilege.user_is_root && !settings->scenario)
        echo.min_gap = PING_USER_INTERVAL; /* however many hosts */
    /* few hosts start one shortly after the other, many evenly over the whole interval */
    struct sonde_span gaps = sonde_span_times(START_GAP, ping->targets.count);
    echo.spread = gaps.ns < echo.interval.ns ? gaps : echo.interval;
    /* ping -w with -c: goes on until so many are answered, or something is wrong */
    if (settings->deadline.ns > 0) {
        echo.answers = echo.count;
        echo.count = 0;
        echo.end_at_error = echo.targets == 1; /* one bad host is no reason to leave the others */
    }
    return echo;
}

static int prepare_request(struct ping *ping)
{
    const struct ping_settings *settings = &ping->settings;
    const struct ping_targets *targets = &ping->targets;
    const struct sonde_address *target = &targets->targets[0].address;
    if (settings->record_route)
        request_record_route(&ping->options, &targets->targets[0].source);
    else if (settings->ip_timestamp >= 0)
        request_timestamps(&ping->options, (enum packet_ipv4_timestamp_form)settings->ip_timestamp,
                           &targets->targets[0].source, targets->hops, targets->hop_count);
    else if (targets->hop_count > 0)
        request_source_route(&ping->options, settings->dont_route, targets->hops,
                             targets->hop_count, target);
    if (settings->kind == SONDE_PROBE_EXTENDED_ECHO)
        return request_interface(&ping->body, &settings->far_interface);
    switch (settings->node.subject) {
    case PING_SUBJECT_TARGET:
        break;
    case PING_SUBJECT_NAME:
    case PING_SUBJECT_FULL_NAME:
        return request_subject_name(&ping->body, settings->node.name,
                                    settings->node.subject == PING_SUBJECT_FULL_NAME);
    case PING_SUBJECT_IPV4:
    case PING_SUBJECT_IPV6: {
        struct sonde_address subject;
        if (!sonde_address_parse(settings->node.subject_text, &subject))
            return -EINVAL;
        request_subject_address(&ping->body, &subject);
        break;
    }
    }
    return 0;
}

/* RFC 4620 section 4: what the subject of a query is. */
static uint8_t node_code(const struct ping_settings *settings)
{
    switch (settings->node.subject) {
    case PING_SUBJECT_NAME:
    case PING_SUBJECT_FULL_NAME:
        return 1;
    case PING_SUBJECT_IPV4:
        return 2;
    case PING_SUBJECT_TARGET:
    case PING_SUBJECT_IPV6:
        break;
    }
    return 0;
}

static int engine_of(const struct ping *ping, struct sonde_engine_config *config)
{
    const struct ping_settings *settings = &ping->settings;
    *config = (struct sonde_engine_config){
        .linger = LINGER,
        .identifiers = ping->transport.identifiers,
        .identifier_count = ping->transport.identifier_count,
        .pattern = settings->pattern.bytes,
        .pattern_bytes = settings->pattern.length,
        .discover_mtu =
            settings->pmtu != SONDE_NET_PMTU_DONT && settings->pmtu != SONDE_NET_PMTU_PROBE,
        .ipv4_options = {ping->options.bytes, ping->options.length},
        .own_time_at = ping->options.own_time_at,
        .wall_at_zero = ping->transport.ops->wall(ping->transport.self, (struct sonde_mono){0}),
        .payload = cli_payload_of(&settings->choice, settings->payload),
        .body = {ping->body.bytes, ping->body.length},
        .local_interface = true, /* of the node asked itself, not of its neighbour */
        .node_code = node_code(settings),
        .node_qtype = settings->node.qtype,
        .node_flags = settings->node.flags,
    };
    if (settings->scenario)
        return 0; /* nothing to keep secret, and the same bytes every time */
    return base_random_secret(config->key, sizeof config->key);
}

/* --- the settings in the report's terms ------------------------------------------------------ */

static const char *stamps_text(const struct ping *ping)
{
    static const char *const texts[] = {[SONDE_NET_STAMPS_KERNEL] = "kernel",
                                        [SONDE_NET_STAMPS_HARDWARE] = "hw",
                                        [SONDE_NET_STAMPS_USER] = "user"};
    return ping->settings.scenario ? "virtual" : texts[ping->settings.stamps];
}

static session_report *report_wanted(const struct ping_settings *settings)
{
    if (settings->json)
        return settings->drop_in ? report_ping_json_create : report_json_create;
    return settings->csv ? report_csv_create : report_text_create;
}

static struct report_run run_of(struct ping *ping, const struct sonde_echo_config *echo)
{
    const struct ping_settings *settings = &ping->settings;
    bool terminal = isatty(STDOUT_FILENO);
    return (struct report_run){
        .out = stdout,
        .err = stderr,
        .program = ping->context->program,
        .name = names_wanted(ping) ? reverse_name : NULL,
        .name_self = ping,
        .kind = echo->probe.kind,
        .port = settings->choice.port,
        .payload = cli_payload_word(&settings->choice, settings->payload),
        .payload_bytes = (uint32_t)settings->payload_bytes,
        .ip_option_bytes = ping->options.length > 0 ? PING_OPTIONS_BYTES : 0,
        .flow_label_set = settings->flow_label >= 0,
        .flow_label = echo->probe.flow_label,
        .pattern = settings->pattern_given ? settings->pattern.bytes : NULL,
        .pattern_bytes = settings->pattern.length,
        .interval = settings->interval,
        .timeout = settings->timeout,
        .wait_out = echo->wait_out,
        .count = (uint64_t)settings->count,
        .transport = ping->transport.name,
        .stamps = stamps_text(ping),
        .plain = settings->drop_in,
        .quiet = settings->quiet,
        .flood = settings->flood,
        .adaptive = settings->adaptive,
        .timestamps = settings->print_time,
        .audible = settings->audible,
        .verbose = settings->verbosity > 0,
        .full_precision = settings->full_precision,
        .user_to_user = settings->stamps == SONDE_NET_STAMPS_USER,
        .identifier_known = !ping->transport.header_is_kernels || settings->identifier >= 0,
        .colour = terminal && !settings->no_color && !settings->drop_in,
        .utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
        .histogram = settings->histogram,
        .screen_columns = session_screen_columns(),
        .percentiles = settings->percentiles.ppm,
        .percentile_count = settings->percentiles.count,
    };
}

static enum sonde_loop_pace pace_of(const struct ping *ping)
{
    if (is_flooding(&ping->settings) || ping->settings.adaptive)
        return SONDE_LOOP_EAGER;
    if (ping->targets.count > MANY_TARGETS)
        return SONDE_LOOP_RELAXED;
    return SONDE_LOOP_PROMPT;
}

/* --- the run --------------------------------------------------------------------------------- */

static int complain(const struct ping *ping, const char *operation, int error)
{
    fprintf(stderr, "%s: cannot %s: %s\n", ping->context->program, operation, strerror(-error));
    return CLI_FAILED;
}

/* Nothing is read from the network before this. Threads have what is left: nothing. */
static int give_up_privilege(struct ping *ping)
{
    struct privilege *privilege = &ping->context->privilege;
    int error = privilege_drop(privilege);
    if (!error && !ping->settings.scenario)
        (void)sonde_net_start(&ping->transport); /* it works without, too */
    return error ? complain(ping, privilege->operation, error) : 0;
}

static int confine(struct ping *ping, enum privilege_stage stage)
{
    struct privilege *privilege = &ping->context->privilege;
    int error = privilege_filter(privilege, stage);
    return error ? complain(ping, privilege->operation, error) : 0;
}

static bool needs_resolver(const struct ping_settings *settings)
{
    struct sonde_address address;
    for (size_t i = 0; i < settings->operand_count; i++)
        if (!sonde_address_parse(settings->operands[i], &address))
            return true;
    return ping_settings_hop_count(settings) > 0;
}

static int open_names(struct ping *ping)
{
    if (!names_wanted(ping) || ping->settings.scenario)
        return 0;
    const char *operation;
    int error = net_reverse_open(
        &ping->reverse, &(struct net_reverse_config){.transport = &ping->transport}, &operation);
    return error ? complain(ping, operation, error) : 0;
}

static int exit_code(const struct ping *ping, const struct session_result *result)
{
    const struct ping_settings *settings = &ping->settings;
    if (result->output_failed)
        return settings->drop_in ? CLI_SILENT : CLI_FAILED;
    if (ping->targets.missing > 0)
        return CLI_FAILED;
    bool all_wanted = settings->deadline.ns > 0 && settings->count > 0;
    if (result->silent_targets > 0 || (all_wanted && result->short_targets > 0))
        return CLI_SILENT;
    return CLI_ANSWERED;
}

static int run_session(struct ping *ping)
{
    int error = prepare_request(ping);
    if (error)
        return complain(ping, "build the request", error);
    struct session_config config = {
        .program = ping->context->program,
        .transport = &ping->transport,
        .echo = echo_of(ping),
        .pace = pace_of(ping),
        .targets = ping->targets.targets,
        .report_targets = ping->targets.reports,
        .target_count = ping->targets.count,
        .report = report_wanted(&ping->settings),
        .tell_unanswered = ping->settings.outstanding,
        .name_pending = ping->reverse ? reverse_pending : NULL,
    };
    config.run = run_of(ping, &config.echo);
    error = engine_of(ping, &config.engine);
    if (error)
        return complain(ping, "get random bytes", error);
    if (!ping->settings.scenario)
        session_obey_interrupts();
    struct session_result result;
    error = session_run(&config, &result);
    return error ? CLI_FAILED : exit_code(ping, &result);
}

/* Names may take long: until the loop obeys signals they do what they do to any process. */
static int find_targets(struct ping *ping)
{
    sigset_t all, blocked;
    sigfillset(&all);
    sigprocmask(SIG_UNBLOCK, &all, &blocked);
    int status =
        ping_targets_find(ping->context, &ping->settings, &ping->transport, &ping->targets);
    sigprocmask(SIG_SETMASK, &blocked, NULL);
    return status;
}

static int run(struct ping *ping)
{
    const struct ping_settings *settings = &ping->settings;
    int status = give_up_privilege(ping);
    if (!status && !settings->scenario && needs_resolver(settings))
        status = confine(ping, PRIVILEGE_RESOLVE);
    if (!status)
        status = find_targets(ping);
    if (!status)
        status = open_names(ping);
    if (!status)
        status = confine(ping, ping->reverse ? PRIVILEGE_LOOP_NAMES : PRIVILEGE_LOOP);
    if (!status)
        status = run_session(ping);
    net_reverse_close(ping->reverse);
    ping_targets_free(&ping->targets);
    return status;
}

static int print_version(const struct ping_settings *settings)
{
    if (settings->drop_in)
        printf("ping from iputils " PEER_VERSION " (sonde " SONDE_VERSION " stands in for it)\n");
    else
        puts("sonde " SONDE_VERSION);
    return CLI_ANSWERED;
}

/* As the peer: who set the variable long ago is reminded of it. */
static void warn_about_names(const struct ping_settings *settings, const char *program)
{
    if (settings->names_by_environment && !settings->quiet)
        fprintf(stderr,
                "%s: WARNING: reverse DNS resolution (PTR lookup) disabled, enforce with -H\n",
                program);
}

int cli_ping(struct cli_context *context, int argc, char **argv)
{
    struct ping ping = {.context = context};
    struct ping_settings *settings = &ping.settings;
    struct cli_options table = ping_options(context->drop_in);
    struct cli_error error = {0};

    if (!ping_options_read(settings, context->drop_in, context->started_as, argc, argv, &error))
        return cli_error_print(&error, &table, context->program, stderr);
    if (settings->help != CLI_HELP_NONE) {
        cli_options_help(&table, (enum cli_help)settings->help, context->program,
                         context->drop_in ? stderr : stdout);
        return context->drop_in ? CLI_FAILED : CLI_ANSWERED;
    }
    if (settings->version)
        return print_version(settings);
    if (settings->node.help) {
        fputs(ping_node_words(), stdout);
        return CLI_ANSWERED;
    }
    warn_about_names(settings, context->program);
    if (needs_resolver(settings) || settings->histogram)
        setlocale(LC_CTYPE, ""); /* international names, block characters */
    if (!ping_settings_check_user(settings, context->privilege.user_is_root, &error))
        return cli_error_print(&error, &table, context->program, stderr);
    if (ping_sockets_open(context, settings, &ping.transport) != 0)
        return CLI_FAILED;
    int status = run(&ping);
    ping.transport.ops->close(ping.transport.self);
    return status;
}
