/*
 * The truth as JSON lines: one object a packet, in the order in which they were completed.
 *
 * Times are nanoseconds since 1970 (integers, *_ns) or differences of such. What cannot be told is
 * left out, unless null is named here. Members of an object:
 *
 *     number          of the packet, from 1, in the order in which they came
 *     came_ns         when it came
 *     came_by         whose time that is: "kernel" (its receive stamp) or "user"
 *     the members of a packet, below
 *     way             [{node, at_ns}]: routers and host, and when it arrived there; as far as it
 * came decisions       [{ fate        the word: "reply", "error", "duplicate", …, "lost", "dead", …
 *         harm        ["reordered", "corrupt", "truncated", "cut", "mangled", "forged"]: those done
 *         returning   true: it was an answer that got lost on its way back
 *         node        host, router or link ("a>b") that decided; null: none
 *         due_ns      when the answer was to leave; null: there is none
 *         left_ns     when it left; null: it did not
 *         left_by     "kernel" (its send stamp) or "user"; null: it did not leave
 *         late_ns     left_ns - due_ns; null: it did not leave
 *         rtt_ns      left_ns - came_ns, what the asker should measure; null: it did not leave
 *         answer      the members of a packet; null: there is none
 *     }]
 *
 * Members of a packet:
 *
 *     length          in bytes, with the IP header
 *     family          4 or 6
 *     source, destination
 *     hop_limit, traffic_class
 *     ip_id, dont_fragment               IPv4
 *     flow_label                         IPv6
 *     more_fragments, fragment_offset    of fragments; IPv6 also fragment_id
 *     protocol        "icmp", "icmp6", "udp", "tcp", "sctp", else a number
 *     checksum        of ICMP, UDP, TCP, SCTP, as it stands
 *     type, code      ICMP
 *     identifier, sequence               of ICMP echo, timestamp, extended echo
 *     source_port, destination_port      UDP, TCP, SCTP
 *     tcp_sequence, tcp_acknowledgment, tcp_flags
 *     verification_tag                   SCTP
 *     mtu, pointer, gateway              of ICMP errors that have them
 *     quote           of ICMP errors: the members of the quoted packet, as far as it is quoted;
 *                     length is what its header claims
 *     extensions_form "compliant" or "old" (RFC 4884 section 5)
 *     extensions      [{class, c_type, and of MPLS: labels [{label, traffic_class, bottom, ttl}];
 * of interface information: role (as RFC 5837 numbers them), index, mtu, address, name}]
 *
 * Text of the network (names of interfaces) is made printable: other bytes stand as \xHH.
 */
#ifndef LAB_TRUTH_H
#define LAB_TRUTH_H

#include "lab/record.h"

struct lab_truth;

extern const struct lab_record_ops lab_truth_ops; /* self: struct lab_truth */

/* Creates (or empties) the file; "-" is standard output. Returns 0 or a negative errno. */
int lab_truth_open(struct lab_truth **truth, const char *path);

/* Writes what is left. Returns 0, or the negative errno of the first write that failed. */
int lab_truth_close(struct lab_truth *truth);

#endif
