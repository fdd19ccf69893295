#include "sim/noise.h"

#include "packet/checksum.h"
#include "sim/walk.h"

void sim_noise_checksum(const struct sim_answer_from *from, uint8_t *bytes, size_t length)
{
    struct packet_sum sum = {0};
    if (length < 4)
        return;
    bytes[2] = bytes[3] = 0;
    if (from->source.family == SONDE_IPV6)
        packet_sum_pseudo(&sum, &from->source, &from->destination, PACKET_ICMPV6, (uint32_t)length);
    packet_sum_add(&sum, bytes, length);
    uint16_t checksum = packet_sum_checksum(&sum);
    bytes[2] = (uint8_t)(checksum >> 8);
    bytes[3] = (uint8_t)checksum;
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
    struct sim_answer_from from = sim_host_header(visit);
    from.options = (struct sonde_bytes){NULL, 0};
    if (length >= 4 && dice >> 32 & 1)
        bytes[0] = types[dice >> 40 & 7];
    if (dice >> 33 & 1)
        sim_noise_checksum(&from, bytes, length);
    struct packet_writer writer = packet_writer_over(network->scratch, sizeof(network->scratch));
    if (sim_answer_write_bytes(&writer, &from, (struct sonde_bytes){bytes, length}) == 0)
        sim_network_deliver(visit, packet_written_from(&writer, 0), sim_host_dwell(visit, 0),
                            &(struct sonde_sim_truth){.fate = SONDE_SIM_GARBAGE}, visit->node);
}

/* How long what is to come before the reply stays: it arrives in half the time. */
static int64_t dwell_before(const struct sim_visit *visit)
{
    int64_t dwell = sim_host_dwell(visit, 0);
    return dwell - (sim_number_or(visit->p[SIM_DELAY], 0) + dwell) / 2;
}

static void send_ahead(const struct sim_visit *visit, const struct packet_icmp *message,
                       enum sonde_sim_fate fate)
{
    struct sim_network *network = visit->network;
    struct sim_answer_from from = sim_host_header(visit);
    struct packet_writer writer = packet_writer_over(network->scratch, sizeof(network->scratch));
    if (sim_answer_write(&writer, &from, message) == 0)
        sim_network_deliver(visit, packet_written_from(&writer, 0), dwell_before(visit),
                            &(struct sonde_sim_truth){.fate = fate}, visit->node);
}

/* A reply that knows identifier and sequence of the request but not its payload. */
static void send_stray(const struct sim_visit *visit, const struct packet_icmp *reply)
{
    if (!sim_dice_chance(visit->dice, SIM_THROW_STRAY, visit->p[SIM_STRAY]))
        return;
    struct packet_icmp stray = *reply;
    stray.payload.data = visit->network->payload;
    sim_dice_bytes(visit->dice, SIM_THROW_STRAY_BYTES, visit->network->payload,
                   reply->payload.length);
    send_ahead(visit, &stray, SONDE_SIM_STRAY);
}

/* A reply to another program's request, which has an identifier and a payload of its own. */
static void send_foreign(const struct sim_visit *visit, const struct packet_icmp *reply)
{
    if (!sim_dice_chance(visit->dice, SIM_THROW_FOREIGN, visit->p[SIM_FOREIGN]))
        return;
    struct packet_icmp foreign = *reply;
    uint64_t dice = sim_dice_throw(visit->dice, SIM_THROW_FOREIGN);
    uint16_t other = (uint16_t)(0x8000 | (dice & 0x7fff));
    if (foreign.form == PACKET_ICMP_ECHO)
        foreign.echo.identifier ^= other;
    else if (foreign.form == PACKET_ICMP_TIMES)
        foreign.timestamp.identifier ^= other;
    else
        foreign.extended.identifier ^= other;
    foreign.payload.data = visit->network->payload;
    sim_dice_bytes(visit->dice, SIM_THROW_FOREIGN_BYTES, visit->network->payload,
                   reply->payload.length);
    send_ahead(visit, &foreign, SONDE_SIM_FOREIGN);
}

void sim_noise_around(const struct sim_visit *visit, const struct packet_icmp *reply)
{
    send_garbage(visit);
    if (sim_dice_chance(visit->dice, SIM_THROW_HOSTILE, visit->p[SIM_HOSTILE]))
        sim_hostile_send(visit);
    if (!reply)
        return;
    send_stray(visit, reply);
    send_foreign(visit, reply);
}
