/* sonde sweep: which of many hosts answer. Options, hosts, sockets, a run, a report. */
#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/random.h"
#include "cli/command.h"
#include "cli/session.h"
#include "cli/sweep_options.h"
#include "cli/sweep_pace.h"
#include "cli/sweep_resume.h"
#include "cli/sweep_run.h"
#include "cli/sweep_scope.h"
#include "cli/sweep_shard.h"
#include "cli/sweep_sockets.h"
#include "cli/sweep_survey.h"
#include "cli/sweep_targets.h"
#include "report/sweep.h"
#include "sonde/net.h"

#define TICK         sonde_span_ms(1) /* slots that are closer leave in groups */
#define LINGER       sonde_span_s(10) /* late answers and duplicates are known for so long … */
#define FAST_LINGER  sonde_span_s(2)  /* … or so long, when probes are many */
#define FAST         20000            /* probes a second */
#define IN_FLIGHT    (1u << 23)       /* open and remembered, 68 bytes each, as they are needed */
#define MANY_TARGETS 32               /* more than a person follows line by line */
#define RETRIES      2

/* Everything that a run needs, and that must live as long as it. */
struct sweep_command {
    struct cli_context *context;
    struct sweep_settings settings;
    struct sweep_items items;
    struct sweep_items excluded;
    struct sweep_targets targets;
    struct sweep_resume resume;
    struct sonde_transport transport;
    struct report_sweep *report;
    const struct sonde_sweep *sweep;
    struct sonde_engine_counters engine_counters;
    struct sonde_transport_counters transport_counters;
    struct sonde_sweep_figures figures; /* at the end */
    int output_error;                   /* negative errno */
    uint8_t pattern[SWEEP_TEXT_MAX + 1];
    size_t pattern_bytes;
};

static int complain(const struct sweep_command *command, const char *operation, int error)
{
    fprintf(stderr, "%s: cannot %s: %s\n", command->context->program, operation, strerror(-error));
    return SWEEP_SYSTEM;
}

/* --- what the run tells ---------------------------------------------------------------------- */

static void on_begin(void *self, const struct sonde_sweep *sweep, struct sonde_mono now)
{
    struct sweep_command *command = self;
    command->sweep = sweep;
    report_sweep_begin(command->report, sweep, now);
}

static void on_outcome(void *self, const struct sonde_outcome *outcome)
{
    struct sweep_command *command = self;
    report_sweep_outcome(command->report, outcome);
}

static void on_interval(void *self, struct sonde_mono now)
{
    struct sweep_command *command = self;
    report_sweep_interval(command->report, (struct sonde_sweep *)command->sweep, now);
}

static void on_status(void *self, struct sonde_mono now)
{
    struct sweep_command *command = self;
    report_sweep_status(command->report, now);
}

static bool on_turn(void *self, struct sonde_mono now, struct sonde_mono *again)
{
    struct sweep_command *command = self;
    report_sweep_progress(command->report, now, again);
    command->output_error = report_sweep_flush(command->report);
    return command->output_error != 0;
}

static void on_counters(void *self, const struct sonde_engine_counters *engine,
                        const struct sonde_transport_counters *transport)
{
    struct sweep_command *command = self;
    command->engine_counters = *engine;
    command->transport_counters = *transport;
}

static void on_end(void *self, struct sonde_mono now)
{
    struct sweep_command *command = self;
    sonde_sweep_figures(command->sweep, &command->figures);
    report_sweep_end(command->report, now, &command->engine_counters, &command->transport_counters);
}

static const struct sweep_listener listener = {
    .begin = on_begin,
    .outcome = on_outcome,
    .interval = on_interval,
    .status = on_status,
    .turn = on_turn,
    .counters = on_counters,
    .end = on_end,
};

/* --- the settings in the engine's terms ------------------------------------------------------ */

/* Of a short interval, groups must not be a large part. */
static struct sonde_span tick_of(const struct sweep_settings *settings)
{
    const struct sonde_span part = {settings->interval.ns / 4};
    const bool periodic = sweep_settings_mode(settings) != SONDE_SWEEP_ALIVE;
    return periodic && part.ns < TICK.ns ? part : TICK;
}

