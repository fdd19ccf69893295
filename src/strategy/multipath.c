#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "strategy/multipath_inside.h"

enum {
    MAX_HOP = 30,
    TRIES = 3,
    SILENT_HOPS = 5,
    WINDOW = 1024,
    MAX_FLOWS = 8192,
    MAX_PROBES = 65536,
    REPLAN_SHARE = 8, /* a plan is worth while when so many-th of what is open has changed */
};

#define PATIENCE sonde_span_s(30)

/* --- life ------------------------------------------------------------------------------------- */

static void set_defaults(struct sonde_multipath_config *config)
{
    if (config->confidence == 0)
        config->confidence = 0.95;
    if (config->first_hop == 0)
        config->first_hop = 1;
    if (config->max_hop == 0)
        config->max_hop = MAX_HOP;
    if (config->tries == 0)
        config->tries = TRIES;
    if (config->silent_hops == 0)
        config->silent_hops = SILENT_HOPS;
    if (config->window == 0)
        config->window = WINDOW;
    if (config->max_flows == 0)
        config->max_flows = MAX_FLOWS;
    if (config->max_probes == 0)
        config->max_probes = MAX_PROBES;
    if (config->patience.ns == 0)
        config->patience = PATIENCE;
}

static bool acceptable(const struct sonde_multipath_config *config)
{
    return config->confidence >= 0.5 && config->confidence <= 0.9999 &&
           config->first_hop <= config->max_hop && config->max_hop < MULTIPATH_NO_END &&
           config->max_flows <= UINT16_MAX && config->probe.timeout.ns > 0 && config->gap.ns >= 0;
}

static int allocate(struct sonde_multipath *mp)
{
    size_t hops = (size_t)(mp->last - mp->base), flows = mp->flows + 1;
    mp->cells = calloc(hops * flows, sizeof *mp->cells);
    mp->end = malloc(flows);
    mp->vertices = calloc(MULTIPATH_VERTICES, sizeof *mp->vertices);
    mp->links = calloc(MULTIPATH_LINKS, sizeof *mp->links);
    mp->sent = calloc(mp->config.max_probes, sizeof *mp->sent);
    mp->shown_as = calloc(MULTIPATH_VERTICES, sizeof *mp->shown_as);
    if (!mp->cells || !mp->end || !mp->vertices || !mp->links || !mp->sent || !mp->shown_as)
        return -ENOMEM;
    memset(mp->end, MULTIPATH_NO_END, flows);
    return 0;
}

int sonde_multipath_create(struct sonde_multipath **multipath,
                           const struct sonde_multipath_config *config)
{
    struct sonde_multipath_config full = *config;
    set_defaults(&full);
    if (!acceptable(&full))
        return -EINVAL;
    struct sonde_multipath *mp = calloc(1, sizeof *mp);
    if (!mp)
        return -ENOMEM;
    mp->config = full;
    mp->base = (uint8_t)(full.first_hop - 1);
    mp->last = full.max_hop;
    mp->flows = full.max_flows;
    if (allocate(mp)) {
        sonde_multipath_destroy(mp);
        return -ENOMEM;
    }
    for (unsigned hop = 0; hop < 256; hop++) {
        mp->hops[hop].vertices = mp->hops[hop].star = MULTIPATH_NOBODY;
        mp->hops[hop].fresh = 1;
    }
    mp->first_end = MULTIPATH_NO_END;
    mp->far = mp->base;
    mp->changes = 1;
    multipath_vertex_at(mp, mp->base, &(struct sonde_address){0});
    multipath_stop_init(&mp->stop, (1 - full.confidence) / 2);
    *multipath = mp;
    return 0;
}

void sonde_multipath_destroy(struct sonde_multipath *mp)
{
    if (!mp)
        return;
    free(mp->cells);
    free(mp->end);
    free(mp->vertices);
    free(mp->links);
    free(mp->sent);
    free(mp->shown_as);
    free(mp->shown);
    free(mp->shown_links);
    free(mp->diamonds);
    free(mp);
}

/* --- next ------------------------------------------------------------------------------------- */

