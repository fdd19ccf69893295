/*
 * A name server of the test's own answers on 127.0.0.1; no other one is asked.
 */
#define _GNU_SOURCE
#include "net/reverse.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hosts.h"
#include "net/poller.h"
#include "sonde/net.h"

enum manner { ANSWERS, IS_SILENT, KNOWS_NOTHING, TALKS_RUBBISH };

/* A name server for PTR questions, with one answer for everything. */
struct server {
    int fd;
    char address[32]; /* ADDRESS:PORT */
    enum manner manner;
    const char *label; /* the answer is this label in front of .test */
    size_t label_length;
    int questions;
    char asked[256]; /* the last question, labels separated by dots */
};

static void server_open(struct server *server, const char *label, size_t length)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof name;
    *server = (struct server){.label = label, .label_length = length};
    server->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    cr_assert_geq(server->fd, 0);
    cr_assert_eq(bind(server->fd, (struct sockaddr *)&name, sizeof name), 0);
    cr_assert_eq(getsockname(server->fd, (struct sockaddr *)&name, &size), 0);
    snprintf(server->address, sizeof server->address, "127.0.0.1:%u", ntohs(name.sin_port));
}

/* Copies the question's name as text and returns the offset behind the question. */
static size_t read_question(struct server *server, const uint8_t *message, size_t length)
{
    size_t at = 12, used = 0;
    while (at < length && message[at] != 0) {
        const size_t label = message[at++];
        cr_assert_leq(at + label, length);
        cr_assert_lt(used + label + 2, sizeof server->asked);
        memcpy(server->asked + used, message + at, label);
        used += label;
        server->asked[used++] = '.';
        at += label;
    }
    server->asked[used] = '\0';
    return at + 5;
}

static size_t write_answer(const struct server *server, uint8_t *message, size_t at)
{
    static const uint8_t head[] = {0xc0, 12, 0, 12, 0, 1, 0, 0, 0, 60, 0};
    message[7] = 1; /* one answer */
    memcpy(message + at, head, sizeof head);
    at += sizeof head;
    message[at++] = (uint8_t)(server->label_length + 7);
    message[at++] = (uint8_t)server->label_length;
    memcpy(message + at, server->label, server->label_length);
    at += server->label_length;
    memcpy(message + at, "\4test", 6);
    return at + 6;
}

static void server_turn(struct server *server)
{
    uint8_t message[512];
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    const ssize_t got = recvfrom(server->fd, message, 300, 0, (struct sockaddr *)&from, &size);
    cr_assert_geq(got, 12);
    size_t length = read_question(server, message, (size_t)got);
    server->questions++;
    if (server->manner == IS_SILENT)
        return;
    message[2] = 0x81;
    message[3] = server->manner == KNOWS_NOTHING ? 0x83 : 0x80;
    memset(message + 6, 0, 6);
    if (server->manner == ANSWERS)
        length = write_answer(server, message, length);
    if (server->manner == TALKS_RUBBISH) {
        message[7] = 9; /* nine answers that are not there, then one that points to itself */
        memset(message + length, 0xc0, 40);
        length += 40;
    }
    sendto(server->fd, message, length, 0, (struct sockaddr *)&from, size);
}

static struct net_reverse *opened(const struct server *server, struct sonde_span timeout,
                                  uint32_t capacity)
{
    const struct net_reverse_config config = {
        .timeout = timeout, .capacity = capacity, .servers = server->address};
    struct net_reverse *reverse;
    const char *operation;
    cr_assert_eq(net_reverse_open(&reverse, &config, &operation), 0, "%s", operation);
    return reverse;
}

static struct sonde_address parsed(const char *text)
{
    struct sonde_address address;
    cr_assert(sonde_address_parse(text, &address));
    return address;
}

/* Serves both sides until the name is settled, two seconds at most. */
static enum net_reverse_state settled(struct net_reverse *reverse, struct server *server,
                                      const char *text, const char **name)
{
    const struct sonde_address address = parsed(text);
    const struct sonde_mono end = sonde_mono_add(net_now(), sonde_span_s(2));
    for (;;) {
        const enum net_reverse_state state = net_reverse_ask(reverse, &address, name);
        if (state != NET_REVERSE_PENDING || !sonde_mono_before(net_now(), end))
            return state;
        struct pollfd fds[17];
        size_t count = net_reverse_descriptors(reverse, fds, 16);
        fds[count] = (struct pollfd){.fd = server->fd, .events = POLLIN};
        cr_assert_geq(poll(fds, count + 1, 20), 0);
        if (fds[count].revents)
            server_turn(server);
        net_reverse_process(reverse, fds, count);
    }
}

