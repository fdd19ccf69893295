/* The properties of a scenario: their names, whose they are, and how their values are written. */
#ifndef SIM_PROPERTIES_H
#define SIM_PROPERTIES_H

#include <stdbool.h>

#include "sim/reader.h"

/*
 * Reads one property of whom reader->statement is about, from its name on, and adds its settings:
 * one for each of them and for each period. False after a mistake.
 */
bool sim_property_read(struct sim_reader *reader);

/* True when `name` is a property of any kind of node. */
bool sim_property_known(const char *name);

#endif
