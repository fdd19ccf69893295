#include "language.h"

#include "sim/reader.h"

static struct sim_scenario scenario;
static struct sonde_sim_error error;
static struct sim_reader reader;

static void over(const char *text)
{
    error = (struct sonde_sim_error){0};
    sim_reader_init(&reader, &scenario, text, strlen(text), &error);
}

Test(sim_reader, spans)
{
    static const struct {
        const char *text;
        bool good;
        int64_t ns;
    } cases[] = {{"0", true, 0},
                 {"270ms", true, 270 * SONDE_NS_PER_MS},
                 {"1.5s", true, 1500 * SONDE_NS_PER_MS},
                 {"-30s", true, -30 * SONDE_NS_PER_S},
                 {"3ns", true, 3},
                 {"2m", true, 120 * SONDE_NS_PER_S},
                 {"1h", true, 3600 * SONDE_NS_PER_S},
                 {"87600h", true, INT64_C(315360000) * SONDE_NS_PER_S},
                 {"87601h", false, 0},
                 {"1", false, 0},
                 {"", false, 0},
                 {"s", false, 0},
                 {"-", false, 0},
                 {"--1s", false, 0},
                 {"-0", false, 0},
                 {"1e3s", false, 0},
                 {"0x10s", false, 0}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t ns = 0;
        cr_assert_eq(sim_read_span(cases[i].text, &ns), cases[i].good, "%s", cases[i].text);
        cr_assert_eq(ns, cases[i].ns, "%s", cases[i].text);
    }
}

Test(sim_reader, chances)
{
    static const struct {
        const char *text;
        double chance;
    } cases[] = {{"0%", 0},
                 {"100%", 1},
                 {"0.5%", 0.005},
                 {".5%", 0.005},
                 {"12.25%", 0.1225},
                 {"100.1%", -1},
                 {"5", -1},
                 {"%", -1},
                 {".%", -1},
                 {"1..2%", -1},
                 {"-1%", -1},
                 {"1e1%", -1},
                 {"0.00000000000000001%", -1}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        double chance = -1;
        over(cases[i].text);
        cr_assert_eq(sim_reader_chance(&reader, &chance), cases[i].chance >= 0, "%s",
                     cases[i].text);
        cr_assert_float_eq(chance, cases[i].chance, 1e-12, "%s", cases[i].text);
    }
}

Test(sim_reader, rates)
{
    static const struct {
        const char *text;
        int64_t rate; /* 0: it is none */
    } cases[] = {{"1bit", 1},
                 {"999bit", 999},
                 {"64kbit", 64000},
                 {"2.5Mbit", 2500000},
                 {".5kbit", 500},
                 {"1.000001Mbit", 1000001},
                 {"1000Gbit", INT64_C(1000000000000)},
                 {"1Tbit", INT64_C(1000000000000)},
                 {"0.000000000001Tbit", 1},
                 {"1.0000001Mbit", 0},
                 {"1.5bit", 0},
                 {"0bit", 0},
                 {"0Gbit", 0},
                 {"1.1Tbit", 0},
                 {"999999999999999Tbit", 0},
                 {"1234567890123456bit", 0},
                 {"-1bit", 0},
                 {"1", 0},
                 {"bit", 0},
                 {".bit", 0},
                 {"1..5Mbit", 0},
                 {"1MBit", 0},
                 {"1Mbits", 0},
                 {"1e3bit", 0}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t rate = 0;
        over(cases[i].text);
        cr_assert_eq(sim_reader_rate(&reader, &rate), cases[i].rate > 0, "%s", cases[i].text);
        cr_assert(cases[i].rate == 0 || rate == cases[i].rate, "%s: %lld", cases[i].text,
                  (long long)rate);
    }
}

Test(sim_reader, shares_may_be_more_than_all)
{
    double share = -1;
    over("1000% 1000.5%");
    cr_assert(sim_reader_share(&reader, 1000, &share));
    cr_assert_float_eq(share, 10, 1e-12);
    cr_assert(!sim_reader_share(&reader, 1000, &share));
    cr_assert_str_eq(error.message, "expected a percentage from 0% to 1000%, found \"1000.5%\"");
}

Test(sim_reader, texts)
{
    struct sim_setting setting = {0};
    over("word \"two words\" \"\"");
    cr_assert(sim_reader_text(&reader, "a text", 1, 9, &setting));
    cr_assert(sim_reader_text(&reader, "a text", 1, 9, &setting));
    cr_assert_eq(setting.list_count, 9);
    cr_assert_str_eq(scenario.text + setting.list_first, "two words");
    cr_assert(!sim_reader_text(&reader, "a text", 1, 9, &setting));
    cr_assert_str_eq(error.message, "expected a text of 1 to 9 bytes, found \"\"");
    over("0123456789");
    cr_assert(!sim_reader_text(&reader, "a text", 1, 9, &setting));
    sim_scenario_destroy(&scenario);
}

Test(sim_reader, the_first_mistake_is_the_one_that_is_told)
{
    int64_t value;
    over("x\ny\n");
    cr_assert(!sim_reader_integer(&reader, "a first", 1, 5, &value));
    cr_assert(!sim_reader_integer(&reader, "a second", 1, 5, &value));
    cr_assert_str_eq(error.message, "expected a first from 1 to 5, found \"x\"");
    cr_assert_eq(error.line, 1);
    cr_assert_eq(reader.result, -EINVAL);
}

Test(sim_reader, what_was_found_is_made_printable)
{
    over("\"\\x1b[2J\"");
    cr_assert(!sim_reader_require(&reader, "by"));
    cr_assert_str_eq(error.message, "expected \"by\", found \"\\x1b[2J\"");
    over("");
    cr_assert(!sim_reader_require(&reader, "by"));
    cr_assert_str_eq(error.message, "expected \"by\", found the end of the statement");
    over("a\x01");
    cr_assert(!sim_reader_require(&reader, "by"));
    cr_assert_str_eq(error.message, "a character that does not belong into a word");
}

Test(sim_reader, choices_are_listed)
{
    static const struct sim_word words[] = {{"one", 1}, {"two", 2}, {0}};
    int64_t value = 0;
    over("two three");
    cr_assert(sim_reader_choice(&reader, "a number", words, &value));
    cr_assert_eq(value, 2);
    cr_assert(!sim_reader_choice(&reader, "a number", words, &value));
    cr_assert_str_eq(error.message, "expected a number: one, two, found \"three\"");
}

Test(sim_reader, no_memory_is_its_own_result)
{
    over("x");
    cr_assert(sim_reader_added(&reader, 0));
    cr_assert(!sim_reader_added(&reader, -ENOMEM));
    cr_assert_eq(reader.result, -ENOMEM);
}
