/*
 * What an outcome means. Silence is a verdict that must be earned: at a hop that has answered
 * nobody by a few tries; at one that answers other flows by many, because the flow's way may be
 * lossy; and when a flow that was answered is then silent too, the hop rations its errors, and is
 * asked more slowly instead.
 */
#include <errno.h>

#include "packet/extension.h"
#include "packet/icmp.h"
#include "strategy/multipath_inside.h"

enum {
    SURE_TRIES = 10,      /* of a flow at a hop that answers others */
    SURE_TRIES_STAR = 6,  /* … and has been found to have somebody silent as well */
    DRY_BEFORE_DOUBT = 3, /* probes lost in a row before a flow that was answered is asked again */
    CONTROLS = 3,         /* … and others, one after the other, before the hop is slowed down */
    DRY_BEFORE_SLOWER = 2,
    FAILED_MAX = 20, /* sends refused in a row */
};

#define SPACING_FIRST sonde_span_ms(500)
#define SPACING_MOST  sonde_span_ms(4000)
#define REFUSED_PAUSE sonde_span_ms(10)
#define FIRST_GUESS   sonde_span_s(1) /* of a round trip that nobody knows: RFC 6298, section 2.1 */

struct sonde_span multipath_timeout(const struct sonde_multipath *mp, uint32_t flow, uint8_t hop)
{
    struct sonde_span longest = mp->config.probe.timeout;
    const struct multipath_cell *cell = multipath_cell(mp, flow, hop);
    bool last = mp->hops[hop].answering == 0 && cell->tries + 1 >= mp->config.tries;
    int64_t enough = sonde_saturating_add(2 * mp->rtt_max_ns, 100 * SONDE_NS_PER_MS);
    if (hop > mp->far && cell->lost == 0 && enough < FIRST_GUESS.ns)
        enough = FIRST_GUESS.ns;
    if (last || enough > longest.ns)
        return longest;
    return (struct sonde_span){enough};
}

/* --- what was said ---------------------------------------------------------------------------- */

static enum sonde_outcome_kind meaning(const struct sonde_outcome *outcome)
{
    if (outcome->kind != SONDE_LATE)
        return outcome->kind;
    if (outcome->said != SONDE_SAID_NOTHING)
        return SONDE_REPLY;
    int kind = packet_icmp_outcome(outcome->from.family, outcome->icmp_type, outcome->icmp_code);
    return kind < 0 ? SONDE_UNREACHABLE : (enum sonde_outcome_kind)kind;
}

static void read_labels(struct multipath_vertex *vertex, struct sonde_bytes extensions)
{
    struct packet_reader objects = packet_extension_objects(extensions);
    struct packet_extension_object object;
    while (packet_extension_next(&objects, &object) == 1) {
        struct packet_mpls entry;
        if (object.class_number != PACKET_CLASS_MPLS)
            continue;
        vertex->label_count = 0;
        while (vertex->label_count < SONDE_MULTIPATH_LABELS &&
               packet_extension_mpls(&object, vertex->label_count, &entry) == 1)
            vertex->labels[vertex->label_count++] = (struct sonde_multipath_label){
                .label = entry.label, .traffic_class = entry.traffic_class, .ttl = entry.ttl};
        return;
    }
}

static void describe(struct multipath_vertex *vertex, const struct sonde_outcome *outcome)
{
    vertex->kind = meaning(outcome);
    vertex->said = outcome->said;
    vertex->icmp_type = outcome->icmp_type;
    vertex->icmp_code = outcome->icmp_code;
    vertex->hop_limit = outcome->hop_limit;
    if (outcome->quote.present) {
        vertex->quoted_hop_limit = outcome->quote.hop_limit;
        vertex->traffic_class = outcome->quote.traffic_class;
    }
    if (outcome->extensions.length > 0)
        read_labels(vertex, outcome->extensions);
}

/* --- how a flow ends -------------------------------------------------------------------------- */

