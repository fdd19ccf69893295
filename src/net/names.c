#define _GNU_SOURCE
#include "net/names.h"

#include <net/if.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#include "base/printable.h"
#include "net/options.h"

#define NAME_BYTES_MAX 255

#ifndef EAI_ADDRFAMILY
#define EAI_ADDRFAMILY EAI_FAMILY
#endif

/* No name has a colon, and no top-level domain is all digits (RFC 3696 section 2). */
static bool can_be_a_name(const char *host)
{
    const size_t length = strlen(host);
    return length > 0 && length <= NAME_BYTES_MAX && !strchr(host, ':') &&
           strspn(host, "0123456789.") != length;
}

#ifdef AI_IDN
static bool is_ascii(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text >= 0x80)
            return false;
    return true;
}
#endif

/* As an address first, then as a name. */
static int look_up(const char *host, struct addrinfo **list, bool *numeric)
{
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC,  /* asked for one family alone, glibc forgets the scope */
        .ai_socktype = SOCK_RAW, /* one entry an address */
        .ai_flags = AI_NUMERICHOST,
    };
    const int error = getaddrinfo(host, NULL, &hints, list);
    *numeric = error != EAI_NONAME;
    if (*numeric || !can_be_a_name(host))
        return error;
    hints.ai_flags = AI_CANONNAME;
#ifdef AI_IDN /* glibc. The canonical name stays in ASCII: that prints everywhere */
    if (!is_ascii(host))
        hints.ai_flags |= AI_IDN;
#endif
    return getaddrinfo(host, NULL, &hints, list);
}

static struct sonde_address address_of(const struct addrinfo *info)
{
    union net_name name = {0};
    if (info->ai_addrlen <= sizeof name)
        memcpy(&name, info->ai_addr, info->ai_addrlen);
    return net_name_read(&name);
}

static bool is_new(const struct net_names *names, const struct sonde_address *address)
{
    for (size_t i = 0; i < names->count; i++)
        if (sonde_address_equal(&names->addresses[i], address))
            return false;
    return true;
}

static void collect(const struct addrinfo *list, enum sonde_family family, struct net_names *names)
{
    for (const struct addrinfo *at = list; at && names->count < NET_NAMES_MAX; at = at->ai_next) {
        const struct sonde_address address = address_of(at);
        const bool wanted = family == SONDE_FAMILY_NONE || address.family == family;
        if (wanted && address.family != SONDE_FAMILY_NONE && is_new(names, &address))
            names->addresses[names->count++] = address;
    }
}

int net_names_find(const char *host, enum sonde_family family, struct net_names *names)
{
    struct addrinfo *list = NULL;
    *names = (struct net_names){0};
    const int error = look_up(host, &list, &names->numeric);
    if (error)
        return error;
    collect(list, family, names);
    if (list->ai_canonname)
        base_printable(list->ai_canonname, strlen(list->ai_canonname), names->canonical,
                       sizeof names->canonical);
    freeaddrinfo(list);
    return names->count > 0 ? 0 : EAI_ADDRFAMILY;
}

const char *net_names_error(int error)
{
    return gai_strerror(error);
}

const char *net_device_name(uint32_t index, char name[static NET_DEVICE_NAME])
{
    return if_indextoname(index, name);
}
