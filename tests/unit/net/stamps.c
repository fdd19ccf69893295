#include <criterion/criterion.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "net/options.h"
#include "net/stamps.h"

#define RING 8u
#define S    SONDE_NS_PER_S

static const struct net_clock even = {.bracket = 0, .blind_until = {INT64_MIN}};
static int fd;

static struct sonde_mono at(int64_t ns)
{
    return (struct sonde_mono){ns};
}

static struct net_stamps opened(bool own_ids)
{
    struct net_stamps stamps;

    fd = net_socket(SONDE_IPV4, SOCK_DGRAM, 0);
    cr_assert_geq(fd, 0);
    cr_assert_eq(net_stamps_open(&stamps, fd, SONDE_NET_STAMPS_KERNEL, own_ids, RING), 0);
    return stamps;
}

static void closed(struct net_stamps *stamps)
{
    net_stamps_close(stamps);
    close(fd);
}

/* The token of the stamp with this id, 0 when nothing is told. */
static uint64_t match(struct net_stamps *stamps, uint32_t id, int64_t time, int64_t now)
{
    struct net_stamps_times times = {.software = time};
    struct sonde_stamp stamp = {0};
    uint64_t token = 0;

    if (!net_stamps_match(stamps, &even, id, &times, at(now), &token, &stamp))
        return 0;
    cr_assert_eq(stamp.source, SONDE_STAMP_KERNEL);
    cr_assert_eq(stamp.at.ns, time);
    return token;
}

Test(net_stamps, every_stamp_finds_its_token_once)
{
    struct net_stamps stamps = opened(true);

    for (int i = 0; i < 5; i++)
        net_stamps_sent(&stamps, 100u + (unsigned)i, at(1000 * i));
    cr_assert(net_stamps_expected(&stamps));
    cr_assert_eq(match(&stamps, 3, 3001, 9000), 103);
    cr_assert_eq(match(&stamps, 3, 3001, 9000), 0);
    cr_assert_eq(match(&stamps, 0, 5, 9000), 100);
    cr_assert_eq(match(&stamps, 5, 5001, 9000), 0);
    cr_assert_eq(stamps.waiting, 3);
    cr_assert_eq(stamps.missing, 0);
    closed(&stamps);
}

Test(net_stamps, impossible_times_are_not_told)
{
    struct net_stamps stamps = opened(true);

    net_stamps_sent(&stamps, 1, at(S));
    net_stamps_sent(&stamps, 2, at(S));
    cr_assert_eq(match(&stamps, 0, S - 100000, S + 5000), 0, "before it was sent");
    cr_assert_eq(match(&stamps, 1, S + 100000, S + 5000), 0, "after now");
    cr_assert_eq(stamps.missing, 2);
    cr_assert_not(net_stamps_expected(&stamps));
    closed(&stamps);
}

Test(net_stamps, later_fragments_are_not_told)
{
    struct net_stamps stamps = opened(true);

    net_stamps_sent(&stamps, 0, at(0));
    cr_assert_eq(match(&stamps, 0, 5, 10), 0);
    cr_assert_not(net_stamps_expected(&stamps));
    cr_assert_eq(stamps.missing, 0);
    closed(&stamps);
}

Test(net_stamps, a_full_ring_forgets_the_oldest)
{
    struct net_stamps stamps = opened(true);

    for (unsigned i = 0; i < RING + 3; i++)
        net_stamps_sent(&stamps, 100 + i, at(0));
    cr_assert_eq(stamps.missing, 3);
    cr_assert_eq(stamps.waiting, RING);
    cr_assert_eq(match(&stamps, 0, 5, 10), 0);
    cr_assert_eq(match(&stamps, RING, 5, 10), 100 + RING);
    net_stamps_turn(&stamps, at(10 * S));
    cr_assert_eq(stamps.missing, RING + 2);
    cr_assert_not(net_stamps_expected(&stamps));
    closed(&stamps);
}

Test(net_stamps, ids_of_our_own_are_spent_by_refusals)
{
    struct net_stamps stamps = opened(true);

    net_stamps_sent(&stamps, 1, at(0));
    cr_assert_eq(net_stamps_id(&stamps, 2), 3);
    net_stamps_refused(&stamps);
    net_stamps_sent(&stamps, 3, at(0));
    cr_assert_eq(match(&stamps, 1, 5, 10), 0);
    cr_assert_eq(match(&stamps, 2, 5, 10), 3);
    closed(&stamps);
}

Test(net_stamps, the_kernels_ids_pause_after_a_refusal)
{
    struct net_stamps stamps = opened(false);

    net_stamps_sent(&stamps, 1, at(0));
    net_stamps_refused(&stamps);
    net_stamps_sent(&stamps, 2, at(0));
    cr_assert(stamps.paused);
    cr_assert_eq(stamps.missing, 1, "sent during the pause");
    net_stamps_turn(&stamps, at(1000));
    cr_assert(stamps.paused, "one is still on its way");
    cr_assert_eq(match(&stamps, 0, 5, 10), 1);
    net_stamps_turn(&stamps, at(2000));
    cr_assert_not(stamps.paused);
    net_stamps_sent(&stamps, 3, at(3000));
    cr_assert_eq(match(&stamps, 0, 3005, 4000), 3, "the count began anew");
    closed(&stamps);
}

Test(net_stamps, a_stamp_that_never_comes_ends_the_pause)
{
    struct net_stamps stamps = opened(false);

    net_stamps_sent(&stamps, 1, at(0));
    net_stamps_doubt(&stamps);
    net_stamps_turn(&stamps, at(S / 2));
    cr_assert(stamps.paused);
    net_stamps_turn(&stamps, at(2 * S));
    cr_assert_not(stamps.paused);
    cr_assert_eq(stamps.missing, 1);
    closed(&stamps);
}

Test(net_stamps, user_mode_costs_nothing)
{
    struct net_stamps stamps = {0};

    net_stamps_sent(&stamps, 1, at(0));
    net_stamps_refused(&stamps);
    cr_assert_eq(match(&stamps, 0, 5, 10), 0);
    cr_assert_not(net_stamps_expected(&stamps));
    cr_assert_not(net_stamps_carries_id(&stamps));
}

Test(net_stamps, parses_the_control_message)
{
    union {
        struct cmsghdr header;
        uint8_t room[CMSG_SPACE(3 * sizeof(struct timespec))];
    } control;
    struct timespec stamps[3] = {{.tv_sec = 5, .tv_nsec = 6}, {0}, {.tv_sec = 7, .tv_nsec = 8}};
    struct net_stamps_times times;

    memset(&control, 0, sizeof control);
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SO_TIMESTAMPING;
    control.header.cmsg_len = CMSG_LEN(sizeof stamps);
    memcpy(CMSG_DATA(&control.header), stamps, sizeof stamps);
    cr_assert(net_stamps_parse(&control.header, &times));
    cr_assert_eq(times.software, 5 * S + 6);
    cr_assert_eq(times.hardware, 7 * S + 8);
    control.header.cmsg_len = CMSG_LEN(sizeof stamps) - 1;
    cr_assert_not(net_stamps_parse(&control.header, &times), "cut");
    control.header.cmsg_type = SO_RXQ_OVFL;
    cr_assert_not(net_stamps_parse(&control.header, &times), "another one");
}
