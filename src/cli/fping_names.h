/* Names of the addresses that fping asks: all of them before it begins, many at a time. */
#ifndef CLI_FPING_NAMES_H
#define CLI_FPING_NAMES_H

#include <stdbool.h>

#include "cli/fping_targets.h"
#include "net/names.h"
#include "sonde/address.h"

#define FPING_ADDRESS_TEXT (SONDE_ADDRESS_TEXT + NET_DEVICE_NAME)

/* The address as getnameinfo writes it: with the name of the device as scope. Returns text. */
const char *fping_address_text(const struct sonde_address *address,
                               char text[static FPING_ADDRESS_TEXT]);

/* "NAME (ADDRESS)", to be freed; NULL: no memory. */
char *fping_name_and_address(const char *name, const char *address);

/*
 * Gives every host without a label its name, or its address where there is none; with both wanted,
 * "NAME (ADDRESS)". Returns 0 or -ENOMEM.
 */
int fping_names_find(struct fping_targets *targets, bool with_address);

#endif
