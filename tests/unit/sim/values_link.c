#include "language.h"

#define RH "router r 198.18.1.1\nhost h 198.18.0.9 via r\n"

Test(sim_values_link, everything)
{
    struct read read;
    read_text(&read, RH "link r h delay 5ms jitter normal 1ms loss 1% burst 1% 20% duplicate 2%\n"
                        "  reorder 3% by 4ms corrupt 4% rate 2.5Mbit queue 400ms load 250%\n"
                        "  mtu 1400 black-hole down\n");
    look_at_node(&read, link_between(&read, "h", "r"), 0);
    cr_assert_eq(read.p[SIM_DELAY]->number[0], 5 * SONDE_NS_PER_MS);
    cr_assert_eq(read.p[SIM_JITTER]->number[0], SIM_JITTER_NORMAL);
    cr_assert_float_eq(read.p[SIM_LOSS]->chance[0], 0.01, 1e-12);
    cr_assert_float_eq(read.p[SIM_BURST]->chance[1], 0.2, 1e-12);
    cr_assert_float_eq(read.p[SIM_DUPLICATE]->chance[0], 0.02, 1e-12);
    cr_assert_eq(read.p[SIM_REORDER]->number[0], 4 * SONDE_NS_PER_MS);
    cr_assert_float_eq(read.p[SIM_CORRUPT]->chance[0], 0.04, 1e-12);
    cr_assert_eq(read.p[SIM_RATE]->number[0], 2500000);
    cr_assert_eq(read.p[SIM_RATE]->number[1], 400 * SONDE_NS_PER_MS);
    cr_assert_float_eq(read.p[SIM_LOAD]->chance[0], 2.5, 1e-12);
    cr_assert_eq(read.p[SIM_MTU]->number[0], 1400);
    cr_assert_eq(read.p[SIM_MTU]->number[1], 1);
    cr_assert_not_null(read.p[SIM_DOWN]);
    sim_scenario_destroy(&read.scenario);
}

Test(sim_values_link, defaults_within_a_property)
{
    struct read read;
    read_text(&read, RH "link r h rate 1Tbit mtu 68 down down none\n");
    look_at_node(&read, link_between(&read, "r", "h"), 0);
    cr_assert_eq(read.p[SIM_RATE]->number[0], INT64_C(1000000000000));
    cr_assert_eq(read.p[SIM_RATE]->number[1], 100 * SONDE_NS_PER_MS);
    cr_assert_eq(read.p[SIM_MTU]->number[1], 0);
    cr_assert_null(read.p[SIM_DOWN]);
    sim_scenario_destroy(&read.scenario);
}

Test(sim_values_link, mistakes)
{
    static const struct mistake mistakes[] = {
        {RH "link r h rate 5\n", 3, "expected a rate with its unit (bit, kbit, Mbit, Gbit, Tbit)"},
        {RH "link r h rate 0bit\n", 3, "from 1bit to 1Tbit, found \"0bit\""},
        {RH "link r h rate 1001Gbit\n", 3, "expected a rate"},
        {RH "link r h rate 1Mbit queue\n", 3, "expected a time with its unit"},
        {RH "link r h rate 1Mbit queue -1ms\n", 3, "not negative"},
        {RH "link r h load 1000.1%\n", 3, "expected a percentage from 0% to 1000%"},
        {RH "link r h loss 100.1%\n", 3, "expected a percentage from 0% to 100%"},
        {RH "link r h mtu 67\n", 3, "expected an MTU from 68 to 65535"},
        {RH "link r h mtu 65536\n", 3, "expected an MTU from 68 to 65535"},
        {RH "link r h mtu 1400 from r\n", 3, "expected a property of a link, found \"from\""},
        {RH "link r h down 5\n", 3, "expected a property of a link, found \"5\""},
        {RH "link r h alive 5%\n", 3, "expected a property of a link, found \"alive\""},
        {RH "host h rate 5Mbit\n", 3, "expected a property of a host, found \"rate\""},
    };
    EXPECT_MISTAKES(mistakes);
}
