/*
 * How far a survey is, in a file, so that it can go on after whatever ended it.
 *
 * The file is opened before the run gives up opening files, and then rewritten in place: that is
 * why there is no temporary file that takes its place. It has two slots of 512 bytes, each one line
 * of JSON with a serial number and a check; they are written in turn, so that one of them is whole
 * whenever the machine stops. The one with the higher serial number holds.
 */
#ifndef CLI_SWEEP_RESUME_H
#define CLI_SWEEP_RESUME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/target_set.h"

/* What must be the same for a run to go on. */
struct sweep_resume_run {
    uint64_t targets; /* sweep_resume_digest */
    uint64_t seed;
    uint64_t shard; /* from 0 */
    uint64_t shards;
};

struct sweep_resume {
    const char *path;
    int fd; /* -1: not open */
    uint64_t serial;
    bool found; /* the file tells of a run; then the members below are that one's */
    struct sweep_resume_run run;
    uint64_t position;
    bool complete;
};

/*
 * Opens the file, makes it where there is none, locks and reads it. Returns 0, or an exit code with
 * the cause told on stderr: it cannot be opened, another process has it, or it is no such file.
 */
int sweep_resume_open(const char *program, const char *path, struct sweep_resume *resume);
void sweep_resume_close(struct sweep_resume *resume);

/* Which addresses these are: the set is sealed. */
uint64_t sweep_resume_digest(const struct base_target_set *set);

/* Whether the file, if it tells of a run, tells of this one. Else an exit code, and the difference
 * on stderr. */
int sweep_resume_check(const char *program, const struct sweep_resume *resume,
                       const struct sweep_resume_run *run);

/* Notes the position of the run. Opens nothing. Returns 0 or a negative errno. */
int sweep_resume_write(struct sweep_resume *resume, const struct sweep_resume_run *run,
                       uint64_t position, bool complete);

#endif
