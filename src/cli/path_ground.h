/*
 * What `sonde trace` and `sonde mtu` stand on: a transport, one host, names of addresses, and no
 * privilege.
 */
#ifndef CLI_PATH_GROUND_H
#define CLI_PATH_GROUND_H

#include <stdbool.h>

#include "cli/command.h"
#include "cli/geo.h"
#include "cli/path_options.h"
#include "cli/request.h"
#include "net/reverse.h"
#include "sonde/engine.h"
#include "sonde/transport.h"

struct path_ground {
    struct cli_context *context;
    const struct path_settings *settings;
    struct sonde_transport transport;
    struct sonde_engine_target target;
    uint32_t device_mtu;         /* the largest datagram that may leave, or more */
    bool raw;                    /* the datagrams are ours from the IP header on */
    bool named;                  /* the host was given by name */
    struct net_reverse *reverse; /* NULL: no names */
    struct cli_geo *geo;         /* NULL: no --geo */
    struct request_options options;
};

/*
 * Opens sockets (or the simulation), gives up every privilege, finds the host, and loads the last
 * system-call filter: afterwards bytes may be read from the network. `identifiers` are how many the
 * transport needs. Returns 0, or the exit code with the cause told on stderr; to be closed in
 * either case. context and settings must outlive it.
 */
int path_ground_open(struct path_ground *ground, struct cli_context *context,
                     const struct path_settings *settings, uint32_t identifiers);
void path_ground_close(struct path_ground *ground);

/* Fills in what all datagrams have in common. Returns 0, or the exit code with the cause told. */
int path_ground_engine(const struct path_ground *ground, struct sonde_engine_config *config);

/* Of IP and what stands in front of the data of a probe. */
uint16_t path_ground_header_bytes(const struct path_ground *ground);

/* A probe as the settings want it: all but target, number, due and hop limit. */
struct sonde_probe path_ground_probe(const struct path_ground *ground);

/* The name of an address, or NULL: a report_name. `self` is the ground. */
const char *path_ground_name(void *self, const struct sonde_address *address);

/* Where an address is at home, or NULL: a report_origin. `self` is the ground. */
const char *path_ground_origin(void *self, const struct sonde_address *address);

/*
 * Waits a moment for names; answers to probes that still come are passed over. Returns whether a
 * signal asks for the end.
 */
bool path_ground_wait(struct path_ground *ground);

/* Whether name or origin are still being looked up: asking starts that. `self` is the ground. */
bool path_ground_name_pending(void *self, const struct sonde_address *address);

#endif
