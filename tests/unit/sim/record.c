#include "helper.h"

#include "packet/ipv4_options.h"

static struct answer answer;
static uint8_t bytes[40];

static const char path[] = "router r1 198.18.1.1\nrouter six 2001:db8:1::1\nrouter r2 198.18.1.2\n"
                           "host far 198.18.0.9 delay 80ms via r1 six r2\n";

/* Sends a request with the options and hands out the first option of the reply. */
static void ask(struct packet_writer *writer, struct packet_ipv4_option *option)
{
    struct world world;
    struct packet_ipv4 header;
    cr_assert_eq(packet_ipv4_options_pad(writer, 0), 0);
    world_open(&world, path, 1);
    world_send(&world, SONDE_NS_PER_S,
               &(struct request){
                   .to = "198.18.0.9", .payload = 8, .options = packet_written_from(writer, 0)});
    cr_assert(world_take(&world, &answer));
    cr_assert(answer.checksum_ok);
    cr_assert_eq(packet_ipv4_parse((struct sonde_bytes){answer.bytes, answer.length}, &header), 0);
    struct packet_ipv4_options options = packet_ipv4_options(header.options);
    cr_assert_eq(packet_ipv4_options_next(&options, option), 1);
    world_close(&world);
}

Test(sim_record, route)
{
    static const uint8_t all[] = {1, 2, 9, 2, 1};
    for (uint8_t slots = 1; slots <= 9; slots++) {
        struct packet_writer writer = packet_writer_over(bytes, sizeof(bytes));
        struct packet_ipv4_route route = {.type = PACKET_OPTION_RECORD_ROUTE, .slots = slots};
        struct packet_ipv4_option option;
        cr_assert_eq(packet_ipv4_route_write(&writer, &route), 0);
        ask(&writer, &option);
        cr_assert_eq(packet_ipv4_route_parse(&option, &route), 0);
        cr_assert_eq(route.slots, slots);
        cr_assert_eq(route.used, slots < 5 ? slots : 5);
        for (uint8_t i = 0; i < route.used; i++)
            cr_assert_eq(route.hops[i].bytes[3], all[i]);
    }
}

Test(sim_record, times)
{
    struct packet_writer writer = packet_writer_over(bytes, sizeof(bytes));
    struct packet_ipv4_timestamp stamps = {.form = PACKET_TIMESTAMP_ONLY, .slots = 3};
    struct packet_ipv4_option option;
    cr_assert_eq(packet_ipv4_timestamp_write(&writer, &stamps), 0);
    ask(&writer, &option);
    cr_assert_eq(packet_ipv4_timestamp_parse(&option, &stamps), 0);
    cr_assert_eq(stamps.used, 3);
    cr_assert_eq(stamps.overflow, 2);
    cr_assert_eq(stamps.entries[0].time, 1010);
    cr_assert_eq(stamps.entries[1].time, 1030);
    cr_assert_eq(stamps.entries[2].time, 1040);
}

Test(sim_record, prespecified_times)
{
    struct packet_writer writer = packet_writer_over(bytes, sizeof(bytes));
    struct packet_ipv4_timestamp stamps = {.form = PACKET_TIMESTAMP_PRESPECIFIED, .slots = 3};
    struct packet_ipv4_option option;
    stamps.entries[0].address = address_of("198.18.1.2");
    stamps.entries[1].address = address_of("198.18.0.9");
    stamps.entries[2].address = address_of("198.18.5.5");
    cr_assert_eq(packet_ipv4_timestamp_write(&writer, &stamps), 0);
    ask(&writer, &option);
    cr_assert_eq(packet_ipv4_timestamp_parse(&option, &stamps), 0);
    cr_assert_eq(stamps.used, 2);
    cr_assert_eq(stamps.entries[0].time, 1030);
    cr_assert_eq(stamps.entries[1].time, 1040);
    cr_assert_eq(stamps.entries[2].time, 0);
}
