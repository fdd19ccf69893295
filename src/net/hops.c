#include "net/hops.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "net/poller.h"
#include "net/route_dump.h"

#define ANSWER_BYTES   32768
#define REQUEST_BYTES  128
#define NEWS_BYTES     1048576
#define NEWS_EVERY     sonde_span_ms(1)
#define GATEWAYS_ASKED 64u
#define RELOAD_EVERY   sonde_span_ms(500)

/* Values of prefixes that are no way of ours. */
enum { BY_KERNEL = 1 << 30, ELSEWHERE, REFUSING };

static const enum sonde_family families[2] = {SONDE_IPV4, SONDE_IPV6};

/* 0.0.0.0 and 255.255.255.255, which no route mentions. */
static bool is_special(const struct sonde_address *to)
{
    static const uint8_t special[2][4] = {{0}, {255, 255, 255, 255}};

    return sonde_address_is_multicast(to) ||
           (to->family == SONDE_IPV4 &&
            (!memcmp(to->bytes, special[0], 4) || !memcmp(to->bytes, special[1], 4)));
}

static int add_way(struct net_hops *hops, const struct net_route_way *way, uint8_t scope,
                   uint32_t *value)
{
    for (size_t i = 0; i < hops->way_count; i++)
        if (sonde_address_equal(&hops->ways[i].gateway, &way->gateway) &&
            sonde_address_equal(&hops->ways[i].preferred, &way->source) &&
            hops->ways[i].scope == scope) {
            *value = (uint32_t)i;
            return 0;
        }
    if (hops->way_count == hops->way_room) {
        size_t room = hops->way_room ? 2 * hops->way_room : 8;
        struct net_hops_way *grown = reallocarray(hops->ways, room, sizeof *grown);

        if (!grown)
            return -ENOMEM;
        hops->ways = grown;
        hops->way_room = room;
    }
    *value = (uint32_t)hops->way_count;
    hops->ways[hops->way_count++] =
        (struct net_hops_way){.gateway = way->gateway, .preferred = way->source, .scope = scope};
    return 0;
}

static int take_route(void *self, const struct net_route_row *route)
{
    struct net_hops *hops = self;
    const struct rtmsg *header = route->header;
    uint32_t value = BY_KERNEL;
    struct net_route_way way;
    bool ours = net_route_way_through(route, hops->config.device, &way);
    bool refusing = header->rtm_type == RTN_BLACKHOLE || header->rtm_type == RTN_UNREACHABLE ||
                    header->rtm_type == RTN_PROHIBIT || header->rtm_type == RTN_THROW;
    int error = 0;

    if ((header->rtm_flags & RTM_F_CLONED) || header->rtm_src_len)
        return 0;
    if (route->table != RT_TABLE_MAIN && route->table != RT_TABLE_LOCAL)
        return 0;
    if (header->rtm_type == RTN_UNICAST && ours)
        error = add_way(hops, &way, header->rtm_scope, &value);
    else if (header->rtm_type == RTN_UNICAST)
        value = ELSEWHERE;
    else if (refusing)
        value = REFUSING;
    else if (header->rtm_type != RTN_LOCAL && !ours)
        return 0; /* another device's broadcast */
    /* Every device has the link-local prefix of IPv6; a scope says which one is meant. */
    if (value == ELSEWHERE && (!hops->config.chosen || (route->to.family == SONDE_IPV6 &&
                                                        sonde_address_is_link_local(&route->to))))
        return 0;
    /* The local table comes first. */
    if (!error)
        error = net_prefixes_add(&hops->prefixes[route->to.family == SONDE_IPV6], &route->to,
                                 header->rtm_dst_len,
                                 route->table == RT_TABLE_LOCAL ? 0 : route->metric, value);
    return error;
}

static bool wanted(enum sonde_family family, int which)
{
    return family == SONDE_FAMILY_NONE || family == families[which];
}

static int load(struct net_hops *hops)
{
    bool interrupted = false;
    int error = 0;

    /* Of both families at once: whatever fails below, no prefix may lead to a way of before. */
    for (int i = 0; i < 2; i++)
        net_prefixes_clear(&hops->prefixes[i]);
    hops->way_count = 0;
    hops->changed = false;
    for (int i = 0; i < 2 && !error; i++) {
        if (!wanted(hops->config.family, i))
            continue;
        error = net_route_dump(hops->questions, ++hops->sequence, families[i], take_route, hops);
        if (error == -EAFNOSUPPORT || error == -EOPNOTSUPP)
            error = 0; /* a kernel without IPv6: raw sockets will say so */
        if (!error || error == -EINTR) {
            int failed = net_prefixes_build(&hops->prefixes[i]);
            interrupted |= error == -EINTR;
            error = failed;
        }
    }
    return !error && interrupted ? -EINTR : error;
}

