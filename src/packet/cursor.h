/*
 * The one way in which bytes of the network are read and written: a cursor that checks every
 * access.
 *
 * All numbers are big-endian (network order). After the first access that has no room the cursor
 * has failed for good: reads give zero or nothing, writes do nothing. So a parser may read a whole
 * header and ask once, at the end, whether it was all there.
 */
#ifndef SONDE_PACKET_CURSOR_H
#define SONDE_PACKET_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "sonde/probe.h"

struct packet_reader {
    const uint8_t *at;
    const uint8_t *end;
    bool failed;
};

struct packet_writer {
    uint8_t *start;
    uint8_t *at;
    uint8_t *end;
    bool failed;
};

/* --- reading ---------------------------------------------------------------------------------- */

/* Reads `bytes` from the beginning; they belong to the caller and must outlive every slice. */
static inline struct packet_reader packet_reader_over(struct sonde_bytes bytes)
{
    const uint8_t *end = bytes.length ? bytes.data + bytes.length : bytes.data;
    return (struct packet_reader){.at = bytes.data, .end = end};
}

/* How many bytes are left; 0 after a failure. */
static inline size_t packet_left(const struct packet_reader *reader)
{
    return reader->failed ? 0 : (size_t)(reader->end - reader->at);
}

/* A slice of the next `length` bytes; an empty one (data NULL) and failure when they are not there.
 */
static inline struct sonde_bytes packet_read_bytes(struct packet_reader *reader, size_t length)
{
    if (reader->failed || packet_left(reader) < length) {
        reader->failed = true;
        return (struct sonde_bytes){NULL, 0};
    }
    struct sonde_bytes slice = {reader->at, length};
    if (length)
        reader->at += length;
    return slice;
}

/* Copies the next `length` bytes; zeros and failure when they are not there. */
static inline void packet_read_copy(struct packet_reader *reader, uint8_t *to, size_t length)
{
    struct sonde_bytes slice = packet_read_bytes(reader, length);
    if (length == 0)
        return;
    if (slice.length == length)
        memcpy(to, slice.data, length);
    else
        memset(to, 0, length);
}

static inline void packet_skip(struct packet_reader *reader, size_t length)
{
    (void)packet_read_bytes(reader, length);
}

/* Everything that is left, as a slice, and the cursor moves to the end. Empty after a failure. */
static inline struct sonde_bytes packet_rest(struct packet_reader *reader)
{
    return packet_read_bytes(reader, packet_left(reader));
}

static inline uint8_t packet_read_u8(struct packet_reader *reader)
{
    struct sonde_bytes slice = packet_read_bytes(reader, 1);
    return slice.length ? slice.data[0] : 0;
}

static inline uint16_t packet_read_u16(struct packet_reader *reader)
{
    struct sonde_bytes slice = packet_read_bytes(reader, 2);
    return (uint16_t)(slice.length ? slice.data[0] << 8 | slice.data[1] : 0);
}

static inline uint32_t packet_read_u32(struct packet_reader *reader)
{
    struct sonde_bytes slice = packet_read_bytes(reader, 4);
    if (!slice.length)
        return 0;
    return (uint32_t)slice.data[0] << 24 | (uint32_t)slice.data[1] << 16 |
           (uint32_t)slice.data[2] << 8 | slice.data[3];
}

static inline uint64_t packet_read_u64(struct packet_reader *reader)
{
    struct sonde_bytes slice = packet_read_bytes(reader, 8);
    uint64_t value = 0;
    for (size_t i = 0; i < slice.length; i++)
        value = value << 8 | slice.data[i];
    return value;
}

/* --- writing ---------------------------------------------------------------------------------- */

/* Writes into `room` bytes at `start`, which belong to the caller. */
static inline struct packet_writer packet_writer_over(uint8_t *start, size_t room)
{
    return (struct packet_writer){.start = start, .at = start, .end = room ? start + room : start};
}

/* How many bytes were written. */
static inline size_t packet_written(const struct packet_writer *writer)
{
    return (size_t)(writer->at - writer->start);
}

/* How many more fit; 0 after a failure. */
static inline size_t packet_room(const struct packet_writer *writer)
{
    return writer->failed ? 0 : (size_t)(writer->end - writer->at);
}

/* What was written from `offset` on. Empty after a failure or beyond the end. */
static inline struct sonde_bytes packet_written_from(const struct packet_writer *writer,
                                                     size_t offset)
{
    size_t written = packet_written(writer);
    if (writer->failed || offset >= written)
        return (struct sonde_bytes){NULL, 0};
    return (struct sonde_bytes){writer->start + offset, written - offset};
}

/* Moves over `length` bytes and returns where they start; NULL and failure when there is no room.
 */
static inline uint8_t *packet_write_space(struct packet_writer *writer, size_t length)
{
    if (writer->failed || packet_room(writer) < length) {
        writer->failed = true;
        return NULL;
    }
    uint8_t *space = writer->at;
    if (length)
        writer->at += length;
    return space;
}

static inline void packet_write_bytes(struct packet_writer *writer, const uint8_t *bytes,
                                      size_t length)
{
    uint8_t *space = packet_write_space(writer, length);
    if (space && length)
        memcpy(space, bytes, length);
}

static inline void packet_write_zeros(struct packet_writer *writer, size_t length)
{
    uint8_t *space = packet_write_space(writer, length);
    if (space && length)
        memset(space, 0, length);
}

static inline void packet_write_u8(struct packet_writer *writer, uint8_t value)
{
    uint8_t *space = packet_write_space(writer, 1);
    if (space)
        space[0] = value;
}

static inline void packet_write_u16(struct packet_writer *writer, uint16_t value)
{
    uint8_t *space = packet_write_space(writer, 2);
    if (!space)
        return;
    space[0] = (uint8_t)(value >> 8);
    space[1] = (uint8_t)value;
}

static inline void packet_write_u32(struct packet_writer *writer, uint32_t value)
{
    packet_write_u16(writer, (uint16_t)(value >> 16));
    packet_write_u16(writer, (uint16_t)value);
}

static inline void packet_write_u64(struct packet_writer *writer, uint64_t value)
{
    packet_write_u32(writer, (uint32_t)(value >> 32));
    packet_write_u32(writer, (uint32_t)value);
}

/* Overwrites two bytes that were written at `offset`; failure when they were not. */
static inline void packet_patch_u16(struct packet_writer *writer, size_t offset, uint16_t value)
{
    size_t written = packet_written(writer);
    if (writer->failed || written < 2 || offset > written - 2) {
        writer->failed = true;
        return;
    }
    writer->start[offset] = (uint8_t)(value >> 8);
    writer->start[offset + 1] = (uint8_t)value;
}

#endif
