#include "lab/player_book.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS_FIRST 1024u
#define BYTES_MAX     ((size_t)512 << 20) /* of all records under way */
#define GIVE_UP       SONDE_NS_PER_S

enum answer_state { ANSWER_NONE, ANSWER_DUE, ANSWER_SENT, ANSWER_SETTLED };

struct entry {
    struct entry *chain; /* of its bucket; of the complete ones */
    struct entry *before, *after;
    struct lab_record record;
    struct sonde_sim_step *way;
    struct lab_decision *decisions;
    uint8_t *states; /* enum answer_state of each decision */
    size_t capacity;
    size_t open;      /* answers that are not settled */
    size_t first_due; /* no decision in front of it is DUE */
    size_t bytes;
    bool broken; /* something found no memory */
    uint8_t packet[];
};

/* An answer whose stamp is awaited; in the order in which they left. */
struct awaited {
    struct entry *entry; /* NULL: settled */
    size_t decision;
    struct sonde_mono left;
};

struct lab_book {
    const struct lab_record_ops *ops;
    void *ops_self;
    struct sonde_mono start;
    struct entry **buckets;
    size_t bucket_count; /* a power of two */
    size_t open_count;
    struct entry *first, *last; /* the open ones, by number */
    struct entry *current;      /* the packet that is being decided */
    struct entry *complete, **complete_end;
    size_t complete_count;
    size_t complete_bytes;
    size_t bytes; /* of all */
    uint64_t lost;
    struct awaited *ring;
    size_t ring_size;              /* a power of two */
    uint64_t ring_head, ring_tail; /* tokens are positions + 1 */
};

struct lab_book *lab_book_create(const struct lab_record_ops *ops, void *ops_self)
{
    struct lab_book *book = calloc(1, sizeof *book);

    if (!book)
        return NULL;
    book->ops = ops;
    book->ops_self = ops_self;
    book->complete_end = &book->complete;
    book->bucket_count = BUCKETS_FIRST;
    book->buckets = calloc(BUCKETS_FIRST, sizeof(struct entry *));
    book->ring_size = BUCKETS_FIRST;
    book->ring = calloc(BUCKETS_FIRST, sizeof *book->ring);
    if (book->buckets && book->ring)
        return book;
    lab_book_destroy(book);
    return NULL;
}

static void destroy_entry(struct lab_book *book, struct entry *entry)
{
    for (size_t i = 0; i < entry->record.decision_count; i++)
        free((void *)(uintptr_t)entry->decisions[i].answer.data);
    book->bytes -= entry->bytes;
    free(entry->decisions);
    free(entry->states);
    free(entry->way);
    free(entry);
}

void lab_book_destroy(struct lab_book *book)
{
    struct entry *next;

    if (!book)
        return;
    for (struct entry *entry = book->complete; entry; entry = next) {
        next = entry->chain;
        destroy_entry(book, entry);
    }
    for (struct entry *entry = book->first; entry; entry = next) {
        next = entry->after;
        destroy_entry(book, entry);
    }
    free(book->buckets);
    free(book->ring);
    free(book);
}

void lab_book_start(struct lab_book *book, const struct lab_clock *clock)
{
    book->start = clock->start;
    book->ops->begin(book->ops_self, clock);
}

/* --- the open ones ---------------------------------------------------------------------------- */

static struct entry **bucket_of(const struct lab_book *book, uint64_t number)
{
    return &book->buckets[number & (book->bucket_count - 1)];
}

static struct entry *find(const struct lab_book *book, uint64_t number)
{
    struct entry *entry = *bucket_of(book, number);

    while (entry && entry->record.number != number)
        entry = entry->chain;
    return entry;
}

/* Without memory chains grow longer. */
static void grow_buckets(struct lab_book *book)
{
    struct entry **grown = calloc(book->bucket_count * 2, sizeof(struct entry *));

    if (!grown)
        return;
    free(book->buckets);
    book->buckets = grown;
    book->bucket_count *= 2;
    for (struct entry *entry = book->first; entry; entry = entry->after) {
        struct entry **bucket = bucket_of(book, entry->record.number);

        entry->chain = *bucket;
        *bucket = entry;
    }
}

static void insert(struct lab_book *book, struct entry *entry)
{
    struct entry **bucket;

    if (++book->open_count > book->bucket_count)
        grow_buckets(book);
    bucket = bucket_of(book, entry->record.number);
    entry->chain = *bucket;
    *bucket = entry;
    entry->before = book->last;
    entry->after = NULL;
    *(book->last ? &book->last->after : &book->first) = entry;
    book->last = entry;
}

static void take_out(struct lab_book *book, struct entry *entry)
{
    struct entry **link = bucket_of(book, entry->record.number);

    while (*link != entry)
        link = &(*link)->chain;
    *link = entry->chain;
    *(entry->before ? &entry->before->after : &book->first) = entry->after;
    *(entry->after ? &entry->after->before : &book->last) = entry->before;
    book->open_count--;
}

