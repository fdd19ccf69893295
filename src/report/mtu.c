#include "mtu.h"

#include <inttypes.h>
#include <string.h>

#include "json.h"
#include "state.h"
#include "words.h"

/* --- text ------------------------------------------------------------------------------------ */

static void put_hops(const struct report_state *state, const struct sonde_mtu_result *result)
{
    FILE *out = state->run.out;
    if (result->hop_count > 0)
        fputs("Hop  Bytes  Address\n", out);
    for (uint8_t i = 0; i < result->hop_count; i++) {
        const struct sonde_mtu_hop *hop = &result->hops[i];
        char label[REPORT_LABEL];
        fprintf(out, "%3u  ", i + 1);
        if (hop->arrived > 0)
            fprintf(out, "%5u", hop->arrived);
        else
            fprintf(out, "%5s", "?");
        fprintf(out, "  %s\n",
                hop->address.family == SONDE_FAMILY_NONE
                    ? "*"
                    : report_label(state, &hop->address, label));
    }
}

static void put_step(const struct report_state *state, const struct sonde_mtu_step *step)
{
    FILE *out = state->run.out;
    char label[REPORT_LABEL];
    switch (step->by) {
    case SONDE_MTU_BY_DEVICE:
        fprintf(out, "This machine's own link carries %u bytes at most.\n", step->size);
        break;
    case SONDE_MTU_BY_ROUTER:
        if (step->after_hop_known)
            fprintf(out, "Behind hop %u no more than %u bytes fit, as %s says.\n", step->after_hop,
                    step->size, report_label(state, &step->from, label));
        else
            fprintf(out, "Further on no more than %u bytes fit, as %s says.\n", step->size,
                    report_label(state, &step->from, label));
        break;
    case SONDE_MTU_BY_SILENCE:
        if (!step->after_hop_known)
            fputs("Somewhere on the way ", out);
        else if (step->after_hop == 0)
            fputs("Before the first hop ", out);
        else if (step->from.family == SONDE_FAMILY_NONE)
            fprintf(out, "Behind hop %u ", step->after_hop);
        else
            fprintf(out, "Behind hop %u, %s, ", step->after_hop,
                    report_label(state, &step->from, label));
        fprintf(out,
                "larger datagrams than %u bytes vanish without a word: a black hole. Until it is "
                "mended, lower the MTU or clamp TCP's MSS.\n",
                step->size);
        break;
    }
}

static void put_end(const struct report_state *state, const struct report_mtu *what)
{
    const struct sonde_mtu_result *result = what->result;
    const char *target = state->names[0];
    FILE *out = state->run.out;
    char words[REPORT_ICMP_WORDS], number[SONDE_ADDRESS_TEXT];
    switch (result->end) {
    case SONDE_MTU_FOUND:
        fprintf(out, "The path MTU to %s is %u bytes%s.\n", target, result->size,
                result->size == what->config->most ? ", the most that was tried" : "");
        break;
    case SONDE_MTU_PARTIAL:
        fprintf(out, "%s does not answer. As far as hop %u the path MTU is %u bytes.\n", target,
                result->endpoint, result->size);
        break;
    case SONDE_MTU_SILENT:
        fprintf(out, "Nobody answers on the way to %s, not even to %u bytes.\n", target,
                what->config->least);
        break;
    case SONDE_MTU_UNREACHABLE:
        fprintf(out, "%s is not reached: %s, says %s.\n", target,
                report_icmp_words((enum sonde_family)result->from.family, result->icmp_type,
                                  result->icmp_code, 0, 0, words),
                sonde_address_format(&result->from, number));
        break;
    case SONDE_MTU_REFUSED:
        fprintf(out, "Cannot send: %s.\n", strerror(result->error));
        break;
    case SONDE_MTU_GAVE_UP:
    case SONDE_MTU_RUNNING:
        fprintf(out, "Not certain: %u bytes came through to %s.\n", result->size, target);
        break;
    }
}

