#include "sonde/mtu.h"

#include <errno.h>
#include <stdlib.h>

#include "strategy/mtu_inside.h"

#define DEFAULT_LAST   30u
#define DEFAULT_SILENT 6u
#define DEFAULT_TRIES  3u
#define DEFAULT_LIMIT  64u
#define PATIENCE_RTTS  3
#define LEAST_PATIENCE (250 * SONDE_NS_PER_MS)
#define ASKED_AGAIN    2

/* --- what is to be asked --------------------------------------------------------------------- */

static void plan(struct sonde_mtu *mtu, uint16_t bytes, uint8_t hop)
{
    if (mtu->planned < PROBES_MAX)
        mtu->probes[mtu->planned++] = (struct mtu_probe){.bytes = bytes, .hop = hop};
}

static bool plan_sizes(struct sonde_mtu *mtu)
{
    uint16_t chosen[MTU_VOLLEY];
    const size_t count = mtu_sizes_choose(&mtu->sizes, chosen);
    for (size_t i = 0; i < count; i++)
        plan(mtu, chosen[i], 0);
    return count > 0;
}

static void plan_hops(struct sonde_mtu *mtu, uint16_t bytes, uint8_t last)
{
    for (unsigned hop = 1; hop <= last; hop++)
        plan(mtu, bytes, (uint8_t)hop);
}

int sonde_mtu_create(struct sonde_mtu **created, const struct sonde_mtu_config *config)
{
    if (config->most < config->least || config->least < config->header_bytes ||
        config->probe.timeout.ns <= 0)
        return -EINVAL;
    struct sonde_mtu *mtu = calloc(1, sizeof *mtu);
    if (!mtu)
        return -ENOMEM;
    mtu->config = *config;
    if (config->last_hop == 0)
        mtu->config.last_hop = DEFAULT_LAST;
    if (config->silent_hops == 0)
        mtu->config.silent_hops = DEFAULT_SILENT;
    if (config->tries == 0)
        mtu->config.tries = DEFAULT_TRIES;
    if (config->hop_limit == 0)
        mtu->config.hop_limit = DEFAULT_LIMIT;
    mtu->rtt_ns = -1;
    mtu->earliest.ns = INT64_MIN;
    mtu_sizes_init(&mtu->sizes, config->least, config->most, mtu->config.tries);
    plan_sizes(mtu);
    plan_hops(mtu, config->least, mtu->config.last_hop);
    *created = mtu;
    return 0;
}

void sonde_mtu_destroy(struct sonde_mtu *mtu)
{
    free(mtu);
}

/* --- what was heard -------------------------------------------------------------------------- */

static struct mtu_probe *probe_of(struct sonde_mtu *mtu, uint64_t number)
{
    return number < mtu->handed ? &mtu->probes[number] : NULL;
}

static void arrived(struct sonde_mtu *mtu, unsigned hop, uint16_t bytes)
{
    if (hop > 0 && bytes > mtu->hops[hop].arrived)
        mtu->hops[hop].arrived = bytes;
}

static void came_through(struct sonde_mtu *mtu, const struct mtu_probe *probe,
                         const struct sonde_outcome *outcome)
{
    mtu_sizes_pass(&mtu->sizes, probe->bytes);
    if (outcome->rtt_known && outcome->rtt.ns > mtu->rtt_ns)
        mtu->rtt_ns = outcome->rtt.ns;
}

static void heard_reply(struct sonde_mtu *mtu, const struct mtu_probe *probe,
                        const struct sonde_outcome *outcome)
{
    if (probe->hop > 0 && (mtu->target_hop == 0 || probe->hop < mtu->target_hop)) {
        mtu->target_hop = probe->hop;
        mtu->hops[probe->hop].address = outcome->from;
    }
    came_through(mtu, probe, outcome);
}

static void heard_hop(struct sonde_mtu *mtu, const struct mtu_probe *probe,
                      const struct sonde_outcome *outcome)
{
    if (probe->hop == 0 && mtu->endpoint == 0)
        return; /* the hop limit was too small, or the packets go round */
    const uint8_t hop = probe->hop > 0 ? probe->hop : mtu->endpoint;
    mtu->hops[hop].address = outcome->from;
    arrived(mtu, hop, probe->bytes);
    if (probe->hop == 0)
        came_through(mtu, probe, outcome);
}

