/*
 * The words for ICMP messages, error numbers and the values that travel: their one home. Where
 * iputils' ping has words for a message, these are the same.
 */
#ifndef REPORT_WORDS_H
#define REPORT_WORDS_H

#include <stddef.h>
#include <stdint.h>

#include "sonde/address.h"
#include "sonde/probe.h"

/* Room for any text of report_icmp_words. */
#define REPORT_ICMP_WORDS 96

/*
 * What a message says: "Time to live exceeded", "Packet too big: mtu=1400". `mtu` and `pointer` are
 * those of the outcome. Unknown types and codes are told by number. Returns text.
 */
const char *report_icmp_words(enum sonde_family family, uint8_t type, uint8_t code, uint32_t mtu,
                              uint32_t pointer, char text[static REPORT_ICMP_WORDS]);

/*
 * What a person can do about an errno (positive) of sending or writing, as the end of a sentence;
 * NULL when there is nothing better to say than strerror does.
 */
const char *report_errno_advice(int error);

/* One lower-case word for programs; underscores within. Never NULL. */
const char *report_outcome_word(enum sonde_outcome_kind kind);
const char *report_stamp_word(enum sonde_stamp_source source);
const char *report_probe_word(enum sonde_probe_kind kind);
const char *report_said_word(enum sonde_said said);

/* What a reply to a UDP, TCP or SCTP probe was, for people: "syn/ack", "rst (port closed)". */
const char *report_said_words(enum sonde_said said);

/* UDP, TCP, SCTP in capitals; NULL for the kinds that are ICMP's. */
const char *report_protocol_name(enum sonde_probe_kind kind);

/* State of the interface that an extended echo reply tells (RFC 8335 section 3). */
const char *report_neighbour_word(uint8_t state);

#endif
