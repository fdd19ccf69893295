/*
 * From names to addresses: the semantics of getaddrinfo(3), with international names, which are
 * read in the encoding of the process's locale (call setlocale first).
 */
#ifndef NET_NAMES_H
#define NET_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sonde/address.h"

#define NET_NAMES_MAX       64  /* addresses of one name that are kept */
#define NET_NAMES_CANONICAL 256 /* bytes of a canonical name, NUL included */

struct net_names {
    struct sonde_address addresses[NET_NAMES_MAX]; /* in the order of RFC 6724, each once */
    size_t count;
    bool numeric;                        /* the host was an address */
    char canonical[NET_NAMES_CANONICAL]; /* printable; empty when there is none */
};

/*
 * Finds the addresses of a host: numeric text ("fe80::1%eth0", "127.1" included), a name in
 * /etc/hosts, a name of the DNS. Addresses of other families than `family` (SONDE_FAMILY_NONE: any)
 * are left out. May block for as long as the resolver does; but numeric text, and text that cannot
 * be a name (empty, too long, nothing but digits and dots, a colon in it), is never looked up.
 *
 * Returns 0 with at least one address; else an EAI_ value of getaddrinfo, EAI_ADDRFAMILY when the
 * host has addresses of the other family only.
 */
int net_names_find(const char *host, enum sonde_family family, struct net_names *names);

/* What such a value means, in words. */
const char *net_names_error(int error);

/* The name of an interface by its index, or NULL. The text is in `name`. */
#define NET_DEVICE_NAME 16
const char *net_device_name(uint32_t index, char name[static NET_DEVICE_NAME]);

#endif
