#include "report/words.h"

#include <errno.h>
#include <string.h>

#include <criterion/criterion.h>

#include "packet/icmp_types.h"

static const char *words(enum sonde_family family, int type, int code)
{
    static char text[REPORT_ICMP_WORDS];
    return report_icmp_words(family, (uint8_t)type, (uint8_t)code, 1400, 20, text);
}

Test(report_words, icmpv4_as_ping_says_it)
{
    static const struct {
        int type, code;
        const char *text;
    } table[] = {
        {0, 0, "Echo Reply"},
        {3, 0, "Destination Net Unreachable"},
        {3, 1, "Destination Host Unreachable"},
        {3, 2, "Destination Protocol Unreachable"},
        {3, 3, "Destination Port Unreachable"},
        {3, 4, "Frag needed and DF set (mtu = 1400)"},
        {3, 5, "Source Route Failed"},
        {3, 6, "Destination Net Unknown"},
        {3, 7, "Destination Host Unknown"},
        {3, 8, "Source Host Isolated"},
        {3, 9, "Destination Net Prohibited"},
        {3, 10, "Destination Host Prohibited"},
        {3, 11, "Destination Net Unreachable for Type of Service"},
        {3, 12, "Destination Host Unreachable for Type of Service"},
        {3, 13, "Packet filtered"},
        {3, 14, "Precedence Violation"},
        {3, 15, "Precedence Cutoff"},
        {3, 16, "Dest Unreachable, Bad Code: 16"},
        {3, 255, "Dest Unreachable, Bad Code: 255"},
        {4, 0, "Source Quench"},
        {5, 0, "Redirect Network"},
        {5, 1, "Redirect Host"},
        {5, 2, "Redirect Type of Service and Network"},
        {5, 3, "Redirect Type of Service and Host"},
        {5, 4, "Redirect, Bad Code: 4"},
        {8, 0, "Echo Request"},
        {11, 0, "Time to live exceeded"},
        {11, 1, "Frag reassembly time exceeded"},
        {11, 2, "Time exceeded, Bad Code: 2"},
        {12, 0, "Parameter problem: pointer = 20"},
        {12, 1, "Parameter problem: pointer = 20"},
        {13, 0, "Timestamp"},
        {14, 0, "Timestamp Reply"},
        {15, 0, "Information Request"},
        {16, 0, "Information Reply"},
        {17, 0, "Address Mask Request"},
        {18, 0, "Address Mask Reply"},
        {99, 0, "Bad ICMP type: 99"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        cr_assert_str_eq(words(SONDE_IPV4, table[i].type, table[i].code), table[i].text);
}

Test(report_words, icmpv6_as_ping_says_it)
{
    static const struct {
        int type, code;
        const char *text;
    } table[] = {
        {1, 0, "Destination unreachable: No route"},
        {1, 1, "Destination unreachable: Administratively prohibited"},
        {1, 2, "Destination unreachable: Beyond scope of source address"},
        {1, 3, "Destination unreachable: Address unreachable"},
        {1, 4, "Destination unreachable: Port unreachable"},
        {1, 5, "Destination unreachable: Source address failed ingress/egress policy"},
        {1, 6, "Destination unreachable: Reject route to destination"},
        {1, 77, "Destination unreachable: Unknown code 77"},
        {2, 0, "Packet too big: mtu=1400"},
        {2, 3, "Packet too big: mtu=1400, code=3"},
        {3, 0, "Time exceeded: Hop limit"},
        {3, 1, "Time exceeded: Defragmentation failure"},
        {3, 9, "Time exceeded: code 9"},
        {4, 0, "Parameter problem: Wrong header field at 20"},
        {4, 1, "Parameter problem: Unknown header at 20"},
        {4, 2, "Parameter problem: Unknown option at 20"},
        {4, 77, "Parameter problem: code 77 at 20"},
        {128, 0, "Echo request"},
        {129, 0, "Echo reply"},
        {130, 0, "MLD Query"},
        {131, 0, "MLD Report"},
        {132, 0, "MLD Reduction"},
        {99, 0, "unknown icmp type: 99"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        cr_assert_str_eq(words(SONDE_IPV6, table[i].type, table[i].code), table[i].text);
}

/* Every type of the registries has words of its own: those of an unknown type never show. */
Test(report_words, every_registered_type_is_known)
{
    static const uint8_t v4[] = {0,  3,  4,  5,  6,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17,  18,
                                 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 253, 254};
    static const uint8_t v6_below[] = {1, 2, 3, 4, 100, 101, 127, 200, 201, 255};
    for (size_t i = 0; i < sizeof v4; i++)
        for (int code = 0; code < 256; code++)
            cr_assert_null(strstr(words(SONDE_IPV4, v4[i], code), "Bad ICMP type"), "%d", v4[i]);
    for (size_t i = 0; i < sizeof v6_below; i++)
        for (int code = 0; code < 256; code++)
            cr_assert_null(strstr(words(SONDE_IPV6, v6_below[i], code), "unknown icmp"));
    for (int type = PACKET_ICMPV6_ECHO; type <= PACKET_ICMPV6_EXTENDED_ECHO_REPLY; type++)
        for (int code = 0; code < 256; code++)
            cr_assert_null(strstr(words(SONDE_IPV6, type, code), "unknown icmp"), "%d", type);
}

/* The codes that newer RFCs added have words, and no two codes of a type the same. */
Test(report_words, codes_are_told_apart)
{
    static const struct {
        enum sonde_family family;
        int type, codes;
    } table[] = {
        {SONDE_IPV4, 3, 17},  {SONDE_IPV4, 5, 5},   {SONDE_IPV4, 11, 3}, {SONDE_IPV4, 40, 7},
        {SONDE_IPV4, 43, 6},  {SONDE_IPV6, 1, 11},  {SONDE_IPV6, 3, 3},  {SONDE_IPV6, 4, 12},
        {SONDE_IPV6, 140, 4}, {SONDE_IPV6, 161, 6},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        for (int a = 1; a < table[i].codes; a++) {
            char before[REPORT_ICMP_WORDS];
            strcpy(before, words(table[i].family, table[i].type, a - 1));
            cr_assert_str_neq(words(table[i].family, table[i].type, a), before, "type %d code %d",
                              table[i].type, a);
        }
}

/* The longest text with the longest numbers has room. */
Test(report_words, nothing_is_cut)
{
    char text[REPORT_ICMP_WORDS];
    for (int family = 4; family <= 6; family += 2)
        for (int type = 0; type < 256; type++)
            for (int code = 0; code < 256; code++) {
                report_icmp_words((enum sonde_family)family, (uint8_t)type, (uint8_t)code,
                                  UINT32_MAX, UINT32_MAX, text);
                cr_assert_lt(strlen(text), REPORT_ICMP_WORDS - 1, "%s", text);
            }
}

Test(report_words, advice)
{
    cr_assert_not_null(report_errno_advice(EPERM));
    cr_assert_not_null(report_errno_advice(ENOSPC));
    cr_assert_null(report_errno_advice(0));
    cr_assert_null(report_errno_advice(ENOTTY));
}

Test(report_words, words_for_programs)
{
    for (int kind = 0; kind < SONDE_OUTCOME_KINDS; kind++)
        cr_assert_not_null(report_outcome_word((enum sonde_outcome_kind)kind));
    cr_assert_str_eq(report_outcome_word(SONDE_TIME_EXCEEDED), "time_exceeded");
    cr_assert_str_eq(report_outcome_word((enum sonde_outcome_kind)99), "unknown");
    cr_assert_str_eq(report_stamp_word(SONDE_STAMP_NONE), "none");
    cr_assert_str_eq(report_stamp_word(SONDE_STAMP_USER), "user");
    cr_assert_str_eq(report_stamp_word(SONDE_STAMP_KERNEL), "kernel");
    cr_assert_str_eq(report_stamp_word(SONDE_STAMP_HARDWARE), "hardware");
    cr_assert_str_eq(report_stamp_word(SONDE_STAMP_VIRTUAL), "virtual");
    cr_assert_str_eq(report_probe_word(SONDE_PROBE_ECHO), "echo");
    cr_assert_str_eq(report_probe_word(SONDE_PROBE_TIMESTAMP), "timestamp");
    cr_assert_str_eq(report_probe_word(SONDE_PROBE_EXTENDED_ECHO), "extended_echo");
    cr_assert_str_eq(report_probe_word(SONDE_PROBE_NODE_INFO), "node_info");
    cr_assert_str_eq(report_neighbour_word(2), "reachable");
    cr_assert_str_eq(report_neighbour_word(7), "unknown");
}

Test(report_words, what_a_reply_was)
{
    cr_expect_str_eq(report_said_word(SONDE_SAID_SYN_ACK), "syn_ack");
    cr_expect_str_eq(report_said_word(SONDE_SAID_ABORT), "abort");
    cr_expect_str_eq(report_said_word((enum sonde_said)99), "unknown");
    cr_expect_str_eq(report_said_words(SONDE_SAID_RST), "rst (port closed)");
    cr_expect_str_eq(report_said_words(SONDE_SAID_NOTHING), "nothing");
    cr_expect_str_eq(report_protocol_name(SONDE_PROBE_SCTP), "SCTP");
    cr_expect_null(report_protocol_name(SONDE_PROBE_TIMESTAMP));
}
