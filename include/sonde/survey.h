/*
 * The survey: an engine without memory of what it has asked, for ranges of any size.
 *
 * Targets are walked in the order of a keyed permutation. An answer proves itself:
 *
 * - Identifier and sequence of a probe are a keyed hash of its target's address.
 * - The payload of an echo request begins with 8 bytes of send time, masked so that it tells
 *   nothing, and 8 bytes of a keyed proof (SipHash) of time and address, and so of identifier and
 *   sequence. Then the text, then zeros.
 *
 * So a reply is ours, comes from whom we asked, and brings its RTT, whatever else arrives. A reply
 * from another address than the one asked (some routers, broadcast, multicast) or with less than 16
 * bytes of payload cannot be told from a forged one, and is foreign. An ICMP error that quotes the
 * payload is proven likewise; one that quotes no more than RFC 792 promises is taken for ours when
 * identifier and sequence are those of the quoted destination, which who has not seen the probe
 * guesses once in 65,536 times the number of identifiers.
 *
 * Duplicates are known within a window of the last million or so answers. Memory is constant: 32
 * MiB at most, whatever the range (the row of targets is the caller's).
 *
 * It has no clock and does no I/O, as the engine (engine.h); sonde_survey_run drives it.
 */
#ifndef SONDE_SURVEY_H
#define SONDE_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sonde/address.h"
#include "sonde/loop.h"
#include "sonde/probe.h"
#include "sonde/time.h"
#include "sonde/transport.h"

/* The row of targets, 0 … count-1, without one twice: any order, up to 2^63. */
struct sonde_survey_targets {
    uint64_t count;
    void *self;
    struct sonde_address (*at)(const void *self, uint64_t index);
};

struct sonde_survey_config {
    uint8_t key[16]; /* secret and random; shards of one survey have keys of their own */
    uint64_t seed;   /* of the order: the same in all shards, and when a survey goes on */
    const uint16_t *identifiers; /* as the transport offers them; at least one */
    size_t identifier_count;
    struct sonde_survey_targets targets;
    uint64_t shard; /* of shard_count: this one asks positions shard, shard + shard_count, … */
    uint64_t shard_count; /* 0 as 1 */
    uint64_t from;        /* positions of this shard that are done already (resume) */
    uint32_t copies;      /* probes to each target, one behind the other; 0 as 1 */
    /*
     * Probe k is due at start + k * gap_ns / gap_slots, whatever became of those before; up to 100
     * ms of lateness are made up for. Gaps of less than 1 ms leave in groups, one each millisecond.
     * gap_ns 0: as fast as possible. Both below 2^53; gap_slots 0 as 1.
     */
    uint64_t gap_ns;
    uint64_t gap_slots;
    struct sonde_span cooldown; /* how long answers are waited for after the last probe */
    struct sonde_span deadline; /* sending ends at start + deadline; 0: it does not */
    /*
     * Begins at a twentieth of the rate asked for (as fast as possible: of a million a second) and
     * doubles it every second, as long as the share of probes that are answered within half a
     * second stays what it was at lower rates. When it falls clearly, the rate is halved, and from
     * then on raised by a tenth of the one asked for. Too few answers say nothing.
     */
    bool adaptive;
    struct sonde_address source[2]; /* ours: IPv4, IPv6; NONE where there is none: targets of that
                                       family count as failed */
    uint8_t hop_limit;
    uint8_t traffic_class;
    const uint8_t *text; /* a contact, behind time and proof in the payload */
    size_t text_bytes;
    uint16_t payload_bytes; /* at least 16; the rest is zeros */
};

enum sonde_survey_kind {
    SONDE_SURVEY_REPLY,     /* the first answer of a target */
    SONDE_SURVEY_ERROR,     /* the first one was an error about a probe of ours */
    SONDE_SURVEY_DUPLICATE, /* one more answer of either sort, to whichever copy, within the window
                             */
};

struct sonde_survey_answer {
    enum sonde_survey_kind kind;
    struct sonde_address target; /* whom we asked */
    struct sonde_address from;   /* who answered; NONE: this host refused to send any further */
    bool rtt_known;              /* an error that quotes too little does not bring the time back */
    struct sonde_span rtt; /* received - sent. Sent is user time, of the call of transmit: right
                              before the batch was handed over, so the RTT includes the batch's way
                              through this machine */
    struct sonde_stamp received;
    int hop_limit; /* of the answer; -1 unknown */
    uint8_t icmp_type;
    uint8_t icmp_code;
    uint32_t mtu;     /* of an error that says what fits, or of EMSGSIZE; 0 unknown */
    uint32_t pointer; /* of a parameter problem */
    int error;        /* from NONE: why, a positive errno */
};

