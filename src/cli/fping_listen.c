#include "cli/fping_listen.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "packet/icmp.h"

void fping_listener_destroy(struct fping_listener *listener)
{
    free(listener->deferred);
}

static bool is_periodic(const struct fping_listener *listener)
{
    return listener->settings->count > 0 || listener->settings->loop;
}

static struct sonde_wall wall_of(const struct fping_listener *listener, struct sonde_mono at)
{
    return listener->transport->ops->wall(listener->transport->self, at);
}

/* --- counts ---------------------------------------------------------------------------------- */

static bool make_room_for(struct report_fping_host *host, uint64_t number)
{
    if (number < host->rtt_capacity)
        return true;
    uint64_t capacity = host->rtt_capacity ? host->rtt_capacity : 8;
    while (capacity <= number)
        capacity *= 2;
    int64_t *rtts = reallocarray(host->rtts, capacity, sizeof *rtts);
    if (!rtts)
        return false;
    host->rtts = rtts;
    host->rtt_capacity = capacity;
    return true;
}

/* -C: what became of a probe. The row grows with the probes that are judged. */
static void remember_rtt(const struct fping_listener *listener, struct report_fping_host *host,
                         uint64_t number, int64_t rtt_ns)
{
    if (!listener->settings->all_rtts || !make_room_for(host, number))
        return;
    while (host->rtt_count <= number)
        host->rtts[host->rtt_count++] = REPORT_FPING_NO_RTT;
    host->rtts[number] = rtt_ns;
}

static void count_sent(struct report_fping_host *host)
{
    host->all.sent++;
    host->split.sent++;
}

static void count_reply(struct fping_listener *listener, struct report_fping_host *host,
                        const struct report_fping_reply *reply)
{
    count_sent(host);
    report_fping_count_reply(&host->all, reply->rtt_ns);
    report_fping_count_reply(&host->split, reply->rtt_ns);
    report_fping_count_reply(&listener->totals.replies, reply->rtt_ns);
    listener->totals.alive += host->all.received == 1;
    remember_rtt(listener, host, reply->number, reply->rtt_ns);
}

static void lose(struct fping_listener *listener, uint32_t target, uint64_t number,
                 struct sonde_mono at)
{
    struct report_fping_host *host = &listener->targets->hosts[target];
    count_sent(host);
    listener->totals.timeouts++;
    remember_rtt(listener, host, number, REPORT_FPING_NO_RTT);
    if (listener->form.lines)
        report_fping_timeout(&listener->form, host, number, wall_of(listener, at));
}

/* --- losses that are known early ------------------------------------------------------------- */

static bool make_room(struct fping_listener *listener)
{
    if (listener->first > 0 && listener->deferred_count == listener->deferred_capacity) {
        listener->deferred_count -= listener->first;
        memmove(listener->deferred, listener->deferred + listener->first,
                listener->deferred_count * sizeof *listener->deferred);
        listener->first = 0;
    }
    if (listener->deferred_count < listener->deferred_capacity)
        return true;
    const size_t capacity = listener->deferred_capacity ? listener->deferred_capacity * 2 : 64;
    struct fping_deferred *row = reallocarray(listener->deferred, capacity, sizeof *row);
    if (!row)
        return false;
    listener->deferred = row;
    listener->deferred_capacity = capacity;
    return true;
}

/* All timeouts are of one length: what comes last nearly always belongs at the end. */
static void defer(struct fping_listener *listener, const struct sonde_outcome *outcome)
{
    const struct sonde_mono due = sonde_mono_add(outcome->sent.at, listener->settings->timeout);
    if (!make_room(listener)) {
        lose(listener, outcome->target, outcome->number, due);
        return;
    }
    size_t at = listener->deferred_count++;
    for (; at > listener->first && listener->deferred[at - 1].due_ns > due.ns; at--)
        listener->deferred[at] = listener->deferred[at - 1];
    listener->deferred[at] = (struct fping_deferred){due.ns, outcome->target, outcome->number};
}

/* Takes a loss back: the probe was answered after all. */
static bool take_back(struct fping_listener *listener, const struct sonde_outcome *outcome)
{
    for (size_t i = listener->first; i < listener->deferred_count; i++) {
        if (listener->deferred[i].host != outcome->target ||
            listener->deferred[i].number != outcome->number)
            continue;
        listener->deferred_count--;
        memmove(listener->deferred + i, listener->deferred + i + 1,
                (listener->deferred_count - i) * sizeof *listener->deferred);
        return true;
    }
    return false;
}

static void tell_deferred(struct fping_listener *listener, struct sonde_mono until,
                          struct sonde_mono now)
{
    while (listener->first < listener->deferred_count &&
           listener->deferred[listener->first].due_ns <= until.ns) {
        const struct fping_deferred loss = listener->deferred[listener->first++];
        lose(listener, loss.host, loss.number,
             sonde_mono_earlier((struct sonde_mono){loss.due_ns}, now));
    }
}

