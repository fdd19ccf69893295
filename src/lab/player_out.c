#define _GNU_SOURCE

#include "lab/player_out.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "net/poller.h"
#include "packet/cursor.h"
#include "packet/fragment.h"
#include "packet/protocol.h"

#define TRIES     50 /* while buffers are full; a softirq away from being empty */
#define SPLIT_MAX (2 * (size_t)PACKET_DATAGRAM_MAX)

struct lab_wire_out {
    uint8_t ethernet[2][ETH_HLEN]; /* IPv4, IPv6 */
    struct sockaddr_ll name[2];
    struct mmsghdr messages[LAB_WIRE_BATCH];
    struct iovec vectors[LAB_WIRE_BATCH][2];
    struct lab_departure *departures[LAB_WIRE_BATCH];
    uint64_t tokens[LAB_WIRE_BATCH]; /* 0 for all fragments but the last */
    size_t count;
    uint8_t split[SPLIT_MAX]; /* the fragments of one datagram */
};

struct lab_wire_out *lab_wire_out_create(const struct lab_stage *stage)
{
    static const uint16_t types[] = {ETH_P_IP, ETH_P_IPV6};
    struct lab_wire_out *out = calloc(1, sizeof *out);

    for (size_t i = 0; out && i < 2; i++) {
        uint8_t type[] = {(uint8_t)(types[i] >> 8), (uint8_t)types[i]};

        memcpy(out->ethernet[i], stage->near, ETH_ALEN);
        memcpy(out->ethernet[i] + ETH_ALEN, stage->far, ETH_ALEN);
        memcpy(out->ethernet[i] + 2 * ETH_ALEN, type, sizeof type);
        out->name[i].sll_family = AF_PACKET;
        memcpy(&out->name[i].sll_protocol, type, sizeof type);
        out->name[i].sll_ifindex = stage->ifindex;
        out->name[i].sll_halen = ETH_ALEN;
        memcpy(out->name[i].sll_addr, stage->near, ETH_ALEN);
    }
    return out;
}

void lab_wire_out_destroy(struct lab_wire_out *out)
{
    free(out);
}

/* Whether a refusal passes by itself. */
static bool passing(int error)
{
    return error == EAGAIN || error == ENOBUFS || error == EINTR;
}

static void book(struct lab_wire *wire, struct lab_departure *departure, uint64_t token, int error)
{
    if (error) {
        departure->error = error;
        departure->stamp_follows = false;
        net_stamps_refused(&wire->stamps);
        return;
    }
    departure->stamp_follows = wire->stamps.on && !wire->stamps.paused;
    net_stamps_sent(&wire->stamps, token, departure->at);
}

/* Sends what is packed. */
static void push(struct lab_wire *wire)
{
    struct lab_wire_out *out = wire->out;
    struct sonde_mono before = net_now();
    size_t done = 0;
    int tries = 0;

    while (done < out->count) {
        int sent =
            sendmmsg(wire->fd, &out->messages[done], (unsigned)(out->count - done), MSG_DONTWAIT);
        int error = sent < 0 ? errno : 0;

        if (error && passing(error) && tries++ < TRIES) {
            net_stamps_doubt(&wire->stamps);
            continue;
        }
        tries = 0;
        for (int i = 0; i < (error ? 1 : sent); i++, done++) {
            out->departures[done]->at = before;
            book(wire, out->departures[done], out->tokens[done], error);
        }
        if (!error && done < out->count) /* the next one says why when it is asked again */
            net_stamps_doubt(&wire->stamps);
    }
    before = net_now();
    for (size_t i = 0; i < out->count; i++)
        out->departures[i]->at = before;
    out->count = 0;
}

static void pack(struct lab_wire *wire, struct lab_departure *departure, struct sonde_bytes packet,
                 uint64_t token)
{
    struct lab_wire_out *out = wire->out;
    bool v6 = packet.length && packet.data[0] >> 4 == 6;
    size_t i;

    if (out->count == LAB_WIRE_BATCH)
        push(wire);
    i = out->count++;
    out->departures[i] = departure;
    out->tokens[i] = token;
    out->vectors[i][0] = (struct iovec){out->ethernet[v6], ETH_HLEN};
    out->vectors[i][1] = (struct iovec){(void *)(uintptr_t)packet.data, packet.length};
    out->messages[i].msg_hdr = (struct msghdr){
        .msg_name = &out->name[v6],
        .msg_namelen = sizeof out->name[v6],
        .msg_iov = out->vectors[i],
        .msg_iovlen = 2,
    };
}

/* A datagram that is too long for the wire. */
static void send_divided(struct lab_wire *wire, struct lab_departure *departure)
{
    struct packet_fragmenter fragmenter;
    struct packet_writer writer = packet_writer_over(wire->out->split, SPLIT_MAX);
    size_t left;
    int result;

    result = packet_fragmenter_init(&fragmenter, departure->packet, wire->mtu, wire->packet_id++);
    left = result ? 0 : packet_fragmenter_count(&fragmenter);
    for (; left && result >= 0; left--) {
        size_t start = packet_written(&writer);

        result = packet_fragmenter_next(&fragmenter, &writer);
        if (result == 1)
            pack(wire, departure, packet_written_from(&writer, start),
                 left == 1 ? departure->token : 0);
    }
    push(wire);
    if (result < 0)
        departure->error = -result;
}

void lab_wire_send(struct lab_wire *wire, struct lab_departure *departures, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        departures[i].error = 0;
        departures[i].stamp_follows = false;
        departures[i].at = net_now();
        if (departures[i].packet.length > wire->mtu)
            send_divided(wire, &departures[i]);
        else
            pack(wire, &departures[i], departures[i].packet, departures[i].token);
    }
    push(wire);
}
