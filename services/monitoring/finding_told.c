/* services/monitoring/finding_told.c - what a refusal by the rules says: which of what was found is
 * told to this caller (M-108), and where in the body that was sent it stands (M-105). Judges
 * nothing and stores nothing. */
#include <string.h>

#include "core/str.h"
#include "facts_json.h"
#include "findings.h"
#include "http/decode.h"
#include "http/json_scan.h"

#include "core/banned.h"

/* What is kept from who may not see the class, of all that rules name. */
static const char *const health_facts[] = {"health", "disability_card", NULL};
static const char *const school_facts[] = {"education", "student_status", "not_in_school", NULL};

/* What an ID number says. */
static const char *const derived_facts[] = {"sex", "birth_on", NULL};

/* The name of a fact without what it is of: members.health is health. */
static const char *leaf_of(const char *field)
{
    const char *dot = strchr(field, '.');
    return dot == NULL ? field : dot + 1;
}

static bool is_among(const char *const *list, const char *name)
{
    while (*list != NULL && strcmp(*list, name) != 0)
        list++;
    return *list != NULL;
}

bool finding_keeps_apart(const char *field)
{
    return is_among(health_facts, leaf_of(field)) || is_among(school_facts, leaf_of(field));
}

bool finding_may_be_seen(const struct request *rq, const struct found *f, const char *minors_after)
{
    char born[11];
    if (f->rule->about_health)
        return permission_in(rq->principal.permissions, PERM_HEALTH_READ);
    if (!f->rule->about_school || minors_after == NULL || f->member == NULL ||
        f->member->birth_on.year == 0)
        return true;
    date_format(f->member->birth_on, born);
    return strcmp(born, minors_after) <= 0;
}

/* ---- where in the body */

/* A refusal on its way. */
struct telling {
    struct request *rq;
    const char *body; /* as it was sent, ended by a NUL; "" without one */
    const char *minors_after;
};

/* What the body's own members are of, by the route's path. */
static bool is_of(const struct telling *t, const char *collection)
{
    return str_starts(t->rq->route->path + 1, collection);
}

static bool enters_members(const struct telling *t)
{
    return is_of(t, "households") && t->rq->route->path[strlen("/households")] == '\0';
}

static bool is_of_member(const struct telling *t)
{
    return is_of(t, "members") ||
           str_equal(t->rq->route->path, "/households/:household_id/members");
}

/* Whose record the body is, where it is one. */
static const char *record_of(const struct telling *t)
{
    const struct field *id = route_field(t->rq->route, "id");
    bool named = id != NULL && route_takes(t->rq->route, id, IN_PATH);
    return named ? arg_text(t->rq, "id") : t->rq->new_id;
}

static bool has(const char *object, const char *name)
{
    size_t ignored = 0;
    return object != NULL && *object == '{' && facts_member(object, name, &ignored) != NULL;
}

/* The element of the body's "members" that this member was entered by, and which it is. Its id
 * stands in what is bound as :members, in the same order. */
static const char *element_of(const struct telling *t, const struct found *f, size_t *ret_i)
{
    struct fact_reader reader = {.arena = t->rq->arena};
    size_t len = 0, i = 0;
    const char *sent = facts_member(t->body, "members", &len), *bound = arg_bound(t->rq, "members");
    while (f->member != NULL && sent != NULL && bound != NULL) {
        const char *element = facts_next(&sent), *entered = facts_next(&bound);
        if (element == NULL || entered == NULL)
            return NULL;
        const char *id = facts_member(entered, "id", &len);
        if (id != NULL && str_equal(facts_text(&reader, id, len), f->member->id)) {
            *ret_i = i;
            return element;
        }
        i++;
    }
    return NULL;
}

/* Figures of income are made of the amounts. */
static const char *in_block(const struct telling *t, const char *field)
{
    const char *leaf = leaf_of(field);
    bool incomes = str_starts(field, "income.") && is_of(t, "incomes");
    if (incomes && !has(t->body, leaf))
        leaf = "amounts";
    if (!incomes && !(str_starts(field, "living.") && is_of(t, "living_conditions")) &&
        !(str_starts(field, "three_guarantees.") && is_of(t, "three_guarantees")))
        return NULL;
    return has(t->body, leaf) ? leaf : NULL;
}

