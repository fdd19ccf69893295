#include "strategy/survey_probe.h"

#include "base/random.h"
#include "survey_help.h"

static void init(struct survey_prober *prober, const struct sonde_survey_config *config)
{
    *prober = (struct survey_prober){0};
    cr_assert_eq(survey_prober_init(prober, config), 0);
}

/* Writes a probe and reads it back. */
static struct packet_icmp build(const struct survey_prober *prober,
                                const struct sonde_address *target, int64_t now_ns, uint8_t *bytes,
                                struct sonde_address *source)
{
    const struct survey_template *template = survey_template_for(prober, target);
    cr_assert_not_null(template);
    survey_probe_write(prober, template, target, (struct sonde_mono){now_ns}, bytes);
    struct sonde_datagram datagram = {
        .to = *target, .bytes = bytes, .length = (uint32_t) template->length};
    return open_datagram(&datagram, source);
}

/* Every checksum is checked by open_datagram; lengths are odd and even. */
Test(strategy_survey_probe, datagrams_are_whole_for_any_target_and_length)
{
    struct base_random random;
    base_random_seed(&random, 3);
    for (uint16_t payload = 16; payload < 80; payload++) {
        struct sonde_address none = {0};
        struct sonde_survey_config config = survey_config(&none, 1);
        config.payload_bytes = payload;
        struct survey_prober prober;
        init(&prober, &config);
        for (int i = 0; i < 200; i++) {
            uint64_t words[2] = {base_random_u64(&random), base_random_u64(&random)};
            uint8_t bytes[256];
            struct sonde_address target =
                sonde_address_from_bytes(i % 2 ? SONDE_IPV4 : SONDE_IPV6, (const uint8_t *)words);
            struct sonde_address source;
            struct packet_icmp message =
                build(&prober, &target, (int64_t)(words[0] >> 1), bytes, &source);
            cr_assert_eq(message.payload.length, payload);
            cr_assert(sonde_address_equal(&source, &config.source[i % 2 ? 0 : 1]));
        }
        survey_prober_destroy(&prober);
    }
}

Test(strategy_survey_probe, headers_and_text_are_as_asked)
{
    struct sonde_address none = {0};
    struct sonde_survey_config config = survey_config(&none, 1);
    config.text = (const uint8_t *)"ask noc@example.net";
    config.text_bytes = 19;
    config.payload_bytes = 48;
    struct survey_prober prober;
    init(&prober, &config);
    struct sonde_address target = address_of("198.51.100.7"), source;
    uint8_t bytes[128];
    struct packet_icmp message = build(&prober, &target, 5, bytes, &source);
    cr_expect_eq(message.type, PACKET_ICMPV4_ECHO);
    cr_expect_eq(message.payload.length, 48);
    cr_expect_arr_eq(message.payload.data + 16, "ask noc@example.net", 19);
    for (size_t i = 35; i < 48; i++)
        cr_expect_eq(message.payload.data[i], 0);
    cr_expect_eq(bytes[1], 0x28);
    cr_expect_eq(bytes[8], 61);
    cr_expect_neq(bytes[4] << 8 | bytes[5], 0, "an identification of 0");

    target = address_of("2001:db8::7");
    message = build(&prober, &target, 5, bytes, &source);
    cr_expect_eq(message.type, PACKET_ICMPV6_ECHO);
    cr_expect_eq(bytes[7], 61);
    survey_prober_destroy(&prober);
}

