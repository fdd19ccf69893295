/*
 * Which part of a survey is this process's, as the environment says that started it:
 *
 * - Kubernetes, indexed job: JOB_COMPLETION_INDEX, from 0. It does not tell how many there are;
 *   SONDE_SHARDS says that, and is the job's spec.completions.
 * - Slurm, job array: SLURM_ARRAY_TASK_ID, SLURM_ARRAY_TASK_MIN, SLURM_ARRAY_TASK_COUNT, and
 *   SLURM_ARRAY_TASK_STEP where it is set; SLURM_ARRAY_TASK_MAX, where it is set, tells an array
 *   with gaps (--array=3,5,9), in which a task does not know its place.
 * - GNU parallel: PARALLEL_SEQ, from 1; SONDE_SHARDS says how many.
 */
#ifndef CLI_SWEEP_SHARD_H
#define CLI_SWEEP_SHARD_H

#include "cli/sweep_options.h"

/*
 * Fills an automatic shard; another one stays as it is. False with *error when the environment says
 * nothing, or twice, or what cannot be.
 */
bool sweep_shard_find(struct sweep_shard *shard, struct cli_error *error);

#endif
