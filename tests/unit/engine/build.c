#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/random.h"
#include "engine/build.h"
#include "packet/icmp.h"
#include "packet/ipv4.h"
#include "packet/ipv6.h"

static struct sonde_address address(const char *text)
{
    struct sonde_address parsed;
    cr_assert(sonde_address_parse(text, &parsed), "%s", text);
    return parsed;
}

static const struct sonde_engine_config plain = {.key = "0123456789abcde"};

/* Builds, parses the IP header, checks the checksum, and returns the ICMP message. */
static struct packet_icmp built(struct builder *builder, const struct sonde_probe *probe,
                                const struct sonde_engine_target *target,
                                const struct build_lease *lease)
{
    struct sonde_bytes datagram, icmp;
    struct packet_icmp message;
    cr_assert_eq(build_datagram(builder, probe, target, lease, &datagram), 0);
    if (target->address.family == SONDE_IPV4) {
        struct packet_ipv4 ip;
        cr_assert_eq(packet_ipv4_parse(datagram, &ip), 0);
        cr_assert(ip.checksum_ok);
        cr_assert_eq(ip.total_bytes, datagram.length);
        cr_assert_eq(ip.ttl, probe->hop_limit);
        cr_assert_eq(ip.dont_fragment, probe->dont_fragment);
        cr_assert(sonde_address_equal(&ip.destination, &target->address));
        cr_assert(sonde_address_equal(&ip.source, &target->source));
        icmp = ip.payload;
    } else {
        struct packet_ipv6 ip;
        cr_assert_eq(packet_ipv6_parse(datagram, &ip), 0);
        cr_assert_eq(ip.hop_limit, probe->hop_limit);
        cr_assert_eq(ip.flow_label, probe->flow_label);
        cr_assert(sonde_address_equal(&ip.destination, &target->address));
        icmp = ip.payload;
    }
    cr_assert(packet_icmp_checksum_ok((enum sonde_family)target->address.family, icmp,
                                      &target->source, &target->address),
              "checksum, payload %u", probe->payload_bytes);
    cr_assert_eq(packet_icmp_parse((enum sonde_family)target->address.family, icmp, &message), 0);
    return message;
}

Test(engine_build, every_payload_size_has_a_right_checksum_and_the_pattern)
{
    static const char *const pairs[][2] = {{"192.0.2.1", "198.51.100.2"},
                                           {"2001:db8::1", "2001:db8::2"}};
    for (int family = 0; family < 2; family++) {
        struct builder builder;
        build_init(&builder, &plain);
        struct sonde_engine_target target = {.source = address(pairs[family][0]),
                                             .address = address(pairs[family][1])};
        for (unsigned size = 0; size < 200; size++) {
            struct sonde_probe probe = {.hop_limit = 64, .payload_bytes = (uint16_t)size};
            for (uint16_t sequence = 1; sequence < 4; sequence++) {
                struct build_lease lease = {0x1234567890abcdef + sequence, 777, sequence};
                struct packet_icmp message = built(&builder, &probe, &target, &lease);
                cr_assert_eq(message.echo.identifier, 777);
                cr_assert_eq(message.echo.sequence, sequence);
                cr_assert_eq(message.payload.length, size);
                for (size_t i = build_payload_of(&plain, SONDE_PROBE_ECHO, size, false).proof_bytes;
                     i < size; i++)
                    cr_assert_eq(message.payload.data[i], (uint8_t)i);
            }
        }
        build_destroy(&builder);
    }
}

Test(engine_build, templates_of_other_shapes_do_not_leak_into_each_other)
{
    struct base_random random;
    base_random_seed(&random, 99);
    struct builder builder;
    build_init(&builder, &plain);
    struct sonde_engine_target target = {.source = address("192.0.2.1"),
                                         .address = address("192.0.2.2")};
    for (int i = 0; i < 2000; i++) {
        struct sonde_probe probe = {
            .kind = base_random_below(&random, 2) ? SONDE_PROBE_ECHO : SONDE_PROBE_TIMESTAMP,
            .hop_limit = (uint8_t)(1 + base_random_below(&random, 255)),
            .dont_fragment = base_random_below(&random, 2),
            .payload_bytes = (uint16_t)base_random_below(&random, 100),
        };
        target.address.bytes[3] = (uint8_t)base_random_u64(&random);
        struct build_lease lease = {base_random_u64(&random) | 1, (uint16_t)i, (uint16_t)(i * 7)};
        struct packet_icmp message = built(&builder, &probe, &target, &lease);
        if (probe.kind == SONDE_PROBE_TIMESTAMP)
            cr_assert_eq(message.timestamp.originate >> 31, 1, "RFC 792: not since midnight");
    }
    build_destroy(&builder);
}

Test(engine_build, a_pattern_is_counted_from_the_first_byte)
{
    struct sonde_engine_config config = plain;
    config.pattern = (const uint8_t *)"\xab\xcd\xef";
    config.pattern_bytes = 3;
    struct builder builder;
    build_init(&builder, &config);
    struct sonde_engine_target target = {.source = address("192.0.2.1"),
                                         .address = address("192.0.2.2")};
    struct sonde_probe probe = {.hop_limit = 64, .payload_bytes = 20};
    struct packet_icmp message = built(&builder, &probe, &target, &(struct build_lease){1, 2, 3});
    cr_assert_arr_eq(message.payload.data + 16, "\xcd\xef\xab\xcd", 4);
    build_destroy(&builder);
}

