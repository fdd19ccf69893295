#include "net/names.h"

#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "base/printable.h"

static struct sonde_address address_of(const struct addrinfo *info)
{
    struct sonde_address address = {0};
    if (info->ai_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, info->ai_addr, sizeof in);
        address = sonde_address_from_bytes(SONDE_IPV4, (const uint8_t *)&in.sin_addr);
    } else if (info->ai_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, info->ai_addr, sizeof in6);
        address = sonde_address_from_bytes(SONDE_IPV6, in6.sin6_addr.s6_addr);
        address.scope = in6.sin6_scope_id;
    }
    return address;
}

/* Collects the addresses of the family. True when there were others, too. */
static bool collect(const struct addrinfo *list, enum sonde_family family, struct net_names *names)
{
    bool others = false;
    for (const struct addrinfo *info = list; info; info = info->ai_next) {
        struct sonde_address address = address_of(info);
        bool wanted = family == SONDE_FAMILY_NONE || address.family == family;
        others |= !wanted;
        if (wanted && address.family != SONDE_FAMILY_NONE && names->count < NET_NAMES_MAX)
            names->addresses[names->count++] = address;
    }
    if (list && list->ai_canonname)
        base_printable(list->ai_canonname, strlen(list->ai_canonname), names->canonical,
                       sizeof names->canonical);
    return others;
}

int net_names_find(const char *host, enum sonde_family family, struct net_names *names)
{
    *names = (struct net_names){0};
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_RAW, /* one entry an address */
        .ai_flags = AI_NUMERICHOST,
    };
    struct addrinfo *list = NULL;
    int error = getaddrinfo(host, NULL, &hints, &list);
    if (error == EAI_NONAME) {
        hints.ai_flags = AI_CANONNAME;
#ifdef AI_IDN /* glibc: names as people write them */
        hints.ai_flags |= AI_IDN | AI_CANONIDN;
#endif
        error = getaddrinfo(host, NULL, &hints, &list);
#ifdef AI_IDN
        if (error == EAI_IDN_ENCODE || error == EAI_BADFLAGS) { /* a locale that cannot write it */
            hints.ai_flags = AI_CANONNAME;
            error = getaddrinfo(host, NULL, &hints, &list);
        }
#endif
    }
    if (error)
        return error;
    bool others = collect(list, family, names);
    freeaddrinfo(list);
    if (names->count > 0)
        return 0;
#ifdef EAI_ADDRFAMILY
    return others ? EAI_ADDRFAMILY : EAI_NONAME;
#else
    return others ? EAI_FAMILY : EAI_NONAME;
#endif
}

const char *net_names_error(int error)
{
    return gai_strerror(error);
}

const char *net_device_name(uint32_t index, char name[static NET_DEVICE_NAME])
{
    return if_indextoname(index, name);
}
