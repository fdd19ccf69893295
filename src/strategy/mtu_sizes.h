/* What is known of sizes: which came through, which did not, and which to try next. */
#ifndef STRATEGY_MTU_SIZES_H
#define STRATEGY_MTU_SIZES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MTU_VOLLEY 16u /* sizes that are asked at once */

enum mtu_fate {
    MTU_NOT_TRIED,
    MTU_OPEN,    /* asked, and no answer yet */
    MTU_PASSED,  /* came through */
    MTU_REFUSED, /* somebody says it is too big */
};

struct mtu_size {
    uint16_t bytes;
    uint8_t tries; /* probes whose time is over */
    uint8_t under_way;
    uint8_t fate; /* enum mtu_fate */
};

#define MTU_SIZES_MAX 256u

struct mtu_sizes {
    struct mtu_size sizes[MTU_SIZES_MAX]; /* rising */
    uint32_t count;
    uint16_t least;
    uint16_t most;
    uint8_t enough;    /* tries after which silence is believed */
    uint16_t passed;   /* the largest that came through; 0: none */
    uint32_t believed; /* the smallest that does not: refused, or silent often enough; most + 1 */
    uint16_t hint;     /* a size that somebody named, still to be tried; 0: none */
};

void mtu_sizes_init(struct mtu_sizes *sizes, uint16_t least, uint16_t most, uint8_t enough);

/* The entry of a size, made if there is none. NULL when there is no more room. */
struct mtu_size *mtu_sizes_at(struct mtu_sizes *sizes, uint16_t bytes);

/* What became of a size. `named`: a size that was named with the refusal, 0: none. */
void mtu_sizes_pass(struct mtu_sizes *sizes, uint16_t bytes);
void mtu_sizes_refuse(struct mtu_sizes *sizes, uint16_t bytes, uint32_t named);
void mtu_sizes_silent(struct mtu_sizes *sizes, uint16_t bytes);

/*
 * Which sizes to ask now, given that none is under way: up to MTU_VOLLEY, some of them several
 * times. Returns how many; 0 when the limit is found, or there is no more room.
 */
size_t mtu_sizes_choose(struct mtu_sizes *sizes, uint16_t chosen[MTU_VOLLEY]);

/* The limit is found. */
bool mtu_sizes_found(const struct mtu_sizes *sizes);

#endif
