/* What a request carries beside its payload: IPv4 options, and bodies of other kinds than echo. */
#ifndef CLI_REQUEST_H
#define CLI_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include "cli/ping_options.h"
#include "packet/ipv4_options.h"
#include "sonde/address.h"

#define REQUEST_OPTION_BYTES 40
#define REQUEST_BODY_BYTES   512
#define REQUEST_HOPS_MAX     9

/* IPv4 options, ready to send: 40 bytes, or none. */
struct request_options {
    uint8_t bytes[REQUEST_OPTION_BYTES];
    size_t length;
    uint8_t own_time_at; /* 0: none */
};

/*
 * ping -R: nine slots, the first one ours. The kernel would write it if the header were its own
 * (ip_options_build).
 */
void request_record_route(struct request_options *options, const struct sonde_address *source);

/*
 * ping -T. For PRESPECIFIED up to four hops; else the first entry is ours, its time to be filled in
 * at offset own_time_at of the options, and `hops` is not looked at.
 */
void request_timestamps(struct request_options *options, enum packet_ipv4_timestamp_form form,
                        const struct sonde_address *source, const struct sonde_address *hops,
                        size_t hop_count);

/*
 * ping HOP… HOST: a source route through up to nine hops. The datagram is addressed to the first
 * hop; the option holds the others and at last the target (RFC 791). `strict` for ping -r.
 */
void request_source_route(struct request_options *options, bool strict,
                          const struct sonde_address *hops, size_t hop_count,
                          const struct sonde_address *target);

/* A body, ready to send. */
struct request_body {
    uint8_t bytes[REQUEST_BODY_BYTES];
    size_t length;
};

/* Extended echo (RFC 8335): the interface asked about. Returns 0 or -EINVAL. */
int request_interface(struct request_body *body, const struct ping_far_interface *interface);

/* Node information (RFC 4620): a name as subject. Returns 0 or -EINVAL. */
int request_subject_name(struct request_body *body, const char *name, bool full);

/* Node information: an address as subject. */
void request_subject_address(struct request_body *body, const struct sonde_address *address);

#endif
