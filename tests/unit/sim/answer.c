#include "helper.h"

#include <errno.h>

#include "sim/answer.h"

static uint8_t request[2000], out[4000];
static struct answer answer;

static struct sim_packet packet_to(const char *to, size_t payload)
{
    size_t length =
        build_request(&(struct request){.to = to, .payload = payload}, request, sizeof(request));
    struct sonde_address destination = address_of(to);
    return (struct sim_packet){
        .family = destination.family,
        .destination = destination,
        .source = address_of(destination.family == SONDE_IPV4 ? "198.18.0.1" : "2001:db8::1"),
        .first = {request, length}};
}

static int write_fault(const struct sim_packet *packet, const struct sim_answer_fault *fault)
{
    struct packet_writer writer = packet_writer_over(out, sizeof(out));
    struct sim_answer_from from = {
        .source = address_of(packet->family == SONDE_IPV4 ? "198.18.1.1" : "2001:db8:1::1"),
        .destination = packet->source,
        .hop_limit = 255,
    };
    struct sim_answer_quoted quoted = {
        .packet = packet, .hop_limit = 3, .source = packet->source, .id = 77};
    int error = sim_answer_write_fault(&writer, &from, &quoted, fault);
    if (error == 0)
        read_answer(packet_written_from(&writer, 0), &answer);
    return error;
}

Test(sim_answer, quotes_as_much_as_asked)
{
    static const char *const to[] = {"198.18.0.9", "2001:db8::9"};
    for (int family = 0; family < 2; family++) {
        struct sim_packet packet = packet_to(to[family], 1400);
        size_t header = family ? 40 : 20, all = family ? 1280 : 576;
        static const size_t quotes[] = {0, 8, 100, 65535};
        for (size_t i = 0; i < 4; i++) {
            struct sim_answer_fault fault = {.fault = SIM_FAULT_UNREACHABLE,
                                             .quote_bytes = quotes[i]};
            cr_assert_eq(write_fault(&packet, &fault), 0);
            cr_assert(answer.checksum_ok);
            cr_assert_eq(answer.length, quotes[i] > 1000 ? all : 2 * header + 8 + quotes[i], "%zu",
                         answer.length);
            cr_assert_eq(answer.icmp.error.quote.data[family ? 7 : 8], 3);
        }
    }
}

Test(sim_answer, what_a_family_does_not_have)
{
    struct sim_packet packet = packet_to("2001:db8::9", 8);
    struct sim_answer_fault fault = {.fault = SIM_FAULT_SOURCE_QUENCH};
    cr_assert_eq(write_fault(&packet, &fault), -EAFNOSUPPORT);
    fault.fault = SIM_FAULT_REDIRECT;
    cr_assert_eq(write_fault(&packet, &fault), -EAFNOSUPPORT);
    fault.fault = (enum sim_fault)99;
    cr_assert_eq(write_fault(&packet, &fault), -EAFNOSUPPORT);
}

Test(sim_answer, a_writer_without_room_fails)
{
    struct sim_packet packet = packet_to("198.18.0.9", 8);
    struct sim_answer_fault fault = {.fault = SIM_FAULT_UNREACHABLE, .quote_bytes = 8};
    struct sim_answer_from from = {.source = packet.destination, .destination = packet.source};
    struct sim_answer_quoted quoted = {.packet = &packet, .source = packet.source};
    for (size_t room = 0; room < 56; room++) {
        struct packet_writer writer = packet_writer_over(out, room);
        cr_assert_neq(sim_answer_write_fault(&writer, &from, &quoted, &fault), 0, "%zu", room);
        writer = packet_writer_over(out, room);
        cr_assert_neq(sim_answer_write_bytes(&writer, &from, (struct sonde_bytes){request, 36}), 0);
    }
}
