/* Who changed our datagrams on the way: class, addresses and ports, hop limit; and the way back. */
#include "strategy/path_inside.h"

struct seen {
    uint8_t hop; /* the last one that quoted us; 0: none yet */
    uint8_t traffic_class;
    uint8_t nat_hop;   /* the last one that is believed about our source … */
    unsigned evidence; /* … and what it showed */
    struct sonde_address from;
};

bool path_same_source(const struct sonde_quote *a, const struct sonde_quote *b)
{
    return a->port == b->port && a->port_differs == b->port_differs &&
           sonde_address_equal(&a->from, &b->from);
}

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

static void compare_class(struct sonde_path_hop *hop, struct seen *before)
{
    hop->class_rewritten = hop->quote.traffic_class != before->traffic_class;
    hop->class_before = before->traffic_class;
    hop->rewrite_after = before->hop;
    before->traffic_class = hop->quote.traffic_class;
    before->hop = hop->hop;
}

static const struct sonde_path_hop *next_that_quotes(const struct sonde_path *path, unsigned hop)
{
    while (++hop <= path->length)
        if (path_hop_at(path, hop)->shown.quoted)
            return &path_hop_at(path, hop)->shown;
    return NULL;
}

/*
 * A translator does the same to all that passes it. So one quote is no proof, as anybody may have
 * made it up: another one must show the same, and what is behind must not show the opposite.
 */
static bool is_attested(const struct sonde_path *path, const struct path_hop *hop, unsigned fresh)
{
    const struct sonde_path_hop *behind = next_that_quotes(path, hop->shown.hop);
    if (!behind)
        return hop->alike > 1;
    return (evidence_of(path, behind) & fresh) != 0 &&
           (hop->alike > 1 || path_same_source(&hop->shown.quote, &behind->quote));
}

static void compare_source(const struct sonde_path *path, struct path_hop *at, struct seen *before)
{
    struct sonde_path_hop *hop = &at->shown;
    unsigned evidence = evidence_of(path, hop);
    unsigned fresh = evidence & ~before->evidence;
    if ((evidence & before->evidence & SONDE_PATH_EVIDENCE_ADDRESS) != 0 &&
        !sonde_address_equal(&hop->quote.from, &before->from))
        fresh |= SONDE_PATH_EVIDENCE_ADDRESS;
    hop->nat_evidence = evidence;
    hop->nat_before = fresh != 0 && is_attested(path, at, fresh);
    hop->nat_after = before->nat_hop;
    if (fresh != 0 && !hop->nat_before)
        return;
    before->nat_hop = hop->hop;
    before->evidence = evidence;
    before->from = hop->quote.from;
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
        struct path_hop *at = path_hop_at(path, h);
        struct sonde_path_hop *hop = &at->shown;
        hop->return_hops = hop->answered ? return_hops(hop->answer.hop_limit) : -1;
        hop->hop_limit_zero = passed_on(hop, path_hop_at(path, h + 1));
        if (!hop->quoted)
            continue;
        compare_class(hop, &before);
        compare_source(path, at, &before);
    }
}
