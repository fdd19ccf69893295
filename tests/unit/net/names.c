/* Only addresses and /etc/hosts: nothing here asks a name server. */
#define _GNU_SOURCE /* EAI_ADDRFAMILY */
#include "net/names.h"

#include <criterion/criterion.h>
#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "hosts.h"

static struct net_names found(const char *host, enum sonde_family family)
{
    struct net_names names;
    cr_assert_eq(net_names_find(host, family, &names), 0, "'%s'", host);
    cr_assert_geq(names.count, 1);
    return names;
}

static int refused(const char *host, enum sonde_family family)
{
    struct net_names names;
    const int error = net_names_find(host, family, &names);
    cr_assert_neq(error, 0, "'%s'", host);
    cr_assert_eq(names.count, 0);
    return error;
}

Test(net_names, addresses_are_not_looked_up)
{
    static const struct {
        const char *host;
        const char *address;
    } cases[] = {
        {"192.0.2.1", "192.0.2.1"},
        {"127.1", "127.0.0.1"},
        {"0", "0.0.0.0"},
        {"0x7f000001", "127.0.0.1"},
        {"2001:DB8::1", "2001:db8::1"},
        {"fe80::1%1", "fe80::1%1"},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct net_names names = found(cases[i].host, SONDE_FAMILY_NONE);
        char text[SONDE_ADDRESS_TEXT];
        cr_expect(names.numeric);
        cr_expect_eq(names.count, 1);
        cr_expect_str_eq(sonde_address_format(&names.addresses[0], text), cases[i].address);
        cr_expect_str_eq(names.canonical, "");
    }
}

Test(net_names, a_scope_may_be_a_device)
{
    char device[IF_NAMESIZE], host[32];
    cr_assert_not_null(if_indextoname(1, device));
    snprintf(host, sizeof host, "fe80::1%%%s", device);
    struct net_names names = found(host, SONDE_IPV6);
    cr_expect_eq(names.addresses[0].scope, 1);
}

Test(net_names, what_cannot_be_a_name_is_not_looked_up)
{
    static const char *const cases[] = {
        "",           ".", "1.2.3.4.5", "300.1.1.1", "12345::", "a:b", "fe80::1%no-such-device",
        "99999999999"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_eq(refused(cases[i], SONDE_FAMILY_NONE), EAI_NONAME, "'%s'", cases[i]);
    cr_expect_str_eq(net_names_error(EAI_NONAME), gai_strerror(EAI_NONAME));
    char endless[300];
    memset(endless, 'a', sizeof endless);
    endless[sizeof endless - 1] = '\0';
    cr_expect_eq(refused(endless, SONDE_FAMILY_NONE), EAI_NONAME);
}

Test(net_names, an_address_of_the_other_family_is_refused)
{
    cr_expect_eq(refused("127.0.0.1", SONDE_IPV6), EAI_ADDRFAMILY);
    cr_expect_eq(refused("::1", SONDE_IPV4), EAI_ADDRFAMILY);
    cr_expect_str_eq(net_names_error(EAI_ADDRFAMILY), "Address family for hostname not supported");
}

Test(net_names, names_of_the_hosts_file)
{
    struct net_names names = found("localhost", SONDE_FAMILY_NONE);
    cr_expect_not(names.numeric);
    for (size_t i = 0; i < names.count; i++) {
        cr_expect(sonde_address_is_loopback(&names.addresses[i]));
        for (size_t k = 0; k < i; k++)
            cr_expect_not(sonde_address_equal(&names.addresses[i], &names.addresses[k]));
    }
    names = found("localhost", SONDE_IPV4);
    cr_expect_eq(names.count, 1);
    cr_expect_eq(names.addresses[0].family, SONDE_IPV4);
}

Test(net_names, names_of_devices)
{
    char name[NET_DEVICE_NAME];
    cr_expect_not_null(net_device_name(1, name));
    cr_expect_null(net_device_name(0, name));
}

Test(net_names, hostile_canonical_names_are_made_printable)
{
    use_hosts("192.0.2.66 \033[2Jevil nice\n192.0.2.66 nice\n2001:db8::66 nice\n");
    const struct net_names names = found("nice", SONDE_IPV4);
    cr_expect_str_eq(names.canonical, "\\x1b[2Jevil");
    cr_expect_eq(names.count, 1, "each address once");
    cr_expect_eq(found("nice", SONDE_FAMILY_NONE).count, 2);
}
