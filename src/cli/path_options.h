/* The options of `sonde trace` and `sonde mtu`, which ask one host along the way to it. */
#ifndef CLI_PATH_OPTIONS_H
#define CLI_PATH_OPTIONS_H

#include "cli/options.h"
#include "cli/ping_options.h"
#include "cli/probe_choice.h"

/* Which of the two commands has an option; the others are of both. */
enum {
    PATH_IN_TRACE = 4,
    PATH_IN_MTU = 8,
};

enum path_algorithm {
    PATH_MDA,      /* Augustin, Friedman, Teixeira 2007 */
    PATH_MDA_LITE, /* Vermeulen and others 2018 */
};

struct path_settings {
    unsigned command; /* PATH_IN_TRACE or PATH_IN_MTU */
    int help;         /* enum cli_help */
    bool version;
    const char *host; /* NULL with help or version */

    /* what is asked */
    struct cli_probe_choice choice;
    int payload;           /* enum sonde_payload, CLI_PAYLOAD_BY_PORT */
    int64_t payload_bytes; /* trace: behind the ICMP or UDP header, or in a SYN */
    bool size_given;
    int64_t traffic_class;
    int64_t flow_label; /* 0…0xfffff, -1; 0 asks for a random one */
    int64_t flow;       /* which of the flows a balancing router tells apart, from 1 */
    bool dont_fragment;

    /* whom, and how it is sent */
    bool only_ipv4;
    bool only_ipv6;
    struct ping_source source;
    struct cli_list via; /* hops of a loose source route */
    int64_t mark;
    int socket; /* enum ping_socket */
    int stamps; /* enum sonde_net_stamps */

    /* the way there */
    int64_t first_hop;
    int64_t last_hop;
    int64_t queries;
    bool queries_given;
    int64_t silent_hops;
    struct sonde_span gap;     /* between two probes; 0: none */
    struct sonde_span timeout; /* of a probe */

    /* trace: again and again, or all ways there are */
    int64_t rounds; /* 0: until interrupted */
    bool rounds_given;
    struct sonde_span interval; /* from one round to the next */
    bool interval_given;
    bool multipath;
    int algorithm; /* enum path_algorithm */
    bool algorithm_given;
    int64_t confidence; /* percent: 95 or 99 */
    bool confidence_given;

    /* mtu */
    int64_t least_bytes; /* of the datagram */
    int64_t most_bytes;  /* likewise; 0: what the device sends */

    /* output */
    bool report;
    bool json;
    bool csv;
    bool dot;
    bool verbose;
    bool numeric;
    bool as_numbers;
    const char *geo_file; /* NULL: none */
    struct ping_percentiles percentiles;
    bool no_color;

    /* simulation */
    const char *scenario; /* file name, NULL: the real network */
    int64_t seed;
};

/* The table of a command, PATH_IN_TRACE or PATH_IN_MTU. */
struct cli_options path_options(unsigned command);

/*
 * Fills *settings: defaults, the command line, and what follows from them. Without --help and
 * --version it also checks that options do not contradict each other and that there is one host.
 * Returns false with *error.
 */
bool path_options_read(struct path_settings *settings, unsigned command, int argc, char **argv,
                       struct cli_error *error);

/* The family that was asked for; SONDE_FAMILY_NONE: any. */
enum sonde_family path_settings_family(const struct path_settings *settings);

/* How many flows may be asked for: each takes one identifier of the transport. */
#define PATH_FLOWS_MAX 1024

#endif
