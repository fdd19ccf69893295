#include "cli/packet_session.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "base/random.h"
#include "cli/packet_ports.h"
#include "cli/packet_reply.h"
#include "cli/packet_targets.h"
#include "sonde/ask.h"
#include "sonde/engine.h"
#include "sonde/loop.h"
#include "sonde/net.h"

#define MOST_OPEN      65536u     /* probes without a reply; then lines wait */
#define MOST_WAITING   (4u << 20) /* bytes of replies that the client does not take; likewise */
#define MOST_IN_FLIGHT (1u << 18) /* and lingering */
#define LINGER         sonde_span_s(5)
#define NOBODY         UINT32_MAX

/* A probe that waits for its reply. */
struct command {
    int64_t token;
    uint32_t target;
    uint32_t next_free;
    uint16_t flow;
};

struct session {
    const struct packet_session_config *config;
    const struct sonde_transport *transport;
    struct sonde_ask *ask;
    struct packet_targets *targets;
    struct sonde_engine *engine;
    struct packet_ports ports;
    struct command *commands;
    uint32_t used; /* commands that ever were */
    uint32_t free;
    uint32_t open;
    bool watching_from;
    bool watching_to;
    bool always_ready; /* a file: nothing to be waited for */
    bool whole_lines;  /* there may be some that were not taken yet */
    int error;
};

/* --- replies --------------------------------------------------------------------------------- */

int packet_session_answer(const struct packet_means *means, const struct packet_line *line,
                          struct packet_output *output)
{
    char reply[PACKET_REPLY_ROOM];
    size_t length;
    switch (line->kind) {
    case PACKET_LINE_NO_TOKEN:
        length = packet_reply_word(reply, 0, "command-parse-error");
        break;
    case PACKET_LINE_UNKNOWN:
        length = packet_reply_word(reply, line->token, "unknown-command");
        break;
    case PACKET_LINE_SUPPORT:
        length =
            packet_reply_support(reply, line->token, packet_means_support(means, line->feature));
        break;
    default:
        length = packet_reply_word(reply, line->token, "invalid-argument");
        break;
    }
    return packet_output_add(output, reply, length);
}

static void say(struct session *session, const char *reply, size_t length)
{
    const int error = packet_output_add(session->config->output, reply, length);
    if (error)
        session->error = error;
}

static void refuse(struct session *session, int64_t token, int error)
{
    char reply[PACKET_REPLY_ROOM];
    say(session, reply, packet_reply_error(reply, token, -error));
}

static void on_outcome(void *self, const struct sonde_outcome *outcome)
{
    struct session *session = self;
    char reply[PACKET_REPLY_ROOM];
    if (!sonde_outcome_is_final(outcome->kind))
        return;
    struct command *command = &session->commands[outcome->number];
    say(session, reply, packet_reply_outcome(reply, command->token, outcome));
    packet_targets_release(session->targets, command->target);
    packet_ports_release(&session->ports, command->flow);
    command->next_free = session->free;
    session->free = (uint32_t)outcome->number;
    session->open--;
}

/* --- probes ---------------------------------------------------------------------------------- */

/* The way to a host; see packet_targets.h. */
static int find_way(void *self, const struct sonde_address *source,
                    struct sonde_engine_target *target)
{
    struct session *session = self;
    const struct sonde_transport *transport = session->transport;
    struct sonde_route route;
    const int error = transport->ops->route(transport->self, &target->address, &route);
    if (error == -EACCES || (!error && route.broadcast))
        return -EINVAL; /* there is no one way to many hosts */
    if (error)
        return error;
    if (source->family != SONDE_FAMILY_NONE && !sonde_address_equal(source, &route.source) &&
        !sonde_net_has_source(transport, source))
        return -EADDRNOTAVAIL;
    target->source = source->family != SONDE_FAMILY_NONE ? *source : route.source;
    target->mtu = transport->header_is_kernels ? 0 : route.mtu;
    target->many_answer = sonde_address_is_multicast(&target->address);
    return 0;
}

static uint32_t take_command(struct session *session)
{
    const uint32_t place = session->free;
    if (place == NOBODY)
        return session->used++;
    session->free = session->commands[place].next_free;
    return place;
}

static void put(struct session *session, const struct packet_line *line, struct sonde_mono now)
{
    const struct packet_request *request = &line->request;
    struct sonde_probe probe = packet_ports_probe(request, session->config->means->raw);
    uint32_t target;
    int error = packet_means_allow(session->config->means, request);
    if (!error)
        error = packet_targets_take(session->targets, &request->address, &request->source, now,
                                    &target);
    if (!error) {
        error = packet_ports_choose(&session->ports, request, &probe);
        if (error)
            packet_targets_release(session->targets, target);
    }
    if (error) {
        refuse(session, line->token, error);
        return;
    }
    const uint32_t place = take_command(session);
    session->commands[place] =
        (struct command){.token = line->token, .target = target, .flow = probe.flow};
    session->open++;
    probe.target = target;
    probe.number = place;
    probe.due = now;
    sonde_ask_put(session->ask, &probe); /* there is room for as many as may be open */
}

static void take_line(struct session *session, const struct packet_line *line,
                      struct sonde_mono now)
{
    const struct packet_means *means = session->config->means;
    char reply[PACKET_REPLY_ROOM];
    const char *refusal =
        line->kind == PACKET_LINE_PROBE ? packet_means_refusal(means, &line->request) : NULL;
    if (refusal) {
        say(session, reply, packet_reply_word(reply, line->token, refusal));
    } else if (line->kind == PACKET_LINE_PROBE) {
        put(session, line, now);
    } else {
        const int error = packet_session_answer(means, line, session->config->output);
        if (error)
            session->error = error;
    }
}

