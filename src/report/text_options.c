/* IPv4 options as ping lists them, and the header that a redirect quotes. */
#include <inttypes.h>
#include <string.h>

#include "packet/ipv4.h"
#include "text.h"

static bool same_route(const struct packet_ipv4_route *a, const struct packet_ipv4_route *b)
{
    if (a->used != b->used)
        return false;
    for (size_t i = 0; i < a->used; i++)
        if (!sonde_address_equal(&a->hops[i], &b->hops[i]))
            return false;
    return true;
}

static void hops(const struct text_report *text, const char *title,
                 const struct packet_ipv4_route *route)
{
    fputs(title, text->state.run.out);
    for (size_t i = 0; i < route->used && i < PACKET_ROUTE_SLOTS; i++) {
        fputc('\t', text->state.run.out);
        text_address(text, &route->hops[i]);
        fputc('\n', text->state.run.out);
    }
}

static void route(struct text_report *text, uint32_t target,
                  const struct packet_ipv4_option *option)
{
    struct packet_ipv4_route value;
    if (packet_ipv4_route_parse(option, &value) != 0 || value.used == 0)
        return;
    struct text_route *last = text->routes ? &text->routes[target] : NULL;
    if (option->type == PACKET_OPTION_LOOSE_ROUTE) {
        hops(text, "\nLSRR: ", &value);
    } else if (option->type == PACKET_OPTION_STRICT_ROUTE) {
        hops(text, "\nSSRR: ", &value);
    } else if (last && last->known && same_route(&last->route, &value)) {
        fputs("\t(same route)", text->state.run.out);
    } else {
        hops(text, "\nRR: ", &value);
        if (last)
            *last = (struct text_route){.known = true, .route = value};
    }
}

/* The first time is absolute, the next ones are differences; times of no standard likewise. */
static void times(const struct text_report *text, const struct packet_ipv4_timestamp *stamps)
{
    FILE *out = text->state.run.out;
    bool seen[2] = {false, false};
    int64_t last[2] = {0, 0};
    for (size_t i = 0; i < stamps->used && i < PACKET_ROUTE_SLOTS; i++) {
        if (stamps->form != PACKET_TIMESTAMP_ONLY) {
            fputc('\t', out);
            text_address(text, &stamps->entries[i].address);
        }
        uint32_t raw = stamps->entries[i].time;
        bool odd = (raw & PACKET_TIMESTAMP_NONSTANDARD) != 0;
        int64_t time = raw & ~PACKET_TIMESTAMP_NONSTANDARD;
        fprintf(out, "\t%" PRId64 "%s%s\n", seen[odd] ? time - last[odd] : time,
                seen[odd] ? "" : " absolute", odd ? " not-standard" : "");
        seen[odd] = true;
        last[odd] = time;
    }
    if (stamps->overflow > 0)
        fprintf(out, "Unrecorded hops: %u\n", stamps->overflow);
}

static void list(struct text_report *text, uint32_t target, struct sonde_bytes bytes)
{
    FILE *out = text->state.run.out;
    struct packet_ipv4_options options = packet_ipv4_options(bytes);
    struct packet_ipv4_option option;
    while (packet_ipv4_options_next(&options, &option) == 1) {
        struct packet_ipv4_timestamp stamps;
        switch (option.type) {
        case PACKET_OPTION_NOP:
            fputs("\nNOP", out);
            break;
        case PACKET_OPTION_RECORD_ROUTE:
        case PACKET_OPTION_LOOSE_ROUTE:
        case PACKET_OPTION_STRICT_ROUTE:
            route(text, target, &option);
            break;
        case PACKET_OPTION_TIMESTAMP:
            if (packet_ipv4_timestamp_parse(&option, &stamps) == 0 && stamps.used > 0) {
                fputs("\nTS: ", out);
                times(text, &stamps);
            }
            break;
        default:
            fprintf(out, "\nunknown option %x", option.type);
            break;
        }
    }
}

void text_options(struct text_report *text, uint32_t target, struct sonde_bytes ip)
{
    struct packet_ipv4 header;
    if (ip.length > PACKET_IPV4_HEADER && packet_ipv4_parse(ip, &header) == 0)
        list(text, target, header.options);
}

void text_quoted_header(struct text_report *text, uint32_t target, struct sonde_bytes icmp)
{
    FILE *out = text->state.run.out;
    struct packet_icmp message;
    struct packet_ipv4 header;
    if (!icmp.data || packet_icmp_parse(SONDE_IPV4, icmp, &message) != 0 ||
        message.form != PACKET_ICMP_ERROR ||
        packet_ipv4_parse_quoted(message.error.quote, &header) != 0)
        return;
    unsigned flags = (header.reserved_flag ? 4u : 0) | (header.dont_fragment ? 2u : 0) |
                     (header.more_fragments ? 1u : 0);
    char source[SONDE_ADDRESS_TEXT], destination[SONDE_ADDRESS_TEXT];
    fputs("Vr HL TOS  Len   ID Flg  off TTL Pro  cks      Src      Dst Data\n", out);
    fprintf(out, " %1x  %1x  %02x %04x %04x", 4u, packet_ipv4_header_bytes(&header) / 4u,
            header.traffic_class, header.total_bytes, header.id);
    fprintf(out, "   %1x %04x  %02x  %02x %04x", flags, header.fragment_offset / 8u, header.ttl,
            header.protocol, header.checksum);
    fprintf(out, " %s  %s \n", sonde_address_format(&header.source, source),
            sonde_address_format(&header.destination, destination));
    list(text, target, header.options);
}
