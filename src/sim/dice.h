/*
 * Every random decision of the simulated network.
 *
 * A die is thrown by name: what comes up depends on the seed, the node, which packet of the node it
 * is, and what is being decided, and on nothing else. So a decision stays the same when another
 * property or another node of the scenario changes.
 */
#ifndef SIM_DICE_H
#define SIM_DICE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/scenario.h"
#include "sonde/address.h"

enum sim_throw {
    SIM_THROW_LOSS,
    SIM_THROW_BURST_CHANGE,
    SIM_THROW_BURST_LOSS,
    SIM_THROW_FAULT,
    SIM_THROW_DUPLICATE,
    SIM_THROW_REORDER,
    SIM_THROW_CORRUPT,
    SIM_THROW_CORRUPT_WHERE,
    SIM_THROW_TRUNCATE,
    SIM_THROW_CUT,
    SIM_THROW_MANGLE,
    SIM_THROW_MANGLE_WHERE,
    SIM_THROW_MANGLE_VALUE,
    SIM_THROW_FORGE,
    SIM_THROW_FORGE_VALUE,
    SIM_THROW_GARBAGE,
    SIM_THROW_GARBAGE_LENGTH,
    SIM_THROW_GARBAGE_BYTES,
    SIM_THROW_STRAY,
    SIM_THROW_STRAY_BYTES,
    SIM_THROW_ID,
    SIM_THROW_LOAD,
    SIM_THROW_OVERLOAD,
    SIM_THROW_FORK,
    SIM_THROW_TRANSLATE_PORT,
    SIM_THROW_TRANSLATE_ID,
    SIM_THROW_FOREIGN,
    SIM_THROW_FOREIGN_BYTES,
    SIM_THROW_HOSTILE,
    SIM_THROW_HOSTILE_SHAPE,
    SIM_THROW_HOSTILE_BYTES,
    SIM_THROW_SERVICE, /* whatever a port chooses by chance */
    SIM_THROW_SEND_ERROR,
    SIM_THROW_RECEIVE_DROP,
    SIM_THROW_JITTER, /* two numbers for each copy: must be the last */
};

struct sim_dice {
    uint64_t base;
};

/* The dice of packet `count` of the node with that key. */
struct sim_dice sim_dice_take(uint64_t seed, uint64_t node_key, uint64_t count);

/* 64 random bits. */
uint64_t sim_dice_throw(struct sim_dice dice, unsigned what);

/* Uniform in [0, 1), 53 bits. */
double sim_dice_unit(struct sim_dice dice, unsigned what);

/* True with the setting's first chance; false when there is no setting. */
bool sim_dice_chance(struct sim_dice dice, unsigned what, const struct sim_setting *setting);

/* Fills the bytes. */
void sim_dice_bytes(struct sim_dice dice, unsigned what, uint8_t *bytes, size_t length);

/* The nanoseconds that a jitter setting (NULL: none) adds to copy `copy` of a packet. May be
 * negative for the normal distribution; less than an hour in either direction. */
int64_t sim_dice_jitter(struct sim_dice dice, unsigned copy, const struct sim_setting *jitter);

/* What belongs to an address for good: uniform in [0, 1). */
double sim_dice_address(uint64_t seed, unsigned what, const struct sonde_address *address);

/* A key from a node's name. */
uint64_t sim_dice_key(const char *name);

#endif
