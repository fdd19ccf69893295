#include "words.h"

#include <errno.h>
#include <stdio.h>

#include "packet/icmp_types.h"

enum { ANY_CODE = -1 };

/* What follows the text. */
enum tail {
    TAIL_NONE,
    TAIL_CODE,        /* the code, decimal */
    TAIL_MTU_IN_TEXT, /* "mtu = N)" */
    TAIL_MTU,         /* the MTU, and the code where it is not 0 */
    TAIL_POINTER,     /* the pointer */
    TAIL_AT_POINTER,  /* "at N" */
    TAIL_CODE_AT,     /* the code, then "at N" */
};

struct message_words {
    uint8_t type;
    int16_t code; /* ANY_CODE: all that are not listed before */
    uint8_t tail;
    const char *text;
};

static const struct message_words icmpv4_words[] = {
    {PACKET_ICMPV4_ECHO_REPLY, ANY_CODE, TAIL_NONE, "Echo Reply"},
    {PACKET_ICMPV4_UNREACHABLE, 0, TAIL_NONE, "Destination Net Unreachable"},
    {PACKET_ICMPV4_UNREACHABLE, 1, TAIL_NONE, "Destination Host Unreachable"},
    {PACKET_ICMPV4_UNREACHABLE, 2, TAIL_NONE, "Destination Protocol Unreachable"},
    {PACKET_ICMPV4_UNREACHABLE, 3, TAIL_NONE, "Destination Port Unreachable"},
    {PACKET_ICMPV4_UNREACHABLE, 4, TAIL_MTU_IN_TEXT, "Frag needed and DF set (mtu = "},
    {PACKET_ICMPV4_UNREACHABLE, 5, TAIL_NONE, "Source Route Failed"},
    {PACKET_ICMPV4_UNREACHABLE, 6, TAIL_NONE, "Destination Net Unknown"},
    {PACKET_ICMPV4_UNREACHABLE, 7, TAIL_NONE, "Destination Host Unknown"},
    {PACKET_ICMPV4_UNREACHABLE, 8, TAIL_NONE, "Source Host Isolated"},
    {PACKET_ICMPV4_UNREACHABLE, 9, TAIL_NONE, "Destination Net Prohibited"},
    {PACKET_ICMPV4_UNREACHABLE, 10, TAIL_NONE, "Destination Host Prohibited"},
    {PACKET_ICMPV4_UNREACHABLE, 11, TAIL_NONE, "Destination Net Unreachable for Type of Service"},
    {PACKET_ICMPV4_UNREACHABLE, 12, TAIL_NONE, "Destination Host Unreachable for Type of Service"},
    {PACKET_ICMPV4_UNREACHABLE, 13, TAIL_NONE, "Packet filtered"},
    {PACKET_ICMPV4_UNREACHABLE, 14, TAIL_NONE, "Precedence Violation"},
    {PACKET_ICMPV4_UNREACHABLE, 15, TAIL_NONE, "Precedence Cutoff"},
    {PACKET_ICMPV4_UNREACHABLE, ANY_CODE, TAIL_CODE, "Dest Unreachable, Bad Code: "},
    {PACKET_ICMPV4_SOURCE_QUENCH, ANY_CODE, TAIL_NONE, "Source Quench"},
    {PACKET_ICMPV4_REDIRECT, 0, TAIL_NONE, "Redirect Network"},
    {PACKET_ICMPV4_REDIRECT, 1, TAIL_NONE, "Redirect Host"},
    {PACKET_ICMPV4_REDIRECT, 2, TAIL_NONE, "Redirect Type of Service and Network"},
    {PACKET_ICMPV4_REDIRECT, 3, TAIL_NONE, "Redirect Type of Service and Host"},
    {PACKET_ICMPV4_REDIRECT, ANY_CODE, TAIL_CODE, "Redirect, Bad Code: "},
    {PACKET_ICMPV4_ALTERNATE_HOST, ANY_CODE, TAIL_NONE, "Alternate Host Address"},
    {PACKET_ICMPV4_ECHO, ANY_CODE, TAIL_NONE, "Echo Request"},
    {PACKET_ICMPV4_ROUTER_ADVERTISEMENT, 16, TAIL_NONE,
     "Router Advertisement (does not route common traffic)"},
    {PACKET_ICMPV4_ROUTER_ADVERTISEMENT, ANY_CODE, TAIL_NONE, "Router Advertisement"},
    {PACKET_ICMPV4_ROUTER_SOLICITATION, ANY_CODE, TAIL_NONE, "Router Solicitation"},
    {PACKET_ICMPV4_TIME_EXCEEDED, 0, TAIL_NONE, "Time to live exceeded"},
    {PACKET_ICMPV4_TIME_EXCEEDED, 1, TAIL_NONE, "Frag reassembly time exceeded"},
    {PACKET_ICMPV4_TIME_EXCEEDED, ANY_CODE, TAIL_CODE, "Time exceeded, Bad Code: "},
    {PACKET_ICMPV4_PARAMETER_PROBLEM, ANY_CODE, TAIL_POINTER, "Parameter problem: pointer = "},
    {PACKET_ICMPV4_TIMESTAMP, ANY_CODE, TAIL_NONE, "Timestamp"},
    {PACKET_ICMPV4_TIMESTAMP_REPLY, ANY_CODE, TAIL_NONE, "Timestamp Reply"},
    {PACKET_ICMPV4_INFORMATION, ANY_CODE, TAIL_NONE, "Information Request"},
    {PACKET_ICMPV4_INFORMATION_REPLY, ANY_CODE, TAIL_NONE, "Information Reply"},
    {PACKET_ICMPV4_ADDRESS_MASK, ANY_CODE, TAIL_NONE, "Address Mask Request"},
    {PACKET_ICMPV4_ADDRESS_MASK_REPLY, ANY_CODE, TAIL_NONE, "Address Mask Reply"},
    {PACKET_ICMPV4_TRACEROUTE, 0, TAIL_NONE, "Traceroute: packet forwarded"},
    {PACKET_ICMPV4_TRACEROUTE, 1, TAIL_NONE, "Traceroute: no route, packet discarded"},
    {PACKET_ICMPV4_TRACEROUTE, ANY_CODE, TAIL_CODE, "Traceroute, Bad Code: "},
    {PACKET_ICMPV4_CONVERSION_ERROR, ANY_CODE, TAIL_CODE, "Datagram Conversion Error, Code: "},
    {PACKET_ICMPV4_MOBILE_HOST_REDIRECT, ANY_CODE, TAIL_NONE, "Mobile Host Redirect"},
    {PACKET_ICMPV4_WHERE_ARE_YOU, ANY_CODE, TAIL_NONE, "IPv6 Where-Are-You"},
    {PACKET_ICMPV4_I_AM_HERE, ANY_CODE, TAIL_NONE, "IPv6 I-Am-Here"},
    {PACKET_ICMPV4_MOBILE_REGISTRATION, ANY_CODE, TAIL_NONE, "Mobile Registration Request"},
    {PACKET_ICMPV4_MOBILE_REGISTRATION_REPLY, ANY_CODE, TAIL_NONE, "Mobile Registration Reply"},
    {PACKET_ICMPV4_DOMAIN_NAME, ANY_CODE, TAIL_NONE, "Domain Name Request"},
    {PACKET_ICMPV4_DOMAIN_NAME_REPLY, ANY_CODE, TAIL_NONE, "Domain Name Reply"},
    {PACKET_ICMPV4_SKIP, ANY_CODE, TAIL_NONE, "SKIP Algorithm Discovery"},
    {PACKET_ICMPV4_PHOTURIS, 0, TAIL_NONE, "Photuris: Bad SPI"},
    {PACKET_ICMPV4_PHOTURIS, 1, TAIL_NONE, "Photuris: Authentication Failed"},
    {PACKET_ICMPV4_PHOTURIS, 2, TAIL_NONE, "Photuris: Decompression Failed"},
    {PACKET_ICMPV4_PHOTURIS, 3, TAIL_NONE, "Photuris: Decryption Failed"},
    {PACKET_ICMPV4_PHOTURIS, 4, TAIL_NONE, "Photuris: Need Authentication"},
    {PACKET_ICMPV4_PHOTURIS, 5, TAIL_NONE, "Photuris: Need Authorization"},
    {PACKET_ICMPV4_PHOTURIS, ANY_CODE, TAIL_CODE, "Photuris, Bad Code: "},
    {PACKET_ICMPV4_MOBILITY, ANY_CODE, TAIL_NONE, "Experimental Mobility"},
    {PACKET_ICMPV4_EXTENDED_ECHO, ANY_CODE, TAIL_NONE, "Extended Echo Request"},
    {PACKET_ICMPV4_EXTENDED_ECHO_REPLY, 0, TAIL_NONE, "Extended Echo Reply"},
    {PACKET_ICMPV4_EXTENDED_ECHO_REPLY, 1, TAIL_NONE, "Extended Echo Reply: Malformed Query"},
    {PACKET_ICMPV4_EXTENDED_ECHO_REPLY, 2, TAIL_NONE, "Extended Echo Reply: No Such Interface"},
    {PACKET_ICMPV4_EXTENDED_ECHO_REPLY, 3, TAIL_NONE, "Extended Echo Reply: No Such Table Entry"},
    {PACKET_ICMPV4_EXTENDED_ECHO_REPLY, 4, TAIL_NONE,
     "Extended Echo Reply: Multiple Interfaces Satisfy Query"},
    {PACKET_ICMPV4_EXTENDED_ECHO_REPLY, ANY_CODE, TAIL_CODE, "Extended Echo Reply, Bad Code: "},
    {PACKET_ICMPV4_EXPERIMENT_1, ANY_CODE, TAIL_NONE, "RFC 3692 Experiment 1"},
    {PACKET_ICMPV4_EXPERIMENT_2, ANY_CODE, TAIL_NONE, "RFC 3692 Experiment 2"},
};

