/* The choices among routes that need no network; the kernel's own routes are read where it says. */
#include "net/hops.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <unistd.h>

static struct net_hops hops; /* too large for a stack */
static struct net_hops_way ways[1];

static struct sonde_address address(const char *text)
{
    struct sonde_address parsed = {0};

    cr_assert(sonde_address_parse(text, &parsed), "%s", text);
    return parsed;
}

static void add(const char *text, unsigned length, uint32_t value)
{
    const struct sonde_address to = address(text);
    struct net_prefixes *prefixes = &hops.prefixes[to.family == SONDE_IPV6];

    cr_assert_eq(net_prefixes_add(prefixes, &to, length, 0, value), 0);
    cr_assert_eq(net_prefixes_build(prefixes), 0);
}

/* All goes through one gateway, with a source that is known. */
static void one_way(bool chosen)
{
    hops = (struct net_hops){.config = {.device = 1, .chosen = chosen, .headerless = true},
                             .ways = ways,
                             .way_count = 1};
    ways[0] = (struct net_hops_way){.source = address("192.0.2.1")};
    add("0.0.0.0", 0, 0);
    add("::", 0, 0);
}

static const struct sonde_address *source(const char *to)
{
    const struct sonde_address destination = address(to);
    return net_hops_source(&hops, NULL, &destination);
}

static int refusal(const char *to)
{
    const struct sonde_address destination = address(to);
    const uint8_t *link;
    int error = 0;
    enum net_hop hop = net_hops_find(&hops, &destination, (struct sonde_mono){0}, &link, &error);

    cr_assert_eq(hop == NET_HOP_REFUSED, error != 0);
    return error;
}

static void forget(void)
{
    net_prefixes_clear(&hops.prefixes[0]);
    net_prefixes_clear(&hops.prefixes[1]);
}

Test(net_hops, a_source_is_of_plain_ipv4)
{
    one_way(false);
    cr_assert(source("198.51.100.1"));
    cr_assert_null(source("224.0.0.1"));
    cr_assert_null(source("255.255.255.255"));
    cr_assert_null(source("0.0.0.0"));
    cr_assert_null(source("2001:db8::1"));
    hops.changed = true;
    cr_assert_null(source("198.51.100.1"));
    forget();
}

Test(net_hops, without_a_route)
{
    one_way(true);
    forget();
    add("10.0.0.0", 8, 0);
    add("2001:db8:1::", 48, 0);
    cr_assert_eq(refusal("10.1.2.3"), 0);
    cr_assert_eq(refusal("192.0.2.7"), ENETUNREACH);
    cr_assert_eq(refusal("2001:db8::7"), ENETUNREACH);
    cr_assert_eq(refusal("224.0.0.1"), 0, "no route is needed");
    hops.config.chosen = false;
    cr_assert_eq(refusal("192.0.2.7"), 0, "the user's own device");
    hops.config.chosen = true;
    forget();
    cr_assert_eq(refusal("192.0.2.7"), 0, "routes that were not read");
}

/* The kernel's routes are read; then its answers fail to come. */
Test(net_hops, nothing_is_left_of_what_cannot_be_read_again)
{
    const struct net_hops_config config = {.device = 1};
    int pipes[2];

    cr_assert_eq(net_hops_open(&hops, &config), 0);
    add("2001:db8::", 32, 7);
    cr_assert_eq(pipe(pipes), 0);
    cr_assert_geq(dup2(pipes[0], mnl_socket_get_fd(hops.questions)), 0);
    hops.changed = true;
    hops.heard = (struct sonde_mono){INT64_MIN};
    hops.loaded = (struct sonde_mono){INT64_MIN};
    net_hops_turn(&hops, (struct sonde_mono){0});
    cr_assert(hops.changed);
    cr_assert_eq(hops.way_count, 0);
    for (int i = 0; i < 2; i++)
        cr_assert_eq(hops.prefixes[i].range_count, 0, "%d", i);
    net_hops_close(&hops);
    close(pipes[0]);
    close(pipes[1]);
}
