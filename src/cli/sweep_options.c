#include "cli/sweep_options.h"

#include <string.h>

#include "cli/ping_arguments.h"
#include "cli/sweep_arguments.h"
#include "report/survey.h"

#define AT(member)  .offset = offsetof(struct sweep_settings, member)
#define TELLS(flag) .given = offsetof(struct sweep_settings, flag)

#define LONGEST (INT32_MAX * SONDE_NS_PER_S)

static const struct cli_choice progress_choices[] = {
    {"auto", SWEEP_PROGRESS_AUTO},
    {"never", SWEEP_PROGRESS_NEVER},
    {"always", SWEEP_PROGRESS_ALWAYS},
    {NULL, 0},
};

static const struct cli_choice transport_choices[] = {
    {"auto", SWEEP_TRANSPORT_AUTO},
    {"raw", SWEEP_TRANSPORT_RAW},
    {"ring", SWEEP_TRANSPORT_RING},
    {NULL, 0},
};

static const struct cli_option table[] = {
    {'f', "file", CLI_PARSED, "Whom", "FILE",
     "hosts from a file, separated by blanks or lines, # begins a comment; -: standard input",
     AT(files), .parse = sweep_read_text},
    {'x', "exclude", CLI_PARSED, NULL, "HOST|CIDR|RANGE", "never ask these", AT(excluded),
     .parse = sweep_read_text},
    {'X', "exclude-file", CLI_PARSED, NULL, "FILE",
     "never ask those that are in the file; -: standard input", AT(excluded_files),
     .parse = sweep_read_text},
    {'4', "ipv4", CLI_FLAG, NULL, NULL, "IPv4 addresses only", AT(only_ipv4)},
    {'6', "ipv6", CLI_FLAG, NULL, NULL, "IPv6 addresses only", AT(only_ipv6)},
    {0, "all-addresses", CLI_FLAG, NULL, NULL, "every address of each name, not the first alone",
     AT(all_addresses)},
    {0, "special", CLI_FLAG, NULL, NULL,
     "multicast, broadcast, 0.0.0.0/8 and 240.0.0.0/4 are allowed, too", AT(special)},

    {'R', "rate", CLI_PARSED, "How fast and how often", "N[k|M]|max",
     "probes a second; 1000 unless you are root, which is also the most, 10000 for root", AT(rate),
     TELLS(rate_given), .parse = sweep_read_rate},
    {0, "adaptive-rate", CLI_FLAG, NULL, NULL,
     "begin low, rise to --rate, and halve it when fewer answers come", AT(adaptive)},
    {'r', "retries", CLI_INTEGER, NULL, "COUNT",
     "more probes to a host that does not answer; 2 if not given", AT(retries), .max = 1000,
     .fallback = -1},
    {'B', "backoff", CLI_PARSED, NULL, "FACTOR",
     "each timeout of a host is so much longer than the one before", AT(backoff),
     TELLS(backoff_given), .parse = sweep_read_factor, .preset = "1.5"},
    {'c', "count", CLI_INTEGER, NULL, "COUNT", "ask each host so often, whatever it answers",
     AT(count), .min = 1, .max = INT64_MAX},
    {'l', "loop", CLI_FLAG, NULL, NULL, "ask each host again and again", AT(loop)},
    {'i', "interval", CLI_DURATION, NULL, "TIME",
     "with --count or --loop: from one probe to a host to the next", AT(interval),
     TELLS(interval_given), .max = LONGEST, .fallback = SONDE_NS_PER_S},
    {'W', "timeout", CLI_DURATION, NULL, "TIME", "how long to wait for the answer to a probe",
     AT(timeout), TELLS(timeout_given), .min = SONDE_NS_PER_US, .max = 3600 * SONDE_NS_PER_S,
     .fallback = SONDE_NS_PER_S},
    {'w', "deadline", CLI_DURATION, NULL, "TIME", "end after TIME; 0: no deadline", AT(deadline),
     .max = LONGEST},

    {0, "stateless", CLI_FLAG, "Surveys", NULL,
     "in random order, remembering no host; so it is for more than a million addresses, too",
     AT(stateless)},
    {0, "shard", CLI_PARSED, NULL, "I/N|auto",
     "the I-th of N parts, from 1, with the same --seed in all; auto: as Kubernetes, Slurm or GNU "
     "parallel say",
     AT(shard), TELLS(shard_given), .parse = sweep_read_shard},
    {0, "resume", CLI_TEXT, NULL, "FILE",
     "note there how far it is, every 10 s and at the end, and go on from what it says",
     AT(resume)},
    {0, "copies", CLI_INTEGER, NULL, "COUNT", "probes to each address, one behind the other",
     AT(copies), TELLS(copies_given), .min = 1, .max = SWEEP_COPIES_MAX, .fallback = 1},
    {0, "cooldown", CLI_DURATION, NULL, "TIME", "how long answers are waited for at the end",
     AT(cooldown), TELLS(cooldown_given), .max = 3600 * SONDE_NS_PER_S,
     .fallback = 5 * SONDE_NS_PER_S},

    {0, "udp", CLI_PARSED, "What is sent", "PORT", CLI_UDP_HELP, AT(choice),
     .parse = cli_read_probe_port, .value = SONDE_PROBE_UDP},
    {0, "tcp", CLI_PARSED, NULL, "PORT", CLI_TCP_HELP, AT(choice), .parse = cli_read_probe_port,
     .value = SONDE_PROBE_TCP},
    {0, "sctp", CLI_PARSED, NULL, "PORT", CLI_SCTP_HELP, AT(choice), .parse = cli_read_probe_port,
     .value = SONDE_PROBE_SCTP},
    {0, "payload", CLI_CHOICE, NULL, NULL, CLI_PAYLOAD_HELP, AT(payload),
     .fallback = CLI_PAYLOAD_BY_PORT, .choices = cli_payload_choices},
    {'s', "size", CLI_INTEGER, NULL, "BYTES",
     "bytes of payload behind the ICMP header; 56 if not given", AT(payload_bytes),
     .max = SWEEP_PAYLOAD_MAX, .fallback = -1},
    {0, "payload-text", CLI_TEXT, NULL, "TEXT",
     "say in each probe who you are and whom to ask: a name, a page, a mail address",
     AT(payload_text)},
    {'t', "ttl", CLI_INTEGER, NULL, "HOPS", "time to live, hop limit", AT(hop_limit), .min = 1,
     .max = 255, .fallback = 64},
    {'Q', "tos", CLI_PARSED, NULL, "CLASS",
     "type of service or traffic class: 0 to 255, or a name (af41, ef, cs1, ...)",
     AT(traffic_class), .max = 255, .parse = ping_read_traffic_class},
    {'S', "source", CLI_PARSED, NULL, "ADDRESS", "send from this address of ours", AT(source),
     .parse = sweep_read_address},
    {'I', "interface", CLI_TEXT, NULL, "DEVICE", "send through this device", AT(device)},
    {0, "transport", CLI_CHOICE, NULL, NULL,
     "raw sockets, or a packet ring past routing cache and firewall; auto: the ring for surveys",
     AT(transport), .fallback = SWEEP_TRANSPORT_AUTO, .choices = transport_choices},

    {'a', "alive", CLI_SET, "Output", NULL, "tell of hosts that answer", AT(selection),
     .value = REPORT_SWEEP_ALIVE},
    {'u', "unreachable", CLI_SET, NULL, NULL, "tell of hosts that do not", AT(selection),
     .value = REPORT_SWEEP_UNREACHABLE},
    {'A', "all", CLI_SET, NULL, NULL, "tell of both (this is so if nothing is said)", AT(selection),
     .value = REPORT_SWEEP_ALL},
    {'q', "quiet", CLI_FLAG, NULL, NULL,
     "no line for each host; with --count or --loop, none for each probe", AT(quiet)},
    {0, "sort", CLI_FLAG, NULL, NULL, "tell of the hosts at the end, by address", AT(sorted)},
    {0, "fields", CLI_PARSED, NULL, "NAME,...", "what is told of a host, and in which order",
     AT(fields), .parse = sweep_read_fields},
    {'j', "json", CLI_FLAG, NULL, NULL, "one JSON object a line", AT(json)},
    {0, "csv", CLI_FLAG, NULL, NULL, "comma-separated values, a row for each host", AT(csv)},
    {0, "summary-interval", CLI_DURATION, NULL, "TIME",
     "with --count or --loop: the figures of each host every TIME, of that time alone",
     AT(summary_interval), .max = LONGEST},
    {0, "min-alive", CLI_INTEGER, NULL, "N", "exit with 0 when at least N hosts are alive, else 1",
     AT(min_alive), .max = UINT32_MAX, .fallback = -1},
    {0, "progress", CLI_CHOICE, NULL, NULL,
     "say on standard error how far it is: auto, on a terminal", AT(progress),
     .fallback = SWEEP_PROGRESS_AUTO, .choices = progress_choices},

    {0, "simulate", CLI_TEXT, "Simulation", "FILE",
     "play the network that this scenario describes, in virtual time", AT(scenario)},
    {0, "seed", CLI_INTEGER, NULL, "NUMBER",
     "of the random numbers of --simulate: the same seed, the same run; and of a survey's order",
     AT(seed), .max = INT64_MAX, .fallback = -1},

    {'h', "help", CLI_HELP, "Other", "scdoc|completion",
     "this text, or the man page's section, or what a shell completes", AT(help)},
};

