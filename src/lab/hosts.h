/* The text of the machine's hosts file (hosts(5)): every name of a scenario with its addresses. */
#ifndef LAB_HOSTS_H
#define LAB_HOSTS_H

#include "sim/scenario.h"

/*
 * Makes the text, which the caller frees: localhost, then the hosts, routers and groups with all
 * their addresses. Of a prefix that is its first host, as for sonde_sim_resolve(). A `reverse` text
 * (the one in force at the start) that could be a host name stands in front, so that reverse
 * lookups give it; a hostile one is left out. Returns 0 or -ENOMEM.
 */
int lab_hosts_text(const struct sim_scenario *scenario, char **text);

#endif