void net_hops_close(struct net_hops *hops)
{
    if (hops->questions)
        mnl_socket_close(hops->questions);
    if (hops->news)
        mnl_socket_close(hops->news);
    for (int i = 0; i < 2; i++)
        net_prefixes_clear(&hops->prefixes[i]);
    free(hops->ways);
    hops->questions = NULL;
    hops->news = NULL;
    hops->ways = NULL;
}

/* What the kernel says of a neighbour. */
struct neighbour {
    uint8_t family;
    struct sonde_address address;
    const uint8_t *link; /* NULL: none that we can use */
};

static int read_neighbour(const struct nlattr *attribute, void *data)
{
    struct neighbour *neighbour = data;
    const void *bytes = mnl_attr_get_payload(attribute);
    size_t length = mnl_attr_get_payload_len(attribute);
    bool v6 = neighbour->family == AF_INET6;

    if (mnl_attr_get_type(attribute) == NDA_DST && length >= (v6 ? 16 : 4))
        neighbour->address = sonde_address_from_bytes(families[v6], bytes);
    if (mnl_attr_get_type(attribute) == NDA_LLADDR && length == NET_NEIGHBOURS_LINK)
        neighbour->link = bytes;
    return MNL_CB_OK;
}

static void hear_neighbour(struct net_hops *hops, const struct nlmsghdr *message)
{
    const struct ndmsg *header = mnl_nlmsg_get_payload(message);
    struct neighbour heard = {0};

    if (mnl_nlmsg_get_payload_len(message) < sizeof *header ||
        (uint32_t)header->ndm_ifindex != hops->config.device ||
        (header->ndm_family != AF_INET && header->ndm_family != AF_INET6))
        return;
    heard.family = header->ndm_family;
    mnl_attr_parse(message, sizeof *header, read_neighbour, &heard);
    if (heard.address.family == SONDE_FAMILY_NONE)
        return;
    if (message->nlmsg_type == RTM_DELNEIGH)
        net_neighbours_forget(&hops->neighbours, &heard.address);
    else if (header->ndm_state & NUD_FAILED)
        net_neighbours_learn(&hops->neighbours, &heard.address, NULL, hops->heard);
    else if (heard.link && !(header->ndm_state & NUD_INCOMPLETE))
        net_neighbours_learn(&hops->neighbours, &heard.address, heard.link, hops->heard);
}

static void hear(struct net_hops *hops, const char *bytes, int length)
{
    const struct nlmsghdr *message = (const void *)bytes;

    for (; mnl_nlmsg_ok(message, length); message = mnl_nlmsg_next(message, &length)) {
        if (message->nlmsg_type == RTM_NEWNEIGH || message->nlmsg_type == RTM_DELNEIGH)
            hear_neighbour(hops, message);
        else if (message->nlmsg_type == RTM_NEWROUTE || message->nlmsg_type == RTM_DELROUTE)
            hops->changed = true;
    }
}

void net_hops_turn(struct net_hops *hops, struct sonde_mono now)
{
    char news[ANSWER_BYTES] __attribute__((aligned(NLMSG_ALIGNTO)));

    if (sonde_mono_before(now, sonde_mono_add(hops->heard, NEWS_EVERY)))
        return;
    hops->heard = now;
    for (;;) {
        ssize_t length = recv(mnl_socket_get_fd(hops->news), news, sizeof news, MSG_DONTWAIT);

        if (length > 0) {
            hear(hops, news, (int)length);
        } else if (length < 0 && errno == ENOBUFS) { /* some were lost: nothing is certain */
            net_neighbours_clear(&hops->neighbours);
            hops->changed = true;
        } else if (length == 0 || errno != EINTR) {
            break;
        }
    }
    if (!hops->changed || sonde_mono_before(now, sonde_mono_add(hops->loaded, RELOAD_EVERY)))
        return;
    hops->loaded = now;
    if (load(hops))
        hops->changed = true; /* again, later */
}

/* Asks what the kernel knows of a neighbour; the answer is among the news. Linux 5.0. */
static void ask(struct net_hops *hops, const struct sonde_address *address)
{
    char request[REQUEST_BYTES] __attribute__((aligned(NLMSG_ALIGNTO)));
    struct nlmsghdr *header = mnl_nlmsg_put_header(request);

    header->nlmsg_type = RTM_GETNEIGH;
    header->nlmsg_flags = NLM_F_REQUEST;
    struct ndmsg *message = mnl_nlmsg_put_extra_header(header, sizeof *message);
    message->ndm_family = address->family == SONDE_IPV6 ? AF_INET6 : AF_INET;
    message->ndm_ifindex = (int)hops->config.device;
    mnl_attr_put(header, NDA_DST, sonde_address_length(address), address->bytes);
    (void)mnl_socket_sendto(hops->news, header, header->nlmsg_len);
}

