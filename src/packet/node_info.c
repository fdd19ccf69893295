#include "packet/node_info.h"

#include <errno.h>

#define LABEL_MAX 63u
#define WIRE_MAX  255u /* RFC 1035 section 2.3.4, the root label included */

int packet_node_info_write_address(struct packet_writer *writer,
                                   const struct sonde_address *subject)
{
    size_t length = sonde_address_length(subject);
    if (length == 0)
        return -EINVAL;
    packet_write_bytes(writer, subject->bytes, length);
    return writer->failed ? -ENOBUFS : 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Takes one byte of a label from text. Returns it, or -1 when an escape is none. */
static int take_byte(const char **text)
{
    const char *at = *text;
    if (*at != '\\') {
        *text = at + 1;
        return (unsigned char)*at;
    }
    if (is_digit(at[1]) && is_digit(at[2]) && is_digit(at[3])) {
        int value = (at[1] - '0') * 100 + (at[2] - '0') * 10 + (at[3] - '0');
        *text = at + 4;
        return value <= 255 ? value : -1;
    }
    if (at[1] == '\0' || is_digit(at[1]))
        return -1;
    *text = at + 2;
    return (unsigned char)at[1];
}

/* Takes a label up to its dot or the end. Returns its length, or -1 when it cannot be. */
static int take_label(const char **text, uint8_t label[static LABEL_MAX])
{
    size_t length = 0;
    while (**text != '\0' && **text != '.') {
        int byte = take_byte(text);
        if (byte < 0 || length == LABEL_MAX)
            return -1;
        label[length++] = (uint8_t)byte;
    }
    return length ? (int)length : -1;
}

int packet_node_info_write_name(struct packet_writer *writer, const char *name, bool full)
{
    uint8_t wire[PACKET_NAME_WIRE];
    struct packet_writer out = packet_writer_over(wire, WIRE_MAX);
    do {
        uint8_t label[LABEL_MAX];
        int length = take_label(&name, label);
        if (length < 0)
            return -EINVAL;
        packet_write_u8(&out, (uint8_t)length);
        packet_write_bytes(&out, label, (size_t)length);
        if (*name == '.') {
            full = true;
            name++;
        }
    } while (*name != '\0');
    packet_write_u8(&out, 0);
    if (out.failed)
        return -EINVAL;
    packet_write_bytes(writer, wire, packet_written(&out));
    if (!full)
        packet_write_u8(writer, 0);
    return writer->failed ? -ENOBUFS : 0;
}

/* Adds a byte as text: printable ASCII as it is, all others and the ones with a meaning as \DDD. */
static char *put_byte(char *text, uint8_t byte)
{
    if (byte > ' ' && byte < 0x7f && byte != '.' && byte != '\\') {
        *text++ = (char)byte;
        return text;
    }
    *text++ = '\\';
    *text++ = (char)('0' + byte / 100);
    *text++ = (char)('0' + byte / 10 % 10);
    *text++ = (char)('0' + byte % 10);
    return text;
}

int packet_node_info_next_name(struct packet_reader *names, char text[static PACKET_NAME_TEXT])
{
    text[0] = '\0';
    if (packet_left(names) == 0)
        return names->failed ? -EBADMSG : 0;

    char *out = text;
    size_t wire = 0;
    uint8_t length;
    while ((length = packet_read_u8(names)) != 0) {
        wire += 1u + length;
        /* WIRE_MAX also keeps the text within its room: four characters a byte at worst. */
        if (length > LABEL_MAX || wire >= WIRE_MAX)
            names->failed = true;
        struct sonde_bytes label = packet_read_bytes(names, length);
        for (size_t i = 0; i < label.length; i++)
            out = put_byte(out, label.data[i]);
        *out++ = '.';
        if (names->failed)
            break;
    }
    if (names->failed || wire == 0) {
        names->failed = true;
        text[0] = '\0';
        return -EBADMSG;
    }
    /* A second empty label: the name is partial (RFC 4620 section 6.2). */
    if (packet_left(names) && names->at[0] == 0) {
        packet_skip(names, 1);
        out--;
    }
    *out = '\0';
    return 1;
}

int packet_node_info_parse(const struct packet_icmp *reply, struct packet_node_info *info)
{
    *info = (struct packet_node_info){0};
    if (reply->form != PACKET_ICMP_NODE || reply->type != PACKET_ICMPV6_NODE_INFO_REPLY ||
        reply->code != PACKET_NODE_INFO_OK)
        return -EINVAL;
    info->qtype = reply->node.qtype;
    struct packet_reader data = packet_reader_over(reply->payload);
    switch (info->qtype) {
    case PACKET_NODE_NAME:
        info->ttl_s = packet_read_u32(&data);
        info->names = data;
        return data.failed ? -EBADMSG : 0;
    case PACKET_NODE_IPV6:
    case PACKET_NODE_IPV4:
        info->truncated = reply->node.flags & PACKET_NODE_TRUNCATED;
        info->addresses = data;
        return 0;
    default:
        return 0;
    }
}

int packet_node_info_next_address(struct packet_node_info *info,
                                  struct packet_node_address *address)
{
    struct packet_reader *reader = &info->addresses;
    *address = (struct packet_node_address){0};
    if (packet_left(reader) == 0)
        return reader->failed ? -EBADMSG : 0;
    bool v4 = info->qtype == PACKET_NODE_IPV4;
    uint8_t bytes[16];
    uint32_t ttl_s = packet_read_u32(reader);
    packet_read_copy(reader, bytes, v4 ? 4 : 16);
    if (reader->failed)
        return -EBADMSG;
    address->ttl_s = ttl_s;
    address->address = sonde_address_from_bytes(v4 ? SONDE_IPV4 : SONDE_IPV6, bytes);
    return 1;
}

int packet_node_info_write_reply_name(struct packet_writer *writer, uint32_t ttl_s,
                                      const char *name)
{
    packet_write_u32(writer, ttl_s);
    return packet_node_info_write_name(writer, name, false);
}

int packet_node_info_write_reply_address(struct packet_writer *writer,
                                         const struct packet_node_address *address)
{
    packet_write_u32(writer, address->ttl_s);
    return packet_node_info_write_address(writer, &address->address);
}
