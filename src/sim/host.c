#include <string.h>

#include "packet/checksum.h"
#include "packet/icmp.h"
#include "packet/ipv4.h"
#include "packet/ipv6.h"
#include "sim/answer.h"
#include "sim/inside.h"

#define STAMPED   16 /* bytes of a time at the start of a payload, as the classic ping has it */
#define CUT_LEAST 1

static int64_t number_or(const struct sim_setting *setting, int64_t otherwise)
{
    return setting ? setting->number[0] : otherwise;
}

/* The round trip to this address, for one copy of the answer. */
static int64_t delay_of(const struct sim_visit *visit, unsigned copy)
{
    int64_t delay = number_or(visit->p[SIM_DELAY], 0);
    const struct sim_setting *spread = visit->p[SIM_SPREAD];
    if (spread)
        delay += (int64_t)((double)spread->number[0] *
                           sim_dice_address(visit->network->seed ^ visit->key, SIM_SPREAD,
                                            &visit->address));
    delay += sim_dice_jitter(visit->dice, copy, visit->p[SIM_JITTER]);
    return delay < 0 ? 0 : delay;
}

static struct sim_answer_from header_of(const struct sim_visit *visit)
{
    const struct sim_packet *packet = visit->packet;
    const struct sim_setting *elsewhere = visit->p[SIM_REPLY_FROM];
    int64_t hop_limit = number_or(visit->p[SIM_HOP_LIMIT], 64) - visit->hops;
    struct sim_answer_from from = {
        .source = visit->address,
        .destination = packet->source,
        .hop_limit = (uint8_t)(hop_limit < 1 ? 1 : hop_limit),
        .traffic_class = packet->traffic_class,
        .id = (uint16_t)sim_dice_throw(visit->dice, SIM_THROW_ID),
    };
    if (packet->options.length)
        from.options = sim_host_options(visit, delay_of(visit, 0));
    if (elsewhere && elsewhere->address.family == packet->family)
        from.source = elsewhere->address;
    return from;
}

