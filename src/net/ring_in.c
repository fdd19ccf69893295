#include "net/ring_in.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/net_tstamp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/options.h"
#include "sonde/time.h"

/* An echo reply with 56 bytes of payload and an error that quotes its request fit in: 80 bytes of a
 * frame are the kernel's, for SOCK_DGRAM. */
#define FRAME_BYTES   256u
#define BLOCK_BYTES   65536u
#define DEFAULT_BYTES 4194304u
#define PACKET_MAX    65536u
#define ROOM_BYTES    (2 * PACKET_MAX) /* short ones of a whole turn, and a long one */

/* Where the sockaddr_ll is in a frame: TPACKET_ALIGN of the header's size. */
#define ADDRESS_AT                                                                                 \
    ((sizeof(struct tpacket2_hdr) + TPACKET_ALIGNMENT - 1) / TPACKET_ALIGNMENT * TPACKET_ALIGNMENT)

int net_ring_turn_open(struct net_ring_turn *turn)
{
    *turn = (struct net_ring_turn){.room = malloc(ROOM_BYTES)};
    return turn->room ? 0 : -ENOMEM;
}

void net_ring_turn_close(struct net_ring_turn *turn)
{
    free(turn->room);
    turn->room = NULL;
}

static int set_up(struct net_ring_in *in, const struct sonde_net_config *config,
                  const char **operation)
{
    size_t wanted = config->receive_buffer_bytes ? config->receive_buffer_bytes : DEFAULT_BYTES;
    unsigned blocks = (unsigned)((wanted < UINT32_MAX ? wanted : UINT32_MAX) / BLOCK_BYTES);
    struct tpacket_req request = {.tp_block_size = BLOCK_BYTES,
                                  .tp_frame_size = FRAME_BYTES,
                                  .tp_block_nr = blocks ? blocks : 1};
    struct sonde_net_config queue = {.receive_buffer_bytes = DEFAULT_BYTES};
    void *map;
    int error;

    request.tp_frame_nr = BLOCK_BYTES / FRAME_BYTES * request.tp_block_nr;
    *operation = "set up a packet ring";
    error = net_set(in->fd, SOL_PACKET, PACKET_VERSION, TPACKET_V2);
    if (!error)
        error = net_set(in->fd, SOL_PACKET, PACKET_COPY_THRESH, 1);
    if (!error && config->stamps == SONDE_NET_STAMPS_HARDWARE)
        error = net_set(in->fd, SOL_PACKET, PACKET_TIMESTAMP, SOF_TIMESTAMPING_RAW_HARDWARE);
    if (!error)
        error = net_options_buffers(in->fd, &queue);
    if (!error && setsockopt(in->fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof request) < 0)
        error = -errno;
    if (error)
        return error;
    *operation = "map a packet ring into memory";
    map = mmap(NULL, (size_t)BLOCK_BYTES * request.tp_block_nr, PROT_READ | PROT_WRITE, MAP_SHARED,
               in->fd, 0);
    if (map == MAP_FAILED)
        return -errno;
    in->frames = map;
    in->frame_count = request.tp_frame_nr;
    return 0;
}

int net_ring_in_open(struct net_ring_in *in, enum sonde_family family, uint32_t device,
                     struct net_identifiers ours, const struct sonde_net_config *config,
                     const char **operation)
{
    struct sockaddr_ll name = {.sll_family = AF_PACKET,
                               .sll_protocol = htons(family == SONDE_IPV6 ? ETH_P_IPV6 : ETH_P_IP)};
    struct net_filter filter;
    int error;

    *operation = "open a packet socket (needs CAP_NET_RAW)";
    *in = (struct net_ring_in){.family = family};
    /* Protocol 0 hears nothing until bind; IPv4's or IPv6's own hears what comes in only. */
    in->fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (in->fd < 0)
        return -errno;
    error = set_up(in, config, operation);
    if (!error) {
        *operation = "set the socket filter";
        net_filter_packet(&filter, family, ours, device);
        error = net_filter_attach(in->fd, &filter);
    }
    if (!error) {
        *operation = "bind a packet socket";
        error = bind(in->fd, (struct sockaddr *)&name, sizeof name) < 0 ? -errno : 0;
    }
    if (error)
        net_ring_in_close(in);
    return error;
}

