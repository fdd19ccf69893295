#include "cli/fping_given.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/lookup.h"

/* Hosts whose names are looked up. */
struct names {
    struct fping_given *given;
    size_t *which; /* hosts, by number of the look-up */
    size_t count;
    bool all;
};

void fping_given_free(struct fping_given *given)
{
    for (size_t i = 0; i < given->count; i++) {
        free(given->hosts[i].word);
        free(given->hosts[i].addresses);
    }
    free(given->hosts);
    *given = (struct fping_given){0};
}

int fping_given_add(struct fping_given *given, const char *word)
{
    if (given->count == given->capacity) {
        const size_t capacity = given->capacity ? given->capacity * 2 : 16;
        struct fping_given_host *hosts = reallocarray(given->hosts, capacity, sizeof *hosts);
        if (!hosts)
            return -ENOMEM;
        given->hosts = hosts;
        given->capacity = capacity;
    }
    char *copy = strdup(word);
    if (!copy)
        return -ENOMEM;
    given->hosts[given->count++] = (struct fping_given_host){.word = copy};
    return 0;
}

static bool keep(struct fping_given_host *host, const struct sonde_address *addresses, size_t count)
{
    host->addresses = malloc(count * sizeof *addresses);
    if (!host->addresses)
        return false;
    memcpy(host->addresses, addresses, count * sizeof *addresses);
    host->count = count;
    return true;
}

static const char *name_of(void *self, size_t index)
{
    const struct names *names = self;
    return names->given->hosts[names->which[index]].word;
}

static bool on_found(void *self, size_t index, int error, const struct net_names *found)
{
    const struct names *names = self;
    struct fping_given_host *host = &names->given->hosts[names->which[index]];
    host->error = error;
    if (error)
        return true;
    host->numeric = found->numeric;
    return keep(host, found->addresses, names->all ? found->count : 1);
}

int fping_given_find(struct fping_given *given, enum sonde_family family, bool all)
{
    struct names names = {given, calloc(given->count + 1, sizeof(size_t)), 0, all};
    int error = names.which ? 0 : -ENOMEM;
    for (size_t i = 0; i < given->count && !error; i++) {
        struct fping_given_host *host = &given->hosts[i];
        struct sonde_address address;
        host->numeric = sonde_address_parse(host->word, &address) &&
                        (family == SONDE_FAMILY_NONE || family == address.family);
        if (!host->numeric)
            names.which[names.count++] = i;
        else if (!keep(host, &address, 1))
            error = -ENOMEM;
    }
    if (!error && names.count > 0)
        error =
            net_lookup_all(&(struct net_lookup){names.count, &names, name_of, on_found}, family);
    free(names.which);
    return error == -ECANCELED ? -ENOMEM : error;
}
