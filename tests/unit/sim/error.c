#include <math.h>
#include <stdio.h>

#include "packet/extension.h"
#include "sim/inside.h"
#include "traffic.h"

#define MS SONDE_NS_PER_MS

static struct answer answer;
static const char *const far[2] = {"198.18.0.9", "2001:db8::9"};

static void open_router(struct world *world, const char *properties)
{
    char text[600];
    snprintf(text, sizeof(text),
             "router a 198.18.1.1 2001:db8:1::1 %s\nhost far 198.18.0.9 2001:db8::9 via a\n",
             properties);
    world_open(world, text, 1);
}

static void expire(struct world *world, int64_t at, const char *to, size_t payload)
{
    world_send(world, at, &(struct request){.to = to, .hop_limit = 1, .payload = payload});
}

Test(sim_error, limit_is_a_token_bucket)
{
    struct world world;
    open_router(&world, "error-limit 10 per 1s burst 3");
    for (int i = 0; i < 5; i++) {
        expire(&world, 0, far[0], 8);
        cr_assert_eq(world.last.fate, i < 3 ? SONDE_SIM_ERROR : SONDE_SIM_RATIONED);
    }
    cr_assert_str_eq(world.last.node, "a");
    for (int i = 1; i <= 100; i++) {
        expire(&world, i * 50 * MS, far[0], 8);
        cr_assert_eq(world.last.fate, i % 2 ? SONDE_SIM_RATIONED : SONDE_SIM_ERROR, "%d", i);
    }
    expire(&world, 100 * SONDE_NS_PER_S, far[0], 8);
    expire(&world, 100 * SONDE_NS_PER_S, far[0], 8);
    expire(&world, 100 * SONDE_NS_PER_S, far[0], 8);
    cr_assert_eq(world.last.fate, SONDE_SIM_ERROR);
    expire(&world, 100 * SONDE_NS_PER_S, far[0], 8);
    cr_assert_eq(world.last.fate, SONDE_SIM_RATIONED, "never more than the burst");
    world_send(&world, 100 * SONDE_NS_PER_S, &(struct request){.to = far[0]});
    cr_assert_eq(world.last.fate, SONDE_SIM_REPLY, "forwarding is not rationed");
    world_close(&world);
}

Test(sim_error, of_a_host_is_limited_as_well)
{
    struct world world;
    world_open(&world, "host far 198.18.0.9 error-limit 1 per 1s\n", 1);
    for (int i = 0; i < 4; i++) {
        world_traffic(&world, i * 500 * MS,
                      &(struct traffic){.to = far[0], .protocol = PACKET_UDP, .source_port = 9});
        cr_assert_eq(world.last.fate, i % 2 ? SONDE_SIM_RATIONED : SONDE_SIM_ERROR);
    }
    cr_assert_str_eq(world.last.node, "far");
    world_close(&world);
}

Test(sim_error, port_unreachable_of_a_host_quotes_what_it_got)
{
    struct world world;
    world_open(&world,
               "router a 198.18.1.1 2001:db8:1::1 dscp 5\n"
               "host far 198.18.0.9 2001:db8::9 via a delay 10ms jitter fixed 1ms\n",
               1);
    for (int family = 0; family < 2; family++) {
        world_traffic(&world, 0,
                      &(struct traffic){.to = far[family], .protocol = PACKET_UDP, .payload = 20});
        cr_assert(world_take(&world, &answer));
        struct sonde_address to = address_of(far[family]);
        cr_assert(sonde_address_equal(&answer.from, &to));
        cr_assert_eq(answer.out, 11 * MS);
        cr_assert_eq(answer.hop_limit, 63);
        cr_assert_eq(answer.icmp.code, family ? 4 : 3);
        struct quoted quoted = read_quote(&answer);
        cr_assert_eq(quoted.hop_limit, 63);
        cr_assert_eq(quoted.traffic_class, 20);
        cr_assert(packet_udp_checksum_ok(quoted.upper, &quoted.source, &quoted.destination));
    }
    world_close(&world);
}

Test(sim_error, comes_from_elsewhere)
{
    struct world world;
    open_router(&world, "reply-from 203.0.113.7");
    expire(&world, 0, far[0], 8);
    cr_assert(world_take(&world, &answer));
    cr_assert_eq(answer.from.bytes[3], 7);
    expire(&world, 0, far[1], 8);
    cr_assert(world_take(&world, &answer));
    cr_assert_eq(answer.from.bytes[15], 1, "the other family");
    world_close(&world);
}

Test(sim_error, loss_of_a_router_is_about_what_it_sends)
{
    struct world world;
    open_router(&world, "loss 100%");
    expire(&world, 0, far[0], 8);
    cr_assert_eq(world.last.fate, SONDE_SIM_LOST);
    cr_assert(world.last.returning);
    cr_assert_str_eq(world.last.node, "a");
    world_send(&world, 0, &(struct request){.to = far[0]});
    cr_assert_eq(world.last.fate, SONDE_SIM_REPLY);
    world_close(&world);
}

