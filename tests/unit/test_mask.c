/* tests/unit/test_mask.c - masks, and the one form of telephone numbers. */
#include <criterion/criterion.h>
#include <string.h>

#include "core/mask.h"
#include "core/phone.h"

TestSuite(mask, .timeout = 120);

static const char *masked(const char *plain, size_t head, size_t tail)
{
    static char out[MASK_TEXT];
    mask_middle(plain, (struct mask_ends){head, tail}, out);
    return out;
}

Test(mask, shows_the_ends_and_as_many_stars)
{
    cr_expect_str_eq(masked("11010519491231002X", 6, 4), "110105********002X");
    cr_expect_str_eq(masked("11010519491231002X", 3, 4), "110***********002X");
    cr_expect_str_eq(masked("13812345678", 3, 4), "138****5678");
    cr_expect_str_eq(masked("13812345678", 3, 2), "138******78");
}

Test(mask, hides_what_is_too_short_to_be_masked)
{
    cr_expect_str_eq(masked("", 6, 4), MASK_HIDES_ALL);
    cr_expect_str_eq(masked("1234567890123", 6, 4), MASK_HIDES_ALL);
    cr_expect_str_eq(masked("12345678901234", 6, 4), "123456****1234");
    cr_expect_str_eq(
        masked("12345678901234567890123456789012345678901234567890123456789012345", 3, 4),
        MASK_HIDES_ALL, "longer than a mask may be");
}

struct number {
    const char *text, *normal; /* NULL: none */
};

Test(mask, telephone_numbers_have_one_form)
{
    static const struct number numbers[] = {
        {"13812345678", "13812345678"},
        {"+86 138-1234-5678", "13812345678"},
        {"0086 13812345678", "13812345678"},
        {"8613812345678", "13812345678"},
        {"0738-8321234", "07388321234"},
        {"(0738) 8321234", "07388321234"},
        {"+86 738 8321234", "07388321234"},
        {"+86-10-62345678", "01062345678"},
        {"010 62345678", "01062345678"},
        {"02162345678", "02162345678"},
        {"12812345678", NULL},
        {"1381234567", NULL},
        {"138123456789", NULL},
        {"8321234", NULL},
        {"+1 202 555 0100", NULL},
        {"0044 20 7946 0000", NULL},
        {"0738-1321234", NULL},
        {"011-62345678", NULL},
        {"138 1234 567a", NULL},
        {"", NULL},
        {"+", NULL},
        {"00", NULL},
        {"0", NULL},
        {"+86", NULL},
        {"13812345678901234567890123", NULL},
        {"１３８１２３４５６７８", NULL},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char normal[PHONE_TEXT] = "";
        bool ok = phone_parse(numbers[i].text, normal);
        cr_expect_eq(ok, numbers[i].normal != NULL, "%s", numbers[i].text);
        if (ok && numbers[i].normal != NULL)
            cr_expect_str_eq(normal, numbers[i].normal, "%s", numbers[i].text);
    }
}
