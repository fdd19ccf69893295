#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/printable.h"
#include "sim/properties.h"
#include "sim/reader.h"
#include "sim/scenario.h"
#include "sim/subject.h"

/* "every 10s for 2s" behind two times. */
static bool read_periods(struct sim_reader *reader, struct sim_statement *when)
{
    if (!sim_reader_at_word(reader) || strcmp(reader->token.text, "every") != 0)
        return true;
    if (when->until == INT64_MAX)
        return sim_reader_fail(reader, "expected two times such as 10s..60s in front of \"every\"");
    sim_reader_advance(reader);
    if (!sim_reader_span(reader, 1, &when->every) || !sim_reader_require(reader, "for"))
        return false;
    int64_t lasting;
    if (sim_reader_at_word(reader) && sim_read_span(reader->token.text, &lasting) &&
        lasting >= when->every)
        return sim_reader_expected(reader, "expected a time shorter than that behind \"every\"");
    return sim_reader_span(reader, 1, &when->lasting);
}

/* "10s" or "10s..20s". */
static bool read_when(struct sim_reader *reader, struct sim_statement *when)
{
    char from[SIM_WORD_MAX + 1];
    const char *until = NULL;
    memcpy(from, reader->token.text, reader->token.length + 1);
    char *dots = strstr(from, "..");
    if (dots) {
        *dots = '\0';
        until = dots + 2;
    }
    if (!sim_reader_at_word(reader) || !sim_read_span(from, &when->from) ||
        (until && !sim_read_span(until, &when->until)) || when->from < 0)
        return sim_reader_expected(reader, "expected a time such as 10s, or two such as 10s..20s");
    if (when->until <= when->from)
        return sim_reader_expected(reader, "expected the later time behind \"..\"");
    sim_reader_advance(reader);
    return read_periods(reader, when);
}

static bool read_properties(struct sim_reader *reader)
{
    while (reader->token.kind != SIM_TOKEN_STATEMENT_END &&
           reader->token.kind != SIM_TOKEN_TEXT_END)
        if (!sim_property_read(reader))
            return false;
    return true;
}

static bool read_signal(struct sim_reader *reader, int64_t *number)
{
    static const struct sim_word signals[] = {{"INT", SIGINT},
                                              {"QUIT", SIGQUIT},
                                              {"TERM", SIGTERM},
                                              {"HUP", SIGHUP},
                                              {"USR1", SIGUSR1},
                                              {"USR2", SIGUSR2},
                                              {"ALRM", SIGALRM},
                                              {"TSTP", SIGTSTP},
                                              {"CONT", SIGCONT},
                                              {"WINCH", SIGWINCH},
                                              {0}};
    return sim_reader_choice(reader, "a signal", signals, number);
}

static bool read_happening(struct sim_reader *reader, enum sim_happening_kind kind)
{
    const struct sim_statement *when = &reader->statement;
    struct sim_happening happening = {.at = when->from, .kind = kind};
    if (when->from == INT64_MIN || when->until != INT64_MAX)
        return sim_reader_fail(reader, "expected one time in front: \"at 5s ...\"");
    bool good = false;
    if (kind == SIM_HAPPENS_SIGNAL)
        good = read_signal(reader, &happening.value);
    else
        good =
            sim_reader_span(reader, kind == SIM_HAPPENS_SUSPEND ? 1 : INT64_MIN, &happening.value);
    return good &&
           sim_reader_added(reader, sim_scenario_add_happening(reader->scenario, happening));
}

/* What happens to the observer: a statement of its own. */
static bool read_incident(struct sim_reader *reader)
{
    static const struct sim_word happenings[] = {{"signal", SIM_HAPPENS_SIGNAL},
                                                 {"suspend", SIM_HAPPENS_SUSPEND},
                                                 {"clock-step", SIM_HAPPENS_CLOCK_STEP},
                                                 {0}};
    int64_t kind;
    const char *word = sim_reader_at_word(reader) ? reader->token.text : "";
    if (strcmp(word, "send-error") == 0 || strcmp(word, "receive-drop") == 0) {
        reader->statement.kind = SIM_OBSERVER;
        reader->statement.first = 0;
        reader->statement.count = 1;
        return sim_property_read(reader);
    }
    if (sim_reader_lookup(happenings, word, &kind)) {
        sim_reader_advance(reader);
        return read_happening(reader, (enum sim_happening_kind)kind);
    }
    return sim_reader_expected(reader,
                               "expected host, router, bank, link, group, observer, signal, "
                               "suspend, clock-step, send-error or receive-drop");
}

static bool read_statement(struct sim_reader *reader)
{
    bool about_somebody;
    reader->statement = (struct sim_statement){.from = INT64_MIN, .until = INT64_MAX};
    if (sim_reader_accept(reader, "at") && !read_when(reader, &reader->statement))
        return false;
    if (!sim_subject_read(reader, &about_somebody) ||
        !(about_somebody ? read_properties(reader) : read_incident(reader)))
        return false;
    return reader->token.kind == SIM_TOKEN_STATEMENT_END ||
           reader->token.kind == SIM_TOKEN_TEXT_END ||
           sim_reader_expected(reader, "expected the end of the statement");
}

int sim_scenario_parse(struct sim_scenario *scenario, const char *file, const char *text,
                       size_t length, struct sonde_sim_error *error)
{
    struct sim_reader reader;
    *scenario = (struct sim_scenario){0};
    *error = (struct sonde_sim_error){0};
    base_printable(file, strlen(file), error->file, sizeof(error->file));
    sim_reader_init(&reader, scenario, text, length, error);
    bool good = length <= SIM_TEXT_MAX ||
                sim_reader_fail(&reader, "expected at most %zu bytes", SIM_TEXT_MAX);
    good = good && sim_reader_added(&reader, sim_scenario_add_node(scenario, SIM_OBSERVER, ""));
    while (good && reader.token.kind != SIM_TOKEN_TEXT_END) {
        if (reader.token.kind == SIM_TOKEN_STATEMENT_END)
            sim_reader_advance(&reader);
        else
            good = read_statement(&reader);
    }
    if (good)
        sim_scenario_sort(scenario);
    else
        sim_scenario_destroy(scenario);
    return reader.result;
}

static int file_error(struct sonde_sim_error *error, const char *path, int number)
{
    *error = (struct sonde_sim_error){0};
    base_printable(path, strlen(path), error->file, sizeof(error->file));
    snprintf(error->message, sizeof(error->message), "cannot be read: %s", strerror(number));
    return -number;
}

int sim_scenario_load(struct sim_scenario *scenario, const char *path,
                      struct sonde_sim_error *error)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return file_error(error, path, errno);
    int result = 0;
    size_t length = 0;
    size_t room = 4096;
    char *text = malloc(room);
    while (text && length <= SIM_TEXT_MAX) {
        size_t got = fread(text + length, 1, room - length, file);
        length += got;
        if (got == 0)
            break;
        if (length < room)
            continue;
        room *= 2;
        char *larger = realloc(text, room);
        if (!larger)
            free(text);
        text = larger;
    }
    if (!text)
        result = file_error(error, path, ENOMEM);
    else if (ferror(file))
        result = file_error(error, path, errno ? errno : EIO);
    else
        result = sim_scenario_parse(scenario, path, text, length, error);
    free(text);
    fclose(file);
    return result;
}
