/* services/monitoring/household_facts.c - reads the facts of a household out of the JSON of
 * monitoring.facts_of(), and finds blocks in them. Opens personal data through a callback alone. */
#include "household_facts.h"

#include <stddef.h>
#include <string.h>

#include "core/str.h"
#include "facts_json.h"

#include "core/banned.h"

/* clang-format off */
#define FACT(type, member, kind) {#member, kind, offsetof(struct type, member), NULL}
#define SEALED(type, member, column) {#member, FACT_SEALED, offsetof(struct type, member), column}

static const struct fact household_table[] = {
    FACT(household_facts, id, FACT_TEXT), {"owner_division", FACT_TEXT, offsetof(struct household_facts, division), NULL}, FACT(household_facts, household_type, FACT_TEXT), FACT(household_facts, object_type, FACT_TEXT),
    FACT(household_facts, risks, FACT_WORDS), FACT(household_facts, risk_note, FACT_TEXT), FACT(household_facts, identified_on, FACT_DATE),
    FACT(household_facts, eliminated, FACT_ANSWER), FACT(household_facts, eliminated_on, FACT_DATE), FACT(household_facts, elimination_kind, FACT_TEXT),
    FACT(household_facts, address, FACT_TEXT), FACT(household_facts, resettlement_address, FACT_TEXT), FACT(household_facts, reason, FACT_TEXT),
    FACT(household_facts, eliminated_marked_on, FACT_DATE), FACT(household_facts, eliminated_came, FACT_ANSWER),
    FACT(household_facts, no_labour, FACT_ANSWER), FACT(household_facts, head_member_id, FACT_TEXT),
    SEALED(household_facts, phone, "monitoring.household.phone"), FACT(household_facts, reach, FACT_COUNT), FACT(household_facts, line, FACT_AMOUNT),
    {0}
};

static const struct fact member_table[] = {
    FACT(member_facts, id, FACT_TEXT), FACT(member_facts, sex, FACT_TEXT), FACT(member_facts, certificate_kind, FACT_TEXT),
    SEALED(member_facts, id_number, "monitoring.member.id_number"), FACT(member_facts, birth_on, FACT_DATE), FACT(member_facts, relation, FACT_TEXT),
    FACT(member_facts, ethnicity, FACT_TEXT), FACT(member_facts, education, FACT_TEXT), FACT(member_facts, student_status, FACT_TEXT),
    FACT(member_facts, not_in_school, FACT_TEXT), {"health", FACT_SEALED, offsetof(struct member_facts, health_text), "monitoring.member.health"},
    SEALED(member_facts, disability_card, "monitoring.member.disability_card"), FACT(member_facts, labour, FACT_TEXT), FACT(member_facts, work_place, FACT_TEXT),
    FACT(member_facts, working_away, FACT_ANSWER), FACT(member_facts, work_months, FACT_COUNT), FACT(member_facts, work_income, FACT_AMOUNT),
    FACT(member_facts, work_started_on, FACT_DATE), FACT(member_facts, work_ended_on, FACT_DATE), FACT(member_facts, plans_away, FACT_ANSWER),
    FACT(member_facts, work_need, FACT_TEXT), FACT(member_facts, public_posts, FACT_WORDS), FACT(member_facts, public_post_months, FACT_COUNT),
    FACT(member_facts, resident_medical, FACT_ANSWER), FACT(member_facts, employee_medical, FACT_ANSWER), FACT(member_facts, serious_illness_insurance, FACT_ANSWER),
    FACT(member_facts, resident_pension, FACT_ANSWER), FACT(member_facts, employee_pension, FACT_ANSWER), FACT(member_facts, allowance, FACT_TEXT),
    FACT(member_facts, destitute, FACT_TEXT), SEALED(member_facts, phone, "monitoring.member.phone"), FACT(member_facts, id_number_others, FACT_COUNT),
    FACT(member_facts, previous_work_ended_on, FACT_DATE), FACT(member_facts, name, FACT_TEXT), FACT(member_facts, reason, FACT_TEXT),
    {0}
};

static const struct fact phone_table[] = {
    FACT(same_phone, holder, FACT_TEXT), FACT(same_phone, household_id, FACT_TEXT), FACT(same_phone, work_place, FACT_TEXT), FACT(same_phone, level, FACT_COUNT),
    {0}
};

#define BLOCK(type) {"year", FACT_COUNT, offsetof(struct type, of.year), NULL}, {"stage", FACT_TEXT, offsetof(struct type, of.stage), NULL}

static const struct fact guarantees_table[] = {
    BLOCK(guarantees_facts), FACT(guarantees_facts, housing_unsafe, FACT_ANSWER), FACT(guarantees_facts, dropout, FACT_ANSWER),
    FACT(guarantees_facts, water_unsafe, FACT_ANSWER), FACT(guarantees_facts, uninsured, FACT_ANSWER), FACT(guarantees_facts, recorded_on, FACT_DATE),
    {0}
};

static const struct fact income_table[] = {
    BLOCK(income_facts), FACT(income_facts, period_end, FACT_DATE), FACT(income_facts, compliant_expense, FACT_AMOUNT), FACT(income_facts, wage, FACT_AMOUNT),
    FACT(income_facts, production, FACT_AMOUNT), FACT(income_facts, property, FACT_AMOUNT), FACT(income_facts, transfer, FACT_AMOUNT),
    FACT(income_facts, per_capita, FACT_AMOUNT),
    {0}
};