/* --- outcomes -------------------------------------------------------------------------------- */

static struct report_fping_reply reply_of(const struct fping_listener *listener,
                                          const struct sonde_outcome *outcome)
{
    struct report_fping_reply reply = {
        .number = is_periodic(listener) ? outcome->number : 0,
        .bytes = outcome->icmp.length,
        .rtt_ns = outcome->rtt_known ? outcome->rtt.ns : 0,
        .received = wall_of(listener, outcome->received.at),
        .from = outcome->foreign_source ? outcome->from : (struct sonde_address){0},
        .traffic_class = outcome->traffic_class,
        .hop_limit = outcome->hop_limit,
    };
    struct packet_icmp message;
    if (listener->settings->icmp_timestamp &&
        packet_icmp_parse((enum sonde_family)outcome->from.family, outcome->icmp, &message) == 0) {
        reply.times = true;
        /* on the wire there is a proof in its place */
        reply.originate = report_fping_midnight_ms(wall_of(listener, outcome->sent.at));
        reply.receive = message.timestamp.receive;
        reply.transmit = message.timestamp.transmit;
    }
    return reply;
}

static bool counts(const struct fping_listener *listener, const struct sonde_outcome *outcome)
{
    return !listener->settings->check_source || !outcome->foreign_source;
}

static void tell_reply(struct fping_listener *listener, struct report_fping_host *host,
                       const struct report_fping_reply *reply)
{
    const struct fping_settings *settings = listener->settings;
    count_reply(listener, host, reply);
    if (listener->form.lines)
        report_fping_reply(&listener->form, host, reply);
    else if (host->all.received == 1 && (settings->words || settings->alive))
        report_fping_alive(&listener->form, host, reply);
}

static void on_reply(struct fping_listener *listener, const struct sonde_outcome *outcome)
{
    struct report_fping_host *host = &listener->targets->hosts[outcome->target];
    const struct report_fping_reply reply = reply_of(listener, outcome);
    listener->totals.received++;
    if (!counts(listener, outcome) && is_periodic(listener))
        defer(listener, outcome);
    else if (!counts(listener, outcome))
        lose(listener, outcome->target, outcome->number, outcome->received.at);
    else if (!is_periodic(listener) && host->all.received > 0)
        report_fping_duplicate(&listener->form, host, &reply);
    else
        tell_reply(listener, host, &reply);
}

static void on_duplicate(struct fping_listener *listener, const struct sonde_outcome *outcome)
{
    struct report_fping_host *host = &listener->targets->hosts[outcome->target];
    const struct report_fping_reply reply = reply_of(listener, outcome);
    listener->totals.received++;
    if (!counts(listener, outcome))
        return;
    const bool in_time = reply.rtt_ns <= listener->settings->timeout.ns;
    /* the first one had come from another address, and did not count */
    if (listener->settings->check_source && in_time && is_periodic(listener) &&
        take_back(listener, outcome)) {
        tell_reply(listener, host, &reply);
        return;
    }
    if (!is_periodic(listener) && host->all.received > 0)
        report_fping_duplicate(&listener->form, host, &reply);
    else if (!is_periodic(listener))
        tell_reply(listener, host, &reply);
    else if (listener->settings->loop && listener->form.lines && in_time)
        report_fping_reply(&listener->form, host, &reply);
}

/* Without -c and -l the timeout of a host grows with each probe, and late answers gain by it. */
static void on_late_reply(struct fping_listener *listener, const struct sonde_outcome *outcome)
{
    struct report_fping_host *host = &listener->targets->hosts[outcome->target];
    const struct report_fping_reply reply = reply_of(listener, outcome);
    listener->totals.received++;
    if (is_periodic(listener) || !counts(listener, outcome))
        return;
    if (host->all.received > 0) {
        report_fping_duplicate(&listener->form, host, &reply);
        return;
    }
    double timeout_ns = (double)listener->settings->timeout.ns;
    for (uint64_t i = 0;
         i < host->all.sent && (double)reply.rtt_ns > timeout_ns && listener->settings->backoff > 1;
         i++)
        timeout_ns *= listener->settings->backoff;
    if ((double)reply.rtt_ns <= timeout_ns)
        tell_reply(listener, host, &reply);
}

static void on_error(struct fping_listener *listener, const struct sonde_outcome *outcome)
{
    const struct report_fping_host *host = &listener->targets->hosts[outcome->target];
    listener->totals.other++;
    if (!listener->settings->quiet)
        report_fping_error(&listener->form, host, outcome);
    if (!sonde_outcome_is_final(outcome->kind))
        return;
    if (is_periodic(listener))
        defer(listener, outcome);
    else
        lose(listener, outcome->target, outcome->number, outcome->received.at);
}

static void on_refusal(struct fping_listener *listener, const struct sonde_outcome *outcome)
{
    struct report_fping_host *host = &listener->targets->hosts[outcome->target];
    if (listener->settings->words && !host->refused)
        fprintf(listener->form.err, "%s: error while sending ping: %s\n", host->label,
                strerror(outcome->error));
    host->refused = true;
    count_sent(host);
    remember_rtt(listener, host, outcome->number, REPORT_FPING_NO_RTT);
}

