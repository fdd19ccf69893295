#include "cli/sweep_survey.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "cli/session.h"
#include "report/survey.h"
#include "sonde/survey.h"

#define SAVE_EVERY sonde_span_s(10)
#define SAMPLES    32 /* of a range, to find a route */

struct survey {
    const struct sweep_survey_run *run;
    struct sweep_resume_run identity;
    struct sonde_survey *engine;
    struct report_survey *report;
    struct sonde_survey_figures figures; /* at the end */
    struct sonde_mono noted_at;          /* the position below was passed then, … */
    uint64_t noted;                      /* … and is written when its answers have come */
    struct sonde_mono next_note;
    bool stopping;
    int output_error; /* negative errno */
    int resume_error;
};

static int complain(const struct survey *survey, const char *operation, int error)
{
    fprintf(stderr, "%s: cannot %s: %s\n", survey->run->program, operation, strerror(-error));
    return SWEEP_SYSTEM;
}

/* --- which run this is ----------------------------------------------------------------------- */

/* The seed of the order: as given, as noted when the run began, or any. */
static int choose_seed(const struct survey *survey, uint64_t *seed)
{
    const struct sweep_survey_run *run = survey->run;
    if (run->settings->seed >= 0)
        *seed = (uint64_t)run->settings->seed;
    else if (run->resume && run->resume->found)
        *seed = run->resume->run.seed;
    else if (run->settings->scenario)
        *seed = 0;
    else {
        const int error = base_random_secret(seed, sizeof *seed);
        *seed &= INT64_MAX;
        return error;
    }
    return 0;
}

static int identify(struct survey *survey)
{
    const struct sweep_survey_run *run = survey->run;
    const struct sweep_shard *shard = &run->settings->shard;
    struct sweep_resume_run *identity = &survey->identity;
    *identity = (struct sweep_resume_run){
        .shard = shard->index,
        .shards = shard->count > 0 ? shard->count : 1,
    };
    const int error = choose_seed(survey, &identity->seed);
    if (error)
        return complain(survey, "get random bytes", error);
    if (identity->shard >= run->set->addresses) {
        fprintf(stderr,
                "%s: shard %" PRIu64 "/%" PRIu64
                " has nobody to ask: there are fewer addresses than shards\n",
                run->program, identity->shard + 1, identity->shards);
        return SWEEP_BAD_ARGUMENTS;
    }
    if (!run->resume)
        return 0;
    identity->targets = sweep_resume_digest(run->set);
    return sweep_resume_check(run->program, run->resume, identity);
}

/* --- our addresses --------------------------------------------------------------------------- */

static struct sonde_address at(const void *self, uint64_t index)
{
    return base_target_set_at(self, index);
}

static bool is_loopback(const struct sonde_address *address)
{
    static const uint8_t one[16] = {[15] = 1};
    return address->family == SONDE_IPV4 ? address->bytes[0] == 127
                                         : memcmp(address->bytes, one, sizeof one) == 0;
}

/* Our address on the way to a range. */
static bool find_source_of(const struct sweep_survey_run *run, size_t range,
                           struct sonde_address *source)
{
    const struct base_target_set *set = run->set;
    const uint64_t end = range + 1 < set->count ? set->before[range + 1] : set->addresses;
    const uint64_t count = end - set->before[range];
    const uint64_t samples = count < SAMPLES ? count : SAMPLES;
    for (uint64_t i = 0; i < samples; i++) {
        const uint64_t index = (uint64_t)((unsigned __int128)count * i / samples);
        const struct sonde_address address = base_target_set_at(set, set->before[range] + index);
        struct sonde_route route = {0};
        if (run->transport->ops->route(run->transport->self, &address, &route) != 0)
            continue;
        *source = route.source;
        if (!is_loopback(source))
            return true;
    }
    return false;
}

/*
 * The source of an IPv4 datagram is left to the transport, or the kernel below it, which is right
 * whatever its route is. For IPv6 and in a simulation one source is for all; where no route is
 * found, NONE lets all probes of the family fail.
 */
static struct sonde_address find_source(const struct sweep_survey_run *run,
                                        enum sonde_family family)
{
    const struct sweep_settings *settings = run->settings;
    struct sonde_address source = {0};
    if (settings->source.family != SONDE_FAMILY_NONE)
        return settings->source.family == family ? settings->source : source;
    if (family == SONDE_IPV4 && !settings->scenario)
        return (struct sonde_address){.family = SONDE_IPV4};
    for (size_t i = 0; i < run->set->count; i++)
        if (run->set->ranges[i].first.family == family && find_source_of(run, i, &source))
            break;
    return source;
}

