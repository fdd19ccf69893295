#include "cli/fping_options.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "report/fping_text.h"

#define AT(member)  .offset = offsetof(struct fping_settings, member)
#define TELLS(flag) .given = offsetof(struct fping_settings, flag)

#define LONGEST_MS      (INT64_C(1) << 40) /* some 35 years */
#define LONGEST_TIMEOUT (2000 * SONDE_NS_PER_MS)
#define LEAST_PERIOD    1000 /* ns; for who is not root */
#define TIMESTAMP_BYTES 12   /* of a timestamp request behind its header: RFC 792 */

/* --- arguments ------------------------------------------------------------------------------- */

/* A number that is not negative, in units of `unit` ns; nothing behind it but what `rest` takes. */
static bool read_time(const char *argument, int64_t unit, struct sonde_span *value, char **rest)
{
    errno = 0;
    const double number = strtod(argument, rest);
    if (errno != 0 || *rest == argument || !(number >= 0) || number > (double)LONGEST_MS)
        return false;
    value->ns = llround(number * (double)unit);
    return true;
}

static bool read_ms(const struct cli_option *option, const char *argument, void *member,
                    struct cli_error *error)
{
    (void)option;
    char *rest;
    if (read_time(argument, SONDE_NS_PER_MS, member, &rest) && *rest == '\0')
        return true;
    cli_error_argument(error, "is not a number of milliseconds");
    return false;
}

/* Seconds; behind a comma a word, of which "cumulative" alone means something. */
static bool read_every(const struct cli_option *option, const char *argument, void *member,
                       struct cli_error *error)
{
    (void)option;
    struct fping_report_every *every = member;
    char *rest;
    if (!read_time(argument, SONDE_NS_PER_S, &every->interval, &rest) ||
        (*rest != '\0' && *rest != ',')) {
        cli_error_argument(error, "is not a number of seconds");
        return false;
    }
    every->cumulative |= strcmp(rest, ",cumulative") == 0;
    return true;
}

static bool read_factor(const struct cli_option *option, const char *argument, void *member,
                        struct cli_error *error)
{
    (void)option;
    char *rest;
    errno = 0;
    const double number = strtod(argument, &rest);
    if (errno != 0 || rest == argument || *rest != '\0' || !(number >= 0)) {
        cli_error_argument(error, "is not a factor");
        return false;
    }
    *(double *)member = number;
    return true;
}

/* A whole number between the option's bounds; with `base` 0 in C's spelling. */
static bool read_number(const struct cli_option *option, const char *argument, int base,
                        int64_t *value, struct cli_error *error)
{
    char *rest;
    errno = 0;
    const unsigned long long number = strtoull(argument, &rest, base);
    const char *digits = argument + strspn(argument, " \t\n\v\f\r");
    if (errno != 0 || *digits == '-' || rest == argument || *rest != '\0' ||
        number < (unsigned long long)option->min || number > (unsigned long long)option->max) {
        cli_error_argument(error, "is not a number in range");
        return false;
    }
    *value = (int64_t)number;
    return true;
}

static bool read_decimal(const struct cli_option *option, const char *argument, void *member,
                         struct cli_error *error)
{
    return read_number(option, argument, 10, member, error);
}

static bool read_any_base(const struct cli_option *option, const char *argument, void *member,
                          struct cli_error *error)
{
    return read_number(option, argument, 0, member, error);
}

static bool read_source(const struct cli_option *option, const char *argument, void *member,
                        struct cli_error *error)
{
    (void)option;
    if (sonde_address_parse(argument, member))
        return true;
    char peer[sizeof error->peer];
    snprintf(peer, sizeof peer, "can't parse source address: %.200s", argument);
    return cli_error_conflict(error, "--src: not an address", peer);
}

/* --- the table ------------------------------------------------------------------------------- */

static const struct cli_choice clocks[] = {
    {"ctime", REPORT_FPING_CTIME},
    {"iso", REPORT_FPING_ISO},
    {"rfc3339", REPORT_FPING_RFC3339},
    {NULL, 0},
};

