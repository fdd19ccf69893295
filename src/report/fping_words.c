/* fping's names of ICMP errors. IPv6 has words of its own since fping 5.5. */
#include <string.h>

#include "fping_text.h"
#include "packet/icmp_types.h"

static const char *const unreachable[] = {
    "ICMP Network Unreachable",
    "ICMP Host Unreachable",
    "ICMP Protocol Unreachable",
    "ICMP Port Unreachable",
    "ICMP Unreachable (Fragmentation Needed)",
    "ICMP Unreachable (Source Route Failed)",
    "ICMP Unreachable (Destination Network Unknown)",
    "ICMP Unreachable (Destination Host Unknown)",
    "ICMP Unreachable (Source Host Isolated)",
    "ICMP Unreachable (Communication with Network Prohibited)",
    "ICMP Unreachable (Communication with Host Prohibited)",
    "ICMP Unreachable (Network Unreachable For Type Of Service)",
    "ICMP Unreachable (Host Unreachable For Type Of Service)",
    "ICMP Unreachable (Communication Administratively Prohibited)",
    "ICMP Unreachable (Host Precedence Violation)",
    "ICMP Unreachable (Precedence cutoff in effect)",
};

static const char *const unreachable6[] = {
    "No route to destination",
    "Communication with destination administratively prohibited",
    "Beyond scope of source address",
    "Address unreachable",
    "Port unreachable",
    "Source address failed ingress/egress policy",
    "Reject route to destination",
    "Error in Source Routing Header",
    "Headers too long",
    "Error in P-Route",
};
static const char *const exceeded6[] = {
    "Hop limit exceeded in transit",
    "Fragment reassembly time exceeded",
};
static const char *const problem6[] = {
    "Erroneous header field encountered",
    "Unrecognized Next Header type encountered",
    "Unrecognized IPv6 option encountered",
    "IPv6 First Fragment has incomplete IPv6 Header Chain",
    "SR Upper-layer Header Error",
    "Unrecognized Next Header type encountered by intermediate node",
    "Extension header too big",
    "Extension header chain too long",
    "Too many extension headers",
    "Too many options in extension header",
    "Option too big",
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void words4(uint8_t type, uint8_t code, char text[static REPORT_FPING_WORDS])
{
    const char *words = NULL;
    switch (type) {
    case PACKET_ICMPV4_UNREACHABLE:
        words = code < COUNT(unreachable) ? unreachable[code] : "ICMP Unreachable (Invalid Code)";
        break;
    case PACKET_ICMPV4_SOURCE_QUENCH:
        words = "ICMP Source Quench";
        break;
    case PACKET_ICMPV4_REDIRECT:
        words = "ICMP Redirect";
        break;
    case PACKET_ICMPV4_TIME_EXCEEDED:
        words = "ICMP Time Exceeded";
        break;
    case PACKET_ICMPV4_PARAMETER_PROBLEM:
        words = "ICMP Parameter Problem";
        break;
    }
    if (words)
        snprintf(text, REPORT_FPING_WORDS, "%s", words);
    else
        snprintf(text, REPORT_FPING_WORDS, "ICMP %u", type);
}

static void words6(uint8_t type, uint8_t code, char text[static REPORT_FPING_WORDS])
{
    static const struct {
        uint8_t type;
        const char *name;
        const char *const *codes;
        size_t count;
    } types[] = {
        {PACKET_ICMPV6_UNREACHABLE, "ICMPv6 Destination Unreachable", unreachable6,
         COUNT(unreachable6)},
        {PACKET_ICMPV6_TIME_EXCEEDED, "ICMPv6 Time Exceeded", exceeded6, COUNT(exceeded6)},
        {PACKET_ICMPV6_PARAMETER_PROBLEM, "ICMPv6 Parameter Problem", problem6, COUNT(problem6)},
    };
    if (type == PACKET_ICMPV6_TOO_BIG) {
        snprintf(text, REPORT_FPING_WORDS, "ICMPv6 Packet Too Big");
        return;
    }
    for (size_t i = 0; i < COUNT(types); i++) {
        if (types[i].type != type)
            continue;
        if (code < types[i].count)
            snprintf(text, REPORT_FPING_WORDS, "%s (%s)", types[i].name, types[i].codes[code]);
        else
            snprintf(text, REPORT_FPING_WORDS, "%s (Code %u)", types[i].name, code);
        return;
    }
    snprintf(text, REPORT_FPING_WORDS, "ICMPv6 Type %u Code %u", type, code);
}

const char *report_fping_words(enum sonde_family family, uint8_t type, uint8_t code,
                               char text[static REPORT_FPING_WORDS])
{
    if (family == SONDE_IPV6)
        words6(type, code, text);
    else
        words4(type, code, text);
    return text;
}
