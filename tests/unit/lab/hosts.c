#include "lab/hosts.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *hosts_of(const char *scenario_text)
{
    struct sim_scenario scenario;
    struct sonde_sim_error error;
    char *text;
    cr_assert_eq(
        sim_scenario_parse(&scenario, "test", scenario_text, strlen(scenario_text), &error), 0,
        "%u: %s", error.line, error.message);
    cr_assert_eq(lab_hosts_text(&scenario, &text), 0);
    sim_scenario_destroy(&scenario);
    return text;
}

#define LOCALHOST "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n"

#define EXPECT_HOSTS(scenario, expected)                                                           \
    do {                                                                                           \
        char *text = hosts_of(scenario);                                                           \
        cr_expect_str_eq(text, LOCALHOST expected);                                                \
        free(text);                                                                                \
    } while (0)

Test(lab_hosts, hosts_routers_and_groups_with_every_address)
{
    EXPECT_HOSTS("router gw 198.18.0.2\n"
                 "host far 198.18.0.9 2001:db8::9 198.18.0.10\n"
                 "group all 224.0.0.1 members far\n",
                 "198.18.0.2 gw\n"
                 "198.18.0.9 far\n2001:db8::9 far\n198.18.0.10 far\n"
                 "224.0.0.1 all\n");
}

Test(lab_hosts, the_first_host_stands_for_a_prefix)
{
    EXPECT_HOSTS("host many 10.0.0.0/8 2001:db8:5::/64\n", "10.0.0.1 many\n2001:db8:5::1 many\n");
}

Test(lab_hosts, routers_of_a_bank_by_their_own_names)
{
    EXPECT_HOSTS("bank core 3 10.1.0.1\n", "10.1.0.1 core-1\n10.1.0.2 core-2\n10.1.0.3 core-3\n");
}

Test(lab_hosts, a_reverse_name_comes_first)
{
    EXPECT_HOSTS("host far 198.18.0.9 reverse \"ae-1.core.example.net\"\n",
                 "198.18.0.9 ae-1.core.example.net far\n");
    EXPECT_HOSTS("host far 198.18.0.9 reverse \"FAR\"\n", "198.18.0.9 far\n");
}

Test(lab_hosts, a_reverse_text_that_is_no_name_is_left_out)
{
    static const char *const texts[] = {
        "two words",
        "a\\x0a10.0.0.1 bank.example",
        "1.2.3.4",
        "-a.example",
        "a-.example",
        "a..b",
        ".a",
        "a.",
        "\\x1b[31m.net",
        "# comment",
        "localhost",
        "LocalHost",
        "a.b.12",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char scenario[128];
        snprintf(scenario, sizeof scenario, "host far 198.18.0.9 reverse \"%s\"\n", texts[i]);
        char *text = hosts_of(scenario);
        cr_expect_str_eq(text, LOCALHOST "198.18.0.9 far\n", "%s", texts[i]);
        free(text);
    }
}

Test(lab_hosts, lengths_of_names_and_labels)
{
    char scenario[512], label[65];
    memset(label, 'a', 64);
    label[64] = '\0';
    snprintf(scenario, sizeof scenario, "host far 198.18.0.9 reverse \"%s.net\"\n", label);
    EXPECT_HOSTS(scenario, "198.18.0.9 far\n");
    snprintf(scenario, sizeof scenario, "host far 198.18.0.9 reverse \"%s.net\"\n", label + 1);
    char *text = hosts_of(scenario);
    cr_expect_not_null(strstr(text, "a.net far\n"));
    free(text);
}

Test(lab_hosts, names_that_mean_something_else_are_left_out)
{
    EXPECT_HOSTS("host 10 198.18.0.9\nhost localhost 198.18.0.10\nhost 5.x 198.18.0.11\n",
                 "198.18.0.11 5.x\n");
}
