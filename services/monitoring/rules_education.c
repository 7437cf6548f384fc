/* services/monitoring/rules_education.c - school: one of three says where a member stands, and ages
 * fit. Pure. */
#include "rule_case.h"

#include "core/banned.h"

static int count_schooling(const struct member_facts *m)
{
    return (m->education != NULL) + (m->student_status != NULL) + (m->not_in_school != NULL);
}

enum verdict rule_schooling_none(const struct rule_case *c)
{
    return violated_if(count_schooling(c->member) == 0);
}

enum verdict rule_schooling_several(const struct rule_case *c)
{
    return violated_if(count_schooling(c->member) > 1);
}

/* Param `watched`: of objects of monitoring, or of all others. */
enum verdict rule_school_age_unsaid(const struct rule_case *c)
{
    const struct member_facts *m = c->member;
    return violated_if(is_watched(c->household) == param_yes(c, "watched") &&
                       age_fits(c, "from", "to") && count_schooling(m) == 0);
}

/* What was learnt is no answer to where a child is now. */
enum verdict rule_school_age_finished(const struct rule_case *c)
{
    const struct member_facts *m = c->member;
    return violated_if(age_fits(c, "from", "to") && m->education != NULL &&
                       m->student_status == NULL && m->not_in_school == NULL);
}

enum verdict rule_student_age(const struct rule_case *c)
{
    const struct member_facts *m = c->member;
    return violated_if(words_have(param_words(c, "statuses"), m->student_status) &&
                       age_on(m, c->today) >= 0 && !age_fits(c, "from", "to"));
}

enum verdict rule_schooling_low(const struct rule_case *c)
{
    const struct member_facts *m = c->member;
    bool low = words_have(param_words(c, "education"), m->education) ||
               words_have(param_words(c, "statuses"), m->student_status);
    return violated_if(low && age_fits(c, "from", "to"));
}
