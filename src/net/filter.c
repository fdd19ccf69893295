#include "net/filter.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "packet/icmp_types.h"
#include "packet/tcp.h"

#ifndef ICMP_FILTER
#define ICMP_FILTER 1 /* linux/icmp.h, which does not go together with netinet's headers */
#endif

enum { NEXT_HOP_BY_HOP = 0, NEXT_ROUTING = 43, NEXT_FRAGMENT = 44, NEXT_OPTIONS = 60 };

enum { IPV6_HEADER = 40 };

enum { LOOPBACK = 1 }; /* LOOPBACK_IFINDEX of the kernel: the same in every network namespace */

/* Options of a redirect: RFC 4861 section 4.6. */
enum { REDIRECT_OPTIONS_AT = 40, OPTION_REDIRECTED = 4 };

/* How many extension headers of a quote, and options of a redirect, are passed over. */
enum { EXTENSIONS = 3, OPTIONS = 2 };

/* Where a jump goes: on, or to a label, which is placed and resolved later. */
enum { NEXT = 0, ACCEPT = 128, DROP, REPLY, ERROR, REDIRECT, QUOTE, QUOTED_ICMP, QUOTED_IS_OURS };
enum { PASS = 160 }; /* two labels for every extension header */
enum { LABELS = 128 };

struct builder {
    struct net_filter *filter;
    struct net_identifiers ours;
    uint32_t icmp;     /* where the ICMPv6 header is */
    uint8_t quoted[3]; /* protocols besides ICMP that are let in when they are quoted */
    size_t quoted_count;
    bool translated;    /* a quoted identifier may be another one */
    uint8_t at[LABELS]; /* position of label 128 + index */
};

static const uint8_t v4_replies[] = {
    PACKET_ICMPV4_ECHO_REPLY,
    PACKET_ICMPV4_TIMESTAMP_REPLY,
    PACKET_ICMPV4_EXTENDED_ECHO_REPLY,
};
static const uint8_t v4_requests[] = {
    PACKET_ICMPV4_ECHO,
    PACKET_ICMPV4_TIMESTAMP,
    PACKET_ICMPV4_EXTENDED_ECHO,
};
static const uint8_t v4_errors[] = {
    PACKET_ICMPV4_UNREACHABLE,   PACKET_ICMPV4_SOURCE_QUENCH,     PACKET_ICMPV4_REDIRECT,
    PACKET_ICMPV4_TIME_EXCEEDED, PACKET_ICMPV4_PARAMETER_PROBLEM,
};
static const uint8_t v6_replies[] = {
    PACKET_ICMPV6_ECHO_REPLY,
    PACKET_ICMPV6_EXTENDED_ECHO_REPLY,
};
static const uint8_t v6_requests[] = {
    PACKET_ICMPV6_ECHO,
    PACKET_ICMPV6_EXTENDED_ECHO,
};
static const uint8_t v6_errors[] = {
    PACKET_ICMPV6_UNREACHABLE,
    PACKET_ICMPV6_TOO_BIG,
    PACKET_ICMPV6_TIME_EXCEEDED,
    PACKET_ICMPV6_PARAMETER_PROBLEM,
};

static void emit(struct builder *b, uint16_t code, uint32_t k)
{
    b->filter->code[b->filter->length++] = (struct sock_filter){.code = code, .k = k};
}

static void jump(struct builder *b, uint16_t how, uint32_t k, uint8_t yes, uint8_t no)
{
    b->filter->code[b->filter->length++] = (struct sock_filter){
        .code = (uint16_t)(BPF_JMP | BPF_K | how), .jt = yes, .jf = no, .k = k};
}

static void place(struct builder *b, uint8_t label)
{
    b->at[label - 128] = (uint8_t)b->filter->length;
}

/* Resolves the labels. Every jump goes forward and the program has less than 128 steps. */
static void resolve(struct builder *b)
{
    for (uint16_t i = 0; i < b->filter->length; i++) {
        struct sock_filter *code = &b->filter->code[i];

        if (BPF_CLASS(code->code) != BPF_JMP)
            continue;
        if (code->jt >= 128)
            code->jt = (uint8_t)(b->at[code->jt - 128] - i - 1);
        if (code->jf >= 128)
            code->jf = (uint8_t)(b->at[code->jf - 128] - i - 1);
    }
}

static void jump_if_any(struct builder *b, const uint8_t *types, size_t count, uint8_t label)
{
    for (size_t i = 0; i < count; i++)
        jump(b, BPF_JEQ, types[i], label, NEXT);
}

/* X += A. */
static void advance(struct builder *b)
{
    emit(b, BPF_ALU | BPF_ADD | BPF_X, 0);
    emit(b, BPF_MISC | BPF_TAX, 0);
}