void net_ring_in_close(struct net_ring_in *in)
{
    if (in->frames)
        munmap(in->frames, (size_t)FRAME_BYTES * in->frame_count);
    if (in->fd >= 0)
        close(in->fd);
    in->frames = NULL;
    in->fd = -1;
}

/* The whole of a packet that was longer than its frame. Returns its length, 0: it is not there. */
static size_t take_copy(struct net_ring_in *in, uint8_t *to)
{
    ssize_t got = recv(in->fd, to, PACKET_MAX, MSG_DONTWAIT);

    if (got < 0 && errno != EAGAIN) /* a pending error: it is told once */
        got = recv(in->fd, to, PACKET_MAX, MSG_DONTWAIT);
    return got < 0 ? 0 : (size_t)got;
}

/* Copies one packet out of its frame. False when it is none for us. */
static bool take(struct net_ring_in *in, const uint8_t *frame, uint32_t status,
                 struct net_ring_turn *turn, struct net_ring_packet *packet)
{
    struct tpacket2_hdr header;
    struct sockaddr_ll from;
    size_t copied = 0;

    memcpy(&header, frame, sizeof header);
    memcpy(&from, frame + ADDRESS_AT, sizeof from);
    if (header.tp_net > FRAME_BYTES || header.tp_snaplen > FRAME_BYTES - header.tp_net)
        return false; /* the kernel does not do that */
    *packet = (struct net_ring_packet){
        .bytes = turn->room + turn->room_used,
        .length = header.tp_snaplen,
        .family = in->family,
        .cut = header.tp_snaplen < header.tp_len,
        .unsummed = (status & TP_STATUS_CSUMNOTREADY) != 0,
        .hardware = (status & TP_STATUS_TS_RAW_HARDWARE) != 0,
        .ns = (int64_t)header.tp_sec * SONDE_NS_PER_S + header.tp_nsec,
    };
    if (status & TP_STATUS_COPY)
        copied = take_copy(in, packet->bytes);
    if (copied > packet->length) {
        packet->length = copied;
        packet->cut = copied < header.tp_len;
    } else {
        memcpy(packet->bytes, frame + header.tp_net, packet->length);
    }
    /* In promiscuous mode there are the packets of other hosts, too. */
    return from.sll_pkttype == PACKET_HOST;
}

void net_ring_in_read(struct net_ring_in *in, struct net_ring_turn *turn)
{
    while (turn->count < NET_RING_TURN) {
        uint8_t *frame = in->frames + (size_t)FRAME_BYTES * in->next;
        /* tp_status is the first member; the kernel writes it last. */
        uint32_t *at = (uint32_t *)(void *)frame;
        uint32_t status = __atomic_load_n(at, __ATOMIC_ACQUIRE);
        size_t room = status & TP_STATUS_COPY ? PACKET_MAX : FRAME_BYTES;

        if (!(status & TP_STATUS_USER) || ROOM_BYTES - turn->room_used < room)
            break;
        if (take(in, frame, status, turn, &turn->packets[turn->count]))
            turn->room_used += turn->packets[turn->count++].length;
        __atomic_store_n(at, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
        if (++in->next == in->frame_count)
            in->next = 0;
    }
}

uint64_t net_ring_in_drops(struct net_ring_in *in)
{
    struct tpacket_stats stats = {0};
    socklen_t length = sizeof stats;

    /* Asking sets the counters to zero. */
    if (getsockopt(in->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &length) == 0)
        in->drops += stats.tp_drops;
    return in->drops;
}
