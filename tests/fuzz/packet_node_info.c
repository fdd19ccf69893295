/* Node information replies: names come out printable and the same again; so do the addresses. */
#include "packet/node_info.h"
#include "packet_help.h"

static void check_name(const char *text)
{
    size_t length = strlen(text);
    MUST(length > 0 && length < PACKET_NAME_TEXT);
    for (size_t i = 0; i < length; i++)
        MUST(text[i] > ' ' && text[i] < 0x7f);

    uint8_t room[PACKET_NAME_WIRE];
    char again[PACKET_NAME_TEXT];
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    MUST(packet_node_info_write_name(&writer, text, false) == 0);
    struct packet_reader names = packet_reader_over(packet_written_from(&writer, 0));
    MUST(packet_node_info_next_name(&names, again) == 1);
    MUST(packet_left(&names) == 0);
    /* A partial name of several labels reads like a full one: a dot more at its end. */
    MUST(strncmp(text, again, length) == 0 && strlen(again) <= length + 1);
}

/* Text of a person may be anything; what is taken must read back. */
static void check_text(struct sonde_bytes bytes)
{
    char *text = malloc(bytes.length + 1);
    MUST(text);
    if (bytes.length)
        memcpy(text, bytes.data, bytes.length);
    text[bytes.length] = '\0';
    uint8_t room[PACKET_NAME_WIRE];
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    if (packet_node_info_write_name(&writer, text, false) == 0) {
        char again[PACKET_NAME_TEXT];
        struct packet_reader names = packet_reader_over(packet_written_from(&writer, 0));
        MUST(packet_node_info_next_name(&names, again) == 1);
        check_name(again);
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sonde_bytes bytes = exact_copy(data, size);
    struct packet_icmp message;
    struct packet_node_info info;
    if (packet_icmp_parse(SONDE_IPV6, bytes, &message) == 0 &&
        packet_node_info_parse(&message, &info) == 0) {
        char text[PACKET_NAME_TEXT];
        while (packet_node_info_next_name(&info.names, text) == 1)
            check_name(text);
        struct packet_node_address address;
        size_t count = 0;
        while (packet_node_info_next_address(&info, &address) == 1)
            MUST(address.address.family != SONDE_FAMILY_NONE && ++count <= size);
    }
    check_text(bytes);
    drop(bytes);
    return 0;
}
