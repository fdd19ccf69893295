#include "packet/icmp.h"

#include <errno.h>

#include "help.h"
#include "packet/checksum.h"

static const struct sonde_address *source6(void)
{
    static struct sonde_address address;
    address = help_parse("2001:db8::1");
    return &address;
}

static const struct sonde_address *destination6(void)
{
    static struct sonde_address address;
    address = help_parse("2001:db8::2");
    return &address;
}

/* Writes, checks the checksum, and reads back. */
static struct packet_icmp round_trip(const struct packet_icmp *message, uint8_t *room, size_t size)
{
    struct packet_writer writer = packet_writer_over(room, size);
    cr_assert_eq(packet_icmp_write(&writer, message, source6(), destination6()), 0);
    struct sonde_bytes bytes = packet_written_from(&writer, 0);
    cr_assert(packet_icmp_checksum_ok(message->family, bytes, source6(), destination6()));
    struct packet_icmp back;
    cr_assert_eq(packet_icmp_parse(message->family, bytes, &back), 0);
    cr_assert_eq(back.family, message->family);
    cr_assert_eq(back.type, message->type);
    cr_assert_eq(back.code, message->code);
    cr_assert_eq(back.form, message->form);
    cr_assert(help_same(back.payload, message->payload));
    return back;
}

Test(packet_icmp, known_echo_request)
{
    const uint8_t bytes[] = {8, 0, 0xf7, 0xfd, 0, 1, 0, 1};
    struct packet_icmp message;
    struct sonde_bytes all = {bytes, sizeof(bytes)};
    cr_assert_eq(packet_icmp_parse(SONDE_IPV4, all, &message), 0);
    cr_assert_eq(message.form, PACKET_ICMP_ECHO);
    cr_assert_eq(message.echo.identifier, 1);
    cr_assert_eq(message.echo.sequence, 1);
    cr_assert_eq(message.checksum, 0xf7fd);
    cr_assert(packet_icmp_checksum_ok(SONDE_IPV4, all, NULL, NULL));
    uint8_t room[8];
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    cr_assert_eq(packet_icmp_write(&writer, &message, NULL, NULL), 0);
    cr_assert_arr_eq(room, bytes, 8);
}

Test(packet_icmp, echo_round_trip)
{
    static const struct {
        enum sonde_family family;
        uint8_t type;
    } types[] = {{SONDE_IPV4, PACKET_ICMPV4_ECHO},
                 {SONDE_IPV4, PACKET_ICMPV4_ECHO_REPLY},
                 {SONDE_IPV6, PACKET_ICMPV6_ECHO},
                 {SONDE_IPV6, PACKET_ICMPV6_ECHO_REPLY}};
    struct base_random random = help_random();
    for (int round = 0; round < 2000; round++) {
        uint8_t payload[100], room[128];
        size_t i = help_below(&random, 4);
        help_fill(&random, payload, sizeof(payload));
        struct packet_icmp message = {
            .family = (uint8_t)types[i].family,
            .type = types[i].type,
            .form = PACKET_ICMP_ECHO,
            .echo = {(uint16_t)base_random_u64(&random), (uint16_t)base_random_u64(&random)},
            .payload = {payload, help_below(&random, 101)},
        };
        struct packet_icmp back = round_trip(&message, room, sizeof(room));
        cr_assert_eq(back.echo.identifier, message.echo.identifier);
        cr_assert_eq(back.echo.sequence, message.echo.sequence);
        uint16_t identifier, sequence;
        cr_assert(packet_icmp_lease(&back, &identifier, &sequence));
        cr_assert_eq(identifier, message.echo.identifier);
        cr_assert_eq(sequence, message.echo.sequence);
    }
}

Test(packet_icmp, timestamp_round_trip)
{
    struct base_random random = help_random();
    for (int round = 0; round < 500; round++) {
        uint8_t room[20];
        struct packet_icmp message = {
            .family = SONDE_IPV4,
            .type = help_coin(&random) ? PACKET_ICMPV4_TIMESTAMP : PACKET_ICMPV4_TIMESTAMP_REPLY,
            .form = PACKET_ICMP_TIMES,
            .timestamp = {1, (uint16_t)round, (uint32_t)base_random_u64(&random),
                          (uint32_t)base_random_u64(&random), (uint32_t)base_random_u64(&random)},
        };
        struct packet_icmp back = round_trip(&message, room, sizeof(room));
        cr_assert_eq(back.timestamp.originate, message.timestamp.originate);
        cr_assert_eq(back.timestamp.receive, message.timestamp.receive);
        cr_assert_eq(back.timestamp.transmit, message.timestamp.transmit);
        uint16_t identifier, sequence;
        cr_assert(packet_icmp_lease(&back, &identifier, &sequence));
        cr_assert_eq(sequence, round);
    }
}

