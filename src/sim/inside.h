/*
 * What the files of the network share: its state, a packet on its way, and its visit to one node.
 *
 * A packet's way is resolved first (way.h). Then it *walks*: place by place, over links (link.c)
 * and through routers (router.c), until somebody decides about it. What answers it goes back over
 * the same places (back.c).
 */
#ifndef SIM_INSIDE_H
#define SIM_INSIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "packet/ipv4.h"
#include "packet/protocol.h"
#include "sim/agenda.h"
#include "sim/answer.h"
#include "sim/dice.h"
#include "sim/flips.h"
#include "sim/queue.h"
#include "sim/scenario.h"
#include "sim/wire.h"
#include "sonde/sim.h"

#define SIM_UPPER_HEAD 20u /* bytes of an upper header that a translator may change */
#define SIM_WALKS_MAX  64u /* copies of a packet and of its answers, all in all */
/* Places that one packet can come to: its way, and as many rounds as a loop allows. */
#define SIM_STEPS_MAX (SIM_VIA_MAX + 1 + 256)

/* A node of the scenario while it is played; links too. */
struct sim_node_state {
    const struct sim_setting *in_force[SIM_PROPERTIES];
    int64_t until;           /* ns: so long in_force holds */
    uint64_t key;            /* of the node's dice */
    uint64_t count;          /* packets that the node has seen */
    uint64_t forks;          /* packets that it has sent on one way or another, each anew */
    double tokens;           /* errors that it may send at once … */
    int64_t refilled;        /* … as of then, ns */
    struct sim_queue *queue; /* of a link with a rate; NULL: it has none */
    bool in_burst;
};

/* The places of a way: place 0 is the observer, then come the routers, the last is the host. */
struct sim_way {
    uint32_t hops; /* routers */
    uint32_t nodes[SIM_VIA_MAX + 2];
};

/* A packet on its way, as it is at one place: copies go on from here by themselves. */
struct sim_walk {
    int64_t time;  /* ns: when it got here, as far as links took time; the host's share comes on top
                    */
    uint32_t node; /* where it is … */
    uint32_t place;      /* … on the way; in a loop, the place of the router that loops */
    uint32_t step_count; /* of network.steps, so far */
    bool looping;        /* it goes to and fro for good */
    bool copy;           /* made by a link that duplicates */
    uint8_t hop_limit;   /* as it got here, likewise … */
    uint8_t traffic_class;
    uint16_t id;
    struct sim_flips flips; /* in the upper layer */
    struct sim_dice dice;   /* of the host, for this copy */
};

/* An answer on its way back, likewise. */
struct sim_return {
    int64_t time;   /* ns: when it got here, as far as links took time */
    uint32_t node;  /* where it is … */
    uint32_t place; /* … on the way; one further, when it comes from beside that place */
    unsigned harm;
    bool copy;
    struct sim_flips flips; /* behind the IP header */
};

struct sim_network {
    const struct sim_scenario *scenario;
    uint64_t seed;
    struct sonde_wall epoch;
    struct sim_node_state *states;
    struct sim_wire *wire;
    struct sim_agenda agenda;
    uint64_t number; /* of packets that entered */
    int64_t at;      /* ns: when the packet at hand entered */
    bool linked;     /* the scenario has links */
    int result;      /* of the packet at hand */
    uint32_t walks;  /* of the packet at hand, answers included */
    sonde_sim_hear *hear;
    void *hear_self;
    struct sim_way way;                         /* of the packet at hand */
    struct sim_walk waiting[SIM_WALKS_MAX];     /* copies that have not walked yet … */
    struct sim_return returning[SIM_WALKS_MAX]; /* … and of the answer at hand */
    struct sonde_sim_step steps[SIM_STEPS_MAX];
    uint8_t options[PACKET_IPV4_OPTIONS_MAX];
    uint8_t payload[PACKET_DATAGRAM_MAX];
    uint8_t flipped[PACKET_DATAGRAM_MAX];
    uint8_t scratch[2 * PACKET_DATAGRAM_MAX]; /* room for any answer that is being written */
};

