#include "cli/path_ground.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/printable.h"
#include "base/random.h"
#include "cli/opening.h"
#include "net/names.h"
#include "packet/ipv4.h"
#include "packet/ipv6.h"
#include "sonde/net.h"
#include "sonde/sim.h"

#define MOST_SOCKETS   256              /* a datagram socket has one identifier */
#define LINGER         sonde_span_s(10) /* late answers and duplicates are known for so long */
#define NAME_WAIT      sonde_span_ms(100)
#define USUAL_MTU      1500u
#define MOST_IN_FLIGHT 65536
#define HEAD           8u /* of ICMP and UDP */
#define LEAST_UDP_IPV6 2  /* by which a probe is known: the checksum must be */

/* --- sockets --------------------------------------------------------------------------------- */

static struct sonde_net_config configure(const struct path_settings *settings, uint32_t identifiers)
{
    struct sonde_address address;
    struct sonde_net_config config = {
        .protocols = cli_protocols_of(settings->choice.kind),
        .family = path_settings_family(settings),
        .identifier_count = identifiers,
        .fixed_identifier = -1,
        .translated = true,
        .device = settings->source.device,
        .source = settings->source.address,
        .mark_set = settings->mark >= 0,
        .mark = settings->mark >= 0 ? (uint32_t)settings->mark : 0,
        .stamps = (enum sonde_net_stamps)settings->stamps,
        .pmtu = SONDE_NET_PMTU_PROBE, /* whatever the kernel remembers of the path */
        .signals_set = true,
    };
    if (config.family == SONDE_FAMILY_NONE && sonde_address_parse(settings->host, &address))
        config.family = (enum sonde_family)address.family;
    sigemptyset(&config.signals);
    sigaddset(&config.signals, SIGALRM); /* stands for SIGINT too: see session_obey_interrupts */
    sigaddset(&config.signals, SIGQUIT);
    sigaddset(&config.signals, SIGTERM);
    return config;
}

struct wanted {
    struct sonde_net_config config;
    bool raw;
};

static int open_sockets(void *self, struct sonde_transport *transport, const char **operation)
{
    struct wanted *wanted = self;
    if (wanted->raw)
        return sonde_net_open_raw(&wanted->config, transport, operation);
    if (wanted->config.identifier_count > MOST_SOCKETS)
        wanted->config.identifier_count = MOST_SOCKETS;
    return sonde_net_open_dgram(&wanted->config, transport, operation);
}

static bool dgram_can(const struct path_ground *ground)
{
    const struct path_settings *settings = ground->settings;
    const bool tcp = settings->choice.kind == SONDE_PROBE_TCP;
    const char *what = tcp && settings->command == PATH_IN_MTU ? "--tcp"
                       : settings->multipath                   ? "--multipath"
                       : settings->via.count > 0
                           ? "--via"
                           : cli_raw_option(&settings->choice, settings->size_given);
    if (what)
        cli_complain_of_privilege(ground->context->program, what);
    return !what;
}

static int open_transport(struct path_ground *ground, uint32_t identifiers)
{
    const struct path_settings *settings = ground->settings;
    const char *program = ground->context->program;
    struct privilege *privilege = &ground->context->privilege;
    if (settings->scenario) {
        ground->raw = true;
        return cli_open_simulation(program, settings->scenario, (uint64_t)settings->seed,
                                   &ground->transport)
                   ? CLI_FAILED
                   : 0;
    }
    ground->raw = settings->socket == PING_SOCKET_DEFAULT ? privilege->raw
                                                          : settings->socket == PING_SOCKET_RAW;
    if (!ground->raw && !dgram_can(ground))
        return CLI_FAILED;
    struct wanted wanted = {configure(settings, identifiers), ground->raw};
    const char *operation = "";
    const int error =
        cli_open_privileged(privilege, open_sockets, &wanted, &ground->transport, &operation);
    if (!error)
        return 0;
    ground->transport.ops = NULL;
    cli_complain_of_sockets(program, settings->source.device, &settings->source.address, operation,
                            error);
    return CLI_FAILED;
}

