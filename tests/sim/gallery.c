/* The gallery for people, docs/scenarios: every file is read, is described, and is what it says. */
#include <criterion/criterion.h>
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "play.h"
#include "sim/scenario.h"

#define GALLERY TESTS_DIR "/../docs/scenarios"
#define MS      SONDE_NS_PER_MS

enum { GALLERY_MAX = 256, PROBES = 20, LONG_PROBES = 120 };

struct gallery {
    char names[GALLERY_MAX][64];
    int count;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void gallery_list(struct gallery *gallery)
{
    DIR *directory = opendir(GALLERY);
    cr_assert_not_null(directory);
    gallery->count = 0;
    for (struct dirent *entry; (entry = readdir(directory));) {
        size_t length = strlen(entry->d_name);
        if (length < 5 || strcmp(entry->d_name + length - 4, ".scn") != 0)
            continue;
        cr_assert(gallery->count < GALLERY_MAX && length < sizeof gallery->names[0]);
        memcpy(gallery->names[gallery->count++], entry->d_name, length + 1);
    }
    closedir(directory);
    qsort(gallery->names, (size_t)gallery->count, sizeof gallery->names[0], by_name);
}

static void load(const char *name, struct sim_scenario *scenario)
{
    char path[512];
    struct sonde_sim_error error;
    snprintf(path, sizeof path, GALLERY "/%s", name);
    cr_assert_eq(sim_scenario_load(scenario, path, &error), 0, "%s:%u: %s", error.file, error.line,
                 error.message);
}

Test(sim_gallery, all_are_read_and_have_somebody_to_ping)
{
    struct gallery gallery;
    gallery_list(&gallery);
    cr_assert_geq(gallery.count, 20);
    for (int i = 0; i < gallery.count; i++) {
        struct sim_scenario scenario;
        load(gallery.names[i], &scenario);
        cr_expect_neq(sim_scenario_named(&scenario, "far"), SIM_NOBODY, "%s: no far",
                      gallery.names[i]);
        sim_scenario_destroy(&scenario);
    }
}

/* A title, 3 to 8 lines about the network, and a line in the table of the README. */
Test(sim_gallery, all_are_described)
{
    struct gallery gallery;
    static char readme[65536];
    FILE *file = fopen(GALLERY "/README.md", "r");
    cr_assert_not_null(file);
    readme[fread(readme, 1, sizeof readme - 1, file)] = '\0';
    fclose(file);
    gallery_list(&gallery);
    for (int i = 0; i < gallery.count; i++) {
        char path[512], line[512], link[160];
        int comments = 0;
        snprintf(path, sizeof path, GALLERY "/%s", gallery.names[i]);
        cr_assert_not_null(file = fopen(path, "r"));
        while (fgets(line, sizeof line, file) && strncmp(line, "# ", 2) == 0) {
            if (comments++ == 0)
                cr_expect(isupper((unsigned char)line[2]) && !strchr(line, '.') &&
                              !strchr(line, ';'),
                          "%s: no title", gallery.names[i]);
        }
        fclose(file);
        cr_expect(comments >= 1 + 3 && comments <= 1 + 8, "%s: %d lines of comment",
                  gallery.names[i], comments);
        snprintf(link, sizeof link, "[%s](%s)", gallery.names[i], gallery.names[i]);
        cr_expect_not_null(strstr(readme, link), "README.md does not mention %s", gallery.names[i]);
    }
}

/* Whose answers are made to mislead: a right verdict about each cannot be asked for. */
static bool misleads(const struct sim_scenario *scenario, uint32_t node)
{
    const struct sim_node *host = &scenario->nodes[node];
    for (uint32_t i = 0; i < host->setting_count; i++) {
        switch (scenario->settings[host->setting_first + i].property) {
        case SIM_STRAY:
        case SIM_FOREIGN:
        case SIM_GARBAGE:
        case SIM_HOSTILE:
        case SIM_MANGLE:
        case SIM_FORGE:
        case SIM_CUT:
        case SIM_TRUNCATE:
            return true;
        default:
            break;
        }
    }
    return false;
}

/* What was heard of one probe is what the network did with it. */
static void agree(const char *whose, const struct play *play, size_t k, uint64_t *missed)
{
    const struct play_probe *probe = &play->probes[k];
    if (probe->error) {
        cr_expect_eq(probe->final, SONDE_SEND_FAILED, "%s: probe %zu", whose, k);
        cr_expect_eq(probe->entered, 0, "%s: probe %zu", whose, k);
        return;
    }
    cr_expect_geq(probe->entered, 1, "%s: probe %zu never entered the network", whose, k);
    bool in_time = probe->intact > 0 && probe->first_ns <= play->echo.probe.timeout.ns;
    bool nothing = probe->final == SONDE_TIMED_OUT || probe->final == SONDE_UNFINISHED;
    if (!in_time) {
        cr_expect(nothing, "%s: probe %zu: outcome %d though nothing came", whose, k, probe->final);
    } else if (nothing) {
        ++*missed;
    } else {
        cr_expect_eq(probe->final == SONDE_REPLY, !probe->first_is_error,
                     "%s: probe %zu: outcome %d", whose, k, probe->final);
        cr_expect_eq(probe->rtt_ns, probe->first_ns, "%s: probe %zu: RTT %lld, true %lld", whose, k,
                     (long long)probe->rtt_ns, (long long)probe->first_ns);
    }
}

static void ping_one(const char *name, const struct sim_scenario *scenario, uint32_t node,
                     const struct sonde_address *address, uint64_t count)
{
    char path[128], whose[160];
    uint64_t missed = 0;
    snprintf(path, sizeof path, "../../../docs/scenarios/%s", name);
    snprintf(whose, sizeof whose, "%s: %s (IPv%d)", name, scenario->nodes[node].name,
             address->family == SONDE_IPV4 ? 4 : 6);
    struct play play = {.scenario = path,
                        .seed = 3,
                        .hosts = address,
                        .host_count = 1,
                        .stop_at_signal = -1,
                        .echo = {.interval = sonde_span_s(1), .count = count}};
    play_run(&play);
    cr_expect_eq(play.result, 0, "%s: %d", whose, play.result);
    for (size_t k = 0; k < count; k++) {
        cr_expect_eq(play.probes[k].finals, 1, "%s: probe %zu has %u final outcomes", whose, k,
                     play.probes[k].finals);
        if (!misleads(scenario, node))
            agree(whose, &play, k, &missed);
    }
    /* a reply that came and was not heard is one that our own queue lost, and said so */
    cr_expect_leq(missed, play.transport_counters.receive_drops, "%s", whose);
    play_free(&play);
}

static void ping_all(const char *name, uint64_t count)
{
    static const enum sonde_family families[] = {SONDE_IPV4, SONDE_IPV6};
    struct sim_scenario scenario;
    load(name, &scenario);
    for (uint32_t node = 0; node < scenario.node_count; node++) {
        for (size_t i = 0; i < 2 && scenario.nodes[node].kind == SIM_HOST; i++) {
            const struct sim_prefix *prefix = sim_scenario_address(&scenario, node, families[i]);
            if (prefix)
                ping_one(name, &scenario, node, &prefix->address, count);
        }
    }
    sim_scenario_destroy(&scenario);
}

Test(sim_gallery, what_is_heard_is_what_happened)
{
    struct gallery gallery;
    gallery_list(&gallery);
    for (int i = 0; i < gallery.count; i++)
        ping_all(gallery.names[i], PROBES);
}

Test(sim_gallery, also_when_it_takes_longer)
{
    struct gallery gallery;
    gallery_list(&gallery);
    for (int i = 0; i < gallery.count; i++)
        ping_all(gallery.names[i], LONG_PROBES);
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The figures that the comments promise: how many of 100 probes, one a second, are answered; the
 * median and the longest round trip of those, in ms. */
Test(sim_gallery, the_comments_are_true)
{
    static const struct {
        const char *file, *host;
        size_t least, most;
        int64_t median_least, median_most, longest_least, longest_most;
    } cases[] = {
        {"lan.scn", "far", 100, 100, 0, 1, 0, 1},
        {"dsl.scn", "far", 85, 97, 25, 27, 780, 840},
        {"congested.scn", "far", 92, 99, 12, 40, 68, 80},
        {"wifi.scn", "far", 88, 100, 8, 14, 15, 1000},
        {"satellite.scn", "far", 70, 97, 555, 566, 565, 590},
        {"mobile.scn", "far", 97, 99, 45, 90, 195, 260},
        {"intercontinental.scn", "far", 100, 100, 240, 250, 240, 252},
        {"rationed-hop.scn", "far", 100, 100, 20, 24, 20, 26},
        {"black-hole.scn", "far", 100, 100, 23, 25, 23, 25},
        {"per-packet.scn", "far", 100, 100, 20, 50, 49, 51},
        {"flapping.scn", "far", 88, 88, 17, 19, 17, 19},
        {"reroute.scn", "far", 98, 98, 15, 42, 40, 42},
        {"delay-step.scn", "far", 100, 100, 22, 57, 55, 57},
        {"routing-loop.scn", "far", 0, 0, 0, 0, 0, 0},
        {"routing-loop.scn", "soon", 90, 90, 7, 9, 7, 9},
        {"firewall.scn", "far", 100, 100, 11, 13, 11, 13},
        {"firewall.scn", "web", 0, 0, 0, 0, 0, 0},
        {"services.scn", "web", 0, 0, 0, 0, 0, 0},
        {"replayed.scn", "far", 100, 100, 8, 10, 8, 10},
        {"corrupting.scn", "far", 84, 98, 15, 17, 15, 17},
        {"laptop.scn", "far", 94, 98, 24, 26, 24, 26},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[128];
        int64_t rtts[100] = {0};
        size_t answered = 0;
        snprintf(path, sizeof path, "../../../docs/scenarios/%s", cases[i].file);
        struct play play = {.scenario = path,
                            .host = cases[i].host,
                            .seed = 1,
                            .stop_at_signal = -1,
                            .echo = {.interval = sonde_span_s(1), .count = 100}};
        play_run(&play);
        for (size_t k = 0; k < 100; k++) {
            if (play.probes[k].final == SONDE_REPLY)
                rtts[answered++] = play.probes[k].rtt_ns;
        }
        play_free(&play);
        qsort(rtts, answered, sizeof rtts[0], by_size);
        int64_t median = answered ? rtts[answered / 2] : 0;
        int64_t longest = answered ? rtts[answered - 1] : 0;
        cr_expect(answered >= cases[i].least && answered <= cases[i].most, "%s: %s: %zu answers",
                  cases[i].file, cases[i].host, answered);
        cr_expect(median >= cases[i].median_least * MS && median <= cases[i].median_most * MS,
                  "%s: %s: median %lld us", cases[i].file, cases[i].host, (long long)median / 1000);
        cr_expect(longest >= cases[i].longest_least * MS && longest <= cases[i].longest_most * MS,
                  "%s: %s: longest %lld us", cases[i].file, cases[i].host,
                  (long long)longest / 1000);
    }
}
