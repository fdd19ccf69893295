/*
 * The multipath strategy: all ways to one target that balancers of flows deal out.
 *
 * The Multipath Detection Algorithm: B. Augustin, T. Friedman, R. Teixeira, "Multipath Tracing with
 * Paris Traceroute" (E2EMON 2007) and "Measuring Load-balanced Paths in the Internet" (IMC 2007);
 * its stopping points: D. Veitch, B. Augustin, R. Teixeira, T. Friedman, "Failure Control in
 * Multipath Route Tracing" (INFOCOM 2009); its lite form: K. Vermeulen, S. Strowes, O. Fourmaux,
 * T. Friedman, "Multilevel MDA-Lite Paris Traceroute" (IMC 2018).
 *
 * What it finds is a graph. A vertex is an address at a hop: a router that stands behind ways of
 * different length is a vertex at each of these hops. A link joins vertices of consecutive hops
 * that one flow has passed. Hop 0 is the observer.
 *
 * Confidence. A vertex with k next hops known is asked with more flows until n_k of them have shown
 * no other; n_k is the least number with which the stopping rule misses one of k + 1 equally likely
 * next hops with at most the vertex's share of the failure that is allowed. The confidence is that
 * of the whole graph: with B balancing vertices found so far, every vertex's share is (1 -
 * confidence) / (B + 2), so that B balancers and what may hide two more share it. When one more is
 * found, the others are asked again for the difference.
 *
 * Many probes are in flight at once: everything that is known to be needed is sent, at all hops.
 * What is not answered is asked again, by the same flow: more often where the hop has answered
 * others, and slower where it also leaves those unanswered that it knows to answer (rationed
 * errors).
 */
#ifndef SONDE_MULTIPATH_H
#define SONDE_MULTIPATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sonde/address.h"
#include "sonde/probe.h"
#include "sonde/stats.h"
#include "sonde/strategy.h"
#include "sonde/time.h"

enum sonde_multipath_mode {
    SONDE_MULTIPATH_MDA,
    /*
     * A hop's flows are counted together instead of each vertex's, as long as its diamond looks
     * uniform and not meshed; MDA where it does not. Far fewer probes, without a guarantee for
     * diamonds that only look so.
     */
    SONDE_MULTIPATH_LITE,
};

/* Zero is a good default for all but the probe's kind and timeout. */
struct sonde_multipath_config {
    enum sonde_multipath_mode mode;
    double confidence;        /* of the whole graph, 0.5 … 0.9999; 0: 0.95 */
    struct sonde_probe probe; /* kind, port, size …: all but target (0), number, due, hop limit and
                                 flow. Its timeout is the longest that is waited for an answer; it
                                 is shortened once RTTs are known (late answers still count) */
    uint8_t first_hop;        /* 0: 1; hops before it are not looked at */
    uint8_t max_hop;          /* 0: 30 */
    struct sonde_span gap;    /* between any two probes; 0: none */
    uint8_t tries;       /* probes of a flow to a silent hop before it counts as silent; 0: 3 */
    uint8_t silent_hops; /* a flow ends after so many silent hops in a row; 0: 5 */
    uint16_t window;     /* probes in flight at once; 0: 1,024 */
    uint32_t max_flows;  /* 65,535 at most; 0: 8,192 */
    uint32_t max_probes; /* 0: 65,536 */
    /*
     * UDP: how many source ports the transport offers. Flows beyond them take the same again, and
     * destination ports that are higher by one for each round. 0: they suffice for all flows.
     */
    uint16_t source_ports;
    struct sonde_span patience; /* how long one waits for a hop that rations its errors; 0: 30 s */
    struct sonde_span deadline; /* the run ends at start + deadline at the latest; 0: none */
};

struct sonde_multipath;

/* Returns 0, -EINVAL or -ENOMEM. */
int sonde_multipath_create(struct sonde_multipath **multipath,
                           const struct sonde_multipath_config *config);
void sonde_multipath_destroy(struct sonde_multipath *multipath);

