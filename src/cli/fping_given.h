/* Hosts as they were given to fping, in their order, and the addresses behind them. */
#ifndef CLI_FPING_GIVEN_H
#define CLI_FPING_GIVEN_H

#include <stdbool.h>
#include <stddef.h>

#include "sonde/address.h"

struct fping_given_host {
    char *word;
    struct sonde_address *addresses;
    size_t count;
    bool numeric; /* the word is an address */
    int error;    /* why there is no address, as of net_names_find; 0: there is one */
};

struct fping_given {
    struct fping_given_host *hosts;
    size_t count;
    size_t capacity;
};

/* One more host; the word is copied. Returns 0 or -ENOMEM. */
int fping_given_add(struct fping_given *given, const char *word);

/*
 * Finds the addresses of all hosts, many names at a time: of each the first of the family, or with
 * `all` every one. Called once. Returns 0 or a negative errno; a name without address is no error.
 */
int fping_given_find(struct fping_given *given, enum sonde_family family, bool all);

void fping_given_free(struct fping_given *given);

#endif
