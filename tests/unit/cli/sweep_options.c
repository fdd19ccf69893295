#include "cli/sweep_options.h"

#include <criterion/criterion.h>
#include <string.h>

#include "command_line.h"

static bool read_line(const char *text, struct sweep_settings *settings, struct command_line *line,
                      struct cli_error *error)
{
    split(line, text);
    return sweep_options_read(settings, line->argc, line->argv, error);
}

static struct sweep_settings sweep_line(const char *text)
{
    struct command_line line;
    struct sweep_settings settings;
    struct cli_error error;
    cr_assert(read_line(text, &settings, &line, &error), "%s: %s", text, error.message);
    return settings;
}

static void assert_refused(const char *text, const char *words)
{
    struct command_line line;
    struct sweep_settings settings;
    struct cli_error error = {0};
    cr_assert_not(read_line(text, &settings, &line, &error), "%s", text);
    cr_assert(strstr(error.message, words), "%s: %s", text, error.message);
}

Test(cli_sweep_options, defaults)
{
    const struct sweep_settings s = sweep_line("sweep h");
    cr_expect_eq(sweep_settings_mode(&s), SONDE_SWEEP_ALIVE);
    cr_expect_eq(sweep_settings_family(&s), SONDE_FAMILY_NONE);
    cr_expect_eq(sweep_settings_payload(&s), 56);
    cr_expect_eq(s.timeout.ns, SONDE_NS_PER_S);
    cr_expect_eq(s.interval.ns, SONDE_NS_PER_S);
    cr_expect_eq(s.backoff, 1.5);
    cr_expect_eq(s.retries, -1);
    cr_expect_eq(s.min_alive, -1);
    cr_expect_eq(s.hop_limit, 64);
    cr_expect_eq(s.selection, REPORT_SWEEP_ALL);
    cr_expect_eq(s.fields.count, 0);
}

Test(cli_sweep_options, modes)
{
    struct sweep_settings s = sweep_line("sweep -c 5 -i 0.1 h");
    cr_expect_eq(sweep_settings_mode(&s), SONDE_SWEEP_COUNT);
    cr_expect_eq(s.interval.ns, 100 * SONDE_NS_PER_MS);
    s = sweep_line("sweep -l h");
    cr_expect_eq(sweep_settings_mode(&s), SONDE_SWEEP_LOOP);
    s = sweep_line("sweep -6 -f - --fields rtt_ns,host");
    cr_expect_eq(sweep_settings_family(&s), SONDE_IPV6);
    cr_expect_eq(s.files.count, 1);
    cr_expect_eq(s.fields.count, 2);
    cr_expect_eq(s.fields.fields[0], REPORT_SWEEP_RTT);
}

Test(cli_sweep_options, standard_input_is_read_once)
{
    cr_expect_eq(sweep_line("sweep -f - -f other -X other").files.count, 2);
    cr_expect_eq(sweep_line("sweep -f other -X - h").excluded_files.count, 1);
    assert_refused("sweep -X - -f -", "standard input");
    assert_refused("sweep -f - -f -", "standard input");
    assert_refused("sweep -X - -X - h", "standard input");
}

Test(cli_sweep_options, a_source_decides_the_family)
{
    struct sweep_settings s = sweep_line("sweep -S 192.0.2.1 h");
    cr_expect_eq(sweep_settings_family(&s), SONDE_IPV4);
    s = sweep_line("sweep -S 2001:db8::1 h");
    cr_expect_eq(sweep_settings_family(&s), SONDE_IPV6);
    assert_refused("sweep -6 -S 192.0.2.1 h", "IPv4 address");
}

Test(cli_sweep_options, the_contact_makes_probes_longer)
{
    struct command_line line;
    struct sweep_settings s;
    struct cli_error error;
    char text[200];
    snprintf(text, sizeof text, "sweep --payload-text %0*d h", 100, 0);
    split(&line, text);
    cr_assert(sweep_options_read(&s, line.argc, line.argv, &error));
    cr_expect_eq(sweep_settings_payload(&s), 116);
    s = sweep_line("sweep --payload-text short h");
    cr_expect_eq(sweep_settings_payload(&s), 56);
    s = sweep_line("sweep --payload-text short -s 21 h");
    cr_expect_eq(sweep_settings_payload(&s), 21);
    assert_refused("sweep --payload-text short -s 20 h", "no room");
}

Test(cli_sweep_options, what_excludes_each_other)
{
    assert_refused("sweep", "nobody");
    assert_refused("sweep -4 -6 h", "exclude");
    assert_refused("sweep -c1 -l h", "exclude");
    assert_refused("sweep -c1 -r1 h", "--retries");
    assert_refused("sweep -l -B2 h", "--backoff");
    assert_refused("sweep -i1 h", "--interval");
    assert_refused("sweep --summary-interval 1 h", "--summary-interval");
    assert_refused("sweep --json --csv h", "exclude");
}

