#include "language.h"

#include "sim/lexer.h"

static struct sim_token token;

static void expect(struct sim_lexer *lexer, enum sim_token_kind kind, uint32_t line,
                   const char *text)
{
    sim_lexer_next(lexer, &token);
    cr_assert_eq(token.kind, kind, "%s: %d", text, token.kind);
    cr_assert_eq(token.line, line, "%s: line %u", text, token.line);
    if (kind == SIM_TOKEN_WORD || kind == SIM_TOKEN_QUOTED)
        cr_assert_str_eq(token.text, text);
}

Test(sim_lexer, words_lines_and_comments)
{
    static const char text[] = "one two#x # three\n\n  # nothing\n\tfour \"five  #\\x41\"\n"
                               "# between\nsix\r\n seven";
    struct sim_lexer lexer;
    sim_lexer_init(&lexer, text, sizeof(text) - 1);
    expect(&lexer, SIM_TOKEN_WORD, 1, "one");
    expect(&lexer, SIM_TOKEN_WORD, 1, "two#x");
    expect(&lexer, SIM_TOKEN_WORD, 4, "four");
    expect(&lexer, SIM_TOKEN_QUOTED, 4, "five  #A");
    expect(&lexer, SIM_TOKEN_STATEMENT_END, 4, "");
    expect(&lexer, SIM_TOKEN_WORD, 6, "six");
    expect(&lexer, SIM_TOKEN_WORD, 7, "seven");
    expect(&lexer, SIM_TOKEN_TEXT_END, 7, "");
    expect(&lexer, SIM_TOKEN_TEXT_END, 7, "");
}

Test(sim_lexer, what_is_no_word)
{
    static const struct {
        const char *text;
        size_t length;
    } cases[] = {{"\"open", 5},    {"\"open\n\"", 7}, {"\"\\\"", 3}, {"\"\\x1\"", 5},
                 {"\"\\x00\"", 6}, {"a\"b", 3},       {"\x7f", 1},   {"a\0b", 3},
                 {"\xff", 1},      {"\"\\", 2},       {"\"\\x", 3},  {"\"\xc3\"", 3}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sim_lexer lexer;
        sim_lexer_init(&lexer, cases[i].text, cases[i].length);
        sim_lexer_next(&lexer, &token);
        cr_assert_eq(token.kind, SIM_TOKEN_BAD, "case %zu", i);
        cr_assert_not_null(token.problem);
    }
}

Test(sim_lexer, longest_word)
{
    char text[300];
    memset(text, 'a', sizeof(text));
    struct sim_lexer lexer;
    sim_lexer_init(&lexer, text, SIM_WORD_MAX);
    sim_lexer_next(&lexer, &token);
    cr_assert_eq(token.kind, SIM_TOKEN_WORD);
    cr_assert_eq(token.length, SIM_WORD_MAX);
    sim_lexer_init(&lexer, text, SIM_WORD_MAX + 1);
    sim_lexer_next(&lexer, &token);
    cr_assert_eq(token.kind, SIM_TOKEN_BAD);
    text[0] = '"';
    sim_lexer_init(&lexer, text, sizeof(text));
    sim_lexer_next(&lexer, &token);
    cr_assert_eq(token.kind, SIM_TOKEN_BAD);
}

Test(sim_lexer, empty_texts)
{
    static const char *const texts[] = {"", " ", "# x", "   # x", "\t\r"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct sim_lexer lexer;
        sim_lexer_init(&lexer, texts[i], strlen(texts[i]));
        expect(&lexer, SIM_TOKEN_TEXT_END, 1, texts[i]);
    }
}
