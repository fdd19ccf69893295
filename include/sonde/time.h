/*
 * Instants and spans in nanoseconds.
 *
 * A one-member struct keeps the two clocks and the differences apart, so that the compiler refuses
 * to mix them. All arithmetic saturates: no input makes a time wrap around.
 */
#ifndef SONDE_TIME_H
#define SONDE_TIME_H

#include <stdbool.h>
#include <stdint.h>

/* An instant of the monotonic clock of a transport. Only differences have a meaning. */
struct sonde_mono {
    int64_t ns;
};

/* An instant of civil time: nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted. */
struct sonde_wall {
    int64_t ns;
};

/* A length of time; may be negative. */
struct sonde_span {
    int64_t ns;
};

/* Later than every instant: a deadline that never comes. */
#define SONDE_NEVER ((struct sonde_mono){INT64_MAX})
/* A span that nothing outlasts. */
#define SONDE_FOREVER ((struct sonde_span){INT64_MAX})

#define SONDE_NS_PER_US INT64_C(1000)
#define SONDE_NS_PER_MS INT64_C(1000000)
#define SONDE_NS_PER_S  INT64_C(1000000000)

/* a + b, held at the ends of the range. */
static inline int64_t sonde_saturating_add(int64_t a, int64_t b)
{
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum))
        return b > 0 ? INT64_MAX : INT64_MIN;
    return sum;
}

/* a - b, held at the ends of the range. */
static inline int64_t sonde_saturating_sub(int64_t a, int64_t b)
{
    int64_t difference;
    if (__builtin_sub_overflow(a, b, &difference))
        return b < 0 ? INT64_MAX : INT64_MIN;
    return difference;
}

/* a * b, held at the ends of the range. */
static inline int64_t sonde_saturating_mul(int64_t a, int64_t b)
{
    int64_t product;
    if (__builtin_mul_overflow(a, b, &product))
        return (a < 0) == (b < 0) ? INT64_MAX : INT64_MIN;
    return product;
}

static inline struct sonde_mono sonde_mono_add(struct sonde_mono at, struct sonde_span by)
{
    return (struct sonde_mono){sonde_saturating_add(at.ns, by.ns)};
}

/* The span from `from` to `to`; negative when `to` comes first. */
static inline struct sonde_span sonde_mono_since(struct sonde_mono to, struct sonde_mono from)
{
    return (struct sonde_span){sonde_saturating_sub(to.ns, from.ns)};
}

static inline bool sonde_mono_before(struct sonde_mono a, struct sonde_mono b)
{
    return a.ns < b.ns;
}

static inline struct sonde_mono sonde_mono_earlier(struct sonde_mono a, struct sonde_mono b)
{
    return a.ns < b.ns ? a : b;
}

static inline struct sonde_mono sonde_mono_later(struct sonde_mono a, struct sonde_mono b)
{
    return a.ns < b.ns ? b : a;
}

static inline struct sonde_span sonde_span_ms(int64_t ms)
{
    return (struct sonde_span){sonde_saturating_mul(ms, SONDE_NS_PER_MS)};
}

static inline struct sonde_span sonde_span_s(int64_t s)
{
    return (struct sonde_span){sonde_saturating_mul(s, SONDE_NS_PER_S)};
}

/* count times the span. */
static inline struct sonde_span sonde_span_times(struct sonde_span span, int64_t count)
{
    return (struct sonde_span){sonde_saturating_mul(span.ns, count)};
}

#endif