/* Where a router stands: as it answered small probes, else by the hop limit that it quotes. */
static uint8_t hop_of(const struct sonde_mtu *mtu, const struct mtu_probe *probe,
                      const struct sonde_outcome *outcome)
{
    for (unsigned hop = 1; hop <= mtu->config.last_hop; hop++)
        if (sonde_address_equal(&mtu->hops[hop].address, &outcome->from))
            return (uint8_t)hop;
    const int sent = probe->hop > 0      ? probe->hop
                     : mtu->endpoint > 0 ? mtu->endpoint
                                         : mtu->config.hop_limit;
    const int passed = sent - outcome->quote.hop_limit;
    return outcome->quote.present && passed >= 0 && passed < mtu->config.last_hop
               ? (uint8_t)(passed + 1)
               : 0;
}

static struct mtu_refusal *refusal_by(struct sonde_mtu *mtu, const struct sonde_address *from)
{
    for (uint8_t i = 0; i < mtu->refusal_count; i++)
        if (sonde_address_equal(&mtu->refusals[i].from, from))
            return &mtu->refusals[i];
    if (mtu->refusal_count == REFUSALS)
        return NULL;
    mtu->refusals[mtu->refusal_count] = (struct mtu_refusal){.from = *from, .bytes = UINT16_MAX};
    return &mtu->refusals[mtu->refusal_count++];
}

static void heard_too_big(struct sonde_mtu *mtu, const struct mtu_probe *probe,
                          const struct sonde_outcome *outcome)
{
    const bool ours = outcome->kind == SONDE_SEND_FAILED;
    const struct sonde_address nobody = {0};
    struct mtu_refusal *refusal = refusal_by(mtu, ours ? &nobody : &outcome->from);
    mtu_sizes_refuse(&mtu->sizes, probe->bytes, outcome->mtu);
    if (!refusal)
        return;
    if (probe->bytes < refusal->bytes)
        refusal->bytes = probe->bytes;
    if (probe->bytes > refusal->most)
        refusal->most = probe->bytes;
    if (refusal->named == 0)
        refusal->named = outcome->mtu;
    if (!ours && refusal->hop == 0)
        refusal->hop = hop_of(mtu, probe, outcome);
    if (refusal->hop > 0 && mtu->hops[refusal->hop].address.family == SONDE_FAMILY_NONE)
        mtu->hops[refusal->hop].address = outcome->from;
}

static void heard_unreachable(struct sonde_mtu *mtu, const struct sonde_outcome *outcome)
{
    mtu->unreachable = true;
    mtu->icmp_type = outcome->icmp_type;
    mtu->icmp_code = outcome->icmp_code;
    mtu->from = outcome->from;
}

static void outcome(void *self, const struct sonde_outcome *outcome)
{
    struct sonde_mtu *mtu = self;
    struct mtu_probe *probe = probe_of(mtu, outcome->number);
    if (!probe)
        return;
    switch (outcome->kind) {
    case SONDE_REPLY:
        heard_reply(mtu, probe, outcome);
        break;
    case SONDE_LATE:
        if (outcome->said != SONDE_SAID_NOTHING)
            heard_reply(mtu, probe, outcome);
        break;
    case SONDE_TIME_EXCEEDED:
        heard_hop(mtu, probe, outcome);
        break;
    case SONDE_TOO_BIG:
        heard_too_big(mtu, probe, outcome);
        break;
    case SONDE_UNREACHABLE:
    case SONDE_PARAMETER_PROBLEM:
        heard_unreachable(mtu, outcome);
        break;
    case SONDE_SEND_FAILED:
        if (outcome->error == EMSGSIZE)
            heard_too_big(mtu, probe, outcome);
        else if (mtu->sizes.passed == 0)
            mtu->error = outcome->error;
        break;
    default:
        return; /* silence is what patience says it is */
    }
    probe->settled = true;
}

