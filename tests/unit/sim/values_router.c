#include "language.h"

#include "packet/extension.h"

#define R "router r 198.18.1.1 "

Test(sim_values_router, everything)
{
    struct read read;
    read_text(&read,
              "router a 198.18.1.2\n" R "via a delay 1ms return-hops 254 reply-from 198.18.1.9\n"
              "  error-limit 1000000 per 1ns burst 7 balance packet quote 28\n"
              "  mpls 16004 24001/3 1048575/7/255 extensions old nat ports forgets-quotes\n"
              "  interface mtu 9000 name \"ge-0/0/1 (core)\" address 2001:db8::1\n"
              "  dscp 63 ecn 3 ttl-zero loop a prohibits udp tcp silently\n");
    look_at(&read, "r");
    const struct sim_setting *const *p = read.p;
    cr_assert_eq(p[SIM_VIA]->list_count, 1);
    cr_assert_eq(p[SIM_RETURN_HOPS]->number[0], 254);
    cr_assert_eq(p[SIM_REPLY_FROM]->address.bytes[3], 9);
    cr_assert_eq(p[SIM_ERROR_LIMIT]->number[0], 1000000);
    cr_assert_eq(p[SIM_ERROR_LIMIT]->number[1], 1);
    cr_assert_eq(p[SIM_ERROR_LIMIT]->chance[0], 7);
    cr_assert_eq(p[SIM_BALANCE]->number[0], SIM_BALANCE_PACKET);
    const uint32_t *labels = read.scenario.list + p[SIM_MPLS]->list_first;
    cr_assert_eq(p[SIM_MPLS]->list_count, 3);
    cr_assert_eq(labels[0], 16004u << 12 | 1, "RFC 3032: label, TC, bottom of stack, TTL");
    cr_assert_eq(labels[1], 24001u << 12 | 3 << 9 | 1);
    cr_assert_eq(labels[2], 0xffffffffu);
    cr_assert_eq(p[SIM_EXTENSIONS]->number[0], PACKET_EXTENSION_PRE_RFC);
    cr_assert_eq(p[SIM_NAT]->number[0], SIM_NAT_PORTS | SIM_NAT_FORGETS_QUOTES);
    cr_assert_eq(p[SIM_INTERFACE]->number[0], -1);
    cr_assert_eq(p[SIM_INTERFACE]->number[1], 9000);
    cr_assert_eq(p[SIM_INTERFACE]->address.family, SONDE_IPV6);
    cr_assert_eq(p[SIM_INTERFACE]->list_count, 15);
    cr_assert_str_eq(read.scenario.text + p[SIM_INTERFACE]->list_first, "ge-0/0/1 (core)");
    cr_assert_eq(p[SIM_DSCP]->number[0], 63);
    cr_assert_eq(p[SIM_ECN]->number[0], 3);
    cr_assert_not_null(p[SIM_TTL_ZERO]);
    cr_assert_eq(p[SIM_LOOP]->node, sim_scenario_named(&read.scenario, "a"));
    cr_assert_eq(p[SIM_PROHIBITS]->number[0], SIM_TRAFFIC_UDP | SIM_TRAFFIC_TCP);
    cr_assert_eq(p[SIM_PROHIBITS]->number[1], 1);
    sim_scenario_destroy(&read.scenario);
}