/* The member of the body itself that says this fact, or NULL. */
static const char *said_by(const struct telling *t, const struct found *f, const char *field)
{
    bool of_member = f->member != NULL ? strchr(field, '.') == NULL
                                       : str_starts(field, "members.") && is_of_member(t);
    bool of_household =
        f->member == NULL ? strchr(field, '.') == NULL : str_starts(field, "household.");
    const char *leaf = leaf_of(field);
    if (of_member &&
        (!is_of_member(t) || (f->member != NULL && !str_equal(f->member->id, record_of(t)))))
        return NULL;
    if (of_household && !is_of(t, "households"))
        return NULL;
    if (!of_member && !of_household)
        return in_block(t, field);
    if (of_member && !has(t->body, leaf) && is_among(derived_facts, leaf))
        leaf = "id_number";
    return has(t->body, leaf) ? leaf : NULL;
}

static const char *in_element(const struct telling *t, const struct found *f)
{
    size_t at = 0;
    const char *element = enters_members(t) ? element_of(t, f, &at) : NULL;
    if (element == NULL)
        return NULL;
    for (size_t i = 0; i < f->rule->fields.n; i++) {
        const char *field = f->rule->fields.of[i];
        if (strchr(field, '.') == NULL && has(element, field))
            return arena_printf(t->rq->arena, "/members/%zu/%s", at, field);
    }
    return arena_printf(t->rq->arena, "/members/%zu", at);
}

/* The first of the facts that the rule names and the body says; else the body as a whole. */
static const char *pointer_in_body(const struct telling *t, const struct found *f)
{
    const char *pointer = in_element(t, f);
    for (size_t i = 0; pointer == NULL && i < f->rule->fields.n; i++) {
        const char *field = f->rule->fields.of[i], *name = said_by(t, f, field);
        if (name != NULL)
            pointer = arena_printf(t->rq->arena, "/%s", name);
        else if (str_starts(field, "members.") && has(t->body, "members"))
            pointer = "/members";
    }
    return pointer == NULL ? "" : pointer;
}

/* ---- which of it */

/* Has the caller said all that the finding tells of? Who is entered by this very call is told by
 * it whole. */
static bool has_said(const struct telling *t, const struct found *f)
{
    const char *const *facts = f->rule->about_health ? health_facts : school_facts;
    size_t at = 0;
    if (f->member == NULL)
        return false;
    if (t->rq->route->method == METHOD_POST &&
        (element_of(t, f, &at) != NULL ||
         (is_of_member(t) && str_equal(f->member->id, t->rq->new_id))))
        return true;
    for (size_t i = 0; i < f->rule->fields.n; i++) {
        const char *field = f->rule->fields.of[i];
        if (is_among(facts, leaf_of(field)) && said_by(t, f, field) == NULL)
            return false;
    }
    return true;
}

static bool is_told(const struct telling *t, const struct found *f)
{
    return finding_may_be_seen(t->rq, f, t->minors_after) || has_said(t, f);
}

static void tell(const struct telling *t, const struct found *f)
{
    problem_add(t->rq, (struct problem){.place = AT_POINTER,
                                        .name = pointer_in_body(t, f),
                                        .code = f->rule->code,
                                        .detail = f->detail,
                                        .severity = severity_words[f->severity],
                                        .record = f->pointer});
}

bool findings_allow(struct request *rq, const struct found_list *l)
{
    struct telling t = {.rq = rq};
    size_t errors = 0;
    if (l->errors == 0)
        return true;
    if (!findings_minors_after(rq, &t.minors_after))
        return false;
    const char *body = rq->body == NULL ? "" : arena_strndup(rq->arena, rq->body, rq->body_len);
    if (body == NULL)
        return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    t.body = json_skip_blanks(body);
    for (size_t i = 0; i < l->n; i++) {
        const struct found *f = &l->found[i];
        if (f->severity == SEVERITY_ERROR && is_told(&t, f)) {
            tell(&t, f);
            errors++;
        }
    }
    for (size_t i = 0; errors > 0 && i < l->n; i++) {
        const struct found *f = &l->found[i];
        if (f->severity != SEVERITY_ERROR && is_told(&t, f))
            tell(&t, f);
    }
    return errors == 0;
}