Test(net_reverse, a_name_is_asked_for_once)
{
    struct server server;
    server_open(&server, "host", 4);
    struct net_reverse *reverse = opened(&server, (struct sonde_span){0}, 0);
    const char *name;
    const struct sonde_address address = parsed("192.0.2.7");
    cr_expect_eq(net_reverse_deadline(reverse).ns, SONDE_NEVER.ns);
    cr_expect_eq(net_reverse_ask(reverse, &address, &name), NET_REVERSE_PENDING);
    cr_expect_null(name);
    cr_expect_neq(net_reverse_deadline(reverse).ns, SONDE_NEVER.ns);

    cr_assert_eq(settled(reverse, &server, "192.0.2.7", &name), NET_REVERSE_KNOWN);
    cr_expect_str_eq(name, "host.test");
    cr_expect_str_eq(server.asked, "7.2.0.192.in-addr.arpa.");
    cr_assert_eq(settled(reverse, &server, "192.0.2.7", &name), NET_REVERSE_KNOWN);
    cr_expect_eq(server.questions, 1);
    net_reverse_close(reverse);
    close(server.fd);
}

Test(net_reverse, ipv6)
{
    struct server server;
    server_open(&server, "six", 3);
    struct net_reverse *reverse = opened(&server, (struct sonde_span){0}, 0);
    const char *name;
    cr_assert_eq(settled(reverse, &server, "2001:db8::1", &name), NET_REVERSE_KNOWN);
    cr_expect_str_eq(name, "six.test");
    cr_expect_str_eq(server.asked, "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
                                   "8.b.d.0.1.0.0.2.ip6.arpa.");
    net_reverse_close(reverse);
    close(server.fd);
}

Test(net_reverse, hostile_names_cannot_reach_a_terminal)
{
    static const char *const labels[] = {"\033[2J\033]0;owned\007", "a\r\nb\tc", "\x9b\x31\xc2\x9b",
                                         "back\\slash", "\x7f\b\b"};
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        struct server server;
        server_open(&server, labels[i], strlen(labels[i]));
        struct net_reverse *reverse = opened(&server, (struct sonde_span){0}, 0);
        const char *name = NULL;
        const enum net_reverse_state state = settled(reverse, &server, "192.0.2.66", &name);
        cr_expect_eq(server.questions, 1);
        cr_expect_neq(state, NET_REVERSE_PENDING);
        for (const char *at = name; at && *at; at++)
            cr_expect(*at > 0x20 && *at < 0x7f, "label %zu: byte %d", i, *at);
        if (state == NET_REVERSE_KNOWN) /* some versions of c-ares refuse such names */
            cr_expect(strstr(name, "\\x") != NULL, "%s", name);
        net_reverse_close(reverse);
        close(server.fd);
    }
}

Test(net_reverse, hostile_names_of_the_hosts_file_neither)
{
    use_hosts("192.0.2.66 \033[2J\033]0;owned\007\n");
    struct server server;
    server_open(&server, "host", 4);
    struct net_reverse *reverse = opened(&server, (struct sonde_span){0}, 0);
    const char *name;
    cr_assert_eq(settled(reverse, &server, "192.0.2.66", &name), NET_REVERSE_KNOWN);
    cr_expect_str_eq(name, "\\x1b[2J\\x1b]0;owned\\x07");
    net_reverse_close(reverse);
    close(server.fd);
}

Test(net_reverse, no_name_and_rubbish_are_no_name)
{
    static const enum manner manners[] = {KNOWS_NOTHING, TALKS_RUBBISH};
    for (size_t i = 0; i < 2; i++) {
        struct server server;
        server_open(&server, "host", 4);
        server.manner = manners[i];
        struct net_reverse *reverse = opened(&server, (struct sonde_span){0}, 0);
        const char *name = "";
        cr_expect_eq(settled(reverse, &server, "192.0.2.1", &name), NET_REVERSE_NONE);
        cr_expect_null(name);
        cr_expect_eq(settled(reverse, &server, "192.0.2.1", &name), NET_REVERSE_NONE);
        cr_expect_eq(server.questions, 1, "asked again for what is known not to be");
        net_reverse_close(reverse);
        close(server.fd);
    }
}

Test(net_reverse, a_silent_server_is_waited_for_only_so_long)
{
    struct server server;
    server_open(&server, "host", 4);
    server.manner = IS_SILENT;
    struct net_reverse *reverse = opened(&server, sonde_span_ms(100), 0);
    const char *name;
    const struct sonde_mono start = net_now();
    cr_expect_eq(settled(reverse, &server, "192.0.2.1", &name), NET_REVERSE_NONE);
    const int64_t ms = sonde_mono_since(net_now(), start).ns / SONDE_NS_PER_MS;
    cr_expect(ms >= 100 && ms < 1000, "%lld ms", (long long)ms);

    server.manner = ANSWERS; /* the repeated question is answered, and the name is taken late */
    struct sonde_mono end = sonde_mono_add(net_now(), sonde_span_s(4));
    enum net_reverse_state state = NET_REVERSE_NONE;
    while (state != NET_REVERSE_KNOWN && sonde_mono_before(net_now(), end)) {
        state = settled(reverse, &server, "192.0.2.1", &name);
        struct pollfd fds[17];
        const size_t count = net_reverse_descriptors(reverse, fds, 16);
        fds[count] = (struct pollfd){.fd = server.fd, .events = POLLIN};
        poll(fds, count + 1, 20);
        if (fds[count].revents)
            server_turn(&server);
        net_reverse_process(reverse, fds, count);
    }
    cr_expect_eq(state, NET_REVERSE_KNOWN);
    net_reverse_close(reverse);
    close(server.fd);
}

