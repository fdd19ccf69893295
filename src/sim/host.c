#include <string.h>

#include "packet/checksum.h"
#include "packet/icmp.h"
#include "packet/ipv4.h"
#include "packet/ipv6.h"
#include "sim/answer.h"
#include "sim/inside.h"
#include "sim/noise.h"
#include "sim/router.h"
#include "sim/walk.h"

#define STAMPED   16 /* bytes of a time at the start of a payload, as the classic ping has it */
#define CUT_LEAST 1

int64_t sim_host_dwell(const struct sim_visit *visit, unsigned copy)
{
    int64_t delay = sim_number_or(visit->p[SIM_DELAY], 0);
    int64_t dwell = sim_dice_jitter(visit->dice, copy, visit->p[SIM_JITTER]);
    const struct sim_setting *spread = visit->p[SIM_SPREAD];
    if (spread)
        dwell += (int64_t)((double)spread->number[0] *
                           sim_dice_address(visit->network->seed ^ visit->key, SIM_SPREAD,
                                            &visit->address));
    return dwell > -delay ? dwell : -delay;
}

struct sim_answer_from sim_host_header(const struct sim_visit *visit)
{
    const struct sim_packet *packet = visit->packet;
    const struct sim_setting *elsewhere = visit->p[SIM_REPLY_FROM];
    uint32_t hops = visit->way->hops;
    int64_t hop_limit =
        sim_number_or(visit->p[SIM_HOP_LIMIT], 64) - sim_number_or(visit->p[SIM_RETURN_HOPS], hops);
    struct sim_answer_from from = {
        .source = visit->address,
        .destination = packet->source,
        .hop_limit = (uint8_t)(hop_limit < 1 ? 1 : hop_limit),
        .traffic_class = sim_router_mark_back(visit, hops + 1, visit->walk->traffic_class),
        .id = (uint16_t)sim_dice_throw(visit->dice, SIM_THROW_ID),
    };
    if (packet->options.length)
        from.options = sim_host_options(visit);
    if (elsewhere && elsewhere->address.family == packet->family)
        from.source = elsewhere->address;
    return from;
}

/* By the host's clock, halfway through the packet's stay. */
static uint32_t time_of_day(const struct sim_visit *visit)
{
    int64_t at = sonde_saturating_add(sim_walk_now(visit), sim_host_dwell(visit, 0) / 2);
    return sim_network_time_of_day(
        visit->network, sonde_saturating_add(at, sim_number_or(visit->p[SIM_CLOCK_OFF], 0)));
}

/* Turns a request into its reply. False when the host does not answer such a thing. */
static bool make_reply(const struct sim_visit *visit, struct packet_icmp *message)
{
    static const struct {
        enum sonde_probe_kind kind;
        enum sim_answers answers;
    } kinds[] = {{SONDE_PROBE_ECHO, SIM_ANSWERS_ECHO},
                 {SONDE_PROBE_TIMESTAMP, SIM_ANSWERS_TIMESTAMP},
                 {SONDE_PROBE_EXTENDED_ECHO, SIM_ANSWERS_EXTENDED}};
    enum sonde_family family = (enum sonde_family)visit->packet->family;
    int64_t answers = sim_number_or(
        visit->p[SIM_ANSWERS], SIM_ANSWERS_ECHO | SIM_ANSWERS_TIMESTAMP | SIM_ANSWERS_EXTENDED);
    enum sonde_probe_kind kind = SONDE_PROBE_NODE_INFO;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (packet_icmp_request_type(family, kinds[i].kind) == message->type &&
            answers & kinds[i].answers)
            kind = kinds[i].kind;
    if (kind == SONDE_PROBE_NODE_INFO || message->code != 0)
        return false;
    message->type = (uint8_t)packet_icmp_reply_type(family, message->type);
    message->form = packet_icmp_form(family, message->type);
    if (kind == SONDE_PROBE_TIMESTAMP)
        message->timestamp.receive = message->timestamp.transmit = time_of_day(visit);
    if (kind == SONDE_PROBE_EXTENDED_ECHO) {
        struct packet_icmp_extended request = message->extended;
        message->code = (uint8_t)sim_number_or(visit->p[SIM_EXTENDED], 0);
        message->extended = (struct packet_icmp_extended){
            .identifier = request.identifier,
            .sequence = request.sequence,
            .active = message->code == 0,
            .ipv4 = message->code == 0,
            .ipv6 = message->code == 0,
        };
        message->payload = (struct sonde_bytes){NULL, 0};
    }
    return true;
}

unsigned sim_host_harm(const struct sim_visit *visit, struct sonde_bytes *payload)
{
    const struct sim_setting *const *p = visit->p;
    struct sim_dice dice = visit->dice;
    bool mangle = sim_dice_chance(dice, SIM_THROW_MANGLE, p[SIM_MANGLE]);
    bool forge = sim_dice_chance(dice, SIM_THROW_FORGE, p[SIM_FORGE]);
    bool truncate = sim_dice_chance(dice, SIM_THROW_TRUNCATE, p[SIM_TRUNCATE]);
    uint8_t *bytes = visit->network->payload;
    size_t length = payload->length;
    unsigned harm = 0;
    if ((!mangle && !forge && !truncate) || !length)
        return 0;
    memcpy(bytes, payload->data, length);
    if (forge) {
        size_t stamp = length < STAMPED ? length : STAMPED;
        sim_dice_bytes(dice, SIM_THROW_FORGE_VALUE, bytes, stamp);
        if (sim_dice_throw(dice, SIM_THROW_FORGE_VALUE) & 1)
            memset(bytes, bytes[0] & 1 ? 0xff : 0x7f, stamp);
        harm |= SONDE_SIM_FORGED;
    }
    if (mangle) {
        uint64_t where = p[SIM_MANGLE]->number[0] >= 0
                             ? (uint64_t)p[SIM_MANGLE]->number[0]
                             : sim_dice_throw(dice, SIM_THROW_MANGLE_WHERE) % length;
        if (where < length) {
            bytes[where] ^= (uint8_t)(1 + sim_dice_throw(dice, SIM_THROW_MANGLE_VALUE) % 255);
            harm |= SONDE_SIM_MANGLED;
        }
    }
    if (truncate && (size_t)p[SIM_TRUNCATE]->number[0] < length) {
        length = (size_t)p[SIM_TRUNCATE]->number[0];
        harm |= SONDE_SIM_TRUNCATED;
    }
    *payload = (struct sonde_bytes){bytes, length};
    return harm;
}