/* Judges the identifier of the ICMP header at X. */
static void judge_identifier(struct builder *b)
{
    emit(b, BPF_LD | BPF_H | BPF_IND, 4);
    emit(b, BPF_ALU | BPF_AND | BPF_K, 0xffffu & ~(b->ours.count - 1));
    jump(b, BPF_JEQ, b->ours.base, ACCEPT, DROP);
}

static void judge_quoted_identifier(struct builder *b)
{
    if (b->translated)
        emit(b, BPF_RET | BPF_K, UINT32_MAX);
    else
        judge_identifier(b);
}

/* The program's two ends. */
static void finish(struct builder *b)
{
    place(b, DROP);
    emit(b, BPF_RET | BPF_K, 0);
    place(b, ACCEPT);
    emit(b, BPF_RET | BPF_K, UINT32_MAX);
    resolve(b);
}

/* X is where the ICMP header is. */
static void build_v4(struct builder *b)
{
    emit(b, BPF_LDX | BPF_B | BPF_MSH, 0);
    emit(b, BPF_LD | BPF_B | BPF_IND, 0);
    jump_if_any(b, v4_replies, sizeof v4_replies, REPLY);
    jump_if_any(b, v4_errors, sizeof v4_errors, QUOTE);
    emit(b, BPF_RET | BPF_K, 0);
    place(b, REPLY);
    judge_identifier(b);

    place(b, QUOTE); /* an IPv4 header at X + 8 */
    emit(b, BPF_LD | BPF_H | BPF_IND, 8 + 6);
    jump(b, BPF_JSET, 0x1fff, DROP, NEXT); /* a later fragment has no header that names us */
    emit(b, BPF_LD | BPF_B | BPF_IND, 8 + 9);
    jump_if_any(b, b->quoted, b->quoted_count, ACCEPT);
    jump(b, BPF_JEQ, IPPROTO_ICMP, NEXT, DROP);
    emit(b, BPF_LD | BPF_B | BPF_IND, 8);
    emit(b, BPF_ALU | BPF_AND | BPF_K, 0x0f);
    emit(b, BPF_ALU | BPF_LSH | BPF_K, 2);
    emit(b, BPF_ALU | BPF_ADD | BPF_K, 8);
    advance(b);
    emit(b, BPF_LD | BPF_B | BPF_IND, 0);
    jump_if_any(b, v4_requests, sizeof v4_requests, QUOTED_IS_OURS);
    emit(b, BPF_RET | BPF_K, 0);
    place(b, QUOTED_IS_OURS);
    judge_quoted_identifier(b);
    finish(b);
}

/* A and M[0] are the kind of the header at X. One extension header on, they are so again. */
static void pass_extension(struct builder *b, uint8_t fragment, uint8_t extension)
{
    jump_if_any(b, b->quoted, b->quoted_count, ACCEPT);
    jump(b, BPF_JEQ, IPPROTO_ICMPV6, QUOTED_ICMP, NEXT);
    jump(b, BPF_JEQ, NEXT_FRAGMENT, fragment, NEXT);
    jump(b, BPF_JEQ, NEXT_HOP_BY_HOP, extension, NEXT);
    jump(b, BPF_JEQ, NEXT_ROUTING, extension, NEXT);
    jump(b, BPF_JEQ, NEXT_OPTIONS, extension, DROP);
    place(b, fragment); /* its second byte is zero, as a length of eight bytes would be */
    emit(b, BPF_LD | BPF_H | BPF_IND, 2);
    jump(b, BPF_JSET, 0xfff8, DROP, NEXT);
    place(b, extension);
    emit(b, BPF_LD | BPF_B | BPF_IND, 0);
    emit(b, BPF_ST, 0);
    emit(b, BPF_LD | BPF_B | BPF_IND, 1);
    emit(b, BPF_ALU | BPF_LSH | BPF_K, 3);
    emit(b, BPF_ALU | BPF_ADD | BPF_K, 8);
    advance(b);
    emit(b, BPF_LD | BPF_MEM, 0);
}

/* The redirected header may follow the better hop's link-layer address. X ends at the quote. */
static void find_redirected(struct builder *b)
{
    emit(b, BPF_LDX | BPF_IMM, b->icmp + REDIRECT_OPTIONS_AT);
    for (int i = 0; i < OPTIONS; i++) {
        emit(b, BPF_LD | BPF_B | BPF_IND, 0);
        jump(b, BPF_JEQ, OPTION_REDIRECTED, REDIRECT, NEXT);
        emit(b, BPF_LD | BPF_B | BPF_IND, 1);
        emit(b, BPF_ALU | BPF_LSH | BPF_K, 3);
        advance(b);
    }
    emit(b, BPF_RET | BPF_K, 0);
    place(b, REDIRECT);
    emit(b, BPF_LD | BPF_IMM, 8);
    advance(b);
}

