/* A sweep without memory of hosts: a survey (sonde/survey.h) of a set of addresses, told as it
 * happens. */
#ifndef CLI_SWEEP_SURVEY_H
#define CLI_SWEEP_SURVEY_H

#include "cli/sweep_options.h"
#include "cli/sweep_resume.h"
#include "sonde/transport.h"

struct sweep_survey_run {
    const char *program;
    const struct sweep_settings *settings;
    const struct sonde_transport *transport;
    const struct base_target_set *set; /* sealed, not empty */
    struct sweep_resume *resume;       /* open; NULL: none */
    uint64_t missing;                  /* names that nobody has; told already */
    bool progress;
};

/*
 * Runs until all has been asked, or SIGINT (as SIGALRM: see session_obey_interrupts), SIGTERM or
 * the deadline ends the sending; answers are waited for in any case, until a second SIGTERM.
 * Returns the exit code. Opens nothing.
 */
int sweep_survey_run(const struct sweep_survey_run *run);

#endif
