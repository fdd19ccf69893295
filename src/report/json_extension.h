/* What routers add to their ICMP errors, as members of an outcome. */
#ifndef REPORT_JSON_EXTENSION_H
#define REPORT_JSON_EXTENSION_H

#include "json.h"
#include "sonde/probe.h"

/*
 * Sets `extensions`, an array of the objects of the structure as far as they can be read:
 * docs/json.md describes them. Nothing is set where there is no structure.
 */
void json_extensions(json_t *object, struct sonde_bytes extensions);

#endif