Test(packet_icmp, extended_echo_round_trip)
{
    struct base_random random = help_random();
    for (int round = 0; round < 1000; round++) {
        bool v6 = help_coin(&random), reply = help_coin(&random);
        struct packet_icmp message = {
            .family = v6 ? SONDE_IPV6 : SONDE_IPV4,
            .code = reply ? (uint8_t)help_below(&random, 5) : 0,
            .form = reply ? PACKET_ICMP_EXTENDED_ECHO_ANSWER : PACKET_ICMP_EXTENDED_ECHO_REQUEST,
            .extended = {.identifier = (uint16_t)base_random_u64(&random),
                         .sequence = (uint8_t)base_random_u64(&random)},
        };
        message.type = (uint8_t)packet_icmp_request_type(message.family, SONDE_PROBE_EXTENDED_ECHO);
        if (reply) {
            message.type = (uint8_t)packet_icmp_reply_type(message.family, message.type);
            message.extended.state = (uint8_t)help_below(&random, 8);
            message.extended.active = help_coin(&random);
            message.extended.ipv4 = help_coin(&random);
            message.extended.ipv6 = help_coin(&random);
        } else {
            message.extended.local = help_coin(&random);
        }
        uint8_t room[8];
        struct packet_icmp back = round_trip(&message, room, sizeof(room));
        cr_assert_eq(back.extended.identifier, message.extended.identifier);
        cr_assert_eq(back.extended.sequence, message.extended.sequence);
        cr_assert_eq(back.extended.local, message.extended.local);
        cr_assert_eq(back.extended.state, message.extended.state);
        cr_assert_eq(back.extended.active, message.extended.active);
        cr_assert_eq(back.extended.ipv4, message.extended.ipv4);
        cr_assert_eq(back.extended.ipv6, message.extended.ipv6);
        uint16_t identifier, sequence;
        cr_assert(packet_icmp_lease(&back, &identifier, &sequence));
        cr_assert_eq(sequence, message.extended.sequence);
    }
}

Test(packet_icmp, extended_echo_bits_stand_where_rfc_8335_has_them)
{
    const uint8_t reply[] = {43, 0, 0, 0, 0x12, 0x34, 0x56, 0x46};
    struct packet_icmp message;
    cr_assert_eq(packet_icmp_parse(SONDE_IPV4, (struct sonde_bytes){reply, 8}, &message), 0);
    cr_assert_eq(message.extended.state, PACKET_NEIGHBOUR_REACHABLE);
    cr_assert(message.extended.active && message.extended.ipv4 && !message.extended.ipv6);
    const uint8_t request[] = {42, 0, 0, 0, 0x12, 0x34, 0x56, 0x01};
    cr_assert_eq(packet_icmp_parse(SONDE_IPV4, (struct sonde_bytes){request, 8}, &message), 0);
    cr_assert(message.extended.local);
}

Test(packet_icmp, node_information_round_trip)
{
    struct base_random random = help_random();
    for (int round = 0; round < 500; round++) {
        uint8_t room[64];
        struct packet_icmp message = {
            .family = SONDE_IPV6,
            .type = help_coin(&random) ? PACKET_ICMPV6_NODE_INFO : PACKET_ICMPV6_NODE_INFO_REPLY,
            .code = 1,
            .form = PACKET_ICMP_NODE,
            .node = {.qtype = (uint16_t)base_random_u64(&random),
                     .flags = (uint16_t)base_random_u64(&random)},
            .payload = {(const uint8_t *)"data", 4},
        };
        help_fill(&random, message.node.nonce, sizeof(message.node.nonce));
        struct packet_icmp back = round_trip(&message, room, sizeof(room));
        cr_assert_eq(back.node.qtype, message.node.qtype);
        cr_assert_eq(back.node.flags, message.node.flags);
        cr_assert_arr_eq(back.node.nonce, message.node.nonce, 8);
        uint16_t identifier, sequence;
        cr_assert(packet_icmp_lease(&back, &identifier, &sequence));
        cr_assert_eq(identifier, message.node.nonce[0] << 8 | message.node.nonce[1]);
        cr_assert_eq(sequence, message.node.nonce[2] << 8 | message.node.nonce[3]);
    }
}

