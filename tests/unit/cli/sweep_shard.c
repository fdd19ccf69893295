#include "cli/sweep_shard.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct sweep_shard found(void)
{
    struct sweep_shard shard = {.automatic = true};
    struct cli_error error = {0};
    cr_assert(sweep_shard_find(&shard, &error), "%s", error.message);
    return shard;
}

static void assert_refused(const char *words)
{
    struct sweep_shard shard = {.automatic = true};
    struct cli_error error = {0};
    cr_assert_not(sweep_shard_find(&shard, &error));
    cr_assert(strstr(error.message, words), "%s", error.message);
}

static void clear(void)
{
    static const char *const names[] = {
        "JOB_COMPLETION_INDEX",  "SLURM_ARRAY_TASK_ID",    "SLURM_ARRAY_TASK_MIN", "PARALLEL_SEQ",
        "SLURM_ARRAY_TASK_STEP", "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MAX", "SONDE_SHARDS"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
}

TestSuite(cli_sweep_shard, .init = clear);

Test(cli_sweep_shard, given_ones_stay)
{
    struct sweep_shard shard = {.index = 1, .count = 3};
    struct cli_error error;
    setenv("PARALLEL_SEQ", "9", 1);
    cr_expect(sweep_shard_find(&shard, &error));
    cr_expect_eq(shard.index, 1);
    cr_expect_eq(shard.count, 3);
}

Test(cli_sweep_shard, kubernetes)
{
    setenv("JOB_COMPLETION_INDEX", "0", 1);
    assert_refused("SONDE_SHARDS is needed");
    setenv("SONDE_SHARDS", "4", 1);
    cr_expect_eq(found().index, 0);
    setenv("JOB_COMPLETION_INDEX", "3", 1);
    cr_expect_eq(found().index, 3);
    cr_expect_eq(found().count, 4);
    setenv("JOB_COMPLETION_INDEX", "4", 1);
    assert_refused("does not fit");
}

Test(cli_sweep_shard, slurm)
{
    setenv("SLURM_ARRAY_TASK_ID", "12", 1);
    setenv("SLURM_ARRAY_TASK_MIN", "10", 1);
    setenv("SLURM_ARRAY_TASK_COUNT", "3", 1);
    cr_expect_eq(found().index, 2);
    cr_expect_eq(found().count, 3);
    setenv("SLURM_ARRAY_TASK_STEP", "2", 1);
    cr_expect_eq(found().index, 1);
    setenv("SLURM_ARRAY_TASK_ID", "13", 1);
    assert_refused("does not fit"); /* between two steps */
    setenv("SLURM_ARRAY_TASK_ID", "8", 1);
    assert_refused("does not fit");
    setenv("SLURM_ARRAY_TASK_ID", "10", 1);
    setenv("SLURM_ARRAY_TASK_STEP", "0", 1);
    assert_refused("does not fit");
}

Test(cli_sweep_shard, slurm_with_gaps)
{
    static const char *const tasks[] = {"3", "5", "9"};
    setenv("SLURM_ARRAY_TASK_MIN", "3", 1);
    setenv("SLURM_ARRAY_TASK_MAX", "9", 1);
    setenv("SLURM_ARRAY_TASK_COUNT", "3", 1);
    for (size_t i = 0; i < sizeof tasks / sizeof *tasks; i++) {
        setenv("SLURM_ARRAY_TASK_ID", tasks[i], 1);
        unsetenv("SLURM_ARRAY_TASK_STEP");
        assert_refused("has gaps");
        setenv("SLURM_ARRAY_TASK_STEP", "1", 1);
        assert_refused("has gaps");
        setenv("SLURM_ARRAY_TASK_STEP", "2", 1);
        assert_refused("has gaps");
    }
    setenv("SLURM_ARRAY_TASK_STEP", "3", 1); /* 3,6,9: none */
    cr_expect_eq(found().index, 2);
    setenv("SLURM_ARRAY_TASK_MAX", "11", 1); /* 3-11:3 */
    cr_expect_eq(found().index, 2);
    setenv("SLURM_ARRAY_TASK_MAX", "2", 1);
    assert_refused("has gaps");
    setenv("SLURM_ARRAY_TASK_MAX", "x", 1);
    assert_refused("is no number");
}

Test(cli_sweep_shard, gnu_parallel)
{
    setenv("PARALLEL_SEQ", "1", 1);
    setenv("SONDE_SHARDS", "2", 1);
    cr_expect_eq(found().index, 0);
    setenv("PARALLEL_SEQ", "2", 1);
    cr_expect_eq(found().index, 1);
    setenv("PARALLEL_SEQ", "0", 1);
    assert_refused("does not fit");
    setenv("PARALLEL_SEQ", "3", 1);
    assert_refused("does not fit");
}

Test(cli_sweep_shard, no_numbers)
{
    setenv("SONDE_SHARDS", "2", 1);
    static const char *const texts[] = {"", "one", "-1", "+1", " 1", "1x", "99999999999999999999"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        setenv("PARALLEL_SEQ", texts[i], 1);
        assert_refused("is no number");
    }
}

Test(cli_sweep_shard, nobody_or_two)
{
    assert_refused("neither");
    setenv("SONDE_SHARDS", "2", 1);
    setenv("PARALLEL_SEQ", "1", 1);
    setenv("JOB_COMPLETION_INDEX", "1", 1);
    assert_refused("two starters");
}
