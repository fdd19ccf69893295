/*
 * Reports: outcomes and numbers into text for people or lines for programs.
 *
 * A report hears a run from a session and writes to the streams that it was given. It decides
 * nothing, asks nothing of the network and never ends the program. Everything that the run and its
 * targets point to belongs to the caller and lives as long as the report.
 *
 * Calls, in this order: begin; start for each target; then sent, outcome, unanswered and progress
 * as things happen, with a flush in every turn of the loop; summary once; flush; destroy. The
 * statistics of a target are brought up to date before its outcome or its sent is told here.
 *
 * Text that came from elsewhere (names above all) is made printable here. Numbers are written for
 * LC_NUMERIC "C", which the caller leaves in force.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "sonde/address.h"
#include "sonde/probe.h"
#include "sonde/stats.h"
#include "sonde/time.h"
#include "sonde/transport.h"

/* One target. Its index in the run's array is the index in the engine. */
struct report_target {
    const char *name;             /* for the first line and the summary: as given, or canonical */
    struct sonde_address address; /* where the probes go */
    struct sonde_address source;  /* "from" of the first line; family NONE: not shown */
    const char *device;           /* of the first line; NULL: none was asked for */
    bool many_answer;             /* broadcast, multicast: duplicates and strangers are expected */
    bool anycast;                 /* answers from another address are no surprise */
    const struct sonde_target_stats *stats; /* live: read when something is printed */
};

/* The clock of the transport: pass its self, ops->now and ops->wall. */
struct report_clock {
    void *self;
    struct sonde_mono (*now)(void *self);
    struct sonde_wall (*wall)(void *self, struct sonde_mono at);
};

/*
 * The name of an address, or NULL to show the number alone: because names are not wanted, not known
 * or not known yet. Valid until the next call.
 */
typedef const char *report_name(void *self, const struct sonde_address *address);

/* What a report must know about a run. Zero is a good default where nothing else is said. */
struct report_run {
    FILE *out;           /* the report */
    FILE *err;           /* what ping writes to stderr: failed sends, the line for SIGQUIT */
    const char *program; /* before messages on err: "ping", "sonde ping" */
    struct report_clock clock;
    report_name *name; /* NULL: numbers only */
    void *name_self;

    const struct report_target *targets;
    uint32_t target_count;

    /* What is asked. */
    enum sonde_probe_kind kind;
    uint16_t port;            /* of UDP, TCP, SCTP */
    const char *payload;      /* of UDP: "dns", "ntp", "quic"; NULL: payload_bytes of a pattern */
    uint32_t payload_bytes;   /* ICMP or UDP data, -s; behind a SYN */
    uint32_t ip_option_bytes; /* IPv4 options, padded: 0 or 40 */
    bool flow_label_set;
    uint32_t flow_label;    /* IPv6, shown in the first line */
    const uint8_t *pattern; /* -p; NULL: 0, 1, 2 … */
    size_t pattern_bytes;
    struct sonde_span interval; /* 0: unlimited */
    struct sonde_span timeout;
    bool wait_out;         /* at the end the timeout is waited out */
    uint64_t count;        /* probes per target; 0: no end */
    const char *transport; /* "raw", "dgram", "sim" */
    const char *stamps;    /* asked for: "kernel", "hw", "user" */

    /* How it is told. */
    bool plain;                  /* exactly what ping says, without the lines that sonde adds */
    bool quiet;                  /* -q: no line for an outcome */
    bool flood;                  /* -f: dots and backspaces instead of lines */
    bool adaptive;               /* -A: ipg/ewma in the summary */
    bool timestamps;             /* -D: time of day before lines */
    bool audible;                /* -a: a bell with every reply */
    bool verbose;                /* -v */
    bool full_precision;         /* -3: three decimals for every RTT */
    bool user_to_user;           /* -U, told by machine-readable reports */
    bool identifier_known;       /* -v shows it: it is ours to choose */
    bool colour;                 /* escape sequences for colours */
    bool utf8;                   /* block characters may be used; else ASCII */
    bool histogram;              /* drawn in the summary */
    uint32_t screen_columns;     /* of a terminal at out; 0: none */
    const uint32_t *percentiles; /* in parts per million, SONDE_PPM */
    size_t percentile_count;
};

/* What the measurement says about itself, at its end. */
struct report_measurement {
    const struct sonde_self *self; /* NULL: not kept */
    struct sonde_transport_counters transport;
    uint64_t foreign;    /* datagrams that were no answer to us */
    uint64_t malformed;  /* … or that cannot be */
    uint64_t leases_out; /* times a probe waited for a free identifier and sequence */
    uint64_t skipped;    /* due times that passed unused: this machine slept or starved */
};

/* The seam. `self` is the report's. `sent` and `outcome` fit struct sonde_observer. */
struct report_ops {
    /* Before anything else, right after the options were understood: the PATTERN line, the CSV
     * header, the JSON start object. */
    void (*begin)(void *self);

    /* Before the first probe to a target. */
    void (*start)(void *self, uint32_t target);

    /* A probe has left, or has not (error > 0; its outcome follows and has the words). */
    void (*sent)(void *self, const struct sonde_probe *probe, struct sonde_mono at, int error);

    void (*outcome)(void *self, const struct sonde_outcome *outcome);

    /* ping -O: the next probe is about to be sent and this one, by its number, has no answer. */
    void (*unanswered)(void *self, uint32_t target, uint64_t number);

    /* SIGQUIT: how it stands now. */
    void (*progress)(void *self);

    /* The end: every target, and the measurement itself. */
    void (*summary)(void *self, const struct report_measurement *measurement);

    /*
     * Hands to the kernel what was written. To be called in every turn of the loop, before it
     * sleeps: what has happened is then on the screen, and a burst of dots is one system call.
     * Returns 0, or the negative errno of the first write that failed since the beginning (-EIO
     * where it is not known); nothing more is written then.
     */
    int (*flush)(void *self);

    /* Frees the report. The streams stay open. */
    void (*destroy)(void *self);
};

struct report {
    const struct report_ops *ops;
    void *self;
};

/*
 * The reports. The run is copied, except what it points to. Return 0 or -ENOMEM.
 *
 *   text       ping's lines; without `plain` with sonde's summary
 *   ping_json  ping -j: an object for each reply, error and summary, with ping's keys and texts
 *   json       sonde's own: docs/json.md
 *   csv        one row for each outcome (RFC 4180)
 */
int report_text_create(struct report *report, const struct report_run *run);
int report_ping_json_create(struct report *report, const struct report_run *run);
int report_json_create(struct report *report, const struct report_run *run);
int report_csv_create(struct report *report, const struct report_run *run);

/*
 * The end of writing: flushes out and closes nothing. Returns 0 when all of it reached the kernel;
 * otherwise says so on err, in one line that names the cause and what to do, and returns a negative
 * errno. With `plain` the line is ping's "write error".
 */
int report_finish(const struct report *report, const struct report_run *run);

#endif
