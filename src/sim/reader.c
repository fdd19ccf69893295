#include "sim/reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/printable.h"

#define TEN_YEARS_NS (INT64_C(315360000) * SONDE_NS_PER_S)
#define RATE_MAX     UINT64_C(1000000000000) /* bits a second */

void sim_reader_init(struct sim_reader *reader, struct sim_scenario *scenario, const char *text,
                     size_t length, struct sonde_sim_error *error)
{
    *reader = (struct sim_reader){.scenario = scenario, .error = error};
    sim_lexer_init(&reader->lexer, text, length);
    sim_reader_advance(reader);
}

void sim_reader_advance(struct sim_reader *reader)
{
    sim_lexer_next(&reader->lexer, &reader->token);
}

/* Only the first mistake is told: those behind it may be its consequences. */
static bool tell(struct sim_reader *reader, int result, const char *message, const char *found)
{
    if (reader->result)
        return false;
    reader->result = result;
    reader->error->line = reader->token.line;
    snprintf(reader->error->message, sizeof(reader->error->message), "%s%s", message, found);
    return false;
}

bool sim_reader_expected(struct sim_reader *reader, const char *format, ...)
{
    if (reader->token.kind == SIM_TOKEN_BAD)
        return sim_reader_fail(reader, "%s", reader->token.problem);
    char message[160];
    char quoted[48];
    char found[80];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    base_printable(reader->token.text, reader->token.length, quoted, sizeof(quoted));
    if (reader->token.kind == SIM_TOKEN_WORD || reader->token.kind == SIM_TOKEN_QUOTED)
        snprintf(found, sizeof(found), ", found \"%s\"", quoted);
    else
        snprintf(found, sizeof(found), ", found the end of the statement");
    return tell(reader, -EINVAL, message, found);
}

bool sim_reader_fail(struct sim_reader *reader, const char *format, ...)
{
    char message[224];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    return tell(reader, -EINVAL, message, "");
}

bool sim_reader_added(struct sim_reader *reader, int result)
{
    return result == 0 || tell(reader, result, "not enough memory", "");
}

bool sim_reader_at_word(const struct sim_reader *reader)
{
    return reader->token.kind == SIM_TOKEN_WORD;
}

bool sim_reader_accept(struct sim_reader *reader, const char *word)
{
    if (!sim_reader_at_word(reader) || strcmp(reader->token.text, word) != 0)
        return false;
    sim_reader_advance(reader);
    return true;
}

bool sim_reader_require(struct sim_reader *reader, const char *word)
{
    return sim_reader_accept(reader, word) || sim_reader_expected(reader, "expected \"%s\"", word);
}

bool sim_read_span(const char *text, int64_t *ns)
{
    bool negative = *text == '-';
    size_t length = strlen(text);
    struct sonde_span span;
    bool has_unit = length > 0 && strchr("smh", text[length - 1]);
    if (!has_unit && strcmp(text, "0") != 0)
        return false;
    if (base_parse_duration(text + negative, (struct sonde_span){1}, (struct sonde_span){0},
                            (struct sonde_span){TEN_YEARS_NS}, &span) != BASE_NUMBER_OK)
        return false;
    *ns = negative ? -span.ns : span.ns;
    return true;
}

bool sim_reader_span(struct sim_reader *reader, int64_t min, int64_t *ns)
{
    if (!sim_reader_at_word(reader) || !sim_read_span(reader->token.text, ns))
        return sim_reader_expected(
            reader, "expected a time with its unit (ns, us, ms, s, m, h) such as 270ms");
    if (*ns < min)
        return sim_reader_expected(reader, "expected a time that is %s",
                                   min > 0 ? "more than 0" : "not negative");
    sim_reader_advance(reader);
    return true;
}

/*
 * Digits, and a fraction of them, as a whole number and the power of ten to divide it by: exact,
 * and the same in every locale.
 */
static bool read_decimal(const char *text, size_t length, uint64_t *digits, int *places)
{
    bool fraction = false;
    size_t count = 0;
    *digits = 0;
    *places = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '.' && !fraction) {
            fraction = true;
            continue;
        }
        if (text[i] < '0' || text[i] > '9' || ++count > 15)
            return false;
        *digits = *digits * 10 + (uint64_t)(text[i] - '0');
        *places += fraction;
    }
    return count > 0;
}

bool sim_reader_share(struct sim_reader *reader, int max_percent, double *share)
{
    size_t length = reader->token.length;
    uint64_t digits = 0;
    int places = 0;
    bool good = sim_reader_at_word(reader) && length >= 2 &&
                reader->token.text[length - 1] == '%' &&
                read_decimal(reader->token.text, length - 1, &digits, &places);
    double scale = 1;
    while (places-- > 0)
        scale *= 10;
    double percent = (double)digits / scale;
    if (!good || percent > max_percent)
        return sim_reader_expected(reader, "expected a percentage from 0%% to %d%%", max_percent);
    *share = percent / 100;
    sim_reader_advance(reader);
    return true;
}

