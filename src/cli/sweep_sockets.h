/* Opening the transport that a sweep asks for. */
#ifndef CLI_SWEEP_SOCKETS_H
#define CLI_SWEEP_SOCKETS_H

#include "cli/command.h"
#include "cli/sweep_items.h"
#include "sonde/transport.h"

/*
 * Opens the transport: the simulated one, or the one that was asked for; else raw sockets, or
 * datagram sockets where there is no privilege for raw ones, or for a survey the packet ring where
 * it can ask all of `set` (net/ring_device.h). Raises privilege around it; giving it up is the
 * caller's. Returns 0, or a negative errno with the cause told on stderr.
 */
int sweep_sockets_open(struct cli_context *context, const struct sweep_settings *settings,
                       const struct sweep_items *items, const struct base_target_set *set,
                       struct sonde_transport *transport);

#endif
