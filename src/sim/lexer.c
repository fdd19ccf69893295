#include <stdbool.h>
#include <string.h>

#include "sim/lexer.h"

void sim_lexer_init(struct sim_lexer *lexer, const char *text, size_t length)
{
    *lexer = (struct sim_lexer){.text = text, .length = length, .line = 1};
}

static int peek(const struct sim_lexer *lexer, size_t ahead)
{
    return ahead < lexer->length - lexer->at ? (unsigned char)lexer->text[lexer->at + ahead] : -1;
}

static bool is_blank(int c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static void bad(struct sim_token *token, const char *problem)
{
    token->kind = SIM_TOKEN_BAD;
    token->problem = problem;
}

static void skip_blanks_and_comment(struct sim_lexer *lexer)
{
    while (is_blank(peek(lexer, 0)))
        lexer->at++;
    if (peek(lexer, 0) != '#')
        return;
    const char *end = memchr(lexer->text + lexer->at, '\n', lexer->length - lexer->at);
    lexer->at = end ? (size_t)(end - lexer->text) : lexer->length;
}

/* At a line break: steps over it and all empty lines. True when the statement goes on behind them.
 */
static bool continues(struct sim_lexer *lexer)
{
    bool indented = false;
    while (peek(lexer, 0) == '\n') {
        lexer->at++;
        lexer->line++;
        indented = is_blank(peek(lexer, 0));
        skip_blanks_and_comment(lexer);
    }
    return indented && peek(lexer, 0) >= 0;
}

static int hex_digit(int c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* One character behind a backslash, or -1. NUL is refused: names are C strings. */
static int unescape(struct sim_lexer *lexer)
{
    int c = peek(lexer, 0);
    if (c == '"' || c == '\\') {
        lexer->at++;
        return c;
    }
    int high = hex_digit(peek(lexer, 1));
    int low = high < 0 ? -1 : hex_digit(peek(lexer, 2));
    if (c != 'x' || low < 0 || high + low == 0)
        return -1;
    lexer->at += 3;
    return high * 16 + low;
}

static void read_quoted(struct sim_lexer *lexer, struct sim_token *token)
{
    token->kind = SIM_TOKEN_QUOTED;
    for (lexer->at++; peek(lexer, 0) != '"';) {
        int c = peek(lexer, 0);
        if (c < ' ' || c > '~')
            return bad(token, "the quotation mark is not closed on its line");
        if (token->length == SIM_WORD_MAX)
            return bad(token, "a word is longer than 255 characters");
        lexer->at++;
        if (c == '\\')
            c = unescape(lexer);
        if (c < 0)
            return bad(token, "expected \\\\, \\\" or \\x01 to \\xff behind a backslash");
        token->text[token->length++] = (char)c;
    }
    lexer->at++;
}

static void read_word(struct sim_lexer *lexer, struct sim_token *token)
{
    token->kind = SIM_TOKEN_WORD;
    for (int c = peek(lexer, 0); c >= 0 && c != '\n' && !is_blank(c); c = peek(lexer, 0)) {
        if (c < ' ' || c > '~' || c == '"')
            return bad(token, "a character that does not belong into a word");
        if (token->length == SIM_WORD_MAX)
            return bad(token, "a word is longer than 255 characters");
        token->text[token->length++] = (char)c;
        lexer->at++;
    }
}

void sim_lexer_next(struct sim_lexer *lexer, struct sim_token *token)
{
    token->length = 0;
    token->problem = NULL;
    skip_blanks_and_comment(lexer);
    uint32_t line = lexer->line;
    bool ended = peek(lexer, 0) == '\n' && !continues(lexer);
    token->line = ended ? line : lexer->line;
    if (ended)
        token->kind = SIM_TOKEN_STATEMENT_END;
    else if (peek(lexer, 0) < 0)
        token->kind = SIM_TOKEN_TEXT_END;
    else if (peek(lexer, 0) == '"')
        read_quoted(lexer, token);
    else
        read_word(lexer, token);
    token->text[token->length] = '\0';
}
