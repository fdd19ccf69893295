/* sonde lab: a scripted network for any program. */
#define _GNU_SOURCE

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/random.h"
#include "cli/command.h"
#include "cli/lab_options.h"
#include "cli/lab_text.h"
#include "cli/opening.h"
#include "lab/hosts.h"
#include "lab/pcapng.h"
#include "lab/player.h"
#include "lab/stage.h"
#include "lab/truth.h"
#include "sim/scenario.h"

#define USUAL_MTU 1500

struct lab {
    struct cli_context *context;
    struct lab_settings settings;
    struct sim_scenario scenario;
    uint64_t seed;
    char *shell[2]; /* the command when none was given */
    struct lab_truth *truth;
    struct lab_pcapng *pcapng;
    struct lab_stage stage;
    struct lab_player *player;
};

static int complain(const struct lab *lab, const char *operation, int error, const char *advice)
{
    fprintf(stderr, "%s: cannot %s: %s%s%s\n", lab->context->program, operation, strerror(-error),
            advice ? "; " : "", advice ? advice : "");
    return CLI_FAILED;
}

/* --- who writes down what happens: nobody, one of two, or both ---------------------------------
 */

static void both_begin(void *self, const struct lab_clock *clock)
{
    const struct lab *lab = self;
    lab_truth_ops.begin(lab->truth, clock);
    lab_pcapng_ops.begin(lab->pcapng, clock);
}

static void both_write(void *self, const struct lab_record *record)
{
    const struct lab *lab = self;
    lab_truth_ops.write(lab->truth, record);
    lab_pcapng_ops.write(lab->pcapng, record);
}

static const struct lab_record_ops both_ops = {both_begin, both_write};

static void choose_record(struct lab *lab, struct lab_player_config *config)
{
    if (lab->truth && lab->pcapng) {
        config->record = &both_ops;
        config->record_self = lab;
    } else if (lab->truth) {
        config->record = &lab_truth_ops;
        config->record_self = lab->truth;
    } else if (lab->pcapng) {
        config->record = &lab_pcapng_ops;
        config->record_self = lab->pcapng;
    }
}

static int complain_of_file(const struct lab *lab, const char *path, int error)
{
    fprintf(stderr, "%s: cannot write %s: %s\n", lab->context->program,
            strcmp(path, "-") == 0 ? "to standard output" : path, strerror(-error));
    return CLI_FAILED;
}

static int open_files(struct lab *lab)
{
    const struct lab_settings *settings = &lab->settings;
    int error = settings->truth ? lab_truth_open(&lab->truth, settings->truth) : 0;
    if (error)
        return complain_of_file(lab, settings->truth, error);
    error = settings->pcap ? lab_pcapng_open(&lab->pcapng, settings->pcap) : 0;
    return error ? complain_of_file(lab, settings->pcap, error) : 0;
}

static int close_files(struct lab *lab)
{
    int status = 0;
    int error = lab->truth ? lab_truth_close(lab->truth) : 0;
    if (error)
        status = complain_of_file(lab, lab->settings.truth, error);
    error = lab->pcapng ? lab_pcapng_close(lab->pcapng) : 0;
    return error ? complain_of_file(lab, lab->settings.pcap, error) : status;
}

/* --- the machine -------------------------------------------------------------------------------
 */

/* In the command's process. */
static void cannot_run(const char *command, int error)
{
    fprintf(stderr, "sonde lab: cannot run %s: %s\n", command, strerror(error));
}

/* As people start them: `sh`, `/usr/bin/zsh -l`. Given a file or -c it runs a script. */
static bool is_interactive_shell(char *const *command)
{
    const size_t length = strlen(command[0]);
    if (!isatty(STDIN_FILENO) || length < 2 || strcmp(command[0] + length - 2, "sh") != 0)
        return false;
    for (char *const *argument = command + 1; *argument; argument++)
        if (**argument != '-')
            return false;
    return true;
}

static void describe_machine(struct lab *lab, struct lab_stage_config *config)
{
    const struct sim_setting *in_force[SIM_PROPERTIES];
    const char *shell = getenv("SHELL");

    sim_scenario_in_force(&lab->scenario, 0, 0, in_force);
    *config = (struct lab_stage_config){
        .mtu = in_force[SIM_DEVICE_MTU] ? (uint32_t)in_force[SIM_DEVICE_MTU]->number[0] : USUAL_MTU,
        .command = lab->settings.command,
        .cannot_run = cannot_run,
    };
    if (!sim_scenario_own_address(&lab->scenario, SONDE_IPV4, &config->own[0]))
        config->own[0].family = SONDE_FAMILY_NONE;
    if (!sim_scenario_own_address(&lab->scenario, SONDE_IPV6, &config->own[1]))
        config->own[1].family = SONDE_FAMILY_NONE;
    if (!config->command[0]) {
        lab->shell[0] = (char *)(uintptr_t)(shell && *shell ? shell : "/bin/sh");
        config->command = lab->shell;
    }
    config->leads_group = is_interactive_shell(config->command);
}