Test(net_reverse, the_hosts_file_comes_first)
{
    struct server server;
    server_open(&server, "wrong", 5);
    struct net_reverse *reverse = opened(&server, (struct sonde_span){0}, 0);
    const char *name;
    cr_expect_eq(settled(reverse, &server, "127.0.0.1", &name), NET_REVERSE_KNOWN);
    cr_expect_str_eq(name, "localhost");
    cr_expect_eq(server.questions, 0);
    net_reverse_close(reverse);
    close(server.fd);
}

Test(net_reverse, the_cache_keeps_what_was_asked_last)
{
    struct server server;
    server_open(&server, "host", 4);
    struct net_reverse *reverse = opened(&server, (struct sonde_span){0}, 2);
    const char *name;
    settled(reverse, &server, "192.0.2.1", &name);
    settled(reverse, &server, "192.0.2.2", &name);
    settled(reverse, &server, "192.0.2.1", &name);
    settled(reverse, &server, "192.0.2.3", &name); /* in place of .2 */
    cr_expect_eq(server.questions, 3);
    settled(reverse, &server, "192.0.2.1", &name);
    cr_expect_eq(server.questions, 3);
    settled(reverse, &server, "192.0.2.2", &name);
    cr_expect_eq(server.questions, 4);
    net_reverse_close(reverse);
    close(server.fd);
}

Test(net_reverse, more_questions_than_places_wait_for_none)
{
    struct server server;
    server_open(&server, "host", 4);
    struct net_reverse *reverse = opened(&server, (struct sonde_span){0}, 2);
    const struct sonde_address a = parsed("192.0.2.1"), b = parsed("192.0.2.2"),
                               c = parsed("192.0.2.3"), none = {0};
    const char *name;
    cr_expect_eq(net_reverse_ask(reverse, &a, &name), NET_REVERSE_PENDING);
    cr_expect_eq(net_reverse_ask(reverse, &b, &name), NET_REVERSE_PENDING);
    cr_expect_eq(net_reverse_ask(reverse, &c, &name), NET_REVERSE_NONE);
    cr_expect_eq(net_reverse_ask(reverse, &none, &name), NET_REVERSE_NONE);
    net_reverse_close(reverse); /* with two look-ups under way */
    close(server.fd);
}

Test(net_reverse, bad_servers_are_refused)
{
    const struct net_reverse_config config = {.servers = "no such thing"};
    struct net_reverse *reverse;
    const char *operation = NULL;
    cr_expect_eq(net_reverse_open(&reverse, &config, &operation), -EINVAL);
    cr_expect_not_null(operation);
    net_reverse_close(NULL);
}

Test(net_reverse, a_transport_that_waits_serves_look_ups)
{
    const struct sonde_net_config net = {.fixed_identifier = -1, .family = SONDE_IPV4};
    struct sonde_transport transport;
    const char *operation;
    if (sonde_net_open_dgram(&net, &transport, &operation) != 0 &&
        sonde_net_open_raw(&net, &transport, &operation) != 0)
        cr_skip_test("no ICMP socket may be opened here");
    struct server server;
    server_open(&server, "host", 4);
    const struct net_reverse_config config = {.servers = server.address, .transport = &transport};
    struct net_reverse *reverse;
    cr_assert_eq(net_reverse_open(&reverse, &config, &operation), 0);
    const struct sonde_address address = parsed("192.0.2.9");
    const char *name;
    cr_assert_eq(net_reverse_ask(reverse, &address, &name), NET_REVERSE_PENDING);
    server_turn(&server);
    enum net_reverse_state state = NET_REVERSE_PENDING;
    for (int i = 0; i < 100 && state == NET_REVERSE_PENDING; i++) {
        const struct sonde_mono until =
            sonde_mono_add(transport.ops->now(transport.self), sonde_span_ms(20));
        cr_assert_eq(transport.ops->wait(transport.self, until, false), 0);
        state = net_reverse_ask(reverse, &address, &name);
    }
    cr_expect_eq(state, NET_REVERSE_KNOWN);
    net_reverse_close(reverse);
    transport.ops->close(transport.self);
    close(server.fd);
}
