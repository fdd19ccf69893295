#include "cli/sweep_items.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/printable.h"

#define BLANKS " \t\r\n\v\f"

/* Where a word comes from. */
struct source {
    const char *program;
    struct sweep_place place;
};

void sweep_place_tell(const char *program, const struct sweep_place *place)
{
    fprintf(stderr, "%s: ", program);
    if (place->file)
        fprintf(stderr, "%s:%lu: ", place->file, place->line);
}

static void complain(const struct source *source, const char *word, const char *what)
{
    char printable[128];
    base_printable(word, strlen(word), printable, sizeof printable);
    sweep_place_tell(source->program, &source->place);
    fprintf(stderr, "'%s' %s\n", printable, what);
}

static int no_memory(const char *program)
{
    fprintf(stderr, "%s: cannot keep the hosts: %s\n", program, strerror(ENOMEM));
    return SWEEP_SYSTEM;
}

static int append(const struct source *source, struct sweep_items *items, struct sweep_item item)
{
    if (items->count == items->capacity) {
        const size_t capacity = items->capacity ? items->capacity * 2 : 16;
        struct sweep_item *list = reallocarray(items->items, capacity, sizeof *list);
        if (!list) {
            free(item.name);
            return no_memory(source->program);
        }
        items->items = list;
        items->capacity = capacity;
    }
    items->items[items->count++] = item;
    items->names += item.name != NULL;
    return 0;
}

/* Letters, digits and what stands in names and addresses; international names beyond ASCII. */
static bool can_be_a_host(const char *word)
{
    if (*word == '\0' || *word == '-' || *word == '.')
        return false;
    for (; *word; word++) {
        const unsigned char c = (unsigned char)*word;
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
        if (!letter && !(c >= '0' && c <= '9') && !strchr("-._:%", c))
            return false;
    }
    return true;
}

/* What is wrong with the word; NULL: nothing. */
static const char *fault_of(enum base_target_text text, const char *word)
{
    switch (text) {
    case BASE_TARGET_OK:
    case BASE_TARGET_HOST_BITS:
        return NULL;
    case BASE_TARGET_NO_ADDRESS:
        return can_be_a_host(word) ? NULL : "is no host, prefix or range";
    case BASE_TARGET_BAD_LENGTH:
        return "has a prefix length that its addresses do not have";
    case BASE_TARGET_BACKWARD:
        return "is a range whose end comes before its beginning";
    case BASE_TARGET_TWO_FAMILIES:
        break;
    }
    return "is a range from one family of addresses to the other";
}

/* Takes in one word. Returns 0, or an exit code when it is nothing. */
static int take(const struct source *source, const char *word, struct sweep_items *items)
{
    struct sweep_item item = {.place = source->place};
    const enum base_target_text text = base_target_range_parse(word, &item.range);
    const char *fault = fault_of(text, word);
    if (fault) {
        complain(source, word, fault);
        return SWEEP_BAD_ARGUMENTS;
    }
    if (text == BASE_TARGET_NO_ADDRESS) {
        item.name = strdup(word);
        if (!item.name)
            return no_memory(source->program);
    }
    return append(source, items, item);
}

static int take_line(const struct source *source, char *line, struct sweep_items *items)
{
    char *rest = NULL;
    char *comment = strchr(line, '#');
    if (comment)
        *comment = '\0';
    for (char *word = strtok_r(line, BLANKS, &rest); word; word = strtok_r(NULL, BLANKS, &rest)) {
        const int status = take(source, word, items);
        if (status == SWEEP_SYSTEM)
            return status;
        items->bad += status != 0;
    }
    return 0;
}

static int read_stream(struct source *source, FILE *in, struct sweep_items *items)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t length;
    int status = 0;
    while (!status && (length = getline(&line, &size, in)) >= 0) {
        source->place.line++;
        if (strlen(line) == (size_t)length) {
            status = take_line(source, line, items);
            continue;
        }
        complain(source, line, "is followed by a zero byte: this is no text");
        items->bad++;
    }
    free(line);
    if (ferror(in)) {
        fprintf(stderr, "%s: cannot read %s: %s\n", source->program, source->place.file,
                strerror(errno));
        return SWEEP_SYSTEM;
    }
    return status;
}

static int read_file(const char *program, const char *path, struct sweep_items *items)
{
    const bool is_stdin = strcmp(path, "-") == 0;
    struct source source = {program, {is_stdin ? "standard input" : path, 0}};
    FILE *in = is_stdin ? stdin : fopen(path, "re");
    if (!in) {
        fprintf(stderr, "%s: cannot read %s: %s\n", program, path, strerror(errno));
        return SWEEP_SYSTEM;
    }
    errno = 0;
    const int status = read_stream(&source, in, items);
    if (!is_stdin)
        fclose(in);
    return status;
}

static int read_all(const char *program, char *const *words, size_t word_count,
                    const struct sweep_texts *files, struct sweep_items *items)
{
    const struct source source = {.program = program};
    int status = 0;
    *items = (struct sweep_items){0};
    for (size_t i = 0; i < word_count && !status; i++)
        status = take(&source, words[i], items);
    for (size_t i = 0; i < files->count && !status; i++)
        status = read_file(program, files->texts[i], items);
    return status;
}

int sweep_items_read(const char *program, const struct sweep_settings *settings,
                     struct sweep_items *items)
{
    return read_all(program, settings->operands, settings->operand_count, &settings->files, items);
}

int sweep_items_read_excluded(const char *program, const struct sweep_settings *settings,
                              struct sweep_items *items)
{
    return read_all(program, (char *const *)settings->excluded.texts, settings->excluded.count,
                    &settings->excluded_files, items);
}

void sweep_items_free(struct sweep_items *items)
{
    for (size_t i = 0; i < items->count; i++)
        free(items->items[i].name);
    free(items->items);
    *items = (struct sweep_items){0};
}
