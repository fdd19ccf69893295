#include "cli/path_options.h"

#include <stdlib.h>

#include "cli/ping_arguments.h"
#include "sonde/net.h"
#include "sonde/trace.h"

#define AT(member)  .offset = offsetof(struct path_settings, member)
#define TELLS(flag) .given = offsetof(struct path_settings, flag)
#define TRACE       .where = PATH_IN_TRACE
#define MTU         .where = PATH_IN_MTU

#define LONGEST_TIME (24 * 3600 * SONDE_NS_PER_S)

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
static const struct cli_choice algorithms[] = {
    {"mda", PATH_MDA},
    {"lite", PATH_MDA_LITE},
    {NULL, 0},
};

static const struct cli_option table[] = {
    {0, "udp", CLI_PARSED, "What is sent", "PORT", CLI_UDP_HELP, AT(choice),
     .parse = cli_read_probe_port, .value = SONDE_PROBE_UDP},
    {0, "tcp", CLI_PARSED, NULL, "PORT", CLI_TCP_HELP, AT(choice), .parse = cli_read_probe_port,
     .value = SONDE_PROBE_TCP},
    {0, "sctp", CLI_PARSED, NULL, "PORT", CLI_SCTP_HELP, AT(choice), .parse = cli_read_probe_port,
     .value = SONDE_PROBE_SCTP, TRACE},
    {0, "payload", CLI_CHOICE, NULL, NULL, CLI_PAYLOAD_HELP, AT(payload),
     .fallback = CLI_PAYLOAD_BY_PORT, .choices = cli_payload_choices, TRACE},
    {'s', "size", CLI_INTEGER, NULL, "BYTES",
     "bytes of payload behind the ICMP or UDP header; from 18 on answers prove themselves and "
     "the flow of echo requests is constant; with --tcp what a SYN carries, nothing by default",
     AT(payload_bytes), TELLS(size_given), .max = 65507, .fallback = 32, TRACE},
    {'Q', "tos", CLI_PARSED, NULL, "CLASS",
     "type of service or traffic class: 0 to 255, or a name (af41, ef, cs1, ...)",
     AT(traffic_class), .max = 255, .parse = ping_read_traffic_class},
    {'F', "flow-label", CLI_INTEGER, NULL, "LABEL",
     "IPv6 flow label, 20 bits, 0x for hexadecimal; 0: one at random", AT(flow_label),
     .max = 0xfffff, .fallback = -1},
    {0, "flow", CLI_INTEGER, NULL, "NUMBER",
     "which flow: routers that balance by flow send each its own way", AT(flow), .min = 1,
     .max = PATH_FLOWS_MAX - 1, .fallback = 1},
    {0, "dont-fragment", CLI_FLAG, NULL, NULL, "set the DF bit (IPv4)", AT(dont_fragment), TRACE},

    {'4', "ipv4", CLI_FLAG, "Whom", NULL, "IPv4 addresses only", AT(only_ipv4)},
    {'6', "ipv6", CLI_FLAG, NULL, NULL, "IPv6 addresses only", AT(only_ipv6)},
    {'I', "source", CLI_PARSED, NULL, "ADDRESS|DEVICE",
     "send from this address, or through this device of ours; may be given once for each",
     AT(source), .parse = ping_read_source},
    {0, "via", CLI_LIST, NULL, "HOP,...", "loose source route through these hosts (IPv4)", AT(via),
     .max = PING_HOPS, TRACE},

    {'f', "first-hop", CLI_INTEGER, "The way", "HOP", "begin at this hop", AT(first_hop), .min = 1,
     .max = 255, .fallback = 1},
    {'m', "max-hops", CLI_INTEGER, NULL, "HOP", "go no further than this hop", AT(last_hop),
     .min = 1, .max = 255, .fallback = 30},
    {'q', "queries", CLI_INTEGER, NULL, "COUNT",
     "probes to each hop (with --rounds: in each round, 1 by default)", AT(queries),
     TELLS(queries_given), .min = 1, .max = SONDE_TRACE_QUERIES_MAX, .fallback = -1, TRACE},
    {0, "silent-hops", CLI_INTEGER, NULL, "COUNT",
     "stop behind so many hops in a row that do not answer", AT(silent_hops), .min = 1, .max = 255,
     .fallback = 6},
    {'w', "timeout", CLI_DURATION, NULL, "TIME",
     "how long to wait for the answer to a probe, at most", AT(timeout), .min = SONDE_NS_PER_MS,
     .max = LONGEST_TIME, .fallback = 3 * SONDE_NS_PER_S},
    {'z', "gap", CLI_DURATION, NULL, "TIME", "time from one probe to the next", AT(gap),
     .max = 10 * SONDE_NS_PER_S, .fallback = SONDE_NS_PER_MS},

    {'r', "rounds", CLI_INTEGER, "Again and again", "COUNT",
     "ask all hops so often; 0: until interrupted", AT(rounds), TELLS(rounds_given),
     .max = UINT32_MAX, .fallback = 1, TRACE},
    {'i', "interval", CLI_DURATION, NULL, "TIME", "from one round to the next", AT(interval),
     TELLS(interval_given), .min = SONDE_NS_PER_MS, .max = LONGEST_TIME, .fallback = SONDE_NS_PER_S,
     TRACE},
    {0, "report", CLI_FLAG, NULL, NULL,
     "a table at the end: loss, times and a verdict for each hop; 10 rounds unless told otherwise",
     AT(report), TRACE},

    {0, "multipath", CLI_FLAG, "All ways", NULL,
     "find every way that balancing routers use (Multipath Detection Algorithm)", AT(multipath)},
    {0, "algorithm", CLI_CHOICE, NULL, NULL,
     "of --multipath: router by router, or hop by hop with far fewer probes, which may miss ways "
     "that are "
     "used unevenly",
     AT(algorithm), TELLS(algorithm_given), .fallback = PATH_MDA, .choices = algorithms, TRACE},
    {0, "confidence", CLI_INTEGER, NULL, "PERCENT",
     "of --multipath: how sure to be that no way was missed, 95 or 99", AT(confidence),
     TELLS(confidence_given), .min = 95, .max = 99, .fallback = 95, TRACE},

    {0, "least", CLI_INTEGER, "Sizes", "BYTES", "datagrams of this size are taken to get through",
     AT(least_bytes), .min = 68, .max = 65535, .fallback = -1, MTU},
    {0, "most", CLI_INTEGER, NULL, "BYTES",
     "try no larger datagrams; by default what the device can send", AT(most_bytes), .min = 68,
     .max = 65535, .fallback = -1, MTU},

    {'M', "mark", CLI_INTEGER, "Socket", "MARK", "firewall mark of what is sent", AT(mark),
     .max = UINT32_MAX, .fallback = -1},
    {0, "socket", CLI_CHOICE, NULL, NULL,
     "raw sockets (privileged), or datagram sockets; by default the best that is allowed",
     AT(socket), .fallback = PING_SOCKET_DEFAULT, .choices = sockets},
    {0, "timestamps", CLI_CHOICE, NULL, NULL,
     "who takes the times: the device where it can, the kernel, or this program", AT(stamps),
     .fallback = SONDE_NET_STAMPS_KERNEL, .choices = stamps, TRACE},

    {'n', "numeric", CLI_FLAG, "Output", NULL, "no names of addresses", AT(numeric)},
    {0, "as", CLI_FLAG, NULL, NULL,
     "AS number, prefix and country of each address, asked of the DNS zone of Team Cymru",
     AT(as_numbers), TRACE},
    {0, "geo", CLI_TEXT, NULL, "FILE",
     "AS number or country of each address, from a database in MaxMind's format", AT(geo_file),
     TRACE},
    {'j', "json", CLI_FLAG, NULL, NULL, "one JSON object a line", AT(json)},
    {0, "csv", CLI_FLAG, NULL, NULL, "comma-separated values", AT(csv), TRACE},
    {0, "dot", CLI_FLAG, NULL, NULL, "with --multipath: a graph for dot(1)", AT(dot), TRACE},
    {'v', "verbose", CLI_FLAG, NULL, NULL, "say more", AT(verbose)},
    {0, "percentiles", CLI_PARSED, NULL, "LIST", "percentiles of the report", AT(percentiles),
     .parse = ping_read_percentiles, .preset = "50,90,99", TRACE},
    {0, "no-color", CLI_FLAG, NULL, NULL, "no color; as does the environment variable NO_COLOR",
     AT(no_color)},

    {0, "simulate", CLI_TEXT, "Simulation", "FILE",
     "play the network that this scenario describes, in virtual time", AT(scenario)},
    {0, "seed", CLI_INTEGER, NULL, "NUMBER",
     "of the random numbers of --simulate: the same seed, the same run", AT(seed), .max = INT64_MAX,
     .fallback = -1},

    {'h', "help", CLI_HELP, "Other", "scdoc|completion",
     "this text, or the man page's section, or what a shell completes", AT(help)},
    {'V', "version", CLI_FLAG, NULL, NULL, "print the version", AT(version)},
};