/* By the host's clock, when the packet is halfway. */
static uint32_t time_of_day(const struct sim_visit *visit)
{
    int64_t at = sonde_saturating_add(visit->packet->at, delay_of(visit, 0) / 2);
    return sim_network_time_of_day(visit->network,
                                   sonde_saturating_add(at, number_or(visit->p[SIM_CLOCK_OFF], 0)));
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
    int64_t answers = number_or(visit->p[SIM_ANSWERS],
                                SIM_ANSWERS_ECHO | SIM_ANSWERS_TIMESTAMP | SIM_ANSWERS_EXTENDED);
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
        message->code = (uint8_t)number_or(visit->p[SIM_EXTENDED], 0);
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

/* What is done to the payload before the checksum is made. */
static unsigned harm_payload(const struct sim_visit *visit, struct packet_icmp *message)
{
    const struct sim_setting *const *p = visit->p;
    struct sim_dice dice = visit->dice;
    bool mangle = sim_dice_chance(dice, SIM_THROW_MANGLE, p[SIM_MANGLE]);
    bool forge = sim_dice_chance(dice, SIM_THROW_FORGE, p[SIM_FORGE]);
    bool truncate = sim_dice_chance(dice, SIM_THROW_TRUNCATE, p[SIM_TRUNCATE]);
    uint8_t *bytes = visit->network->payload;
    size_t length = message->payload.length;
    unsigned harm = 0;
    if ((!mangle && !forge && !truncate) || !length)
        return 0;
    memcpy(bytes, message->payload.data, length);
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
    message->payload = (struct sonde_bytes){bytes, length};
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

/* Random bytes where an ICMP message should be; half of them under a right checksum. */
static void send_garbage(const struct sim_visit *visit)
{
    static const uint8_t types[] = {0, 3, 5, 11, 12, 1, 2, 129};
    if (!sim_dice_chance(visit->dice, SIM_THROW_GARBAGE, visit->p[SIM_GARBAGE]))
        return;
    struct sim_network *network = visit->network;
    uint64_t dice = sim_dice_throw(visit->dice, SIM_THROW_GARBAGE_LENGTH);
    int64_t asked = visit->p[SIM_GARBAGE]->number[0];
    size_t length = asked >= 0 ? (size_t)asked : dice % 129;
    uint8_t *bytes = network->payload;
    sim_dice_bytes(visit->dice, SIM_THROW_GARBAGE_BYTES, bytes, length);
    struct sim_answer_from from = header_of(visit);
    from.options = (struct sonde_bytes){NULL, 0};
    if (length >= 4 && dice >> 32 & 1)
        bytes[0] = types[dice >> 40 & 7];
    if (length >= 4 && dice >> 33 & 1) {
        struct packet_sum sum = {0};
        bytes[2] = bytes[3] = 0;
        if (visit->packet->family == SONDE_IPV6)
            packet_sum_pseudo(&sum, &from.source, &from.destination, PACKET_ICMPV6,
                              (uint32_t)length);
        packet_sum_add(&sum, bytes, length);
        bytes[2] = (uint8_t)(packet_sum_checksum(&sum) >> 8);
        bytes[3] = (uint8_t)packet_sum_checksum(&sum);
    }
    struct packet_writer writer = packet_writer_over(network->scratch, sizeof(network->scratch));
    if (sim_answer_write_bytes(&writer, &from, (struct sonde_bytes){bytes, length}) == 0)
        sim_network_deliver(visit, packet_written_from(&writer, 0), delay_of(visit, 0),
                            &(struct sonde_sim_truth){.fate = SONDE_SIM_GARBAGE}, visit->node);
}

/* A reply that knows identifier and sequence of the request but not its payload, ahead of the right
 * one. */
static void send_stray(const struct sim_visit *visit, const struct packet_icmp *reply)
{
    if (!sim_dice_chance(visit->dice, SIM_THROW_STRAY, visit->p[SIM_STRAY]))
        return;
    struct sim_network *network = visit->network;
    struct packet_icmp stray = *reply;
    struct sim_answer_from from = header_of(visit);
    size_t length = reply->payload.length;
    sim_dice_bytes(visit->dice, SIM_THROW_STRAY_BYTES, network->payload, length);
    stray.payload.data = network->payload;
    struct packet_writer writer = packet_writer_over(network->scratch, sizeof(network->scratch));
    if (sim_answer_write(&writer, &from, &stray) == 0)
        sim_network_deliver(visit, packet_written_from(&writer, 0), delay_of(visit, 0) / 2,
                            &(struct sonde_sim_truth){.fate = SONDE_SIM_STRAY}, visit->node);
}

/* The reply itself, and copies of it. */
static void send_reply(const struct sim_visit *visit, struct packet_icmp *reply)
{
    struct sim_network *network = visit->network;
    const struct sim_setting *const *p = visit->p;
    struct sim_answer_from from = header_of(visit);
    struct sonde_sim_truth truth = {.fate = SONDE_SIM_REPLY};
    truth.harm = harm_payload(visit, reply);
    struct packet_writer writer = packet_writer_over(network->scratch, sizeof(network->scratch));
    if (sim_answer_write(&writer, &from, reply)) {
        sim_network_nothing(visit, SONDE_SIM_UNANSWERED, visit->node);
        return;
    }
    size_t header = from.source.family == SONDE_IPV4 ? PACKET_IPV4_HEADER + from.options.length
                                                     : PACKET_IPV6_HEADER;
    size_t length =
        harm_datagram(visit, network->scratch, packet_written(&writer), header, &truth.harm);
    struct sonde_bytes bytes = {network->scratch, length};
    int64_t delay = delay_of(visit, 0);
    bool reorder = sim_dice_chance(visit->dice, SIM_THROW_REORDER, p[SIM_REORDER]);
    unsigned harm = truth.harm;
    if (reorder) {
        delay = sonde_saturating_add(delay, p[SIM_REORDER]->number[0]);
        truth.harm |= SONDE_SIM_REORDERED;
    }
    sim_network_deliver(visit, bytes, delay, &truth, visit->node);
    if (!sim_dice_chance(visit->dice, SIM_THROW_DUPLICATE, p[SIM_DUPLICATE]))
        return;
    for (int64_t copy = 1; copy <= p[SIM_DUPLICATE]->number[1]; copy++) {
        int64_t after = sonde_saturating_mul(p[SIM_DUPLICATE]->number[0], copy);
        sim_network_deliver(
            visit, bytes, sonde_saturating_add(delay_of(visit, (unsigned)copy), after),
            &(struct sonde_sim_truth){.fate = SONDE_SIM_DUPLICATE, .harm = harm}, visit->node);
    }
}

void sim_host_answer(const struct sim_visit *visit)
{
    const struct sim_packet *packet = visit->packet;
    enum sonde_family family = (enum sonde_family)packet->family;
    uint8_t icmp = family == SONDE_IPV4 ? PACKET_ICMPV4 : PACKET_ICMPV6;
    struct packet_icmp message;
    if (packet->protocol == icmp &&
        (!packet_icmp_checksum_ok(family, packet->upper, &packet->source, &packet->destination) ||
         packet_icmp_parse(family, packet->upper, &message))) {
        sim_network_nothing(visit, SONDE_SIM_MALFORMED, visit->node);
        return;
    }
    if (packet->protocol != icmp || !make_reply(visit, &message)) {
        sim_network_nothing(visit, SONDE_SIM_UNANSWERED, visit->node);
        return;
    }
    send_garbage(visit);
    send_stray(visit, &message);
    send_reply(visit, &message);
}
