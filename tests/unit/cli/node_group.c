#include "cli/node_group.h"

#include <criterion/criterion.h>
#include <string.h>

static void expect(const char *name, const char *group)
{
    struct sonde_address found, expected;
    cr_assert(cli_node_group(name, &found), "%s", name);
    cr_assert(sonde_address_parse(group, &expected));
    cr_expect(sonde_address_equal(&found, &expected), "%s", name);
}

/* MD5 of "\3foo" begins with cc6165, of "\4host" with 183880, of "\77xxx…" with 6c861d. */
Test(cli_node_group, of_the_first_label_in_lower_case)
{
    char longest[64];
    expect("foo", "ff02::2:ffcc:6165");
    expect("foo.example", "ff02::2:ffcc:6165");
    expect("foo.", "ff02::2:ffcc:6165");
    expect("FoO.Example", "ff02::2:ffcc:6165");
    expect("host", "ff02::2:ff18:3880");
    memset(longest, 'X', 63);
    longest[63] = '\0';
    expect(longest, "ff02::2:ff6c:861d");
}

Test(cli_node_group, what_is_no_name)
{
    struct sonde_address group;
    cr_expect_not(cli_node_group("", &group));
    cr_expect_not(cli_node_group(".foo", &group));
    cr_expect_not(cli_node_group("a..b", &group));
}
