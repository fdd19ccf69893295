/* Which device a ring transport would need, before one is opened. */
#ifndef NET_RING_DEVICE_H
#define NET_RING_DEVICE_H

#include <stdbool.h>

#include "base/target_set.h"
#include "net/names.h"
#include "sonde/net.h"

/*
 * Whether the ring transport can ask all of the set: samples of it go out through one device, that
 * is not the loopback device, and no route of the main table leads any of the set through another
 * one. Of the config, device and source count; a device that is given is taken as it is. *device is
 * that device, or "" for the one of the default route.
 */
bool net_ring_device(const struct sonde_net_config *config, const struct base_target_set *set,
                     char device[static NET_DEVICE_NAME]);

#endif