static void complete(struct lab_book *book, struct entry *entry)
{
    take_out(book, entry);
    if (entry->broken) {
        book->lost++;
        destroy_entry(book, entry);
        return;
    }
    entry->chain = NULL;
    *book->complete_end = entry;
    book->complete_end = &entry->chain;
    book->complete_count++;
    book->complete_bytes += entry->bytes;
}

/* --- what is decided -------------------------------------------------------------------------- */

void lab_book_begin(struct lab_book *book, uint64_t number, const struct lab_arrival *arrival)
{
    size_t bytes = sizeof(struct entry) + arrival->packet.length;
    struct entry *entry = book->bytes < BYTES_MAX ? malloc(bytes) : NULL;

    book->current = entry;
    if (!entry) {
        book->lost++;
        return;
    }
    *entry = (struct entry){.bytes = bytes};
    entry->record.number = number;
    entry->record.came = arrival->at;
    entry->record.came_by_kernel = arrival->by_kernel;
    if (arrival->packet.length)
        memcpy(entry->packet, arrival->packet.data, arrival->packet.length);
    entry->record.packet = (struct sonde_bytes){entry->packet, arrival->packet.length};
    book->bytes += bytes;
    insert(book, entry);
}

static struct sonde_mono on_our_clock(const struct lab_book *book, struct sonde_mono at)
{
    return at.ns == SONDE_NEVER.ns ? at : sonde_mono_add(at, (struct sonde_span){book->start.ns});
}

/* The longest way that is told of a packet is the one it took. */
static void keep_way(struct lab_book *book, struct entry *entry,
                     const struct sonde_sim_truth *truth)
{
    struct sonde_sim_step *way;

    if (truth->way_count <= entry->record.way_count)
        return;
    way = reallocarray(entry->way, truth->way_count, sizeof *way);
    if (!way) {
        entry->broken = true;
        return;
    }
    for (size_t i = 0; i < truth->way_count; i++)
        way[i] = (struct sonde_sim_step){truth->way[i].node, on_our_clock(book, truth->way[i].at)};
    entry->bytes += (truth->way_count - entry->record.way_count) * sizeof *way;
    book->bytes += (truth->way_count - entry->record.way_count) * sizeof *way;
    entry->way = way;
    entry->record.way = way;
    entry->record.way_count = truth->way_count;
}

static bool grow_decisions(struct lab_book *book, struct entry *entry)
{
    size_t capacity = entry->capacity ? entry->capacity * 2 : 1;
    size_t each = sizeof *entry->decisions + sizeof *entry->states;
    struct lab_decision *decisions = reallocarray(entry->decisions, capacity, sizeof *decisions);
    uint8_t *states;

    if (!decisions)
        return false;
    entry->decisions = decisions;
    entry->record.decisions = decisions;
    states = reallocarray(entry->states, capacity, sizeof *states);
    if (!states)
        return false;
    entry->states = states;
    entry->bytes += (capacity - entry->capacity) * each;
    book->bytes += (capacity - entry->capacity) * each;
    entry->capacity = capacity;
    return true;
}

void lab_book_hear(void *self, const struct sonde_sim_truth *truth)
{
    struct lab_book *book = self;
    struct entry *entry = book->current;
    struct lab_decision decision = {
        .fate = truth->fate,
        .harm = truth->harm,
        .returning = truth->returning,
        .node = truth->node,
        .due = on_our_clock(book, truth->out),
        .left = SONDE_NEVER,
        .answer.length = truth->answer.length,
    };
    bool due = truth->out.ns != SONDE_NEVER.ns;

    if (!entry)
        return;
    keep_way(book, entry, truth);
    if (truth->answer.length) {
        uint8_t *answer = malloc(truth->answer.length);

        if (answer)
            memcpy(answer, truth->answer.data, truth->answer.length);
        decision.answer.data = answer;
    }
    if ((truth->answer.length && !decision.answer.data) ||
        (entry->record.decision_count == entry->capacity && !grow_decisions(book, entry))) {
        free((void *)(uintptr_t)decision.answer.data);
        entry->broken = true;
        return;
    }
    entry->bytes += decision.answer.length;
    book->bytes += decision.answer.length;
    entry->decisions[entry->record.decision_count] = decision;
    entry->states[entry->record.decision_count] = due ? ANSWER_DUE : ANSWER_NONE;
    entry->record.decision_count++;
    entry->open += due;
}

void lab_book_end(struct lab_book *book)
{
    struct entry *entry = book->current;

    book->current = NULL;
    if (entry && !entry->open)
        complete(book, entry);
}

/* --- what leaves ------------------------------------------------------------------------------ */

static struct awaited *awaited_at(const struct lab_book *book, uint64_t position)
{
    return &book->ring[position & (book->ring_size - 1)];
}

