/*
 * The lines of fping: what programs have parsed for decades, to the letter.
 *
 * Pure functions of values and a stream; who calls them decides when. Numbers and counts are the
 * caller's, in struct report_fping_host. Text of hosts is written as it is, but escaped in JSON.
 */
#ifndef REPORT_FPING_TEXT_H
#define REPORT_FPING_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "sonde/address.h"
#include "sonde/probe.h"
#include "sonde/time.h"

/* Probes with a verdict, and their replies. Zero is the beginning. */
struct report_fping_counts {
    uint64_t sent; /* judged: answered, timed out or refused by this machine */
    uint64_t received;
    int64_t min_ns; /* of the replies; 0 without any */
    int64_t max_ns;
    int64_t sum_ns;
};

/* One more reply; `sent` is counted by the caller. */
void report_fping_count_reply(struct report_fping_counts *counts, int64_t rtt_ns);

#define REPORT_FPING_NO_RTT INT64_C(-1)

struct report_fping_host {
    char *label; /* before the colon */
    char *key;   /* netdata: the name as given, letters and digits only; else NULL */
    struct report_fping_counts all;
    struct report_fping_counts split; /* since the last interval summary */
    int64_t *rtts;                    /* -C: by probe, REPORT_FPING_NO_RTT: none; may be NULL */
    uint64_t rtt_count;
    uint64_t rtt_capacity;
    bool refused; /* this machine could not send to it, which has been told */
};

enum report_fping_clock {
    REPORT_FPING_UNIX, /* seconds since 1970 with five decimals */
    REPORT_FPING_CTIME,
    REPORT_FPING_ISO,
    REPORT_FPING_RFC3339,
};

/* How it is told. Every member of a report's life is constant. */
struct report_fping_form {
    FILE *out;
    FILE *err;
    int width; /* of the longest label */
    bool json;
    bool stamped; /* -D */
    enum report_fping_clock clock;
    bool words;      /* "is alive", not the label alone */
    bool elapsed;    /* -e */
    bool lines;      /* a line for each reply: summaries then begin with an empty line */
    bool print_tos;  /* --print-tos */
    bool print_ttl;  /* --print-ttl */
    bool all_rtts;   /* -C */
    bool outage;     /* -o: losses times the period */
    bool cumulative; /* -Q …,cumulative: figures of intervals are not forgotten */
    struct sonde_span period;
    struct sonde_span interval; /* -Q */
};

/* A reply as its line needs it. */
struct report_fping_reply {
    uint64_t number; /* of the probe, from 0 */
    size_t bytes;    /* from the ICMP header on */
    int64_t rtt_ns;
    struct sonde_wall received;
    struct sonde_address from; /* another address than the one asked; NONE: the same */
    int traffic_class;         /* -1 unknown */
    int hop_limit;             /* -1 unknown */
    bool times;                /* a timestamp reply (RFC 792): milliseconds since midnight UT */
    uint32_t originate;
    uint32_t receive;
    uint32_t transmit;
};

#define REPORT_FPING_MS 24

/* Milliseconds with fping's number of digits: 0.123, 1.23, 12.3, 123, 1.235e+06. Returns text. */
const char *report_fping_ms(int64_t ns, char text[static REPORT_FPING_MS]);

/* Milliseconds since midnight UT (RFC 792). */
uint32_t report_fping_midnight_ms(struct sonde_wall at);

/* The first reply of a host when only that is of interest: "HOST is alive". */
void report_fping_alive(const struct report_fping_form *form, const struct report_fping_host *host,
                        const struct report_fping_reply *reply);

/* "HOST is unreachable", or the label alone. */
void report_fping_unreachable(const struct report_fping_form *form,
                              const struct report_fping_host *host);

/* The line of a reply, and of a probe without one. The host's counts include it already. */
void report_fping_reply(const struct report_fping_form *form, const struct report_fping_host *host,
                        const struct report_fping_reply *reply);
void report_fping_timeout(const struct report_fping_form *form,
                          const struct report_fping_host *host, uint64_t number,
                          struct sonde_wall at);

/* One more reply to an answered probe, on err. */
void report_fping_duplicate(const struct report_fping_form *form,
                            const struct report_fping_host *host,
                            const struct report_fping_reply *reply);

/* An ICMP error about a probe, on err: of the outcome are used from, icmp_type and icmp_code. */
void report_fping_error(const struct report_fping_form *form, const struct report_fping_host *host,
                        const struct sonde_outcome *outcome);

/* A name that has no address: `why` in the words of getaddrinfo. With quiet only in JSON. */
void report_fping_unknown(const struct report_fping_form *form, const char *name, const char *why,
                          bool quiet);

/* fping_summary.c: the figures of all hosts. */

/* Of the last interval, which then begins anew unless form->cumulative. */
void report_fping_splits(const struct report_fping_form *form, struct report_fping_host *hosts,
                         size_t count, struct sonde_wall now);

/* Likewise in netdata's language; `first` also describes the charts. */
void report_fping_netdata(const struct report_fping_form *form, struct report_fping_host *hosts,
                          size_t count, bool first);

/* Of the whole run. */
void report_fping_hosts(const struct report_fping_form *form, const struct report_fping_host *hosts,
                        size_t count);

/* -s */
struct report_fping_totals {
    uint64_t targets;
    uint64_t alive;
    uint64_t unreachable;
    uint64_t unknown; /* names without an address */
    uint64_t timeouts;
    uint64_t sent;
    uint64_t received;
    uint64_t other; /* ICMP messages that are no replies */
    struct report_fping_counts replies;
    struct sonde_span elapsed;
};

void report_fping_totals(const struct report_fping_form *form,
                         const struct report_fping_totals *totals);

/* -x, -X. Returns whether it is enough. */
bool report_fping_enough(const struct report_fping_form *form, uint64_t required,
                         uint64_t reachable);

/* fping_words.c: what an ICMP error is called, "ICMP Host Unreachable" and the like. */
#define REPORT_FPING_WORDS 128
const char *report_fping_words(enum sonde_family family, uint8_t type, uint8_t code,
                               char text[static REPORT_FPING_WORDS]);

/* Text as a JSON string, with its quotes. */
void report_fping_json_text(FILE *out, const char *text);

#endif
