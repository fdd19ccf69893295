#include <stdlib.h>

#include "lab/player_book.h"
#include "lab_records.h"

#define S SONDE_NS_PER_S

/* What was handed over. */
struct heard {
    uint64_t numbers[16];
    struct lab_decision decisions[16][4];
    size_t decision_counts[16];
    size_t way_counts[16];
    size_t count;
};

static void begin(void *self, const struct lab_clock *clock)
{
    (void)self;
    cr_assert_eq(clock->start.ns, START);
}

static void write_record(void *self, const struct lab_record *record)
{
    struct heard *heard = self;
    size_t i = heard->count++;

    cr_assert_lt(i, 16);
    cr_assert_leq(record->decision_count, 4);
    heard->numbers[i] = record->number;
    heard->decision_counts[i] = record->decision_count;
    heard->way_counts[i] = record->way_count;
    for (size_t k = 0; k < record->decision_count; k++)
        heard->decisions[i][k] = record->decisions[k];
    cr_assert_eq(record->packet.length, 4);
    cr_assert_arr_eq(record->packet.data, "abcd", 4);
    for (size_t k = 0; k < record->way_count; k++)
        cr_assert_geq(record->way[k].at.ns, START);
}

static const struct lab_record_ops ops = {.begin = begin, .write = write_record};

static struct lab_book *started(struct heard *heard)
{
    struct lab_book *book = lab_book_create(&ops, heard);

    *heard = (struct heard){0};
    cr_assert(book);
    lab_book_start(book, &clock_of_tests);
    return book;
}

/* A packet to which answers are due at the given times of the network, -1 for a loss. */
static void enter(struct lab_book *book, uint64_t number, const int64_t *due, size_t count)
{
    static const struct sonde_sim_step way[] = {{"r1", {1}}, {"far", {2}}};
    struct lab_arrival arrival = {
        {(const uint8_t *)"abcd", 4}, {START + (int64_t)number}, .by_kernel = true};

    lab_book_begin(book, number, &arrival);
    for (size_t i = 0; i < count; i++) {
        bool lost = due[i] < 0;

        lab_book_hear(
            book, &(struct sonde_sim_truth){.fate = lost ? SONDE_SIM_LOST : SONDE_SIM_REPLY,
                                            .out = lost ? SONDE_NEVER : (struct sonde_mono){due[i]},
                                            .number = number,
                                            .way = way,
                                            .way_count = 1 + (i > 0),
                                            .answer = {(const uint8_t *)"answer", lost ? 0 : 6}});
    }
    lab_book_end(book);
}

static size_t complete(const struct lab_book *book)
{
    size_t bytes;
    size_t count = lab_book_complete(book, &bytes);

    cr_assert_eq(count == 0, bytes == 0);
    return count;
}

static uint64_t depart(struct lab_book *book, uint64_t number, int64_t due, int64_t at, bool stamp)
{
    struct lab_departure departure = {.at = {START + at}, .stamp_follows = stamp};

    departure.token = lab_book_departs(book, number, (struct sonde_mono){due});
    lab_book_departed(book, &departure);
    return departure.token;
}

Test(player_book, is_complete_when_every_answer_has_its_stamp)
{
    struct heard heard;
    struct lab_book *book = started(&heard);
    uint64_t later, sooner;

    enter(book, 1, (const int64_t[]){900, 500, -1}, 3);
    enter(book, 2, (const int64_t[]){-1}, 1);
    cr_assert_eq(complete(book), 1, "nothing is to come of the second");
    sooner = depart(book, 1, 500, 510, true);
    later = depart(book, 1, 900, 910, true);
    cr_assert_neq(sooner, 0);
    cr_assert_neq(later, 0);
    cr_assert_eq(lab_book_stamped(book, later, (struct sonde_mono){START + 905}).ns, 5);
    cr_assert_eq(complete(book), 1);
    cr_assert_eq(lab_book_stamped(book, sooner, (struct sonde_mono){START + 503}).ns, 3);
    cr_assert_eq(complete(book), 2);
    cr_assert_eq(lab_book_stamped(book, sooner, (struct sonde_mono){START + 999}).ns, 0, "twice");
    lab_book_write(book);
    lab_book_write(book);
    lab_book_write(book);
    cr_assert_eq(heard.count, 2);
    cr_assert_eq(heard.numbers[0], 2);
    cr_assert_eq(heard.numbers[1], 1);
    cr_assert_eq(heard.way_counts[1], 2);
    cr_assert_eq(heard.decisions[1][0].left.ns, START + 905);
    cr_assert(heard.decisions[1][0].left_by_kernel);
    cr_assert_eq(heard.decisions[1][1].left.ns, START + 503);
    cr_assert_eq(heard.decisions[1][2].left.ns, SONDE_NEVER.ns);
    lab_book_destroy(book);
}

