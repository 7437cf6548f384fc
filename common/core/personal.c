/* common/core/personal.c - see personal.h. */
#include "core/personal.h"

#include <string.h>

#include "core/buf.h"
#include "core/citizen_id.h"
#include "core/phone.h"
#include "core/str.h"

#include "core/banned.h"

static const char *refuse(const char **ret_problem, const char **ret_detail, const char *code,
                          const char *detail)
{
    *ret_problem = code;
    *ret_detail = detail;
    return NULL;
}

/* The number that the first 18 characters are, with its X in capitals. */
static bool read_citizen_id(const char *text, struct date today,
                            char ret_number[static CITIZEN_ID_LENGTH + 1])
{
    struct citizen_id id;
    if (strnlen(text, CITIZEN_ID_LENGTH) < CITIZEN_ID_LENGTH)
        return false;
    memcpy(ret_number, text, CITIZEN_ID_LENGTH);
    ret_number[CITIZEN_ID_LENGTH] = '\0';
    if (ret_number[CITIZEN_ID_LENGTH - 1] == 'x')
        ret_number[CITIZEN_ID_LENGTH - 1] = 'X';
    return citizen_id_parse(ret_number, today, &id);
}

static const char *normal_citizen_id(struct arena *a, struct date today, const char *text,
                                     const char **ret_problem, const char **ret_detail)
{
    char number[CITIZEN_ID_LENGTH + 1];
    if (strnlen(text, CITIZEN_ID_LENGTH + 1) != CITIZEN_ID_LENGTH ||
        !read_citizen_id(text, today, number))
        return refuse(ret_problem, ret_detail, "not_a_citizen_id",
                      "Seventeen digits with a birth date that exists, and their check character.");
    return arena_strdup(a, number);
}

static const char *normal_phone(struct arena *a, const char *text, const char **ret_problem,
                                const char **ret_detail)
{
    char number[PHONE_TEXT];
    if (!phone_parse(text, number))
        return refuse(ret_problem, ret_detail, "not_a_phone_number",
                      "A mobile number of 11 digits, or area code and number.");
    return arena_strdup(a, number);
}

static const char *normal_card(struct arena *a, struct date today, const char *text,
                               const char **ret_problem, const char **ret_detail)
{
    char number[CITIZEN_ID_LENGTH + 1];
    bool whole = strnlen(text, DISABILITY_CARD_LENGTH + 1) == DISABILITY_CARD_LENGTH;
    const char *class = text + CITIZEN_ID_LENGTH, *level = class + 1;
    if (!whole || *class < '1' || *class > '7' || *level < '1' || *level > '4' ||
        !read_citizen_id(text, today, number))
        return refuse(ret_problem, ret_detail, "not_a_disability_card",
                      "An ID number, the class of the disability (1 to 7) and its level (1 to 4).");
    return arena_printf(a, "%s%s", number, class);
}

struct codes {
    const char *at[SEALED_CODES_MAX];
    size_t len[SEALED_CODES_MAX], n;
};

static int compare(const struct codes *c, size_t i, const char *text, size_t len)
{
    size_t least = c->len[i] < len ? c->len[i] : len;
    int order = memcmp(c->at[i], text, least);
    if (order != 0)
        return order;
    return c->len[i] < len ? -1 : c->len[i] > len;
}

/* Puts a code in its place; false when it is there already or there is no place. */
static bool put_code(struct codes *c, const char *text, size_t len)
{
    size_t i = c->n;
    if (c->n == SEALED_CODES_MAX)
        return false;
    for (; i > 0 && compare(c, i - 1, text, len) > 0; i--) {
        c->at[i] = c->at[i - 1];
        c->len[i] = c->len[i - 1];
    }
    c->at[i] = text;
    c->len[i] = len;
    c->n++;
    return i == 0 || compare(c, i - 1, text, len) != 0;
}

static bool read_codes(const char *text, struct codes *ret)
{
    bool more = true, good = true;
    *ret = (struct codes){.n = 0};
    while (good && more) {
        size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");
        good = len > 0 && len <= SEALED_CODE_LENGTH && put_code(ret, text, len);
        more = text[len] == ',';
        good = good && (more || text[len] == '\0');
        text += len + (more ? 1 : 0);
    }
    return good;
}

static const char *normal_codes(struct arena *a, const char *text, const char **ret_problem,
                                const char **ret_detail)
{
    struct codes c;
    struct buf b;
    if (strnlen(text, SEALED_CODES_LENGTH + 1) > SEALED_CODES_LENGTH || !read_codes(text, &c))
        return refuse(ret_problem, ret_detail, "not_codes",
                      "Codes of the dictionary, joined by commas, each once.");
    buf_init(&b, a, SEALED_CODES_LENGTH + 1);
    for (size_t i = 0; i < c.n; i++) {
        buf_str(&b, i == 0 ? "" : ",");
        buf_add(&b, c.at[i], c.len[i]);
    }
    return buf_text(&b);
}

static const char *normal_text(struct arena *a, const char *text, const char **ret_problem,
                               const char **ret_detail)
{
    size_t length = str_length(text);
    if (length == 0 || length > SEALED_TEXT_LENGTH || !str_printable(text) ||
        strspn(text, " \t\n") == strlen(text))
        return refuse(ret_problem, ret_detail, "not_a_text",
                      "Something written, of at most 300 characters.");
    return arena_strdup(a, text);
}

const char *personal_normal(struct arena *a, enum sealed_kind kind, struct date today,
                            const char *text, const char **ret_problem, const char **ret_detail)
{
    *ret_problem = *ret_detail = NULL;
    switch (kind) {
    case SEALED_CITIZEN_ID:
        return normal_citizen_id(a, today, text, ret_problem, ret_detail);
    case SEALED_PHONE:
        return normal_phone(a, text, ret_problem, ret_detail);
    case SEALED_DISABILITY_CARD:
        return normal_card(a, today, text, ret_problem, ret_detail);
    case SEALED_CODES:
        return normal_codes(a, text, ret_problem, ret_detail);
    case SEALED_TEXT:
        return normal_text(a, text, ret_problem, ret_detail);
    case SEALED_KINDS:
        break;
    }
    return refuse(ret_problem, ret_detail, "not_allowed", "This can be no value of that kind.");
}

bool personal_hides_whole(enum sealed_kind kind)
{
    return kind == SEALED_CODES || kind == SEALED_TEXT || kind >= SEALED_KINDS;
}

const char *personal_right(enum personal_level level)
{
    static const char *const rights[] = {
        [PERSONAL_STRICT] = "mask.strict", [PERSONAL_USUAL] = "mask.usual"};
    return rights[level];
}

void personal_mask_of(enum sealed_kind kind, enum personal_level level, const char *plain,
                      char out[static MASK_TEXT])
{
    static const struct mask_ends ends[SEALED_KINDS][PERSONAL_USUAL + 1] = {
        [SEALED_CITIZEN_ID] = {[PERSONAL_STRICT] = {3, 4}, [PERSONAL_USUAL] = {6, 4}},
        [SEALED_PHONE] = {[PERSONAL_STRICT] = {3, 2}, [PERSONAL_USUAL] = {3, 4}},
        [SEALED_DISABILITY_CARD] = {[PERSONAL_STRICT] = {3, 0}, [PERSONAL_USUAL] = {6, 0}},
    };
    bool shows = level > PERSONAL_HIDDEN && level <= PERSONAL_USUAL && !personal_hides_whole(kind);
    if (shows)
        mask_middle(plain, ends[kind][level], out);
    else
        memcpy(out, MASK_HIDES_ALL, sizeof MASK_HIDES_ALL);
}
