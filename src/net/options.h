/* What a configuration means for a socket, and addresses as the kernel takes them. */
#ifndef NET_OPTIONS_H
#define NET_OPTIONS_H

#include <linux/if_packet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "sonde/address.h"
#include "sonde/net.h"

union net_name {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_ll link;
};

/* Fills name and returns its length. `device` is the scope of link-local addresses without one. */
socklen_t net_name_write(union net_name *name, const struct sonde_address *address, uint16_t port,
                         uint32_t device);
/* The address in name; SONDE_FAMILY_NONE for any other family. */
struct sonde_address net_name_read(const union net_name *name);

/* Opens a close-on-exec socket. Returns it or a negative errno. */
int net_socket(enum sonde_family family, int type, int protocol);

/* setsockopt with an int. Returns 0 or a negative errno. */
int net_set(int fd, int level, int option, int value);

/*
 * Applies what a socket that sends, receives or asks for routes has in common: device, mark, source
 * (with `port`, which is a datagram ICMP socket's identifier), routing, buffers, broadcast,
 * multicast, path MTU discovery. `device` is the index of config->device, 0 for none. Returns 0 or
 * a negative errno with *operation in words.
 */
int net_options_apply(int fd, enum sonde_family family, const struct sonde_net_config *config,
                      uint32_t device, const char **operation);
int net_options_bind(int fd, enum sonde_family family, const struct sonde_net_config *config,
                     uint32_t device, uint16_t port, const char **operation);

/* Sets the sizes of the socket's buffers, as far as the system allows. Returns as above. */
int net_options_buffers(int fd, const struct sonde_net_config *config);

/* Binds to a device, by the older means of a preferred one where that is not allowed. */
int net_options_device(int fd, enum sonde_family family, const char *name, uint32_t device);

/* The kernel's number for a mode of path MTU discovery; DEFAULT is WANT for both families. */
int net_options_pmtu(enum sonde_family family, enum sonde_net_pmtu mode);

/* Asks for an error queue, with extensions of errors (RFC 4884) where the kernel tells them apart.
 * Returns 0 or a negative errno. */
int net_options_errors(int fd, enum sonde_family family);

/* Asks for what a receiving socket's control messages are to tell, of a datagram socket errors,
 * too. Returns 0 or a negative errno. */
int net_options_hear(int fd, enum sonde_family family, bool datagram);

#endif
