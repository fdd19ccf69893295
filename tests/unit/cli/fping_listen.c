#include "cli/fping_listen.h"

#include <errno.h>
#include <string.h>

#include "command_line.h"

#define MS(ms) ((struct sonde_mono){(int64_t)(ms)*SONDE_NS_PER_MS})

static struct sonde_wall wall(void *self, struct sonde_mono at)
{
    (void)self;
    return (struct sonde_wall){at.ns};
}

static const struct sonde_transport_ops ops = {.wall = wall};
static const struct sonde_transport transport = {.ops = &ops};

/* Two hosts, a and b, and both streams in one. */
struct stand {
    struct command_line line;
    struct fping_settings settings;
    struct fping_targets targets;
    struct report_fping_host hosts[2];
    struct fping_listener listener;
    struct printed out;
};

static void begin(struct stand *stand, const char *text)
{
    struct cli_error error;
    *stand = (struct stand){0};
    split(&stand->line, text);
    cr_assert(fping_options_read(&stand->settings, "fping", true, stand->line.argc,
                                 stand->line.argv, &error));
    printed_open(&stand->out);
    stand->hosts[0].label = (char *)"a";
    stand->hosts[1].label = (char *)"b";
    stand->targets = (struct fping_targets){.hosts = stand->hosts, .count = 2, .width = 1};
    stand->listener = (struct fping_listener){
        .settings = &stand->settings,
        .transport = &transport,
        .targets = &stand->targets,
        .form = {.out = stand->out.stream,
                 .err = stand->out.stream,
                 .width = 1,
                 .words = stand->settings.words,
                 .lines = stand->settings.lines,
                 .all_rtts = stand->settings.all_rtts},
    };
}

static void tell(struct stand *stand, enum sonde_outcome_kind kind, uint32_t target,
                 uint64_t number, int64_t sent_ms, int64_t rtt_ms)
{
    static const uint8_t echo_reply[64];
    static const uint8_t unreachable[64] = {3, 1};
    const bool error = kind == SONDE_UNREACHABLE;
    struct sonde_outcome outcome = {
        .kind = kind,
        .target = target,
        .number = number,
        .sent = {MS(sent_ms), SONDE_STAMP_KERNEL},
        .received = {MS(sent_ms + rtt_ms), SONDE_STAMP_KERNEL},
        .rtt_known = true,
        .rtt = sonde_span_ms(rtt_ms),
        .icmp = {error ? unreachable : echo_reply, 64},
        .icmp_type = error ? 3 : 0,
        .icmp_code = error ? 1 : 0,
        .error = ENETUNREACH,
    };
    cr_assert(sonde_address_parse("192.0.2.1", &outcome.from));
    outcome.foreign_source = target == 1;
    fping_sweep_listener.outcome(&stand->listener, &outcome);
}

/* The end, and everything that was written. */
static void ends(struct stand *stand, int64_t at_ms, const char *expected, int status)
{
    fping_sweep_listener.end(&stand->listener, MS(at_ms));
    cr_expect_str_eq(printed_text(&stand->out), expected, "%s", stand->out.text);
    cr_expect_eq(stand->listener.status, status);
    printed_close(&stand->out);
    fping_listener_destroy(&stand->listener);
    free(stand->hosts[0].rtts);
    free(stand->hosts[1].rtts);
}

Test(fping_listen, alive_and_unreachable)
{
    struct stand stand;
    begin(&stand, "fping -r 1 a b");
    tell(&stand, SONDE_REPLY, 0, 0, 0, 1);
    tell(&stand, SONDE_TIMED_OUT, 1, 0, 0, 0);
    tell(&stand, SONDE_TIMED_OUT, 1, 1, 500, 0);
    ends(&stand, 2000, "a is alive\nb is unreachable\n", 1);
}

Test(fping_listen, a_late_answer_counts_while_the_timeout_has_grown)
{
    struct stand stand;
    begin(&stand, "fping -t 100 -B 2 a b");
    tell(&stand, SONDE_TIMED_OUT, 0, 0, 0, 0);
    tell(&stand, SONDE_LATE, 0, 0, 0, 150);
    tell(&stand, SONDE_REPLY, 0, 1, 100, 60);
    tell(&stand, SONDE_TIMED_OUT, 1, 0, 0, 0);
    tell(&stand, SONDE_LATE, 1, 0, 0, 201);
    ends(&stand, 2000, "a is alive\na : duplicate for [0], 64 bytes, 60.0 ms\nb is unreachable\n",
         1);
}

Test(fping_listen, a_loss_by_an_error_is_told_when_its_time_is_over)
{
    struct stand stand;
    struct sonde_mono again;
    begin(&stand, "fping -c 2 -p 100 a b");
    tell(&stand, SONDE_UNREACHABLE, 0, 0, 10, 5);
    cr_assert_not(fping_sweep_listener.turn(&stand.listener, MS(20), &again));
    cr_assert_eq(again.ns, MS(110).ns);
    tell(&stand, SONDE_REPLY, 1, 0, 20, 1);
    fping_sweep_listener.turn(&stand.listener, MS(110), &again);
    cr_assert_eq(again.ns, SONDE_NEVER.ns);
    tell(&stand, SONDE_TIMED_OUT, 1, 1, 120, 0);
    tell(&stand, SONDE_UNREACHABLE, 0, 1, 110, 5);
    ends(&stand, 220,
         "ICMP Host Unreachable from 192.0.2.1 for ICMP Echo sent to a\n"
         "b : [0], 64 bytes, 1.00 ms (1.00 avg, 0% loss) [<- 192.0.2.1]\n"
         "a : [0], timed out (NaN avg, 100% loss)\n"
         "b : [1], timed out (1.00 avg, 50% loss)\n"
         "ICMP Host Unreachable from 192.0.2.1 for ICMP Echo sent to a\n"
         "a : [1], timed out (NaN avg, 100% loss)\n"
         "\n"
         "a : xmt/rcv/%loss = 2/0/100%\n"
         "b : xmt/rcv/%loss = 2/1/50%, min/avg/max = 1.00/1.00/1.00\n",
         1);
}

