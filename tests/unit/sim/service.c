#include "sim/service.h"

#include "helper.h"
#include "packet/sctp.h"
#include "packet/tcp.h"
#include "packet/udp.h"

#define PORT 40000

/* Both families have the same host and the same ports. */
static const char *const hosts[2] = {"198.18.0.9", "2001:db8::9"};

#define PORTS                                                                                      \
    "host far 198.18.0.9 2001:db8::9 delay 10ms "                                                  \
    "udp open 7,100-200 silent 9 closed tcp open 80 silent 81 closed sctp open 80 silent 81 "      \
    "closed\n"

/* The last answer, taken apart. */
static uint8_t bytes[70000];
static struct packet_ipv4 ip4;
static struct packet_ipv6 ip6;
static struct packet_icmp icmp;
static struct packet_udp udp;
static struct packet_tcp tcp;
static struct packet_sctp sctp;
static struct packet_sctp_chunk chunk;

static struct sonde_address own(const char *to)
{
    return address_of(strchr(to, ':') ? "2001:db8::1" : "198.18.0.1");
}

/* Sends an upper layer's bytes, and returns the fate. */
static enum sonde_sim_fate send_upper(struct world *world, const char *to, uint8_t protocol,
                                      struct sonde_bytes upper)
{
    static uint8_t room[70000];
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    struct sim_answer_from from = {.source = own(to),
                                   .destination = address_of(to),
                                   .hop_limit = 64,
                                   .protocol = protocol,
                                   .id = 1};
    cr_assert_eq(sim_answer_write_bytes(&writer, &from, upper), 0);
    cr_assert_eq(
        sim_network_send(world->network, (struct sonde_mono){0}, packet_written_from(&writer, 0)),
        0);
    return world->last.fate;
}

/* Takes an answer and returns its protocol; 0 when there is none. */
static int take(struct world *world)
{
    struct sim_delivery *delivery = sim_network_take(world->network, SONDE_NEVER);
    if (!delivery)
        return 0;
    struct sonde_bytes whole = {bytes, delivery->length}, upper;
    memcpy(bytes, delivery->bytes, delivery->length);
    sim_network_release(world->network, delivery);
    struct sonde_address from, to;
    int protocol;
    bool v4 = bytes[0] >> 4 == 4;
    if (v4) {
        cr_assert_eq(packet_ipv4_parse(whole, &ip4), 0);
        cr_assert(ip4.checksum_ok && !ip4.truncated);
        from = ip4.source, to = ip4.destination, upper = ip4.payload, protocol = ip4.protocol;
    } else {
        cr_assert_eq(packet_ipv6_parse(whole, &ip6), 0);
        cr_assert(!ip6.truncated);
        from = ip6.source, to = ip6.destination, upper = ip6.payload, protocol = ip6.next_header;
    }
    enum sonde_family family = v4 ? SONDE_IPV4 : SONDE_IPV6;
    switch (protocol) {
    case PACKET_UDP:
        cr_assert(packet_udp_checksum_ok(upper, &from, &to));
        cr_assert_eq(packet_udp_parse(upper, &udp), 0);
        break;
    case PACKET_TCP:
        cr_assert(packet_tcp_checksum_ok(upper, &from, &to));
        cr_assert_eq(packet_tcp_parse(upper, &tcp), 0);
        break;
    case PACKET_SCTP:
        cr_assert(packet_sctp_checksum_ok(upper));
        cr_assert_eq(packet_sctp_parse(upper, &sctp), 0);
        struct packet_sctp_items chunks = packet_sctp_chunks(sctp.chunks);
        cr_assert_eq(packet_sctp_chunks_next(&chunks, &chunk), 1);
        struct packet_sctp_chunk more;
        cr_assert_eq(packet_sctp_chunks_next(&chunks, &more), 0);
        break;
    default:
        cr_assert(packet_icmp_checksum_ok(family, upper, &from, &to));
        cr_assert_eq(packet_icmp_parse(family, upper, &icmp), 0);
    }
    return protocol;
}

/* --- UDP -------------------------------------------------------------------------------------- */

static enum sonde_sim_fate send_udp(struct world *world, const char *to, uint16_t port,
                                    const char *text)
{
    uint8_t room[256];
    struct sonde_address from = own(to), destination = address_of(to);
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    struct packet_udp sent = {PORT, port, .payload = {(const uint8_t *)text, strlen(text)}};
    cr_assert_eq(packet_udp_write(&writer, &sent, &from, &destination), 0);
    return send_upper(world, to, PACKET_UDP, packet_written_from(&writer, 0));
}

