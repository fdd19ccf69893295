#include "net/route_dump.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/rtnetlink.h>

#define ANSWER_BYTES  32768
#define REQUEST_BYTES 128

static const enum sonde_family families[2] = {SONDE_IPV4, SONDE_IPV6};

static enum sonde_family family_of(uint8_t family)
{
    return family == AF_INET6 ? SONDE_IPV6 : SONDE_IPV4;
}

static bool read_address(const struct nlattr *attribute, enum sonde_family family,
                         struct sonde_address *address)
{
    size_t length = family == SONDE_IPV6 ? 16 : 4;

    if (mnl_attr_get_payload_len(attribute) < length)
        return false;
    *address = sonde_address_from_bytes(family, mnl_attr_get_payload(attribute));
    return true;
}

static void read_via(const struct nlattr *attribute, struct sonde_address *gateway)
{
    const uint8_t *bytes = mnl_attr_get_payload(attribute); /* struct rtvia */
    uint16_t family;
    size_t length = mnl_attr_get_payload_len(attribute);

    if (length < sizeof family)
        return;
    memcpy(&family, bytes, sizeof family);
    if (length >= sizeof family + (family == AF_INET6 ? 16 : 4))
        *gateway = sonde_address_from_bytes(family_of((uint8_t)family), bytes + sizeof family);
}

static void read_way(const struct nlattr *attribute, enum sonde_family family,
                     struct net_route_way *way)
{
    if (mnl_attr_get_type(attribute) == RTA_GATEWAY)
        read_address(attribute, family, &way->gateway);
    else if (mnl_attr_get_type(attribute) == RTA_VIA)
        read_via(attribute, &way->gateway);
}

static uint32_t read_u32(const struct nlattr *attribute, uint32_t otherwise)
{
    return mnl_attr_validate(attribute, MNL_TYPE_U32) < 0 ? otherwise : mnl_attr_get_u32(attribute);
}

static int read_attribute(const struct nlattr *attribute, void *data)
{
    struct net_route_row *row = data;
    enum sonde_family family = row->to.family;

    switch (mnl_attr_get_type(attribute)) {
    case RTA_DST:
        read_address(attribute, family, &row->to);
        break;
    case RTA_OIF:
        row->way.device = read_u32(attribute, 0);
        break;
    case RTA_TABLE:
        row->table = read_u32(attribute, row->table);
        break;
    case RTA_PRIORITY:
        row->metric = read_u32(attribute, 0);
        break;
    case RTA_PREFSRC:
        read_address(attribute, family, &row->way.source);
        break;
    case RTA_MULTIPATH:
        row->ways = attribute;
        break;
    default:
        read_way(attribute, family, &row->way);
    }
    return MNL_CB_OK;
}

static void read_route(const struct nlmsghdr *message, struct net_route_row *row)
{
    const struct rtmsg *header = mnl_nlmsg_get_payload(message);

    *row = (struct net_route_row){.header = header,
                                  .to = {.family = (uint8_t)family_of(header->rtm_family)},
                                  .table = header->rtm_table};
    mnl_attr_parse(message, sizeof *header, read_attribute, row);
}

/* One way among several, and of which family its route is. */
struct one_way {
    struct net_route_way *way;
    enum sonde_family family;
};

static int read_one_way(const struct nlattr *attribute, void *data)
{
    const struct one_way *one = data;

    read_way(attribute, one->family, one->way);
    return MNL_CB_OK;
}

bool net_route_way_through(const struct net_route_row *row, uint32_t device,
                           struct net_route_way *way)
{
    *way = row->way;
    if (!row->ways)
        return way->device == device;
    const uint8_t *at = mnl_attr_get_payload(row->ways);
    size_t left = mnl_attr_get_payload_len(row->ways);
    struct rtnexthop next;

    for (size_t length; left >= sizeof next; at += length, left -= length) {
        memcpy(&next, at, sizeof next);
        length = (size_t)RTNH_ALIGN(next.rtnh_len);
        if (next.rtnh_len < sizeof next || length > left)
            return false;
        if ((uint32_t)next.rtnh_ifindex != device)
            continue;
        struct one_way one = {way, row->to.family};

        *way = (struct net_route_way){.device = device, .source = row->way.source};
        mnl_attr_parse_payload(at + sizeof next, next.rtnh_len - sizeof next, read_one_way, &one);
        return true;
    }
    return false;
}

