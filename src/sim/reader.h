/*
 * Reading a scenario value by value: each function takes one word and either understands it or says
 * what it expected. All answer false after the first mistake, which is the one that is told.
 */
#ifndef SIM_READER_H
#define SIM_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/lexer.h"
#include "sim/scenario.h"
#include "sonde/sim.h"

struct sim_reader {
    struct sim_lexer lexer;
    struct sim_token token; /* the next one, not yet taken */
    struct sim_scenario *scenario;
    struct sonde_sim_error *error;
    int result; /* 0, -EINVAL, -ENOMEM */
};

struct sim_word {
    const char *word;
    int64_t value;
};

void sim_reader_init(struct sim_reader *reader, struct sim_scenario *scenario, const char *text,
                     size_t length, struct sonde_sim_error *error);

/* Steps to the next token. */
void sim_reader_advance(struct sim_reader *reader);

/* Tells a mistake at the next token; the format is followed by what was found there. False. */
__attribute__((format(printf, 2, 3))) bool sim_reader_expected(struct sim_reader *reader,
                                                               const char *format, ...);
/* Tells a mistake in other words. False. */
__attribute__((format(printf, 2, 3))) bool sim_reader_fail(struct sim_reader *reader,
                                                           const char *format, ...);
/* False when the result of an addition to the scenario is an error. */
bool sim_reader_added(struct sim_reader *reader, int result);

bool sim_reader_at_word(const struct sim_reader *reader);
/* Takes the next word when it is this one. */
bool sim_reader_accept(struct sim_reader *reader, const char *word);
bool sim_reader_require(struct sim_reader *reader, const char *word);

/* A span with a unit ("270ms"); 0 needs none. At most ten years, negative only when min is. */
bool sim_reader_span(struct sim_reader *reader, int64_t min, int64_t *ns);
bool sim_reader_chance(struct sim_reader *reader, double *chance);
bool sim_reader_integer(struct sim_reader *reader, const char *what, int64_t min, int64_t max,
                        int64_t *value);
bool sim_reader_address(struct sim_reader *reader, struct sonde_address *address);
/* The name of a node of this kind, defined above. */
bool sim_reader_node(struct sim_reader *reader, enum sim_node_kind kind, uint32_t *node);
/* One of the words of a table that ends with a NULL word. */
bool sim_reader_choice(struct sim_reader *reader, const char *what, const struct sim_word *words,
                       int64_t *value);
/* True and the value when the word stands in the table. */
bool sim_reader_lookup(const struct sim_word *words, const char *word, int64_t *value);

/* "270ms" without a reader: true when it is one, at most ten years in either direction. */
bool sim_read_span(const char *text, int64_t *ns);

#endif