Test(sim_service, udp)
{
    struct world world;
    world_open(&world, PORTS, 1);
    for (int v6 = 0; v6 <= 1; v6++) {
        static const uint16_t open[] = {7, 100, 150, 200}, closed[] = {8, 99, 201, 0, 65535};
        for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
            cr_assert_eq(send_udp(&world, hosts[v6], open[i], "hello"), SONDE_SIM_REPLY);
            cr_assert_eq(world.last.out.ns, 10 * SONDE_NS_PER_MS);
            cr_assert_eq(take(&world), PACKET_UDP);
            cr_assert_eq(udp.source_port, open[i]);
            cr_assert_eq(udp.destination_port, PORT);
            cr_assert_eq(udp.payload.length, 5);
            cr_assert_arr_eq(udp.payload.data, "hello", 5);
        }
        for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++) {
            cr_assert_eq(send_udp(&world, hosts[v6], closed[i], "hello"), SONDE_SIM_ERROR);
            cr_assert_eq(take(&world), v6 ? PACKET_ICMPV6 : PACKET_ICMPV4);
            cr_assert_eq(icmp.type, v6 ? PACKET_ICMPV6_UNREACHABLE : PACKET_ICMPV4_UNREACHABLE);
            cr_assert_eq(icmp.code, v6 ? 4 : 3);
            struct sonde_address from = v6 ? ip6.source : ip4.source, far = address_of(hosts[v6]);
            cr_assert(sonde_address_equal(&from, &far));
            struct sonde_bytes quote = icmp.error.quote;
            cr_assert_eq(quote.length, (v6 ? 40u : 20u) + 8 + 5);
            cr_assert_arr_eq(quote.data + quote.length - 5, "hello", 5);
        }
        cr_assert_eq(send_udp(&world, hosts[v6], 9, "hello"), SONDE_SIM_UNANSWERED);
        cr_assert_eq(take(&world), 0);
    }
    world_close(&world);
}

Test(sim_service, udp_checksums)
{
    struct world world;
    world_open(&world, PORTS, 1);
    for (int v6 = 0; v6 <= 1; v6++) {
        uint8_t datagram[] = {0x9c, 0x40, 0, 7, 0, 9, 0, 0, 'x'};
        struct sonde_bytes all = {datagram, sizeof(datagram)};
        cr_assert_eq(send_upper(&world, hosts[v6], PACKET_UDP, all),
                     v6 ? SONDE_SIM_MALFORMED : SONDE_SIM_REPLY);
        datagram[6] = 1;
        cr_assert_eq(send_upper(&world, hosts[v6], PACKET_UDP, all), SONDE_SIM_MALFORMED);
        datagram[6] = 0;
        datagram[5] = 10;
        cr_assert_eq(send_upper(&world, hosts[v6], PACKET_UDP, all), SONDE_SIM_MALFORMED);
        all.length = 7;
        cr_assert_eq(send_upper(&world, hosts[v6], PACKET_UDP, all), SONDE_SIM_MALFORMED);
    }
    uint8_t nobody[] = {0, 0, 0, 7, 0, 9, 0, 0, 'x'};
    cr_assert_eq(send_upper(&world, hosts[0], PACKET_UDP, (struct sonde_bytes){nobody, 9}),
                 SONDE_SIM_UNANSWERED, "there is no port to answer to");
    world_close(&world);
}

Test(sim_service, errors_are_rationed)
{
    struct world world;
    world_open(&world, "host far 198.18.0.9 error-limit 2 per 1s\n", 1);
    for (int i = 0; i < 5; i++)
        cr_assert_eq(send_udp(&world, "198.18.0.9", 33434, "x"),
                     i < 2 ? SONDE_SIM_ERROR : SONDE_SIM_RATIONED);
    world_close(&world);
}

Test(sim_service, a_group_gets_no_errors)
{
    struct world world;
    world_open(&world,
               "host a 198.18.0.9 udp open\nhost b 198.18.0.10 tcp open sctp open\n"
               "group all 198.18.0.255 members a b\n",
               1);
    send_udp(&world, "198.18.0.255", 7, "x");
    cr_assert_eq(world.fates[SONDE_SIM_REPLY], 1);
    cr_assert_eq(world.fates[SONDE_SIM_UNANSWERED], 1);
    cr_assert_eq(take(&world), PACKET_UDP);
    struct sonde_address a = address_of("198.18.0.9");
    cr_assert(sonde_address_equal(&ip4.source, &a));
    world_close(&world);
}

