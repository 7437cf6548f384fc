/* services/monitoring/rules_labour.c - ability to work, public posts, work away from home. Pure. */
#include "rule_case.h"

#include "core/banned.h"

static bool is_refused(const struct rule_case *c)
{
    return words_have(param_words(c, "refused"), c->member->labour);
}

/* From `from` years on, or before `to_open`. */
static bool is_of_age(const struct rule_case *c)
{
    int age = age_on(c->member, c->today);
    return age >= param_int(c, "from", 0) && age >= 0 && age < param_int(c, "to_open", INT32_MAX);
}

enum verdict rule_labour_of_age(const struct rule_case *c)
{
    return violated_if(is_refused(c) && is_of_age(c));
}

enum verdict rule_labour_of_healthy(const struct rule_case *c)
{
    const struct member_facts *m = c->member;
    return violated_if(is_refused(c) && is_of_age(c) && !is_student(m) &&
                       words_meet(m->health, param_words(c, "health")));
}

enum verdict rule_away_without_labour(const struct rule_case *c)
{
    return violated_if(c->member->working_away == YES && is_refused(c));
}

/* ---- public posts ---- */

enum verdict rule_post_age(const struct rule_case *c)
{
    return violated_if(c->member->public_posts.n > 0 && age_on(c->member, c->today) >= 0 &&
                       !age_fits(c, "from", "to"));
}

enum verdict rule_post_kinds(const struct rule_case *c)
{
    return violated_if((int64_t)c->member->public_posts.n > param_int(c, "most", INT32_MAX));
}

enum verdict rule_post_months_missing(const struct rule_case *c)
{
    return violated_if(c->member->public_posts.n > 0 && !c->member->public_post_months.there);
}

enum verdict rule_post_months_zero(const struct rule_case *c)
{
    const struct count *months = &c->member->public_post_months;
    return violated_if(c->member->public_posts.n > 0 && months->there && months->n == 0);
}

enum verdict rule_post_missing(const struct rule_case *c)
{
    const struct count *months = &c->member->public_post_months;
    return violated_if(c->member->public_posts.n == 0 && months->there && months->n > 0);
}

enum verdict rule_post_without_labour(const struct rule_case *c)
{
    return violated_if(c->member->public_posts.n > 0 && is_refused(c));
}

/* ---- work away ---- */

enum verdict rule_work_wage(const struct rule_case *c)
{
    struct amount wage = c->member->work_income;
    return violated_if(amount_below(c, wage, "least") || amount_above(c, wage, "most"));
}

/* Are both days known, and is the first before the second? */
static bool is_before(struct date a, struct date b)
{
    return said(a) && said(b) && date_compare(a, b) < 0;
}

enum verdict rule_work_overlaps(const struct rule_case *c)
{
    const struct member_facts *m = c->member;
    return violated_if(is_before(m->work_started_on, m->previous_work_ended_on));
}

enum verdict rule_work_backwards(const struct rule_case *c)
{
    const struct member_facts *m = c->member;
    return violated_if(is_before(m->work_ended_on, m->work_started_on));
}

enum verdict rule_work_too_young(const struct rule_case *c)
{
    const struct member_facts *m = c->member;
    return violated_if(said(m->work_started_on) && said(m->birth_on) &&
                       age_on(m, m->work_started_on) < param_int(c, "from", 0));
}

enum verdict rule_work_student(const struct rule_case *c)
{
    const struct member_facts *m = c->member;
    return violated_if(m->working_away == YES && m->student_status != NULL &&
                       !words_have(param_words(c, "not_counted"), m->student_status));
}

enum verdict rule_work_destitute(const struct rule_case *c)
{
    const struct member_facts *m = c->member;
    return violated_if(m->working_away == YES &&
                       words_have(param_words(c, "destitute"), m->destitute));
}

/* Who is not away now and has begun work once has ended it by today. */
enum verdict rule_work_not_ended(const struct rule_case *c)
{
    const struct member_facts *m = c->member;
    bool ended = said(m->work_ended_on) && date_compare(m->work_ended_on, c->today) <= 0;
    bool worked = said(m->work_started_on) || said(m->work_ended_on);
    return violated_if(m->working_away == NO && worked && !ended);
}

enum verdict rule_work_need_missing(const struct rule_case *c)
{
    return violated_if(c->member->plans_away == YES && c->member->work_need == NULL);
}
