#include "sonde/address.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct sonde_address parsed(const char *text)
{
    struct sonde_address address;
    cr_assert(sonde_address_parse(text, &address), "'%s'", text);
    return address;
}

Test(base_address, texts_come_back_as_rfc5952_writes_them)
{
    static const struct {
        const char *in;
        const char *out;
    } cases[] = {
        {"192.0.2.1", "192.0.2.1"},
        {"0.0.0.0", "0.0.0.0"},
        {"255.255.255.255", "255.255.255.255"},
        {"::", "::"},
        {"::1", "::1"},
        {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        {"fe80::1%3", "fe80::1%3"},
        {"fe80::1%4294967295", "fe80::1%4294967295"},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[SONDE_ADDRESS_TEXT];
        const struct sonde_address address = parsed(cases[i].in);
        cr_expect_str_eq(sonde_address_format(&address, text), cases[i].out);
    }
}

Test(base_address, the_longest_text_fits)
{
    struct sonde_address address = {.family = SONDE_IPV6, .scope = UINT32_MAX};
    memset(address.bytes, 0xff, sizeof address.bytes);
    char text[SONDE_ADDRESS_TEXT];
    sonde_address_format(&address, text);
    cr_expect_str_eq(text, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295");
}

Test(base_address, what_is_no_address_is_refused)
{
    static const char *const cases[] = {
        "",
        "example",
        "1.2.3",
        "1.2.3.4.5",
        "256.1.1.1",
        "1.2.3.4%1",
        "::1%",
        "::1%0",
        "::1%eth0",
        "::1%4294967296",
        "::1%-1",
        "1.2.3.4 ",
        " 1.2.3.4",
        ":::",
        "12345::",
        "::1%1%1",
        "1:2:3:4:5:6:7:8:9",
        "0x7f.0.0.1",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sonde_address address;
        cr_expect_not(sonde_address_parse(cases[i], &address), "'%s'", cases[i]);
    }
    char endless[300];
    memset(endless, '1', sizeof endless);
    endless[sizeof endless - 1] = '\0';
    struct sonde_address address;
    cr_expect_not(sonde_address_parse(endless, &address));
}

Test(base_address, equality_minds_scopes_only_where_both_have_one)
{
    const struct sonde_address one = parsed("fe80::1%1");
    const struct sonde_address two = parsed("fe80::1%2");
    const struct sonde_address bare = parsed("fe80::1");
    cr_expect(sonde_address_equal(&one, &one));
    cr_expect_not(sonde_address_equal(&one, &two));
    cr_expect(sonde_address_equal(&one, &bare));
    cr_expect(sonde_address_equal(&bare, &two));

    const struct sonde_address four = parsed("0.0.0.0");
    const struct sonde_address six = parsed("::");
    const struct sonde_address none = {0};
    cr_expect_not(sonde_address_equal(&four, &six));
    cr_expect_not(sonde_address_equal(&four, &none));
    cr_expect(sonde_address_equal(&none, &none));
}

Test(base_address, bytes_behind_an_ipv4_address_do_not_count)
{
    const uint8_t bytes[16] = {192, 0, 2, 1, 9, 9, 9};
    const struct sonde_address address = sonde_address_from_bytes(SONDE_IPV4, bytes);
    const struct sonde_address same = parsed("192.0.2.1");
    cr_expect_arr_eq(address.bytes, same.bytes, sizeof same.bytes);
    cr_expect_eq(sonde_address_length(&address), 4);
}

Test(base_address, kinds)
{
    static const struct {
        const char *text;
        bool multicast, loopback, link_local;
    } cases[] = {
        {"127.0.0.1", false, true, false},    {"127.255.255.254", false, true, false},
        {"128.0.0.1", false, false, false},   {"126.255.255.255", false, false, false},
        {"224.0.0.1", true, false, false},    {"239.255.255.255", true, false, false},
        {"240.0.0.1", false, false, false},   {"223.255.255.255", false, false, false},
        {"169.254.0.1", false, false, true},  {"169.253.255.255", false, false, false},
        {"::1", false, true, false},          {"::2", false, false, false},
        {"fe80::1", false, false, true},      {"febf::1", false, false, true},
        {"fec0::1", false, false, false},     {"ff02::1", true, false, true},
        {"ff05::1", true, false, false},      {"ff12::1", true, false, true},
        {"2001:db8::1", false, false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct sonde_address address = parsed(cases[i].text);
        cr_expect_eq(sonde_address_is_multicast(&address), cases[i].multicast, "%s", cases[i].text);
        cr_expect_eq(sonde_address_is_loopback(&address), cases[i].loopback, "%s", cases[i].text);
        cr_expect_eq(sonde_address_is_link_local(&address), cases[i].link_local, "%s",
                     cases[i].text);
    }
}

Test(base_address, no_address)
{
    const struct sonde_address none = {0};
    char text[SONDE_ADDRESS_TEXT];
    cr_expect_str_eq(sonde_address_format(&none, text), "*");
    cr_expect_eq(sonde_address_length(&none), 0);
    cr_expect_not(sonde_address_is_multicast(&none));
    cr_expect_not(sonde_address_is_loopback(&none));
    cr_expect_not(sonde_address_is_link_local(&none));
}