/* --- the survey ------------------------------------------------------------------------------ */

static int configure(const struct survey *survey, struct sonde_survey_config *config)
{
    const struct sweep_survey_run *run = survey->run;
    const struct sweep_settings *settings = run->settings;
    const char *text = settings->payload_text;
    *config = (struct sonde_survey_config){
        .seed = survey->identity.seed,
        .identifiers = run->transport->identifiers,
        .identifier_count = run->transport->identifier_count,
        .targets = {.count = run->set->addresses, .self = (void *)run->set, .at = at},
        .shard = survey->identity.shard,
        .shard_count = survey->identity.shards,
        .from = run->resume && run->resume->found ? run->resume->position : 0,
        .copies = (uint32_t)settings->copies,
        .gap_ns = settings->rate.gap_ns,
        .gap_slots = settings->rate.gap_slots,
        .cooldown = settings->cooldown,
        .deadline = settings->deadline,
        .adaptive = settings->adaptive,
        .source = {find_source(run, SONDE_IPV4), find_source(run, SONDE_IPV6)},
        .hop_limit = (uint8_t)settings->hop_limit,
        .traffic_class = (uint8_t)settings->traffic_class,
        .text = (const uint8_t *)text,
        .text_bytes = text ? strlen(text) : 0,
        .payload_bytes = sweep_settings_payload(settings),
    };
    if (settings->scenario)
        return 0; /* nothing to keep secret, and the same bytes every time */
    return base_random_secret(config->key, sizeof config->key);
}

static struct report_survey_config report_of(const struct survey *survey,
                                             const struct sonde_survey_config *config)
{
    const struct sweep_settings *settings = survey->run->settings;
    const struct sonde_transport *transport = survey->run->transport;
    return (struct report_survey_config){
        .out = stdout,
        .err = stderr,
        .clock = {transport->self, transport->ops->now, transport->ops->wall},
        .form = settings->json  ? REPORT_SWEEP_JSON
                : settings->csv ? REPORT_SWEEP_CSV
                                : REPORT_SWEEP_TEXT,
        .selection = (enum report_sweep_selection)settings->selection,
        .fields = settings->fields,
        .quiet = settings->quiet,
        .progress = survey->run->progress,
        .strangers = !settings->scenario && !base_target_set_is_ours(survey->run->set),
        .exclusions = settings->excluded.count + settings->excluded_files.count > 0,
        .transport = transport->name,
        .resume = settings->resume,
        .survey = *config,
    };
}

/* --- while it runs --------------------------------------------------------------------------- */

static void on_answer(void *self, const struct sonde_survey_answer *answer)
{
    struct survey *survey = self;
    report_survey_answer(survey->report, answer);
}

static bool on_signal(void *self, int number, struct sonde_mono now)
{
    struct survey *survey = self;
    if (number == SIGQUIT || number == SIGUSR1) {
        report_survey_status(survey->report, now);
        return false;
    }
    if (survey->stopping)
        return true;
    survey->stopping = true;
    if (survey->run->progress) {
        report_survey_status(survey->report, now);
        fprintf(stderr, "waiting for answers to what was sent; again to end at once\n");
    }
    sonde_survey_stop(survey->engine, now);
    return false;
}

static void save(struct survey *survey, uint64_t position, bool complete)
{
    if (survey->resume_error || survey->output_error)
        return;
    survey->resume_error =
        sweep_resume_write(survey->run->resume, &survey->identity, position, complete);
}

/*
 * A position is noted first and written later, when the answers to what was asked before it have
 * come and been told: whatever ends the program then, none is missing when it goes on.
 */
static void note(struct survey *survey, struct sonde_mono now)
{
    struct sonde_survey_figures figures;
    if (sonde_mono_before(now, survey->next_note))
        return;
    if (sonde_mono_since(now, survey->noted_at).ns >= survey->run->settings->cooldown.ns) {
        save(survey, survey->noted, false);
        sonde_survey_figures(survey->engine, &figures);
        survey->noted = figures.position;
        survey->noted_at = now;
    }
    survey->next_note = sonde_mono_add(now, SAVE_EVERY);
}