static const struct fact living_table[] = {
    BLOCK(living_facts), FACT(living_facts, farmland, FACT_AMOUNT), FACT(living_facts, grassland, FACT_AMOUNT), FACT(living_facts, water_area, FACT_AMOUNT),
    FACT(living_facts, woodland, FACT_AMOUNT), FACT(living_facts, returned_forest, FACT_AMOUNT), FACT(living_facts, orchard, FACT_AMOUNT),
    FACT(living_facts, road_kind, FACT_TEXT), FACT(living_facts, road_distance, FACT_AMOUNT), FACT(living_facts, house_grade, FACT_TEXT),
    FACT(living_facts, house_area, FACT_AMOUNT), FACT(living_facts, electricity, FACT_ANSWER), FACT(living_facts, sanitary_toilet, FACT_ANSWER),
    FACT(living_facts, safe_water, FACT_ANSWER),
    {0}
};

static const struct fact measure_table[] = {FACT(measure_facts, item, FACT_TEXT), {0}};
/* clang-format on */

/* What one array of objects becomes: rows of `size` bytes, their own JSON at `json_at`. */
struct row_form {
    const char *name;
    const struct fact *table;
    size_t size, json_at;
};

static void *read_rows(struct fact_reader *r, const char *json, const struct row_form *form,
                       size_t *ret_n)
{
    size_t len = 0;
    const char *at = facts_member(json, form->name, &len);
    size_t n = facts_length(at);
    char *rows = arena_alloc(r->arena, (n + 1) * form->size);
    r->failed = r->failed || rows == NULL;
    for (size_t i = 0; rows != NULL && i < n; i++) {
        const char *row = facts_next(&at);
        const char *own = facts_text(r, row, (size_t)(at - row));
        facts_read(r, own, form->table, rows + i * form->size);
        if (form->json_at != SIZE_MAX)
            *(const char **)(void *)(rows + i * form->size + form->json_at) = own;
    }
    *ret_n = rows == NULL ? 0 : n;
    return rows;
}

static void read_members(struct fact_reader *r, const char *json, struct household_facts *h)
{
    const struct row_form form = {"members", member_table, sizeof *h->members,
                                  offsetof(struct member_facts, json)};
    h->members = read_rows(r, json, &form, &h->n_members);
    for (size_t i = 0; i < h->n_members; i++)
        h->members[i].health = facts_split(r, h->members[i].health_text.text);
}

static void read_blocks(struct fact_reader *r, const char *json, struct household_facts *h)
{
    const struct row_form guarantees = {"three_guarantees", guarantees_table, sizeof *h->guarantees,
                                        offsetof(struct guarantees_facts, of.json)};
    const struct row_form incomes = {"income", income_table, sizeof *h->incomes,
                                     offsetof(struct income_facts, of.json)};
    const struct row_form livings = {"living", living_table, sizeof *h->livings,
                                     offsetof(struct living_facts, of.json)};
    const struct row_form measures = {"measures", measure_table, sizeof *h->measures,
                                      offsetof(struct measure_facts, json)};
    const struct row_form phones = {"same_phones", phone_table, sizeof *h->same_phones, SIZE_MAX};
    size_t len = 0;
    const char *known = facts_member(json, "measures", &len);
    h->guarantees = read_rows(r, json, &guarantees, &h->n_guarantees);
    h->incomes = read_rows(r, json, &incomes, &h->n_incomes);
    h->livings = read_rows(r, json, &livings, &h->n_livings);
    h->measures = read_rows(r, json, &measures, &h->n_measures);
    h->measures_known = known != NULL && *known == '[';
    h->same_phones = read_rows(r, json, &phones, &h->n_same_phones);
}

bool household_facts_read(struct arena *a, const char *json, const struct fact_opener *opener,
                          struct household_facts *ret)
{
    struct fact_reader r = {.arena = a, .opener = opener};
    size_t len = 0;
    const char *own = facts_member(json, "household", &len);
    if (own == NULL || *own != '{')
        return false;
    *ret = (struct household_facts){.json = arena_strndup(a, own, len)};
    if (ret->json == NULL)
        return false;
    facts_read(&r, ret->json, household_table, ret);
    read_members(&r, json, ret);
    read_blocks(&r, json, ret);
    return !r.failed;
}

/* ---- blocks ---- */

/* Is `a` to be taken rather than `b`? The later year; of one year the yearly block. */
static bool is_later(const struct block_facts *a, const struct block_facts *b)
{
    if (b == NULL || a->year.n != b->year.n)
        return b == NULL || a->year.n > b->year.n;
    return str_equal(a->stage, "yearly");
}

/* The block of a stage, or of any (NULL) the latest. `rows` begin with their struct block_facts. */
static const void *pick(const void *rows, size_t n, size_t size, const char *stage)
{
    const struct block_facts *best = NULL;
    for (size_t i = 0; i < n; i++) {
        const struct block_facts *b = (const void *)((const char *)rows + i * size);
        if ((stage == NULL || str_equal(b->stage, stage)) && is_later(b, best))
            best = b;
    }
    return best;
}

const struct guarantees_facts *guarantees_of(const struct household_facts *h, const char *stage)
{
    return pick(h->guarantees, h->n_guarantees, sizeof *h->guarantees, stage);
}

const struct income_facts *income_of(const struct household_facts *h, const char *stage)
{
    return pick(h->incomes, h->n_incomes, sizeof *h->incomes, stage);
}

const struct guarantees_facts *guarantees_latest(const struct household_facts *h)
{
    return guarantees_of(h, NULL);
}

const struct income_facts *income_latest(const struct household_facts *h)
{
    return income_of(h, NULL);
}

const struct living_facts *living_latest(const struct household_facts *h)
{
    return pick(h->livings, h->n_livings, sizeof *h->livings, NULL);
}