static struct sonde_sweep_config sweep_of(const struct sweep_command *command)
{
    const struct sweep_settings *settings = &command->settings;
    return (struct sonde_sweep_config){
        .mode = sweep_settings_mode(settings),
        .hosts = command->targets.count,
        .count = (uint64_t)settings->count,
        .retries = settings->retries < 0 ? RETRIES : (uint32_t)settings->retries,
        .backoff = settings->backoff,
        .period = settings->interval,
        .gap_ns = settings->rate.gap_ns,
        .gap_slots = settings->rate.gap_slots,
        .tick = tick_of(settings),
        .adaptive = settings->adaptive,
        .deadline = settings->deadline,
        .flows = settings->choice.kind == SONDE_PROBE_ECHO
                     ? 0
                     : (uint16_t)command->transport.identifier_count,
        .reply_from_elsewhere = settings->special, /* groups answer from their members' addresses */
        .probe =
            {
                .kind = settings->choice.kind,
                .port = settings->choice.port,
                .timeout = settings->timeout,
                .hop_limit = (uint8_t)settings->hop_limit,
                .traffic_class = (uint8_t)settings->traffic_class,
                .payload_bytes = sweep_settings_payload(settings),
            },
    };
}

static bool is_fast(const struct sweep_settings *settings)
{
    const struct sweep_rate *rate = &settings->rate;
    return rate->gap_ns == 0 || (double)rate->gap_slots * 1e9 > (double)rate->gap_ns * FAST;
}

/* The contact stands behind token and proof, and again behind itself if there is room. */
static void prepare_pattern(struct sweep_command *command)
{
    const char *text = command->settings.payload_text;
    const size_t length = text ? strlen(text) : 0;
    if (length == 0)
        return;
    command->pattern_bytes = length + 1; /* a zero byte in between */
    const size_t at = sweep_settings_text_at(&command->settings);
    for (size_t i = 0; i <= length; i++)
        command->pattern[(at + i) % command->pattern_bytes] = (uint8_t)text[i];
}

static int engine_of(struct sweep_command *command, struct sonde_engine_config *config)
{
    prepare_pattern(command);
    *config = (struct sonde_engine_config){
        .linger = is_fast(&command->settings) ? FAST_LINGER : LINGER,
        .max_in_flight = IN_FLIGHT,
        .identifiers = command->transport.identifiers,
        .identifier_count = command->transport.identifier_count,
        .pattern = command->pattern_bytes > 0 ? command->pattern : NULL,
        .pattern_bytes = command->pattern_bytes,
        .payload = cli_payload_of(&command->settings.choice, command->settings.payload),
    };
    if (command->settings.scenario)
        return 0; /* nothing to keep secret, and the same bytes every time */
    return base_random_secret(config->key, sizeof config->key);
}

static bool progress_wanted(const struct sweep_settings *settings)
{
    if (settings->progress == SWEEP_PROGRESS_AUTO)
        return isatty(STDERR_FILENO);
    return settings->progress == SWEEP_PROGRESS_ALWAYS;
}

static struct report_sweep_config report_of(const struct sweep_command *command,
                                            const struct sonde_sweep_config *sweep)
{
    const struct sweep_settings *settings = &command->settings;
    const struct sonde_transport *transport = &command->transport;
    return (struct report_sweep_config){
        .out = stdout,
        .err = stderr,
        .clock = {transport->self, transport->ops->now, transport->ops->wall},
        .form = settings->json  ? REPORT_SWEEP_JSON
                : settings->csv ? REPORT_SWEEP_CSV
                                : REPORT_SWEEP_TEXT,
        .selection = (enum report_sweep_selection)settings->selection,
        .fields = settings->fields,
        .quiet = settings->quiet,
        .sorted = settings->sorted,
        .progress = progress_wanted(settings),
        .by_interval = settings->summary_interval.ns > 0,
        .transport = transport->name,
        .payload = cli_payload_word(&settings->choice, settings->payload),
        .payload_bytes = sweep->probe.payload_bytes,
        .sweep = *sweep,
        .targets = command->targets.targets,
        .names = command->targets.names,
    };
}