static bool has_room(const struct session *session)
{
    return session->open < MOST_OPEN &&
           packet_output_waiting(session->config->output) < MOST_WAITING;
}

/* All lines that are there, as far as there is room for what they ask. */
static void take_lines(struct session *session)
{
    const struct sonde_mono now = session->transport->ops->now(session->transport->self);
    struct packet_input *input = session->config->input;
    struct packet_line line;
    const char *text;
    size_t length;
    char reply[PACKET_REPLY_ROOM];
    session->whole_lines = true;
    while (has_room(session)) {
        const enum packet_input_next next = packet_input_next(input, &text, &length);
        session->whole_lines = next != PACKET_INPUT_NONE;
        if (next == PACKET_INPUT_NONE)
            break;
        if (next == PACKET_INPUT_TOO_LONG) {
            say(session, reply, packet_reply_word(reply, 0, "command-buffer-overflow"));
            continue;
        }
        packet_line_read(&line, text, length);
        take_line(session, &line, now);
    }
    if (input->ended && !session->whole_lines)
        sonde_ask_close(session->ask);
}

/* --- descriptors ----------------------------------------------------------------------------- */

static void read_lines(struct session *session)
{
    const int error = packet_input_read(session->config->input, session->config->from);
    if (error)
        session->error = error;
    take_lines(session);
}

static void on_readable(void *self, int fd, short events)
{
    (void)fd;
    (void)events;
    read_lines(self);
}

/* The turn hook, which comes next, writes. */
static void on_writable(void *self, int fd, short events)
{
    (void)self;
    (void)fd;
    (void)events;
}

static int watch(const struct session *session, bool wanted, bool *watching, int fd, short events,
                 sonde_net_ready *ready)
{
    struct sonde_transport transport = *session->transport;
    int error = 0;
    if (wanted && !*watching)
        error = sonde_net_watch(&transport, fd, events, ready, (void *)session);
    else if (!wanted && *watching)
        error = sonde_net_unwatch(&transport, fd);
    if (!error)
        *watching = wanted;
    return error;
}

static int watch_client(struct session *session)
{
    const struct packet_session_config *config = session->config;
    const bool more = !config->input->ended && !session->whole_lines && has_room(session);
    int error = 0;
    if (!session->always_ready)
        error = watch(session, more, &session->watching_from, config->from, POLLIN, on_readable);
    if (error == -EPERM) { /* epoll does not know files */
        session->always_ready = true;
        error = 0;
    }
    if (error)
        return error;
    return watch(session, packet_output_waiting(config->output) > 0, &session->watching_to,
                 config->to, POLLOUT, on_writable);
}

static bool on_turn(void *self, struct sonde_mono now, struct sonde_mono *again)
{
    struct session *session = self;
    const struct packet_session_config *config = session->config;
    if (session->whole_lines && has_room(session)) {
        take_lines(session);
        *again = now;
    } else if (session->always_ready && !config->input->ended && has_room(session)) {
        read_lines(session);
        *again = now;
    }
    int error = packet_output_write(config->output, config->to, false);
    if (!error)
        error = watch_client(session);
    if (error)
        session->error = error;
    return session->error != 0;
}

/* --------------------------------------------------------------------------------------------- */

static int prepare(struct session *session)
{
    const struct sonde_transport *transport = session->transport;
    struct sonde_engine_config engine = {
        .linger = LINGER,
        .max_in_flight = MOST_IN_FLIGHT,
        .sequence_in_port = !session->config->means->raw,
    };
    int error = base_random_secret(engine.key, sizeof engine.key);
    session->commands = calloc(MOST_OPEN, sizeof *session->commands);
    if (!error && !session->commands)
        error = -ENOMEM;
    if (!error)
        error = packet_ports_init(&session->ports, transport, session->config->means->raw);
    engine.identifiers = session->ports.identifiers;
    engine.identifier_count = session->ports.identifier_count;
    if (!error)
        error = sonde_ask_create(&session->ask, MOST_OPEN);
    if (!error)
        error = packet_targets_create(&session->targets, MOST_OPEN, find_way, session);
    if (!error)
        error = sonde_engine_create(&session->engine, &engine, sonde_ask_strategy(session->ask),
                                    (struct sonde_observer){session, NULL, on_outcome});
    if (!error)
        error = sonde_engine_lend_targets(session->engine, packet_targets_places(session->targets),
                                          MOST_OPEN);
    session->ports.engine = session->engine;
    return error;
}

static int run(struct session *session)
{
    const struct packet_session_config *config = session->config;
    const struct sonde_loop_hooks hooks = {.self = session, .turn = on_turn};
    const struct sonde_transport *transport = session->transport;
    take_line(session, config->first, transport->ops->now(transport->self));
    take_lines(session);
    int error = sonde_loop_run(session->engine, transport, &hooks, SONDE_LOOP_PROMPT);
    if (!error)
        error = session->error;
    const int told = packet_output_write(config->output, config->to, true);
    return error ? error : told;
}

int packet_session_run(const struct packet_session_config *config)
{
    struct session session = {.config = config, .transport = config->transport, .free = NOBODY};
    int error = prepare(&session);
    if (!error)
        error = run(&session);
    sonde_engine_destroy(session.engine);
    sonde_ask_destroy(session.ask);
    packet_targets_destroy(session.targets);
    packet_ports_free(&session.ports);
    free(session.commands);
    return error;
}
