#define _GNU_SOURCE

#include "lab/player_wire.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <linux/errqueue.h> /* needs struct timespec */

#include "lab/player_out.h"
#include "net/poller.h"
#include "packet/checksum.h"
#include "packet/cursor.h"
#include "packet/ipv4.h"
#include "packet/ipv6.h"
#include "packet/protocol.h"

#define RING_BYTES     ((size_t)16 << 20)
#define FRAMES_MAX     8192u
#define FRAME_SMALLEST 2048u
#define FRAME_OVERHEAD 256u /* the ring's header, addresses, Ethernet header, alignment */
#define BLOCK_BYTES    ((size_t)1 << 18)
#define STAMPS_WAITING 4096u
#define BUFFER_WANTED  (4 << 20)

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23 /* linux/if_packet.h, Linux 4.20 */
#endif

static int set(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof value) < 0 ? -errno : 0;
}

static int open_ring(struct lab_wire *wire)
{
    struct tpacket_req request;
    size_t block = BLOCK_BYTES;

    wire->frame_bytes = FRAME_SMALLEST;
    while (wire->frame_bytes < wire->mtu + FRAME_OVERHEAD)
        wire->frame_bytes *= 2;
    wire->frame_count = (uint32_t)(RING_BYTES / wire->frame_bytes);
    if (wire->frame_count > FRAMES_MAX)
        wire->frame_count = FRAMES_MAX;
    wire->ring_bytes = wire->frame_count * wire->frame_bytes;
    request = (struct tpacket_req){
        .tp_block_size = (unsigned)block,
        .tp_block_nr = (unsigned)(wire->ring_bytes / block),
        .tp_frame_size = (unsigned)wire->frame_bytes,
        .tp_frame_nr = wire->frame_count,
    };
    if (setsockopt(wire->fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof request) < 0)
        return -errno;
    wire->ring = mmap(NULL, wire->ring_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, wire->fd, 0);
    if (wire->ring == MAP_FAILED) {
        wire->ring = NULL;
        return -errno;
    }
    return 0;
}

static int open_stamps(struct lab_wire *wire)
{
    if (wire->stamped) /* receive stamps, too */
        return net_stamps_open(&wire->stamps, wire->fd, SONDE_NET_STAMPS_KERNEL, false,
                               STAMPS_WAITING);
    return net_stamps_receive(wire->fd, SONDE_NET_STAMPS_KERNEL);
}

static int open_parts(struct lab_wire *wire, const struct lab_stage *stage, const char **operation)
{
    int error;

    *operation = "ask for time stamps";
    error = open_stamps(wire);
    if (error)
        return error;
    *operation = "set up the receive ring";
    error = set(wire->fd, SOL_PACKET, PACKET_VERSION, TPACKET_V2);
    if (!error)
        error = open_ring(wire);
    if (error)
        return error;
    *operation = "allocate memory";
    wire->out = lab_wire_out_create(stage);
    return wire->out ? 0 : -ENOMEM;
}

int lab_wire_open(struct lab_wire *wire, const struct lab_stage *stage, uint32_t mtu, bool stamps,
                  const char **operation)
{
    int error;

    *wire = (struct lab_wire){.fd = stage->packets, .mtu = mtu, .stamped = stamps, .packet_id = 1};
    /* Both serve speed and the error queue alone; neither is a condition. */
    (void)set(wire->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1);
    if (set(wire->fd, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_WANTED))
        (void)set(wire->fd, SOL_SOCKET, SO_RCVBUF, BUFFER_WANTED);
    if (set(wire->fd, SOL_SOCKET, SO_SNDBUFFORCE, BUFFER_WANTED))
        (void)set(wire->fd, SOL_SOCKET, SO_SNDBUF, BUFFER_WANTED);
    error = open_parts(wire, stage, operation);
    if (error) {
        lab_wire_close(wire);
        return error;
    }
    net_clock_open(&wire->clock);
    return 0;
}

void lab_wire_close(struct lab_wire *wire)
{
    if (wire->ring)
        munmap(wire->ring, wire->ring_bytes);
    wire->ring = NULL;
    lab_wire_out_destroy(wire->out);
    wire->out = NULL;
    net_stamps_close(&wire->stamps);
}

void lab_wire_turn(struct lab_wire *wire)
{
    net_clock_check(&wire->clock);
}

/* --- what comes ------------------------------------------------------------------------------- */

static struct tpacket2_hdr *frame_of(const struct lab_wire *wire)
{
    return (struct tpacket2_hdr *)(void *)(wire->ring + wire->frame_next * wire->frame_bytes);
}

