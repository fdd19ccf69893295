/*
 * What all reports keep of a run: its description, the printable names of its targets, the ledger
 * of each, and how writing went.
 */
#ifndef REPORT_STATE_H
#define REPORT_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "report.h"
#include "sonde/probe.h"
#include "sonde/stats.h"

/* Room for an address as people see it: "name (number)", the name escaped at worst. */
#define REPORT_LABEL (4 * 255 + SONDE_ADDRESS_TEXT + 4)
/* Room for a time of day in RFC 3339 form, nanoseconds, UTC. */
#define REPORT_TIME 48
/* Room for a span in milliseconds. */
#define REPORT_MS 32

/* Per target: what ping's summary needs and the statistics do not hold. */
struct report_ledger {
    struct sonde_stats extra; /* RTTs of duplicates and late replies, which ping counts in */
    uint64_t late_replies;    /* first answers, after the timeout */
    uint64_t duplicates;      /* replies */
    uint64_t corrupted;       /* replies with a wrong checksum */
    uint64_t later_errors;    /* ICMP errors that came as notices: after the verdict */
    uint64_t pipe;            /* the most probes between a send and its answer, both counted */
    uint64_t answered;        /* the highest number that was answered, plus one */
    struct sonde_mono first_sent;
    struct sonde_mono last_sent;
    bool any_sent;
};

struct report_state {
    struct report_run run;
    struct report_ledger *ledgers; /* by target */
    char **names;                  /* by target, printable */
    int error;                     /* the first write error, positive errno; 0: none */
    bool dirty;                    /* something was written since the last flush */
};

/* Returns 0 or -ENOMEM; destroy is right after a failure, too. */
int report_state_init(struct report_state *state, const struct report_run *run);
void report_state_destroy(struct report_state *state);

/*
 * Every report is a struct of `size` bytes that begins with its struct report_state. Makes one, all
 * zero behind the state. Returns 0 or -ENOMEM, and then *report is untouched.
 */
int report_create(struct report *report, const struct report_run *run, const struct report_ops *ops,
                  size_t size);

/* Flush and, where nothing but the state is to be freed, destroy of every report. */
int report_flush(void *self);
void report_destroy(void *self);

/* Flush of every report. */
int report_state_flush(struct report_state *state);

/* Before something is written to err: what is on out comes first. */
void report_state_sync(struct report_state *state);

/* Keep the ledgers. */
void report_state_sent(struct report_state *state, const struct sonde_probe *probe,
                       struct sonde_mono at);
void report_state_outcome(struct report_state *state, const struct sonde_outcome *outcome);

/* True when it was a reply that came, be it late, duplicate or corrupt; false for ICMP errors. */
bool report_is_reply(const struct sonde_outcome *outcome);

/* True when what came was an ICMP message: type and code are its own. */
bool report_is_icmp(const struct sonde_outcome *outcome);

/* Probes of a target that left or tried to. */
uint64_t report_transmitted(const struct report_state *state, uint32_t target);

/* ping's number of a probe: from 1, 16 bits. */
unsigned report_sequence(uint64_t number);

/* The RTT to show; false when there is none. Also that of a corrupt reply. Never negative. */
bool report_rtt(const struct sonde_outcome *outcome, struct sonde_span *rtt);

/* When an outcome happened on the transport's clock, the present, and their civil time. */
struct sonde_mono report_when(const struct report_state *state,
                              const struct sonde_outcome *outcome);
struct sonde_mono report_now(const struct report_state *state);
struct sonde_wall report_wall(const struct report_state *state, struct sonde_mono at);

/* --- text ------------------------------------------------------------------------------------- */

/* "name (number)", or the number alone. Returns text. */
const char *report_label(const struct report_state *state, const struct sonde_address *address,
                         char text[static REPORT_LABEL]);

/* The name alone, printable; NULL when there is none or it is the number itself. */
const char *report_name_of(const struct report_state *state, const struct sonde_address *address,
                           char text[static REPORT_LABEL]);

/*
 * Copies text for a terminal or a file: printable ASCII and whole, visible UTF-8 characters as they
 * are, everything else as \xHH. Cuts at the end of `out` without splitting a character.
 */
void report_printable(const char *text, char *out, size_t size);

/* Milliseconds with three decimals, rounded; what is negative is 0. Returns text. */
const char *report_ms(struct sonde_span span, char text[static REPORT_MS]);

/* ping's time=: three significant digits up to 100 ms, then whole milliseconds. Returns text. */
const char *report_ms_short(struct sonde_span span, char text[static REPORT_MS]);

/* "2026-11-22T14:11:04.653123456Z". Returns text. */
const char *report_time(struct sonde_wall wall, char text[static REPORT_TIME]);

/* --- ping's summary --------------------------------------------------------------------------- */

struct report_numbers {
    uint64_t transmitted;
    uint64_t received;
    uint64_t duplicates;
    uint64_t corrupted;
    uint64_t errors;
    uint64_t unfinished;
    uint64_t not_sent;
    double loss_percent;
    struct sonde_span elapsed; /* from the first to the last probe sent */
    bool rtt_known;
    struct sonde_rtt_summary rtt;
    struct sonde_span ewma;
    uint64_t pipe;  /* 0: not to be told */
    bool ipg_known; /* flood, adaptive or unlimited */
    struct sonde_span ipg;
};

/*
 * The numbers of a target. With run.plain as ping counts: late replies are received, what failed to
 * be sent and what is unfinished was transmitted and lost, the RTTs of duplicates count, and RTTs
 * need 16 bytes of data. Otherwise by the verdicts of sonde/stats.h, in which only probes with a
 * verdict can be lost.
 */
void report_numbers_of(const struct report_state *state, uint32_t target,
                       struct report_numbers *numbers);

/*
 * A quantile of a histogram, as sonde_histogram_quantile; when all values are below the range the
 * largest of them, which says more than the bound.
 */
enum sonde_quantile report_quantile(const struct sonde_histogram *histogram, uint32_t ppm,
                                    struct sonde_span *value);

/* ping's line for SIGQUIT, for every target, on err. */
void report_progress(struct report_state *state);

#endif
