#include "net/origin.h"

#include <criterion/criterion.h>
#include <string.h>

Test(net_origin, questions)
{
    struct sonde_address address;
    char text[NET_ORIGIN_QUESTION];
    cr_assert(sonde_address_parse("192.0.2.77", &address));
    cr_expect_str_eq(net_origin_question(&address, text), "77.2.0.192.origin.asn.cymru.com");
    cr_assert(sonde_address_parse("2001:db8::1", &address));
    cr_expect_str_eq(net_origin_question(&address, text),
                     "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2."
                     "origin6.asn.cymru.com");
}

Test(net_origin, answers)
{
    static const struct {
        const char *record;
        const char *text; /* NULL: says nothing */
    } cases[] = {
        {"64500 | 192.0.2.0/24 | DE | ripencc | 2001-02-03", "AS64500 192.0.2.0/24 DE"},
        {"64500 64501 | 192.0.2.0/24 | DE | ripencc | ", "AS64500 192.0.2.0/24 DE"},
        {"64500", "AS64500"},
        {"64500 |  | DE", "AS64500 DE"},
        {"64500|2001:db8::/32|", "AS64500 2001:db8::/32"},
        {"NA | 192.0.2.0/24 | DE", NULL},
        {"", NULL},
        {" | ", NULL},
        {"1\033[31m | x", "AS1\\x1b[31m x"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[64];
        const bool known =
            net_origin_read(cases[i].record, strlen(cases[i].record), text, sizeof text);
        cr_assert_eq(known, cases[i].text != NULL, "%s", cases[i].record);
        if (known)
            cr_expect_str_eq(text, cases[i].text, "%s: %s", cases[i].record, text);
    }
}

Test(net_origin, what_does_not_fit_is_left_out)
{
    const char record[] = "64500 | 192.0.2.0/24 | DE";
    char text[9];
    cr_expect(net_origin_read(record, strlen(record), text, sizeof text));
    cr_expect_str_eq(text, "AS64500");
}
