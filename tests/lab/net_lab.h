/*
 * What the lab programs about sockets share: a private network namespace, datagrams, and checks.
 * Each program is one C file linked with libsonde; it prints "ok" and ends with 0, "FAIL" and 1, or
 * a reason and 77 when it cannot run here.
 */
#ifndef LAB_NET_LAB_H
#define LAB_NET_LAB_H
#ifndef _GNU_SOURCE
#error "define _GNU_SOURCE first: unshare"
#endif

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sonde/net.h"
#include "sonde/transport.h"

#define LAB __attribute__((unused)) static

static int lab_failures;

#define LAB_CHECK(condition, ...)                                                                  \
    lab_check((condition), __FILE__, __LINE__, #condition, __VA_ARGS__)

LAB __attribute__((format(printf, 5, 6))) void lab_check(bool good, const char *file, int line,
                                                         const char *what, const char *format, ...)
{
    va_list arguments;

    if (good)
        return;
    lab_failures++;
    printf("%s:%d: not so: %s: ", file, line, what);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
}

LAB _Noreturn void lab_skip(const char *why)
{
    printf("skipped: %s\n", why);
    exit(77);
}

/* Prints the verdict and returns the exit code. */
LAB int lab_verdict(void)
{
    printf(lab_failures ? "FAIL\n" : "ok\n");
    return lab_failures != 0;
}

LAB bool lab_write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t put = fd < 0 ? -1 : write(fd, text, strlen(text));

    if (fd >= 0)
        close(fd);
    return put == (ssize_t)strlen(text);
}

/* Runs a command of the shell; ends the program with 77 when it fails. */
LAB void lab_run(const char *command)
{
    if (system(command) != 0) {
        printf("command failed: %s\n", command);
        lab_skip("the ip command or the kernel does not do what the test needs");
    }
}

/* Becomes root of a new user namespace, unless it is root already. */
LAB void lab_become_root(void)
{
    char map[64];
    unsigned uid = geteuid();
    unsigned gid = getegid();

    if (uid == 0)
        return;
    if (unshare(CLONE_NEWUSER))
        lab_skip("neither root nor allowed to make a user namespace");
    lab_write_file("/proc/self/setgroups", "deny");
    snprintf(map, sizeof map, "0 %u 1", uid);
    lab_write_file("/proc/self/uid_map", map);
    snprintf(map, sizeof map, "0 %u 1", gid);
    lab_write_file("/proc/self/gid_map", map);
}

/* A new network namespace with lo up and ping sockets allowed. */
LAB void lab_enter_namespace(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    lab_become_root();
    if (unshare(CLONE_NEWNET))
        lab_skip("not allowed to make a network namespace");
    lab_run("ip link set lo up");
    if (!lab_write_file("/proc/sys/net/ipv4/ping_group_range", "0 2147483647"))
        lab_write_file("/proc/sys/net/ipv4/ping_group_range", "0 0"); /* all that is mapped */
}

LAB struct sonde_address lab_address(const char *text)
{
    struct sonde_address address = {0};

    LAB_CHECK(sonde_address_parse(text, &address), "%s", text);
    return address;
}