Test(packet_icmp, other_types_keep_their_word)
{
    uint8_t room[16];
    struct packet_icmp message = {.family = SONDE_IPV4,
                                  .type = PACKET_ICMPV4_ADDRESS_MASK,
                                  .form = PACKET_ICMP_OTHER,
                                  .word = 0x12345678};
    struct packet_icmp back = round_trip(&message, room, sizeof(room));
    cr_assert_eq(back.word, 0x12345678);
    uint16_t identifier, sequence;
    cr_assert_not(packet_icmp_lease(&back, &identifier, &sequence));
}

/* All errors without extensions, and what bytes 4 to 7 say. */
static struct packet_icmp plain_error(enum sonde_family family, uint8_t type, uint8_t code)
{
    static uint8_t quote[48] = {0x45, 1, 2, 3, 4, 5, 6, 7};
    return (struct packet_icmp){
        .family = (uint8_t)family,
        .type = type,
        .code = code,
        .form = PACKET_ICMP_ERROR,
        .error = {.quote = {quote, sizeof(quote)}},
    };
}

Test(packet_icmp, errors_of_ipv4)
{
    uint8_t room[128];
    for (uint8_t code = 0; code <= PACKET_ICMPV4_PRECEDENCE_CUTOFF; code++) {
        struct packet_icmp message = plain_error(SONDE_IPV4, PACKET_ICMPV4_UNREACHABLE, code);
        bool with_mtu = code == PACKET_ICMPV4_FRAGMENTATION_NEEDED;
        message.error.mtu = with_mtu ? 1400 : 0;
        struct packet_icmp back = round_trip(&message, room, sizeof(room));
        cr_assert_eq(back.error.mtu, message.error.mtu);
        cr_assert(help_same(back.error.quote, message.error.quote));
        cr_assert_eq(back.error.form, PACKET_EXTENSION_NONE);
        cr_assert_eq(packet_icmp_outcome(SONDE_IPV4, back.type, back.code),
                     with_mtu ? SONDE_TOO_BIG : SONDE_UNREACHABLE);
    }
    struct packet_icmp message = plain_error(SONDE_IPV4, PACKET_ICMPV4_PARAMETER_PROBLEM, 0);
    message.error.pointer = 21;
    cr_assert_eq(round_trip(&message, room, sizeof(room)).error.pointer, 21);
    message = plain_error(SONDE_IPV4, PACKET_ICMPV4_REDIRECT, PACKET_ICMPV4_REDIRECT_HOST);
    message.error.gateway = help_parse("192.0.2.254");
    struct packet_icmp back = round_trip(&message, room, sizeof(room));
    cr_assert(sonde_address_equal(&back.error.gateway, &message.error.gateway));
    message = plain_error(SONDE_IPV4, PACKET_ICMPV4_SOURCE_QUENCH, 0);
    round_trip(&message, room, sizeof(room));
}

Test(packet_icmp, errors_of_ipv6)
{
    uint8_t room[128];
    struct packet_icmp message = plain_error(SONDE_IPV6, PACKET_ICMPV6_TOO_BIG, 0);
    message.error.mtu = 0x12345678;
    struct packet_icmp back = round_trip(&message, room, sizeof(room));
    cr_assert_eq(back.error.mtu, 0x12345678);
    cr_assert(help_same(back.error.quote, message.error.quote));
    message =
        plain_error(SONDE_IPV6, PACKET_ICMPV6_PARAMETER_PROBLEM, PACKET_ICMPV6_CHAIN_TOO_LONG);
    message.error.pointer = 0xfffffffe;
    cr_assert_eq(round_trip(&message, room, sizeof(room)).error.pointer, 0xfffffffe);
    message = plain_error(SONDE_IPV6, PACKET_ICMPV6_TIME_EXCEEDED, 0);
    round_trip(&message, room, sizeof(room));
    message = plain_error(SONDE_IPV6, PACKET_ICMPV6_PRIVATE_ERROR_1, 9);
    round_trip(&message, room, sizeof(room));
}