Test(fping_listen, losses_are_told_in_the_order_of_their_times)
{
    struct stand stand;
    struct sonde_mono again;
    begin(&stand, "fping -q -C 2 -p 100 a b");
    tell(&stand, SONDE_UNREACHABLE, 1, 0, 10, 50);
    tell(&stand, SONDE_UNREACHABLE, 0, 0, 0, 70);
    fping_sweep_listener.turn(&stand.listener, MS(75), &again);
    cr_assert_eq(again.ns, MS(100).ns);
    fping_sweep_listener.turn(&stand.listener, MS(100), &again);
    cr_assert_eq(again.ns, MS(110).ns);
    cr_assert_eq(stand.hosts[0].all.sent, 1);
    cr_assert_eq(stand.hosts[1].all.sent, 0);
    ends(&stand, 200, "a : -\nb : -\n", 1);
}

Test(fping_listen, a_stranger_does_not_count_with_check_source)
{
    struct stand stand;
    begin(&stand, "fping --check-source a b");
    tell(&stand, SONDE_REPLY, 0, 0, 0, 1);
    tell(&stand, SONDE_REPLY, 1, 0, 0, 1);
    ends(&stand, 2000, "a is alive\nb is unreachable\n", 1);
}

Test(fping_listen, every_rtt_by_its_number)
{
    struct stand stand;
    begin(&stand, "fping -q -C 20 -p 10 a b");
    tell(&stand, SONDE_REPLY, 0, 9, 90, 2);
    tell(&stand, SONDE_REPLY, 0, 0, 0, 1);
    tell(&stand, SONDE_TIMED_OUT, 0, 1, 10, 0);
    tell(&stand, SONDE_UNFINISHED, 0, 10, 100, 0);
    ends(&stand, 2000, "a : 1.00 - - - - - - - - 2.00\nb :\n", 1);
}

Test(fping_listen, duplicates_are_counted_for_nothing)
{
    struct stand stand;
    begin(&stand, "fping -c 1 a b");
    tell(&stand, SONDE_REPLY, 0, 0, 0, 1);
    tell(&stand, SONDE_DUPLICATE, 0, 0, 0, 2);
    cr_assert_eq(stand.hosts[0].all.sent, 1);
    cr_assert_eq(stand.hosts[0].all.received, 1);
    cr_assert_eq(stand.listener.totals.received, 2);
    printed_close(&stand.out);
    begin(&stand, "fping -l -q a b");
    tell(&stand, SONDE_REPLY, 0, 0, 0, 1);
    tell(&stand, SONDE_DUPLICATE, 0, 0, 0, 2);
    cr_assert_eq(stand.hosts[0].all.sent, 1);
    cr_assert_str_eq(printed_text(&stand.out), "a : [0], 64 bytes, 1.00 ms (1.00 avg, 0% loss)\n"
                                               "a : [0], 64 bytes, 2.00 ms (1.00 avg, 0% loss)\n");
    printed_close(&stand.out);
}

Test(fping_listen, what_cannot_be_sent_is_said_once)
{
    struct stand stand;
    begin(&stand, "fping -r 2 a b");
    tell(&stand, SONDE_SEND_FAILED, 0, 0, 0, 0);
    tell(&stand, SONDE_SEND_FAILED, 0, 1, 500, 0);
    tell(&stand, SONDE_REPLY, 1, 0, 0, 1);
    ends(&stand, 2000,
         "a: error while sending ping: Network is unreachable\n"
         "b is alive [<- 192.0.2.1]\na is unreachable\n",
         1);
}

Test(fping_listen, exit_codes)
{
    struct stand stand;
    begin(&stand, "fping -q a b");
    tell(&stand, SONDE_REPLY, 0, 0, 0, 1);
    tell(&stand, SONDE_REPLY, 1, 0, 0, 1);
    ends(&stand, 10, "", 0);
    begin(&stand, "fping -q a b x");
    stand.targets.unknown = 1;
    tell(&stand, SONDE_REPLY, 0, 0, 0, 1);
    ends(&stand, 10, "", 2);
    begin(&stand, "fping -q -x 1 a b x");
    stand.targets.unknown = 1;
    tell(&stand, SONDE_REPLY, 0, 0, 0, 1);
    ends(&stand, 10, "Enough hosts reachable (required: 1, reachable: 1)\n", 0);
    begin(&stand, "fping -q -x 2 a b");
    tell(&stand, SONDE_REPLY, 0, 0, 0, 1);
    ends(&stand, 10, "Not enough hosts reachable (required: 2, reachable: 1)\n", 1);
}