/* A packet on its way to a node, and at last there. */
struct sim_visit {
    struct sim_network *network;
    const struct sim_packet *packet;
    uint32_t node;
    const struct sim_way *way;
    const struct sim_walk *walk;  /* where the packet is; NULL: nowhere */
    struct sonde_address address; /* of the node, by which it was reached or answers a group */
    const struct sim_setting *const *p; /* the node's properties in force */
    uint64_t key;
    struct sim_dice dice;
};

static inline int64_t sim_number_or(const struct sim_setting *setting, int64_t otherwise)
{
    return setting ? setting->number[0] : otherwise;
}

/* --- network.c: what is told ------------------------------------------------------------------ */

/* A node as it is when the packet at hand entered. */
struct sim_node_state *sim_network_state(struct sim_network *network, uint32_t node);

/* Tells the listener; what is the packet's is filled in here. */
void sim_network_tell(const struct sim_visit *visit, const struct sonde_sim_truth *answer);

/* Tells that nothing comes back, and who decided: host, router, link or SIM_NOBODY. */
void sim_network_nothing(const struct sim_visit *visit, enum sonde_sim_fate fate, uint32_t node);

/* --- for whoever answers at a host (host.c, service.c) ---------------------------------------- */

/* host.c: the node answers as its properties say. */
void sim_host_answer(const struct sim_visit *visit);

/* service.c: UDP, TCP and SCTP. */
void sim_service_answer(const struct sim_visit *visit);

/*
 * The IP header of a reply as it will come out at the observer: hop limit counted down, traffic
 * class as the routers leave it, recorded options (valid until the next such call). ICMP unless
 * .protocol is set. Destination is the packet's source as it was sent: whatever translators did on
 * the way there is undone on the way back, so answers are made from the packet as it was sent.
 */
struct sim_answer_from sim_host_header(const struct sim_visit *visit);

/*
 * What is done to a payload before the checksum is made (truncate, mangle, forge): makes *payload a
 * harmed copy in network.payload. Returns enum sonde_sim_harm, or-ed; 0: it is what it was.
 */
unsigned sim_host_harm(const struct sim_visit *visit, struct sonde_bytes *payload);

/*
 * How long an answer stays at the host: spread, and the jitter of this copy (0: the answer itself).
 * Negative at times, because jitter is about the round trip; never more than `delay` makes up for.
 */
int64_t sim_host_dwell(const struct sim_visit *visit, unsigned copy);

/*
 * Sends the reply that stands at the beginning of network.scratch, a datagram of `length` bytes of
 * which `header` are the IP header's: corrupt, cut, reordered and duplicated as the host's
 * properties say. `harm` is what was done to it before.
 */
void sim_host_send(const struct sim_visit *visit, size_t length, size_t header, unsigned harm);

/*
 * The host itself says "unreachable" with that code (of either family), quoting the packet as it
 * arrived; within `error-limit`.
 */
void sim_host_unreachable(const struct sim_visit *visit, uint8_t code4, uint8_t code6);

/* router.c: takes one of the errors that `error-limit` allows a node now. False when it is used up.
 */
bool sim_error_allowed(struct sim_network *network, uint32_t node);

/*
 * back.c: an answer leaves `node`, where the packet is, `dwell` after it came there, and walks
 * back. `answer` are the bytes as they come out; fate and harm are those of `kind`.
 */
void sim_network_deliver(const struct sim_visit *visit, struct sonde_bytes answer, int64_t dwell,
                         const struct sonde_sim_truth *kind, uint32_t node);

/* record.c: the IPv4 options of a reply: those of the request, in which routers and host have
 * recorded themselves (RFC 791). Valid until the next such call. */
struct sonde_bytes sim_host_options(const struct sim_visit *visit);

/* record.c: true time at ns of the scenario's, as milliseconds since midnight UT (RFC 792). */
uint32_t sim_network_time_of_day(const struct sim_network *network, int64_t at);

#endif
