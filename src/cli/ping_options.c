#include "cli/ping_options.h"

#include <stdlib.h>
#include <string.h>

#include "cli/ping_arguments.h"
#include "packet/ipv4_options.h"
#include "sonde/net.h"
#include "sonde/probe.h"

#define AT(member)  .offset = offsetof(struct ping_settings, member)
#define TELLS(flag) .given = offsetof(struct ping_settings, flag)

/* The longest interval and deadline of the peer: INT_MAX milliseconds, INT_MAX seconds. */
#define LONGEST_INTERVAL (INT32_MAX * SONDE_NS_PER_MS)
#define LONGEST_DEADLINE (INT32_MAX * SONDE_NS_PER_S)
#define LONGEST_TIMEOUT  (UINT32_MAX * SONDE_NS_PER_US)

static const struct cli_peer_words number_words = {
    "invalid argument: '%s'",
    "invalid argument: '%s': out of range: %l <= value <= %h",
    "invalid argument: '%s': Numerical result out of range",
    "0123456789+-",
    1,
};
static const struct cli_peer_words deadline_words = {
    "invalid argument: '%s'",
    "invalid argument: '%s': out of range: 0 <= value <= 2147483647",
    "invalid argument: '%s': Numerical result out of range",
    "0123456789+-",
    1,
};

#define SAME_WORDS(text)                                                                           \
    &(const struct cli_peer_words)                                                                 \
    {                                                                                              \
        text, text, text, NULL, 2                                                                  \
    }

static const struct cli_peer_words flow_words = {
    "bad value for flowinfo: %s",
    "flow value is greater than 20 bits: %s",
    "flow value is greater than 20 bits: %s",
    NULL,
    2,
};

static const struct cli_choice kinds[] = {
    {"echo", SONDE_PROBE_ECHO},
    {"timestamp", SONDE_PROBE_TIMESTAMP},
    {"extended", SONDE_PROBE_EXTENDED_ECHO},
    {NULL, 0},
};
static const struct cli_choice pmtu_modes[] = {
    {"do", SONDE_NET_PMTU_DO},
    {"want", SONDE_NET_PMTU_WANT},
    {"dont", SONDE_NET_PMTU_DONT},
    {"probe", SONDE_NET_PMTU_PROBE},
    {NULL, 0},
};
static const struct cli_choice timestamp_forms[] = {
    {"tsonly", PACKET_TIMESTAMP_ONLY},
    {"tsandaddr", PACKET_TIMESTAMP_AND_ADDRESS},
    {"tsprespec", PACKET_TIMESTAMP_PRESPECIFIED},
    {NULL, 0},
};
static const struct cli_choice sockets[] = {
    {"raw", PING_SOCKET_RAW},
    {"dgram", PING_SOCKET_DGRAM},
    {NULL, 0},
};
static const struct cli_choice stamps[] = {
    {"hw", SONDE_NET_STAMPS_HARDWARE},
    {"kernel", SONDE_NET_STAMPS_KERNEL},
    {"user", SONDE_NET_STAMPS_USER},
    {NULL, 0},
};

