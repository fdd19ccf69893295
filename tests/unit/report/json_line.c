#include <errno.h>

#include "json_help.h"
#include "report/json.h"

Test(report_json_line, out_of_memory_is_remembered)
{
    struct bench *bench = bench_create_idle();
    struct report_state state = {.run = bench->run};
    report_json_line(&state, NULL, 0);
    cr_assert_eq(state.error, ENOMEM);
    report_json_line(&state, json_object(), 0); /* nothing is written behind a failure */
    fflush(bench->out);
    cr_assert_eq(bench->out_size, 0);
    bench_close(bench);
}

Test(report_json_line, members)
{
    json_t *object = json_object();
    report_json_count(object, "count", UINT64_MAX);
    report_json_text(object, "text", "\xff\x01ü");
    report_json_text(object, "none", NULL);
    report_json_flag(object, "flag", false);
    report_json_real(object, "real", 0.25);
    report_json_span(object, "span", (struct sonde_span){-5});
    expect_integer(object, "count", INT64_MAX);
    expect_text(object, "text", "\\xff\\x01ü");
    expect_absent(object, "none");
    cr_assert(json_is_false(member(object, "flag")));
    cr_assert_eq(json_real_value(member(object, "real")), 0.25);
    expect_integer(object, "span", -5);
    json_decref(object);
}
