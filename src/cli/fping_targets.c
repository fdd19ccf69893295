#include "cli/fping_targets.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/fping_given.h"
#include "cli/fping_names.h"
#include "net/names.h"

#define SMALL_PAYLOAD 1000 /* bytes that pass everywhere in one piece */

/* What reading targets needs throughout. */
struct finder {
    const struct fping_settings *settings;
    const char *program;
    const struct report_fping_form *form;
    const struct sonde_transport *transport;
    struct fping_targets *targets;
};

void fping_targets_free(struct fping_targets *targets)
{
    for (uint32_t i = 0; i < targets->count; i++) {
        free(targets->hosts[i].label);
        free(targets->hosts[i].key);
        free(targets->hosts[i].rtts);
    }
    free(targets->targets);
    free(targets->hosts);
}

static int no_memory(const struct finder *finder)
{
    fprintf(finder->form->err, "%s: can't allocate HOST_ENTRY\n", finder->program);
    return FPING_SYSTEM;
}

/* --- one target ------------------------------------------------------------------------------ */

static bool reserve(struct fping_targets *targets)
{
    if (targets->count < targets->capacity)
        return true;
    const uint32_t capacity = targets->capacity ? targets->capacity * 2 : 16;
    if (capacity < targets->capacity)
        return false;
    struct sonde_engine_target *list =
        reallocarray(targets->targets, capacity, sizeof *targets->targets);
    if (!list)
        return false;
    targets->targets = list;
    struct report_fping_host *hosts =
        reallocarray(targets->hosts, capacity, sizeof *targets->hosts);
    if (!hosts)
        return false;
    targets->hosts = hosts;
    targets->capacity = capacity;
    return true;
}

/* netdata's identifiers have letters, digits and underscores. */
static char *key_of(const char *given)
{
    char *key = strdup(given);
    for (char *at = key; key && *at; at++)
        if (!isalnum((unsigned char)*at))
            *at = '_';
    return key;
}

/* The label as far as it is known before names have been looked up; NULL: it is not. */
static char *label_of(const struct fping_settings *settings, const char *given,
                      const struct sonde_address *address, bool numeric)
{
    char text[FPING_ADDRESS_TEXT];
    if (settings->force_name || (settings->show_name && numeric))
        return NULL;
    if (!settings->show_address)
        return strdup(given);
    fping_address_text(address, text);
    return settings->show_name ? fping_name_and_address(given, text) : strdup(text);
}

/* 0.0.0.0 is this host (RFC 1122 section 3.2.1.3): asked at the address it would use itself. */
static bool is_this_host(const struct sonde_address *address)
{
    static const uint8_t zero[16] = {0};
    return memcmp(address->bytes, zero, sonde_address_length(address)) == 0;
}

/*
 * The kernel writes the source of an IPv4 datagram, so only what may have to be fragmented needs a
 * look at the route. ICMPv6's checksum covers the source. What has no route fails when it is sent.
 */
static struct sonde_engine_target target_of(const struct finder *finder,
                                            const struct sonde_address *address)
{
    const struct fping_settings *settings = finder->settings;
    const bool ours = settings->source.family == address->family;
    struct sonde_engine_target target = {
        .address = *address,
        .source = ours ? settings->source : (struct sonde_address){.family = address->family},
        .many_answer = sonde_address_is_multicast(address),
    };
    struct sonde_route route = {0};
    const bool needed = address->family == SONDE_IPV6 || is_this_host(address) ||
                        settings->payload_bytes > SMALL_PAYLOAD;
    if (!needed || finder->transport->ops->route(finder->transport->self, address, &route) != 0)
        return target;
    if (is_this_host(address))
        target.address = route.source;
    if (!ours && address->family == SONDE_IPV6)
        target.source = route.source;
    if (!finder->transport->header_is_kernels)
        target.mtu = route.mtu;
    return target;
}

static int add(const struct finder *finder, const char *given, const struct sonde_address *address,
               bool numeric)
{
    struct fping_targets *targets = finder->targets;
    const struct fping_settings *settings = finder->settings;
    if (!reserve(targets))
        return no_memory(finder);
    struct report_fping_host host = {.label = label_of(settings, given, address, numeric)};
    const bool later = settings->force_name || (settings->show_name && numeric);
    if (settings->netdata)
        host.key = key_of(given);
    if ((!host.label && !later) || (!host.key && settings->netdata)) {
        free(host.label);
        free(host.key);
        return no_memory(finder);
    }
    targets->targets[targets->count] = target_of(finder, address);
    targets->hosts[targets->count++] = host;
    return 0;
}

