#include "report/mtu.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct sonde_mono now(void *self)
{
    (void)self;
    return (struct sonde_mono){0};
}

static struct sonde_wall wall(void *self, struct sonde_mono at)
{
    (void)self;
    return (struct sonde_wall){at.ns};
}

static struct sonde_address address(uint8_t hop)
{
    return sonde_address_from_bytes(SONDE_IPV4, (const uint8_t[4]){10, 0, hop, 1});
}

static const char *hostile(void *self, const struct sonde_address *of)
{
    (void)self;
    (void)of;
    return "\"r\"\x1b";
}

static void expect(struct sonde_mtu_result result, report_name *name, bool json, const char *text)
{
    static const struct sonde_mtu_config config = {.least = 68, .most = 1500};
    const struct report_target target = {.name = "far", .address = address(3)};
    char *told = NULL;
    size_t bytes = 0;
    const struct report_run run = {.out = open_memstream(&told, &bytes),
                                   .err = stderr,
                                   .clock = {NULL, now, wall},
                                   .name = name,
                                   .targets = &target,
                                   .target_count = 1};
    const struct report_mtu what = {.json = json, .config = &config, .result = &result};
    cr_assert_eq(report_mtu(&run, &what), 0);
    fclose(run.out);
    cr_expect_str_eq(told, text, "told:\n%s", told);
    free(told);
}

static struct sonde_mtu_result black_hole(const struct sonde_mtu_hop *hops)
{
    return (struct sonde_mtu_result){.end = SONDE_MTU_FOUND,
                                     .size = 1400,
                                     .refused = 1401,
                                     .endpoint = 3,
                                     .hops = hops,
                                     .hop_count = 3,
                                     .steps = {{.by = SONDE_MTU_BY_ROUTER,
                                                .after_hop = 1,
                                                .after_hop_known = true,
                                                .size = 1480,
                                                .from = address(1)},
                                               {.by = SONDE_MTU_BY_SILENCE,
                                                .after_hop = 2,
                                                .after_hop_known = true,
                                                .size = 1400}},
                                     .step_count = 2,
                                     .lied = true,
                                     .lied_size = 296,
                                     .liar = address(1)};
}

Test(report_mtu, a_black_hole_a_router_and_a_liar)
{
    const struct sonde_mtu_hop hops[] = {{address(1), 1500}, {{0}, 1480}, {address(3), 1400}};
    expect(black_hole(hops), hostile, false,
           "Hop  Bytes  Address\n"
           "  1   1500  \"r\"\\x1b (10.0.1.1)\n"
           "  2   1480  *\n"
           "  3   1400  \"r\"\\x1b (10.0.3.1)\n"
           "The path MTU to far is 1400 bytes.\n"
           "Behind hop 1 no more than 1480 bytes fit, as \"r\"\\x1b (10.0.1.1) says.\n"
           "Behind hop 2 larger datagrams than 1400 bytes vanish without a word: a black hole. "
           "Until it is mended, lower the MTU or clamp TCP's MSS.\n"
           "\"r\"\\x1b (10.0.1.1) names 296 bytes, but larger ones get through.\n");
}

Test(report_mtu, as_json)
{
    const struct sonde_mtu_hop hops[] = {{address(1), 1500}, {{0}, 1480}, {address(3), 1400}};
    expect(black_hole(hops), hostile, true,
           "{\"type\":\"mtu\",\"time\":\"1970-01-01T00:00:00.000000000Z\",\"target\":\"far\","
           "\"address\":\"10.0.3.1\",\"probe\":\"echo\",\"flow\":0,\"end\":\"found\",\"mtu\":1400,"
           "\"least\":68,\"most\":1500,\"hops_away\":3,\"hops\":[{\"hop\":1,\"address\":\"10.0.1."
           "1\",\"name\":\"\\\"r\\\"\\\\x1b\",\"arrived_bytes\":1500},{\"hop\":2,\"arrived_bytes\":"
           "1480},{\"hop\":3,\"address\":\"10.0.3.1\",\"name\":\"\\\"r\\\"\\\\x1b\",\"arrived_"
           "bytes\":1400}],\"steps\":[{\"by\":\"router\",\"bytes\":1480,\"after_hop\":1,\"from\":"
           "\"10.0.1.1\"},{\"by\":\"black_hole\",\"bytes\":1400,\"after_hop\":2}],\"liar\":\"10.0."
           "1.1\",\"lied_bytes\":296,\"probes\":0,\"spent_ns\":0}\n");
}

Test(report_mtu, what_is_not_known)
{
    const struct sonde_mtu_hop hop = {{0}, 0};
    expect((struct sonde_mtu_result){.end = SONDE_MTU_SILENT, .hops = &hop, .hop_count = 1}, NULL,
           false,
           "Hop  Bytes  Address\n"
           "  1      ?  *\n"
           "Nobody answers on the way to far, not even to 68 bytes.\n");
    expect((struct sonde_mtu_result){.end = SONDE_MTU_REFUSED, .error = 101}, NULL, false,
           "Cannot send: Network is unreachable.\n");
    expect(
        (struct sonde_mtu_result){
            .end = SONDE_MTU_UNREACHABLE, .icmp_type = 3, .icmp_code = 1, .from = address(1)},
        NULL, false, "far is not reached: Destination Host Unreachable, says 10.0.1.1.\n");
}
