/* Opening the transport that the settings of fping ask for. */
#ifndef CLI_FPING_SOCKETS_H
#define CLI_FPING_SOCKETS_H

#include "cli/command.h"
#include "cli/fping_options.h"
#include "sonde/transport.h"

/*
 * Opens raw sockets, or datagram sockets where there is no privilege for raw ones. Raises privilege
 * around it; giving it up is the caller's. Returns 0, or an exit code with the cause told on stderr
 * in fping's words.
 */
int fping_sockets_open(struct cli_context *context, const struct fping_settings *settings,
                       struct sonde_transport *transport);

#endif