#define NUMBER(least) .parse = read_decimal, .min = (least), .max = UINT32_MAX

static const struct cli_option table[] = {
    {'4', "ipv4", CLI_FLAG, "Whom", NULL, "IPv4 addresses only", AT(only_ipv4)},
    {'6', "ipv6", CLI_FLAG, NULL, NULL, "IPv6 addresses only", AT(only_ipv6)},
    {'f', "file", CLI_TEXT, NULL, "FILE",
     "hosts from a file, one a line, # for comments; - for standard input", AT(file)},
    {'g', "generate", CLI_FLAG, NULL, NULL,
     "all hosts of a prefix (192.0.2.0/24), or from a first to a last address", AT(generate)},
    {'m', "all", CLI_FLAG, NULL, NULL, "every address of each name, best with --addr",
     AT(all_addresses)},

    {'b', "size", CLI_PARSED, "What is sent", "BYTES", "bytes of payload behind the ICMP header",
     AT(payload_bytes), TELLS(size_given), NUMBER(0), .preset = "56"},
    {'R', "random", CLI_FLAG, NULL, NULL, "random bytes in the payload", AT(random_data)},
    {'M', "dontfrag", CLI_FLAG, NULL, NULL, "don't fragment", AT(dont_fragment)},
    {'H', "ttl", CLI_PARSED, NULL, "N", "time to live, hop limit", AT(hop_limit), NUMBER(1)},
    {'O', "tos", CLI_PARSED, NULL, "N", "type of service or traffic class, 0 to 255",
     AT(traffic_class), .parse = read_any_base, .max = 255},
    {0, "icmp-timestamp", CLI_FLAG, NULL, NULL, "timestamp requests in place of echo (IPv4)",
     AT(icmp_timestamp)},
    {'S', "src", CLI_PARSED, NULL, "IP", "source address", AT(source), .parse = read_source},
    {'I', "iface", CLI_TEXT, NULL, "IFACE", "send through this device", AT(device)},
    {'k', "fwmark", CLI_PARSED, NULL, "FWMARK", "firewall mark of what is sent", AT(mark),
     NUMBER(1)},

    {'c', "count", CLI_PARSED, "How many and when", "N", "send N probes to each host", AT(count),
     NUMBER(1)},
    {'C', "vcount", CLI_PARSED, NULL, "N", "as --count, with every round-trip time at the end",
     AT(count), TELLS(all_rtts), NUMBER(1)},
    {'l', "loop", CLI_FLAG, NULL, NULL, "send for ever", AT(loop)},
    {'r', "retry", CLI_PARSED, NULL, "N", "further probes to a host that does not answer",
     AT(retries), NUMBER(0), .preset = "3"},
    {'B', "backoff", CLI_PARSED, NULL, "N", "each timeout is so much longer than the one before",
     AT(backoff), .parse = read_factor, .preset = "1.5"},
    {'i', "interval", CLI_PARSED, NULL, "MSEC", "from one probe to the next, whoever it goes to",
     AT(interval), .parse = read_ms, .preset = "10"},
    {'p', "period", CLI_PARSED, NULL, "MSEC",
     "from one probe to a host to the next, with --count and --loop", AT(period), .parse = read_ms,
     .preset = "1000"},
    {'t', "timeout", CLI_PARSED, NULL, "MSEC",
     "how long an answer may take; with --count and --loop the period is the default, 2000 at most",
     AT(timeout), TELLS(timeout_given), .parse = read_ms, .preset = "500"},
    {0, "seqmap-timeout", CLI_PARSED, NULL, "MSEC",
     "how long a late answer or a duplicate is known for what it is", AT(remember),
     .parse = read_ms, .preset = "10000"},
    {'T', "select-timeout", CLI_TEXT, NULL, "N", "accepted and without effect", AT(select_timeout)},
    {0, "check-source", CLI_FLAG, NULL, NULL, "answers from other addresses do not count",
     AT(check_source)},

    {'a', "alive", CLI_FLAG, "Output", NULL, "show the hosts that answer", AT(alive)},
    {'u', "unreach", CLI_FLAG, NULL, NULL, "show the hosts that do not", AT(unreachable)},
    {'A', "addr", CLI_FLAG, NULL, NULL, "show addresses", AT(show_address)},
    {'n', "name", CLI_FLAG, NULL, NULL, "show names, looked up for hosts given by address",
     AT(show_name)},
    {'d', "rdns", CLI_FLAG, NULL, NULL, "show names, looked up for every host", AT(force_name)},
    {'D', "timestamp", CLI_FLAG, NULL, NULL, "the time before each line", AT(stamped)},
    {0, "timestamp-format", CLI_CHOICE, NULL, NULL, "how --timestamp writes the time", AT(clock),
     .choices = clocks, .fallback = REPORT_FPING_UNIX},
    {'e', "elapsed", CLI_FLAG, NULL, NULL, "show the round-trip time of the answer", AT(elapsed)},
    {0, "print-tos", CLI_FLAG, NULL, NULL, "show the type of service of answers", AT(print_tos)},
    {0, "print-ttl", CLI_FLAG, NULL, NULL, "show the time to live of answers", AT(print_ttl)},
    {'J', "json", CLI_FLAG, NULL, NULL, "one JSON object a line, with -c, -C or -l", AT(json)},
    {'N', "netdata", CLI_FLAG, NULL, NULL, "for netdata, with --loop and --squiet", AT(netdata)},
    {'o', "outage", CLI_FLAG, NULL, NULL, "show the time lost: lost probes times the period",
     AT(outage)},
    {'q', "quiet", CLI_FLAG, NULL, NULL, "no lines for single probes", AT(quiet)},
    {'Q', "squiet", CLI_PARSED, NULL, "SECS[,cumulative]",
     "as --quiet, with a summary every SECS seconds, of those seconds or of all", AT(every),
     TELLS(quiet), .parse = read_every},
    {'s', "stats", CLI_FLAG, NULL, NULL, "totals at the end", AT(stats)},
    {'x', "reachable", CLI_PARSED, NULL, "N", "say whether at least N hosts answer", AT(reachable),
     NUMBER(1)},
    {'X', "fast-reachable", CLI_PARSED, NULL, "N", "likewise, and end when they are found",
     AT(reachable), TELLS(fast_reachable), NUMBER(1)},

    {'h', "help", CLI_HELP, "Other", "scdoc|completion",
     "this text, or the man page's section, or what a shell completes", AT(help)},
    {'v', "version", CLI_FLAG, NULL, NULL, "print the version", AT(version)},
};

