#include "lab/pcapng.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/pcapng_comment.h"
#include "lab/stage.h"

/* Numbers of draft-ietf-opsawg-pcapng sections 4.1 to 4.3, and of the registry of link types. */
#define BLOCK_SECTION     0x0a0d0d0au
#define BLOCK_INTERFACE   1u
#define BLOCK_PACKET      6u
#define BYTE_ORDER_MAGIC  0x1a2b3c4du
#define LINK_TYPE_RAW     101u
#define OPTION_END        0u
#define OPTION_COMMENT    1u
#define OPTION_NAME       2u
#define OPTION_RESOLUTION 9u
#define OPTION_PROGRAM    4u /* shb_userappl */

/* How long blocks are held back for earlier ones that are not complete yet, and how many bytes. */
#define HOLD       (10 * SONDE_NS_PER_S)
#define HELD_BYTES ((size_t)32 << 20)

struct block {
    int64_t at; /* ns since 1970 */
    uint64_t order;
    uint32_t length;
    uint8_t bytes[];
};

struct lab_pcapng {
    FILE *file;
    struct lab_clock clock;
    struct block **heap; /* the earliest at the top */
    size_t count;
    size_t capacity;
    size_t held;
    int64_t newest;
    uint64_t order;
    int error; /* negative errno: of the first write that failed */
};

/* --- blocks: numbers are in this machine's byte order, which the section header tells --------- */

struct builder {
    uint8_t *at;
};

static void put(struct builder *builder, const void *bytes, size_t length)
{
    memcpy(builder->at, bytes, length);
    builder->at += length;
}

static void put16(struct builder *builder, uint32_t value)
{
    uint16_t short_value = (uint16_t)value;
    put(builder, &short_value, sizeof short_value);
}

static void put32(struct builder *builder, uint32_t value)
{
    put(builder, &value, sizeof value);
}

static size_t padded(size_t length)
{
    return (length + 3) & ~(size_t)3;
}

static void put_padded(struct builder *builder, const void *bytes, size_t length)
{
    if (length)
        put(builder, bytes, length);
    memset(builder->at, 0, padded(length) - length);
    builder->at += padded(length) - length;
}

static void put_option(struct builder *builder, uint32_t code, const void *bytes, size_t length)
{
    put16(builder, code);
    put16(builder, (uint32_t)length);
    put_padded(builder, bytes, length);
}

static void put_end_of_options(struct builder *builder)
{
    put16(builder, OPTION_END);
    put16(builder, 0);
}

static void keep_error(struct lab_pcapng *pcapng, int error)
{
    if (!pcapng->error)
        pcapng->error = error ? -error : -EIO;
}

static void write_bytes(struct lab_pcapng *pcapng, const uint8_t *bytes, size_t length)
{
    errno = 0;
    if (!pcapng->error && fwrite(bytes, 1, length, pcapng->file) != length)
        keep_error(pcapng, errno);
}

/* Writes the block that stands in `room`, whose length is now known at both its ends. */
static void write_built(struct lab_pcapng *pcapng, uint8_t *room, struct builder *builder)
{
    uint32_t length = (uint32_t)(builder->at - room) + 4;

    memcpy(room + 4, &length, sizeof length);
    put32(builder, length);
    write_bytes(pcapng, room, length);
}

static void write_headers(struct lab_pcapng *pcapng)
{
    static const char program[] = "sonde lab";
    static const uint8_t nanoseconds = 9;
    uint8_t room[128];
    struct builder builder = {room};

    put32(&builder, BLOCK_SECTION);
    put32(&builder, 0);
    put32(&builder, BYTE_ORDER_MAGIC);
    put16(&builder, 1); /* version 1.0 */
    put16(&builder, 0);
    put32(&builder, UINT32_MAX); /* the section's length is not told */
    put32(&builder, UINT32_MAX);
    put_option(&builder, OPTION_PROGRAM, program, sizeof program - 1);
    put_end_of_options(&builder);
    write_built(pcapng, room, &builder);

    builder.at = room;
    put32(&builder, BLOCK_INTERFACE);
    put32(&builder, 0);
    put16(&builder, LINK_TYPE_RAW);
    put16(&builder, 0);
    put32(&builder, 0); /* packets are never cut */
    put_option(&builder, OPTION_NAME, LAB_DEVICE, sizeof LAB_DEVICE - 1);
    put_option(&builder, OPTION_RESOLUTION, &nanoseconds, 1);
    put_end_of_options(&builder);
    write_built(pcapng, room, &builder);
}

static struct block *build_packet(const struct lab_pcapng *pcapng, struct sonde_mono at,
                                  struct sonde_bytes packet, const char *comment)
{
    size_t said = strlen(comment);
    size_t length = 28 + padded(packet.length) + 4 + padded(said) + 4 + 4;
    struct block *block = malloc(sizeof *block + length);
    struct builder builder;
    uint64_t time;