static const struct cli_option table[] = {
    {'c', "count", CLI_INTEGER, "How many and when", "COUNT",
     "stop after COUNT probes to each host have been answered or given up", AT(count), .min = 1,
     .max = INT64_MAX, .peer = &number_words},
    {'i', "interval", CLI_DURATION, NULL, "TIME",
     "time from one probe to a host to the next; 0: flood (root only below 2 ms)", AT(interval),
     TELLS(interval_given), .max = LONGEST_INTERVAL, .fallback = SONDE_NS_PER_S,
     .peer = SAME_WORDS("bad timing interval: %s")},
    {'w', "deadline", CLI_DURATION, NULL, "TIME",
     "end after TIME; with --count, go on until so many answers have come; 0: no deadline",
     AT(deadline), .max = LONGEST_DEADLINE, .peer = &deadline_words},
    {'W', "timeout", CLI_DURATION, NULL, "TIME",
     "how long to wait for the answer to a probe; 0: for ever", AT(timeout), TELLS(timeout_given),
     .max = LONGEST_TIMEOUT, .fallback = 10 * SONDE_NS_PER_S,
     .peer = SAME_WORDS("bad linger time: %s")},
    {'f', "flood", CLI_FLAG, NULL, NULL,
     "the next probe at the answer to the last, 100 a second at least; prints dots; "
     "with --interval, at that interval",
     AT(flood)},
    {'A', "adaptive", CLI_FLAG, NULL, NULL,
     "the interval follows the round-trip time: about one probe on its way at a time",
     AT(adaptive)},
    {0, "poisson", CLI_FLAG, NULL, NULL,
     "exponentially distributed intervals with the mean of --interval (RFC 2330)", AT(poisson),
     .where = CLI_IN_SONDE},
    {'l', "preload", CLI_INTEGER, NULL, "COUNT", "send so many at once at the start", AT(preload),
     .min = 1, .max = 65536, .fallback = 1, .peer = &number_words},
    {0, "precise", CLI_FLAG, NULL, NULL,
     "spin on the clock for the last stretch before each probe is due", AT(precise),
     .where = CLI_IN_SONDE},

    {'4', "ipv4", CLI_FLAG, "Whom", NULL, "IPv4 addresses only", AT(only_ipv4)},
    {'6', "ipv6", CLI_FLAG, NULL, NULL, "IPv6 addresses only", AT(only_ipv6)},
    {0, "all-addresses", CLI_FLAG, NULL, NULL, "every address of each name, not the first alone",
     AT(all_addresses), .where = CLI_IN_SONDE},
    {'b', "broadcast", CLI_FLAG, NULL, NULL, "broadcast addresses are allowed", AT(broadcast)},
    {'I', "source", CLI_PARSED, NULL, "ADDRESS|DEVICE",
     "send from this address, or through this device of ours; may be given once for each",
     AT(source), .parse = ping_read_source, .peer = SAME_WORDS("invalid source address: %s")},
    {'B', "sticky-source", CLI_FLAG, NULL, NULL,
     "keep the source address that was chosen at the start", AT(sticky_source)},
    {0, "via", CLI_LIST, NULL, "HOP,...",
     "loose source route through these hosts, strict with --dont-route (IPv4); "
     "with --ip-timestamp tsprespec, the hosts that are to add their time",
     AT(via), .max = PING_HOPS, .where = CLI_IN_SONDE},

    {0, "udp", CLI_PARSED, "What is sent", "PORT", CLI_UDP_HELP, AT(choice),
     .parse = cli_read_probe_port, .value = SONDE_PROBE_UDP, .where = CLI_IN_SONDE},
    {0, "tcp", CLI_PARSED, NULL, "PORT", CLI_TCP_HELP, AT(choice), .parse = cli_read_probe_port,
     .value = SONDE_PROBE_TCP, .where = CLI_IN_SONDE},
    {0, "sctp", CLI_PARSED, NULL, "PORT", CLI_SCTP_HELP, AT(choice), .parse = cli_read_probe_port,
     .value = SONDE_PROBE_SCTP, .where = CLI_IN_SONDE},
    {0, "payload", CLI_CHOICE, NULL, NULL, CLI_PAYLOAD_HELP, AT(payload),
     .fallback = CLI_PAYLOAD_BY_PORT, .choices = cli_payload_choices, .where = CLI_IN_SONDE},
    {'s', "size", CLI_INTEGER, NULL, "BYTES",
     "bytes of payload behind the ICMP header: up to 65507 for IPv4, 65527 for IPv6",
     AT(payload_bytes), TELLS(size_given), .max = INT32_MAX, .fallback = 56, .peer = &number_words},
    {'p', "pattern", CLI_PARSED, NULL, "HEX",
     "fill the payload with these bytes, of which the first 16 count", AT(pattern),
     TELLS(pattern_given), .parse = ping_read_pattern},
    {0, "icmp-type", CLI_CHOICE, NULL, NULL,
     "echo request, timestamp request (IPv4), or extended echo request (RFC 8335)", AT(kind),
     TELLS(kind_given), .fallback = SONDE_PROBE_ECHO, .choices = kinds, .where = CLI_IN_SONDE},
    {0, "interface", CLI_PARSED, NULL, "NAME|INDEX|ADDRESS",
     "with --icmp-type extended: the interface of the far node to ask about", AT(far_interface),
     .parse = ping_read_far_interface, .where = CLI_IN_SONDE},
    {'N', "node-info", CLI_PARSED, NULL, "WORD",
     "ask an IPv6 node for its names or addresses (RFC 4620); `help` lists the words", AT(node),
     TELLS(node_given), .parse = ping_read_node},
    {'t', "ttl", CLI_INTEGER, NULL, "HOPS", "time to live, hop limit", AT(hop_limit), .max = 255,
     .fallback = -1, .peer = &number_words},
    {'Q', "tos", CLI_PARSED, NULL, "CLASS",
     "type of service or traffic class: 0 to 255, or a name (af41, ef, cs1, ...)",
     AT(traffic_class), .max = 255, .parse = ping_read_traffic_class,
     .peer = SAME_WORDS("bad TOS value: %s")},
    {'F', "flow-label", CLI_INTEGER, NULL, "LABEL",
     "IPv6 flow label, 20 bits, 0x for hexadecimal; 0: one at random", AT(flow_label),
     .max = 0xfffff, .fallback = -1, .peer = &flow_words},
    {'M', "path-mtu", CLI_CHOICE, NULL, NULL,
     "don't fragment and keep to the path MTU (do), fragment here (want), let routers fragment "
     "(dont), or don't fragment whatever the path MTU is (probe)",
     AT(pmtu), .fallback = SONDE_NET_PMTU_DEFAULT, .choices = pmtu_modes,
     .peer = SAME_WORDS("invalid -M argument: %s")},
    {'R', "record-route", CLI_FLAG, NULL, NULL, "record the route in the IPv4 header (9 hops)",
     AT(record_route)},
    {'T', "ip-timestamp", CLI_CHOICE, NULL, NULL, "record the routers' times in the IPv4 header",
     AT(ip_timestamp), .fallback = -1, .choices = timestamp_forms,
     .peer = SAME_WORDS("invalid timestamp type: %s")},
    {'e', "identifier", CLI_INTEGER, NULL, "ID", "identifier in the ICMP header, not one at random",
     AT(identifier), .max = UINT16_MAX, .fallback = -1, .peer = &number_words},

    {'m', "mark", CLI_INTEGER, "Socket", "MARK", "firewall mark of what is sent", AT(mark),
     .max = UINT32_MAX, .fallback = -1, .peer = &number_words},
    {'r', "dont-route", CLI_FLAG, NULL, NULL, "to hosts on the local link only, past the routes",
     AT(dont_route)},
    {'L', "no-loopback", CLI_FLAG, NULL, NULL, "multicast probes do not come back to this host",
     AT(no_loopback)},
    {'C', "connect", CLI_FLAG, NULL, NULL,
     "accepted and without effect: answers of other hosts are told apart anyway", AT(connect)},
    {'S', "send-buffer", CLI_SIZE, NULL, "BYTES", "size of the socket's send buffer",
     AT(send_buffer_bytes), .min = 1, .max = INT32_MAX, .peer = &number_words},
    {'d', "debug", CLI_FLAG, NULL, NULL, "set SO_DEBUG", AT(debug)},
    {0, "socket", CLI_CHOICE, NULL, NULL,
     "raw sockets (privileged), or datagram sockets; by default the best that is allowed",
     AT(socket), .fallback = PING_SOCKET_DEFAULT, .choices = sockets, .where = CLI_IN_SONDE},
    {0, "timestamps", CLI_CHOICE, NULL, NULL,
     "who takes the times: the device where it can, the kernel, or this program", AT(stamps),
     .fallback = SONDE_NET_STAMPS_KERNEL, .choices = stamps, .where = CLI_IN_SONDE},
    {'U', "user-time", CLI_SET, NULL, NULL, "as --timestamps user", AT(stamps),
     .value = SONDE_NET_STAMPS_USER},

    {'q', "quiet", CLI_FLAG, "Output", NULL, "the summary only", AT(quiet)},
    {'v', "verbose", CLI_COUNTED, NULL, NULL, "say more", AT(verbosity)},
    {'n', "numeric", CLI_SET, NULL, NULL, "no names of addresses; takes back --resolve", AT(names),
     .value = PING_NAMES_NEVER},
    {'H', "resolve", CLI_SET, NULL, NULL,
     "names of addresses also with --flood and for hosts given by address; takes back --numeric",
     AT(names), .value = PING_NAMES_ALWAYS},
    {'D', "print-time", CLI_FLAG, NULL, NULL, "the time of day before each line", AT(print_time)},
    {'O', "outstanding", CLI_FLAG, NULL, NULL,
     "say before each probe when the one before is not answered yet", AT(outstanding)},
    {'3', "full-precision", CLI_FLAG, NULL, NULL, "round-trip times always with three decimals",
     AT(full_precision)},
    {'a', "audible", CLI_FLAG, NULL, NULL, "ring the bell at each answer", AT(audible)},
    {'j', "json", CLI_FLAG, NULL, NULL, "one JSON object a line", AT(json)},
    {0, "csv", CLI_FLAG, NULL, NULL, "comma-separated values, one line for each outcome", AT(csv),
     .where = CLI_IN_SONDE},
    {0, "percentiles", CLI_PARSED, NULL, "LIST", "percentiles of the summary", AT(percentiles),
     .parse = ping_read_percentiles, .preset = "50,90,99", .where = CLI_IN_SONDE},
    {0, "histogram", CLI_FLAG, NULL, NULL, "draw the distribution of round-trip times",
     AT(histogram), .where = CLI_IN_SONDE},
    {0, "no-color", CLI_FLAG, NULL, NULL, "no color; as does the environment variable NO_COLOR",
     AT(no_color), .where = CLI_IN_SONDE},

    {0, "simulate", CLI_TEXT, "Simulation", "FILE",
     "play the network that this scenario describes, in virtual time", AT(scenario),
     .where = CLI_IN_SONDE},
    {0, "seed", CLI_INTEGER, NULL, "NUMBER",
     "of the random numbers of --simulate and --poisson: the same seed, the same run", AT(seed),
     .max = INT64_MAX, .fallback = -1, .where = CLI_IN_SONDE},

    {'h', "help", CLI_HELP, "Other", "scdoc|completion",
     "this text, or the man page's section, or what a shell completes", AT(help)},
    {'V', "version", CLI_FLAG, NULL, NULL, "print the version", AT(version)},
};

