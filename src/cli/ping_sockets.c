#include "cli/ping_sockets.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/opening.h"
#include "sonde/net.h"

#define MOST_SPREAD      64 /* hosts that have an identifier each, and so count 1, 2, 3 … */
#define MOST_IDENTIFIERS 32768
#define MOST_SOCKETS     256 /* a datagram socket has one identifier */
#define LEASES_PER_LANE  65536
#define EXTENDED_LANE    256                      /* RFC 8335: eight bits of sequence */
#define BUSY_GAP_NS      (50.0 * SONDE_NS_PER_US) /* of probes: so many are worth a thread */
#define BUSY_PROBES      2000
#define BUSY_BYTES       4096 /* longer ones cost more to copy than to receive */
#define FLOOD_GAP_NS     (100.0 * SONDE_NS_PER_US)
#define REMEMBERED_NS    (10.0 * SONDE_NS_PER_S)
#define LONGEST_NS       (60.0 * SONDE_NS_PER_S)

/* Enough for all probes that may be open or remembered at once, and one for each of few hosts. */
static uint32_t identifiers(const struct ping_settings *settings)
{
    const double ns_per_s = (double)SONDE_NS_PER_S;
    if (settings->choice.kind != SONDE_PROBE_ECHO)
        return cli_flows((double)settings->interval.ns / ns_per_s,
                         (double)settings->timeout.ns / ns_per_s);
    double hosts = (double)ping_settings_target_count(settings);
    double lane = settings->kind == SONDE_PROBE_EXTENDED_ECHO ? EXTENDED_LANE : LEASES_PER_LANE;
    double remembered_ns = (double)settings->timeout.ns + (double)REMEMBERED_NS;
    double interval_ns = settings->interval.ns > 0 ? (double)settings->interval.ns : FLOOD_GAP_NS;
    if (remembered_ns > LONGEST_NS)
        remembered_ns = LONGEST_NS;
    double leases = hosts * (remembered_ns / interval_ns + (double)settings->preload);
    double lanes = 2 * leases / lane + 1;
    if (lanes < hosts)
        lanes = hosts < MOST_SPREAD ? hosts : MOST_SPREAD;
    return lanes < MOST_IDENTIFIERS ? (uint32_t)lanes : MOST_IDENTIFIERS;
}

/* So many probes a second, for long enough, that answers are worth a thread of their own. */
static bool is_busy(const struct ping_settings *settings)
{
    double hosts = (double)ping_settings_target_count(settings);
    double probes = hosts * (double)(settings->count > 0 ? settings->count : INT64_MAX);
    if (probes < BUSY_PROBES || settings->payload_bytes > BUSY_BYTES || settings->adaptive)
        return false;
    return (double)settings->interval.ns < BUSY_GAP_NS * hosts;
}

/* The one family that all hosts are given in, where they are given as numbers: then only its
 * sockets are needed. */
static enum sonde_family family_of_hosts(const struct ping_settings *settings)
{
    enum sonde_family family = ping_settings_family(settings);
    if (family != SONDE_FAMILY_NONE)
        return family;
    for (size_t i = 0; i < ping_settings_target_count(settings); i++) {
        struct sonde_address address;
        if (!sonde_address_parse(ping_settings_target(settings, i), &address) ||
            (family != SONDE_FAMILY_NONE && family != address.family))
            return SONDE_FAMILY_NONE;
        family = (enum sonde_family)address.family;
    }
    return family;
}

static struct sonde_net_config configure(const struct ping_settings *settings)
{
    struct sonde_net_config config = {
        .protocols = cli_protocols_of(settings->choice.kind),
        .family = family_of_hosts(settings),
        .identifier_count = identifiers(settings),
        .fixed_identifier = (int32_t)settings->identifier,
        .device = settings->source.device,
        .source = settings->source.address,
        .mark_set = settings->mark >= 0,
        .mark = settings->mark >= 0 ? (uint32_t)settings->mark : 0,
        .stamps = (enum sonde_net_stamps)settings->stamps,
        .precise = settings->precise,
        .send_buffer_bytes =
            settings->send_buffer_bytes > 0 ? (size_t)settings->send_buffer_bytes : 0,
        .pmtu = (enum sonde_net_pmtu)settings->pmtu,
        .broadcast = settings->broadcast,
        .dont_route = settings->dont_route,
        .debug = settings->debug,
        .receiver = is_busy(settings),
        .no_multicast_loop = settings->no_loopback,
        .signals_set = true,
    };
    sigemptyset(&config.signals);

