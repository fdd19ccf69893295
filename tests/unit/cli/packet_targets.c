#include "cli/packet_targets.h"

#include <criterion/criterion.h>
#include <errno.h>

static struct way {
    unsigned asked;
    int error;
    uint8_t source; /* last byte of the address that the way begins with */
} way;

static int find(void *self, const struct sonde_address *source, struct sonde_engine_target *target)
{
    struct way *ways = self;
    ways->asked++;
    target->source = *source;
    if (source->family == SONDE_FAMILY_NONE)
        target->source =
            sonde_address_from_bytes(SONDE_IPV4, (const uint8_t[]){10, 0, 0, ways->source});
    target->mtu = 1500;
    return ways->error;
}

static struct packet_targets *targets_new(uint32_t count)
{
    struct packet_targets *targets;
    way = (struct way){.source = 1};
    cr_assert_eq(packet_targets_create(&targets, count, find, &way), 0);
    return targets;
}

static struct sonde_address host(uint32_t number)
{
    return sonde_address_from_bytes(
        SONDE_IPV4,
        (const uint8_t[]){192, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number});
}

static const struct sonde_address none;

static int take(struct packet_targets *targets, uint32_t number, int64_t now_ms, uint32_t *place)
{
    struct sonde_address address = host(number);
    return packet_targets_take(targets, &address, &none,
                               (struct sonde_mono){now_ms * SONDE_NS_PER_MS}, place);
}

Test(packet_targets, a_host_has_one_place)
{
    struct packet_targets *targets = targets_new(4);
    uint32_t first, again, other;
    cr_assert_eq(take(targets, 1, 0, &first), 0);
    cr_assert_eq(take(targets, 1, 10, &again), 0);
    cr_assert_eq(take(targets, 2, 10, &other), 0);
    cr_assert_eq(first, again);
    cr_assert_neq(first, other);
    cr_assert_eq(way.asked, 2, "within a second the way is known");
    const struct sonde_engine_target *place = &packet_targets_places(targets)[other];
    struct sonde_address address = host(2);
    cr_assert(sonde_address_equal(&place->address, &address));
    cr_assert_eq(place->mtu, 1500);
    packet_targets_destroy(targets);
}

Test(packet_targets, another_source_is_another_place)
{
    struct packet_targets *targets = targets_new(4);
    uint32_t first, other;
    struct sonde_address address = host(1), source = host(99);
    cr_assert_eq(take(targets, 1, 0, &first), 0);
    cr_assert_eq(packet_targets_take(targets, &address, &source, (struct sonde_mono){0}, &other),
                 0);
    cr_assert_neq(first, other);
    cr_assert(sonde_address_equal(&packet_targets_places(targets)[other].source, &source));
    packet_targets_destroy(targets);
}

Test(packet_targets, places_that_no_probe_needs_are_given_on_the_oldest_first)
{
    struct packet_targets *targets = targets_new(2);
    uint32_t a, b, c;
    cr_assert_eq(take(targets, 1, 0, &a), 0);
    cr_assert_eq(take(targets, 2, 0, &b), 0);
    cr_assert_eq(take(targets, 3, 0, &c), -ENOBUFS);
    packet_targets_release(targets, b);
    packet_targets_release(targets, a);
    cr_assert_eq(take(targets, 3, 0, &c), 0);
    cr_assert_eq(c, b);
    uint32_t again;
    cr_assert_eq(take(targets, 1, 0, &again), 0);
    cr_assert_eq(again, a);
    cr_assert_eq(way.asked, 4, "host 1 was still known");
    packet_targets_destroy(targets);
}

Test(packet_targets, a_way_is_looked_up_again)
{
    struct packet_targets *targets = targets_new(4);
    uint32_t first, same, moved;
    cr_assert_eq(take(targets, 1, 0, &first), 0);
    cr_assert_eq(take(targets, 1, 1000, &same), 0);
    cr_assert_eq(same, first);
    cr_assert_eq(way.asked, 2);
    way.source = 2;
    cr_assert_eq(take(targets, 1, 2000, &moved), 0);
    cr_assert_neq(moved, first, "open probes go on with the way that they left by");
    cr_assert_eq(packet_targets_places(targets)[first].source.bytes[3], 1);
    cr_assert_eq(packet_targets_places(targets)[moved].source.bytes[3], 2);
    packet_targets_release(targets, moved);
    way.source = 3;
    cr_assert_eq(take(targets, 1, 3000, &same), 0);
    cr_assert_eq(same, moved, "nobody needs the old way");
    cr_assert_eq(packet_targets_places(targets)[moved].source.bytes[3], 3);
    packet_targets_release(targets, first);
    packet_targets_release(targets, first);
    packet_targets_destroy(targets);
}

Test(packet_targets, no_way)
{
    struct packet_targets *targets = targets_new(1);
    uint32_t place;
    way.error = -ENETUNREACH;
    cr_assert_eq(take(targets, 1, 0, &place), -ENETUNREACH);
    way.error = 0;
    cr_assert_eq(take(targets, 1, 0, &place), 0);
    way.error = -ENETUNREACH;
    cr_assert_eq(take(targets, 1, 5000, &place), -ENETUNREACH);
    packet_targets_destroy(targets);
}

Test(packet_targets, very_many_hosts_in_few_places)
{
    struct packet_targets *targets = targets_new(64);
    uint32_t places[32];
    for (uint32_t number = 0; number < 100000; number++) {
        uint32_t *place = &places[number % 32];
        if (number >= 32)
            packet_targets_release(targets, *place);
        cr_assert_eq(take(targets, number % 5000, 0, place), 0);
        cr_assert_lt(*place, 64);
        struct sonde_address address = host(number % 5000);
        cr_assert(sonde_address_equal(&packet_targets_places(targets)[*place].address, &address));
    }
    packet_targets_destroy(targets);
}
