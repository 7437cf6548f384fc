/* services/identity/password_rules.c - one function a rule over the password's code points. Does
 * not measure entropy: each refusal can be explained to the person in one sentence. */
#include "password_rules.h"

#include <string.h>

#include "core/str.h"

#include "core/banned.h"

enum {
    RUN_MIN = 3,       /* neighbours in a row that make a run: "abc" */
    DIFFERENT_MIN = 5, /* characters of a password that is not one repeated */
    LOGIN_MIN = 3,     /* shorter names are found in anything */
    NAME_MIN = 2,      /* 赵甲 */
    WORD_MAX = 64,
};

/* A password as code points, and with capitals made small. */
struct points {
    uint32_t *at, *folded;
    size_t n;
};

static uint32_t fold(uint32_t c)
{
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

/* The code point at `*s` of valid UTF-8; moves on. */
static uint32_t next_point(const char **s)
{
    unsigned char first = (unsigned char)*(*s)++;
    if (first < 0x80)
        return first;
    uint32_t point = first & (first >= 0xF0 ? 0x07U : first >= 0xE0 ? 0x0FU : 0x1FU);
    while (((unsigned char)**s & 0xC0) == 0x80)
        point = point << 6 | ((unsigned char)*(*s)++ & 0x3FU);
    return point;
}

static bool points_of(struct arena *a, const char *text, struct points *ret)
{
    size_t room = strlen(text) + 1;
    *ret = (struct points){arena_array(a, uint32_t, room), arena_array(a, uint32_t, room), 0};
    if (ret->at == NULL || ret->folded == NULL)
        return false;
    while (*text != '\0') {
        ret->at[ret->n] = next_point(&text);
        ret->folded[ret->n] = fold(ret->at[ret->n]);
        ret->n++;
    }
    return true;
}

/* I-202: lower case, upper case, digits, and whatever else. */
static int64_t classes_of(const struct points *p)
{
    bool lower = false, upper = false, digit = false, other = false;
    for (size_t i = 0; i < p->n; i++) {
        uint32_t c = p->at[i];
        bool is_lower = c >= 'a' && c <= 'z', is_upper = c >= 'A' && c <= 'Z',
             is_digit = c >= '0' && c <= '9';
        lower |= is_lower;
        upper |= is_upper;
        digit |= is_digit;
        other |= !is_lower && !is_upper && !is_digit;
    }
    return lower + upper + digit + other;
}

static bool stands_at(const struct points *in, size_t at, const struct points *word, bool backwards)
{
    for (size_t i = 0; i < word->n; i++) {
        size_t from = backwards ? word->n - 1 - i : i;
        if (in->folded[at + i] != word->folded[from])
            return false;
    }
    return true;
}

/* I-203: is the word in there, forwards or backwards, in whatever case? */
static bool holds(struct arena *a, const struct points *p, const char *word, size_t min)
{
    struct points w;
    if (word == NULL)
        return false;
    if (!points_of(a, word, &w)) /* unchecked is not good */
        return true;
    if (w.n < min)
        return false;
    for (size_t i = 0; i + w.n <= p->n; i++) {
        if (stands_at(p, i, &w, false) || stands_at(p, i, &w, true))
            return true;
    }
    return false;
}

/* I-204 */
static size_t different(const struct points *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++) {
        size_t before = 0;
        while (before < i && p->folded[before] != p->folded[i])
            before++;
        n += before == i;
    }
    return n;
}

/* The keyboard's rows and its slanting columns, and the alphabet; what is typed with Shift counts
 * as its key. */
static const char *const walks[] = {
    "`1234567890-=", "qwertyuiop[]\\", "asdfghjkl;'", "zxcvbnm,./", "abcdefghijklmnopqrstuvwxyz",
    "1qaz",          "2wsx",           "3edc",        "4rfv",       "5tgb",
    "6yhn",          "7ujm",           "8ik,",        "9ol.",       "0p;/",
};

static uint32_t key_of(uint32_t folded)
{
    static const char shifted[] = "~!@#$%^&*()_+{}|:\"<>?", plain[] = "`1234567890-=[]\\;',./";
    const char *found = folded > 0 && folded < 0x80 ? strchr(shifted, (int)folded) : NULL;
    return found == NULL ? folded : (uint32_t)(unsigned char)plain[found - shifted];
}