    sigaddset(&config.signals, SIGALRM); /* stands for SIGINT too: see session_obey_interrupts */
    sigaddset(&config.signals, SIGQUIT);
    if (!settings->drop_in)
        sigaddset(&config.signals, SIGTERM);
    return config;
}

/* What ping says when a socket cannot be had. */
static void complain_as_ping(const struct cli_context *context,
                             const struct ping_settings *settings, bool raw, int error,
                             const char *operation)
{
    const char *program = context->program;
    if (error == -ENODEV && settings->source.device) {
        if (family_of_hosts(settings) == SONDE_IPV6)
            fprintf(stderr, "%s: unknown iface: %s\n", program, settings->source.device);
        else
            fprintf(stderr, "%s: SO_BINDTODEVICE %s: %s\n", program, settings->source.device,
                    strerror(-error));
    } else if (error == -EADDRNOTAVAIL) {
        fprintf(stderr, "%s: bind%s: %s\n", program,
                settings->source.address.family == SONDE_IPV6 ? " icmp socket" : "",
                strerror(-error));
    } else if (error == -EPERM || error == -EACCES) {
        fprintf(stderr, "%s: socktype: %s\n%s: socket: %s\n", program,
                raw ? "SOCK_RAW" : "SOCK_DGRAM", program, strerror(EPERM));
        if (!context->privilege.user_is_root)
            fprintf(stderr, "%s: => missing cap_net_raw+p capability or setuid?\n", program);
    } else {
        fprintf(stderr, "%s: %s: %s\n", program, operation, strerror(-error));
    }
}

static bool wants_raw(const struct cli_context *context, const struct ping_settings *settings)
{
    if (settings->socket != PING_SOCKET_DEFAULT)
        return settings->socket == PING_SOCKET_RAW;
    return context->privilege.raw || settings->kind != SONDE_PROBE_ECHO;
}

/* What opening sockets needs to know. */
struct wanted {
    const char *program;
    const struct ping_settings *settings;
    bool raw;
};

static int open_as(bool raw, struct sonde_net_config config, struct sonde_transport *transport,
                   const char **operation)
{
    if (raw)
        return sonde_net_open_raw(&config, transport, operation);
    if (config.identifier_count > MOST_SOCKETS)
        config.identifier_count = MOST_SOCKETS;
    return sonde_net_open_dgram(&config, transport, operation);
}

/* To ping a mark that is refused is no reason to stop. */
static int open_sockets(void *self, struct sonde_transport *transport, const char **operation)
{
    const struct wanted *wanted = self;
    struct sonde_net_config config = configure(wanted->settings);
    const int error = open_as(wanted->raw, config, transport, operation);
    if (error != -EPERM || !wanted->settings->drop_in || !config.mark_set ||
        !strstr(*operation, "mark"))
        return error;
    fprintf(stderr, "%s: WARNING: failed to set mark: %u: %s\n", wanted->program, config.mark,
            strerror(EPERM));
    config.mark_set = false;
    return open_as(wanted->raw, config, transport, operation);
}

/* What is asked cannot be had from datagram sockets, which is all there is; told on stderr. */
static bool needs_raw(const struct cli_context *context, const struct ping_settings *settings)
{
    if (settings->choice.kind == SONDE_PROBE_ECHO || wants_raw(context, settings))
        return false;
    const char *what = ping_settings_hop_count(settings) > 0
                           ? "--via"
                           : cli_raw_option(&settings->choice, settings->payload_bytes > 0);
    if (what)
        cli_complain_of_privilege(context->program, what);
    return what;
}

int ping_sockets_open(struct cli_context *context, const struct ping_settings *settings,
                      struct sonde_transport *transport)
{
    if (settings->scenario)
        return cli_open_simulation(context->program, settings->scenario, (uint64_t)settings->seed,
                                   transport);
    if (needs_raw(context, settings))
        return -EPERM;
    struct wanted wanted = {context->program, settings, wants_raw(context, settings)};
    const char *operation = "";
    const int error =
        cli_open_privileged(&context->privilege, open_sockets, &wanted, transport, &operation);
    if (error && settings->drop_in)
        complain_as_ping(context, settings, wanted.raw, error, operation);
    else if (error)
        cli_complain_of_sockets(context->program, settings->source.device,
                                &settings->source.address, operation, error);
    return error;
}