bool sim_reader_chance(struct sim_reader *reader, double *chance)
{
    return sim_reader_share(reader, 100, chance);
}

/* "2.5Mbit" as bits a second; false when it is none, or not a whole number of bits. */
static bool read_rate(const char *text, int64_t *rate)
{
    static const struct sim_word units[] = {{"bit", 0},  {"kbit", 3},  {"Mbit", 6},
                                            {"Gbit", 9}, {"Tbit", 12}, {0}};
    size_t number = strspn(text, "0123456789.");
    uint64_t digits;
    int places;
    int64_t power;
    if (!sim_reader_lookup(units, text + number, &power) ||
        !read_decimal(text, number, &digits, &places) || places > power)
        return false;
    for (power -= places; power > 0 && digits <= RATE_MAX; power--)
        digits *= 10;
    *rate = (int64_t)digits;
    return digits >= 1 && digits <= RATE_MAX;
}

bool sim_reader_rate(struct sim_reader *reader, int64_t *rate)
{
    if (!sim_reader_at_word(reader) || !read_rate(reader->token.text, rate))
        return sim_reader_expected(reader, "expected a rate with its unit (bit, kbit, Mbit, Gbit, "
                                           "Tbit) such as 2.5Mbit, from 1bit to 1Tbit");
    sim_reader_advance(reader);
    return true;
}

bool sim_reader_integer(struct sim_reader *reader, const char *what, int64_t min, int64_t max,
                        int64_t *value)
{
    if (!sim_reader_at_word(reader) ||
        base_parse_integer(reader->token.text, min, max, value) != BASE_NUMBER_OK)
        return sim_reader_expected(reader, "expected %s from %lld to %lld", what, (long long)min,
                                   (long long)max);
    sim_reader_advance(reader);
    return true;
}

bool sim_reader_address(struct sim_reader *reader, struct sonde_address *address)
{
    if (!sim_reader_at_word(reader) || !sonde_address_parse(reader->token.text, address) ||
        address->scope != 0)
        return sim_reader_expected(reader, "expected an IPv4 or IPv6 address");
    sim_reader_advance(reader);
    return true;
}

bool sim_reader_node(struct sim_reader *reader, enum sim_node_kind kind, uint32_t *node)
{
    const char *what = kind == SIM_ROUTER ? "router" : "host";
    *node = sim_reader_at_word(reader) ? sim_scenario_named(reader->scenario, reader->token.text)
                                       : SIM_NOBODY;
    if (*node == SIM_NOBODY || reader->scenario->nodes[*node].kind != kind)
        return sim_reader_expected(reader, "expected the name of a %s defined above", what);
    sim_reader_advance(reader);
    return true;
}

bool sim_reader_text(struct sim_reader *reader, const char *what, size_t min, size_t max,
                     struct sim_setting *setting)
{
    const struct sim_token *token = &reader->token;
    if ((token->kind != SIM_TOKEN_QUOTED && token->kind != SIM_TOKEN_WORD) || token->length < min ||
        token->length > max)
        return sim_reader_expected(reader, "expected %s of %zu to %zu bytes", what, min, max);
    setting->list_first = reader->scenario->text_count;
    setting->list_count = (uint32_t)token->length;
    int added = sim_scenario_add_text(reader->scenario, token->text, token->length + 1);
    sim_reader_advance(reader);
    return sim_reader_added(reader, added);
}

bool sim_reader_about(const struct sim_reader *reader, uint32_t node)
{
    const struct sim_statement *statement = &reader->statement;
    return statement->kind == SIM_ROUTER && node >= statement->first &&
           node - statement->first < statement->count;
}

bool sim_reader_list(struct sim_reader *reader, uint32_t item)
{
    if (reader->scenario->list_count == SIM_LIST_MAX)
        return sim_reader_fail(reader, "expected at most %u routers, members and ports in all",
                               SIM_LIST_MAX);
    return sim_reader_added(reader, sim_scenario_add_list(reader->scenario, item));
}

bool sim_reader_lookup(const struct sim_word *words, const char *word, int64_t *value)
{
    for (; words->word; words++) {
        if (strcmp(words->word, word) == 0) {
            *value = words->value;
            return true;
        }
    }
    return false;
}

bool sim_reader_choice(struct sim_reader *reader, const char *what, const struct sim_word *words,
                       int64_t *value)
{
    if (!sim_reader_at_word(reader) || !sim_reader_lookup(words, reader->token.text, value)) {
        char list[128] = "";
        for (size_t used = 0; words->word && used < sizeof(list) - 1; words++)
            used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", used ? ", " : "",
                                     words->word);
        return sim_reader_expected(reader, "expected %s: %s", what, list);
    }
    sim_reader_advance(reader);
    return true;
}
