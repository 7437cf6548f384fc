/* services/monitoring/rules_identity.c - ID numbers, disability cards, telephone numbers. Pure. */
#include "core/citizen_id.h"
#include "rule_case.h"

#include "core/banned.h"

enum { ID_LEN = 18, CARD_LEN = 20 };

/* M-109, 1_12_001: in this household an error; in another one of the village both are seen by who
 * keeps either, and one of them must go. */
enum verdict rule_id_number_twice(const struct rule_case *c)
{
    const struct member_facts *own = c->member;
    if (own->id_number.text == NULL)
        return HOLDS;
    for (EACH_MEMBER(m, c->household)) {
        if (m != own && str_equal(m->id_number.text, own->id_number.text))
            return VIOLATED;
    }
    return own->id_number_others.there && own->id_number_others.n > 0 ? DOUBTFUL : HOLDS;
}

enum verdict rule_id_number_invalid(const struct rule_case *c)
{
    struct citizen_id id;
    const char *text = c->member->id_number.text;
    return violated_if(text != NULL && str_equal(c->member->certificate_kind, "id_card") &&
                       !citizen_id_parse(text, c->today, &id));
}

/* A digit from 1 to the param's number. */
static bool is_digit_up_to(const struct rule_case *c, char digit, const char *param)
{
    return digit >= '1' && digit <= '9' && digit - '0' <= param_int(c, param, 9);
}

enum verdict rule_disability_card_invalid(const struct rule_case *c)
{
    struct citizen_id id;
    char begins[ID_LEN + 1];
    const char *card = c->member->disability_card.text, *own = c->member->id_number.text;
    if (card == NULL)
        return HOLDS;
    if (strlen(card) != CARD_LEN)
        return VIOLATED;
    memcpy(begins, card, ID_LEN);
    begins[ID_LEN] = '\0';
    bool fits =
        citizen_id_parse(begins, c->today, &id) && is_digit_up_to(c, card[ID_LEN], "classes") &&
        is_digit_up_to(c, card[ID_LEN + 1], "levels") && (own == NULL || str_equal(own, begins));
    return violated_if(!fits);
}

enum verdict rule_id_number_placeholder(const struct rule_case *c)
{
    const char *text = c->member->id_number.text, *prefix = param_text(c, "prefix");
    return violated_if(text != NULL && prefix != NULL && str_starts(text, prefix));
}

/* ---- numbers where words belong (M-114) ---- */

static const char *text_of(const struct rule_case *c)
{
    const struct household_facts *h = c->household;
    const char *field = param_text(c, "field");
    if (c->member != NULL)
        return str_equal(field, "name") ? c->member->name : c->member->reason;
    if (str_equal(field, "address"))
        return h->address;
    if (str_equal(field, "resettlement_address"))
        return h->resettlement_address;
    return str_equal(field, "risk_note") ? h->risk_note : h->reason;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The `n` digits that begin at `p`, single blanks and hyphens between them left out; the last one
 * of an ID number may be an X. False: there are fewer, or more. */
static bool digits_at(const char *p, size_t n, char *ret)
{
    size_t found = 0;
    for (; found < n; p++) {
        bool check = found == ID_LEN - 1 && (*p == 'X' || *p == 'x');
        if (is_digit(*p) || check)
            ret[found++] = check ? 'X' : *p;
        else if ((*p != ' ' && *p != '-') || found == 0 || !is_digit(p[1]))
            return false;
    }
    ret[n] = '\0';
    return !is_digit(*p);
}

enum verdict rule_text_with_id_number(const struct rule_case *c)
{
    struct citizen_id id;
    char number[ID_LEN + 1];
    const char *text = text_of(c);
    for (const char *p = text; p != NULL && *p != '\0'; p++) {
        if (is_digit(*p) && (p == text || !is_digit(p[-1])) && digits_at(p, ID_LEN, number) &&
            citizen_id_parse(number, c->today, &id))
            return VIOLATED;
    }
    return HOLDS;
}

/* A mobile number stands alone, or behind the country's 86. */
enum verdict rule_text_with_phone(const struct rule_case *c)
{
    enum { MOBILE = 11, ABROAD = 13 };
    char number[ABROAD + 1];
    const char *text = text_of(c);
    for (const char *p = text; p != NULL && *p != '\0'; p++) {
        if (!is_digit(*p) || (p != text && is_digit(p[-1])))
            continue;
        if (digits_at(p, MOBILE, number) && number[0] == '1' && number[1] >= '3')
            return VIOLATED;
        if (digits_at(p, ABROAD, number) && str_starts(number, "861") && number[3] >= '3')
            return VIOLATED;
    }
    return HOLDS;
}

/* ---- telephone numbers ---- */

static bool is_mobile(const struct rule_case *c, const char *text)
{
    size_t n = strlen(text);
    int first = n < 2 ? 0 : (text[0] - '0') * 10 + text[1] - '0';
    return n == (size_t)param_int(c, "digits", 0) && strspn(text, "0123456789") == n &&
           first >= param_int(c, "from", 0) && first <= param_int(c, "to", 99);
}

static enum verdict judge_phone(const struct rule_case *c, const struct personal *phone)
{
    return violated_if(phone->text != NULL && !is_mobile(c, phone->text));
}

enum verdict rule_phone_malformed(const struct rule_case *c)
{
    return judge_phone(c, &c->member->phone);
}

enum verdict rule_phone_malformed_household(const struct rule_case *c)
{
    return judge_phone(c, &c->household->phone);
}

/* Was the whole of the level looked through where the rule looks? A smaller number is a wider one.
 */
static bool sees_enough(const struct rule_case *c)
{
    const struct household_facts *h = c->household;
    return !h->reach.there || h->reach.n <= param_int(c, "level", 5);
}

static bool is_near(const struct rule_case *c, const struct same_phone *s)
{
    return s->level.there && s->level.n >= param_int(c, "level", 5);
}

enum verdict rule_phone_shared(const struct rule_case *c)
{
    const struct household_facts *h = c->household;
    if (!sees_enough(c))
        return UNJUDGED;
    for (const struct same_phone *s = h->same_phones; s < h->same_phones + h->n_same_phones; s++) {
        if (is_near(c, s) && !str_equal(s->household_id, h->id))
            return VIOLATED;
    }
    return HOLDS;
}

/* Counties are the first six digits of a code. */
static bool other_county(const char *a, const char *b)
{
    return a != NULL && b != NULL && strncmp(a, b, 6) != 0;
}

enum verdict rule_phone_shared_afar(const struct rule_case *c)
{
    const struct household_facts *h = c->household;
    if (!sees_enough(c))
        return UNJUDGED;
    for (const struct same_phone *s = h->same_phones; s < h->same_phones + h->n_same_phones; s++) {
        if (is_near(c, s) && str_equal(s->holder, c->member->id) &&
            other_county(s->work_place, c->member->work_place))
            return VIOLATED;
    }
    return HOLDS;
}
