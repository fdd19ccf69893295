#include "net/stamps.h"

#include <errno.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include <linux/errqueue.h> /* needs struct timespec */

#include "net/options.h"

#define GIVE_UP SONDE_NS_PER_S /* a stamp that is later than this is not waited for */

#define MSG_PROBE_ONLY 0x10 /* MSG_PROBE of linux/socket.h: look up the route, send nothing */

static int ask(int fd, uint32_t flags)
{
    return setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof flags) < 0 ? -errno : 0;
}

/*
 * The software stamp is that of the hand-over to the device (SCHED): every device gives it, and it
 * is next to where a capture takes its time. The driver's (SND) comes later and scatters more, and
 * some drivers have none; it is asked for only beside the hardware's.
 */
static uint32_t send_flags(const struct net_stamps *stamps)
{
    uint32_t flags =
        SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY;
    if (stamps->hardware)
        return flags | SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_RAW_HARDWARE |
               SOF_TIMESTAMPING_TX_HARDWARE;
    return flags | SOF_TIMESTAMPING_TX_SCHED;
}

uint32_t net_stamps_wanted(const struct net_stamps *stamps)
{
    return stamps->hardware ? SCM_TSTAMP_SND : SCM_TSTAMP_SCHED;
}

static uint32_t receive_flags(bool hardware)
{
    uint32_t flags = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE;
    if (hardware)
        flags |= SOF_TIMESTAMPING_RAW_HARDWARE | SOF_TIMESTAMPING_RX_HARDWARE;
    return flags;
}

bool net_stamps_own_ids(int udp, enum sonde_family family)
{
    static const uint8_t loopback[2][16] = {{127, 0, 0, 1}, {[15] = 1}};
    struct sonde_address to = sonde_address_from_bytes(family, loopback[family == SONDE_IPV6]);
    union net_name name;
    union {
        struct cmsghdr header;
        char room[NET_STAMPS_CONTROL];
    } control = {0};
    struct msghdr message = {
        .msg_name = &name,
        .msg_namelen = net_name_write(&name, &to, 9, 0),
        .msg_control = &control,
        .msg_controllen = sizeof control.room,
    };
    bool known;

    if (ask(udp, SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY | receive_flags(false)))
        return false;
    net_stamps_write_id(&control.header, 0);
    known = sendmsg(udp, &message, MSG_CONFIRM | MSG_PROBE_ONLY | MSG_DONTWAIT) >= 0 ||
            errno != EINVAL; /* an unknown control message */
    ask(udp, receive_flags(false));
    return known;
}

int net_stamps_open(struct net_stamps *stamps, int fd, enum sonde_net_stamps mode, bool own_ids,
                    size_t size)
{
    int error;

    *stamps = (struct net_stamps){
        .fd = fd,
        .hardware = mode == SONDE_NET_STAMPS_HARDWARE,
        .own_ids = own_ids,
        .size = size,
    };
    /* Receive flags too: the socket may hear as well, and the call sets all of them at once. */
    error = ask(fd, send_flags(stamps) | receive_flags(stamps->hardware));
    if (error)
        return error;
    stamps->ring = calloc(size, sizeof *stamps->ring);
    if (!stamps->ring)
        return -ENOMEM;
    stamps->on = true;
    return 0;
}

void net_stamps_close(struct net_stamps *stamps)
{
    free(stamps->ring);
    stamps->ring = NULL;
    stamps->on = false;
}

int net_stamps_receive(int fd, enum sonde_net_stamps mode)
{
    return ask(fd, receive_flags(mode == SONDE_NET_STAMPS_HARDWARE));
}

int net_stamps_device(int fd, const char *device)
{
    struct hwtstamp_config config = {.tx_type = HWTSTAMP_TX_ON, .rx_filter = HWTSTAMP_FILTER_ALL};
    struct ifreq request = {0};

    strncpy(request.ifr_name, device, IFNAMSIZ - 1);
    request.ifr_data = (char *)&config;
    if (ioctl(fd, SIOCSHWTSTAMP, &request) == 0)
        return 0;
    return -errno;
}

void net_stamps_save_ids(struct net_stamps *stamps)
{
    stamps->thrifty = stamps->own_ids;
}

bool net_stamps_carries_id(const struct net_stamps *stamps)
{
    return stamps->on && stamps->own_ids && !stamps->thrifty;
}

