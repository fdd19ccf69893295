#define _GNU_SOURCE /* memmem */

#include "cli/sweep_resume.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/siphash.h"
#include "cli/sweep_options.h"

#define SLOT    512
#define SLOTS   2
#define VERSION 1

/* Nothing secret: it finds torn writes and other addresses, not forgers. */
static const uint8_t open_key[16] = "sonde sweep file";

void sweep_resume_close(struct sweep_resume *resume)
{
    if (resume->fd >= 0)
        close(resume->fd);
    resume->fd = -1;
}

/* --- reading --------------------------------------------------------------------------------- */

static uint64_t number(const json_t *object, const char *name)
{
    return (uint64_t)json_integer_value(json_object_get(object, name));
}

static uint64_t hexadecimal(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    uint64_t value = 0;
    return text && sscanf(text, "%16" SCNx64, &value) == 1 ? value : 0;
}

/* The check covers what stands before it. */
static bool is_whole(const char *slot, size_t length, uint64_t check)
{
    static const char mark[] = ",\"check\"";
    const char *at = memmem(slot, length, mark, sizeof mark - 1);
    return at && base_siphash(open_key, slot, (size_t)(at - slot)) == check;
}

/* Takes the slot when it is whole and newer than what is there. */
static void read_slot(struct sweep_resume *resume, const char *slot, size_t length)
{
    json_t *object = json_loadb(slot, length, 0, NULL);
    const uint64_t serial = number(object, "serial");
    if (object && number(object, "sonde_survey") == VERSION && serial > resume->serial &&
        is_whole(slot, length, hexadecimal(object, "check"))) {
        resume->serial = serial;
        resume->found = true;
        resume->position = number(object, "position");
        resume->complete = json_is_true(json_object_get(object, "complete"));
        resume->run = (struct sweep_resume_run){
            .targets = hexadecimal(object, "targets"),
            .seed = number(object, "seed"),
            .shard = number(object, "shard") - 1,
            .shards = number(object, "shards"),
        };
    }
    json_decref(object);
}

static int read_slots(struct sweep_resume *resume, size_t *length)
{
    char slots[SLOTS * SLOT + 1];
    *length = 0;
    for (ssize_t part = 1; part > 0 && *length < sizeof slots; *length += (size_t)part) {
        part = read(resume->fd, slots + *length, sizeof slots - *length);
        if (part < 0)
            return -errno;
    }
    for (size_t at = 0; at + SLOT <= *length && at < SLOTS * SLOT; at += SLOT)
        read_slot(resume, slots + at, SLOT);
    return 0;
}

static int complain(const char *program, const char *path, const char *what, int status)
{
    fprintf(stderr, "%s: %s: %s\n", program, path, what);
    return status;
}

int sweep_resume_open(const char *program, const char *path, struct sweep_resume *resume)
{
    struct stat status;
    size_t length;
    *resume = (struct sweep_resume){.path = path};
    resume->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (resume->fd < 0) {
        fprintf(stderr, "%s: cannot open %s, which is to say how far it is: %s\n", program, path,
                strerror(errno));
        return SWEEP_SYSTEM;
    }
    if (fstat(resume->fd, &status) != 0 || !S_ISREG(status.st_mode))
        return complain(program, path, "is no regular file, as --resume needs it",
                        SWEEP_BAD_ARGUMENTS);
    if (flock(resume->fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return complain(program, path, "another sweep that runs notes there how far it is",
                        SWEEP_BAD_ARGUMENTS);
    const int error = read_slots(resume, &length);
    if (error)
        return complain(program, path, strerror(-error), SWEEP_SYSTEM);
    if (length > 0 && !resume->found)
        return complain(program, path, "was not written by --resume, or is damaged",
                        SWEEP_BAD_ARGUMENTS);
    return 0;
}

/* --- another run? ---------------------------------------------------------------------------- */

uint64_t sweep_resume_digest(const struct base_target_set *set)
{
    uint64_t digest = 0;
    for (size_t i = 0; i < set->count; i++) {
        const struct base_target_range *range = &set->ranges[i];
        uint8_t bytes[8 + 1 + 4 + 16 + 16];
        for (int j = 0; j < 8; j++)
            bytes[j] = (uint8_t)(digest >> 8 * j);
        bytes[8] = (uint8_t)range->first.family;
        for (int j = 0; j < 4; j++)
            bytes[9 + j] = (uint8_t)(range->first.scope >> 8 * j);
        memcpy(bytes + 13, range->first.bytes, 16);
        memcpy(bytes + 29, range->last.bytes, 16);
        digest = base_siphash(open_key, bytes, sizeof bytes);
    }
    return digest;
}

int sweep_resume_check(const char *program, const struct sweep_resume *resume,
                       const struct sweep_resume_run *run)
{
    const struct sweep_resume_run *there = &resume->run;
    if (!resume->found)
        return 0;
    if (there->targets != run->targets)
        fprintf(stderr, "%s: %s is of another run: it asks other addresses\n", program,
                resume->path);
    else if (there->seed != run->seed)
        fprintf(stderr, "%s: %s is of another run: its seed is %" PRIu64 "\n", program,
                resume->path, there->seed);
    else if (there->shard != run->shard || there->shards != run->shards)
        fprintf(stderr, "%s: %s is of another run: its shard is %" PRIu64 "/%" PRIu64 "\n", program,
                resume->path, there->shard + 1, there->shards);
    else
        return 0;
    return SWEEP_BAD_ARGUMENTS;
}

/* --- writing --------------------------------------------------------------------------------- */

int sweep_resume_write(struct sweep_resume *resume, const struct sweep_resume_run *run,
                       uint64_t position, bool complete)
{
    char slot[SLOT + 1];
    const uint64_t serial = resume->serial + 1;
    int length = snprintf(slot, sizeof slot,
                          "{\"sonde_survey\":%d,\"serial\":%" PRIu64 ",\"targets\":\"%016" PRIx64
                          "\",\"seed\":%" PRIu64 ",\"shard\":%" PRIu64 ",\"shards\":%" PRIu64
                          ",\"position\":%" PRIu64 ",\"complete\":%s",
                          VERSION, serial, run->targets, run->seed, run->shard + 1, run->shards,
                          position, complete ? "true" : "false");
    length +=
        snprintf(slot + length, sizeof slot - (size_t)length, ",\"check\":\"%016" PRIx64 "\"}",
                 base_siphash(open_key, slot, (size_t)length));
    memset(slot + length, ' ', SLOT - (size_t)length);
    slot[SLOT - 1] = '\n';
    if (lseek(resume->fd, (off_t)(resume->serial % SLOTS) * SLOT, SEEK_SET) < 0)
        return -errno;
    for (size_t done = 0; done < SLOT;) {
        const ssize_t part = write(resume->fd, slot + done, SLOT - done);
        if (part < 0 && errno != EINTR)
            return -errno;
        done += part > 0 ? (size_t)part : 0;
    }
    resume->serial = serial;
    return 0;
}
