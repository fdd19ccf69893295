#include "cli/path_run.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/session.h"
#include "sonde/loop.h"

#define FLOWS     16u  /* where one flow is asked: it chooses one of them */
#define TCP_FLOWS 256u /* where each SYN needs another one */

static uint32_t identifiers(const struct path_settings *settings)
{
    if (settings->multipath)
        return PATH_FLOWS_MAX;
    return settings->command == PATH_IN_MTU && settings->choice.kind == SONDE_PROBE_TCP ? TCP_FLOWS
                                                                                        : FLOWS;
}

int path_run(struct cli_context *context, unsigned command, path_work *work, int argc, char **argv)
{
    struct path_settings settings;
    struct cli_error error = {0};
    const struct cli_options table = path_options(command);
    if (!path_options_read(&settings, command, argc, argv, &error))
        return cli_error_print(&error, &table, context->program, stderr);
    if (settings.help != CLI_HELP_NONE) {
        cli_options_help(&table, (enum cli_help)settings.help, context->program, stdout);
        return CLI_ANSWERED;
    }
    if (settings.version)
        return puts("sonde " SONDE_VERSION) < 0 ? CLI_FAILED : CLI_ANSWERED;
    setlocale(LC_CTYPE, ""); /* international names, drawing characters */
    struct path_ground ground;
    int status = path_ground_open(&ground, context, &settings, identifiers(&settings));
    if (!status)
        status = work(&ground);
    path_ground_close(&ground);
    return status;
}

struct watch {
    struct path_ground *ground;
    struct path_look *look;
};

static void on_outcome(void *self, const struct sonde_outcome *outcome)
{
    struct watch *watch = self;
    if (outcome->from.family != SONDE_FAMILY_NONE)
        path_ground_name_pending(watch->ground, &outcome->from); /* begins to look it up */
}

static bool on_signal(void *self, int number, struct sonde_mono now)
{
    struct watch *watch = self;
    (void)now;
    watch->look->interrupted |= number != SIGQUIT;
    return watch->look->interrupted;
}

int path_look(struct path_ground *ground, const struct sonde_engine_target *target,
              struct sonde_strategy strategy, struct path_look *look)
{
    const struct sonde_transport *transport = &ground->transport;
    struct watch watch = {ground, look};
    const struct sonde_loop_hooks hooks = {.self = &watch, .signal = on_signal};
    struct sonde_engine_config config;
    struct sonde_engine *engine;
    *look = (struct path_look){0};
    if (path_ground_engine(ground, &config))
        return -EIO;
    int error = sonde_engine_create(&engine, &config, strategy,
                                    (struct sonde_observer){&watch, NULL, on_outcome});
    if (error)
        return error;
    error = sonde_engine_add_target(engine, target);
    const struct sonde_mono start = transport->ops->now(transport->self);
    if (!error)
        error = sonde_loop_run(engine, transport, &hooks, SONDE_LOOP_PROMPT);
    const struct sonde_mono end = transport->ops->now(transport->self);
    sonde_engine_stop(engine, end);
    look->spent = sonde_mono_since(end, start);
    sonde_engine_destroy(engine);
    return error;
}

struct report_run path_report_run(struct path_ground *ground, const struct report_target *target)
{
    const struct path_settings *settings = ground->settings;
    const struct sonde_transport *transport = &ground->transport;
    return (struct report_run){
        .out = stdout,
        .err = stderr,
        .program = ground->context->program,
        .clock = {transport->self, transport->ops->now, transport->ops->wall},
        .name = settings->numeric ? NULL : path_ground_name,
        .name_self = ground,
        .targets = target,
        .target_count = 1,
        .kind = settings->choice.kind,
        .transport = transport->name,
        .verbose = settings->verbose,
        .screen_columns = session_screen_columns(),
        .utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
        .percentiles = settings->percentiles.ppm,
        .percentile_count = settings->percentiles.count,
    };
}
