#include "strategy/survey_answer.h"

#include <errno.h>

#include "survey_help.h"

#define SENT_NS INT64_C(7000000000)

struct stage {
    struct survey_prober prober;
    uint8_t bytes[128];
    struct sonde_datagram datagram;
    struct letter letter;
    struct survey_window window;
    struct survey_judged judged;
};

static void init(struct stage *stage, const char *target)
{
    struct sonde_address none = {0};
    struct sonde_survey_config config = survey_config(&none, 1);
    *stage = (struct stage){0};
    cr_assert_eq(survey_prober_init(&stage->prober, &config), 0);
    cr_assert_eq(survey_window_init(&stage->window), 0);
    struct sonde_address to = address_of(target);
    const struct survey_template *template = survey_template_for(&stage->prober, &to);
    survey_probe_write(&stage->prober, template, &to, (struct sonde_mono){SENT_NS}, stage->bytes);
    stage->datagram = (struct sonde_datagram){
        .to = to, .bytes = stage->bytes, .length = (uint32_t) template->length};
}

static void destroy(struct stage *stage)
{
    survey_prober_destroy(&stage->prober);
    survey_window_destroy(&stage->window);
}

static enum survey_verdict judge(struct stage *stage)
{
    return survey_judge(&stage->prober, &stage->window, &stage->letter.event, &stage->judged);
}

static const char *const both[2] = {"198.51.100.7", "2001:db8::7"};
static const char *const routers[2] = {"203.0.113.1", "2001:db8:1::1"};

Test(strategy_survey_answer, a_reply)
{
    for (int family = 0; family < 2; family++) {
        struct stage stage;
        init(&stage, both[family]);
        reply_to(&stage.letter, &stage.datagram, SENT_NS + 20 * MS);
        cr_assert_eq(judge(&stage), SURVEY_OURS);
        cr_expect_eq(stage.judged.answer.kind, SONDE_SURVEY_REPLY);
        cr_expect(sonde_address_equal(&stage.judged.answer.target, &stage.datagram.to));
        cr_expect(stage.judged.answer.rtt_known);
        cr_expect_eq(stage.judged.answer.rtt.ns, 20 * MS);
        cr_expect_eq(stage.judged.sent.ns, SENT_NS);
        cr_expect_eq(stage.judged.answer.received.source, SONDE_STAMP_KERNEL);
        cr_expect_eq(stage.judged.answer.hop_limit, 50);
        destroy(&stage);
    }
}

Test(strategy_survey_answer, a_stamp_before_the_question_gives_way_to_user_time)
{
    struct stage stage;
    init(&stage, both[0]);
    reply_to(&stage.letter, &stage.datagram, SENT_NS - 100);
    cr_assert_eq(judge(&stage), SURVEY_OURS);
    cr_expect(stage.judged.answer.rtt_known);
    cr_expect_eq(stage.judged.answer.rtt.ns, 400);
    cr_expect_eq(stage.judged.answer.received.source, SONDE_STAMP_USER);
    reply_to(&stage.letter, &stage.datagram, SENT_NS - 5000);
    cr_assert_eq(judge(&stage), SURVEY_OURS);
    cr_expect_not(stage.judged.answer.rtt_known);
    destroy(&stage);
}

/* Whatever single bit of the ICMP message is wrong, and however the checksum was mended. */
Test(strategy_survey_answer, no_other_reply_is_ours)
{
    for (int family = 0; family < 2; family++) {
        struct stage stage;
        init(&stage, both[family]);
        reply_to(&stage.letter, &stage.datagram, SENT_NS + MS);
        struct letter good = stage.letter;
        struct sonde_address source;
        struct packet_icmp message = open_datagram(&stage.datagram, &source);
        size_t icmp_at = family ? 40 : 20;
        for (size_t bit = 0; bit < (8 + 16) * 8; bit++) {
            stage.letter = good;
            stage.letter.event.bytes.data = stage.letter.bytes;
            stage.letter.bytes[icmp_at + bit / 8] ^= (uint8_t)(1 << bit % 8);
            cr_expect_neq(judge(&stage), SURVEY_OURS, "bit %zu, checksum wrong", bit);
        }
        uint8_t payload[24];
        memcpy(payload, message.payload.data, sizeof payload);
        message.payload.data = payload;
        message.type = family ? PACKET_ICMPV6_ECHO_REPLY : PACKET_ICMPV4_ECHO_REPLY;
        for (int bit = 0; bit < 128 + 32; bit++) {
            struct packet_icmp forged = message;
            if (bit < 128)
                payload[bit / 8] ^= (uint8_t)(1 << bit % 8);
            else if (bit < 144)
                forged.echo.identifier ^= (uint16_t)(1 << (bit - 128));
            else
                forged.echo.sequence ^= (uint16_t)(1 << (bit - 144));
            post(&stage.letter, &stage.datagram.to, &source, &forged, SENT_NS + MS);
            cr_expect_eq(judge(&stage), SURVEY_FOREIGN, "bit %d", bit);
            memcpy(payload, stage.bytes + icmp_at + 8, sizeof payload);
        }
        struct packet_icmp shorter = message;
        shorter.payload.length = 15;
        post(&stage.letter, &stage.datagram.to, &source, &shorter, SENT_NS + MS);
        cr_expect_eq(judge(&stage), SURVEY_FOREIGN, "not enough to prove anything");
        shorter.payload.length = 16;
        post(&stage.letter, &stage.datagram.to, &source, &shorter, SENT_NS + MS);
        cr_expect_eq(judge(&stage), SURVEY_OURS);
        struct sonde_address neighbour = row_at(&stage.datagram.to, 1);
        post(&stage.letter, &neighbour, &source, &message, SENT_NS + MS);
        cr_expect_eq(judge(&stage), SURVEY_FOREIGN, "from another address");
        destroy(&stage);
    }
}

