#include "cli/sweep_arguments.h"

#include <criterion/criterion.h>

#include "cli/sweep_options.h"

static const struct cli_option option = {.name = "option"};

static bool read(cli_parse *parse, const char *argument, void *member)
{
    struct cli_error error = {.option = &option};
    return parse(&option, argument, member, &error);
}

static double rate_of(const char *text)
{
    struct sweep_rate rate;
    cr_assert(read(sweep_read_rate, text, &rate), "%s", text);
    return rate.gap_ns ? 1e9 * (double)rate.gap_slots / (double)rate.gap_ns : 0;
}

Test(cli_sweep_arguments, rates)
{
    cr_expect_float_eq(rate_of("1"), 1, 1e-12);
    cr_expect_float_eq(rate_of("0.001"), 0.001, 1e-12);
    cr_expect_float_eq(rate_of("20k"), 20000, 1e-9);
    cr_expect_float_eq(rate_of("1.5M"), 1500000, 1e-6);
    cr_expect_eq(rate_of("max"), 0);
    struct sweep_rate rate;
    static const char *const bad[] = {"",   "0",   "0.0001", "-1",  "1s",   "k",    "1K",
                                      "5M", "1e3", "1 k",    "nan", "maxi", "1..2", "99999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_not(read(sweep_read_rate, bad[i], &rate), "%s", bad[i]);
}

Test(cli_sweep_arguments, factors)
{
    double factor = 0;
    cr_assert(read(sweep_read_factor, "1.5", &factor));
    cr_expect_float_eq(factor, 1.5, 1e-12);
    cr_expect(read(sweep_read_factor, "1", &factor));
    cr_expect(read(sweep_read_factor, "100", &factor));
    cr_expect_not(read(sweep_read_factor, "0.9", &factor));
    cr_expect_not(read(sweep_read_factor, "101", &factor));
    cr_expect_not(read(sweep_read_factor, "2s", &factor));
}

Test(cli_sweep_arguments, texts_have_an_end)
{
    struct sweep_texts texts = {0};
    for (size_t i = 0; i < SWEEP_TEXTS; i++)
        cr_expect(read(sweep_read_text, "x", &texts));
    cr_expect_not(read(sweep_read_text, "x", &texts));
    cr_expect_eq(texts.count, SWEEP_TEXTS);
}

Test(cli_sweep_arguments, addresses)
{
    struct sonde_address address;
    cr_expect(read(sweep_read_address, "2001:db8::1", &address));
    cr_expect_not(read(sweep_read_address, "eth0", &address));
}

Test(cli_sweep_arguments, fields)
{
    struct report_sweep_fields fields;
    cr_expect(read(sweep_read_fields, "host", &fields));
    cr_expect_not(read(sweep_read_fields, "host,", &fields));
}

Test(cli_sweep_arguments, shards)
{
    struct sweep_shard shard;
    cr_assert(read(sweep_read_shard, "2/3", &shard));
    cr_expect_eq(shard.index, 1);
    cr_expect_eq(shard.count, 3);
    cr_expect_not(shard.automatic);
    cr_assert(read(sweep_read_shard, "4294967295/4294967295", &shard));
    cr_expect_eq(shard.index, 4294967294);
    cr_assert(read(sweep_read_shard, "auto", &shard));
    cr_expect(shard.automatic);
    static const char *const bad[] = {"",     "0/1",  "2/1",  "1/0", "1",
                                      "/",    "1/",   "/1",   "a/b", "1/2/3",
                                      "-1/2", "1/ 2", "+1/2", "1,2", "1/4294967296"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_not(read(sweep_read_shard, bad[i], &shard), "%s", bad[i]);
}
