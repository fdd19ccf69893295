#include "net/reverse.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/printable.h"
#include "net/origin.h"
#include "net/poller.h"
#include "sonde/net.h"

#define DEFAULT_TIMEOUT  ((struct sonde_span){3 * SONDE_NS_PER_S})
#define DEFAULT_CAPACITY 256
#define TRY_MS           1500 /* for an answer of one server, doubled with each try */
#define TRIES            2

enum question {
    ASKS_NAME,
    ASKS_ORIGIN,
};

struct entry {
    struct sonde_address address; /* SONDE_FAMILY_NONE: free */
    enum question question;
    enum net_reverse_state state;
    struct sonde_mono asked; /* when the look-up began */
    uint64_t used;           /* number of the last question about it */
    char name[NET_REVERSE_TEXT];
};

struct net_reverse {
    ares_channel channel;
    struct sonde_transport *transport;
    struct sonde_span timeout;
    uint64_t questions;
    uint32_t capacity;
    struct entry entries[];
};

static int to_errno(int status)
{
    switch (status) {
    case ARES_ENOMEM:
        return -ENOMEM;
    case ARES_EFILE:
        return -EIO;
    default:
        return -EINVAL;
    }
}

static void alarm_due(void *self);

/* Sets the transport's alarm to c-ares' next timeout. */
static void arm(struct net_reverse *reverse)
{
    if (reverse->transport)
        sonde_net_alarm(reverse->transport, net_reverse_deadline(reverse), alarm_due, reverse);
}

