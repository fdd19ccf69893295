#include "packet/ipv4_options.h"

#include <errno.h>

#include "help.h"

static struct packet_ipv4_option first_option(const uint8_t *bytes, size_t length)
{
    struct packet_ipv4_options options = packet_ipv4_options((struct sonde_bytes){bytes, length});
    struct packet_ipv4_option option;
    cr_assert_eq(packet_ipv4_options_next(&options, &option), 1);
    return option;
}

Test(packet_ipv4_options, iteration)
{
    const uint8_t bytes[] = {1, 148, 4, 0, 0, 1, 7, 3, 4, 0, 9, 9};
    struct packet_ipv4_options options =
        packet_ipv4_options((struct sonde_bytes){bytes, sizeof(bytes)});
    struct packet_ipv4_option option;
    const uint8_t types[] = {PACKET_OPTION_NOP, PACKET_OPTION_ROUTER_ALERT, PACKET_OPTION_NOP,
                             PACKET_OPTION_RECORD_ROUTE};
    const uint8_t offsets[] = {0, 1, 5, 6};
    const size_t lengths[] = {0, 2, 0, 1};
    for (size_t i = 0; i < 4; i++) {
        cr_assert_eq(packet_ipv4_options_next(&options, &option), 1);
        cr_assert_eq(option.type, types[i]);
        cr_assert_eq(option.offset, offsets[i]);
        cr_assert_eq(option.data.length, lengths[i]);
    }
    cr_assert_eq(packet_ipv4_options_next(&options, &option), 0, "END stops it");
    cr_assert_eq(packet_ipv4_options_next(&options, &option), 0);
}

Test(packet_ipv4_options, lengths_that_cannot_be)
{
    const uint8_t cases[][4] = {{7, 0, 0, 0}, {7, 1, 0, 0}, {7, 5, 0, 0}, {7, 255, 0, 0}};
    for (size_t i = 0; i < 4; i++) {
        struct sonde_bytes exact = help_exact(cases[i], 4);
        struct packet_ipv4_options options = packet_ipv4_options(exact);
        struct packet_ipv4_option option;
        cr_assert_eq(packet_ipv4_options_next(&options, &option), -EBADMSG, "case %zu", i);
        cr_assert_eq(packet_ipv4_options_next(&options, &option), -EBADMSG);
        help_free(exact);
    }
    const uint8_t lone[] = {7};
    struct packet_ipv4_options options = packet_ipv4_options((struct sonde_bytes){lone, 1});
    struct packet_ipv4_option option;
    cr_assert_eq(packet_ipv4_options_next(&options, &option), -EBADMSG, "a type without a length");
}

Test(packet_ipv4_options, route_round_trip)
{
    static const uint8_t types[] = {PACKET_OPTION_RECORD_ROUTE, PACKET_OPTION_LOOSE_ROUTE,
                                    PACKET_OPTION_STRICT_ROUTE};
    struct base_random random = help_random();
    for (int round = 0; round < 3000; round++) {
        struct packet_ipv4_route route = {.type = types[help_below(&random, 3)],
                                          .slots = (uint8_t)help_below(&random, 10)};
        route.used = (uint8_t)help_below(&random, route.slots + 1u);
        for (size_t i = 0; i < route.slots; i++)
            route.hops[i] = help_address(&random, SONDE_IPV4);
        uint8_t room[40];
        struct packet_writer writer = packet_writer_over(room, sizeof(room));
        cr_assert_eq(packet_ipv4_route_write(&writer, &route), 0);
        cr_assert_eq(packet_ipv4_options_pad(&writer, 0), 0);
        cr_assert_eq(packet_written(&writer) % 4, 0);
        struct packet_ipv4_option option = first_option(room, packet_written(&writer));
        struct packet_ipv4_route back;
        cr_assert_eq(packet_ipv4_route_parse(&option, &back), 0);
        cr_assert_eq(back.type, route.type);
        cr_assert_eq(back.slots, route.slots);
        cr_assert_eq(back.used, route.used);
        for (size_t i = 0; i < route.slots; i++)
            cr_assert(sonde_address_equal(&back.hops[i], &route.hops[i]));
    }
}

