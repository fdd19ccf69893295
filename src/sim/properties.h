/* The properties of a scenario: their names, whose they are, and how their values are written. */
#ifndef SIM_PROPERTIES_H
#define SIM_PROPERTIES_H

#include <stdbool.h>

#include "sim/reader.h"

/*
 * Reads one property of setting->owner, from its name on, and adds the setting. setting->from and
 * setting->until say when it holds. False after a mistake.
 */
bool sim_property_read(struct sim_reader *reader, const struct sim_setting *when);

/* True when `name` is a property of any kind of node. */
bool sim_property_known(const char *name);

#endif
