/*
 * The simulated network: a transport whose clock is virtual and whose network is a script.
 *
 * Nothing here touches a socket or asks the machine for the time. The same scenario and the same
 * seed give the same events, byte for byte, on every machine. docs/scenarios.md describes the
 * files.
 */
#ifndef SONDE_SIM_H
#define SONDE_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sonde/address.h"
#include "sonde/probe.h"
#include "sonde/time.h"
#include "sonde/transport.h"

/* What is wrong with a scenario, and where. */
struct sonde_sim_error {
    char file[128];    /* the path, shortened; "scenario" for one that was given as text */
    uint32_t line;     /* from 1; 0: the file as a whole */
    char message[256]; /* printable: what was expected and what was found */
};

/*
 * Opens a scenario: a path, or the scenario itself when the argument holds a line break. `*out` is
 * a transport; its clock starts at 0, which is the scenario's time 0. Its wait() answers -EDEADLK
 * when it is to wait forever and nothing will ever happen.
 *
 * Returns 0, -EINVAL (the scenario is wrong), the negative errno of reading the file, or -ENOMEM;
 * `error` is filled with each of them.
 */
int sonde_sim_open(const char *path_or_text, uint64_t seed, struct sonde_transport *out,
                   struct sonde_sim_error *error);

/*
 * (This function and those below take a transport that sonde_sim_open has filled.)
 *
 * The address of a host, router or group by its name in the scenario; of a prefix, its first host.
 * SONDE_FAMILY_NONE asks for whichever is written first. Returns 0, -ENOENT (no such name), or
 * -EAFNOSUPPORT (it has no address of that family).
 */
int sonde_sim_resolve(const struct sonde_transport *transport, const char *name,
                      enum sonde_family family, struct sonde_address *address);

/*
 * The name of an address as a reverse lookup would give it: the scenario's `reverse` text, else the
 * name of the host, router or group; NULL for an address of nobody or inside a prefix. The text is
 * the scenario's and may be hostile. Owned by the transport.
 */
const char *sonde_sim_reverse(const struct sonde_transport *transport,
                              const struct sonde_address *address);

/* What the network did with one packet, or with one answer to it. */
enum sonde_sim_fate {
    /* something comes back */
    SONDE_SIM_REPLY,     /* the host's answer */
    SONDE_SIM_ERROR,     /* a router's ICMP error, redirect or source quench */
    SONDE_SIM_DUPLICATE, /* one more copy of a reply */
    SONDE_SIM_GARBAGE,   /* random bytes */
    SONDE_SIM_STRAY,     /* a reply to something that nobody asked */
    SONDE_SIM_FOREIGN,   /* a reply to somebody else's request */
    SONDE_SIM_HOSTILE,   /* an ICMP error or reply made to break its reader */
    /* nothing comes back */
    SONDE_SIM_LOST,          /* by `loss` of a host, a router or a link */
    SONDE_SIM_LOST_IN_BURST, /* by `burst` */
    SONDE_SIM_QUEUE_FULL,    /* at a link with a rate */
    SONDE_SIM_LINK_DOWN,
    SONDE_SIM_NO_HOST,    /* the address belongs to nobody */
    SONDE_SIM_DEAD,       /* it belongs to a host that is not alive */
    SONDE_SIM_UNANSWERED, /* the host does not answer this */
    SONDE_SIM_BLACK_HOLE, /* too big, and nobody says so */
    SONDE_SIM_FILTERED,   /* by `prohibits … silently` */
    SONDE_SIM_MUTE,       /* a router that says nothing */
    SONDE_SIM_RATIONED,   /* an error that `error-limit` did not allow */
    SONDE_SIM_MALFORMED, /* the packet was wrong as it came or when it arrived: lengths, checksum */
    SONDE_SIM_HELD,      /* a fragment that waits for the others */
    /* it had come back, and then … */
    SONDE_SIM_RECEIVE_DROPPED, /* our own receive queue lost it */
    SONDE_SIM_FATES,
};

/* What was done to an answer besides. */
enum sonde_sim_harm {
    SONDE_SIM_REORDERED = 1 << 0, /* held back by `reorder` */
    SONDE_SIM_CORRUPT = 1 << 1,   /* one bit of the ICMP message flipped, checksum wrong */
    SONDE_SIM_TRUNCATED = 1 << 2, /* shorter than asked, lengths and checksum right */
    SONDE_SIM_CUT = 1 << 3,       /* ends before its IP header says */
    SONDE_SIM_MANGLED = 1 << 4,   /* payload changed, checksum right */
    SONDE_SIM_FORGED = 1 << 5,    /* payload begins with an absurd time, checksum right */
};

/* A place on a packet's way. */
struct sonde_sim_step {
    const char *node;     /* host or router */
    struct sonde_mono at; /* when the packet arrived there */
};

struct sonde_sim_truth {
    enum sonde_sim_fate fate;
    unsigned harm;           /* enum sonde_sim_harm, or-ed */
    bool returning;          /* it was an answer that got lost, on its way back */
    uint64_t number;         /* of the packet among those that entered the network, from 1 */
    struct sonde_mono at;    /* when it entered */
    struct sonde_mono out;   /* when the answer comes out; SONDE_NEVER when none does */
    struct sonde_address to; /* where the packet was going; NONE when it was malformed */
    const char *node;        /* host, router or link ("a>b") that decided; NULL: none */
    const struct sonde_sim_step *way; /* as far as the packet came; valid during the call */
    size_t way_count;
    struct sonde_bytes packet; /* as it entered; unset for RECEIVE_DROPPED. Valid during the call */
    struct sonde_bytes answer; /* as it comes out, from the IP header; valid during the call */
};

typedef void sonde_sim_hear(void *self, const struct sonde_sim_truth *truth);

/*
 * From now on `hear` is told of every decision, while the packet is being sent (RECEIVE_DROPPED:
 * when the clock passes the arrival). It must not call the transport. NULL ends it.
 */
void sonde_sim_listen(const struct sonde_transport *transport, sonde_sim_hear *hear, void *self);

/* "reply", "lost-in-burst", …: the word for a fate. */
const char *sonde_sim_fate_name(enum sonde_sim_fate fate);

#endif
