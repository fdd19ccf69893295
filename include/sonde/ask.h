/*
 * The ask strategy: hands out what it is given, in the order in which it was given.
 *
 * For owners who decide themselves what to ask, while the engine runs: they put probes in, from
 * within the loop's hooks or a watched descriptor's callback, and hear what became of them as the
 * engine's observer. `number` of a probe comes back with its outcome and may say whose it is.
 */
#ifndef SONDE_ASK_H
#define SONDE_ASK_H

#include <stdint.h>

#include "sonde/probe.h"
#include "sonde/strategy.h"

struct sonde_ask;

/* Room for `capacity` probes that wait to be sent. Returns 0, -EINVAL (no room) or -ENOMEM. */
int sonde_ask_create(struct sonde_ask **ask, uint32_t capacity);
void sonde_ask_destroy(struct sonde_ask *ask);

/*
 * Gives a probe, due at once or earlier. All but its token is set. Returns 0, -ENOBUFS when as many
 * wait as there is room for, or -EPIPE when it was closed.
 */
int sonde_ask_put(struct sonde_ask *ask, const struct sonde_probe *probe);

/* How many probes may be put now. */
uint32_t sonde_ask_room(const struct sonde_ask *ask);

/* No more will be given: the engine has finished when all that were have their outcomes. */
void sonde_ask_close(struct sonde_ask *ask);

/* Valid as long as the ask. */
struct sonde_strategy sonde_ask_strategy(struct sonde_ask *ask);

#endif
