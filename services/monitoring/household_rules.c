/* services/monitoring/household_rules.c - reads the rules that hold and runs them over a household.
 * What a rule looks for stands in rules_*.c. */
#include "household_rules.h"

#include <stdio.h>
#include <string.h>

#include "core/buf.h"
#include "core/str.h"
#include "facts_json.h"
#include "http/json_scan.h"
#include "rule_case.h"

#include "core/banned.h"

enum { MESSAGE_MAX = 1000, PARAMS_MAX = 12, POINTER_MAX = 200 };

const char *const severity_words[] = {"error", "warning", "alert", NULL};

const char *const rule_evaluators[] = {
#define X(name) #name,
#include "household_rules.def"
#undef X
    NULL};

static rule_function *const functions[] = {
#define X(name) rule_##name,
#include "household_rules.def"
#undef X
};

rule_function *rule_function_of(const char *evaluator)
{
    for (size_t i = 0; rule_evaluators[i] != NULL; i++) {
        if (str_equal(rule_evaluators[i], evaluator))
            return functions[i];
    }
    return NULL;
}

/* ---- rules out of JSON ---- */

struct rule_row {
    const char *code, *scope, *severity, *message, *evaluator, *about;
    struct words fields;
};

#define ROW(member, kind)                                                                          \
    {                                                                                              \
#member, kind, offsetof(struct rule_row, member), NULL                                     \
    }
static const struct fact rule_table[] = {ROW(code, FACT_TEXT),      ROW(scope, FACT_TEXT),
                                         ROW(severity, FACT_TEXT),  ROW(message, FACT_TEXT),
                                         ROW(evaluator, FACT_TEXT), ROW(fields, FACT_WORDS),
                                         ROW(about, FACT_TEXT),     {0}};

static struct rule_param read_param(struct fact_reader *r, const struct json_member *m)
{
    struct rule_param p = {.name = arena_strndup(r->arena, m->key, m->key_len)};
    r->failed = r->failed || p.name == NULL;
    if (*m->value == '[') {
        const char *own = arena_strndup(r->arena, m->value, m->value_len);
        const struct fact whole[] = {{"of", FACT_WORDS, 0, NULL}, {0}};
        const char *object = own == NULL ? NULL : arena_printf(r->arena, "{\"of\":%s}", own);
        facts_read(r, object, whole, &p.words);
        return p;
    }
    p.text = facts_text(r, m->value, m->value_len);
    p.is_number = p.text != NULL && decimal_parse(p.text, 4, &p.number);
    return p;
}

static void read_params(struct fact_reader *r, const char *json, struct rule *rule)
{
    size_t len = 0;
    struct json_member m;
    const char *at = facts_member(json, "params", &len);
    rule->params = arena_array(r->arena, struct rule_param, PARAMS_MAX);
    r->failed = r->failed || rule->params == NULL;
    while (!r->failed && at != NULL && rule->n_params < PARAMS_MAX && json_next_member(&at, &m))
        rule->params[rule->n_params++] = read_param(r, &m);
}

/* The text of a param that the message names at `p` ("{name}"), and how long the name is with its
 * brackets; NULL when it is none. */
static const char *named_param(const struct rule *rule, const char *p, size_t *ret_len)
{
    size_t len = strcspn(p, "}");
    for (size_t i = 0; *p == '{' && i < rule->n_params; i++) {
        const struct rule_param *q = &rule->params[i];
        if (q->text == NULL || strlen(q->name) != len - 1 || strncmp(q->name, p + 1, len - 1) != 0)
            continue;
        *ret_len = len + 1;
        return q->text;
    }
    return NULL;
}

static const char *message_of(struct arena *a, const struct rule *rule, const char *text)
{
    struct buf b;
    buf_init(&b, a, MESSAGE_MAX);
    while (*text != '\0') {
        size_t len = 0;
        const char *value = named_param(rule, text, &len);
        if (value != NULL) {
            buf_str(&b, value);
            text += len;
        } else {
            buf_char(&b, *text++);
        }
    }
    return buf_text(&b);
}

static enum severity severity_of(const char *word)
{
    enum severity s = SEVERITY_ERROR;
    while (s < SEVERITY_ALERT && !str_equal(word, severity_words[s]))
        s++;
    return s;
}

/* False: memory ran out, or nobody knows its evaluator. */
static bool read_rule(struct fact_reader *r, const char *json, struct rule *rule)
{
    struct rule_row row = {0};
    facts_read(r, json, rule_table, &row);
    if (r->failed || row.message == NULL || row.fields.n == 0)
        return false;
    *rule = (struct rule){.code = row.code,
                          .evaluator = row.evaluator,
                          .severity = severity_of(row.severity),
                          .of_member = str_equal(row.scope, "member"),
                          .about_health = str_equal(row.about, "health"),
                          .about_school = str_equal(row.about, "school"),
                          .fields = row.fields,
                          .function = rule_function_of(row.evaluator)};
    read_params(r, json, rule);
    rule->message = r->failed ? NULL : message_of(r->arena, rule, row.message);
    return rule->message != NULL && rule->function != NULL;
}

bool rule_set_read(struct arena *a, const char *json, struct rule_set *ret)
{
    struct fact_reader r = {.arena = a};
    size_t n = facts_length(json);
    *ret = (struct rule_set){.rules = arena_array(a, struct rule, n + 1)};
    for (; ret->rules != NULL && ret->n < n; ret->n++) {
        const char *row = facts_next(&json);
        const char *own = facts_text(&r, row, (size_t)(json - row));
        if (own == NULL || !read_rule(&r, own, &ret->rules[ret->n]))
            return false;
    }
    return ret->rules != NULL;
}

