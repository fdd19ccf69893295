#define _GNU_SOURCE

#include "lab/player.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "lab/player_book.h"
#include "lab/player_noise.h"
#include "lab/player_wire.h"
#include "net/poller.h"
#include "sim/network.h"

#define ARRIVALS    64                    /* that are taken before answers go out again */
#define DEFAULT_MTU 1500                  /* docs/scenarios.md */
#define LATE        SONDE_NS_PER_MS       /* what is counted as late */
#define LOOK_AROUND (5 * SONDE_NS_PER_MS) /* how often a busy player looks at the rest */
#define MARGIN_MIN  (60 * SONDE_NS_PER_US)
#define MARGIN_MAX  (1 * SONDE_NS_PER_MS)
#define TIME_TO_READ                                                                               \
    (200 * SONDE_NS_PER_US)                /* until the next answer: for reading send stamps …   \
                                            */
#define TIME_TO_WRITE      SONDE_NS_PER_MS /* … and for writing a record */
#define COMPLETE_MAX       4096            /* more than that are written even if answers are due */
#define COMPLETE_BYTES_MAX ((size_t)32 << 20)
#define STAMPS_MAX         256 /* more than that are read even if answers are due */

struct lab_player {
    struct lab_player_config config;
    struct sim_network *network;
    struct lab_wire wire;
    struct net_poller poller;
    struct lab_book *book; /* NULL: nobody writes the truth down */
    struct lab_player_counters counters;
    struct sonde_mono start;  /* the network's time 0 */
    struct sonde_mono last;   /* of the packet before, in the network's time */
    struct sonde_mono looked; /* when the poller was last asked */
    struct sonde_span margin; /* how long before a delivery we wake, and spin for the rest */
    uint32_t happening;       /* the next one of the scenario */
    struct sonde_mono resume; /* when a suspended command goes on */
    bool ended;
    int exit_status;
    int error;
    const char *operation;
};

/* --- opening ---------------------------------------------------------------------------------- */

static void fail(struct lab_player *player, int error, const char *operation)
{
    if (player->ended)
        return;
    player->ended = true;
    player->error = error;
    player->operation = operation;
}

static void note_stamp(void *self, uint64_t token, struct sonde_mono at);

static void packets_ready(void *self, int fd, short events)
{
    struct lab_player *player = self;

    (void)fd;
    if (!(events & POLLERR))
        return;
    lab_wire_read_stamps(&player->wire, note_stamp, player);
    lab_wire_clear(&player->wire);
}

static void control_ready(void *self, int fd, short events)
{
    struct lab_player *player = self;
    int error = lab_stage_status(player->config.stage, &player->exit_status);

    (void)fd;
    (void)events;
    if (error == 0)
        player->ended = true;
    else if (error != -EAGAIN)
        fail(player, error, "hear how the command ended");
}

static int open_poller(struct lab_player *player)
{
    sigset_t signals;
    int error;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    error = net_poller_open(&player->poller, &signals, false);
    if (error)
        return error;
    error = net_poller_watch(&player->poller, player->wire.fd, POLLIN, packets_ready, player);
    if (!error)
        error = net_poller_watch(&player->poller, player->config.stage->control, POLLIN,
                                 control_ready, player);
    if (error)
        net_poller_close(&player->poller);
    return error;
}

static uint32_t machine_mtu(const struct sim_scenario *scenario)
{
    const struct sim_setting *in_force[SIM_PROPERTIES];

    (void)sim_scenario_in_force(scenario, 0, 0, in_force);
    return in_force[SIM_DEVICE_MTU] ? (uint32_t)in_force[SIM_DEVICE_MTU]->number[0] : DEFAULT_MTU;
}

int lab_player_open(struct lab_player **opened, const struct lab_player_config *config,
                    const char **operation)
{
    struct lab_player *player = calloc(1, sizeof *player);
    int error = -ENOMEM;

    *operation = "allocate memory";
    if (!player)
        return -ENOMEM;
    player->config = *config;
    player->resume = SONDE_NEVER;
    player->margin.ns = MARGIN_MIN;
    player->book = config->record ? lab_book_create(config->record, config->record_self) : NULL;
    if (config->record && !player->book)
        goto failed;
    error = lab_wire_open(&player->wire, config->stage, machine_mtu(config->scenario),
                          config->record != NULL, operation);
    if (error)
        goto failed;
    *operation = "make the descriptors to wait with";
    error = open_poller(player);
    if (error) {
        lab_wire_close(&player->wire);
        goto failed;
    }
    *opened = player;
    return 0;
failed:
    lab_book_destroy(player->book);
    free(player);
    return error;
}

void lab_player_close(struct lab_player *player)
{
    if (player->network)
        sim_network_destroy(player->network);
    net_poller_close(&player->poller);
    lab_wire_close(&player->wire);
    lab_book_destroy(player->book);
    free(player);
}