static bool grow_ring(struct lab_book *book)
{
    struct awaited *grown = calloc(book->ring_size * 2, sizeof *grown);

    if (!grown)
        return false;
    for (uint64_t i = book->ring_head; i != book->ring_tail; i++)
        grown[i & (book->ring_size * 2 - 1)] = *awaited_at(book, i);
    free(book->ring);
    book->ring = grown;
    book->ring_size *= 2;
    return true;
}

static void settle(struct lab_book *book, struct entry *entry, size_t decision)
{
    entry->states[decision] = ANSWER_SETTLED;
    if (--entry->open == 0 && entry != book->current)
        complete(book, entry);
}

uint64_t lab_book_departs(struct lab_book *book, uint64_t number, struct sonde_mono due)
{
    struct entry *entry = find(book, number);
    struct sonde_mono at = on_our_clock(book, due);
    size_t i;

    if (!entry)
        return 0;
    while (entry->first_due < entry->record.decision_count &&
           entry->states[entry->first_due] != ANSWER_DUE)
        entry->first_due++;
    for (i = entry->first_due; i < entry->record.decision_count; i++)
        if (entry->states[i] == ANSWER_DUE && entry->decisions[i].due.ns == at.ns)
            break;
    if (i == entry->record.decision_count)
        return 0;
    if (book->ring_tail - book->ring_head == book->ring_size && !grow_ring(book)) {
        entry->broken = true;
        settle(book, entry, i);
        return 0;
    }
    entry->states[i] = ANSWER_SENT;
    *awaited_at(book, book->ring_tail) = (struct awaited){entry, i, SONDE_NEVER};
    return ++book->ring_tail;
}

/* The entry that waits under a token; NULL when none does any more. */
static struct awaited *waiting(const struct lab_book *book, uint64_t token)
{
    uint64_t position = token - 1;
    struct awaited *awaited;

    if (position < book->ring_head || position >= book->ring_tail)
        return NULL;
    awaited = awaited_at(book, position);
    return awaited->entry ? awaited : NULL;
}

static void settle_awaited(struct lab_book *book, struct awaited *awaited)
{
    struct entry *entry = awaited->entry;

    awaited->entry = NULL;
    while (book->ring_head != book->ring_tail && !awaited_at(book, book->ring_head)->entry)
        book->ring_head++;
    settle(book, entry, awaited->decision);
}

void lab_book_departed(struct lab_book *book, const struct lab_departure *departure)
{
    struct awaited *awaited = waiting(book, departure->token);

    if (!awaited)
        return;
    awaited->left = departure->at;
    if (!departure->error)
        awaited->entry->decisions[awaited->decision].left = departure->at;
    if (departure->error || !departure->stamp_follows)
        settle_awaited(book, awaited);
}

struct sonde_span lab_book_stamped(struct lab_book *book, uint64_t token, struct sonde_mono at)
{
    struct awaited *awaited = waiting(book, token);
    struct lab_decision *decision;
    struct sonde_span late;

    if (!awaited)
        return (struct sonde_span){0};
    decision = &awaited->entry->decisions[awaited->decision];
    decision->left = at;
    decision->left_by_kernel = true;
    late = sonde_mono_since(at, decision->due);
    settle_awaited(book, awaited);
    return late;
}

struct sonde_mono lab_book_give_up(struct lab_book *book, struct sonde_mono now)
{
    while (book->ring_head != book->ring_tail) {
        struct awaited *oldest = awaited_at(book, book->ring_head);

        /* One that has not been sent yet has no time. */
        if (oldest->left.ns == SONDE_NEVER.ns)
            return SONDE_NEVER;
        if (sonde_mono_since(now, oldest->left).ns < GIVE_UP)
            return sonde_mono_add(oldest->left, (struct sonde_span){GIVE_UP});
        settle_awaited(book, oldest);
    }
    return SONDE_NEVER;
}

/* --- handing over ----------------------------------------------------------------------------- */

size_t lab_book_complete(const struct lab_book *book, size_t *bytes)
{
    *bytes = book->complete_bytes;
    return book->complete_count;
}

void lab_book_write(struct lab_book *book)
{
    struct entry *entry = book->complete;

    if (!entry)
        return;
    book->complete = entry->chain;
    if (!book->complete)
        book->complete_end = &book->complete;
    book->complete_count--;
    book->complete_bytes -= entry->bytes;
    book->ops->write(book->ops_self, &entry->record);
    destroy_entry(book, entry);
}

void lab_book_finish(struct lab_book *book)
{
    struct entry *next;

    book->ring_head = book->ring_tail;
    for (struct entry *entry = book->first; entry; entry = next) {
        next = entry->after;
        complete(book, entry);
    }
    while (book->complete)
        lab_book_write(book);
}

uint64_t lab_book_lost(const struct lab_book *book)
{
    return book->lost;
}