/* ---- what a finding points at, and the digest of what it rests on ---- */

/* FNV-1a: told apart are states of one household's facts, against nobody's will. */
static void digest_add(uint64_t *digest, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        *digest = (*digest ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
}

/* A separator, the record's id where there are several, and the member's value. */
static void digest_member(uint64_t *digest, const char *json, const char *id, const char *name)
{
    size_t len = 0;
    const char *value = facts_member(json, name, &len);
    digest_add(digest, "\n", 1);
    digest_add(digest, id, strlen(id));
    digest_add(digest, value == NULL ? "" : value, value == NULL ? 0 : len);
}

static void digest_blocks(uint64_t *digest, const struct household_facts *h, const char *field)
{
    const char *name = strchr(field, '.') + 1;
    for (size_t i = 0; str_starts(field, "members.") && i < h->n_members; i++)
        digest_member(digest, h->members[i].json, h->members[i].id, name);
    for (size_t i = 0; str_starts(field, "income.") && i < h->n_incomes; i++)
        digest_member(digest, h->incomes[i].of.json, h->incomes[i].of.stage, name);
    for (size_t i = 0; str_starts(field, "living.") && i < h->n_livings; i++)
        digest_member(digest, h->livings[i].of.json, h->livings[i].of.stage, name);
    for (size_t i = 0; str_starts(field, "three_guarantees.") && i < h->n_guarantees; i++)
        digest_member(digest, h->guarantees[i].of.json, h->guarantees[i].of.stage, name);
    if (str_starts(field, "household."))
        digest_member(digest, h->json, "", name);
}

static void digest_facts(const struct household_facts *h, struct found *f)
{
    uint64_t digest = UINT64_C(0xcbf29ce484222325);
    const struct words *fields = &f->rule->fields;
    for (size_t i = 0; i < fields->n; i++) {
        if (strchr(fields->of[i], '.') != NULL)
            digest_blocks(&digest, h, fields->of[i]);
        else if (strcmp(fields->of[i], "measures") == 0)
            for (size_t k = 0; k < h->n_measures; k++)
                digest_member(&digest, h->measures[k].json, "", "item");
        else
            digest_member(&digest, f->member != NULL ? f->member->json : h->json, "",
                          fields->of[i]);
    }
    snprintf(f->digest, sizeof f->digest, "%016llx", (unsigned long long)digest);
}

/* The first of the facts that it names, as an address within the household. */
static const char *pointer_of(struct arena *a, const struct found *f)
{
    const char *field = f->rule->fields.of[0];
    size_t len = strcspn(field, ".");
    if (f->member != NULL)
        return arena_printf(a, "/members/%s/%s", f->member->id, field);
    if (str_starts(field, "members."))
        return "/members";
    if (field[len] == '.')
        return arena_printf(a, "/%.*s/%s", (int)len, field, field + len + 1);
    return arena_printf(a, "/%s", field);
}

/* ---- a household ---- */

struct checking {
    struct arena *arena;
    struct found_list *list;
    size_t room;
    bool failed;
};

static struct found *new_found(struct checking *k)
{
    struct found_list *l = k->list;
    if (l->n == k->room) {
        size_t room = k->room == 0 ? 8 : k->room * 2;
        struct found *more = arena_array(k->arena, struct found, room);
        k->failed = k->failed || more == NULL;
        if (more == NULL)
            return NULL;
        if (l->n > 0)
            memcpy(more, l->found, l->n * sizeof *more);
        l->found = more;
        k->room = room;
    }
    return &l->found[l->n++];
}

static void add_found(struct checking *k, const struct rule_case *c, enum verdict v)
{
    struct found *f = new_found(k);
    if (f == NULL)
        return;
    *f = (struct found){.rule = c->rule,
                        .member = c->member,
                        .severity = c->rule->severity,
                        .detail = c->rule->message};
    if (v == DOUBTFUL && f->severity == SEVERITY_ERROR)
        f->severity = SEVERITY_WARNING;
    f->pointer = pointer_of(k->arena, f);
    k->failed = k->failed || f->pointer == NULL;
    k->list->errors += f->severity == SEVERITY_ERROR ? 1 : 0;
    digest_facts(c->household, f);
}

static void judge(struct checking *k, const struct rule_case *c)
{
    enum verdict v = c->rule->function(c);
    struct found_list *l = k->list;
    if (v == VIOLATED || v == DOUBTFUL)
        add_found(k, c, v);
    else if (v == UNJUDGED && (l->n_unjudged == 0 || l->unjudged[l->n_unjudged - 1] != c->rule))
        l->unjudged[l->n_unjudged++] = c->rule;
}

bool household_check(struct arena *a, const struct rule_set *rules, const struct household_facts *h,
                     struct date today, struct found_list *ret)
{
    *ret = (struct found_list){.unjudged = arena_array(a, const struct rule *, rules->n + 1)};
    struct checking k = {.arena = a, .list = ret, .failed = ret->unjudged == NULL};
    for (size_t i = 0; i < rules->n && !k.failed; i++) {
        struct rule_case c = {.rule = &rules->rules[i], .household = h, .today = today};
        if (!c.rule->of_member)
            judge(&k, &c);
        for (size_t n = 0; c.rule->of_member && n < h->n_members; n++) {
            c.member = &h->members[n];
            judge(&k, &c);
        }
    }
    return !k.failed;
}