/* --- the host -------------------------------------------------------------------------------- */

static int complain_of_name(const struct path_ground *ground, const char *name, const char *what)
{
    char printable[256];
    fprintf(stderr, "%s: %s: %s\n", ground->context->program,
            base_printable(name, strlen(name), printable, sizeof printable), what);
    return CLI_FAILED;
}

/* Returns 0, or the exit code with the cause told. */
static int find(const struct path_ground *ground, const char *name, enum sonde_family family,
                struct net_names *names)
{
    *names = (struct net_names){0};
    if (!ground->settings->scenario) {
        const int error = net_names_find(name, family, names);
        return error ? complain_of_name(ground, name, net_names_error(error)) : 0;
    }
    names->numeric = sonde_address_parse(name, &names->addresses[0]);
    names->count = 1;
    const int error =
        names->numeric ? 0
                       : sonde_sim_resolve(&ground->transport, name, family, &names->addresses[0]);
    if (error)
        return complain_of_name(ground, name,
                                error == -EAFNOSUPPORT
                                    ? "the scenario gives it no address of that family"
                                    : "there is no such name in the scenario");
    return 0;
}

static int complain_of_route(const struct path_ground *ground, const struct sonde_address *address,
                             int error)
{
    char text[SONDE_ADDRESS_TEXT];
    fprintf(stderr, "%s: %s (%s): no way to send there: %s%s\n", ground->context->program,
            ground->settings->host, sonde_address_format(address, text), strerror(-error),
            sonde_address_is_link_local(address) && address->scope == 0
                ? "; name the device as well, as in fe80::1%eth0"
                : "");
    return CLI_FAILED;
}

static bool refused_kind_of_address(const struct path_ground *ground,
                                    const struct sonde_address *address, bool broadcast)
{
    if (!broadcast && !sonde_address_is_multicast(address))
        return false;
    char text[SONDE_ADDRESS_TEXT];
    fprintf(stderr, "%s: %s: there is no one way to many hosts (%s is a %s address)\n",
            ground->context->program, ground->settings->host, sonde_address_format(address, text),
            broadcast ? "broadcast" : "multicast");
    return true;
}

/* The loose source route through --via; the first stop is where datagrams are addressed to. */
static int find_hops(struct path_ground *ground, const struct sonde_address *host)
{
    const struct cli_list *via = &ground->settings->via;
    struct sonde_address hops[PING_HOPS];
    for (size_t i = 0; i < via->count; i++) {
        struct net_names names;
        const int status = find(ground, cli_list_item(via, i), SONDE_IPV4, &names);
        if (status)
            return status;
        hops[i] = names.addresses[0];
    }
    if (via->count == 0)
        return 0;
    if (host->family != SONDE_IPV4)
        return complain_of_name(ground, ground->settings->host, "source routes are of IPv4");
    request_source_route(&ground->options, false, hops, via->count, host);
    ground->target.first_hop = hops[0];
    return 0;
}

/* The first address of the host that there is a way to. */
static int find_target(struct path_ground *ground)
{
    const struct path_settings *settings = ground->settings;
    struct net_names names;
    int status = find(ground, settings->host, path_settings_family(settings), &names);
    if (status)
        return status;
    ground->named = !names.numeric;
    struct sonde_route route = {0};
    int error = -ENETUNREACH;
    size_t chosen = 0;
    for (size_t i = 0; i < names.count && error; i++) {
        chosen = i;
        error = ground->transport.ops->route(ground->transport.self, &names.addresses[i], &route);
    }
    const struct sonde_address *address = &names.addresses[error ? 0 : chosen];
    if (error == -EACCES) /* the kernel asks for SO_BROADCAST */
        route.broadcast = true;
    if ((!error || error == -EACCES) && refused_kind_of_address(ground, address, route.broadcast))
        return CLI_FAILED;
    if (error)
        return complain_of_route(ground, address, error);
    ground->target = (struct sonde_engine_target){
        .address = *address,
        .source = settings->source.address.family == address->family ? settings->source.address
                                                                     : route.source,
        .mtu = ground->transport.header_is_kernels ? 0 : route.mtu,
    };
    /* the kernel may remember a smaller path MTU; what the device does not take it refuses */
    ground->device_mtu = route.mtu < USUAL_MTU    ? USUAL_MTU
                         : route.mtu > UINT16_MAX ? UINT16_MAX
                                                  : route.mtu;
    return find_hops(ground, address);
}

