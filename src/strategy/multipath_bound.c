/*
 * What MDA may need for a graph: for each hop the flows that must be asked there so that enough of
 * them pass each of its vertices. A vertex's flows among N are binomial with its share.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "strategy/multipath_inside.h"

#define EXCEEDED 1e-3 /* the chance that more are needed by bad luck */

/* The chance that fewer than `wanted` of N flows pass a vertex of this share. */
static double chance_of_fewer(uint32_t flows, uint32_t wanted, double share)
{
    double sum = 0;
    for (uint32_t i = 0; i < wanted && i <= flows; i++)
        sum += exp(lgamma(flows + 1.0) - lgamma(i + 1.0) - lgamma(flows - i + 1.0) +
                   i * log(share) + (flows - i) * log1p(-share));
    return sum;
}

/* The least N with which that chance is at most `failure`. */
static uint32_t flows_for(uint32_t wanted, double share, double failure)
{
    uint32_t low = wanted, high = wanted;
    if (share >= 1 - 1e-9)
        return wanted;
    if (share < 1e-6)
        share = 1e-6;
    while (chance_of_fewer(high, wanted, share) > failure)
        high *= 2;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (chance_of_fewer(middle, wanted, share) > failure)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void multipath_shares(const struct sonde_multipath_graph *graph, double *share)
{
    for (uint32_t v = 0; v < graph->vertex_count; v++)
        share[v] = v == 0;
    for (uint32_t i = 0; i < graph->link_count; i++) {
        const struct sonde_multipath_link *link = &graph->links[i];
        share[link->to] += share[link->from] / graph->vertices[link->from].next_hops;
    }
}

int multipath_bound(struct sonde_multipath *mp, uint64_t *bound)
{
    const struct sonde_multipath_graph *graph = &mp->graph;
    double *share = calloc(graph->vertex_count, sizeof *share);
    uint32_t asked[256] = {0}, sought[256] = {0};
    if (!share)
        return -ENOMEM;
    multipath_shares(graph, share);
    double failure = EXCEEDED / graph->vertex_count;
    *bound = MULTIPATH_AHEAD - 1;
    for (uint32_t v = 0; v < graph->vertex_count; v++) {
        const struct sonde_multipath_vertex *vertex = &graph->vertices[v];
        if (vertex->next_hops == 0)
            continue;
        uint32_t points = multipath_stop_at(&mp->stop, vertex->next_hops);
        asked[vertex->hop + 1] += points;
        bool alone = share[v] >= 1 - 1e-9;
        uint32_t flows = alone ? 0 : flows_for(points, share[v], failure);
        if (flows > sought[vertex->hop])
            sought[vertex->hop] = flows;
        *bound += vertex->balances ? multipath_stop_at(&mp->stop, 1) - 1 : 0;
    }
    for (unsigned hop = 0; hop < 256; hop++)
        *bound += asked[hop] > sought[hop] ? asked[hop] : sought[hop];
    free(share);
    return 0;
}