Test(sim_error, never_about_an_error)
{
    struct world world;
    open_router(&world, "");
    for (int family = 0; family < 2; family++) {
        uint8_t bytes[200];
        size_t length = build_request(
            &(struct request){.to = far[family], .hop_limit = 1, .payload = 40}, bytes, 200);
        bytes[family ? 40 : 20] = family ? PACKET_ICMPV6_UNREACHABLE : PACKET_ICMPV4_UNREACHABLE;
        sim_network_send(world.network, (struct sonde_mono){0},
                         (struct sonde_bytes){bytes, length});
        cr_assert_eq(world.last.fate, SONDE_SIM_MUTE);
    }
    world_close(&world);
}

/* --- extensions ------------------------------------------------------------------------------- */

static void expect_mpls(struct sonde_bytes extensions)
{
    struct packet_reader objects = packet_extension_objects(extensions);
    struct packet_extension_object object;
    struct packet_mpls entry;
    cr_assert_eq(packet_extension_next(&objects, &object), 1);
    cr_assert_eq(packet_extension_mpls(&object, 0, &entry), 1);
    cr_assert(entry.label == 16004 && entry.traffic_class == 3 && !entry.bottom && entry.ttl == 7);
    cr_assert_eq(packet_extension_mpls(&object, 1, &entry), 1);
    cr_assert(entry.label == 24001 && entry.bottom);
    cr_assert_eq(packet_extension_mpls(&object, 2, &entry), 0);
}

static void expect_interface(struct sonde_bytes extensions)
{
    struct packet_reader objects = packet_extension_objects(extensions);
    struct packet_extension_object object;
    struct packet_interface_info info;
    cr_assert_eq(packet_extension_next(&objects, &object), 1);
    cr_assert_eq(packet_extension_next(&objects, &object), 1);
    cr_assert_eq(packet_extension_interface_info(&object, &info), 0);
    cr_assert_eq(info.role, PACKET_INTERFACE_INCOMING);
    cr_assert(info.has_index && info.index == 7 && info.has_mtu && info.mtu == 9000);
    struct sonde_address address = address_of("203.0.113.1");
    cr_assert(sonde_address_equal(&info.address, &address));
    cr_assert(info.name.length >= 4 && memcmp(info.name.data, "xe-0", 4) == 0);
    cr_assert_eq(packet_extension_next(&objects, &object), 0);
}

#define LABELS                                                                                     \
    "mpls 16004/3/7 24001/0/255 interface index 7 address 203.0.113.1 name xe-0 mtu 9000 "

Test(sim_error, carries_labels_and_interface)
{
    static const struct {
        const char *properties;
        enum packet_extension_form form;
    } cases[] = {{LABELS, PACKET_EXTENSION_COMPLIANT},
                 {LABELS "quote 8", PACKET_EXTENSION_COMPLIANT},
                 {LABELS "extensions old", PACKET_EXTENSION_PRE_RFC},
                 {LABELS "extensions none", PACKET_EXTENSION_NONE}};
    static const size_t payloads[] = {0, 13, 100, 101, 500, 1400};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world world;
        open_router(&world, cases[i].properties);
        for (size_t k = 0; k < 12; k++) {
            int family = k % 2;
            expire(&world, 0, far[family], payloads[k / 2]);
            cr_assert(world_take(&world, &answer));
            cr_assert(answer.checksum_ok);
            cr_assert_leq(answer.length, family ? 1280 : 576);
            cr_assert_eq(answer.icmp.error.form, cases[i].form, "%s %zu", cases[i].properties,
                         payloads[k / 2]);
            if (cases[i].form == PACKET_EXTENSION_NONE)
                continue;
            cr_assert_geq(answer.icmp.error.quote.length, 128);
            expect_mpls(answer.icmp.error.extensions);
            expect_interface(answer.icmp.error.extensions);
        }
        world_close(&world);
    }
}

Test(sim_error, too_big_carries_no_extensions_in_ipv6)
{
    struct world world;
    world_open(&world,
               "router a 198.18.1.1 2001:db8:1::1 " LABELS
               "\nhost far 198.18.0.9 2001:db8::9 via a\nlink a far mtu 1280\n",
               1);
    for (int family = 0; family < 2; family++) {
        world_send(&world, 0, &(struct request){.to = far[family], .payload = 1400});
        cr_assert(world_take(&world, &answer));
        cr_assert(answer.checksum_ok);
        cr_assert_eq(answer.icmp.error.mtu, 1280);
        cr_assert_eq(answer.icmp.error.form,
                     family ? PACKET_EXTENSION_NONE : PACKET_EXTENSION_COMPLIANT);
    }
    world_close(&world);
}