struct cli_options fping_options(void)
{
    return (struct cli_options){
        .options = table,
        .count = sizeof table / sizeof *table,
        .synopsis = "[options] [targets...]",
        .summary = "Sends echo requests to many hosts and says which of them answer. Times are in\n"
                   "milliseconds unless SECS is written.",
        .where = CLI_IN_DROP_IN,
    };
}

/* --- what follows ---------------------------------------------------------------------------- */

static bool refuse(struct cli_error *error, const char *words)
{
    return cli_error_conflict(error, words, words);
}

static bool check_family(struct fping_settings *s, struct cli_error *error)
{
    if (s->only_ipv4 && s->only_ipv6)
        return refuse(error, "can't specify both -4 and -6");
    if (s->icmp_timestamp && s->only_ipv6)
        return refuse(error, "ICMP Timestamp is IPv4 only");
    s->only_ipv4 |= s->icmp_timestamp;
    return true;
}

static bool check(const struct fping_settings *s, bool is_root, struct cli_error *error)
{
    char words[120];
    if (s->show_name && s->force_name)
        return refuse(error, "use either one of -d or -n");
    if (s->hop_limit > UINT8_MAX) {
        snprintf(words, sizeof words, "ttl %lld out of range", (long long)s->hop_limit);
        return refuse(error, words);
    }
    if (s->unreachable && s->alive)
        return refuse(error, "specify only one of a, u");
    if (s->count > 0 && s->loop)
        return refuse(error, "specify only one of c, l");
    if (s->json && s->count == 0 && !s->loop)
        return refuse(error, "option -J, --json requires -c, -C, or -l");
    if (s->period.ns < LEAST_PERIOD && !is_root)
        return refuse(error, "-p must be >= 0.001");
    if (s->payload_bytes > FPING_PAYLOAD_MAX) {
        snprintf(words, sizeof words, "data size %lld not valid, must not be larger than %d",
                 (long long)s->payload_bytes, FPING_PAYLOAD_MAX);
        return refuse(error, words);
    }
    if (s->backoff < 1 || s->backoff > 5) {
        snprintf(words, sizeof words, "backoff factor %.1f not valid, must be between 1.0 and 5.0",
                 s->backoff);
        return refuse(error, words);
    }
    if (s->icmp_timestamp && s->size_given)
        return refuse(error, "cannot change ICMP Timestamp size");
    return true;
}

