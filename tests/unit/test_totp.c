/* tests/unit/test_totp.c - codes of the second factor against RFC 6238 and RFC 4226, and base32
 * against RFC 4648. */
#include <criterion/criterion.h>
#include <string.h>

#include "base32.h"
#include "totp.h"

TestSuite(totp, .timeout = 120);

/* Both RFCs use the ASCII text 12345678901234567890. */
static struct totp_secret rfc_secret(void)
{
    struct totp_secret s = {.len = 20};
    memcpy(s.bytes, "12345678901234567890", 20);
    return s;
}

static instant_us at(int64_t seconds)
{
    return seconds * 1000000;
}

/* RFC 6238 appendix B (SHA-1), its eight digits cut to the last six. */
Test(totp, the_codes_of_rfc_6238)
{
    static const struct {
        int64_t seconds;
        const char *code;
    } vectors[] = {{59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
                   {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"}};
    struct totp_secret s = rfc_secret();
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        char code[TOTP_CODE];
        cr_assert(totp_code(&s, totp_step(at(vectors[i].seconds)), code));
        cr_expect_str_eq(code, vectors[i].code);
    }
}

/* RFC 4226 appendix D: counters 0 to 9. */
Test(totp, the_codes_of_rfc_4226)
{
    static const char *const codes[] = {"755224", "287082", "359152", "969429", "338314",
                                        "254676", "287922", "162583", "399871", "520489"};
    struct totp_secret s = rfc_secret();
    for (int64_t i = 0; i < 10; i++) {
        char code[TOTP_CODE];
        cr_assert(totp_code(&s, i, code));
        cr_expect_str_eq(code, codes[i]);
    }
}

static int64_t found(const char *code, int64_t seconds)
{
    struct totp_secret s = rfc_secret();
    int64_t step = -1;
    cr_assert(totp_find(&s, code, at(seconds), 1, &step));
    return step;
}

Test(totp, a_code_holds_one_step_to_each_side_and_no_more)
{
    struct totp_secret s = rfc_secret();
    char code[TOTP_CODE];
    cr_assert(totp_code(&s, 41152263, code)); /* 1234567890 to 1234567919 */
    cr_expect_eq(found(code, 1234567890), 41152263);
    cr_expect_eq(found(code, 1234567919), 41152263);
    cr_expect_eq(found(code, 1234567860), 41152263, "a phone half a minute fast");
    cr_expect_eq(found(code, 1234567949), 41152263, "a phone half a minute slow");
    cr_expect_eq(found(code, 1234567859), 0);
    cr_expect_eq(found(code, 1234567950), 0);
}

Test(totp, what_is_no_code_is_none)
{
    static const char *const none[] = {"",        "28708",  "2870820",  "287083",
                                       " 287082", "28708x", "94287082", "２８７０８２"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        cr_expect_eq(found(none[i], 59), 0, "%s", none[i]);
    cr_expect_eq(found("287082", 59), 1);
}

Test(totp, base32_as_in_rfc_4648)
{
    static const char *const pairs[][2] = {{"f", "MY"},           {"fo", "MZXQ"},
                                           {"foo", "MZXW6"},      {"foob", "MZXW6YQ"},
                                           {"fooba", "MZXW6YTB"}, {"foobar", "MZXW6YTBOI"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char text[BASE32_TEXT(6)];
        uint8_t bytes[6];
        size_t n = 0, len = strlen(pairs[i][0]);
        base32_encode((const uint8_t *)pairs[i][0], len, text);
        cr_expect_str_eq(text, pairs[i][1]);
        cr_assert(base32_decode(text, bytes, sizeof bytes, &n));
        cr_expect(n == len && memcmp(bytes, pairs[i][0], n) == 0);
    }
}

Test(totp, base32_takes_what_people_copy)
{
    static const char *const good[] = {"MZXW6YTBOI", "mzxw 6ytb oi", "MZXW-6YTB-OI",
                                       "MZXW6YTBOI======"};
    static const char *const bad[] = {"",      "=",        "M",     "MZXW6YTBO",    "MZXW6YTBOJ",
                                      "MZXW1", "MZXW6YT0", "MY=MY", "MZXW6YTBOIMY", "责任"};
    uint8_t bytes[6];
    size_t n = 0;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        cr_expect(base32_decode(good[i], bytes, sizeof bytes, &n), "%s", good[i]);
        cr_expect(n == 6 && memcmp(bytes, "foobar", 6) == 0, "%s", good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_not(base32_decode(bad[i], bytes, sizeof bytes, &n), "%s", bad[i]);
}
