/*
 * What commands have in common when they open a transport: simulated networks, the privilege that
 * sockets need, and complaints.
 */
#ifndef CLI_OPENING_H
#define CLI_OPENING_H

#include <stdint.h>

#include "privilege/privilege.h"
#include "sonde/address.h"
#include "sonde/sim.h"
#include "sonde/transport.h"

/* Tells on stderr what is wrong with a scenario, and where. */
void cli_complain_of_scenario(const char *program, const struct sonde_sim_error *problem);

/* Opens a scenario. Returns 0, or a negative errno with the cause told on stderr. */
int cli_open_simulation(const char *program, const char *scenario, uint64_t seed,
                        struct sonde_transport *transport);

/* Opens the sockets of a command. Returns 0, or a negative errno with what was refused. */
typedef int cli_open_sockets(void *self, struct sonde_transport *transport, const char **operation);

/*
 * Calls `open` with the privilege in effect, and with it alone. Returns what it returned, or why
 * the privilege could not be put in effect or taken out of it: then nothing is left open.
 */
int cli_open_privileged(struct privilege *privilege, cli_open_sockets *open, void *self,
                        struct sonde_transport *transport, const char **operation);

/* Tells on stderr that something cannot be had without privilege. */
void cli_complain_of_privilege(const char *program, const char *what);

/*
 * Tells on stderr, in one line, why sockets could not be opened, and what would help. `device`
 * (NULL: none) and `source` are what was asked for.
 */
void cli_complain_of_sockets(const char *program, const char *device,
                             const struct sonde_address *source, const char *operation, int error);

#endif