Test(engine_build, a_filled_probe_has_a_byte_of_its_own)
{
    struct builder builder;
    build_init(&builder, &plain);
    struct sonde_engine_target target = {.source = address("192.0.2.1"),
                                         .address = address("192.0.2.2")};
    struct sonde_probe probe = {.hop_limit = 64, .payload_bytes = 20};
    static const char *const patterns[] = {"\x10\x11\x12\x13", "\xa5\xa5\xa5\xa5",
                                           "\x5a\x5a\x5a\x5a", "\0\0\0\0"};
    static const uint8_t fills[] = {0, 0xa5, 0x5a, 0};
    for (size_t i = 0; i < 4; i++) {
        probe.filled = i > 0;
        probe.fill = fills[i];
        struct packet_icmp message =
            built(&builder, &probe, &target, &(struct build_lease){1, 2, 3});
        cr_assert_arr_eq(message.payload.data + 16, patterns[i], 4);
    }
    build_destroy(&builder);
}

Test(engine_build, the_proof_depends_on_everything_that_it_proves)
{
    struct sonde_address a = address("192.0.2.1"), b = address("192.0.2.2");
    struct build_lease lease = {100, 1, 2};
    uint64_t proof = build_proof(&plain, &a, &lease);
    cr_assert_neq(proof, build_proof(&plain, &b, &lease));
    cr_assert_neq(proof, build_proof(&plain, &a, &(struct build_lease){101, 1, 2}));
    cr_assert_neq(proof, build_proof(&plain, &a, &(struct build_lease){100, 2, 2}));
    cr_assert_neq(proof, build_proof(&plain, &a, &(struct build_lease){100, 1, 3}));
    struct sonde_engine_config other = plain;
    other.key[0] ^= 1;
    cr_assert_neq(proof, build_proof(&other, &a, &lease));
}

Test(engine_build, what_fits_no_datagram_is_refused)
{
    struct builder builder;
    build_init(&builder, &plain);
    struct sonde_bytes datagram;
    struct sonde_engine_target target = {.source = address("192.0.2.1"),
                                         .address = address("192.0.2.2")};
    struct sonde_probe probe = {.hop_limit = 64, .payload_bytes = 65507};
    struct build_lease lease = {1, 1, 1};
    cr_assert_eq(build_datagram(&builder, &probe, &target, &lease, &datagram), 0);
    cr_assert_eq(datagram.length, 65535);
    probe.payload_bytes = 65508;
    cr_assert_eq(build_datagram(&builder, &probe, &target, &lease, &datagram), -EMSGSIZE);
    target.source = address("2001:db8::1");
    target.address = address("2001:db8::2");
    probe.payload_bytes = 65527;
    cr_assert_eq(build_datagram(&builder, &probe, &target, &lease, &datagram), 0);
    probe.payload_bytes = 65528;
    cr_assert_eq(build_datagram(&builder, &probe, &target, &lease, &datagram), -EMSGSIZE);
    probe.kind = SONDE_PROBE_TIMESTAMP;
    cr_assert_eq(build_datagram(&builder, &probe, &target, &lease, &datagram), -EAFNOSUPPORT);
    build_destroy(&builder);
}

Test(engine_build, extended_echo_and_node_information)
{
    struct sonde_engine_config config = plain;
    static const uint8_t body[] = {0x20, 0, 0, 0, 0, 8, 3, 2, 0, 0, 0, 1};
    config.body = (struct sonde_bytes){body, sizeof body};
    config.local_interface = true;
    struct builder builder;
    build_init(&builder, &config);
    struct sonde_engine_target target = {.source = address("2001:db8::1"),
                                         .address = address("2001:db8::2")};
    struct sonde_probe probe = {.kind = SONDE_PROBE_EXTENDED_ECHO, .hop_limit = 64};
    struct packet_icmp message = built(&builder, &probe, &target, &(struct build_lease){1, 9, 7});
    cr_assert_eq(message.extended.identifier, 9);
    cr_assert_eq(message.extended.sequence, 7);
    cr_assert(message.extended.local);
    cr_assert_eq(message.payload.length, sizeof body);
    build_destroy(&builder);

    config.body = (struct sonde_bytes){0};
    config.node_qtype = 2;
    build_init(&builder, &config);
    probe.kind = SONDE_PROBE_NODE_INFO;
    message = built(&builder, &probe, &target, &(struct build_lease){1, 9, 7});
    cr_assert_eq(message.node.qtype, 2);
    cr_assert_arr_eq(message.node.nonce, "\x00\x09\x00\x07", 4);
    cr_assert_eq(message.payload.length, 16, "the subject is the target");
    cr_assert_arr_eq(message.payload.data, target.address.bytes, 16);
    build_destroy(&builder);
}

Test(engine_build, our_own_time_in_a_timestamp_option_is_the_due_time)
{
    struct sonde_engine_config config = plain;
    static const uint8_t options[] = {68, 8, 9, 0, 0, 0, 0, 0};
    config.ipv4_options = (struct sonde_bytes){options, sizeof options};
    config.own_time_at = 4;
    config.wall_at_zero.ns = 86400 * SONDE_NS_PER_S * 20000 + 5 * SONDE_NS_PER_S;
    struct builder builder;
    build_init(&builder, &config);
    struct sonde_engine_target target = {.source = address("192.0.2.1"),
                                         .address = address("192.0.2.2")};
    struct sonde_probe probe = {.hop_limit = 64, .due = {250 * SONDE_NS_PER_MS}};
    struct sonde_bytes datagram;
    struct packet_ipv4 ip;
    cr_assert_eq(
        build_datagram(&builder, &probe, &target, &(struct build_lease){1, 1, 1}, &datagram), 0);
    cr_assert_eq(packet_ipv4_parse(datagram, &ip), 0);
    cr_assert(ip.checksum_ok);
    cr_assert_eq(ip.options.length, sizeof options);
    cr_assert_arr_eq(ip.options.data + 4, "\x00\x00\x14\x82", 4, "5,250 ms after midnight");
    build_destroy(&builder);
}