static bool on_turn(void *self, struct sonde_mono now, struct sonde_mono *again)
{
    struct survey *survey = self;
    report_survey_progress(survey->report, now, again);
    survey->output_error = report_survey_flush(survey->report);
    if (survey->run->resume) {
        note(survey, now);
        *again = sonde_mono_earlier(*again, survey->next_note);
    }
    return survey->output_error != 0;
}

/* --- the run --------------------------------------------------------------------------------- */

static int exit_code(const struct survey *survey)
{
    const struct sweep_survey_run *run = survey->run;
    const struct sonde_survey_figures *figures = &survey->figures;
    const int64_t wanted = run->settings->min_alive;
    if (wanted >= 0)
        return figures->replies >= (uint64_t)wanted ? SWEEP_ALL_ALIVE : SWEEP_SOME_NOT;
    if (run->missing > 0)
        return SWEEP_NOT_FOUND;
    const uint64_t from = run->resume && run->resume->found ? run->resume->position : 0;
    return figures->replies == figures->positions - from ? SWEEP_ALL_ALIVE : SWEEP_SOME_NOT;
}

static int conclude(struct survey *survey, int error)
{
    const struct sonde_transport *transport = survey->run->transport;
    const struct sonde_survey_figures *figures = &survey->figures;
    const struct sonde_mono now = transport->ops->now(transport->self);
    struct sonde_transport_counters counters;
    sonde_survey_figures(survey->engine, &survey->figures);
    transport->ops->counters(transport->self, &counters);
    if (error)
        complain(survey, "go on", error);
    if (figures->gone)
        complain(survey, "go on without a network", -figures->gone);
    const int code = figures->gone ? SWEEP_SYSTEM : exit_code(survey);
    report_survey_end(survey->report, now, &counters);
    if (!survey->output_error)
        survey->output_error = report_survey_flush(survey->report);
    if (survey->run->resume) {
        /* Where nothing could be sent at all, nobody has been asked. */
        const bool asked = figures->sent > 0 && sonde_survey_finished(survey->engine, now);
        save(survey, asked ? figures->position : survey->noted,
             asked && figures->position == figures->positions);
    }
    if (survey->output_error)
        return complain(survey, "write the results", survey->output_error);
    if (survey->resume_error)
        return complain(survey, "note how far it is", survey->resume_error);
    return error ? SWEEP_SYSTEM : code;
}

static int drive(struct survey *survey, const struct sonde_survey_config *config)
{
    const struct sonde_transport *transport = survey->run->transport;
    const struct sonde_loop_hooks hooks = {survey, on_signal, on_turn};
    const struct sonde_mono now = transport->ops->now(transport->self);
    survey->noted = config->from;
    survey->noted_at = now;
    survey->next_note = sonde_mono_add(now, SAVE_EVERY);
    if (survey->run->resume)
        save(survey, config->from,
             false); /* what cannot be written shows before anybody is asked */
    if (survey->resume_error)
        return complain(survey, "note how far it is", survey->resume_error);
    if (!survey->run->settings->scenario)
        session_obey_interrupts();
    report_survey_begin(survey->report, survey->engine, now);
    const int error = sonde_survey_run(survey->engine, transport, &hooks);
    session_release_signals();
    return conclude(survey, error);
}

/* True when the file says that nothing is left to be done. */
static bool is_complete(const struct survey *survey)
{
    const struct sweep_resume *resume = survey->run->resume;
    if (!resume || !resume->found || !resume->complete)
        return false;
    fprintf(stderr, "%s: %s says that all has been asked; remove it to begin anew\n",
            survey->run->program, resume->path);
    return true;
}

int sweep_survey_run(const struct sweep_survey_run *run)
{
    struct survey survey = {.run = run};
    struct sonde_survey_config config;
    int status = identify(&survey);
    if (status || is_complete(&survey))
        return status;
    int error = configure(&survey, &config);
    if (error)
        return complain(&survey, "get random bytes", error);
    const struct report_survey_config report = report_of(&survey, &config);
    error = report_survey_create(&survey.report, &report);
    if (!error)
        error = sonde_survey_create(&survey.engine, &config, on_answer, &survey);
    if (error)
        status = complain(&survey, "prepare the survey", error);
    else
        status = drive(&survey, &config);
    sonde_survey_destroy(survey.engine);
    report_survey_destroy(survey.report);
    return status;
}
