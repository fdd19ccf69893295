#include "strategy/trace_memory.h"

#include <errno.h>
#include <stdlib.h>

#define KEPT_AFTER_NS (10 * SONDE_NS_PER_S) /* beyond the timeout: late answers, duplicates */
#define LEAST         256u
#define MOST          (1u << 18)

static uint32_t needed(const struct sonde_trace_config *config)
{
    uint64_t hops = config->last_hop - config->first_hop + 1u;
    uint64_t probes = 2 * hops * config->queries; /* TCP asks twice */
    int64_t kept_ns = sonde_saturating_add(config->probe.timeout.ns, KEPT_AFTER_NS);
    if (config->rounds != 1) {
        uint64_t rounds = (uint64_t)(kept_ns / config->interval.ns) + 2;
        probes = rounds < MOST ? probes * rounds : MOST;
    }
    uint32_t count = LEAST;
    while (count < probes && count < MOST)
        count *= 2;
    return count;
}

int trace_memory_init(struct trace_memory *memory, const struct sonde_trace_config *config)
{
    *memory = (struct trace_memory){.count = needed(config)};
    memory->asked = calloc(memory->count, sizeof *memory->asked);
    return memory->asked ? 0 : -ENOMEM;
}

void trace_memory_destroy(struct trace_memory *memory)
{
    free(memory->asked);
}

struct trace_asked *trace_memory_find(const struct trace_memory *memory, uint64_t number)
{
    if (number >= memory->next || memory->next - number > memory->count)
        return NULL;
    return &memory->asked[number & (memory->count - 1)];
}

struct trace_asked *trace_memory_oldest(const struct trace_memory *memory)
{
    return memory->next < memory->count ? NULL : &memory->asked[memory->next & (memory->count - 1)];
}

uint64_t trace_memory_add(struct trace_memory *memory, const struct trace_asked *asked)
{
    memory->asked[memory->next & (memory->count - 1)] = *asked;
    return memory->next++;
}
