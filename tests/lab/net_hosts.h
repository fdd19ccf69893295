/* What lab programs with more than one host share: a host, a router and another host. */
#ifndef LAB_NET_HOSTS_H
#define LAB_NET_HOSTS_H

#include "net_lab.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* A child that holds another namespace open for as long as we live. */
LAB pid_t lab_keep_namespace(void)
{
    int ready[2];
    char byte;
    pid_t child;

    if (pipe(ready) || (child = fork()) < 0)
        lab_skip("fork");
    if (child == 0) {
        close(ready[0]);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (unshare(CLONE_NEWNET) || write(ready[1], "x", 1) != 1)
            _exit(1);
        close(ready[1]);
        pause();
        _exit(0);
    }
    close(ready[1]);
    if (read(ready[0], &byte, 1) != 1)
        lab_skip("namespace");
    close(ready[0]);
    return child;
}

/* Another namespace, for commands of lab_run: by the process in $FAR. */
LAB void lab_make_far(void)
{
    char number[16];

    snprintf(number, sizeof number, "%d", (int)lab_keep_namespace());
    setenv("FAR", number, 1);
}

static pid_t lab_router, lab_far;

/* 10.0.1.1 -- 10.0.1.2 router 10.0.2.1 -- 10.0.2.2, and the same with fd00:1:: and fd00:2:: */
LAB void lab_build_network(void)
{
    char command[4096];

    lab_router = lab_keep_namespace();
    lab_far = lab_keep_namespace();
    snprintf(command, sizeof command,
             "set -e; R='nsenter -t %d -n'; F='nsenter -t %d -n';"
             "sysctl -qw net.ipv6.conf.default.accept_dad=0;"
             "$R sysctl -qw net.ipv6.conf.default.accept_dad=0;"
             "$F sysctl -qw net.ipv6.conf.default.accept_dad=0;"
             "ip link add near type veth peer name r1 netns %d;"
             "$R ip link add r2 type veth peer name f netns %d;"
             "$R sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1;"
             "ip addr add 10.0.1.1/24 dev near; ip -6 addr add fd00:1::1/64 dev near nodad;"
             "ip link set near up;"
             "$R ip addr add 10.0.1.2/24 dev r1; $R ip -6 addr add fd00:1::2/64 dev r1 nodad;"
             "$R ip addr add 10.0.2.1/24 dev r2; $R ip -6 addr add fd00:2::1/64 dev r2 nodad;"
             "$R ip link set r1 up; $R ip link set r2 up; $R ip link set lo up;"
             "$R sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0;"
             "$R ip link set r2 mtu 1400;"
             "$F ip link set lo up; $F ip link set f mtu 1400; $F ip link set f up;"
             "$F ip addr add 10.0.2.2/24 dev f; $F ip -6 addr add fd00:2::2/64 dev f nodad;"
             "$F ip route add default via 10.0.2.1; $F ip -6 route add default via fd00:2::1;"
             "ip route add 10.0.2.0/24 via 10.0.1.2; ip -6 route add fd00:2::/64 via fd00:1::2;"
             "ip route add 10.0.9.0/24 via 10.0.1.2; ip -6 route add fd00:9::/64 via fd00:1::2;"
             "ip route add unreachable 10.0.8.0/24; ip route add prohibit 10.0.7.0/24",
             (int)lab_router, (int)lab_far, (int)lab_router, (int)lab_far);
    lab_run(command);
    usleep(300000);
}

LAB void lab_end_network(void)
{
    kill(lab_router, SIGKILL);
    kill(lab_far, SIGKILL);
    waitpid(lab_router, NULL, 0);
    waitpid(lab_far, NULL, 0);
}

#endif