/* --- the run --------------------------------------------------------------------------------- */

static int exit_code(const struct sweep_command *command)
{
    const struct sweep_settings *settings = &command->settings;
    if (settings->min_alive >= 0)
        return (int64_t)command->figures.answered >= settings->min_alive ? SWEEP_ALL_ALIVE
                                                                         : SWEEP_SOME_NOT;
    if (command->targets.missing > 0)
        return SWEEP_NOT_FOUND;
    return command->figures.answered == command->targets.count ? SWEEP_ALL_ALIVE : SWEEP_SOME_NOT;
}

/* The last of what was learned, whatever else went wrong. */
static int finish_output(struct sweep_command *command)
{
    const int error = report_sweep_flush(command->report);
    if (!command->output_error)
        command->output_error = error;
    return command->output_error ? complain(command, "write the results", command->output_error)
                                 : 0;
}

static int run_listed(struct sweep_command *command)
{
    const struct sonde_sweep_config sweep = sweep_of(command);
    const struct report_sweep_config report = report_of(command, &sweep);
    struct sweep_run_config config = {
        .program = command->context->program,
        .transport = &command->transport,
        .sweep = sweep,
        .targets = command->targets.targets,
        .pace = sweep.hosts > MANY_TARGETS ? SONDE_LOOP_RELAXED : SONDE_LOOP_PROMPT,
        .interval = command->settings.summary_interval,
        .listener = &listener,
        .self = command,
    };
    int error = engine_of(command, &config.engine);
    if (error)
        return complain(command, "get random bytes", error);
    error = report_sweep_create(&command->report, &report);
    if (error)
        return complain(command, "prepare the report", error);
    sweep_pace_tell(command->context->program, &sweep, !command->context->privilege.user_is_root,
                    SWEEP_USER_RATE, stderr);
    if (!command->settings.scenario)
        session_obey_interrupts();
    error = sweep_run(&config);
    const int status = finish_output(command);
    report_sweep_destroy(command->report);
    return status ? status : error ? SWEEP_SYSTEM : exit_code(command);
}

/* Nothing is read from the network before this. Threads have what is left: nothing. */
static int give_up_privilege(struct sweep_command *command)
{
    struct privilege *privilege = &command->context->privilege;
    const int error = privilege_drop(privilege);
    if (!error && !command->settings.scenario)
        (void)sonde_net_start(&command->transport); /* it works without, too */
    return error ? complain(command, privilege->operation, error) : 0;
}

static int confine(struct sweep_command *command, enum privilege_stage stage)
{
    struct privilege *privilege = &command->context->privilege;
    const int error = privilege_filter(privilege, stage);
    return error ? complain(command, privilege->operation, error) : 0;
}

/* Names may take long: until the loop obeys signals they do what they do to any process. */
static int resolve(struct sweep_command *command)
{
    sigset_t all, blocked;
    sigfillset(&all);
    sigprocmask(SIG_UNBLOCK, &all, &blocked);
    const int status =
        sweep_targets_resolve(command->context->program, &command->settings, &command->transport,
                              &command->items, &command->excluded, &command->targets);
    sigprocmask(SIG_SETMASK, &blocked, NULL);
    return status;
}

static int list(struct sweep_command *command)
{
    if (command->targets.set.addresses > SWEEP_LISTED_MAX) {
        fprintf(stderr,
                "%s: these are %" PRIu64
                " addresses, and each that is listed takes memory: %" PRIu32
                " are the most; ask for less of them, or with --stateless\n",
                command->context->program, command->targets.set.addresses, SWEEP_LISTED_MAX);
        return SWEEP_BAD_ARGUMENTS;
    }
    const int status = sweep_targets_list(command->context->program, &command->settings,
                                          &command->transport, &command->items, &command->targets);
    sweep_items_free(&command->items);
    sweep_items_free(&command->excluded);
    base_target_set_destroy(&command->targets.set);
    return status;
}

