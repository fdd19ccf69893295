#define _GNU_SOURCE

#include "lab/cable.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>

#define FAR_DEVICE     "wire0"
#define LONGEST_MTU    65535 /* of the far end: answers of any size */
#define SHORTEST_IPV6  1280  /* RFC 8200, section 5: below, the kernel has no IPv6 on a device */
#define TRIES          1000
#define WAIT_NS        2000000
#define RECEIVE_BUFFER (32 << 20)

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

/* Locally administered. */
static const uint8_t near_ethernet[LAB_RTNL_ETHERNET] = {0x02, 's', 'o', 'n', 'd', 1};
static const uint8_t gateway_ethernet[LAB_RTNL_ETHERNET] = {0x02, 's', 'o', 'n', 'd', 2};
/* Not the gateway's: the far end's own IP stack then has nothing to do with what comes in. */
static const uint8_t far_ethernet[LAB_RTNL_ETHERNET] = {0x02, 's', 'o', 'n', 'd', 3};

static const struct sonde_address gateways[2] = {
    {.family = SONDE_IPV4, .bytes = {169, 254, 0, 1}},
    {.family = SONDE_IPV6, .bytes = {0xfe, 0x80, [15] = 1}},
};

/* --- what is set through files --------------------------------------------------------------- */

/* Of the caller's network namespace. Where it may not be written there are second ways. */
static bool set(const char *name, const char *value)
{
    char path[96];
    snprintf(path, sizeof path, "/proc/sys/net/%s", name);
    const int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    const bool done = write(fd, value, strlen(value)) == (ssize_t)strlen(value);
    close(fd);
    return done;
}

static void set_for_all_devices(const char *family, const char *name, const char *value)
{
    char path[80];
    snprintf(path, sizeof path, "%s/conf/all/%s", family, name);
    set(path, value);
    snprintf(path, sizeof path, "%s/conf/default/%s", family, name);
    set(path, value);
}

static void set_machine(void)
{
    static const char *const off[] = {"accept_dad", "dad_transmits",        "accept_ra",
                                      "autoconf",   "router_solicitations", "disable_ipv6"};
    for (size_t i = 0; i < sizeof off / sizeof *off; i++)
        set_for_all_devices("ipv6", off[i], "0");
    /* Namespaces take over the system's settings of IPv4. Answers may come from anywhere. */
    set_for_all_devices("ipv4", "rp_filter", "0");
    /* Datagram ICMP sockets for whoever has a group in there; icmp(7). */
    if (!set("ipv4/ping_group_range", "0 2147483647"))
        set("ipv4/ping_group_range", "0 0");
}

int lab_cable_prepare_machine(struct lab_rtnl *machine, const char **operation)
{
    *operation = "open an rtnetlink socket";
    int error = lab_rtnl_open(machine);
    if (error)
        return error;
    set_machine();
    *operation = "switch on the loopback device";
    error = lab_rtnl_up(machine, if_nametoindex("lo"), false);
    if (error)
        lab_rtnl_close(machine);
    return error;
}

/* --- the pair -------------------------------------------------------------------------------- */

