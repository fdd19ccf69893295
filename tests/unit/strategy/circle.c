#include "strategy/circle.h"

#include <criterion/criterion.h>
#include <string.h>

/* A letter an address, a star nobody. */
static bool find(const char *row, size_t *first, size_t *length)
{
    struct sonde_address addresses[64];
    size_t count = strlen(row);
    for (size_t i = 0; i < count; i++) {
        const uint8_t bytes[4] = {10, 0, 0, (uint8_t)row[i]};
        addresses[i] =
            row[i] == '*' ? (struct sonde_address){0} : sonde_address_from_bytes(SONDE_IPV4, bytes);
    }
    return strategy_circle_find(addresses, count, first, length);
}

Test(strategy_circle, two_turns_make_a_circle)
{
    size_t first, length;
    cr_assert(find("xabab", &first, &length));
    cr_assert_eq(first, 1);
    cr_assert_eq(length, 2);
    cr_assert(find("abcabcab", &first, &length));
    cr_assert_eq(first, 0);
    cr_assert_eq(length, 3);
}

Test(strategy_circle, anything_less_is_none)
{
    static const char *const rows[] = {"", "a", "aba", "aaaa", "abcab", "ab*ab", "*a*a", "abba"};
    size_t first, length;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_not(find(rows[i], &first, &length), "%s", rows[i]);
}
