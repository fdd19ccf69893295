/*
 * A scenario: who is there, and which property of whom has which value when.
 *
 * The model is a list of settings, each "this property of this node from then until then". What
 * holds for a node at a time is the last setting that has begun and not ended; a property without
 * one has its default. So changes at a time need no rules of their own.
 */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sonde/address.h"
#include "sonde/sim.h"
#include "sonde/time.h"

#include "sim/index.h"

#define SIM_TEXT_MAX        ((size_t)16 << 20) /* bytes of a scenario */
#define SIM_NODES_MAX       65536
#define SIM_SETTINGS_MAX    262144
#define SIM_NAME_MAX        31
#define SIM_LINK_NAME_MAX   (2 * SIM_NAME_MAX + 1) /* "from>to" */
#define SIM_OPTIONS_MAX     40
#define SIM_VIA_MAX         254 /* routers one behind the other */
#define SIM_FORK_DEPTH_MAX  16  /* forks within forks */
#define SIM_BANK_MAX        256 /* routers of a bank */
#define SIM_BRANCHES_MAX    256 /* of a fork */
#define SIM_PORTS_MAX       256 /* ranges of ports of one protocol */
#define SIM_LABELS_MAX      16  /* of an MPLS stack */
#define SIM_INTERFACE_MAX   63  /* bytes of an interface's name: RFC 5837 section 4.3 */
#define SIM_MEMBERS_MAX     4096
#define SIM_LIST_MAX        4194304u /* words of all ways, groups and ports together */
#define SIM_ADDRESSES_MAX   64       /* of one node */
#define SIM_IDENTIFIERS_MAX 65535
#define SIM_NOBODY          UINT32_MAX

enum sim_node_kind {
    SIM_OBSERVER, /* we; always node 0 */
    SIM_HOST,
    SIM_ROUTER,
    SIM_GROUP,
    SIM_BANK, /* routers side by side, nodes first … first + count - 1 */
    SIM_LINK, /* one direction of a link */
};

/* Properties, with the members of struct sim_setting that hold their value. Chances are 0 to 1. */
enum sim_property {
    /* hosts, routers and links */
    SIM_DELAY,     /* number[0] ns: of the round trip; of a link one way */
    SIM_JITTER,    /* number[0] enum sim_jitter, number[1] ns, chance[0] shape */
    SIM_LOSS,      /* chance[0] */
    SIM_BURST,     /* chance: enter, leave, loss within, loss outside */
    SIM_DUPLICATE, /* chance[0]; number[0] ns after, number[1] copies */
    SIM_REORDER,   /* chance[0]; number[0] ns */
    SIM_CORRUPT,   /* chance[0] */
    /* links */
    SIM_RATE, /* number[0] bit/s, number[1] ns that the queue holds */
    SIM_LOAD, /* chance[0]: other people's traffic as a share of the rate; may exceed 1 */
    SIM_MTU,  /* number[0] bytes, number[1] 1: a black hole */
    SIM_DOWN,
    /* hosts and routers */
    SIM_HOP_LIMIT,   /* number[0] */
    SIM_RETURN_HOPS, /* number[0]: routers on the way back */
    SIM_VIA,         /* list: a way, see below */
    SIM_REPLY_FROM,  /* address */
    SIM_ERROR_LIMIT, /* number[0] errors, number[1] ns in which they come back, chance[0] at most */
    SIM_REVERSE,     /* text */
    SIM_ALIVE,       /* chance[0]: share of the addresses */
    /* hosts */
    SIM_SPREAD,    /* number[0] ns */
    SIM_TRUNCATE,  /* chance[0]; number[0] bytes of payload that stay */
    SIM_CUT,       /* chance[0]; number[0] bytes of the datagram that stay */
    SIM_MANGLE,    /* chance[0]; number[0] offset in the payload, -1 any */
    SIM_FORGE,     /* chance[0] */
    SIM_GARBAGE,   /* chance[0]; number[0] bytes, -1 any */
    SIM_STRAY,     /* chance[0] */
    SIM_FOREIGN,   /* chance[0] */
    SIM_HOSTILE,   /* chance[0] */
    SIM_FAULT,     /* `error`: number[0] enum sim_fault, number[1] further; code4, code6; node;
                      address; chance[0] */
    SIM_ANSWERS,   /* number[0] enum sim_answers, or-ed */
    SIM_EXTENDED,  /* number[0] code of extended echo replies */
    SIM_CLOCK_OFF, /* number[0] ns: the host's clock against true time */
    SIM_UDP,       /* number[0] enum sim_port of most ports; list: the others, see below */
    SIM_TCP,       /* likewise */
    SIM_SCTP,      /* likewise */
    /* routers */
    SIM_QUOTE,         /* number[0] bytes behind the quoted IP header */
    SIM_QUOTE_OPTIONS, /* text: bytes put behind the quoted IPv4 header */
    SIM_BALANCE,       /* number[0] enum sim_balance; the observer has it too */
    SIM_MPLS,          /* list: label stack entries as on the wire, the bottom last */
    SIM_INTERFACE,     /* number[0] index, -1 none; number[1] mtu, -1 none; address; text */
    SIM_EXTENSIONS,    /* number[0] enum packet_extension_form */
    SIM_NAT,           /* number[0] enum sim_nat, or-ed */
    SIM_DSCP,          /* number[0] */
    SIM_ECN,           /* number[0] */
    SIM_TTL_ZERO,      /* forwards what it should not */
    SIM_LOOP,          /* node: the router it sends everything to, which sends it back */
    SIM_PROHIBITS,     /* number[0] enum sim_traffic, or-ed; number[1] 1: silently */
    /* groups */
    SIM_MEMBERS, /* list of hosts */
    /* observer */
    SIM_DEVICE_MTU,    /* number[0] */
    SIM_SEND_COST,     /* number[0] ns */
    SIM_STAMPS,        /* number[0] ns late, -1 none */
    SIM_RECEIVE_QUEUE, /* number[0] datagrams */
    SIM_IDENTIFIERS,   /* number[0] */
    SIM_CLOCK,         /* number[0] ns since 1970 at the scenario's time 0 */
    SIM_SEND_ERROR,    /* number[0] positive errno; chance[0] */
    SIM_RECEIVE_DROP,  /* chance[0] */
    SIM_PROPERTIES,
};

