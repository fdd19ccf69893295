#include "sonde/trace.h"

#include <errno.h>
#include <stdlib.h>

#include "strategy/trace_inside.h"

#define DEFAULT_FIRST   1u
#define DEFAULT_LAST    30u
#define DEFAULT_QUERIES 3u
#define DEFAULT_SILENT  6u
#define DEFAULT_GAP     SONDE_NS_PER_MS
#define DEFAULT_FACTOR  3.0
#define DEFAULT_FLOOR   (250 * SONDE_NS_PER_MS)

#define FIRST_WINDOW      30u /* hops that are asked before any of them has answered */
#define GAPS_EXCUSED      4   /* of lateness, in gaps, that is no stall */
#define MADE_UP_NS        (100 * SONDE_NS_PER_MS) /* lateness of a round that is caught up */
#define STALE_ROUNDS      3
#define FAILURES_ENOUGH   3u
#define SHARE_OF_INTERVAL 0.9 /* that the probes of a round may take */

/* --- making ---------------------------------------------------------------------------------- */

/* Whose rounds follow each other fast is not kept waiting at the end. */
static struct sonde_span default_floor(const struct sonde_trace_config *config)
{
    int64_t half = config->interval.ns / 2;
    return (struct sonde_span){config->rounds != 1 && half < DEFAULT_FLOOR ? half : DEFAULT_FLOOR};
}

static void fill_in(struct sonde_trace_config *config)
{
    if (config->first_hop == 0)
        config->first_hop = DEFAULT_FIRST;
    if (config->last_hop == 0)
        config->last_hop = DEFAULT_LAST;
    if (config->queries == 0)
        config->queries = DEFAULT_QUERIES;
    if (config->silent_hops == 0)
        config->silent_hops = DEFAULT_SILENT;
    if (config->gap.ns == 0)
        config->gap.ns = DEFAULT_GAP;
    if (config->order == SONDE_TRACE_BY_KIND)
        config->order =
            config->probe.kind == SONDE_PROBE_UDP ? SONDE_TRACE_BY_HOP : SONDE_TRACE_BY_QUERY;
    if (config->gap.ns < 0)
        config->gap.ns = 0;
    if (config->wait_factor == 0)
        config->wait_factor = DEFAULT_FACTOR;
    if (config->wait_floor.ns == 0)
        config->wait_floor = default_floor(config);
}

static bool is_valid(const struct sonde_trace_config *config)
{
    return config->first_hop <= config->last_hop && config->queries <= SONDE_TRACE_QUERIES_MAX &&
           (config->rounds == 1 || config->interval.ns > 0) && config->wait_factor >= 0 &&
           config->wait_floor.ns >= 0 && config->deadline.ns >= 0 && config->probe.timeout.ns > 0;
}

int sonde_trace_create(struct sonde_trace **created, const struct sonde_trace_config *given)
{
    struct sonde_trace_config config = *given;
    fill_in(&config);
    if (!is_valid(&config))
        return -EINVAL;
    struct sonde_trace *trace = calloc(1, sizeof *trace);
    if (!trace)
        return -ENOMEM;
    trace->config = config;
    trace->rtt_max_ns = -1;
    if (trace_memory_init(&trace->memory, &config) != 0) {
        sonde_trace_destroy(trace);
        return -ENOMEM;
    }
    *created = trace;
    return 0;
}

void sonde_trace_destroy(struct sonde_trace *trace)
{
    if (!trace)
        return;
    trace_memory_destroy(&trace->memory);
    free(trace);
}

bool sonde_trace_place(const struct sonde_trace *trace, uint64_t number,
                       struct sonde_trace_place *place)
{
    const struct trace_asked *asked = trace_memory_find(&trace->memory, number);
    if (asked)
        *place = asked->place;
    return asked != NULL;
}

/* --- how far, and how long ------------------------------------------------------------------- */

struct sonde_span trace_wait(const struct sonde_trace *trace)
{
    const struct sonde_trace_config *config = &trace->config;
    int64_t timeout = config->probe.timeout.ns;
    if (config->wait_out || trace->rtt_max_ns < 0)
        return (struct sonde_span){timeout};
    double wait = (double)trace->rtt_max_ns * config->wait_factor;
    if (wait < (double)config->wait_floor.ns)
        wait = (double)config->wait_floor.ns;
    return (struct sonde_span){wait < (double)timeout ? (int64_t)wait : timeout};
}

