#include "cli/sweep_shard.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/number.h"

#define TOTAL "SONDE_SHARDS"

/* Who starts the parts, and how that is told. */
struct starter {
    const char *index;
    const char *first; /* a variable, or … */
    uint64_t lowest;   /* … what the first index is */
    const char *count;
    const char *step; /* NULL: 1 */
    const char *last; /* the last index, where it is told: there may be gaps */
};

static const struct starter starters[] = {
    {"JOB_COMPLETION_INDEX", NULL, 0, TOTAL, NULL, NULL},
    {"SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_MIN", 0, "SLURM_ARRAY_TASK_COUNT",
     "SLURM_ARRAY_TASK_STEP", "SLURM_ARRAY_TASK_MAX"},
    {"PARALLEL_SEQ", NULL, 1, TOTAL, NULL, NULL},
};

enum { STARTERS = sizeof starters / sizeof *starters };

/* False with *error when the variable is no number, or not there. */
static bool read_variable(const char *name, uint64_t *number, struct cli_error *error)
{
    char message[160];
    const char *text = getenv(name);
    int64_t value;
    if (text && text[0] >= '0' && text[0] <= '9' &&
        base_parse_integer(text, 0, UINT32_MAX, &value) == BASE_NUMBER_OK) {
        *number = (uint64_t)value;
        return true;
    }
    snprintf(message, sizeof message, "--shard auto: the environment variable %s %s", name,
             text ? "is no number" : "is needed and not set");
    return cli_error_conflict(error, message, NULL);
}

static bool read_starter(const struct starter *starter, struct sweep_shard *shard,
                         struct cli_error *error)
{
    char message[160];
    uint64_t index = 0, first = starter->lowest, step = 1, last = 0;
    const bool ends = starter->last && getenv(starter->last);
    if (!read_variable(starter->index, &index, error) ||
        (starter->first && !read_variable(starter->first, &first, error)) ||
        !read_variable(starter->count, &shard->count, error) ||
        (starter->step && getenv(starter->step) && !read_variable(starter->step, &step, error)) ||
        (ends && !read_variable(starter->last, &last, error)))
        return false;
    if (ends && step > 0 && (last < first || (last - first) / step + 1 != shard->count))
        return cli_error_conflict(error,
                                  "--shard auto: the job array has gaps: shards would overlap or "
                                  "be left out; use --array=0-N",
                                  NULL);
    if (index >= first && step > 0 && (index - first) % step == 0 &&
        (index - first) / step < shard->count) {
        shard->index = (index - first) / step;
        return true;
    }
    snprintf(message, sizeof message,
             "--shard auto: %s does not fit %s: shards would overlap or be left out",
             starter->index, starter->count);
    return cli_error_conflict(error, message, NULL);
}

bool sweep_shard_find(struct sweep_shard *shard, struct cli_error *error)
{
    const struct starter *found = NULL;
    if (!shard->automatic)
        return true;
    for (int i = 0; i < STARTERS; i++) {
        if (!getenv(starters[i].index))
            continue;
        if (found)
            return cli_error_conflict(error,
                                      "--shard auto: the environment is of two starters at once; "
                                      "say --shard I/N",
                                      NULL);
        found = &starters[i];
    }
    if (!found)
        return cli_error_conflict(error,
                                  "--shard auto: neither JOB_COMPLETION_INDEX (Kubernetes) nor "
                                  "SLURM_ARRAY_TASK_ID nor PARALLEL_SEQ is set",
                                  NULL);
    return read_starter(found, shard, error);
}
