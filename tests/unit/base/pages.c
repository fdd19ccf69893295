#include "base/pages.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

Test(base_pages, are_zero_and_all_there)
{
    static const size_t sizes[] = {1, 4096, (2u << 20) - 1, 2u << 20, (2u << 20) + 1, 9u << 20};

    base_pages_give(NULL, 1);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int round = 0; round < 3; round++) {
            uint8_t *pages = base_pages_take(sizes[i]);

            cr_assert_not_null(pages);
            cr_assert_eq((uintptr_t)pages % (2u << 20), 0u);
            for (size_t at = 0; at < sizes[i]; at += 511)
                cr_assert_eq(pages[at], 0);
            memset(pages, 0xff, sizes[i]);
            base_pages_give(pages, sizes[i]);
        }
}

Test(base_pages, more_than_there_is)
{
    cr_assert_null(base_pages_take(SIZE_MAX));
    cr_assert_null(base_pages_take(SIZE_MAX / 2));
    cr_assert_null(base_pages_take(0));
}
