#include <string.h>

#include "packet/extension.h"
#include "path_help.h"

static void tell_extensions(struct path_bench *bench, struct packet_writer *writer)
{
    struct sonde_outcome outcome = path_bench_answer(SONDE_TIME_EXCEEDED, 1);
    size_t length = packet_written(writer);
    cr_assert_not(writer->failed);
    outcome.extensions = (struct sonde_bytes){writer->at - length, length};
    path_bench_tell(bench, 1, 0, outcome);
}

Test(strategy_path_reveal, labels_and_interfaces_of_the_last_error)
{
    uint8_t bytes[512];
    struct path_bench bench = path_bench_new((struct sonde_path_config){0});
    struct packet_writer writer = packet_writer_over(bytes, sizeof bytes);
    size_t start = packet_extension_begin(&writer);
    struct packet_mpls labels[] = {{.label = 24015, .traffic_class = 5, .ttl = 1},
                                   {.label = 7, .bottom = true, .ttl = 2}};
    packet_extension_write_mpls(&writer, labels, 2);
    packet_extension_write_interface_info(
        &writer, &(struct packet_interface_info){.has_index = true,
                                                 .index = 12,
                                                 .has_mtu = true,
                                                 .mtu = 9000,
                                                 .name = {(const uint8_t *)"ge-0/0/1", 8}});
    packet_extension_end(&writer, start);
    tell_extensions(&bench, &writer);
    const struct sonde_path_hop *hop = path_bench_at(&bench, 1);
    cr_assert_eq(hop->label_count, 2);
    cr_assert_eq(hop->labels[0].label, 24015);
    cr_assert_eq(hop->labels[0].traffic_class, 5);
    cr_assert_eq(hop->labels[1].ttl, 2);
    cr_assert(hop->labels[1].bottom);
    cr_assert_eq(hop->interface_count, 1);
    cr_assert_eq(hop->interfaces[0].index, 12);
    cr_assert_eq(hop->interfaces[0].mtu, 9000);
    cr_assert_eq(strncmp(hop->interfaces[0].name, "ge-0/0/1", 8), 0);

    path_bench_tell(&bench, 1, 1, path_bench_answer(SONDE_TIME_EXCEEDED, 1));
    cr_assert_eq(hop->label_count, 0, "not of an older one");
    cr_assert_eq(hop->interface_count, 0);
    sonde_path_destroy(bench.path);
}

Test(strategy_path_reveal, no_stack_is_too_high)
{
    uint8_t bytes[1024];
    struct path_bench bench = path_bench_new((struct sonde_path_config){0});
    struct packet_writer writer = packet_writer_over(bytes, sizeof bytes);
    size_t start = packet_extension_begin(&writer);
    struct packet_mpls labels[40] = {{.label = 1}};
    packet_extension_write_mpls(&writer, labels, 40);
    packet_extension_write_mpls(&writer, labels, 40);
    for (unsigned i = 0; i < 9; i++)
        packet_extension_write_interface_info(
            &writer, &(struct packet_interface_info){.has_index = true, .index = i});
    packet_extension_end(&writer, start);
    tell_extensions(&bench, &writer);
    cr_assert_eq(path_bench_at(&bench, 1)->label_count, SONDE_PATH_LABELS);
    cr_assert_eq(path_bench_at(&bench, 1)->interface_count, SONDE_PATH_INTERFACES);
    sonde_path_destroy(bench.path);
}

Test(strategy_path_reveal, the_smallest_mtu_counts)
{
    static const uint32_t told[] = {1400, 0, 1280, 1480};
    struct path_bench bench = path_bench_new((struct sonde_path_config){0});
    for (unsigned i = 0; i < 4; i++) {
        struct sonde_outcome outcome = path_bench_answer(SONDE_TOO_BIG, 1);
        outcome.mtu = told[i];
        path_bench_tell(&bench, 1, i, outcome);
    }
    cr_assert_eq(path_bench_at(&bench, 1)->mtu, 1280);
    cr_assert_eq(path_bench_at(&bench, 1)->answer.mtu, 1480);
    sonde_path_destroy(bench.path);
}

Test(strategy_path_reveal, a_rewritten_identification_is_seen_where_it_was_ours)
{
    struct sonde_outcome outcome = path_bench_answer(SONDE_TIME_EXCEEDED, 1);
    outcome.sequence = 7;
    outcome.quote =
        (struct sonde_quote){.present = true, .from = path_bench_address(9), .ip_id = 8};
    struct path_bench echo = path_bench_new((struct sonde_path_config){0});
    path_bench_tell(&echo, 1, 0, outcome);
    cr_assert_not(path_bench_at(&echo, 1)->ip_id_differs);
    sonde_path_destroy(echo.path);
    struct path_bench udp =
        path_bench_new((struct sonde_path_config){.probe = {.kind = SONDE_PROBE_UDP}});
    path_bench_tell(&udp, 1, 0, outcome);
    cr_assert(path_bench_at(&udp, 1)->ip_id_differs);
    outcome.quote.ip_id = 7;
    path_bench_tell(&udp, 1, 0, outcome);
    cr_assert_not(path_bench_at(&udp, 1)->ip_id_differs);
    sonde_path_destroy(udp.path);
}