/*
 * A way in scenario.list: routers by node number, and forks. A fork is SIM_FORK, the number of its
 * branches, and for each branch the number of its words and those words, a way again (which may be
 * empty).
 */
#define SIM_FORK UINT32_MAX

/*
 * Ports in scenario.list that are not like most: pairs of words, first port << 16 | last port, and
 * enum sim_port.
 */
enum sim_port {
    SIM_PORT_CLOSED, /* port unreachable, RST, ABORT */
    SIM_PORT_OPEN,   /* the payload comes back; SYN/ACK; INIT ACK */
    SIM_PORT_SILENT,
};

/* How a router (or the observer) chooses among the branches of a fork behind it. */
enum sim_balance {
    SIM_BALANCE_FLOW, /* addresses, protocol; ports, or ICMP's type, code, checksum, identifier */
    SIM_BALANCE_DESTINATION,
    SIM_BALANCE_PACKET,
};

/* What a network address translator rewrites besides the source address. */
enum sim_nat {
    SIM_NAT_PORTS = 1,          /* ports and ICMP identifiers */
    SIM_NAT_IP_ID = 2,          /* the identification of IPv4 */
    SIM_NAT_FORGETS_QUOTES = 4, /* what ICMP errors quote is not translated back */
};

enum sim_traffic {
    SIM_TRAFFIC_ICMP = 1,
    SIM_TRAFFIC_UDP = 2,
    SIM_TRAFFIC_TCP = 4,
    SIM_TRAFFIC_SCTP = 8,
    SIM_TRAFFIC_OTHER = 16,
};

enum sim_jitter {
    SIM_JITTER_FIXED,
    SIM_JITTER_UNIFORM,
    SIM_JITTER_NORMAL,
    SIM_JITTER_PARETO,
};

enum sim_fault {
    SIM_FAULT_UNREACHABLE,
    SIM_FAULT_TIME_EXCEEDED,
    SIM_FAULT_TOO_BIG,           /* number[1] mtu */
    SIM_FAULT_REDIRECT,          /* address: the gateway. IPv4 only */
    SIM_FAULT_SOURCE_QUENCH,     /* IPv4 only */
    SIM_FAULT_PARAMETER_PROBLEM, /* number[1] pointer */
};

enum sim_answers {
    SIM_ANSWERS_ECHO = 1,
    SIM_ANSWERS_TIMESTAMP = 2,
    SIM_ANSWERS_EXTENDED = 4,
};

struct sim_setting {
    int64_t from;      /* ns of the scenario's time; INT64_MIN: always */
    int64_t until;     /* ns; INT64_MAX: from then on */
    uint32_t owner;    /* the node it belongs to */
    uint32_t order;    /* in which it was written */
    uint16_t property; /* enum sim_property */
    bool cleared;      /* `none`: back to the default */
    uint8_t code4;
    uint8_t code6;
    uint32_t node;
    int64_t number[2];
    double chance[4];
    struct sonde_address address;
    uint32_t list_first; /* in scenario.list; for texts in scenario.text */
    uint32_t list_count;
};