static uint32_t lab_sum(uint32_t sum, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

static void lab_put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

struct lab_echo {
    uint8_t bytes[65536];
    uint32_t length;
};

LAB void lab_build_v4(struct lab_echo *echo, const char *from, const char *to, uint8_t ttl,
                      size_t icmp)
{
    struct sonde_address source = from ? lab_address(from) : (struct sonde_address){0};
    struct sonde_address target = lab_address(to);

    echo->bytes[0] = 0x45;
    echo->length = (uint32_t)(20 + icmp);
    lab_put16(echo->bytes + 2, echo->length);
    echo->bytes[8] = ttl;
    echo->bytes[9] = 1;
    memcpy(echo->bytes + 12, source.bytes, 4);
    memcpy(echo->bytes + 16, target.bytes, 4);
    echo->bytes[20] = 8;
    lab_put16(echo->bytes + 22, ~lab_sum(0, echo->bytes + 20, icmp) & 0xffff);
}

LAB void lab_build_v6(struct lab_echo *echo, const char *from, const char *to, uint8_t ttl,
                      size_t icmp)
{
    struct sonde_address source = from ? lab_address(from) : (struct sonde_address){0};
    struct sonde_address target = lab_address(to);
    uint32_t sum;

    echo->bytes[0] = 0x60;
    echo->length = (uint32_t)(40 + icmp);
    lab_put16(echo->bytes + 4, (uint32_t)icmp);
    echo->bytes[6] = 58;
    echo->bytes[7] = ttl;
    memcpy(echo->bytes + 8, source.bytes, 16);
    memcpy(echo->bytes + 24, target.bytes, 16);
    echo->bytes[40] = 128;
    sum = lab_sum((uint32_t)icmp + 58, echo->bytes + 8, 32);
    lab_put16(echo->bytes + 42, ~lab_sum(sum, echo->bytes + 40, icmp) & 0xffff);
}

/* An echo request with IP header; `from` may be NULL. The type byte is set before the checksum. */
LAB void lab_build(struct lab_echo *echo, const char *from, const char *to, uint8_t ttl,
                   uint16_t identifier, uint16_t sequence, size_t payload)
{
    bool v6 = strchr(to, ':');
    size_t header = v6 ? 40 : 20;

    memset(echo->bytes, 0, header + 8);
    for (size_t i = 0; i < payload; i++)
        echo->bytes[header + 8 + i] = (uint8_t)i;
    echo->bytes[header] = v6 ? 128 : 8;
    lab_put16(echo->bytes + header + 4, identifier);
    lab_put16(echo->bytes + header + 6, sequence);
    if (v6)
        lab_build_v6(echo, from, to, ttl, payload + 8);
    else
        lab_build_v4(echo, from, to, ttl, payload + 8);
}

LAB struct sonde_datagram lab_datagram(struct lab_echo *echo, const char *to, uint64_t token)
{
    return (struct sonde_datagram){
        .token = token, .to = lab_address(to), .bytes = echo->bytes, .length = echo->length};
}

/* The ICMP header of an event that has one. */
struct lab_icmp {
    uint8_t type, code;
    uint16_t identifier, sequence;
};

LAB struct lab_icmp lab_icmp(const struct sonde_event *event)
{
    struct lab_icmp icmp = {0};
    size_t header = 0;
    const uint8_t *at = event->bytes.data;

    if (event->kind == SONDE_EVENT_DATAGRAM && event->layer == SONDE_LAYER_IP)
        header = at[0] >> 4 == 6 ? 40 : (at[0] & 0x0fu) * 4;
    if (event->bytes.length < header + 8)
        return icmp;
    at += header;
    icmp.type = at[0];
    icmp.code = at[1];
    icmp.identifier = (uint16_t)(at[4] << 8 | at[5]);
    icmp.sequence = (uint16_t)(at[6] << 8 | at[7]);
    return icmp;
}

struct lab_seen {
    struct sonde_event event; /* its bytes are gone */
    struct lab_icmp icmp;
    uint8_t head[256]; /* the first of them */
    size_t head_length;
};

/* What arrives within `ms`; ends early when there are `enough`. */
LAB size_t lab_collect(struct sonde_transport *transport, struct lab_seen *seen, size_t capacity,
                       int ms, size_t enough)
{
    const struct sonde_transport_ops *ops = transport->ops;
    struct sonde_mono end = sonde_mono_add(ops->now(transport->self), sonde_span_ms(ms));
    size_t count = 0;

    while (count < enough && sonde_mono_before(ops->now(transport->self), end)) {
        struct sonde_event events[16]; /* few: what was read takes several calls to be told */
        size_t room = capacity - count < 16 ? capacity - count : 16;
        int got = room ? ops->receive(transport->self, events, room) : 0;

        LAB_CHECK(got >= 0, "receive: %s", strerror(-got));
        if (got < 0 || !room)
            break;
        for (int i = 0; i < got; i++) {
            seen[count].event = events[i];
            seen[count].icmp = (struct lab_icmp){0};
            if (events[i].bytes.data)
                seen[count].icmp = lab_icmp(&events[i]);
            seen[count].head_length = events[i].bytes.length < sizeof seen[count].head
                                          ? events[i].bytes.length
                                          : sizeof seen[count].head;
            if (seen[count].head_length)
                memcpy(seen[count].head, events[i].bytes.data, seen[count].head_length);
            count++;
        }
        if (count < enough && !got)
            ops->wait(transport->self, end, true);
    }
    return count;
}

/* Whether a thread reads what arrives, where the transport can have one. */
static bool lab_receiver;

LAB struct sonde_net_config lab_config(void)
{
    return (struct sonde_net_config){.fixed_identifier = -1, .receiver = lab_receiver};
}

LAB bool lab_open(bool raw, const struct sonde_net_config *config,
                  struct sonde_transport *transport)
{
    const char *operation = "?";
    int error = raw ? sonde_net_open_raw(config, transport, &operation)
                    : sonde_net_open_dgram(config, transport, &operation);

    LAB_CHECK(!error, "%s: %s: %s", raw ? "raw" : "dgram", operation, strerror(-error));
    if (!error)
        LAB_CHECK(sonde_net_start(transport) == 0, "threads");
    return !error;
}

#endif
