#include "language.h"

#include <stdio.h>
#include <stdlib.h>

#define R   "router r 198.18.1.1\n"
#define H   "host h 198.18.0.9 "
#define NOW "send-error ENETDOWN\n"

/* Every kind of mistake: where it is told, and a part of what is told. */
Test(sim_parse, mistakes)
{
    static const struct mistake cases[] = {
        {"hots a 1.2.3.4\n", 1, "expected host, router, bank, link, group"},
        {"\n\n# x\nhots\n", 4, "found \"hots\""},
        {"host\n", 1, "expected a name"},
        {"host a\n", 1, "expected an address, found the end"},
        {"host a\n  delay 5ms\n", 2, "expected an address"},
        {"host a/b 1.2.3.4\n", 1, "expected a name"},
        {"host delay 1.2.3.4\n", 1, "expected a name"},
        {"host none 1.2.3.4\n", 1, "expected a name"},
        {"host aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 1.2.3.4\n", 1, "at most 31"},
        {"host a 1.2.3\n", 1, "expected an address or a prefix"},
        {"host a 1.2.3.4/33\n", 1, "expected an address or a prefix"},
        {"host a fe80::1%2\n", 1, "expected an address"},
        {"router a 10.0.0.0/8\n", 1, "expected an address"},
        {"host a 1.2.3.4\nhost b 1.2.3.4\n", 2, "1.2.3.4 belongs to \"a\" already"},
        {"host a 10.0.0.0/8\nhost b 10.1.1.1/8\n", 2, "belongs to \"a\" already"},
        {"host a 1.2.3.4\nrouter a 1.2.3.5\n", 2, "\"a\" is a host"},
        {"host a 1.2.3.4\nhost a 1.2.3.5\n", 2, "expected a property of a host"},
        {"at 5s host a 1.2.3.4\n", 1, "expected the name of a host defined above"},
        {H "bogus 5\n", 1, "expected a property of a host, found \"bogus\""},
        {H "quote 8\n", 1, "expected a property of a host"},
        {"router r 1.2.3.4 spread 5ms\n", 1, "expected a property of a router"},
        {H "delay\n", 1, "expected a time with its unit"},
        {H "delay 5\n", 1, "expected a time with its unit"},
        {H "delay -5ms\n", 1, "not negative"},
        {H "delay 5mss\n", 1, "expected a time"},
        {H "delay 999999999999h\n", 1, "expected a time"},
        {H "loss 5\n", 1, "percentage"},
        {H "loss 101%\n", 1, "percentage"},
        {H "loss -1%\n", 1, "percentage"},
        {H "loss %\n", 1, "percentage"},
        {H "loss 1.2.3%\n", 1, "percentage"},
        {H "burst 1%\n", 1, "percentage"},
        {H "jitter gauss 5ms\n", 1, "fixed, uniform, normal, pareto"},
        {H "jitter pareto 5ms shape 1\n", 1, "expected a shape from 2 to 100"},
        {H "reorder 1%\n", 1, "expected \"by\""},
        {H "reorder 1% by 0\n", 1, "more than 0"},
        {H "truncate 1% at 5\n", 1, "expected \"to\""},
        {H "duplicate 1% copies 99\n", 1, "from 1 to 16"},
        {H "hop-limit 0\n", 1, "expected a hop limit from 1 to 255"},
        {H "error\n", 1, "expected an error: unreachable"},
        {H "error unreachable\n", 1, "expected a code number or a word"},
        {H "error unreachable 256 from r\n", 1, "from 0 to 255"},
        {H "error unreachable net\n", 1, "expected \"from\""},
        {H "error unreachable net from r\n", 1, "expected the name of a router defined above"},
        {R H "error redirect r from r\n", 2, "expected an IPv4 or IPv6 address"},
        {R H "mtu 1400\n", 2, "expected a property of a host"},
        {R H "\nlink r h mtu 10\n", 3, "from 68 to 65535"},
        {R H "via\n", 2, "expected the name of a router"},
        {R H "via h\n", 2, "expected the name of a router"},
        {H "answers\n", 1, "expected what is answered: echo"},
        {H "reply-from x\n", 1, "expected an IPv4 or IPv6 address"},
        {"router r 1.2.3.4 quote-options 01\n", 1, "hexadecimal"},
        {"router r 1.2.3.4 quote-options 0102030g\n", 1, "hexadecimal"},
        {"group g 1.2.3.4 members r\n", 1, "expected the name of a host"},
        {"observer mtu 100\n", 1, "from 576 to 65535"},
        {"observer stamps\n", 1, "\"exact\""},
        {"observer clock 2024-13-01T00:00:00Z\n", 1, "time of day"},
        {"observer clock today\n", 1, "time of day"},
        {"observer 1.2.3.4\nobserver 1.2.3.5\n", 2, "given above"},
        {"at 5s observer 1.2.3.4\n", 1, "cannot change at a time"},
        {"at 5s observer identifiers 3\n", 1, "\"identifiers\" cannot change at a time"},
        {H "\nat 5s host h reverse x\n", 2, "\"reverse\" cannot change at a time"},
        {"at\n", 1, "expected a time such as 10s"},
        {"at -5s signal INT\n", 1, "expected a time such as 10s"},
        {"at 5s..3s send-error ENETDOWN\n", 1, "expected the later time"},
        {"at 5s..\n", 1, "expected a time such as 10s"},
        {"at 5s\n", 1, "expected host, router"},
        {"at 5s every 2s for 1s " NOW, 1,
         "expected two times such as 10s..60s in front of \"every\""},
        {"at 1s..9s every " NOW, 1, "expected a time with its unit"},
        {"at 1s..9s every 0 for 1s " NOW, 1, "more than 0"},
        {"at 1s..9s every -2s for 1s " NOW, 1, "more than 0"},
        {"at 1s..9s every 2s " NOW, 1, "expected \"for\", found \"send-error\""},
        {"at 1s..9s every 2s for 0 " NOW, 1, "more than 0"},
        {"at 1s..9s every 2s for -1s " NOW, 1, "more than 0"},
        {"at 1s..9s every 2s for 2s " NOW, 1, "expected a time shorter than that behind"},
        {"at 1s..9s every 2s for soon " NOW, 1, "expected a time with its unit"},
        {"at 1s..9s every 2s for 1s signal INT\n", 1, "expected one time in front"},
        {"at 0s..87600h every 1s for 500ms " NOW, 1,
         "expected at most 262144 properties: this is one for each of 1 nodes and 315360000"},
        {"bank k 256 10.0.0.1\nat 0s..1025s every 1s for 1ms bank k silent\n", 2,
         "expected at most 262144 properties: this is one for each of 256 nodes and 1025 periods"},
        {"signal INT\n", 1, "expected one time in front"},
        {"at 5s..6s signal INT\n", 1, "expected one time in front"},
        {"at 5s signal KILL\n", 1, "expected a signal: INT"},
        {"at 5s signal INT now\n", 1, "expected the end of the statement, found \"now\""},
        {"at 5s suspend 0\n", 1, "more than 0"},
        {"at 5s clock-step soon\n", 1, "expected a time"},
        {"send-error EGAD\n", 1, "expected an error: ENETUNREACH"},
        {"receive-drop lots\n", 1, "percentage"},
        {H "reverse \"open\n", 1, "not closed"},
        {H "reverse \"a\\q\"\n", 1, "behind a backslash"},
        {H "reverse \"a\\x00\"\n", 1, "behind a backslash"},
        {"host a\x01 1.2.3.4\n", 1, "does not belong"},
        {"host \xc3\xa4 1.2.3.4\n", 1, "does not belong"},
        {H "delay \"5ms\"\n", 1, "expected a time"},
    };
    EXPECT_MISTAKES(cases);
}

