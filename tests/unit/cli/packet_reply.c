#include "cli/packet_reply.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "packet/extension.h"
#include "packet/icmp_types.h"

static char line[PACKET_REPLY_ROOM];

static struct sonde_outcome outcome_of(enum sonde_outcome_kind kind, const char *from)
{
    struct sonde_outcome outcome = {.kind = kind, .rtt_known = true, .rtt = {1234567}};
    if (from)
        cr_assert(sonde_address_parse(from, &outcome.from));
    return outcome;
}

static const char *told(const struct sonde_outcome *outcome)
{
    cr_assert_eq(packet_reply_outcome(line, 42, outcome), strlen(line));
    return line;
}

static const char *told_of(enum sonde_outcome_kind kind, const char *from)
{
    struct sonde_outcome outcome = outcome_of(kind, from);
    return told(&outcome);
}

Test(packet_reply, outcomes)
{
    cr_assert_str_eq(told_of(SONDE_REPLY, "192.0.2.1"),
                     "42 reply ip-4 192.0.2.1 round-trip-time 1235\n");
    cr_assert_str_eq(told_of(SONDE_REPLY, "2001:db8::1"),
                     "42 reply ip-6 2001:db8::1 round-trip-time 1235\n");
    cr_assert_str_eq(told_of(SONDE_TIME_EXCEEDED, "192.0.2.1"),
                     "42 ttl-expired ip-4 192.0.2.1 round-trip-time 1235\n");
    cr_assert_str_eq(told_of(SONDE_UNREACHABLE, "192.0.2.1"),
                     "42 no-route ip-4 192.0.2.1 round-trip-time 1235\n");
    cr_assert_str_eq(told_of(SONDE_TOO_BIG, "192.0.2.1"),
                     "42 no-route ip-4 192.0.2.1 round-trip-time 1235\n");
    cr_assert_str_eq(told_of(SONDE_UNREACHABLE, NULL), "42 no-route\n");
    cr_assert_str_eq(told_of(SONDE_TIMED_OUT, NULL), "42 no-reply\n");
    cr_assert_str_eq(told_of(SONDE_UNFINISHED, NULL), "42 no-reply\n");
}

Test(packet_reply, a_closed_port_was_reached_whoever_says_so)
{
    struct sonde_outcome outcome = outcome_of(SONDE_UNREACHABLE, "192.0.2.7");
    outcome.icmp_type = PACKET_ICMPV4_UNREACHABLE;
    outcome.icmp_code = PACKET_ICMPV4_PORT_UNREACHABLE;
    cr_assert_str_eq(told(&outcome), "42 reply ip-4 192.0.2.7 round-trip-time 1235\n");
    outcome = outcome_of(SONDE_UNREACHABLE, "2001:db8::7");
    outcome.icmp_type = PACKET_ICMPV6_UNREACHABLE;
    outcome.icmp_code = PACKET_ICMPV6_PORT_UNREACHABLE;
    cr_assert_str_eq(told(&outcome), "42 reply ip-6 2001:db8::7 round-trip-time 1235\n");
    outcome.icmp_code = 0;
    cr_assert_str_eq(told(&outcome), "42 no-route ip-6 2001:db8::7 round-trip-time 1235\n");
}

Test(packet_reply, a_scope_stays_here)
{
    struct sonde_outcome outcome = outcome_of(SONDE_REPLY, "fe80::1");
    outcome.from.scope = 1;
    cr_assert_str_eq(told(&outcome), "42 reply ip-6 fe80::1 round-trip-time 1235\n");
}

static const char *refused(int error)
{
    struct sonde_outcome outcome = {.kind = SONDE_SEND_FAILED, .error = error};
    return told(&outcome) + strlen("42 ");
}

Test(packet_reply, errors_of_sending)
{
    cr_assert_str_eq(refused(EINVAL), "invalid-argument\n");
    cr_assert_str_eq(refused(EMSGSIZE), "invalid-argument\n");
    cr_assert_str_eq(refused(ENETDOWN), "network-down\n");
    cr_assert_str_eq(refused(ENOBUFS), "network-down\n");
    cr_assert_str_eq(refused(ENETUNREACH), "no-route\n");
    cr_assert_str_eq(refused(EHOSTUNREACH), "no-route\n");
    cr_assert_str_eq(refused(EPERM), "permission-denied\n");
    cr_assert_str_eq(refused(EACCES), "permission-denied\n");
    cr_assert_str_eq(refused(EADDRINUSE), "address-in-use\n");
    cr_assert_str_eq(refused(EADDRNOTAVAIL), "address-not-available\n");
    cr_assert_str_eq(refused(ENOMEM), "probes-exhausted\n");
    cr_assert_str_eq(refused(EIO), "unexpected-error errno 5\n");
}

Test(packet_reply, words)
{
    cr_assert_eq(packet_reply_word(line, -3, "no-reply"), strlen("-3 no-reply\n"));
    cr_assert_str_eq(line, "-3 no-reply\n");
    packet_reply_support(line, 1, "ok");
    cr_assert_str_eq(line, "1 feature-support support ok\n");
}

static struct sonde_bytes labels(uint8_t *room, size_t bytes, const struct packet_mpls *entries,
                                 size_t count)
{
    struct packet_writer writer = packet_writer_over(room, bytes);
    size_t start = packet_extension_begin(&writer);
    cr_assert_eq(packet_extension_write_mpls(&writer, entries, count), 0);
    packet_extension_end(&writer, start);
    return (struct sonde_bytes){room, packet_written(&writer)};
}

Test(packet_reply, labels_are_told_from_the_top_of_the_stack)
{
    uint8_t room[64];
    const struct packet_mpls entries[] = {{24015, 3, false, 1}, {1048575, 0, true, 255}};
    struct sonde_outcome outcome = outcome_of(SONDE_TIME_EXCEEDED, "192.0.2.1");
    outcome.extensions = labels(room, sizeof room, entries, 2);
    cr_assert_str_eq(told(&outcome), "42 ttl-expired ip-4 192.0.2.1 round-trip-time 1235 mpls "
                                     "24015,3,0,1,1048575,0,1,255\n");
}

Test(packet_reply, as_many_labels_as_fit)
{
    uint8_t room[1024];
    struct packet_mpls entries[200];
    struct sonde_outcome outcome = outcome_of(SONDE_TIME_EXCEEDED, "192.0.2.1");
    for (size_t i = 0; i < 200; i++)
        entries[i] = (struct packet_mpls){1000000, 7, i == 199, 200};
    outcome.extensions = labels(room, sizeof room, entries, 200);
    const char *text = told(&outcome);
    size_t length = strlen(text);
    cr_assert_lt(length, PACKET_REPLY_ROOM);
    cr_assert_gt(length, PACKET_REPLY_ROOM - 64);
    cr_assert_str_eq(text + length - strlen(",1000000,7,0,200\n"), ",1000000,7,0,200\n");
}
