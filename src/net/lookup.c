#define _GNU_SOURCE
#include "net/lookup.h"

#include <ares.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "net/options.h"

#define FEW     8   /* names that every source of the system is asked for, one by one */
#define AT_ONCE 128 /* look-ups on their way */
#define TRY_MS  1500
#define TRIES   2
#define LONGEST 1000 /* ms without looking at the timeouts */

#ifndef EAI_ADDRFAMILY
#define EAI_ADDRFAMILY EAI_FAMILY
#endif
#ifndef EAI_NODATA
#define EAI_NODATA EAI_NONAME
#endif

struct asked {
    struct all *all; /* NULL: free */
    size_t index;
};

struct all {
    const struct net_lookup *lookup;
    enum sonde_family family;
    ares_channel channel;
    size_t next;
    size_t open;
    bool ended;
    struct asked asked[AT_ONCE];
};

/* What getaddrinfo reads as a number (0x7f000001) is none. */
static bool is_plain(const char *name)
{
    struct in_addr number;
    return !inet_aton(name, &number) &&
           name[strspn(name,
                       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._")] ==
               '\0' &&
           name[strspn(name, "0123456789.")] != '\0';
}

static int to_eai(int status, enum sonde_family family)
{
    switch (status) {
    case ARES_SUCCESS:
        return 0;
    case ARES_ENODATA:
        return family == SONDE_FAMILY_NONE ? EAI_NODATA : EAI_ADDRFAMILY;
    case ARES_ENOTFOUND:
    case ARES_EBADNAME:
        return EAI_NONAME;
    case ARES_ENOMEM:
        return EAI_MEMORY;
    case ARES_ETIMEOUT:
    case ARES_ECONNREFUSED:
    case ARES_ESERVFAIL:
        return EAI_AGAIN;
    default:
        return EAI_FAIL;
    }
}

static void collect(const struct ares_addrinfo *info, enum sonde_family family,
                    struct net_names *names)
{
    for (const struct ares_addrinfo_node *at = info->nodes; at && names->count < NET_NAMES_MAX;
         at = at->ai_next) {
        union net_name name = {0};
        if (at->ai_addrlen <= sizeof name)
            memcpy(&name, at->ai_addr, at->ai_addrlen);
        const struct sonde_address address = net_name_read(&name);
        bool wanted = address.family != SONDE_FAMILY_NONE &&
                      (family == SONDE_FAMILY_NONE || address.family == family);
        for (size_t i = 0; i < names->count && wanted; i++)
            wanted = !sonde_address_equal(&names->addresses[i], &address);
        if (wanted)
            names->addresses[names->count++] = address;
    }
}

static void tell(struct all *all, size_t index, int error, const struct net_names *names)
{
    if (!all->ended)
        all->ended = !all->lookup->found(all->lookup->self, index, error, names);
}

static void answered(void *argument, int status, int timeouts, struct ares_addrinfo *info)
{
    struct asked *asked = argument;
    struct all *all = asked->all;
    struct net_names names = {0};
    int error = to_eai(status, all->family);
    (void)timeouts;
    asked->all = NULL;
    all->open--;
    if (!error && info)
        collect(info, all->family, &names);
    if (info)
        ares_freeaddrinfo(info);
    if (!error && names.count == 0)
        error = EAI_NONAME;
    tell(all, asked->index, error, &names);
}

static void find_alone(struct all *all, size_t index)
{
    struct net_names names;
    const int error =
        net_names_find(all->lookup->name(all->lookup->self, index), all->family, &names);
    tell(all, index, error, &names);
}

static void ask(struct all *all, struct asked *asked)
{
    const struct ares_addrinfo_hints hints = {
        .ai_family = all->family == SONDE_IPV4   ? AF_INET
                     : all->family == SONDE_IPV6 ? AF_INET6
                                                 : AF_UNSPEC,
        .ai_socktype = SOCK_RAW,
    };
    const size_t index = all->next++;
    const char *name = all->lookup->name(all->lookup->self, index);
    if (!is_plain(name)) {
        find_alone(all, index);
        return;
    }
    *asked = (struct asked){all, index};
    all->open++;
    ares_getaddrinfo(all->channel, name, NULL, &hints, answered, asked);
}

static void ask_more(struct all *all)
{
    for (size_t i = 0; i < AT_ONCE; i++)
        while (!all->asked[i].all && all->next < all->lookup->count && !all->ended)
            ask(all, &all->asked[i]);
}

static void wait_for(struct all *all)
{
    ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
    struct pollfd fds[ARES_GETSOCK_MAXNUM];
    struct timeval left, most = {.tv_sec = LONGEST / 1000};
    /* One bit each for reading, from bit 16 on for writing; c-ares' macros shift into the sign. */
    const unsigned wanted = (unsigned)ares_getsock(all->channel, sockets, ARES_GETSOCK_MAXNUM);
    nfds_t count = 0;
    for (int i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
        const short events = (short)((wanted >> i & 1 ? POLLIN : 0) |
                                     (wanted >> (i + ARES_GETSOCK_MAXNUM) & 1 ? POLLOUT : 0));
        if (events)
            fds[count++] = (struct pollfd){.fd = sockets[i], .events = events};
    }
    const struct timeval *until = ares_timeout(all->channel, &most, &left);
    poll(fds, count, (int)(until->tv_sec * 1000 + until->tv_usec / 1000 + 1));
    for (nfds_t i = 0; i < count; i++)
        if (fds[i].revents)
            ares_process_fd(all->channel,
                            fds[i].revents & (POLLIN | POLLERR | POLLHUP) ? fds[i].fd
                                                                          : ARES_SOCKET_BAD,
                            fds[i].revents & (POLLOUT | POLLERR) ? fds[i].fd : ARES_SOCKET_BAD);
    ares_process_fd(all->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD); /* timeouts */
}

static int open_channel(ares_channel *channel)
{
    struct ares_options options = {
        .timeout = TRY_MS,
        .tries = TRIES,
        .lookups = (char[]){"fb"}, /* files, then the name servers */
    };
    if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS)
        return -ENOMEM;
    if (ares_init_options(channel, &options,
                          ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS) == ARES_SUCCESS)
        return 0;
    ares_library_cleanup();
    return -EIO;
}

static int look_up_many(struct all *all)
{
    const int error = open_channel(&all->channel);
    if (error)
        return error;
    ask_more(all);
    while (all->open > 0 && !all->ended) {
        wait_for(all);
        ask_more(all);
    }
    all->ended |= all->open > 0;
    ares_destroy(all->channel); /* calls back for what is open */
    ares_library_cleanup();
    return 0;
}

int net_lookup_all(const struct net_lookup *lookup, enum sonde_family family)
{
    int error = 0;
    struct all *all = calloc(1, sizeof *all);
    if (!all)
        return -ENOMEM;
    all->lookup = lookup;
    all->family = family;
    if (lookup->count > FEW)
        error = look_up_many(all);
    for (; (lookup->count <= FEW || error == -EIO) && all->next < lookup->count && !all->ended;
         all->next++)
        find_alone(all, all->next);
    const bool ended = all->ended;
    free(all);
    return ended ? -ECANCELED : error == -EIO ? 0 : error;
}
