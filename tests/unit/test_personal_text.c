/* tests/unit/test_personal_text.c - numbers of people found in words, and numbers that are none. */
#include <criterion/criterion.h>
#include <string.h>

#include "core/personal_text.h"

TestSuite(personal_text, .timeout = 120);

static void is_starred(const char *text, const char *wanted)
{
    struct arena *a = arena_create(1024 * 1024);
    const char *starred = personal_starred(a, text);
    cr_expect_str_eq(starred, wanted, "%s: %s", text, starred);
    arena_destroy(&a);
}

Test(personal_text, numbers_of_people_are_stars)
{
    static const char *const cases[][2] = {
        {"11010519491231002X", "******"},
        {"三组 11010519491231002x 号", "三组 ****** 号"},
        {"110105194912310021", "******"}, /* with a mistake in it */
        {"11010519491231002", "******"},  /* a digit short */
        {"110105 19491231-002X", "******"},
        {"１１０１０５１９４９１２３１００２Ｘ", "******"},
        {"11010519491231002X43", "******"}, /* a disability card */
        {"电话13812345678", "电话******"},
        {"138 1234 5678", "******"},
        {"+86 138-1234-5678", "+******"},
        {"0738-8321234", "******"},
        {"13812345678 13912345678", "****** ******"},
        {"tel13812345678；11010519491231002X。", "tel******；******。"},
        {"11010519491231002 xiaoming", "****** xiaoming"},
        {"11010519491231002X431", "******"}, /* and one too many */
        {"86-138 1234 5678，86138-1234-5678", "******，******"},
        {"0738-8321234-801", "******-801"},
        {"13812345678-13912345678", "******-******"},
        {"019a2b3c-1534-7890-812a-13812345678b 13812345678",
         "019a2b3c-1534-7890-812a-13812345678b ******"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        is_starred(cases[i][0], cases[i][1]);
}

Test(personal_text, other_numbers_stay)
{
    static const char *const texts[] = {"",
                                        "三组12号",
                                        "431302006003",
                                        "4313000000000000200091234",
                                        "2026-03-15 13:00",
                                        "12812345678",
                                        "4313020060030001",
                                        "1 2 3 4 5 6 7",
                                        "金额 13800.00",
                                        "第 0738 号",
                                        "019a2b3c-1534-7890-812a-0c1d2e3f4a5b",
                                        "019a2b3c-1534-7890-8122-138123456780",
                                        "43130219-1534-7890-8122-194912310021",
                                        "11010519-4912-3100-2112-138123456780",
                                        "019a2b3c-1534-7890-812a",
                                        "019a2b3c-a13812345678",
                                        "0c-ab13812345678",
                                        "a13812345678",
                                        "13812345678a",
                                        "13812345678901234f",
                                        "11010519491231002100a",
                                        "A0738-8321234",
                                        "0738-8321234a",
                                        "1500 1600 200",
                                        "1985-2019-001",
                                        "1381 234 5678",
                                        "20260319850314009"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        is_starred(texts[i], texts[i]);
}

Test(personal_text, a_long_text_is_starred_whole)
{
    enum { LONG = 200 * 1024 };
    static char text[LONG + 16];
    struct arena *a = arena_create(4 * 1024 * 1024);
    memset(text, 'a', LONG);
    memcpy(text + LONG, " 13812345678", sizeof " 13812345678");
    const char *starred = personal_starred(a, text);
    cr_assert_not_null(starred);
    cr_expect_str_eq(starred + LONG, " ******");
    arena_destroy(&a);
}

Test(personal_text, a_right_id_number_is_told_from_other_digits)
{
    cr_expect(personal_is_citizen_id("11010519491231002X"));
    cr_expect(personal_is_citizen_id("11010519491231002x"));
    cr_expect_not(personal_is_citizen_id("110105194912310021"));
    cr_expect_not(personal_is_citizen_id("11010519491231002X1"));
    cr_expect(personal_is_citizen_id(" 110105 19491231-002 X "));
    cr_expect(personal_is_citizen_id("１１０１０５１９４９１２３１００２Ｘ"));
    cr_expect_not(personal_is_citizen_id("第11010519491231002X"));
    cr_expect_not(personal_is_citizen_id("1101051949123100X2"));
    cr_expect_not(personal_is_citizen_id("11010519491231002"));
    cr_expect_not(personal_is_citizen_id(""));
}

Test(personal_text, an_id_number_is_found_among_words)
{
    static const struct {
        const char *text;
        bool holds;
    } cases[] = {
        {"11010519491231002X", true},
        {"照片11010519491231002X.jpg", true},
        {"{\"证件\":\"１１０１０５ 19491231 002x\",\"n\":1}", true},
        {"13812345678，其子110105194912310059", false},
        {"13812345678，其子11010519491231002X", true},
        {"11010519491231002X1", false},
        {"0b11010519491231002X", false},
        {"110105194912310021", false},
        {"4313020060030001", false},
        {"01950000-0000-7000-8000-110105194912", false},
        {"", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_eq(personal_holds_citizen_id(cases[i].text), cases[i].holds, "%s", cases[i].text);
}
