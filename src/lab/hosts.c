#define _GNU_SOURCE

#include "lab/hosts.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NAME_MAX_BYTES  253 /* RFC 1035, section 2.3.4, without the length of the root */
#define LABEL_MAX_BYTES 63

static bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Labels of letters, digits, '-' and '_', neither empty nor with '-' at an end. */
static bool labels_are_plain(const char *text, size_t length)
{
    size_t label = 0;
    for (size_t i = 0; i < length; i++) {
        const bool last = i + 1 == length || text[i + 1] == '.';
        if (text[i] == '.') {
            if (label == 0)
                return false;
            label = 0;
            continue;
        }
        if (!is_letter_or_digit(text[i]) && text[i] != '_' &&
            !(text[i] == '-' && label > 0 && !last))
            return false;
        if (++label > LABEL_MAX_BYTES)
            return false;
    }
    return label > 0;
}

/* What looks like an address is one to the resolver: a name ends in a label with a letter. */
static bool ends_in_number(const char *text, size_t length)
{
    while (length > 0 && text[length - 1] != '.') {
        const char c = text[--length];
        if (c < '0' || c > '9')
            return false;
    }
    return true;
}

static bool is_host_name(const char *text, size_t length)
{
    return length > 0 && length <= NAME_MAX_BYTES && labels_are_plain(text, length) &&
           !ends_in_number(text, length) &&
           !(length == strlen("localhost") && strncasecmp(text, "localhost", length) == 0);
}

static void write_node(const struct sim_scenario *scenario, uint32_t index, FILE *out)
{
    const struct sim_node *node = &scenario->nodes[index];
    const struct sim_setting *in_force[SIM_PROPERTIES];
    sim_scenario_in_force(scenario, index, 0, in_force);
    const struct sim_setting *reverse = in_force[SIM_REVERSE];
    const char *text = reverse ? scenario->text + reverse->list_first : "";
    const size_t length = reverse ? reverse->list_count : 0;
    const bool reverse_fits = is_host_name(text, length) && strcasecmp(text, node->name) != 0;
    const bool name_fits = is_host_name(node->name, strlen(node->name));

    if (!reverse_fits && !name_fits)
        return;
    for (uint32_t i = node->address_first; i != SIM_NOBODY; i = scenario->prefixes[i].next) {
        struct sonde_address address = scenario->prefixes[i].address;
        const size_t width = sonde_address_length(&address);
        if (scenario->prefixes[i].bits < width * 8)
            address.bytes[width - 1] |= 1;
        char numbers[SONDE_ADDRESS_TEXT];
        fputs(sonde_address_format(&address, numbers), out);
        if (reverse_fits)
            fprintf(out, " %.*s", (int)length, text);
        if (name_fits)
            fprintf(out, " %s", node->name);
        fputc('\n', out);
    }
}

int lab_hosts_text(const struct sim_scenario *scenario, char **text)
{
    size_t size;
    FILE *out = open_memstream(text, &size);
    if (!out)
        return -ENOMEM;
    fputs("127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n", out);
    for (uint32_t i = 0; i < scenario->node_count; i++) {
        const enum sim_node_kind kind = scenario->nodes[i].kind;
        if (kind == SIM_HOST || kind == SIM_ROUTER || kind == SIM_GROUP)
            write_node(scenario, i, out);
    }
    const bool failed = ferror(out) != 0;
    if (fclose(out) == 0 && !failed)
        return 0;
    free(*text);
    *text = NULL;
    return -ENOMEM;
}
