#include "lab/player_noise.h"
#include "lab_records.h"

/* An ICMPv6 message of eight bytes and more. */
static bool noise6(uint8_t type, const char *to, uint8_t hop_limit)
{
    struct lab_test_packet packet;

    make_echo(&packet, PACKET_ICMPV6_ECHO, "fe80::1", to);
    packet.bytes[7] = hop_limit;
    packet.bytes[40] = type;
    return lab_noise(whole(&packet));
}

Test(player_noise, knows_what_kernels_say)
{
    struct lab_test_packet packet;

    cr_assert(noise6(133, "ff02::2", 255), "router solicitation");
    cr_assert(noise6(135, "fe80::2", 255), "neighbour solicitation");
    cr_assert(noise6(143, "ff02::16", 1), "MLDv2 report");
    make_echo(&packet, PACKET_ICMPV4_ECHO, "198.18.0.1", "224.0.0.22");
    packet.bytes[9] = 2;
    cr_assert(lab_noise(whole(&packet)), "IGMP");
}

Test(player_noise, lets_probes_pass)
{
    struct lab_test_packet packet;

    cr_assert_not(noise6(128, "ff02::1", 255), "echo request to a group");
    cr_assert_not(noise6(128, "2001:db8::9", 255));
    cr_assert_not(noise6(135, "2001:db8::9", 64), "from beyond the link: no neighbour");
    cr_assert_not(noise6(143, "2001:db8::9", 64));
    make_echo(&packet, PACKET_ICMPV4_ECHO, "198.18.0.1", "198.18.0.9");
    cr_assert_not(lab_noise(whole(&packet)));
    packet.bytes[9] = 2;
    cr_assert_not(lab_noise(whole(&packet)), "IGMP's number to a host: traceroute -P 2");
}

Test(player_noise, survives_any_length)
{
    struct lab_test_packet packet;

    make_echo(&packet, PACKET_ICMPV6_ECHO, "fe80::1", "ff02::2");
    packet.bytes[6] = PACKET_HOP_BY_HOP;
    for (packet.length = 0; packet.length < 80; packet.length++)
        cr_assert_not(lab_noise(whole(&packet)));
}
