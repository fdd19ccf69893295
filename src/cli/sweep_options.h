/* What `sonde sweep` can be told. */
#ifndef CLI_SWEEP_OPTIONS_H
#define CLI_SWEEP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/options.h"
#include "cli/probe_choice.h"
#include "report/sweep.h"
#include "sonde/address.h"
#include "sonde/sweep.h"
#include "sonde/time.h"

#define SWEEP_TEXTS       32
#define SWEEP_USER_RATE   1000  /* probes a second of those who are not root: default and most */
#define SWEEP_ROOT_RATE   10000 /* default */
#define SWEEP_CONNECTIONS 125   /* a second: default where TCP is asked without privilege */
#define SWEEP_PAYLOAD_MAX 65507 /* fits IPv4 and IPv6 */
#define SWEEP_TEXT_MAX    1024  /* bytes of a contact */
#define SWEEP_PROOF_BYTES 16    /* of the payload, before the contact: token and proof … */
#define SWEEP_FLOW_BYTES  2     /* … and of UDP what makes its checksum */
#define SWEEP_PAYLOAD     56
#define SWEEP_COPIES_MAX  100

/* Exit codes: those of fping. */
enum {
    SWEEP_ALL_ALIVE = 0,
    SWEEP_SOME_NOT = 1,
    SWEEP_NOT_FOUND = 2, /* names without an address, lines that are no host */
    SWEEP_BAD_ARGUMENTS = 3,
    SWEEP_SYSTEM = 4,
};

/* An option that may be given again. */
struct sweep_texts {
    size_t count;
    const char *texts[SWEEP_TEXTS];
};

/* Probes a second, as a fraction of integers. */
struct sweep_rate {
    uint64_t gap_ns; /* gap_ns / gap_slots from probe to probe; 0: as fast as possible */
    uint64_t gap_slots;
};

/* A part of a survey. */
struct sweep_shard {
    uint64_t index; /* from 0 */
    uint64_t count; /* 0: not given */
    bool automatic; /* the environment says it (sweep_shard.h) */
};

enum sweep_transport { SWEEP_TRANSPORT_AUTO, SWEEP_TRANSPORT_RAW, SWEEP_TRANSPORT_RING };

enum sweep_progress { SWEEP_PROGRESS_AUTO, SWEEP_PROGRESS_NEVER, SWEEP_PROGRESS_ALWAYS };

/* Plain values. Texts point into argv. An integer of -1 was not given. */
struct sweep_settings {
    int help; /* enum cli_help */
    char **operands;
    size_t operand_count;

    /* whom */
    struct sweep_texts files; /* "-": standard input */
    struct sweep_texts excluded;
    struct sweep_texts excluded_files;
    bool only_ipv4;
    bool only_ipv6;
    bool all_addresses;
    bool special;

    /* when */
    struct sweep_rate rate;
    bool rate_given;
    bool adaptive;
    int64_t count;
    bool loop;
    struct sonde_span interval;
    bool interval_given;
    int64_t retries;
    double backoff;
    bool backoff_given;
    struct sonde_span timeout;
    bool timeout_given;
    struct sonde_span deadline;

    /* without memory of hosts */
    bool stateless; /* asked for, or needed by the options below, or by the number of addresses */
    struct sweep_shard shard;
    bool shard_given;
    const char *resume; /* file */
    int64_t copies;
    bool copies_given;
    struct sonde_span cooldown;
    bool cooldown_given;

    /* what is sent */
    struct cli_probe_choice choice; /* zero: echo requests */
    int payload;                    /* of UDP: enum sonde_payload, CLI_PAYLOAD_BY_PORT */
    int64_t payload_bytes;          /* -1: as many as the text needs, 56 at least */
    const char *payload_text;
    int64_t hop_limit;
    int64_t traffic_class;
    struct sonde_address source;
    const char *device;
    int transport; /* enum sweep_transport */

    /* output */
    int selection; /* enum report_sweep_selection */
    bool json;
    bool csv;
    bool quiet;
    bool sorted;
    struct report_sweep_fields fields;
    struct sonde_span summary_interval;
    int progress; /* enum sweep_progress */
    int64_t min_alive;

    const char *scenario;
    int64_t seed;
};

struct cli_options sweep_options(void);

/* argv must outlive the settings. Returns false with *error. */
bool sweep_options_read(struct sweep_settings *settings, int argc, char **argv,
                        struct cli_error *error);

/* Whether the settings are such as a survey without memory of hosts can have. */
bool sweep_settings_check_stateless(const struct sweep_settings *settings, struct cli_error *error);

/* Whether this user may do so; sets the default rate. Returns false with *error. */
bool sweep_settings_check_user(struct sweep_settings *settings, bool user_is_root,
                               struct cli_error *error);

/*
 * Without privilege TCP is asked by connections, of which 128 of a family may be under way: the
 * default rate is what silent hosts leave room for. To be called after check_user.
 */
void sweep_settings_fit_connections(struct sweep_settings *settings, bool raw);

enum sonde_family sweep_settings_family(const struct sweep_settings *settings);
enum sonde_sweep_mode sweep_settings_mode(const struct sweep_settings *settings);

/* Where the contact begins in the payload. */
size_t sweep_settings_text_at(const struct sweep_settings *settings);

/* Bytes of payload. */
uint16_t sweep_settings_payload(const struct sweep_settings *settings);

#endif
