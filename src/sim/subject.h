/* Whom a statement is about: names and the addresses behind new ones. */
#ifndef SIM_SUBJECT_H
#define SIM_SUBJECT_H

#include <stdbool.h>

#include "sim/reader.h"

/*
 * Reads "host NAME ADDRESS..." and the like, up to the properties, into reader->statement, whose
 * times are there already; adds who is new. `understood` tells whether the next word begins such a
 * statement at all; nothing is read when it does not. False after a mistake.
 */
bool sim_subject_read(struct sim_reader *reader, bool *understood);

#endif
