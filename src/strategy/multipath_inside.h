/*
 * The inside of the multipath strategy: what is known of each flow at each hop, and the books that
 * are kept about it.
 *
 *   multipath_book.c    cells, vertices, links: keeps all counters true
 *   multipath_plan.c    what must be asked next
 *   multipath_answer.c  what an outcome means; silence, loss, and rationed errors
 *   multipath_graph.c   the graph for readers; multipath_diamond.c, multipath_bound.c its parts
 *
 * The observer stands at the hop before the first, `base`, as vertex 0: every flow passes it.
 */
#ifndef STRATEGY_MULTIPATH_INSIDE_H
#define STRATEGY_MULTIPATH_INSIDE_H

#include "sonde/multipath.h"
#include "strategy/multipath_stop.h"

#define MULTIPATH_VERTICES 4096u
#define MULTIPATH_LINKS    16384u
#define MULTIPATH_AHEAD    3u /* hops by which the first flow goes ahead of the answers */
#define MULTIPATH_NOBODY   UINT16_MAX
#define MULTIPATH_NO_END   UINT8_MAX

/* What is known of a flow at a hop. */
enum multipath_state {
    MULTIPATH_UNASKED,
    MULTIPATH_ASKED,    /* a probe is in flight or waits for its turn */
    MULTIPATH_KNOWN,    /* the flow passes the cell's vertex */
    MULTIPATH_LOOSE,    /* the vertex ends ways, but perhaps at an earlier hop: the cell before this
                           one must be known */
    MULTIPATH_GIVEN_UP, /* no answer, and none is hoped for; not silent */
    MULTIPATH_BEYOND,   /* behind the flow's end */
};

struct multipath_cell {
    int64_t rtt_ns;  /* of the first answer; -1 unknown */
    uint16_t vertex; /* KNOWN, LOOSE */
    uint16_t queue;  /* the next flow in the hop's queue */
    uint16_t lost;   /* probes without an answer */
    uint8_t state;   /* enum multipath_state */
    uint8_t tries;   /* lost at the hop's present pace */
    uint8_t epoch;   /* … which is this one */
    uint8_t flying;  /* probes in flight that ask; repeats are not counted */
    uint8_t repeats; /* probes to be sent only to see whether the flow holds */
    bool queued;
};

enum multipath_control {
    MULTIPATH_CONTROL_NONE,
    MULTIPATH_CONTROL_WANTED,
    MULTIPATH_CONTROL_SENT,
};

struct multipath_hop {
    uint16_t first, last; /* the queue of flows to be asked; 0: empty */
    uint16_t vertices;    /* the first of a chain */
    uint16_t star;        /* the vertex of what is silent here */
    uint32_t count;       /* vertices that flows pass, the star too */
    uint32_t answering;   /* … without the star */
    uint32_t asked;       /* cells ASKED, KNOWN, LOOSE */
    uint32_t pending;     /* … ASKED */
    uint32_t loose;       /* … LOOSE */
    uint32_t settled;     /* cells that became KNOWN, LOOSE or BEYOND by an answer */
    uint32_t ends;        /* flows that end here */
    uint32_t given_up;    /* cells */
    uint32_t fresh;       /* no flow below this one is UNASKED here and of use */
    bool unsteady;        /* a balancer of packets stands before, and nothing has joined since */
    bool escalated;       /* lite: to be searched vertex by vertex */
    bool was_sole;
    /* its errors seem to be rationed */
    bool rationed;
    bool closed; /* waited for long enough: nothing more is asked here */
    struct sonde_span spacing;
    struct sonde_mono next_at;
    struct sonde_mono rationed_at;
    uint8_t epoch;
    uint8_t control;       /* enum multipath_control */
    uint16_t control_flow; /* a flow that was answered here is asked again */
    uint8_t controls_lost; /* … in a row */
    uint32_t dry;          /* probes lost since the last answer */
};

struct multipath_vertex {
    struct sonde_address address;
    uint8_t hop;
    bool star;
    bool per_packet;
    bool checked;      /* … has been looked for */
    bool out_of_reach; /* no more flows are found that pass it */
    bool loop;
    uint16_t next;       /* in the hop's chain */
    uint16_t link;       /* the first of those that leave it */
    uint32_t flows;      /* KNOWN cells */
    uint32_t live;       /* … of flows that go on */
    uint32_t behind;     /* … that are ASKED, KNOWN, LOOSE at the next hop */
    uint32_t traced;     /* … at the hop before */
    uint32_t next_count; /* vertices seen behind it by flows known at both hops */
    uint32_t before_count;
    uint32_t scan;      /* no flow below this one passes it and is UNASKED at the next hop */
    uint32_t scan_back; /* … at the hop before */
    uint32_t hit_at;    /* settled of its hop when the last flow was found */
    uint32_t need;      /* flows that the plan lacks */
    enum sonde_outcome_kind kind;
    enum sonde_said said;
    uint8_t icmp_type, icmp_code;
    int hop_limit, quoted_hop_limit, traffic_class;
    uint8_t label_count;
    struct sonde_multipath_label labels[SONDE_MULTIPATH_LABELS];
};

struct multipath_link {
    uint16_t from, to;
    uint16_t next; /* of those that leave `from` */
    uint32_t count;
};

