#include "hand.h"

#include "packet/sctp.h"
#include "packet/tcp.h"
#include "packet/udp.h"

/* What stands behind the IP header of the last probe. */
static struct sonde_bytes upper(struct bench *bench)
{
    return (struct sonde_bytes){bench->probe_bytes + 20, bench->probe.length - 20};
}

static struct bench *one(enum sonde_probe_kind kind, struct sonde_engine_config config,
                         uint64_t count)
{
    struct sonde_probe shape = {.kind = kind, .port = 443, .flow = 2, .payload_bytes = 32};
    struct bench *bench = bench_of(config, 4, shape, count);
    cr_assert_eq(send_at(bench, 0, 0), count);
    return bench;
}

/* --- TCP ---------------------------------------------------------------------------------------
 */

static struct packet_tcp answer_to_syn(struct bench *bench, uint16_t flags)
{
    struct packet_tcp syn;
    cr_assert_eq(packet_tcp_parse(upper(bench), &syn), 0);
    return (struct packet_tcp){.source_port = syn.destination_port,
                               .destination_port = syn.source_port,
                               .sequence = 99,
                               .acknowledgment = syn.sequence + 1,
                               .flags = flags};
}

static void receive_tcp(struct bench *bench, const struct packet_tcp *tcp,
                        const struct sonde_address *from, bool intact)
{
    uint8_t bytes[64];
    struct packet_writer writer = packet_writer_over(bytes, sizeof bytes);
    cr_assert_eq(packet_tcp_write(&writer, tcp, from, &here), 0);
    bytes[PACKET_TCP_CHECKSUM_AT] ^= !intact;
    receive_upper(bench, 6, packet_written_from(&writer, 0), from, MS);
}

Test(engine_answer_port, syn_ack_and_reset)
{
    static const struct {
        uint16_t flags;
        enum sonde_said said;
    } all[] = {{PACKET_TCP_SYN | PACKET_TCP_ACK, SONDE_SAID_SYN_ACK},
               {PACKET_TCP_RST | PACKET_TCP_ACK, SONDE_SAID_RST},
               {PACKET_TCP_RST, SONDE_SAID_RST}};
    for (size_t i = 0; i < 3; i++) {
        struct bench *bench = one(SONDE_PROBE_TCP, (struct sonde_engine_config){0}, 1);
        struct packet_tcp answer = answer_to_syn(bench, all[i].flags);
        receive_tcp(bench, &answer, &there, true);
        cr_assert_eq(bench->heard_count, 1);
        cr_assert_eq(bench->heard[0].kind, SONDE_REPLY);
        cr_assert_eq(bench->heard[0].said, all[i].said);
        cr_assert_eq(bench->heard[0].identifier, 4713);
        cr_assert_eq(bench->heard[0].rtt.ns, MS);
        receive_tcp(bench, &answer, &there, true);
        cr_assert_eq(bench->heard[1].kind, SONDE_DUPLICATE, "sent again: our RST was lost");
        bench_free(bench);
    }
}

Test(engine_answer_port, segments_that_are_no_answer)
{
    struct bench *bench = one(SONDE_PROBE_TCP, (struct sonde_engine_config){0}, 1);
    struct packet_tcp tcp = answer_to_syn(bench, PACKET_TCP_ACK);
    receive_tcp(bench, &tcp, &there, true); /* RFC 5961: a challenge about another connection */
    tcp = answer_to_syn(bench, PACKET_TCP_SYN);
    receive_tcp(bench, &tcp, &there, true);
    tcp = answer_to_syn(bench, PACKET_TCP_SYN | PACKET_TCP_ACK);
    receive_tcp(bench, &tcp, &router, true); /* from somebody else */
    tcp.acknowledgment++;                    /* half of the sequence number is a proof */
    receive_tcp(bench, &tcp, &there, true);
    tcp = answer_to_syn(bench, PACKET_TCP_RST | PACKET_TCP_ACK);
    tcp.source_port++;
    receive_tcp(bench, &tcp, &there, true);
    tcp = answer_to_syn(bench, PACKET_TCP_RST | PACKET_TCP_ACK);
    tcp.destination_port = 4712; /* another lane */
    receive_tcp(bench, &tcp, &there, true);
    tcp.destination_port = 80; /* none of ours */
    receive_tcp(bench, &tcp, &there, true);
    cr_assert_eq(bench->heard_count, 0);
    cr_assert_eq(foreign(bench), 7);
    bench_free(bench);
}

Test(engine_answer_port, a_wrong_checksum_is_corrupt)
{
    struct bench *bench = one(SONDE_PROBE_TCP, (struct sonde_engine_config){0}, 1);
    struct packet_tcp answer = answer_to_syn(bench, PACKET_TCP_SYN | PACKET_TCP_ACK);
    receive_tcp(bench, &answer, &there, false);
    cr_assert_eq(bench->heard[0].kind, SONDE_CORRUPT);
    receive_tcp(bench, &answer, &there, true);
    cr_assert_eq(bench->heard[1].kind, SONDE_REPLY, "it stays open");
    bench_free(bench);
}

