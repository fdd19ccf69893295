/*
 * From very many names to addresses: several look-ups at a time, so that a slow name server or many
 * dead names do not add up.
 *
 * They look into /etc/hosts and ask the name servers of /etc/resolv.conf; other sources that
 * nsswitch.conf(5) may name are for single names (net/names.h). A name that gets no answer is given
 * up after a few seconds.
 */
#ifndef NET_LOOKUP_H
#define NET_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>

#include "net/names.h"

struct net_lookup {
    size_t count; /* of names, 0 … count-1 */
    void *self;
    const char *(*name)(void *self, size_t index); /* valid until it is found */
    /*
     * Once for each name, in any order. `error` is as of net_names_find, and `names` meaningful
     * with 0 only. False ends it all: what is on its way is not told any more.
     */
    bool (*found)(void *self, size_t index, int error, const struct net_names *names);
};

/* Looks them all up. Returns 0, -ECANCELED when `found` ended it, or another negative errno. */
int net_lookup_all(const struct net_lookup *lookup, enum sonde_family family);

#endif