static const struct multipath_vertex *speaker(const struct sonde_multipath *mp, uint32_t flow,
                                              unsigned hop)
{
    uint16_t at = hop > mp->base ? multipath_known(mp, flow, (uint8_t)hop) : MULTIPATH_NOBODY;
    return at == MULTIPATH_NOBODY || mp->vertices[at].star ? NULL : &mp->vertices[at];
}

static bool same_speaker(const struct sonde_multipath *mp, uint32_t flow, unsigned a, unsigned b)
{
    const struct multipath_vertex *one = speaker(mp, flow, a), *other = speaker(mp, flow, b);
    return one && other && sonde_address_equal(&one->address, &other->address);
}

/* Two places in a row that it passed in the same order before: it goes round. */
static bool goes_round(const struct sonde_multipath *mp, uint32_t flow, unsigned hop)
{
    for (unsigned period = 2; hop >= mp->base + period + 2u; period++)
        if (same_speaker(mp, flow, hop, hop - period) &&
            same_speaker(mp, flow, hop - 1, hop - 1 - period))
            return true;
    return false;
}

static void judge_flow(struct sonde_multipath *mp, uint32_t flow)
{
    unsigned silent = 0;
    for (unsigned hop = mp->base + 1u; hop <= mp->last && hop < mp->end[flow]; hop++) {
        uint16_t at = multipath_known(mp, flow, (uint8_t)hop);
        if (multipath_cell(mp, flow, (uint8_t)hop)->state == MULTIPATH_ASKED)
            return;
        silent = at != MULTIPATH_NOBODY && mp->vertices[at].star ? silent + 1 : 0;
        bool round = goes_round(mp, flow, hop);
        if (round)
            mp->vertices[at].loop = true;
        if (round || silent >= mp->config.silent_hops) {
            multipath_set_end(mp, flow, (uint8_t)hop);
            return;
        }
    }
}

/* --- answers ---------------------------------------------------------------------------------- */

/* Somebody answers here after all: those who were not are asked more often. */
static void reopen_silent(struct sonde_multipath *mp, uint8_t hop)
{
    uint16_t star = mp->hops[hop].star;
    for (uint32_t flow = 1; star != MULTIPATH_NOBODY && flow <= mp->used; flow++) {
        if (multipath_known(mp, flow, hop) != star || mp->end[flow] <= hop)
            continue;
        multipath_set(mp, flow, hop, MULTIPATH_ASKED);
        multipath_enqueue(mp, flow, hop);
    }
}

static void settle(struct sonde_multipath *mp, uint32_t flow, uint8_t hop,
                   const struct sonde_outcome *outcome)
{
    struct multipath_cell *cell = multipath_cell(mp, flow, hop);
    struct multipath_hop *at = &mp->hops[hop];
    bool was_star = cell->state == MULTIPATH_KNOWN && mp->vertices[cell->vertex].star;
    bool first = at->answering == 0;
    if (cell->state == MULTIPATH_BEYOND)
        at->settled++;
    if (cell->state != MULTIPATH_ASKED && cell->state != MULTIPATH_GIVEN_UP &&
        !(was_star && mp->end[flow] > hop))
        return;
    uint16_t vertex = multipath_vertex_at(mp, hop, &outcome->from);
    if (vertex == MULTIPATH_NOBODY) {
        multipath_set(mp, flow, hop, MULTIPATH_GIVEN_UP);
        return;
    }
    describe(&mp->vertices[vertex], outcome);
    cell->rtt_ns = outcome->rtt_known ? outcome->rtt.ns : -1;
    at->settled++;
    multipath_place(mp, flow, hop, vertex, meaning(outcome) != SONDE_TIME_EXCEEDED);
    if (first && at->answering > 0)
        reopen_silent(mp, hop);
    judge_flow(mp, flow);
}

