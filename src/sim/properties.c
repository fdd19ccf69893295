#include "sim/properties.h"

#include <limits.h>
#include <string.h>

#include "sim/values.h"

#define OBSERVER (1u << SIM_OBSERVER)
#define HOST     (1u << SIM_HOST)
#define ROUTER   (1u << SIM_ROUTER)
#define GROUP    (1u << SIM_GROUP)
#define LINK     (1u << SIM_LINK)

#define FIXED    1u /* cannot change at a time */
#define OWN_NONE 2u /* `none` is one of its values */

#define VALUE(function)        sim_value_##function, NULL, 0, 0
#define NUMBER(what, min, max) NULL, what, min, max

static const struct property {
    const char *name;
    unsigned owners; /* kinds of nodes that have it */
    unsigned flags;
    enum sim_property property;
    bool (*read)(struct sim_reader *reader, struct sim_setting *setting);
    const char *what; /* when there is no function: number[0] is this, from min to max */
    int64_t min;
    int64_t max;
} properties[] = {
    {"delay", HOST | ROUTER | LINK, 0, SIM_DELAY, VALUE(span)},
    {"jitter", HOST | ROUTER | LINK, 0, SIM_JITTER, VALUE(jitter)},
    {"loss", HOST | ROUTER | LINK, 0, SIM_LOSS, VALUE(chance)},
    {"burst", HOST | LINK, 0, SIM_BURST, VALUE(burst)},
    {"duplicate", HOST | LINK, 0, SIM_DUPLICATE, VALUE(duplicate)},
    {"reorder", HOST | LINK, 0, SIM_REORDER, VALUE(reorder)},
    {"corrupt", HOST | LINK, 0, SIM_CORRUPT, VALUE(chance)},
    {"rate", LINK, 0, SIM_RATE, VALUE(rate)},
    {"load", LINK, 0, SIM_LOAD, VALUE(load)},
    {"mtu", LINK, 0, SIM_MTU, VALUE(mtu)},
    {"down", LINK, 0, SIM_DOWN, VALUE(present)},
    {"hop-limit", HOST | ROUTER, 0, SIM_HOP_LIMIT, NUMBER("a hop limit", 1, 255)},
    {"return-hops", HOST | ROUTER, 0, SIM_RETURN_HOPS,
     NUMBER("a number of routers", 0, SIM_VIA_MAX)},
    {"via", HOST | ROUTER, 0, SIM_VIA, VALUE(via)},
    {"reply-from", HOST | ROUTER, 0, SIM_REPLY_FROM, VALUE(address)},
    {"error-limit", HOST | ROUTER, 0, SIM_ERROR_LIMIT, VALUE(error_limit)},
    {"reverse", HOST | ROUTER | GROUP, FIXED, SIM_REVERSE, VALUE(reverse)},
    {"silent", HOST | ROUTER, 0, SIM_ALIVE, VALUE(present)}, /* nobody: chance 0 */
    {"alive", HOST, 0, SIM_ALIVE, VALUE(chance)},
    {"spread", HOST, 0, SIM_SPREAD, VALUE(span)},
    {"truncate", HOST, 0, SIM_TRUNCATE, VALUE(shortening)},
    {"cut", HOST, 0, SIM_CUT, VALUE(shortening)},
    {"mangle", HOST, 0, SIM_MANGLE, VALUE(mangle)},
    {"forge", HOST, 0, SIM_FORGE, VALUE(chance)},
    {"garbage", HOST, 0, SIM_GARBAGE, VALUE(garbage)},
    {"stray", HOST, 0, SIM_STRAY, VALUE(chance)},
    {"foreign", HOST, 0, SIM_FOREIGN, VALUE(chance)},
    {"hostile", HOST, 0, SIM_HOSTILE, VALUE(chance)},
    {"error", HOST, 0, SIM_FAULT, VALUE(fault)},
    {"answers", HOST, 0, SIM_ANSWERS, VALUE(answers)},
    {"extended-code", HOST, 0, SIM_EXTENDED, NUMBER("a code", 0, 255)},
    {"clock-offset", HOST, 0, SIM_CLOCK_OFF, VALUE(signed_span)},
    {"udp", HOST, 0, SIM_UDP, VALUE(ports)},
    {"tcp", HOST, 0, SIM_TCP, VALUE(ports)},
    {"sctp", HOST, 0, SIM_SCTP, VALUE(ports)},
    {"quote", ROUTER, 0, SIM_QUOTE, VALUE(quote)},
    {"quote-options", ROUTER, 0, SIM_QUOTE_OPTIONS, VALUE(quote_options)},
    {"balance", ROUTER | OBSERVER, 0, SIM_BALANCE, VALUE(balance)},
    {"mpls", ROUTER, 0, SIM_MPLS, VALUE(mpls)},
    {"interface", ROUTER, 0, SIM_INTERFACE, VALUE(interface)},
    {"extensions", ROUTER, OWN_NONE, SIM_EXTENSIONS, VALUE(extensions)},
    {"nat", ROUTER, 0, SIM_NAT, VALUE(nat)},
    {"dscp", ROUTER, 0, SIM_DSCP, NUMBER("a DSCP", 0, 63)},
    {"ecn", ROUTER, 0, SIM_ECN, NUMBER("an ECN field", 0, 3)},
    {"ttl-zero", ROUTER, 0, SIM_TTL_ZERO, VALUE(present)},
    {"loop", ROUTER, 0, SIM_LOOP, VALUE(loop)},
    {"prohibits", ROUTER, 0, SIM_PROHIBITS, VALUE(prohibits)},
    {"members", GROUP, 0, SIM_MEMBERS, VALUE(members)},
    {"mtu", OBSERVER, 0, SIM_DEVICE_MTU, NUMBER("an MTU", 576, 65535)},
    {"send-cost", OBSERVER, 0, SIM_SEND_COST, VALUE(span)},
    {"stamps", OBSERVER, 0, SIM_STAMPS, VALUE(stamps)},
    {"receive-queue", OBSERVER, 0, SIM_RECEIVE_QUEUE, NUMBER("a number of datagrams", 1, 1000000)},
    {"identifiers", OBSERVER, FIXED, SIM_IDENTIFIERS,
     NUMBER("a number of identifiers", 1, SIM_IDENTIFIERS_MAX)},
    {"clock", OBSERVER, FIXED, SIM_CLOCK, VALUE(clock)},
    /* written as statements of their own: "at 3s..5s send-error ENETDOWN" */
    {"send-error", OBSERVER, 0, SIM_SEND_ERROR, VALUE(send_error)},
    {"receive-drop", OBSERVER, 0, SIM_RECEIVE_DROP, VALUE(chance)},
};