/* --- what to ask next ------------------------------------------------------------------------ */

static int64_t patience_ns(const struct sonde_mtu *mtu)
{
    const int64_t timeout = mtu->config.probe.timeout.ns;
    if (mtu->rtt_ns < 0)
        return timeout;
    int64_t patience = sonde_saturating_mul(PATIENCE_RTTS, mtu->rtt_ns);
    if (patience < LEAST_PATIENCE)
        patience = LEAST_PATIENCE;
    return patience < timeout ? patience : timeout;
}

static struct sonde_span patience(void *self)
{
    return (struct sonde_span){patience_ns(self)};
}

/* Until when the volley is waited for: INT64_MIN when nothing is open any more. */
static int64_t waits_until(struct sonde_mtu *mtu)
{
    int64_t until = INT64_MIN;
    for (uint32_t i = mtu->settled; i < mtu->handed; i++) {
        const struct mtu_probe *probe = &mtu->probes[i];
        const bool beyond = mtu->target_hop > 0 && probe->hop > mtu->target_hop;
        const int64_t at = sonde_saturating_add(probe->sent_ns, patience_ns(mtu));
        if (!probe->settled && !beyond && at > until)
            until = at;
    }
    return until;
}

/* The volley is over: what has not been answered is silent. */
static void close_volley(struct sonde_mtu *mtu)
{
    for (; mtu->settled < mtu->handed; mtu->settled++) {
        struct mtu_probe *probe = &mtu->probes[mtu->settled];
        if (!probe->settled && probe->hop == 0)
            mtu_sizes_silent(&mtu->sizes, probe->bytes);
        probe->settled = true;
    }
}

/* What came to the end, or to who refused it, has come to all hops before. */
static void conclude_arrivals(struct sonde_mtu *mtu)
{
    const uint8_t end = mtu->endpoint > 0 ? mtu->endpoint : mtu->target_hop;
    for (unsigned hop = 1; hop <= end; hop++)
        arrived(mtu, hop, mtu->sizes.passed);
    for (uint8_t i = 0; i < mtu->refusal_count; i++)
        for (unsigned hop = 1; hop <= mtu->refusals[i].hop; hop++)
            arrived(mtu, hop, mtu->refusals[i].most);
}

static void finish(struct sonde_mtu *mtu, enum sonde_mtu_end end)
{
    conclude_arrivals(mtu);
    mtu->phase = MTU_DONE;
    mtu->end = end;
}

/* Not even the smallest size came through. */
static void settle_for_less(struct sonde_mtu *mtu)
{
    if (mtu->sizes.believed > mtu->config.least) /* not asked often enough yet */
        plan(mtu, mtu->config.least, 0);
    else if (mtu->unreachable)
        finish(mtu, SONDE_MTU_UNREACHABLE);
    else if (mtu->endpoint > 0 || mtu_farthest(mtu) == 0)
        finish(mtu, SONDE_MTU_SILENT);
    else {
        mtu->endpoint = mtu_farthest(mtu);
        mtu_sizes_init(&mtu->sizes, mtu->config.least, mtu->config.most, mtu->config.tries);
        plan_sizes(mtu);
    }
}

static enum sonde_mtu_end how_found(const struct sonde_mtu *mtu)
{
    return mtu->endpoint > 0 ? SONDE_MTU_PARTIAL : SONDE_MTU_FOUND;
}

/* Somebody has said that what is one byte larger is too big. */
static bool is_told(const struct sonde_mtu *mtu)
{
    for (uint8_t i = 0; i < mtu->refusal_count; i++)
        if (mtu->refusals[i].bytes == mtu->sizes.believed)
            return true;
    return mtu->sizes.believed > mtu->config.most;
}

/* A lost answer of the target's would make it a hop farther away, behind one that is silent. */
static bool ask_gap_again(struct sonde_mtu *mtu)
{
    const uint32_t before = mtu->planned;
    if (mtu->asked_again == ASKED_AGAIN)
        return false;
    for (unsigned hop = mtu->target_hop;
         hop > 1 && mtu->hops[hop - 1].address.family == SONDE_FAMILY_NONE; hop--)
        plan(mtu, mtu->config.least, (uint8_t)(hop - 1));
    mtu->asked_again++;
    return mtu->planned > before;
}

