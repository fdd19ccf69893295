/* What a search for the path MTU has found. */
#include "strategy/mtu_inside.h"

uint8_t mtu_farthest(const struct sonde_mtu *mtu)
{
    unsigned last = 0;
    for (unsigned hop = 1; hop <= mtu->config.last_hop && hop <= last + mtu->config.silent_hops;
         hop++)
        if (mtu->hops[hop].address.family != SONDE_FAMILY_NONE)
            last = hop;
    return (uint8_t)last;
}

static void add_step(struct sonde_mtu_result *result, const struct sonde_mtu_step *step)
{
    if (result->step_count < SONDE_MTU_STEPS)
        result->steps[result->step_count++] = *step;
}

/* Whoever refused, from here to there; what they named, where it holds. */
static void read_refusals(const struct sonde_mtu *mtu, struct sonde_mtu_result *result)
{
    uint32_t smallest = (uint32_t)mtu->config.most + 1;
    for (unsigned hop = 0; hop <= mtu->config.last_hop; hop++) {
        for (uint8_t i = 0; i < mtu->refusal_count; i++) {
            const struct mtu_refusal *refusal = &mtu->refusals[i];
            const bool ours = refusal->from.family == SONDE_FAMILY_NONE;
            if (refusal->hop != hop)
                continue;
            if (refusal->bytes <= result->size ||
                (refusal->named > 0 && !ours && refusal->named < result->size)) {
                result->lied = true;
                result->lied_size = refusal->named;
                result->liar = refusal->from;
            }
            if (refusal->bytes <= result->size)
                continue; /* what it refused came through */
            const bool holds = refusal->named >= result->size && refusal->named < refusal->bytes;
            const uint32_t size = holds ? refusal->named : result->size;
            if (size >= smallest)
                continue;
            smallest = size;
            add_step(result, &(struct sonde_mtu_step){
                                 .by = ours ? SONDE_MTU_BY_DEVICE : SONDE_MTU_BY_ROUTER,
                                 .after_hop = refusal->hop,
                                 .after_hop_known = ours || refusal->hop > 0,
                                 .size = (uint16_t)size,
                                 .from = refusal->from,
                             });
        }
    }
}

/* What nobody has told: it lies behind the last hop that larger ones came to. */
static void read_silence(const struct sonde_mtu *mtu, struct sonde_mtu_result *result)
{
    if (result->size == 0 || mtu->sizes.believed > mtu->config.most ||
        (result->step_count > 0 && result->steps[result->step_count - 1].size == result->size))
        return;
    struct sonde_mtu_step step = {.by = SONDE_MTU_BY_SILENCE, .size = result->size};
    for (unsigned hop = 1; hop <= result->hop_count; hop++)
        if (mtu->hops[hop].arrived >= result->refused) {
            step.after_hop = (uint8_t)hop;
            step.after_hop_known = true;
            step.from = mtu->hops[hop].address;
        }
    add_step(result, &step);
}

void sonde_mtu_read(const struct sonde_mtu *mtu, struct sonde_mtu_result *result)
{
    const uint8_t last = mtu->target_hop > 0 ? mtu->target_hop : mtu_farthest(mtu);
    *result = (struct sonde_mtu_result){
        .end = mtu->phase == MTU_DONE ? mtu->end : SONDE_MTU_RUNNING,
        .size = mtu->sizes.passed,
        .refused = (uint16_t)(mtu->sizes.believed > UINT16_MAX ? UINT16_MAX : mtu->sizes.believed),
        .endpoint = mtu->endpoint > 0 ? mtu->endpoint : mtu->target_hop,
        .hops = mtu->hops + 1,
        .hop_count = last,
        .icmp_type = mtu->icmp_type,
        .icmp_code = mtu->icmp_code,
        .from = mtu->from,
        .error = mtu->error,
        .probes = mtu->handed,
        .rtt = {mtu->rtt_ns > 0 ? mtu->rtt_ns : 0},
    };
    read_refusals(mtu, result);
    read_silence(mtu, result);
}
