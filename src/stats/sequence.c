#include "sonde/stats.h"

#include <errno.h>

#include "wide.h"

int sonde_sequence_init(struct sonde_sequence *sequence, struct sonde_sequence_slot *slots,
                        size_t slot_count, uint64_t first)
{
    if (slot_count == 0 || (slot_count & (slot_count - 1)) != 0)
        return -EINVAL;

    *sequence = (struct sonde_sequence){
        .slots = slots,
        .slot_mask = slot_count - 1,
        .first = first,
        .head = first,
        .next_expected = first,
        .previous_rtt_ns = -1,
    };
    return 0;
}

static struct sonde_sequence_slot *slot_of(const struct sonde_sequence *sequence, uint64_t number)
{
    return &sequence->slots[number & sequence->slot_mask];
}

/* --- in the order of probes ------------------------------------------------------------------- */

/* RFC 3393: the difference to the probe before. */
static void vary(struct sonde_sequence_tally *tally, int64_t before, int64_t rtt)
{
    int64_t change = rtt - before; /* neither is negative */
    uint64_t magnitude = (uint64_t)(change < 0 ? -change : change);

    stats_wide_add(change < 0 ? tally->ipdv_fall : tally->ipdv_rise, 2, &magnitude, 1);
    if (tally->ipdv_count == 0 || change < tally->ipdv_min_ns)
        tally->ipdv_min_ns = change;
    if (tally->ipdv_count == 0 || change > tally->ipdv_max_ns)
        tally->ipdv_max_ns = change;
    tally->ipdv_count++;
}

static void begin_period(struct sonde_sequence_tally *tally, uint64_t distance)
{
    tally->periods++;
    if (distance == 0)
        return;
    if (tally->period_distances == 0 || distance < tally->period_distance_min)
        tally->period_distance_min = distance;
    if (distance > tally->period_distance_max)
        tally->period_distance_max = distance;
    tally->period_distance_sum += distance;
    tally->period_distances++;
}

/* RFC 3357: `count` ≥ 1 probes lost in a row. */
static void lose(struct sonde_sequence *sequence, uint64_t count)
{
    struct sonde_sequence_tally *tally = &sequence->tally;
    if (sequence->run == 0)
        begin_period(tally, sequence->since_loss);
    if (sequence->since_loss > 0) {
        tally->distance_sum += sequence->since_loss;
        tally->distances++;
    }
    tally->distance_sum += count - 1;
    tally->distances += count - 1;
    tally->lost += count;
    tally->judged += count;

    sequence->run += count;
    if (sequence->run > tally->longest)
        tally->longest = sequence->run;
    sequence->since_loss = 1;
    sequence->previous_rtt_ns = -1;
}

static void deliver(struct sonde_sequence *sequence, int64_t rtt)
{
    sequence->tally.judged++;
    sequence->run = 0;
    if (sequence->since_loss > 0)
        sequence->since_loss++;
    if (sequence->previous_rtt_ns >= 0 && rtt >= 0)
        vary(&sequence->tally, sequence->previous_rtt_ns, rtt);
    sequence->previous_rtt_ns = rtt;
}

static void presume(struct sonde_sequence *sequence, uint64_t count)
{
    sequence->tally.presumed += count;
    sequence->unconfirmed += count;
    lose(sequence, count);
}

/* Takes the verdict on the oldest probe out of the window. */
static void judge_head(struct sonde_sequence *sequence)
{
    struct sonde_sequence_slot *slot = slot_of(sequence, sequence->head);
    switch ((enum sonde_verdict)slot->verdict) {
    case SONDE_VERDICT_RECEIVED:
        deliver(sequence, slot->rtt_ns);
        break;
    case SONDE_VERDICT_ERROR:
        deliver(sequence, -1);
        break;
    case SONDE_VERDICT_LOST:
        lose(sequence, 1);
        break;
    case SONDE_VERDICT_VOID:
        sequence->previous_rtt_ns = -1;
        break;
    case SONDE_VERDICT_NOTICE: /* none yet */
        presume(sequence, 1);
        break;
    }
    *slot = (struct sonde_sequence_slot){0};
    sequence->head++;
}

/* Moves the window up until `number` is its last. */
static void make_room(struct sonde_sequence *sequence, uint64_t number)
{
    uint64_t head = number - sequence->slot_mask;
    for (uint64_t i = 0; i <= sequence->slot_mask && sequence->head < head; i++)
        judge_head(sequence);
    if (sequence->head < head) {
        presume(sequence, head - sequence->head);
        sequence->head = head;
    }
}

/* --- in the order of arrival ------------------------------------------------------------------ */

/*
 * RFC 4737. The first to arrive of all answers to later probes was itself in order, as any that
 * came before it and belongs to a later probe would be the first instead; so the search looks for
 * the next number that came in order. The window still holds it, being beyond `number`.
 */
static void arrive(struct sonde_sequence *sequence, uint64_t number)
{
    struct sonde_sequence_tally *tally = &sequence->tally;
    struct sonde_sequence_slot *slot = slot_of(sequence, number);

    tally->arrivals++;
    slot->arrival = (uint32_t)tally->arrivals;
    if (number >= sequence->next_expected) {
        slot->in_order = true;
        sequence->next_expected = number + 1;
        return;
    }
    tally->reordered++;
    for (uint64_t later = number + 1; later < sequence->next_expected; later++) {
        const struct sonde_sequence_slot *earlier = slot_of(sequence, later);
        if (earlier->in_order) {
            uint32_t extent = slot->arrival - earlier->arrival;
            tally->extent_sum += extent;
            tally->extents++;
            if (extent > tally->extent_max)
                tally->extent_max = extent;
            return;
        }
    }
}

/* The outcome of a probe on which the window has already decided. */
static void come_too_late(struct sonde_sequence *sequence, enum sonde_verdict verdict,
                          uint64_t number)
{
    if (sequence->unconfirmed == 0) {
        sequence->tally.ignored++;
        return;
    }
    sequence->unconfirmed--;
    if (verdict != SONDE_VERDICT_LOST)
        sequence->tally.misjudged++;
    if (verdict != SONDE_VERDICT_RECEIVED)
        return;
    sequence->tally.arrivals++;
    if (number < sequence->next_expected)
        sequence->tally.reordered++;
    else
        sequence->next_expected = number + 1;
}

void sonde_sequence_outcome(struct sonde_sequence *sequence, enum sonde_verdict verdict,
                            const struct sonde_outcome *outcome)
{
    uint64_t number = outcome->number;
    if (verdict == SONDE_VERDICT_NOTICE)
        return;
    if (number < sequence->first || number == UINT64_MAX) {
        sequence->tally.ignored++;
        return;
    }
    if (number < sequence->head) {
        come_too_late(sequence, verdict, number);
        return;
    }
    if (number - sequence->head > sequence->slot_mask)
        make_room(sequence, number);

    struct sonde_sequence_slot *slot = slot_of(sequence, number);
    if (slot->verdict != SONDE_VERDICT_NOTICE) {
        sequence->tally.ignored++;
        return;
    }
    slot->verdict = (uint8_t)verdict;
    slot->rtt_ns = outcome->rtt_known && outcome->rtt.ns >= 0 ? outcome->rtt.ns : -1;
    if (verdict == SONDE_VERDICT_RECEIVED)
        arrive(sequence, number);
    while (slot_of(sequence, sequence->head)->verdict != SONDE_VERDICT_NOTICE)
        judge_head(sequence);
}