static const struct message_words icmpv6_words[] = {
    {PACKET_ICMPV6_UNREACHABLE, 0, TAIL_NONE, "Destination unreachable: No route"},
    {PACKET_ICMPV6_UNREACHABLE, 1, TAIL_NONE,
     "Destination unreachable: Administratively prohibited"},
    {PACKET_ICMPV6_UNREACHABLE, 2, TAIL_NONE,
     "Destination unreachable: Beyond scope of source address"},
    {PACKET_ICMPV6_UNREACHABLE, 3, TAIL_NONE, "Destination unreachable: Address unreachable"},
    {PACKET_ICMPV6_UNREACHABLE, 4, TAIL_NONE, "Destination unreachable: Port unreachable"},
    {PACKET_ICMPV6_UNREACHABLE, 5, TAIL_NONE,
     "Destination unreachable: Source address failed ingress/egress policy"},
    {PACKET_ICMPV6_UNREACHABLE, 6, TAIL_NONE,
     "Destination unreachable: Reject route to destination"},
    {PACKET_ICMPV6_UNREACHABLE, 7, TAIL_NONE,
     "Destination unreachable: Error in source routing header"},
    {PACKET_ICMPV6_UNREACHABLE, 8, TAIL_NONE, "Destination unreachable: Headers too long"},
    {PACKET_ICMPV6_UNREACHABLE, 9, TAIL_NONE, "Destination unreachable: Error in P-Route"},
    {PACKET_ICMPV6_UNREACHABLE, ANY_CODE, TAIL_CODE, "Destination unreachable: Unknown code "},
    {PACKET_ICMPV6_TOO_BIG, ANY_CODE, TAIL_MTU, "Packet too big: mtu="},
    {PACKET_ICMPV6_TIME_EXCEEDED, 0, TAIL_NONE, "Time exceeded: Hop limit"},
    {PACKET_ICMPV6_TIME_EXCEEDED, 1, TAIL_NONE, "Time exceeded: Defragmentation failure"},
    {PACKET_ICMPV6_TIME_EXCEEDED, ANY_CODE, TAIL_CODE, "Time exceeded: code "},
    {PACKET_ICMPV6_PARAMETER_PROBLEM, 0, TAIL_AT_POINTER, "Parameter problem: Wrong header field "},
    {PACKET_ICMPV6_PARAMETER_PROBLEM, 1, TAIL_AT_POINTER, "Parameter problem: Unknown header "},
    {PACKET_ICMPV6_PARAMETER_PROBLEM, 2, TAIL_AT_POINTER, "Parameter problem: Unknown option "},
    {PACKET_ICMPV6_PARAMETER_PROBLEM, 3, TAIL_AT_POINTER,
     "Parameter problem: First fragment has incomplete header chain "},
    {PACKET_ICMPV6_PARAMETER_PROBLEM, 4, TAIL_AT_POINTER,
     "Parameter problem: SR upper-layer header "},
    {PACKET_ICMPV6_PARAMETER_PROBLEM, 5, TAIL_AT_POINTER,
     "Parameter problem: Next header unknown at intermediate node "},
    {PACKET_ICMPV6_PARAMETER_PROBLEM, 6, TAIL_AT_POINTER,
     "Parameter problem: Extension header too big "},
    {PACKET_ICMPV6_PARAMETER_PROBLEM, 7, TAIL_AT_POINTER,
     "Parameter problem: Extension header chain too long "},
    {PACKET_ICMPV6_PARAMETER_PROBLEM, 8, TAIL_AT_POINTER,
     "Parameter problem: Too many extension headers "},
    {PACKET_ICMPV6_PARAMETER_PROBLEM, 9, TAIL_AT_POINTER,
     "Parameter problem: Too many options in extension header "},
    {PACKET_ICMPV6_PARAMETER_PROBLEM, 10, TAIL_AT_POINTER, "Parameter problem: Option too big "},
    {PACKET_ICMPV6_PARAMETER_PROBLEM, ANY_CODE, TAIL_CODE_AT, "Parameter problem: code "},
    {PACKET_ICMPV6_PRIVATE_ERROR_1, ANY_CODE, TAIL_NONE, "Private experimentation error 100"},
    {PACKET_ICMPV6_PRIVATE_ERROR_2, ANY_CODE, TAIL_NONE, "Private experimentation error 101"},
    {PACKET_ICMPV6_RESERVED_ERROR, ANY_CODE, TAIL_NONE, "Reserved error 127"},
    {PACKET_ICMPV6_ECHO, ANY_CODE, TAIL_NONE, "Echo request"},
    {PACKET_ICMPV6_ECHO_REPLY, ANY_CODE, TAIL_NONE, "Echo reply"},
    {PACKET_ICMPV6_MLD_QUERY, ANY_CODE, TAIL_NONE, "MLD Query"},
    {PACKET_ICMPV6_MLD_REPORT, ANY_CODE, TAIL_NONE, "MLD Report"},
    {PACKET_ICMPV6_MLD_DONE, ANY_CODE, TAIL_NONE, "MLD Reduction"},
    {PACKET_ICMPV6_ROUTER_SOLICITATION, ANY_CODE, TAIL_NONE, "Router solicitation"},
    {PACKET_ICMPV6_ROUTER_ADVERTISEMENT, ANY_CODE, TAIL_NONE, "Router advertisement"},
    {PACKET_ICMPV6_NEIGHBOUR_SOLICITATION, ANY_CODE, TAIL_NONE, "Neighbour solicitation"},
    {PACKET_ICMPV6_NEIGHBOUR_ADVERTISEMENT, ANY_CODE, TAIL_NONE, "Neighbour advertisement"},
    {PACKET_ICMPV6_REDIRECT, ANY_CODE, TAIL_NONE, "Redirect"},
    {PACKET_ICMPV6_ROUTER_RENUMBERING, 0, TAIL_NONE, "Router renumbering command"},
    {PACKET_ICMPV6_ROUTER_RENUMBERING, 1, TAIL_NONE, "Router renumbering result"},
    {PACKET_ICMPV6_ROUTER_RENUMBERING, 255, TAIL_NONE, "Router renumbering sequence number reset"},
    {PACKET_ICMPV6_ROUTER_RENUMBERING, ANY_CODE, TAIL_CODE, "Router renumbering: code "},
    {PACKET_ICMPV6_NODE_INFO, ANY_CODE, TAIL_NONE, "Node information query"},
    {PACKET_ICMPV6_NODE_INFO_REPLY, 0, TAIL_NONE, "Node information reply"},
    {PACKET_ICMPV6_NODE_INFO_REPLY, 1, TAIL_NONE, "Node information reply: refused"},
    {PACKET_ICMPV6_NODE_INFO_REPLY, 2, TAIL_NONE, "Node information reply: unknown qtype"},
    {PACKET_ICMPV6_NODE_INFO_REPLY, ANY_CODE, TAIL_CODE, "Node information reply: code "},
    {PACKET_ICMPV6_INVERSE_SOLICITATION, ANY_CODE, TAIL_NONE, "Inverse neighbour solicitation"},
    {PACKET_ICMPV6_INVERSE_ADVERTISEMENT, ANY_CODE, TAIL_NONE, "Inverse neighbour advertisement"},
    {PACKET_ICMPV6_MLD2_REPORT, ANY_CODE, TAIL_NONE, "MLD version 2 Report"},
    {PACKET_ICMPV6_HOME_AGENT, ANY_CODE, TAIL_NONE, "Home agent discovery request"},
    {PACKET_ICMPV6_HOME_AGENT_REPLY, ANY_CODE, TAIL_NONE, "Home agent discovery reply"},
    {PACKET_ICMPV6_MOBILE_PREFIX, ANY_CODE, TAIL_NONE, "Mobile prefix solicitation"},
    {PACKET_ICMPV6_MOBILE_PREFIX_ADVERTISEMENT, ANY_CODE, TAIL_NONE, "Mobile prefix advertisement"},
    {PACKET_ICMPV6_CERTIFICATION_PATH, ANY_CODE, TAIL_NONE, "Certification path solicitation"},
    {PACKET_ICMPV6_CERTIFICATION_PATH_ADVERTISEMENT, ANY_CODE, TAIL_NONE,
     "Certification path advertisement"},
    {PACKET_ICMPV6_MOBILITY, ANY_CODE, TAIL_NONE, "Experimental mobility"},
    {PACKET_ICMPV6_MULTICAST_ROUTER_ADVERTISEMENT, ANY_CODE, TAIL_NONE,
     "Multicast router advertisement"},
    {PACKET_ICMPV6_MULTICAST_ROUTER_SOLICITATION, ANY_CODE, TAIL_NONE,
     "Multicast router solicitation"},
    {PACKET_ICMPV6_MULTICAST_ROUTER_TERMINATION, ANY_CODE, TAIL_NONE,
     "Multicast router termination"},
    {PACKET_ICMPV6_FAST_HANDOVER, ANY_CODE, TAIL_NONE, "Fast handover"},
    {PACKET_ICMPV6_RPL, ANY_CODE, TAIL_NONE, "RPL control"},
    {PACKET_ICMPV6_LOCATOR_UPDATE, ANY_CODE, TAIL_NONE, "ILNP locator update"},
    {PACKET_ICMPV6_DUPLICATE_ADDRESS, ANY_CODE, TAIL_NONE, "Duplicate address request"},
    {PACKET_ICMPV6_DUPLICATE_ADDRESS_CONFIRMATION, ANY_CODE, TAIL_NONE,
     "Duplicate address confirmation"},
    {PACKET_ICMPV6_MPL, ANY_CODE, TAIL_NONE, "MPL control"},
    {PACKET_ICMPV6_EXTENDED_ECHO, ANY_CODE, TAIL_NONE, "Extended echo request"},
    {PACKET_ICMPV6_EXTENDED_ECHO_REPLY, 0, TAIL_NONE, "Extended echo reply"},
    {PACKET_ICMPV6_EXTENDED_ECHO_REPLY, 1, TAIL_NONE, "Extended echo reply: Malformed query"},
    {PACKET_ICMPV6_EXTENDED_ECHO_REPLY, 2, TAIL_NONE, "Extended echo reply: No such interface"},
    {PACKET_ICMPV6_EXTENDED_ECHO_REPLY, 3, TAIL_NONE, "Extended echo reply: No such table entry"},
    {PACKET_ICMPV6_EXTENDED_ECHO_REPLY, 4, TAIL_NONE,
     "Extended echo reply: Multiple interfaces satisfy query"},
    {PACKET_ICMPV6_EXTENDED_ECHO_REPLY, ANY_CODE, TAIL_CODE, "Extended echo reply: code "},
    {PACKET_ICMPV6_PRIVATE_1, ANY_CODE, TAIL_NONE, "Private experimentation 200"},
    {PACKET_ICMPV6_PRIVATE_2, ANY_CODE, TAIL_NONE, "Private experimentation 201"},
    {PACKET_ICMPV6_RESERVED, ANY_CODE, TAIL_NONE, "Reserved 255"},
};

