#include "sonde/sweep.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/queue.h"
#include "strategy/adapt.h"
#include "strategy/slots.h"

#define MADE_UP_NS    (100 * SONDE_NS_PER_MS) /* lateness that is caught up */
#define FASTEST_GAP   1000 /* ns: what an adaptive rate without bound is held to */
#define LONGEST_NS    (3600 * SONDE_NS_PER_S) /* that backing off makes a timeout */
#define GAP_SLOTS_MAX UINT32_MAX
#define PUT_OFF_NS    (250 * SONDE_NS_PER_MS) /* twice as long each time … */
#define PUT_OFF_STEPS 4
#define PUT_OFF_MAX   75 /* … and in all for some five minutes */

/* What befell a host's probes, for the verdict on the host. */
enum {
    SAW_ERROR = 1,
    SAW_SILENCE = 2,
};

struct sweep_host {
    struct sonde_sweep_host seen;
    int64_t due_ns;
    uint64_t number; /* probes handed out: sent, as long as nobody resets the figures */
    uint32_t open;
    uint8_t saw;
    uint8_t put_off; /* how often */
};

static_assert(sizeof(struct sweep_host) <= 104, "with its place in the queue 112 bytes a host");

struct sonde_sweep {
    struct sonde_sweep_config config;
    struct sweep_host *hosts;
    struct base_queue queue; /* of the hosts that are to be asked again, by due time */
    struct strategy_slots slots;
    struct strategy_adapt adapt;
    uint64_t slots_unused; /* in stalls, and not yet laid to the charge of a host */
    bool paced;            /* there are slots */
    bool started;
    bool ended;
    struct sonde_mono start;
    struct sonde_sweep_figures figures;
};

static int64_t due_key(const void *owner, uint32_t id)
{
    const struct sonde_sweep *sweep = owner;
    return sweep->hosts[id].due_ns;
}

/* --- making ---------------------------------------------------------------------------------- */

static bool is_valid(const struct sonde_sweep_config *config)
{
    bool periodic = config->mode != SONDE_SWEEP_ALIVE;
    return config->hosts > 0 && config->gap_ns <= INT64_MAX && config->tick.ns >= 0 &&
           (config->gap_ns == 0 || (config->gap_slots > 0 && config->gap_slots <= GAP_SLOTS_MAX)) &&
           config->deadline.ns >= 0 && config->probe.timeout.ns >= 0 &&
           (periodic ? config->period.ns >= 0 : config->backoff >= 1) &&
           (config->mode != SONDE_SWEEP_COUNT || config->count > 0);
}

int sonde_sweep_create(struct sonde_sweep **created, const struct sonde_sweep_config *config)
{
    if (!is_valid(config))
        return -EINVAL;
    struct sonde_sweep *sweep = calloc(1, sizeof *sweep);
    if (!sweep)
        return -ENOMEM;
    sweep->config = *config;
    sweep->paced = config->gap_ns > 0 || config->adaptive;
    sweep->slots = (struct strategy_slots){
        .gap_ns = config->gap_ns > 0 ? config->gap_ns : FASTEST_GAP,
        .gap_slots = config->gap_ns > 0 ? config->gap_slots : 1,
        .tick = config->tick,
        .share = STRATEGY_SLOTS_WHOLE,
    };
    sweep->figures.waiting = config->hosts;
    base_queue_init(&sweep->queue, due_key, sweep);
    sweep->hosts = calloc(config->hosts, sizeof *sweep->hosts);
    if (!sweep->hosts || base_queue_reserve(&sweep->queue, config->hosts) != 0) {
        sonde_sweep_destroy(sweep);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < config->hosts; i++)
        sonde_sweep_host_reset(sweep, i);
    *created = sweep;
    return 0;
}

void sonde_sweep_destroy(struct sonde_sweep *sweep)
{
    if (!sweep)
        return;
    base_queue_destroy(&sweep->queue);
    free(sweep->hosts);
    free(sweep);
}

