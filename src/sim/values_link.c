#include "sim/values.h"

#define QUEUE_NS (100 * SONDE_NS_PER_MS)

bool sim_value_present(struct sim_reader *reader, struct sim_setting *setting)
{
    (void)reader;
    (void)setting;
    return true;
}

bool sim_value_chance(struct sim_reader *reader, struct sim_setting *setting)
{
    return sim_reader_chance(reader, &setting->chance[0]);
}

bool sim_value_span(struct sim_reader *reader, struct sim_setting *setting)
{
    return sim_reader_span(reader, 0, &setting->number[0]);
}

bool sim_value_jitter(struct sim_reader *reader, struct sim_setting *setting)
{
    static const struct sim_word kinds[] = {{"fixed", SIM_JITTER_FIXED},
                                            {"uniform", SIM_JITTER_UNIFORM},
                                            {"normal", SIM_JITTER_NORMAL},
                                            {"pareto", SIM_JITTER_PARETO},
                                            {0}};
    int64_t shape = 3;
    if (!sim_reader_choice(reader, "a kind of jitter", kinds, &setting->number[0]) ||
        !sim_reader_span(reader, 0, &setting->number[1]))
        return false;
    if (setting->number[0] == SIM_JITTER_PARETO && sim_reader_accept(reader, "shape") &&
        !sim_reader_integer(reader, "a shape", 2, 100, &shape))
        return false;
    setting->chance[0] = (double)shape;
    return true;
}

bool sim_value_burst(struct sim_reader *reader, struct sim_setting *setting)
{
    setting->chance[2] = 1;
    if (!sim_reader_chance(reader, &setting->chance[0]) ||
        !sim_reader_chance(reader, &setting->chance[1]))
        return false;
    if (sim_reader_accept(reader, "inside") && !sim_reader_chance(reader, &setting->chance[2]))
        return false;
    return !sim_reader_accept(reader, "outside") || sim_reader_chance(reader, &setting->chance[3]);
}

bool sim_value_duplicate(struct sim_reader *reader, struct sim_setting *setting)
{
    setting->number[1] = 1;
    if (!sim_reader_chance(reader, &setting->chance[0]))
        return false;
    if (sim_reader_accept(reader, "after") && !sim_reader_span(reader, 0, &setting->number[0]))
        return false;
    return !sim_reader_accept(reader, "copies") ||
           sim_reader_integer(reader, "a number of copies", 1, 16, &setting->number[1]);
}

bool sim_value_reorder(struct sim_reader *reader, struct sim_setting *setting)
{
    return sim_reader_chance(reader, &setting->chance[0]) && sim_reader_require(reader, "by") &&
           sim_reader_span(reader, 1, &setting->number[0]);
}

bool sim_value_rate(struct sim_reader *reader, struct sim_setting *setting)
{
    setting->number[1] = QUEUE_NS;
    if (!sim_reader_rate(reader, &setting->number[0]))
        return false;
    return !sim_reader_accept(reader, "queue") || sim_reader_span(reader, 0, &setting->number[1]);
}

bool sim_value_load(struct sim_reader *reader, struct sim_setting *setting)
{
    return sim_reader_share(reader, 1000, &setting->chance[0]);
}

bool sim_value_mtu(struct sim_reader *reader, struct sim_setting *setting)
{
    if (!sim_reader_integer(reader, "an MTU", 68, 65535, &setting->number[0]))
        return false;
    setting->number[1] = sim_reader_accept(reader, "black-hole");
    return true;
}
