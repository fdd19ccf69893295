#include "report/state.h"

#include <string.h>

#include "bench.h"

static const char *shortened(int64_t us)
{
    static char text[REPORT_MS];
    return report_ms_short((struct sonde_span){us * 1000}, text);
}

static const char *full(int64_t ns)
{
    static char text[REPORT_MS];
    return report_ms((struct sonde_span){ns}, text);
}

Test(report_format, round_trips_like_ping)
{
    cr_assert_str_eq(shortened(0), "0.000");
    cr_assert_str_eq(shortened(807), "0.807");
    cr_assert_str_eq(shortened(999), "0.999");
    cr_assert_str_eq(shortened(1000), "1.00");
    cr_assert_str_eq(shortened(1058), "1.06");
    cr_assert_str_eq(shortened(9994), "9.99");
    cr_assert_str_eq(shortened(9995), "10.0");
    cr_assert_str_eq(shortened(10648), "10.6");
    cr_assert_str_eq(shortened(20630), "20.6");
    cr_assert_str_eq(shortened(99949), "99.9");
    cr_assert_str_eq(shortened(99950), "100");
    cr_assert_str_eq(shortened(150888), "151");
    cr_assert_str_eq(shortened(INT64_C(3000000000) * 1000), "3000000000");
}

Test(report_format, full_precision)
{
    cr_assert_str_eq(full(0), "0.000");
    cr_assert_str_eq(full(499), "0.000");
    cr_assert_str_eq(full(500), "0.001");
    cr_assert_str_eq(full(150888123), "150.888");
    cr_assert_str_eq(full(INT64_C(3000000000) * 1000000), "3000000000.000");
    cr_assert_str_eq(full(INT64_MAX), "9223372036854.776");
}

Test(report_format, nothing_negative_is_shown)
{
    cr_assert_str_eq(full(-1), "0.000");
    cr_assert_str_eq(full(INT64_MIN), "0.000");
    cr_assert_str_eq(shortened(-5000), "0.000");
}

Test(report_format, civil_time)
{
    char text[REPORT_TIME];
    cr_assert_str_eq(report_time((struct sonde_wall){INT64_C(1600000000123456789)}, text),
                     "2020-09-13T12:26:40.123456789Z");
    cr_assert_str_eq(report_time((struct sonde_wall){0}, text), "1970-01-01T00:00:00.000000000Z");
    cr_assert_str_eq(report_time((struct sonde_wall){-1}, text), "1969-12-31T23:59:59.999999999Z");
    cr_assert_str_eq(report_time((struct sonde_wall){INT64_MAX}, text),
                     "2262-04-11T23:47:16.854775807Z");
}

static const char *printable(const char *raw)
{
    static char text[64];
    report_printable(raw, text, sizeof text);
    return text;
}

Test(report_format, what_shows_stays)
{
    cr_assert_str_eq(printable("host-1.example"), "host-1.example");
    cr_assert_str_eq(printable("bücher.example"), "bücher.example");
    cr_assert_str_eq(printable("例え.テスト"), "例え.テスト");
    cr_assert_str_eq(printable("\xf0\x9f\x90\x9f"), "\xf0\x9f\x90\x9f");
}

Test(report_format, what_harms_is_escaped)
{
    cr_assert_str_eq(printable("a\x1b[31mb"), "a\\x1b[31mb");
    cr_assert_str_eq(printable("a\nb\r\tc\x7f"), "a\\x0ab\\x0d\\x09c\\x7f");
    cr_assert_str_eq(printable("\xc2\x9b"
                               "2J"),
                     "\\xc2\\x9b2J"); /* C1: CSI */
    cr_assert_str_eq(printable("\xe2\x80\xae"
                               "x"),
                     "\\xe2\\x80\\xaex");                                    /* right to left */
    cr_assert_str_eq(printable("\xc0\xaf"), "\\xc0\\xaf");                   /* overlong */
    cr_assert_str_eq(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");          /* surrogate */
    cr_assert_str_eq(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80"); /* beyond Unicode */
    cr_assert_str_eq(printable("\xe2\x82"), "\\xe2\\x82");                   /* cut */
}

Test(report_format, printable_is_idempotent)
{
    char once[64], twice[64];
    report_printable("\x1b\\ü", once, sizeof once);
    report_printable(once, twice, sizeof twice);
    cr_assert_str_eq(once, twice);
}

Test(report_format, cut_between_characters)
{
    char text[6];
    report_printable("abcdü", text, sizeof text);
    cr_assert_str_eq(text, "abcd");
    report_printable("ab\x01", text, sizeof text);
    cr_assert_str_eq(text, "ab");
    report_printable("abcde", text, sizeof text);
    cr_assert_str_eq(text, "abcde");
}

Test(report_format, label)
{
    struct bench *bench = bench_create_idle();
    struct report_state state;
    char text[REPORT_LABEL];
    struct sonde_address address = bench_address("192.0.2.1");
    cr_assert_eq(report_state_init(&state, &bench->run), 0);
    cr_assert_str_eq(report_label(&state, &address, text), "192.0.2.1");
    bench->name = "192.0.2.1";
    cr_assert_str_eq(report_label(&state, &address, text), "192.0.2.1");
    bench->name = "evil\x1b]0;x\x07.example";
    cr_assert_str_eq(report_label(&state, &address, text),
                     "evil\\x1b]0;x\\x07.example (192.0.2.1)");
    char longest[1200];
    memset(longest, 1, sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    bench->name = longest;
    cr_assert_lt(strlen(report_label(&state, &address, text)), REPORT_LABEL);
    cr_assert_str_eq(text + strlen(text) - 12, " (192.0.2.1)");
    state.run.name = NULL;
    cr_assert_str_eq(report_label(&state, &address, text), "192.0.2.1");
    report_state_destroy(&state);
    bench_close(bench);
}