typedef void sonde_survey_hear(void *self, const struct sonde_survey_answer *answer);

/* Probes that this machine refused for one reason. */
struct sonde_survey_refusal {
    int error; /* positive errno; EADDRNOTAVAIL: the family has no source */
    uint64_t probes;
};

#define SONDE_SURVEY_REFUSALS 8

struct sonde_survey_figures {
    uint64_t position;  /* of this shard: everything before it has been accepted or has failed. To
                           go on from here leaves no target out, and repeats what was asked since
                           the oldest probe that is still refused: usually nothing, 65,536 at most */
    uint64_t positions; /* in this shard */
    uint64_t sent;    /* sent = replies + errors + unanswered, always: answers beyond it can only be
                         duplicates that the window has forgotten, and count as such */
    uint64_t failed;  /* refused by this machine, in the end: the sum of refusals */
    uint64_t replies; /* first ones */
    uint64_t errors;
    uint64_t duplicates;
    uint64_t foreign; /* arrived and not ours */
    uint64_t malformed;
    double rate; /* probes a second, asked for now; 0: no limit */
    uint32_t rate_cuts;
    struct sonde_mono answers_until; /* sending is over, and answers are waited for until then;
                                        SONDE_NEVER: it is not over */
    int gone; /* positive errno: the survey has ended because for 5 s nothing could be sent for want
                 of a route or a device; what was refused then is not behind `position`. 0: it was
                 not */
    /* Why probes failed, in the order in which it was met; those behind the last one met are 0.
       What is one reason too many counts in the last, with error 0. */
    struct sonde_survey_refusal refusals[SONDE_SURVEY_REFUSALS];
};

struct sonde_survey;

/*
 * Returns 0, -EINVAL or -ENOMEM. The configuration is copied, except targets and identifiers. Not
 * valid: no targets, a shard or a position that there is not, no identifiers, a text that does not
 * fit the payload, a payload that does not fit a datagram.
 */
int sonde_survey_create(struct sonde_survey **survey, const struct sonde_survey_config *config,
                        sonde_survey_hear *hear, void *self);
void sonde_survey_destroy(struct sonde_survey *survey);

/*
 * Builds what is due at `now`, up to `capacity` datagrams; the first call is the start. The bytes
 * stay valid until the next call. No datagram asks for a send stamp (token 0). Returns how many.
 */
size_t sonde_survey_transmit(struct sonde_survey *survey, struct sonde_mono now,
                             struct sonde_datagram *batch, size_t capacity);

/*
 * Tells how sending went: the same batch, after the transport has filled it; to be called before
 * the next transmit and before answers to the batch are received. A datagram refused with ENOBUFS
 * or EAGAIN is tried again, the others going on meanwhile, for up to 4 s; any other refusal is
 * final.
 */
void sonde_survey_transmitted(struct sonde_survey *survey, const struct sonde_datagram *batch,
                              size_t count);

/* Takes one event of a transport. Signals and send stamps are passed over. */
void sonde_survey_receive(struct sonde_survey *survey, const struct sonde_event *event);

/* When transmit must be called next, or the survey is finished. */
struct sonde_mono sonde_survey_deadline(const struct sonde_survey *survey);

/* No more probes; answers are still waited for, for the length of the cooldown. */
void sonde_survey_stop(struct sonde_survey *survey, struct sonde_mono now);

/* All has been asked (or sending was stopped) and the cooldown is over at `now`. */
bool sonde_survey_finished(const struct sonde_survey *survey, struct sonde_mono now);

void sonde_survey_figures(const struct sonde_survey *survey, struct sonde_survey_figures *figures);

/*
 * Drives the survey over a transport until it is finished or a hook ends it at once (loop.h; a
 * signal hook that calls sonde_survey_stop and returns false lets the cooldown pass). Returns 0 or
 * a negative errno of the transport.
 */
int sonde_survey_run(struct sonde_survey *survey, const struct sonde_transport *transport,
                     const struct sonde_loop_hooks *hooks);

#endif
