/* tests/unit/test_server.c - whose word about a request's origin is believed. */
#include <criterion/criterion.h>

#include "http/server.h"

TestSuite(server, .timeout = 120);

Test(server, the_proxy_is_an_address_or_a_network)
{
    static const struct {
        const char *proxy, *peer;
        bool is;
    } cases[] = {
        {"127.0.0.1", "127.0.0.1", true},
        {"127.0.0.1", "127.0.0.2", false},
        {"172.20.0.0/16", "172.20.9.8", true},
        {"172.20.0.0/16", "172.21.0.1", false},
        {"172.20.7.7/16", "172.20.0.1", true},
        {"10.0.0.0/31", "10.0.0.1", true},
        {"10.0.0.0/31", "10.0.0.2", false},
        {"0.0.0.0/0", "8.8.8.8", true},
        {"127.0.0.1/32", "127.0.0.1", true},
        {"127.0.0.1/33", "127.0.0.1", false},
        {"127.0.0.1/", "127.0.0.1", false},
        {"127.0.0.1/x", "127.0.0.1", false},
        {"", "127.0.0.1", false},
        {"none", "127.0.0.1", false},
        {"127.0.0.1", "", false},
        {"1234567890123456789012345/8", "127.0.0.1", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_eq(server_is_proxy(cases[i].proxy, cases[i].peer), cases[i].is, "%s and %s",
                     cases[i].proxy, cases[i].peer);
}
