#include "cli/ping_targets.h"

#include <errno.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/printable.h"
#include "net/names.h"
#include "sonde/sim.h"

/* One host of the command line on its way. */
struct host {
    struct cli_context *context;
    const struct ping_settings *settings;
    const struct sonde_transport *transport;
    const char *name;
    struct net_names names;
};

void ping_targets_free(struct ping_targets *targets)
{
    for (uint32_t i = 0; i < targets->count; i++)
        free((char *)targets->reports[i].name);
    free(targets->targets);
    free(targets->reports);
}

/* Finds the addresses of a host in the scripted network: its names, or numbers. */
static const char *find_in_simulation(struct host *host, enum sonde_family family)
{
    struct sonde_address address;
    bool numeric = sonde_address_parse(host->name, &address);
    int error = numeric ? 0 : sonde_sim_resolve(host->transport, host->name, family, &address);
    if (error)
        return error == -EAFNOSUPPORT ? "the scenario gives it no address of that family"
                                      : "there is no such name in the scenario";
    host->names = (struct net_names){.addresses = {address}, .count = 1, .numeric = numeric};
    return NULL;
}

/* Fills host->names. Returns NULL, or what is wrong. */
static const char *find(struct host *host, enum sonde_family family)
{
    if (host->settings->scenario)
        return find_in_simulation(host, family);
    int error = net_names_find(host->name, family, &host->names);
    return error ? net_names_error(error) : NULL;
}

static void complain(const struct host *host, const char *what)
{
    char printable[256];
    fprintf(stderr, "%s: %s: %s\n", host->context->program,
            base_printable(host->name, strlen(host->name), printable, sizeof printable), what);
}

/* Says that there is no way to the host, as ping does or with the address. */
static void complain_route(const struct host *host, const struct sonde_address *address, int error)
{
    char text[SONDE_ADDRESS_TEXT];
    if (host->settings->drop_in)
        fprintf(stderr, "%s: connect: %s\n", host->context->program, strerror(-error));
    else
        fprintf(stderr, "%s: %s (%s): no way to send there: %s%s\n", host->context->program,
                host->name, sonde_address_format(address, text), strerror(-error),
                sonde_address_is_link_local(address) && address->scope == 0
                    ? "; name the device as well, as in fe80::1%eth0"
                    : "");
}

/* 0.0.0.0 is this host (RFC 1122 section 3.2.1.3): asked at the address it would use itself. */
static bool is_this_host(const struct sonde_address *address)
{
    static const uint8_t zero[4] = {0};
    return address->family == SONDE_IPV4 && memcmp(address->bytes, zero, sizeof zero) == 0;
}

static bool reserve(struct ping_targets *targets)
{
    if (targets->count < targets->capacity)
        return true;
    uint32_t capacity = targets->capacity ? targets->capacity * 2 : 8;
    struct sonde_engine_target *list =
        reallocarray(targets->targets, capacity, sizeof *targets->targets);
    if (!list)
        return false;
    targets->targets = list;
    struct report_target *reports =
        reallocarray(targets->reports, capacity, sizeof *targets->reports);
    if (!reports)
        return false;
    targets->reports = reports;
    targets->capacity = capacity;
    return true;
}

/* The low half is zero: a subnet-router anycast address (RFC 4291 section 2.6.1). */
static bool is_subnet_anycast(const struct sonde_address *address)
{
    static const uint8_t zero[8] = {0};
    return address->family == SONDE_IPV6 && memcmp(address->bytes + 8, zero, sizeof zero) == 0;
}

/*
 * Unless somebody wants a certain one, the kernel writes the source of each IPv4 datagram: the
 * address may go while a run lasts, and what left with it then would have no way back. The
 * checksums of ICMPv6, UDP and TCP cover the source, so there it must be ours.
 */
static bool source_is_kernels(const struct host *host, enum sonde_family family)
{
    const struct ping_settings *settings = host->settings;
    return family == SONDE_IPV4 && settings->choice.kind == SONDE_PROBE_ECHO &&
           settings->source.address.family == SONDE_FAMILY_NONE && !settings->sticky_source &&
           !settings->record_route && settings->ip_timestamp < 0 && !settings->scenario;
}

