/* IPv4 options: iteration ends, slices lie inside, and what parses is the same after building. */
#include "packet/ipv4_options.h"
#include "packet_help.h"

static struct packet_ipv4_option rebuilt(const struct packet_writer *writer)
{
    struct packet_ipv4_options options = packet_ipv4_options(packet_written_from(writer, 0));
    struct packet_ipv4_option option;
    MUST(packet_ipv4_options_next(&options, &option) == 1);
    return option;
}

static void check_route(const struct packet_ipv4_option *option)
{
    struct packet_ipv4_route route, back;
    if (packet_ipv4_route_parse(option, &route))
        return;
    MUST(route.used <= route.slots && route.slots <= PACKET_ROUTE_SLOTS);
    uint8_t room[40];
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    MUST(packet_ipv4_route_write(&writer, &route) == 0);
    struct packet_ipv4_option again = rebuilt(&writer);
    MUST(packet_ipv4_route_parse(&again, &back) == 0);
    MUST(back.type == route.type && back.used == route.used && back.slots == route.slots);
    for (size_t i = 0; i < route.slots; i++)
        MUST(sonde_address_equal(&back.hops[i], &route.hops[i]));
}

static void check_timestamp(const struct packet_ipv4_option *option)
{
    struct packet_ipv4_timestamp stamp, back;
    if (packet_ipv4_timestamp_parse(option, &stamp))
        return;
    MUST(stamp.used <= stamp.slots && stamp.slots <= PACKET_ROUTE_SLOTS);
    uint8_t room[40];
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    /* An option alone may be longer than a header can hold; then it is refused. */
    if (packet_ipv4_timestamp_write(&writer, &stamp)) {
        MUST(option->data.length > 38);
        return;
    }
    struct packet_ipv4_option again = rebuilt(&writer);
    MUST(packet_ipv4_timestamp_parse(&again, &back) == 0);
    MUST(back.form == stamp.form && back.overflow == stamp.overflow);
    MUST(back.used == stamp.used && back.slots == stamp.slots);
    for (size_t i = 0; i < stamp.slots; i++) {
        MUST(back.entries[i].time == stamp.entries[i].time);
        MUST(sonde_address_equal(&back.entries[i].address, &stamp.entries[i].address));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sonde_bytes bytes = exact_copy(data, size);
    struct packet_ipv4_options options = packet_ipv4_options(bytes);
    struct packet_ipv4_option option;
    size_t turns = 0;
    int more;
    while ((more = packet_ipv4_options_next(&options, &option)) == 1) {
        MUST(++turns <= size);
        MUST(inside(option.data, bytes));
        check_route(&option);
        check_timestamp(&option);
    }
    MUST(more <= 0);
    MUST(packet_ipv4_options_next(&options, &option) == more);
    drop(bytes);
    return 0;
}