static int run_survey(struct sweep_command *command)
{
    const struct sweep_survey_run survey = {
        .program = command->context->program,
        .settings = &command->settings,
        .transport = &command->transport,
        .set = &command->targets.set,
        .resume = command->settings.resume ? &command->resume : NULL,
        .missing = command->targets.missing,
        .progress = progress_wanted(&command->settings),
    };
    sweep_items_free(&command->items);
    sweep_items_free(&command->excluded);
    return sweep_survey_run(&survey);
}

static int run(struct sweep_command *command)
{
    const bool names = command->items.names + command->excluded.names > 0;
    int status = give_up_privilege(command);
    if (!status && names && !command->settings.scenario)
        status = confine(command, PRIVILEGE_RESOLVE);
    if (!status)
        status = resolve(command);
    if (!status && !command->settings.stateless)
        status = list(command);
    if (!status)
        status = confine(command, PRIVILEGE_LOOP);
    if (status)
        return status;
    return command->settings.stateless ? run_survey(command) : run_listed(command);
}

static int read_items(struct sweep_command *command)
{
    const char *program = command->context->program;
    const int status = sweep_items_read(program, &command->settings, &command->items);
    return status ? status
                  : sweep_items_read_excluded(program, &command->settings, &command->excluded);
}

/* A survey, when it was asked for, or when there are more addresses than can be listed. */
static int choose_mode(struct sweep_command *command, const struct base_target_set *set)
{
    struct sweep_settings *settings = &command->settings;
    const struct cli_options table = sweep_options();
    struct cli_error error = {0};
    settings->stateless |= set->addresses > SWEEP_LISTED_MAX;
    if (sweep_shard_find(&settings->shard, &error) &&
        (!settings->stateless || sweep_settings_check_stateless(settings, &error)))
        return settings->resume ? sweep_resume_open(command->context->program, settings->resume,
                                                    &command->resume)
                                : 0;
    cli_error_print(&error, &table, command->context->program, stderr);
    return SWEEP_BAD_ARGUMENTS;
}

/* All that is to be opened. */
static int open_all(struct sweep_command *command)
{
    struct base_target_set set;
    const int error = sweep_scope_of(&command->settings, &command->items, &command->excluded, &set);
    int status = error && error != -E2BIG ? complain(command, "keep the hosts", error) : 0;
    if (!status)
        status = choose_mode(command, &set);
    if (!status && sweep_sockets_open(command->context, &command->settings, &command->items, &set,
                                      &command->transport) != 0)
        status = SWEEP_SYSTEM;
    base_target_set_destroy(&set);
    return status;
}

int cli_sweep(struct cli_context *context, int argc, char **argv)
{
    struct sweep_command command = {.context = context, .resume = {.fd = -1}};
    struct sweep_settings *settings = &command.settings;
    const struct cli_options table = sweep_options();
    struct cli_error error = {0};

    if (!sweep_options_read(settings, argc, argv, &error) ||
        (settings->help == CLI_HELP_NONE &&
         !sweep_settings_check_user(settings, context->privilege.user_is_root, &error))) {
        cli_error_print(&error, &table, context->program, stderr);
        return SWEEP_BAD_ARGUMENTS;
    }
    if (settings->help != CLI_HELP_NONE) {
        cli_options_help(&table, (enum cli_help)settings->help, context->program, stdout);
        return SWEEP_ALL_ALIVE;
    }
    setlocale(LC_CTYPE, ""); /* international names */
    sweep_settings_fit_connections(settings, context->privilege.raw);
    int status = read_items(&command);
    if (!status)
        status = open_all(&command);
    if (!status) {
        status = run(&command);
        command.transport.ops->close(command.transport.self);
    }
    sweep_items_free(&command.items);
    sweep_items_free(&command.excluded);
    sweep_targets_free(&command.targets);
    sweep_resume_close(&command.resume);
    return status;
}