static const struct message_words *find_words(enum sonde_family family, uint8_t type, uint8_t code)
{
    const struct message_words *table = icmpv4_words;
    size_t count = sizeof icmpv4_words / sizeof icmpv4_words[0];
    if (family == SONDE_IPV6) {
        table = icmpv6_words;
        count = sizeof icmpv6_words / sizeof icmpv6_words[0];
    }
    for (size_t i = 0; i < count; i++)
        if (table[i].type == type && (table[i].code == code || table[i].code == ANY_CODE))
            return &table[i];
    return NULL;
}

const char *report_icmp_words(enum sonde_family family, uint8_t type, uint8_t code, uint32_t mtu,
                              uint32_t pointer, char text[static REPORT_ICMP_WORDS])
{
    const struct message_words *words = find_words(family, type, code);
    if (!words) {
        snprintf(text, REPORT_ICMP_WORDS, "%s %u",
                 family == SONDE_IPV6 ? "unknown icmp type:" : "Bad ICMP type:", type);
        return text;
    }
    int length = snprintf(text, REPORT_ICMP_WORDS, "%s", words->text);
    char *tail = text + length;
    size_t room = REPORT_ICMP_WORDS - (size_t)length;
    switch ((enum tail)words->tail) {
    case TAIL_NONE:
        break;
    case TAIL_CODE:
        snprintf(tail, room, "%u", code);
        break;
    case TAIL_MTU_IN_TEXT:
        snprintf(tail, room, "%u)", mtu);
        break;
    case TAIL_MTU:
        if (code == 0)
            snprintf(tail, room, "%u", mtu);
        else
            snprintf(tail, room, "%u, code=%u", mtu, code);
        break;
    case TAIL_POINTER:
        snprintf(tail, room, "%u", pointer);
        break;
    case TAIL_AT_POINTER:
        snprintf(tail, room, "at %u", pointer);
        break;
    case TAIL_CODE_AT:
        snprintf(tail, room, "%u at %u", code, pointer);
        break;
    }
    return text;
}

