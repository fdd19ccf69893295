#include "lab/pcapng_comment.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/printable.h"

#define DECISIONS_TOLD 8 /* the others are counted */
#define NODE_TEXT      256

struct text {
    char *start;
    size_t used;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format, ...)
{
    va_list arguments;
    int length;
    size_t room = LAB_COMMENT_TEXT - text->used;

    va_start(arguments, format);
    length = vsnprintf(text->start + text->used, room, format, arguments);
    va_end(arguments);
    if (length > 0)
        text->used += (size_t)length < room ? (size_t)length : room - 1;
}

static void add_node(struct text *text, const char *word, const char *node)
{
    char printable[NODE_TEXT];

    if (node)
        add(text, " %s %s", word, base_printable(node, strlen(node), printable, sizeof printable));
}

static void add_harm(struct text *text, unsigned harm)
{
    for (unsigned bit = 1; bit && bit <= harm; bit <<= 1)
        if (harm & bit && lab_harm_name(bit))
            add(text, ", %s", lab_harm_name(bit));
}

static double milliseconds(struct sonde_span span)
{
    return (double)span.ns / 1e6;
}

static void add_decision(struct text *text, const struct lab_record *record,
                         const struct lab_decision *decision)
{
    bool due = decision->due.ns != SONDE_NEVER.ns;
    bool left = decision->left.ns != SONDE_NEVER.ns;

    add(text, "%s", sonde_sim_fate_name(decision->fate));
    add_node(text, due ? "from" : "at", decision->node);
    if (decision->returning)
        add(text, " on the way back");
    if (left)
        add(text, " after %.3f ms", milliseconds(sonde_mono_since(decision->left, record->came)));
    else if (due)
        add(text, " due after %.3f ms, did not leave",
            milliseconds(sonde_mono_since(decision->due, record->came)));
    add_harm(text, decision->harm);
}

const char *lab_comment_packet(const struct lab_record *record, char text[static LAB_COMMENT_TEXT])
{
    struct text to = {.start = text};
    size_t told = record->decision_count < DECISIONS_TOLD ? record->decision_count : DECISIONS_TOLD;

    add(&to, "packet %" PRIu64 ": ", record->number);
    for (size_t i = 0; i < told; i++) {
        if (i)
            add(&to, "; ");
        add_decision(&to, record, &record->decisions[i]);
    }
    if (told == 0)
        add(&to, "nothing decided");
    if (record->decision_count > told)
        add(&to, "; and %zu more", record->decision_count - told);
    return text;
}

const char *lab_comment_answer(const struct lab_record *record, const struct lab_decision *decision,
                               char text[static LAB_COMMENT_TEXT])
{
    struct text to = {.start = text};

    add(&to, "answer to packet %" PRIu64 ": %s", record->number,
        sonde_sim_fate_name(decision->fate));
    add_node(&to, "from", decision->node);
    add_harm(&to, decision->harm);
    add(&to, ", due after %.3f ms, %.3f ms late",
        milliseconds(sonde_mono_since(decision->due, record->came)),
        milliseconds(sonde_mono_since(decision->left, decision->due)));
    return text;
}