struct cli_options path_options(unsigned command)
{
    return (struct cli_options){
        .options = table,
        .count = sizeof table / sizeof *table,
        .synopsis = "[options] HOST",
        .summary =
            command == PATH_IN_TRACE
                ? "Shows the way that packets take to a host, hop by hop, and where they suffer.\n"
                  "A TIME is in seconds, or has a unit: 0.2, 200ms, 5m."
                : "Finds the largest datagram that gets through to a host, and what stands in the\n"
                  "way of larger ones. A TIME is in seconds, or has a unit: 0.2, 200ms, 5m.",
        .where = command,
    };
}

enum sonde_family path_settings_family(const struct path_settings *settings)
{
    return settings->only_ipv4 ? SONDE_IPV4 : settings->only_ipv6 ? SONDE_IPV6 : SONDE_FAMILY_NONE;
}

static bool check(const struct path_settings *s, struct cli_error *error)
{
    const bool flows = s->multipath;
    const bool again = s->rounds != 1;
    const bool dgram = s->socket == PING_SOCKET_DGRAM;
    const bool tcp = s->choice.kind == SONDE_PROBE_TCP;
    const struct {
        bool broken;
        const char *words;
    } rules[] = {
        {s->only_ipv4 && s->only_ipv6, "--ipv4 and --ipv6 exclude each other"},
        {s->only_ipv6 && s->source.address.family == SONDE_IPV4,
         "--source is an IPv4 address, --ipv6 excludes it"},
        {s->only_ipv4 && s->source.address.family == SONDE_IPV6,
         "--source is an IPv6 address, --ipv4 excludes it"},
        {s->only_ipv6 && s->via.count > 0, "--via is of IPv4, --ipv6 excludes it"},
        {s->only_ipv4 && s->flow_label >= 0, "--flow-label is of IPv6, --ipv4 excludes it"},
        {s->first_hop > s->last_hop, "--first-hop is behind --max-hops"},
        {flows && (s->report || s->rounds_given),
         "--multipath looks once; --report and --rounds look again and again at one way"},
        {flows && s->csv,
         "--csv is of one way; --json and --dot write down what --multipath finds"},
        {flows && s->queries_given,
         "--multipath counts for itself how often it must ask: --queries excludes it"},
        {!flows && s->dot, "--dot draws what --multipath finds"},
        {!flows && s->algorithm_given, "--algorithm is of --multipath, which is not asked for"},
        {!flows && s->confidence_given, "--confidence is of --multipath, which is not asked for"},
        {s->confidence != 95 && s->confidence != 99, "--confidence is 95 or 99"},
        {s->json + s->csv + s->dot > 1, "only one of --json, --csv and --dot can be written"},
        {s->report && (s->json || s->csv), "--report is a text; without it --json and --csv tell "
                                           "the same figures"},
        {!again && s->interval_given,
         "--interval is from one round to the next: it needs --rounds or --report"},
        {dgram && s->choice.kind == SONDE_PROBE_SCTP,
         "--sctp needs raw sockets: --socket dgram excludes it"},
        {dgram && flows, "--multipath needs raw sockets: --socket dgram excludes it"},
        {dgram && s->via.count > 0, "--via needs raw sockets: --socket dgram excludes it"},
        {dgram && tcp && s->command == PATH_IN_MTU,
         "--tcp needs raw sockets, for SYNs that carry data: --socket dgram excludes it"},
        {dgram && tcp && s->size_given,
         "--size with --tcp needs raw sockets: --socket dgram excludes it"},
        {s->scenario && s->socket != PING_SOCKET_DEFAULT,
         "--simulate opens no socket, --socket has no meaning"},
        {s->as_numbers && s->geo_file, "--as and --geo exclude each other"},
        {s->seed >= 0 && !s->scenario, "--seed is for --simulate"},
        {s->most_bytes > 0 && s->least_bytes > s->most_bytes, "--least is larger than --most"},
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (rules[i].broken)
            return cli_error_conflict(error, rules[i].words, NULL);
    return cli_probe_choice_check(&s->choice, s->payload, false, s->size_given, error);
}

/* A SYN has no data unless asked, an INIT never; a size is that of a pattern, which has any. */
static void complete_payload(struct path_settings *s)
{
    const bool udp = s->choice.kind == SONDE_PROBE_UDP;
    const bool sized = s->size_given || s->command == PATH_IN_MTU;
    if (!udp && s->choice.kind != SONDE_PROBE_ECHO && !s->size_given)
        s->payload_bytes = 0;
    if (udp && sized && s->payload == CLI_PAYLOAD_BY_PORT)
        s->payload = SONDE_PAYLOAD_PATTERN;
}

/* What follows from the options that were given. */
static void complete(struct path_settings *settings)
{
    const char *no_color = getenv("NO_COLOR");
    settings->no_color |= no_color && *no_color;
    if (settings->report && !settings->rounds_given)
        settings->rounds = 10;
    const bool again = settings->rounds != 1;
    settings->report |= again && !settings->json && !settings->csv;
    if (settings->queries < 0)
        settings->queries = again ? 1 : 3;
    complete_payload(settings);
}

bool path_options_read(struct path_settings *settings, unsigned command, int argc, char **argv,
                       struct cli_error *error)
{
    const struct cli_options options = path_options(command);
    *settings = (struct path_settings){.command = command};
    cli_options_defaults(&options, settings);
    const int first = cli_options_parse(&options, settings, argc, argv, error);
    if (first < 0)
        return false;
    complete(settings);
    if (settings->help != CLI_HELP_NONE || settings->version)
        return true;
    if (first == argc)
        return cli_error_conflict(error, "a host is missing", NULL);
    if (argc - first > 1)
        return cli_error_conflict(error, "one host at a time", NULL);
    settings->host = argv[first];
    return check(settings, error);
}