struct sim_node {
    enum sim_node_kind kind;
    char name[SIM_LINK_NAME_MAX + 1];
    uint32_t from; /* links: the nodes at its ends */
    uint32_t to;
    uint32_t first; /* banks: the routers */
    uint32_t count;
    uint32_t address_first; /* in scenario.addresses; the others follow by .next */
    uint32_t setting_first; /* in scenario.settings, sorted by time */
    uint32_t setting_count;
};

/* An address, or a prefix of addresses, of a node. */
struct sim_prefix {
    struct sonde_address address; /* bits behind the prefix are 0 */
    uint8_t bits;
    uint32_t node;
    uint32_t next; /* the node's next one, SIM_NOBODY at the end */
};

enum sim_happening_kind {
    SIM_HAPPENS_SIGNAL,     /* value: its number */
    SIM_HAPPENS_SUSPEND,    /* value: ns */
    SIM_HAPPENS_CLOCK_STEP, /* value: ns */
};

/* What happens to the observer's machine at one time. */
struct sim_happening {
    int64_t at;
    uint32_t order;
    enum sim_happening_kind kind;
    int64_t value;
};

struct sim_scenario {
    struct sim_node *nodes;
    uint32_t node_count;
    struct sim_setting *settings; /* sorted by owner, then time, then line */
    uint32_t setting_count;
    struct sim_prefix *prefixes;
    uint32_t prefix_count;
    struct sim_happening *happenings; /* sorted by time */
    uint32_t happening_count;
    uint32_t *list;
    uint32_t list_count;
    char *text; /* of quoted words and options, each as long as its setting says */
    uint32_t text_count;
    struct sim_index names;
    struct sim_index links;
    struct sim_index addresses;
    uint64_t lengths[2][3]; /* which prefix lengths there are; IPv4, IPv6; bit n of the three */
};

/*
 * Reads a scenario. `file` is for error messages only. Returns 0, -EINVAL or -ENOMEM, with the
 * error filled. On success sim_scenario_destroy() is due.
 */
int sim_scenario_parse(struct sim_scenario *scenario, const char *file, const char *text,
                       size_t length, struct sonde_sim_error *error);

/* The same from a file. Also returns the negative errno of reading it. */
int sim_scenario_load(struct sim_scenario *scenario, const char *path,
                      struct sonde_sim_error *error);

void sim_scenario_destroy(struct sim_scenario *scenario);

/* The node of that name, or SIM_NOBODY. */
uint32_t sim_scenario_named(const struct sim_scenario *scenario, const char *name);

/* The link from one node to another, or SIM_NOBODY. */
uint32_t sim_scenario_link(const struct sim_scenario *scenario, uint32_t from, uint32_t to);

/* The prefix that an address belongs to, the longest that fits; NULL when it is nobody's. */
const struct sim_prefix *sim_scenario_prefix(const struct sim_scenario *scenario,
                                             const struct sonde_address *address);

/* The first address of the node in that family, NULL when it has none. NONE: of any family. */
const struct sim_prefix *sim_scenario_address(const struct sim_scenario *scenario, uint32_t node,
                                              enum sonde_family family);

/*
 * The observer's address of a family: the scenario's first, and 198.18.0.1 and 2001:db8::1 where it
 * names none of either. False when it names only one of the other family.
 */
bool sim_scenario_own_address(const struct sim_scenario *scenario, enum sonde_family family,
                              struct sonde_address *address);

/*
 * Fills in_force[SIM_PROPERTIES] with what holds for a node at a time, NULL for what has its
 * default. Returns the time until which that stays so, INT64_MAX for ever.
 */
int64_t sim_scenario_in_force(const struct sim_scenario *scenario, uint32_t node, int64_t at,
                              const struct sim_setting **in_force);

/* Used while reading. `name` must be new and `prefix` nobody's. Return 0 or -ENOMEM. */
int sim_scenario_add_node(struct sim_scenario *scenario, enum sim_node_kind kind, const char *name);
int sim_scenario_add_link(struct sim_scenario *scenario, uint32_t from, uint32_t to);
int sim_scenario_add_prefix(struct sim_scenario *scenario, const struct sim_prefix *prefix);
int sim_scenario_add_setting(struct sim_scenario *scenario, const struct sim_setting *setting);
int sim_scenario_add_happening(struct sim_scenario *scenario, struct sim_happening happening);
int sim_scenario_add_list(struct sim_scenario *scenario, uint32_t item);
int sim_scenario_add_text(struct sim_scenario *scenario, const char *text, size_t length);

/* Who has exactly this prefix: its index, or SIM_INDEX_ABSENT. */
uint32_t sim_scenario_prefix_index(const struct sim_scenario *scenario,
                                   const struct sonde_address *address, uint8_t bits);

/* Sorts what was added, after the last of it. */
void sim_scenario_sort(struct sim_scenario *scenario);

#endif