bool lab_wire_waiting(const struct lab_wire *wire)
{
    return __atomic_load_n(&frame_of(wire)->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER;
}

void lab_wire_release(struct lab_wire *wire)
{
    __atomic_store_n(&frame_of(wire)->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
    wire->frame_next = (wire->frame_next + 1) % wire->frame_count;
}

/*
 * A packet of this machine whose checksum was left to the device holds the sum of the pseudo-header
 * there (Documentation/networking/checksum-offloads.rst). We are the device.
 */
static void finish_checksum(uint8_t *bytes, size_t length)
{
    struct sonde_bytes packet = {bytes, length};
    struct packet_ipv4 v4;
    struct packet_ipv6 v6;
    struct packet_ipv6_upper upper;
    struct sonde_bytes message;
    uint8_t protocol;
    size_t at;
    uint16_t checksum;

    if (packet_ipv4_parse(packet, &v4) == 0) {
        protocol = v4.protocol;
        message = v4.payload;
    } else if (packet_ipv6_parse(packet, &v6) == 0 &&
               packet_ipv6_upper(v6.next_header, v6.payload, &upper) == 0) {
        protocol = upper.protocol;
        message = upper.bytes;
    } else {
        return;
    }
    if (protocol == PACKET_UDP || protocol == PACKET_UDPLITE)
        at = 6;
    else if (protocol == PACKET_TCP)
        at = 16;
    else
        return;
    if (message.length < at + 2)
        return;
    checksum = packet_checksum(message.data, message.length);
    if (protocol != PACKET_TCP && checksum == 0)
        checksum = 0xffff; /* RFC 768: 0 means that there is none */
    at += (size_t)(message.data - bytes);
    bytes[at] = (uint8_t)(checksum >> 8);
    bytes[at + 1] = (uint8_t)checksum;
}

static void stamp_arrival(const struct lab_wire *wire, const struct tpacket2_hdr *frame,
                          struct lab_arrival *arrival)
{
    int64_t real = (int64_t)frame->tp_sec * SONDE_NS_PER_S + frame->tp_nsec;
    struct sonde_mono now = net_now();

    arrival->by_kernel =
        net_clock_translate(&wire->clock, real, (struct sonde_mono){INT64_MIN}, now, &arrival->at);
    if (!arrival->by_kernel)
        arrival->at = now;
}

bool lab_wire_next(struct lab_wire *wire, struct lab_arrival *arrival, uint64_t *others)
{
    for (; lab_wire_waiting(wire); lab_wire_release(wire)) {
        struct tpacket2_hdr *frame = frame_of(wire);
        uint8_t *ethernet = (uint8_t *)frame + frame->tp_mac;
        unsigned type;

        if (frame->tp_snaplen < ETH_HLEN ||
            frame->tp_mac + (size_t)frame->tp_snaplen > wire->frame_bytes) {
            (*others)++;
            continue;
        }
        type = (unsigned)ethernet[12] << 8 | ethernet[13];
        if (type != ETH_P_IP && type != ETH_P_IPV6) {
            (*others)++;
            continue;
        }
        arrival->packet =
            (struct sonde_bytes){ethernet + ETH_HLEN, (size_t)frame->tp_snaplen - ETH_HLEN};
        if (frame->tp_status & TP_STATUS_CSUMNOTREADY)
            finish_checksum(ethernet + ETH_HLEN, arrival->packet.length);
        stamp_arrival(wire, frame, arrival);
        return true;
    }
    return false;
}

void lab_wire_count_drops(struct lab_wire *wire)
{
    struct tpacket_stats stats = {0};
    socklen_t length = sizeof stats;

    /* Asking sets the kernel's own count back. */
    if (getsockopt(wire->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &length) == 0)
        wire->drops += stats.tp_drops;
}

void lab_wire_clear(struct lab_wire *wire)
{
    int error;
    socklen_t length = sizeof error;

    (void)getsockopt(wire->fd, SOL_SOCKET, SO_ERROR, &error, &length);
}

/* --- send stamps ------------------------------------------------------------------------------ */

struct stamp_slot {
    union {
        struct cmsghdr align;
        uint8_t bytes[256];
    } control;
};

/* One message of the error queue. */
static void read_stamp(struct lab_wire *wire, struct msghdr *message, struct sonde_mono now,
                       lab_wire_stamped *stamped, void *self)
{
    struct net_stamps_times times = {0};
    struct sock_extended_err cause = {0};
    struct sonde_stamp stamp;
    uint64_t token;

    for (struct cmsghdr *one = CMSG_FIRSTHDR(message); one; one = CMSG_NXTHDR(message, one)) {
        if (one->cmsg_level == SOL_PACKET && one->cmsg_type == PACKET_TX_TIMESTAMP &&
            one->cmsg_len >= CMSG_LEN(sizeof cause))
            memcpy(&cause, CMSG_DATA(one), sizeof cause);
        else
            (void)net_stamps_parse(one, &times);
    }
    if (!wire->stamped || cause.ee_origin != SO_EE_ORIGIN_TIMESTAMPING || !times.software ||
        cause.ee_info != net_stamps_wanted(&wire->stamps))
        return;
    if (net_stamps_match(&wire->stamps, &wire->clock, cause.ee_data, &times, now, &token, &stamp))
        stamped(self, token, stamp.at);
}

void lab_wire_read_stamps(struct lab_wire *wire, lab_wire_stamped *stamped, void *self)
{
    struct stamp_slot slots[16];
    struct mmsghdr messages[16];
    int got;

    do {
        struct sonde_mono now;

        memset(messages, 0, sizeof messages);
        for (size_t i = 0; i < 16; i++) {
            messages[i].msg_hdr.msg_control = slots[i].control.bytes;
            messages[i].msg_hdr.msg_controllen = sizeof slots[i].control;
        }
        got = recvmmsg(wire->fd, messages, 16, MSG_ERRQUEUE | MSG_DONTWAIT, NULL);
        lab_wire_turn(wire);
        now = net_now();
        for (int i = 0; i < got; i++)
            read_stamp(wire, &messages[i].msg_hdr, now, stamped, self);
    } while (got == 16);
    if (wire->stamped)
        net_stamps_turn(&wire->stamps, net_now());
}