/* --- hosts that are given one by one ---------------------------------------------------------- */

static int add_host(const struct finder *finder, const struct fping_given_host *host)
{
    int status = 0;
    if (host->error) {
        report_fping_unknown(finder->form, host->word, net_names_error(host->error),
                             finder->settings->quiet);
        finder->targets->unknown++;
    }
    for (size_t i = 0; i < host->count && !status; i++)
        status = add(finder, host->word, &host->addresses[i], host->numeric);
    return status;
}

/* Names are looked up together, and told in the order in which they were given. */
static int add_given(const struct finder *finder, struct fping_given *given)
{
    const struct fping_settings *settings = finder->settings;
    if (fping_given_find(given, fping_settings_family(settings), settings->all_addresses) != 0)
        return no_memory(finder);
    int status = 0;
    for (size_t i = 0; i < given->count && !status; i++)
        status = add_host(finder, &given->hosts[i]);
    return status;
}

/* The first word of each line; a line whose first word begins with # is a comment. */
static int read_file(const struct finder *finder, const char *path, struct fping_given *given)
{
    static const char blank[] = " \t\r\n\v\f";
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    char *line = NULL;
    size_t size = 0;
    int status = 0;
    if (!file) {
        fprintf(finder->form->err, "%s: fopen : %s\n", finder->program, strerror(errno));
        return FPING_SYSTEM;
    }
    while (!status && getline(&line, &size, file) > 0) {
        char *word = line + strspn(line, blank);
        word[strcspn(word, blank)] = '\0';
        if (*word != '\0' && *word != '#')
            status = fping_given_add(given, word) ? no_memory(finder) : 0;
    }
    free(line);
    if (file != stdin)
        fclose(file);
    return status;
}

/* --- -g -------------------------------------------------------------------------------------- */

static int refuse(const struct finder *finder, const char *words)
{
    fprintf(finder->form->err, "%s: %s\n", finder->program, words);
    return FPING_UNREACHABLE;
}

/* Numbers only; `after` is what fping writes behind its name, a colon or a comma. */
static int read_address(const struct finder *finder, const char *text, enum sonde_family family,
                        char after, struct sonde_address *address)
{
    struct net_names names;
    if (sonde_address_parse(text, address) &&
        (family == SONDE_FAMILY_NONE || address->family == family))
        return 0;
    /* a name is wrong here, as an empty one is: neither is looked up */
    const bool number = strchr(text, ':') || text[strspn(text, "0123456789.")] == '\0';
    const int error = net_names_find(number ? text : "", family, &names);
    if (number && error == 0) {
        *address = names.addresses[0];
        return 0;
    }
    fprintf(finder->form->err, "%s%c can't parse address %s: %s\n", finder->program, after, text,
            net_names_error(error));
    return FPING_UNREACHABLE;
}

static uint64_t low_half(const struct sonde_address *address)
{
    const size_t length = sonde_address_length(address);
    uint64_t value = 0;
    for (size_t i = length > 8 ? length - 8 : 0; i < length; i++)
        value = value << 8 | address->bytes[i];
    return value;
}

static void set_low_half(struct sonde_address *address, uint64_t value)
{
    const size_t length = sonde_address_length(address);
    for (size_t i = length; i > (length > 8 ? length - 8 : 0); i--) {
        address->bytes[i - 1] = (uint8_t)value;
        value >>= 8;
    }
}

/* `extra` more addresses behind the first one. */
static int add_addresses(const struct finder *finder, struct sonde_address first, uint64_t extra)
{
    if (extra >= FPING_GENERATED_MAX)
        return refuse(finder, "-g parameter generates too many addresses");
    int status = 0;
    for (uint64_t i = 0; i <= extra && !status; i++) {
        char text[FPING_ADDRESS_TEXT];
        fping_address_text(&first, text);
        status = add(finder, text, &first, true);
        const uint64_t low = low_half(&first) + 1;
        set_low_half(&first, low);
        for (size_t k = 8; low == 0 && k > 0; k--) /* IPv6: the carry */
            if (++first.bytes[k - 1] != 0)
                break;
    }
    return status;
}