const char *report_errno_advice(int error)
{
    static const struct {
        int error;
        const char *advice;
    } table[] = {
        {EPERM, "a firewall rule on this host refuses it: look at the output chain"},
        {EACCES, "a prohibiting route, or a broadcast address without -b"},
        {ENETUNREACH, "this host has no route to it: see `ip route get`"},
        {EHOSTUNREACH, "this host's routes lead nowhere, or the neighbour does not answer"},
        {ENETDOWN, "the interface is down: see `ip link`"},
        {ENODEV, "the interface is gone: see `ip link`"},
        {ENXIO, "the interface is gone: see `ip link`"},
        {EADDRNOTAVAIL, "the source address is not on this host: see `ip address`"},
        {EMSGSIZE, "longer than the path allows: a smaller -s, or -M dont to let it be fragmented"},
        {ENOBUFS, "the interface's queue is full: probe more slowly"},
        {ENOMEM,
         "memory is short, the kernel's or ours: probe fewer or more slowly, or see `ulimit -v`"},
        {EAGAIN, "the socket's send buffer is full: probe more slowly, or a larger -S"},
        {EINVAL, "the kernel refuses it as it is: look at addresses, device and options"},
        {ENOSPC, "the disk is full: make room, or write elsewhere"},
        {EDQUOT, "the disk quota is used up: make room, or write elsewhere"},
        {EFBIG, "the file has reached its size limit: see `ulimit -f`"},
        {EBADF, "standard output is closed: redirect it to a file or to /dev/null"},
        {EPIPE, "the program that was reading has ended"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].error == error)
            return table[i].advice;
    return NULL;
}

