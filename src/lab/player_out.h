/* Frames on their way out: Ethernet header in front, in fragments where need be, in batches. */
#ifndef LAB_PLAYER_OUT_H
#define LAB_PLAYER_OUT_H

#include "lab/player_wire.h"

/* Returns NULL when there is no memory. */
struct lab_wire_out *lab_wire_out_create(const struct lab_stage *stage);
void lab_wire_out_destroy(struct lab_wire_out *out); /* NULL: nothing */

#endif
