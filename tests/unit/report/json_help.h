/* Reads back what was written: lines of JSON. */
#ifndef TEST_REPORT_JSON_HELP_H
#define TEST_REPORT_JSON_HELP_H

#include <jansson.h>

#include "bench.h"

/* The objects of a text, one a line, as an array. Every line must be an object of its own. */
static inline json_t *json_lines(const char *text)
{
    json_t *lines = json_array();
    while (*text) {
        const char *end = strchr(text, '\n');
        json_error_t error;
        cr_assert_not_null(end, "the last line has no end");
        json_t *object = json_loadb(text, (size_t)(end - text), JSON_REJECT_DUPLICATES, &error);
        cr_assert(json_is_object(object), "%.*s: %s", (int)(end - text), text, error.text);
        json_array_append_new(lines, object);
        text = end + 1;
    }
    return lines;
}

/* A member by its path: "icmp.type". */
static inline json_t *member(json_t *object, const char *path)
{
    char key[32];
    const char *dot;
    for (; (dot = strchr(path, '.')) != NULL; path = dot + 1) {
        snprintf(key, sizeof key, "%.*s", (int)(dot - path), path);
        object = json_object_get(object, key);
    }
    return json_object_get(object, path);
}

#define expect_integer(object, path, value)                                                        \
    do {                                                                                           \
        cr_assert(json_is_integer(member(object, path)), "%s is no integer", path);                \
        cr_assert_eq(json_integer_value(member(object, path)), (json_int_t)(value), "%s", path);   \
    } while (0)
#define expect_text(object, path, value)                                                           \
    do {                                                                                           \
        cr_assert(json_is_string(member(object, path)), "%s is no string", path);                  \
        cr_assert_str_eq(json_string_value(member(object, path)), value);                          \
    } while (0)
#define expect_absent(object, path) cr_assert_null(member(object, path), "%s is there", path)

#endif
