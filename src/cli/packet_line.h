/*
 * One line of mtr-packet's protocol, read: mtr-packet(8).
 *
 *     TOKEN COMMAND [NAME VALUE]...
 *
 * Pure. Names of arguments that nobody knows are passed over with their values, as mtr-packet does;
 * of a name that comes twice the last value counts.
 */
#ifndef CLI_PACKET_LINE_H
#define CLI_PACKET_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sonde/address.h"
#include "sonde/probe.h"

#define PACKET_DEVICE_ROOM 16u /* IFNAMSIZ */

enum packet_line_kind {
    PACKET_LINE_NO_TOKEN, /* it begins with no number: there is nobody to answer */
    PACKET_LINE_INVALID,  /* it has a token, and no meaning */
    PACKET_LINE_UNKNOWN,  /* a command that does not exist */
    PACKET_LINE_SUPPORT,  /* check-support */
    PACKET_LINE_PROBE,    /* send-probe */
};

enum packet_feature {
    PACKET_FEATURE_NONE, /* one that does not exist */
    PACKET_FEATURE_VERSION,
    PACKET_FEATURE_IPV4,
    PACKET_FEATURE_IPV6,
    PACKET_FEATURE_SEND_PROBE,
    PACKET_FEATURE_ICMP,
    PACKET_FEATURE_UDP,
    PACKET_FEATURE_TCP,
    PACKET_FEATURE_SCTP,
    PACKET_FEATURE_MARK,
    PACKET_FEATURE_DEVICE,
};

/* What send-probe asks for, with mtr-packet's defaults. */
struct packet_request {
    struct sonde_address address;
    struct sonde_address source; /* NONE: what the route says */
    enum sonde_probe_kind kind;
    uint16_t port;       /* 0: not given */
    uint16_t local_port; /* 0: not given */
    uint16_t size;       /* from the IP header on */
    uint8_t hop_limit;
    uint8_t traffic_class;
    uint8_t fill;  /* the payload's bytes: the value's lowest eight bits */
    uint32_t mark; /* 0: none */
    struct sonde_span timeout;
    char device[PACKET_DEVICE_ROOM]; /* empty: any */
};

struct packet_line {
    enum packet_line_kind kind;
    int64_t token;                 /* all but NO_TOKEN */
    enum packet_feature feature;   /* SUPPORT */
    struct packet_request request; /* PROBE */
};

/* Reads `length` bytes without the newline, whatever they are. */
void packet_line_read(struct packet_line *line, const char *text, size_t length);

#endif
