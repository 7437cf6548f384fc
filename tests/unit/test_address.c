/* tests/unit/test_address.c - IP addresses and ranges of them: what is one, what is in one, and
 * what counts as one caller. */
#include <criterion/criterion.h>

#include "auth/address.h"

TestSuite(address, .timeout = 120);

Test(address, ranges_are_kept_in_one_form)
{
    static const char *const cases[][2] = {
        {"10.1.0.0/16", "10.1.0.0/16"},
        {"10.1.2.3", "10.1.2.3/32"},
        {"0.0.0.0/0", "0.0.0.0/0"},
        {"2001:DB8::/32", "2001:db8::/32"},
        {"2001:db8:0:0::1", "2001:db8::1/128"},
        {"::/0", "::/0"},
        {"::ffff:10.1.0.0/112", "10.1.0.0/16"},
        {"::ffff:10.1.2.3", "10.1.2.3/32"},
        {"::ffff:0.0.0.0/96", "0.0.0.0/0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char range[ADDRESS_RANGE_TEXT] = "";
        cr_expect(address_range(cases[i][0], range), "%s", cases[i][0]);
        cr_expect_str_eq(range, cases[i][1]);
    }
}

Test(address, what_is_no_range_is_refused)
{
    static const char *const cases[] = {
        "",
        "/",
        "/8",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/08",
        "10.0.0.0/8/8",
        "10.0.0.1/8",
        "10.0.0",
        "010.0.0.0/8",
        "10.0.0.0/8 ",
        " 10.0.0.0/8",
        "2001:db8::/129",
        "2001:db8::1/32",
        "::ffff:10.0.0.0/95",
        "::ffff:10.0.0.1/104",
        "localhost",
        "10.0.0.0/8,11.0.0.0/8",
        "fe80::1%eth0",
        "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc/32",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char range[ADDRESS_RANGE_TEXT];
        cr_expect_not(address_range(cases[i], range), "%s", cases[i]);
    }
}

Test(address, is_in_a_range_or_is_not)
{
    static const struct {
        const char *ranges, *address;
        bool in;
    } cases[] = {
        {"", "10.0.0.1", true},
        {"", "", true},
        {"10.0.0.0/8", "10.255.255.255", true},
        {"10.0.0.0/8", "11.0.0.0", false},
        {"10.0.0.0/9", "10.127.0.1", true},
        {"10.0.0.0/9", "10.128.0.1", false},
        {"10.0.0.7/32", "10.0.0.7", true},
        {"10.0.0.7/32", "10.0.0.6", false},
        {"10.0.0.0/8", "::ffff:10.1.2.3", true},
        {"10.0.0.0/8", "::ffff:11.1.2.3", false},
        {"10.0.0.0/8", "::10.1.2.3", false},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"::/0", "2001:db8::1", true},
        {"::/0", "10.0.0.1", false},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {"192.0.2.0/24,10.0.0.0/8,2001:db8::/32", "10.9.9.9", true},
        {"192.0.2.0/24,10.0.0.0/8,2001:db8::/32", "2001:db8:1::1", true},
        {"192.0.2.0/24,10.0.0.0/8,2001:db8::/32", "172.16.0.1", false},
        {"10.0.0.0/8", "", false},
        {"10.0.0.0/8", "10.0.0.1, 10.0.0.2", false},
        {"10.0.0.0/8", "?", false},
        {"broken,10.0.0.0/8", "10.0.0.1", true},
        {"broken", "10.0.0.1", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_eq(address_allowed(cases[i].ranges, cases[i].address), cases[i].in, "%s in %s",
                     cases[i].address, cases[i].ranges);
}

Test(address, a_subscriber_of_v6_counts_as_one)
{
    static const char *const cases[][2] = {
        {"10.0.0.1", "10.0.0.1/32"},
        {"::ffff:10.0.0.1", "10.0.0.1/32"},
        {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
        {"2001:db8:1:2:ffff::9", "2001:db8:1:2::/64"},
        {"", "?"},
        {"nonsense", "?"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char key[ADDRESS_RANGE_TEXT] = "";
        address_counted(cases[i][0], key);
        cr_expect_str_eq(key, cases[i][1]);
    }
}