Test(sim_values_router, defaults_within_a_property)
{
    struct read read;
    read_text(&read, R "mpls 0 error-limit 3 per 1s nat interface index 4294967295\n"
                       "  prohibits all extensions none\n");
    look_at(&read, "r");
    cr_assert_eq(read.scenario.list[read.p[SIM_MPLS]->list_first], 0x101, "bottom, TTL 1");
    cr_assert_eq(read.p[SIM_ERROR_LIMIT]->chance[0], 3);
    cr_assert_eq(read.p[SIM_NAT]->number[0], 0);
    cr_assert_eq(read.p[SIM_INTERFACE]->number[0], UINT32_MAX);
    cr_assert_eq(read.p[SIM_INTERFACE]->number[1], -1);
    cr_assert_eq(read.p[SIM_INTERFACE]->address.family, SONDE_FAMILY_NONE);
    cr_assert_eq(read.p[SIM_INTERFACE]->list_count, 0);
    cr_assert_eq(read.p[SIM_PROHIBITS]->number[0], 31);
    cr_assert_eq(read.p[SIM_PROHIBITS]->number[1], 0);
    cr_assert_not_null(read.p[SIM_EXTENSIONS], "here none is a value");
    cr_assert_eq(read.p[SIM_EXTENSIONS]->number[0], PACKET_EXTENSION_NONE);
    sim_scenario_destroy(&read.scenario);
}

Test(sim_values_router, none_is_the_default)
{
    struct read read;
    read_text(&read,
              R "mpls 5 mpls none nat nat none prohibits all prohibits none dscp 5\n"
                "  dscp none interface index 1 interface none balance packet balance none\n");
    look_at(&read, "r");
    for (int i = 0; i < SIM_PROPERTIES; i++)
        cr_assert_null(read.p[i], "%d", i);
    sim_scenario_destroy(&read.scenario);
}

Test(sim_values_router, mistakes)
{
    static const struct mistake mistakes[] = {
        {R "error-limit 0 per 1s\n", 1, "expected a number of errors from 1 to 1000000"},
        {R "error-limit 5\n", 1, "expected \"per\""},
        {R "error-limit 5 per 0\n", 1, "more than 0"},
        {R "error-limit 5 per 1s burst 0\n", 1, "expected a number of errors"},
        {R "balance\n", 1, "expected what a branch is chosen by: flow, destination, packet"},
        {R "mpls\n", 1, "expected LABEL, LABEL/TC or LABEL/TC/TTL"},
        {R "mpls 1048576\n", 1, "expected LABEL"},
        {R "mpls 5/8\n", 1, "TC to 7"},
        {R "mpls 5/7/256\n", 1, "TTL to 255"},
        {R "mpls 5/7/25/1\n", 1, "expected LABEL"},
        {R "mpls 5//1\n", 1, "expected LABEL"},
        {R "mpls 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n", 1, "expected at most 16 labels"},
        {R "interface\n", 1, "expected what is told of the interface: index, address, name, mtu"},
        {R "interface index -1\n", 1, "expected an index from 0 to 4294967295"},
        {R "interface index 1 name\n", 1, "expected a name of 1 to 63 bytes"},
        {R "interface name "
           "0123456789012345678901234567890123456789012345678901234567890123\n",
         1, "expected a name of 1 to 63 bytes"},
        {R "interface name \"\"\n", 1, "expected a name"},
        {R "interface address fe80::1%2\n", 1, "expected an IPv4 or IPv6 address"},
        {R "extensions\n", 1, "expected a form of extensions: compliant, old, none"},
        {R "nat addresses\n", 1, "expected a property of a router, found \"addresses\""},
        {R "dscp 64\n", 1, "expected a DSCP from 0 to 63"},
        {R "ecn 4\n", 1, "expected an ECN field from 0 to 3"},
        {R "loop h\n", 1, "expected the name of a router defined above"},
        {R "loop r\n", 1, "expected another router than \"r\" itself"},
        {"bank b 4 10.0.0.1\nbank b loop b-2\n", 2, "another router than \"b-2\" itself"},
        {R "prohibits\n", 1, "expected what is prohibited: icmp, udp, tcp, sctp, other, all"},
        {R "prohibits silently\n", 1, "expected what is prohibited"},
        {R "udp open\n", 1, "expected a property of a router, found \"udp\""},
        {"host h 1.2.3.4 balance flow\n", 1, "expected a property of a host"},
    };
    EXPECT_MISTAKES(mistakes);
}