const char *report_outcome_word(enum sonde_outcome_kind kind)
{
    static const char *const words[SONDE_OUTCOME_KINDS] = {
        [SONDE_REPLY] = "reply",
        [SONDE_TIME_EXCEEDED] = "time_exceeded",
        [SONDE_UNREACHABLE] = "unreachable",
        [SONDE_TOO_BIG] = "too_big",
        [SONDE_PARAMETER_PROBLEM] = "parameter_problem",
        [SONDE_TIMED_OUT] = "timed_out",
        [SONDE_SEND_FAILED] = "send_failed",
        [SONDE_UNFINISHED] = "unfinished",
        [SONDE_LATE] = "late",
        [SONDE_DUPLICATE] = "duplicate",
        [SONDE_CORRUPT] = "corrupt",
        [SONDE_REDIRECT] = "redirect",
        [SONDE_SOURCE_QUENCH] = "source_quench",
        [SONDE_LATER_ERROR] = "later_error",
    };
    return (unsigned)kind < SONDE_OUTCOME_KINDS ? words[kind] : "unknown";
}

const char *report_stamp_word(enum sonde_stamp_source source)
{
    switch (source) {
    case SONDE_STAMP_USER:
        return "user";
    case SONDE_STAMP_KERNEL:
        return "kernel";
    case SONDE_STAMP_HARDWARE:
        return "hardware";
    case SONDE_STAMP_VIRTUAL:
        return "virtual";
    case SONDE_STAMP_NONE:
        break;
    }
    return "none";
}

