#include "cli/sweep_resume.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/sweep_options.h"

static char path[64];

static void make_path(void)
{
    strcpy(path, "/tmp/sonde-resume-XXXXXX");
    close(mkstemp(path));
}

static void remove_path(void)
{
    unlink(path);
}

TestSuite(cli_sweep_resume, .init = make_path, .fini = remove_path);

static const struct sweep_resume_run a_run = {0xfedcba9876543210, INT64_MAX, 1, 3};

static struct sweep_resume open_path(int expected)
{
    struct sweep_resume resume;
    cr_assert_eq(sweep_resume_open("sweep", path, &resume), expected);
    return resume;
}

static void write_positions(uint64_t count)
{
    struct sweep_resume resume = open_path(0);
    for (uint64_t i = 1; i <= count; i++)
        cr_assert_eq(sweep_resume_write(&resume, &a_run, i * 1000, i == 10), 0);
    sweep_resume_close(&resume);
}

static void overwrite(off_t at, const char *text)
{
    int fd = open(path, O_WRONLY);
    cr_assert_eq(pwrite(fd, text, strlen(text), at), (ssize_t)strlen(text));
    close(fd);
}

Test(cli_sweep_resume, an_empty_file_tells_nothing)
{
    struct sweep_resume resume = open_path(0);
    cr_expect_not(resume.found);
    cr_expect_eq(sweep_resume_check("sweep", &resume, &a_run), 0);
    sweep_resume_close(&resume);
    cr_expect_eq(resume.fd, -1);
}

Test(cli_sweep_resume, tells_what_was_written_last)
{
    for (uint64_t count = 1; count <= 10; count++) {
        cr_assert_eq(truncate(path, 0), 0);
        write_positions(count);
        struct sweep_resume resume = open_path(0);
        cr_expect(resume.found);
        cr_expect_eq(resume.position, count * 1000);
        cr_expect_eq(resume.complete, count == 10);
        cr_expect_eq(resume.run.targets, a_run.targets);
        cr_expect_eq(resume.run.seed, a_run.seed);
        cr_expect_eq(resume.run.shard, 1);
        cr_expect_eq(resume.run.shards, 3);
        sweep_resume_close(&resume);
    }
}

Test(cli_sweep_resume, a_torn_slot_leaves_the_one_before)
{
    write_positions(4);             /* the fourth is in the second slot */
    overwrite(512 + 200, "\n\n\n"); /* behind its end: nothing to see */
    struct sweep_resume resume = open_path(0);
    cr_expect_eq(resume.position, 4000);
    sweep_resume_close(&resume);
    overwrite(512 + 30, "9");
    resume = open_path(0);
    cr_expect_eq(resume.position, 3000);
    sweep_resume_close(&resume);
    cr_assert_eq(truncate(path, 700), 0);
    resume = open_path(0);
    cr_expect_eq(resume.position, 3000);
    sweep_resume_close(&resume);
}

Test(cli_sweep_resume, other_files_are_refused)
{
    cr_redirect_stderr();
    write_positions(2);
    overwrite(20, "?");
    overwrite(512 + 20, "?");
    struct sweep_resume resume = open_path(SWEEP_BAD_ARGUMENTS);
    sweep_resume_close(&resume);
    cr_assert_eq(sweep_resume_open("sweep", "/dev/null", &resume), SWEEP_BAD_ARGUMENTS);
    sweep_resume_close(&resume);
    cr_assert_eq(sweep_resume_open("sweep", "/nonexistent/x", &resume), SWEEP_SYSTEM);
    cr_expect_eq(resume.fd, -1);
}

Test(cli_sweep_resume, one_at_a_time)
{
    cr_redirect_stderr();
    struct sweep_resume first = open_path(0), second = open_path(SWEEP_BAD_ARGUMENTS);
    sweep_resume_close(&second);
    sweep_resume_close(&first);
    first = open_path(0);
    sweep_resume_close(&first);
}

Test(cli_sweep_resume, another_run)
{
    cr_redirect_stderr();
    const struct sweep_resume_run run = a_run;
    struct sweep_resume resume = open_path(0);
    cr_assert_eq(sweep_resume_write(&resume, &run, 1, false), 0);
    sweep_resume_close(&resume);
    resume = open_path(0);
    cr_expect_eq(sweep_resume_check("sweep", &resume, &run), 0);
    for (int i = 0; i < 4; i++) {
        struct sweep_resume_run other = run;
        uint64_t *const members[] = {&other.targets, &other.seed, &other.shard, &other.shards};
        *members[i] -= 1;
        cr_expect_eq(sweep_resume_check("sweep", &resume, &other), SWEEP_BAD_ARGUMENTS);
    }
    sweep_resume_close(&resume);
}

static uint64_t digest_of(const char *const *texts)
{
    struct base_target_set set = {0};
    for (; *texts; texts++) {
        struct base_target_range range;
        cr_assert_eq(base_target_range_parse(*texts, &range), BASE_TARGET_OK);
        cr_assert_eq(base_target_set_add(&set, &range), 0);
    }
    cr_assert_eq(base_target_set_seal(&set), 0);
    const uint64_t digest = sweep_resume_digest(&set);
    base_target_set_destroy(&set);
    return digest;
}

Test(cli_sweep_resume, digest_is_of_the_addresses)
{
    const uint64_t digest = digest_of((const char *[]){"192.0.2.0/24", "2001:db8::/66", NULL});
    cr_expect_eq(digest, digest_of((const char *[]){"2001:db8::/66", "192.0.2.128/25",
                                                    "192.0.2.0/25", NULL}));
    cr_expect_neq(digest, digest_of((const char *[]){"192.0.2.0/24", "2001:db8::/67", NULL}));
    cr_expect_neq(digest, digest_of((const char *[]){"192.0.2.0/24", NULL}));
    cr_expect_neq(digest,
                  digest_of((const char *[]){"192.0.2.0-192.0.2.254", "2001:db8::/66", NULL}));
}
