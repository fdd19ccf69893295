#include "cli/sweep_sockets.h"

#include <errno.h>
#include <signal.h>

#include "cli/opening.h"
#include "net/ring_device.h"
#include "net/thread.h"
#include "sonde/net.h"

#define MOST_LANES     4096 /* identifiers, each with 65,536 sequence numbers */
#define MOST_SOCKETS   256  /* a datagram socket has one identifier */
#define SURVEY_LANES   256  /* a survey needs one; more are harder to guess */
#define SURVEY_SOCKETS 16
#define LANE           65536.0
#define FLOW           512.0 /* probes of UDP, TCP, SCTP on their way */
#define FASTEST        4e6   /* probes a second, where no rate is given */
#define REMEMBERED_S   2.0   /* answered and timed-out probes, at high rates */
#define FAST           5000  /* probes a second: from here on answers come in crowds */
#define BUSY           20000 /* … and are worth a thread of their own */
#define RECEIVE_BUFFER (8u << 20)
#define SEND_BUFFER    (4u << 20) /* some 5,000 probes that wait for neighbours to be found */
#define MANY           1e5        /* probes a second: above it several threads send */
#define MOST_SENDERS   4

static double rate_of(const struct sweep_settings *settings)
{
    const struct sweep_rate *rate = &settings->rate;
    if (rate->gap_ns == 0)
        return FASTEST;
    return 1e9 * (double)rate->gap_slots / (double)rate->gap_ns;
}

/*
 * A host's next probe comes a timeout or an interval later; beside that a flow is to have few
 * probes on their way, so that those that a reply may be for are soon found.
 */
static uint32_t flows(const struct sweep_settings *settings)
{
    const double timeout_s = (double)settings->timeout.ns / 1e9;
    const bool periodic = settings->count > 0 || settings->loop;
    const uint32_t of_host =
        cli_flows(periodic ? (double)settings->interval.ns / 1e9 : timeout_s, timeout_s);
    const double of_all = rate_of(settings) * (timeout_s + REMEMBERED_S) / FLOW;
    return of_all <= of_host ? of_host : of_all < MOST_LANES ? (uint32_t)of_all : MOST_LANES;
}

/* Enough for all probes that may be open or remembered at once, twice. */
static uint32_t identifiers(const struct sweep_settings *settings)
{
    if (settings->choice.kind != SONDE_PROBE_ECHO)
        return flows(settings);
    double timeout_s = (double)settings->timeout.ns / 1e9;
    for (int64_t i = 0; i < settings->retries && timeout_s < 60; i++)
        timeout_s *= settings->backoff;
    const double lanes = 2 * rate_of(settings) * (timeout_s + REMEMBERED_S) / LANE + 1;
    return lanes < MOST_LANES ? (uint32_t)lanes : MOST_LANES;
}

/* The one family of all items, where all are given as numbers: then only its sockets are needed. */
static enum sonde_family family_of(const struct sweep_settings *settings,
                                   const struct sweep_items *items)
{
    enum sonde_family family = sweep_settings_family(settings);
    if (family != SONDE_FAMILY_NONE)
        return family;
    for (size_t i = 0; i < items->count; i++) {
        const enum sonde_family here = (enum sonde_family)items->items[i].range.first.family;
        if (items->items[i].name || (family != SONDE_FAMILY_NONE && family != here))
            return SONDE_FAMILY_NONE;
        family = here;
    }
    return family;
}

/* A processor each, where one would not be enough. */
static uint32_t senders(const struct sweep_settings *settings)
{
    const unsigned processors = net_thread_processors();
    if (rate_of(settings) <= MANY)
        return 1;
    return processors < MOST_SENDERS ? processors : MOST_SENDERS;
}

