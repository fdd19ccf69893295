/* What a host sends besides its reply: garbage, strays, replies for others, attacks. */
#ifndef SIM_NOISE_H
#define SIM_NOISE_H

#include "packet/icmp.h"
#include "sim/inside.h"

/*
 * Sends whatever of that the host's properties ask for, ahead of the reply that is about to be
 * sent; NULL when that is none of ICMP.
 */
void sim_noise_around(const struct sim_visit *visit, const struct packet_icmp *reply);

/* hostile.c: an ICMP error or reply made to break its reader, in a valid IP datagram. It says
 * nothing about the packet at hand: what it quotes is somebody else's. */
void sim_hostile_send(const struct sim_visit *visit);

/* Puts the right checksum into an ICMP message from that address. */
void sim_noise_checksum(const struct sim_answer_from *from, uint8_t *bytes, size_t length);

#endif