Test(player_book, takes_what_there_is_instead_of_a_stamp)
{
    struct heard heard;
    struct lab_book *book = started(&heard);
    struct lab_departure refused = {.error = 105};

    enter(book, 1, (const int64_t[]){10, 10}, 2); /* at the same time */
    enter(book, 2, (const int64_t[]){20}, 1);
    enter(book, 3, (const int64_t[]){30}, 1);
    refused.token = lab_book_departs(book, 1, (struct sonde_mono){10});
    lab_book_departed(book, &refused);
    depart(book, 1, 10, 11, false);
    cr_assert_eq(complete(book), 1);
    depart(book, 2, 20, 21, true);
    cr_assert_eq(lab_book_give_up(book, (struct sonde_mono){START + 21 + S - 1}).ns,
                 START + 21 + S);
    cr_assert_eq(complete(book), 1);
    cr_assert_eq(lab_book_give_up(book, (struct sonde_mono){START + 21 + S}).ns, SONDE_NEVER.ns);
    cr_assert_eq(complete(book), 2);
    cr_assert_eq(lab_book_departs(book, 77, (struct sonde_mono){10}), 0, "nobody's answer");
    cr_assert_eq(lab_book_departs(book, 3, (struct sonde_mono){10}), 0, "at another time");
    lab_book_finish(book);
    cr_assert_eq(heard.count, 3);
    cr_assert_eq(heard.decisions[0][0].left.ns, SONDE_NEVER.ns);
    cr_assert_eq(heard.decisions[0][1].left.ns, START + 11);
    cr_assert_not(heard.decisions[0][1].left_by_kernel);
    cr_assert_eq(heard.decisions[1][0].left.ns, START + 21);
    cr_assert_eq(heard.decisions[2][0].left.ns, SONDE_NEVER.ns, "it ended before");
    lab_book_destroy(book);
}

static void count_only(void *self, const struct lab_record *record)
{
    uint64_t *last = self;

    cr_assert_gt(record->number, *last, "in order, here");
    *last = record->number;
}

Test(player_book, keeps_many)
{
    static const struct lab_record_ops counting = {.begin = begin, .write = count_only};
    uint64_t last = 0;
    struct lab_book *book = lab_book_create(&counting, &last);
    uint64_t first_token = 0;

    lab_book_start(book, &clock_of_tests);
    for (uint64_t number = 1; number <= 20000; number++)
        enter(book, number, (const int64_t[]){(int64_t)number}, 1);
    for (uint64_t number = 1; number <= 10000; number++) {
        uint64_t token = depart(book, number, (int64_t)number, (int64_t)number, true);

        first_token = first_token ? first_token : token;
        cr_assert_eq(token, first_token + number - 1);
    }
    for (uint64_t i = 0; i < 10000; i++)
        lab_book_stamped(book, first_token + i, (struct sonde_mono){START + (int64_t)i});
    cr_assert_eq(complete(book), 10000);
    lab_book_finish(book);
    cr_assert_eq(last, 20000);
    cr_assert_eq(lab_book_lost(book), 0);
    lab_book_destroy(book);
}

Test(player_book, can_be_destroyed_at_any_time)
{
    struct heard heard;
    struct lab_book *book = started(&heard);

    enter(book, 1, (const int64_t[]){10, -1}, 2);
    enter(book, 2, (const int64_t[]){-1}, 1);
    depart(book, 1, 10, 11, true);
    lab_book_destroy(book);
    lab_book_destroy(NULL);
}