Test(packet_icmp, redirect_of_ipv6)
{
    uint8_t room[256];
    struct packet_icmp message = plain_error(SONDE_IPV6, PACKET_ICMPV6_REDIRECT, 0);
    message.error.gateway = help_parse("fe80::1");
    message.error.redirected = help_parse("2001:db8::99");
    struct packet_icmp back = round_trip(&message, room, sizeof(room));
    cr_assert(sonde_address_equal(&back.error.gateway, &message.error.gateway));
    cr_assert(sonde_address_equal(&back.error.redirected, &message.error.redirected));
    cr_assert(help_same(back.error.quote, message.error.quote));

    /* A link-layer address option first, then the quote; then one whose length is zero. */
    uint8_t bytes[40 + 8 + 16] = {PACKET_ICMPV6_REDIRECT};
    bytes[40] = 2;
    bytes[41] = 1;
    bytes[48] = 4;
    bytes[49] = 2;
    memcpy(bytes + 56, "quoted", 6);
    cr_assert_eq(packet_icmp_parse(SONDE_IPV6, (struct sonde_bytes){bytes, 64}, &back), 0);
    cr_assert_eq(back.error.quote.length, 8);
    cr_assert_arr_eq(back.error.quote.data, "quoted", 6);
    bytes[49] = 0;
    cr_assert_eq(packet_icmp_parse(SONDE_IPV6, (struct sonde_bytes){bytes, 64}, &back), 0);
    cr_assert_eq(back.error.quote.length, 0, "an option without a length ends the list");
    bytes[49] = 200;
    cr_assert_eq(packet_icmp_parse(SONDE_IPV6, (struct sonde_bytes){bytes, 64}, &back), 0);
    cr_assert_eq(back.error.quote.length, 8, "a cut option gives what there is");
}

/* Every error that can carry extensions, in both forms, with quotes of many lengths. */
Test(packet_icmp, errors_with_extensions)
{
    static const struct {
        enum sonde_family family;
        uint8_t type;
        size_t unit;
    } types[] = {{SONDE_IPV4, PACKET_ICMPV4_UNREACHABLE, 4},
                 {SONDE_IPV4, PACKET_ICMPV4_TIME_EXCEEDED, 4},
                 {SONDE_IPV4, PACKET_ICMPV4_PARAMETER_PROBLEM, 4},
                 {SONDE_IPV6, PACKET_ICMPV6_UNREACHABLE, 8},
                 {SONDE_IPV6, PACKET_ICMPV6_TIME_EXCEEDED, 8}};
    struct base_random random = help_random();
    uint8_t structure[16], quote[600];
    struct packet_writer writer = packet_writer_over(structure, sizeof(structure));
    size_t start = packet_extension_begin(&writer);
    struct packet_mpls label = {.label = 16, .bottom = true, .ttl = 254};
    cr_assert_eq(packet_extension_write_mpls(&writer, &label, 1), 0);
    cr_assert_eq(packet_extension_end(&writer, start), 0);
    struct sonde_bytes extensions = packet_written_from(&writer, 0);

    for (int round = 0; round < 2000; round++) {
        size_t i = help_below(&random, 5);
        help_fill(&random, quote, sizeof(quote));
        bool compliant = help_coin(&random);
        struct packet_icmp message = plain_error(types[i].family, types[i].type, 0);
        message.error.quote = (struct sonde_bytes){quote, help_below(&random, sizeof(quote))};
        message.error.form = compliant ? PACKET_EXTENSION_COMPLIANT : PACKET_EXTENSION_PRE_RFC;
        message.error.extensions = extensions;
        uint8_t room[1024];
        struct packet_icmp back = round_trip(&message, room, sizeof(room));
        cr_assert_eq(back.error.form, message.error.form);
        cr_assert(help_same(back.error.extensions, extensions));
        size_t quoted = message.error.quote.length;
        size_t expected = quoted <= 128 || !compliant
                              ? 128
                              : (quoted + types[i].unit - 1) / types[i].unit * types[i].unit;
        cr_assert_eq(back.error.quote.length, expected);
        size_t common = quoted < expected ? quoted : expected;
        if (common)
            cr_assert_arr_eq(back.error.quote.data, quote, common);
        for (size_t at = common; at < expected; at++)
            cr_assert_eq(back.error.quote.data[at], 0, "padding");
    }
}

