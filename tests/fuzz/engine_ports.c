/*
 * Any bytes as any answer to probes of UDP, TCP and SCTP, or as an error about them. Whatever
 * comes: no crash, no more than one final outcome for a probe, and no RTT that cannot be.
 *
 * Input: what the event is, what the engine is, type and code of a queued error; then the bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "sonde/engine.h"

#define PROBES  18
#define READ_NS 1000
#define HEAD    4

static const enum sonde_probe_kind kinds[] = {SONDE_PROBE_UDP, SONDE_PROBE_TCP, SONDE_PROBE_SCTP};

struct witness {
    uint64_t asked;
    unsigned finals[PROBES];
};

static enum sonde_next next(void *self, struct sonde_mono now, struct sonde_probe *probe,
                            struct sonde_mono *wake)
{
    struct witness *witness = self;
    *wake = SONDE_NEVER;
    if (witness->asked == PROBES)
        return SONDE_NEXT_DONE;
    *probe = (struct sonde_probe){.target = (uint32_t)(witness->asked % 2),
                                  .number = witness->asked / 2,
                                  .due = now,
                                  .timeout = {1000000},
                                  .kind = kinds[witness->asked / 2 % 3],
                                  .port = 53,
                                  .flow = (uint16_t)(witness->asked / 6 % 2),
                                  .hop_limit = 64,
                                  .payload_bytes = (uint16_t)(2 + witness->asked * 2)};
    witness->asked++;
    return SONDE_NEXT_PROBE;
}

static struct sonde_mono end(void *self)
{
    (void)self;
    return SONDE_NEVER;
}

static struct sonde_span patience(void *self)
{
    (void)self;
    return (struct sonde_span){0};
}

static void outcome(void *self, const struct sonde_outcome *heard)
{
    struct witness *witness = self;
    unsigned *finals = &witness->finals[heard->number * 2 + heard->target];
    *finals += sonde_outcome_is_final(heard->kind);
    if (*finals > 1 || (heard->rtt_known && (heard->rtt.ns < 0 || heard->rtt.ns > READ_NS)))
        abort();
}

static struct sonde_engine *engine_with_probes(struct witness *witness, uint8_t how)
{
    static const struct sonde_strategy_ops ops = {next, end, patience, outcome};
    static const uint16_t identifiers[] = {0x1111, 0x2222};
    struct sonde_engine_config config = {
        .linger = {1000000},
        .identifiers = identifiers,
        .identifier_count = 2,
        .payload = (enum sonde_payload)(how & 3),
        .sequence_in_port = how & 4,
    };
    struct sonde_engine *engine;
    if (sonde_engine_create(&engine, &config, (struct sonde_strategy){&ops, witness},
                            (struct sonde_observer){0}) != 0)
        abort();
    struct sonde_engine_target ipv4 = {.address = {SONDE_IPV4, {192, 0, 2, 1}, 0},
                                       .source = {SONDE_IPV4, {192, 0, 2, 2}, 0}};
    struct sonde_engine_target ipv6 = {.address = {SONDE_IPV6, {0x20, 1, 0xd, 0xb8, [15] = 1}, 0},
                                       .source = {SONDE_IPV6, {0x20, 1, 0xd, 0xb8, [15] = 2}, 0}};
    if (sonde_engine_add_target(engine, &ipv4) != 0 || sonde_engine_add_target(engine, &ipv6) != 0)
        abort();
    struct sonde_datagram batch[PROBES];
    size_t count = sonde_engine_transmit(engine, (struct sonde_mono){0}, batch, PROBES);
    sonde_engine_transmitted(engine, batch, count);
    return engine;
}

static struct sonde_event event_of(const uint8_t *head, struct sonde_bytes bytes)
{
    static const enum sonde_layer layers[] = {SONDE_LAYER_IP,  SONDE_LAYER_ICMP, SONDE_LAYER_UDP,
                                              SONDE_LAYER_TCP, SONDE_LAYER_SCTP, SONDE_LAYER_IP,
                                              SONDE_LAYER_IP,  SONDE_LAYER_IP};
    static const uint8_t protocols[] = {0, 17, 6, 132};
    struct sonde_address ipv4 = {SONDE_IPV4, {192, 0, 2, 1}, 0};
    struct sonde_address ipv6 = {SONDE_IPV6, {0x20, 1, 0xd, 0xb8, [15] = 1}, 0};
    return (struct sonde_event){
        .kind = head[0] & 2 ? SONDE_EVENT_ERROR : SONDE_EVENT_DATAGRAM,
        .layer = layers[head[0] >> 2 & 7],
        .protocol = protocols[head[0] >> 2 & 3],
        .stamp = {{READ_NS}, head[0] & 32 ? SONDE_STAMP_KERNEL : SONDE_STAMP_USER},
        .read = {READ_NS},
        .bytes = bytes,
        .from = head[0] & 1 ? ipv6 : ipv4,
        .to = head[0] & 1 ? ipv6 : ipv4,
        .hop_limit = -1,
        .traffic_class = -1,
        .icmp_type = head[2],
        .icmp_code = head[3],
    };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEAD)
        return 0;
    struct witness witness = {0};
    struct sonde_engine *engine = engine_with_probes(&witness, data[1]);
    uint8_t *exact = malloc(size - HEAD + 1); /* so that one byte too far is noticed */
    if (!exact)
        abort();
    memcpy(exact + 1, data + HEAD, size - HEAD);
    struct sonde_event event = event_of(data, (struct sonde_bytes){exact + 1, size - HEAD});
    sonde_engine_receive(engine, &event);
    sonde_engine_receive(engine, &event);
    sonde_engine_stop(engine, (struct sonde_mono){READ_NS});
    sonde_engine_destroy(engine);
    free(exact);
    return 0;
}
