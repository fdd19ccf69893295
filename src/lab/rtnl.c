#include "lab/rtnl.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

#define REQUEST_BYTES 1024 /* the longest request is about 200 */
#define ANSWER_BYTES  8192 /* an error quotes the request */

struct request {
    struct nlmsghdr *header;
    char bytes[REQUEST_BYTES] __attribute__((aligned(NLMSG_ALIGNTO)));
};

int lab_rtnl_open(struct lab_rtnl *rtnl)
{
    *rtnl = (struct lab_rtnl){.socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC)};
    if (!rtnl->socket)
        return -errno;
    if (mnl_socket_bind(rtnl->socket, 0, MNL_SOCKET_AUTOPID) == 0)
        return 0;
    const int error = -errno;
    lab_rtnl_close(rtnl);
    return error;
}

void lab_rtnl_close(struct lab_rtnl *rtnl)
{
    if (rtnl->socket)
        mnl_socket_close(rtnl->socket);
    rtnl->socket = NULL;
}

int lab_rtnl_descriptor(const struct lab_rtnl *rtnl)
{
    return mnl_socket_get_fd(rtnl->socket);
}

static void begin(struct request *request, uint16_t type, uint16_t flags)
{
    request->header = mnl_nlmsg_put_header(request->bytes);
    request->header->nlmsg_type = type;
    request->header->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
}

static struct ifinfomsg *begin_link(struct request *request, uint16_t flags, uint32_t ifindex)
{
    begin(request, RTM_NEWLINK, flags);
    struct ifinfomsg *link = mnl_nlmsg_put_extra_header(request->header, sizeof *link);
    link->ifi_index = (int)ifindex;
    return link;
}

/* Sends the request and waits for the kernel's word; what it tells before that goes to `hear`. */
static int ask_and_hear(struct lab_rtnl *rtnl, struct request *request, mnl_cb_t hear, void *self)
{
    char answer[ANSWER_BYTES];
    request->header->nlmsg_seq = ++rtnl->sequence;
    if (mnl_socket_sendto(rtnl->socket, request->header, request->header->nlmsg_len) < 0)
        return -errno;
    for (;;) {
        const ssize_t length = mnl_socket_recvfrom(rtnl->socket, answer, sizeof answer);
        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0)
            return -errno;
        const int result = mnl_cb_run(answer, (size_t)length, rtnl->sequence,
                                      mnl_socket_get_portid(rtnl->socket), hear, self);
        if (result < 0)
            return -errno;
        if (result == MNL_CB_STOP)
            return 0;
    }
}

static int ask(struct lab_rtnl *rtnl, struct request *request)
{
    return ask_and_hear(rtnl, request, NULL, NULL);
}

static void put_address(struct request *request, uint16_t type, const struct sonde_address *address)
{
    mnl_attr_put(request->header, type, sonde_address_length(address), address->bytes);
}

static uint8_t family_of(const struct sonde_address *address)
{
    return address->family == SONDE_IPV6 ? AF_INET6 : AF_INET;
}

static void put_end(struct request *request, const struct lab_rtnl_end *end)
{
    mnl_attr_put_strz(request->header, IFLA_IFNAME, end->name);
    mnl_attr_put_u32(request->header, IFLA_MTU, end->mtu);
    if (end->ethernet)
        mnl_attr_put(request->header, IFLA_ADDRESS, LAB_RTNL_ETHERNET, end->ethernet);
}

int lab_rtnl_veth(struct lab_rtnl *rtnl, const struct lab_rtnl_end *here,
                  const struct lab_rtnl_end *there, pid_t owner)
{
    struct request request;
    begin_link(&request, NLM_F_CREATE | NLM_F_EXCL, 0);
    struct nlmsghdr *header = request.header;
    put_end(&request, here);
    struct nlattr *info = mnl_attr_nest_start(header, IFLA_LINKINFO);
    mnl_attr_put_strz(header, IFLA_INFO_KIND, "veth");
    struct nlattr *data = mnl_attr_nest_start(header, IFLA_INFO_DATA);
    struct nlattr *peer = mnl_attr_nest_start(header, VETH_INFO_PEER);
    mnl_nlmsg_put_extra_header(header, sizeof(struct ifinfomsg)); /* zeroes */
    put_end(&request, there);
    mnl_attr_put_u32(header, IFLA_NET_NS_PID, (uint32_t)owner);
    mnl_attr_nest_end(header, peer);
    mnl_attr_nest_end(header, data);
    mnl_attr_nest_end(header, info);
    return ask(rtnl, &request);
}