static void begin(struct sonde_sweep *sweep, struct sonde_mono now)
{
    sweep->started = true;
    sweep->start = now;
    strategy_adapt_begin(&sweep->adapt, now);
    if (sweep->config.adaptive)
        sweep->slots.share = sweep->adapt.share;
    strategy_slots_begin(&sweep->slots, now);
    for (uint32_t i = 0; i < sweep->config.hosts; i++) {
        sweep->hosts[i].due_ns = now.ns;
        base_queue_push(&sweep->queue, i);
    }
}

/* --- when ------------------------------------------------------------------------------------ */

/* Where there are no slots: when it is due, or now when that is long ago. */
static struct sonde_mono unpaced(const struct sweep_host *host, struct sonde_mono now)
{
    int64_t late = sonde_saturating_sub(now.ns, host->due_ns);
    bool at_once = late > MADE_UP_NS || (late > 0 && host->number == 0);
    return at_once ? now : (struct sonde_mono){host->due_ns};
}

/* When the host's turn is; uses up the slots before it. */
static struct sonde_mono turn_of(struct sonde_sweep *sweep, const struct sweep_host *host,
                                 struct sonde_mono now)
{
    if (!sweep->paced)
        return unpaced(host, now);
    struct strategy_slots *slots = &sweep->slots;
    slots->next = strategy_slots_from(slots, (struct sonde_mono){host->due_ns});
    struct sonde_mono at = strategy_slots_at(slots, slots->next);
    if (sonde_mono_since(now, at).ns <= MADE_UP_NS)
        return at;
    uint64_t last = strategy_slots_last(slots, now);
    sweep->slots_unused += last - slots->next;
    slots->next = last;
    return strategy_slots_at(slots, last);
}

/*
 * The host's next due time, after its turn came at `at`. Its phase is kept, whatever was missed;
 * but never does it get two probes with less than half a period in between, because the turns come
 * too slowly.
 */
static int64_t due_after(const struct sonde_sweep *sweep, const struct sweep_host *host,
                         struct sonde_mono at)
{
    int64_t period = sweep->config.period.ns;
    int64_t late = sonde_saturating_sub(at.ns, host->due_ns);
    if (period == 0)
        return at.ns + 1; /* behind all others */
    if (host->number == 0)
        return sonde_saturating_add(at.ns, period);
    int64_t periods = late / period + 1;
    if (period - late % period < period / 2)
        periods++;
    return sonde_saturating_add(host->due_ns, sonde_saturating_mul(periods, period));
}

/*
 * A host that is asked for ever has lost the due times that its schedule steps over: those of a
 * stall, of which there are as many as unused slots at most; the rest passed because it had to wait
 * for its turn. What is asked a number of times is put off, and loses nothing.
 */
static void count_skipped(struct sonde_sweep *sweep, const struct sweep_host *host,
                          int64_t next_due_ns)
{
    if (sweep->config.mode != SONDE_SWEEP_LOOP || sweep->config.period.ns == 0 || host->number == 0)
        return;
    int64_t periods = sonde_saturating_sub(next_due_ns, host->due_ns) / sweep->config.period.ns;
    uint64_t passed = periods > 1 ? (uint64_t)periods - 1 : 0;
    if (sweep->paced && passed > sweep->slots_unused)
        passed = sweep->slots_unused;
    if (sweep->paced)
        sweep->slots_unused -= passed;
    sweep->figures.skipped += passed;
}

static struct sonde_span timeout_of(const struct sonde_sweep *sweep, uint64_t attempt)
{
    int64_t timeout = sweep->config.probe.timeout.ns;
    if (sweep->config.mode != SONDE_SWEEP_ALIVE || attempt == 0 || sweep->config.backoff == 1)
        return (struct sonde_span){timeout};
    double longest = timeout > LONGEST_NS ? (double)timeout : (double)LONGEST_NS;
    double backed_off = (double)timeout;
    for (uint64_t i = 0; i < attempt && backed_off < longest; i++)
        backed_off *= sweep->config.backoff;
    return (struct sonde_span){(int64_t)(backed_off < longest ? backed_off : longest)};
}

