/* Where addresses are at home, from a database file in MaxMind's format (libmaxminddb). */
#ifndef CLI_GEO_H
#define CLI_GEO_H

#include "sonde/address.h"

struct cli_geo;

/* Opens a database. Returns NULL with the cause in *problem (a constant). */
struct cli_geo *cli_geo_open(const char *file, const char **problem);

/* NULL is allowed. */
void cli_geo_close(struct cli_geo *geo);

/*
 * What is told of an address, as far as it is there: "AS64500 Example, DE, Berlin". NULL: nothing.
 * Text of the file, not yet made printable; valid until the next call.
 */
const char *cli_geo_ask(struct cli_geo *geo, const struct sonde_address *address);

#endif
