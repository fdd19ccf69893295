/* What a kernel sends by itself on every link, and no program meant: nothing of the scenario's. */
#ifndef LAB_PLAYER_NOISE_H
#define LAB_PLAYER_NOISE_H

#include <stdbool.h>

#include "sonde/probe.h"

/* Router and neighbour discovery (RFC 4861), and group membership (IGMP; MLD, RFC 3810). */
bool lab_noise(struct sonde_bytes packet);

#endif