static bool kernel_has_ipv6(void)
{
    const int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* A kernel that does not know one of them does without. */
static void leave_nothing_to_the_device(int fd, const char *name)
{
    static const uint32_t features[] = {ETHTOOL_STXCSUM, ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO,
                                        ETHTOOL_SSG};
    for (size_t i = 0; i < sizeof features / sizeof *features; i++) {
        struct ethtool_value value = {.cmd = features[i], .data = 0};
        struct ifreq request = {.ifr_data = (char *)&value};
        snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
        (void)ioctl(fd, SIOCETHTOOL, &request);
    }
}

static int index_of(int fd, const char *name, uint32_t *ifindex)
{
    struct ifreq request = {0};
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    if (ioctl(fd, SIOCGIFINDEX, &request) != 0)
        return -errno;
    *ifindex = (uint32_t)request.ifr_ifindex;
    return 0;
}

/* Switches one end on. */
static int raise_end(struct lab_rtnl *rtnl, const char *name, uint32_t *ifindex)
{
    const int fd = lab_rtnl_descriptor(rtnl);
    leave_nothing_to_the_device(fd, name);
    int error = index_of(fd, name, ifindex);
    if (!error) {
        error = lab_rtnl_no_own_ipv6(rtnl, *ifindex);
        if (error == -EAFNOSUPPORT) /* the kernel has no IPv6, or none on so small an MTU */
            error = 0;
    }
    return error ? error : lab_rtnl_up(rtnl, *ifindex, true);
}

static void wait_a_moment(void)
{
    nanosleep(&(const struct timespec){.tv_nsec = WAIT_NS}, NULL);
}

/* An answer to the first packet must find its way. */
static int wait_for_address(struct lab_rtnl *machine, const struct sonde_address *address)
{
    bool arrives = false;
    int error = lab_rtnl_arrives(machine, address, &arrives);
    for (int i = 1; i < TRIES && !error && !arrives; i++) {
        wait_a_moment();
        error = lab_rtnl_arrives(machine, address, &arrives);
    }
    return error || arrives ? error : -ETIMEDOUT;
}

static int give_address(struct lab_rtnl *machine, uint32_t ifindex,
                        const struct sonde_address *address)
{
    const struct sonde_address *gateway = &gateways[address->family == SONDE_IPV6];
    int error = lab_rtnl_address(machine, ifindex, address);
    if (!error)
        error = lab_rtnl_neighbour(machine, ifindex, gateway, gateway_ethernet);
    if (!error)
        error = lab_rtnl_default_route(machine, ifindex, gateway, address);
    return error ? error : wait_for_address(machine, address);
}

static int give_addresses(struct lab_rtnl *machine, uint32_t ifindex,
                          const struct sonde_address own[static 2], uint32_t mtu)
{
    const bool ipv6 = mtu >= SHORTEST_IPV6 && kernel_has_ipv6();
    for (int i = 0; i < 2; i++) {
        if (own[i].family == SONDE_FAMILY_NONE || (own[i].family == SONDE_IPV6 && !ipv6))
            continue;
        const int error = give_address(machine, ifindex, &own[i]);
        if (error)
            return error;
    }
    return 0;
}

/* A link that has just come up carries nothing until the kernel's link watch has seen it. */
static void wait_for_link(int fd, const char *name)
{
    struct ethtool_value link = {.cmd = ETHTOOL_GLINK}; /* asking makes newer kernels look now */
    struct ifreq request = {.ifr_data = (char *)&link};
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    (void)ioctl(fd, SIOCETHTOOL, &request);
    for (int i = 0; i < TRIES; i++) {
        if (ioctl(fd, SIOCGIFFLAGS, &request) != 0 || request.ifr_flags & IFF_RUNNING)
            return;
        wait_a_moment();
    }
}

/* --- the far end ----------------------------------------------------------------------------- */

static int raise_far_end(uint32_t *ifindex)
{
    struct lab_rtnl here;
    int error = lab_rtnl_open(&here);
    if (error)
        return error;
    error = raise_end(&here, FAR_DEVICE, ifindex);
    lab_rtnl_close(&here);
    return error;
}

/* With protocol 0 nothing is received before the socket is bound; packet(7). */
static int open_packets(uint32_t ifindex)
{
    static const int one = 1, size = RECEIVE_BUFFER;
    const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    /* Beyond the system's limit with the right to it only; up to the limit for everybody. */
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    const struct sockaddr_ll name = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)ifindex};
    if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one) == 0 &&
        bind(fd, (const struct sockaddr *)&name, sizeof name) == 0)
        return fd;
    const int error = -errno;
    close(fd);
    return error;
}

int lab_cable_build(struct lab_rtnl *machine, const struct sonde_address own[static 2],
                    uint32_t mtu, struct lab_stage *stage, const char **operation)
{
    const struct lab_rtnl_end near = {LAB_DEVICE, near_ethernet, mtu};
    const struct lab_rtnl_end far = {FAR_DEVICE, far_ethernet, LONGEST_MTU};
    uint32_t near_index = 0, far_index = 0;

    *operation = "create a pair of network devices (veth)";
    int error = lab_rtnl_veth(machine, &near, &far, getpid());
    if (error)
        return error;
    *operation = "switch on the network devices";
    error = raise_far_end(&far_index);
    if (!error)
        error = raise_end(machine, LAB_DEVICE, &near_index);
    if (error)
        return error;
    *operation = "give the machine its addresses and routes";
    error = give_addresses(machine, near_index, own, mtu);
    if (error)
        return error;
    *operation = "open a packet socket";
    stage->packets = open_packets(far_index);
    if (stage->packets < 0)
        return stage->packets;
    wait_for_link(stage->packets, FAR_DEVICE);
    wait_for_link(lab_rtnl_descriptor(machine), LAB_DEVICE);
    stage->ifindex = (int)far_index;
    memcpy(stage->near, near_ethernet, sizeof stage->near);
    memcpy(stage->far, gateway_ethernet, sizeof stage->far);
    return 0;
}
