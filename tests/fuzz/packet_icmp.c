/*
 * ICMP messages of both families (the first byte of the input chooses): slices lie inside; what
 * parses builds, with a right checksum, and reads back as the same value.
 */
#include "packet/icmp.h"
#include "packet_help.h"

static void check_error(const struct packet_icmp *message, const struct packet_icmp *back)
{
    const struct packet_icmp_error *a = &message->error, *b = &back->error;
    MUST(a->mtu == b->mtu && a->pointer == b->pointer);
    MUST(sonde_address_equal(&a->gateway, &b->gateway));
    MUST(sonde_address_equal(&a->redirected, &b->redirected));
    /* A length field that led nowhere is not written again. */
    if (a->form == b->form) {
        MUST(begins(b->quote, a->quote));
        MUST(same(a->extensions, b->extensions));
    }
}

static void check_rebuilt(const struct packet_icmp *message, struct sonde_bytes bytes)
{
    struct sonde_address here = sonde_address_from_bytes(SONDE_IPV6, (const uint8_t[16]){1});
    size_t size = bytes.length + 2048;
    uint8_t *room = malloc(size);
    MUST(room);
    struct packet_writer writer = packet_writer_over(room, size);
    int error = packet_icmp_write(&writer, message, &here, &here);
    if (error) {
        /* Longer than the option around the quote of an IPv6 redirect can say. */
        MUST(message->type == PACKET_ICMPV6_REDIRECT && message->error.quote.length > 2032);
        free(room);
        return;
    }
    struct sonde_bytes written = packet_written_from(&writer, 0);
    MUST(packet_icmp_checksum_ok(message->family, written, &here, &here));
    struct packet_icmp back;
    MUST(packet_icmp_parse(message->family, written, &back) == 0);
    MUST(back.type == message->type && back.code == message->code && back.form == message->form);
    MUST(same(back.payload, message->payload));
    if (message->form == PACKET_ICMP_ERROR) {
        check_error(message, &back);
    } else {
        MUST(written.length == bytes.length);
        bool reserved_bits = message->form == PACKET_ICMP_EXTENDED_ECHO_REQUEST ||
                             message->form == PACKET_ICMP_EXTENDED_ECHO_ANSWER;
        size_t from = reserved_bits ? 8 : 4;
        MUST(memcmp(written.data + from, bytes.data + from, bytes.length - from) == 0);
    }
    free(room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    enum sonde_family family = family_of(data[0]);
    struct sonde_bytes bytes = exact_copy(data + 1, size - 1);
    struct packet_icmp message;
    int error = packet_icmp_parse(family, bytes, &message);
    MUST(inside(message.payload, bytes));
    if (message.form == PACKET_ICMP_ERROR) {
        MUST(inside(message.error.quote, bytes));
        MUST(inside(message.error.extensions, bytes));
        MUST((message.error.extensions.length != 0) ==
             (message.error.form == PACKET_EXTENSION_COMPLIANT ||
              message.error.form == PACKET_EXTENSION_PRE_RFC));
    }
    uint16_t identifier, sequence;
    packet_icmp_lease(&message, &identifier, &sequence);
    if (!error)
        check_rebuilt(&message, bytes);
    drop(bytes);
    return 0;
}
