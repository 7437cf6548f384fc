/* common/core/personal_text.c - see personal_text.h. A number is a run of groups of digits with one
 * blank or hyphen between; of several that stand so beside each other each is found. It is no part
 * of a word: of a UUID, of hexadecimal digits, of a code that has letters, too. */
#include "core/personal_text.h"

#include <string.h>

#include "core/buf.h"
#include "core/citizen_id.h"
#include "core/mask.h"
#include "core/personal.h"
#include "core/uuid.h"

#include "core/banned.h"

enum { RUN_MAX = 20, WIDE = 3, GROUPS = 5 };

/* Digits so far, and how many are in each of the first groups. */
struct run {
    char digits[RUN_MAX + 1];
    size_t n, n_groups;
    unsigned char groups[GROUPS];
};

/* The bytes of the digit at `p`, or 0; full-width ones are U+FF10 to U+FF19. */
static size_t digit_at(const char *p, char *ret)
{
    bool wide = (unsigned char)p[0] == 0xEF && (unsigned char)p[1] == 0xBC &&
                (unsigned char)p[2] >= 0x90 && (unsigned char)p[2] <= 0x99;
    if (wide) {
        *ret = (char)('0' + (unsigned char)p[2] - 0x90);
        return WIDE;
    }
    *ret = *p;
    return *p >= '0' && *p <= '9';
}

static size_t one_of(const char *p, const char *const *words)
{
    for (; *words != NULL; words++) {
        size_t n = strlen(*words);
        if (strncmp(p, *words, n) == 0)
            return n;
    }
    return 0;
}

static size_t gap_at(const char *p)
{
    static const char *const gaps[] = {" ", "-", "\u3000", "－", "—", NULL};
    return one_of(p, gaps);
}

static size_t check_at(const char *p)
{
    static const char *const checks[] = {"X", "x", "Ｘ", "ｘ", NULL};
    return one_of(p, checks);
}

