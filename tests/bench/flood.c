/*
 * flood PREFIX/LENGTH SECONDS WINDOW
 *
 * Sends ICMP echo requests to the addresses of an IPv4 prefix in turn, as fast as it can, and
 * counts the replies. No more than WINDOW requests are unanswered at any time; 0: no such limit.
 * Prints how many were sent, how many answered, the time in ns, and the user and system time in us.
 *
 * A measure of whoever answers: it does as little as possible for each packet itself.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/icmp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH      64
#define LENGTH     64       /* as ping: 8 bytes of header, 56 of payload */
#define SEEN       32       /* bytes of an answer that are looked at: IPv4 header, ICMP header */
#define IDENTIFIER 0x736f   /* of all requests */
#define STRIDE     2654435U /* odd: all have their turn, neighbours not one after another */
#define PATIENCE   INT64_C(50000000) /* ns without an answer: what is open is lost */

struct flood {
    int socket;
    uint32_t prefix, hosts; /* first address; 2^n - 1 */
    uint64_t window;
    int64_t until;
    _Atomic uint64_t answered;
    _Atomic int done;
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int fail(const char *what)
{
    fprintf(stderr, "flood: %s: %s\n", what, strerror(errno));
    return 1;
}

static void *receive(void *argument)
{
    struct flood *flood = argument;
    static uint8_t data[BATCH][SEEN];
    struct iovec vectors[BATCH];
    struct mmsghdr messages[BATCH];

    memset(messages, 0, sizeof messages);
    for (size_t i = 0; i < BATCH; i++) {
        vectors[i] = (struct iovec){data[i], SEEN};
        messages[i].msg_hdr.msg_iov = &vectors[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    while (!atomic_load_explicit(&flood->done, memory_order_relaxed)) {
        int count = recvmmsg(flood->socket, messages, BATCH, MSG_WAITFORONE, NULL);
        uint64_t ours = 0;

        for (int i = 0; i < count; i++) {
            const uint8_t *icmp = data[i] + 4 * (size_t)(data[i][0] & 15);

            if (messages[i].msg_len >= 28 && data[i][0] == 0x45 && icmp[0] == ICMP_ECHOREPLY &&
                icmp[4] == IDENTIFIER >> 8 && icmp[5] == (IDENTIFIER & 255))
                ours++;
        }
        atomic_fetch_add_explicit(&flood->answered, ours, memory_order_relaxed);
    }
    return NULL;
}

static void write_request(uint8_t *data, uint16_t sequence)
{
    uint32_t sum = (ICMP_ECHO << 8) + IDENTIFIER + sequence;

    sum = (sum & 0xffff) + (sum >> 16);
    sum = ~(sum + (sum >> 16));
    data[0] = ICMP_ECHO;
    data[2] = (uint8_t)(sum >> 8);
    data[3] = (uint8_t)sum;
    data[4] = IDENTIFIER >> 8;
    data[5] = IDENTIFIER & 255;
    data[6] = (uint8_t)(sequence >> 8);
    data[7] = (uint8_t)sequence;
}

/* How many requests may leave now. Waits while there is none; what nobody answers is written off.
 */
static uint64_t allowed(struct flood *flood, uint64_t sent, uint64_t *written_off)
{
    uint64_t before = atomic_load(&flood->answered);
    int64_t since = now_ns();

    if (!flood->window)
        return BATCH;
    for (;;) {
        uint64_t answered = atomic_load(&flood->answered);
        uint64_t open = sent - *written_off > answered ? sent - *written_off - answered : 0;
        int64_t now = now_ns();

        if (open + BATCH <= flood->window)
            return BATCH;
        if (now >= flood->until)
            return 0;
        if (answered != before) {
            before = answered;
            since = now;
        } else if (now - since > PATIENCE) {
            *written_off += open;
        }
        nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
    }
}

/* Returns how many were sent. */
static uint64_t transmit(struct flood *flood)
{
    static uint8_t data[BATCH][LENGTH];
    struct iovec vectors[BATCH];
    struct sockaddr_in names[BATCH];
    struct mmsghdr messages[BATCH];
    uint64_t sent = 0, written_off = 0;
    uint32_t turn = 0;

    memset(messages, 0, sizeof messages);
    memset(names, 0, sizeof names);
    for (size_t i = 0; i < BATCH; i++) {
        vectors[i] = (struct iovec){data[i], LENGTH};
        names[i].sin_family = AF_INET;
        messages[i].msg_hdr.msg_name = &names[i];
        messages[i].msg_hdr.msg_namelen = sizeof names[i];
        messages[i].msg_hdr.msg_iov = &vectors[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    while (now_ns() < flood->until) {
        if (!allowed(flood, sent, &written_off))
            break;
        for (size_t i = 0; i < BATCH; i++) {
            turn += STRIDE;
            names[i].sin_addr.s_addr = htonl(flood->prefix + (turn & flood->hosts));
            write_request(data[i], (uint16_t)(sent + i));
        }
        int count = sendmmsg(flood->socket, messages, BATCH, 0);

        if (count > 0)
            sent += (uint64_t)count;
        else if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR)
            break;
    }
    return sent;
}

static int open_socket(void)
{
    int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
    struct icmp_filter filter = {.data = ~(1U << ICMP_ECHOREPLY)};
    struct timeval patience = {.tv_usec = 100000};
    int room = 32 << 20;

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_RAW, ICMP_FILTER, &filter, sizeof filter);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    return fd;
}

int main(int argc, char **argv)
{
    char *slash = argc == 4 ? strchr(argv[1], '/') : NULL;
    unsigned long length = slash ? strtoul(slash + 1, NULL, 10) : 0;
    struct in_addr prefix;

    if (slash)
        *slash = 0;
    if (!slash || inet_pton(AF_INET, argv[1], &prefix) != 1 || length < 1 || length > 32) {
        fprintf(stderr, "usage: flood PREFIX/LENGTH SECONDS WINDOW\n");
        return 2;
    }
    struct flood flood = {.socket = open_socket(),
                          .prefix = ntohl(prefix.s_addr),
                          .hosts = (uint32_t)((UINT64_C(1) << (32 - length)) - 1),
                          .window = strtoull(argv[3], NULL, 10)};
    pthread_t receiver;

    if (flood.socket < 0)
        return fail("socket");
    if (pthread_create(&receiver, NULL, receive, &flood))
        return fail("pthread_create");
    int64_t start = now_ns();
    flood.until = start + strtoll(argv[2], NULL, 10) * INT64_C(1000000000);
    uint64_t sent = transmit(&flood);
    int64_t took = now_ns() - start;
    uint64_t answered = atomic_load(&flood.answered); /* within that time, not after it */

    atomic_store(&flood.done, 1);
    pthread_join(receiver, NULL);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%llu %llu %lld %lld %lld\n", (unsigned long long)sent, (unsigned long long)answered,
           (long long)took, (long long)usage.ru_utime.tv_sec * 1000000 + usage.ru_utime.tv_usec,
           (long long)usage.ru_stime.tv_sec * 1000000 + usage.ru_stime.tv_usec);
    return 0;
}