struct cli_options ping_options(bool drop_in)
{
    return (struct cli_options){
        .options = table,
        .count = sizeof table / sizeof *table,
        .synopsis = drop_in ? "[options] [HOP...] HOST" : "[options] HOST...",
        .summary = "Sends echo requests or other probes to hosts and says what comes back. A TIME\n"
                   "is in seconds, or has a unit: 0.2, 200ms, 5m.",
        .where = drop_in ? CLI_IN_DROP_IN : CLI_IN_SONDE,
    };
}

/* The peer under a name that ends in 4 or 6 keeps to that family. */
static void follow_name(struct ping_settings *settings, const char *started_as)
{
    const size_t length = strlen(started_as);
    const char last = length > 0 ? started_as[length - 1] : '\0';
    settings->only_ipv4 |= last == '4';
    settings->only_ipv6 |= last == '6';
}

static void follow_environment(struct ping_settings *settings)
{
    const char *no_color = getenv("NO_COLOR");
    settings->no_color |= no_color && *no_color;
    const char *lookup = settings->drop_in ? getenv("IPUTILS_PING_PTR_LOOKUP") : NULL;
    if (lookup && strcmp(lookup, "0") == 0 && settings->names != PING_NAMES_ALWAYS) {
        settings->names = PING_NAMES_NEVER;
        settings->names_by_environment = true;
    }
}