static int add(const struct host *host, const struct sonde_address *address,
               const struct sonde_route *route, struct ping_targets *targets)
{
    const struct ping_settings *settings = host->settings;
    bool canonical =
        address->family == SONDE_IPV4 && host->names.canonical[0] != '\0' && settings->drop_in;
    char *name = strdup(canonical ? host->names.canonical : host->name);
    if (!name || !reserve(targets)) {
        free(name);
        return -ENOMEM;
    }
    bool many = route->broadcast || sonde_address_is_multicast(address);
    bool show_source = settings->source.address.family != SONDE_FAMILY_NONE ||
                       settings->source.device || settings->sticky_source;
    bool source_given = settings->source.address.family == address->family;
    struct sonde_address source = source_given ? settings->source.address : route->source;
    targets->targets[targets->count] = (struct sonde_engine_target){
        .address = *address,
        .source = source_is_kernels(host, (enum sonde_family)address->family)
                      ? (struct sonde_address){.family = SONDE_IPV4}
                      : source,
        /* where the header is the kernel's, so is the fragmenting */
        .mtu = host->transport->header_is_kernels ? 0 : route->mtu,
        .many_answer = many,
    };
    targets->reports[targets->count] = (struct report_target){
        .name = name,
        .address = *address,
        .source = show_source ? source : (struct sonde_address){0},
        .device = settings->source.device,
        .many_answer = many,
        .anycast = is_subnet_anycast(address),
    };
    targets->count++;
    return 0;
}

/* Where the first datagram goes: to the first hop of a source route, else to the host. */
static const struct sonde_address *first_stop(const struct ping_settings *settings,
                                              const struct ping_targets *targets,
                                              const struct sonde_address *address)
{
    return targets->hop_count > 0 && settings->ip_timestamp < 0 ? &targets->hops[0] : address;
}

/* Adds the addresses of a host that can be reached and are allowed. Returns 0 or an exit code. */
static int add_addresses(struct host *host, struct ping_targets *targets)
{
    int route_error = 0;
    uint32_t before = targets->count;
    for (size_t i = 0; i < host->names.count; i++) {
        struct sonde_address *address = &host->names.addresses[i];
        const struct sonde_address *to = first_stop(host->settings, targets, address);
        struct sonde_route route = {0};
        int error = host->transport->ops->route(host->transport->self, to, &route);
        if (!error && is_this_host(address))
            *address = route.source;
        struct cli_error refusal = {0};
        if (error == -EACCES && address->family == SONDE_IPV4 && !host->settings->broadcast) {
            route.broadcast = true; /* the kernel asks for SO_BROADCAST */
            error = 0;
        }
        if (error) {
            route_error = error;
            continue;
        }
        if (route.broadcast && host->settings->broadcast && host->settings->drop_in)
            fprintf(stderr, "WARNING: pinging broadcast address\n");
        if (!ping_settings_check_target(host->settings, host->context->privilege.user_is_root,
                                        address, route.broadcast, &refusal)) {
            struct cli_options table = ping_options(host->settings->drop_in);
            return cli_error_print(&refusal, &table, host->context->program, stderr);
        }
        if (add(host, address, &route, targets) != 0) {
            complain(host, strerror(ENOMEM));
            targets->out_of_memory = true;
            return CLI_FAILED;
        }
        targets->targets[targets->count - 1].first_hop =
            to == address ? (struct sonde_address){0} : *to;
        if (!host->settings->all_addresses)
            return 0;
    }
    if (targets->count > before)
        return 0;
    complain_route(host, &host->names.addresses[0], route_error);
    return CLI_FAILED;
}

static int find_hops(struct host *host, struct ping_targets *targets)
{
    for (size_t i = 0; i < ping_settings_hop_count(host->settings) && i < PING_HOPS; i++) {
        host->name = ping_settings_hop(host->settings, i);
        const char *problem = find(host, SONDE_IPV4);
        if (problem) {
            complain(host, problem);
            return CLI_FAILED;
        }
        targets->hops[targets->hop_count++] = host->names.addresses[0];
    }
    return 0;
}

int ping_targets_find(struct cli_context *context, const struct ping_settings *settings,
                      const struct sonde_transport *transport, struct ping_targets *targets)
{
    struct host host = {.context = context, .settings = settings, .transport = transport};
    *targets = (struct ping_targets){0};
    int status = find_hops(&host, targets);
    int failure = CLI_FAILED; /* of the last host that cannot be had */
    for (size_t i = 0; i < ping_settings_target_count(settings) && !status; i++) {
        if (targets->out_of_memory) /* one word is enough: the others would fare no better */
            return CLI_FAILED;
        host.name = ping_settings_target(settings, i);
        const char *problem = find(&host, ping_settings_family(settings));
        targets->any_named |= !host.names.numeric;
        if (problem) {
            complain(&host, problem);
            targets->missing++;
            failure = CLI_FAILED;
        } else {
            int refused = add_addresses(&host, targets);
            targets->missing += refused != 0;
            failure = refused ? refused : failure;
        }
    }
    return status || (targets->count > 0 && !targets->out_of_memory) ? status : failure;
}
