/*
 * The path: what the outcomes of a trace say about the way, hop by hop.
 *
 * It hears every probe that left and every outcome together with its place, keeps what each hop
 * reveals, and judges it when asked. It claims nothing that cannot be seen from one end: not which
 * of the two directions lost a packet, not who is to blame. docs/paths.md tells how it judges.
 *
 *     observer.sent:     sonde_trace_place(trace, probe->number, &place);
 *                        sonde_path_sent(path, &place);
 *     observer.outcome:  sonde_trace_place(trace, outcome->number, &place);
 *                        sonde_path_outcome(path, &place, outcome);
 *     whenever shown:    sonde_trace_ended(trace, &end);
 *                        sonde_path_judge(path, &end);
 *                        for (hop = first; hop <= sonde_path_length(path); hop++)
 *                            … sonde_path_hop(path, hop) …
 *
 * All memory is allocated when it is created; hearing and judging allocate nothing.
 */
#ifndef SONDE_PATH_H
#define SONDE_PATH_H

#include <stdbool.h>
#include <stdint.h>

#include "sonde/address.h"
#include "sonde/probe.h"
#include "sonde/stats.h"
#include "sonde/trace.h"

#define SONDE_PATH_ADDRESSES  16u /* kept of one hop */
#define SONDE_PATH_LABELS     16u
#define SONDE_PATH_INTERFACES 4u
#define SONDE_PATH_CHANGES    16u /* kept of one hop: the latest */

struct sonde_path_config {
    uint8_t first_hop; /* 1 */
    uint8_t last_hop;  /* the largest hop that is ever told: 30 */
    struct sonde_address destination;
    struct sonde_address source; /* ours, as probes leave; NONE: what quotes show of it is no sign
                                    of translation */
    struct sonde_probe probe;    /* as it was sent: kind, class, flow label */
    bool percentiles;            /* histograms: 14 kB a hop */
    bool variation;              /* sequences: delay variation, loss periods */
};

/* An address that answered for a hop. */
struct sonde_path_address {
    struct sonde_address address;
    uint64_t answers;
    uint32_t first_round;
    uint32_t last_round;
};

/* RFC 4950: an entry of a label stack, outermost first. */
struct sonde_path_label {
    uint32_t label;
    uint8_t traffic_class;
    uint8_t ttl;
    bool bottom;
};

/* RFC 5837: what a router says about one of its interfaces. */
struct sonde_path_interface {
    uint8_t role; /* 0 incoming, 1 sub-IP component of it, 2 outgoing, 3 next hop */
    bool has_index;
    bool has_mtu;
    uint32_t index;
    uint32_t mtu;
    struct sonde_address address; /* NONE: not told */
    char name[64];                /* of the network: untrusted; "": not told */
};

/* One address took another's place: from this round on. */
struct sonde_path_change {
    uint32_t round;
    struct sonde_address from;
    struct sonde_address to;
};

enum sonde_path_variety {
    SONDE_PATH_ONE,        /* one address at most */
    SONDE_PATH_CHANGED,    /* several, one after the other: the path changed; see changes */
    SONDE_PATH_ALTERNATES, /* several by turns, or too few answers to tell: balancing, or a path
                              that flaps */
};

enum sonde_path_verdict {
    SONDE_PATH_NOT_ASKED, /* no probe of this hop has an outcome yet */
    SONDE_PATH_FINE,      /* every probe was answered */
    SONDE_PATH_SILENT,    /* never answers; hops behind it do */
    SONDE_PATH_RATIONED,  /* misses answers; significantly fewer are missing behind it: its own
                             habit, no loss */
    SONDE_PATH_UNCLEAR,   /* misses answers, too few to tell why, or with no hop behind it that
                             would tell (asked_behind is 0) */
    SONDE_PATH_LOSS,      /* loss that begins at this hop, or on the link to it, and goes on to the
                             end of the path; also whatever replies the end itself misses */
    SONDE_PATH_LOSS_GOES_ON, /* no more than what began at a hop before */
    SONDE_PATH_UNREACHABLE,  /* somebody says there is no way, or a parameter problem: see answer */
    SONDE_PATH_TOO_BIG,      /* probes of this size get no further; see mtu */
    SONDE_PATH_LOOP,         /* a part of a circle */
    SONDE_PATH_BLACK_HOLE,   /* from here on nothing is heard: packets are dropped, or all behind is
                                mute */
};

/* How a quote betrays a translation. */
enum sonde_path_evidence {
    SONDE_PATH_EVIDENCE_ADDRESS = 1 << 0,  /* it comes from another address than ours */
    SONDE_PATH_EVIDENCE_PORT = 1 << 1,     /* … port */
    SONDE_PATH_EVIDENCE_CHECKSUM = 1 << 2, /* addresses and ports were translated back, not this */
    SONDE_PATH_EVIDENCE_IP_ID = 1 << 3,    /* another identification; alone it is weak: firewalls
                                              that tidy up packets do that, too */
};

/* The last answer that a hop gave, and what it showed. */
struct sonde_path_answer {
    enum sonde_outcome_kind
        kind; /* REPLY, TIME_EXCEEDED, UNREACHABLE, TOO_BIG, PARAMETER_PROBLEM */
    enum sonde_said said;
    uint8_t icmp_type;
    uint8_t icmp_code;
    uint32_t round;
    uint32_t mtu;
    int hop_limit;       /* of the answer as it came here; -1 unknown */
    int traffic_class;   /* likewise */
    bool foreign_source; /* a reply, but from another address than the one asked */
    bool from_error_queue;
};