Test(packet_ipv4_options, record_route_as_ping_sends_it)
{
    struct packet_ipv4_route route = {.type = PACKET_OPTION_RECORD_ROUTE, .slots = 9};
    uint8_t room[40];
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    packet_write_u8(&writer, PACKET_OPTION_NOP);
    cr_assert_eq(packet_ipv4_route_write(&writer, &route), 0);
    cr_assert_eq(packet_ipv4_options_pad(&writer, 0), 0);
    cr_assert_eq(packet_written(&writer), 40);
    const uint8_t expected[40] = {1, 7, 39, 4};
    cr_assert_arr_eq(room, expected, 40);
}

Test(packet_ipv4_options, pointer_at_its_limits)
{
    uint8_t bytes[39] = {PACKET_OPTION_RECORD_ROUTE, 39, 3};
    struct packet_ipv4_route route;
    struct packet_ipv4_option option = first_option(bytes, sizeof(bytes));
    cr_assert_eq(packet_ipv4_route_parse(&option, &route), -EBADMSG, "points at itself");
    bytes[2] = 4;
    cr_assert_eq(packet_ipv4_route_parse(&option, &route), 0);
    cr_assert_eq(route.used, 0);
    bytes[2] = 40;
    cr_assert_eq(packet_ipv4_route_parse(&option, &route), 0);
    cr_assert_eq(route.used, 9, "full");
    bytes[2] = 255;
    cr_assert_eq(packet_ipv4_route_parse(&option, &route), 0);
    cr_assert_eq(route.used, 9, "never more than there are");
    option.type = PACKET_OPTION_TIMESTAMP;
    cr_assert_eq(packet_ipv4_route_parse(&option, &route), -EINVAL);
}

Test(packet_ipv4_options, timestamp_round_trip)
{
    static const uint8_t forms[] = {PACKET_TIMESTAMP_ONLY, PACKET_TIMESTAMP_AND_ADDRESS,
                                    PACKET_TIMESTAMP_PRESPECIFIED};
    struct base_random random = help_random();
    for (int round = 0; round < 3000; round++) {
        struct packet_ipv4_timestamp stamp = {.form = forms[help_below(&random, 3)],
                                              .overflow = (uint8_t)help_below(&random, 16)};
        bool with_address = stamp.form != PACKET_TIMESTAMP_ONLY;
        stamp.slots = (uint8_t)help_below(&random, with_address ? 5 : 10);
        stamp.used = (uint8_t)help_below(&random, stamp.slots + 1u);
        for (size_t i = 0; i < stamp.slots; i++) {
            if (with_address)
                stamp.entries[i].address = help_address(&random, SONDE_IPV4);
            stamp.entries[i].time = (uint32_t)base_random_u64(&random);
        }
        uint8_t room[40];
        struct packet_writer writer = packet_writer_over(room, sizeof(room));
        cr_assert_eq(packet_ipv4_timestamp_write(&writer, &stamp), 0);
        struct packet_ipv4_option option = first_option(room, packet_written(&writer));
        struct packet_ipv4_timestamp back;
        cr_assert_eq(packet_ipv4_timestamp_parse(&option, &back), 0);
        cr_assert_eq(back.form, stamp.form);
        cr_assert_eq(back.overflow, stamp.overflow);
        cr_assert_eq(back.slots, stamp.slots);
        cr_assert_eq(back.used, stamp.used);
        for (size_t i = 0; i < stamp.slots; i++) {
            cr_assert(sonde_address_equal(&back.entries[i].address, &stamp.entries[i].address));
            cr_assert_eq(back.entries[i].time, stamp.entries[i].time);
        }
    }
}

