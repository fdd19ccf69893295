/*
 * What `sonde ping` can be told, and the table by which it is told. Started under the name `ping`,
 * the same table serves with the letters, meanings, texts and exit codes of iputils' ping.
 */
#ifndef CLI_PING_OPTIONS_H
#define CLI_PING_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/options.h"
#include "cli/probe_choice.h"
#include "net/names.h"
#include "packet/node_info.h"
#include "sonde/address.h"
#include "sonde/time.h"

#define PING_PATTERN_BYTES 16
#define PING_PERCENTILES   16
#define PING_PAYLOAD_IPV4  65507 /* 65,535 less the headers of IPv4 and ICMP */
#define PING_PAYLOAD_IPV6  65527 /* 65,535 less the ICMP header */
#define PING_UDP_IPV6      2     /* bytes of payload that say which probe it is */
#define PING_OPTIONS_BYTES 40    /* of an IPv4 header with -R, -T or hops */
#define PING_USER_INTERVAL                                                                         \
    ((struct sonde_span){2 * SONDE_NS_PER_MS})                     /* the least, but for root      \
                                                                    */
#define PING_USER_GROUP_WAIT ((struct sonde_span){SONDE_NS_PER_S}) /* to broadcast, multicast */
#define PING_USER_PRELOAD    3
#define PING_HOPS            9 /* of a source route; 4 of a prespecified timestamp */

enum ping_names {
    PING_NAMES_DEFAULT, /* reverse names for hosts that were given by name */
    PING_NAMES_NEVER,
    PING_NAMES_ALWAYS,
};

enum ping_socket { PING_SOCKET_DEFAULT, PING_SOCKET_RAW, PING_SOCKET_DGRAM };

struct ping_pattern {
    uint8_t bytes[PING_PATTERN_BYTES];
    uint8_t length;
};

struct ping_percentiles {
    uint32_t ppm[PING_PERCENTILES]; /* parts per million, 0…1,000,000, as sonde_histogram takes */
    size_t count;
};

/* -I, which may be given once for each. */
struct ping_source {
    struct sonde_address address; /* SONDE_FAMILY_NONE: not given */
    const char *device;           /* NULL: not given */
};

/* The interface of the far node that an extended echo asks about: RFC 8335. */
struct ping_far_interface {
    enum ping_far_kind { PING_FAR_NONE, PING_FAR_NAME, PING_FAR_INDEX, PING_FAR_ADDRESS } kind;
    const char *text; /* as it was given; of NAME, the name */
    uint32_t index;
    struct sonde_address address;
};

/* -N: RFC 4620. */
struct ping_node_query {
    bool help;      /* the list of words is wanted, nothing else */
    uint16_t qtype; /* enum packet_node_info_qtype; 0: only a subject was given: ask by echo, and a
                       group for the addresses of its nodes */
    uint16_t flags; /* enum packet_node_info_flags */
    enum ping_subject {
        PING_SUBJECT_TARGET, /* none given: the target's address */
        PING_SUBJECT_IPV6,
        PING_SUBJECT_IPV4,
        PING_SUBJECT_NAME, /* fully qualified if there is a dot in it */
        PING_SUBJECT_FULL_NAME,
    } subject;
    const char *subject_text;    /* IPV6, IPV4: an address */
    char name[PACKET_NAME_TEXT]; /* NAME, FULL_NAME */
    /*
     * NAME, FULL_NAME: the group of the nodes with that name, and the device behind a % in the
     * word. It is asked when no host is given.
     */
    char group[SONDE_ADDRESS_TEXT + NET_DEVICE_NAME];
};

/*
 * Plain values. Texts point into argv. An integer of -1 was not given and has no default of ours.
 */
struct ping_settings {
    bool drop_in; /* started under the peer's name */
    int help;     /* enum cli_help */
    bool version;

    char **operands;
    size_t operand_count;

