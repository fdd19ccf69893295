#include "cli/session.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define MIN_WINDOW        64u /* probes that statistics put back into order */
#define MAX_WINDOW        65536u
#define SAME_INTERRUPT_MS 100
#define SHARED_WINDOW     1024u /* of each of several targets */

/* What is kept of a target: the statistics with their storage. */
struct kept {
    struct sonde_target_stats stats;
    struct sonde_sequence sequence;
    struct sonde_histogram histogram;
    uint64_t last_sent;
    bool last_answered;
};

struct session {
    const struct session_config *config;
    struct report_run run;
    struct report report;
    struct sonde_engine *engine;
    struct sonde_echo *echo;
    struct waiting *waiting; /* NULL: lines never wait for names */
    struct kept *kept;
    struct sonde_sequence_slot *slots; /* of all targets */
    uint64_t *counts;                  /* of all histograms */
    uint64_t *self_counts;
    struct sonde_self self;
    bool interrupted;
    bool output_failed;
};

static struct sonde_mono now_of(const struct session *session)
{
    const struct sonde_transport *transport = session->config->transport;
    return transport->ops->now(transport->self);
}

/* --- statistics ------------------------------------------------------------------------------ */

/* Probes that may be in flight of one target at once, as a power of two. */
static size_t window(const struct sonde_echo_config *echo)
{
    size_t slots = MIN_WINDOW;
    size_t most = echo->targets == 1 ? MAX_WINDOW : SHARED_WINDOW;
    int64_t interval_ns = echo->interval.ns;
    int64_t in_flight = interval_ns > 0 ? echo->probe.timeout.ns / interval_ns : MAX_WINDOW;
    if (echo->mode == SONDE_ECHO_ADAPTIVE)
        in_flight = MAX_WINDOW;
    while (slots < most && (int64_t)slots / 2 < in_flight)
        slots *= 2;
    return slots;
}

static int prepare_statistics(struct session *session)
{
    const struct session_config *config = session->config;
    size_t slots = window(&config->echo);
    session->kept = calloc(config->target_count, sizeof *session->kept);
    session->slots = calloc(config->target_count * slots, sizeof *session->slots);
    session->counts =
        calloc((size_t)config->target_count * SONDE_HISTOGRAM_BUCKETS, sizeof *session->counts);
    session->self_counts = calloc(SONDE_HISTOGRAM_BUCKETS, sizeof *session->self_counts);
    if (!session->kept || !session->slots || !session->counts || !session->self_counts)
        return -ENOMEM;
    sonde_self_init(&session->self, session->self_counts);
    for (uint32_t i = 0; i < config->target_count; i++) {
        struct kept *kept = &session->kept[i];
        sonde_stats_init(&kept->stats.stats, 0);
        sonde_sequence_init(&kept->sequence, session->slots + i * slots, slots, 0);
        sonde_histogram_init(&kept->histogram, SONDE_HISTOGRAM_LOWEST, SONDE_HISTOGRAM_HIGHEST,
                             session->counts + (size_t)i * SONDE_HISTOGRAM_BUCKETS,
                             SONDE_HISTOGRAM_BUCKETS);
        kept->stats.sequence = &kept->sequence;
        kept->stats.histogram = &kept->histogram;
        config->report_targets[i].stats = &kept->stats;
    }
    return 0;
}

/* --- what the engine tells ------------------------------------------------------------------- */

static void on_sent(void *self, const struct sonde_probe *probe, struct sonde_mono at, int error)
{
    struct session *session = self;
    struct kept *kept = &session->kept[probe->target];
    if (error == 0)
        sonde_stats_sent(&kept->stats.stats);
    if (session->config->tell_unanswered && probe->number > 0 && !kept->last_answered)
        session->report.ops->unanswered(session->report.self, probe->target, kept->last_sent);
    kept->last_sent = probe->number;
    kept->last_answered = false;
    session->report.ops->sent(session->report.self, probe, at, error);
}

static void on_outcome(void *self, const struct sonde_outcome *outcome)
{
    struct session *session = self;
    struct kept *kept = &session->kept[outcome->target];
    if (outcome->kind == SONDE_SEND_FAILED && outcome->sent.source != SONDE_STAMP_NONE)
        kept->stats.stats.sent--; /* a first fragment had left, and was told as sent */
    sonde_target_stats_outcome(&kept->stats, outcome);
    sonde_self_outcome(&session->self, outcome);
    bool answer =
        outcome->kind == SONDE_REPLY || (sonde_outcome_is_final(outcome->kind) &&
                                         !session->run.plain && outcome->kind != SONDE_TIMED_OUT);
    if (answer && outcome->number == kept->last_sent)
        kept->last_answered = true;
    if (session->waiting)
        waiting_push(session->waiting, outcome, now_of(session));
    else
        session->report.ops->outcome(session->report.self, outcome);
}

static void deliver(void *self, const struct sonde_outcome *outcome)
{
    struct session *session = self;
    session->report.ops->outcome(session->report.self, outcome);
}

static bool name_pending(void *self, const struct sonde_address *address)
{
    struct session *session = self;
    return session->config->name_pending(session->run.name_self, address);
}

/* --- what the loop tells --------------------------------------------------------------------- */

static bool on_signal(void *self, int number, struct sonde_mono now)
{
    struct session *session = self;
    (void)now;
    if (number == SIGQUIT) {
        session->report.ops->progress(session->report.self);
        return false;
    }
    session->interrupted = true;
    return true;
}