Test(sim_parse, everything_that_can_be_written)
{
    static const char text[] =
        "# all of it\r\n"
        "observer 198.18.0.7 2001:db8::7 mtu 9000 send-cost 2us stamps late 1ms\n"
        "  receive-queue 100 identifiers 3\tclock 2030-02-03T04:05:06Z\n"
        "router r1 198.18.1.1 delay 1ms jitter uniform 1ms loss 1% hop-limit 254 quote all\n"
        "router r2 2001:db8:1::1 quote 8 quote-options 01010101 reverse r2.example\n"
        "host far 198.18.0.9 2001:db8::9 10.0.0.0/8 2001:db8:5::/64\n"
        "    delay 270ms            # satellite\n"
        "\n"
        "# between\n"
        "    jitter pareto 5ms shape 4 loss 0.5% burst 1% 20% inside 90% outside 0.1%\n"
        "    duplicate 1% after 3s copies 2 reorder 5% by 10ms corrupt 1% truncate 1% to 20\n"
        "    cut 1% to 24 mangle 1% at 16 forge 2% garbage 3% bytes 40 stray 1%\n"
        "    alive 60% spread 195ms via r1 r2 reply-from 198.18.0.10 hop-limit 128\n"
        "    error unreachable host from r1 chance 50%\n"
        "    answers echo timestamp extended-code 2 clock-offset -3s\n"
        "    reverse \"evil\\x1b[2J \\\"\\\\\"\n"
        "host dead 198.18.0.11 silent answers nothing jitter normal 1ms via none\n"
        "group all 198.18.0.255 members far dead\n"
        "at 10s host far loss 100%\n"
        "at 20s..30s host far delay 500ms via r2\n"
        "at 5s signal INT\n"
        "at 10s suspend 2s\n"
        "at 4s clock-step -30s\n"
        "at 3s..5s send-error ENETUNREACH chance 50%\n"
        "at 6s..7s receive-drop 10%\n"
        "at 8s observer mtu 1400\n";
    struct sim_scenario scenario;
    struct sonde_sim_error error;
    cr_assert_eq(sim_scenario_parse(&scenario, "x", text, sizeof(text) - 1, &error), 0, "%u: %s",
                 error.line, error.message);
    cr_assert_eq(scenario.node_count, 6);
    cr_assert_eq(scenario.happening_count, 3);
    cr_assert_eq(scenario.happenings[0].kind, SIM_HAPPENS_CLOCK_STEP, "sorted by time");
    const struct sim_setting *p[SIM_PROPERTIES];
    uint32_t far = sim_scenario_named(&scenario, "far");
    int64_t until = sim_scenario_in_force(&scenario, far, 0, p);
    cr_assert_eq(until, 10 * SONDE_NS_PER_S);
    cr_assert_eq(p[SIM_DELAY]->number[0], 270 * SONDE_NS_PER_MS);
    cr_assert_float_eq(p[SIM_LOSS]->chance[0], 0.005, 1e-12);
    cr_assert_float_eq(p[SIM_BURST]->chance[3], 0.001, 1e-12);
    cr_assert_eq(p[SIM_JITTER]->chance[0], 4);
    cr_assert_eq(p[SIM_DUPLICATE]->number[1], 2);
    cr_assert_eq(p[SIM_VIA]->list_count, 2);
    cr_assert_eq(p[SIM_FAULT]->code6, 3);
    cr_assert_eq(p[SIM_ANSWERS]->number[0], SIM_ANSWERS_ECHO | SIM_ANSWERS_TIMESTAMP);
    cr_assert_eq(p[SIM_CLOCK_OFF]->number[0], -3 * SONDE_NS_PER_S);
    cr_assert_str_eq(scenario.text + p[SIM_REVERSE]->list_first, "evil\x1b[2J \"\\");
    sim_scenario_in_force(&scenario, 0, 0, p);
    cr_assert_eq(p[SIM_CLOCK]->number[0], INT64_C(1896321906) * SONDE_NS_PER_S);
    sim_scenario_destroy(&scenario);
}