/* One flow, asked again, is answered by somebody else: what stands in front chooses by packet. */
static void compare(struct sonde_multipath *mp, uint32_t flow, uint8_t hop,
                    const struct sonde_outcome *outcome)
{
    uint8_t before = (uint8_t)(hop - 1);
    uint16_t known = multipath_known(mp, flow, hop);
    uint16_t by = multipath_known(mp, flow, before);
    uint16_t heard = multipath_vertex_at(mp, hop, &outcome->from);
    if (known == MULTIPATH_NOBODY || heard == known || heard == MULTIPATH_NOBODY)
        return;
    if (by == MULTIPATH_NOBODY && multipath_sole(mp, before))
        for (by = mp->hops[before].vertices; mp->vertices[by].flows == 0;)
            by = mp->vertices[by].next;
    if (by == MULTIPATH_NOBODY)
        return;
    if (mp->vertices[heard].flows == 0)
        describe(&mp->vertices[heard], outcome);
    mp->vertices[by].per_packet = true;
    mp->changes++;
}

static void answered(struct sonde_multipath *mp, const struct multipath_sent *sent,
                     const struct sonde_outcome *outcome)
{
    struct multipath_hop *at = &mp->hops[sent->hop];
    if (outcome->rtt_known && outcome->rtt.ns > mp->rtt_max_ns &&
        outcome->rtt.ns <= mp->config.probe.timeout.ns)
        mp->rtt_max_ns = outcome->rtt.ns;
    at->dry = 0;
    at->controls_lost = 0;
    mp->failed_in_a_row = 0;
    if (sent->why == MULTIPATH_TO_ASK)
        settle(mp, sent->flow, sent->hop, outcome);
    else if (sent->why == MULTIPATH_TO_REPEAT)
        compare(mp, sent->flow, sent->hop, outcome);
}

/* --- silence ---------------------------------------------------------------------------------- */

static void close_hop(struct sonde_multipath *mp, uint8_t hop)
{
    mp->hops[hop].closed = true;
    for (uint32_t flow = 1; flow <= mp->used; flow++)
        if (multipath_cell(mp, flow, hop)->state == MULTIPATH_ASKED)
            multipath_set(mp, flow, hop, MULTIPATH_GIVEN_UP);
}

static void slow_down(struct sonde_multipath *mp, struct multipath_hop *at)
{
    if (!at->rationed)
        at->rationed_at = mp->now;
    at->rationed = true;
    at->spacing = at->spacing.ns ? sonde_span_times(at->spacing, 2) : SPACING_FIRST;
    if (at->spacing.ns > SPACING_MOST.ns)
        at->spacing = SPACING_MOST;
    at->epoch++;
    at->dry = 0;
}

/* Does the hop still answer a flow that it has answered? */
static void ask_control(struct sonde_multipath *mp, uint8_t hop)
{
    struct multipath_hop *at = &mp->hops[hop];
    for (uint32_t i = 0; i < mp->used; i++) {
        uint32_t flow = (at->control_flow + i) % mp->used + 1;
        if (!speaker(mp, flow, hop))
            continue;
        at->control = MULTIPATH_CONTROL_WANTED;
        at->control_flow = (uint16_t)flow;
        mp->checking++;
        multipath_enqueue(mp, flow, hop);
        return;
    }
}

static uint32_t tries_needed(const struct sonde_multipath *mp, const struct multipath_hop *at)
{
    if (at->answering == 0)
        return mp->config.tries;
    return at->count > at->answering ? SURE_TRIES_STAR : SURE_TRIES;
}