/* --- what to ask next ------------------------------------------------------------------------ */

static void hand_out(struct sonde_sweep *sweep, uint32_t id, struct sonde_mono at,
                     struct sonde_probe *probe)
{
    struct sweep_host *host = &sweep->hosts[id];
    *probe = sweep->config.probe;
    probe->token = 0;
    probe->target = id;
    probe->number = host->number;
    probe->due = at;
    probe->timeout = timeout_of(sweep, host->number);
    if (sweep->config.flows > 1)
        probe->flow = (uint16_t)(probe->flow + (id + host->number) % sweep->config.flows);

    int64_t next_due_ns = due_after(sweep, host, at);
    count_skipped(sweep, host, next_due_ns);
    host->due_ns = next_due_ns;
    host->number++;
    host->open++;
    host->seen.sent++;
    sweep->figures.sent++;
    sweep->figures.open++;
    sweep->slots.next++;
    if (sweep->config.adaptive)
        strategy_adapt_sent(&sweep->adapt, at);
    bool last = sweep->config.mode == SONDE_SWEEP_ALIVE ||
                (sweep->config.mode == SONDE_SWEEP_COUNT && host->number >= sweep->config.count);
    if (last)
        base_queue_remove(&sweep->queue, id);
    else
        base_queue_update(&sweep->queue, id);
}

static struct sonde_mono end(void *self)
{
    const struct sonde_sweep *sweep = self;
    if (sweep->config.deadline.ns == 0 || !sweep->started)
        return SONDE_NEVER;
    return sonde_mono_add(sweep->start, sweep->config.deadline);
}

/* Nobody is due. Those who are still undecided may be so again when their probe times out. */
static enum sonde_next nobody(const struct sonde_sweep *sweep)
{
    bool undecided = sweep->config.mode == SONDE_SWEEP_ALIVE && sweep->figures.waiting > 0 &&
                     sweep->figures.open > 0;
    return undecided ? SONDE_NEXT_WAIT : SONDE_NEXT_DONE;
}

static enum sonde_next next(void *self, struct sonde_mono now, struct sonde_probe *probe,
                            struct sonde_mono *wake)
{
    struct sonde_sweep *sweep = self;
    if (!sweep->started)
        begin(sweep, now);
    *wake = SONDE_NEVER;
    if (sweep->ended) {
        *wake = now;
        return SONDE_NEXT_DONE;
    }
    if (sweep->config.adaptive && strategy_adapt_judge(&sweep->adapt, now))
        strategy_slots_set_share(&sweep->slots, sweep->adapt.share);
    if (sweep->queue.count == 0)
        return nobody(sweep);

    uint32_t id = base_queue_top(&sweep->queue);
    struct sonde_mono at = turn_of(sweep, &sweep->hosts[id], now);
    if (!sonde_mono_before(at, end(sweep))) {
        base_queue_clear(&sweep->queue);
        return SONDE_NEXT_DONE;
    }
    if (sonde_mono_before(now, at)) {
        *wake = at;
        return SONDE_NEXT_WAIT;
    }
    hand_out(sweep, id, at, probe);
    return SONDE_NEXT_PROBE;
}

static struct sonde_span patience(void *self)
{
    const struct sonde_sweep *sweep = self;
    return sweep->config.probe.timeout;
}

/* --- what became of it ----------------------------------------------------------------------- */