Test(strategy_survey_probe, identity_is_of_the_address_and_the_key)
{
    struct sonde_address none = {0};
    struct sonde_survey_config config = survey_config(&none, 1);
    struct survey_prober prober, other;
    init(&prober, &config);
    config.key[0] ^= 1;
    init(&other, &config);
    struct sonde_address first = address_of("198.51.100.0");
    unsigned of_identifier[4] = {0}, same = 0;
    for (unsigned i = 0; i < 4000; i++) {
        struct sonde_address target = row_at(&first, i);
        struct survey_identity identity = survey_identify(&prober, &target);
        struct survey_identity stranger = survey_identify(&other, &target);
        cr_assert_geq(identity.identifier, 0x4000);
        cr_assert_leq(identity.identifier, 0x4003);
        of_identifier[identity.identifier - 0x4000]++;
        same += identity.sequence == stranger.sequence;
    }
    for (int i = 0; i < 4; i++)
        cr_expect(of_identifier[i] > 850 && of_identifier[i] < 1150, "%u", of_identifier[i]);
    cr_expect_lt(same, 5);
    /* an IPv4 address is not the IPv6 address that begins with its bytes */
    struct sonde_address six = {.family = SONDE_IPV6};
    memcpy(six.bytes, first.bytes, 4);
    cr_expect_neq(survey_identify(&prober, &first).mark, survey_identify(&prober, &six).mark);
    survey_prober_destroy(&prober);
    survey_prober_destroy(&other);
}

Test(strategy_survey_probe, the_seal_brings_the_time_back_and_nothing_else_does)
{
    struct sonde_address none = {0};
    struct sonde_survey_config config = survey_config(&none, 1);
    struct survey_prober prober;
    init(&prober, &config);
    struct sonde_address target = address_of("198.51.100.7"), source;
    uint64_t mark = survey_identify(&prober, &target).mark;
    static const int64_t times[] = {0, 1, -5, 123456789012345, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        uint8_t bytes[128], seal[16];
        struct sonde_mono sent;
        struct packet_icmp message = build(&prober, &target, times[i], bytes, &source);
        memcpy(seal, message.payload.data, 16);
        cr_expect(survey_seal_open(&prober, mark, seal, &sent));
        cr_expect_eq(sent.ns, times[i]);
        cr_expect_not(survey_seal_open(&prober, mark ^ 1, seal, &sent), "another address");
        for (int bit = 0; bit < 128; bit++) {
            seal[bit / 8] ^= (uint8_t)(1 << bit % 8);
            cr_expect_not(survey_seal_open(&prober, mark, seal, &sent), "bit %d", bit);
            seal[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
    survey_prober_destroy(&prober);
}

/* A time of one nanosecond more changes about half of the 128 bits: it is not to be read. */
Test(strategy_survey_probe, the_seal_tells_nothing)
{
    struct sonde_address none = {0};
    struct sonde_survey_config config = survey_config(&none, 1);
    struct survey_prober prober;
    init(&prober, &config);
    struct sonde_address target = address_of("198.51.100.7"), source;
    uint8_t bytes[128], before[8] = {0};
    unsigned bits = 0;
    for (int64_t now = 1000; now <= 2000; now++) {
        struct packet_icmp message = build(&prober, &target, now, bytes, &source);
        for (int i = 0; i < 8 && now > 1000; i++)
            bits += (unsigned)__builtin_popcount(message.payload.data[i] ^ before[i]);
        memcpy(before, message.payload.data, 8);
    }
    cr_expect(bits > 31000 && bits < 33000, "%u bits of 64,000 changed", bits);
    survey_prober_destroy(&prober);
}

Test(strategy_survey_probe, what_cannot_be)
{
    struct sonde_address none = {0};
    struct sonde_survey_config good = survey_config(&none, 1), config;
    struct survey_prober prober;
    for (int i = 0; i < 6; i++) {
        config = good;
        if (i == 0)
            config.payload_bytes = 15;
        if (i == 1)
            config.text_bytes = 9; /* 24 - 16 and one more */
        if (i == 2)
            config.identifier_count = 0;
        if (i == 3)
            config.payload_bytes = 65508;
        if (i == 4)
            config.source[0] = config.source[1];
        if (i == 5)
            config.source[1] = config.source[0];
        config.text = (const uint8_t *)"123456789";
        prober = (struct survey_prober){0};
        cr_expect_neq(survey_prober_init(&prober, &config), 0, "case %d", i);
        survey_prober_destroy(&prober);
    }
    config = good;
    config.source[1] = none;
    init(&prober, &config);
    struct sonde_address six = address_of("2001:db8::1");
    cr_expect_null(survey_template_for(&prober, &six));
    survey_prober_destroy(&prober);
}
