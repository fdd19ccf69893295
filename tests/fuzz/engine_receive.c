/*
 * Any bytes as anything that a transport may hand to the engine, with probes in flight. Whatever
 * comes: no crash, no more than one final outcome for a probe, and no RTT that cannot be.
 */
#include <stdlib.h>
#include <string.h>

#include "sonde/engine.h"

#define PROBES  8
#define READ_NS 1000

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
                                  .hop_limit = 64,
                                  .payload_bytes = (uint16_t)(witness->asked * 8)};
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

static struct sonde_engine *engine_with_probes(struct witness *witness)
{
    static const struct sonde_strategy_ops ops = {next, end, patience, outcome};
    static const uint16_t identifiers[] = {0x1111, 0x2222};
    struct sonde_engine_config config = {
        .linger = {1000000}, .identifiers = identifiers, .identifier_count = 2};
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct witness witness = {0};
    struct sonde_engine *engine = engine_with_probes(&witness);
    bool ipv6 = data[0] & 1;
    uint8_t *exact = malloc(size); /* so that one byte too far is noticed */
    if (!exact)
        abort();
    memcpy(exact, data + 1, size - 1);
    struct sonde_event event = {
        .kind = data[0] & 2 ? SONDE_EVENT_ERROR : SONDE_EVENT_DATAGRAM,
        .layer = data[0] & 4 ? SONDE_LAYER_IP : SONDE_LAYER_ICMP,
        .cut = data[0] & 8,
        .stamp = {{READ_NS}, data[0] & 16 ? SONDE_STAMP_KERNEL : SONDE_STAMP_USER},
        .read = {READ_NS},
        .bytes = {exact, size - 1},
        .from = {ipv6 ? SONDE_IPV6 : SONDE_IPV4, {0}, 0},
        .to = {ipv6 ? SONDE_IPV6 : SONDE_IPV4, {0}, 0},
        .hop_limit = -1,
        .traffic_class = -1,
        .icmp_type = size > 2 ? data[1] : 0,
        .icmp_code = size > 3 ? data[2] : 0,
    };
    if (ipv6)
        event.from = event.to =
            (struct sonde_address){SONDE_IPV6, {0x20, 1, 0xd, 0xb8, [15] = 1}, 0};
    else
        event.from = event.to = (struct sonde_address){SONDE_IPV4, {192, 0, 2, 1}, 0};
    sonde_engine_receive(engine, &event);
    sonde_engine_receive(engine, &event);
    sonde_engine_stop(engine, (struct sonde_mono){READ_NS});
    sonde_engine_destroy(engine);
    free(exact);
    return 0;
}
