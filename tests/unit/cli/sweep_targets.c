#include "cli/sweep_targets.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <string.h>

#include "command_line.h"
#include "sonde/sim.h"

struct found {
    struct sweep_settings settings;
    struct command_line line;
    struct sonde_transport transport;
    struct sweep_items items;
    struct sweep_items excluded;
    struct sweep_targets targets;
};

/* Everything up to the list. Returns what resolving says. */
static int find(struct found *found, const char *text)
{
    struct cli_error error;
    struct sonde_sim_error problem;
    *found = (struct found){0};
    split(&found->line, text);
    cr_assert(sweep_options_read(&found->settings, found->line.argc, found->line.argv, &error));
    found->settings.scenario = "here";
    cr_assert_eq(sonde_sim_open("host far 198.18.0.9 2001:db8::9\nhost six 2001:db8::6\n", 0,
                                &found->transport, &problem),
                 0);
    cr_assert_eq(sweep_items_read("sweep", &found->settings, &found->items), 0);
    cr_assert_eq(sweep_items_read_excluded("sweep", &found->settings, &found->excluded), 0);
    return sweep_targets_resolve("sweep", &found->settings, &found->transport, &found->items,
                                 &found->excluded, &found->targets);
}

static void assert_listed(struct found *found, const char *expected)
{
    char text[512] = "", one[SONDE_ADDRESS_TEXT];
    cr_assert_eq(sweep_targets_list("sweep", &found->settings, &found->transport, &found->items,
                                    &found->targets),
                 0);
    for (uint32_t i = 0; i < found->targets.count; i++) {
        strcat(text, i > 0 ? " " : "");
        strcat(text, sonde_address_format(&found->targets.targets[i].address, one));
    }
    cr_assert_str_eq(text, expected);
}

static void close_found(struct found *found)
{
    sweep_items_free(&found->items);
    sweep_items_free(&found->excluded);
    sweep_targets_free(&found->targets);
    found->transport.ops->close(found->transport.self);
}

Test(cli_sweep_targets, each_once_in_the_order_given)
{
    struct found found;
    cr_assert_eq(find(&found, "sweep 10.0.0.3 far 10.0.0.0/30 198.18.0.9 10.0.0.2-4"), 0);
    assert_listed(&found, "10.0.0.3 198.18.0.9 10.0.0.0 10.0.0.1 10.0.0.2 10.0.0.4");
    cr_expect_null(found.targets.names[0]);
    cr_expect_str_eq(found.targets.names[1], "far");
    close_found(&found);
}

Test(cli_sweep_targets, what_is_excluded_splits_ranges)
{
    struct found found;
    cr_assert_eq(find(&found, "sweep 10.0.0.0/29 far -x 10.0.0.1 -x 10.0.0.4-5 -x far"), 0);
    assert_listed(&found, "10.0.0.0 10.0.0.2 10.0.0.3 10.0.0.6 10.0.0.7");
    close_found(&found);
}

Test(cli_sweep_targets, a_huge_range_of_which_little_is_left)
{
    struct found found;
    cr_assert_eq(find(&found, "sweep ::/0 -x 2001:db8::3-ffff:: -x ::-2001:db8:: -x ffff::/16"), 0);
    assert_listed(&found, "2001:db8::1 2001:db8::2");
    close_found(&found);
}

Test(cli_sweep_targets, all_addresses_of_a_name)
{
    struct found found;
    cr_assert_eq(find(&found, "sweep far"), 0);
    assert_listed(&found, "198.18.0.9");
    close_found(&found);
    cr_assert_eq(find(&found, "sweep -6 far six"), 0);
    assert_listed(&found, "2001:db8::9 2001:db8::6");
    close_found(&found);
}

Test(cli_sweep_targets, names_that_are_not_there, .init = cr_redirect_stderr)
{
    struct found found;
    cr_assert_eq(find(&found, "sweep -4 far six who 10.0.0.1"), 0);
    cr_expect_eq(found.targets.missing, 2);
    assert_listed(&found, "198.18.0.9 10.0.0.1");
    close_found(&found);
    cr_assert_eq(find(&found, "sweep who"), SWEEP_NOT_FOUND);
    close_found(&found);
    cr_assert_eq(find(&found, "sweep far -x who"), SWEEP_NOT_FOUND);
    close_found(&found);
    cr_assert_eq(find(&found, "sweep 10.0.0.1 -x 10.0.0.0/8"), SWEEP_BAD_ARGUMENTS);
    close_found(&found);
}

Test(cli_sweep_targets, special_addresses_only_when_asked_for, .init = cr_redirect_stderr)
{
    struct found found;
    cr_assert_eq(find(&found, "sweep 224.0.0.1"), SWEEP_BAD_ARGUMENTS);
    close_found(&found);
    cr_assert_eq(find(&found, "sweep --special 224.0.0.1"), 0);
    close_found(&found);
}