/* Whether --size can be; told on stderr if not. */
static bool size_fits(const struct path_ground *ground)
{
    const struct path_settings *settings = ground->settings;
    const bool ipv6 = ground->target.address.family == SONDE_IPV6;
    const int64_t least = ipv6 && settings->choice.kind == SONDE_PROBE_UDP ? LEAST_UDP_IPV6 : 0;
    const int64_t most =
        UINT16_MAX + (ipv6 ? PACKET_IPV6_HEADER : 0) - (int64_t)path_ground_header_bytes(ground);
    const int64_t size = settings->payload_bytes;
    if (!settings->size_given || (size >= least && size <= most))
        return true;
    fprintf(stderr, "%s: --size: '%lld' is out of range (expected %lld to %lld for such probes)\n",
            ground->context->program, (long long)size, (long long)least, (long long)most);
    return false;
}

/* Names may take long: until the loop obeys signals they do what they do to any process. */
static int find_target_interruptibly(struct path_ground *ground)
{
    sigset_t all, blocked;
    sigfillset(&all);
    sigprocmask(SIG_UNBLOCK, &all, &blocked);
    const int status = find_target(ground);
    sigprocmask(SIG_SETMASK, &blocked, NULL);
    return status;
}

/* --- no privilege ---------------------------------------------------------------------------- */

static int complain(const struct path_ground *ground, const char *operation, int error)
{
    fprintf(stderr, "%s: cannot %s: %s\n", ground->context->program, operation, strerror(-error));
    return CLI_FAILED;
}

static int confine(const struct path_ground *ground, enum privilege_stage stage)
{
    struct privilege *privilege = &ground->context->privilege;
    const int error = privilege_filter(privilege, stage);
    return error ? complain(ground, privilege->operation, error) : 0;
}

static bool needs_resolver(const struct path_settings *settings)
{
    struct sonde_address address;
    return !settings->scenario &&
           (settings->via.count > 0 || !sonde_address_parse(settings->host, &address));
}

static int open_geo(struct path_ground *ground)
{
    const char *file = ground->settings->geo_file, *problem;
    if (!file || (ground->geo = cli_geo_open(file, &problem)))
        return 0;
    fprintf(stderr, "%s: --geo: %s: %s\n", ground->context->program, file, problem);
    return CLI_FAILED;
}

static int open_names(struct path_ground *ground)
{
    const struct path_settings *settings = ground->settings;
    if ((settings->numeric && !settings->as_numbers) || settings->scenario)
        return 0;
    const char *operation;
    const int error =
        net_reverse_open(&ground->reverse,
                         &(struct net_reverse_config){.transport = &ground->transport}, &operation);
    return error ? complain(ground, operation, error) : 0;
}

int path_ground_open(struct path_ground *ground, struct cli_context *context,
                     const struct path_settings *settings, uint32_t identifiers)
{
    *ground = (struct path_ground){.context = context, .settings = settings};
    int status = open_transport(ground, identifiers);
    if (status)
        return status;
    const int error = privilege_drop(&context->privilege);
    if (error)
        return complain(ground, context->privilege.operation, error);
    if (needs_resolver(settings))
        status = confine(ground, PRIVILEGE_RESOLVE);
    if (!status)
        status = find_target_interruptibly(ground);
    if (!status && !size_fits(ground))
        status = CLI_FAILED;
    if (!status)
        status = open_geo(ground);
    if (!status)
        status = open_names(ground);
    if (!status)
        status = confine(ground, ground->reverse ? PRIVILEGE_LOOP_NAMES : PRIVILEGE_LOOP);
    return status;
}

void path_ground_close(struct path_ground *ground)
{
    cli_geo_close(ground->geo);
    net_reverse_close(ground->reverse);
    if (ground->transport.ops)
        ground->transport.ops->close(ground->transport.self);
}

