#include "state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "packet/icmp.h"
#include "words.h"

int report_state_init(struct report_state *state, const struct report_run *run)
{
    *state = (struct report_state){.run = *run};
    size_t count = run->target_count;
    if (count == 0)
        return 0;
    state->ledgers = calloc(count, sizeof *state->ledgers);
    state->names = calloc(count, sizeof *state->names);
    if (!state->ledgers || !state->names)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        char name[REPORT_LABEL];
        const char *given = run->targets[i].name;
        report_printable(given ? given : "", name, sizeof name);
        state->names[i] = strdup(name);
        if (!state->names[i])
            return -ENOMEM;
        sonde_stats_init(&state->ledgers[i].extra, 0);
    }
    return 0;
}

void report_state_destroy(struct report_state *state)
{
    for (uint32_t i = 0; state->names && i < state->run.target_count; i++)
        free(state->names[i]);
    free(state->names);
    free(state->ledgers);
}

int report_create(struct report *report, const struct report_run *run, const struct report_ops *ops,
                  size_t size)
{
    struct report_state *state = calloc(1, size);
    if (!state)
        return -ENOMEM;
    int result = report_state_init(state, run);
    if (result != 0) {
        report_destroy(state);
        return result;
    }
    *report = (struct report){.ops = ops, .self = state};
    return 0;
}

int report_flush(void *self)
{
    return report_state_flush(self);
}

void report_destroy(void *self)
{
    report_state_destroy(self);
    free(self);
}

int report_state_flush(struct report_state *state)
{
    if (state->dirty && state->error == 0) {
        state->dirty = false;
        errno = 0;
        if (fflush(state->run.out) != 0 || ferror(state->run.out))
            state->error = errno != 0 ? errno : EIO;
    }
    return -state->error;
}

void report_state_sync(struct report_state *state)
{
    report_state_flush(state);
}

int report_finish(const struct report *report, const struct report_run *run)
{
    int result = report->ops->flush(report->self);
    if (result == 0)
        return 0;
    if (run->plain) {
        fprintf(run->err, "%s: write error\n", run->program);
        return result;
    }
    const char *advice = report_errno_advice(-result);
    fprintf(run->err, "%s: the report could not be written: %s%s%s%s\n", run->program,
            strerror(-result), advice ? " (" : "", advice ? advice : "", advice ? ")" : "");
    return result;
}

/* --- ledgers --------------------------------------------------------------------------------- */

bool report_is_reply(const struct sonde_outcome *outcome)
{
    if (outcome->kind == SONDE_REPLY)
        return true;
    if (outcome->kind != SONDE_LATE && outcome->kind != SONDE_DUPLICATE &&
        outcome->kind != SONDE_CORRUPT)
        return false;
    if (outcome->said != SONDE_SAID_NOTHING)
        return true;
    return packet_icmp_outcome((enum sonde_family)outcome->from.family, outcome->icmp_type,
                               outcome->icmp_code) == SONDE_REPLY;
}

bool report_is_icmp(const struct sonde_outcome *outcome)
{
    switch (outcome->said) {
    case SONDE_SAID_UDP:
    case SONDE_SAID_SYN_ACK:
    case SONDE_SAID_RST:
    case SONDE_SAID_INIT_ACK:
    case SONDE_SAID_ABORT:
        return false;
    default:
        return true;
    }
}

uint64_t report_transmitted(const struct report_state *state, uint32_t target)
{
    const struct sonde_stats *stats = &state->run.targets[target].stats->stats;
    return stats->sent + stats->outcomes[SONDE_SEND_FAILED];
}

unsigned report_sequence(uint64_t number)
{
    return (unsigned)((number + 1) & 0xffff);
}

void report_state_sent(struct report_state *state, const struct sonde_probe *probe,
                       struct sonde_mono at)
{
    struct report_ledger *ledger = &state->ledgers[probe->target];
    if (!ledger->any_sent)
        ledger->first_sent = at;
    ledger->any_sent = true;
    ledger->last_sent = at;
}

/* An answer closes the gap between what was sent and what was heard of. */
static void answered(struct report_state *state, const struct sonde_outcome *outcome)
{
    struct report_ledger *ledger = &state->ledgers[outcome->target];
    uint64_t transmitted = report_transmitted(state, outcome->target);
    if (transmitted > outcome->number && transmitted - outcome->number > ledger->pipe)
        ledger->pipe = transmitted - outcome->number;
    if (outcome->number + 1 > ledger->answered)
        ledger->answered = outcome->number + 1;
}

static void add_rtt(struct report_ledger *ledger, const struct sonde_outcome *outcome)
{
    struct sonde_outcome copy = *outcome;
    copy.kind = SONDE_REPLY;
    sonde_stats_outcome(&ledger->extra, &copy);
}

void report_state_outcome(struct report_state *state, const struct sonde_outcome *outcome)
{
    struct report_ledger *ledger = &state->ledgers[outcome->target];
    switch (outcome->kind) {
    case SONDE_REPLY:
        answered(state, outcome);
        break;
    case SONDE_LATER_ERROR:
        ledger->later_errors++;
        break;
    case SONDE_LATE:
    case SONDE_DUPLICATE:
        if (!report_is_reply(outcome)) {
            ledger->later_errors++;
            break;
        }
        if (outcome->kind == SONDE_LATE)
            ledger->late_replies++;
        else
            ledger->duplicates++;
        add_rtt(ledger, outcome);
        answered(state, outcome);
        break;
    case SONDE_CORRUPT:
        if (report_is_reply(outcome))
            ledger->corrupted++;
        break;
    case SONDE_TIME_EXCEEDED:
    case SONDE_UNREACHABLE:
    case SONDE_TOO_BIG:
    case SONDE_PARAMETER_PROBLEM:
        if (outcome->from.family == SONDE_IPV4) /* as ping; its IPv6 half leaves them open */
            answered(state, outcome);
        break;
    default:
        break;
    }
}

/* Both of one clock, so that the difference is one. */
static bool comparable(const struct sonde_outcome *outcome)
{
    enum sonde_stamp_source sent = outcome->sent.source;
    enum sonde_stamp_source received = outcome->received.source;
    return sent != SONDE_STAMP_NONE && received != SONDE_STAMP_NONE &&
           (sent == SONDE_STAMP_HARDWARE) == (received == SONDE_STAMP_HARDWARE);
}

bool report_rtt(const struct sonde_outcome *outcome, struct sonde_span *rtt)
{
    if (outcome->rtt_known)
        *rtt = outcome->rtt;
    else if (outcome->kind == SONDE_CORRUPT && comparable(outcome))
        *rtt = sonde_mono_since(outcome->received.at, outcome->sent.at);
    else
        return false;
    return rtt->ns >= 0;
}

static bool on_clock(const struct sonde_stamp *stamp)
{
    return stamp->source != SONDE_STAMP_NONE && stamp->source != SONDE_STAMP_HARDWARE;
}

struct sonde_mono report_when(const struct report_state *state, const struct sonde_outcome *outcome)
{
    if (on_clock(&outcome->received))
        return outcome->received.at;
    return report_now(state);
}

struct sonde_mono report_now(const struct report_state *state)
{
    return state->run.clock.now(state->run.clock.self);
}

struct sonde_wall report_wall(const struct report_state *state, struct sonde_mono at)
{
    return state->run.clock.wall(state->run.clock.self, at);
}