#define PROPERTY_COUNT (sizeof(properties) / sizeof(properties[0]))

static const struct property *find(const char *name, unsigned owners)
{
    for (size_t i = 0; i < PROPERTY_COUNT; i++)
        if (properties[i].owners & owners && strcmp(properties[i].name, name) == 0)
            return &properties[i];
    return NULL;
}

bool sim_property_known(const char *name)
{
    return find(name, UINT_MAX) != NULL;
}

/* Adds the setting for one node, which holds for each period of the statement. */
static bool add_periods(struct sim_reader *reader, struct sim_setting setting, uint32_t owner,
                        uint64_t periods)
{
    const struct sim_statement *statement = &reader->statement;
    setting.owner = owner;
    for (uint64_t period = 0; period < periods; period++) {
        setting.from = statement->from;
        setting.until = statement->until;
        if (statement->every) {
            setting.from += (int64_t)period * statement->every;
            if (statement->lasting < setting.until - setting.from)
                setting.until = setting.from + statement->lasting;
        }
        if (!sim_reader_added(reader, sim_scenario_add_setting(reader->scenario, &setting)))
            return false;
    }
    return true;
}

/* The same for the link from one node to another. */
static bool add_to_link(struct sim_reader *reader, const struct sim_setting *setting, uint32_t from,
                        uint32_t to, uint64_t periods)
{
    return add_periods(reader, *setting, sim_scenario_link(reader->scenario, from, to), periods);
}

/* Adds the setting for each of whom the statement is about, and for each period. */
static bool add_settings(struct sim_reader *reader, const struct sim_setting *setting)
{
    const struct sim_statement *statement = &reader->statement;
    bool link = statement->kind == SIM_LINK;
    uint32_t far_count = link ? statement->far_count : 1;
    uint32_t owners = statement->count * far_count * (statement->both_ways ? 2 : 1);
    uint64_t periods = 1;
    if (statement->every)
        periods += (uint64_t)(statement->until - statement->from - 1) / (uint64_t)statement->every;
    uint64_t room = SIM_SETTINGS_MAX - reader->scenario->setting_count;
    if (periods > room || periods * owners > room)
        return sim_reader_fail(reader,
                               "expected at most %d properties: this is one for each of %u "
                               "nodes and %llu periods",
                               SIM_SETTINGS_MAX, owners, (unsigned long long)periods);
    bool good = true;
    for (uint32_t i = 0; good && i < statement->count; i++) {
        uint32_t near = statement->first + i;
        if (!link)
            good = add_periods(reader, *setting, near, periods);
        for (uint32_t j = 0; good && link && j < far_count; j++) {
            uint32_t far = statement->far_first + j;
            good = add_to_link(reader, setting, near, far, periods) &&
                   (!statement->both_ways || add_to_link(reader, setting, far, near, periods));
        }
    }
    return good;
}

bool sim_property_read(struct sim_reader *reader)
{
    static const char *const owners[] = {"the observer", "a host", "a router",
                                         "a group",      "a bank", "a link"};
    enum sim_node_kind kind = reader->statement.kind;
    const char *name = sim_reader_at_word(reader) ? reader->token.text : "";
    const struct property *property = find(name, 1u << kind);
    if (!property)
        return sim_reader_expected(reader, "expected a property of %s", owners[kind]);
    if (property->flags & FIXED && reader->statement.from != INT64_MIN)
        return sim_reader_fail(reader, "\"%s\" cannot change at a time", property->name);
    sim_reader_advance(reader);
    struct sim_setting setting = {.property = (uint16_t)property->property};
    if (!(property->flags & OWN_NONE))
        setting.cleared = sim_reader_accept(reader, "none");
    if (!setting.cleared &&
        !(property->read ? property->read(reader, &setting)
                         : sim_reader_integer(reader, property->what, property->min, property->max,
                                              &setting.number[0])))
        return false;
    return add_settings(reader, &setting);
}
