/*
 * Where an address is at home, as Team Cymru's DNS zones tell: AS number, prefix, country
 * (team-cymru.com, "IP to ASN mapping": TXT records of origin.asn.cymru.com and
 * origin6.asn.cymru.com). The question and the answer, without the asking.
 */
#ifndef NET_ORIGIN_H
#define NET_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>

#include "sonde/address.h"

/* Room for the name that is asked for. */
#define NET_ORIGIN_QUESTION 96

/* "4.3.2.1.origin.asn.cymru.com" for 1.2.3.4; IPv6 nibble by nibble. Returns text. */
const char *net_origin_question(const struct sonde_address *address,
                                char text[static NET_ORIGIN_QUESTION]);

/*
 * Of a record like "64500 64501 | 192.0.2.0/24 | DE | ripencc | 2001-02-03" makes "AS64500
 * 192.0.2.0/24 DE"; what it does not tell is left out. Text of the network is made printable.
 * Returns false when there is no AS number in it.
 */
bool net_origin_read(const char *record, size_t length, char *text, size_t size);

#endif