/* Which lines are wanted depends on half of the options. */
static void choose_lines(struct fping_settings *s)
{
    s->words = !s->quiet;
    if (s->count > 0)
        s->lines = s->words;
    if (s->loop && s->every.interval.ns == 0)
        s->lines = true;
    if (s->count > 0 || s->loop)
        s->alive = s->unreachable = s->words = false;
    if (s->alive || s->unreachable || s->reachable > 0)
        s->words = false;
}

static void complete(struct fping_settings *s)
{
    choose_lines(s);
    if (s->icmp_timestamp)
        s->payload_bytes = TIMESTAMP_BYTES;
    if ((s->count > 0 || s->loop) && !s->timeout_given)
        s->timeout.ns = s->period.ns < LONGEST_TIMEOUT ? s->period.ns : LONGEST_TIMEOUT;
}

bool fping_options_read(struct fping_settings *settings, const char *started_as, bool is_root,
                        int argc, char **argv, struct cli_error *error)
{
    const struct cli_options options = fping_options();
    *settings = (struct fping_settings){.only_ipv6 = strstr(started_as, "fping6") != NULL};
    cli_options_defaults(&options, settings);
    const int first = cli_options_parse(&options, settings, argc, argv, error);
    if (first < 0)
        return false;
    settings->operands = argv + first;
    settings->operand_count = (size_t)(argc - first);
    if (settings->help || settings->version)
        return true;
    if (!check_family(settings, error) || !check(settings, is_root, error))
        return false;
    complete(settings);
    return true;
}

/* --- complaints ------------------------------------------------------------------------------ */

int fping_options_usage(const char *program, FILE *err)
{
    const struct cli_options options = fping_options();
    cli_options_help(&options, CLI_HELP_TEXT, program, err);
    return FPING_UNREACHABLE;
}

int fping_options_complain(const struct cli_error *error, const char *program, FILE *err)
{
    const struct cli_option *option = error->option;
    const char *typed = error->typed;
    switch (error->kind) {
    case CLI_NO_ERROR:
    case CLI_BAD_ARGUMENT:
        return fping_options_usage(program, err);
    case CLI_CONFLICT:
        fprintf(err, "%s: %s\n", program, error->peer);
        return FPING_UNREACHABLE;
    case CLI_UNKNOWN_OPTION:
    case CLI_AMBIGUOUS_OPTION:
        fprintf(err, "%s: invalid option -- '%s'\n", program,
                strncmp(typed, "--", 2) == 0 && !error->by_letter ? typed + 2 : typed);
        break;
    case CLI_MISSING_ARGUMENT:
        if (error->by_letter)
            fprintf(err, "%s: option requires an argument -- '%c'\n", program, option->letter);
        else
            fprintf(err, "%s: option requires an argument -- '%s'\n", program, option->name);
        break;
    case CLI_UNWANTED_ARGUMENT:
        fprintf(err, "%s: option takes no arguments -- '%s'\n", program, option->name);
        break;
    }
    fputs("see 'fping -h' for usage information\n", err);
    return FPING_UNREACHABLE;
}

enum sonde_family fping_settings_family(const struct fping_settings *settings)
{
    return settings->only_ipv4 ? SONDE_IPV4 : settings->only_ipv6 ? SONDE_IPV6 : SONDE_FAMILY_NONE;
}