Test(sim_service, harm_as_of_echo_replies)
{
    struct world world;
    world_open(&world,
               "host far 198.18.0.9 udp open truncate 100% to 2 mangle 100% at 0 "
               "duplicate 100% after 1ms copies 2 reorder 100% by 1s\n",
               1);
    send_udp(&world, "198.18.0.9", 7, "hello");
    cr_assert_eq(world.fates[SONDE_SIM_REPLY], 1);
    cr_assert_eq(world.fates[SONDE_SIM_DUPLICATE], 2);
    for (int copy = 0; copy < 3; copy++) {
        cr_assert_eq(take(&world), PACKET_UDP);
        cr_assert_eq(udp.payload.length, 2);
        cr_assert(udp.payload.data[0] != 'h' && udp.payload.data[1] == 'e');
    }
    cr_assert_eq(take(&world), 0);
    world_close(&world);
}

/* --- TCP -------------------------------------------------------------------------------------- */

static enum sonde_sim_fate send_tcp(struct world *world, const char *to, uint16_t port,
                                    unsigned flags, uint32_t sequence, uint32_t acknowledgment,
                                    const char *text)
{
    uint8_t room[256];
    struct sonde_address from = own(to), destination = address_of(to);
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    struct packet_tcp sent = {.source_port = PORT,
                              .destination_port = port,
                              .flags = (uint16_t)flags,
                              .sequence = sequence,
                              .acknowledgment = acknowledgment,
                              .payload = {(const uint8_t *)text, strlen(text)}};
    cr_assert_eq(packet_tcp_write(&writer, &sent, &from, &destination), 0);
    return send_upper(world, to, PACKET_TCP, packet_written_from(&writer, 0));
}

static void expect_tcp(struct world *world, uint16_t port, unsigned flags, uint32_t sequence,
                       uint32_t acknowledgment)
{
    cr_assert_eq(take(world), PACKET_TCP);
    cr_assert_eq(tcp.source_port, port);
    cr_assert_eq(tcp.destination_port, PORT);
    cr_assert_eq(tcp.flags, flags, "%x", tcp.flags);
    cr_assert_eq(tcp.sequence, sequence);
    cr_assert_eq(tcp.acknowledgment, acknowledgment);
    cr_assert_eq(tcp.payload.length, 0);
}

enum { FIN = PACKET_TCP_FIN, SYN = PACKET_TCP_SYN, RST = PACKET_TCP_RST, ACK = PACKET_TCP_ACK };

/* RFC 9293 section 3.10.7.1. */
Test(sim_service, tcp_closed)
{
    struct world world;
    world_open(&world, PORTS, 1);
    for (int v6 = 0; v6 <= 1; v6++) {
        const char *far = hosts[v6];
        cr_assert_eq(send_tcp(&world, far, 22, SYN, 0xffffffff, 0, ""), SONDE_SIM_REPLY);
        expect_tcp(&world, 22, RST | ACK, 0, 0);
        cr_assert_eq(send_tcp(&world, far, 22, SYN | FIN, 10, 0, "data"), SONDE_SIM_REPLY);
        expect_tcp(&world, 22, RST | ACK, 0, 16);
        cr_assert_eq(send_tcp(&world, far, 22, ACK, 10, 77, "data"), SONDE_SIM_REPLY);
        expect_tcp(&world, 22, RST, 77, 0);
        cr_assert_eq(send_tcp(&world, far, 22, RST, 10, 0, ""), SONDE_SIM_UNANSWERED);
        cr_assert_eq(send_tcp(&world, far, 81, SYN, 10, 0, ""), SONDE_SIM_UNANSWERED);
        cr_assert_eq(take(&world), 0);
    }
    world_close(&world);
}

