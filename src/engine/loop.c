#include "sonde/loop.h"

#define BATCH         64
#define RELAXED_NS    (50 * SONDE_NS_PER_MS) /* no answer waits longer than this to be read */
#define HURRIED_TURNS 64 /* without a wait: only waiting looks at signals and descriptors */
#define RECEIVE_TURNS 16 /* batches read before sending and verdicts have their turn */
#define LAST_TURNS    4  /* looks at what has arrived when a signal ends the run */
#define LAST_TURN     ((struct sonde_span){250 * SONDE_NS_PER_US})
#define SEND_TURNS    4 /* batches sent before what has arrived is looked at again */

struct loop {
    struct sonde_engine *engine;
    const struct sonde_transport *transport;
    const struct sonde_loop_hooks *hooks;
    enum sonde_loop_pace pace;
    bool stopped;
    bool more; /* to receive */
};

/*
 * A transport reads a number of messages at a time, so that the last batch of these may be short
 * while more have come. A wait that ends at an arrival ends at once, then. Who does not look until
 * the next probe is due must look until nothing comes, lest less be read at each turn than is sent.
 */
static bool may_have_more(const struct loop *loop, int count)
{
    return loop->pace == SONDE_LOOP_RELAXED ? count > 0 : count == BATCH;
}

static int receive(struct loop *loop, struct sonde_mono now)
{
    const struct sonde_transport *transport = loop->transport;
    struct sonde_event events[BATCH];
    int count, batches = 0;
    do {
        count = transport->ops->receive(transport->self, events, BATCH);
        for (int i = 0; i < count; i++) {
            if (events[i].kind != SONDE_EVENT_SIGNAL)
                sonde_engine_receive(loop->engine, &events[i]);
            else if (loop->hooks->signal)
                loop->stopped |= loop->hooks->signal(loop->hooks->self, events[i].signal, now);
        }
        loop->more = may_have_more(loop, count);
    } while (loop->more && ++batches < RECEIVE_TURNS && !loop->stopped);
    return count < 0 ? count : 0;
}

/* What has come before the end is no loss, though it is still on its way through this machine. */
static int receive_last(struct loop *loop, struct sonde_mono now)
{
    const struct sonde_transport *transport = loop->transport;
    int error = 0;
    for (int i = 0; i < LAST_TURNS && !error; i++) {
        now = sonde_mono_add(now, LAST_TURN);
        error = transport->ops->wait(transport->self, now, true);
        if (!error)
            error = receive(loop, now);
    }
    return error;
}

/* Sends what is due. True when the last batch was full: there may be more. */
static bool send(struct loop *loop, bool *sent)
{
    const struct sonde_transport *transport = loop->transport;
    struct sonde_datagram batch[BATCH];
    size_t count = 0;
    *sent = false;
    for (int i = 0; i < SEND_TURNS; i++) {
        struct sonde_mono now = transport->ops->now(transport->self);
        count = sonde_engine_transmit(loop->engine, now, batch, BATCH);
        if (count == 0)
            return false;
        *sent = true;
        transport->ops->send(transport->self, batch, count);
        sonde_engine_transmitted(loop->engine, batch, count);
    }
    return true;
}

int sonde_loop_run(struct sonde_engine *engine, const struct sonde_transport *transport,
                   const struct sonde_loop_hooks *hooks, enum sonde_loop_pace pace)
{
    struct loop loop = {.engine = engine, .transport = transport, .hooks = hooks, .pace = pace};
    unsigned hurried = 0;
    for (;;) {
        struct sonde_mono now = transport->ops->now(transport->self);
        int error = receive(&loop, now);
        if (loop.stopped && !error)
            error = receive_last(&loop, now);
        if (error || loop.stopped)
            return error;
        sonde_engine_expire(engine, now);
        bool sent;
        bool more = send(&loop, &sent);
        if (sonde_engine_finished(engine))
            return 0;
        struct sonde_mono deadline = sonde_engine_deadline(engine);
        struct sonde_mono again = SONDE_NEVER;
        if (hooks->turn && hooks->turn(hooks->self, now, &again))
            return 0;
        deadline = sonde_mono_earlier(deadline, again);
        bool hurry = more || loop.more || (sent && pace == SONDE_LOOP_EAGER);
        if (hurry && ++hurried % HURRIED_TURNS != 0)
            continue;
        if (hurry)
            deadline = now;
        bool soon = sonde_mono_since(deadline, now).ns < RELAXED_NS;
        error = transport->ops->wait(transport->self, deadline,
                                     pace != SONDE_LOOP_RELAXED || !soon ||
                                         sonde_engine_reads_matter(engine));
        if (error)
            return error;
    }
}
