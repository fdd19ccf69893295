#include "base/number.h"

#include <criterion/criterion.h>

#define UNIT_S  ((struct sonde_span){SONDE_NS_PER_S})
#define ALL_MIN ((struct sonde_span){INT64_MIN})
#define ALL_MAX SONDE_FOREVER

Test(base_number, integers)
{
    static const struct {
        const char *text;
        int64_t value;
    } cases[] = {
        {"0", 0},
        {"-0", 0},
        {"+7", 7},
        {"007", 7},
        {"-12", -12},
        {"0x10", 16},
        {"0XfF", 255},
        {"-0x10", -16},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
        {"0x7fffffffffffffff", INT64_MAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t value = 99;
        cr_expect_eq(base_parse_integer(cases[i].text, INT64_MIN, INT64_MAX, &value),
                     BASE_NUMBER_OK, "'%s'", cases[i].text);
        cr_expect_eq(value, cases[i].value, "'%s'", cases[i].text);
    }
}

Test(base_number, what_is_no_integer)
{
    static const char *const cases[] = {"",    "-",   "+",   "abc", "1x",  "1 ",   " 1", "0x",
                                        "0xg", "1.5", "--1", "+-1", "1e3", "0x-1", "a",  "1\n"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t value = 99;
        cr_expect_eq(base_parse_integer(cases[i], INT64_MIN, INT64_MAX, &value),
                     BASE_NUMBER_MALFORMED, "'%s'", cases[i]);
        cr_expect_eq(value, 99, "'%s' wrote a value", cases[i]);
    }
}

Test(base_number, overflow_is_out_of_range_even_without_bounds)
{
    static const char *const cases[] = {"9223372036854775808", "-9223372036854775809",
                                        "99999999999999999999999999999999", "0x8000000000000000",
                                        "0xffffffffffffffffff"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t value = 99;
        cr_expect_eq(base_parse_integer(cases[i], INT64_MIN, INT64_MAX, &value),
                     BASE_NUMBER_OUT_OF_RANGE, "'%s'", cases[i]);
        cr_expect_eq(value, 99, "'%s' wrote a value", cases[i]);
    }
    int64_t value;
    cr_expect_eq(base_parse_integer("9999999999999999999999x", 0, 9, &value),
                 BASE_NUMBER_MALFORMED);
}

Test(base_number, bounds_belong_to_the_range)
{
    int64_t value;
    cr_expect_eq(base_parse_integer("5", 5, 7, &value), BASE_NUMBER_OK);
    cr_expect_eq(base_parse_integer("7", 5, 7, &value), BASE_NUMBER_OK);
    cr_expect_eq(base_parse_integer("4", 5, 7, &value), BASE_NUMBER_OUT_OF_RANGE);
    cr_expect_eq(base_parse_integer("8", 5, 7, &value), BASE_NUMBER_OUT_OF_RANGE);
}

Test(base_number, durations)
{
    static const struct {
        const char *text;
        int64_t ns;
    } cases[] = {
        {"0", 0},
        {"1", 1000000000},
        {"0.2", 200000000},
        {".5", 500000000},
        {"1.", 1000000000},
        {"+1", 1000000000},
        {"-1.5", -1500000000},
        {"200ms", 200000000},
        {"2us", 2000},
        {"7ns", 7},
        {"1.9ns", 1},
        {"0.000000001", 1},
        {"0.0000000019", 1},
        {"1m", 60000000000},
        {"0.5h", 1800000000000},
        {"0.000000000099h", 356},         /* 356.4 ns: cut off once, not at each digit */
        {"0.00000000000000000000009", 0}, /* far beyond the nanosecond */
        {"9223372036.854775807", INT64_MAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sonde_span value = {99};
        cr_expect_eq(base_parse_duration(cases[i].text, UNIT_S, ALL_MIN, ALL_MAX, &value),
                     BASE_NUMBER_OK, "'%s'", cases[i].text);
        cr_expect_eq(value.ns, cases[i].ns, "'%s': %lld", cases[i].text, (long long)value.ns);
    }
}

Test(base_number, the_unit_of_a_bare_number_is_the_callers)
{
    struct sonde_span value;
    cr_assert_eq(
        base_parse_duration("20", (struct sonde_span){SONDE_NS_PER_MS}, ALL_MIN, ALL_MAX, &value),
        BASE_NUMBER_OK);
    cr_expect_eq(value.ns, 20 * SONDE_NS_PER_MS);
}

Test(base_number, what_is_no_duration)
{
    static const char *const cases[] = {"",   ".",   "-",    "abc",  "1 s", "1x",   "1.2.3",
                                        "s",  "1e3", "0x10", "nan",  "inf", "1sec", "1S",
                                        " 1", "--1", "1,5",  "1min", "-.",  ".s"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sonde_span value = {99};
        cr_expect_eq(base_parse_duration(cases[i], UNIT_S, ALL_MIN, ALL_MAX, &value),
                     BASE_NUMBER_MALFORMED, "'%s'", cases[i]);
        cr_expect_eq(value.ns, 99, "'%s' wrote a value", cases[i]);
    }
}

Test(base_number, durations_out_of_range)
{
    static const char *const cases[] = {"9223372036.854775808", "9223372037",
                                        "99999999999999999999", "-9223372037",
                                        "9999999999999h",       "2562048h"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sonde_span value = {99};
        cr_expect_eq(base_parse_duration(cases[i], UNIT_S, ALL_MIN, ALL_MAX, &value),
                     BASE_NUMBER_OUT_OF_RANGE, "'%s'", cases[i]);
        cr_expect_eq(value.ns, 99, "'%s' wrote a value", cases[i]);
    }
    struct sonde_span value;
    cr_expect_eq(base_parse_duration("-0.001", UNIT_S, (struct sonde_span){0}, ALL_MAX, &value),
                 BASE_NUMBER_OUT_OF_RANGE);
    cr_expect_eq(base_parse_duration("10.000000001", UNIT_S, (struct sonde_span){0},
                                     sonde_span_s(10), &value),
                 BASE_NUMBER_OUT_OF_RANGE);
    cr_expect_eq(
        base_parse_duration("10", UNIT_S, (struct sonde_span){0}, sonde_span_s(10), &value),
        BASE_NUMBER_OK);
}
