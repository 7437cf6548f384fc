/* services/monitoring/rule_case.h - what a rule's function is given, and the words rules are
 * written in. A function asks for its params by name; one that is not there has no bound. */
#ifndef ZEREN_RULE_CASE_H
#define ZEREN_RULE_CASE_H

#include <string.h>

#include "core/str.h"
#include "household_rules.h"

struct rule_case {
    const struct rule *rule;
    const struct household_facts *household;
    const struct member_facts *member; /* of a rule that is of members */
    struct date today;
};

/* ---- params */
const struct rule_param *param_of(const struct rule_case *c, const char *name);
const char *param_text(const struct rule_case *c, const char *name);
struct words param_words(const struct rule_case *c, const char *name);
bool param_yes(const struct rule_case *c, const char *name);
int64_t param_int(const struct rule_case *c, const char *name, int64_t otherwise);

/* ---- words */
bool words_have(struct words w, const char *word); /* NULL: no */
bool words_meet(struct words a, struct words b);

/* VIOLATED when it is so, else HOLDS. */
enum verdict violated_if(bool so);

/* ---- dates and ages */
bool said(struct date d);
/* Whole years since birth on a day; -1 where no day of birth is known. */
int age_on(const struct member_facts *m, struct date day);
/* The day `months` after a day; the last of its month where there is none such. */
struct date months_after(struct date d, int months);
/* Within the params from (years) up to and with `to`, or before `to_open`; unknown: no. */
bool age_fits(const struct rule_case *c, const char *from, const char *to);

/* ---- members and households */
bool is_student(const struct member_facts *m);    /* at a school: older than preschool */
bool is_watched(const struct household_facts *h); /* an object of monitoring, not yet eliminated */
bool has_work(const struct member_facts *m);
bool has_risk(const struct rule_case *c); /* that of param `risk` */
bool has_measure(const struct household_facts *h, const char *item);
bool just_eliminated(const struct rule_case *c); /* within the days of param within_days */

/* Below, above the amount of a param; a param or an amount that is not there: no. */
bool amount_below(const struct rule_case *c, struct amount a, const char *param);
bool amount_above(const struct rule_case *c, struct amount a, const char *param);
bool amount_is_zero(struct amount a);

/* What a param `field` names of a member. */
enum answer member_answer(const struct member_facts *m, const char *field);

/* NOLINTBEGIN(bugprone-macro-parentheses): m is declared here */
#define EACH_MEMBER(m, h)                                                                          \
    const struct member_facts *m = (h)->members;                                                   \
    m < (h)->members + (h)->n_members;                                                             \
    m++
/* NOLINTEND(bugprone-macro-parentheses) */

/* One a row of household_rules.def. */
#define X(name) rule_function rule_##name;
#include "household_rules.def"
#undef X

#endif
