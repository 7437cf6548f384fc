/* services/monitoring/rules_measure.c - measures of assistance against what members are. Silent
 * while nobody has said which measures there are. Pure. */
#include "rule_case.h"

#include "core/banned.h"

typedef bool member_test(const struct rule_case *c, const struct member_facts *m);

static bool anyone(const struct rule_case *c, member_test *is)
{
    for (EACH_MEMBER(m, c->household)) {
        if (is(c, m))
            return true;
    }
    return false;
}

static bool has_allowance(const struct rule_case *c, const struct member_facts *m)
{
    return words_have(param_words(c, "status"), m->allowance);
}

static bool has_destitute(const struct rule_case *c, const struct member_facts *m)
{
    return words_have(param_words(c, "status"), m->destitute);
}

static bool has_card(const struct rule_case *c, const struct member_facts *m)
{
    (void)c;
    return m->disability_card.there;
}

static bool is_such_student(const struct rule_case *c, const struct member_facts *m)
{
    return words_have(param_words(c, "statuses"), m->student_status);
}

/* In another county than the household's. */
static bool works_afar(const struct rule_case *c, const struct member_facts *m)
{
    const char *own = c->household->division;
    return m->work_place != NULL && own != NULL && has_work(m) &&
           strncmp(m->work_place, own, 6) != 0;
}

static bool works(const struct rule_case *c, const struct member_facts *m)
{
    (void)c;
    return has_work(m);
}

static bool has_post(const struct rule_case *c, const struct member_facts *m)
{
    (void)c;
    return m->public_posts.n > 0;
}

static bool has_item(const struct rule_case *c)
{
    return has_measure(c->household, param_text(c, "item"));
}

/* A measure and what it is for go together. */
static enum verdict go_together(const struct rule_case *c, member_test *is)
{
    return violated_if(c->household->measures_known && has_item(c) != anyone(c, is));
}

/* A measure needs somebody whom it is for. */
static enum verdict needs(const struct rule_case *c, member_test *is)
{
    return violated_if(c->household->measures_known && has_item(c) && !anyone(c, is));
}

enum verdict rule_measure_and_allowance(const struct rule_case *c)
{
    return go_together(c, has_allowance);
}

enum verdict rule_measure_and_destitute(const struct rule_case *c)
{
    return go_together(c, has_destitute);
}

enum verdict rule_measure_and_disabled(const struct rule_case *c)
{
    return go_together(c, has_card);
}

enum verdict rule_measure_without_student(const struct rule_case *c)
{
    return needs(c, is_such_student);
}

enum verdict rule_student_without_measure(const struct rule_case *c)
{
    return violated_if(c->household->measures_known && anyone(c, is_such_student) && !has_item(c));
}

enum verdict rule_measure_without_away(const struct rule_case *c)
{
    return needs(c, works_afar);
}

enum verdict rule_measure_without_work(const struct rule_case *c)
{
    return needs(c, works);
}

enum verdict rule_measure_without_post(const struct rule_case *c)
{
    return needs(c, has_post);
}

/* Has the household one of the measures of param `items`? */
static bool has_any_item(const struct rule_case *c)
{
    struct words items = param_words(c, "items");
    for (size_t i = 0; i < items.n; i++) {
        if (has_measure(c->household, items.of[i]))
            return true;
    }
    return false;
}

enum verdict rule_no_labour_without_measure(const struct rule_case *c)
{
    const struct household_facts *h = c->household;
    return violated_if(h->measures_known && h->no_labour == YES && !has_any_item(c));
}

enum verdict rule_no_labour_without_relief(const struct rule_case *c)
{
    return violated_if(c->household->no_labour == YES && c->household->n_members > 0 &&
                       !anyone(c, has_allowance) && !anyone(c, has_destitute));
}

enum verdict rule_destitute_able(const struct rule_case *c)
{
    const struct member_facts *m = c->member;
    return violated_if(str_equal(m->destitute, param_text(c, "destitute")) &&
                       age_fits(c, "from", "to") && !is_student(m) &&
                       words_meet(m->health, param_words(c, "health")));
}

/* ---- at elimination ---- */

enum verdict rule_eliminated_unassisted(const struct rule_case *c)
{
    const struct household_facts *h = c->household;
    return violated_if(just_eliminated(c) && h->measures_known && h->n_measures == 0 &&
                       words_have(param_words(c, "assisted"), h->elimination_kind));
}

static bool has_relief(const struct rule_case *c, const struct member_facts *m)
{
    (void)c;
    return (m->allowance != NULL && strcmp(m->allowance, "none") != 0) ||
           (m->destitute != NULL && strcmp(m->destitute, "none") != 0);
}

/* What the household has that brings income of that kind: measures, or what its members say. */
static bool has_source(const struct rule_case *c)
{
    return has_any_item(c) || (param_yes(c, "posts") && anyone(c, has_post)) ||
           (param_yes(c, "relief") && anyone(c, has_relief));
}

static struct amount income_named(const struct income_facts *i, const char *name)
{
    if (str_equal(name, "wage"))
        return i->wage;
    if (str_equal(name, "transfer"))
        return i->transfer;
    return str_equal(name, "production") ? i->production : (struct amount){0};
}

enum verdict rule_eliminated_without_income(const struct rule_case *c)
{
    const struct income_facts *i = income_of(c->household, "elimination");
    return violated_if(i != NULL && just_eliminated(c) &&
                       amount_is_zero(income_named(i, param_text(c, "income"))) && has_source(c));
}