int lab_rtnl_no_own_ipv6(struct lab_rtnl *rtnl, uint32_t ifindex)
{
    struct request request;
    begin_link(&request, 0, ifindex);
    struct nlmsghdr *header = request.header;
    struct nlattr *families = mnl_attr_nest_start(header, IFLA_AF_SPEC);
    struct nlattr *family = mnl_attr_nest_start(header, AF_INET6);
    mnl_attr_put_u8(header, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
    mnl_attr_nest_end(header, family);
    mnl_attr_nest_end(header, families);
    return ask(rtnl, &request);
}

int lab_rtnl_up(struct lab_rtnl *rtnl, uint32_t ifindex, bool no_arp)
{
    struct request request;
    struct ifinfomsg *link = begin_link(&request, 0, ifindex);
    link->ifi_flags = IFF_UP | (no_arp ? IFF_NOARP : 0);
    link->ifi_change = link->ifi_flags;
    return ask(rtnl, &request);
}

int lab_rtnl_address(struct lab_rtnl *rtnl, uint32_t ifindex, const struct sonde_address *address)
{
    struct request request;
    begin(&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
    struct ifaddrmsg *message = mnl_nlmsg_put_extra_header(request.header, sizeof *message);
    message->ifa_family = family_of(address);
    message->ifa_prefixlen = (uint8_t)(8 * sonde_address_length(address));
    message->ifa_flags = IFA_F_PERMANENT | IFA_F_NODAD;
    message->ifa_scope = RT_SCOPE_UNIVERSE;
    message->ifa_index = ifindex;
    put_address(&request, IFA_LOCAL, address);
    put_address(&request, IFA_ADDRESS, address);
    return ask(rtnl, &request);
}

static int hear_route(const struct nlmsghdr *header, void *self)
{
    const struct rtmsg *route = mnl_nlmsg_get_payload(header);
    bool *arrives = self;
    if (header->nlmsg_type == RTM_NEWROUTE)
        *arrives = route->rtm_type == RTN_LOCAL;
    return MNL_CB_OK;
}

int lab_rtnl_arrives(struct lab_rtnl *rtnl, const struct sonde_address *address, bool *arrives)
{
    struct request request;
    begin(&request, RTM_GETROUTE, 0);
    struct rtmsg *message = mnl_nlmsg_put_extra_header(request.header, sizeof *message);
    message->rtm_family = family_of(address);
    message->rtm_dst_len = (uint8_t)(8 * sonde_address_length(address));
    put_address(&request, RTA_DST, address);
    *arrives = false;
    const int error = ask_and_hear(rtnl, &request, hear_route, arrives);
    return error == -ENETUNREACH || error == -EHOSTUNREACH ? 0 : error;
}

int lab_rtnl_neighbour(struct lab_rtnl *rtnl, uint32_t ifindex, const struct sonde_address *address,
                       const uint8_t ethernet[static LAB_RTNL_ETHERNET])
{
    struct request request;
    begin(&request, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);
    struct ndmsg *message = mnl_nlmsg_put_extra_header(request.header, sizeof *message);
    message->ndm_family = family_of(address);
    message->ndm_ifindex = (int)ifindex;
    message->ndm_state = NUD_PERMANENT;
    put_address(&request, NDA_DST, address);
    mnl_attr_put(request.header, NDA_LLADDR, LAB_RTNL_ETHERNET, ethernet);
    return ask(rtnl, &request);
}

int lab_rtnl_default_route(struct lab_rtnl *rtnl, uint32_t ifindex,
                           const struct sonde_address *gateway, const struct sonde_address *source)
{
    struct request request;
    begin(&request, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
    struct rtmsg *message = mnl_nlmsg_put_extra_header(request.header, sizeof *message);
    message->rtm_family = family_of(gateway);
    message->rtm_table = RT_TABLE_MAIN;
    message->rtm_protocol = RTPROT_STATIC;
    message->rtm_scope = RT_SCOPE_UNIVERSE;
    message->rtm_type = RTN_UNICAST;
    message->rtm_flags = RTNH_F_ONLINK;
    put_address(&request, RTA_GATEWAY, gateway);
    put_address(&request, RTA_PREFSRC, source);
    mnl_attr_put_u32(request.header, RTA_OIF, ifindex);
    return ask(rtnl, &request);
}