Test(strategy_survey_answer, errors)
{
    for (int family = 0; family < 2; family++) {
        struct stage stage;
        init(&stage, both[family]);
        size_t least = family ? 48 : 28;
        complain(&stage.letter, &stage.datagram, routers[family], 1000, SENT_NS + 9 * MS);
        cr_assert_eq(judge(&stage), SURVEY_OURS);
        cr_expect_eq(stage.judged.answer.kind, SONDE_SURVEY_ERROR);
        cr_expect(sonde_address_equal(&stage.judged.answer.target, &stage.datagram.to));
        struct sonde_address router = address_of(routers[family]);
        cr_expect(sonde_address_equal(&stage.judged.answer.from, &router));
        cr_expect(stage.judged.answer.rtt_known);
        cr_expect_eq(stage.judged.answer.rtt.ns, 9 * MS);

        complain(&stage.letter, &stage.datagram, routers[family], least, SENT_NS + 9 * MS);
        cr_assert_eq(judge(&stage), SURVEY_OURS, "the header and eight bytes");
        cr_expect_not(stage.judged.answer.rtt_known);

        complain(&stage.letter, &stage.datagram, routers[family], least - 1, SENT_NS);
        cr_expect_neq(judge(&stage), SURVEY_OURS, "half a sequence number");

        /* RFC 4884: the quote ends early and is filled up with zeros */
        uint8_t kept[128];
        memcpy(kept, stage.bytes, sizeof kept);
        struct packet_icmp message = {
            .family = (uint8_t)(family ? SONDE_IPV6 : SONDE_IPV4),
            .type = family ? PACKET_ICMPV6_UNREACHABLE : PACKET_ICMPV4_UNREACHABLE,
            .form = PACKET_ICMP_ERROR,
            .error = {.quote = {kept, 128}},
        };
        memset(kept + least, 0, sizeof kept - least);
        struct sonde_address source;
        open_datagram(&stage.datagram, &source);
        post(&stage.letter, &router, &source, &message, SENT_NS + MS);
        cr_assert_eq(judge(&stage), SURVEY_OURS);
        cr_expect_not(stage.judged.answer.rtt_known);
        destroy(&stage);
    }
}

Test(strategy_survey_answer, no_other_error_is_ours)
{
    for (int family = 0; family < 2; family++) {
        struct stage stage;
        init(&stage, both[family]);
        size_t icmp_at = family ? 40 : 20;
        size_t to_at = family ? 24 : 16;
        struct sonde_address source, router = address_of(routers[family]);
        open_datagram(&stage.datagram, &source);
        for (size_t byte = to_at; byte < icmp_at + 8 + 16; byte++) {
            if (byte == icmp_at + 1 || byte == icmp_at + 2 || byte == icmp_at + 3)
                continue; /* code and checksum of the request prove nothing */
            uint8_t quote[128];
            memcpy(quote, stage.bytes, sizeof quote);
            quote[byte] ^= 0x11;
            struct packet_icmp message = {
                .family = (uint8_t)(family ? SONDE_IPV6 : SONDE_IPV4),
                .type = family ? PACKET_ICMPV6_TIME_EXCEEDED : PACKET_ICMPV4_TIME_EXCEEDED,
                .form = PACKET_ICMP_ERROR,
                .error = {.quote = {quote, stage.datagram.length}},
            };
            post(&stage.letter, &router, &source, &message, SENT_NS + MS);
            cr_expect_eq(judge(&stage), SURVEY_FOREIGN, "family %d byte %zu", family, byte);
        }
        destroy(&stage);
    }
}

