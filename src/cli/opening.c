#include "cli/opening.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define WAYS_IN                                                                                    \
    "; setcap cap_net_raw+p on the program, run it as root, or for datagram sockets: sysctl "      \
    "net.ipv4.ping_group_range='0 2147483647'"

void cli_complain_of_scenario(const char *program, const struct sonde_sim_error *problem)
{
    if (problem->line > 0)
        fprintf(stderr, "%s: %s:%u: %s\n", program, problem->file, problem->line, problem->message);
    else
        fprintf(stderr, "%s: %s: %s\n", program, problem->file, problem->message);
}

int cli_open_simulation(const char *program, const char *scenario, uint64_t seed,
                        struct sonde_transport *transport)
{
    struct sonde_sim_error problem;
    const int error = sonde_sim_open(scenario, seed, transport, &problem);
    if (error)
        cli_complain_of_scenario(program, &problem);
    return error;
}

int cli_open_privileged(struct privilege *privilege, cli_open_sockets *open, void *self,
                        struct sonde_transport *transport, const char **operation)
{
    int error = privilege_raise(privilege);
    if (error)
        *operation = privilege->operation;
    else
        error = open(self, transport, operation);
    const int lowered = privilege_lower(privilege);
    if (!lowered || error)
        return error;
    transport->ops->close(transport->self);
    *operation = privilege->operation;
    return lowered;
}

void cli_complain_of_privilege(const char *program, const char *what)
{
    fprintf(stderr,
            "%s: %s needs raw sockets: setcap cap_net_raw+p on the program, or run it as root\n",
            program, what);
}

void cli_complain_of_sockets(const char *program, const char *device,
                             const struct sonde_address *source, const char *operation, int error)
{
    char text[SONDE_ADDRESS_TEXT];
    if (error == -ENODEV && device)
        fprintf(stderr, "%s: there is no device '%s'; `ip link` lists them\n", program, device);
    else if (error == -EADDRNOTAVAIL)
        fprintf(stderr, "%s: %s is no address of this machine; `ip address` lists them\n", program,
                sonde_address_format(source, text));
    else
        fprintf(stderr, "%s: cannot %s: %s%s\n", program, operation, strerror(-error),
                error == -EPERM || error == -EACCES ? WAYS_IN : "");
}
