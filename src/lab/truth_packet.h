/* What a packet says, as a JSON object. */
#ifndef LAB_TRUTH_PACKET_H
#define LAB_TRUTH_PACKET_H

#include <jansson.h>

#include "sonde/probe.h"

/* Adds the members of a packet (truth.h) to an object; of any bytes, what can be read of them. */
void lab_truth_packet(json_t *object, struct sonde_bytes packet);

/* The text of an address; null for none. */
json_t *lab_truth_address(const struct sonde_address *address);

#endif