    if (!block)
        return NULL;
    *block =
        (struct block){.at = lab_clock_wall(&pcapng->clock, at).ns, .length = (uint32_t)length};
    time = block->at > 0 ? (uint64_t)block->at : 0;
    builder.at = block->bytes;
    put32(&builder, BLOCK_PACKET);
    put32(&builder, (uint32_t)length);
    put32(&builder, 0); /* of the first interface */
    put32(&builder, (uint32_t)(time >> 32));
    put32(&builder, (uint32_t)time);
    put32(&builder, (uint32_t)packet.length);
    put32(&builder, (uint32_t)packet.length);
    put_padded(&builder, packet.data, packet.length);
    put_option(&builder, OPTION_COMMENT, comment, said);
    put_end_of_options(&builder);
    put32(&builder, (uint32_t)length);
    return block;
}

/* --- in the order of their times -------------------------------------------------------------- */

static bool earlier(const struct block *a, const struct block *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void swap(struct block **a, struct block **b)
{
    struct block *held = *a;
    *a = *b;
    *b = held;
}

static bool push(struct lab_pcapng *pcapng, struct block *block)
{
    size_t i = pcapng->count;

    if (pcapng->count == pcapng->capacity) {
        size_t capacity = pcapng->capacity ? pcapng->capacity * 2 : 1024;
        struct block **grown = reallocarray(pcapng->heap, capacity, sizeof *grown);

        if (!grown)
            return false;
        pcapng->heap = grown;
        pcapng->capacity = capacity;
    }
    block->order = pcapng->order++;
    pcapng->held += block->length;
    pcapng->heap[pcapng->count++] = block;
    for (; i && earlier(pcapng->heap[i], pcapng->heap[(i - 1) / 2]); i = (i - 1) / 2)
        swap(&pcapng->heap[i], &pcapng->heap[(i - 1) / 2]);
    return true;
}

static void write_earliest(struct lab_pcapng *pcapng)
{
    struct block **heap = pcapng->heap;
    struct block *block = heap[0];
    size_t i = 0;

    heap[0] = heap[--pcapng->count];
    for (;;) {
        size_t child = 2 * i + 1;

        if (child + 1 < pcapng->count && earlier(heap[child + 1], heap[child]))
            child++;
        if (child >= pcapng->count || !earlier(heap[child], heap[i]))
            break;
        swap(&heap[child], &heap[i]);
        i = child;
    }
    pcapng->held -= block->length;
    write_bytes(pcapng, block->bytes, block->length);
    free(block);
}

static void hold(struct lab_pcapng *pcapng, struct sonde_mono at, struct sonde_bytes packet,
                 const char *comment)
{
    struct block *block = build_packet(pcapng, at, packet, comment);

    if (!block || !push(pcapng, block)) {
        free(block);
        keep_error(pcapng, ENOMEM);
        return;
    }
    if (block->at > pcapng->newest)
        pcapng->newest = block->at;
    while (pcapng->count &&
           (pcapng->heap[0]->at < pcapng->newest - HOLD || pcapng->held > HELD_BYTES))
        write_earliest(pcapng);
}

/* --- the writer ------------------------------------------------------------------------------- */

int lab_pcapng_open(struct lab_pcapng **opened, const char *path)
{
    struct lab_pcapng *pcapng = calloc(1, sizeof *pcapng);

    if (!pcapng)
        return -ENOMEM;
    pcapng->file = fopen(path, "we");
    if (!pcapng->file) {
        int error = errno ? -errno : -EIO;

        free(pcapng);
        return error;
    }
    write_headers(pcapng);
    *opened = pcapng;
    return 0;
}

int lab_pcapng_close(struct lab_pcapng *pcapng)
{
    int error;

    while (pcapng->count)
        write_earliest(pcapng);
    errno = 0;
    if (fclose(pcapng->file))
        keep_error(pcapng, errno);
    error = pcapng->error;
    free(pcapng->heap);
    free(pcapng);
    return error;
}

static void begin(void *self, const struct lab_clock *clock)
{
    struct lab_pcapng *pcapng = self;

    pcapng->clock = *clock;
}

static void write_record(void *self, const struct lab_record *record)
{
    struct lab_pcapng *pcapng = self;
    char comment[LAB_COMMENT_TEXT];

    if (pcapng->error)
        return;
    hold(pcapng, record->came, record->packet, lab_comment_packet(record, comment));
    for (size_t i = 0; i < record->decision_count; i++) {
        const struct lab_decision *decision = &record->decisions[i];

        if (decision->left.ns != SONDE_NEVER.ns && decision->answer.length)
            hold(pcapng, decision->left, decision->answer,
                 lab_comment_answer(record, decision, comment));
    }
}

const struct lab_record_ops lab_pcapng_ops = {.begin = begin, .write = write_record};
