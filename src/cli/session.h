/* A run: engine, transport, statistics and report joined; signals obeyed. */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/waiting.h"
#include "report/report.h"
#include "sonde/echo.h"
#include "sonde/engine.h"
#include "sonde/loop.h"

/* Makes the report that is wanted; one of the report_…_create functions. */
typedef int session_report(struct report *report, const struct report_run *run);

struct session_config {
    const char *program; /* before messages */
    const struct sonde_transport *transport;
    struct sonde_engine_config engine;
    struct sonde_echo_config echo;
    enum sonde_loop_pace pace;

    const struct sonde_engine_target *targets;
    struct report_target *report_targets; /* the same targets; their stats are set here */
    uint32_t target_count;

    session_report *report;
    struct report_run run;            /* all but clock, targets and target_count */
    bool tell_unanswered;             /* ping -O */
    waiting_is_pending *name_pending; /* with run.name_self; NULL: lines never wait */
};

/* How a run ended, for the exit code. */
struct session_result {
    uint64_t silent_targets; /* without any answer */
    uint64_t short_targets;  /* with fewer answers than echo.answers, when that is set */
    bool output_failed;      /* what was learned could not be written; told on stderr */
};

/*
 * From now on the first SIGINT ends the run as SIGALRM does, which must be among the transport's
 * signals; the second one ends the process, wherever it is: in a write that nobody reads, too.
 */
void session_obey_interrupts(void);

/* The run is over: signals that the transport told do again what they do to any process. */
void session_release_signals(void);

/* How wide the terminal at standard output is; 0: there is none, or it does not say. */
uint32_t session_screen_columns(void);

/*
 * Runs until everything is answered, or the plan or a signal ends it, and prints the summary.
 * Returns 0 or a negative errno; the cause is then told on stderr already.
 */
int session_run(const struct session_config *config, struct session_result *result);

#endif
