#include "cli/sweep_items.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int read_words(const char *const *words, size_t count, struct sweep_items *items)
{
    const struct sweep_settings settings = {.operands = (char **)words, .operand_count = count};
    return sweep_items_read("sweep", &settings, items);
}

static int read_text(const char *text, size_t length, struct sweep_items *items)
{
    char path[] = "/tmp/sonde-items-XXXXXX";
    const int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, text, length), (ssize_t)length);
    close(fd);
    const struct sweep_settings settings = {.files = {1, {path}}};
    const int status = sweep_items_read("sweep", &settings, items);
    unlink(path);
    return status;
}

Test(cli_sweep_items, operands_in_their_order)
{
    const char *const words[] = {"192.0.2.1-9", "far.example", "2001:db8::/64", "192.0.2.77/24"};
    struct sweep_items items;
    cr_assert_eq(read_words(words, 4, &items), 0);
    cr_assert_eq(items.count, 4);
    cr_expect_eq(items.names, 1);
    cr_expect_eq(items.items[0].range.last.bytes[3], 9);
    cr_expect_str_eq(items.items[1].name, "far.example");
    cr_expect_null(items.items[1].place.file);
    cr_expect_eq(items.items[2].range.first.family, SONDE_IPV6);
    cr_expect_eq(items.items[3].range.first.bytes[3], 0);
    sweep_items_free(&items);
    cr_expect_eq(items.count, 0);
}

Test(cli_sweep_items, an_operand_that_is_nothing_ends_it, .init = cr_redirect_stderr)
{
    static const char *const bad[] = {"",   "a b", "-x", "192.0.2.0/33", "192.0.2.9-192.0.2.1",
                                      "a!b"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *const words[] = {bad[i], "192.0.2.1"};
        struct sweep_items items;
        cr_expect_eq(read_words(words, 2, &items), SWEEP_BAD_ARGUMENTS, "%s", bad[i]);
        sweep_items_free(&items);
    }
}

Test(cli_sweep_items, files_go_on, .init = cr_redirect_stderr)
{
    static const char text[] =
        "# first\n192.0.2.1 192.0.2.2#3\r\n\n!!\nx\0y\n\t far  10.0.0.0/40\n::1";
    struct sweep_items items;
    cr_assert_eq(read_text(text, sizeof text - 1, &items), 0);
    cr_expect_eq(items.bad, 3);
    cr_assert_eq(items.count, 4);
    cr_expect_str_eq(items.items[2].name, "far");
    cr_expect_eq(items.items[2].place.line, 6);
    cr_expect_eq(items.items[3].place.line, 7);
    cr_expect_eq(items.items[3].range.first.family, SONDE_IPV6);
    sweep_items_free(&items);
}

Test(cli_sweep_items, an_empty_file_is_no_fault)
{
    struct sweep_items items;
    cr_assert_eq(read_text("", 0, &items), 0);
    cr_expect_eq(items.count, 0);
    sweep_items_free(&items);
}

Test(cli_sweep_items, a_file_that_is_not_there, .init = cr_redirect_stderr)
{
    const struct sweep_settings settings = {.excluded_files = {1, {"/nonexistent/file"}}};
    struct sweep_items items;
    cr_expect_eq(sweep_items_read_excluded("sweep", &settings, &items), SWEEP_SYSTEM);
    sweep_items_free(&items);
}
