/*
 * The hosts that a session of any length asks, in memory that does not grow: one that no open probe
 * needs gives its place to another, the one that was used least recently first.
 *
 * What is the way to a host is looked up again after a second, so that a session outlives changes
 * of addresses and routes.
 */
#ifndef CLI_PACKET_TARGETS_H
#define CLI_PACKET_TARGETS_H

#include <stdint.h>

#include "sonde/engine.h"
#include "sonde/transport.h"

struct packet_targets;

/* Finds the way to a host: fills all of *target but the address. Returns 0 or a negative errno. */
typedef int packet_targets_find(void *self, const struct sonde_address *source,
                                struct sonde_engine_target *target);

/* Places for `count` hosts. Returns 0 or -ENOMEM. */
int packet_targets_create(struct packet_targets **targets, uint32_t count,
                          packet_targets_find *find, void *self);
void packet_targets_destroy(struct packet_targets *targets);

/* What the engine is lent, `count` of them. */
struct sonde_engine_target *packet_targets_places(struct packet_targets *targets);

/*
 * The place of a host as it is asked from `source` (NONE: from whatever address the way begins
 * with), for one probe. Returns 0, -ENOBUFS when open probes need every place, or what find
 * returned.
 */
int packet_targets_take(struct packet_targets *targets, const struct sonde_address *address,
                        const struct sonde_address *source, struct sonde_mono now, uint32_t *place);

/* A probe that took the place has its final outcome. */
void packet_targets_release(struct packet_targets *targets, uint32_t place);

#endif