struct cli_options sweep_options(void)
{
    return (struct cli_options){
        .options = table,
        .count = sizeof table / sizeof *table,
        .synopsis = "[options] HOST|CIDR|RANGE...",
        .summary =
            "Finds out which of many hosts answer, and how fast. RANGE is 192.0.2.1-192.0.2.99 or\n"
            "192.0.2.1-99. A TIME is in seconds, or has a unit: 0.2, 200ms, 5m.\n\n"
            "Networks of other people: ask them first, or at least ask slowly (--rate), leave out\n"
            "who does not want it (--exclude-file), and say who you are (--payload-text).",
        .where = CLI_IN_SONDE,
    };
}

struct rule {
    bool broken;
    const char *words;
};

static bool check(const struct rule *rules, size_t count, struct cli_error *error)
{
    for (size_t i = 0; i < count; i++)
        if (rules[i].broken)
            return cli_error_conflict(error, rules[i].words, NULL);
    return true;
}

#define CHECK(rules, error) check(rules, sizeof(rules) / sizeof *(rules), error)

static bool is_periodic(const struct sweep_settings *s)
{
    return s->count > 0 || s->loop;
}

static size_t from_stdin(const struct sweep_texts *files)
{
    size_t count = 0;
    for (size_t i = 0; i < files->count; i++)
        count += strcmp(files->texts[i], "-") == 0;
    return count;
}