Test(sim_parse, every_prefix_of_a_scenario_is_survived)
{
    static const char text[] = "router r 198.18.1.1\nhost a 198.18.0.9 10.0.0.0/8 via r\n"
                               "  error unreachable host from r chance 5% reverse \"x\\x41\"\n"
                               "at 1s..2s host a loss 5%\nat 5s signal INT\n";
    for (size_t length = 0; length < sizeof(text); length++) {
        char *copy = malloc(length ? length : 1);
        memcpy(copy, text, length);
        struct sim_scenario scenario;
        struct sonde_sim_error error;
        int result = sim_scenario_parse(&scenario, "x", copy, length, &error);
        cr_assert(result == 0 || (result == -EINVAL && error.line > 0 && error.message[0]));
        if (result == 0)
            sim_scenario_destroy(&scenario);
        free(copy);
    }
}

/* The example that opens docs/scenarios.md. */
Test(sim_parse, first_example)
{
    struct sim_scenario scenario;
    struct sonde_sim_error error;
    char text[400] = "";
    char line[200];
    FILE *manual = fopen(TESTS_DIR "/../docs/scenarios.md", "r");
    cr_assert_not_null(manual);
    while (fgets(line, sizeof(line), manual) && strncmp(line, "    $", 5) != 0)
        if (strncmp(line, "    ", 4) == 0)
            strcat(text, line + 4);
    fclose(manual);
    cr_assert_eq(sim_scenario_parse(&scenario, "x", text, strlen(text), &error), 0, "%u: %s\n%s",
                 error.line, error.message, text);
    cr_assert_eq(scenario.node_count, 5);
    sim_scenario_destroy(&scenario);
}

