/* The loop over a transport that reads a few messages at a time, as sockets do. */
#include "sonde/loop.h"
#include "hand.h"

#define GROUP  100u /* probes that are due together */
#define GROUPS 40u
#define READ                                                                                       \
    20u /* answers, each behind its send stamp, that the transport reads at once: less             \
           than a batch of the loop */
#define MESSAGES (GROUP * GROUPS)
#define LENGTH   84u /* of an echo request with 56 bytes of payload */

struct wire {
    struct sonde_mono now;
    size_t handed_out, sent, read;
    size_t most_unread; /* when the loop went to sleep */
    size_t replies;
    uint8_t answers[MESSAGES][LENGTH];
    uint64_t tokens[MESSAGES];
};

/* --- a strategy: a group each millisecond ---------------------------------------------------- */

static enum sonde_next next_of_group(void *self, struct sonde_mono now, struct sonde_probe *probe,
                                     struct sonde_mono *wake)
{
    struct wire *wire = self;
    int64_t due_ns = (int64_t)(wire->handed_out / GROUP) * MS;
    *wake = (struct sonde_mono){due_ns};
    if (wire->handed_out == MESSAGES)
        return SONDE_NEXT_DONE;
    if (now.ns < due_ns)
        return SONDE_NEXT_WAIT;
    *probe = (struct sonde_probe){.number = wire->handed_out++,
                                  .due = {due_ns},
                                  .timeout = {TIMEOUT_NS},
                                  .hop_limit = 64,
                                  .payload_bytes = 56};
    return SONDE_NEXT_PROBE;
}

static struct sonde_mono never(void *self)
{
    (void)self;
    return SONDE_NEVER;
}

static struct sonde_span timeout(void *self)
{
    (void)self;
    return (struct sonde_span){TIMEOUT_NS};
}

static void count_reply(void *self, const struct sonde_outcome *outcome)
{
    ((struct wire *)self)->replies += outcome->kind == SONDE_REPLY;
}

static const struct sonde_strategy_ops groups = {next_of_group, never, timeout, count_reply};

/* --- a transport on which everything is answered at once ------------------------------------- */

static struct sonde_mono wire_now(void *self)
{
    return ((struct wire *)self)->now;
}

static int wire_wait(void *self, struct sonde_mono until, bool receive_early)
{
    struct wire *wire = self;
    size_t unread = wire->sent - wire->read;
    if (unread > wire->most_unread)
        wire->most_unread = unread;
    if (!receive_early || unread == 0)
        wire->now = sonde_mono_later(wire->now, until);
    return 0;
}

static void wire_send(void *self, struct sonde_datagram *batch, size_t count)
{
    struct wire *wire = self;
    for (size_t i = 0; i < count; i++) {
        uint8_t *answer = wire->answers[wire->sent];
        cr_assert_eq(batch[i].length, LENGTH);
        wire->tokens[wire->sent++] = batch[i].token;
        memcpy(answer, batch[i].bytes, LENGTH);
        unsigned sum =
            (unsigned)(answer[22] << 8 | answer[23]) + 0x0800; /* RFC 1624: 8 becomes 0 */
        answer[20] = 0;
        answer[22] = (uint8_t)((sum + (sum >> 16)) >> 8);
        answer[23] = (uint8_t)(sum + (sum >> 16));
        batch[i].sent = wire->now;
        batch[i].error = 0;
    }
}

static int wire_receive(void *self, struct sonde_event *events, size_t capacity)
{
    struct wire *wire = self;
    size_t count = wire->sent - wire->read;
    count = count < READ ? count : READ;
    cr_assert_leq(2 * count, capacity);
    const struct sonde_stamp stamp = {wire->now, SONDE_STAMP_KERNEL};
    for (size_t i = 0; i < count; i++, wire->read++) {
        *events++ = (struct sonde_event){.kind = SONDE_EVENT_SENT_STAMP,
                                         .stamp = stamp,
                                         .read = wire->now,
                                         .token = wire->tokens[wire->read]};
        *events++ = (struct sonde_event){.kind = SONDE_EVENT_DATAGRAM,
                                         .stamp = stamp,
                                         .read = wire->now,
                                         .layer = SONDE_LAYER_IP,
                                         .bytes = {wire->answers[wire->read], LENGTH},
                                         .from = there,
                                         .hop_limit = -1,
                                         .traffic_class = -1};
    }
    return (int)(2 * count);
}

static const struct sonde_transport_ops wire_ops = {
    .now = wire_now,
    .wait = wire_wait,
    .send = wire_send,
    .receive = wire_receive,
};

/* --- the tests ------------------------------------------------------------------------------- */

static struct wire *run(enum sonde_loop_pace pace)
{
    struct wire *wire = calloc(1, sizeof *wire);
    struct sonde_engine *engine;
    const struct sonde_engine_config config = {.identifiers = identifiers, .identifier_count = 1};
    const struct sonde_engine_target target = {.address = there, .source = here, .mtu = 1500};
    const struct sonde_transport transport = {.ops = &wire_ops, .self = wire};
    cr_assert_eq(sonde_engine_create(&engine, &config, (struct sonde_strategy){&groups, wire},
                                     (struct sonde_observer){0}),
                 0);
    cr_assert_eq(sonde_engine_add_target(engine, &target), 0);
    cr_assert_eq(sonde_loop_run(engine, &transport, &(struct sonde_loop_hooks){0}, pace), 0);
    sonde_engine_destroy(engine);
    cr_assert_eq(wire->replies, MESSAGES);
    return wire;
}

Test(engine_loop, relaxed_nothing_is_left_unread_but_what_the_last_turn_has_sent)
{
    struct wire *wire = run(SONDE_LOOP_RELAXED);
    cr_assert_leq(wire->most_unread, GROUP, "%zu", wire->most_unread);
    cr_assert_leq(wire->now.ns, GROUPS * MS);
    free(wire);
}

Test(engine_loop, promptly_everything_is_answered_before_the_next_group)
{
    struct wire *wire = run(SONDE_LOOP_PROMPT);
    cr_assert_leq(wire->most_unread, GROUP, "%zu", wire->most_unread);
    cr_assert_lt(wire->now.ns, GROUPS * MS);
    free(wire);
}
