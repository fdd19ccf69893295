#include "report/fping_text.h"

#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "fping_help.h"

Test(report_fping_text, milliseconds_have_three_figures)
{
    static const struct {
        int64_t ns;
        const char *text;
    } table[] = {
        {0, "0.000"},
        {1499, "0.001"},
        {999499, "0.999"},
        {1234567, "1.23"},
        {9990000, "9.99"},
        {12345678, "12.3"},
        {123456789, "123"},
        {INT64_C(2500000000), "2500"},
        {INT64_C(999999000000), "999999"},
        {INT64_C(1234567000000), "1.235e+06"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char text[REPORT_FPING_MS];
        cr_assert_str_eq(report_fping_ms(table[i].ns, text), table[i].text);
    }
}

Test(report_fping_text, replies_keep_minimum_sum_and_maximum)
{
    struct report_fping_counts counts = {0};
    report_fping_count_reply(&counts, 500);
    report_fping_count_reply(&counts, 100);
    report_fping_count_reply(&counts, 900);
    cr_assert_eq(counts.received, 3);
    cr_assert_eq(counts.min_ns, 100);
    cr_assert_eq(counts.max_ns, 900);
    cr_assert_eq(counts.sum_ns, 1500);
}

Test(report_fping_text, a_reply_of_no_time_is_the_minimum)
{
    struct report_fping_counts counts = {0};
    report_fping_count_reply(&counts, 0);
    report_fping_count_reply(&counts, 7);
    cr_assert_eq(counts.min_ns, 0);
}

Test(report_fping_text, alive_and_unreachable)
{
    struct pages pages = open_pages();
    struct report_fping_host host = {.label = (char[]){"here"}};
    struct report_fping_reply reply = {.rtt_ns = 250000, .hop_limit = 61, .traffic_class = -1};
    pages.form.words = true;
    report_fping_alive(&pages.form, &host, &reply);
    report_fping_unreachable(&pages.form, &host);
    pages.form.words = false;
    pages.form.elapsed = pages.form.print_tos = pages.form.print_ttl = true;
    report_fping_alive(&pages.form, &host, &reply);
    report_fping_unreachable(&pages.form, &host);
    expect(&pages,
           "here is alive\nhere is unreachable\nhere (TOS unknown) (TTL 61) (0.250 ms)\nhere\n",
           "");
}

Test(report_fping_text, the_line_of_a_reply)
{
    struct pages pages = open_pages();
    struct report_fping_host host = {.label = (char[]){"h"}};
    host.all = (struct report_fping_counts){
        .sent = 3, .received = 2, .min_ns = 1000000, .max_ns = 3000000, .sum_ns = 4000000};
    pages.form.lines = true;
    pages.form.width = 4;
    report_fping_reply(
        &pages.form, &host,
        &(struct report_fping_reply){.number = 70000, .bytes = 64, .rtt_ns = 3000000});
    expect(&pages, "h    : [70000], 64 bytes, 3.00 ms (2.00 avg, 33% loss)\n", "");
}

Test(report_fping_text, the_average_of_long_times_does_not_overflow)
{
    struct pages pages = open_pages();
    struct report_fping_host host = {.label = (char[]){"h"}};
    host.all.sent = 1;
    report_fping_count_reply(&host.all, INT64_C(5000000000));
    pages.form.lines = true;
    report_fping_reply(&pages.form, &host,
                       &(struct report_fping_reply){.bytes = 64, .rtt_ns = INT64_C(5000000000)});
    expect(&pages, "h : [0], 64 bytes, 5000 ms (5000 avg, 0% loss)\n", "");
}

Test(report_fping_text, who_answers_for_another_is_told_on_the_error_stream)
{
    struct pages pages = open_pages();
    struct report_fping_host host = {.label = (char[]){"h"}};
    struct report_fping_reply reply = {.bytes = 64, .rtt_ns = 1000};
    cr_assert(sonde_address_parse("192.0.2.7", &reply.from));
    pages.form.words = true;
    report_fping_alive(&pages.form, &host, &reply);
    report_fping_duplicate(&pages.form, &host, &reply);
    expect(&pages, "h is alive\n",
           " [<- 192.0.2.7]h : duplicate for [0], 64 bytes, 0.001 ms [<- 192.0.2.7]\n");
}

Test(report_fping_text, a_timeout_before_any_reply_has_no_average)
{
    struct pages pages = open_pages();
    struct report_fping_host host = {.label = (char[]){"h"}, .all = {.sent = 1}};
    pages.form.lines = true;
    report_fping_timeout(&pages.form, &host, 0, (struct sonde_wall){0});
    expect(&pages, "h : [0], timed out (NaN avg, 100% loss)\n", "");
}

Test(report_fping_text, stamps_in_each_form)
{
    static const char *const texts[] = {
        [REPORT_FPING_UNIX] = "[86400.12346] ",
        [REPORT_FPING_CTIME] = "[Fri Jan  2 00:00:00 1970] ",
        [REPORT_FPING_ISO] = "[1970-01-02T00:00:00+0000] ",
        [REPORT_FPING_RFC3339] = "[1970-01-02 00:00:00] ",
    };
    setenv("TZ", "UTC", 1);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct pages pages = open_pages();
        struct report_fping_host host = {.label = (char[]){"h"}, .all = {.sent = 1}};
        char expected[120];
        pages.form.stamped = true;
        pages.form.clock = (enum report_fping_clock)i;
        report_fping_timeout(&pages.form, &host, 0, (struct sonde_wall){INT64_C(86400123456000)});
        snprintf(expected, sizeof expected, "%sh : [0], timed out (NaN avg, 100%% loss)\n",
                 texts[i]);
        expect(&pages, expected, "");
    }
}