void net_stamps_write_id(struct cmsghdr *control, uint32_t id)
{
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_TS_OPT_ID;
    control->cmsg_len = CMSG_LEN(sizeof id);
    memcpy(CMSG_DATA(control), &id, sizeof id);
}

static struct net_stamps_sent *entry_of(const struct net_stamps *stamps, uint32_t id)
{
    return &stamps->ring[id & (stamps->size - 1)];
}

static void give_up(struct net_stamps *stamps, struct net_stamps_sent *entry)
{
    if (!entry->waiting)
        return;
    entry->waiting = false;
    stamps->waiting--;
    if (entry->token)
        stamps->missing++;
}

void net_stamps_sent(struct net_stamps *stamps, uint64_t token, struct sonde_mono sent)
{
    struct net_stamps_sent *entry;

    if (!stamps->on)
        return;
    if (stamps->paused) {
        stamps->missing += token != 0;
        return;
    }
    entry = entry_of(stamps, stamps->next);
    give_up(stamps, entry);
    *entry = (struct net_stamps_sent){token, sent, stamps->next, true};
    stamps->waiting++;
    stamps->next++;
    if (stamps->next - stamps->oldest > stamps->size)
        stamps->oldest = stamps->next - (uint32_t)stamps->size;
}

void net_stamps_refused(struct net_stamps *stamps)
{
    if (!stamps->on)
        return;
    stamps->thrifty = false;
    if (stamps->own_ids) {
        give_up(stamps, entry_of(stamps, stamps->next));
        stamps->next++;
    }
    net_stamps_doubt(stamps);
}

void net_stamps_doubt(struct net_stamps *stamps)
{
    stamps->thrifty = false;
    if (!stamps->on || stamps->own_ids || stamps->paused)
        return;
    /* Without OPT_ID for a moment: asking for it again makes the kernel count from zero. */
    stamps->paused = !ask(stamps->fd, receive_flags(stamps->hardware));
}

static void resume(struct net_stamps *stamps)
{
    for (; stamps->oldest != stamps->next; stamps->oldest++)
        give_up(stamps, entry_of(stamps, stamps->oldest));
    if (ask(stamps->fd, send_flags(stamps) | receive_flags(stamps->hardware)))
        return;
    stamps->paused = false;
    stamps->next = 0;
    stamps->oldest = 0;
}

void net_stamps_turn(struct net_stamps *stamps, struct sonde_mono now)
{
    while (stamps->oldest != stamps->next) {
        struct net_stamps_sent *entry = entry_of(stamps, stamps->oldest);

        if (entry->waiting && entry->id == stamps->oldest) {
            if (sonde_mono_since(now, entry->sent).ns < GIVE_UP)
                break;
            give_up(stamps, entry);
        }
        stamps->oldest++;
    }
    if (stamps->paused && stamps->waiting == 0)
        resume(stamps);
}

static int64_t nanoseconds(const struct timespec *time)
{
    return sonde_saturating_add(sonde_saturating_mul(time->tv_sec, SONDE_NS_PER_S), time->tv_nsec);
}

bool net_stamps_parse(const struct cmsghdr *control, struct net_stamps_times *times)
{
    struct timespec stamps[3]; /* struct scm_timestamping: software, unused, hardware */

    if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SO_TIMESTAMPING ||
        control->cmsg_len < CMSG_LEN(sizeof stamps))
        return false;
    memcpy(stamps, CMSG_DATA(control), sizeof stamps);
    times->software = nanoseconds(&stamps[0]);
    times->hardware = nanoseconds(&stamps[2]);
    return true;
}

bool net_stamps_match(struct net_stamps *stamps, const struct net_clock *clock, uint32_t id,
                      const struct net_stamps_times *times, struct sonde_mono now, uint64_t *token,
                      struct sonde_stamp *stamp)
{
    struct net_stamps_sent *entry;

    if (!stamps->on)
        return false;
    entry = entry_of(stamps, id);
    if (!entry->waiting || entry->id != id)
        return false;
    if (times->hardware) {
        *stamp = (struct sonde_stamp){{times->hardware}, SONDE_STAMP_HARDWARE};
    } else {
        stamp->source = SONDE_STAMP_KERNEL;
        if (!net_clock_translate(clock, times->software, entry->sent, now, &stamp->at)) {
            give_up(stamps, entry);
            return false;
        }
    }
    entry->waiting = false;
    stamps->waiting--;
    *token = entry->token;
    return entry->token != 0;
}