/* SYN, ACK, data, more data, FIN, ACK. */
Test(sim_service, tcp_conversation)
{
    struct world world;
    world_open(&world, PORTS, 1);
    for (int v6 = 0; v6 <= 1; v6++) {
        const char *far = hosts[v6];
        cr_assert_eq(send_tcp(&world, far, 80, SYN, 1000, 0, "early"), SONDE_SIM_REPLY);
        cr_assert_eq(take(&world), PACKET_TCP);
        cr_assert_eq(tcp.flags, SYN | ACK);
        cr_assert_eq(tcp.acknowledgment, 1001, "of a SYN with data, the SYN alone");
        cr_assert_gt(tcp.window, 1000);
        struct packet_tcp_options options = packet_tcp_options(tcp.options);
        struct packet_tcp_option option;
        cr_assert_eq(packet_tcp_options_next(&options, &option), 1);
        cr_assert_eq(option.kind, PACKET_TCP_MSS);
        cr_assert_eq(option.mss, v6 ? 1440 : 1460);
        uint32_t next = tcp.sequence + 1;
        cr_assert_eq(send_tcp(&world, far, 80, SYN, 1000, 0, ""), SONDE_SIM_REPLY);
        expect_tcp(&world, 80, SYN | ACK, next - 1, 1001);

        cr_assert_eq(send_tcp(&world, far, 80, ACK, 1001, next, ""), SONDE_SIM_UNANSWERED);
        cr_assert_eq(send_tcp(&world, far, 80, ACK, 1001, next, "hello"), SONDE_SIM_REPLY);
        expect_tcp(&world, 80, ACK, next, 1006);
        cr_assert_eq(tcp.options.length, 0);
        cr_assert_eq(send_tcp(&world, far, 80, ACK | FIN, 1006, next, "bye"), SONDE_SIM_REPLY);
        expect_tcp(&world, 80, FIN | ACK, next, 1010);
        cr_assert_eq(send_tcp(&world, far, 80, ACK, 1010, next + 1, ""), SONDE_SIM_UNANSWERED);
        cr_assert_eq(send_tcp(&world, far, 80, ACK | FIN, 1009, next + 1, ""), SONDE_SIM_REPLY);
        expect_tcp(&world, 80, ACK, next + 1, 1010);
        cr_assert_eq(send_tcp(&world, far, 80, RST | ACK, 1010, next, ""), SONDE_SIM_UNANSWERED);
    }
    world_close(&world);
}

/* RFC 9293 section 3.10.7.2: what an open port says to those who have not connected. */
Test(sim_service, tcp_strangers)
{
    struct world world;
    world_open(&world, PORTS, 1);
    cr_assert_eq(send_tcp(&world, hosts[0], 80, ACK, 10, 77, ""), SONDE_SIM_REPLY);
    expect_tcp(&world, 80, RST, 77, 0);
    cr_assert_eq(tcp.window, 0);
    send_tcp(&world, hosts[0], 80, SYN, 10, 0, "");
    cr_assert_eq(take(&world), PACKET_TCP);
    uint32_t next = tcp.sequence + 1;
    cr_assert_eq(send_tcp(&world, hosts[0], 80, SYN | ACK, 10, next, ""), SONDE_SIM_REPLY);
    expect_tcp(&world, 80, RST, next, 0);
    static const unsigned silent[] = {0, FIN, FIN | SYN, FIN | PACKET_TCP_PSH | PACKET_TCP_URG};
    for (size_t i = 0; i < 4; i++)
        cr_assert_eq(send_tcp(&world, hosts[0], 80, silent[i], 10, 0, ""), SONDE_SIM_UNANSWERED);
    world_close(&world);
}

Test(sim_service, tcp_sequence_numbers_are_of_seed_and_connection)
{
    uint32_t first[3];
    for (unsigned i = 0; i < 3; i++) {
        struct world world;
        world_open(&world, "host far 198.18.0.9 tcp open\n", i == 2 ? 2 : 1);
        send_tcp(&world, "198.18.0.9", i == 1 ? 81 : 80, SYN, 1, 0, "");
        cr_assert_eq(take(&world), PACKET_TCP);
        first[i] = tcp.sequence;
        world_close(&world);
    }
    cr_assert(first[0] != first[1] && first[0] != first[2] && first[1] != first[2]);
}

Test(sim_service, tcp_malformed)
{
    struct world world;
    world_open(&world, "host far 198.18.0.9 tcp open\n", 1);
    uint8_t segment[20] = {0x9c, 0x40, 0, 80, [12] = 0x50, [13] = SYN};
    for (size_t length = 0; length <= 20; length++)
        cr_assert_eq(
            send_upper(&world, "198.18.0.9", PACKET_TCP, (struct sonde_bytes){segment, length}),
            SONDE_SIM_MALFORMED);
    cr_assert_eq(take(&world), 0);
    world_close(&world);
}

/* --- SCTP ------------------------------------------------------------------------------------- */

struct sent_chunk {
    uint8_t type;
    uint8_t flags;
    struct sonde_bytes value;
};

