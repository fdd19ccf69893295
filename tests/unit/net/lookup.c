#include "net/lookup.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <netdb.h>
#include <string.h>

/* Nothing here leads to a question on the network: these are in /etc/hosts, or are no names. */
#define NAMES 300

struct heard {
    const char *names[3];
    unsigned told[NAMES];
    int errors[NAMES];
    struct sonde_address first[NAMES];
    size_t end_after; /* 0: never */
    size_t count;
};

static const char *name(void *self, size_t index)
{
    const struct heard *heard = self;
    return heard->names[index % 3];
}

static bool found(void *self, size_t index, int error, const struct net_names *names)
{
    struct heard *heard = self;
    heard->told[index]++;
    heard->errors[index] = error;
    if (!error)
        heard->first[index] = names->addresses[0];
    return ++heard->count != heard->end_after;
}

static int look_up(struct heard *heard, size_t count, enum sonde_family family)
{
    const struct net_lookup lookup = {count, heard, name, found};
    return net_lookup_all(&lookup, family);
}

static void assert_found(const struct heard *heard, size_t count)
{
    const struct sonde_address loopback = {.family = SONDE_IPV4, .bytes = {127, 0, 0, 1}};
    for (size_t i = 0; i < count; i++) {
        cr_assert_eq(heard->told[i], 1, "name %zu was told %u times", i, heard->told[i]);
        cr_assert_eq(heard->errors[i] == 0, i % 3 != 2, "name %zu: %d", i, heard->errors[i]);
        if (i % 3 != 2)
            cr_assert(sonde_address_equal(&heard->first[i], &loopback));
    }
}

Test(net_lookup, many_and_few)
{
    for (size_t count = 0; count <= NAMES; count = count * 2 + 1) {
        struct heard heard = {.names = {"localhost", "127.0.0.1", "no:name"}};
        cr_assert_eq(look_up(&heard, count, SONDE_IPV4), 0);
        assert_found(&heard, count);
    }
}

Test(net_lookup, the_listener_can_end_it)
{
    for (size_t count = 5; count <= NAMES; count += 100) {
        struct heard heard = {.names = {"localhost", "127.0.0.1", "no:name"}, .end_after = 4};
        cr_assert_eq(look_up(&heard, count, SONDE_IPV4), -ECANCELED);
        cr_assert_eq(heard.count, 4);
    }
}

Test(net_lookup, of_the_wrong_family_there_is_none)
{
    struct heard heard = {.names = {"127.0.0.1", "127.0.0.2", "127.0.0.3"}};
    cr_assert_eq(look_up(&heard, 3, SONDE_IPV6), 0);
    cr_assert_neq(heard.errors[0], 0);
}