Test(report_fping_text, timestamps_of_the_far_clock)
{
    struct pages pages = open_pages();
    struct report_fping_host host = {.label = (char[]){"h"}};
    struct report_fping_reply reply = {
        .times = true,
        .originate = 1,
        .receive = 2,
        .transmit = 3,
        .received = {INT64_C(86400000) * SONDE_NS_PER_MS + 4 * SONDE_NS_PER_MS},
    };
    pages.form.words = true;
    report_fping_alive(&pages.form, &host, &reply);
    expect(&pages, "h is alive, timestamps: Originate=1 Receive=2 Transmit=3 Localreceive=4\n", "");
}

Test(report_fping_text, errors_name_family_and_host)
{
    struct pages pages = open_pages();
    struct report_fping_host host = {.label = (char[]){"h"}};
    struct sonde_outcome outcome = {.icmp_type = 3, .icmp_code = 1};
    cr_assert(sonde_address_parse("192.0.2.1", &outcome.from));
    report_fping_error(&pages.form, &host, &outcome);
    cr_assert(sonde_address_parse("2001:db8::1", &outcome.from));
    report_fping_error(&pages.form, &host, &outcome);
    expect(&pages, "",
           "ICMP Host Unreachable from 192.0.2.1 for ICMP Echo sent to h\n"
           "ICMPv6 Time Exceeded (Fragment reassembly time exceeded) from 2001:db8::1 for ICMPv6 "
           "Echo Request sent to h\n");
}

Test(report_fping_text, json_lines)
{
    struct pages pages = open_pages();
    struct report_fping_host host = {.label = (char[]){"a\"b"}, .all = {.sent = 1}};
    struct report_fping_reply reply = {.number = 2, .bytes = 64, .rtt_ns = 20000, .hop_limit = 9};
    pages.form.json = pages.form.lines = pages.form.print_ttl = true;
    report_fping_reply(&pages.form, &host, &reply);
    report_fping_timeout(&pages.form, &host, 3, (struct sonde_wall){0});
    report_fping_unknown(&pages.form, "x", "no such name", true);
    expect(
        &pages,
        "{\"resp\": {\"host\": \"a\\\"b\", \"seq\": 2, \"size\": 64, \"rtt\": 0.020, \"ttl\": 9}}\n"
        "{\"timeout\": {\"host\": \"a\\\"b\", \"seq\": 3}}\n"
        "{\"warning\": {\"host\": \"x\", \"message\": \"no such name\"}}\n",
        "");
}

Test(report_fping_text, control_characters_are_escaped_in_json)
{
    struct pages pages = open_pages();
    report_fping_json_text(pages.form.out, "\x1b[1m\\");
    expect(&pages, "\"\\u001b[1m\\\\\"", "");
}
