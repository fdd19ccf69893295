/* Where a question about a name goes when nobody says to whom: RFC 4620. */
#ifndef CLI_NODE_GROUP_H
#define CLI_NODE_GROUP_H

#include <stdbool.h>

#include "sonde/address.h"

/*
 * The group that nodes of this name have joined, on whatever link: ff02::2:ff00:0/104 and the first
 * 24 bits of the MD5 of the name's first label, in lower case and with its length before it (RFC
 * 4620 section 5). False when the text is no name (packet/node_info.h says how names are written).
 */
bool cli_node_group(const char *name, struct sonde_address *group);

#endif
