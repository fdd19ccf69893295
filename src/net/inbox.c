#define _GNU_SOURCE /* struct mmsghdr, struct in6_pktinfo */
#include "net/inbox.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Slots begin at different cache sets: the same offset in every page would fight for a few lines.
 */
#define SKEW 1152u /* more than the headroom */

/* Pending errors of a socket that are taken for those of the call, at most, before it is believed.
 */
#define STALE_ERRORS 8

static void prepare(struct net_inbox *inbox, size_t slot)
{
    struct msghdr *message = &inbox->messages[slot].msg_hdr;

    inbox->vectors[slot] = (struct iovec){inbox->slots[slot].bytes, inbox->room};
    message->msg_name = &inbox->slots[slot].name;
    message->msg_namelen = sizeof inbox->slots[slot].name;
    message->msg_iov = &inbox->vectors[slot];
    message->msg_iovlen = 1;
    message->msg_control = &inbox->slots[slot].control;
    message->msg_controllen = sizeof inbox->slots[slot].control;
    message->msg_flags = 0;
}

int net_inbox_open(struct net_inbox *inbox, size_t room)
{
    size_t stride = (room + 63) / 64 * 64 + SKEW;

    memset(inbox, 0, sizeof *inbox);
    inbox->room = room;
    inbox->memory_bytes = stride * NET_INBOX_SLOTS;
    inbox->memory = mmap(NULL, inbox->memory_bytes, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (inbox->memory == MAP_FAILED) {
        inbox->memory = NULL;
        return -errno;
    }
    /* A huge page would be filled at the first touch. */
    madvise(inbox->memory, inbox->memory_bytes, MADV_NOHUGEPAGE);
    for (size_t slot = 0; slot < NET_INBOX_SLOTS; slot++) {
        inbox->slots[slot].bytes = (uint8_t *)inbox->memory + NET_INBOX_HEADROOM + slot * stride;
        prepare(inbox, slot);
    }
    return 0;
}

void net_inbox_close(struct net_inbox *inbox)
{
    if (inbox->memory)
        munmap(inbox->memory, inbox->memory_bytes);
    inbox->memory = NULL;
}

int net_inbox_read(struct net_inbox *inbox, int fd, size_t first, size_t count, int flags)
{
    int got;

    do {
        got = recvmmsg(fd, &inbox->messages[first], (unsigned)count, MSG_DONTWAIT | flags, NULL);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
    return got;
}

static bool is_broken(int error)
{
    return error == -EBADF || error == -EFAULT || error == -ENOTSOCK || error == -EINVAL;
}

int net_inbox_read_data(struct net_inbox *inbox, int fd, size_t first, size_t count, bool *noisy)
{
    int got = 0;

    /* An ICMP error makes the call fail once. */
    for (int i = 0; i < STALE_ERRORS; i++) {
        got = net_inbox_read(inbox, fd, first, count, 0);
        if (got >= 0 || is_broken(got))
            return got;
        *noisy = true;
    }
    return 0;
}

void net_inbox_swap(struct net_inbox *inbox, size_t a, size_t b)
{
    struct net_inbox_slot slot = inbox->slots[a];
    struct mmsghdr message = inbox->messages[a];

    if (a == b)
        return;
    inbox->slots[a] = inbox->slots[b];
    inbox->messages[a] = inbox->messages[b];
    inbox->slots[b] = slot;
    inbox->messages[b] = message;
    for (int i = 0; i < 2; i++) {
        size_t which = i ? b : a;
        struct msghdr *header = &inbox->messages[which].msg_hdr;

        header->msg_name = &inbox->slots[which].name;
        header->msg_control = &inbox->slots[which].control;
        header->msg_iov = &inbox->vectors[which];
        inbox->vectors[which].iov_base = inbox->slots[which].bytes;
    }
}

/* The kernel has written lengths and flags into the headers; make them ready for the next read. */
void net_inbox_ready(struct net_inbox *inbox, size_t first, size_t end)
{
    for (size_t slot = first; slot < end; slot++) {
        struct msghdr *message = &inbox->messages[slot].msg_hdr;

        message->msg_namelen = sizeof inbox->slots[slot].name;
        message->msg_controllen = sizeof inbox->slots[slot].control;
    }
}

struct sonde_bytes net_inbox_bytes(const struct net_inbox *inbox, size_t slot)
{
    size_t length = inbox->messages[slot].msg_len;

    /* With MSG_TRUNC the kernel tells the whole length. */
    return (struct sonde_bytes){inbox->slots[slot].bytes,
                                length < inbox->room ? length : inbox->room};
}

static int read_int(const struct cmsghdr *control)
{
    int value = 0;
    uint8_t byte;

    if (control->cmsg_len >= CMSG_LEN(sizeof value)) {
        memcpy(&value, CMSG_DATA(control), sizeof value);
        return value;
    }
    if (control->cmsg_len < CMSG_LEN(sizeof byte))
        return -1;
    memcpy(&byte, CMSG_DATA(control), sizeof byte); /* IP_TOS is a single byte */
    return byte;
}

static void read_v4(const struct cmsghdr *control, struct net_inbox_facts *facts)
{
    struct in_pktinfo info;

    switch (control->cmsg_type) {
    case IP_TTL:
        facts->hop_limit = read_int(control);
        break;
    case IP_TOS:
        facts->traffic_class = read_int(control);
        break;
    case IP_RECVERR:
        facts->error = control;
        break;
    case IP_RECVOPTS:
        facts->options = (struct sonde_bytes){CMSG_DATA(control), control->cmsg_len - CMSG_LEN(0)};
        break;
    case IP_PKTINFO:
        if (control->cmsg_len < CMSG_LEN(sizeof info))
            break;
        memcpy(&info, CMSG_DATA(control), sizeof info);
        facts->to = sonde_address_from_bytes(SONDE_IPV4, (const uint8_t *)&info.ipi_addr);
        break;
    default:
        break;
    }
}

static void read_v6(const struct cmsghdr *control, struct net_inbox_facts *facts)
{
    struct in6_pktinfo info;

    switch (control->cmsg_type) {
    case IPV6_HOPLIMIT:
        facts->hop_limit = read_int(control);
        break;
    case IPV6_TCLASS:
        facts->traffic_class = read_int(control);
        break;
    case IPV6_RECVERR:
        facts->error = control;
        break;
    case IPV6_PKTINFO:
        if (control->cmsg_len < CMSG_LEN(sizeof info))
            break;
        memcpy(&info, CMSG_DATA(control), sizeof info);
        facts->to = sonde_address_from_bytes(SONDE_IPV6, (const uint8_t *)&info.ipi6_addr);
        if (sonde_address_is_link_local(&facts->to))
            facts->to.scope = info.ipi6_ifindex;
        break;
    default:
        break;
    }
}

void net_inbox_facts(const struct net_inbox *inbox, size_t slot, struct net_inbox_facts *facts)
{
    /* CMSG_NXTHDR wants to write, though it does not. */
    struct msghdr message = inbox->messages[slot].msg_hdr;

    *facts = (struct net_inbox_facts){.hop_limit = -1, .traffic_class = -1};
    for (struct cmsghdr *control = CMSG_FIRSTHDR(&message); control;
         control = CMSG_NXTHDR(&message, control)) {
        if (control->cmsg_level == SOL_SOCKET && control->cmsg_type == SO_RXQ_OVFL &&
            control->cmsg_len >= CMSG_LEN(sizeof facts->drops)) {
            memcpy(&facts->drops, CMSG_DATA(control), sizeof facts->drops);
            facts->overflowed = true;
        } else if (control->cmsg_level == SOL_SOCKET) {
            facts->stamped |= net_stamps_parse(control, &facts->times);
        } else if (control->cmsg_level == SOL_PACKET && control->cmsg_type == PACKET_TX_TIMESTAMP) {
            facts->error = control;
        } else if (control->cmsg_level == IPPROTO_IP) {
            read_v4(control, facts);
        } else if (control->cmsg_level == IPPROTO_IPV6) {
            read_v6(control, facts);
        }
    }
}