/* The strategy to hand to an engine that has one target; valid as long as multipath is. */
struct sonde_strategy sonde_multipath_strategy(struct sonde_multipath *multipath);

/* --- what it has found ------------------------------------------------------------------------ */

#define SONDE_MULTIPATH_NONE   UINT32_MAX /* no vertex, no diamond */
#define SONDE_MULTIPATH_LABELS 8

struct sonde_multipath_label {
    uint32_t label;
    uint8_t traffic_class;
    uint8_t ttl;
};

/* How the search for a vertex's next hops ended. */
enum sonde_multipath_search {
    SONDE_MULTIPATH_OPEN,       /* it has not */
    SONDE_MULTIPATH_COMPLETE,   /* at the stopping point */
    SONDE_MULTIPATH_BY_HOP,     /* lite: at the stopping point of its hop as a whole */
    SONDE_MULTIPATH_BY_PACKET,  /* flows do not hold here: at that of its hop as a whole */
    SONDE_MULTIPATH_LAST,       /* nothing lies behind it: target, error, silence, loop, max_hop */
    SONDE_MULTIPATH_UNANSWERED, /* too few answers came: rationed errors, or loss */
    SONDE_MULTIPATH_OUT_OF_REACH, /* too few flows could be found that pass it */
};

struct sonde_multipath_vertex {
    uint8_t hop;                  /* 0: the observer, which is vertex 0 and has no address */
    bool star;                    /* silent; all that is silent at a hop is one vertex */
    bool target;                  /* it answered as the target does */
    struct sonde_address address; /* unset for stars */
    enum sonde_outcome_kind kind; /* of its answers: TIME_EXCEEDED, REPLY, UNREACHABLE …; of a star
                                     TIMED_OUT */
    enum sonde_said said;         /* REPLY */
    uint8_t icmp_type;
    uint8_t icmp_code;
    int hop_limit;        /* of its last answer; -1 unknown */
    int quoted_hop_limit; /* of our probe as it arrived there; -1 unknown */
    int traffic_class;    /* of our probe as it arrived there; -1 unknown */
    uint32_t flows;       /* known to pass it */
    uint16_t flow;        /* one of them */
    uint32_t next_hops;   /* links that leave it */
    uint32_t before;      /* links that lead to it */
    bool balances;        /* it has several next hops */
    bool per_packet;      /* … and chooses anew for each packet */
    bool rationed;        /* its hop answers the less the faster it is asked */
    bool loop;            /* flows come here again that have passed its address at an earlier hop,
                             and go round */
    enum sonde_multipath_search search;
    struct sonde_stats stats; /* of the probes of its flows with its hop limit: RTT; loss */
    uint8_t label_count;      /* MPLS (RFC 4950), outermost first, of its last answer */
    struct sonde_multipath_label labels[SONDE_MULTIPATH_LABELS];
};

struct sonde_multipath_link {
    uint32_t from; /* index of a vertex */
    uint32_t to;
    uint32_t flows; /* seen to pass both */
    uint16_t flow;  /* one of them */
    bool uncertain; /* flows do not hold here (per-packet balancing at or before `from`): the two
                       were seen by different packets */
    struct sonde_stats stats; /* of these flows' probes to `to`: RTT from here to `to` and back by
                                 this link; loss on the whole way by it */
};

/*
 * Ways that part and meet again. By address: a router that is a vertex at several hops is one here.
 */
struct sonde_multipath_diamond {
    uint32_t divergence;  /* the vertex in front */
    uint32_t convergence; /* the vertex behind, at its last hop; NONE: they do not meet again */
    uint32_t inside;      /* index of the innermost diamond that this one lies in; NONE */
    uint32_t width;       /* the most vertices side by side at a hop */
    uint32_t length;      /* links from divergence to convergence, by the longest way … */
    uint32_t length_min;  /* … and the shortest */
    bool meshed;          /* between two hops that have several vertices each, links cross */
    bool uniform; /* at each hop the flows are spread evenly, as far as can be told (chi square at
                     1 %) */
    bool per_packet;
};