enum multipath_why {
    MULTIPATH_TO_ASK,
    MULTIPATH_TO_REPEAT,
    MULTIPATH_TO_CONTROL,
};

/* A probe that was handed out, by its number. */
struct multipath_sent {
    uint16_t flow;
    uint8_t hop;
    uint8_t why; /* enum multipath_why */
    uint8_t epoch;
};

struct sonde_multipath {
    struct sonde_multipath_config config;
    uint8_t base;   /* the observer's hop */
    uint8_t last;   /* the last hop that may be asked */
    uint32_t flows; /* flows are 1 to this */

    struct multipath_cell *cells; /* [hop - base - 1][flow] */
    uint8_t *end;                 /* [flow]: the hop where it ends; NO_END */
    struct multipath_hop hops[256];
    struct multipath_vertex *vertices;
    uint32_t vertex_count;
    struct multipath_link *links;
    uint32_t link_count;
    struct multipath_sent *sent;

    struct multipath_stop stop;
    uint32_t balancers;
    uint8_t first_end;  /* the first hop where a flow ends; NO_END */
    uint8_t far;        /* the farthest hop that answered and is no end */
    uint32_t used;      /* the highest flow that was asked anywhere */
    uint32_t open;      /* cells ASKED */
    uint32_t checking;  /* repeats and controls to be sent or in flight */
    uint32_t in_flight; /* probes of all sorts */
    uint64_t probes, retries, repeats;
    uint32_t changes; /* since the last plan */
    int64_t rtt_max_ns;
    bool started;
    bool replan;    /* the plan has changed its own grounds */
    bool no_flows;  /* one more flow was needed */
    bool fell_back; /* from lite to MDA */
    uint32_t failed_in_a_row;
    int error;
    enum sonde_multipath_end ended;
    struct sonde_mono start, now, last_left;

    /* for readers */
    struct sonde_multipath_graph graph;
    struct sonde_multipath_vertex *shown;
    struct sonde_multipath_link *shown_links;
    struct sonde_multipath_diamond *diamonds;
    uint32_t *shown_as; /* [vertex]: its index among the shown; NONE */
};

/* --- book ------------------------------------------------------------------------------------- */

struct multipath_cell *multipath_cell(const struct sonde_multipath *mp, uint32_t flow, uint8_t hop);

/* The vertex that the flow passes at a hop from `base` on; NOBODY when that is not known. */
uint16_t multipath_known(const struct sonde_multipath *mp, uint32_t flow, uint8_t hop);

/* Every flow passes the hop's one vertex. */
bool multipath_sole(const struct sonde_multipath *mp, uint8_t hop);

/* The hop's vertex of this address (NULL: its star), made when there is none; NOBODY: no room. */
uint16_t multipath_vertex_at(struct sonde_multipath *mp, uint8_t hop,
                             const struct sonde_address *address);

/* Any state but KNOWN and LOOSE; what it was before is taken off the books. */
void multipath_set(struct sonde_multipath *mp, uint32_t flow, uint8_t hop,
                   enum multipath_state state);

/* The flow passes this vertex; `ends`: and goes no further, if it came so far. */
void multipath_place(struct sonde_multipath *mp, uint32_t flow, uint8_t hop, uint16_t vertex,
                     bool ends);

/* The flow ends at this hop, unless it does earlier. */
void multipath_set_end(struct sonde_multipath *mp, uint32_t flow, uint8_t hop);

/* Ends that were believed because their hop had one vertex in front are in doubt when it has not.
 */
void multipath_doubt_ends(struct sonde_multipath *mp, uint8_t hop);

/* Next hops of a vertex, as far as its flows or, at a sole hop, all flows tell. */
uint32_t multipath_next_hops(const struct sonde_multipath *mp, uint16_t vertex);

bool multipath_linked(const struct sonde_multipath *mp, uint16_t from, uint16_t to);

/* Puts the cell in its hop's queue, where it is not yet. */
void multipath_enqueue(struct sonde_multipath *mp, uint32_t flow, uint8_t hop);

/* --- plan ------------------------------------------------------------------------------------- */

/* Puts in the queues whatever is known to be needed. */
void multipath_plan(struct sonde_multipath *mp);

/* This hop's vertices are searched one by one, not the hop as a whole. */
bool multipath_by_vertex(const struct sonde_multipath *mp, uint8_t hop);

/* --- answer ----------------------------------------------------------------------------------- */

void multipath_outcome(struct sonde_multipath *mp, const struct sonde_outcome *outcome);

/* How long the probe of this cell is waited for. */
struct sonde_span multipath_timeout(const struct sonde_multipath *mp, uint32_t flow, uint8_t hop);

/* --- graph ------------------------------------------------------------------------------------ */

/* Both when the graph has its vertices and links. Return 0 or -ENOMEM. */
int multipath_find_diamonds(struct sonde_multipath *mp);
int multipath_bound(struct sonde_multipath *mp, uint64_t *bound);

/* Hops whose next hops a vertex lets flows choose among evenly: the share of all flows that each
 * shown vertex gets. `share` has room for all of them. */
void multipath_shares(const struct sonde_multipath_graph *graph, double *share);

#endif