static void go_on(struct sonde_mtu *mtu)
{
    const uint8_t length = mtu->target_hop > 0 ? mtu->target_hop : mtu_farthest(mtu);
    if (!mtu->error && ask_gap_again(mtu)) {
        /* sizes wait until it is known how far it is */
    } else if (mtu->error) {
        finish(mtu, SONDE_MTU_REFUSED);
    } else if (mtu->phase == MTU_LOCATING) {
        finish(mtu, how_found(mtu));
    } else if (mtu->sizes.passed == 0) {
        settle_for_less(mtu);
    } else if (!mtu_sizes_found(&mtu->sizes)) {
        if (!plan_sizes(mtu))
            finish(mtu, SONDE_MTU_GAVE_UP);
    } else if (is_told(mtu) || length == 0) {
        finish(mtu, how_found(mtu));
    } else {
        mtu->phase = MTU_LOCATING;
        plan_hops(mtu, mtu->config.most, length);
        plan_hops(mtu, (uint16_t)mtu->sizes.believed, length);
        plan_hops(mtu, (uint16_t)mtu->sizes.believed, length); /* one answer may be lost */
    }
    if (mtu->phase != MTU_DONE && mtu->planned == mtu->handed)
        finish(mtu, SONDE_MTU_GAVE_UP); /* no room for more probes */
}

static void fill(struct sonde_mtu *mtu, struct sonde_mono now, struct sonde_probe *probe)
{
    struct mtu_probe *next = &mtu->probes[mtu->handed];
    next->sent_ns = now.ns;
    *probe = mtu->config.probe;
    if (mtu->config.flows > 0)
        probe->flow = (uint16_t)(probe->flow + mtu->handed % mtu->config.flows);
    probe->number = mtu->handed++;
    probe->due =
        mtu->earliest.ns > INT64_MIN && sonde_mono_before(mtu->earliest, now) ? mtu->earliest : now;
    probe->dont_fragment = true;
    probe->payload_bytes = (uint16_t)(next->bytes - mtu->config.header_bytes);
    probe->hop_limit = next->hop > 0       ? next->hop
                       : mtu->endpoint > 0 ? mtu->endpoint
                                           : mtu->config.hop_limit;
    mtu->earliest = sonde_mono_add(now, mtu->config.gap);
}

/* A probe to a hop behind the target would only ask the target once more. */
static void skip_needless(struct sonde_mtu *mtu)
{
    while (mtu->handed < mtu->planned && mtu->target_hop > 0 &&
           mtu->probes[mtu->handed].hop > mtu->target_hop)
        mtu->probes[mtu->handed++].settled = true;
}

static enum sonde_next next(void *self, struct sonde_mono now, struct sonde_probe *probe,
                            struct sonde_mono *wake)
{
    struct sonde_mtu *mtu = self;
    for (;;) {
        skip_needless(mtu);
        if (mtu->phase == MTU_DONE) {
            *wake = now;
            return SONDE_NEXT_DONE;
        }
        if (mtu->handed < mtu->planned) {
            *wake = mtu->earliest;
            if (sonde_mono_before(now, mtu->earliest))
                return SONDE_NEXT_WAIT;
            fill(mtu, now, probe);
            return SONDE_NEXT_PROBE;
        }
        wake->ns = waits_until(mtu);
        if (sonde_mono_before(now, *wake))
            return SONDE_NEXT_WAIT;
        close_volley(mtu);
        go_on(mtu);
    }
}

static struct sonde_mono end_of_run(void *self)
{
    (void)self;
    return SONDE_NEVER;
}

struct sonde_strategy sonde_mtu_strategy(struct sonde_mtu *mtu)
{
    static const struct sonde_strategy_ops ops = {next, end_of_run, patience, outcome};
    return (struct sonde_strategy){&ops, mtu};
}