static bool check_settings(const struct sweep_settings *s, struct cli_error *error)
{
    const size_t text = s->payload_text ? strlen(s->payload_text) : 0;
    const struct rule rules[] = {
        {s->operand_count == 0 && s->files.count == 0,
         "nobody to ask; name hosts, prefixes or ranges, or a --file with them"},
        {from_stdin(&s->files) + from_stdin(&s->excluded_files) > 1,
         "standard input can be read once: one --file or --exclude-file of '-' is the most"},
        {s->only_ipv4 && s->only_ipv6, "--ipv4 and --ipv6 exclude each other"},
        {s->count > 0 && s->loop, "--count and --loop exclude each other"},
        {is_periodic(s) && s->retries >= 0,
         "--retries is for hosts that are asked until they answer: --count and --loop exclude it"},
        {is_periodic(s) && s->backoff_given,
         "--backoff is of retries: --count and --loop exclude it"},
        {!is_periodic(s) && s->interval_given, "--interval needs --count or --loop"},
        {!is_periodic(s) && s->summary_interval.ns > 0,
         "--summary-interval needs --count or --loop"},
        {s->json && s->csv, "--json and --csv exclude each other"},
        {text > SWEEP_TEXT_MAX, "--payload-text is longer than 1024 bytes"},
        {text > 0 && s->payload_bytes >= 0 &&
             (size_t)s->payload_bytes < sweep_settings_text_at(s) + text,
         "--size has no room for --payload-text behind the bytes that prove an answer: 16, of UDP "
         "18"},
        {s->only_ipv4 && s->source.family == SONDE_IPV6,
         "--source is an IPv6 address, --ipv4 excludes it"},
        {s->scenario && s->transport != SWEEP_TRANSPORT_AUTO,
         "--simulate has a transport of its own: --transport excludes it"},
        {s->only_ipv6 && s->source.family == SONDE_IPV4,
         "--source is an IPv4 address, --ipv6 excludes it"},
        {s->choice.kind != SONDE_PROBE_ECHO && s->transport == SWEEP_TRANSPORT_RING,
         "the ring sends echo requests only: --udp, --tcp and --sctp exclude it"},
        {(s->choice.kind == SONDE_PROBE_TCP || s->choice.kind == SONDE_PROBE_SCTP) && s->special,
         "--tcp and --sctp ask one host at a time: --special is of groups"},
    };
    return CHECK(rules, error) &&
           cli_probe_choice_check(&s->choice, s->payload, text > 0, s->payload_bytes >= 0, error);
}

static bool knows_fields(const struct report_sweep_fields *fields)
{
    for (size_t i = 0; i < fields->count; i++)
        if (!report_survey_knows(fields->fields[i]))
            return false;
    return true;
}

