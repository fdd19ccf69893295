#include "cli/packet_pipe.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int ends[2];

static void open_pipe(void)
{
    cr_assert_eq(pipe(ends), 0);
}

TestSuite(packet_pipe, .init = open_pipe);

static void give(const char *text, size_t length)
{
    cr_assert_eq(write(ends[1], text, length), (ssize_t)length);
}

static void must_be(struct packet_input *input, enum packet_input_next kind, const char *text)
{
    const char *line;
    size_t length;
    cr_assert_eq(packet_input_next(input, &line, &length), kind);
    if (text) {
        cr_assert_eq(length, strlen(text));
        cr_assert_eq(memcmp(line, text, length), 0);
    }
}

Test(packet_pipe, lines_in_pieces)
{
    struct packet_input input = {0};
    give("one\n\ntw", 7);
    cr_assert_eq(packet_input_read(&input, ends[0]), 0);
    must_be(&input, PACKET_INPUT_LINE, "one");
    must_be(&input, PACKET_INPUT_LINE, "");
    must_be(&input, PACKET_INPUT_NONE, NULL);
    give("o\nrest", 6);
    cr_assert_eq(packet_input_read(&input, ends[0]), 0);
    must_be(&input, PACKET_INPUT_LINE, "two");
    close(ends[1]);
    cr_assert_not(input.ended);
    cr_assert_eq(packet_input_read(&input, ends[0]), 0);
    cr_assert(input.ended);
    must_be(&input, PACKET_INPUT_NONE, NULL);
}

Test(packet_pipe, a_line_too_long_is_told_once_and_passed_over)
{
    static char text[3 * PACKET_LINE_MAX];
    struct packet_input input = {0};
    memset(text, 'a', sizeof text);
    give(text, PACKET_LINE_MAX);
    cr_assert_eq(packet_input_read(&input, ends[0]), 0);
    must_be(&input, PACKET_INPUT_NONE, NULL);
    give("\n", 1);
    cr_assert_eq(packet_input_read(&input, ends[0]), 0);
    const char *line;
    size_t length;
    cr_assert_eq(packet_input_next(&input, &line, &length), PACKET_INPUT_LINE);
    cr_assert_eq(length, PACKET_LINE_MAX);
    give(text, PACKET_LINE_MAX + 1);
    cr_assert_eq(packet_input_read(&input, ends[0]), 0);
    must_be(&input, PACKET_INPUT_TOO_LONG, NULL);
    must_be(&input, PACKET_INPUT_NONE, NULL);
    give(text, sizeof text);
    give("\nnext\n", 6);
    cr_assert_eq(packet_input_read(&input, ends[0]), 0);
    must_be(&input, PACKET_INPUT_LINE, "next");
    give(text, PACKET_LINE_MAX + 1);
    give("\nlast\n", 6);
    cr_assert_eq(packet_input_read(&input, ends[0]), 0);
    must_be(&input, PACKET_INPUT_TOO_LONG, NULL);
    must_be(&input, PACKET_INPUT_LINE, "last");
}

Test(packet_pipe, more_lines_than_there_is_room_for_are_all_read)
{
    struct packet_input input = {0};
    static char text[20000];
    unsigned lines = 0, lengths = 0;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i % 100 == 99 ? '\n' : 'x';
    for (int round = 0; round < 30; round++) {
        const char *line;
        size_t length;
        give(text, sizeof text);
        cr_assert_eq(packet_input_read(&input, ends[0]), 0);
        while (packet_input_next(&input, &line, &length) == PACKET_INPUT_LINE) {
            lines++;
            lengths += length == 99;
        }
    }
    cr_assert_eq(lines, 30 * sizeof text / 100);
    cr_assert_eq(lengths, lines);
}

Test(packet_pipe, what_the_client_does_not_take_waits)
{
    struct packet_output output = {0};
    char reply[100], got[4096];
    size_t added = 0, taken = 0, next = 0;
    for (int i = 0; i < 5000; i++) {
        memset(reply, 'a' + i % 26, sizeof reply);
        cr_assert_eq(packet_output_add(&output, reply, sizeof reply), 0);
        added += sizeof reply;
        cr_assert_eq(packet_output_write(&output, ends[1], false), 0);
    }
    cr_assert_gt(packet_output_waiting(&output), added / 2);
    while (taken < added) {
        ssize_t length = read(ends[0], got, sizeof got);
        cr_assert_gt(length, 0);
        for (ssize_t i = 0; i < length; i++, next++)
            cr_assert_eq(got[i], 'a' + (int)(next / sizeof reply) % 26);
        taken += (size_t)length;
        cr_assert_eq(packet_output_write(&output, ends[1], false), 0);
    }
    cr_assert_eq(packet_output_waiting(&output), 0);
    packet_output_free(&output);
}

Test(packet_pipe, nobody_reads_any_more)
{
    struct packet_output output = {0};
    signal(SIGPIPE, SIG_IGN);
    close(ends[0]);
    cr_assert_eq(packet_output_add(&output, "x\n", 2), 0);
    cr_assert_eq(packet_output_write(&output, ends[1], false), -EPIPE);
    packet_output_free(&output);
}
