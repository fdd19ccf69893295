#include "cli/sweep_pace.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static void expect(struct sonde_sweep_config sweep, bool limited, const char *text)
{
    char *told;
    size_t bytes;
    FILE *stream = open_memstream(&told, &bytes);
    sweep_pace_tell("sweep", &sweep, limited, 1000, stream);
    fclose(stream);
    cr_expect_str_eq(told, text);
    free(told);
}

/* 3000 probes a second. */
static struct sonde_sweep_config sweep_of(enum sonde_sweep_mode mode, uint32_t hosts)
{
    return (struct sonde_sweep_config){.mode = mode,
                                       .hosts = hosts,
                                       .count = 2,
                                       .period = sonde_span_s(1),
                                       .gap_ns = SONDE_NS_PER_S,
                                       .gap_slots = 3000};
}

Test(cli_sweep_pace, what_fits_is_not_mentioned)
{
    expect(sweep_of(SONDE_SWEEP_LOOP, 3000), false, "");
    expect(sweep_of(SONDE_SWEEP_ALIVE, 9000), false, "");
    struct sonde_sweep_config sweep = sweep_of(SONDE_SWEEP_COUNT, 9000);
    sweep.count = 1;
    expect(sweep, false, "");
    sweep = sweep_of(SONDE_SWEEP_LOOP, 9000);
    sweep.gap_ns = 0; /* as fast as possible */
    expect(sweep, false, "");
}

Test(cli_sweep_pace, a_higher_rate_mends_it)
{
    const char *text = "sweep: 3001 hosts take turns of 1.001 s at this rate, not of 1 s; "
                       "--rate 3001 would serve them all\n";
    expect(sweep_of(SONDE_SWEEP_LOOP, 3001), false, text);
    expect(sweep_of(SONDE_SWEEP_COUNT, 3001), false, text);
    struct sonde_sweep_config sweep = sweep_of(SONDE_SWEEP_LOOP, UINT32_MAX);
    sweep.period.ns = SONDE_NS_PER_S / 2;
    expect(sweep, false,
           "sweep: 4294967295 hosts take turns of 1431655.765 s at this rate, not of 0.5 s; "
           "--rate 8589934590 would serve them all\n");
}

Test(cli_sweep_pace, who_may_not_have_it_asks_less_often)
{
    struct sonde_sweep_config sweep = sweep_of(SONDE_SWEEP_LOOP, 2500);
    sweep.gap_slots = 1000;
    expect(sweep, true,
           "sweep: 2500 hosts take turns of 2.5 s at this rate, not of 1 s; "
           "--interval 2.5 asks for no more than it gives\n");
    sweep.hosts = 900;
    sweep.gap_slots = 100;
    expect(sweep, true,
           "sweep: 900 hosts take turns of 9 s at this rate, not of 1 s; "
           "--rate 900 would serve them all\n");
}