/* --- what the engine is told ----------------------------------------------------------------- */

int path_ground_engine(const struct path_ground *ground, struct sonde_engine_config *config)
{
    const struct path_settings *settings = ground->settings;
    *config = (struct sonde_engine_config){
        .linger = LINGER,
        .max_in_flight = MOST_IN_FLIGHT,
        .identifiers = ground->transport.identifiers,
        .identifier_count = ground->transport.identifier_count,
        .ipv4_options = {ground->options.bytes, ground->options.length},
        .payload = cli_payload_of(&settings->choice, settings->payload),
        .sequence_in_port = !ground->raw && settings->choice.kind == SONDE_PROBE_UDP,
    };
    if (settings->scenario)
        return 0; /* nothing to keep secret, and the same bytes every time */
    const int error = base_random_secret(config->key, sizeof config->key);
    return error ? complain(ground, "get random bytes", error) : 0;
}

uint16_t path_ground_header_bytes(const struct path_ground *ground)
{
    const size_t ip = ground->target.address.family == SONDE_IPV6
                          ? PACKET_IPV6_HEADER
                          : PACKET_IPV4_HEADER + ground->options.length;
    return (uint16_t)(ip + (ground->settings->choice.kind == SONDE_PROBE_TCP
                                ? SONDE_PROBE_SYN_HEADER
                                : HEAD));
}

struct sonde_probe path_ground_probe(const struct path_ground *ground)
{
    const struct path_settings *settings = ground->settings;
    uint32_t label = settings->flow_label > 0 ? (uint32_t)settings->flow_label : 0;
    if (settings->flow_label == 0)
        base_random_secret(&label, sizeof label);
    return (struct sonde_probe){
        .payload_bytes = (uint16_t)settings->payload_bytes,
        .timeout = settings->timeout,
        .kind = settings->choice.kind,
        .traffic_class = settings->traffic_class > 0 ? (uint8_t)settings->traffic_class : 0,
        .dont_fragment = settings->dont_fragment,
        .flow_label = label & 0xfffff,
        .port = settings->choice.port,
        .flow = (uint16_t)settings->flow,
    };
}

/* --- names of addresses ---------------------------------------------------------------------- */

const char *path_ground_name(void *self, const struct sonde_address *address)
{
    struct path_ground *ground = self;
    const char *name = NULL;
    if (ground->settings->numeric)
        return NULL;
    if (ground->settings->scenario)
        return sonde_sim_reverse(&ground->transport, address);
    if (ground->reverse)
        net_reverse_ask(ground->reverse, address, &name);
    return name;
}

const char *path_ground_origin(void *self, const struct sonde_address *address)
{
    struct path_ground *ground = self;
    const char *origin = NULL;
    if (ground->geo)
        return cli_geo_ask(ground->geo, address);
    if (ground->reverse && ground->settings->as_numbers)
        net_reverse_ask_origin(ground->reverse, address, &origin);
    return origin;
}

bool path_ground_name_pending(void *self, const struct sonde_address *address)
{
    struct path_ground *ground = self;
    const struct path_settings *settings = ground->settings;
    const char *text;
    bool pending = false;
    if (ground->reverse && !settings->numeric)
        pending |= net_reverse_ask(ground->reverse, address, &text) == NET_REVERSE_PENDING;
    if (ground->reverse && settings->as_numbers)
        pending |= net_reverse_ask_origin(ground->reverse, address, &text) == NET_REVERSE_PENDING;
    return pending;
}

bool path_ground_wait(struct path_ground *ground)
{
    const struct sonde_transport *transport = &ground->transport;
    struct sonde_event event;
    const struct sonde_mono until = sonde_mono_add(transport->ops->now(transport->self), NAME_WAIT);
    if (transport->ops->wait(transport->self, until, true) != 0)
        return true;
    while (transport->ops->receive(transport->self, &event, 1) > 0)
        if (event.kind == SONDE_EVENT_SIGNAL && event.signal != SIGQUIT)
            return true;
    return false;
}