/* Data of another kind than echo requests: TCP has none unless asked, SCTP never. */
static void complete_payload(struct ping_settings *s)
{
    if (s->choice.kind == SONDE_PROBE_SCTP || (s->choice.kind == SONDE_PROBE_TCP && !s->size_given))
        s->payload_bytes = 0;
    if (s->payload == CLI_PAYLOAD_BY_PORT && (s->size_given || s->pattern_given))
        s->payload = s->choice.kind == SONDE_PROBE_UDP ? (int)SONDE_PAYLOAD_PATTERN : s->payload;
}

/* What follows from the options that were given. */
static void complete(struct ping_settings *settings, const char *started_as)
{
    if (settings->drop_in)
        follow_name(settings, started_as);
    follow_environment(settings);
    if (settings->flood && settings->names == PING_NAMES_DEFAULT)
        settings->names = PING_NAMES_NEVER;
    if (settings->flood && !settings->interval_given)
        settings->interval.ns = 0;
    if (settings->timeout.ns == 0)
        settings->timeout = SONDE_FOREVER;
    if (settings->node_given && settings->node.qtype == 0 && settings->operand_count == 0)
        settings->node.qtype = PACKET_NODE_IPV6;
    complete_payload(settings);
    if (settings->node.qtype && settings->kind == SONDE_PROBE_ECHO)
        settings->kind = SONDE_PROBE_NODE_INFO;
}