static void unanswered(struct sonde_multipath *mp, const struct multipath_sent *sent)
{
    struct multipath_hop *at = &mp->hops[sent->hop];
    struct multipath_cell *cell = multipath_cell(mp, sent->flow, sent->hop);
    bool present = sent->epoch == at->epoch;
    if (sent->why == MULTIPATH_TO_CONTROL && !at->rationed && ++at->controls_lost == CONTROLS)
        slow_down(mp, at);
    if (at->answering > 0 && !at->rationed && at->dry >= DRY_BEFORE_DOUBT &&
        at->control == MULTIPATH_CONTROL_NONE)
        ask_control(mp, sent->hop);
    if (cell->state != MULTIPATH_ASKED || cell->flying > 0 || cell->queued)
        return;
    if (cell->epoch != at->epoch)
        cell->tries = 0;
    cell->epoch = at->epoch;
    cell->tries = (uint8_t)(cell->tries + present);
    if (at->rationed && present && at->dry >= DRY_BEFORE_SLOWER)
        slow_down(mp, at);
    if (at->rationed && sonde_mono_since(mp->now, at->rationed_at).ns > mp->config.patience.ns) {
        close_hop(mp, sent->hop);
        return;
    }
    if (at->rationed || cell->tries < tries_needed(mp, at)) {
        multipath_enqueue(mp, sent->flow, sent->hop);
        return;
    }
    uint16_t star = multipath_vertex_at(mp, sent->hop, NULL);
    if (star == MULTIPATH_NOBODY) {
        multipath_set(mp, sent->flow, sent->hop, MULTIPATH_GIVEN_UP);
        return;
    }
    multipath_place(mp, sent->flow, sent->hop, star, false);
    judge_flow(mp, sent->flow);
}

static void lost(struct sonde_multipath *mp, const struct multipath_sent *sent)
{
    struct multipath_cell *cell = multipath_cell(mp, sent->flow, sent->hop);
    cell->lost = (uint16_t)(cell->lost + (cell->lost < UINT16_MAX));
    mp->hops[sent->hop].dry++;
    mp->changes++;
    unanswered(mp, sent);
}

/* --- sends that failed ------------------------------------------------------------------------ */

static void failed(struct sonde_multipath *mp, const struct multipath_sent *sent, int error)
{
    const struct multipath_cell *cell = multipath_cell(mp, sent->flow, sent->hop);
    mp->error = error;
    mp->last_left = sonde_mono_add(mp->now, REFUSED_PAUSE);
    if (++mp->failed_in_a_row >= FAILED_MAX || error == EMSGSIZE)
        mp->ended = SONDE_MULTIPATH_SEND_FAILED;
    if (cell->state == MULTIPATH_ASKED && cell->flying == 0)
        multipath_enqueue(mp, sent->flow, sent->hop);
}

/* --- outcomes --------------------------------------------------------------------------------- */

/* The probe is not in flight any longer. */
static void landed(struct sonde_multipath *mp, const struct multipath_sent *sent)
{
    mp->in_flight--;
    if (sent->why == MULTIPATH_TO_ASK) {
        multipath_cell(mp, sent->flow, sent->hop)->flying--;
        return;
    }
    mp->checking--;
    if (sent->why == MULTIPATH_TO_CONTROL)
        mp->hops[sent->hop].control = MULTIPATH_CONTROL_NONE;
}

void multipath_outcome(struct sonde_multipath *mp, const struct sonde_outcome *outcome)
{
    if (outcome->number >= mp->probes)
        return;
    const struct multipath_sent *sent = &mp->sent[outcome->number];
    struct multipath_cell *cell = multipath_cell(mp, sent->flow, sent->hop);
    if (sonde_outcome_is_final(outcome->kind))
        landed(mp, sent);
    switch (outcome->kind) {
    case SONDE_REPLY:
    case SONDE_TIME_EXCEEDED:
    case SONDE_UNREACHABLE:
    case SONDE_TOO_BIG:
    case SONDE_PARAMETER_PROBLEM:
        answered(mp, sent, outcome);
        break;
    case SONDE_LATE: /* later than we have waited, not than it may be */
        cell->lost = (uint16_t)(cell->lost - (cell->lost > 0));
        answered(mp, sent, outcome);
        break;
    case SONDE_TIMED_OUT:
        lost(mp, sent);
        break;
    case SONDE_SEND_FAILED:
        failed(mp, sent, outcome->error);
        break;
    default:
        break;
    }
}
