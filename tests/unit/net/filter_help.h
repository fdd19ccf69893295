/* Packets for the socket filters, and classic BPF to judge them with. */
#ifndef UNIT_NET_FILTER_HELP_H
#define UNIT_NET_FILTER_HELP_H

#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>

#include "net/filter.h"

#define DEVICE     7
#define IFINDEX_AT ((uint32_t)(SKF_AD_OFF + SKF_AD_IFINDEX))
#define OURS       ((struct net_identifiers){.base = 0x4560, .count = 16})

static inline bool load(const uint8_t *bytes, size_t length, uint64_t at, size_t size,
                        uint32_t *value)
{
    if (at + size > length)
        return false;
    *value = 0;
    for (size_t i = 0; i < size; i++)
        *value = *value << 8 | bytes[at + i];
    return true;
}

static inline uint32_t calculate(uint16_t code, uint32_t a, uint32_t operand)
{
    switch (BPF_OP(code)) {
    case BPF_ADD:
        return a + operand;
    case BPF_AND:
        return a & operand;
    case BPF_LSH:
        return a << operand;
    default:
        cr_assert_fail("no such calculation in our programs");
        return 0;
    }
}

/* Classic BPF as far as our programs use it. A load beyond the packet drops it. */
static inline bool lets_in_through(uint32_t device, const struct net_filter *filter,
                                   const uint8_t *bytes, size_t length)
{
    uint32_t a = 0, x = 0, memory[BPF_MEMWORDS] = {0};

    for (size_t pc = 0; pc < filter->length; pc++) {
        const struct sock_filter *step = &filter->code[pc];
        bool true_branch;

        switch (BPF_CLASS(step->code)) {
        case BPF_LD:
            if (BPF_MODE(step->code) == BPF_IMM)
                a = step->k;
            else if (BPF_MODE(step->code) == BPF_MEM)
                a = memory[step->k];
            else if (BPF_MODE(step->code) == BPF_ABS && step->k == IFINDEX_AT)
                a = device;
            else if (!load(bytes, length, (uint64_t)x + step->k,
                           BPF_SIZE(step->code) == BPF_B ? 1 : 2, &a))
                return false;
            break;
        case BPF_LDX:
            if (BPF_MODE(step->code) == BPF_IMM) {
                x = step->k;
                break;
            }
            if (!load(bytes, length, step->k, 1, &x))
                return false;
            x = (x & 0xf) * 4;
            break;
        case BPF_ST:
            memory[step->k] = a;
            break;
        case BPF_ALU:
            a = calculate(step->code, a, BPF_SRC(step->code) == BPF_X ? x : step->k);
            break;
        case BPF_MISC:
            x = a;
            break;
        case BPF_JMP:
            true_branch = BPF_OP(step->code) == BPF_JEQ ? a == step->k : (a & step->k) != 0;
            pc += true_branch ? step->jt : step->jf;
            break;
        default:
            return step->k != 0;
        }
    }
    cr_assert_fail("the program has no end");
    return false;
}

static inline bool lets_in(const struct net_filter *filter, const uint8_t *bytes, size_t length)
{
    return lets_in_through(DEVICE, filter, bytes, length);
}

struct packet {
    uint8_t bytes[256];
    size_t length;
};

static inline void append(struct packet *packet, const void *bytes, size_t length)
{
    memcpy(packet->bytes + packet->length, bytes, length);
    packet->length += length;
}

static inline void icmp(struct packet *packet, uint8_t type, uint16_t identifier)
{
    uint8_t header[8] = {type, 0, 0, 0, (uint8_t)(identifier >> 8), (uint8_t)identifier, 0, 1};
    append(packet, header, sizeof header);
}

static inline void ipv4(struct packet *packet, uint8_t options, uint8_t protocol, uint16_t fragment)
{
    uint8_t header[60] = {(uint8_t)(0x45 + options / 4)};

    header[6] = (uint8_t)(fragment >> 8);
    header[7] = (uint8_t)fragment;
    header[9] = protocol;
    append(packet, header, 20u + options);
}

static inline void ipv6(struct packet *packet, uint8_t next)
{
    uint8_t header[40] = {0x60, [6] = next};
    append(packet, header, sizeof header);
}

/* Packet sockets show the same bytes, and are to let in the same. */
static inline void ports(struct packet *packet, uint16_t source, uint16_t destination,
                         uint8_t flags)
{
    uint8_t header[20] = {(uint8_t)(source >> 8), (uint8_t)source, (uint8_t)(destination >> 8),
                          (uint8_t)destination};
    header[13] = flags;
    append(packet, header, sizeof header);
}

/* An error that quotes the eight bytes behind an IP header of `protocol`. */

#endif
