/*
 * ring DEVICE MAC SOURCE NETWORK SECONDS
 *
 * The bare loop over an AF_PACKET transmit ring: one ICMP echo request of 84 bytes after another to
 * the addresses behind NETWORK, through DEVICE to the machine with that MAC address, as fast as the
 * kernel takes them, and nothing else: no schedule, no proof, no answers. Prints how many left and
 * the time in ns. Whoever sends probes through such a ring is measured by it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define FRAME   256  /* bytes of the ring for each */
#define FRAMES  4096 /* of which the ring consists */
#define BATCH   256  /* handed over with one call */
#define PACKET  84   /* as of ping: 20 of IPv4, 8 of ICMP, 56 of payload */
#define OFFSET  (TPACKET2_HDRLEN - sizeof(struct sockaddr_ll)) /* packet_mmap: where data begins */
#define STARVED 1000 /* times in a row that no frame is free */

struct ring {
    int socket;
    uint8_t *memory;
    uint8_t frame[ETH_HLEN + PACKET];
    uint32_t source, network;
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int fail(const char *what)
{
    fprintf(stderr, "ring: %s: %s\n", what, strerror(errno));
    return 1;
}

static uint32_t sum_of(const uint8_t *bytes, size_t count)
{
    uint32_t sum = 0;

    for (size_t i = 0; i + 1 < count; i += 2)
        sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
    return sum;
}

static void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value);
}

static void put_checksum(uint8_t *at, uint32_t sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    put16(at, ~(sum + (sum >> 16)));
}

/* Everything but the destination. */
static void prepare(struct ring *ring, const uint8_t *near, const uint8_t *far)
{
    uint8_t *ip = ring->frame + ETH_HLEN;

    memcpy(ring->frame, far, ETH_ALEN);
    memcpy(ring->frame + ETH_ALEN, near, ETH_ALEN);
    put16(ring->frame + 12, ETH_P_IP);
    ip[0] = 0x45;
    put16(ip + 2, PACKET);
    put16(ip + 6, 0x4000);
    ip[8] = 64;
    ip[9] = IPPROTO_ICMP;
    put32(ip + 12, ring->source);
    ip[20] = 8;
    put_checksum(ip + 22, sum_of(ip + 20, PACKET - 20));
}

static int open_ring(struct ring *ring, const char *device, const uint8_t *far)
{
    int version = TPACKET_V2, bypass = 1;
    struct tpacket_req request = {FRAME * BATCH, FRAMES / BATCH, FRAME, FRAMES};
    struct sockaddr_ll address = {.sll_family = AF_PACKET, /* protocol 0: nothing is received */
                                  .sll_ifindex = (int)if_nametoindex(device)};
    struct ifreq query = {0};

    ring->socket = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (ring->socket < 0)
        return fail("socket");
    snprintf(query.ifr_name, sizeof query.ifr_name, "%s", device);
    if (ioctl(ring->socket, SIOCGIFHWADDR, &query) < 0)
        return fail(device);
    setsockopt(ring->socket, SOL_PACKET, PACKET_QDISC_BYPASS, &bypass, sizeof bypass);
    if (setsockopt(ring->socket, SOL_PACKET, PACKET_VERSION, &version, sizeof version) < 0 ||
        setsockopt(ring->socket, SOL_PACKET, PACKET_TX_RING, &request, sizeof request) < 0 ||
        bind(ring->socket, (struct sockaddr *)&address, sizeof address) < 0)
        return fail("transmit ring");
    ring->memory = mmap(NULL, (size_t)FRAME * FRAMES, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_POPULATE, ring->socket, 0);
    if (ring->memory == MAP_FAILED)
        return fail("mmap");
    prepare(ring, (const uint8_t *)query.ifr_hwaddr.sa_data, far);
    return 0;
}

static void write_frame(const struct ring *ring, uint8_t *slot, uint32_t host)
{
    uint8_t *ip = slot + OFFSET + ETH_HLEN;

    memcpy(slot + OFFSET, ring->frame, sizeof ring->frame);
    put32(ip + 16, ring->network + host);
    put_checksum(ip + 10, sum_of(ip, 20));
}

/* Returns how many the kernel took. */
static uint64_t transmit(struct ring *ring, int64_t until)
{
    uint64_t next = 0;
    unsigned int starved = 0;

    while (now_ns() < until && starved < STARVED) {
        unsigned int filled = 0;

        for (; filled < BATCH; filled++) {
            uint8_t *slot = ring->memory + (size_t)FRAME * (next % FRAMES);
            struct tpacket2_hdr *header = (void *)slot;

            if (__atomic_load_n(&header->tp_status, __ATOMIC_ACQUIRE) != TP_STATUS_AVAILABLE)
                break;
            write_frame(ring, slot, (uint32_t)next & 0xffff);
            header->tp_len = sizeof ring->frame;
            __atomic_store_n(&header->tp_status, TP_STATUS_SEND_REQUEST, __ATOMIC_RELEASE);
            next++;
        }
        starved = filled ? 0 : starved + 1;
        send(ring->socket, NULL, 0, MSG_DONTWAIT);
    }
    return next;
}

int main(int argc, char **argv)
{
    struct ring ring = {.socket = -1};
    uint8_t far[ETH_ALEN];
    struct in_addr source, network;

    if (argc != 6 ||
        sscanf(argv[2], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &far[0], &far[1], &far[2], &far[3],
               &far[4], &far[5]) != ETH_ALEN ||
        inet_pton(AF_INET, argv[3], &source) != 1 || inet_pton(AF_INET, argv[4], &network) != 1) {
        fprintf(stderr, "usage: ring DEVICE MAC SOURCE NETWORK SECONDS\n");
        return 2;
    }
    ring.source = ntohl(source.s_addr);
    ring.network = ntohl(network.s_addr);
    if (open_ring(&ring, argv[1], far))
        return 1;
    int64_t start = now_ns();
    uint64_t sent = transmit(&ring, start + strtoll(argv[5], NULL, 10) * INT64_C(1000000000));

    printf("%llu %lld\n", (unsigned long long)sent, (long long)(now_ns() - start));
    return 0;
}