void lab_player_counters(const struct lab_player *player, struct lab_player_counters *counters)
{
    *counters = player->counters;
    counters->dropped = player->wire.drops;
    counters->unrecorded = player->book ? lab_book_lost(player->book) : 0;
}

/* --- packets ---------------------------------------------------------------------------------- */

static void enter(struct lab_player *player, const struct lab_arrival *arrival)
{
    struct sonde_mono at = {sonde_mono_since(arrival->at, player->start).ns};
    int error;

    player->counters.packets++;
    /* Stamps of two processors may be out of order. */
    player->last = sonde_mono_later(player->last, at);
    if (player->book)
        lab_book_begin(player->book, player->counters.packets, arrival);
    error = sim_network_send(player->network, player->last, arrival->packet);
    if (player->book)
        lab_book_end(player->book);
    player->counters.unanswered += error != 0;
}

static size_t take_arrivals(struct lab_player *player)
{
    struct lab_arrival arrival;
    size_t count = 0;

    if (!lab_wire_waiting(&player->wire))
        return 0;
    lab_wire_turn(&player->wire);
    while (count < ARRIVALS && lab_wire_next(&player->wire, &arrival, &player->counters.ignored)) {
        if (lab_noise(arrival.packet))
            player->counters.ignored++;
        else
            enter(player, &arrival);
        lab_wire_release(&player->wire);
        count++;
    }
    return count;
}

static void note_lateness(struct lab_player *player, struct sonde_span late)
{
    player->counters.late += late.ns > LATE;
    if (late.ns > player->counters.worst.ns)
        player->counters.worst = late;
}

static void note_stamp(void *self, uint64_t token, struct sonde_mono at)
{
    struct lab_player *player = self;

    note_lateness(player, lab_book_stamped(player->book, token, at));
}

static void note_departure(struct lab_player *player, const struct lab_departure *departure,
                           const struct sim_delivery *delivery)
{
    if (departure->error) {
        player->counters.refused++;
    } else {
        player->counters.answers++;
        if (!departure->stamp_follows)
            note_lateness(player,
                          (struct sonde_span){departure->at.ns - player->start.ns - delivery->out});
    }
    if (player->book)
        lab_book_departed(player->book, departure);
}

static struct sonde_mono network_now(const struct lab_player *player)
{
    return (struct sonde_mono){sonde_mono_since(net_now(), player->start).ns};
}

/* Sends what is due. Returns how many. */
static size_t deliver(struct lab_player *player)
{
    struct lab_departure departures[LAB_WIRE_BATCH];
    struct sim_delivery *deliveries[LAB_WIRE_BATCH];
    struct sonde_mono now;
    size_t count = 0;

    if (sim_network_next(player->network).ns == SONDE_NEVER.ns)
        return 0;
    now = network_now(player);
    while (count < LAB_WIRE_BATCH) {
        struct sim_delivery *delivery = sim_network_take(player->network, now);

        if (!delivery)
            break;
        departures[count].packet = (struct sonde_bytes){delivery->bytes, delivery->length};
        departures[count].token = 0;
        if (player->book)
            departures[count].token = lab_book_departs(player->book, delivery->number,
                                                       (struct sonde_mono){delivery->out});
        deliveries[count++] = delivery;
    }
    if (count)
        lab_wire_send(&player->wire, departures, count);
    for (size_t i = 0; i < count; i++) {
        note_departure(player, &departures[i], deliveries[i]);
        sim_network_release(player->network, deliveries[i]);
    }
    if (player->wire.stamps.waiting > STAMPS_MAX)
        lab_wire_read_stamps(&player->wire, note_stamp, player);
    return count;
}

/* --- the rest --------------------------------------------------------------------------------- */

static void happen(struct lab_player *player)
{
    const struct sim_scenario *scenario = player->config.scenario;
    struct sonde_mono now = network_now(player);

    if (player->resume.ns <= now.ns) {
        player->resume = SONDE_NEVER;
        (void)lab_stage_signal(player->config.stage, SIGCONT);
    }
    while (player->happening < scenario->happening_count &&
           scenario->happenings[player->happening].at <= now.ns) {
        const struct sim_happening *happening = &scenario->happenings[player->happening++];

        /* The command may have ended a moment ago: then nobody hears it. */
        if (happening->kind == SIM_HAPPENS_SIGNAL) {
            (void)lab_stage_signal(player->config.stage, (int)happening->value);
        } else if (happening->kind == SIM_HAPPENS_SUSPEND) {
            struct sonde_mono end = {sonde_saturating_add(happening->at, happening->value)};

            (void)lab_stage_signal(player->config.stage, SIGSTOP);
            player->resume =
                player->resume.ns == SONDE_NEVER.ns ? end : sonde_mono_later(player->resume, end);
        }
    }
}

static void pass_signals_on(struct lab_player *player)
{
    int signal;

    while ((signal = net_poller_signal(&player->poller)) != 0)
        (void)lab_stage_signal(player->config.stage, signal);
}

