/*
 * A scenario's text cut into words.
 *
 * Blanks separate words, `#` at the start of a word begins a comment, "…" is one word that may hold
 * blanks, and \\ \" \xHH inside. A line that begins with a blank continues the statement above.
 */
#ifndef SIM_LEXER_H
#define SIM_LEXER_H

#include <stddef.h>
#include <stdint.h>

#define SIM_WORD_MAX 255

enum sim_token_kind {
    SIM_TOKEN_WORD,
    SIM_TOKEN_QUOTED,
    SIM_TOKEN_STATEMENT_END,
    SIM_TOKEN_TEXT_END,
    SIM_TOKEN_BAD, /* problem says why */
};

struct sim_token {
    enum sim_token_kind kind;
    uint32_t line; /* from 1; of the end of a statement, that of its last word */
    size_t length;
    char text[SIM_WORD_MAX + 1]; /* NUL-terminated; only printable ASCII unless quoted */
    const char *problem;
};

struct sim_lexer {
    const char *text;
    size_t length;
    size_t at;
    uint32_t line;
};

/* The text must outlive the lexer. */
void sim_lexer_init(struct sim_lexer *lexer, const char *text, size_t length);

/* The next token. SIM_TOKEN_TEXT_END repeats; SIM_TOKEN_BAD is the last to be asked for. */
void sim_lexer_next(struct sim_lexer *lexer, struct sim_token *token);

#endif