/* --- SCTP --------------------------------------------------------------------------------------
 */

static void receive_sctp(struct bench *bench, uint8_t type, uint32_t tag_change,
                         const struct sonde_address *from, bool intact)
{
    struct packet_sctp sctp;
    struct packet_sctp_chunk chunk;
    struct packet_sctp_init init;
    cr_assert_eq(packet_sctp_parse(upper(bench), &sctp), 0);
    struct packet_sctp_items chunks = packet_sctp_chunks(sctp.chunks);
    cr_assert_eq(packet_sctp_chunks_next(&chunks, &chunk), 1);
    cr_assert_eq(packet_sctp_init_parse(&chunk, &init), 0);
    uint8_t bytes[64];
    struct packet_writer writer = packet_writer_over(bytes, sizeof bytes);
    size_t packet = packet_sctp_begin(
        &writer, &(struct packet_sctp){.source_port = sctp.destination_port,
                                       .destination_port = sctp.source_port,
                                       .verification_tag = init.tag ^ tag_change});
    packet_sctp_chunk_write(&writer, type, 0, (struct sonde_bytes){NULL, 0});
    packet_sctp_end(&writer, packet);
    bytes[13] ^= intact ? 0 : 2; /* the chunk's flags */
    receive_upper(bench, 132, packet_written_from(&writer, 0), from, MS);
}

Test(engine_answer_port, init_ack_and_abort)
{
    struct bench *bench = one(SONDE_PROBE_SCTP, (struct sonde_engine_config){0}, 1);
    receive_sctp(bench, PACKET_SCTP_INIT_ACK, 1, &there, true);
    receive_sctp(bench, PACKET_SCTP_INIT_ACK, 1u << 16, &there, true);
    receive_sctp(bench, PACKET_SCTP_HEARTBEAT, 0, &there, true);
    receive_sctp(bench, PACKET_SCTP_ABORT, 0, &router, true);
    cr_assert_eq(bench->heard_count, 0);
    cr_assert_eq(foreign(bench), 4);
    receive_sctp(bench, PACKET_SCTP_ABORT, 0, &there, false);
    cr_assert_eq(bench->heard[0].kind, SONDE_CORRUPT);
    cr_assert_eq(bench->heard[0].said, SONDE_SAID_ABORT);
    receive_sctp(bench, PACKET_SCTP_INIT_ACK, 0, &there, true);
    cr_assert_eq(bench->heard[1].kind, SONDE_REPLY);
    cr_assert_eq(bench->heard[1].said, SONDE_SAID_INIT_ACK);
    bench_free(bench);
}

/* --- UDP ---------------------------------------------------------------------------------------
 */

static void receive_udp(struct bench *bench, uint16_t source_port, uint16_t destination_port,
                        struct sonde_bytes payload, const struct sonde_address *from)
{
    uint8_t bytes[1500];
    struct packet_writer writer = packet_writer_over(bytes, sizeof bytes);
    cr_assert_eq(packet_udp_write(&writer,
                                  &(struct packet_udp){.source_port = source_port,
                                                       .destination_port = destination_port,
                                                       .payload = payload},
                                  from, &here),
                 0);
    receive_upper(bench, 17, packet_written_from(&writer, 0), from, MS);
}

static struct sonde_bytes payload(struct bench *bench)
{
    return (struct sonde_bytes){upper(bench).data + 8, upper(bench).length - 8};
}

Test(engine_answer_port, a_payload_that_came_back_says_whose_it_is)
{
    struct bench *bench = one(SONDE_PROBE_UDP, (struct sonde_engine_config){0}, 3);
    uint8_t first[32];
    struct packet_udp udp;
    cr_assert_eq(
        packet_udp_parse(
            (struct sonde_bytes){bench->batch[0].bytes + 20, bench->batch[0].length - 20}, &udp),
        0);
    memcpy(first, udp.payload.data, sizeof first);
    first[30] ^= 1; /* behind what tells */
    receive_udp(bench, 443, 4713, (struct sonde_bytes){first, sizeof first}, &there);
    cr_assert_eq(bench->heard_count, 1);
    cr_assert_eq(bench->heard[0].number, 0);
    cr_assert_eq(bench->heard[0].said, SONDE_SAID_UDP);
    cr_assert(bench->heard[0].payload_differs);
    cr_assert_eq(bench->heard[0].payload_differs_at, 30);
    receive_udp(bench, 443, 4713, payload(bench), &there);
    cr_assert_eq(bench->heard[1].number, 2);
    cr_assert_not(bench->heard[1].payload_differs);
    /* from another address only the proof can tell */
    bench->probe_bytes[20 + 8 + 15] ^= 1;
    receive_udp(bench, 443, 4713, payload(bench), &router);
    cr_assert_eq(bench->heard_count, 2);
    bench_free(bench);
}