Test(packet_ipv4_options, timestamp_refuses)
{
    uint8_t room[64];
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    struct packet_ipv4_timestamp bad = {.form = 2, .slots = 1};
    cr_assert_eq(packet_ipv4_timestamp_write(&writer, &bad), -EINVAL);
    bad = (struct packet_ipv4_timestamp){.form = PACKET_TIMESTAMP_AND_ADDRESS, .slots = 5};
    cr_assert_eq(packet_ipv4_timestamp_write(&writer, &bad), -EINVAL, "44 bytes");
    bad = (struct packet_ipv4_timestamp){.overflow = 16};
    cr_assert_eq(packet_ipv4_timestamp_write(&writer, &bad), -EINVAL);
    bad = (struct packet_ipv4_timestamp){.slots = 1, .used = 2};
    cr_assert_eq(packet_ipv4_timestamp_write(&writer, &bad), -EINVAL);
    bad = (struct packet_ipv4_timestamp){.form = PACKET_TIMESTAMP_AND_ADDRESS, .slots = 1};
    bad.entries[0].address = help_parse("::1");
    cr_assert_eq(packet_ipv4_timestamp_write(&writer, &bad), -EINVAL);
    cr_assert_eq(packet_written(&writer), 0);

    const uint8_t unknown_form[] = {PACKET_OPTION_TIMESTAMP, 8, 5, 2, 0, 0, 0, 0};
    const uint8_t no_form[] = {PACKET_OPTION_TIMESTAMP, 3, 5};
    const uint8_t low_pointer[] = {PACKET_OPTION_TIMESTAMP, 8, 4, 0, 0, 0, 0, 0};
    struct packet_ipv4_timestamp stamp;
    struct packet_ipv4_option option = first_option(unknown_form, sizeof(unknown_form));
    cr_assert_eq(packet_ipv4_timestamp_parse(&option, &stamp), -EBADMSG);
    option = first_option(no_form, sizeof(no_form));
    cr_assert_eq(packet_ipv4_timestamp_parse(&option, &stamp), -EBADMSG);
    option = first_option(low_pointer, sizeof(low_pointer));
    cr_assert_eq(packet_ipv4_timestamp_parse(&option, &stamp), -EBADMSG);
    option.type = PACKET_OPTION_RECORD_ROUTE;
    cr_assert_eq(packet_ipv4_timestamp_parse(&option, &stamp), -EINVAL);
}

Test(packet_ipv4_options, too_many_slots_are_refused)
{
    /* Longer than an IPv4 header can hold, but not longer than the length byte can say. */
    uint8_t data[250] = {4};
    struct packet_ipv4_option option = {.type = PACKET_OPTION_RECORD_ROUTE,
                                        .data = {data, sizeof(data)}};
    struct packet_ipv4_route route;
    cr_assert_eq(packet_ipv4_route_parse(&option, &route), -EBADMSG);
    option.type = PACKET_OPTION_TIMESTAMP;
    data[0] = 5;
    struct packet_ipv4_timestamp stamp;
    cr_assert_eq(packet_ipv4_timestamp_parse(&option, &stamp), -EBADMSG);
    route = (struct packet_ipv4_route){.type = PACKET_OPTION_RECORD_ROUTE, .slots = 10};
    uint8_t room[64];
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    cr_assert_eq(packet_ipv4_route_write(&writer, &route), -EINVAL);
    packet_write_zeros(&writer, 41);
    cr_assert_eq(packet_ipv4_options_pad(&writer, 0), -EINVAL);
}

Test(packet_ipv4_options, no_room)
{
    struct packet_ipv4_route route = {.type = PACKET_OPTION_LOOSE_ROUTE, .slots = 2};
    struct packet_ipv4_timestamp stamp = {.slots = 2};
    uint8_t room[16];
    for (size_t size = 0; size < 11; size++) {
        struct packet_writer writer = packet_writer_over(room, size);
        cr_assert_eq(packet_ipv4_route_write(&writer, &route), -ENOBUFS);
        cr_assert_eq(packet_ipv4_timestamp_write(&writer, &stamp), -ENOBUFS);
    }
    struct packet_writer writer = packet_writer_over(room, 11);
    cr_assert_eq(packet_ipv4_route_write(&writer, &route), 0);
    cr_assert_eq(packet_ipv4_options_pad(&writer, 0), -ENOBUFS);
}
