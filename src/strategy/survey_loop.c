/* The survey and a transport joined, as engine/loop.c joins an engine and one. */
#include "sonde/loop.h"
#include "strategy/survey_inside.h"

#define SEND_BATCH    64 /* its way through this machine is part of the RTT */
#define RECEIVE_BATCH 64
#define RELAXED_NS    (50 * SONDE_NS_PER_MS) /* no answer waits longer than this to be read */
#define HURRIED_TURNS 64 /* without a wait: only waiting looks at signals and descriptors */
#define RECEIVE_TURNS 64 /* batches read before sending has its turn */
#define SEND_TURNS    8  /* batches sent before what has arrived is looked at again */

struct loop {
    struct sonde_survey *survey;
    const struct sonde_transport *transport;
    const struct sonde_loop_hooks *hooks;
    bool stopped;
    bool more; /* to receive, perhaps: a short batch need not be the last one */
    bool full; /* the last batch was: answers are waiting */
};

/* What the answers will be looked for in is on its way from memory while the first are judged. */
static void fetch(const struct sonde_survey *survey, const struct sonde_event *events, int count)
{
    for (int i = 0; i < count; i++)
        if (events[i].kind == SONDE_EVENT_DATAGRAM)
            survey_window_fetch(&survey->window,
                                survey_identify(&survey->prober, &events[i].from).mark);
}

static int receive(struct loop *loop, struct sonde_mono now)
{
    const struct sonde_transport *transport = loop->transport;
    struct sonde_event events[RECEIVE_BATCH];
    int count, batches = 0;
    do {
        count = transport->ops->receive(transport->self, events, RECEIVE_BATCH);
        fetch(loop->survey, events, count);
        for (int i = 0; i < count; i++) {
            if (events[i].kind != SONDE_EVENT_SIGNAL)
                sonde_survey_receive(loop->survey, &events[i]);
            else if (loop->hooks->signal)
                loop->stopped |= loop->hooks->signal(loop->hooks->self, events[i].signal, now);
        }
        loop->more = count > 0;
        loop->full = count == RECEIVE_BATCH;
    } while (loop->more && ++batches < RECEIVE_TURNS && !loop->stopped);
    return count < 0 ? count : 0;
}

/* Sends what is due. True when there may be more. */
static bool send(struct loop *loop)
{
    const struct sonde_transport *transport = loop->transport;
    struct sonde_datagram batch[SEND_BATCH];
    for (int i = 0; i < SEND_TURNS; i++) {
        struct sonde_mono now = transport->ops->now(transport->self);
        size_t count = sonde_survey_transmit(loop->survey, now, batch, SEND_BATCH);
        if (count == 0)
            return false;
        transport->ops->send(transport->self, batch, count);
        sonde_survey_transmitted(loop->survey, batch, count);
    }
    return true;
}

int sonde_survey_run(struct sonde_survey *survey, const struct sonde_transport *transport,
                     const struct sonde_loop_hooks *hooks)
{
    struct loop loop = {.survey = survey, .transport = transport, .hooks = hooks};
    unsigned hurried = 0;
    for (;;) {
        struct sonde_mono now = transport->ops->now(transport->self);
        int error = receive(&loop, now);
        if (error || loop.stopped)
            return error;
        bool more = send(&loop);
        struct sonde_mono again = SONDE_NEVER;
        if (hooks->turn && hooks->turn(hooks->self, now, &again))
            return 0;
        if (!loop.full && sonde_survey_finished(survey, now))
            return 0;
        bool hurry = more || loop.more;
        if (hurry && ++hurried % HURRIED_TURNS != 0)
            continue;
        struct sonde_mono deadline = sonde_mono_earlier(sonde_survey_deadline(survey), again);
        if (hurry)
            deadline = now;
        bool soon = sonde_mono_since(deadline, now).ns < RELAXED_NS;
        error = transport->ops->wait(transport->self, deadline, !soon || survey->reads_matter);
        if (error)
            return error;
    }
}
