#include "helper.h"

#include "sim/agenda.h"

static void put(struct sim_agenda *agenda, int64_t out, uint64_t number)
{
    struct sim_delivery *delivery = sim_agenda_buffer(agenda, 8);
    cr_assert_not_null(delivery);
    delivery->out = out;
    delivery->number = number;
    cr_assert_eq(sim_agenda_put(agenda, delivery), 0);
}

Test(sim_agenda, order_of_time_then_of_entry)
{
    struct sim_agenda agenda = {0};
    cr_assert_eq(sim_agenda_next(&agenda), INT64_MAX);
    cr_assert_null(sim_agenda_take(&agenda));
    uint64_t number = 0;
    for (uint64_t i = 0; i < 5000; i++)
        put(&agenda, (int64_t)(i * 7919 % 97), number++);
    int64_t last_out = -1;
    uint64_t last_number = 0;
    for (uint64_t i = 0; i < 5000; i++) {
        int64_t next = sim_agenda_next(&agenda);
        struct sim_delivery *delivery = sim_agenda_take(&agenda);
        cr_assert_eq(delivery->out, next);
        cr_assert(delivery->out > last_out ||
                  (delivery->out == last_out && delivery->number > last_number));
        last_out = delivery->out;
        last_number = delivery->number;
        sim_agenda_release(&agenda, delivery);
    }
    sim_agenda_destroy(&agenda);
}

Test(sim_agenda, buffers_are_used_again)
{
    struct sim_agenda agenda = {0};
    struct sim_delivery *small = sim_agenda_buffer(&agenda, 128);
    struct sim_delivery *large = sim_agenda_buffer(&agenda, 129);
    memset(large->bytes, 1, 129);
    cr_assert_neq(small->size_class, large->size_class);
    sim_agenda_release(&agenda, small);
    sim_agenda_release(&agenda, large);
    cr_assert_eq(sim_agenda_buffer(&agenda, 200), large);
    cr_assert_eq(sim_agenda_buffer(&agenda, 0), small);
    struct sim_delivery *largest = sim_agenda_buffer(&agenda, 131072);
    largest->bytes[131071] = 1;
    cr_assert_null(sim_agenda_buffer(&agenda, 131073));
    sim_agenda_release(&agenda, largest);
    sim_agenda_release(&agenda, large);
    sim_agenda_release(&agenda, small);
    sim_agenda_destroy(&agenda);
}
