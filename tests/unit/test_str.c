/* tests/unit/test_str.c - text checks, whole-string integers, base64url. */
#include <criterion/criterion.h>
#include <string.h>

#include "core/str.h"

TestSuite(str, .timeout = 120);

Test(str, knows_valid_utf8)
{
    static const struct {
        const char *bytes;
        bool ok;
    } cases[] = {
        {"", true},
        {"plain", true},
        {"é村𠀀", true},
        {"\xED\x9F\xBF\xEE\x80\x80", true},
        {"\xF4\x8F\xBF\xBF", true},
        {"\xC0\xAF", false},
        {"\xC1\xBF", false},
        {"\xE0\x9F\xBF", false},
        {"\xF0\x8F\xBF\xBF", false},
        {"\xED\xA0\x80", false},
        {"\xED\xBF\xBF", false},
        {"\xF4\x90\x80\x80", false},
        {"\xF5\x80\x80\x80", false},
        {"\xFF", false},
        {"\x80", false},
        {"\xE6\x9D", false},
        {"\xE6\x9Dx", false},
        {"\xF0\xA0\x80", false},
        {"a\xE6", false},
        {"\xB4\xE5", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_eq(str_utf8(cases[i].bytes, strlen(cases[i].bytes)), cases[i].ok, "case %zu", i);
    cr_expect_not(str_utf8("a\0b", 3));
    cr_expect(str_utf8("a\0b", 1));
    cr_expect_not(str_utf8("村", 2), "cut short");
}

Test(str, counts_code_points)
{
    cr_expect_eq(str_length(""), 0);
    cr_expect_eq(str_length("é村𠀀a"), 4);
}

Test(str, knows_what_people_can_read)
{
    static const struct {
        const char *text;
        bool ok;
    } cases[] = {{"a\tb\r\n村", true},
                 {"\x01", false},
                 {"a\x1b[0m", false},
                 {"\x7f", false},
                 {"\xC2\x85", false},
                 {"\xC2\x9F", false},
                 {"\xC2\xA0", true},
                 {"\xE6\x9D\x91", true},
                 {"a\u202Eb", false},
                 {"a\u2066b", false},
                 {"\u200B", false},
                 {"\u200E", false},
                 {"\u2028", false},
                 {"\u2060", false},
                 {"\uFEFF", false},
                 {"\u00ADa", false},
                 {"\u061C", false},
                 {"\uFFF9", false},
                 {"\U000E0041", false},
                 {"\u200D", true},
                 {"\u200C", true},
                 {"葛\U000E0100", true},
                 {"\u2764\uFE0F", true},
                 {"\u180B", true},
                 {"\u2027", true},
                 {"\u2030", true},
                 {"\u205F", true},
                 {"\u2070", true},
                 {"，—“”", true},
                 {"\uFF01", true},
                 {"𠀀", true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_eq(str_printable(cases[i].text), cases[i].ok, "case %zu", i);
}

Test(str, compares)
{
    cr_expect(str_equal("a", "a"));
    cr_expect_not(str_equal("a", "A"));
    cr_expect(str_equal(NULL, NULL));
    cr_expect_not(str_equal(NULL, ""));
    cr_expect(str_equal_nocase("Content-TYPE", "content-type"));
    cr_expect_not(str_equal_nocase("a", "ab"));
    cr_expect_not(str_equal_nocase("ab", "a"));
    cr_expect_not(str_equal_nocase("[", "{"));
    cr_expect_not(str_equal_nocase(NULL, ""));
    cr_expect(str_starts("Bearer x", "Bearer "));
    cr_expect_not(str_starts("Bear", "Bearer "));
    cr_expect(str_starts("x", ""));
}

Test(str, reads_whole_integers_only)
{
    static const struct {
        const char *text;
        int64_t min, max;
        bool ok;
        int64_t value;
    } cases[] = {
        {"0", 0, 10, true, 0},
        {"10", 0, 10, true, 10},
        {"-5", -5, 5, true, -5},
        {"9223372036854775807", INT64_MIN, INT64_MAX, true, INT64_MAX},
        {"-9223372036854775808", INT64_MIN, INT64_MAX, true, INT64_MIN},
        {"9223372036854775808", INT64_MIN, INT64_MAX, false, 0},
        {"-9223372036854775809", INT64_MIN, INT64_MAX, false, 0},
        {"99999999999999999999999", INT64_MIN, INT64_MAX, false, 0},
        {"11", 0, 10, false, 0},
        {"-1", 0, 10, false, 0},
        {"", 0, 10, false, 0},
        {"-", -9, 10, false, 0},
        {"-0", -9, 10, false, 0},
        {"01", 0, 10, false, 0},
        {"+1", 0, 10, false, 0},
        {" 1", 0, 10, false, 0},
        {"1 ", 0, 10, false, 0},
        {"1.0", 0, 10, false, 0},
        {"0x1", 0, 10, false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t value = 0;
        cr_expect_eq(str_int(cases[i].text, cases[i].min, cases[i].max, &value), cases[i].ok, "%s",
                     cases[i].text);
        cr_expect_eq(value, cases[i].value, "%s", cases[i].text);
    }
}

Test(str, writes_and_reads_base64url)
{
    /* RFC 4648 section 10, without padding; the last two use the two special letters. */
    static const struct {
        const char *bytes, *text;
    } cases[] = {{"", ""},
                 {"f", "Zg"},
                 {"fo", "Zm8"},
                 {"foo", "Zm9v"},
                 {"foob", "Zm9vYg"},
                 {"fooba", "Zm9vYmE"},
                 {"foobar", "Zm9vYmFy"},
                 {"\xFB\xFF", "-_8"},
                 {"\xFF\xEF\xBE", "_---"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[32];
        unsigned char back[32];
        size_t n = strlen(cases[i].bytes), back_n = 99;
        const unsigned char *bytes = (const unsigned char *)cases[i].bytes;
        cr_expect_eq(str_base64url(bytes, n, out), strlen(cases[i].text));
        cr_expect_str_eq(out, cases[i].text);
        cr_expect(str_base64url_decode(out, strlen(out), back, n, &back_n), "%s", out);
        cr_expect_eq(back_n, n);
        cr_expect_eq(memcmp(back, bytes, n), 0);
        if (n > 0)
            cr_expect_not(str_base64url_decode(out, strlen(out), back, n - 1, &back_n));
    }
}

Test(str, refuses_other_base64)
{
    static const char *const cases[] = {"Zg==", "Z",  "Zm9vY", "Zm+v",  "Zm/v",
                                        "Zm 9", "Zh", "Zm9",   "Zm9v\n"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned char out[32];
        size_t n = 0;
        cr_expect_not(str_base64url_decode(cases[i], strlen(cases[i]), out, sizeof out, &n), "%s",
                      cases[i]);
    }
}
