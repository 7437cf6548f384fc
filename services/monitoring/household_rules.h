/* services/monitoring/household_rules.h - the rules (M-100): which hold, and what they find in a
 * household. Pure: no database, no clock. Numbers and words of a rule come from its params. */
#ifndef ZEREN_HOUSEHOLD_RULES_H
#define ZEREN_HOUSEHOLD_RULES_H

#include "household_facts.h"

enum verdict {
    HOLDS,    /* nothing is wrong, or a fact that it needs is not there */
    VIOLATED, /* a finding of the rule's severity */
    DOUBTFUL, /* a finding, and a warning at most */
    UNJUDGED  /* who asks does not see enough to tell: what was found before stays */
};

enum severity { SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_ALERT };
extern const char *const severity_words[]; /* NULL-terminated, by enum severity */

struct rule_param {
    const char *name, *text; /* text: of a scalar */
    struct decimal number;   /* of a number, or a text that is one */
    bool is_number;
    struct words words; /* of an array */
};

struct rule_case; /* rule_case.h */
typedef enum verdict rule_function(const struct rule_case *c);

struct rule {
    const char *code, *message, *evaluator;
    enum severity severity;
    bool of_member, about_health, about_school;
    struct words fields;
    struct rule_param *params;
    size_t n_params;
    rule_function *function;
};

struct rule_set {
    struct rule *rules;
    size_t n;
};

struct found {
    const struct rule *rule;
    const struct member_facts *member; /* NULL: the household */
    enum severity severity;
    const char *detail, *pointer;
    char digest[17]; /* of the facts that the rule names */
};

struct found_list {
    struct found *found;
    const struct rule **unjudged;
    size_t n, n_unjudged, errors;
};

/* Reads the enabled rules: a JSON array of rows of monitoring.rules_holding(). A rule whose
 * evaluator nobody knows is a fault of the migration: false, as when memory ran out. */
bool rule_set_read(struct arena *a, const char *json, struct rule_set *ret);

/* Everything the rules find in a household that stands, in the order of the rules, members in
 * theirs. False when memory ran out. */
bool household_check(struct arena *a, const struct rule_set *rules, const struct household_facts *h,
                     struct date today, struct found_list *ret);

/* The function of that name, or NULL; and every name, NULL-terminated. */
rule_function *rule_function_of(const char *evaluator);
extern const char *const rule_evaluators[];

#endif
