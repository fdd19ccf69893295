#include "base/printable.h"

#include <criterion/criterion.h>
#include <string.h>

static const char *made(const char *text, size_t length, size_t size)
{
    static char out[64];
    memset(out, '#', sizeof out);
    cr_assert_eq(base_printable(text, length, out, size), out);
    cr_assert_eq(out[size], '#', "wrote behind the end");
    return out;
}

Test(base_printable, plain_text_stays)
{
    cr_expect_str_eq(made("a.b-c ~!", 8, 32), "a.b-c ~!");
    cr_expect_str_eq(made("", 0, 32), "");
}

Test(base_printable, escapes_of_terminals_become_text)
{
    cr_expect_str_eq(made("\033[2Jx", 5, 32), "\\x1b[2Jx");
    cr_expect_str_eq(made("a\0b", 3, 32), "a\\x00b");
    cr_expect_str_eq(made("\x7f\x80\xff", 3, 32), "\\x7f\\x80\\xff");
    cr_expect_str_eq(made("\r\n\t\b", 4, 32), "\\x0d\\x0a\\x09\\x08");
    cr_expect_str_eq(made("\xc2\x9b", 2, 32), "\\xc2\\x9b"); /* CSI as one character (C1) */
}

Test(base_printable, what_looks_like_an_escape_is_told_apart_from_one)
{
    cr_expect_str_eq(made("\\x1b", 4, 32), "\\x5cx1b");
}

Test(base_printable, a_short_buffer_ends_before_a_whole_escape)
{
    cr_expect_str_eq(made("ab\033", 3, 6), "ab");
    cr_expect_str_eq(made("ab\033", 3, 7), "ab\\x1b");
    cr_expect_str_eq(made("abc", 3, 3), "ab");
    cr_expect_str_eq(made("abc", 3, 1), "");
    cr_expect_str_eq(made("a\033b", 3, 4), "a"); /* nothing behind the gap either */
}

Test(base_printable, every_byte_yields_printable_ascii)
{
    for (int c = 0; c < 256; c++) {
        const char byte = (char)c;
        for (const char *at = made(&byte, 1, 32); *at; at++)
            cr_expect(*at >= 0x20 && *at < 0x7f, "byte %d", c);
    }
}