Test(packet_icmp, writing_refuses)
{
    uint8_t room[4096];
    static uint8_t long_quote[2048];
    struct packet_icmp bad[12];
    for (size_t i = 0; i < 12; i++)
        bad[i] = plain_error(SONDE_IPV4, PACKET_ICMPV4_UNREACHABLE, 4);
    bad[0].error.mtu = 65536;
    bad[1].type = PACKET_ICMPV4_PARAMETER_PROBLEM;
    bad[1].error.pointer = 256;
    bad[2].type = PACKET_ICMPV4_REDIRECT; /* without a gateway */
    bad[3].form = PACKET_ICMP_ECHO;
    bad[4].family = SONDE_FAMILY_NONE;
    bad[5].error.extensions = (struct sonde_bytes){long_quote, 8}; /* form says none */
    bad[6].error.form = PACKET_EXTENSION_COMPLIANT;
    bad[6].error.quote = (struct sonde_bytes){long_quote, 1021}; /* 256 words */
    bad[7].type = PACKET_ICMPV4_SOURCE_QUENCH;
    bad[7].error.form = PACKET_EXTENSION_COMPLIANT;
    bad[8] = plain_error(SONDE_IPV6, PACKET_ICMPV6_REDIRECT, 0); /* without addresses */
    bad[9] = plain_error(SONDE_IPV6, PACKET_ICMPV6_TOO_BIG, 0);
    bad[9].error.form = PACKET_EXTENSION_COMPLIANT;
    bad[10] = plain_error(SONDE_IPV6, PACKET_ICMPV6_REDIRECT, 0);
    bad[10].error.gateway = bad[10].error.redirected = help_parse("::1");
    bad[10].error.quote = (struct sonde_bytes){long_quote, 2040};
    bad[11] = (struct packet_icmp){.family = SONDE_IPV4,
                                   .type = PACKET_ICMPV4_EXTENDED_ECHO_REPLY,
                                   .form = PACKET_ICMP_EXTENDED_ECHO_ANSWER,
                                   .extended = {.state = 8}};
    for (size_t i = 0; i < 12; i++) {
        struct packet_writer writer = packet_writer_over(room, sizeof(room));
        cr_assert_eq(packet_icmp_write(&writer, &bad[i], source6(), destination6()), -EINVAL,
                     "case %zu", i);
        cr_assert(writer.failed);
    }
    struct packet_icmp echo = {
        .family = SONDE_IPV6, .type = PACKET_ICMPV6_ECHO, .form = PACKET_ICMP_ECHO};
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    cr_assert_eq(packet_icmp_write(&writer, &echo, NULL, NULL), -EINVAL,
                 "IPv6's checksum covers the addresses");
    for (size_t size = 0; size < 8; size++) {
        writer = packet_writer_over(room, size);
        cr_assert_eq(packet_icmp_write(&writer, &echo, source6(), destination6()), -ENOBUFS);
    }
}

Test(packet_icmp, every_type_cut_at_every_length)
{
    struct base_random random = help_random();
    static const enum sonde_family families[] = {SONDE_IPV4, SONDE_IPV6};
    uint8_t bytes[200];
    for (unsigned type = 0; type < 512; type++) {
        enum sonde_family family = families[type / 256];
        help_fill(&random, bytes, sizeof(bytes));
        bytes[0] = (uint8_t)type;
        int before = -ENODATA;
        for (size_t length = 0; length <= sizeof(bytes); length++) {
            struct sonde_bytes cut = help_exact(bytes, length);
            struct packet_icmp message;
            int error = packet_icmp_parse(family, cut, &message);
            cr_assert(error == 0 || error == -ENODATA);
            cr_assert(error == 0 || before == -ENODATA, "more bytes never make it worse");
            cr_assert(length >= 8 || error == -ENODATA);
            cr_assert(length < 40 || error == 0);
            cr_assert_eq(message.type, length < 4 ? 0 : (uint8_t)type);
            cr_assert(help_inside(message.payload, cut));
            if (message.form == PACKET_ICMP_ERROR) {
                cr_assert(help_inside(message.error.quote, cut));
                cr_assert(help_inside(message.error.extensions, cut));
            }
            before = error;
            help_free(cut);
        }
    }
    struct packet_icmp message;
    cr_assert_eq(packet_icmp_parse(SONDE_FAMILY_NONE, (struct sonde_bytes){bytes, 100}, &message),
                 -EINVAL);
}