static bool allowed(const char *text, bool root, struct sweep_settings *settings)
{
    struct cli_error error;
    *settings = sweep_line(text);
    return sweep_settings_check_user(settings, root, &error);
}

Test(cli_sweep_options, the_limits_of_users)
{
    struct sweep_settings s;
    cr_assert(allowed("sweep h", false, &s));
    cr_expect_eq(s.rate.gap_slots, 1000);
    cr_assert(allowed("sweep h", true, &s));
    cr_expect_eq(s.rate.gap_slots, 10000);
    cr_expect(allowed("sweep --rate 1k h", false, &s));
    cr_expect_not(allowed("sweep --rate 1000.001 h", false, &s));
    cr_expect(allowed("sweep --rate 1000.001 h", true, &s));
    cr_expect_not(allowed("sweep --rate max h", false, &s));
    cr_expect(allowed("sweep --rate max h", true, &s));
    cr_expect(allowed("sweep --rate max --simulate x h", false, &s));
    cr_expect_not(allowed("sweep -c1 -i1.9ms h", false, &s));
    cr_expect(allowed("sweep -c1 -i2ms h", false, &s));
}

Test(cli_sweep_options, surveys)
{
    cr_expect_not(sweep_line("sweep h").stateless);
    cr_expect_not(sweep_line("sweep --transport ring h").stateless);
    static const char *const choosers[] = {"--stateless", "--shard 1/1", "--resume f", "--copies 2",
                                           "--cooldown 1"};
    for (size_t i = 0; i < sizeof choosers / sizeof *choosers; i++) {
        char text[64];
        snprintf(text, sizeof text, "sweep %s h", choosers[i]);
        cr_expect(sweep_line(text).stateless, "%s", text);
    }
    const struct sweep_settings s = sweep_line("sweep --shard 2/5 --seed 0 --fields rtt_ns,time h");
    cr_expect_eq(s.cooldown.ns, 5 * SONDE_NS_PER_S);
    cr_expect_eq(s.copies, 1);
    cr_expect_eq(s.shard.index, 1);
    assert_refused("sweep --shard 1/2 h", "--seed");
    assert_refused("sweep --stateless -c1 h", "--count");
    assert_refused("sweep --stateless -l h", "--count");
    assert_refused("sweep --stateless -r1 h", "--copies");
    assert_refused("sweep --stateless -B2 h", "--backoff");
    assert_refused("sweep --stateless -W1 h", "--cooldown");
    assert_refused("sweep --stateless --sort h", "--sort");
    assert_refused("sweep --stateless -s15 h", "16 bytes");
    assert_refused("sweep --stateless --fields loss h", "--fields");
    assert_refused("sweep --simulate f --transport raw h", "--transport");
    sweep_line("sweep --stateless -r0 -s16 h");
}

Test(cli_sweep_options, other_probes_than_echo_requests)
{
    struct sweep_settings s = sweep_line("sweep --tcp 443 h");
    cr_expect_eq(s.choice.kind, SONDE_PROBE_TCP);
    cr_expect_eq(sweep_settings_payload(&s), 0);
    s = sweep_line("sweep --udp 53 h");
    cr_expect_eq(cli_payload_of(&s.choice, s.payload), SONDE_PAYLOAD_DNS);
    s = sweep_line("sweep --udp 53 --payload-text me h");
    cr_expect_eq(cli_payload_of(&s.choice, s.payload), SONDE_PAYLOAD_PATTERN);
    cr_expect_eq(sweep_settings_text_at(&s), 18);
    s = sweep_line("sweep --udp 53 --payload-text me -s 20 h");
    cr_expect_eq(sweep_settings_payload(&s), 20);
    assert_refused("sweep --udp 53 --payload-text me -s 19 h", "no room");
    assert_refused("sweep --udp 53 --payload dns --payload-text me h", "--payload says it all");
    assert_refused("sweep --tcp 80 --payload-text me h", "no data");
    assert_refused("sweep --sctp 80 -s 5 h", "no data");
    assert_refused("sweep --tcp 80 --udp 53 h", "only one");
    assert_refused("sweep --tcp 80 --transport ring h", "ring");
    assert_refused("sweep --tcp 80 --stateless h", "survey");
    assert_refused("sweep --sctp 80 --special h", "--special");
}

Test(cli_sweep_options, connections_have_room_for_silence)
{
    struct sweep_settings s = sweep_line("sweep --tcp 443 h");
    struct cli_error error;
    cr_assert(sweep_settings_check_user(&s, false, &error));
    sweep_settings_fit_connections(&s, true);
    cr_expect_eq(s.rate.gap_slots, SWEEP_USER_RATE);
    sweep_settings_fit_connections(&s, false);
    cr_expect_eq(s.rate.gap_slots, SWEEP_CONNECTIONS);
    s = sweep_line("sweep --tcp 443 -R 800 h");
    sweep_settings_fit_connections(&s, false);
    cr_expect_eq((double)s.rate.gap_slots * 1e9 / (double)s.rate.gap_ns, 800);
}