/* Waits until `until`, and does what does not concern packets. */
static void look_around(struct lab_player *player, struct sonde_mono until)
{
    int error = net_poller_wait(&player->poller, until, false);

    if (error)
        fail(player, error, "wait");
    pass_signals_on(player);
    happen(player);
    if (player->book)
        (void)lab_book_give_up(player->book, net_now());
    player->looked = net_now();
}

/* What can wait while answers are due. Returns whether there was something to do. */
static bool do_chores(struct lab_player *player, struct sonde_span left)
{
    size_t bytes;
    size_t complete;

    if (!player->book)
        return false;
    if (left.ns > TIME_TO_READ && lab_wire_awaits_stamps(&player->wire)) {
        size_t before = player->wire.stamps.waiting;

        lab_wire_read_stamps(&player->wire, note_stamp, player);
        if (player->wire.stamps.waiting != before)
            return true;
    }
    complete = lab_book_complete(player->book, &bytes);
    if (complete &&
        (left.ns > TIME_TO_WRITE || complete > COMPLETE_MAX || bytes > COMPLETE_BYTES_MAX)) {
        lab_book_write(player->book);
        return true;
    }
    return false;
}

static struct sonde_mono next_happening(const struct lab_player *player)
{
    const struct sim_scenario *scenario = player->config.scenario;
    struct sonde_mono next = player->resume;

    if (player->happening < scenario->happening_count)
        next = sonde_mono_earlier(next,
                                  (struct sonde_mono){scenario->happenings[player->happening].at});
    if (next.ns == SONDE_NEVER.ns)
        return next;
    return sonde_mono_add(next, (struct sonde_span){player->start.ns});
}

/* How late we woke decides how early we want to wake the next time. */
static void learn_margin(struct lab_player *player, struct sonde_mono planned)
{
    int64_t late = sonde_mono_since(net_now(), planned).ns;
    int64_t margin = player->margin.ns - player->margin.ns / 32;

    if (late < 0) /* something else woke us */
        return;
    if (late > margin / 2)
        margin = 2 * late;
    if (margin < MARGIN_MIN)
        margin = MARGIN_MIN;
    player->margin.ns = margin > MARGIN_MAX ? MARGIN_MAX : margin;
}

/* Nothing came and nothing is due: until then. */
static void rest(struct lab_player *player)
{
    struct sonde_mono due = sim_network_next(player->network);
    struct sonde_mono other = next_happening(player);
    struct sonde_mono planned = SONDE_NEVER;
    struct sonde_span left = SONDE_FOREVER;

    if (due.ns != SONDE_NEVER.ns) {
        due = sonde_mono_add(due, (struct sonde_span){player->start.ns});
        left = sonde_mono_since(due, net_now());
        planned.ns = sonde_saturating_sub(due.ns, player->margin.ns);
    }
    if (left.ns <= player->margin.ns || do_chores(player, left))
        return;
    if (player->book)
        other = sonde_mono_earlier(other, lab_book_give_up(player->book, net_now()));
    look_around(player, sonde_mono_earlier(planned, other));
    if (planned.ns <= other.ns)
        learn_margin(player, planned);
}

static int start(struct lab_player *player)
{
    struct lab_clock clock;
    int error;

    lab_wire_turn(&player->wire);
    player->start = net_now();
    clock.start = player->start;
    clock.epoch.ns = sonde_saturating_add(player->start.ns, player->wire.clock.offset);
    player->operation = "allocate memory";
    error = sim_network_create(&player->network, player->config.scenario, player->config.seed,
                               clock.epoch);
    if (error)
        return error;
    if (player->book) {
        lab_book_start(player->book, &clock);
        sim_network_listen(player->network, lab_book_hear, player->book);
    }
    player->operation = "start the command";
    return lab_stage_start(player->config.stage);
}

static void play(struct lab_player *player)
{
    while (!player->ended) {
        size_t busy = take_arrivals(player);

        busy += deliver(player);
        if (sonde_mono_since(net_now(), player->looked).ns > LOOK_AROUND)
            look_around(player, (struct sonde_mono){0});
        if (!busy && !player->ended)
            rest(player);
    }
}

int lab_player_run(struct lab_player *player, int *exit_status, const char **operation)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction interrupt, quit;
    int error;

    sigaction(SIGINT, &ignore, &interrupt);
    sigaction(SIGQUIT, &ignore, &quit);
    error = start(player);
    if (!error) {
        play(player);
        error = player->error;
    }
    lab_wire_count_drops(&player->wire);
    if (player->book) {
        lab_wire_read_stamps(&player->wire, note_stamp, player);
        lab_book_finish(player->book);
    }
    sigaction(SIGINT, &interrupt, NULL);
    sigaction(SIGQUIT, &quit, NULL);
    *exit_status = player->exit_status;
    *operation = player->operation;
    return error;
}
