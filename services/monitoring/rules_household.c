/* services/monitoring/rules_household.c - who is head, how members stand to the head, what must not
 * be blank. Pure. */
#include "rule_case.h"

#include "core/banned.h"

/* How many members have one of these relations. */
static size_t count_related(const struct rule_case *c, struct words relations)
{
    size_t n = 0;
    for (EACH_MEMBER(m, c->household))
        n += words_have(relations, m->relation) ? 1 : 0;
    return n;
}

/* A household without any member is another rule's matter. */
enum verdict rule_head_missing(const struct rule_case *c)
{
    return violated_if(c->household->n_members > 0 &&
                       count_related(c, param_words(c, "relation")) == 0);
}

enum verdict rule_head_repeated(const struct rule_case *c)
{
    return violated_if(count_related(c, param_words(c, "relation")) > 1);
}

enum verdict rule_nobody_there(const struct rule_case *c)
{
    return violated_if(c->household->n_members == 0);
}

/* Man or woman, as a digit of the standard; neither where it is not known. */
static bool has_sex(const struct member_facts *m)
{
    return str_equal(m->sex, "1") || str_equal(m->sex, "2");
}

enum verdict rule_spouse_same_sex(const struct rule_case *c)
{
    struct words heads = param_words(c, "head"), spouses = param_words(c, "spouse");
    for (EACH_MEMBER(a, c->household)) {
        if (!words_have(heads, a->relation) || !has_sex(a))
            continue;
        for (EACH_MEMBER(b, c->household)) {
            if (words_have(spouses, b->relation) && str_equal(a->sex, b->sex))
                return VIOLATED;
        }
    }
    return HOLDS;
}

enum verdict rule_relation_sex(const struct rule_case *c)
{
    const struct member_facts *m = c->member;
    if (str_equal(m->sex, "2"))
        return violated_if(words_have(param_words(c, "male"), m->relation));
    return violated_if(str_equal(m->sex, "1") && words_have(param_words(c, "female"), m->relation));
}

enum verdict rule_member_blank(const struct rule_case *c)
{
    const struct member_facts *m = c->member;
    const char *field = param_text(c, "field");
    if (str_equal(field, "relation"))
        return violated_if(m->relation == NULL);
    if (str_equal(field, "ethnicity"))
        return violated_if(m->ethnicity == NULL);
    if (str_equal(field, "labour"))
        return violated_if(m->labour == NULL);
    return violated_if(member_answer(m, field) == UNSAID);
}

/* How many of the fields of param `fields` have that answer. */
static size_t count_answers(const struct rule_case *c, enum answer wanted)
{
    size_t n = 0;
    struct words fields = param_words(c, "fields");
    for (size_t i = 0; i < fields.n; i++)
        n += member_answer(c->member, fields.of[i]) == wanted ? 1 : 0;
    return n;
}

enum verdict rule_both_yes(const struct rule_case *c)
{
    return violated_if(count_answers(c, YES) > 1);
}

/* From an age on; of an unknown age it is asked of everybody. */
enum verdict rule_both_blank(const struct rule_case *c)
{
    int age = age_on(c->member, c->today);
    bool asked = age < 0 || age >= param_int(c, "from", 0);
    struct words fields = param_words(c, "fields");
    return violated_if(asked && count_answers(c, UNSAID) == fields.n);
}