static uint32_t *counter_of(struct sonde_sweep *sweep, enum sonde_sweep_state state)
{
    switch (state) {
    case SONDE_SWEEP_ANSWERED:
        return &sweep->figures.answered;
    case SONDE_SWEEP_SILENT:
        return &sweep->figures.silent;
    case SONDE_SWEEP_REFUSED:
        return &sweep->figures.refused;
    case SONDE_SWEEP_UNSENT:
        return &sweep->figures.unsent;
    case SONDE_SWEEP_WAITING:
        break;
    }
    return &sweep->figures.waiting;
}

static void decide(struct sonde_sweep *sweep, struct sweep_host *host, enum sonde_sweep_state state)
{
    --*counter_of(sweep, host->seen.state);
    host->seen.state = state;
    ++*counter_of(sweep, state);
}

static void heard_reply(struct sonde_sweep *sweep, struct sweep_host *host,
                        const struct sonde_outcome *outcome)
{
    struct sonde_sweep_host *seen = &host->seen;
    seen->received++;
    seen->said = outcome->said;
    sweep->figures.received++;
    if (outcome->rtt_known) {
        int64_t rtt = outcome->rtt.ns;
        seen->rtt_last_ns = rtt;
        seen->rtt_min_ns = seen->rtt_min_ns < 0 || rtt < seen->rtt_min_ns ? rtt : seen->rtt_min_ns;
        seen->rtt_max_ns = rtt > seen->rtt_max_ns ? rtt : seen->rtt_max_ns;
        seen->rtt_sum_ns = sonde_saturating_add(seen->rtt_sum_ns, rtt);
    }
    if (seen->state == SONDE_SWEEP_ANSWERED)
        return;
    decide(sweep, host, SONDE_SWEEP_ANSWERED);
    if (sweep->config.enough > 0 && sweep->figures.answered >= sweep->config.enough)
        sweep->ended = true;
}

/* A probe that brought no reply: the next attempt, or the verdict. */
static void after_failure(struct sonde_sweep *sweep, uint32_t id,
                          const struct sonde_outcome *outcome)
{
    struct sweep_host *host = &sweep->hosts[id];
    if (host->seen.state != SONDE_SWEEP_WAITING)
        return;
    if (sweep->config.mode == SONDE_SWEEP_ALIVE && host->number <= sweep->config.retries) {
        host->due_ns = sonde_mono_add(outcome->due, timeout_of(sweep, outcome->number)).ns;
        base_queue_push(&sweep->queue, id);
        return;
    }
    bool asked = sweep->config.mode == SONDE_SWEEP_ALIVE ||
                 (sweep->config.mode == SONDE_SWEEP_COUNT && host->number >= sweep->config.count);
    if (!asked || host->open > 0)
        return;
    decide(sweep, host,
           host->saw & SAW_ERROR     ? SONDE_SWEEP_REFUSED
           : host->saw & SAW_SILENCE ? SONDE_SWEEP_SILENT
                                     : SONDE_SWEEP_UNSENT);
}

/* A probe that never left, and is not to be told as sent. */
static void take_back(struct sonde_sweep *sweep, struct sweep_host *host)
{
    host->open--;
    host->seen.sent -= host->seen.sent > 0;
    sweep->figures.sent--;
    sweep->figures.open--;
}

/*
 * Queues of this machine are full: what waits there for neighbours that are not there keeps probes
 * to others from leaving for as long as the kernel asks for those. That says nothing of the host,
 * and is no try.
 */
static bool put_off(struct sonde_sweep *sweep, const struct sonde_outcome *outcome)
{
    struct sweep_host *host = &sweep->hosts[outcome->target];
    bool full = outcome->kind == SONDE_SEND_FAILED &&
                (outcome->error == EAGAIN || outcome->error == ENOBUFS);
    if (!full || sweep->config.mode != SONDE_SWEEP_ALIVE || host->put_off == PUT_OFF_MAX ||
        host->seen.state != SONDE_SWEEP_WAITING)
        return false;
    int64_t delay_ns =
        PUT_OFF_NS << (host->put_off < PUT_OFF_STEPS ? host->put_off : PUT_OFF_STEPS);
    host->put_off++;
    host->number--;
    host->due_ns = sonde_saturating_add(outcome->due.ns, delay_ns);
    take_back(sweep, host);
    if (sweep->config.adaptive)
        strategy_adapt_settled(&sweep->adapt, outcome->due, false);
    base_queue_push(&sweep->queue, outcome->target);
    return true;
}

