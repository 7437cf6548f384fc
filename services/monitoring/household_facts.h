/* services/monitoring/household_facts.h - a household as the rules look at it (M-101): its members,
 * its yearly blocks, in the clear. Pure data: no database, no clock. Text is NULL, a date has year
 * 0, where nothing is said. Whoever has the facts in another form fills the structs alone. */
#ifndef ZEREN_HOUSEHOLD_FACTS_H
#define ZEREN_HOUSEHOLD_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/date.h"
#include "core/decimal.h"

enum answer { UNSAID, NO, YES };

struct amount {
    bool there;
    struct decimal value;
};

struct count {
    bool there;
    int64_t n;
};

struct words {
    const char *const *of;
    size_t n;
};

/* Personal data: it may be there and yet not open, when its key was lost. */
struct personal {
    bool there;
    const char *text;
};

struct member_facts { /* who belongs to the household today */
    const char *id, *sex, *certificate_kind, *relation, *ethnicity, *education, *student_status,
        *not_in_school, *labour, *work_place, *work_need, *allowance, *destitute, *name, *reason;
    struct personal id_number, disability_card, phone, health_text;
    struct words health, public_posts;
    struct date birth_on, work_started_on, work_ended_on, previous_work_ended_on;
    enum answer working_away, plans_away, resident_medical, employee_medical,
        serious_illness_insurance, resident_pension, employee_pension;
    struct count work_months, public_post_months;
    struct count id_number_others; /* memberships of that number in other households of the village
                                      or in this one */
    struct amount work_income;
    const char *json; /* as it was read, for digests; or NULL */
};

/* Somebody else within the county who has the same phone number. */
struct same_phone {
    const char *holder; /* the member here; NULL: the household's own number */
    const char *household_id, *work_place;
    struct count level; /* the two are in one village (5), town (4), county (3) */
};

struct block_facts {   /* one year and stage of a block */
    const char *stage; /* yearly, identification, elimination */
    struct count year;
    const char *json;
};

struct guarantees_facts {
    struct block_facts of;
    enum answer housing_unsafe, dropout, water_unsafe, uninsured;
    struct date recorded_on;
};

struct income_facts {
    struct block_facts of;
    struct date period_end;
    struct amount compliant_expense, wage, production, property, transfer, per_capita;
};

struct living_facts {
    struct block_facts of;
    const char *road_kind, *house_grade;
    struct amount farmland, grassland, water_area, woodland, returned_forest, orchard,
        road_distance, house_area;
    enum answer electricity, sanitary_toilet, safe_water;
};

struct measure_facts { /* a measure of assistance; its item: "allowance", "employment", … */
    const char *item;
    const char *json;
};

struct household_facts {
    const char *id, *division, *household_type, *object_type, *risk_note, *elimination_kind,
        *head_member_id, *address, *resettlement_address, *reason;
    struct words risks;
    struct date identified_on, eliminated_on, eliminated_marked_on; /* recorded so since then */
    enum answer eliminated, eliminated_came /* out of a table, so */, no_labour;
    struct personal phone;
    struct amount line; /* the monitoring line that holds */
    struct count
        reach; /* same numbers were looked for in the whole village (5), town (4), county */
    const char *json;

    struct member_facts *members;
    struct same_phone *same_phones;
    struct guarantees_facts *guarantees;
    struct income_facts *incomes;
    struct living_facts *livings;
    struct measure_facts *measures;
    size_t n_members, n_same_phones, n_guarantees, n_incomes, n_livings, n_measures;
    bool measures_known; /* false: nobody has said which there are, and rules on them are silent */
};

/* Opens a ciphertext for its column and record. NULL when it does not open. */
struct fact_opener {
    const char *(*open)(void *with, const char *column, const char *record, const char *hex);
    void *with;
};

/* Reads what monitoring.facts_of() wrote. False when memory ran out or the text is none such. */
bool household_facts_read(struct arena *a, const char *json, const struct fact_opener *opener,
                          struct household_facts *ret);

/* The block of that stage, or NULL. */
const struct guarantees_facts *guarantees_of(const struct household_facts *h, const char *stage);
const struct income_facts *income_of(const struct household_facts *h, const char *stage);

/* The latest there is of any stage, or NULL; of one year the yearly one. */
const struct guarantees_facts *guarantees_latest(const struct household_facts *h);
const struct income_facts *income_latest(const struct household_facts *h);
const struct living_facts *living_latest(const struct household_facts *h);

#endif