static enum sonde_sim_fate send_sctp(struct world *world, const char *to, uint16_t port,
                                     uint32_t tag, const struct sent_chunk *chunks, size_t count)
{
    uint8_t room[512];
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    size_t packet = packet_sctp_begin(&writer, &(struct packet_sctp){.source_port = PORT,
                                                                     .destination_port = port,
                                                                     .verification_tag = tag});
    for (size_t i = 0; i < count; i++)
        packet_sctp_chunk_write(&writer, chunks[i].type, chunks[i].flags, chunks[i].value);
    cr_assert_eq(packet_sctp_end(&writer, packet), 0);
    return send_upper(world, to, PACKET_SCTP, packet_written_from(&writer, 0));
}

static enum sonde_sim_fate send_chunk(struct world *world, const char *to, uint16_t port,
                                      uint32_t tag, uint8_t type, struct sonde_bytes value)
{
    return send_sctp(world, to, port, tag, &(struct sent_chunk){type, 0, value}, 1);
}

static struct sonde_bytes init_with(uint32_t tag, uint16_t streams)
{
    static uint8_t room[PACKET_SCTP_INIT_FIXED];
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    packet_sctp_init_write(&writer, &(struct packet_sctp_init){.tag = tag,
                                                               .window = 65536,
                                                               .outbound_streams = streams,
                                                               .inbound_streams = 3,
                                                               .sequence = 9});
    return packet_written_from(&writer, 0);
}

static void expect_sctp(struct world *world, uint16_t port, uint32_t tag, uint8_t type,
                        uint8_t flags)
{
    cr_assert_eq(take(world), PACKET_SCTP);
    cr_assert_eq(sctp.source_port, port);
    cr_assert_eq(sctp.destination_port, PORT);
    cr_assert_eq(sctp.verification_tag, tag);
    cr_assert_eq(chunk.type, type);
    cr_assert_eq(chunk.flags, flags);
}

#define NOTHING ((struct sonde_bytes){NULL, 0})

/* RFC 9260 section 8.4. */
Test(sim_service, sctp_closed)
{
    struct world world;
    world_open(&world, PORTS, 1);
    for (int v6 = 0; v6 <= 1; v6++) {
        const char *far = hosts[v6];
        cr_assert_eq(send_chunk(&world, far, 22, 0, PACKET_SCTP_INIT, init_with(77, 1)),
                     SONDE_SIM_REPLY);
        expect_sctp(&world, 22, 77, PACKET_SCTP_ABORT, 0);
        cr_assert_eq(send_chunk(&world, far, 22, 5, PACKET_SCTP_DATA, init_with(77, 1)),
                     SONDE_SIM_REPLY);
        expect_sctp(&world, 22, 5, PACKET_SCTP_ABORT, PACKET_SCTP_TAG_REFLECTED);
        cr_assert_eq(send_chunk(&world, far, 22, 5, PACKET_SCTP_SHUTDOWN_ACK, NOTHING),
                     SONDE_SIM_REPLY);
        expect_sctp(&world, 22, 5, PACKET_SCTP_SHUTDOWN_COMPLETE, PACKET_SCTP_TAG_REFLECTED);
        static const uint8_t silent[] = {PACKET_SCTP_ABORT, PACKET_SCTP_COOKIE_ACK,
                                         PACKET_SCTP_SHUTDOWN_COMPLETE};
        for (size_t i = 0; i < 3; i++)
            cr_assert_eq(send_chunk(&world, far, 22, 5, silent[i], NOTHING), SONDE_SIM_UNANSWERED);
        cr_assert_eq(send_chunk(&world, far, 81, 0, PACKET_SCTP_INIT, init_with(77, 1)),
                     SONDE_SIM_UNANSWERED, "a silent port");
        cr_assert_eq(take(&world), 0);
    }
    world_close(&world);
}