static void heard_error(struct sonde_sweep *sweep, struct sweep_host *host)
{
    host->seen.errors++;
    sweep->figures.errors++;
}

static void heard_nothing(struct sonde_sweep *sweep, struct sweep_host *host)
{
    host->seen.timed_out++;
    sweep->figures.timed_out++;
    host->saw |= SAW_SILENCE;
}

/* The run has ended before the verdict: the probe stays open for good, unless it never left. */
static void unfinished(struct sonde_sweep *sweep, struct sweep_host *host,
                       const struct sonde_outcome *outcome)
{
    if (outcome->sent.source == SONDE_STAMP_NONE)
        take_back(sweep, host);
}

static void heard_final(struct sonde_sweep *sweep, const struct sonde_outcome *outcome)
{
    struct sweep_host *host = &sweep->hosts[outcome->target];
    bool reply = outcome->kind == SONDE_REPLY &&
                 (!outcome->foreign_source || sweep->config.reply_from_elsewhere);
    host->open--;
    sweep->figures.open--;
    if (sweep->config.adaptive)
        strategy_adapt_settled(&sweep->adapt, outcome->due, reply);
    if (reply) {
        heard_reply(sweep, host, outcome);
        return;
    }
    if (outcome->kind == SONDE_TIMED_OUT || outcome->kind == SONDE_REPLY)
        heard_nothing(sweep, host);
    else
        heard_error(sweep, host);
    if (outcome->kind != SONDE_SEND_FAILED && outcome->kind != SONDE_TIMED_OUT &&
        outcome->kind != SONDE_REPLY)
        host->saw |= SAW_ERROR;
    after_failure(sweep, outcome->target, outcome);
}

static void outcome(void *self, const struct sonde_outcome *heard)
{
    struct sonde_sweep *sweep = self;
    struct sonde_sweep_host *seen = &sweep->hosts[heard->target].seen;
    if (heard->kind == SONDE_UNFINISHED)
        unfinished(sweep, &sweep->hosts[heard->target], heard);
    else if (sonde_outcome_is_final(heard->kind) && !put_off(sweep, heard))
        heard_final(sweep, heard);
    else if (heard->kind == SONDE_LATE)
        seen->late++;
    else if (heard->kind == SONDE_DUPLICATE)
        seen->duplicates++;
}

static const struct sonde_strategy_ops sweep_ops = {next, end, patience, outcome};

struct sonde_strategy sonde_sweep_strategy(struct sonde_sweep *sweep)
{
    return (struct sonde_strategy){&sweep_ops, sweep};
}

/* --- figures --------------------------------------------------------------------------------- */

const struct sonde_sweep_host *sonde_sweep_host(const struct sonde_sweep *sweep, uint32_t host)
{
    return &sweep->hosts[host].seen;
}

void sonde_sweep_host_reset(struct sonde_sweep *sweep, uint32_t host)
{
    sweep->hosts[host].seen = (struct sonde_sweep_host){
        .state = sweep->hosts[host].seen.state,
        .said = sweep->hosts[host].seen.said,
        .rtt_last_ns = -1,
        .rtt_min_ns = -1,
        .rtt_max_ns = -1,
    };
}

void sonde_sweep_figures(const struct sonde_sweep *sweep, struct sonde_sweep_figures *figures)
{
    *figures = sweep->figures;
    figures->rate = sweep->paced ? strategy_slots_rate(&sweep->slots) : 0;
    figures->rate_cuts = sweep->adapt.cuts;
}
