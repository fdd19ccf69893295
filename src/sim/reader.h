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

/* Whom the statement that is being read is about, and when it holds. */
struct sim_statement {
    enum sim_node_kind kind; /* whose properties it gives; of a bank, SIM_ROUTER */
    uint32_t first;          /* the nodes; of links, those at one end */
    uint32_t count;
    uint32_t far_first; /* links: the nodes at the other end */
    uint32_t far_count;
    bool both_ways; /* links: and back */
    int64_t from;   /* ns; INT64_MIN: always */
    int64_t until;  /* ns; INT64_MAX: from then on */
    int64_t every;  /* ns from one period to the next within the two; 0: it is one period */
    int64_t lasting;
};

struct sim_reader {
    struct sim_lexer lexer;
    struct sim_token token; /* the next one, not yet taken */
    struct sim_scenario *scenario;
    struct sonde_sim_error *error;
    struct sim_statement statement;
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
/* A percentage from 0 to this; 100% is 1. */
bool sim_reader_share(struct sim_reader *reader, int max_percent, double *share);
/* A rate with a unit ("2.5Mbit"), in bits a second: 1bit to 1Tbit. */
bool sim_reader_rate(struct sim_reader *reader, int64_t *rate);
bool sim_reader_integer(struct sim_reader *reader, const char *what, int64_t min, int64_t max,
                        int64_t *value);
bool sim_reader_address(struct sim_reader *reader, struct sonde_address *address);
/* The name of a host or router, as `kind` says, defined above. */
bool sim_reader_node(struct sim_reader *reader, enum sim_node_kind kind, uint32_t *node);
/* One of the words of a table that ends with a NULL word. */
bool sim_reader_choice(struct sim_reader *reader, const char *what, const struct sim_word *words,
                       int64_t *value);
/* The next word or quoted text, of min to max bytes, goes into the scenario with a NUL behind it.
 */
bool sim_reader_text(struct sim_reader *reader, const char *what, size_t min, size_t max,
                     struct sim_setting *setting);
/* True when the statement is about this router. */
bool sim_reader_about(const struct sim_reader *reader, uint32_t node);
/* Adds one item to the scenario's list. */
bool sim_reader_list(struct sim_reader *reader, uint32_t item);
/* True and the value when the word stands in the table. */
bool sim_reader_lookup(const struct sim_word *words, const char *word, int64_t *value);

/* "270ms" without a reader: true when it is one, at most ten years in either direction. */
bool sim_read_span(const char *text, int64_t *ns);

#endif