/* INIT, COOKIE ECHO, HEARTBEAT, SHUTDOWN. */
Test(sim_service, sctp_conversation)
{
    struct world world;
    world_open(&world, PORTS, 1);
    for (int v6 = 0; v6 <= 1; v6++) {
        const char *far = hosts[v6];
        cr_assert_eq(send_chunk(&world, far, 80, 0, PACKET_SCTP_INIT, init_with(77, 1)),
                     SONDE_SIM_REPLY);
        expect_sctp(&world, 80, 77, PACKET_SCTP_INIT_ACK, 0);
        struct packet_sctp_init init;
        struct packet_sctp_parameter parameter;
        cr_assert_eq(packet_sctp_init_parse(&chunk, &init), 0);
        cr_assert_neq(init.tag, 0);
        cr_assert_geq(init.window, 1500);
        cr_assert_eq(init.outbound_streams, 3, "no more than the other side takes");
        cr_assert_neq(init.inbound_streams, 0);
        struct packet_sctp_items parameters = packet_sctp_parameters(init.parameters);
        cr_assert_eq(packet_sctp_parameters_next(&parameters, &parameter), 1);
        cr_assert_eq(parameter.type, PACKET_SCTP_STATE_COOKIE);
        uint8_t cookie[64];
        size_t length = parameter.value.length;
        memcpy(cookie, parameter.value.data, length);
        struct sonde_bytes echo = {cookie, length};

        cr_assert_eq(send_chunk(&world, far, 80, init.tag, PACKET_SCTP_COOKIE_ECHO, echo),
                     SONDE_SIM_REPLY);
        expect_sctp(&world, 80, 77, PACKET_SCTP_COOKIE_ACK, 0);
        cr_assert_eq(send_chunk(&world, far, 80, init.tag + 1, PACKET_SCTP_COOKIE_ECHO, echo),
                     SONDE_SIM_UNANSWERED, "of another tag");
        cookie[length - 1] ^= 1;
        cr_assert_eq(send_chunk(&world, far, 80, init.tag, PACKET_SCTP_COOKIE_ECHO, echo),
                     SONDE_SIM_UNANSWERED, "a forged cookie");
        echo.length = 3;
        cr_assert_eq(send_chunk(&world, far, 80, init.tag, PACKET_SCTP_COOKIE_ECHO, echo),
                     SONDE_SIM_UNANSWERED);

        struct sonde_bytes info = {(const uint8_t *)"\0\1\0\7abc", 7};
        cr_assert_eq(send_chunk(&world, far, 80, init.tag, PACKET_SCTP_HEARTBEAT, info),
                     SONDE_SIM_REPLY);
        expect_sctp(&world, 80, 77, PACKET_SCTP_HEARTBEAT_ACK, 0);
        cr_assert_eq(chunk.value.length, 7);
        cr_assert_arr_eq(chunk.value.data, info.data, 7);
        cr_assert_eq(send_chunk(&world, far, 80, init.tag, PACKET_SCTP_SHUTDOWN, NOTHING),
                     SONDE_SIM_REPLY);
        expect_sctp(&world, 80, 77, PACKET_SCTP_SHUTDOWN_ACK, 0);
        cr_assert_eq(send_chunk(&world, far, 80, init.tag, PACKET_SCTP_SHUTDOWN_COMPLETE, NOTHING),
                     SONDE_SIM_UNANSWERED);
    }
    world_close(&world);
}

Test(sim_service, sctp_init_stands_alone)
{
    struct world world;
    world_open(&world, PORTS, 1);
    for (uint16_t port = 80; port >= 22; port = (uint16_t)(port - 58)) {
        struct sent_chunk two[] = {{PACKET_SCTP_INIT, 0, init_with(77, 1)},
                                   {PACKET_SCTP_DATA, 0, NOTHING}};
        cr_assert_eq(send_sctp(&world, hosts[0], port, 0, two, 2), SONDE_SIM_UNANSWERED);
        cr_assert_eq(send_sctp(&world, hosts[0], port, 0, two + 1, 1), SONDE_SIM_UNANSWERED,
                     "without a tag");
        cr_assert_eq(send_sctp(&world, hosts[0], port, 0, two, 0), SONDE_SIM_MALFORMED);
        cr_assert_eq(send_chunk(&world, hosts[0], port, 0, PACKET_SCTP_INIT, init_with(0, 1)),
                     SONDE_SIM_MALFORMED);
        cr_assert_eq(send_sctp(&world, hosts[0], port, 5, two, 1), SONDE_SIM_REPLY);
        expect_sctp(&world, port, 5, PACKET_SCTP_ABORT, PACKET_SCTP_TAG_REFLECTED);
        cr_assert_eq(send_chunk(&world, hosts[0], port, 0, PACKET_SCTP_INIT, init_with(77, 0)),
                     SONDE_SIM_REPLY);
        expect_sctp(&world, port, 77, PACKET_SCTP_ABORT, 0);
    }
    uint8_t wrong[16] = {0x9c, 0x40, 0, 80, [15] = 4};
    cr_assert_eq(send_upper(&world, hosts[0], PACKET_SCTP, (struct sonde_bytes){wrong, 16}),
                 SONDE_SIM_MALFORMED);
    world_close(&world);
}
