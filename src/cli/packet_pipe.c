#include "cli/packet_pipe.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_CAPACITY 8192u

int packet_input_read(struct packet_input *input, int fd)
{
    memmove(input->bytes, input->bytes + input->from, input->to - input->from);
    input->to -= input->from;
    input->from = 0;
    if (input->to == sizeof input->bytes)
        return 0;
    const ssize_t length = read(fd, input->bytes + input->to, sizeof input->bytes - input->to);
    if (length < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    input->ended = length == 0;
    input->to += (size_t)length;
    return 0;
}

enum packet_input_next packet_input_next(struct packet_input *input, const char **line,
                                         size_t *length)
{
    while (input->from < input->to) {
        const char *begin = input->bytes + input->from;
        const size_t there = input->to - input->from;
        const char *end = memchr(begin, '\n', there);
        const bool passing_over = input->passing_over;
        *line = begin;
        *length = end ? (size_t)(end - begin) : there;
        if (!end && !passing_over && there <= PACKET_LINE_MAX)
            return PACKET_INPUT_NONE;
        input->from += *length + (end != NULL);
        input->passing_over = !end;
        if (!passing_over)
            return end && *length <= PACKET_LINE_MAX ? PACKET_INPUT_LINE : PACKET_INPUT_TOO_LONG;
    }
    return PACKET_INPUT_NONE;
}

size_t packet_output_waiting(const struct packet_output *output)
{
    return output->to - output->from;
}

int packet_output_add(struct packet_output *output, const char *line, size_t length)
{
    if (output->from > output->capacity / 2) {
        memmove(output->bytes, output->bytes + output->from, packet_output_waiting(output));
        output->to -= output->from;
        output->from = 0;
    }
    if (output->to + length > output->capacity) {
        size_t capacity = output->capacity ? output->capacity : FIRST_CAPACITY;
        while (capacity < output->to + length)
            capacity *= 2;
        char *bytes = realloc(output->bytes, capacity);
        if (!bytes)
            return -ENOMEM;
        output->bytes = bytes;
        output->capacity = capacity;
    }
    memcpy(output->bytes + output->to, line, length);
    output->to += length;
    return 0;
}

int packet_output_write(struct packet_output *output, int fd, bool blocking)
{
    while (packet_output_waiting(output) > 0) {
        struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
        if (!blocking && poll(&poll_fd, 1, 0) <= 0)
            return 0;
        /* a pipe that is ready takes so much without blocking: pipe(7) */
        const size_t waiting = packet_output_waiting(output);
        const ssize_t length =
            write(fd, output->bytes + output->from, waiting < PIPE_BUF ? waiting : PIPE_BUF);
        if (length < 0 && errno != EINTR && errno != EAGAIN)
            return -errno;
        output->from += length > 0 ? (size_t)length : 0;
    }
    output->from = output->to = 0;
    return 0;
}

void packet_output_free(struct packet_output *output)
{
    free(output->bytes);
}