Test(sim_parse, periods)
{
    struct read read;
    read_text(&read, R H "\nat 10s..31s every 10s for 2s link r h down loss 5%\n");
    uint32_t node = link_between(&read, "r", "h");
    cr_assert_eq(read.scenario.nodes[node].setting_count, 6);
    static const struct {
        int64_t at_s;
        bool down;
        int64_t until_s;
    } cases[] = {{0, false, 10},  {10, true, 12}, {12, false, 20}, {21, true, 22},
                 {22, false, 30}, {30, true, 31}, {31, false, 0}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t until =
            sim_scenario_in_force(&read.scenario, node, cases[i].at_s * SONDE_NS_PER_S, read.p);
        cr_assert_eq(read.p[SIM_DOWN] != NULL, cases[i].down, "%zu", i);
        cr_assert_eq(read.p[SIM_LOSS] != NULL, cases[i].down, "%zu", i);
        cr_assert_eq(until, cases[i].until_s ? cases[i].until_s * SONDE_NS_PER_S : INT64_MAX, "%zu",
                     i);
    }
    sim_scenario_destroy(&read.scenario);
    read_text(&read, "at 0s..1024s every 1s for 999ms send-error ENETDOWN\n"
                     "bank k 255 10.0.0.1\nat 0s..1024s every 1s for 1ns bank k silent\n");
    cr_assert_eq(read.scenario.setting_count, SIM_SETTINGS_MAX);
    sim_scenario_destroy(&read.scenario);
}

Test(sim_parse, limits)
{
    struct sim_scenario scenario;
    struct sonde_sim_error error;
    size_t size = 17u << 20;
    char *text = malloc(size);
    memset(text, '\n', size);
    cr_assert_eq(sim_scenario_parse(&scenario, "x", text, size, &error), -EINVAL);
    cr_assert_not_null(strstr(error.message, "bytes"));
    size_t used = 0;
    for (int i = 0; i < SIM_NODES_MAX; i++)
        used += (size_t)sprintf(text + used, "host h%d 10.%d.%d.%d\n", i, i >> 16 & 255,
                                i >> 8 & 255, i & 255);
    cr_assert_eq(sim_scenario_parse(&scenario, "x", text, used, &error), -EINVAL);
    cr_assert_not_null(strstr(error.message, "at most 65536 names"));
    free(text);
}

Test(sim_parse, files)
{
    struct sim_scenario scenario;
    struct sonde_sim_error error;
    cr_assert_eq(sim_scenario_load(&scenario, "/nowhere/x.scn", &error), -ENOENT);
    cr_assert_eq(error.line, 0);
    cr_assert_str_eq(error.file, "/nowhere/x.scn");
    cr_assert_str_eq(error.message, "cannot be read: No such file or directory");
    cr_assert_eq(sim_scenario_load(&scenario, "/", &error), -EISDIR);
    char path[] = "/tmp/sonde-parse-XXXXXX";
    FILE *file = fdopen(mkstemp(path), "w");
    for (int i = 0; i < 5000; i++)
        fprintf(file, "# a long file, longer than one read\n");
    fprintf(file, "host a 198.18.0.9\nhost b\n");
    fclose(file);
    cr_assert_eq(sim_scenario_load(&scenario, path, &error), -EINVAL);
    cr_assert_eq(error.line, 5002);
    remove(path);
}