/* What is done to the datagram behind the IP header, checksums and all. Returns the new length. */
static size_t harm_datagram(const struct sim_visit *visit, uint8_t *bytes, size_t length,
                            size_t header, unsigned *harm)
{
    const struct sim_setting *const *p = visit->p;
    if (sim_dice_chance(visit->dice, SIM_THROW_CORRUPT, p[SIM_CORRUPT])) {
        uint64_t bit =
            sim_dice_throw(visit->dice, SIM_THROW_CORRUPT_WHERE) % ((length - header) * 8);
        bytes[header + bit / 8] ^= (uint8_t)(1u << bit % 8);
        *harm |= SONDE_SIM_CORRUPT;
    }
    if (sim_dice_chance(visit->dice, SIM_THROW_CUT, p[SIM_CUT]) &&
        (size_t)p[SIM_CUT]->number[0] < length) {
        size_t stay = (size_t)p[SIM_CUT]->number[0];
        length = stay < CUT_LEAST ? CUT_LEAST : stay;
        *harm |= SONDE_SIM_CUT;
    }
    return length;
}

void sim_host_send(const struct sim_visit *visit, size_t length, size_t header, unsigned harm)
{
    const struct sim_setting *const *p = visit->p;
    uint8_t *bytes = visit->network->scratch;
    length = harm_datagram(visit, bytes, length, header, &harm);
    struct sonde_bytes datagram = {bytes, length};
    struct sonde_sim_truth truth = {.fate = SONDE_SIM_REPLY, .harm = harm};
    int64_t dwell = sim_host_dwell(visit, 0);
    if (sim_dice_chance(visit->dice, SIM_THROW_REORDER, p[SIM_REORDER])) {
        dwell = sonde_saturating_add(dwell, p[SIM_REORDER]->number[0]);
        truth.harm |= SONDE_SIM_REORDERED;
    }
    sim_network_deliver(visit, datagram, dwell, &truth, visit->node);
    if (!sim_dice_chance(visit->dice, SIM_THROW_DUPLICATE, p[SIM_DUPLICATE]))
        return;
    truth = (struct sonde_sim_truth){.fate = SONDE_SIM_DUPLICATE, .harm = harm};
    for (int64_t copy = 1; copy <= p[SIM_DUPLICATE]->number[1]; copy++) {
        int64_t after = sonde_saturating_mul(p[SIM_DUPLICATE]->number[0], copy);
        dwell = sonde_saturating_add(sim_host_dwell(visit, (unsigned)copy), after);
        sim_network_deliver(visit, datagram, dwell, &truth, visit->node);
    }
}

static void send_reply(const struct sim_visit *visit, struct packet_icmp *reply)
{
    struct sim_network *network = visit->network;
    struct sim_answer_from from = sim_host_header(visit);
    unsigned harm = sim_host_harm(visit, &reply->payload);
    struct packet_writer writer = packet_writer_over(network->scratch, sizeof(network->scratch));
    if (sim_answer_write(&writer, &from, reply)) {
        sim_network_nothing(visit, SONDE_SIM_UNANSWERED, visit->node);
        return;
    }
    size_t header = from.source.family == SONDE_IPV4 ? PACKET_IPV4_HEADER + from.options.length
                                                     : PACKET_IPV6_HEADER;
    sim_host_send(visit, packet_written(&writer), header, harm);
}

static void answer_icmp(const struct sim_visit *visit)
{
    const struct sim_packet *packet = visit->packet;
    enum sonde_family family = (enum sonde_family)packet->family;
    struct packet_icmp message;
    if (!packet_icmp_checksum_ok(family, packet->upper, &packet->source, &packet->destination) ||
        packet_icmp_parse(family, packet->upper, &message)) {
        sim_network_nothing(visit, SONDE_SIM_MALFORMED, visit->node);
    } else if (!make_reply(visit, &message)) {
        sim_network_nothing(visit, SONDE_SIM_UNANSWERED, visit->node);
    } else {
        sim_noise_around(visit, &message);
        send_reply(visit, &message);
    }
}

void sim_host_answer(const struct sim_visit *visit)
{
    switch (visit->packet->protocol) {
    case PACKET_UDP:
    case PACKET_TCP:
    case PACKET_SCTP:
        sim_noise_around(visit, NULL);
        sim_service_answer(visit);
        break;
    default:
        if (visit->packet->protocol ==
            (visit->packet->family == SONDE_IPV4 ? PACKET_ICMPV4 : PACKET_ICMPV6))
            answer_icmp(visit);
        else
            sim_network_nothing(visit, SONDE_SIM_UNANSWERED, visit->node);
    }
}
