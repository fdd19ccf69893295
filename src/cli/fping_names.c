#include "cli/fping_names.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net/reverse.h"

#define AT_A_TIME   256 /* look-ups */
#define DESCRIPTORS 64

const char *fping_address_text(const struct sonde_address *address,
                               char text[static FPING_ADDRESS_TEXT])
{
    char device[NET_DEVICE_NAME];
    sonde_address_format(address, text);
    if (address->scope && net_device_name(address->scope, device)) {
        char *percent = strchr(text, '%');
        const size_t used = percent ? (size_t)(percent - text) : strlen(text);
        snprintf(text + used, FPING_ADDRESS_TEXT - used, "%%%s", device);
    }
    return text;
}

char *fping_name_and_address(const char *name, const char *address)
{
    const size_t size = strlen(name) + strlen(address) + sizeof " ()";
    char *text = malloc(size);
    if (text)
        snprintf(text, size, "%s (%s)", name, address);
    return text;
}

/* Sleeps until the resolver has something to do. */
static void wait_for(struct net_reverse *reverse)
{
    struct pollfd fds[DESCRIPTORS];
    struct timespec time;
    const size_t count = net_reverse_descriptors(reverse, fds, DESCRIPTORS);
    clock_gettime(CLOCK_MONOTONIC, &time);
    const struct sonde_mono now = {(int64_t)time.tv_sec * SONDE_NS_PER_S + time.tv_nsec};
    const int64_t left =
        sonde_mono_since(net_reverse_deadline(reverse), now).ns / SONDE_NS_PER_MS + 1;
    poll(fds, count, left < 0 ? 0 : left > 1000 ? 1000 : (int)left);
    net_reverse_process(reverse, fds, count);
}

static int label(struct report_fping_host *host, const struct sonde_address *address,
                 const char *name, bool with_address)
{
    char text[FPING_ADDRESS_TEXT];
    fping_address_text(address, text);
    name = name ? name : text;
    host->label = with_address ? fping_name_and_address(name, text) : strdup(name);
    return host->label ? 0 : -ENOMEM;
}

/* One pass over the hosts of a window. Returns how many still wait, or -ENOMEM. */
static int ask(struct net_reverse *reverse, struct fping_targets *targets, uint32_t from,
               uint32_t to, bool with_address)
{
    int pending = 0;
    for (uint32_t i = from; i < to; i++) {
        const char *name = NULL;
        if (targets->hosts[i].label)
            continue;
        if (reverse &&
            net_reverse_ask(reverse, &targets->targets[i].address, &name) == NET_REVERSE_PENDING)
            pending++;
        else if (label(&targets->hosts[i], &targets->targets[i].address, name, with_address) != 0)
            return -ENOMEM;
    }
    return pending;
}

int fping_names_find(struct fping_targets *targets, bool with_address)
{
    struct net_reverse *reverse = NULL;
    const char *operation;
    int pending = 0;
    /* without a resolver there are no names, and the addresses say enough */
    if (net_reverse_open(&reverse, &(struct net_reverse_config){.capacity = 2 * AT_A_TIME},
                         &operation) != 0)
        reverse = NULL;
    for (uint32_t from = 0; from < targets->count && pending >= 0; from += AT_A_TIME) {
        const uint32_t left = targets->count - from;
        const uint32_t to = from + (left < AT_A_TIME ? left : AT_A_TIME);
        while ((pending = ask(reverse, targets, from, to, with_address)) > 0)
            wait_for(reverse);
    }
    net_reverse_close(reverse);
    return pending < 0 ? pending : 0;
}
