#include <criterion/criterion.h>
#include <string.h>

#include "net/neighbours.h"

static const uint8_t link_a[NET_NEIGHBOURS_LINK] = {2, 0, 0, 0, 0, 1};
static const uint8_t link_b[NET_NEIGHBOURS_LINK] = {2, 0, 0, 0, 0, 2};
static struct net_neighbours neighbours;

static struct sonde_mono at(int ms)
{
    return (struct sonde_mono){ms * SONDE_NS_PER_MS};
}

static struct sonde_address host(uint8_t last)
{
    return (struct sonde_address){.family = SONDE_IPV4, .bytes = {10, 0, 0, last}};
}

static enum net_neighbour_way find(uint8_t last, int ms, const uint8_t **link)
{
    struct sonde_address address = host(last);
    return net_neighbours_find(&neighbours, &address, at(ms), link);
}

static void learn(uint8_t last, const uint8_t *link, int ms)
{
    struct sonde_address address = host(last);
    net_neighbours_learn(&neighbours, &address, link, at(ms));
}

Test(net_neighbours, the_kernel_is_given_a_few_and_then_resolves)
{
    const uint8_t *link = NULL;

    for (unsigned i = 0; i < NET_NEIGHBOURS_WAITING; i++)
        cr_assert_eq(find(1, 0, &link), NET_NEIGHBOUR_KERNEL);
    cr_assert_eq(find(1, 1, &link), NET_NEIGHBOUR_LATER);
    cr_assert_eq(find(2, 1, &link), NET_NEIGHBOUR_KERNEL, "another one");
    learn(1, link_a, 2);
    cr_assert_eq(find(1, 2, &link), NET_NEIGHBOUR_LINK);
    cr_assert_eq(memcmp(link, link_a, sizeof link_a), 0);
}

Test(net_neighbours, one_without_news_is_tried_again)
{
    const uint8_t *link;

    for (unsigned i = 0; i < NET_NEIGHBOURS_WAITING; i++)
        find(1, 0, &link);
    cr_assert_eq(find(1, 3999, &link), NET_NEIGHBOUR_LATER);
    cr_assert_eq(find(1, 4000, &link), NET_NEIGHBOUR_KERNEL);
}

Test(net_neighbours, a_failure_is_believed_for_a_second)
{
    const uint8_t *link;

    find(1, 0, &link);
    learn(1, NULL, 100);
    cr_assert_eq(find(1, 101, &link), NET_NEIGHBOUR_UNREACHABLE);
    cr_assert_eq(find(1, 1099, &link), NET_NEIGHBOUR_UNREACHABLE);
    cr_assert_eq(find(1, 1100, &link), NET_NEIGHBOUR_KERNEL);
    learn(1, link_a, 1101);
    cr_assert_eq(find(1, 1102, &link), NET_NEIGHBOUR_LINK);
}

Test(net_neighbours, the_kernel_sees_one_in_use_now_and_then)
{
    const uint8_t *link;

    find(1, 0, &link);
    learn(1, link_a, 0);
    cr_assert_eq(find(1, 4999, &link), NET_NEIGHBOUR_LINK);
    cr_assert_eq(find(1, 5000, &link), NET_NEIGHBOUR_KERNEL);
    cr_assert_eq(find(1, 5000, &link), NET_NEIGHBOUR_LINK, "one datagram is enough");
    learn(1, link_a, 7000);
    cr_assert_eq(find(1, 9999, &link), NET_NEIGHBOUR_LINK);
    cr_assert_eq(find(1, 10000, &link), NET_NEIGHBOUR_KERNEL, "hearing it again is no use of it");
}

Test(net_neighbours, it_moves_and_is_forgotten)
{
    const uint8_t *link;
    struct sonde_address address = host(1);

    find(1, 0, &link);
    learn(1, link_a, 0);
    learn(1, link_b, 1);
    cr_assert_eq(find(1, 2, &link), NET_NEIGHBOUR_LINK);
    cr_assert_eq(memcmp(link, link_b, sizeof link_b), 0);
    net_neighbours_forget(&neighbours, &address);
    cr_assert_eq(find(1, 3, &link), NET_NEIGHBOUR_KERNEL);
    learn(9, link_a, 3);
    cr_assert_eq(find(9, 3, &link), NET_NEIGHBOUR_KERNEL, "nobody had asked for it");
    net_neighbours_clear(&neighbours);
    cr_assert_eq(find(1, 4, &link), NET_NEIGHBOUR_KERNEL);
}

/* Two with one place take turns; none is ever told the other's link. */
Test(net_neighbours, a_place_has_one_owner)
{
    const uint8_t *link = NULL;

    for (uint32_t i = 0; i < 4 * NET_NEIGHBOURS_ROOM; i++) {
        struct sonde_address address = {
            .family = SONDE_IPV4, .bytes = {10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}};
        uint8_t own[NET_NEIGHBOURS_LINK] = {2, 1, 0, 0, (uint8_t)(i >> 8), (uint8_t)i};

        cr_assert_eq(net_neighbours_find(&neighbours, &address, at(0), &link),
                     NET_NEIGHBOUR_KERNEL);
        net_neighbours_learn(&neighbours, &address, own, at(0));
        cr_assert_eq(net_neighbours_find(&neighbours, &address, at(0), &link), NET_NEIGHBOUR_LINK);
        cr_assert_eq(memcmp(link, own, sizeof own), 0);
    }
}
