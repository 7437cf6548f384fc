/* services/monitoring/rules_risk.c - what a household's risks say against its members and blocks.
 * Pure. */
#include "rule_case.h"

#include "core/banned.h"

static bool anyone_has_health(const struct rule_case *c)
{
    struct words wanted = param_words(c, "health");
    for (EACH_MEMBER(m, c->household)) {
        if (words_meet(m->health, wanted))
            return true;
    }
    return false;
}

/* Where a member's health cannot be read nobody can tell. */
static bool health_is_readable(const struct household_facts *h)
{
    for (EACH_MEMBER(m, h)) {
        if (m->health_text.there && m->health_text.text == NULL)
            return false;
    }
    return true;
}

enum verdict rule_risk_without_health(const struct rule_case *c)
{
    return violated_if(has_risk(c) && health_is_readable(c->household) && !anyone_has_health(c));
}

enum verdict rule_disabled_without_card(const struct rule_case *c)
{
    return violated_if(words_meet(c->member->health, param_words(c, "health")) &&
                       !c->member->disability_card.there);
}

enum verdict rule_risk_without_expense(const struct rule_case *c)
{
    const struct income_facts *i = income_latest(c->household);
    return violated_if(i != NULL && has_risk(c) && amount_is_zero(i->compliant_expense));
}

enum verdict rule_object_without_risk(const struct rule_case *c)
{
    return violated_if(is_watched(c->household) && c->household->risks.n == 0);
}

enum verdict rule_risk_without_note(const struct rule_case *c)
{
    return violated_if(has_risk(c) && c->household->risk_note == NULL);
}

/* What of the three guarantees and water the name means. */
static enum answer lack_of(const struct guarantees_facts *g, const char *name)
{
    if (g == NULL || name == NULL)
        return UNSAID;
    if (strcmp(name, "housing_unsafe") == 0)
        return g->housing_unsafe;
    if (strcmp(name, "dropout") == 0)
        return g->dropout;
    if (strcmp(name, "water_unsafe") == 0)
        return g->water_unsafe;
    return strcmp(name, "uninsured") == 0 ? g->uninsured : UNSAID;
}

/* What is lacked makes the risk; with param `both` the risk needs the lack, too. Of objects of
 * monitoring: others have no risks. */
enum verdict rule_risk_and_lack(const struct rule_case *c)
{
    enum answer lack = lack_of(guarantees_latest(c->household), param_text(c, "lack"));
    if (!is_watched(c->household) || lack == UNSAID)
        return HOLDS;
    if (lack == YES)
        return violated_if(!has_risk(c));
    return violated_if(param_yes(c, "both") && has_risk(c));
}

enum verdict rule_dropout_without_child(const struct rule_case *c)
{
    if (lack_of(guarantees_latest(c->household), "dropout") != YES)
        return HOLDS;
    for (EACH_MEMBER(m, c->household)) {
        struct rule_case one = *c;
        one.member = m;
        if (m->not_in_school != NULL && age_fits(&one, "from", "to"))
            return HOLDS;
    }
    return VIOLATED;
}

/* Able members of all, against param `percent`: reached, or passed where `reached` is false. */
enum verdict rule_able_share(const struct rule_case *c)
{
    struct words able = param_words(c, "labour");
    int64_t n = (int64_t)c->household->n_members, able_n = 0;
    for (EACH_MEMBER(m, c->household))
        able_n += words_have(able, m->labour) ? 1 : 0;
    int64_t over = able_n * 100 - param_int(c, "percent", 100) * n;
    bool so = param_yes(c, "reached") ? over >= 0 : over > 0;
    return violated_if(has_risk(c) && n > 0 && n >= param_int(c, "members", 1) && so);
}

enum verdict rule_work_risk_without_labour(const struct rule_case *c)
{
    struct words able = param_words(c, "labour");
    for (EACH_MEMBER(m, c->household)) {
        if (words_have(able, m->labour))
            return HOLDS;
    }
    return violated_if(has_risk(c));
}

enum verdict rule_work_risk_without_work(const struct rule_case *c)
{
    for (EACH_MEMBER(m, c->household)) {
        if (has_work(m) || said(m->work_started_on))
            return HOLDS;
    }
    return violated_if(has_risk(c));
}

/* ---- after and at elimination ---- */

enum verdict rule_eliminated_lacking(const struct rule_case *c)
{
    const struct guarantees_facts *g = guarantees_of(c->household, "elimination");
    return violated_if(just_eliminated(c) && lack_of(g, param_text(c, "lack")) == YES);
}

/* A block of the year, entered since then, that says so again. */
enum verdict rule_lacking_again(const struct rule_case *c)
{
    const struct household_facts *h = c->household;
    const struct guarantees_facts *g = guarantees_of(h, "yearly");
    if (g == NULL || h->eliminated != YES || lack_of(g, param_text(c, "lack")) != YES)
        return HOLDS;
    bool since = !said(h->eliminated_on) || g->of.year.n > h->eliminated_on.year ||
                 (said(g->recorded_on) && date_compare(g->recorded_on, h->eliminated_on) > 0);
    return violated_if(since);
}

/* 1_11_004: all four answers and one account of income; its figures are computed, never blank. */
enum verdict rule_eliminated_unassessed(const struct rule_case *c)
{
    const struct household_facts *h = c->household;
    const struct guarantees_facts *g = guarantees_of(h, "elimination");
    bool whole = g != NULL && g->housing_unsafe != UNSAID && g->dropout != UNSAID &&
                 g->water_unsafe != UNSAID && g->uninsured != UNSAID &&
                 income_of(h, "elimination") != NULL;
    return violated_if(just_eliminated(c) && !whole);
}