struct dump {
    uint32_t sequence;
    net_route_use *use;
    void *self;
    bool changed; /* meanwhile */
};

/* Returns 1 at the end of the dump, 0 before, or a negative errno. */
static int hear(struct dump *dump, const char *bytes, int length)
{
    const struct nlmsghdr *message = (const void *)bytes;

    for (; mnl_nlmsg_ok(message, length); message = mnl_nlmsg_next(message, &length)) {
        struct net_route_row row;
        int error;

        if (message->nlmsg_seq != dump->sequence)
            continue; /* of a dump that was not read to its end */
        dump->changed |= (message->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
        if (message->nlmsg_type == NLMSG_DONE)
            return 1;
        if (message->nlmsg_type == NLMSG_ERROR) {
            const struct nlmsgerr *refusal = mnl_nlmsg_get_payload(message);
            return mnl_nlmsg_get_payload_len(message) < sizeof *refusal || !refusal->error
                       ? -EPROTO
                       : refusal->error;
        }
        if (message->nlmsg_type != RTM_NEWROUTE ||
            mnl_nlmsg_get_payload_len(message) < sizeof(struct rtmsg))
            continue;
        read_route(message, &row);
        error = dump->use(dump->self, &row);
        if (error)
            return error;
    }
    return 0;
}

static int ask(struct mnl_socket *socket, uint32_t sequence, enum sonde_family family)
{
    char request[REQUEST_BYTES] __attribute__((aligned(NLMSG_ALIGNTO)));
    struct nlmsghdr *header = mnl_nlmsg_put_header(request);

    header->nlmsg_type = RTM_GETROUTE;
    header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    header->nlmsg_seq = sequence;
    struct rtmsg *message = mnl_nlmsg_put_extra_header(header, sizeof *message);
    message->rtm_family = family == SONDE_IPV6 ? AF_INET6 : AF_INET;
    return mnl_socket_sendto(socket, header, header->nlmsg_len) < 0 ? -errno : 0;
}

int net_route_dump(struct mnl_socket *socket, uint32_t sequence, enum sonde_family family,
                   net_route_use *use, void *self)
{
    struct dump dump = {.sequence = sequence, .use = use, .self = self};
    int result = ask(socket, sequence, family);
    char *answer = malloc(ANSWER_BYTES);

    if (!answer && !result)
        result = -ENOMEM;
    while (result == 0) {
        ssize_t length = mnl_socket_recvfrom(socket, answer, ANSWER_BYTES);

        if (length >= 0)
            result = hear(&dump, answer, (int)length);
        else if (errno != EINTR)
            result = -errno;
    }
    free(answer);
    return result < 0 ? result : dump.changed ? -EINTR : 0;
}

int net_route_socket(struct mnl_socket **opened, unsigned groups, int flags)
{
    struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | flags);
    int error;

    if (!socket)
        return -errno;
    if (mnl_socket_bind(socket, groups, MNL_SOCKET_AUTOPID) < 0) {
        error = -errno;
        mnl_socket_close(socket);
        return error;
    }
    *opened = socket;
    return 0;
}

/* The best default route so far. */
struct candidate {
    uint32_t device;
    uint32_t metric;
};

static int compare_default(void *self, const struct net_route_row *route)
{
    struct candidate *best = self;
    uint32_t device = route->way.device;

    if (route->table != RT_TABLE_MAIN || route->header->rtm_dst_len ||
        route->header->rtm_type != RTN_UNICAST)
        return 0;
    if (route->ways && mnl_attr_get_payload_len(route->ways) >= sizeof(struct rtnexthop)) {
        struct rtnexthop first;

        memcpy(&first, mnl_attr_get_payload(route->ways), sizeof first);
        device = (uint32_t)first.rtnh_ifindex;
    }
    if (device && (!best->device || route->metric < best->metric))
        *best = (struct candidate){device, route->metric};
    return 0;
}

int net_route_default_device(enum sonde_family family, uint32_t *device)
{
    struct candidate best = {0, 0};
    struct mnl_socket *socket = NULL;
    int error = net_route_socket(&socket, 0, 0);

    if (error)
        return error;
    for (int i = 0; i < 2 && !best.device && !error; i++)
        if (family == SONDE_FAMILY_NONE || family == families[i])
            error = net_route_dump(socket, (uint32_t)i + 1, families[i], compare_default, &best);
    mnl_socket_close(socket);
    *device = best.device;
    return best.device ? 0 : error ? error : -ENETUNREACH;
}
