/* tests/unit/test_password_rules.c - I-201 to I-206 (proto/identity.md): a table of passwords, and
 * what is wrong with each. */
#include <criterion/criterion.h>
#include <string.h>

#include "password_rules.h"

TestSuite(password_rules, .timeout = 120);

static const struct password_limits usual = {
    .min_length = 10,
    .classes = 3,
    .refused = "password admin 1qaz2wsx huawei abc zeren 乡村振兴",
    .login = "louxing.office",
    .name = "赵小甲",
};

/* The codes of all faults, separated by blanks. */
static const char *faults_of(struct arena *a, const char *password,
                             const struct password_limits *limits)
{
    struct password_fault faults[PASSWORD_FAULTS];
    const char *text = "";
    size_t n = password_faults(a, password, limits, faults);
    for (size_t i = 0; i < n; i++)
        text = arena_printf(a, "%s%s%s", text, i == 0 ? "" : " ", faults[i].code);
    return text;
}

/* clang-format off */
static const struct {
    const char *password, *faults;
} cases[] = {
    /* good ones */
    {"Kite-over-7-hills", ""}, {"wR8#mPz2!kQv", ""}, {"春风Maple9又绿", ""}, {"tall GRASS 31 sheep", ""}, {"a1B2c3D4e5", ""},
    /* I-201 length in code points, not bytes */
    {"kQ7#mzP2w", "too_short"}, {"春风又绿7aB", "too_short"}, {"kQ7#mzP2wv", ""}, {"", "too_short too_few_classes repeated"},
    /* I-202 classes */
    {"treehousemango", "too_few_classes"}, {"treehouse7mango", "too_few_classes"}, {"TreeHouse7Mango", ""}, {"tree house 7 mango", ""}, {"春风又绿江南岸明月何", "too_few_classes"},
    /* I-203 names, either way round, in any case */
    {"Louxing.Office#9", "holds_name"}, {"x9#eciffo.gnixuoL", "holds_name"}, {"Tk9#赵小甲mango", "holds_name"}, {"Tk9#甲小赵mango", "holds_name"}, {"Tk9#赵小乙mango", ""},
    /* I-204 few characters over and over */
    {"aA1aA1aA1aA1", "repeated"}, {"Aa!1Aa!1Aa!1", "repeated"}, {"Aa!1Bb!1Aa!1", "repeated"}, {"Aa!1Bb2!Aa", ""},
    /* I-205 keyboard walks, rows, columns, alphabet, repetition; Shift is the same key */
    {"Qwertyuiop1!", "keyboard_run"}, {"!QAZ2wsx#EDC", "keyboard_run"}, {"Mk123456789", "keyboard_run"}, {"9876543210Km", "keyboard_run"},
    {"Abcdefgh#9kt", "keyboard_run"}, {"1111111111aB", "repeated keyboard_run"}, {"Kt7#1234mPzw", ""}, {"ASDF;lkj#9x", "keyboard_run"},
    /* I-206 dressed-up words */
    {"Password#2026", "well_known"}, {"P@ssw0rd!!2026", "well_known"}, {"Admin@2026!7", "well_known"}, {"2026#Huawei#26", "well_known"}, {"Zeren!2026#8", "well_known"},
    {"1qaz2wsx", "too_short too_few_classes keyboard_run well_known"}, {"乡村振兴#2026Z", ""}, {"乡村振兴#20267", "too_few_classes well_known"}, {"Administration#7", ""},
};
/* clang-format on */

Test(password_rules, each_case_has_its_faults_and_no_other)
{
    struct arena *a = arena_create(1 << 20);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_str_eq(faults_of(a, cases[i].password, &usual), cases[i].faults, "%s: %s",
                         cases[i].password, faults_of(a, cases[i].password, &usual));
    arena_destroy(&a);
}

Test(password_rules, the_limits_are_the_settings)
{
    struct arena *a = arena_create(1 << 20);
    struct password_limits strict = usual, none = {.min_length = 0};
    strict.min_length = 14;
    strict.classes = 4;
    cr_expect_str_eq(faults_of(a, "wR8#mPz2!kQv", &strict), "too_short");
    cr_expect_str_eq(faults_of(a, "wR8mPz2kQvLd5x", &strict), "too_few_classes");
    cr_expect_str_eq(faults_of(a, "Password#2026", &none), "");
    cr_expect_str_eq(faults_of(a, "mango", &none), "");
    arena_destroy(&a);
}

Test(password_rules, a_short_log_in_name_is_found_in_anything)
{
    struct arena *a = arena_create(1 << 20);
    struct password_limits limits = usual;
    limits.login = "wr";
    limits.name = NULL;
    cr_expect_str_eq(faults_of(a, "wR8#mPz2!kQv", &limits), "");
    limits.login = "wr8";
    cr_expect_str_eq(faults_of(a, "wR8#mPz2!kQv", &limits), "holds_name");
    arena_destroy(&a);
}

Test(password_rules, without_memory_nothing_passes)
{
    struct arena *a = arena_create(64);
    struct password_fault faults[PASSWORD_FAULTS];
    cr_expect_eq(password_faults(a, "wR8#mPz2!kQvwR8#mPz2!kQvwR8#mPz2!kQv", &usual, faults), 1);
    cr_expect_str_eq(faults[0].code, "unchecked");
    arena_destroy(&a);
}