bool ping_options_read(struct ping_settings *settings, bool drop_in, const char *started_as,
                       int argc, char **argv, struct cli_error *error)
{
    const struct cli_options options = ping_options(drop_in);
    *settings = (struct ping_settings){.drop_in = drop_in};
    cli_options_defaults(&options, settings);
    const int first = cli_options_parse(&options, settings, argc, argv, error);
    if (first < 0)
        return false;
    settings->operands = argv + first;
    settings->operand_count = (size_t)(argc - first);
    complete(settings, started_as);
    return settings->help || settings->version || settings->node.help ||
           ping_settings_check(settings, error);
}

enum sonde_family ping_settings_family(const struct ping_settings *settings)
{
    return settings->only_ipv4 ? SONDE_IPV4 : settings->only_ipv6 ? SONDE_IPV6 : SONDE_FAMILY_NONE;
}

enum sonde_probe_kind ping_settings_kind(const struct ping_settings *settings)
{
    if (settings->choice.kind != SONDE_PROBE_ECHO)
        return settings->choice.kind;
    return settings->node_given && settings->node.qtype != 0
               ? SONDE_PROBE_NODE_INFO
               : (enum sonde_probe_kind)settings->kind;
}

size_t ping_settings_target_count(const struct ping_settings *settings)
{
    if (settings->operand_count == 0)
        return settings->node.group[0] != '\0';
    return settings->drop_in ? 1 : settings->operand_count;
}

const char *ping_settings_target(const struct ping_settings *settings, size_t index)
{
    if (settings->operand_count == 0)
        return settings->node.group;
    return settings->operands[settings->drop_in ? settings->operand_count - 1 : index];
}

size_t ping_settings_hop_count(const struct ping_settings *settings)
{
    if (!settings->drop_in)
        return settings->via.count;
    return settings->operand_count > 0 ? settings->operand_count - 1 : 0;
}

const char *ping_settings_hop(const struct ping_settings *settings, size_t index)
{
    return settings->drop_in ? settings->operands[index] : cli_list_item(&settings->via, index);
}
