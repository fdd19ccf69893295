/*
 * The few files of /etc in which the command's machine differs from the one it runs on, mounted
 * over those in a private mount namespace. They live in memory: nothing is written to a disk, and
 * all goes with the last process of the namespace.
 */
#ifndef LAB_MACHINE_FILES_H
#define LAB_MACHINE_FILES_H

/*
 * Leaves for a mount namespace of its own and mounts there
 *  - `hosts` over /etc/hosts (NULL: that stays as it is),
 *  - over /etc/resolv.conf, if there is one, that the machine itself is the name server; as nobody
 *    serves names there, lookups of unknown names fail at once,
 *  - over /etc/nsswitch.conf, if there is one, the same with hosts looked up in those two places
 *    alone: other services may ask daemons outside, over sockets that know no network namespace,
 *  - nothing over the directory of nscd's socket, for the same reason.
 *
 * The caller has the right to mount. Returns 0 or a negative errno with *operation set.
 */
int lab_machine_files_mount(const char *hosts, const char **operation);

/* In the process that is number 1 of a process-id namespace: shows that one in /proc, in a mount
 * namespace of its own, where the kernel allows it. */
void lab_machine_files_mount_proc(void);

#endif
