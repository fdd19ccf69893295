/*
 * The cable of a stage: a veth(4) pair between the machine's network namespace and the player's.
 *
 * Nothing leaves the machine that its programs did not send: no address resolution (every packet
 * goes to one gateway, whose Ethernet address is known for good), no duplicate address detection,
 * no router solicitation, no multicast report. Checksums and segmentation are not left to a device
 * that does not exist, so that packets on the wire are as they would be on a real one.
 */
#ifndef LAB_CABLE_H
#define LAB_CABLE_H

#include <stdint.h>

#include "lab/rtnl.h"
#include "lab/stage.h"
#include "sonde/address.h"

/*
 * Called in the machine's namespace: switches its loopback on, sets what the kernel lets be set,
 * and opens the socket over which the rest is done from elsewhere. Returns 0 or a negative errno
 * with *operation set.
 */
int lab_cable_prepare_machine(struct lab_rtnl *machine, const char **operation);

/*
 * Called in the player's namespace: makes the pair, gives the machine its addresses and routes,
 * and opens the packet socket. Fills packets, ifindex, near and far of the stage. Returns likewise.
 */
int lab_cable_build(struct lab_rtnl *machine, const struct sonde_address own[static 2],
                    uint32_t mtu, struct lab_stage *stage, const char **operation);

#endif