static int number_of(const char *digits, size_t n)
{
    int value = 0;
    for (size_t i = 0; i < n; i++)
        value = value * 10 + (digits[i] - '0');
    return value;
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* A letter or digit of ASCII, or a full-width digit. */
static bool is_of_word(const char *p)
{
    char ignored = '\0';
    return is_letter(*p) || digit_at(p, &ignored) > 0;
}

/* A birth date where an ID number has it; the digits may be wrong elsewhere. */
static bool has_birth_date(const struct run *r)
{
    int year = number_of(r->digits + 6, 4), month = number_of(r->digits + 10, 2);
    int day = number_of(r->digits + 12, 2);
    return year >= 1900 && year < 2100 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

/* The first two digits of a division (GB/T 2260). */
static bool has_province(const struct run *r)
{
    static const char provinces[] =
        "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 "
        "50 51 52 53 54 61 62 63 64 65 71 81 82 91";
    const char two[] = {r->digits[0], r->digits[1], '\0'};
    return strstr(provinces, two) != NULL;
}

/* Together, or as people part it. */
static bool is_mobile(const struct run *r)
{
    static const unsigned char parted[][GROUPS] = {{11},    {3, 4, 4},    {13},
                                                   {2, 11}, {2, 3, 4, 4}, {5, 4, 4}};
    const char *d = r->digits;
    bool is = (r->n == 11 && d[0] == '1' && d[1] >= '3') ||
              (r->n == 13 && strncmp(d, "861", 3) == 0 && d[3] >= '3');
    for (size_t i = 0; is && i < sizeof parted / sizeof *parted; i++) {
        if (memcmp(r->groups, parted[i], sizeof r->groups) == 0)
            return true;
    }
    return false;
}

static bool is_fixed_line(const struct run *r)
{
    return r->n >= 10 && r->n <= 12 && r->digits[0] == '0' && r->digits[1] != '0' &&
           (r->groups[0] == 3 || r->groups[0] == 4);
}

/* One that lacks its last character is one only where all else is right. */
static bool is_certificate(const struct run *r, bool checked)
{
    return r->n >= CITIZEN_ID_LENGTH - 1 && r->n <= DISABILITY_CARD_LENGTH && has_birth_date(r) &&
           (r->n >= CITIZEN_ID_LENGTH || checked || has_province(r));
}

/* Behind the check character at `p` and the digits that a disability card has there; `p` itself
 * where a word begins. */
static const char *behind_check(const char *p)
{
    size_t gap = gap_at(p), check = check_at(p + gap);
    const char *end = p + gap + check;
    size_t digits = strspn(end, "0123456789");
    bool is = check > 0 && digits <= 3 && !is_letter(end[digits]);
    return is ? end + digits : p;
}

/* Takes the group at `p` into the run; where it ends. NULL: it is too long for any number. */
static const char *take_group(struct run *r, const char *p)
{
    char digit = '\0';
    size_t before = r->n;
    for (size_t n; (n = digit_at(p, &digit)) > 0; p += n) {
        if (r->n == RUN_MAX)
            return NULL;
        r->digits[r->n++] = digit;
    }
    if (r->n_groups < GROUPS)
        r->groups[r->n_groups++] = (unsigned char)(r->n - before);
    return p;
}

/* Where the number that the run is ends, its last group before `p`; NULL: it is none. */
static const char *end_of(const struct run *r, const char *p)
{
    const char *end = r->n == CITIZEN_ID_LENGTH - 1 ? behind_check(p) : p;
    bool is = is_mobile(r) || is_fixed_line(r) || is_certificate(r, end != p);
    return is && !is_of_word(end) ? end : NULL;
}

/* Where the number that begins at `p` ends; NULL: there is none. */
static const char *number_at(const char *p)
{
    struct run r = {.n = 0};
    char ignored = '\0';
    while ((p = take_group(&r, p)) != NULL) {
        const char *end = end_of(&r, p);
        if (end != NULL)
            return end;
        size_t gap = gap_at(p);
        if (gap == 0 || digit_at(p + gap, &ignored) == 0)
            return NULL;
        p += gap;
    }
    return NULL;
}

/* May a number begin at `p`? Letters before it are a word of their own, as of "tel138…", or it is
 * part of theirs. */
static bool begins_at(const char *text, const char *p)
{
    const char *word = p;
    while (word > text && is_letter(word[-1]))
        word--;
    if (word == p)
        return true;
    const char *before = word > text && word[-1] == '-' ? word - 1 : word;
    char last = before > text ? before[-1] : '\0';
    return p - word >= 2 && !is_letter(last) && (last < '0' || last > '9');
}

/* Behind the UUID at `p`; `p` itself: there is none. */
static const char *behind_uuid(const char *text, const char *p)
{
    char id[UUID_TEXT] = "";
    if ((p > text && is_of_word(p - 1)) || strnlen(p, UUID_TEXT) < UUID_TEXT - 1)
        return p;
    memcpy(id, p, UUID_TEXT - 1);
    const char *end = p + UUID_TEXT - 1;
    return uuid_valid(id) && !is_of_word(end) ? end : p;
}

/* Behind the digits at `p`. */
static const char *behind_group(const char *p)
{
    char ignored = '\0';
    for (size_t n; (n = digit_at(p, &ignored)) > 0;)
        p += n;
    return p;
}

/* The next number of the text from `p` on, and in `ret_end` where it ends; NULL: there is none. */
static const char *next_number(const char *text, const char *p, const char **ret_end)
{
    char ignored = '\0';
    while (*p != '\0') {
        const char *behind = behind_uuid(text, p);
        if (behind != p || digit_at(p, &ignored) == 0) {
            p = behind != p ? behind : p + 1;
            continue;
        }
        *ret_end = begins_at(text, p) ? number_at(p) : NULL;
        if (*ret_end != NULL)
            return p;
        p = behind_group(p);
    }
    return NULL;
}

const char *personal_starred(struct arena *a, const char *text)
{
    struct buf b;
    const char *from = text, *end = NULL;
    buf_init(&b, a, 3 * strlen(text) + 8); /* stars are fewer than what they stand for */
    for (const char *p = text; (p = next_number(text, p, &end)) != NULL; p = end) {
        buf_add(&b, from, (size_t)(p - from));
        buf_str(&b, MASK_HIDES_ALL);
        from = end;
    }
    if (from == text)
        return text;
    buf_str(&b, from);
    return buf_text(&b);
}

/* The digits of a text that is nothing else, gaps aside; 'X' is the last of eighteen. False: it is
 * longer, or something else. */
static bool only_number(const char *text, char number[CITIZEN_ID_LENGTH + 1])
{
    size_t n = 0;
    while (*text != '\0') {
        size_t gap = gap_at(text);
        text += gap;
        if (gap > 0)
            continue;
        char c = 'X';
        size_t len = n == CITIZEN_ID_LENGTH - 1 ? check_at(text) : 0;
        len = len > 0 ? len : digit_at(text, &c);
        if (len == 0 || n == CITIZEN_ID_LENGTH)
            return false;
        number[n++] = c;
        text += len;
    }
    number[n] = '\0';
    return true;
}

bool personal_is_citizen_id(const char *text)
{
    static const struct date no_day = {2199, 12, 31};
    struct citizen_id ignored;
    char number[CITIZEN_ID_LENGTH + 1];
    return only_number(text, number) && citizen_id_parse(number, no_day, &ignored);
}

bool personal_holds_citizen_id(const char *text)
{
    enum { LONGEST = 2 * WIDE * (RUN_MAX + 1) }; /* each digit wide and with a gap before it */
    char number[LONGEST + 1];
    const char *end = NULL;
    for (const char *p = text; (p = next_number(text, p, &end)) != NULL; p = end) {
        size_t n = (size_t)(end - p);
        if (n > LONGEST)
            continue;
        memcpy(number, p, n);
        number[n] = '\0';
        if (personal_is_citizen_id(number))
            return true;
    }
    return false;
}