bool sweep_settings_check_stateless(const struct sweep_settings *s, struct cli_error *error)
{
    const struct rule rules[] = {
        {s->choice.kind != SONDE_PROBE_ECHO,
         "a survey asks by echo requests: --udp, --tcp and --sctp need at most 1048576 addresses "
         "and no --stateless"},
        {is_periodic(s), "a survey asks each address once and remembers none: --count and --loop "
                         "need at most 1048576 addresses and no --stateless"},
        {s->retries > 0, "a survey does not know who has not answered: not --retries, but --copies "
                         "(or at most 1048576 addresses and no --stateless)"},
        {s->backoff_given, "a survey has no retries that --backoff could be of"},
        {s->timeout_given, "a survey has no --timeout for each probe; --cooldown is how long it "
                           "waits at the end"},
        {s->sorted, "a survey remembers no host, so that it cannot --sort"},
        {!knows_fields(&s->fields),
         "a survey knows these --fields: time, host, address, state, reason, rtt_ns"},
        {s->payload_bytes >= 0 && s->payload_bytes < SWEEP_PROOF_BYTES,
         "a survey needs 16 bytes of payload (--size) to know its answers"},
        {s->shard.count > 1 && s->seed < 0,
         "--shard needs --seed, the same one in all shards: else they would overlap"},
    };
    return CHECK(rules, error);
}

/* Options that only a survey has choose it. */
static void choose_stateless(struct sweep_settings *s)
{
    s->stateless |= s->shard_given || s->resume || s->copies_given || s->cooldown_given;
}

bool sweep_options_read(struct sweep_settings *settings, int argc, char **argv,
                        struct cli_error *error)
{
    const struct cli_options options = sweep_options();
    *settings = (struct sweep_settings){0};
    cli_options_defaults(&options, settings);
    const int first = cli_options_parse(&options, settings, argc, argv, error);
    if (first < 0)
        return false;
    settings->operands = argv + first;
    settings->operand_count = (size_t)(argc - first);
    if (settings->source.family == SONDE_IPV4)
        settings->only_ipv4 = !settings->only_ipv6;
    if (settings->source.family == SONDE_IPV6)
        settings->only_ipv6 = !settings->only_ipv4;
    choose_stateless(settings);
    const bool data = settings->payload_bytes >= 0 || settings->payload_text;
    if (settings->payload == CLI_PAYLOAD_BY_PORT && data &&
        settings->choice.kind == SONDE_PROBE_UDP)
        settings->payload = SONDE_PAYLOAD_PATTERN;
    return settings->help != CLI_HELP_NONE ||
           (check_settings(settings, error) && (!settings->stateless || settings->shard.automatic ||
                                                sweep_settings_check_stateless(settings, error)));
}

bool sweep_settings_check_user(struct sweep_settings *settings, bool user_is_root,
                               struct cli_error *error)
{
    const bool limited = !user_is_root && !settings->scenario;
    struct sweep_rate *rate = &settings->rate;
    if (!settings->rate_given)
        *rate = (struct sweep_rate){SONDE_NS_PER_S, limited ? SWEEP_USER_RATE : SWEEP_ROOT_RATE};
    const bool fast = rate->gap_ns == 0 || (unsigned __int128)rate->gap_slots * SONDE_NS_PER_S >
                                               (unsigned __int128)SWEEP_USER_RATE * rate->gap_ns;
    const struct rule rules[] = {
        {limited && fast, "only root may send more than 1000 probes a second (--rate)"},
        {limited && is_periodic(settings) && settings->interval.ns < 2 * SONDE_NS_PER_MS,
         "only root may ask a host more often than every 2 ms (--interval)"},
    };
    return CHECK(rules, error);
}

void sweep_settings_fit_connections(struct sweep_settings *settings, bool raw)
{
    if (settings->choice.kind == SONDE_PROBE_TCP && !raw && !settings->scenario &&
        settings->transport == SWEEP_TRANSPORT_AUTO && !settings->rate_given)
        settings->rate = (struct sweep_rate){SONDE_NS_PER_S, SWEEP_CONNECTIONS};
}

enum sonde_family sweep_settings_family(const struct sweep_settings *settings)
{
    return settings->only_ipv4 ? SONDE_IPV4 : settings->only_ipv6 ? SONDE_IPV6 : SONDE_FAMILY_NONE;
}

enum sonde_sweep_mode sweep_settings_mode(const struct sweep_settings *settings)
{
    if (settings->loop)
        return SONDE_SWEEP_LOOP;
    return settings->count > 0 ? SONDE_SWEEP_COUNT : SONDE_SWEEP_ALIVE;
}

size_t sweep_settings_text_at(const struct sweep_settings *settings)
{
    return SWEEP_PROOF_BYTES + (settings->choice.kind == SONDE_PROBE_UDP ? SWEEP_FLOW_BYTES : 0);
}

uint16_t sweep_settings_payload(const struct sweep_settings *settings)
{
    if (settings->payload_bytes >= 0)
        return (uint16_t)settings->payload_bytes;
    if (settings->choice.kind == SONDE_PROBE_TCP || settings->choice.kind == SONDE_PROBE_SCTP)
        return 0;
    const size_t text = settings->payload_text ? strlen(settings->payload_text) : 0;
    const size_t needed = sweep_settings_text_at(settings) + text;
    return (uint16_t)(needed > SWEEP_PAYLOAD ? needed : SWEEP_PAYLOAD);
}