static struct sonde_span patience(void *self)
{
    return trace_wait(self);
}

static void look(struct sonde_trace *trace, struct sonde_mono now)
{
    const struct sonde_trace_config *config = &trace->config;
    struct sonde_span wait = trace_wait(trace);
    struct sonde_span rounds =
        config->rounds == 1 ? SONDE_FOREVER : sonde_span_times(config->interval, STALE_ROUNDS);
    uint8_t window = config->silent_hops;
    if (trace->round == 0 && window < FIRST_WINDOW)
        window = FIRST_WINDOW;
    struct trace_look how = {
        .now = now,
        .wait = wait,
        .stale = {sonde_saturating_add(rounds.ns, wait.ns)},
        .first_hop = config->first_hop,
        .last_hop = config->last_hop,
        .silent_hops = config->silent_hops,
        .window = window,
    };
    trace->limit = trace_end_find(trace->hops, &how, &trace->end);
    if (!trace->heard && trace->failures >= FAILURES_ENOUGH) {
        trace->end.reason = SONDE_TRACE_SEND_FAILED;
        trace->limit = 0;
    }
}

void sonde_trace_ended(const struct sonde_trace *trace, struct sonde_trace_end *end)
{
    *end = trace->end;
}

uint64_t sonde_trace_skipped(const struct sonde_trace *trace)
{
    return trace->skipped;
}

/* --- rounds ---------------------------------------------------------------------------------- */

static struct sonde_mono start_of(const struct sonde_trace *trace, uint64_t round)
{
    int64_t count = round > INT64_MAX ? INT64_MAX : (int64_t)round;
    return sonde_mono_add(trace->start, sonde_span_times(trace->config.interval, count));
}

static bool is_last(const struct sonde_trace *trace)
{
    return trace->config.rounds != 0 && trace->round + 1 >= trace->config.rounds;
}

/* The probes of a round have to fit into its interval. */
static struct sonde_span gap_of(const struct sonde_trace *trace)
{
    const struct sonde_trace_config *config = &trace->config;
    if (config->rounds == 1)
        return config->gap;
    int64_t hops = trace->limit < config->first_hop ? 1 : trace->limit - config->first_hop + 1;
    double share =
        (double)config->interval.ns * SHARE_OF_INTERVAL / (double)(hops * config->queries);
    return (struct sonde_span){share < (double)config->gap.ns ? (int64_t)share : config->gap.ns};
}

static void begin_round(struct sonde_trace *trace, uint64_t round, struct sonde_mono now)
{
    trace->round = round;
    look(trace, now);
    trace->gap = gap_of(trace);
    trace->earliest = sonde_mono_later(trace->earliest, start_of(trace, round));
    trace->idle = false;
    trace->end.asked = 0;
    uint32_t all = UINT32_MAX >> (SONDE_TRACE_QUERIES_MAX - trace->config.queries);
    for (unsigned h = trace->config.first_hop; h <= trace->config.last_hop; h++)
        trace->hops[h].todo = all;
}

/* Steps over rounds that were missed by more than is made up for. */
static void skip_missed(struct sonde_trace *trace, struct sonde_mono now)
{
    int64_t interval = trace->config.interval.ns;
    int64_t late = sonde_mono_since(now, start_of(trace, trace->round + 1)).ns;
    if (late < interval || late < MADE_UP_NS)
        return;
    int64_t missed = late / interval;
    trace->skipped += (uint64_t)missed;
    trace->start = sonde_mono_add(trace->start, sonde_span_times(trace->config.interval, missed));
}

/* --- what to ask next ------------------------------------------------------------------------ */

/*
 * The hop and the query whose turn is. False when there is none now; *again is when there may be,
 * if no outcome comes before.
 */