void sonde_multipath_flow(const struct sonde_multipath *mp, uint16_t flow,
                          struct sonde_probe *probe)
{
    uint16_t ports = mp->config.source_ports;
    probe->flow = flow;
    probe->port = mp->config.probe.port;
    if (ports > 0) {
        probe->flow = (uint16_t)((flow - 1) % ports + 1);
        probe->port = (uint16_t)(probe->port + (flow - 1) / ports);
    }
}

/* What a cell in the queue is to be asked for, if it still is. */
static bool still_wanted(struct sonde_multipath *mp, uint32_t flow, uint8_t hop,
                         enum multipath_why *why)
{
    struct multipath_cell *cell = multipath_cell(mp, flow, hop);
    struct multipath_hop *at = &mp->hops[hop];
    if (at->control == MULTIPATH_CONTROL_WANTED && at->control_flow == flow) {
        at->control = MULTIPATH_CONTROL_SENT;
        *why = MULTIPATH_TO_CONTROL;
        return true;
    }
    if (cell->state == MULTIPATH_ASKED) {
        *why = MULTIPATH_TO_ASK;
        return cell->flying == 0;
    }
    if (cell->repeats == 0)
        return false;
    if (cell->state != MULTIPATH_KNOWN) {
        mp->checking -= cell->repeats;
        mp->changes++;
        cell->repeats = 0;
        return false;
    }
    cell->repeats--;
    *why = MULTIPATH_TO_REPEAT;
    return true;
}

/* The next cell of this hop's queue that is to be asked; 0: none. */
static uint32_t take(struct sonde_multipath *mp, uint8_t hop, enum multipath_why *why)
{
    struct multipath_hop *at = &mp->hops[hop];
    while (at->first) {
        uint32_t flow = at->first;
        struct multipath_cell *cell = multipath_cell(mp, flow, hop);
        at->first = cell->queue;
        if (!at->first)
            at->last = 0;
        cell->queued = false;
        bool wanted = still_wanted(mp, flow, hop, why);
        if (cell->repeats > 0)
            multipath_enqueue(mp, flow, hop);
        if (wanted)
            return flow;
    }
    return 0;
}

static void hand_out(struct sonde_multipath *mp, uint32_t flow, uint8_t hop, enum multipath_why why,
                     struct sonde_probe *probe)
{
    struct multipath_cell *cell = multipath_cell(mp, flow, hop);
    struct multipath_hop *at = &mp->hops[hop];
    *probe = mp->config.probe;
    probe->target = 0;
    probe->number = mp->probes;
    probe->due = mp->now;
    probe->hop_limit = hop;
    probe->timeout = multipath_timeout(mp, flow, hop);
    sonde_multipath_flow(mp, (uint16_t)flow, probe);
    mp->sent[mp->probes++] = (struct multipath_sent){
        .flow = (uint16_t)flow, .hop = hop, .why = (uint8_t)why, .epoch = at->epoch};
    mp->retries += (why == MULTIPATH_TO_ASK && cell->lost > 0) || why == MULTIPATH_TO_CONTROL;
    mp->repeats += why == MULTIPATH_TO_REPEAT;
    cell->flying = (uint8_t)(cell->flying + (why == MULTIPATH_TO_ASK));
    mp->in_flight++;
    at->next_at = sonde_mono_add(mp->now, at->spacing);
}

/* Takes from the first hop that may be asked now; `*wake`: when the next one may. */
static bool pick(struct sonde_multipath *mp, struct sonde_probe *probe, struct sonde_mono *wake)
{
    for (unsigned hop = mp->base + 1u; hop <= mp->last; hop++) {
        struct multipath_hop *at = &mp->hops[hop];
        enum multipath_why why;
        if (!at->first)
            continue;
        if (sonde_mono_before(mp->now, at->next_at)) {
            *wake = sonde_mono_earlier(*wake, at->next_at);
            continue;
        }
        uint32_t flow = take(mp, (uint8_t)hop, &why);
        if (flow) {
            hand_out(mp, flow, (uint8_t)hop, why, probe);
            return true;
        }
    }
    return false;
}