static bool on_turn(void *self, struct sonde_mono now, struct sonde_mono *again)
{
    struct session *session = self;
    *again = session->waiting ? waiting_turn(session->waiting, now) : SONDE_NEVER;
    session->output_failed = session->report.ops->flush(session->report.self) != 0;
    return session->output_failed;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/*
 * Async-signal-safe. SIGALRM is blocked and comes out of the transport. One interrupt may come
 * twice at once: timeout(1) sends it to the program and to its group.
 */
static void on_interrupt(int number)
{
    static volatile sig_atomic_t interrupts;
    static int64_t first_ms;
    if (interrupts++ == 0) {
        first_ms = now_ms();
        kill(getpid(), SIGALRM);
        return;
    }
    if (now_ms() - first_ms < SAME_INTERRUPT_MS)
        return;
    signal(number, SIG_DFL);
    raise(number);
}

void session_obey_interrupts(void)
{
    struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
}

void session_release_signals(void)
{
    sigset_t all;
    signal(SIGALRM, SIG_IGN); /* one that stood for a SIGINT may have come too late */
    sigfillset(&all);
    sigprocmask(SIG_UNBLOCK, &all, NULL);
}

/* --- the run --------------------------------------------------------------------------------- */

static int prepare(struct session *session)
{
    const struct session_config *config = session->config;
    int error = prepare_statistics(session);
    if (error)
        return error;
    if (config->name_pending) {
        session->waiting = waiting_create(name_pending, deliver, session);
        if (!session->waiting)
            return -ENOMEM;
    }
    error = config->report(&session->report, &session->run);
    if (!error)
        error = sonde_echo_create(&session->echo, &config->echo);
    if (!error)
        error = sonde_engine_create(&session->engine, &config->engine,
                                    sonde_echo_strategy(session->echo),
                                    (struct sonde_observer){session, on_sent, on_outcome});
    for (uint32_t i = 0; i < config->target_count && !error; i++)
        error = sonde_engine_add_target(session->engine, &config->targets[i]);
    return error;
}

/* Lines that still wait for a name get a moment longer, unless somebody is in a hurry. */
static void settle_names(struct session *session)
{
    const struct sonde_transport *transport = session->config->transport;
    while (session->waiting && !waiting_is_empty(session->waiting)) {
        struct sonde_mono now = now_of(session);
        struct sonde_mono again =
            waiting_turn(session->waiting, session->interrupted ? SONDE_NEVER : now);
        if (waiting_is_empty(session->waiting) ||
            transport->ops->wait(transport->self, again, true) != 0)
            break;
        struct sonde_event event;
        while (transport->ops->receive(transport->self, &event, 1) > 0)
            session->interrupted |= event.kind == SONDE_EVENT_SIGNAL && event.signal != SIGQUIT;
    }
    if (session->waiting)
        waiting_turn(session->waiting, SONDE_NEVER);
}

static void summarize(struct session *session)
{
    const struct sonde_transport *transport = session->config->transport;
    struct sonde_engine_counters counters;
    sonde_engine_counters(session->engine, &counters);
    struct report_measurement measurement = {
        .self = &session->self,
        .foreign = counters.foreign,
        .malformed = counters.malformed,
        .leases_out = counters.leases_out,
        .skipped = sonde_echo_skipped(session->echo),
    };
    transport->ops->counters(transport->self, &measurement.transport);
    session->report.ops->summary(session->report.self, &measurement);
}

static int run(struct session *session)
{
    const struct session_config *config = session->config;
    session->report.ops->begin(session->report.self);
    for (uint32_t i = 0; i < config->target_count; i++)
        session->report.ops->start(session->report.self, i);
    struct sonde_loop_hooks hooks = {session, on_signal, on_turn};
    int error = sonde_loop_run(session->engine, config->transport, &hooks, config->pace);
    sonde_engine_stop(session->engine, now_of(session));
    settle_names(session);
    session_release_signals();
    summarize(session);
    return error;
}

static void judge(const struct session *session, struct session_result *result)
{
    for (uint32_t i = 0; i < session->config->target_count; i++) {
        uint64_t received = sonde_stats_received(&session->kept[i].stats.stats);
        result->silent_targets += received == 0;
        result->short_targets += received < session->config->echo.answers;
    }
}

uint32_t session_screen_columns(void)
{
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

int session_run(const struct session_config *config, struct session_result *result)
{
    const struct sonde_transport *transport = config->transport;
    struct session session = {.config = config, .run = config->run};
    session.run.clock =
        (struct report_clock){transport->self, transport->ops->now, transport->ops->wall};
    session.run.targets = config->report_targets;
    session.run.target_count = config->target_count;
    *result = (struct session_result){0};

    int error = prepare(&session);
    if (!error) {
        error = run(&session);
        judge(&session, result);
    }
    if (error)
        fprintf(config->run.err, "%s: the run ended early: %s\n", config->program,
                strerror(-error));
    if (session.report.ops) {
        result->output_failed = report_finish(&session.report, &session.run) != 0;
        session.report.ops->destroy(session.report.self);
    }
    sonde_engine_destroy(session.engine);
    sonde_echo_destroy(session.echo);
    waiting_destroy(session.waiting);
    free(session.kept);
    free(session.slots);
    free(session.counts);
    free(session.self_counts);
    return error;
}