/* Network and broadcast address are left out, where there are such. */
static int add_prefix(const struct finder *finder, char *text)
{
    char *slash = strrchr(text, '/');
    if (!slash)
        return fping_options_usage(finder->program, finder->form->err);
    const char *scope = strchr(text, '%');
    if (scope && slash < scope)
        return refuse(finder, "address scope must precede prefix length");
    *slash = '\0';
    char *rest;
    errno = 0;
    const unsigned long length = strtoul(slash + 1, &rest, 10);
    if (errno || !isdigit((unsigned char)slash[1]) || *rest)
        return fping_options_usage(finder->program, finder->form->err);
    struct sonde_address first;
    const int status =
        read_address(finder, text, fping_settings_family(finder->settings), ',', &first);
    if (status)
        return status;
    const unsigned bits = first.family == SONDE_IPV6 ? 128 : 32;
    const unsigned least = first.family == SONDE_IPV6 ? 65 : 1;
    if (length < least || length > bits) {
        char words[80];
        snprintf(words, sizeof words, "netmask must be between %u and %u (is: %lu)", least, bits,
                 length);
        return refuse(finder, words);
    }
    uint64_t extra = (UINT64_C(1) << (bits - length)) - 1;
    set_low_half(&first, low_half(&first) & ~extra);
    if (first.family == SONDE_IPV4 && length < 31) {
        set_low_half(&first, low_half(&first) + 1);
        extra -= 2;
    }
    return add_addresses(finder, first, extra);
}

static int add_range(const struct finder *finder, const char *from, const char *to)
{
    struct sonde_address first, last;
    int status = read_address(finder, from, fping_settings_family(finder->settings), ':', &first);
    if (status)
        return status;
    const char *scope = strchr(from, '%'), *other = strchr(to, '%');
    if (first.family == SONDE_IPV6 && strcmp(scope ? scope : "", other ? other : "") != 0)
        return refuse(finder, "different scopes for start and end addresses");
    status = read_address(finder, to, (enum sonde_family)first.family, ':', &last);
    if (status)
        return status;
    const size_t length = sonde_address_length(&first);
    const int order = memcmp(first.bytes, last.bytes, length);
    if (order > 0)
        return 0; /* nothing between them */
    uint64_t extra = low_half(&last) - low_half(&first);
    if (length > 8 && memcmp(first.bytes, last.bytes, 8) != 0 &&
        low_half(&last) >= low_half(&first))
        extra = UINT64_MAX; /* the upper halves differ: 2^64 at least lie between */
    return add_addresses(finder, first, extra);
}

static int generate(const struct finder *finder)
{
    const struct fping_settings *settings = finder->settings;
    if (settings->operand_count == 1)
        return add_prefix(finder, settings->operands[0]);
    if (settings->operand_count == 2)
        return add_range(finder, settings->operands[0], settings->operands[1]);
    return fping_options_usage(finder->program, finder->form->err);
}

/* --- all of them ----------------------------------------------------------------------------- */

static int add_all(const struct finder *finder)
{
    const struct fping_settings *settings = finder->settings;
    const bool any = settings->operand_count > 0;
    if (settings->file && (any || settings->generate))
        return fping_options_usage(finder->program, finder->form->err);
    if (settings->generate)
        return generate(finder);
    struct fping_given given = {0};
    int status = any ? 0 : read_file(finder, settings->file ? settings->file : "-", &given);
    for (size_t i = 0; i < settings->operand_count && !status; i++)
        status = fping_given_add(&given, settings->operands[i]) ? no_memory(finder) : 0;
    if (!status)
        status = add_given(finder, &given);
    fping_given_free(&given);
    return status;
}

int fping_targets_find(const struct fping_settings *settings, const char *program,
                       const struct report_fping_form *form,
                       const struct sonde_transport *transport, struct fping_targets *targets)
{
    const struct finder finder = {settings, program, form, transport, targets};
    *targets = (struct fping_targets){0};
    const int status = add_all(&finder);
    if (status)
        return status;
    if ((settings->show_name || settings->force_name) &&
        fping_names_find(targets, settings->show_address) != 0)
        return no_memory(&finder);
    for (uint32_t i = 0; i < targets->count; i++) {
        const int width = (int)strnlen(targets->hosts[i].label, INT16_MAX);
        targets->width = width > targets->width ? width : targets->width;
    }
    return 0;
}
