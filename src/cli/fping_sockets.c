#include "cli/fping_sockets.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/opening.h"
#include "sonde/net.h"

#define LEASES_PER_LANE  65536
#define MOST_IDENTIFIERS 256 /* more in flight than the engine holds */
#define MOST_SOCKETS     16  /* a datagram socket has one identifier */
#define FAST_GAP         (SONDE_NS_PER_MS / 10)
#define BUSY_GAP         (SONDE_NS_PER_MS / 20) /* and are worth a thread of their own */
#define RECEIVE_BUFFER   (8u << 20) /* answers to probes that leave so fast come in bursts */

/* Enough for all probes that are open or remembered at once. How many hosts there will be is not
 * known yet. */
static uint32_t identifiers(const struct fping_settings *settings)
{
    if (settings->interval.ns == 0)
        return MOST_IDENTIFIERS;
    const double held_ns = (double)settings->remember.ns + (double)settings->timeout.ns;
    const double lanes = 2 * held_ns / (double)settings->interval.ns / LEASES_PER_LANE + 1;
    return lanes < MOST_IDENTIFIERS ? (uint32_t)lanes : MOST_IDENTIFIERS;
}

static struct sonde_net_config configure(const struct fping_settings *settings)
{
    struct sonde_net_config config = {
        .family = fping_settings_family(settings),
        .identifier_count = identifiers(settings),
        .fixed_identifier = -1,
        .device = settings->device,
        .source = settings->source,
        .mark_set = settings->mark > 0,
        .mark = (uint32_t)settings->mark,
        .receiver = settings->interval.ns < BUSY_GAP,
        .receive_buffer_bytes = settings->interval.ns < FAST_GAP ? RECEIVE_BUFFER : 0,
        .pmtu = settings->dont_fragment ? SONDE_NET_PMTU_DO : SONDE_NET_PMTU_DEFAULT,
        .signals_set = true,
    };
    sigemptyset(&config.signals);
    sigaddset(&config.signals, SIGALRM); /* stands for SIGINT too: see session_obey_interrupts */
    sigaddset(&config.signals, SIGQUIT);
    return config;
}

static int open_as(bool raw, struct sonde_net_config config, struct sonde_transport *transport,
                   const char **operation)
{
    if (raw)
        return sonde_net_open_raw(&config, transport, operation);
    if (config.identifier_count > MOST_SOCKETS)
        config.identifier_count = MOST_SOCKETS;
    return sonde_net_open_dgram(&config, transport, operation);
}

/* With both families open, one that cannot be bound would be told when it is used: too late here.
 */
static int try_source(bool raw, struct sonde_net_config config, const char **operation)
{
    struct sonde_transport trial;
    config.family = (enum sonde_family)config.source.family;
    config.identifier_count = 1;
    const int error = open_as(raw, config, &trial, operation);
    if (!error)
        trial.ops->close(trial.self);
    return error;
}

static int complain(const struct cli_context *context, const struct fping_settings *settings,
                    int error)
{
    if (error == -ENODEV && settings->device) {
        fprintf(stderr, "binding to specific interface (SO_BINDTODEVICE): %s\n", strerror(-error));
        return FPING_UNREACHABLE;
    }
    if (error == -EADDRNOTAVAIL)
        fprintf(stderr, "%s: cannot bind source address : %s\n", context->program,
                strerror(-error));
    else if (error == -EPERM || error == -EACCES)
        fprintf(stderr, "%s: can't create socket (must run as root?)\n", context->program);
    else
        fprintf(stderr, "%s: can't create socket : %s\n", context->program, strerror(-error));
    return FPING_SYSTEM;
}

/* What opening sockets needs to know. */
struct wanted {
    const struct fping_settings *settings;
    bool raw;
};

/* To fping a mark that is refused is no reason to stop. */
static int open_sockets(void *self, struct sonde_transport *transport, const char **operation)
{
    const struct wanted *wanted = self;
    struct sonde_net_config config = configure(wanted->settings);
    int error = 0;
    if (config.source.family != SONDE_FAMILY_NONE && config.family == SONDE_FAMILY_NONE)
        error = try_source(wanted->raw, config, operation);
    if (!error)
        error = open_as(wanted->raw, config, transport, operation);
    if (error != -EPERM || !config.mark_set || !strstr(*operation, "mark"))
        return error;
    fprintf(stderr, "fwmark ipv4: %s\nfwmark ipv6: %s\n", strerror(EPERM), strerror(EPERM));
    config.mark_set = false;
    return open_as(wanted->raw, config, transport, operation);
}

int fping_sockets_open(struct cli_context *context, const struct fping_settings *settings,
                       struct sonde_transport *transport)
{
    struct wanted wanted = {settings, context->privilege.raw || settings->icmp_timestamp};
    const char *operation = "";
    const int error =
        cli_open_privileged(&context->privilege, open_sockets, &wanted, transport, &operation);
    return error ? complain(context, settings, error) : 0;
}
