/* Opening the transport that the settings of ping ask for. */
#ifndef CLI_PING_SOCKETS_H
#define CLI_PING_SOCKETS_H

#include "cli/command.h"
#include "cli/ping_options.h"
#include "sonde/transport.h"

/*
 * Opens the transport: the simulated one, or raw sockets, or datagram sockets where there is no
 * privilege for raw ones. Raises privilege around it; giving it up is the caller's. Returns 0, or a
 * negative errno with the cause told on stderr.
 */
int ping_sockets_open(struct cli_context *context, const struct ping_settings *settings,
                      struct sonde_transport *transport);

#endif