static struct sonde_net_config configure(const struct sweep_settings *settings,
                                         const struct sweep_items *items)
{
    struct sonde_net_config config = {
        .protocols = cli_protocols_of(settings->choice.kind),
        .family = family_of(settings, items),
        .identifier_count = settings->stateless ? SURVEY_LANES : identifiers(settings),
        .fixed_identifier = -1,
        .device = settings->device,
        .source = settings->source,
        .receive_buffer_bytes = rate_of(settings) > FAST ? RECEIVE_BUFFER : 0,
        /* As fast as possible, it is the buffer that keeps the device's queue short. */
        .send_buffer_bytes = settings->rate.gap_ns > 0 ? SEND_BUFFER : SEND_BUFFER / 4,
        .broadcast = settings->special,
        .receiver = rate_of(settings) > BUSY,
        .senders = senders(settings),
        .signals_set = true,
    };
    sigemptyset(&config.signals);
    sigaddset(&config.signals, SIGALRM); /* stands for SIGINT: see session_obey_interrupts */
    sigaddset(&config.signals, SIGTERM);
    sigaddset(&config.signals, SIGQUIT);
    sigaddset(&config.signals, SIGUSR1);
    return config;
}

/*
 * The ring, where it is wanted and possible. -EAGAIN: it is neither asked for nor possible. A
 * survey takes its send times itself, so that nothing waits in socket buffers, and the ring is as
 * long as it is by itself.
 */
static int open_ring(const struct sweep_settings *settings, const struct sweep_items *items,
                     const struct base_target_set *set, struct sonde_net_config config,
                     struct sonde_transport *transport, const char **operation)
{
    const bool asked = settings->transport == SWEEP_TRANSPORT_RING;
    char device[NET_DEVICE_NAME];
    if (!asked && (settings->transport != SWEEP_TRANSPORT_AUTO || !settings->stateless))
        return -EAGAIN;
    const bool fits = items->names == 0 && net_ring_device(&config, set, device);
    if (!asked && !fits)
        return -EAGAIN;
    if (!config.device && fits && device[0] != '\0') {
        config.device = device;
        config.device_chosen = true;
    }
    if (settings->stateless) {
        config.receive_buffer_bytes = 0;
        config.stamps = SONDE_NET_STAMPS_USER;
    }
    const int error = sonde_net_open_ring(&config, transport, operation);
    return error && !asked ? -EAGAIN : error;
}

/* What opening sockets needs to know. */
struct wanted {
    const struct sweep_settings *settings;
    const struct sweep_items *items;
    const struct base_target_set *set;
    bool raw; /* there is the privilege for it */
};

/* Whether there is privilege or not, datagram sockets serve only who has not asked for others. */
static int open_sockets(void *self, struct sonde_transport *transport, const char **operation)
{
    const struct wanted *wanted = self;
    const struct sweep_settings *settings = wanted->settings;
    struct sonde_net_config config = configure(settings, wanted->items);
    const uint32_t most = settings->stateless ? SURVEY_SOCKETS : MOST_SOCKETS;
    if (!wanted->raw && settings->transport == SWEEP_TRANSPORT_AUTO) {
        if (config.identifier_count > most)
            config.identifier_count = most;
        return sonde_net_open_dgram(&config, transport, operation);
    }
    const int error = open_ring(settings, wanted->items, wanted->set, config, transport, operation);
    return error == -EAGAIN ? sonde_net_open_raw(&config, transport, operation) : error;
}

/* What is asked cannot be had from datagram sockets, which is all there is; told on stderr. */
static bool needs_raw(const struct cli_context *context, const struct sweep_settings *settings)
{
    if (context->privilege.raw || settings->transport != SWEEP_TRANSPORT_AUTO)
        return false;
    const char *what = cli_raw_option(&settings->choice, settings->payload_bytes > 0);
    if (what)
        cli_complain_of_privilege(context->program, what);
    return what;
}

int sweep_sockets_open(struct cli_context *context, const struct sweep_settings *settings,
                       const struct sweep_items *items, const struct base_target_set *set,
                       struct sonde_transport *transport)
{
    if (settings->scenario)
        return cli_open_simulation(context->program, settings->scenario,
                                   settings->seed < 0 ? 0 : (uint64_t)settings->seed, transport);
    if (needs_raw(context, settings))
        return -EPERM;
    struct wanted wanted = {settings, items, set, context->privilege.raw};
    const char *operation = "";
    const int error =
        cli_open_privileged(&context->privilege, open_sockets, &wanted, transport, &operation);
    if (error)
        cli_complain_of_sockets(context->program, settings->device, &settings->source, operation,
                                error);
    return error;
}
