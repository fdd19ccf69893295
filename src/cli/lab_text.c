#include "cli/lab_text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#define NAMES_WIDTH 400 /* characters of names that are shown */

/* Of the two directions of a link one is counted. */
static bool counts(const struct sim_scenario *scenario, uint32_t index)
{
    const struct sim_node *node = &scenario->nodes[index];
    return node->kind != SIM_LINK || node->from < node->to ||
           sim_scenario_link(scenario, node->to, node->from) == SIM_NOBODY;
}

static uint32_t count_of(const struct sim_scenario *scenario, enum sim_node_kind kind)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < scenario->node_count; i++)
        count += scenario->nodes[i].kind == kind && counts(scenario, i);
    return count;
}

static void write_count(uint32_t count, const char *what, const char *behind, FILE *out)
{
    fprintf(out, "%" PRIu32 " %s%s%s", count, what, count == 1 ? "" : "s", behind);
}

static bool has_name(enum sim_node_kind kind, enum sim_node_kind wanted)
{
    return wanted == SIM_OBSERVER ? kind == SIM_HOST || kind == SIM_ROUTER || kind == SIM_GROUP
                                  : kind == wanted;
}

void lab_text_names(const struct sim_scenario *scenario, enum sim_node_kind kind, FILE *out)
{
    size_t width = 0;
    uint32_t left = 0;
    for (uint32_t i = 0; i < scenario->node_count; i++) {
        const struct sim_node *node = &scenario->nodes[i];
        if (!has_name(node->kind, kind))
            continue;
        if (width > 0 && width + strlen(node->name) > NAMES_WIDTH) {
            left++;
            continue;
        }
        fprintf(out, "%s%s", width > 0 ? ", " : "", node->name);
        width += strlen(node->name) + 2;
    }
    if (left > 0)
        fprintf(out, " and %" PRIu32 " more", left);
}

void lab_text_machine(const struct lab_stage_config *machine, FILE *out)
{
    char text[SONDE_ADDRESS_TEXT];
    fputs(LAB_DEVICE, out);
    for (int i = 0; i < 2; i++)
        if (machine->own[i].family != SONDE_FAMILY_NONE)
            fprintf(out, " %s", sonde_address_format(&machine->own[i], text));
    fprintf(out, " mtu %" PRIu32, machine->mtu);
}

static void write_kind(const struct sim_scenario *scenario, enum sim_node_kind kind,
                       const char *heading, FILE *out)
{
    if (count_of(scenario, kind) == 0)
        return;
    fprintf(out, "%s: ", heading);
    lab_text_names(scenario, kind, out);
    fputc('\n', out);
}

void lab_text_scenario(const struct sim_scenario *scenario, const char *path,
                       const struct lab_stage_config *machine, FILE *out)
{
    uint32_t timed = 0;
    for (uint32_t i = 0; i < scenario->setting_count; i++)
        timed += scenario->settings[i].from != INT64_MIN;
    fprintf(out, "%s: ", path);
    write_count(count_of(scenario, SIM_HOST), "host", ", ", out);
    write_count(count_of(scenario, SIM_ROUTER), "router", ", ", out);
    write_count(count_of(scenario, SIM_GROUP), "group", ", ", out);
    write_count(count_of(scenario, SIM_LINK), "link", "; ", out);
    write_count(scenario->setting_count - timed, "property setting", " from the start, ", out);
    fprintf(out, "%" PRIu32 " later; ", timed);
    write_count(scenario->happening_count, "event", "\n", out);
    fputs("machine: ", out);
    lab_text_machine(machine, out);
    fputc('\n', out);
    write_kind(scenario, SIM_HOST, "hosts", out);
    write_kind(scenario, SIM_ROUTER, "routers", out);
    write_kind(scenario, SIM_GROUP, "groups", out);
}

static void write_if_any(uint64_t count, const char *what, FILE *out)
{
    if (count > 0)
        fprintf(out, "; %" PRIu64 " %s", count, what);
}

void lab_text_counters(const struct lab_player_counters *counters, FILE *out)
{
    fprintf(out, "%" PRIu64 " packets came, %" PRIu64 " answers left, ", counters->packets,
            counters->answers);
    if (counters->late > 0)
        fprintf(out, "%" PRIu64 " of them over 1 ms late, ", counters->late);
    fprintf(out, "at most %.3f ms late", (double)counters->worst.ns / (double)SONDE_NS_PER_MS);
    write_if_any(counters->ignored, "ignored (not IP, or the kernel's own)", out);
    write_if_any(counters->dropped, "lost in our receive queue", out);
    write_if_any(counters->refused, "answers refused by the kernel", out);
    write_if_any(counters->unanswered, "not answered for want of memory", out);
    write_if_any(counters->unrecorded, "not written down for want of memory", out);
}
