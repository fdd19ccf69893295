/* What commands have in common when they open a transport: simulated networks, and complaints. */
#ifndef CLI_OPENING_H
#define CLI_OPENING_H

#include <stdint.h>

#include "sonde/address.h"
#include "sonde/sim.h"
#include "sonde/transport.h"

/* Tells on stderr what is wrong with a scenario, and where. */
void cli_complain_of_scenario(const char *program, const struct sonde_sim_error *problem);

/* Opens a scenario. Returns 0, or a negative errno with the cause told on stderr. */
int cli_open_simulation(const char *program, const char *scenario, uint64_t seed,
                        struct sonde_transport *transport);

/*
 * Tells on stderr why sockets could not be opened, and what would help. `device` (NULL: none) and
 * `source` are what was asked for.
 */
void cli_complain_of_sockets(const char *program, const char *device,
                             const struct sonde_address *source, const char *operation, int error);

#endif