/* Whether an earlier way has the same gateway. */
static bool repeats_gateway(const struct net_hops *hops, size_t way)
{
    for (size_t i = 0; i < way; i++)
        if (sonde_address_equal(&hops->ways[i].gateway, &hops->ways[way].gateway))
            return true;
    return false;
}

/* What is known of gateways is known before the first datagram. */
static void ask_for_gateways(struct net_hops *hops)
{
    struct sonde_mono now = net_now();

    for (size_t i = 0; i < hops->way_count && i < GATEWAYS_ASKED; i++) {
        const struct sonde_address *gateway = &hops->ways[i].gateway;
        const uint8_t *link;

        if (gateway->family == SONDE_FAMILY_NONE || repeats_gateway(hops, i))
            continue;
        net_neighbours_find(&hops->neighbours, gateway, now, &link);
        ask(hops, gateway);
    }
    net_hops_turn(hops, now);
}

int net_hops_open(struct net_hops *hops, const struct net_hops_config *config)
{
    int size = NEWS_BYTES;
    int error;

    *hops = (struct net_hops){.config = *config, .heard = {INT64_MIN}, .loaded = {INT64_MIN}};
    error = net_route_socket(&hops->news, RTMGRP_NEIGH | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE,
                             SOCK_NONBLOCK);
    if (!error)
        error = net_route_socket(&hops->questions, 0, 0);
    if (!error) {
        setsockopt(mnl_socket_get_fd(hops->news), SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
        error = load(hops);
    }
    if (error == -EINTR) { /* they change: good enough until the next reading */
        hops->changed = true;
        error = 0;
    }
    if (error)
        net_hops_close(hops);
    else
        ask_for_gateways(hops);
    return error;
}

static enum net_hop by_neighbour(struct net_hops *hops, const struct sonde_address *neighbour,
                                 struct sonde_mono now, const uint8_t **link, int *error)
{
    switch (net_neighbours_find(&hops->neighbours, neighbour, now, link)) {
    case NET_NEIGHBOUR_LINK:
        return NET_HOP_LINK;
    case NET_NEIGHBOUR_LATER:
        *error = EAGAIN;
        return NET_HOP_REFUSED;
    case NET_NEIGHBOUR_UNREACHABLE:
        *error = EHOSTUNREACH;
        return NET_HOP_REFUSED;
    case NET_NEIGHBOUR_KERNEL:
        ask(hops, neighbour);
        break;
    }
    return NET_HOP_KERNEL;
}

enum net_hop net_hops_find(struct net_hops *hops, const struct sonde_address *to,
                           struct sonde_mono now, const uint8_t **link, int *error)
{
    static const uint8_t nobody[NET_NEIGHBOURS_LINK] = {0};
    const struct sonde_address *gateway;
    const struct net_prefixes *prefixes;
    uint32_t value;

    if (is_special(to))
        return NET_HOP_KERNEL;
    prefixes = &hops->prefixes[to->family == SONDE_IPV6];
    value = net_prefixes_find(prefixes, to);
    /* Routes that could not be read are not the same as none. */
    if (value == ELSEWHERE ||
        (value == NET_PREFIXES_NONE && hops->config.chosen && prefixes->range_count)) {
        *error = ENETUNREACH;
        return NET_HOP_REFUSED;
    }
    if (value == REFUSING) {
        *error = EHOSTUNREACH;
        return NET_HOP_REFUSED;
    }
    if (value == NET_PREFIXES_NONE || value == BY_KERNEL)
        return NET_HOP_KERNEL;
    if (hops->config.headerless) {
        *link = nobody;
        return NET_HOP_LINK;
    }
    gateway = &hops->ways[value].gateway;
    return by_neighbour(hops, gateway->family == SONDE_FAMILY_NONE ? to : gateway, now, link,
                        error);
}

bool net_hops_elsewhere(const struct net_hops *hops, const struct sonde_address *first,
                        const struct sonde_address *last)
{
    return net_prefixes_occurs(&hops->prefixes[first->family == SONDE_IPV6], first, last,
                               ELSEWHERE);
}

const struct sonde_address *net_hops_source(struct net_hops *hops, const struct net_routes *routes,
                                            const struct sonde_address *to)
{
    struct net_hops_way *way;
    struct sonde_route route;
    uint32_t value;

    if (hops->changed || to->family != SONDE_IPV4 || is_special(to))
        return NULL;
    value = net_prefixes_find(&hops->prefixes[0], to);
    if (value >= BY_KERNEL) /* NET_PREFIXES_NONE is, too */
        return NULL;
    way = &hops->ways[value];
    if (way->source.family == SONDE_FAMILY_NONE && net_routes_find(routes, to, &route) == 0)
        way->source = route.source;
    return way->source.family == SONDE_FAMILY_NONE ? NULL : &way->source;
}