static void put_text(const struct report_state *state, const struct report_mtu *what)
{
    const struct sonde_mtu_result *result = what->result;
    FILE *out = state->run.out;
    char label[REPORT_LABEL];
    if (what->several_flows)
        fprintf(out, "Flow %u:\n", what->flow);
    put_hops(state, result);
    put_end(state, what);
    for (uint8_t i = 0; i < result->step_count; i++)
        put_step(state, &result->steps[i]);
    if (result->lied)
        fprintf(out, "%s names %" PRIu32 " bytes, but larger ones get through.\n",
                report_label(state, &result->liar, label), result->lied_size);
}

/* --- JSON ------------------------------------------------------------------------------------ */

static json_t *hop_of(const struct report_state *state, unsigned number,
                      const struct sonde_mtu_hop *hop)
{
    char name[REPORT_LABEL];
    json_t *object = json_object();
    report_json_count(object, "hop", number);
    report_json_address(object, "address", &hop->address);
    report_json_text(object, "name", report_name_of(state, &hop->address, name));
    if (hop->arrived > 0)
        report_json_count(object, "arrived_bytes", hop->arrived);
    return object;
}

static json_t *step_of(const struct sonde_mtu_step *step)
{
    static const char *const by[] = {
        [SONDE_MTU_BY_DEVICE] = "device",
        [SONDE_MTU_BY_ROUTER] = "router",
        [SONDE_MTU_BY_SILENCE] = "black_hole",
    };
    json_t *object = json_object();
    report_json_text(object, "by", by[step->by]);
    report_json_count(object, "bytes", step->size);
    if (step->after_hop_known)
        report_json_count(object, "after_hop", step->after_hop);
    report_json_address(object, "from", &step->from);
    return object;
}

static void put_json(struct report_state *state, const struct report_mtu *what)
{
    static const char *const ends[] = {
        [SONDE_MTU_RUNNING] = "running",         [SONDE_MTU_FOUND] = "found",
        [SONDE_MTU_PARTIAL] = "partial",         [SONDE_MTU_SILENT] = "silent",
        [SONDE_MTU_UNREACHABLE] = "unreachable", [SONDE_MTU_REFUSED] = "refused",
        [SONDE_MTU_GAVE_UP] = "gave_up",
    };
    const struct sonde_mtu_result *result = what->result;
    json_t *object = report_json_typed(state, "mtu", report_now(state));
    json_t *hops = json_array(), *steps = json_array();
    report_json_text(object, "target", state->names[0]);
    report_json_address(object, "address", &state->run.targets[0].address);
    report_json_text(object, "probe", report_probe_word(state->run.kind));
    report_json_count(object, "flow", what->flow);
    report_json_text(object, "end", ends[result->end]);
    report_json_count(object, "mtu", result->size);
    report_json_count(object, "least", what->config->least);
    report_json_count(object, "most", what->config->most);
    if (result->endpoint > 0)
        report_json_count(object, "hops_away", result->endpoint);
    for (uint8_t i = 0; i < result->hop_count; i++)
        json_array_append_new(hops, hop_of(state, i + 1u, &result->hops[i]));
    for (uint8_t i = 0; i < result->step_count; i++)
        json_array_append_new(steps, step_of(&result->steps[i]));
    json_object_set_new_nocheck(object, "hops", hops);
    json_object_set_new_nocheck(object, "steps", steps);
    if (result->lied) {
        report_json_address(object, "liar", &result->liar);
        report_json_count(object, "lied_bytes", result->lied_size);
    }
    if (result->error)
        report_json_count(object, "errno", (uint64_t)result->error);
    report_json_count(object, "probes", result->probes);
    report_json_span(object, "spent_ns", what->spent);
    report_json_line(state, object, JSON_COMPACT);
}

int report_mtu(const struct report_run *run, const struct report_mtu *what)
{
    struct report_state state = {0};
    int error = report_state_init(&state, run);
    if (error)
        return error;
    if (what->json)
        put_json(&state, what);
    else
        put_text(&state, what);
    state.dirty = true;
    error = report_state_flush(&state);
    report_state_destroy(&state);
    return error;
}
