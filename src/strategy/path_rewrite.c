/* Who changed our datagrams on the way: class, addresses and ports, hop limit; and the way back. */
#include "strategy/path_inside.h"

struct seen {
    uint8_t hop; /* the last one that quoted us; 0: none yet */
    uint8_t traffic_class;
    unsigned evidence;
    struct sonde_address from;
};

static unsigned evidence_of(const struct sonde_path *path, const struct sonde_path_hop *hop)
{
    const struct sonde_quote *quote = &hop->quote;
    bool known = path->config.source.family != SONDE_FAMILY_NONE;
    unsigned evidence = 0;
    if (known && !sonde_address_equal(&path->config.source, &quote->from))
        evidence |= SONDE_PATH_EVIDENCE_ADDRESS;
    if (quote->port_differs)
        evidence |= SONDE_PATH_EVIDENCE_PORT;
    if (quote->checksum_differs)
        evidence |= SONDE_PATH_EVIDENCE_CHECKSUM;
    if (hop->ip_id_differs)
        evidence |= SONDE_PATH_EVIDENCE_IP_ID;
    return evidence;
}

static void compare(const struct sonde_path *path, struct sonde_path_hop *hop, struct seen *before)
{
    struct seen now = {
        .hop = hop->hop,
        .traffic_class = hop->quote.traffic_class,
        .evidence = evidence_of(path, hop),
        .from = hop->quote.from,
    };
    hop->class_rewritten = now.traffic_class != before->traffic_class;
    hop->class_before = before->traffic_class;
    hop->rewrite_after = before->hop;
    bool once_more = (now.evidence & before->evidence & SONDE_PATH_EVIDENCE_ADDRESS) != 0 &&
                     !sonde_address_equal(&now.from, &before->from);
    hop->nat_evidence = now.evidence;
    hop->nat_before = (now.evidence & ~before->evidence) != 0 || once_more;
    hop->nat_after = before->hop;
    *before = now;
}

/* The answer is the next hop's: the router here did not throw the probe away. */
static bool passed_on(const struct sonde_path_hop *hop, const struct path_hop *behind)
{
    return hop->quoted && hop->quote.hop_limit == 0 && behind && behind->shown.answered &&
           sonde_address_equal(&hop->answer_from, &behind->shown.answer_from);
}

/* Hosts and routers begin with 32, 64, 128 or 255: the least that fits is the likely one. */
static int return_hops(int hop_limit)
{
    static const int firsts[] = {32, 64, 128, 255};
    for (unsigned i = 0; i < sizeof firsts / sizeof *firsts; i++)
        if (hop_limit > 0 && hop_limit <= firsts[i])
            return firsts[i] - hop_limit;
    return -1;
}

void path_find_rewrites(struct sonde_path *path)
{
    struct seen before = {
        .traffic_class = path->config.probe.traffic_class,
        .from = path->config.source,
    };
    for (unsigned h = path->config.first_hop; h <= path->length; h++) {
        struct sonde_path_hop *hop = &path_hop_at(path, h)->shown;
        hop->return_hops = hop->answered ? return_hops(hop->answer.hop_limit) : -1;
        hop->hop_limit_zero = passed_on(hop, path_hop_at(path, h + 1));
        if (hop->quoted)
            compare(path, hop, &before);
    }
}
