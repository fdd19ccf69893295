#include "language.h"

Test(sim_values_observer, everything)
{
    struct read read;
    read_text(&read, "observer balance destination mtu 9000 stamps missing receive-queue 1000000\n"
                     "  clock 1970-01-01T00:00:01Z\n"
                     "send-error EAGAIN\n");
    look_at_node(&read, 0, 0);
    cr_assert_eq(read.p[SIM_BALANCE]->number[0], SIM_BALANCE_DESTINATION);
    cr_assert_eq(read.p[SIM_DEVICE_MTU]->number[0], 9000);
    cr_assert_null(read.p[SIM_MTU], "that is a link's");
    cr_assert_eq(read.p[SIM_STAMPS]->number[0], -1);
    cr_assert_eq(read.p[SIM_RECEIVE_QUEUE]->number[0], 1000000);
    cr_assert_eq(read.p[SIM_CLOCK]->number[0], SONDE_NS_PER_S);
    cr_assert_eq(read.p[SIM_SEND_ERROR]->number[0], EAGAIN);
    cr_assert_eq(read.p[SIM_SEND_ERROR]->chance[0], 1);
    sim_scenario_destroy(&read.scenario);
}

Test(sim_values_observer, mistakes)
{
    static const struct mistake mistakes[] = {
        {"observer balance hash\n", 1, "expected what a branch is chosen by"},
        {"observer mtu 1400 black-hole\n", 1, "expected a property of the observer"},
        {"observer receive-queue 0\n", 1, "expected a number of datagrams from 1 to 1000000"},
        {"observer identifiers 65536\n", 1, "expected a number of identifiers from 1 to 65535"},
        {"observer clock 1969-12-31T00:00:00Z\n", 1, "expected a time of day"},
        {"observer clock 2024-01-01T00:00:00\n", 1, "expected a time of day"},
        {"observer loss 5%\n", 1, "expected a property of the observer"},
    };
    EXPECT_MISTAKES(mistakes);
}
