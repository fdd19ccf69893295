/*
 * What sonde can be told under the name fping: the options of fping 5.2 and those added up to 5.5,
 * with their letters, long names, ranges and complaints.
 */
#ifndef CLI_FPING_OPTIONS_H
#define CLI_FPING_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/options.h"
#include "sonde/address.h"
#include "sonde/time.h"

#define FPING_PAYLOAD_MAX 65507 /* 65,535 less the headers of IPv4 and ICMP */

/* Exit codes that fping has beside those of every command. */
enum {
    FPING_REACHABLE = 0,
    FPING_UNREACHABLE = 1, /* also: bad options */
    FPING_NO_ADDRESS = 2,
    FPING_SYSTEM = 4,
};

/* -Q */
struct fping_report_every {
    struct sonde_span interval; /* 0: no reports */
    bool cumulative;
};

/* Plain values. Texts point into argv. */
struct fping_settings {
    int help; /* enum cli_help */
    bool version;
    char **operands;
    size_t operand_count;

    /* whom */
    bool only_ipv4;
    bool only_ipv6;
    bool all_addresses;
    const char *file; /* NULL: the operands; "-" standard input */
    bool generate;

    /* what */
    bool icmp_timestamp;
    int64_t payload_bytes;
    bool size_given;
    bool random_data;
    bool dont_fragment;
    int64_t hop_limit; /* 0: not given */
    int64_t traffic_class;
    int64_t mark; /* 0: not given */
    const char *device;
    struct sonde_address source; /* SONDE_FAMILY_NONE: not given */

    /* when */
    int64_t count; /* 0: until a host answers or the retries are used up */
    bool all_rtts; /* -C */
    bool loop;
    int64_t retries;
    double backoff;
    struct sonde_span interval; /* between probes, whoever they go to */
    struct sonde_span period;   /* between probes to a host */
    struct sonde_span timeout;
    bool timeout_given;
    struct sonde_span remember; /* --seqmap-timeout */
    const char *select_timeout; /* -T, which means nothing any more */

    /* whose answers count, and how many are enough */
    bool check_source;
    int64_t reachable; /* -x, -X; 0: not asked */
    bool fast_reachable;

    /* output */
    bool alive;
    bool unreachable;
    bool elapsed;
    bool quiet;
    bool stats;
    bool outage;
    bool netdata;
    bool json;
    bool stamped;
    int clock; /* enum report_fping_clock */
    bool show_address;
    bool show_name;  /* -n */
    bool force_name; /* -d */
    bool print_tos;
    bool print_ttl;
    struct fping_report_every every;

    /* what follows from the above */
    bool words; /* "is alive", "is unreachable" */
    bool lines; /* a line for each probe */
};

struct cli_options fping_options(void);

/*
 * Fills *settings: defaults, the command line, what follows from them, and checks what can be
 * checked without a host. `started_as` is the last part of the program's own name. Returns false
 * with *error.
 */
bool fping_options_read(struct fping_settings *settings, const char *started_as, bool is_root,
                        int argc, char **argv, struct cli_error *error);

/* Says what is wrong as fping does; some complaints are its help on `err`. Returns the exit code.
 */
int fping_options_complain(const struct cli_error *error, const char *program, FILE *err);

/* The help as a complaint. Returns the exit code. */
int fping_options_usage(const char *program, FILE *err);

/* The family that was asked for; SONDE_FAMILY_NONE: any. */
enum sonde_family fping_settings_family(const struct fping_settings *settings);

#endif