static bool pick(const struct sonde_trace *trace, struct sonde_mono now, unsigned *hop,
                 unsigned *query, struct sonde_mono *again)
{
    bool found = false;
    *again = SONDE_NEVER;
    for (unsigned h = trace->config.first_hop; h <= trace->limit; h++) {
        if (trace->hops[h].todo == 0)
            continue;
        struct sonde_mono blocked = trace_half_open_until(trace, h);
        if (sonde_mono_before(now, blocked)) {
            *again = sonde_mono_earlier(*again, blocked);
            continue;
        }
        unsigned q = (unsigned)__builtin_ctz(trace->hops[h].todo);
        if (found && q >= *query)
            continue;
        found = true;
        *hop = h;
        *query = q;
        if (trace->config.order == SONDE_TRACE_BY_HOP)
            break;
    }
    return found;
}

/* When the next probe is due: a gap after the one before, or now if it was not known before now. */
static struct sonde_mono due_of(const struct sonde_trace *trace, struct sonde_mono now)
{
    struct sonde_mono stalled =
        sonde_mono_add(trace->earliest, sonde_span_times(trace->gap, GAPS_EXCUSED));
    if (trace->idle || (trace->gap.ns > 0 && sonde_mono_before(stalled, now)))
        return sonde_mono_later(trace->earliest, now);
    return trace->earliest;
}

/* A probe has its final outcome, or will not be remembered. */
static void close_probe(struct sonde_trace *trace, struct trace_asked *asked)
{
    asked->open = false;
    trace->open--;
    if (!asked->place.superseded)
        trace->hops[asked->place.hop].open--;
}

static void hand_out(struct sonde_trace *trace, unsigned h, unsigned query, struct sonde_mono due,
                     struct sonde_mono now, struct sonde_probe *probe)
{
    struct trace_hop *hop = &trace->hops[h];
    struct trace_asked *oldest = trace_memory_oldest(&trace->memory);
    if (oldest && oldest->open)
        close_probe(trace, oldest);
    *probe = trace->config.probe;
    probe->token = 0;
    probe->target = 0;
    struct trace_asked asked = {
        .place = {.round = (uint32_t)trace->round,
                  .hop = (uint8_t)h,
                  .query = (uint8_t)query,
                  .nth = hop->nth},
        .open = true,
        .alone = trace_is_one_by_one(trace, h),
    };
    probe->number = trace_memory_add(&trace->memory, &asked);
    probe->due = due;
    probe->hop_limit = (uint8_t)h;
    hop->todo &= ~(UINT32_C(1) << query);
    hop->nth++;
    hop->open++;
    hop->left_ns = now.ns;
    trace->open++;
    trace->earliest = sonde_mono_add(due, trace->gap);
    trace->idle = false;
    if (h > trace->end.asked)
        trace->end.asked = (uint8_t)h;
}

/* Nothing more will be asked: when is the rest given up? What lies beyond the end does not count.
 */
static struct sonde_mono give_up(const struct sonde_trace *trace, struct sonde_mono now)
{
    struct sonde_mono at = now;
    for (unsigned h = trace->config.first_hop; h <= trace->limit; h++) {
        struct sonde_mono left = {trace->hops[h].left_ns};
        if (trace->hops[h].open > 0)
            at = sonde_mono_later(at, sonde_mono_add(left, trace_wait(trace)));
    }
    return at;
}

static enum sonde_next nothing_now(struct sonde_trace *trace, struct sonde_mono now,
                                   struct sonde_mono again, struct sonde_mono *wake)
{
    trace->idle = true;
    if (trace->half_open.to > 0)
        again = sonde_mono_earlier(again, trace->half_open.settled);
    bool failed = trace->end.reason == SONDE_TRACE_SEND_FAILED;
    if (again.ns == SONDE_NEVER.ns && (is_last(trace) || failed)) {
        *wake = give_up(trace, now);
        return SONDE_NEXT_DONE;
    }
    *wake = is_last(trace) ? again : sonde_mono_earlier(again, start_of(trace, trace->round + 1));
    return SONDE_NEXT_WAIT;
}