static enum sonde_multipath_end why_done(const struct sonde_multipath *mp)
{
    bool refused = false, loop = false, at_last = false;
    if (mp->no_flows)
        return SONDE_MULTIPATH_OUT_OF_FLOWS;
    for (uint32_t v = 1; v < mp->vertex_count; v++) {
        const struct multipath_vertex *vertex = &mp->vertices[v];
        if (vertex->flows == 0)
            continue;
        if (vertex->kind == SONDE_REPLY)
            return SONDE_MULTIPATH_REACHED;
        loop |= vertex->loop;
        refused |= !vertex->star && vertex->kind != SONDE_TIME_EXCEEDED;
        at_last |= !vertex->star && vertex->hop == mp->last && vertex->live > 0;
    }
    return refused   ? SONDE_MULTIPATH_REFUSED
           : loop    ? SONDE_MULTIPATH_LOOPED
           : at_last ? SONDE_MULTIPATH_MAX_HOP
                     : SONDE_MULTIPATH_SILENT;
}

static struct sonde_mono end(void *self)
{
    const struct sonde_multipath *mp = self;
    if (mp->config.deadline.ns == 0 || !mp->started)
        return SONDE_NEVER;
    return sonde_mono_add(mp->start, mp->config.deadline);
}

/* When the next probe may leave; lateness of less than a gap is made up for. */
static struct sonde_mono may_leave(const struct sonde_multipath *mp)
{
    return mp->probes ? sonde_mono_add(mp->last_left, mp->config.gap) : mp->now;
}

static enum sonde_next next(void *self, struct sonde_mono now, struct sonde_probe *probe,
                            struct sonde_mono *wake)
{
    struct sonde_multipath *mp = self;
    mp->now = now;
    if (!mp->started)
        mp->start = now;
    mp->started = true;
    *wake = SONDE_NEVER;
    if (!mp->ended && !sonde_mono_before(now, end(mp)))
        mp->ended = SONDE_MULTIPATH_DEADLINE;
    struct sonde_mono leave = may_leave(mp);
    if (!mp->ended && mp->in_flight < mp->config.window) {
        if (sonde_mono_before(now, leave)) {
            *wake = leave;
            return SONDE_NEXT_WAIT;
        }
        if (mp->probes == mp->config.max_probes) {
            mp->ended = SONDE_MULTIPATH_OUT_OF_PROBES;
        } else {
            bool picked = pick(mp, probe, wake);
            if (!picked && mp->changes > 0 && mp->changes * REPLAN_SHARE >= mp->open) {
                multipath_plan(mp);
                *wake = SONDE_NEVER;
                picked = pick(mp, probe, wake);
            }
            if (picked) {
                struct sonde_mono late = sonde_mono_add(leave, mp->config.gap);
                mp->last_left = sonde_mono_before(now, late) ? leave : now;
                return SONDE_NEXT_PROBE;
            }
            if (mp->open == 0 && mp->checking == 0 && mp->changes == 0)
                mp->ended = why_done(mp);
        }
    }
    if (mp->ended)
        *wake = now;
    return mp->ended ? SONDE_NEXT_DONE : SONDE_NEXT_WAIT;
}

static struct sonde_span patience(void *self)
{
    const struct sonde_multipath *mp = self;
    return mp->config.probe.timeout;
}

static void outcome(void *self, const struct sonde_outcome *heard)
{
    multipath_outcome(self, heard);
}

static const struct sonde_strategy_ops multipath_ops = {next, end, patience, outcome};

struct sonde_strategy sonde_multipath_strategy(struct sonde_multipath *multipath)
{
    return (struct sonde_strategy){&multipath_ops, multipath};
}

const char *sonde_multipath_search_name(enum sonde_multipath_search search)
{
    static const char *const names[] = {"open", "complete",   "by-hop",      "by-packet",
                                        "last", "unanswered", "out-of-reach"};
    return (unsigned)search < sizeof names / sizeof *names ? names[search] : "?";
}

const char *sonde_multipath_end_name(enum sonde_multipath_end end_kind)
{
    static const char *const names[] = {"running",  "reached",    "silent",        "refused",
                                        "looped",   "max-hop",    "out-of-probes", "out-of-flows",
                                        "deadline", "send-failed"};
    return (unsigned)end_kind < sizeof names / sizeof *names ? names[end_kind] : "?";
}
