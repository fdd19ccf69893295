#include <criterion/criterion.h>

#include "net/ports.h"

static const struct net_port_range usual = {32768, 60999};

static bool overlaps(struct net_identifiers block, struct net_port_range given)
{
    return block.base <= given.high && block.base + block.count > given.low;
}

static void is_sound(struct net_identifiers block, uint32_t count)
{
    cr_assert_eq(block.count, count);
    cr_assert_eq(block.base % count, 0);
    cr_assert_geq(block.base, 1024);
    cr_assert_leq(block.base + count, 65536);
}

Test(net_ports, lie_above_the_kernels_own)
{
    for (uint32_t count = 1; count <= NET_PORTS_MAX; count *= 2)
        for (uint32_t turn = 0; turn < 300; turn++) {
            struct net_identifiers block = net_ports_block(count, 0xdeadbeef, turn, usual);

            is_sound(block, count);
            cr_assert_geq(block.base, 61440);
        }
}

Test(net_ports, turns_go_around)
{
    bool seen[64] = {0};

    for (uint32_t turn = 0; turn < 64; turn++)
        seen[(net_ports_block(64, 12345, turn, usual).base - 61440) / 64] = true;
    for (int i = 0; i < 64; i++)
        cr_assert(seen[i], "%d", i);
    cr_assert_eq(net_ports_block(64, 12345, 0, usual).base,
                 net_ports_block(64, 12345, 64, usual).base);
    cr_assert_neq(net_ports_block(64, 12345, 0, usual).base,
                  net_ports_block(64, 12346, 0, usual).base);
}

Test(net_ports, avoid_what_the_kernel_gives)
{
    static const struct net_port_range ranges[] = {{32768, 62000}, {61440, 61440}, {10000, 65535},
                                                   {1024, 60000},  {2048, 65535},  {65535, 65535},
                                                   {20000, 65000}};

    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        for (uint32_t count = 1; count <= 256; count *= 4)
            for (uint32_t turn = 0; turn < 70; turn++) {
                struct net_identifiers block = net_ports_block(count, 99, turn, ranges[i]);

                is_sound(block, count);
                cr_assert_not(overlaps(block, ranges[i]), "%zu: %u", i, block.base);
            }
}

/* Where everything is given away, the usual place is as good as any. */
Test(net_ports, take_what_there_is)
{
    static const struct net_port_range all = {1, 65535};

    for (uint32_t count = 1; count <= NET_PORTS_MAX; count *= 2) {
        is_sound(net_ports_block(count, 4711, 1, all), count);
        cr_assert_geq(net_ports_block(count, 4711, 1, all).base, 61440);
    }
}
