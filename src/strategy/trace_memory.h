/* What the last probes of a trace asked, by their numbers. */
#ifndef STRATEGY_TRACE_MEMORY_H
#define STRATEGY_TRACE_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "sonde/trace.h"

struct trace_asked {
    struct sonde_trace_place place;
    bool open;  /* no final outcome yet */
    bool alone; /* no connection can have been half open when it left */
};

struct trace_memory {
    struct trace_asked *asked; /* by number modulo count */
    uint32_t count;            /* a power of two */
    uint64_t next;             /* the number of the next probe */
};

/* As large as the configuration, all of it filled in, needs. Returns 0 or -ENOMEM. */
int trace_memory_init(struct trace_memory *memory, const struct sonde_trace_config *config);
void trace_memory_destroy(struct trace_memory *memory);

/* NULL for a number that is not given out yet, or forgotten. */
struct trace_asked *trace_memory_find(const struct trace_memory *memory, uint64_t number);

/* The oldest, which the next probe will take the place of; NULL while there is room. */
struct trace_asked *trace_memory_oldest(const struct trace_memory *memory);

/* Keeps a probe and returns its number. */
uint64_t trace_memory_add(struct trace_memory *memory, const struct trace_asked *asked);

#endif