static bool is_reply(const struct sonde_outcome *outcome)
{
    struct packet_icmp message;
    const enum sonde_family family = (enum sonde_family)outcome->from.family;
    return !outcome->from_error_queue && packet_icmp_parse(family, outcome->icmp, &message) == 0 &&
           packet_icmp_outcome(family, message.type, message.code) == SONDE_REPLY;
}

static void on_outcome(void *self, const struct sonde_outcome *outcome)
{
    struct fping_listener *listener = self;
    switch (outcome->kind) {
    case SONDE_REPLY:
        on_reply(listener, outcome);
        break;
    case SONDE_DUPLICATE:
        on_duplicate(listener, outcome);
        break;
    case SONDE_TIMED_OUT:
        lose(listener, outcome->target, outcome->number,
             sonde_mono_add(outcome->sent.at, listener->settings->timeout));
        break;
    case SONDE_LATE:
        if (is_reply(outcome))
            on_late_reply(listener, outcome);
        else
            on_error(listener, outcome);
        break;
    case SONDE_TIME_EXCEEDED:
    case SONDE_UNREACHABLE:
    case SONDE_TOO_BIG:
    case SONDE_PARAMETER_PROBLEM:
    case SONDE_REDIRECT:
    case SONDE_SOURCE_QUENCH:
    case SONDE_LATER_ERROR:
        on_error(listener, outcome);
        break;
    case SONDE_SEND_FAILED:
        on_refusal(listener, outcome);
        break;
    case SONDE_UNFINISHED:
    case SONDE_CORRUPT:
    case SONDE_OUTCOME_KINDS:
        break;
    }
}

static void on_sent(void *self, const struct sonde_probe *probe, struct sonde_mono at, int error)
{
    struct fping_listener *listener = self;
    (void)probe, (void)at, (void)error;
    listener->totals.sent++;
}

/* --- times ----------------------------------------------------------------------------------- */

static void on_interval(void *self, struct sonde_mono now)
{
    struct fping_listener *listener = self;
    const struct fping_targets *targets = listener->targets;
    tell_deferred(listener, now, now);
    if (listener->settings->netdata)
        report_fping_netdata(&listener->form, targets->hosts, targets->count, !listener->charts);
    else
        report_fping_splits(&listener->form, targets->hosts, targets->count,
                            wall_of(listener, now));
    listener->charts = true;
    fflush(listener->form.err);
}

static void on_status(void *self, struct sonde_mono now)
{
    struct fping_listener *listener = self;
    tell_deferred(listener, now, now);
    report_fping_splits(&listener->form, listener->targets->hosts, listener->targets->count,
                        wall_of(listener, now));
    fflush(listener->form.err);
}

static bool on_turn(void *self, struct sonde_mono now, struct sonde_mono *again)
{
    struct fping_listener *listener = self;
    tell_deferred(listener, now, now);
    *again = SONDE_NEVER;
    if (listener->first < listener->deferred_count)
        again->ns = listener->deferred[listener->first].due_ns;
    return false;
}

/* --- the end --------------------------------------------------------------------------------- */

static int exit_code(const struct fping_listener *listener)
{
    const struct report_fping_totals *totals = &listener->totals;
    const int64_t required = listener->settings->reachable;
    if (required > 0)
        return report_fping_enough(&listener->form, (uint64_t)required, totals->alive)
                   ? FPING_REACHABLE
                   : FPING_UNREACHABLE;
    if (totals->unknown > 0)
        return FPING_NO_ADDRESS;
    return totals->alive == totals->targets ? FPING_REACHABLE : FPING_UNREACHABLE;
}

static void on_end(void *self, struct sonde_mono now)
{
    struct fping_listener *listener = self;
    const struct fping_targets *targets = listener->targets;
    const struct fping_settings *settings = listener->settings;
    struct report_fping_totals *totals = &listener->totals;
    tell_deferred(listener, SONDE_NEVER, now);
    totals->targets = targets->count;
    totals->unknown = targets->unknown;
    totals->unreachable = totals->targets - totals->alive;
    totals->elapsed = sonde_mono_since(now, listener->start);
    for (uint32_t i = 0; i < targets->count; i++)
        if (targets->hosts[i].all.received == 0 && (settings->words || settings->unreachable))
            report_fping_unreachable(&listener->form, &targets->hosts[i]);
    if (is_periodic(listener))
        report_fping_hosts(&listener->form, targets->hosts, targets->count);
    if (settings->stats)
        report_fping_totals(&listener->form, totals);
    listener->status = exit_code(listener);
}

const struct sweep_listener fping_sweep_listener = {
    .sent = on_sent,
    .outcome = on_outcome,
    .interval = on_interval,
    .status = on_status,
    .turn = on_turn,
    .end = on_end,
};
