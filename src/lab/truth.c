#include "lab/truth.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/truth_packet.h"

struct lab_truth {
    FILE *file;
    bool ours; /* to close */
    struct lab_clock clock;
    int error; /* negative errno: of the first write that failed */
};

int lab_truth_open(struct lab_truth **opened, const char *path)
{
    struct lab_truth *truth = calloc(1, sizeof *truth);
    int error;

    if (!truth)
        return -ENOMEM;
    json_object_seed(0); /* reads a file: later none may be opened */
    truth->ours = strcmp(path, "-") != 0;
    truth->file = truth->ours ? fopen(path, "we") : stdout;
    if (!truth->file) {
        error = errno ? -errno : -EIO;
        free(truth);
        return error;
    }
    *opened = truth;
    return 0;
}

static void keep_error(struct lab_truth *truth)
{
    if (!truth->error)
        truth->error = errno ? -errno : -EIO;
}

int lab_truth_close(struct lab_truth *truth)
{
    int error;

    errno = 0;
    if (truth->ours ? fclose(truth->file) : fflush(truth->file))
        keep_error(truth);
    error = truth->error;
    free(truth);
    return error;
}

static void begin(void *self, const struct lab_clock *clock)
{
    struct lab_truth *truth = self;

    truth->clock = *clock;
}

static void set(json_t *object, const char *key, json_t *value)
{
    json_object_set_new_nocheck(object, key, value);
}

static json_t *time_of(const struct lab_truth *truth, struct sonde_mono at)
{
    if (at.ns == SONDE_NEVER.ns)
        return json_null();
    return json_integer(lab_clock_wall(&truth->clock, at).ns);
}

static json_t *name_of(const char *name)
{
    return name ? json_string(name) : json_null();
}

static json_t *stamp_word(bool kernel)
{
    return json_string(kernel ? "kernel" : "user");
}

static json_t *way_of(const struct lab_truth *truth, const struct lab_record *record)
{
    json_t *way = json_array();

    for (size_t i = 0; i < record->way_count; i++) {
        json_t *step = json_object();

        set(step, "node", name_of(record->way[i].node));
        set(step, "at_ns", time_of(truth, record->way[i].at));
        json_array_append_new(way, step);
    }
    return way;
}

static json_t *harm_of(unsigned harm)
{
    json_t *list = json_array();

    for (unsigned bit = 1; bit && bit <= harm; bit <<= 1)
        if (harm & bit && lab_harm_name(bit))
            json_array_append_new(list, json_string(lab_harm_name(bit)));
    return list;
}

static json_t *difference(bool known, struct sonde_mono to, struct sonde_mono from)
{
    return known ? json_integer(sonde_mono_since(to, from).ns) : json_null();
}

static json_t *decision_of(const struct lab_truth *truth, const struct lab_record *record,
                           const struct lab_decision *decision)
{
    json_t *object = json_object();
    bool left = decision->left.ns != SONDE_NEVER.ns;

    set(object, "fate", json_string(sonde_sim_fate_name(decision->fate)));
    set(object, "harm", harm_of(decision->harm));
    set(object, "returning", json_boolean(decision->returning));
    set(object, "node", name_of(decision->node));
    set(object, "due_ns", time_of(truth, decision->due));
    set(object, "left_ns", time_of(truth, decision->left));
    set(object, "left_by", left ? stamp_word(decision->left_by_kernel) : json_null());
    set(object, "late_ns", difference(left, decision->left, decision->due));
    set(object, "rtt_ns", difference(left, decision->left, record->came));
    if (decision->answer.length) {
        json_t *answer = json_object();

        lab_truth_packet(answer, decision->answer);
        set(object, "answer", answer);
    } else {
        set(object, "answer", json_null());
    }
    return object;
}

static void write_record(void *self, const struct lab_record *record)
{
    struct lab_truth *truth = self;
    json_t *object;
    json_t *decisions;

    if (truth->error)
        return;
    object = json_object();
    decisions = json_array();
    set(object, "number", json_integer((json_int_t)record->number));
    set(object, "came_ns", time_of(truth, record->came));
    set(object, "came_by", stamp_word(record->came_by_kernel));
    lab_truth_packet(object, record->packet);
    set(object, "way", way_of(truth, record));
    for (size_t i = 0; i < record->decision_count; i++)
        json_array_append_new(decisions, decision_of(truth, record, &record->decisions[i]));
    set(object, "decisions", decisions);
    errno = object ? 0 : ENOMEM;
    if (json_dumpf(object, truth->file, JSON_COMPACT) || fputc('\n', truth->file) == EOF)
        keep_error(truth);
    json_decref(object);
}

const struct lab_record_ops lab_truth_ops = {.begin = begin, .write = write_record};
