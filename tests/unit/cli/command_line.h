/* Command lines as people type them, and what is printed. */
#ifndef TEST_CLI_COMMAND_LINE_H
#define TEST_CLI_COMMAND_LINE_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 48

/* argv of a line: words between single blanks; "" for an empty one. */
struct command_line {
    char text[512];
    char *argv[WORDS_MAX + 1];
    int argc;
};

static inline void split(struct command_line *line, const char *text)
{
    cr_assert_lt(strlen(text), sizeof line->text);
    strcpy(line->text, text);
    line->argc = 0;
    for (char *at = line->text; at; line->argc++) {
        cr_assert_lt(line->argc, WORDS_MAX);
        char *end = strchr(at, ' ');
        if (end)
            *end++ = '\0';
        line->argv[line->argc] = strcmp(at, "\"\"") == 0 ? at + 2 : at;
        at = end;
    }
    line->argv[line->argc] = NULL;
}

/* A stream whose text is kept. */
struct printed {
    FILE *stream;
    char *text;
    size_t length;
};

static inline void printed_open(struct printed *printed)
{
    *printed = (struct printed){0};
    printed->stream = open_memstream(&printed->text, &printed->length);
    cr_assert_not_null(printed->stream);
}

static inline const char *printed_text(struct printed *printed)
{
    fflush(printed->stream);
    return printed->text;
}

static inline void printed_close(struct printed *printed)
{
    fclose(printed->stream);
    free(printed->text);
}

#endif
