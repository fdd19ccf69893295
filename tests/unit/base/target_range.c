#include <criterion/criterion.h>
#include <string.h>

#include "base/target_set.h"

static void expect(const char *text, enum base_target_text verdict, const char *first,
                   const char *last)
{
    struct base_target_range range;
    char got[SONDE_ADDRESS_TEXT];
    cr_expect_eq(base_target_range_parse(text, &range), verdict, "%s", text);
    if (verdict != BASE_TARGET_OK && verdict != BASE_TARGET_HOST_BITS)
        return;
    cr_expect_str_eq(sonde_address_format(&range.first, got), first, "%s", text);
    cr_expect_str_eq(sonde_address_format(&range.last, got), last, "%s", text);
}

Test(base_target_range, addresses)
{
    expect("192.0.2.1", BASE_TARGET_OK, "192.0.2.1", "192.0.2.1");
    expect("2001:db8::1", BASE_TARGET_OK, "2001:db8::1", "2001:db8::1");
    expect("fe80::1%3", BASE_TARGET_OK, "fe80::1%3", "fe80::1%3");
}

Test(base_target_range, prefixes)
{
    expect("192.0.2.0/24", BASE_TARGET_OK, "192.0.2.0", "192.0.2.255");
    expect("192.0.2.1/32", BASE_TARGET_OK, "192.0.2.1", "192.0.2.1");
    expect("192.0.2.128/25", BASE_TARGET_OK, "192.0.2.128", "192.0.2.255");
    expect("0.0.0.0/0", BASE_TARGET_OK, "0.0.0.0", "255.255.255.255");
    expect("::/0", BASE_TARGET_OK, "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
    expect("2001:db8::/65", BASE_TARGET_OK, "2001:db8::", "2001:db8::7fff:ffff:ffff:ffff");
    expect("2001:db8::5/128", BASE_TARGET_OK, "2001:db8::5", "2001:db8::5");
    expect("fe80::%3/126", BASE_TARGET_OK, "fe80::%3", "fe80::3%3"); /* RFC 4007 section 11.7 */
    expect("192.0.2.1/24", BASE_TARGET_HOST_BITS, "192.0.2.0", "192.0.2.255");
    expect("2001:db8::1/127", BASE_TARGET_HOST_BITS, "2001:db8::", "2001:db8::1");
}

Test(base_target_range, bad_lengths)
{
    static const char *const texts[] = {"192.0.2.0/33",       "192.0.2.0/",    "192.0.2.0/-1",
                                        "192.0.2.0/+8",       "192.0.2.0/2 4", "192.0.2.0/0x8",
                                        "192.0.2.0/24/24",    "::/129",        "::/0128",
                                        "192.0.2.0/24-25",    "fe80::/64%3",   "192.0.2.0/1e",
                                        "192.0.2.0/255.0.0.0"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        expect(texts[i], BASE_TARGET_BAD_LENGTH, NULL, NULL);
}

Test(base_target_range, ranges)
{
    expect("192.0.2.1-192.0.3.9", BASE_TARGET_OK, "192.0.2.1", "192.0.3.9");
    expect("192.0.2.1-9", BASE_TARGET_OK, "192.0.2.1", "192.0.2.9");
    expect("192.0.2.1-1", BASE_TARGET_OK, "192.0.2.1", "192.0.2.1");
    expect("192.0.2.1-255", BASE_TARGET_OK, "192.0.2.1", "192.0.2.255");
    expect("2001:db8::1-2001:db9::", BASE_TARGET_OK, "2001:db8::1", "2001:db9::");
    expect("2001:db8::1-fF", BASE_TARGET_OK, "2001:db8::1", "2001:db8::ff");
    expect("2001:db8::1-10", BASE_TARGET_OK, "2001:db8::1", "2001:db8::10");
    expect("fe80::1%3-9", BASE_TARGET_OK, "fe80::1%3", "fe80::9%3");
    expect("fe80::1%3-fe80::9", BASE_TARGET_OK, "fe80::1%3", "fe80::9%3");
    expect("fe80::1-fe80::9%3", BASE_TARGET_OK, "fe80::1%3", "fe80::9%3");
    expect("192.0.2.9-192.0.2.8", BASE_TARGET_BACKWARD, NULL, NULL);
    expect("192.0.2.9-8", BASE_TARGET_BACKWARD, NULL, NULL);
    expect("2001:db8::9-8", BASE_TARGET_BACKWARD, NULL, NULL);
    expect("192.0.2.1-2001:db8::1", BASE_TARGET_TWO_FAMILIES, NULL, NULL);
    expect("::1-192.0.2.1", BASE_TARGET_TWO_FAMILIES, NULL, NULL);
}

Test(base_target_range, what_is_no_address)
{
    static const char *const texts[] = {
        "",
        "-",
        "/",
        "/24",
        "-192.0.2.1",
        "www-1.example.net",
        "192.0.2.1-",
        "192.0.2.1-256",
        "192.0.2.1-0009",
        "192.0.2.1-a",
        "192.0.2.1-192.0.2.300",
        "192.0.2.1-9/24",
        "192.0.2.1-5-9",
        "192.0.2",
        " 192.0.2.1",
        "192.0.2.1 ",
        "example.net/24",
        "2001:db8::1-10000",
        "2001:db8::1-g",
        "fe80::1%2-fe80::9%3",
        "192.0.2.1%3",
        "1111111111111111111111111111111111111111111111111111111111111111111111111111111/8",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        expect(texts[i], BASE_TARGET_NO_ADDRESS, NULL, NULL);
}
