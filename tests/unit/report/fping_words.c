#include "report/fping_text.h"

#include <criterion/criterion.h>

static const char *words(enum sonde_family family, int type, int code)
{
    static char text[REPORT_FPING_WORDS];
    return report_fping_words(family, (uint8_t)type, (uint8_t)code, text);
}

Test(report_fping_words, ipv4)
{
    cr_assert_str_eq(words(SONDE_IPV4, 3, 0), "ICMP Network Unreachable");
    cr_assert_str_eq(words(SONDE_IPV4, 3, 4), "ICMP Unreachable (Fragmentation Needed)");
    cr_assert_str_eq(words(SONDE_IPV4, 3, 15), "ICMP Unreachable (Precedence cutoff in effect)");
    cr_assert_str_eq(words(SONDE_IPV4, 3, 16), "ICMP Unreachable (Invalid Code)");
    cr_assert_str_eq(words(SONDE_IPV4, 4, 0), "ICMP Source Quench");
    cr_assert_str_eq(words(SONDE_IPV4, 5, 1), "ICMP Redirect");
    cr_assert_str_eq(words(SONDE_IPV4, 11, 1), "ICMP Time Exceeded");
    cr_assert_str_eq(words(SONDE_IPV4, 12, 0), "ICMP Parameter Problem");
    cr_assert_str_eq(words(SONDE_IPV4, 99, 0), "ICMP 99");
}

Test(report_fping_words, ipv6)
{
    cr_assert_str_eq(words(SONDE_IPV6, 1, 3),
                     "ICMPv6 Destination Unreachable (Address unreachable)");
    cr_assert_str_eq(words(SONDE_IPV6, 1, 10), "ICMPv6 Destination Unreachable (Code 10)");
    cr_assert_str_eq(words(SONDE_IPV6, 2, 0), "ICMPv6 Packet Too Big");
    cr_assert_str_eq(words(SONDE_IPV6, 3, 0),
                     "ICMPv6 Time Exceeded (Hop limit exceeded in transit)");
    cr_assert_str_eq(words(SONDE_IPV6, 4, 10), "ICMPv6 Parameter Problem (Option too big)");
    cr_assert_str_eq(words(SONDE_IPV6, 4, 11), "ICMPv6 Parameter Problem (Code 11)");
    cr_assert_str_eq(words(SONDE_IPV6, 77, 5), "ICMPv6 Type 77 Code 5");
}