static bool neighbours_on(const char *walk, uint32_t a, uint32_t b)
{
    for (; walk[0] != '\0' && walk[1] != '\0'; walk++) {
        uint32_t left = (unsigned char)walk[0], right = (unsigned char)walk[1];
        if ((a == left && b == right) || (a == right && b == left))
            return true;
    }
    return false;
}

static bool neighbours(uint32_t a, uint32_t b)
{
    if (a == b)
        return true;
    for (size_t i = 0; i < sizeof walks / sizeof *walks; i++) {
        if (neighbours_on(walks[i], a, b))
            return true;
    }
    return false;
}

/* I-205: how many characters lie in runs of neighbours: "qwer", "4321", "aaa". */
static size_t in_runs(const struct points *p)
{
    size_t total = 0, run = 1;
    for (size_t i = 1; i <= p->n; i++) {
        if (i < p->n && neighbours(key_of(p->folded[i - 1]), key_of(p->folded[i]))) {
            run++;
            continue;
        }
        total += run >= RUN_MIN ? run : 0;
        run = 1;
    }
    return total;
}

static bool is_letter(uint32_t folded)
{
    return (folded >= 'a' && folded <= 'z') || folded >= 0x80;
}

/* The letter a digit or sign is written for: p@ssw0rd. */
static uint32_t letter_for(uint32_t folded)
{
    static const char signs[] = "@4031!5$7", letters[] = "aaoeiisst";
    const char *found = folded > 0 && folded < 0x80 ? strchr(signs, (int)folded) : NULL;
    return found == NULL ? folded : (uint32_t)(unsigned char)letters[found - signs];
}

static bool is_word(const struct points *p, size_t from, size_t to, const struct points *word,
                    bool unmasked)
{
    if (to - from != word->n)
        return false;
    for (size_t i = 0; i < word->n; i++) {
        uint32_t c = p->folded[from + i];
        if ((unmasked ? letter_for(c) : c) != word->folded[i])
            return false;
    }
    return true;
}

/* The whole, or what is left of it without the digits and signs at its ends? */
static bool is_known_as(const struct points *p, const struct points *word)
{
    size_t from = 0, to = p->n;
    while (from < to && !is_letter(p->folded[from]))
        from++;
    while (to > from && !is_letter(p->folded[to - 1]))
        to--;
    return is_word(p, 0, p->n, word, false) || is_word(p, from, to, word, false) ||
           is_word(p, from, to, word, true);
}

/* I-206: one of the words everybody tries first, dressed up or not? */
static bool is_known(struct arena *a, const struct points *p, const char *refused)
{
    while (refused != NULL && *refused != '\0') {
        char text[WORD_MAX + 1];
        struct points word;
        size_t n = strcspn(refused, " ");
        size_t kept = n < WORD_MAX ? n : WORD_MAX;
        memcpy(text, refused, kept);
        text[kept] = '\0';
        if (n > 0 && (!points_of(a, text, &word) || is_known_as(p, &word)))
            return true;
        refused += n + (refused[n] == ' ');
    }
    return false;
}

size_t password_faults(struct arena *a, const char *password, const struct password_limits *limits,
                       struct password_fault ret[static PASSWORD_FAULTS])
{
    struct points p;
    if (!points_of(a, password, &p)) {
        ret[0] = (struct password_fault){"unchecked", "The password could not be checked."};
        return 1;
    }
    const struct {
        bool broken;
        struct password_fault fault;
    } rules[PASSWORD_FAULTS] = {
        {(int64_t)p.n < limits->min_length, {"too_short", "The password is too short."}},
        {classes_of(&p) < limits->classes,
         {"too_few_classes",
          "Mix more kinds of characters: lower case, upper case, digits, others."}},
        {holds(a, &p, limits->login, LOGIN_MIN) || holds(a, &p, limits->name, NAME_MIN),
         {"holds_name", "The password holds the log-in name or the person's name."}},
        {different(&p) < DIFFERENT_MIN,
         {"repeated", "The password is made of a few characters over and over."}},
        {in_runs(&p) * 2 > p.n,
         {"keyboard_run", "More than half of the password lies side by side on the keyboard."}},
        {is_known(a, &p, limits->refused),
         {"well_known", "The password is one of those that are tried first."}},
    };
    size_t n = 0;
    for (size_t i = 0; i < PASSWORD_FAULTS; i++) {
        if (rules[i].broken)
            ret[n++] = rules[i].fault;
    }
    return n;
}
