/*
 * The stage of a lab: a machine with one network device, a command that runs there, and the far end
 * of the device's wire.
 *
 *     caller (the player)                      the command
 *     network namespace "wire"                 network namespace "machine"
 *       packet socket on the far end  <─veth─>   device with the scenario's addresses
 *
 * A veth pair with a packet socket serves root and ordinary users alike (/dev/net/tun is closed to
 * the latter on many systems), and the kernel stamps what comes and goes at the far end. Both
 * namespaces belong to a user namespace of ours, unless the caller is root. The command is the
 * child of a small init in a process-id namespace: when that ends, for whatever reason, the kernel
 * ends every process that the command has left, and with the last process and descriptor go the
 * namespaces, the device and the mounts.
 *
 * Names: the command's machine sees a hosts file and a resolver configuration of its own, mounted
 * over those in /etc in a private mount namespace; no file is left anywhere.
 */
#ifndef LAB_STAGE_H
#define LAB_STAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sonde/address.h"

#define LAB_DEVICE "net0" /* the command's network device */

struct lab_stage_config {
    struct sonde_address own[2]; /* the machine's addresses: IPv4, IPv6; family NONE: it has none */
    uint32_t mtu;
    const char *hosts;    /* the text of the machine's hosts file */
    char *const *command; /* NULL-terminated, as for execvp() */
    /*
     * An interactive shell: it leads a process group of its own, in the foreground of the terminal
     * if we are there. Others stay in the caller's group, which no process-id namespace but the
     * caller's has a number for, so that shells could not give the terminal back to it.
     */
    bool leads_group;
    /* Called in the command's process, with the errno, when it cannot be run. */
    void (*cannot_run)(const char *command, int error);
};

struct lab_stage {
    int packets;     /* packet socket at the far end (SOCK_RAW: with Ethernet headers) */
    int ifindex;     /* of the far end */
    uint8_t near[6]; /* Ethernet address of the machine's device: where packets for it go … */
    uint8_t far[6];  /* … and where they come from */
    int control;     /* to the init: readable when the command has ended */
    pid_t init;
    int init_handle;       /* readable when the init and with it everything is gone (pidfd) */
    int terminal;          /* which the command may take from us; -1: none, or it was not ours */
    pid_t group;           /* ours, which then had the terminal */
    const char *operation; /* after a failure: what was refused, as in "cannot OPERATION" */
    const char *advice;    /* what to do about it; NULL when there is nothing to say */
};

/*
 * Builds all that and leaves the caller in the namespace of the wire; whoever is not root becomes
 * root of a user namespace. The command waits; it will have the signal mask and dispositions that
 * the caller has now, and its descriptors that are not close-on-exec. Must be called while there is
 * only one thread; there must be no other afterwards. Returns 0 or a negative errno with operation
 * and advice set; then nothing is left, except that the caller may stand in namespaces of its own
 * and should end.
 */
int lab_stage_open(struct lab_stage *stage, const struct lab_stage_config *config);

/* Lets the command begin. Returns 0 or a negative errno. */
int lab_stage_start(const struct lab_stage *stage);

/*
 * Sends a signal to the command's process group, or to the command alone when it has none of its
 * own. Returns 0 or a negative errno.
 */
int lab_stage_signal(const struct lab_stage *stage, int signal);

/*
 * Reads how the command ended, once control is readable: 0 and an exit status as a shell would show
 * it (128 + n after signal n, 127 not found, 126 cannot be run); -EAGAIN when it has not ended;
 * -EPIPE when the init is gone without a word.
 */
int lab_stage_status(const struct lab_stage *stage, int *exit_status);

/*
 * Ends whatever still runs there, waits until it is gone, and takes the stage down. The terminal's
 * foreground is ours again if it was. Needs poll() and ioctl(TIOCSPGRP), and no privilege.
 */
void lab_stage_close(struct lab_stage *stage);

#endif