static void build_v6(struct builder *b)
{
    emit(b, BPF_LDX | BPF_IMM, b->icmp);
    emit(b, BPF_LD | BPF_B | BPF_IND, 0);
    jump_if_any(b, v6_replies, sizeof v6_replies, REPLY);
    jump(b, BPF_JEQ, PACKET_ICMPV6_NODE_INFO_REPLY, ACCEPT, NEXT);
    jump_if_any(b, v6_errors, sizeof v6_errors, ERROR);
    jump(b, BPF_JEQ, PACKET_ICMPV6_REDIRECT, NEXT, DROP);
    find_redirected(b);
    jump(b, BPF_JEQ, 0, QUOTE, QUOTE);
    place(b, REPLY);
    judge_identifier(b);

    place(b, ERROR);
    emit(b, BPF_LDX | BPF_IMM, b->icmp + 8);
    place(b, QUOTE); /* an IPv6 header at X */
    emit(b, BPF_LD | BPF_B | BPF_IND, 6);
    emit(b, BPF_ST, 0);
    emit(b, BPF_LD | BPF_IMM, 40);
    advance(b);
    emit(b, BPF_LD | BPF_MEM, 0);
    for (int i = 0; i < EXTENSIONS; i++)
        pass_extension(b, (uint8_t)(PASS + 2 * i), (uint8_t)(PASS + 2 * i + 1));
    jump_if_any(b, b->quoted, b->quoted_count, ACCEPT);
    jump(b, BPF_JEQ, IPPROTO_ICMPV6, QUOTED_ICMP, DROP);
    place(b, QUOTED_ICMP);
    emit(b, BPF_LD | BPF_B | BPF_IND, 0);
    jump_if_any(b, v6_requests, sizeof v6_requests, QUOTED_IS_OURS);
    jump(b, BPF_JEQ, PACKET_ICMPV6_NODE_INFO, ACCEPT, DROP);
    place(b, QUOTED_IS_OURS);
    judge_quoted_identifier(b);
    finish(b);
}

static uint8_t number_of(enum sonde_net_protocol protocol)
{
    switch (protocol) {
    case SONDE_NET_UDP:
        return IPPROTO_UDP;
    case SONDE_NET_TCP:
        return IPPROTO_TCP;
    case SONDE_NET_SCTP:
        return IPPROTO_SCTP;
    }
    return 0;
}

void net_filter_icmp(struct net_filter *filter, enum sonde_family family,
                     struct net_identifiers identifiers, unsigned protocols)
{
    struct builder b = {
        .filter = filter,
        .ours = identifiers,
        .translated = protocols & NET_FILTER_TRANSLATED,
    };

    for (unsigned bit = SONDE_NET_UDP; bit <= SONDE_NET_SCTP; bit *= 2)
        if (protocols & bit)
            b.quoted[b.quoted_count++] = number_of((enum sonde_net_protocol)bit);
    filter->length = 0;
    if (family == SONDE_IPV6)
        build_v6(&b);
    else
        build_v4(&b);
}

void net_filter_answers(struct net_filter *filter, enum sonde_family family,
                        enum sonde_net_protocol protocol, struct net_identifiers identifiers)
{
    net_filter_answers_also(filter, family, protocol, identifiers, NULL, 0);
}

/* The same offsets in all three protocols: the ports come first (RFC 9293, 768, 9260). */
void net_filter_answers_also(struct net_filter *filter, enum sonde_family family,
                             enum sonde_net_protocol protocol, struct net_identifiers identifiers,
                             const uint16_t *ports, size_t count)
{
    struct builder b = {.filter = filter, .ours = identifiers};

    filter->length = 0;
    if (family == SONDE_IPV6)
        emit(&b, BPF_LDX | BPF_IMM, 0);
    else
        emit(&b, BPF_LDX | BPF_B | BPF_MSH, 0);
    if (protocol == SONDE_NET_TCP) {
        emit(&b, BPF_LD | BPF_B | BPF_IND, 13);
        jump(&b, BPF_JSET, PACKET_TCP_RST | PACKET_TCP_ACK, NEXT, DROP);
    }
    emit(&b, BPF_LD | BPF_H | BPF_IND, 2);
    for (size_t i = 0; i < count && i < NET_FILTER_PORTS; i++)
        jump(&b, BPF_JEQ, ports[i], ACCEPT, NEXT);
    emit(&b, BPF_ALU | BPF_AND | BPF_K, 0xffffu & ~(identifiers.count - 1));
    jump(&b, BPF_JEQ, identifiers.base, ACCEPT, DROP);
    finish(&b);
}