static enum sonde_next next(void *self, struct sonde_mono now, struct sonde_probe *probe,
                            struct sonde_mono *wake)
{
    struct sonde_trace *trace = self;
    unsigned hop, query;
    struct sonde_mono again;
    trace->now = now;
    if (!trace->started) {
        trace->started = true;
        trace->start = trace->earliest = now;
        begin_round(trace, 0, now);
    }
    if (trace->half_open.to > 0 && !sonde_mono_before(now, trace->half_open.settled))
        trace_supersede(trace);
    look(trace, now);
    bool found = pick(trace, now, &hop, &query, &again);
    if (!found && !is_last(trace) && !sonde_mono_before(now, start_of(trace, trace->round + 1))) {
        skip_missed(trace, now);
        begin_round(trace, trace->round + 1, now);
        found = pick(trace, now, &hop, &query, &again);
    }
    if (!found)
        return nothing_now(trace, now, again, wake);
    struct sonde_mono due = due_of(trace, now);
    if (sonde_mono_before(now, due)) {
        trace->idle = false;
        *wake = due;
        return SONDE_NEXT_WAIT;
    }
    hand_out(trace, hop, query, due, now, probe);
    return SONDE_NEXT_PROBE;
}

static struct sonde_mono end(void *self)
{
    const struct sonde_trace *trace = self;
    if (trace->config.deadline.ns == 0 || !trace->started)
        return SONDE_NEVER;
    /* rounds that were skipped do not lengthen the run: it began where they did not move it to */
    int64_t moved = sonde_span_times(trace->config.interval, (int64_t)trace->skipped).ns;
    return sonde_mono_add((struct sonde_mono){trace->start.ns - moved}, trace->config.deadline);
}

/* --- what became of it ----------------------------------------------------------------------- */

/* That the target answers is no less true because somebody refuses another probe of the round. */
static bool is_outweighed(const struct trace_hop *hop, const struct trace_asked *asked,
                          const struct sonde_outcome *heard)
{
    return hop->answered && hop->kind == SONDE_REPLY && hop->round == asked->place.round &&
           heard->kind != SONDE_REPLY && heard->kind != SONDE_TIME_EXCEEDED;
}

static void note(struct trace_hop *hop, const struct trace_asked *asked,
                 const struct sonde_outcome *heard)
{
    hop->answered = true;
    hop->kind = heard->kind;
    hop->round = asked->place.round;
    hop->said = heard->said;
    hop->from = heard->from;
    hop->icmp_type = heard->icmp_type;
    hop->icmp_code = heard->icmp_code;
    hop->mtu = heard->mtu;
}

static void answered(struct sonde_trace *trace, const struct trace_asked *asked,
                     const struct sonde_outcome *heard)
{
    struct trace_hop *hop = &trace->hops[asked->place.hop];
    if (!is_outweighed(hop, asked, heard))
        note(hop, asked, heard);
    hop->heard_ns = trace->now.ns;
    bool in_time = heard->rtt_known && heard->rtt.ns <= trace->config.probe.timeout.ns;
    if (in_time && heard->rtt.ns > trace->rtt_max_ns)
        trace->rtt_max_ns = heard->rtt.ns;
    if (heard->said == SONDE_SAID_SYN_ACK && !asked->alone && !asked->place.superseded)
        trace_connected(trace, asked->place.hop, heard->rtt);
}

static void outcome(void *self, const struct sonde_outcome *heard)
{
    struct sonde_trace *trace = self;
    struct trace_asked *asked = trace_memory_find(&trace->memory, heard->number);
    if (!asked || !sonde_outcome_is_final(heard->kind) || !asked->open)
        return;
    close_probe(trace, asked);
    switch (heard->kind) {
    case SONDE_REPLY:
    case SONDE_TIME_EXCEEDED:
    case SONDE_UNREACHABLE:
    case SONDE_TOO_BIG:
    case SONDE_PARAMETER_PROBLEM:
        answered(trace, asked, heard);
        trace->heard = true;
        break;
    case SONDE_SEND_FAILED:
        trace->failures++;
        trace->end.error = heard->error;
        break;
    case SONDE_TIMED_OUT:
        trace->hops[asked->place.hop].timed_out |= !asked->place.superseded;
        trace->heard = true;
        break;
    default:
        break;
    }
    look(trace, trace->now);
}

static const struct sonde_strategy_ops trace_ops = {next, end, patience, outcome};

struct sonde_strategy sonde_trace_strategy(struct sonde_trace *trace)
{
    return (struct sonde_strategy){&trace_ops, trace};
}