enum sonde_multipath_end {
    SONDE_MULTIPATH_RUNNING,
    SONDE_MULTIPATH_REACHED, /* done; at least one flow came to the target */
    SONDE_MULTIPATH_SILENT,  /* done; nothing answers behind the last vertices */
    SONDE_MULTIPATH_REFUSED, /* done; an error said that it goes no further */
    SONDE_MULTIPATH_LOOPED,  /* done; the packets go round */
    SONDE_MULTIPATH_MAX_HOP, /* done; max_hop is not far enough */
    SONDE_MULTIPATH_OUT_OF_PROBES,
    SONDE_MULTIPATH_OUT_OF_FLOWS,
    SONDE_MULTIPATH_DEADLINE,
    SONDE_MULTIPATH_SEND_FAILED, /* error says why */
};

struct sonde_multipath_graph {
    const struct sonde_multipath_vertex *vertices; /* by hop, then in the order they were found */
    uint32_t vertex_count;
    const struct sonde_multipath_link *links; /* by from, then to */
    uint32_t link_count;
    const struct sonde_multipath_diamond *diamonds; /* by divergence: outer before inner */
    uint32_t diamond_count;

    enum sonde_multipath_end end;
    int error;             /* positive errno of SEND_FAILED */
    uint8_t hops;          /* of the farthest vertex */
    uint32_t flows;        /* used */
    uint64_t probes;       /* handed out, all told … */
    uint64_t retries;      /* … of these again, because no answer had come, or to see why */
    uint64_t repeats;      /* … of these again, to see whether the flow holds */
    uint64_t lost;         /* probes without an answer from a vertex that answers others */
    uint64_t bound;        /* what the algorithm may need: see below */
    uint32_t balancers;    /* vertices that balance */
    double vertex_failure; /* the share of each vertex, (1 - confidence) / (balancers + 2) */
    bool per_packet;       /* there is a balancer of packets */
    bool complete;         /* every vertex's search ended at its stopping point */
    bool fell_back;        /* lite: a diamond was meshed or not uniform and was searched by MDA */
};

/*
 * The graph as it is known by now; complete once the strategy is done. Owned by multipath and valid
 * until it is read again or destroyed. NULL: no memory.
 *
 * The bound is what MDA sends for this graph without retries, but for one run of a thousand: for
 * each hop the number of flows N of which, when every vertex deals out its flows evenly, each
 * vertex of the hop gets the n_k that the search for its next hops takes (what a vertex gets of N
 * flows is binomial; the thousandth is divided among the vertices), or the sum of n_k of the
 * vertices before where that is more; n_1 - 1 repeats for each balancer; and two probes with which
 * the first flow looks ahead.
 */
const struct sonde_multipath_graph *sonde_multipath_read(struct sonde_multipath *multipath);

/*
 * The vertices that a flow passes: way[h] for hop h, NONE where it was not asked; up to `capacity`
 * entries, from the observer. Returns how many hops are known of it (the entries, if there is
 * room). After sonde_multipath_read, whose indices these are.
 */
size_t sonde_multipath_way(const struct sonde_multipath *multipath, uint16_t flow, uint32_t *way,
                           size_t capacity);

/* Makes a probe one of this flow: sets flow, and port where source_ports asks for it. */
void sonde_multipath_flow(const struct sonde_multipath *multipath, uint16_t flow,
                          struct sonde_probe *probe);

/*
 * The stopping point n_k: probes to be sent before one stops with k next hops known, so that one
 * more of equal likelihood is missed with at most `failure`. k from 1 to SONDE_MULTIPATH_WIDTH,
 * failure 1e-6 … 0.5; 0 for what is outside.
 */
#define SONDE_MULTIPATH_WIDTH 1024u
uint32_t sonde_multipath_stopping_point(uint32_t next_hops, double failure);

/* "complete", "by-hop", …; "reached", "silent", …: words for reports. */
const char *sonde_multipath_search_name(enum sonde_multipath_search search);
const char *sonde_multipath_end_name(enum sonde_multipath_end end);

#endif