const char *report_probe_word(enum sonde_probe_kind kind)
{
    switch (kind) {
    case SONDE_PROBE_ECHO:
        return "echo";
    case SONDE_PROBE_TIMESTAMP:
        return "timestamp";
    case SONDE_PROBE_EXTENDED_ECHO:
        return "extended_echo";
    case SONDE_PROBE_NODE_INFO:
        return "node_info";
    case SONDE_PROBE_UDP:
        return "udp";
    case SONDE_PROBE_TCP:
        return "tcp";
    case SONDE_PROBE_SCTP:
        return "sctp";
    }
    return "unknown";
}

const char *report_said_word(enum sonde_said said)
{
    static const char *const words[] = {
        [SONDE_SAID_NOTHING] = "nothing",
        [SONDE_SAID_ICMP_REPLY] = "icmp_reply",
        [SONDE_SAID_UDP] = "udp",
        [SONDE_SAID_PORT_CLOSED] = "port_closed",
        [SONDE_SAID_PROTOCOL_CLOSED] = "protocol_closed",
        [SONDE_SAID_SYN_ACK] = "syn_ack",
        [SONDE_SAID_RST] = "rst",
        [SONDE_SAID_INIT_ACK] = "init_ack",
        [SONDE_SAID_ABORT] = "abort",
    };
    return (unsigned)said < sizeof words / sizeof words[0] ? words[said] : "unknown";
}