static void alarm_due(void *self)
{
    struct net_reverse *reverse = self;
    ares_process_fd(reverse->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    arm(reverse);
}

static void process_one(struct net_reverse *reverse, int fd, short events)
{
    const bool readable = events & (POLLIN | POLLERR | POLLHUP);
    const bool writable = events & (POLLOUT | POLLERR);
    ares_process_fd(reverse->channel, readable ? fd : ARES_SOCKET_BAD,
                    writable ? fd : ARES_SOCKET_BAD);
}

static void descriptor_ready(void *self, int fd, short events)
{
    process_one(self, fd, events);
    arm(self);
}

/* c-ares tells what it waits for; nothing at all means that it closes the socket. */
static void socket_changed(void *self, ares_socket_t fd, int readable, int writable)
{
    struct net_reverse *reverse = self;
    const short events = (short)((readable ? POLLIN : 0) | (writable ? POLLOUT : 0));
    if (!reverse->transport)
        return;
    if (events)
        sonde_net_watch(reverse->transport, fd, events, descriptor_ready, reverse);
    else
        sonde_net_unwatch(reverse->transport, fd);
}

static int make_channel(struct net_reverse *reverse, const struct net_reverse_config *config,
                        const char **operation)
{
    struct ares_options options = {
        .timeout = TRY_MS,
        .tries = TRIES,
        .lookups = (char[]){"fb"}, /* files, then the name servers */
        .sock_state_cb = socket_changed,
        .sock_state_cb_data = reverse,
    };
    *operation = "read the configuration of the name servers";
    int status = ares_init_options(&reverse->channel, &options,
                                   ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS |
                                       ARES_OPT_SOCK_STATE_CB);
    if (status != ARES_SUCCESS)
        return to_errno(status);
    if (config->servers) {
        *operation = "use the name servers given";
        status = ares_set_servers_ports_csv(reverse->channel, config->servers);
    }
    if (status != ARES_SUCCESS) {
        ares_destroy(reverse->channel);
        return to_errno(status);
    }
    return 0;
}

int net_reverse_open(struct net_reverse **reverse, const struct net_reverse_config *config,
                     const char **operation)
{
    const uint32_t capacity = config->capacity ? config->capacity : DEFAULT_CAPACITY;
    *operation = "keep names";
    struct net_reverse *made = calloc(1, sizeof *made + (size_t)capacity * sizeof made->entries[0]);
    if (!made)
        return -ENOMEM;
    made->capacity = capacity;
    made->transport = config->transport;
    made->timeout = config->timeout.ns > 0 ? config->timeout : DEFAULT_TIMEOUT;
    int error = ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS ? 0 : -ENOMEM;
    if (error == 0) {
        error = make_channel(made, config, operation);
        if (error)
            ares_library_cleanup();
    }
    if (error) {
        free(made);
        return error;
    }
    *reverse = made;
    return 0;
}

void net_reverse_close(struct net_reverse *reverse)
{
    if (!reverse)
        return;
    if (reverse->transport)
        sonde_net_alarm(reverse->transport, SONDE_NEVER, alarm_due, reverse);
    ares_destroy(reverse->channel);
    ares_library_cleanup();
    free(reverse);
}

static bool is_about(const struct entry *entry, enum question question,
                     const struct sonde_address *address)
{
    return entry->question == question && sonde_address_equal(&entry->address, address);
}

/* The entry of a question, or the one to be replaced by it; NULL when all are being asked. */
static struct entry *find(struct net_reverse *reverse, enum question question,
                          const struct sonde_address *address)
{
    struct entry *oldest = NULL;
    for (uint32_t i = 0; i < reverse->capacity; i++) {
        struct entry *entry = &reverse->entries[i];
        if (is_about(entry, question, address))
            return entry;
        if (entry->state != NET_REVERSE_PENDING && (!oldest || entry->used < oldest->used))
            oldest = entry;
    }
    return oldest;
}

static void name_answered(void *argument, int status, int timeouts, struct hostent *host)
{
    (void)timeouts;
    struct entry *entry = argument;
    entry->state = NET_REVERSE_NONE;
    if (status != ARES_SUCCESS || !host || !host->h_name || !*host->h_name)
        return;
    base_printable(host->h_name, strlen(host->h_name), entry->name, sizeof entry->name);
    entry->state = NET_REVERSE_KNOWN;
}

static void origin_answered(void *argument, int status, int timeouts, unsigned char *bytes,
                            int length)
{
    (void)timeouts;
    struct entry *entry = argument;
    struct ares_txt_reply *records = NULL;
    entry->state = NET_REVERSE_NONE;
    if (status != ARES_SUCCESS || ares_parse_txt_reply(bytes, length, &records) != ARES_SUCCESS)
        return;
    if (records && net_origin_read((const char *)records->txt, records->length, entry->name,
                                   sizeof entry->name))
        entry->state = NET_REVERSE_KNOWN;
    ares_free_data(records);
}

static void begin(struct net_reverse *reverse, struct entry *entry, enum question question,
                  const struct sonde_address *address)
{
    char name[NET_ORIGIN_QUESTION];
    entry->address = *address;
    entry->question = question;
    entry->asked = net_now();
    entry->state = NET_REVERSE_PENDING;
    switch (question) {
    case ASKS_NAME:
        ares_gethostbyaddr(reverse->channel, address->bytes, (int)sonde_address_length(address),
                           address->family == SONDE_IPV4 ? AF_INET : AF_INET6, name_answered,
                           entry);
        break;
    case ASKS_ORIGIN:
        ares_query(reverse->channel, net_origin_question(address, name), ns_c_in, ns_t_txt,
                   origin_answered, entry);
        break;
    }
    arm(reverse);
}

static enum net_reverse_state ask(struct net_reverse *reverse, enum question question,
                                  const struct sonde_address *address, const char **text)
{
    *text = NULL;
    if (address->family == SONDE_FAMILY_NONE)
        return NET_REVERSE_NONE;
    struct entry *entry = find(reverse, question, address);
    if (!entry)
        return NET_REVERSE_NONE;
    if (!is_about(entry, question, address))
        begin(reverse, entry, question, address);
    entry->used = ++reverse->questions;
    if (entry->state == NET_REVERSE_KNOWN)
        *text = entry->name;
    if (entry->state == NET_REVERSE_PENDING &&
        sonde_mono_since(net_now(), entry->asked).ns >= reverse->timeout.ns)
        return NET_REVERSE_NONE;
    return entry->state;
}

enum net_reverse_state net_reverse_ask(struct net_reverse *reverse,
                                       const struct sonde_address *address, const char **name)
{
    return ask(reverse, ASKS_NAME, address, name);
}

enum net_reverse_state net_reverse_ask_origin(struct net_reverse *reverse,
                                              const struct sonde_address *address,
                                              const char **origin)
{
    return ask(reverse, ASKS_ORIGIN, address, origin);
}

size_t net_reverse_descriptors(struct net_reverse *reverse, struct pollfd *fds, size_t capacity)
{
    ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
    /* One bit each for reading, from bit 16 on for writing; c-ares' macros shift into the sign. */
    const unsigned wanted = (unsigned)ares_getsock(reverse->channel, sockets, ARES_GETSOCK_MAXNUM);
    size_t count = 0;
    for (int i = 0; i < ARES_GETSOCK_MAXNUM && count < capacity; i++) {
        const short events = (short)((wanted >> i & 1 ? POLLIN : 0) |
                                     (wanted >> (i + ARES_GETSOCK_MAXNUM) & 1 ? POLLOUT : 0));
        if (events)
            fds[count++] = (struct pollfd){.fd = sockets[i], .events = events};
    }
    return count;
}

struct sonde_mono net_reverse_deadline(struct net_reverse *reverse)
{
    struct timeval left;
    if (!ares_timeout(reverse->channel, NULL, &left))
        return SONDE_NEVER;
    const int64_t ns = left.tv_sec * SONDE_NS_PER_S + left.tv_usec * SONDE_NS_PER_US;
    return sonde_mono_add(net_now(), (struct sonde_span){ns});
}

void net_reverse_process(struct net_reverse *reverse, const struct pollfd *fds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (fds[i].revents)
            process_one(reverse, fds[i].fd, fds[i].revents);
    ares_process_fd(reverse->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD); /* timeouts */
}
