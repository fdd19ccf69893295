/*
 * Lines in, lines out, for a client that may write much before it reads anything: what it does not
 * take yet is kept in memory, and nothing here blocks, unless it is asked to.
 */
#ifndef CLI_PACKET_PIPE_H
#define CLI_PACKET_PIPE_H

#include <stdbool.h>
#include <stddef.h>

#define PACKET_LINE_MAX 4096u /* bytes of a line; mtr-packet has as many */

struct packet_input {
    char bytes[16 * PACKET_LINE_MAX];
    size_t from;       /* the first byte not yet handed out */
    size_t to;         /* behind the last one read */
    bool passing_over; /* the rest of a line that is too long */
    bool ended;        /* there is no more to read */
};

/* Reads once, as much as there is room for; blocks when there is nothing. Returns 0 or -errno. */
int packet_input_read(struct packet_input *input, int fd);

enum packet_input_next {
    PACKET_INPUT_NONE, /* no whole line is there */
    PACKET_INPUT_LINE,
    PACKET_INPUT_TOO_LONG, /* told once, when the line is passed over */
};

/* The next line, without its newline; valid until the next read. What no newline ends is none. */
enum packet_input_next packet_input_next(struct packet_input *input, const char **line,
                                         size_t *length);

/* Zero is empty. */
struct packet_output {
    char *bytes;
    size_t from, to, capacity;
};

/* Returns 0 or -ENOMEM. */
int packet_output_add(struct packet_output *output, const char *line, size_t length);

/* Bytes that wait to be written. */
size_t packet_output_waiting(const struct packet_output *output);

/* Writes what can be written without blocking; or, `blocking`, all. Returns 0 or -errno. */
int packet_output_write(struct packet_output *output, int fd, bool blocking);

void packet_output_free(struct packet_output *output);

#endif
