/* Filters for answers of other protocols than ICMP. */
#include "filter_help.h"

static bool answer_gets_in(enum sonde_family family, enum sonde_net_protocol protocol,
                           uint8_t options, uint16_t port, uint8_t flags)
{
    struct net_filter filter;
    struct packet packet = {0};

    if (family == SONDE_IPV4)
        ipv4(&packet, options, 6, 0);
    ports(&packet, 0x4561, port, flags);
    net_filter_answers(&filter, family, protocol, OURS);
    return lets_in(&filter, packet.bytes, packet.length);
}

Test(net_filter_answers, answers_to_our_ports_only)
{
    for (int family = SONDE_IPV4; family <= SONDE_IPV6; family += 2)
        for (unsigned bit = SONDE_NET_UDP; bit <= SONDE_NET_SCTP; bit *= 2)
            for (uint8_t options = 0; options <= 40; options += 20) {
                enum sonde_family which = (enum sonde_family)family;
                enum sonde_net_protocol protocol = (enum sonde_net_protocol)bit;

                cr_assert(answer_gets_in(which, protocol, options, 0x4560, 0x12));
                cr_assert(answer_gets_in(which, protocol, options, 0x456f, 0x12));
                cr_assert_not(answer_gets_in(which, protocol, options, 0x4570, 0x12));
                cr_assert_not(answer_gets_in(which, protocol, options, 0x455f, 0x12));
            }
}

Test(net_filter_answers, answers_to_other_ports_on_demand)
{
    uint16_t also[NET_FILTER_PORTS] = {5000, [NET_FILTER_PORTS - 1] = 6000};
    static const uint16_t in[] = {5000, 6000, 0x4560, 0x456f}, out[] = {5001, 5999, 0x4570};
    for (int family = SONDE_IPV4; family <= SONDE_IPV6; family += 2) {
        struct net_filter filter;
        struct packet packet;

        net_filter_answers_also(&filter, (enum sonde_family)family, SONDE_NET_UDP, OURS, also,
                                NET_FILTER_PORTS);
        for (size_t i = 0; i < 7; i++) {
            packet = (struct packet){0};
            if (family == SONDE_IPV4)
                ipv4(&packet, 0, 6, 0);
            ports(&packet, 0x4561, i < 4 ? in[i] : out[i - 4], 0);
            cr_assert_eq(lets_in(&filter, packet.bytes, packet.length), i < 4, "%zu", i);
        }
    }
}

Test(net_filter_answers, of_tcp_what_may_answer_a_syn)
{
    for (unsigned flags = 0; flags < 256; flags++) {
        bool good = flags & 0x14; /* ACK or RST */

        cr_assert_eq(answer_gets_in(SONDE_IPV4, SONDE_NET_TCP, 0, 0x4560, (uint8_t)flags), good);
        cr_assert_eq(answer_gets_in(SONDE_IPV6, SONDE_NET_TCP, 0, 0x4560, (uint8_t)flags), good);
        cr_assert(answer_gets_in(SONDE_IPV6, SONDE_NET_UDP, 0, 0x4560, (uint8_t)flags));
    }
}