Test(strategy_survey_answer, redirects_are_no_answers)
{
    struct stage stage;
    init(&stage, both[0]);
    struct sonde_address source, router = address_of(routers[0]);
    open_datagram(&stage.datagram, &source);
    struct packet_icmp message = {
        .family = SONDE_IPV4,
        .type = PACKET_ICMPV4_REDIRECT,
        .code = 1,
        .form = PACKET_ICMP_ERROR,
        .error = {.gateway = router, .quote = {stage.bytes, stage.datagram.length}},
    };
    post(&stage.letter, &router, &source, &message, SENT_NS + MS);
    cr_expect_eq(judge(&stage), SURVEY_NO_ANSWER);
    destroy(&stage);
}

Test(strategy_survey_answer, the_error_queue)
{
    struct stage stage;
    init(&stage, both[1]);
    stage.letter.event = (struct sonde_event){
        .kind = SONDE_EVENT_ERROR,
        .stamp = {{SENT_NS + 3 * MS}, SONDE_STAMP_KERNEL},
        .read = {SENT_NS + 3 * MS},
        .bytes = {stage.bytes + 40, stage.datagram.length - 40},
        .from = address_of(routers[1]),
        .to = stage.datagram.to,
        .icmp_type = PACKET_ICMPV6_UNREACHABLE,
        .icmp_code = 3,
        .hop_limit = -1,
    };
    cr_assert_eq(judge(&stage), SURVEY_OURS);
    cr_expect_eq(stage.judged.answer.kind, SONDE_SURVEY_ERROR);
    cr_expect_eq(stage.judged.answer.rtt.ns, 3 * MS);
    cr_expect_eq(stage.judged.answer.icmp_code, 3);
    cr_expect_eq(stage.judged.answer.mtu, 0);
    stage.letter.event.icmp_type = PACKET_ICMPV6_TOO_BIG;
    stage.letter.event.info = 1280;
    cr_assert_eq(judge(&stage), SURVEY_OURS);
    cr_expect_eq(stage.judged.answer.mtu, 1280);
    cr_expect_eq(stage.judged.answer.error, 0);
    stage.letter.event.icmp_type = PACKET_ICMPV6_PARAMETER_PROBLEM;
    stage.letter.event.info = 40;
    cr_assert_eq(judge(&stage), SURVEY_OURS);
    cr_expect_eq(stage.judged.answer.mtu, 0);
    cr_expect_eq(stage.judged.answer.pointer, 40);
    stage.letter.event.from = (struct sonde_address){0};
    stage.letter.event.error = EHOSTUNREACH;
    cr_assert_eq(judge(&stage), SURVEY_OURS);
    cr_expect_eq(stage.judged.answer.error, EHOSTUNREACH);
    stage.letter.event.to = address_of("2001:db8::8");
    cr_expect_eq(judge(&stage), SURVEY_FOREIGN);
    destroy(&stage);
}

Test(strategy_survey_answer, what_fits)
{
    struct stage stage;
    init(&stage, both[0]);
    complain(&stage.letter, &stage.datagram, routers[0], 28, SENT_NS + MS);
    cr_assert_eq(judge(&stage), SURVEY_OURS);
    cr_expect_eq(stage.judged.answer.mtu, 0);
    struct sonde_address source, router = address_of(routers[0]);
    open_datagram(&stage.datagram, &source);
    const struct packet_icmp message = {
        .family = SONDE_IPV4,
        .type = PACKET_ICMPV4_UNREACHABLE,
        .code = 4,
        .form = PACKET_ICMP_ERROR,
        .error = {.quote = {stage.bytes, 28}, .mtu = 1400},
    };
    post(&stage.letter, &router, &source, &message, SENT_NS + MS);
    cr_assert_eq(judge(&stage), SURVEY_OURS);
    cr_expect_eq(stage.judged.answer.mtu, 1400);
    destroy(&stage);
}

Test(strategy_survey_answer, own_requests_and_rubbish)
{
    struct stage stage;
    init(&stage, both[0]);
    reply_to(&stage.letter, &stage.datagram, SENT_NS);
    stage.letter.event.bytes = (struct sonde_bytes){stage.bytes, stage.datagram.length};
    cr_expect_eq(judge(&stage), SURVEY_FOREIGN, "an echo request");
    reply_to(&stage.letter, &stage.datagram, SENT_NS);
    for (size_t length = 0; length < stage.datagram.length; length++) {
        stage.letter.event.bytes.length = length;
        cr_expect_neq(judge(&stage), SURVEY_OURS, "cut after %zu bytes", length);
    }
    destroy(&stage);
}
