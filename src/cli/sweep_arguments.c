#include "cli/sweep_arguments.h"

#include <string.h>

#include "base/number.h"
#include "cli/sweep_options.h"

#define RATE_PARTS   1000 /* a rate is read to a thousandth of a probe a second */
#define HIGHEST_RATE UINT32_MAX

bool sweep_read_rate(const struct cli_option *option, const char *argument, void *member,
                     struct cli_error *error)
{
    (void)option;
    struct sweep_rate *rate = member;
    char number[32];
    size_t length = strlen(argument);
    int64_t unit = RATE_PARTS;
    if (strcmp(argument, "max") == 0) {
        *rate = (struct sweep_rate){0};
        return true;
    }
    if (length > 0 && (argument[length - 1] == 'k' || argument[length - 1] == 'M')) {
        unit *= argument[length - 1] == 'k' ? 1000 : 1000000;
        length--;
    }
    struct sonde_span parts = {0}; /* a decimal number in units of 1/1,000 */
    bool understood = length > 0 && length < sizeof number;
    if (understood) {
        memcpy(number, argument, length);
        number[length] = '\0';
        understood =
            number[strspn(number, "0123456789.")] == '\0' &&
            base_parse_duration(number, (struct sonde_span){unit}, (struct sonde_span){1},
                                (struct sonde_span){HIGHEST_RATE}, &parts) == BASE_NUMBER_OK;
    }
    if (!understood) {
        cli_error_argument(error, "is not a rate (expected probes a second, from 0.001 to 4M: "
                                  "500, 20k, 1.5M; or max)");
        return false;
    }
    *rate = (struct sweep_rate){RATE_PARTS * SONDE_NS_PER_S, (uint64_t)parts.ns};
    return true;
}

bool sweep_read_text(const struct cli_option *option, const char *argument, void *member,
                     struct cli_error *error)
{
    (void)option;
    struct sweep_texts *texts = member;
    if (texts->count == SWEEP_TEXTS) {
        cli_error_argument(error, "is one too many (expected %d at most; a file takes any number)",
                           SWEEP_TEXTS);
        return false;
    }
    texts->texts[texts->count++] = argument;
    return true;
}

bool sweep_read_factor(const struct cli_option *option, const char *argument, void *member,
                       struct cli_error *error)
{
    (void)option;
    struct sonde_span parts;
    if (argument[strspn(argument, "0123456789.")] != '\0' ||
        base_parse_duration(argument, (struct sonde_span){1000000}, (struct sonde_span){1000000},
                            (struct sonde_span){100000000}, &parts) != BASE_NUMBER_OK) {
        cli_error_argument(error, "is not a factor (expected 1 to 100: 1.5)");
        return false;
    }
    *(double *)member = (double)parts.ns / 1e6;
    return true;
}

bool sweep_read_address(const struct cli_option *option, const char *argument, void *member,
                        struct cli_error *error)
{
    (void)option;
    if (sonde_address_parse(argument, member))
        return true;
    cli_error_argument(error, "is not an address");
    return false;
}

bool sweep_read_fields(const struct cli_option *option, const char *argument, void *member,
                       struct cli_error *error)
{
    (void)option;
    char names[REPORT_SWEEP_FIELD_NAMES];
    if (report_sweep_fields_parse(argument, member))
        return true;
    cli_error_argument(error, "is not a list of fields (expected some of %s)",
                       report_sweep_field_names(names));
    return false;
}

/* Digits alone, from 1 to UINT32_MAX, up to `end`. */
static bool read_part(const char *text, const char *end, uint64_t *number)
{
    *number = 0;
    for (; text < end; text++) {
        if (*text < '0' || *text > '9')
            return false;
        *number = *number * 10 + (uint64_t)(*text - '0');
        if (*number > UINT32_MAX)
            return false;
    }
    return *number > 0;
}

bool sweep_read_shard(const struct cli_option *option, const char *argument, void *member,
                      struct cli_error *error)
{
    (void)option;
    struct sweep_shard *shard = member;
    const char *slash = strchr(argument, '/');
    uint64_t number;
    *shard = (struct sweep_shard){.automatic = strcmp(argument, "auto") == 0};
    if (shard->automatic)
        return true;
    if (!slash || !read_part(argument, slash, &number) ||
        !read_part(slash + 1, slash + strlen(slash), &shard->count) || number > shard->count) {
        cli_error_argument(error, "is not a shard (expected I/N with I from 1 to N: 1/3, 2/3, 3/3; "
                                  "or auto)");
        return false;
    }
    shard->index = number - 1;
    return true;
}
