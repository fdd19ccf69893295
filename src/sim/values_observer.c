#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "sim/values.h"

bool sim_value_stamps(struct sim_reader *reader, struct sim_setting *setting)
{
    if (sim_reader_accept(reader, "exact"))
        return true;
    if (sim_reader_accept(reader, "missing")) {
        setting->number[0] = -1;
        return true;
    }
    if (sim_reader_accept(reader, "late"))
        return sim_reader_span(reader, 0, &setting->number[0]);
    return sim_reader_expected(reader, "expected \"exact\", \"missing\", or \"late\" and a time");
}

bool sim_value_send_error(struct sim_reader *reader, struct sim_setting *setting)
{
    static const struct sim_word errors[] = {{"ENETUNREACH", ENETUNREACH},
                                             {"EHOSTUNREACH", EHOSTUNREACH},
                                             {"ENETDOWN", ENETDOWN},
                                             {"ENOBUFS", ENOBUFS},
                                             {"EAGAIN", EAGAIN},
                                             {"EPERM", EPERM},
                                             {"EACCES", EACCES},
                                             {"EMSGSIZE", EMSGSIZE},
                                             {"EADDRNOTAVAIL", EADDRNOTAVAIL},
                                             {"ENODEV", ENODEV},
                                             {"EINVAL", EINVAL},
                                             {0}};
    setting->chance[0] = 1;
    if (!sim_reader_choice(reader, "an error", errors, &setting->number[0]))
        return false;
    return !sim_reader_accept(reader, "chance") || sim_reader_chance(reader, &setting->chance[0]);
}

/* "2024-06-01T12:00:00Z". */
bool sim_value_clock(struct sim_reader *reader, struct sim_setting *setting)
{
    struct tm civil = {0};
    int end = 0;
    if (sim_reader_at_word(reader))
        sscanf(reader->token.text, "%4d-%2d-%2dT%2d:%2d:%2dZ%n", &civil.tm_year, &civil.tm_mon,
               &civil.tm_mday, &civil.tm_hour, &civil.tm_min, &civil.tm_sec, &end);
    if (end != 20 || end != (int)reader->token.length || civil.tm_year < 1970 || civil.tm_mon < 1 ||
        civil.tm_mon > 12 || civil.tm_mday < 1 || civil.tm_mday > 31)
        return sim_reader_expected(reader, "expected a time of day such as 2024-06-01T12:00:00Z");
    civil.tm_year = civil.tm_year < 2200 ? civil.tm_year - 1900 : 300;
    civil.tm_mon--;
    setting->number[0] = sonde_saturating_mul(timegm(&civil), SONDE_NS_PER_S);
    sim_reader_advance(reader);
    return true;
}