static void announce(const struct lab *lab, const struct lab_stage_config *config)
{
    const char *program = lab->context->program;
    if (lab->settings.verbose) {
        fprintf(stderr, "%s: %s: ", program, lab->settings.scenario);
        lab_text_machine(config, stderr);
        fprintf(stderr, "; seed %" PRIu64 "\n", lab->seed);
    }
    if (config->command == lab->shell && isatty(STDIN_FILENO)) {
        fprintf(stderr, "%s: a shell in the network of %s; `exit` ends it. Names: ", program,
                lab->settings.scenario);
        lab_text_names(&lab->scenario, SIM_OBSERVER, stderr);
        fputc('\n', stderr);
    }
}

/* --- the run -----------------------------------------------------------------------------------
 */

/* What could be gained from the packets of the command is its own network. */
static int confine(struct lab *lab)
{
    struct privilege *privilege = &lab->context->privilege;
    int error = privilege_begin(privilege);
    if (!error)
        error = privilege_drop(privilege);
    if (!error)
        error = privilege_filter(privilege, PRIVILEGE_LOOP);
    return error ? complain(lab, privilege->operation, error, NULL) : 0;
}

static void tell_counters(const struct lab *lab)
{
    struct lab_player_counters counters;
    lab_player_counters(lab->player, &counters);
    const bool incomplete =
        counters.dropped + counters.refused + counters.unanswered + counters.unrecorded > 0;
    if (!lab->settings.verbose && !incomplete)
        return;
    fprintf(stderr, "%s: ", lab->context->program);
    lab_text_counters(&counters, stderr);
    fputc('\n', stderr);
}

static int play(struct lab *lab)
{
    struct lab_player_config config = {
        .stage = &lab->stage, .scenario = &lab->scenario, .seed = lab->seed};
    const char *operation;
    int exit_status;

    choose_record(lab, &config);
    int error = lab_player_open(&lab->player, &config, &operation);
    if (error)
        return complain(lab, operation, error, NULL);
    int status = confine(lab);
    if (!status) {
        error = lab_player_run(lab->player, &exit_status, &operation);
        status = error ? complain(lab, operation, error, NULL) : exit_status;
        tell_counters(lab);
    }
    lab_player_close(lab->player);
    return status;
}

static int run_on_stage(struct lab *lab, const struct lab_stage_config *config)
{
    int error = lab_stage_open(&lab->stage, config);
    if (error)
        return complain(lab, lab->stage.operation, error, lab->stage.advice);
    /* A reader of the truth that goes away is told about at the end. Not for the command. */
    signal(SIGPIPE, SIG_IGN);
    announce(lab, config);
    const int status = play(lab);
    lab_stage_close(&lab->stage);
    return status;
}

static int run(struct lab *lab)
{
    struct lab_stage_config config;
    char *hosts;

    describe_machine(lab, &config);
    if (lab->settings.check) {
        lab_text_scenario(&lab->scenario, lab->settings.scenario, &config, stdout);
        return fflush(stdout) == 0 ? CLI_ANSWERED : CLI_FAILED;
    }
    int error = lab_hosts_text(&lab->scenario, &hosts);
    if (error)
        return complain(lab, "write a hosts file", error, NULL);
    config.hosts = hosts;
    int status = open_files(lab);
    if (!status)
        status = run_on_stage(lab, &config);
    const int closed = close_files(lab);
    free(hosts);
    return status ? status : closed;
}

static int load(struct lab *lab)
{
    struct sonde_sim_error problem;
    const int error = sim_scenario_load(&lab->scenario, lab->settings.scenario, &problem);
    if (error)
        cli_complain_of_scenario(lab->context->program, &problem);
    return error ? CLI_FAILED : 0;
}

int cli_lab(struct cli_context *context, int argc, char **argv)
{
    struct lab lab = {.context = context};
    const struct cli_options table = lab_options();
    struct cli_error error = {0};

    if (!lab_options_read(&lab.settings, argc, argv, &error))
        return cli_error_print(&error, &table, context->program, stderr);
    if (lab.settings.help != CLI_HELP_NONE) {
        cli_options_help(&table, (enum cli_help)lab.settings.help, context->program, stdout);
        return CLI_ANSWERED;
    }
    lab.seed = (uint64_t)lab.settings.seed;
    if (lab.settings.seed < 0) {
        const int failed = base_random_secret(&lab.seed, sizeof lab.seed);
        if (failed)
            return complain(&lab, "get random bytes", failed, NULL);
        lab.seed &= INT64_MAX; /* as --seed can give it again */
    }
    if (load(&lab) != 0)
        return CLI_FAILED;
    const int status = run(&lab);
    sim_scenario_destroy(&lab.scenario);
    return status;
}