const char *report_said_words(enum sonde_said said)
{
    switch (said) {
    case SONDE_SAID_ICMP_REPLY:
        return "icmp reply";
    case SONDE_SAID_UDP:
        return "udp reply";
    case SONDE_SAID_PORT_CLOSED:
        return "port closed";
    case SONDE_SAID_PROTOCOL_CLOSED:
        return "protocol not served";
    case SONDE_SAID_SYN_ACK:
        return "syn/ack";
    case SONDE_SAID_RST:
        return "rst (port closed)";
    case SONDE_SAID_INIT_ACK:
        return "init-ack";
    case SONDE_SAID_ABORT:
        return "abort (port closed)";
    case SONDE_SAID_NOTHING:
        break;
    }
    return "nothing";
}

const char *report_protocol_name(enum sonde_probe_kind kind)
{
    switch (kind) {
    case SONDE_PROBE_UDP:
        return "UDP";
    case SONDE_PROBE_TCP:
        return "TCP";
    case SONDE_PROBE_SCTP:
        return "SCTP";
    default:
        return NULL;
    }
}

const char *report_neighbour_word(uint8_t state)
{
    static const char *const words[] = {
        [PACKET_NEIGHBOUR_NONE] = "none",           [PACKET_NEIGHBOUR_INCOMPLETE] = "incomplete",
        [PACKET_NEIGHBOUR_REACHABLE] = "reachable", [PACKET_NEIGHBOUR_STALE] = "stale",
        [PACKET_NEIGHBOUR_DELAY] = "delay",         [PACKET_NEIGHBOUR_PROBE] = "probe",
        [PACKET_NEIGHBOUR_FAILED] = "failed",
    };
    return state < sizeof words / sizeof words[0] ? words[state] : "unknown";
}