static void judge_device(struct builder *b, uint32_t device)
{
    emit(b, BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_IFINDEX));
    jump(b, BPF_JEQ, device, 1, NEXT);
    jump(b, BPF_JEQ, LOOPBACK, NEXT, DROP);
}

/* ICMP that is no fragment. */
static void judge_v4_header(struct builder *b)
{
    emit(b, BPF_LDX | BPF_IMM, 0);
    emit(b, BPF_LD | BPF_B | BPF_IND, 9);
    jump(b, BPF_JEQ, IPPROTO_ICMP, NEXT, DROP);
    emit(b, BPF_LD | BPF_H | BPF_IND, 6);
    jump(b, BPF_JSET, 0x3fff, DROP, NEXT); /* more fragments, or a later one */
}

static void judge_v6_header(struct builder *b)
{
    emit(b, BPF_LDX | BPF_IMM, 0);
    emit(b, BPF_LD | BPF_B | BPF_IND, 6);
    jump(b, BPF_JEQ, NEXT_HOP_BY_HOP, ACCEPT, NEXT);
    jump(b, BPF_JEQ, NEXT_ROUTING, ACCEPT, NEXT);
    jump(b, BPF_JEQ, NEXT_OPTIONS, ACCEPT, NEXT);
    jump(b, BPF_JEQ, IPPROTO_ICMPV6, NEXT, DROP);
}

void net_filter_packet(struct net_filter *filter, enum sonde_family family,
                       struct net_identifiers identifiers, uint32_t device)
{
    struct builder b = {.filter = filter, .ours = identifiers, .icmp = IPV6_HEADER};

    filter->length = 0;
    judge_device(&b, device);
    if (family == SONDE_IPV6) {
        judge_v6_header(&b);
        build_v6(&b);
    } else {
        judge_v4_header(&b);
        build_v4(&b);
    }
}

int net_filter_attach(int fd, const struct net_filter *filter)
{
    struct net_filter copy = *filter;
    struct sock_fprog program = {.len = copy.length, .filter = copy.code};

    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) < 0 ? -errno : 0;
}

/*
 * The kernel's own filter by type, which saves a copy of every message that is dropped. Types above
 * 31 pass ICMPv4's. It is no loss when it cannot be set.
 */
static void filter_types(int fd, enum sonde_family family)
{
    if (family == SONDE_IPV6) {
        struct icmp6_filter types;

        ICMP6_FILTER_SETBLOCKALL(&types);
        for (size_t i = 0; i < sizeof v6_replies; i++)
            ICMP6_FILTER_SETPASS(v6_replies[i], &types);
        for (size_t i = 0; i < sizeof v6_errors; i++)
            ICMP6_FILTER_SETPASS(v6_errors[i], &types);
        ICMP6_FILTER_SETPASS(PACKET_ICMPV6_NODE_INFO_REPLY, &types);
        ICMP6_FILTER_SETPASS(PACKET_ICMPV6_REDIRECT, &types);
        setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &types, sizeof types);
    } else {
        uint32_t blocked = UINT32_MAX;

        for (size_t i = 0; i < sizeof v4_replies; i++)
            if (v4_replies[i] < 32)
                blocked &= ~(UINT32_C(1) << v4_replies[i]);
        for (size_t i = 0; i < sizeof v4_errors; i++)
            blocked &= ~(UINT32_C(1) << v4_errors[i]);
        setsockopt(fd, SOL_RAW, ICMP_FILTER, &blocked, sizeof blocked);
    }
}

/* Attaches a filter and throws away what came before it. */
static int install(int fd, const struct net_filter *filter)
{
    uint8_t byte;
    int error = net_filter_attach(fd, filter);

    if (error)
        return error;
    while (recv(fd, &byte, sizeof byte, MSG_DONTWAIT | MSG_TRUNC) >= 0 || errno == EINTR)
        ;
    return 0;
}

int net_filter_install(int fd, enum sonde_family family, struct net_identifiers identifiers,
                       unsigned protocols)
{
    struct net_filter filter;

    filter_types(fd, family);
    net_filter_icmp(&filter, family, identifiers, protocols);
    return install(fd, &filter);
}

int net_filter_install_answers(int fd, enum sonde_family family, enum sonde_net_protocol protocol,
                               struct net_identifiers identifiers)
{
    struct net_filter filter;

    net_filter_answers(&filter, family, protocol, identifiers);
    return install(fd, &filter);
}