    /* what is asked */
    int kind; /* of ICMP, enum sonde_probe_kind; NODE_INFO with -N */
    bool kind_given;
    struct cli_probe_choice choice; /* instead: UDP, TCP, SCTP */
    int payload;                    /* of UDP: enum sonde_payload, CLI_PAYLOAD_BY_PORT */
    struct ping_far_interface far_interface;
    struct ping_node_query node;
    bool node_given;
    int64_t payload_bytes; /* behind the ICMP or UDP header, or a SYN; none of SCTP */
    bool size_given;
    struct ping_pattern pattern;
    bool pattern_given;
    int64_t identifier;

    /* whom */
    bool only_ipv4;
    bool only_ipv6;
    bool all_addresses;
    bool broadcast;
    struct cli_list via; /* see ping_settings_hop */
    struct ping_source source;
    bool sticky_source;

    /* when */
    int64_t count; /* probes to each host; 0: no end */
    struct sonde_span interval;
    bool interval_given;
    bool timeout_given;
    bool adaptive;
    bool flood;
    bool poisson;
    int64_t preload;
    struct sonde_span deadline; /* 0: none */
    struct sonde_span timeout;  /* SONDE_FOREVER: wait for ever */
    bool precise;

    /* how it is sent */
    int64_t hop_limit; /* 0…255, -1 */
    int64_t traffic_class;
    int64_t flow_label; /* 0…0xfffff, -1; 0 asks for a random one */
    int64_t mark;
    int pmtu; /* enum sonde_net_pmtu */
    bool record_route;
    int ip_timestamp; /* enum packet_ipv4_timestamp_form, -1 */
    bool dont_route;
    bool no_loopback;
    int socket; /* enum ping_socket */
    bool connect;
    bool debug;
    int64_t send_buffer_bytes;
    int stamps; /* enum sonde_net_stamps */

    /* output */
    bool quiet;
    int64_t verbosity;
    bool audible;
    bool print_time;
    bool outstanding;
    bool full_precision;
    bool json;
    bool csv;
    struct ping_percentiles percentiles;
    bool histogram;
    bool no_color;
    int names;                 /* enum ping_names; flood without --resolve: NEVER */
    bool names_by_environment; /* it is NEVER because of IPUTILS_PING_PTR_LOOKUP=0 */

    /* simulation */
    const char *scenario; /* file name, NULL: the real network */
    int64_t seed;
};

/* The table, as it is in this guise. */
struct cli_options ping_options(bool drop_in);

/*
 * Fills *settings: defaults, the command line, and what follows from them (the family from the name
 * ping4 or ping6, interval 0 with --flood, NO_COLOR, …). Without --help, --version and -N help it
 * also checks that options do not contradict each other and that there is a host. Returns false
 * with *error. `started_as` is the last part of the program's own name.
 */
bool ping_options_read(struct ping_settings *settings, bool drop_in, const char *started_as,
                       int argc, char **argv, struct cli_error *error);

/* The part of ping_options_read that looks for contradictions. Returns false with *error. */
bool ping_settings_check(const struct ping_settings *settings, struct cli_error *error);

/* The limits that protect others from whoever is not root. Returns false with *error. */
bool ping_settings_check_user(const struct ping_settings *settings, bool is_root,
                              struct cli_error *error);

/*
 * What can be checked only when the address is known: length for the family, TTL, and for
 * broadcast and multicast addresses the limits again. Returns false with *error.
 */
bool ping_settings_check_target(const struct ping_settings *settings, bool is_root,
                                const struct sonde_address *target, bool is_broadcast,
                                struct cli_error *error);

/* The family that was asked for; SONDE_FAMILY_NONE: any. */
enum sonde_family ping_settings_family(const struct ping_settings *settings);

/* What is asked, in the end. */
enum sonde_probe_kind ping_settings_kind(const struct ping_settings *settings);

/* The hosts to ask. Started as `ping` it is one, the last operand. Without operands it may be the
 * group of struct ping_node_query. */
size_t ping_settings_target_count(const struct ping_settings *settings);
const char *ping_settings_target(const struct ping_settings *settings, size_t index);

/* The hops of the source route or prespecified timestamp: --via, or ping's operands but the last.
 */
size_t ping_settings_hop_count(const struct ping_settings *settings);
const char *ping_settings_hop(const struct ping_settings *settings, size_t index);

/* The words that -N takes, for -N help. */
const char *ping_node_words(void);

#endif