struct sonde_path_hop {
    uint8_t hop;
    struct sonde_target_stats stats; /* every answer counts as received; loss as docs/paths.md */

    struct sonde_path_address addresses[SONDE_PATH_ADDRESSES];
    uint8_t address_count;
    uint8_t current;     /* which of them answered last; meaningless when there is none */
    uint64_t unlisted;   /* answers from further addresses */
    uint64_t superseded; /* probes that were asked again (trace.h): in no figure */

    bool answered;
    struct sonde_address answer_from;
    struct sonde_path_answer answer; /* the last one, when there is one */
    struct sonde_path_label labels[SONDE_PATH_LABELS];
    struct sonde_path_interface interfaces[SONDE_PATH_INTERFACES];
    uint8_t label_count;     /* of the last ICMP error */
    uint8_t interface_count; /* likewise */
    uint32_t mtu;            /* the smallest that was told with "too big" at this hop; 0: none */

    /* Our datagram as it arrived there: of the last answer that quoted it. */
    bool quoted;
    struct sonde_quote quote;
    bool ip_id_differs; /* the identification was rewritten; not known of ICMP probes */

    /* --- filled by sonde_path_judge -------------------------------------------------------- */

    enum sonde_path_verdict verdict;
    enum sonde_path_variety variety;
    struct sonde_path_change changes[SONDE_PATH_CHANGES]; /* CHANGED: oldest first */
    uint8_t change_count;

    /*
     * RATIONED, LOSS, UNCLEAR: what this hop missed, and what the hops behind it missed together
     * (those that are silent or rationed themselves left out); `chance`: how probable it is that
     * this hop misses so many more by chance alone (Fisher's exact test, one-sided).
     */
    uint64_t missed, asked;
    uint64_t missed_behind, asked_behind;
    double chance;
    bool regular; /* its answers come at regular distances, as from a token bucket; chance alone
                     scatters them more */
    double answer_every; /* probes from answer to answer on average; 0 unknown */

    /*
     * The traffic class arrived here as quote.traffic_class and differs from what arrived at
     * rewrite_after (or was sent, when that is 0): rewritten by a router from there on, before
     * here.
     */
    bool class_rewritten;
    uint8_t class_before;
    uint8_t rewrite_after; /* the hop before that quoted; 0: the sender */

    bool nat_before;       /* the quote shows a translation that the hop before did not, and is not
                              alone with that (docs/paths.md): a NAT in between */
    uint8_t nat_after;     /* the hop before that quoted and is believed; 0: none */
    unsigned nat_evidence; /* of what the quote shows here: enum sonde_path_evidence, or-ed */
    bool hop_limit_zero;   /* a router in front passed the probe on with hop limit 0: the answer is
                              the next hop's */
    bool repeated;         /* part of a routing loop */
    int return_hops; /* routers that the answer crossed, if it began with 32, 64, 128 or 255; -1
                        unknown. On a symmetric way it is hop - 1 */
};

struct sonde_path;

/* Returns 0, -EINVAL or -ENOMEM. */
int sonde_path_create(struct sonde_path **path, const struct sonde_path_config *config);
void sonde_path_destroy(struct sonde_path *path);

/* Forgets everything. */
void sonde_path_clear(struct sonde_path *path);

/* A probe has left. */
void sonde_path_sent(struct sonde_path *path, const struct sonde_trace_place *place);

/* An outcome or a notice. What it points to is copied where it is kept. */
void sonde_path_outcome(struct sonde_path *path, const struct sonde_trace_place *place,
                        const struct sonde_outcome *outcome);

/*
 * Draws the conclusions from what is known so far: fills the second half of every hop. `end` says
 * where the path ends; hops beyond are not judged.
 */
void sonde_path_judge(struct sonde_path *path, const struct sonde_trace_end *end);

/* The last hop that belongs to the path, as judged last; 0 before. */
uint8_t sonde_path_length(const struct sonde_path *path);

/* Any hop from first to last; valid as long as the path is. */
const struct sonde_path_hop *sonde_path_hop(const struct sonde_path *path, uint8_t hop);

/* What the whole path shows, as judged last. */
struct sonde_path_summary {
    enum sonde_trace_reason reason;
    uint8_t length;
    uint8_t loss_hop;       /* the first with verdict LOSS; 0: none */
    uint8_t nat_hop;        /* the first behind a NAT; 0: none */
    uint8_t rewrite_hop;    /* the first with another traffic class than was sent; 0: none */
    uint8_t black_hole_hop; /* 0: none */
    uint8_t loop_hop;
    uint8_t loop_length; /* 0: no loop */
    uint32_t mtu;        /* the smallest that was told; 0: none */
    uint32_t changes;    /* rounds in which the path changed */
};

void sonde_path_summarize(const struct sonde_path *path, struct sonde_path_summary *summary);

/*
 * Fisher's exact test, one-sided: how probable are `missed` or more of `asked`, when missed +
 * missed_behind of asked + asked_behind are missing and chance alone says where.
 */
double sonde_path_chance(uint64_t missed, uint64_t asked, uint64_t missed_behind,
                         uint64_t asked_behind);

#endif
