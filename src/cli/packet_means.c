#include "cli/packet_means.h"

#include <errno.h>
#include <string.h>

#include "cli/opening.h"
#include "cli/probe_choice.h"
#include "sonde/net.h"

#define DGRAM_IDENTIFIERS 16u /* each is a socket */

struct wanted {
    struct sonde_net_config config;
    bool raw;
};

static int open_sockets(void *self, struct sonde_transport *transport, const char **operation)
{
    const struct wanted *wanted = self;
    return wanted->raw ? sonde_net_open_raw(&wanted->config, transport, operation)
                       : sonde_net_open_dgram(&wanted->config, transport, operation);
}

static int try_family(struct privilege *privilege, bool raw, enum sonde_family family,
                      const char **operation)
{
    struct sonde_transport transport;
    struct wanted wanted = {{.family = family, .fixed_identifier = -1}, raw};
    const int error = cli_open_privileged(privilege, open_sockets, &wanted, &transport, operation);
    if (!error)
        transport.ops->close(transport.self);
    return error;
}

static int try_both(struct packet_means *means, struct privilege *privilege, bool raw,
                    const char **operation)
{
    const char *ignored;
    const int error = try_family(privilege, raw, SONDE_IPV4, operation);
    means->raw = raw;
    means->ipv4 = !error;
    means->ipv6 = try_family(privilege, raw, SONDE_IPV6, &ignored) == 0;
    return means->ipv4 || means->ipv6 ? 0 : error;
}

int packet_means_find(struct packet_means *means, struct privilege *privilege,
                      const char **operation)
{
    *means = (struct packet_means){0};
    if (privilege->raw && try_both(means, privilege, true, operation) == 0)
        return 0;
    return try_both(means, privilege, false, operation);
}

const char *packet_means_support(const struct packet_means *means, enum packet_feature feature)
{
    bool there = false;
    switch (feature) {
    case PACKET_FEATURE_VERSION:
        return SONDE_VERSION;
    case PACKET_FEATURE_IPV4:
        there = means->ipv4;
        break;
    case PACKET_FEATURE_IPV6:
        there = means->ipv6;
        break;
    case PACKET_FEATURE_SCTP:
        there = means->raw;
        break;
    case PACKET_FEATURE_SEND_PROBE:
    case PACKET_FEATURE_ICMP:
    case PACKET_FEATURE_UDP:
    case PACKET_FEATURE_TCP:
    case PACKET_FEATURE_MARK:
    case PACKET_FEATURE_DEVICE:
        there = true;
        break;
    case PACKET_FEATURE_NONE:
        break;
    }
    return there ? "ok" : "no";
}

const char *packet_means_refusal(const struct packet_means *means,
                                 const struct packet_request *request)
{
    if (!(request->address.family == SONDE_IPV6 ? means->ipv6 : means->ipv4))
        return "invalid-argument reason ip-version-not-supported";
    if (request->kind == SONDE_PROBE_SCTP && !means->raw)
        return "invalid-argument reason protocol-not-supported";
    return NULL;
}

/* Raw sockets serve all kinds of probes; datagram sockets one. */
static struct sonde_net_config configure(const struct packet_means *means,
                                         const struct packet_request *first)
{
    struct sonde_net_config config = {
        .protocols = SONDE_NET_UDP | SONDE_NET_TCP | SONDE_NET_SCTP,
        .identifier_count = PACKET_IDENTIFIERS,
        .fixed_identifier = -1,
        .device = first->device[0] ? first->device : NULL,
        .mark_set = first->mark != 0,
        .mark = first->mark,
        .pmtu = SONDE_NET_PMTU_DONT,
    };
    if (means->ipv4 != means->ipv6)
        config.family = means->ipv4 ? SONDE_IPV4 : SONDE_IPV6;
    if (means->raw)
        return config;
    config.protocols = cli_protocols_of(first->kind);
    config.identifier_count = DGRAM_IDENTIFIERS;
    config.source = first->source;
    if (config.source.family != SONDE_FAMILY_NONE)
        config.family = (enum sonde_family)config.source.family;
    if (first->kind == SONDE_PROBE_UDP && first->local_port > 0) {
        config.fixed_identifier = first->local_port;
        config.identifier_count = 1;
    }
    return config;
}

int packet_means_open(struct packet_means *means, struct privilege *privilege,
                      const struct packet_request *first, struct sonde_transport *transport)
{
    const char *operation;
    struct wanted wanted = {configure(means, first), means->raw};
    const int error = cli_open_privileged(privilege, open_sockets, &wanted, transport, &operation);
    if (!error)
        means->settled = *first;
    return error;
}

static bool same_address(const struct sonde_address *a, const struct sonde_address *b)
{
    return a->family == b->family && (a->family == SONDE_FAMILY_NONE || sonde_address_equal(a, b));
}

/* Datagram sockets are bound before the first probe, and bind for all that follow. */
static bool bound_otherwise(const struct packet_request *settled,
                            const struct packet_request *request)
{
    if (request->source.family != SONDE_FAMILY_NONE &&
        !same_address(&request->source, &settled->source))
        return true;
    if (request->kind != settled->kind)
        return true;
    /* the destination port must tell the probes apart: there is no choice of it */
    return request->kind == SONDE_PROBE_UDP &&
           (request->port > 0 ||
            (request->local_port > 0 && request->local_port != settled->local_port));
}

int packet_means_allow(const struct packet_means *means, const struct packet_request *request)
{
    const struct packet_request *settled = &means->settled;
    if (request->mark != 0 && request->mark != settled->mark)
        return -EPERM;
    if (request->device[0] && strcmp(request->device, settled->device) != 0)
        return -EPERM;
    return !means->raw && bound_otherwise(settled, request) ? -EPERM : 0;
}