Test(packet_icmp, a_wrong_checksum_shows)
{
    uint8_t room[64];
    struct packet_icmp message = {.family = SONDE_IPV6,
                                  .type = PACKET_ICMPV6_ECHO_REPLY,
                                  .form = PACKET_ICMP_ECHO,
                                  .echo = {1, 2},
                                  .payload = {(const uint8_t *)"abcde", 5}};
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    cr_assert_eq(packet_icmp_write(&writer, &message, source6(), destination6()), 0);
    struct sonde_bytes bytes = packet_written_from(&writer, 0);
    cr_assert(packet_icmp_checksum_ok(SONDE_IPV6, bytes, source6(), destination6()));
    struct sonde_address other = help_parse("2001:db8::3");
    cr_assert_not(packet_icmp_checksum_ok(SONDE_IPV6, bytes, source6(), &other));
    cr_assert_not(packet_icmp_checksum_ok(SONDE_IPV4, bytes, NULL, NULL));
    bytes.length--;
    cr_assert_not(packet_icmp_checksum_ok(SONDE_IPV6, bytes, source6(), destination6()));
    bytes.length = 3;
    cr_assert_not(packet_icmp_checksum_ok(SONDE_IPV6, bytes, source6(), destination6()));
}

Test(packet_icmp, requests_and_their_replies)
{
    static const struct {
        enum sonde_family family;
        enum sonde_probe_kind kind;
        int request, reply;
    } cases[] = {
        {SONDE_IPV4, SONDE_PROBE_ECHO, 8, 0},
        {SONDE_IPV4, SONDE_PROBE_TIMESTAMP, 13, 14},
        {SONDE_IPV4, SONDE_PROBE_EXTENDED_ECHO, 42, 43},
        {SONDE_IPV4, SONDE_PROBE_NODE_INFO, -1, -1},
        {SONDE_IPV6, SONDE_PROBE_ECHO, 128, 129},
        {SONDE_IPV6, SONDE_PROBE_TIMESTAMP, -1, -1},
        {SONDE_IPV6, SONDE_PROBE_EXTENDED_ECHO, 160, 161},
        {SONDE_IPV6, SONDE_PROBE_NODE_INFO, 139, 140},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int request = packet_icmp_request_type(cases[i].family, cases[i].kind);
        cr_assert_eq(request, cases[i].request, "case %zu", i);
        if (request < 0)
            continue;
        int reply = packet_icmp_reply_type(cases[i].family, (uint8_t)request);
        cr_assert_eq(reply, cases[i].reply);
        cr_assert_eq(packet_icmp_outcome(cases[i].family, (uint8_t)reply, 0), SONDE_REPLY);
        cr_assert_eq(packet_icmp_outcome(cases[i].family, (uint8_t)request, 0), -1);
        cr_assert_eq(packet_icmp_reply_type(cases[i].family, (uint8_t)reply), -1);
    }
}

Test(packet_icmp, what_errors_mean)
{
    static const struct {
        enum sonde_family family;
        uint8_t type;
        int outcome;
    } cases[] = {
        {SONDE_IPV4, 4, SONDE_SOURCE_QUENCH},
        {SONDE_IPV4, 5, SONDE_REDIRECT},
        {SONDE_IPV4, 11, SONDE_TIME_EXCEEDED},
        {SONDE_IPV4, 12, SONDE_PARAMETER_PROBLEM},
        {SONDE_IPV4, 9, -1},
        {SONDE_IPV6, 1, SONDE_UNREACHABLE},
        {SONDE_IPV6, 2, SONDE_TOO_BIG},
        {SONDE_IPV6, 3, SONDE_TIME_EXCEEDED},
        {SONDE_IPV6, 4, SONDE_PARAMETER_PROBLEM},
        {SONDE_IPV6, 137, SONDE_REDIRECT},
        {SONDE_IPV6, 100, SONDE_UNREACHABLE},
        {SONDE_IPV6, 135, -1},
        {SONDE_IPV6, 0, -1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        cr_assert_eq(packet_icmp_outcome(cases[i].family, cases[i].type, 0), cases[i].outcome,
                     "case %zu", i);
}