Test(engine_answer_port, a_reply_that_does_not_say_is_for_the_newest)
{
    struct bench *bench = one(SONDE_PROBE_UDP, (struct sonde_engine_config){0}, 3);
    static const uint8_t hello[] = "hello";
    struct sonde_bytes text = {hello, 5};
    receive_udp(bench, 442, 4713, text, &there); /* another port */
    receive_udp(bench, 443, 4712, text, &there); /* another flow */
    receive_udp(bench, 443, 4713, text, &router);
    cr_assert_eq(bench->heard_count, 0);
    for (uint64_t i = 0; i < 3; i++) {
        receive_udp(bench, 443, 4713, text, &there);
        cr_assert_eq(bench->heard[i].number, 2 - i);
        cr_assert_eq(bench->heard[i].kind, SONDE_REPLY);
        cr_assert_not(bench->heard[i].truncated);
    }
    receive_udp(bench, 443, 4713, text, &there);
    cr_assert_eq(bench->heard[3].kind, SONDE_DUPLICATE);
    cr_assert_eq(bench->heard[3].number, 2);
    bench_free(bench);
}

/* The answer of a server that understood, for the first of three probes. */
static void assert_understood(enum sonde_payload kind, size_t from, size_t to, size_t bytes,
                              const uint8_t *head, size_t head_bytes)
{
    struct sonde_engine_config config = {.payload = kind};
    struct bench *bench = one(SONDE_PROBE_UDP, config, 3);
    uint8_t reply[64] = {0};
    memcpy(reply, head, head_bytes);
    size_t length = kind == SONDE_PAYLOAD_DNS ? 2 : 8;
    memcpy(reply + to, bench->batch[0].bytes + 20 + 8 + from, length);
    receive_udp(bench, 443, 4713, (struct sonde_bytes){reply, bytes}, &router);
    cr_assert_eq(bench->heard_count, 0);
    receive_udp(bench, 443, 4713, (struct sonde_bytes){reply, bytes}, &there);
    cr_assert_eq(bench->heard_count, 1);
    cr_assert_eq(bench->heard[0].number, 0);
    cr_assert_eq(bench->heard[0].kind, SONDE_REPLY);
    cr_assert_not(bench->heard[0].truncated);
    /* an identity that is not ours is nobody's */
    reply[to + length - 1] ^= 0x40;
    receive_udp(bench, 443, 4713, (struct sonde_bytes){reply, bytes}, &there);
    cr_assert_eq(bench->heard_count, 1);
    /* too short to say whose it is: for the newest */
    receive_udp(bench, 443, 4713, (struct sonde_bytes){reply, 5}, &there);
    cr_assert_eq(bench->heard[1].number, 2);
    bench_free(bench);
}

Test(engine_answer_port, answers_of_servers)
{
    assert_understood(SONDE_PAYLOAD_DNS, 0, 0, 12, (const uint8_t[]){0, 0, 0x80}, 3);
    assert_understood(SONDE_PAYLOAD_NTP, 40, 24, 48, (const uint8_t[]){0x24, 1}, 2);
    assert_understood(SONDE_PAYLOAD_QUIC, 16, 6, 40, (const uint8_t[]){0x80, 0, 0, 0, 0, 8}, 6);
}

Test(engine_answer_port, the_port_holds_the_sequence)
{
    struct sonde_engine_config config = {.sequence_in_port = true};
    struct bench *bench = one(SONDE_PROBE_UDP, config, 3);
    static const uint8_t hello[] = "hello";
    for (uint16_t i = 0; i < 3; i++) {
        struct packet_udp udp;
        struct sonde_bytes sent = {bench->batch[i].bytes + 20, bench->batch[i].length - 20};
        cr_assert_eq(packet_udp_parse(sent, &udp), 0);
        cr_assert_eq(udp.destination_port, 443 + i + 1);
        receive_udp(bench, udp.destination_port, 4713, (struct sonde_bytes){hello, 5}, &there);
        cr_assert_eq(bench->heard[i].number, i);
    }
    receive_udp(bench, 443, 4713, (struct sonde_bytes){hello, 5}, &there);
    cr_assert_eq(bench->heard_count, 3);
    bench_free(bench);
}

Test(engine_answer_port, what_cannot_be_is_malformed)
{
    static const uint8_t protocols[] = {6, 17, 132};
    struct bench *bench = one(SONDE_PROBE_TCP, (struct sonde_engine_config){0}, 1);
    static const uint8_t nothing[7];
    for (size_t i = 0; i < 3; i++)
        receive_upper(bench, protocols[i], (struct sonde_bytes){nothing, 7}, &there, MS);
    struct sonde_engine_counters counters;
    sonde_engine_counters(bench->engine, &counters);
    cr_assert_eq(counters.malformed, 3);
    bench_free(bench);
}
